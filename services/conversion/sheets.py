"""A sheet recognised: which form it is, where its header stands, what each of its columns means."""

from dataclasses import dataclass

from adapters.forms.sheet import Row, Sheet
from schemas.problems import Problem, problem
from services.conversion.mapping import CERTIFICATE, FORMS, RECEIPT, Meaning, compact, fee_column, meaning
from services.conversion.source import Cell

HEADER_WITHIN = 15  # rows; above it stand the hospital's name, a title, who printed it
HEADER_COLUMNS = 3  # that are known, one of them of this form only: fewer might be a row of values
EXPLANATION = ("欄位", "必填")  # how the sheet begins that explains a template


@dataclass(frozen=True)
class Table:
    """One form. `wide`: a receipt a row with its fees in columns. `header`: row number; `meanings` a column each."""

    form: str
    file: int
    sheet: int
    header: int
    titles: tuple[str, ...]
    meanings: tuple[Meaning | None, ...]
    rows: tuple[Row, ...]
    wide: bool

    def cell(self, row: int, column: int = 0) -> Cell:
        """`column` counts from 1; 0 is the row."""
        return Cell(self.file, self.sheet, row, column)

    def column(self, key: str) -> int:
        """Where a field stands first, from 1; 0 when it has no column."""
        for place, known in enumerate(self.meanings, start=1):
            if known and known.field and known.field.key == key:
                return place
        return 0


def recognise(file: int, sheet: Sheet) -> tuple[Table | None, list[tuple[Cell, Problem]]]:
    """The form in a sheet, and what is wrong with its columns. Neither, when nothing in it looks like a form."""
    best: Table | None = None
    for place, row in enumerate(sheet.rows[:HEADER_WITHIN]):
        for form in FORMS:
            table = _read(file, sheet, place, row, form)
            if table and (best is None or _own(table) > _own(best)):
                best = table
    return (best, _doubled(best)) if best else (None, [])


def _read(file: int, sheet: Sheet, place: int, row: Row, form: str) -> Table | None:
    known = [meaning(title, form) for title in row.cells]
    wide = form != CERTIFICATE and not any(one and one.field and one.field.key == "item" for one in known)
    if wide:
        known = [fee_column(title) for title in row.cells]
    elif form == RECEIPT:  # of two shapes at once the lines count; fees in columns would count them twice
        known = [None if one and one.fee else one for one in known]
    found = len({one.label for one in known if one and one.idle is None})
    table = Table(form, file, sheet.number, row.number, row.cells, tuple(known), sheet.rows[place + 1 :], wide)
    return table if found >= HEADER_COLUMNS and _own(table) else None


def _own(table: Table) -> int:
    """How many columns only this form has: fees, and fields that the other form does not know."""
    return sum(1 for one in table.meanings if one and (one.fee or (one.field and one.field.of == table.form)))


def _doubled(table: Table) -> list[tuple[Cell, Problem]]:
    """Columns that mean the same as one before them."""
    seen: dict[tuple[object, ...], int] = {}
    found = []
    for column, known in enumerate(table.meanings, start=1):
        if known is None or known.idle:
            continue
        key = (known.field.key if known.field else known.label, known.rank, known.payer)
        if key in seen:
            problem_ = problem(
                "convert-column-twice",
                table.form,
                line=table.header or None,
                column=column,
                field=known.label,
                first=seen[key],
            )
            found.append((table.cell(table.header, column), problem_))
        seen.setdefault(key, column)
    return found


def title(text: str, column: int) -> str:
    """How an unknown column is called: by its own title when that is short and without digits, for a row of values is
    mistaken for a header now and then; else by its place."""
    plain = " ".join(text.split())
    named = 0 < len(plain) <= 20 and compact(plain) and not any(letter.isdigit() for letter in plain)
    return plain if named else f"第 {column} 欄"
