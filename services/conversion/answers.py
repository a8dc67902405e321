"""A conversion as JSON: what the door answers and the command prints. Runs in a worker process."""

from collections.abc import Sequence
from typing import Any

import orjson

from services.conversion.convert import Conversion, Hospital, convert
from services.conversion.findings import Found
from services.conversion.report import Carried
from services.conversion.sheets import Table, title
from services.conversion.source import Cell

CASES = 500  # of one request: a worker is busy for some seconds then; the command takes any number
SHOWN_ROWS = 200  # of a sheet on the clerk's page: those with problems first, in the order of the sheet

Json = dict[str, Any]


def work(files: Sequence[bytes], timestamp: str, hospital: Hospital | None, clerk: bool) -> dict[str, bytes]:
    """Member → its JSON text: `bundles`, `report`, `problems`. For the clerk's page (`clerk`) the bundles are texts,
    for a browser that reads numbers and writes them again drops their zeros, and there are `cases` and `sheets`."""
    done = convert(files, timestamp, hospital, CASES)
    members: dict[str, object] = {
        "bundles": [one.body.decode() if clerk else orjson.Fragment(one.body) for one in done.made],
        "report": [carried(one) for one in done.report],
        "problems": [told(one) for one in done.found],
    }
    if clerk:
        members["cases"] = [{"case": one.case, "rows": [_row(cell) for cell in one.rows]} for one in done.made]
        members["sheets"] = [_sheet(table, done) for table in done.tables]
    return {name: orjson.dumps(value) for name, value in members.items()}


def told(one: Found) -> Json:
    """A problem with its file and sheet; its line and column are those of the sheet."""
    place = {"file": one.cell.file, "sheet": one.cell.sheet, "case": one.case}
    return {**place, **one.problem.model_dump(mode="json")}


def carried(one: Carried) -> Json:
    """A line of the mapping report."""
    return {
        "file": one.file,
        "sheet": one.sheet,
        "form": one.form,
        "column": one.column,
        "header": one.header,
        "field": one.field,
        "values": one.values,
        "carried": one.carried,
        "to": list(one.to),
        "why": one.why,
        "whyEn": one.why_en,
    }


def _row(cell: Cell) -> list[int]:
    return [cell.file, cell.sheet, cell.row]


def _sheet(table: Table, done: Conversion) -> Json:
    """The rows that a clerk looks at, as they were read."""
    wrong = {one.cell.row for one in done.found if (one.cell.file, one.cell.sheet) == (table.file, table.sheet)}
    width = max([len(table.titles), *(len(row.cells) for row in table.rows)])
    filled = [row for row in table.rows if any(cell.strip() for cell in row.cells)]
    shown = sorted(filled, key=lambda row: (row.number not in wrong, row.number))[:SHOWN_ROWS]
    return {
        "file": table.file,
        "sheet": table.sheet,
        "form": table.form,
        "header": table.header,
        "titles": [_title(table, column) for column in range(1, width + 1)],
        "fields": [known.field.key if known and known.field else "" for known in table.meanings],
        "rows": [{"row": row.number, "cells": list(row.cells)} for row in sorted(shown, key=lambda row: row.number)],
        "left": len(filled) - len(shown),
    }


def _title(table: Table, column: int) -> str:
    known = table.meanings[column - 1] if column <= len(table.meanings) else None
    return known.title if known else title(table.titles[column - 1] if column <= len(table.titles) else "", column)
