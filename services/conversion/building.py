"""A case into a document Bundle: Composition, persons, visit, certificate (docs/facts-fhir-taiwan.md 1 and 11).

Every value is one that the forms say, with its cells; constants are what iClaim and TW Core prescribe. What the forms do
not say is left out. The same case gives the same Bundle: ids follow from hospital, case number and part.
"""

from dataclasses import dataclass
from functools import cached_property

from services.conversion import claim, narrative
from services.conversion.cases import Case, days, department
from services.conversion.mapping import compact, departments
from services.conversion.source import Text, cells
from services.conversion.words import (
    HL7,
    ICLAIM,
    LOINC,
    NHI_ADMINISTRATION,
    PAYERS,
    PERSON_SYSTEMS,
    TWCORE,
    UCUM,
    Json,
    coded,
    named,
    profile,
    uuid,
)

FORM = "64291-8"  # LOINC, Health insurance-related form Document
CURRENT_ICD = "icd-10-cm-2023-tw"  # where the form names no edition (facts 5); figures first are ICD-9's
CLAIM_STATUS = {"entered-in-error": "entered-in-error"}


@dataclass(frozen=True)
class Document:
    """A case while its document is built. `timestamp`: when the data were written out, if the form does not say."""

    case: Case
    timestamp: str

    @cached_property
    def system(self) -> Text:
        """The hospital's identifier system: as the form says, else one that its institution code names."""
        given = self.case.facts.get("hospitalSystem")
        return given or Text(f"urn:claims-interchange:institution:{self.case.facts.get('hospitalCode', '')}")

    def id(self, part: str) -> str:
        return uuid(str(self.case.facts.get("hospitalCode", "")), str(self.case.number), part)

    def to(self, part: str) -> Json:
        return {"reference": f"urn:uuid:{self.id(part)}"}

    def numbered(self, value: Text | None, part: str = "") -> Json | None:
        """An identifier of the hospital's own."""
        system = Text(named(self.system, part), self.system.cells) if part else self.system
        return {"system": system, "value": value} if value else None

    @cached_property
    def doctor(self) -> bool:
        return "doctorName" in self.case.facts or "doctorLicence" in self.case.facts


def build(case: Case, timestamp: str) -> Json:
    """The Bundle, its texts and numbers with their cells; absent elements are None. It may still be incomplete."""
    of = Document(case, timestamp)
    status = case.facts.get("status", "final")
    parts = [
        _composition(of, status),
        _patient(of),
        _hospital(of),
        *_insurers(of),
        *(_practitioner(of, "doctor", "doctorName", "doctorLicence", _ATTENDING) if of.doctor else ()),
        *(_practitioner(of, "head", "headName", "", {"text": "院長"}) if "headName" in case.facts else ()),
        _encounter(of),
        *_conditions(of),
        *_procedure(of),
        *claim.resources(of, CLAIM_STATUS.get(status, "active")),
    ]
    return {
        "resourceType": "Bundle",
        "meta": profile("bundle-iclaim" if case.receipts else "Bundle-twcore"),
        "identifier": of.numbered(case.number),
        "type": "document",
        "timestamp": case.facts.get("writtenAt") or timestamp,
        "entry": [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in parts],
    }


def _composition(of: Document, status: str) -> Json:
    facts = of.case.facts
    first = facts if of.case.certificate else of.case.receipts[0].facts
    titles = [*(["收據"] if of.case.receipts else []), *(["診斷證明"] if of.case.certificate else [])]
    sections = []
    if of.case.certificate:
        parts = [*(f"condition-{place}" for place in range(len(of.case.diagnoses))), "encounter"]
        parts += [part for part, key in (("procedure", "operation"), ("head-role", "headName")) if key in facts]
        parts += ["doctor-role"] if of.doctor else []
        sections.append(_section(of, "診斷證明書", parts, narrative.certificate(of.case)))
    if of.case.receipts:
        parts = [] if of.case.certificate else ["encounter"]
        sections.append(
            _section(of, "醫療費用收據", ["claim", *claim.coverages(of), *parts], narrative.receipt(of.case))
        )
    return {
        "resourceType": "Composition",
        "id": of.id("composition"),
        "meta": profile("composition-iclaim"),
        "language": "zh-TW",
        "text": narrative.document(of.case),
        "identifier": of.numbered(of.case.number),
        "status": status,
        "type": coded(LOINC, FORM),
        "subject": of.to("patient"),
        "encounter": of.to("encounter"),
        "date": first.get("issueDate" if of.case.certificate else "receiptDate"),
        "author": [of.to("hospital")],
        "title": "-".join(["理賠用" + titles[0], *titles[1:]]),
        "custodian": of.to("hospital"),
        "section": sections,
    }


