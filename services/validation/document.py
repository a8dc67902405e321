"""Validation of a hospital's document: strict JSON, FHIR structure, document rules, iClaim, receipt, dates.

Every rule is held on every document that can be read at all, so that the sender learns everything at once.
"""

from adapters import json_text
from adapters.fhir.document import Json
from adapters.fhir.engine import validate
from adapters.fhir.faults import Faults
from schemas.problems import Problem, errors, problem
from schemas.records import Record
from services.validation import clinical, composition, dates, guide, iclaim, receipt
from services.validation.document_evidence import evidence
from services.validation.finding import Finding
from services.validation.reading import Reading

ENTRY_LIMIT = 5000  # contract; a long stay with every laboratory value has some hundreds


def check(record: Record, body: bytes, metadata: str | None) -> Finding:
    """Every problem of a document, and its view when none is an error. `metadata` is of uploads only."""
    value, found = json_text.read(body)
    if found:
        return Finding(tuple(found), None)
    if type(value) is not dict or value.get("resourceType") != "Bundle":
        return _refused(problem("fhir-not-a-bundle"))
    if too_many(value):
        return _refused(problem("too-many-entries", "Bundle.entry", "/entry", limit=ENTRY_LIMIT))
    faults = Faults()
    parsed = validate(value, faults)
    if value.get("type") != "document":
        faults.add("document-type", (), missing="type")
        return Finding(faults.problems(), None)
    reading = Reading.of(record, value, parsed, faults)
    judge(reading)
    problems = faults.problems()
    return Finding(problems, None if errors(problems) else evidence(reading))


def too_many(bundle: Json) -> bool:
    """Whether a Bundle has more entries than the doors take."""
    entries = bundle.get("entry")
    return type(entries) is list and len(entries) > ENTRY_LIMIT


def judge(reading: Reading) -> None:
    """The rules of a document, beyond what R4 demands of every Bundle."""
    for rules in (composition, guide, iclaim, clinical, receipt, dates):
        rules.check(reading)


def _refused(found: Problem) -> Finding:
    return Finding((found,), None)
