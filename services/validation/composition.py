"""The rules of a hospital's document beyond R4: its identity, Composition first, who wrote it, case numbers."""

from datetime import datetime, timedelta

from adapters.fhir import moments
from adapters.fhir.document import Json, child, institution_code, objects, word
from schemas import normalise
from schemas.evidence import Standing
from schemas.problems import Severity
from services.validation.reading import Reading

STANDINGS = {
    "preliminary": Standing.PRELIMINARY,
    "final": Standing.CURRENT,
    "amended": Standing.AMENDED,
    "entered-in-error": Standing.WITHDRAWN,
}


def check(reading: Reading) -> None:
    """All rules of this module."""
    _envelope(reading)
    _author(reading)
    _case_numbers(reading)


def case_number(bundle: Json) -> str:
    """The case number of a document, normalised."""
    return normalise.text(word(bundle, "identifier", "value"))


def author_codes(reading: Reading) -> list[tuple[str, str]]:
    """(element, institution code) of each author Organization; of the custodian when no author is an Organization."""
    document = reading.document
    composition = document.composition
    source = document.entries[0] if composition else None
    authors = [document.resolve(author, source) for _, author in objects(composition, "author")]
    organizations = [author for author in authors if word(author, "resourceType") == "Organization"]
    if organizations:
        return [("author", institution_code(organization)) for organization in organizations]
    custodian = document.resolve(child(composition, "custodian"), source)
    return [("custodian", institution_code(custodian))] if word(custodian, "resourceType") == "Organization" else []


def _envelope(reading: Reading) -> None:
    bundle, faults = reading.document.bundle, reading.faults
    identifier = child(bundle, "identifier")
    if not (word(identifier, "system").strip() and word(identifier, "value").strip()):
        faults.add("document-identifier", (), missing="identifier")
    timestamp = word(bundle, "timestamp")
    if not timestamp:
        faults.add("document-timestamp", (), missing="timestamp")
    elif (utc := moments.utc(timestamp)) is None:
        faults.add("date-impossible", ("timestamp",))
    elif reading.record is not None and utc > reading.record.received:
        far = datetime.fromisoformat(utc) - datetime.fromisoformat(reading.record.received) > timedelta(days=1)
        faults.add("version-far-in-future" if far else "version-in-future", ("timestamp",))
    composition = reading.document.composition
    if not composition:
        faults.add("composition-first", ("entry",))
    elif word(composition, "status") not in STANDINGS:
        faults.add("document-status", ("entry", 0, "resource"), missing="status")
    for entry in reading.document.entries:
        if entry.type and not word(entry.resource, "id"):
            faults.add("resource-without-id", entry.place)
            break  # one hint for the document: a sender without ids has none anywhere


def _author(reading: Reading) -> None:
    if not reading.document.composition:
        return
    record, place = reading.record, ("entry", 0, "resource")
    codes = author_codes(reading)
    if not codes or not all(code for _, code in codes):
        element = codes[0][0] if codes else "author"
        # A document of another purpose, which nobody sends to us, may be a person's.
        severity = None if record is not None or reading.iclaim else Severity.WARNING
        reading.faults.add("author-missing", (*place, element), severity=severity)
    # What is only tried out ($validate) is nobody's record: it may be another's document.
    elif (
        record is not None and not record.path.endswith("$validate") and any(code != record.sender for _, code in codes)
    ):
        reading.faults.add("foreign-author", (*place, codes[0][0]))


def _case_numbers(reading: Reading) -> None:
    document = reading.document
    number = case_number(document.bundle)
    own = word(document.composition, "identifier", "value")
    if number and own and normalise.text(own) != number:
        reading.faults.add("case-number-differs", ("entry", 0, "resource", "identifier", "value"))
    for claim in document.typed("Claim"):
        values = [word(identifier, "value") for _, identifier in objects(claim.resource, "identifier")]
        if number and any(values) and number not in {normalise.text(value) for value in values}:
            reading.faults.add("case-number-differs", (*claim.place, "identifier"))
