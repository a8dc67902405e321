"""One normal form for what two senders write differently: full-width forms, white space, ROC dates, plates, amounts."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from json.encoder import encode_basestring

ROC_OFFSET = 1911  # ROC year = Gregorian year - 1911
_ROC_TEXT = re.compile(r"^(?:中華民國|民國)?(\d{2,3})年(\d{1,2})月(\d{1,2})日?$")
_ROC_SEPARATED = re.compile(r"^(\d{2,3})[/.-](\d{1,2})[/.-](\d{1,2})$")
_AD_SEPARATED = re.compile(r"^(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})$")
_AD_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_ROC_COMPACT = re.compile(r"^(\d{3})(\d{2})(\d{2})$")


def text(value: str) -> str:
    """NFKC (full-width to half-width), all white space removed, upper case."""
    return "".join((value if value.isascii() else unicodedata.normalize("NFKC", value)).split()).upper()


def plate(value: str) -> str:
    """A plate for comparison: `abc－1234`, `ABC 1234` and `ABC-1234` are one. The display form stays in the record."""
    return re.sub(r"[^0-9A-Z]", "", text(value))


def day(value: str) -> date | None:
    """A calendar date written as AD (2025-09-03, 20250903) or ROC (114/9/3, 114年9月3日, 1140903); None if it is none."""
    compact = text(value)
    for pattern, offset in (
        (_AD_SEPARATED, 0),
        (_AD_COMPACT, 0),
        (_ROC_TEXT, ROC_OFFSET),
        (_ROC_SEPARATED, ROC_OFFSET),
        (_ROC_COMPACT, ROC_OFFSET),
    ):
        if found := pattern.match(compact):
            year, month, number = (int(group) for group in found.groups())
            try:
                return date(year + offset, month, number)
            except ValueError:
                return None
    return None


def amount(value: Decimal | int | float | str) -> str:
    """An amount without trailing zeros: 150, 150.0 and 150.00 are one."""
    plain = format(Decimal(str(value)).normalize(), "f")
    return "0" if plain in ("-0", "") else plain


def canonical(*fields: object) -> str:
    """The text that a fingerprint hashes: nested lists and texts, normalised, in the order given."""
    return "[" + ",".join(map(_canonical, fields)) + "]"


def joined(texts: Iterable[str]) -> str:
    """As `canonical`, of texts that are normalised already."""
    return "[" + ",".join(map(encode_basestring, texts)) + "]"


def _canonical(field: object) -> str:
    if isinstance(field, str):
        return encode_basestring(text(field))
    if isinstance(field, (list, tuple)):
        return canonical(*field)
    return encode_basestring("" if field is None else text(str(field)))
