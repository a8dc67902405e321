"""Cells as texts: what cannot be seen taken out, what stands for nothing read as nothing."""

import re
import unicodedata

from adapters.forms.text import LOST


class Unreadable(ValueError):
    """`expected`, `expected_en`: what can be read here. Holds nothing of what was written."""

    def __init__(self, expected: str, expected_en: str) -> None:
        super().__init__(expected_en)
        self.expected, self.expected_en = expected, expected_en


_SPACES = re.compile(r"[^\S\n]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_AS_TEXT = re.compile(r'="(.*)"|\'(?=[\d=+-])(.*)', re.DOTALL)  # how spreadsheets are made to keep leading zeros
_BLANK = re.compile(r"[-－—–―─]*|NULL|N/A", re.IGNORECASE)
_ERROR = re.compile(r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|#+)")


def clean(cell: str) -> str:
    """The text of a cell without what cannot be seen; nothing when it stands for no value. Unreadable when part of it
    was lost before it came here."""
    if LOST in cell:
        raise Unreadable(
            "UTF-8 編碼的文字(此字不在 Big5 中,可能是造字)",
            "text in UTF-8 (a character that Big5 does not have, perhaps one of the hospital's own)",
        )
    text = _CONTROLS.sub("", _SPACES.sub(" ", cell.replace("\r\n", "\n").replace("\r", "\n"))).strip()
    if found := _AS_TEXT.fullmatch(text):
        text = (found[1] if found[1] is not None else found[2]).strip()
    if _ERROR.fullmatch(text):
        raise Unreadable("值(此格為試算表的錯誤值)", "a value (the cell holds a spreadsheet's error)")
    return "" if _BLANK.fullmatch(text) else text


def plain(text: str) -> str:
    """Half-width, one space where there was any."""
    return " ".join(unicodedata.normalize("NFKC", text).split())