def _section(of: Document, title: str, parts: list[str], text: Json) -> Json:
    return {"title": title, "code": coded(LOINC, FORM), "text": text, "entry": [of.to(part) for part in parts]}


def _patient(of: Document) -> Json:
    facts = of.case.facts
    numbers = [_personal(facts[key], key) for key in ("patientId", "passportNumber") if key in facts]
    chart = of.numbered(facts.get("chartNumber"))
    occupation = coded(
        f"{ICLAIM}/CodeSystem/lia-roc-occupation-values", facts.get("occupationCode"), facts.get("occupation")
    )
    return {
        "resourceType": "Patient",
        "id": of.id("patient"),
        "meta": profile("patient-iclaim"),
        "extension": [_extension("cathay-occupation", occupation)],
        "identifier": [
            *numbers,
            {"use": "official", "type": coded(f"{HL7}/v2-0203", "MR"), **chart} if chart else None,
        ],
        "active": True,
        "name": [{"use": "official", "text": facts["patientName"]} if "patientName" in facts else None],
        "telecom": [_phone(facts.get("phone"))],
        "gender": facts.get("gender"),
        "birthDate": facts.get("birthDate"),
        "address": [{"text": facts.get("address")}],
        "managingOrganization": of.to("hospital"),
    }


def _personal(value: Text, key: str) -> Json:
    """A national id, a residence permit or a passport: by its column, and the first two by their form."""
    kind = "PPN" if key == "passportNumber" else "NNxxx" if value[1] in "12" else "PRC"
    coding: Json = {"system": f"{HL7}/v2-0203", "code": kind}
    if kind == "NNxxx":
        parts = [
            {"url": "suffix", "valueString": "TWN"},
            {"url": "valueSet", "valueCanonical": "http://hl7.org/fhir/ValueSet/iso3166-1-3"},
        ]
        suffix = {"extension": parts, "url": f"{TWCORE}/StructureDefinition/identifier-suffix"}
        coding["_code"] = {"extension": [suffix]}
    return {"use": "official", "type": {"coding": [coding]}, "system": PERSON_SYSTEMS[kind], "value": value}


def _extension(name: str, concept: Json | None) -> Json | None:
    return {"url": f"{ICLAIM}/StructureDefinition/{name}", "valueCodeableConcept": concept} if concept else None


def _phone(value: Text | None, use: str | None = None) -> Json | None:
    return {"system": "phone", "value": value, "use": use} if value else None


def _hospital(of: Document) -> Json:
    facts = of.case.facts
    return {
        "resourceType": "Organization",
        "id": of.id("hospital"),
        "meta": profile("Organization-hosp-twcore"),
        "identifier": [
            _institution(
                f"{HL7}/v2-0203", "PRN", f"{TWCORE}/CodeSystem/organization-identifier-tw", facts.get("hospitalCode")
            )
        ],
        "active": True,
        "type": [coded(f"{HL7}/organization-type", "prov")],
        "name": facts.get("hospitalName"),
        "telecom": [_phone(facts.get("hospitalPhone"), "work")],
        "address": [{"text": facts.get("hospitalAddress")}],
    }


def _institution(types: str, kind: str, system: str, value: str | None) -> Json | None:
    """The identifier of an Organization, of the one kind that its TW Core profile takes."""
    return {"use": "official", "type": coded(types, kind), "system": system, "value": value} if value else None


def _insurers(of: Document) -> list[Json]:
    """The insurer, and the administration of the NHI, of those that cover something here."""
    facts, made = of.case.facts, []
    system, parts = f"{TWCORE}/CodeSystem/v2-0203", claim.coverages(of) if of.case.receipts else []
    if "company" in parts:
        number = _institution(system, "UBN", "https://gcis.nat.gov.tw", facts.get("insurerNumber"))
        made.append(_organization(of, "company", "co", number, "bus", facts.get("insurerName")))
    if "nhi" in parts:
        code, name = NHI_ADMINISTRATION
        number = _institution(system, "GOI", "https://oid.nat.gov.tw/", code)
        made.append(_organization(of, "nhi", "govt", number, "govt", name))
    return made


def _organization(of: Document, part: str, kind: str, number: Json | None, type_: str, name: str | None) -> Json:
    return {
        "resourceType": "Organization",
        "id": of.id(part),
        "meta": profile(f"Organization-{kind}-twcore"),
        "identifier": [number],
        "active": True,
        "type": [coded(f"{HL7}/organization-type", type_)],
        "name": name,
    }


_ATTENDING = coded("http://snomed.info/sct", "405279007", display="Attending physician (occupation)")


