"""Where each value went: read off the finished Bundle, so that the report cannot say what did not happen."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from schemas.problems import Problem
from services.conversion.cases import Case
from services.conversion.mapping import mapping
from services.conversion.rows import ZERO, Why
from services.conversion.sheets import Table, title
from services.conversion.source import Cell, Number, Text
from services.conversion.texts import Unreadable, clean
from services.conversion.words import Json

Place = tuple[str | int, ...]
Places = dict[Place, tuple[Cell, ...]]
_STEP = re.compile(r"\.?([A-Za-z]\w*)|\[(\d+)\]")
_ENTRY = 3  # tokens to the resource of an entry: entry, its number, resource


@dataclass(frozen=True)
class Carried:
    """A column, or what was supplied where no column says it. `values`: cells that hold anything, `carried`: of these
    the ones that stand in a document that was made; `to`: FHIR paths; `why`: what became of the others."""

    file: int
    sheet: int
    form: str
    column: int
    header: str
    field: str
    values: int
    carried: int
    to: tuple[str, ...]
    why: str = ""
    why_en: str = ""


def plain(value: object, places: Places, at: Place = ()) -> object:
    """The value with plain texts and numbers; the cells of each go into `places`."""
    if type(value) is dict:
        return {key: plain(child, places, (*at, key)) for key, child in value.items()}
    if type(value) is list:
        return [plain(child, places, (*at, index)) for index, child in enumerate(value)]
    if type(value) is Text:
        if value.cells:
            places[at] = value.cells
        return str(value)
    if type(value) is Number:
        places[at] = value.cells
        return Decimal(value)
    return value


def source(found: Problem, places: Places) -> tuple[Cell | None, bool]:
    """The cell that a problem of the document leads back to, and whether it is the very value (else its row)."""
    where = _tokens(found)
    below = [place for place in places if place[: len(where)] == where]
    if below:
        return places[below[0]][0], True
    for length in range(len(where) - 1, _ENTRY - 1, -1):
        near = [place for place in places if place[:length] == where[:length]]
        if near:
            cell = places[near[0]][0]
            return Cell(cell.file, cell.sheet, cell.row, cell.column if length > _ENTRY else 0), False
    return None, False


def _tokens(found: Problem) -> Place:
    """The place of a problem: of its path, which names a missing element too."""
    _, _, path = found.path.partition(".")
    return tuple(name or int(number) for name, number in _STEP.findall(path))


def paths(bundle: Json, places: Places) -> dict[Cell, set[str]]:
    """Cell → the elements it went to, by resource type, without numbers."""
    went: dict[Cell, set[str]] = defaultdict(set)
    for place, cells in places.items():
        inside = place[0] == "entry"
        root = bundle["entry"][place[1]]["resource"]["resourceType"] if inside else "Bundle"
        names = [str(token) for token in place[_ENTRY if inside else 0 :] if type(token) is str]
        for cell in cells:
            went[cell].add(".".join((root, *names)))
    return went


def columns(
    tables: Sequence[Table], went: dict[Cell, set[str]], rows: set[Cell], done: Sequence[Case]
) -> list[Carried]:
    """A line for each column that has a header or any value. `rows`: that hold anything; `done`: cases made."""
    found = []
    reasons = {cell: why for case in done for cell, why in _reasons(case, went)}
    refused = rows - {entry.cell for case in done for entry in case.entries}
    for table in tables:
        width = max([len(table.titles), *(len(row.cells) for row in table.rows)])
        for column in range(1, width + 1):
            cells = [
                table.cell(row.number, column)
                for row in table.rows
                if len(row.cells) >= column and _filled(row.cells[column - 1])
            ]
            header = table.titles[column - 1] if column <= len(table.titles) else ""
            if cells or header.strip():
                whys = [_why(table, cell, reasons, refused) for cell in cells if cell not in went]
                found.append(_column(table, column, header, cells, went, whys))
    return found


def _filled(cell: str) -> bool:
    try:
        return bool(clean(cell))
    except Unreadable:
        return True


def _column(
    table: Table, column: int, header: str, cells: list[Cell], went: dict[Cell, set[str]], whys: list[Why]
) -> Carried:
    known = table.meanings[column - 1] if column <= len(table.meanings) else None
    to = sorted({path for cell in cells for path in went.get(cell, ())})
    carried = sum(cell in went for cell in cells)
    name = title(header, column) if known is None else known.title
    field = ""
    if known is not None:
        field = known.field.key if known.field else known.fee.code if known.fee else ""
    if known is None:
        whys = [("標題不認得,未轉入", "the header is not known")]
    elif known.idle:
        whys = [(known.idle.why, known.idle.why_en)]
    why = ";".join(dict.fromkeys(one for one, _ in whys))
    why_en = "; ".join(dict.fromkeys(one for _, one in whys))
    return Carried(
        table.file, table.sheet, table.form, column, name, field, len(cells), carried, tuple(to), why, why_en
    )


_OF_COVERAGE = frozenset({"nhiCard", "insurerNumber", "insurerName", "policyNumber"})
_COMPARED = ("與明細核對,不另轉入", "compared with the lines, which say it already")
_REFUSED = ("有列或案件未通過檢核,未產生文件", "rows or cases with errors, of which no document was made")
_SAME = ("同一案件的另一格已載明同一值", "the same value is carried from elsewhere in the case")
_NOWHERE = (
    "沒有收據的案件沒有 Claim 與 Coverage,保險資料無處可放",
    "a case without a receipt has no Claim and no Coverage to carry it",
)
_NOT_CARRIED = ("未轉入", "not carried")


def _why(table: Table, cell: Cell, reasons: dict[Cell, Why], refused: set[Cell]) -> Why:
    """Why this cell of a known column stands in no document."""
    if table.cell(cell.row) in refused:
        return _REFUSED
    known = table.meanings[cell.column - 1] if cell.column <= len(table.meanings) else None
    return reasons.get(cell, ZERO if known and known.fee else _NOT_CARRIED)


def _reasons(case: Case, went: dict[Cell, set[str]]) -> Iterator[tuple[Cell, Why]]:
    """The cells of a document's rows that did not go into it."""
    said: dict[Cell, tuple[str, list[object]]] = {}
    for entry in case.entries:
        for key, value in entry.facts.items():
            for leaf in _leaves(value):
                of, values = said.setdefault(leaf.cells[0], (key, []))
                if of == key:  # an amount is its own first, then the total of a row of totals
                    values.append(leaf)
    left = {cell: why for entry in case.entries for cell, why in entry.left.items()}
    carried = {(key, tuple(values)) for cell, (key, values) in said.items() if cell in went}
    for cell, (key, values) in said.items():
        if cell in went:
            continue
        if cell in left:
            yield cell, left[cell]
        elif not mapping().fields[key].to:
            yield cell, _COMPARED
        elif (key, tuple(values)) in carried:
            yield cell, _SAME
        elif key in _OF_COVERAGE and not case.receipts:
            yield cell, _NOWHERE


