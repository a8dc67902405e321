"""What meta.profile names: right resources pass, each constraint of each profile refuses its mutant, nothing raises."""

import json
import os
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.fhir import iclaim_profiles, profiles
from adapters.fhir.definitions import generate_profiles
from adapters.fhir.engine import validate
from adapters.fhir.faults import Fault, Faults
from adapters.fhir.profile_rules import RULES
from adapters.fhir.run import Run
from schemas.catalogue import fhir_profiles
from schemas.problems import Severity, catalogue

ROOT = Path(__file__).parents[2]
OWN = ROOT / "tests" / "data" / "fhir"
SHARED = Path(os.environ.get("CLAIMS_SHARED_DATA", ROOT.parent / "shared" / "data")) / "fhir"
R4_PACKAGE = ROOT.parent / "definitions" / "package"
FOLDERS = (OWN, SHARED / "iclaim", SHARED / "iclaim" / "assembled", SHARED / "twcore-0.3.1-examples")
CLAIM = json.loads((OWN / "bundle-songling-outpatient.json").read_text(), parse_float=Decimal)
TABLE = json.loads((ROOT / "adapters" / "fhir" / "definitions" / "twcore.json").read_text())
TWCORE = "https://twcore.mohw.gov.tw/ig/twcore/StructureDefinition/"
ICLAIM = "https://claim.cgh.org.tw/iclaim/StructureDefinition/"
GONE = object()


