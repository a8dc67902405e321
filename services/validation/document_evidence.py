"""What the hub needs of an accepted document: who it is about, its data classes, its numbers, dates and fingerprints.

Every text that another sender may write too is normalised here. Nothing of it is a fault; the rules have been held.
"""

from decimal import Decimal

from adapters.fhir import moments
from adapters.fhir.document import Entry, Json, child, codes, codings, number, objects, system, word
from schemas import normalise
from schemas.evidence import DataClass, Evidence, Number, NumberType, Service
from services.validation import iclaim
from services.validation.composition import STANDINGS, author_codes, case_number
from services.validation.dates import serviced
from services.validation.parts import part
from services.validation.reading import Reading

_INSURANCE_FORM = "64291-8"  # LOINC, the document type of a certificate with receipt (facts 1.4)
_VISITS = frozenset({"AMB", "IMP", "EMER"})
# Resources that say who, where or who pays, and hold no findings of their own.
_ADMINISTRATIVE = frozenset(
    {
        "Composition", "Patient", "Practitioner", "PractitionerRole", "Organization", "Location", "RelatedPerson",
        "Coverage", "Device", "Endpoint", "HealthcareService", "Provenance",
    }
)  # fmt: skip
_CLASSES = {
    "Claim": DataClass.RECEIPT,
    "Invoice": DataClass.RECEIPT,
    "ChargeItem": DataClass.RECEIPT,
    "DiagnosticReport": DataClass.LABORATORY,
    "Observation": DataClass.LABORATORY,
    "Specimen": DataClass.LABORATORY,
    "Procedure": DataClass.OPERATION,
    "ImagingStudy": DataClass.IMAGING,
    "Media": DataClass.IMAGING,
}
_IMAGING = frozenset({"imaging", "RAD", "IMG", "RX", "CT", "NMR", "NMS", "RUS"})  # observation-category, v2-0074
_BEDSIDE = frozenset({"vital-signs", "social-history", "survey", "exam", "therapy", "activity"})
# Personal identifiers by precedence: one person has one key, however many documents she showed.
_PERSONAL = (
    ("www.moi.gov.tw", "NNxxx"),
    ("www.immigration.gov.tw", "PRC"),
    ("hl7.org/fhir/sid/passport-twn", "PPN"),
    ("www.boca.gov.tw", "PPN"),
)


def evidence(reading: Reading) -> Evidence:
    """The view of a document without errors."""
    bundle, composition = reading.document.bundle, reading.document.composition
    identifier = child(bundle, "identifier")
    identity = f"{normalise.text(word(identifier, 'system'))}|{normalise.text(word(identifier, 'value'))}"
    issuer = author_codes(reading)[0][1]
    version = moments.utc(word(bundle, "timestamp"))
    assert version is not None
    persons = _Persons(reading, identity)
    certificates = _certificates(reading)
    receipts = _receipts(reading)
    service = _service(reading, issuer)
    lines = _lines(reading)
    return Evidence(
        paper="document",
        identity=identity,
        version=version,
        standing=STANDINGS[word(composition, "status")],
        issued=moments.utc(word(composition, "date")) or version,
        issuer=issuer,
        persons=persons.all,
        classes=_classes(reading, bool(certificates)),
        numbers=_numbers(reading, issuer, certificates, receipts),
        service=service,
        content=_content(reading, issuer, persons.all, certificates, receipts, service, lines),
        parts=tuple(
            sorted(
                {part("certificate", issuer, persons.of(entry, "subject"), number) for entry, number in certificates}
                | {part("receipt", issuer, persons.of(entry, "patient"), number) for entry, number in receipts}
            )
        ),
        facts=_facts(reading, service, len(lines)),
    )


class _Persons:
    """The persons a document is about: its Patients, contained ones too, each under one key."""

    def __init__(self, reading: Reading, identity: str) -> None:
        self._document = reading.document
        self._unknown = identity  # a patient without any number: known by this document alone, so nothing links to her
        patients = [entry.resource for entry in self._document.typed("Patient")]
        patients += [inner for _, inner in self._document.contained() if word(inner, "resourceType") == "Patient"]
        self.all = tuple(sorted({self._key(patient) for patient in patients})) or (identity,)
        self._main = self._key(main.resource) if (main := iclaim.subject(reading)) is not None else self.all[0]

    def of(self, entry: Entry, element: str) -> str:
        """The person that a resource's subject or patient names."""
        named = self._document.resolve(child(entry.resource, element), entry)
        return self._key(named) if word(named, "resourceType") == "Patient" else self._main

    def _key(self, patient: Json) -> str:
        own = [
            (system(one), codes(one, "type"), normalise.text(word(one, "value")))
            for _, one in objects(patient, "identifier")
        ]
        for known, type_code in _PERSONAL:
            for name, types, value in own:
                if value and (name == known or type_code in types):
                    return value
        return next((f"{normalise.text(name)}|{value}" for name, _, value in own if value), self._unknown)