def _leaves(value: Any) -> Iterator[Any]:
    """The texts and numbers in a value."""
    if isinstance(value, tuple):
        for one in value:
            yield from _leaves(one)
    else:
        yield value


def supplied(cases: Iterable[Case]) -> list[Carried]:
    """What a document has though no column says it, each with its reason and how many documents have it."""
    counts: Counter[str] = Counter()
    for case in cases:
        counts.update(key for key in ("hospitalSystem", "writtenAt", "status") if key not in case.facts)
        counts["hospitalCode"] += not case.facts["hospitalCode"].cells
        counts["edition"] += bool(case.diagnoses) and "edition" not in case.facts
        counts["total"] += any("total" not in receipt.facts for receipt in case.receipts)
    found = []
    for key, (why, why_en) in _SUPPLIED.items():
        known = mapping().fields[key]
        if counts[key]:
            found.append(Carried(0, 0, "", 0, known.label, key, 0, counts[key], known.to, why, why_en))
    return found


_SUPPLIED = {
    "hospitalCode": ("未載明;以送件醫院的代碼", "not in the files; the code of the hospital that sends"),
    "hospitalSystem": (
        "未載明;以醫事機構代碼組成 urn:claims-interchange:institution:代碼",
        "not in the files; urn:claims-interchange:institution: and the institution code",
    ),
    "writtenAt": ("未載明;以轉換時指定的時間", "not in the files; the time given with the conversion"),
    "status": ("未載明;視為正式(final)", "not in the files; taken as final"),
    "edition": (
        "未載明;以 ICD-10-CM 2023 年版,數字開頭者以 ICD-9-CM",
        "not in the files; ICD-10-CM 2023, of codes that begin with a figure ICD-9-CM",
    ),
    "total": ("未載明;由病人支付的明細加總", "not in the files; the sum of the lines that the patient pays"),
}
