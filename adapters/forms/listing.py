"""The same tables as JSON: `{"certificates": [{header: value}, …], "receipts": […]}`, or one list of such objects.

Headers are those of the columns. Values are texts, numbers (their digits stay), booleans or null.
"""

from decimal import Decimal

from adapters.forms.sheet import Row, Sheet, too_large
from adapters.json_text import read as read_json
from schemas.problems import Problem, problem

LISTS = ("certificates", "receipts")


def read(data: bytes) -> tuple[tuple[Sheet, ...], tuple[Problem, ...]]:
    """A sheet a list. Its header is every key in order of appearance; it counts as row 0, the objects from 1."""
    value, problems = read_json(data)
    if problems:
        return (), tuple(problems)
    lists = {"": value} if type(value) is list else value
    if type(lists) is not dict or not lists or not set(lists) <= {"", *LISTS}:
        return (), (problem("form-json-shape"),)
    sheets = []
    for number, (name, rows) in enumerate(lists.items(), start=1):
        pointer = f"/{name}" if name else ""
        if type(rows) is not list or not all(type(row) is dict for row in rows):
            return (), (problem("form-json-shape", pointer=pointer),)
        sheet = _sheet(number, rows, pointer)
        if isinstance(sheet, Problem):
            return (), (sheet,)
        sheets.append(sheet)
    return tuple(sheets), ()


def _sheet(number: int, objects: list[dict[str, object]], pointer: str) -> Sheet | Problem:
    header: dict[str, int] = {}
    for row in objects:
        for key in row:
            header.setdefault(key, len(header))
    if found := too_large(0, len(header), max(map(len, header), default=0)):
        return found
    rows = [Row(0, tuple(header))]
    for place, row in enumerate(objects, start=1):
        cells = [""] * len(header)
        for key, value in row.items():
            if type(value) is dict or type(value) is list:
                return problem("form-json-shape", pointer=f"{pointer}/{place - 1}")
            cells[header[key]] = _text(value)
        if found := too_large(place, len(cells), max(map(len, cells), default=0)):
            return found
        rows.append(Row(place, tuple(cells)))
    return Sheet(number, tuple(rows))


def _text(value: object) -> str:
    if value is None:
        return ""
    return format(value, "f") if type(value) is Decimal else str(value)
