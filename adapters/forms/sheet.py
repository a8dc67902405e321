"""What every format gives: sheets of rows of texts, within limits. No value is judged here, none is computed."""

from dataclasses import dataclass

from schemas.problems import Problem, problem

# A month of a medical centre's insurance certificates is some thousands; a wide receipt has about eighty columns.
ROW_LIMIT = 10_000
COLUMN_LIMIT = 300
CELL_LIMIT = 4_000  # characters; the longest physician's advice seen on paper fills half a page
SHEET_LIMIT = 20


@dataclass(frozen=True)
class Row:
    """`number`: as a spreadsheet counts, from 1; of JSON the place of the object in its list (its keys are row 0)."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """A table with whatever stands above and below it. `number`: its place in the file, from 1."""

    number: int
    rows: tuple[Row, ...]


def too_large(row: int, cells: int, longest: int) -> Problem | None:
    """The problem of a row past a limit; `row` its number, `cells` how many, `longest` of so many characters."""
    if row > ROW_LIMIT:
        return problem("form-too-large", line=row, what=f"{ROW_LIMIT} 列", what_en=f"{ROW_LIMIT} rows")
    if cells > COLUMN_LIMIT:
        return problem("form-too-large", line=row or None, what=f"{COLUMN_LIMIT} 欄", what_en=f"{COLUMN_LIMIT} columns")
    if longest > CELL_LIMIT:
        return problem(
            "form-too-large",
            line=row or None,
            what=f"單一儲存格 {CELL_LIMIT} 字",
            what_en=f"{CELL_LIMIT} characters in one cell",
        )
    return None
