"""What iClaim demands of a document (facts 1.7, 1.8), identifiers of known systems, and the quirks of facts 1.9."""

from collections.abc import Callable

from adapters import identifiers
from adapters.fhir import moments
from adapters.fhir.document import (
    ICLAIM,
    INSTITUTION_SYSTEMS,
    Entry,
    Json,
    child,
    codes,
    codings,
    names_iclaim,
    number,
    objects,
    profiles,
    system,
    word,
)
from schemas import normalise
from services.validation.reading import Reading

PAY = "pay"  # http://terminology.hl7.org/CodeSystem/coverage-selfpay
NHI = "PUBLICPOL"  # http://terminology.hl7.org/CodeSystem/v3-ActCode
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
        _patient(reading)
        _visit(reading)
        _certificate(reading)
        _receipt(reading)


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


def _require(reading: Reading, entry: Entry, element: str, present: object, label: str, label_en: str) -> None:
    if not present:
        reading.faults.add("iclaim-required", entry.place, missing=element, label=label, label_en=label_en)


def _absent(reading: Reading, element: str, label: str, label_en: str) -> None:
    reading.faults.add("iclaim-required", ("entry",), element=element, label=label, label_en=label_en)


def _patient(reading: Reading) -> None:
    entry = subject(reading)
    if entry is None:
        _absent(reading, "Patient", "病人", "the patient")
        return
    resource = entry.resource
    own = [(codes(one, "type"), system(one), word(one, "value").strip()) for _, one in objects(resource, "identifier")]
    person = any(
        value and (types & {"NNxxx", "PRC", "PPN"} or name in ("www.moi.gov.tw", "www.immigration.gov.tw"))
        for types, name, value in own
    )
    chart = any(value and "MR" in types for types, _, value in own)
    named = any(word(one, "text") or word(one, "family") for _, one in objects(resource, "name"))
    _require(reading, entry, "identifier", person, "身分證字號(或居留證、護照號碼)", "the patient's identifier")
    _require(reading, entry, "identifier", chart, "病歷號碼(類型 MR)", "the medical record number (type MR)")
    _require(reading, entry, "name", named, "病人姓名", "the patient's name")
    _require(reading, entry, "gender", word(resource, "gender"), "性別", "gender")
    _require(reading, entry, "birthDate", word(resource, "birthDate"), "出生日期", "date of birth")


def _visit(reading: Reading) -> None:
    entries = _of_guide(reading, "Encounter")
    if not entries:
        _absent(reading, "Encounter", "就醫紀錄(住院號/就醫號)", "the encounter with its admission number")
    for entry in entries:
        resource = entry.resource
        numbers = [word(one, "value").strip() for _, one in objects(resource, "identifier")]
        service = codings(resource, "serviceType")
        name = word(resource, "serviceType", "text") or any(word(one, "display") for one in service)
        _require(reading, entry, "identifier", any(numbers), "住院號或就醫號", "the admission number")
        _require(reading, entry, "serviceType", name, "科別名稱", "the department's name")
        if name:
            code = codes(resource, "serviceType")
            _require(reading, entry, "serviceType.coding", code, "科別代碼", "the department's code")
        start, end = word(resource, "period", "start"), word(resource, "period", "end")
        _require(reading, entry, "period.start", start, "應診或住院起日", "the first day of examination")
        _require(reading, entry, "period.end", end, "應診或住院迄日", "the last day of examination")


def _certificate(reading: Reading) -> None:
    for entry in certificates(reading):
        resource = entry.resource
        numbers = [word(one, "value").strip() for _, one in objects(resource, "identifier")]
        name = word(resource, "code", "text") or any(word(one, "display") for one in codings(resource, "code"))
        _require(reading, entry, "identifier", any(numbers), "診斷證明書序號", "the certificate number")
        _require(reading, entry, "code", name, "診斷病名", "the diagnosis")
        if name:
            _require(reading, entry, "code.coding", codes(resource, "code"), "診斷代碼", "the diagnosis code")
        _require(reading, entry, "recordedDate", word(resource, "recordedDate"), "開立日期", "the date of issue")


def _receipt(reading: Reading) -> None:
    claims = _of_guide(reading, "Claim")
    if not claims and f"{ICLAIM}/StructureDefinition/bundle-iclaim" in profiles(reading.document.bundle):
        _absent(reading, "Claim", "理賠申請書(收據)", "the Claim with the receipt (slice IClaim 1..1)")
    for entry in claims:
        resource = entry.resource
        numbers = [word(one, "value").strip() for _, one in objects(resource, "identifier")]
        items = objects(resource, "item")
        _require(reading, entry, "identifier", any(numbers), "案件編號", "the case number")
        _require(reading, entry, "total", number(resource, "total", "value") is not None, "總額", "the total")
        _require(reading, entry, "item", items, "收據明細", "the receipt lines")
        for index, item in items:
            place = (*entry.place, "item", index)
            if number(item, "net", "value") is None:
                reading.faults.add("iclaim-required", place, missing="net", label="金額", label_en="the amount")
            if len({PAY, NHI} & codes(item, "modifier")) != 1:
                reading.faults.add("receipt-payer", place, missing="modifier", severity=reading.severity)
    for entry in _of_guide(reading, "Coverage"):
        _require(reading, entry, "payor", objects(entry.resource, "payor"), "保險人", "the insurer")


def _identifiers(reading: Reading) -> None:
    for place, identifier, owner in reading.parsed.identifiers:
        rule = _IDENTIFIERS.get(system(identifier))
        value = word(identifier, "value")
        if rule is None or not value:
            continue
        type_code, owners, valid, code = rule
        if owner in owners or type_code in codes(identifier, "type"):
            if not valid(normalise.text(value)):
                reading.faults.add(code, (*place, "value"), severity=reading.severity)


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
    member = word(entry.resource, "subscriberId") or any(
        "MB" in codes(identifier, "type") for _, identifier in objects(entry.resource, "identifier")
    )
    if not (member and child(entry.resource, "relationship")):
        reading.faults.add("coverage-member", entry.place)


def _currency(reading: Reading, place: tuple[str | int, ...], claim: Json) -> None:
    money = [((*place, "total"), child(claim, "total"))]
    for index, item in objects(claim, "item"):
        if PAY in codes(item, "modifier"):
            money.append(((*place, "item", index, "net"), child(item, "net")))
    for where, amount in money:
        if amount and not word(amount, "currency"):
            reading.faults.add("receipt-currency", where)
