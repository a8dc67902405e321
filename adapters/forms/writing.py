"""Tables into files that spreadsheets open as they are: templates, and lists for people."""

import csv
import io
from collections.abc import Mapping, Sequence

import openpyxl
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

Rows = Sequence[Sequence[str]]
TEXT = "@"  # Excel's format for text: leading zeros, long numbers and ROC dates stay as typed
_HEAD = PatternFill("solid", fgColor="E3EEE7")


def csv_text(rows: Rows) -> bytes:
    """UTF-8 with a byte order mark, without which Excel in Taiwan reads Big5."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def workbook(sheets: Mapping[str, Rows]) -> bytes:
    """An .xlsx whose cells are all text; the first row of a sheet is its header and stays in sight."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for row in rows:
            sheet.append(list(row))
        for column in range(1, max(map(len, rows), default=0) + 1):
            letter = get_column_letter(column)
            longest = max(len(row[column - 1]) for row in rows if len(row) >= column)
            sheet.column_dimensions[letter].width = min(60, max(10, 2 * longest + 2))  # a Chinese letter is two wide
            sheet.column_dimensions[letter].number_format = TEXT
        for cell in sheet[1]:
            cell.font, cell.fill = Font(bold=True), _HEAD
        for line in sheet.iter_rows():
            for cell in line:
                cell.number_format = TEXT
                cell.alignment = Alignment(vertical="top", wrap_text=True)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
