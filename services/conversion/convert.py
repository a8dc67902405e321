"""THE conversion: files of certificates and receipts into FHIR documents, a report of where everything went, and every
problem with its row and column. Pure: the time is an argument, and the same files give the same bytes.

A document that does not pass our validator is not produced; its problems are told at the cells that they come from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from adapters import json_text
from adapters.fhir import typed
from adapters.forms.reading import read as read_form
from schemas.problems import Problem, errors
from services.conversion import needs, report, rows, sheets
from services.conversion.building import build
from services.conversion.cases import Case, cases
from services.conversion.findings import Findings, Found
from services.conversion.mapping import CERTIFICATE, RECEIPT
from services.conversion.report import Carried, Places
from services.conversion.sheets import EXPLANATION, HEADER_WITHIN, Table
from services.conversion.source import Cell, Text
from services.conversion.words import Json
from services.validation import resource


@dataclass(frozen=True)
class Hospital:
    """Who sends, for files that do not say whose they are."""

    code: str
    name: str = ""


@dataclass(frozen=True)
class Made:
    """A document of a case: its bytes, which are what is sent; `rows`: the rows that it was made of."""

    case: str
    hospital: str
    body: bytes
    rows: tuple[Cell, ...]


@dataclass(frozen=True)
class Conversion:
    made: tuple[Made, ...]
    report: tuple[Carried, ...]
    found: tuple[Found, ...]
    tables: tuple[Table, ...]


@dataclass
class Reader:
    """Files while they are converted: first read into cases, then made into documents one by one."""

    timestamp: str
    findings: Findings = field(default_factory=Findings)
    tables: list[Table] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    _went: dict[Cell, set[str]] = field(default_factory=dict)
    _rows: set[Cell] = field(default_factory=set)
    _done: list[Case] = field(default_factory=list)

    @classmethod
    def of(
        cls, files: Sequence[bytes], timestamp: str, hospital: Hospital | None = None, limit: int | None = None
    ) -> "Reader":
        """`timestamp` with zone: when the data were written out, for rows that do not say it (資料時間). `limit`: of
        cases; the others are told of and left."""
        reader = cls(datetime.fromisoformat(timestamp).isoformat())
        for number, data in enumerate(files, start=1):
            reader._file(number, data)
        entries = [entry for table in reader.tables for entry in rows.read(table, reader.findings)]
        reader._rows = {entry.cell for entry in entries}
        found = cases(entries, reader.findings)
        for case in found if hospital else ():
            _sent_by(case, hospital)
        if limit is not None and len(found) > limit:
            reader.findings.add("convert-too-many", found[limit].entries[0].cell, "", limit=limit)
        elif not found and reader.tables and not any(one.error for one in reader.findings.all()):
            reader.findings.add("convert-empty", Cell(reader.tables[0].file, reader.tables[0].sheet, 0, 0), "")
        reader.cases = found[:limit]
        return reader

    def documents(self) -> Iterator[Made | None]:
        """A document for each case, None for one that has errors."""
        forms = {table.form for table in self.tables}
        for case in self.cases:
            made = self._document(case, forms)
            if made:
                self.made.append(made)
                self._done.append(case)
            yield made

    def conversion(self) -> Conversion:
        """What came of it, once every document is made."""
        carried = report.columns(self.tables, self._went, self._rows, self._done)
        lines = (*carried, *report.supplied(self._done))
        return Conversion(tuple(self.made), lines, self.findings.all(), tuple(self.tables))

    def _file(self, number: int, data: bytes) -> None:
        content, problems = read_form(data)
        for one in problems:
            self.findings.put(Found(Cell(number, 0, one.line or 0, one.column or 0), one))
        tables = []
        for sheet in content:
            table, doubled = sheets.recognise(number, sheet)
            for cell, one in doubled:
                self.findings.put(Found(cell, one))
            if table:
                tables.append((sheet.number, table))
        for sheet in content:
            explains = any(row.cells[: len(EXPLANATION)] == EXPLANATION for row in sheet.rows[:1])
            if tables and sheet.number not in dict(tables) and not explains:
                self.findings.add("convert-sheet-skipped", Cell(number, sheet.number, 0, 0), "")
        if not tables and not problems:
            self.findings.add("convert-unrecognised", Cell(number, 0, 0, 0), "", within=HEADER_WITHIN)
        for _, table in tables:
            self._unknown(table)
            self.tables.append(table)

    def _unknown(self, table: Table) -> None:
        """Columns with values and a header that is not known."""
        width = max((len(row.cells) for row in table.rows), default=0)
        for column in range(1, width + 1):
            known = table.meanings[column - 1] if column <= len(table.meanings) else None
            if known is None and any(len(row.cells) >= column and row.cells[column - 1].strip() for row in table.rows):
                self.findings.add("convert-column-unknown", table.cell(table.header, column), table.form, number=column)

    def _document(self, case: Case, forms: set[str]) -> Made | None:
        needs.check(case, self.findings)
        self._pair(case, forms)
        broken = self._broken(case)
        places: Places = {}
        try:
            bundle = _bundle(build(case, self.timestamp), complete=not broken)
            value = report.plain(bundle, places)
        except typed.Mistyped:  # a defect of ours: told, and no other case suffers
            self.findings.add("convert-failed", case.entries[0].cell, "", case=case.number)
            return None
        body = json_text.write(value)
        problems = resource.check(body)
        for one in problems:
            self._told(case, one, places, broken)
        if broken or errors(problems):
            return None
        for cell, paths in report.paths(bundle, places).items():
            self._went.setdefault(cell, set()).update(paths)
        return Made(
            str(case.number), str(case.facts["hospitalCode"]), body, tuple(entry.cell for entry in case.entries)
        )

    def _broken(self, case: Case) -> bool:
        """Whether anything was told of its rows, or of a column of its files, that keeps a document from being made."""
        tables = (entry.table for entry in case.entries)
        cells = {entry.cell for entry in case.entries} | {table.cell(table.header) for table in tables}
        return not cells.isdisjoint(self.findings.broken)

    def _pair(self, case: Case, forms: set[str]) -> None:
        """A form that stands alone though files of the other kind were given: perhaps a number is mistyped."""
        if len(forms) == 2 and not (case.certificate and case.receipts):
            other = ("收據", "receipt") if case.certificate else ("診斷證明書", "certificate")
            form = CERTIFICATE if case.certificate else RECEIPT
            names = {"other": other[0], "other_en": other[1]}
            self.findings.add("convert-unpaired", case.entries[0].cell, form, case=case.number, **names)

    def _told(self, case: Case, one: Problem, places: Places, broken: bool) -> None:
        """A problem of the document at the cell that it comes from. Of an incomplete one only what is wrong with a
        value: what is missing was told by the forms' own names."""
        cell, exact = report.source(one, places)
        if broken and not exact:
            return
        if one.code == "receipt-total" and len(case.receipts) > 1:  # told of each receipt, at its own total
            return
        cell = cell or case.entries[0].cell
        placed = one.model_copy(update={"line": cell.row or None, "column": cell.column or None})
        self.findings.put(Found(cell, placed, str(case.number)))


def _sent_by(case: Case, hospital: Hospital) -> None:
    """The hospital that sends, where the rows name none."""
    if not any(entry.table.column("hospitalCode") for entry in case.entries):
        case.facts["hospitalCode"] = Text(hospital.code)
    if hospital.name and case.facts.get("hospitalCode") == hospital.code:
        case.facts.setdefault("hospitalName", Text(hospital.name))


def _bundle(made: Json, complete: bool) -> Json:
    """The Bundle without absent elements. A complete one is held against its models, resource by resource."""
    if not complete:
        return typed.present(made)
    entries = [{**one, "resource": typed.resource(one["resource"])} for one in made["entry"]]
    typed.resource({**made, "entry": [{"fullUrl": one["fullUrl"]} for one in entries]})
    return {**typed.present({**made, "entry": None}), "entry": entries}


def convert(
    files: Sequence[bytes], timestamp: str, hospital: Hospital | None = None, limit: int | None = None
) -> Conversion:
    """Everything at once. `files`: certificates and receipts in any order, told apart by their headers."""
    reader = Reader.of(files, timestamp, hospital, limit)
    for _ in reader.documents():
        pass
    return reader.conversion()
