"""Validation of any record: to the check of its kind."""

from schemas.records import Kind, Record
from services.validation import accident, accident_file, document, filing
from services.validation.finding import Finding

_CHECKS = {
    Kind.DOCUMENT: document.check,
    Kind.ACCIDENT: accident.check,
    Kind.ACCIDENT_FILE: accident_file.check,
    Kind.PAPER: filing.check,
    Kind.APPLICATION: filing.check,
    Kind.AUTHORISATION: filing.check,
    Kind.MANDATE: filing.check,
    Kind.DISPUTE: filing.check,
    Kind.REVIEW: filing.check,
    Kind.WITHDRAWAL: filing.check,
    Kind.JUDGEMENT: filing.check,
    Kind.PARTICIPANT: filing.check,
}


def check(record: Record, body: bytes, metadata: str | None) -> Finding:
    """Every problem of a record in published order, and the view of it when none is an error. Pure: no input raises."""
    return _CHECKS[record.kind](record, body, metadata)
