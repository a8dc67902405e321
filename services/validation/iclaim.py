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
    names_iclaim,
    objects,
    profiles,
    system,
    word,
)
from schemas import normalise
from services.validation.reading import Reading

PAY, NHI = "pay", "PUBLICPOL"
_PAYERS = {  # a line's modifier: code and its system (facts 1.5)
    PAY: "terminology.hl7.org/codesystem/coverage-selfpay",
    NHI: "terminology.hl7.org/codesystem/v3-actcode",
}
_PEOPLE = frozenset({"Patient", "Practitioner", "RelatedPerson", "Person"})
# system -> (type code, owners that need no type, rule, problem). An owner outside needs the type: the TW Core example
# numbers a prescription in the national id's system.
_IDENTIFIERS: dict[str, tuple[str, frozenset[str], Callable[[str], bool], str]] = {
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
    return [entry for entry in entries if names_iclaim(entry.resource)] or entries


def payer(item: Json) -> str:
    """Who pays a line: `pay`, `PUBLICPOL`, or nothing when it does not say exactly one."""
    named = {
        code
        for one in codings(item, "modifier")
        if (code := word(one, "code")) in _PAYERS and _PAYERS[code] == system(one)
    }
    return named.pop() if len(named) == 1 else ""


def _payers(reading: Reading) -> None:
    """Each line says who pays: the patient or the NHI (facts 1.5); nothing can be summed otherwise."""
    for entry in _of_guide(reading, "Claim"):
        for index, item in objects(entry.resource, "item"):
            if not payer(item):
                place = (*entry.place, "item", index)
                reading.faults.add("receipt-payer", place, missing="modifier", severity=reading.severity)


def _identifiers(reading: Reading) -> None:
    found = [(standing, *pair) for standing in reading.parsed.resources for pair in standing.identifiers]
    for standing in reading.parsed.resources:
        # Of a logical reference the identifier is that of the resource which it says it leads to.
        logical = [one for one, _ in standing.references if "identifier" in one]
        found += [(standing, child(one, "identifier"), {"resourceType": one.get("type")}) for one in logical]
    for standing, identifier, owner in found:
        rule = _IDENTIFIERS.get(system(identifier))
        value = word(identifier, "value")
        if rule is None or not value:
            continue
        type_code, owners, valid, code = rule
        if word(owner, "resourceType") in owners or type_code in codes(identifier, "type"):
            if not valid(normalise.text(value)):
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
            _currency(reading, entry.place, resource)


def _coverage(reading: Reading, entry: Entry) -> None:
    if any(one.partition("|")[0].endswith("/Coverage-twcore") for one in profiles(entry.resource)):
        return  # its profile demands both
    member = word(entry.resource, "subscriberId") or any(
        "MB" in codes(identifier, "type") for _, identifier in objects(entry.resource, "identifier")
    )
    if not (member and child(entry.resource, "relationship")):
        reading.faults.add("coverage-member", entry.place)


def _currency(reading: Reading, place: tuple[str | int, ...], claim: Json) -> None:
    money = [((*place, "total"), child(claim, "total"))]
    for index, item in objects(claim, "item"):
        who = payer(item)
        if who == NHI and word(item, "net", "currency"):
            reading.faults.add("receipt-points-currency", (*place, "item", index, "net"))
        if who == PAY:
            money.append(((*place, "item", index, "net"), child(item, "net")))
    for where, amount in money:
        if amount and not word(amount, "currency"):
            reading.faults.add("receipt-currency", where)
