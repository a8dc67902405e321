"""Values that remember the cells they were read from, so that the report says of the finished bundle where each part of
it comes from, and a problem in it leads back to the row and the column.
"""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, order=True)
class Cell:
    """A place in what was sent, each counted from 1; `row` 0 is the keys of a JSON list, `column` 0 the whole row."""

    file: int
    sheet: int
    row: int
    column: int


class Text(str):
    """A text and its cells."""

    cells: tuple[Cell, ...]

    def __new__(cls, text: str, cells: tuple[Cell, ...] = ()) -> "Text":
        made = super().__new__(cls, text)
        made.cells = cells
        return made


class Number(Decimal):
    """A number, its digits as written, and its cells."""

    cells: tuple[Cell, ...]

    def __new__(cls, number: Decimal, cells: tuple[Cell, ...] = ()) -> "Number":
        made = super().__new__(cls, number)
        made.cells = cells
        return made


def cells(*values: object) -> tuple[Cell, ...]:
    """The cells of all that have any, each once."""
    found = [cell for value in values for cell in getattr(value, "cells", ())]
    return tuple(dict.fromkeys(found))