def _certificates(reading: Reading) -> list[tuple[Entry, str]]:
    """(Condition, certificate number). Outside insurance documents a Condition's identifier is no certificate's."""
    if not (reading.iclaim or _INSURANCE_FORM in codes(reading.document.composition, "type")):
        return []
    return [
        (entry, value)
        for entry in iclaim.certificates(reading)
        for _, identifier in objects(entry.resource, "identifier")
        if (value := normalise.text(word(identifier, "value")))
    ]


def _receipts(reading: Reading) -> list[tuple[Entry, str]]:
    """(Claim, receipt number): its identifiers but the case number, also when that is mistyped in the Claim."""
    bundle = reading.document.bundle
    cases = {case_number(bundle), normalise.text(word(reading.document.composition, "identifier", "value"))}
    own_system = system(child(bundle, "identifier"))
    found = []
    for entry in reading.document.typed("Claim"):
        numbers = [
            (system(one), value)
            for _, one in objects(entry.resource, "identifier")
            if (value := normalise.text(word(one, "value")))
        ]
        named = any(value in cases for _, value in numbers)
        found += [(entry, value) for name, value in numbers if (value not in cases if named else name != own_system)]
    return found


def _numbers(
    reading: Reading, issuer: str, certificates: list[tuple[Entry, str]], receipts: list[tuple[Entry, str]]
) -> tuple[Number, ...]:
    visits = {
        value
        for entry in reading.document.typed("Encounter")
        for _, identifier in objects(entry.resource, "identifier")
        if (value := normalise.text(word(identifier, "value")))
    }
    numbers = [(NumberType.DOCUMENT, case_number(reading.document.bundle))]
    numbers += [(NumberType.ENCOUNTER, value) for value in sorted(visits)]
    numbers += [(NumberType.CERTIFICATE, value) for value in sorted({value for _, value in certificates})]
    numbers += [(NumberType.RECEIPT, value) for value in sorted({value for _, value in receipts})]
    return tuple(Number(type=kind, value=value, issuer=issuer) for kind, value in numbers)


def _classes(reading: Reading, certified: bool) -> tuple[DataClass, ...]:
    """The union of what is inside. What is not known to be less is a medical record, the class asked for by name."""
    found: set[DataClass] = set()
    inside = [entry.resource for entry in reading.document.entries]
    inside += [inner for _, inner in reading.document.contained()]
    for resource in inside:
        kind, category = word(resource, "resourceType"), codes(resource, "category")
        if kind in ("Condition", "Encounter"):
            found.add(DataClass.CERTIFICATE if certified else DataClass.MEDICAL_RECORD)
        elif kind in ("Observation", "DiagnosticReport") and category & _IMAGING:
            found.add(DataClass.IMAGING)
        elif kind == "Observation" and category & _BEDSIDE:
            found.add(DataClass.MEDICAL_RECORD)
        elif kind not in _ADMINISTRATIVE:
            found.add(_CLASSES.get(kind, DataClass.MEDICAL_RECORD))
    return tuple(sorted(found or {DataClass.MEDICAL_RECORD}))


def _service(reading: Reading, issuer: str) -> Service | None:
    """First and last day of the visits as written; without visits, of the receipt."""
    document = reading.document
    periods = [child(entry.resource, "period") for entry in document.typed("Encounter")]
    periods += [child(entry.resource, "billablePeriod") for entry in document.typed("Claim") if not any(periods)]
    spans = [(word(period, "start"), word(period, "end")) for period in periods if period]
    if not spans:
        spans = [serviced(item)[:2] for entry in document.typed("Claim") for _, item in objects(entry.resource, "item")]
    starts = [day for start, end in spans if (day := moments.first_day(start or end)) is not None]
    ends = [day for start, end in spans if (day := moments.last_day(end or start)) is not None]
    if not (starts and ends):
        return None
    accidents = [
        day
        for entry in document.typed("Claim")
        if (day := moments.day(word(entry.resource, "accident", "date"))) is not None
    ]
    return Service(
        hospital=issuer,
        start=min(starts),
        end=max(ends),
        injury=_injury(reading),
        injuries=tuple(sorted({code[:3] for version, code in _diagnoses(reading) if _is_wound(version, code)})),
        accident_date=min(accidents, default=None),
    )