def _practitioner(of: Document, part: str, name: str, licence: str, role: Json | None) -> list[Json]:
    facts = of.case.facts
    number = of.numbered(facts.get(licence))
    return [
        {
            "resourceType": "Practitioner",
            "id": of.id(part),
            "meta": profile("practitioner-iclaim"),
            "identifier": [{"use": "official", "type": coded(f"{HL7}/v2-0203", "MD"), **number} if number else None],
            "active": True,
            "name": [{"use": "official", "text": facts[name]} if name in facts else None],
        },
        {
            "resourceType": "PractitionerRole",
            "id": of.id(f"{part}-role"),
            "meta": profile("practitionerrole-iclaim"),
            "active": True,
            "practitioner": of.to(part),
            "organization": of.to("hospital"),
            "code": [role],
        },
    ]


def _encounter(of: Document) -> Json:
    facts = of.case.facts
    identity = facts.get("payerIdentity")
    system, code = PAYERS.get(identity, (None, None)) if identity else (None, None)
    medical = coded(system, Text(code, cells(identity))) if system and code else None
    start, end = days(of.case.facts)
    attending = {"type": [coded(f"{HL7}/v3-ParticipationType", "ATND")], "individual": of.to("doctor-role")}
    stay = facts.get("days")
    return {
        "resourceType": "Encounter",
        "id": of.id("encounter"),
        "meta": profile("encounter-iclaim"),
        "extension": [_extension("cathay-medicalidentity", medical)],
        "identifier": [of.numbered(number) for number in of.case.said("encounterNumber")],
        "status": "finished",
        "class": {"system": f"{HL7}/v3-ActCode", "code": facts["visit"]} if "visit" in facts else None,
        "serviceType": _department(of.case),
        "subject": of.to("patient"),
        "participant": [attending] if of.doctor else None,
        "period": {"start": start, "end": end},
        "length": {"value": stay, "unit": "days", "system": UCUM, "code": "d"} if stay is not None else None,
        "diagnosis": [
            {"condition": of.to(f"condition-{place}"), "rank": place + 1} for place in range(len(of.case.diagnoses))
        ],
        "serviceProvider": of.to("hospital"),
    }


def _department(case: Case) -> Json | None:
    code, name = department(case)
    if code is None:
        return {"text": name} if name else None
    systems = [f"{ICLAIM}/CodeSystem/nhi-department-values", *(system for system, _ in departments(code)[:1])]
    printed = case.facts.get("department", "")
    said = compact(printed).replace(code, "") in ("", compact(name or ""))  # 03 外科 says no more than code and name
    return {
        "coding": [{"system": system, "code": code, "display": name} for system in systems],
        "text": None if said else printed,
    }


def _conditions(of: Document) -> list[Json]:
    return [_condition(of, place, *diagnosis) for place, diagnosis in enumerate(of.case.diagnoses)]


def _condition(of: Document, place: int, name: Text, code: Text) -> Json:
    facts = of.case.facts
    edition = facts.get("edition") or ("icd-9-cm-2001-tw" if code[:1].isdigit() else CURRENT_ICD)
    system = Text(f"{TWCORE}/CodeSystem/{edition}", cells(edition))
    role = of.to("doctor-role") if of.doctor else None
    notes = [{"text": facts[key]} for key in ("annotation", "advice") if key in facts]
    return {
        "resourceType": "Condition",
        "id": of.id(f"condition-{place}"),
        "meta": profile("condition-iclaim"),
        "identifier": [of.numbered(facts.get("certificateNumber"), "certificate")],
        "clinicalStatus": coded(f"{HL7}/condition-clinical", "active"),
        "verificationStatus": coded(f"{HL7}/condition-ver-status", "confirmed"),
        "category": [coded(f"{HL7}/condition-category", "encounter-diagnosis")],
        "code": coded(system, code, name),
        "subject": of.to("patient"),
        "encounter": of.to("encounter"),
        "recordedDate": facts.get("issueDate"),
        "recorder": role,
        "asserter": role,
        "note": notes if place == 0 else None,
    }


def _procedure(of: Document) -> list[Json]:
    facts = of.case.facts
    if "operation" not in facts:
        return []
    return [
        {
            "resourceType": "Procedure",
            "id": of.id("procedure"),
            "meta": profile("Procedure-twcore"),
            "status": "completed",
            "code": coded(f"{TWCORE}/CodeSystem/icd-10-pcs-2023-tw", facts.get("operationCode"), facts["operation"]),
            "subject": of.to("patient"),
            "encounter": of.to("encounter"),
            "performedDateTime": facts.get("operationDate"),
        }
    ]
