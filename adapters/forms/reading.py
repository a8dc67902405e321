"""Bytes of a form into its sheets, whatever it is: the content tells, not a file name. No input raises."""

from adapters.forms import listing, text, workbook
from adapters.forms.sheet import Sheet
from schemas.problems import Problem, problem

_ZIP = b"PK\x03\x04"
_COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")  # .xls of before 2007, and every workbook with a password


def read(data: bytes) -> tuple[tuple[Sheet, ...], tuple[Problem, ...]]:
    """Sheets without problems, or the problems that keep the form from being read."""
    if data.startswith(_ZIP):
        return workbook.read(data)
    if data.startswith(_COMPOUND):
        return (), (problem("form-old-workbook"),)
    if data[:64].lstrip()[:1] in (b"{", b"["):
        return listing.read(data)
    return text.read(data)