def inside(value: object, place: tuple = ()) -> Iterator[tuple[tuple, dict]]:
    """Every resource in a content, with its place."""
    if isinstance(value, dict):
        if "resourceType" in value:
            yield place, value
        for key, each in value.items():
            yield from inside(each, (*place, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from inside(each, (*place, index))


def judged(resource: dict) -> list[Fault] | None:
    """The faults of a resource that stands alone."""
    return profiles.check(resource, Run(resource).judge)


def found(resource: dict) -> list[tuple[str, str]]:
    """(code, path) of what refuses the resource."""
    faults = Faults(resource["resourceType"])
    faults.take(judged(resource) or [])
    return [(one.code, one.path) for one in faults.problems() if one.severity == Severity.ERROR]


def warned(resource: dict) -> list[tuple[str, str]]:
    faults = Faults(resource["resourceType"])
    faults.take(judged(resource) or [])
    return [(one.code, one.path) for one in faults.problems() if one.severity == Severity.WARNING]


def put(value: dict, path: str, new: object) -> dict:
    changed = deepcopy(value)
    at: Any = changed
    *before, last = path.split(".")
    for token in before:
        at = at[int(token)] if isinstance(at, list) else at.setdefault(token, {})
    key: Any = int(last) if isinstance(at, list) else last
    if new is GONE:
        del at[key]
    elif isinstance(at, list) and key == len(at):
        at.append(new)
    else:
        at[key] = new
    return changed


def named(profile: str, **elements: object) -> dict:
    return {"resourceType": TABLE["profiles"][profile]["type"], "meta": {"profile": [TWCORE + profile]}, **elements}


# What is right


@pytest.mark.parametrize(
    "path", [path for folder in FOLDERS for path in sorted(folder.glob("*.json"))], ids=lambda path: path.stem
)
def test_published_documents_are_right(path: Path) -> None:
    value = json.loads(path.read_text(), parse_float=Decimal)
    for place, resource in inside(value):
        assert found(resource) == [], place
        if not any("imri" in one for one in resource.get("meta", {}).get("profile", [])):
            assert warned(resource) == [], place


V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
TW_SYSTEM = "https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
UCUM = "http://unitsofmeasure.org"


def coded(system: str, code: str) -> dict:
    return {"coding": [{"system": system, "code": code}]}


def numbered(kind: str, system: str, value: str) -> dict:
    return {"use": "official", "type": coded(V2_0203, kind), "system": system, "value": value}


def pressure(loinc: str, value: int) -> dict:
    quantity = {"value": value, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"}
    return {"code": coded("http://loinc.org", loinc), "valueQuantity": quantity}


SUBJECT = {"reference": "Patient/p"}
PATIENT = named(
    "Patient-twcore",
    identifier=[
        numbered("NNxxx", "http://www.moi.gov.tw", "P277305915"),
        numbered("MR", "https://h.example", "17"),
    ],
    name=[{"use": "official", "text": "簡書嫻"}, {"use": "usual", "family": "簡"}],
    telecom=[{"system": "phone", "value": "0900000000"}],
    gender="female",
    birthDate="1982-07-19",
    address=[
        {
            "extension": [{"url": TWCORE + "tw-number", "valueString": "1號"}],
            "line": ["松林路"],
            "_postalCode": {
                "extension": [
                    {
                        "url": TWCORE + "tw-postal-code",
                        "valueCodeableConcept": coded(TW_SYSTEM + "postal-code3-tw", "100"),
                    }
                ]
            },
        }
    ],
    contact=[
        {
            "relationship": [coded("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "FTH")],
            "telecom": [{"system": "phone", "value": "0900000001"}],
        }
    ],
    extension=[{"url": TWCORE + "person-age", "valueAge": {"value": 43, "system": UCUM, "code": "a"}}],
)
LABORATORY = named(
    "Observation-laboratoryResult-twcore",
    status="final",
    category=[coded(CATEGORY, "laboratory")],
    code=coded("http://loinc.org", "718-7"),
    subject=SUBJECT,
    effectiveDateTime="2025-03-11",
    valueQuantity={"value": 13, "unit": "g/dL", "system": UCUM, "code": "g/dL"},
)
PRESSURE = named(
    "Observation-bloodPressure-twcore",
    status="final",
    category=[coded(CATEGORY, "vital-signs")],
    code=coded("http://loinc.org", "85354-9"),
    subject=SUBJECT,
    effectiveDateTime="2025-03-11",
    component=[pressure("8480-6", 120), pressure("8462-4", 80)],
)
HOSPITAL = named(
    "Organization-hosp-twcore",
    identifier=[numbered("PRN", TW_SYSTEM + "organization-identifier-tw", "1141990058")],
    type=[coded("http://terminology.hl7.org/CodeSystem/organization-type", "prov")],
)
COMPANY = named(
    "Organization-co-twcore",
    identifier=[
        {"type": coded(TW_SYSTEM + "v2-0203", "UBN"), "system": "https://gcis.nat.gov.tw", "value": "50839172"}
    ],
    type=[coded("http://terminology.hl7.org/CodeSystem/organization-type", "bus")],
)
GOVERNMENT = named(
    "Organization-govt-twcore",
    identifier=[
        {"type": coded(TW_SYSTEM + "v2-0203", "GOI"), "system": "https://oid.nat.gov.tw/", "value": "A21030000I"}
    ],
    type=[coded("http://terminology.hl7.org/CodeSystem/organization-type", "govt")],
)
CONDITION = named(
    "Condition-twcore",
    clinicalStatus=coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
    category=[coded("http://terminology.hl7.org/CodeSystem/condition-category", "encounter-diagnosis")],
    code=coded(TW_SYSTEM + "icd-10-cm-2023-tw", "S93.401A"),
    subject=SUBJECT,
)
ENCOUNTER = named(
    "Encounter-twcore",
    identifier=[{"system": "https://h.example", "value": "1"}],
    status="finished",
    serviceType=coded(TW_SYSTEM + "medical-consultation-department-nhi-tw", "AC"),
)
COVERAGE = named(
    "Coverage-twcore",
    status="active",
    identifier=[{"type": coded(V2_0203, "MB"), "value": "1"}],
    relationship={"text": "本人"},
    payor=[{"reference": "Organization/o"}],
)
PRACTITIONER = named(
    "Practitioner-twcore", identifier=[numbered("MD", "https://h.example", "0083317")], name=[{"text": "涂又寧"}]
)
DOCUMENT = named(
    "Bundle-document-twcore",
    identifier={"system": "https://h.example", "value": "1"},
    type="document",
    timestamp="2025-03-11T16:05:30+08:00",
    entry=[{"resource": {"resourceType": "Composition", "subject": SUBJECT}}],
)
PROVENANCE = named(
    "Provenance-twcore",
    agent=[{"who": {"reference": "Practitioner/1"}, "onBehalfOf": {"reference": "Organization/1"}}],
)
SMOKING = named(
    "Observation-smoking-status-twcore",
    category=[coded(CATEGORY, "social-history")],
    code=coded("http://loinc.org", "72166-2"),
    subject=SUBJECT,
    effectiveDateTime="2025-03-11",
    valueCodeableConcept=coded("http://snomed.info/sct", "8392000"),
)
ANSWERS = named(
    "QuestionnaireResponse-twcore",
    questionnaire="https://h.example/q",
    subject=SUBJECT,
    authored="2025-03-11",
    item=[
        {"linkId": "1", "answer": [{"valueBoolean": True}]},
        {"linkId": "2", "item": [{"linkId": "1", "answer": [{"valueBoolean": True}]}]},
    ],
)
DISPENSE = named("MedicationDispense-twcore", subject=SUBJECT, context={"reference": "Encounter/1"})
RIGHT = [
    PATIENT, LABORATORY, PRESSURE, HOSPITAL, COMPANY, GOVERNMENT, CONDITION, ENCOUNTER, COVERAGE, PRACTITIONER, DOCUMENT,
    PROVENANCE, SMOKING, ANSWERS, DISPENSE,
]  # fmt: skip


@pytest.mark.parametrize("resource", RIGHT, ids=lambda one: one["meta"]["profile"][0].rpartition("/")[2])
def test_right_to_begin_with(resource: dict) -> None:
    assert judged(resource) is None
    for version in ("0.3.1", "0.3.2", "0.3.3"):
        again = put(resource, "meta.profile.0", f"{resource['meta']['profile'][0]}|{version}")
        assert judged(again) is None


# Single faults, as facts 3.2 and 3.3 name them


BROKEN = [
    (PATIENT, "identifier", GONE, "profile-required", "Patient.identifier"),
    (PATIENT, "gender", GONE, "profile-required", "Patient.gender"),
    (PATIENT, "birthDate", GONE, "profile-required", "Patient.birthDate"),
    (PATIENT, "identifier.1.system", GONE, "profile-required", "Patient.identifier[1].system"),
    (PATIENT, "identifier.1.value", GONE, "profile-required", "Patient.identifier[1].value"),
    (PATIENT, "identifier.0.use", "usual", "profile-value", "Patient.identifier[0].use"),
    (PATIENT, "identifier.0.system", "http://moi.example", "profile-value", "Patient.identifier[0].system"),
    (PATIENT, "identifier.0.value", "P27730591", "profile-rule", "Patient.identifier[0]"),
    (PATIENT, "identifier.2", PATIENT["identifier"][0], "profile-many", "Patient.identifier"),
    (PATIENT, "name.0.text", GONE, "profile-rule", "Patient.name[0]"),
    (PATIENT, "name.0", {"use": "temp", "family": "簡"}, "profile-required", "Patient.name[0].text"),
    (PATIENT, "name.0", {"use": "anonymous", "text": "某", "given": ["x"]}, "profile-forbidden", "Patient.name[0].given"),
    (PATIENT, "name.2", {"use": "usual", "text": "書嫻"}, "profile-many", "Patient.name"),
    (PATIENT, "telecom.0.system", GONE, "profile-required", "Patient.telecom[0].system"),
    (PATIENT, "contact.0.telecom.0.value", GONE, "profile-required", "Patient.contact[0].telecom[0].value"),
    (PATIENT, "contact.0.relationship.0", coded("urn:x", "F"), "profile-code", "Patient.contact[0].relationship[0]"),
    (PATIENT, "contact.0.relationship.0", {"text": "父"}, "profile-code", "Patient.contact[0].relationship[0]"),
    (PATIENT, "address.0.line.1", "二樓", "profile-many", "Patient.address[0].line"),
    (PATIENT, "address.0.extension.0", {"url": TWCORE + "tw-number", "valueInteger": 1}, "profile-forbidden",
     "Patient.address[0].extension[0].valueInteger"),
    (PATIENT, "extension.1", PATIENT["extension"][0], "profile-many", "Patient.extension"),
    (PRACTITIONER, "identifier.0.system", GONE, "profile-required", "Practitioner.identifier[0].system"),
    (PRACTITIONER, "name.0.text", GONE, "profile-rule", "Practitioner.name[0]"),
    (HOSPITAL, "identifier.0.type", GONE, "profile-required", "Organization.identifier[0].type"),
    (HOSPITAL, "identifier.0.type", coded(V2_0203, "MD"), "profile-value", "Organization.identifier[0].type"),
    (HOSPITAL, "identifier.0.system", "https://h.example", "profile-value", "Organization.identifier[0].system"),
    (HOSPITAL, "type.1", {"text": "x"}, "profile-many", "Organization.type"),
    (COMPANY, "type", GONE, "profile-required", "Organization.type"),
    (COMPANY, "identifier.0.system", "gcis.nat.gov.tw", "profile-value", "Organization.identifier[0].system"),
    (COMPANY, "identifier.0.type.coding.0.system", V2_0203, "profile-value", "Organization.identifier[0].type"),
    (GOVERNMENT, "identifier.0.system", "https://oid.nat.gov.tw", "profile-value", "Organization.identifier[0].system"),
    (GOVERNMENT, "type.0.coding.0.code", "prov", "profile-value", "Organization.type[0]"),
    (ENCOUNTER, "identifier.0.value", GONE, "profile-required", "Encounter.identifier[0].value"),
    (ENCOUNTER, "serviceType.coding.1", ENCOUNTER["serviceType"]["coding"][0], "profile-many",
     "Encounter.serviceType.coding"),
    (CONDITION, "clinicalStatus", GONE, "profile-required", "Condition.clinicalStatus"),
    (CONDITION, "category", GONE, "profile-required", "Condition.category"),
    (CONDITION, "category.1", {"text": "x"}, "profile-many", "Condition.category"),
    (CONDITION, "code.coding.1", {"system": TW_SYSTEM + "icd-10-cm-2023-tw", "code": "S93.402A"}, "profile-many",
     "Condition.code.coding"),
    (COVERAGE, "relationship", GONE, "profile-required", "Coverage.relationship"),
    (COVERAGE, "identifier", GONE, "profile-rule", "Coverage"),
    (COVERAGE, "identifier.0.type.coding.0.system", "urn:x", "profile-rule", "Coverage"),
    (COVERAGE, "payor.1", {"reference": "Organization/2"}, "profile-many", "Coverage.payor"),
    (LABORATORY, "category", GONE, "profile-required", "Observation.category"),
    (LABORATORY, "category.0.coding.0.code", "exam", "profile-slice", "Observation.category"),
    (LABORATORY, "subject", GONE, "profile-required", "Observation.subject"),
    (LABORATORY, "subject.reference", "Group/1", "profile-reference", "Observation.subject"),
    (LABORATORY, "effectiveDateTime", GONE, "profile-required", "Observation.effective"),
    (LABORATORY, "effectiveDateTime", "2025-03", "profile-rule", "Observation"),
    (LABORATORY, "valueQuantity", GONE, "profile-rule", "Observation"),
    (LABORATORY, "valueQuantity.system", "urn:units", "profile-rule", "Observation"),
    (LABORATORY, "performer", [{"reference": "RelatedPerson/1"}], "profile-reference", "Observation.performer[0]"),
    (LABORATORY, "code.coding.1", {"system": "http://loinc.org", "code": "1"}, "profile-many",
     "Observation.code.coding"),
    (PRESSURE, "component.1", GONE, "profile-few", "Observation.component"),
    (PRESSURE, "component.1.code.coding.0.code", "1", "profile-slice", "Observation.component"),
    (PRESSURE, "component.0.valueQuantity.code", "kPa", "profile-value", "Observation.component[0].valueQuantity.code"),
    (PRESSURE, "component.0.valueQuantity.unit", GONE, "profile-required", "Observation.component[0].valueQuantity.unit"),
    (PRESSURE, "component.0.valueQuantity", GONE, "profile-rule", "Observation.component[0]"),
    (PRESSURE, "component.0.valueString", "120", "profile-forbidden", "Observation.component[0].valueString"),
    (PRESSURE, "valueQuantity", {"value": 1}, "profile-forbidden", "Observation.valueQuantity"),
    (PRESSURE, "code.coding.0.code", "1", "profile-slice", "Observation.code.coding"),
    (SMOKING, "valueCodeableConcept", GONE, "profile-required", "Observation.value"),
    (put(SMOKING, "valueString", "x"), "valueCodeableConcept", GONE, "profile-rule", "Observation"),
    (DOCUMENT, "type", "collection", "profile-value", "Bundle.type"),
    (DOCUMENT, "timestamp", GONE, "profile-required", "Bundle.timestamp"),
    (DOCUMENT, "entry.0.resource.resourceType", "Patient", "profile-slice", "Bundle.entry"),
    (DOCUMENT, "entry.1", DOCUMENT["entry"][0], "profile-many", "Bundle.entry"),
    (DOCUMENT, "entry.0.resource.subject.reference", "Practitioner/1", "profile-reference",
     "Bundle.entry[0].resource.subject"),
    (PROVENANCE, "agent.0.onBehalfOf", GONE, "profile-rule", "Provenance.agent[0]"),
    (PROVENANCE, "agent.0.onBehalfOf.reference", "Patient/1", "profile-reference", "Provenance.agent[0].onBehalfOf"),
    (ANSWERS, "questionnaire", GONE, "profile-required", "QuestionnaireResponse.questionnaire"),
    (ANSWERS, "item.1.item.1", ANSWERS["item"][1]["item"][0], "profile-rule", "QuestionnaireResponse"),
    (ANSWERS, "item.0.answer.0.item", ANSWERS["item"][1]["item"] * 2, "profile-rule", "QuestionnaireResponse"),
    (put(PATIENT, "identifier.0.type.coding", [{"system": "urn:local"}, *PATIENT["identifier"][0]["type"]["coding"]]),
     "identifier.0.value", "P27730591", "profile-rule", "Patient.identifier[0]"),
    (DISPENSE, "subject", GONE, "profile-required", "MedicationDispense.subject"),
    (DISPENSE, "context.reference", "https://h.example/fhir/EpisodeOfCare/1/_history/2", "profile-reference",
     "MedicationDispense.context"),
    (DISPENSE, "context", {"type": "EpisodeOfCare", "display": "x"}, "profile-reference", "MedicationDispense.context"),
    (put(ANSWERS, "item.1.answer", [{"valueBoolean": True}]), "item.1.linkId", "1", "profile-rule",
     "QuestionnaireResponse"),
    (PATIENT, "resourceType", "Practitioner", "profile-type", "Practitioner.meta.profile[0]"),
]  # fmt: skip


def ids(row: object) -> str:
    return "" if row is GONE or isinstance(row, dict) else str(row)[:50]


@pytest.mark.parametrize(("right", "path", "value", "code", "place"), BROKEN, ids=ids)
def test_single_faults(right: dict, path: str, value: object, code: str, place: str) -> None:
    assert (code, place) in found(put(right, path, value))


@pytest.mark.parametrize(
    ("right", "path", "value"),
    [
        (ANSWERS, "item.1.linkId", "1"),  # a group may repeat what a question may not
        (PATIENT, "gender", None),  # nulls and wrong kinds are the engine's to tell
        (PATIENT, "identifier", "P277305915"),
        (PATIENT, "extension.0.url", ["urn:x"]),
        (PATIENT, "_gender", {"extension": []}),
        (put(PATIENT, "_gender", {"extension": []}), "gender", GONE),
        (PATIENT, "identifier.0.type.coding.1", {"system": "urn:local", "code": "ID"}),
        (PATIENT, "identifier.1.type.coding.0.system", "urn:local"),  # slicing is open
        (LABORATORY, "category.1", coded(CATEGORY, "exam")),
        (LABORATORY, "subject.reference", "urn:uuid:7c0d5e1a-90b2-4f6e-8a31-000000000001"),
        (LABORATORY, "subject.reference", "#p"),
        (CONDITION, "code.coding.1", {"system": TW_SYSTEM + "icd-9-cm-2001-tw", "code": "845.00"}),
        (CONDITION, "code.coding.0.code", "X99.999"),  # nobody can say without the table
        (put(COVERAGE, "subscriberId", "1"), "identifier", GONE),
        (PROVENANCE, "agent.0", {"who": {"reference": "Organization/1"}}),
        (HOSPITAL, "type.0.coding.0.display", "院所"),
    ],
    ids=ids,
)
def test_what_profiles_leave_open(right: dict, path: str, value: object) -> None:
    assert found(put(right, path, value)) == []


@pytest.mark.parametrize(
    ("resource", "place"),
    [
        # Value sets of departments hold a fifth of the codes (facts 5): 06 骨科 is outside.
        (put(ENCOUNTER, "serviceType.coding.0.code", "06"), "Encounter.serviceType.coding[0]"),
        (named("PractitionerRole-twcore", specialty=[coded(TW_SYSTEM + "medical-treatment-department-tw", "41")]),
         "PractitionerRole.specialty[0].coding[0]"),
        # Lists that the package has in part only.
        (put(LABORATORY, "code.coding.0", {"system": TW_SYSTEM + "medical-service-payment-tw", "code": "1"}),
         "Observation.code.coding[0]"),
        (put(PATIENT, "address.0._postalCode.extension.0.valueCodeableConcept.coding.0.code", "999"),
         "Patient.address[0].postalCode.extension[0].valueCodeableConcept.coding[0]"),
    ],
    ids=ids,
)  # fmt: skip
def test_codes_of_lists_in_part_are_warned_of(resource: dict, place: str) -> None:
    assert found(resource) == [] and warned(resource) == [("profile-code", place)]


def test_rules_that_only_warn() -> None:
    counted = put(put(SMOKING, "code.coding.0.code", "401201003"), "valueCodeableConcept", GONE)
    assert warned(put(counted, "valueString", "2")) == [("profile-rule", "Observation")]
    vaccine = named("Immunization-twcore", vaccineCode=coded("http://hl7.org/fhir/sid/cvx", "207"))
    assert warned(vaccine) == [("profile-rule", "Immunization")] and found(vaccine) == []


@pytest.mark.parametrize(
    ("canonical", "known"),
    [
        ("http://hl7.org/fhir/StructureDefinition/vitalsigns", True),
        (TWCORE + "Patient-twcore|0.3.3", True),
        (TWCORE + "Patient-twcore|0.3.10", True),
        (TWCORE + "Patient-twcore|1.0.0", False),
        (TWCORE + "Patient-twcore|9.9", False),
        (TWCORE + "Patient-twcore|0.30.1", False),
        (TWCORE + "Patient-twcore|0.3.x", False),
        (TWCORE + "Patient-twcore|0.3.1|9.9", False),
        (ICLAIM + "observation-iclaim|0.1.0", True),
        (ICLAIM + "observation-iclaim|1.0.0", True),
        (ICLAIM + "observation-iclaim|0.3.1", False),
        (ICLAIM + "observation-iclaim|9.9", False),
        ("https://nhicore.nhi.gov.tw/pas/StructureDefinition/Patient-twpas", False),
        (TWCORE + "TWPatient", False),
        (TWCORE + "Address-tw", False),
        (TWCORE, False),
        ("https://twcore.example/StructureDefinition/Patient-twcore", False),
        ("", False),
    ],
)
def test_a_profile_that_is_not_known_is_no_reason_to_refuse(canonical: str, known: bool) -> None:
    resource = {"resourceType": "Observation", "meta": {"profile": [canonical]}}
    assert [code for code, _ in warned(resource)] == ([] if known else ["profile-unknown"])
    assert found(resource) == (
        [("profile-type", "Observation.meta.profile[0]")] if known and "Patient" in canonical else []
    )


def test_every_profile_that_is_named_is_checked() -> None:
    both = put(
        LABORATORY, "meta.profile", [ICLAIM + "observation-iclaim", TWCORE + "Observation-laboratoryResult-twcore"]
    )
    assert found(both) == [] and found(put(both, "subject", GONE)) == [("profile-required", "Observation.subject")]


URL = "urn:uuid:00000000-0000-4000-8000-00000000000"
INSIDE = [{"resourceType": "Patient", "id": "p"}, {"resourceType": "Organization", "id": "o"}]


@pytest.mark.parametrize(
    ("reference", "leads_to"),
    [
        ({"reference": URL + "1"}, "Patient"),
        ({"reference": URL + "1", "type": "Organization"}, "Patient"),
        ({"reference": "#p"}, "Patient"),
        ({"reference": "Patient/1"}, "Patient"),
        ({"reference": URL + "9", "type": "Patient"}, "Patient"),
        ({"reference": URL + "2"}, "Organization"),
        ({"reference": "#o"}, "Organization"),
        ({"reference": URL + "9"}, ""),
        ({"reference": "#nobody"}, ""),
        ({"identifier": {"value": "1"}}, ""),
    ],
)
def test_references_are_judged_by_what_they_lead_to(reference: dict, leads_to: str) -> None:
    """Entries by fullUrl, contained resources by id; what is not known is not judged."""
    coverage = {**of_claim("Coverage"), "contained": INSIDE, "payor": [reference]}
    provenance = {**put(PROVENANCE, "agent.0.onBehalfOf", reference), "contained": INSIDE}
    entries = [*INSIDE, coverage, provenance]
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": f"{URL}{number}", "resource": one} for number, one in enumerate(entries, 1)],
    }
    faults = Faults()
    validate(bundle, faults)
    wrong = [one.path for one in faults.problems() if one.code == "profile-reference"]
    places = ["entry[2].resource.payor[0]", "entry[3].resource.agent[0].onBehalfOf"]
    assert wrong == ([f"Bundle.{place}" for place in places] if leads_to == "Patient" else [])


@pytest.mark.parametrize(("who", "wrong"), [("Practitioner", True), ("Device", True), ("Organization", False)])
def test_on_whose_behalf_is_judged_by_who_it_leads_to(who: str, wrong: bool) -> None:
    provenance = put(PROVENANCE, "agent.0", {"who": {"reference": URL + "1"}})
    entries = [{"fullUrl": URL + "1", "resource": {"resourceType": who}}, {"resource": provenance}]
    faults = Faults()
    validate({"resourceType": "Bundle", "type": "collection", "entry": entries}, faults)
    assert ("profile-rule" in {one.code for one in faults.problems()}) is wrong


# iClaim: missing elements carry their label


def of_claim(resource_type: str) -> dict:
    return next(one["resource"] for one in CLAIM["entry"] if one["resource"]["resourceType"] == resource_type)


ICLAIM_ROWS = [
    ("Patient.identifier.0", GONE, "iclaim-required", "Patient.identifier", "身分證字號(或居留證、護照號碼)"),
    ("Patient.identifier.0.value", " ", "iclaim-required", "Patient.identifier", "身分證字號(或居留證、護照號碼)"),
    ("Patient.identifier.1", GONE, "iclaim-required", "Patient.identifier", "病歷號碼(類型 MR)"),
    ("Patient.identifier.1.value", GONE, "iclaim-required", "Patient.identifier", "病歷號碼(類型 MR)"),
    ("Patient.name", GONE, "iclaim-required", "Patient.name", "病人姓名"),
    ("Patient.gender", GONE, "iclaim-required", "Patient.gender", "性別"),
    ("Patient.birthDate", GONE, "iclaim-required", "Patient.birthDate", "出生日期"),
    ("Encounter.identifier", GONE, "iclaim-required", "Encounter.identifier", "住院號或就醫號"),
    ("Encounter.serviceType", GONE, "iclaim-required", "Encounter.serviceType", "科別名稱"),
    ("Encounter.serviceType", {"text": "骨科"}, "iclaim-required", "Encounter.serviceType.coding", "科別代碼"),
    ("Encounter.period.start", GONE, "iclaim-required", "Encounter.period.start", "應診或住院起日"),
    ("Encounter.period", GONE, "iclaim-required", "Encounter.period.end", "應診或住院迄日"),
    ("Condition.identifier", GONE, "iclaim-required", "Condition.identifier", "診斷證明書序號"),
    ("Condition.clinicalStatus", GONE, "iclaim-required", "Condition.clinicalStatus", "診斷狀態"),
    ("Condition.category", GONE, "iclaim-required", "Condition.category", "診斷類別"),
    ("Condition.code", GONE, "iclaim-required", "Condition.code", "診斷病名"),
    ("Condition.code", {"text": "扭傷"}, "iclaim-required", "Condition.code.coding", "診斷代碼"),
    ("Condition.recordedDate", GONE, "iclaim-required", "Condition.recordedDate", "開立日期"),
    ("Claim.identifier", GONE, "iclaim-required", "Claim.identifier", "案件編號"),
    ("Claim.total", GONE, "iclaim-required", "Claim.total", "總額"),
    ("Claim.total.value", GONE, "iclaim-required", "Claim.total", "總額"),
    ("Claim.item", GONE, "iclaim-required", "Claim.item", "收據明細"),
    ("Claim.item.2.net", GONE, "iclaim-required", "Claim.item[2].net", "金額"),
    ("Coverage.payor", GONE, "iclaim-required", "Coverage.payor", "保險人"),
    ("Coverage.payor.1", {"reference": "Organization/2"}, "iclaim-once", "Coverage.payor[1]", "payor"),
    ("Coverage.payor.0", {"reference": "Patient/1"}, "profile-reference", "Coverage.payor[0]", "Organization"),
    ("Composition.resourceType", "Basic", "profile-type", "Basic.meta.profile[0]", "composition-iclaim"),
]


@pytest.mark.parametrize(("path", "value", "code", "place", "label"), ICLAIM_ROWS, ids=ids)
def test_iclaim(path: str, value: object, code: str, place: str, label: str) -> None:
    resource_type, _, below = path.partition(".")
    changed = put(of_claim(resource_type), below, value)
    assert (code, place) in found(changed)
    faults = Faults(resource_type)
    faults.take(judged(changed) or [])
    assert any(label in one.text for one in faults.problems())


@pytest.mark.parametrize(
    ("resource_type", "label"),
    [("Composition", "文件首頁"), ("Claim", "理賠申請書(收據)"), ("Patient", "病人"), ("Encounter", "就醫紀錄")],
)
def test_slices_of_an_iclaim_bundle(resource_type: str, label: str) -> None:
    index = next(i for i, one in enumerate(CLAIM["entry"]) if one["resource"]["resourceType"] == resource_type)
    without = put(CLAIM, f"entry.{index}", GONE)
    faults = Faults()
    faults.take(judged(without) or [])
    assert [(one.code, one.path) for one in faults.problems()] == [("iclaim-required", "Bundle.entry")]
    assert label in faults.problems()[0].text
    twice = put(CLAIM, f"entry.{len(CLAIM['entry'])}", CLAIM["entry"][index])
    once = [] if resource_type == "Encounter" else [("iclaim-once", f"Bundle.entry[{len(CLAIM['entry'])}]")]
    assert found(twice) == once
    unnamed = put(CLAIM, f"entry.{index}.resource.meta", GONE)
    assert found(unnamed) == []
    bare = put(unnamed, f"entry.{index}.resource.identifier", GONE)
    told = [] if resource_type == "Composition" else [("iclaim-required", f"Bundle.entry[{index}].resource.identifier")]
    assert sorted(set(found(bare))) == told
    # Of two that name nothing one must do; what names no bundle profile is held to nothing.
    assert found(put(bare, f"entry.{len(CLAIM['entry'])}", unnamed["entry"][index])) == []
    assert found(put(bare, "meta.profile.0", "http://hl7.org/fhir/StructureDefinition/Bundle")) == []


def test_an_iclaim_bundle_is_a_document() -> None:
    assert found(put(CLAIM, "type", "collection")) == [("iclaim-value", "Bundle.type")]


# Nothing raises


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False)
    | st.sampled_from(["", "x", "Patient/1", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
ENTRIES = [one["resource"] for one in CLAIM["entry"]]


def places(value: object, place: tuple = ()) -> list[tuple]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place, *(below for key, each in items for below in places(each, (*place, key)))]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_no_json_makes_it_raise(data: st.DataObject) -> None:
    """Any value at any place of a resource of any profile."""
    resource = deepcopy(data.draw(st.sampled_from([*RIGHT, *ENTRIES, CLAIM])))
    for _ in range(data.draw(st.integers(1, 3))):
        *before, last = data.draw(st.sampled_from(places(resource)[1:]))
        at: Any = resource
        for token in before:
            at = at[token]
        at[last] = data.draw(JSON)
    told = judged(resource)
    Faults("Bundle").take(told or [])
    assert told is None or (told and all(type(one) is Fault for one in told))


@pytest.mark.parametrize("profile", [*sorted(TABLE["profiles"]), *sorted(iclaim_profiles.PROFILES)])
@settings(max_examples=20, deadline=None)
@given(JSON, JSON)
def test_no_element_of_any_profile_makes_it_raise(profile: str, first: object, second: object) -> None:
    if profile in TABLE["profiles"]:
        base, rule = TWCORE, TABLE["profiles"][profile]
        keys, resource_type = [*rule.get("in", {"x": {}})], rule["type"]
    else:
        base, resource_type = ICLAIM, iclaim_profiles.PROFILES[profile][0]
        keys = ["identifier", "code", "serviceType", "period", "item", "total", "payor", "entry", "name"]
    for key in keys:
        for value in (
            first,
            [first, second],
            {"coding": first, "extension": second},
            [{"type": first, "item": [second]}],
        ):
            judged({"resourceType": resource_type, "meta": {"profile": [base + profile]}, key: value})


@pytest.mark.parametrize("meta", [None, 5, [], {}, {"profile": None}, {"profile": []}, {"profile": [5, None, [], {}]}])
def test_meta_may_be_anything(meta: object) -> None:
    assert judged({"resourceType": "Patient", "meta": meta}) is None


def test_canonicals_without_end_are_not_remembered() -> None:
    for number in range(3000):
        judged({"resourceType": "Patient", "meta": {"profile": [f"urn:{number}"]}})
    assert profiles._profile.cache_info().currsize <= 512


# The table and the texts


@pytest.mark.parametrize("r4", [R4_PACKAGE] if R4_PACKAGE.exists() and (SHARED / "twcore-0.3.2").exists() else [])
def test_the_table_is_what_the_generator_makes(r4: Path) -> None:
    made = generate_profiles.table(SHARED / "twcore-0.3.2", r4)
    assert made == (ROOT / "adapters" / "fhir" / "definitions" / "twcore.json").read_text("utf-8")


def test_rules_of_the_table_are_the_rules_there_are() -> None:
    def rules(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            yield from value.get("rules", ())
            for each in value.values():
                yield from rules(each)
        elif isinstance(value, list):
            for each in value:
                yield from rules(each)

    assert set(rules(TABLE)) == set(RULES)


def test_every_code_of_the_family_is_proved_here() -> None:
    proved = {row[3] for row in BROKEN} | {row[2] for row in ICLAIM_ROWS} | {"profile-unknown", "iclaim-value"}
    assert {entry.code for entry in fhir_profiles.ENTRIES} == proved


def test_no_problem_repeats_what_was_sent() -> None:
    secret = "P277305915"
    for right, path, _, _, _ in BROKEN:
        faults = Faults("Bundle")
        faults.take(judged(put(right, path, secret)) or [])
        assert secret not in "".join(one.model_dump_json() for one in faults.problems())
    assert catalogue()["profile-unknown"].severity == Severity.WARNING


@pytest.mark.parametrize(
    "hostile",
    [
        put(PATIENT, "telecom", [{}] * 300_000),
        put(PATIENT, "identifier", [numbered("NNxxx", "urn:x", "1")] * 30_000),
        put(LABORATORY, "performer", [{"reference": "Binary/1"}] * 100_000),
        put(of_claim("Claim"), "item", [{}] * 300_000),
        put(of_claim("Coverage"), "payor", [{"reference": "Patient/1"}] * 100_000),
    ],
    ids=["telecom", "identifier", "performer", "item", "payor"],
)
def test_faults_without_end_are_cut(hostile: dict) -> None:
    """In time and memory that the number of values bounds, not its square; the first ones are told."""
    assert 500 < len(judged(hostile) or []) <= 8000
    assert len(found(hostile)) >= 500


def test_a_concept_may_say_why_it_has_no_code() -> None:
    absent = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
    assert found(put(PATIENT, "contact.0.relationship.0", {"extension": [absent]})) == []
