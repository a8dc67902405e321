"""Claims rules of iClaim documents: who pays a line, identifiers of known systems, and the quirks of facts 1.9.

Which elements iClaim's profiles demand is checked where a resource names them (adapters/fhir/profiles.py).
"""

from collections.abc import Callable

from adapters import identifiers
from adapters.fhir import moments
from adapters.fhir.document import (
    INSTITUTION_SYSTEMS,
    Entry,
    Json,
    child,
    codes,
    codings,
    objects,
    profiles,
    system,
    word,
)
from adapters.fhir.parsed import Standing
from schemas import normalise
from services.validation.lines import NHI, PAY
from services.validation.reading import Reading

_PEOPLE = frozenset({"Patient", "Practitioner", "RelatedPerson", "Person"})
# system -> (type code, owners that need no type, rule, problem). An owner outside needs the type: the TW Core example
# numbers a prescription in the national id's system.
_Rule = tuple[str, frozenset[str], Callable[[str], bool], str]
_IDENTIFIERS: dict[str, _Rule] = {
    "www.moi.gov.tw": ("NNxxx", _PEOPLE, identifiers.national_id, "identifier-national-id"),
    "www.immigration.gov.tw": ("PRC", _PEOPLE, identifiers.residence_permit, "identifier-permit"),
    "gcis.nat.gov.tw": ("UBN", frozenset({"Organization"}), identifiers.company_number, "identifier-company"),
    **{
        one: ("PRN", frozenset({"Organization"}), identifiers.institution_code, "identifier-institution")
        for one in INSTITUTION_SYSTEMS
    },
}


def check(reading: Reading) -> None:
    """All rules of this module."""
    _identifiers(reading)
    _quirks(reading)
    if reading.iclaim:
        _payers(reading)


def certificates(reading: Reading) -> list[Entry]:
    """The Conditions that make the certificate: those that name an iClaim profile, or all when none does."""
    return _of_guide(reading, "Condition")


def subject(reading: Reading) -> Entry | None:
    """The Patient the document is about: what Composition.subject names, else the only Patient."""
    document = reading.document
    if document.composition:
        named = document.resolve(child(document.composition, "subject"), document.entries[0])
        for entry in document.typed("Patient"):
            if entry.resource is named:
                return entry
    patients = document.typed("Patient")
    return patients[0] if len(patients) == 1 else None


def _of_guide(reading: Reading, resource_type: str) -> list[Entry]:
    entries = reading.document.typed(resource_type)
    return [entry for entry in entries if entry.of_iclaim] or entries


def _payers(reading: Reading) -> None:
    """Each line says who pays: the patient or the NHI (facts 1.5); nothing can be summed otherwise."""
    for entry in _of_guide(reading, "Claim"):
        for line in reading.lines[entry.index]:
            if not line.payer:
                place = (*entry.place, "item", line.index)
                reading.faults.add("receipt-payer", place, missing="modifier", severity=reading.severity)


def _identifiers(reading: Reading) -> None:
    for standing in reading.parsed.resources:
        for identifier, owner in standing.identifiers:
            if rule := _IDENTIFIERS.get(system(identifier)):
                _identifier(reading, standing, identifier, word(owner, "resourceType"), rule)
        for reference, _ in standing.references:
            # Of a logical reference the identifier is that of the resource which it says it leads to.
            if "identifier" in reference:
                identifier = child(reference, "identifier")
                if rule := _IDENTIFIERS.get(system(identifier)):
                    _identifier(reading, standing, identifier, word(reference, "type"), rule)


def _identifier(reading: Reading, standing: Standing, identifier: Json, owner: str, rule: _Rule) -> None:
    type_code, owners, valid, code = rule
    value = word(identifier, "value")
    if value and (owner in owners or type_code in codes(identifier, "type")) and not valid(normalise.text(value)):
        place = (*reading.parsed.place_of(identifier, standing), "value")
        reading.faults.add(code, place, severity=reading.severity)


def _quirks(reading: Reading) -> None:
    """What published instances do though the guides ask otherwise: taken, and told."""
    faults = reading.faults
    for entry in reading.document.entries:
        resource = entry.resource
        if entry.type == "Condition":
            for index, identifier in objects(resource, "identifier"):
                if word(identifier, "value") and not word(identifier, "system"):
                    faults.add("identifier-without-system", (*entry.place, "identifier", index))
            if any("icd-9" in system(coding) for coding in codings(resource, "code")):
                faults.add("icd-9", (*entry.place, "code"))
        elif entry.type == "Coverage":
            _coverage(reading, entry)
        elif entry.type == "Encounter":
            for end in ("start", "end"):
                text = word(resource, "period", end)
                if moments.day(text) != moments.taipei_day(text):
                    faults.add("date-other-zone", (*entry.place, "period", end))
        elif entry.type == "Claim":
            _currency(reading, entry)


def _coverage(reading: Reading, entry: Entry) -> None:
    if any(one.partition("|")[0].endswith("/Coverage-twcore") for one in profiles(entry.resource)):
        return  # its profile demands both
    member = word(entry.resource, "subscriberId") or any(
        "MB" in codes(identifier, "type") for _, identifier in objects(entry.resource, "identifier")
    )
    if not (member and child(entry.resource, "relationship")):
        reading.faults.add("coverage-member", entry.place)


def _currency(reading: Reading, claim: Entry) -> None:
    total = child(claim.resource, "total")
    if total and not word(total, "currency"):
        reading.faults.add("receipt-currency", (*claim.place, "total"))
    for line in reading.lines[claim.index]:
        net = child(line.item, "net")
        if line.payer == NHI and word(net, "currency"):
            reading.faults.add("receipt-points-currency", (*claim.place, "item", line.index, "net"))
        if line.payer == PAY and net and not word(net, "currency"):
            reading.faults.add("receipt-currency", (*claim.place, "item", line.index, "net"))
