"""Rows put together into cases: a certificate and its receipts, by case number, else by the number of the visit.

What both forms say of the person must agree. Of the visit the certificate counts; a receipt has days of its own.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from services.conversion.findings import Findings
from services.conversion.mapping import CERTIFICATE, NHI, PATIENT, RECEIPT, Fee, departments, mapping
from services.conversion.rows import EXACT, Entry, Facts, Line
from services.conversion.source import Cell, Number, Text, cells
from services.conversion.values import department_code

# Facts that are the same whoever writes them down; in normal form, for forms differ in spaces and full-width letters.
SAME = frozenset(
    {
        "caseNumber", "hospitalCode", "hospitalSystem", "patientName", "patientId", "passportNumber", "chartNumber",
        "gender", "birthDate", "occupationCode", "nhiCard", "insurerNumber", "policyNumber", "accidentDate", "status",
        "receiptNumber", "issueDate", "receiptDate", "total", "pointsTotal", "copayTotal",
        "copayCode",
    }
)  # fmt: skip


@dataclass
class Receipt:
    """`entries`: its rows, the first of which speaks for it."""

    entries: list[Entry]
    facts: Facts = field(default_factory=dict)
    lines: tuple[Line, ...] = ()


@dataclass
class Case:
    """What one document is made of. `number` stands for the case: its case number, or the number of the visit."""

    number: Text
    certificate: list[Entry]
    receipts: list[Receipt]
    facts: Facts = field(default_factory=dict)
    diagnoses: tuple[tuple[Text, Text], ...] = ()  # name, ICD code; the principal one first

    @property
    def entries(self) -> list[Entry]:
        return [*self.certificate, *(entry for receipt in self.receipts for entry in receipt.entries)]

    def place(self, key: str) -> Cell:
        """Where a fact of this case stands or should stand: in the form that has a column for it."""
        return next((one.place(key) for one in self.entries if one.table.column(key)), self.entries[0].cell)

    def said(self, key: str) -> list[Text]:
        """Every value of a fact, each once with all its cells."""
        found: dict[str, Text] = {}
        for one in (entry.facts[key] for entry in self.entries if key in entry.facts):
            found[one] = Text(one, cells(found.get(one), one))
        return list(found.values())

    def unread(self, key: str) -> bool:
        return any(key in one.unread for one in self.entries)


def cases(entries: list[Entry], findings: Findings) -> list[Case]:
    """Every case, in the order in which its first row stands."""
    groups, homeless = _groups(entries, findings)
    found = [_case(number, rows, findings) for number, rows in groups]
    for case in found:
        _held_back(case, homeless, findings)
    return found


def _groups(entries: list[Entry], findings: Findings) -> tuple[list[tuple[Text, list[Entry]]], list[Entry]]:
    """The rows of each case, and those whose case is not known, which was told."""
    homeless: list[Entry] = []
    groups: dict[str, list[Entry]] = defaultdict(list)
    visits: dict[str, set[str]] = defaultdict(set)  # number of a visit → case numbers
    for one in entries:
        case, visit = one.facts.get("caseNumber"), one.facts.get("encounterNumber")
        if case and visit:
            visits[visit].add(case)
    for one in entries:
        case, visit = one.facts.get("caseNumber"), one.facts.get("encounterNumber")
        if case:
            groups[case].append(one)
        elif visit and (len(visits[visit]) == 1 or not (visits[visit] or "caseNumber" in one.unread)):
            groups[next(iter(visits[visit]), visit)].append(one)
        else:
            homeless.append(one)
            _homeless(one, findings)
    return [(_number(name, rows), rows) for name, rows in groups.items()], homeless


def _homeless(one: Entry, findings: Findings) -> None:
    if {"caseNumber", "encounterNumber"} & one.unread:
        return
    if "encounterNumber" in one.facts:
        findings.add("convert-case-unclear", one.place("encounterNumber"), f"{one.table.form}.caseNumber")
    else:
        known = mapping().fields["encounterNumber"]
        where = f"{one.table.form}.encounterNumber"
        findings.add("convert-missing", one.place(known.key), where, field=known.label, field_en=known.en)


def _held_back(case: Case, homeless: list[Entry], findings: Findings) -> None:
    """A row of no known case may be of any case in its table: none of them can be told to be whole."""
    rows = {(one.table.file, one.table.sheet): one for one in reversed(case.entries)}
    for one in homeless:
        if first := rows.pop((one.table.file, one.table.sheet), None):
            findings.add("convert-row-homeless", first.cell, first.table.form, case=case.number, row=one.row)


def _number(name: str, rows: list[Entry]) -> Text:
    """The case's number with every cell that says it."""
    said = [one.facts.get("caseNumber") or one.facts.get("encounterNumber") for one in rows]
    return Text(name, cells(*(one for one in said if one == name)))


def _case(number: Text, rows: list[Entry], findings: Findings) -> Case:
    certificate = [one for one in rows if one.table.form == CERTIFICATE]
    receipts: dict[str, list[Entry]] = defaultdict(list)
    for one in rows:
        if one.table.form == RECEIPT:
            receipts[one.facts.get("receiptNumber", "")].append(one)
    case = Case(number, certificate, [Receipt(own) for own in receipts.values()])
    for receipt in case.receipts:
        receipt.facts = _merged(case, receipt.entries, findings)
        receipt.lines = tuple(line for one in receipt.entries for line in one.lines)
        _check(case, receipt, findings)
    case.facts = _merged(case, case.entries, findings)
    if "admission" in case.facts and not case.unread("visit"):
        case.facts.setdefault("visit", Text("IMP", cells(*case.facts["admission"])))
    pairs = [pair for one in case.certificate for pair in _diagnoses(one, findings)]
    case.diagnoses = tuple(dict.fromkeys(pairs))
    _once(case, findings)
    return case