def _diagnoses(reading: Reading) -> list[tuple[str, str]]:
    """(classification, code) of every ICD coding of a Condition."""
    found = []
    for entry in reading.document.typed("Condition"):
        for coding in codings(entry.resource, "code"):
            name = system(coding)
            version = "icd-10" if "icd-10" in name else "icd-9" if "icd-9" in name else ""
            if version and (code := normalise.text(word(coding, "code"))):
                found.append((version, code))
    return found


def _injury(reading: Reading) -> bool | None:
    coded = _diagnoses(reading)
    if not coded:
        return None
    return any(
        code[0] in "STVWXY" if version == "icd-10" else code[0] == "E" or "800" <= code[:3] <= "999"
        for version, code in coded
    )


def _is_wound(version: str, code: str) -> bool:
    """Whether a code tells what was hurt, not how it came about."""
    return code[0] in "ST" if version == "icd-10" else "800" <= code[:3] <= "999"


def _lines(reading: Reading) -> list[list[str]]:
    """Each receipt line as [code or text, payer, date, amount]."""
    lines = []
    for entry in reading.document.typed("Claim"):
        for line in reading.lines[entry.index]:
            net = number(line.item, "net", "value")
            amount = "" if net is None else normalise.amount(net)
            lines.append(
                [
                    _name(line.item, "productOrService"),
                    line.payer,
                    moments.first_day(serviced(line.item)[0]) or "",
                    amount,
                ]
            )
    return sorted(lines)


def _name(value: Json, concept: str) -> str:
    """What a CodeableConcept says, for comparison: its first code, or text; normalised before sorting."""
    named = sorted(normalise.text(code) for code in codes(value, concept))
    return named[0] if named else normalise.text(word(value, concept, "text"))


def _content(
    reading: Reading,
    issuer: str,
    persons: tuple[str, ...],
    certificates: list[tuple[Entry, str]],
    receipts: list[tuple[Entry, str]],
    service: Service | None,
    lines: list[list[str]],
) -> str:
    """What makes two documents the same thing; never identifiers of bundle or entries, titles, narrative."""
    first, last = (service.start, service.end) if service is not None else ("", "")
    head = ("document", persons, issuer)
    if not (certificates or receipts or lines):
        return normalise.canonical(*head, first, last, _clinical(reading))
    numbers = (sorted({value for _, value in certificates}), sorted({value for _, value in receipts}))
    return normalise.canonical(*head, *numbers, first, last, lines)


def _clinical(reading: Reading) -> list[list[str]]:
    """Each clinical entry as [type, code or text, date, value]: for documents without certificate and receipt."""
    found = []
    for entry in reading.document.entries:
        resource = entry.resource
        if entry.type in _ADMINISTRATIVE:
            continue
        concept = "medicationCodeableConcept" if "medicationCodeableConcept" in resource else "code"
        dates = (
            "effectiveDateTime",
            "performedDateTime",
            "onsetDateTime",
            "authoredOn",
            "recordedDate",
            "started",
            "date",
        )
        written = next((word(resource, key) for key in dates if word(resource, key)), word(resource, "period", "start"))
        found.append([entry.type, _name(resource, concept), moments.first_day(written) or "", _value(resource)])
    return sorted(found)


def _value(resource: Json) -> str:
    """A result as text: its quantity, text or code, or its components' quantities."""
    amounts = [number(resource, "valueQuantity", "value")]
    amounts += [number(component, "valueQuantity", "value") for _, component in objects(resource, "component")]
    texts = [normalise.amount(amount) for amount in amounts if amount is not None]
    texts += [normalise.text(word(resource, "valueString")), _name(resource, "valueCodeableConcept")]
    return ";".join(text for text in texts if text)


def _facts(reading: Reading, service: Service | None, lines: int) -> dict[str, str | int | float | bool | list[str]]:
    """The minimum view for offers."""
    facts: dict[str, str | int | float | bool | list[str]] = {}
    if service is not None:
        facts |= {"hospital": service.hospital, "firstDay": service.start, "lastDay": service.end}
    visits = {word(entry.resource, "class", "code") for entry in reading.document.typed("Encounter")} & _VISITS
    if visits:
        facts["visit"] = sorted(visits)[-1]  # IMP outranks EMER, which outranks AMB
    claims = reading.document.typed("Claim")
    totals = [total for entry in claims if (total := number(entry.resource, "total", "value")) is not None]
    if claims:
        facts["lines"] = lines
    if totals:
        facts["patientPays"] = normalise.amount(sum(totals, Decimal(0)))
    if diagnoses := sorted({code for _, code in _diagnoses(reading)}):
        facts["diagnosisCodes"] = diagnoses
    return facts
