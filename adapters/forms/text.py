"""CSV as Taiwan writes it: UTF-8 with or without byte order mark, Big5 (cp950), UTF-16 as Excel saves "Unicode text";
comma, tab or semicolon.
"""

import codecs
import csv
import io

from adapters.forms.sheet import Row, Sheet, too_large
from schemas.problems import Problem, problem

LOST = "\ufffd"  # stands in a cell where its encoding has no such character: 造字 of Big5, or a broken byte
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DELIMITERS = ",\t;"


def read(data: bytes) -> tuple[tuple[Sheet, ...], tuple[Problem, ...]]:
    """One sheet. A character that the encoding does not have reads as `LOST`; whoever reads the cell says so."""
    text = _decoded(data)
    if "\0" in text:
        return (), (problem("form-unreadable"),)
    rows = []
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)), start=1):
            if found := too_large(number, len(cells), max(map(len, cells), default=0)):
                return (), (found,)
            rows.append(Row(number, tuple(cells)))
    except csv.Error:
        return (), (problem("form-unreadable", line=len(rows) + 1),)
    return (Sheet(1, tuple(rows)),), ()


def _decoded(data: bytes) -> str:
    """By the mark, else in the encoding that reads more of it: a Big5 text has many bytes that UTF-8 has not."""
    if data.startswith(_UTF16):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        readings = (data.decode(encoding, "replace") for encoding in ("utf-8-sig", "cp950"))
        return min(readings, key=lambda text: text.count(LOST))


def _delimiter(text: str) -> str:
    """The one that the first line with any of them has most of."""
    for line in text.splitlines()[:10]:
        if any(one in line for one in _DELIMITERS):
            return max(_DELIMITERS, key=line.count)
    return ","