def _merged(case: Case, entries: list[Entry], findings: Findings) -> Facts:
    """The facts of rows that belong together; where they must agree and do not, the later one is told."""
    facts: Facts = {}
    for entry in entries:
        for key, value in entry.facts.items():
            if key not in facts:
                facts[key] = value
            elif value == facts[key]:
                facts[key] = _also(facts[key], value)
            elif key in SAME and not _receipts_own(key, entries):
                known = mapping().fields[key]
                names = {"field": known.label, "field_en": known.en}
                findings.add(
                    "convert-differs", entry.place(key), f"{entry.table.form}.{key}", case=case.number, **names
                )
    return facts


def _receipts_own(key: str, entries: list[Entry]) -> bool:
    """Whether several receipts of one case may differ in this: each has its own number, day and totals."""
    one_receipt = len({entry.facts.get("receiptNumber") for entry in entries if entry.table.form == RECEIPT}) == 1
    return mapping().fields[key].of == RECEIPT and not one_receipt


def _also(known: Any, value: Any) -> Any:
    """The same value, said in one more place."""
    if isinstance(known, tuple):
        return tuple(map(_also, known, value))
    return type(known)(known, cells(known, value))


def _diagnoses(entry: Entry, findings: Findings) -> list[tuple[Text, Text]]:
    """Each diagnosis of a row with its code: from the column of codes, else from the brackets behind it."""
    names, codes = entry.facts.get("diagnosis", ()), entry.facts.get("diagnosisCode")
    if not names or "diagnosisCode" in entry.unread:
        return [(name, Text("")) for name, _ in names]
    known = mapping().fields["diagnosisCode"]
    where, place = f"{CERTIFICATE}.{known.key}", entry.place(known.key)
    if codes is None:
        if not all(code for _, code in names):
            findings.add("convert-missing", place, where, field=known.label, field_en=known.en)
        return list(names)
    if len(codes) != len(names):
        findings.add("convert-diagnoses", place, where)
        return [(name, Text("")) for name, _ in names]
    if any(inside and inside != code for (_, inside), code in zip(names, codes, strict=True)):
        findings.add("convert-differs", place, where, field=known.label, field_en=known.en)
    return [(name, code) for (name, _), code in zip(names, codes, strict=True)]


def _once(case: Case, findings: Findings) -> None:
    """One certificate a document: two that differ in number need a case number each."""
    numbered = [one for one in case.certificate if "certificateNumber" in one.facts]
    for one in numbered:
        if one.facts["certificateNumber"] != numbered[0].facts["certificateNumber"]:
            where = f"{CERTIFICATE}.certificateNumber"
            findings.add("convert-certificates", one.place("certificateNumber"), where, case=case.number)
            break
    for receipt in case.receipts:
        if receipt.entries[0].table.wide and len(receipt.entries) > 1:
            place = receipt.entries[1].place("receiptNumber")
            findings.add("convert-receipt-twice", place, f"{RECEIPT}.receiptNumber", case=case.number)


def _check(case: Case, receipt: Receipt, findings: Findings) -> None:
    """The totals that a receipt prints beside its lines, which the document itself does not carry: of several receipts
    it has but the sum of what is paid."""
    copay = [line for line in receipt.lines if line.fee and line.fee.code == "PART"]
    points = [line for line in receipt.lines if line.payer == NHI]
    if not copay and receipt.facts.get("copayTotal"):
        copay = [_copay(receipt.facts["copayTotal"])]
        receipt.lines = (*receipt.lines, *copay)
    sums = [("pointsTotal", points), ("copayTotal", copay)]
    if len(case.receipts) > 1:
        sums.append(("total", [line for line in receipt.lines if line.payer == PATIENT]))
    for key, lines in sums:
        printed = receipt.facts.get(key)
        if printed is None or total(lines) == printed:
            continue
        known = mapping().fields[key]
        names = {"field": known.label, "field_en": known.en}
        findings.add("convert-sum", printed.cells[0], f"{RECEIPT}.{key}", case=case.number, **names)


def _copay(amount: Number) -> Line:
    """The copayment, when the receipt prints nothing but its total."""
    fee: Fee = next(one for one in mapping().fees if one.code == "PART")
    return Line(fee, Text(fee.label, amount.cells), Text(PATIENT, amount.cells), amount, amount.cells[0])


def days(facts: Facts) -> tuple[Text | None, Text | None]:
    """First and last day of the visit: of a stay admission and discharge, else the days of the visit."""
    stay = "admission" in facts and (facts.get("visit") == "IMP" or "visitDate" not in facts)
    span = facts.get("admission" if stay else "visitDate")
    last = facts.get("discharge" if stay else "visitEnd")
    return (span[0], last or span[1]) if span else (None, last)


def department(case: Case) -> tuple[Text | None, Text | None]:
    """(NHI code, name) of the department: the code as given, or the one that the name has in TW Core's code systems."""
    printed, code = case.facts.get("department"), case.facts.get("departmentCode")
    if code is None and printed is not None and (found := department_code(printed)):
        code = Text(found, printed.cells)
    known = departments(code) if code else []
    return code, Text(known[0][1], cells(code, printed)) if known else printed


def nhi(case: Case) -> bool:
    """Whether the national health insurance takes part: the patient is its patient, or it pays a line."""
    paid = any(line.payer == NHI for receipt in case.receipts for line in receipt.lines)
    return paid or case.facts.get("payerIdentity") == NHI


def total(lines: list[Line] | tuple[Line, ...]) -> Decimal:
    """The sum of their amounts."""
    found = Decimal(0)
    for line in lines:
        found = EXACT.add(found, line.net)
    return found
