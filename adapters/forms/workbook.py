"""Excel workbooks (.xlsx, ECMA-376): the values of the visible sheets. Nothing is evaluated, followed or run.

A workbook that holds a program, a link to another file or a connection is refused: what it shows depends on more than
itself. So is one whose parts would unpack to more than any form needs.
"""

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from adapters.forms.sheet import SHEET_LIMIT, Row, Sheet, too_large
from schemas.problems import Problem, problem

PARTS_LIMIT = 500  # files in the container; an ordinary workbook has about fifteen
UNPACKED_BYTES = 64_000_000  # all parts together: the largest form within the limits of rows and columns needs less
# Elements of a part that stand in memory at once, each of some hundred bytes: a row of a sheet, the shared texts, all else.
ROW_TAGS, TEXT_TAGS, PART_TAGS = 100_000, 2_000_000, 200_000
LAST_ROW = 1_048_576  # that Excel has
EXACT_DIGITS = 15  # a number cell keeps no more (IEEE 754)

_ACTIVE = ("xl/vbaproject", "xl/externallinks/", "xl/embeddings/", "xl/activex/", "xl/connections", "xl/macrosheets/")
_DOCTYPE = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
_WORKSHEETS = "xl/worksheets/"
_ROW = re.compile(rb"<(?:\w+:)?row\b")
# A formula whose result the writing program left out: it would read as an empty cell.
_UNCOMPUTED = re.compile(
    rb'<(?:\w+:)?c\b(?![^<>]*\bt="str")[^<>]*>\s*<(?:\w+:)?f\b[^<>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*'
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
# What openpyxl, zipfile and expat let out on content that is no workbook; anything else is a defect of ours.
_ESCAPES = (
    zipfile.BadZipFile, zlib.error, InvalidFileException, ParseError, EOFError, OSError, NotImplementedError,
    RuntimeError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError, AssertionError,
)  # fmt: skip


def read(data: bytes) -> tuple[tuple[Sheet, ...], tuple[Problem, ...]]:
    """Its visible sheets with anything in them, in order."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as container:
            if found := _refused(container):
                return (), (found,)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that it does not know: none concerns a value
            return _sheets(data)
    except _ESCAPES:
        return (), (problem("form-unreadable"),)


def _refused(container: zipfile.ZipFile) -> Problem | None:
    parts = container.infolist()
    # Declared sizes bind: zipfile reads no part past its own.
    if len(parts) > PARTS_LIMIT or sum(part.file_size for part in parts) > UNPACKED_BYTES:
        megabytes = UNPACKED_BYTES // 1_000_000
        return problem("form-too-large", what=f"解壓縮後 {megabytes} MB", what_en=f"{megabytes} MB unpacked")
    if any(part.filename.lower().startswith(_ACTIVE) for part in parts):
        return problem("form-active")
    for part in parts:  # whatever they are called: which of them is a sheet, another part says
        name, content = part.filename.lower(), container.read(part)
        if any(mark in content for mark in _DOCTYPE):  # no workbook has one; entities are for attacks
            return problem("form-active")
        if _crowded(name, content):
            return problem("form-too-large", what="單一部分的元素數", what_en="the number of elements in one part")
        if name.startswith(_WORKSHEETS) and _UNCOMPUTED.search(content):
            return problem("form-formula")
    return None


def _crowded(name: str, content: bytes) -> bool:
    """Whether reading a part would hold more elements at once than any form has."""
    if name.startswith(_WORKSHEETS):
        return max(row.count(b"<") for row in _ROW.split(content)) > ROW_TAGS
    return content.count(b"<") > (TEXT_TAGS if name == "xl/sharedstrings.xml" else PART_TAGS)


def _sheets(data: bytes) -> tuple[tuple[Sheet, ...], tuple[Problem, ...]]:
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    try:
        if len(book.worksheets) > SHEET_LIMIT:
            what, what_en = f"{SHEET_LIMIT} 張工作表", f"{SHEET_LIMIT} sheets"
            return (), (problem("form-too-large", what=what, what_en=what_en),)
        sheets = []
        for number, sheet in enumerate(book.worksheets, start=1):
            if sheet.sheet_state != "visible":
                continue
            rows = []
            for row in _rows(sheet):
                if found := too_large(row.number, len(row.cells), max(map(len, row.cells))):
                    return (), (found,)
                rows.append(row)
            if rows:
                sheets.append(Sheet(number, tuple(rows)))
        return tuple(sheets), ()
    finally:
        book.close()


def _rows(sheet: Any) -> Iterator[Row]:
    """The rows that hold anything."""
    sheet.reset_dimensions()  # its own word on its size is not trusted
    before = None
    for number, values in enumerate(sheet.iter_rows(max_row=LAST_ROW, values_only=True), start=1):
        if values is before:  # a gap yields one and the same empty row, perhaps a million times
            continue
        before = values
        cells = [_text(value) for value in values]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield Row(number, tuple(cells))


def _text(value: object) -> str:
    """A value as a person reads it. A number that its cell may have rounded stays in scientific notation."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        moment = (value + timedelta(milliseconds=500)).replace(microsecond=0)  # a fraction of a day is never exact
        return moment.isoformat(" ").removesuffix(" 00:00:00")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        number = Decimal(repr(value))
        if number.adjusted() >= EXACT_DIGITS:
            return format(number, "E")
        return format(number.to_integral_value() if number == number.to_integral_value() else number, "f")
    return str(value)
