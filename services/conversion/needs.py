"""What a case must have before a document is made of it: what R4, TW Core and iClaim demand, by the names of the forms.

Everything here would be refused by validation too; here it is told in the words of the clerk, at the column.
"""

from services.conversion.cases import Case, Receipt, department, nhi
from services.conversion.findings import Findings
from services.conversion.mapping import CERTIFICATE, RECEIPT, mapping
from services.conversion.source import Cell

PERSON = ("patientName", "chartNumber", "gender", "birthDate")
_CERTIFICATE = ("certificateNumber", "issueDate", "diagnosis")
_RECEIPT = ("receiptNumber", "receiptDate")
_VISIT = ("hospitalCode", "patientId", "encounterNumber", "visit", "department")


def needed(form: str) -> frozenset[str]:
    """The fields that every case needs; a receipt finds those of person and visit in its certificate."""
    if form == CERTIFICATE:
        return frozenset({*PERSON, *_VISIT, *_CERTIFICATE, "diagnosisCode"})
    return frozenset({*_RECEIPT, "encounterNumber", "item", "amount"})


def check(case: Case, findings: Findings) -> None:
    """Every value that is missing, each at the cell where it should stand."""
    facts = case.facts
    for key in (*PERSON, "encounterNumber", "visit", "hospitalCode", *(_CERTIFICATE if case.certificate else ())):
        if key not in facts:
            _missing(case, findings, key)
    if "patientId" not in facts and "passportNumber" not in facts:
        _missing(case, findings, "patientId")
    _department(case, findings)
    if facts.get("visit") == "IMP" and "visitDate" not in facts:
        _span(case, findings, "admission", "discharge")
    elif "admission" not in facts and "visitDate" not in facts:
        _missing(case, findings, "visitDate")
    if ("operationCode" in facts or "operationDate" in facts) and "operation" not in facts:
        _missing(case, findings, "operation")
    for receipt in case.receipts:
        _receipt(case, receipt, findings)
    if case.receipts:
        _insurer(case, findings)


def _department(case: Case, findings: Findings) -> None:
    """iClaim wants its name and its code: of one that TW Core knows either is enough."""
    if "department" not in case.facts and "departmentCode" not in case.facts:
        _missing(case, findings, "department")
        return
    code, name = department(case)
    if code is None and not case.unread("departmentCode"):
        where = f"{case.entries[0].table.form}.department"
        findings.add("convert-department", case.place("department"), where, case=case.number)
    elif name is None:
        _missing(case, findings, "department")


def _span(case: Case, findings: Findings, first: str, last: str) -> None:
    if first not in case.facts:
        _missing(case, findings, first)
    elif last not in case.facts and case.facts[first][0] == case.facts[first][1]:
        _missing(case, findings, last)


def _receipt(case: Case, receipt: Receipt, findings: Findings) -> None:
    for key in _RECEIPT:
        if key not in receipt.facts:
            _missing(case, findings, key, receipt)
    if not receipt.lines and not any({"payer", "item", "amount"} & one.unread for one in receipt.entries):
        findings.add("convert-no-lines", receipt.entries[0].cell, RECEIPT, case=case.number)


def _insurer(case: Case, findings: Findings) -> None:
    """A claim names an insurer (R4): the private one, or the NHI. Of a private one its company number is what counts."""
    if "insurerNumber" not in case.facts and ("insurerName" in case.facts or not nhi(case)):
        _missing(case, findings, "insurerNumber")


def _missing(case: Case, findings: Findings, key: str, receipt: Receipt | None = None) -> None:
    """Told once a row, or once a file when it has no such column; not at all when the cell was unreadable."""
    entries = receipt.entries if receipt else case.entries
    if any(key in one.unread for one in entries):
        return
    known = mapping().fields[key]
    if receipt is None and known.of != "both":
        entries = case.certificate if known.of == CERTIFICATE else [one for own in case.receipts for one in own.entries]
    having = [one for one in entries if one.table.column(key)]
    names = {"field": known.label, "field_en": known.en}
    if having:
        findings.add(
            "convert-missing", having[0].place(key), f"{having[0].table.form}.{key}", case=case.number, **names
        )
        return
    table = entries[0].table
    head = Cell(table.file, table.sheet, table.header, 0)
    findings.add("convert-column-missing", head, f"{table.form}.{key}", **names)
