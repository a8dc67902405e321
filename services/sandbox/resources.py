"""The resources of a sandbox document, one function a kind. `refs` gives the id of every entry by its part."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.sandbox.participants import insurer_name

if TYPE_CHECKING:
    from services.sandbox.documents import Spec, Test

Json = dict[str, Any]
Refs = dict[str, str]
ICLAIM = "https://claim.cgh.org.tw/iclaim"
TWCORE = "https://twcore.mohw.gov.tw/ig/twcore"
HL7 = "http://terminology.hl7.org/CodeSystem"
UCUM = "http://unitsofmeasure.org"
PAYERS = {"patient": (f"{HL7}/coverage-selfpay", "pay"), "nhi": (f"{HL7}/v3-ActCode", "PUBLICPOL")}


def coded(system: str, code: str, text: str | None = None, display: str | None = None) -> Json:
    """A CodeableConcept with one coding."""
    coding = {"system": system, "code": code, **({"display": display} if display else {})}
    return {"coding": [coding], **({"text": text} if text else {})}


def to(identifier: str) -> Json:
    return {"reference": f"urn:uuid:{identifier}"}


def narrative(html: str) -> Json:
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{html}</div>'}


def roc(day: datetime) -> str:
    """A day as forms write it: 114年9月3日."""
    return f"{day.year - 1911}年{day.month}月{day.day}日"


def profile(*names: str) -> Json:
    return {
        "profile": [f"{ICLAIM if name.endswith('-iclaim') else TWCORE}/StructureDefinition/{name}" for name in names]
    }


def patient(spec: Spec, refs: Refs) -> Json:
    person = spec.person
    if person.permit:
        kind: Json = {"coding": [{"system": f"{HL7}/v2-0203", "code": "PRC"}]}
        system = "http://www.immigration.gov.tw"
    else:
        parts = [
            {"url": "suffix", "valueString": "TWN"},
            {"url": "valueSet", "valueCanonical": "http://hl7.org/fhir/ValueSet/iso3166-1-3"},
        ]
        suffix = {"extension": parts, "url": f"{TWCORE}/StructureDefinition/identifier-suffix"}
        kind = {"coding": [{"system": f"{HL7}/v2-0203", "code": "NNxxx", "_code": {"extension": [suffix]}}]}
        system = "http://www.moi.gov.tw"
    occupation = coded(f"{ICLAIM}/CodeSystem/lia-roc-occupation-values", "00010010")
    return {
        "resourceType": "Patient",
        "id": refs["patient"],
        "meta": profile("patient-iclaim"),
        "extension": [
            {"url": f"{ICLAIM}/StructureDefinition/cathay-occupation", "valueCodeableConcept": occupation},
        ],
        "identifier": [
            {"use": "official", "type": kind, "system": system, "value": person.identifier},
            {
                "use": "official",
                "type": coded(f"{HL7}/v2-0203", "MR"),
                "system": spec.hospital.system,
                "value": person.record_number,
            },
        ],
        "active": True,
        "name": [{"use": "official", "text": person.name}],
        "telecom": [{"system": "phone", "value": person.phone, "use": "mobile"}],
        "gender": person.gender,
        "birthDate": person.birth,
        "address": [_address(spec.hospital.city, spec.hospital.district, "安和路", 15)],
        "managingOrganization": to(refs["hospital"]),
    }


def _address(city: str, district: str, road: str, number: int) -> Json:
    # TW Core has it so: `city` is the district, `district` the county.
    return {
        "extension": [{"url": f"{TWCORE}/StructureDefinition/tw-number", "valueString": f"{number}號"}],
        "text": f"{city}{district}{road}{number}號",
        "line": [road],
        "city": district,
        "district": city,
        "country": "TW",
    }


def hospital(spec: Spec, refs: Refs) -> Json:
    own = spec.hospital
    identifier = {
        "use": "official",
        "type": coded(f"{HL7}/v2-0203", "PRN"),
        "system": f"{TWCORE}/CodeSystem/organization-identifier-tw",
        "value": own.code,
    }
    return {
        "resourceType": "Organization",
        "id": refs["hospital"],
        "meta": profile("Organization-hosp-twcore"),
        "identifier": [identifier],
        "active": True,
        "type": [coded(f"{HL7}/organization-type", "prov")],
        "name": own.name,
        "telecom": [{"system": "phone", "value": f"02-0000-{own.code[-4:]}", "use": "work"}],
        "address": [_address(own.city, own.district, "醫院路", 1)],
    }


def company(spec: Spec, refs: Refs) -> Json:
    identifier = {
        "use": "official",
        "type": coded(f"{TWCORE}/CodeSystem/v2-0203", "UBN"),
        "system": "https://gcis.nat.gov.tw",
        "value": spec.insurer,
    }
    return {
        "resourceType": "Organization",
        "id": refs["company"],
        "meta": profile("Organization-co-twcore"),
        "identifier": [identifier],
        "active": True,
        "type": [coded(f"{HL7}/organization-type", "bus")],
        "name": insurer_name(spec.insurer),
    }


def practitioners(spec: Spec, refs: Refs) -> list[Json]:
    attending = coded("http://snomed.info/sct", "405279007", display="Attending physician (occupation)")
    made = [*_practitioner(spec, refs, "doctor", spec.doctor, attending)]
    if spec.technician:
        made += _practitioner(spec, refs, "technician", spec.technician, {"text": "醫檢師"})
    return made


def _practitioner(spec: Spec, refs: Refs, part: str, named: tuple[str, str], role: Json) -> list[Json]:
    number, name = named
    identifier = {
        "use": "official",
        "type": coded(f"{HL7}/v2-0203", "MD"),
        "system": spec.hospital.system,
        "value": number,
    }
    return [
        {
            "resourceType": "Practitioner",
            "id": refs[part],
            "meta": profile("practitioner-iclaim"),
            "identifier": [identifier],
            "active": True,
            "name": [{"use": "official", "text": name}],
        },
        {
            "resourceType": "PractitionerRole",
            "id": refs[f"{part}-role"],
            "meta": profile("practitionerrole-iclaim"),
            "active": True,
            "practitioner": {**to(refs[part]), "display": name},
            "organization": to(refs["hospital"]),
            "code": [role],
        },
    ]


def encounter(spec: Spec, refs: Refs) -> Json:
    code, name = spec.department
    identity = coded(*PAYERS["nhi"])
    attending = coded(f"{HL7}/v3-ParticipationType", "ATND")
    made: Json = {
        "resourceType": "Encounter",
        "id": refs["encounter"],
        "meta": profile("encounter-iclaim"),
        "extension": [
            {"url": f"{ICLAIM}/StructureDefinition/cathay-medicalidentity", "valueCodeableConcept": identity},
        ],
        "identifier": [{"system": spec.hospital.system, "value": spec.encounter}],
        "status": "finished",
        "class": {"system": f"{HL7}/v3-ActCode", "code": spec.kind},
        "serviceType": coded(f"{ICLAIM}/CodeSystem/nhi-department-values", code, display=name),
        "subject": to(refs["patient"]),
        "participant": [{"type": [attending], "individual": to(refs["doctor-role"])}],
        "period": {"start": spec.start.isoformat(), "end": spec.end.isoformat()},
        "length": {
            "value": (spec.end.date() - spec.start.date()).days + 1,
            "unit": "days",
            "system": UCUM,
            "code": "d",
        },
        "diagnosis": [
            {"condition": to(refs[f"condition-{place}"]), "rank": place + 1} for place in range(len(spec.diagnoses))
        ],
        "serviceProvider": to(refs["hospital"]),
    }
    if spec.kind == "IMP":
        made["hospitalization"] = {
            "admitSource": coded(f"{HL7}/admit-source", "emd"),
            "dischargeDisposition": coded(f"{HL7}/discharge-disposition", "home"),
        }
    return made


def conditions(spec: Spec, refs: Refs) -> list[Json]:
    return [_condition(spec, refs, place, *diagnosis) for place, diagnosis in enumerate(spec.diagnoses)]


def _condition(spec: Spec, refs: Refs, place: int, code: str, text: str) -> Json:
    onset = spec.accident or spec.start.date().isoformat()
    made = {
        "resourceType": "Condition",
        "id": refs[f"condition-{place}"],
        "meta": profile("condition-iclaim"),
        "identifier": [{"system": f"{spec.hospital.system}/certificate", "value": spec.certificate}],
        "clinicalStatus": coded(f"{HL7}/condition-clinical", "active"),
        "verificationStatus": coded(f"{HL7}/condition-ver-status", "confirmed"),
        "category": [coded(f"{HL7}/condition-category", "encounter-diagnosis")],
        "code": coded(f"{TWCORE}/CodeSystem/icd-10-cm-2023-tw", code, text),
        "subject": to(refs["patient"]),
        "encounter": to(refs["encounter"]),
        "onsetDateTime": onset,
        "recordedDate": spec.written.date().isoformat(),
        "recorder": to(refs["doctor-role"]),
        "asserter": to(refs["doctor-role"]),
        "note": [{"text": f"病患於{roc(spec.start)}至本院{spec.department[1]}就診。"}, {"text": spec.advice}],
    }
    if spec.tests and place == 0:
        made["stage"] = [{"assessment": [to(refs["report"])]}]
    return made


def procedure(spec: Spec, refs: Refs) -> Json:
    operation = spec.operation
    assert operation is not None
    return {
        "resourceType": "Procedure",
        "id": refs["procedure"],
        "meta": profile("Procedure-twcore"),
        "status": "completed",
        "code": coded(f"{TWCORE}/CodeSystem/icd-10-pcs-2023-tw", operation.code, operation.name),
        "subject": to(refs["patient"]),
        "encounter": to(refs["encounter"]),
        "performedPeriod": {"start": operation.start.isoformat(), "end": operation.end.isoformat()},
        "performer": [{"actor": to(refs["doctor-role"])}],
        "reasonReference": [to(refs["condition-0"])],
    }


def laboratory(spec: Spec, refs: Refs) -> list[Json]:
    """The report and its results; nothing when there are none."""
    if not spec.tests:
        return []
    report = {
        "resourceType": "DiagnosticReport",
        "id": refs["report"],
        "meta": profile("diagnosticreport-iclaim"),
        "status": "final",
        "code": coded("http://loinc.org", "11502-2", "檢驗報告"),
        "subject": to(refs["patient"]),
        "encounter": to(refs["encounter"]),
        "effectiveDateTime": spec.start.isoformat(),
        "issued": spec.start.isoformat(),
        "performer": [to(refs["technician-role"])],
        "result": [to(refs[f"test-{place}"]) for place in range(len(spec.tests))],
    }
    return [report, *(_observation(spec, refs, place, test) for place, test in enumerate(spec.tests))]


def _observation(spec: Spec, refs: Refs, place: int, test: Test) -> Json:
    def amount(value: float) -> Json:
        return {"value": value, "unit": test.unit, "system": UCUM, "code": test.unit}

    flag = "L" if test.value < test.low else "H" if test.value > test.high else "N"
    return {
        "resourceType": "Observation",
        "id": refs[f"test-{place}"],
        "meta": profile("observation-iclaim", "Observation-laboratoryResult-twcore"),
        "identifier": [{"system": spec.hospital.system, "value": f"L{spec.encounter}-{place + 1}"}],
        "status": "final",
        "category": [coded(f"{HL7}/observation-category", "laboratory")],
        "code": coded("http://loinc.org", test.loinc, test.name),
        "subject": to(refs["patient"]),
        "encounter": to(refs["encounter"]),
        "effectiveDateTime": spec.start.isoformat(),
        "issued": spec.start.isoformat(),
        "performer": [to(refs["technician-role"])],
        "valueQuantity": amount(test.value),
        "interpretation": [coded(f"{HL7}/v3-ObservationInterpretation", flag)],
        "referenceRange": [{"low": amount(test.low), "high": amount(test.high)}],
    }
