"""Documents that must be taken, and the view that is read out of them."""

import json
import os
from copy import deepcopy
from pathlib import Path

import pytest

from adapters import json_text
from adapters.fhir.engine import validate
from adapters.fhir.faults import Faults
from schemas.evidence import DataClass, Evidence, Number, NumberType, Service, Standing
from schemas.problems import Severity
from schemas.records import Kind, Record, Role
from services.validation.document import check
from services.validation.parts import part

ROOT = Path(__file__).parents[2]
OWN = ROOT / "tests" / "data" / "fhir"
SHARED = Path(os.environ.get("CLAIMS_SHARED_DATA", ROOT.parent / "shared" / "data")) / "fhir"
CLAIM = json.loads((OWN / "bundle-songling-outpatient.json").read_text())
SUMMARY = json.loads((OWN / "bundle-songling-summary.json").read_text())
HOSPITAL = "1141990058"
# Documents to take: file, author. Those of the shared data are judged where that folder is at hand.
DOCUMENTS = [
    (path, sender)
    for path, sender in (
        (OWN / "bundle-songling-outpatient.json", HOSPITAL),
        (OWN / "bundle-songling-summary.json", HOSPITAL),
        (SHARED / "iclaim" / "assembled" / "bundle-outpatient-motor.json", "1131990017"),
        (SHARED / "iclaim" / "assembled" / "bundle-inpatient-surgery.json", "1136990026"),
        (SHARED / "iclaim" / "assembled" / "bundle-outpatient-illness.json", "1537990035"),
        (SHARED / "twcore-0.3.1-examples" / "Bundle-bun-document-uuid-example.json", "0131060029"),
    )
    if path.exists()
]
# Folders of resources that are right, whatever they are: no structural problem may be told of any.
RIGHT = [
    path
    for folder in (
        OWN,
        SHARED / "iclaim",
        SHARED / "iclaim" / "assembled",
        SHARED / "twcore-0.3.1-examples",
        SHARED / "hl7-r4-examples" / "valid",
        SHARED / "fhir-test-cases" / "valid",
        SHARED / "inferno-pas" / "agreed-valid",
    )
    for path in sorted(folder.glob("*.json"))
]


def record(sender: str = HOSPITAL) -> Record:
    return Record(
        id="0" * 32,
        attempt=1,
        kind=Kind.DOCUMENT,
        sender=sender,
        role=Role.HOSPITAL,
        method="POST",
        path="/fhir/Bundle",
        sha256="0" * 64,
        size=1,
        media_type="application/fhir+json",
        received="2025-12-01T00:00:00.000000Z",
    )


def view(bundle: dict, sender: str = HOSPITAL) -> Evidence:
    finding = check(record(sender), json.dumps(bundle, ensure_ascii=False).encode(), None)
    assert isinstance(finding.content, Evidence), finding.problems
    return finding.content


def resource(bundle: dict, resource_type: str) -> dict:
    return next(one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == resource_type)


@pytest.mark.parametrize(("path", "sender"), DOCUMENTS, ids=lambda value: getattr(value, "stem", ""))
def test_taken(path: Path, sender: str) -> None:
    finding = check(record(sender), path.read_bytes(), None)
    assert [one for one in finding.problems if one.severity == Severity.ERROR] == []
    assert isinstance(finding.content, Evidence) and finding.content.issuer == sender
    if "assembled" in path.parts:
        assert finding.problems == ()


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_right_structure_is_right(path: Path) -> None:
    value, problems = json_text.read(path.read_bytes())
    assert problems == []
    faults = Faults(value["resourceType"])
    validate(value, faults)
    assert [one for one in faults.problems() if one.severity == Severity.ERROR] == []


def test_the_claim_documents_view() -> None:
    found = view(CLAIM)
    assert found.model_copy(update={"content": "", "parts": ()}) == Evidence(
        paper="document",
        identity="HTTPS://WWW.SONGLING-HOSPITAL.EXAMPLE|SL-1140311-0042",
        version="2025-03-11T08:05:30.000000Z",
        standing=Standing.CURRENT,
        issued="2025-03-11T08:05:00.000000Z",
        issuer=HOSPITAL,
        persons=("P277305915",),
        classes=(DataClass.CERTIFICATE, DataClass.LABORATORY, DataClass.RECEIPT),
        numbers=(
            Number(type=NumberType.DOCUMENT, value="SL-1140311-0042", issuer=HOSPITAL),
            Number(type=NumberType.ENCOUNTER, value="O1140311-0042", issuer=HOSPITAL),
            Number(type=NumberType.CERTIFICATE, value="松診字第1140311007號", issuer=HOSPITAL),
            Number(type=NumberType.RECEIPT, value="SLR-114-000917", issuer=HOSPITAL),
        ),
        service=Service(
            hospital=HOSPITAL,
            start="2025-03-11",
            end="2025-03-11",
            injury=True,
            injuries=("S93",),
            accident_date="2025-03-10",
        ),
        facts={
            "hospital": HOSPITAL,
            "firstDay": "2025-03-11",
            "lastDay": "2025-03-11",
            "visit": "AMB",
            "lines": 4,
            "patientPays": "1110",
            "diagnosisCodes": ["S93.401A"],
        },
    )
    assert found.parts == (
        part("certificate", HOSPITAL, "P277305915", "松診字第1140311007號"),
        part("receipt", HOSPITAL, "P277305915", "SLR-114-000917"),
    )


def test_a_document_without_claim() -> None:
    found = view(SUMMARY)
    assert found.persons == ("HD51273906",)
    assert found.classes == (DataClass.MEDICAL_RECORD,)
    assert found.parts == ()
    assert found.version == "2025-02-03T02:00:00.125000Z"
    assert found.service == Service(hospital=HOSPITAL, start="2025-02-03", end="2025-02-03", injury=None)


@pytest.mark.parametrize(
    ("status", "standing"),
    [
        ("preliminary", Standing.PRELIMINARY),
        ("final", Standing.CURRENT),
        ("amended", Standing.AMENDED),
        ("entered-in-error", Standing.WITHDRAWN),
    ],
)
def test_standing(status: str, standing: Standing) -> None:
    changed = deepcopy(CLAIM)
    resource(changed, "Composition")["status"] = status
    assert view(changed).standing == standing


@pytest.mark.parametrize(
    ("identifiers", "person"),
    [
        ([{"system": "http://www.moi.gov.tw/", "value": " p２７７３０５９１５ "}], "P277305915"),
        ([{"type": {"coding": [{"code": "PPN"}]}, "system": "urn:x", "value": "m1234"}], "M1234"),
        (
            [
                {"system": "http://hl7.org/fhir/sid/passport-TWN", "value": "300000001"},
                {"system": "http://www.immigration.gov.tw", "value": "F800937155"},
            ],
            "F800937155",
        ),
        ([{"system": "https://h.example", "value": "c-17"}], "H.EXAMPLE|C-17"),
        ([], "HTTPS://WWW.SONGLING-HOSPITAL.EXAMPLE|SUM-2025-0007"),
    ],
)
def test_who_a_document_is_about(identifiers: list[dict], person: str) -> None:
    """One key a person; a patient without a known number is known by this document alone, never as nobody."""
    changed = deepcopy(SUMMARY)
    resource(changed, "Patient")["identifier"] = identifiers
    if not identifiers:
        del resource(changed, "Patient")["identifier"]
    assert view(changed).persons == (person,)


def test_a_document_that_names_no_patient_is_about_somebody_unknown() -> None:
    """Never about nobody: a paper without persons would need no one's consent."""
    changed = deepcopy(SUMMARY)
    changed["entry"] = [one for one in changed["entry"] if one["resource"]["resourceType"] != "Patient"]
    del resource(changed, "Composition")["subject"]
    assert view(changed).persons == ("HTTPS://WWW.SONGLING-HOSPITAL.EXAMPLE|SUM-2025-0007",)


def test_a_document_about_two_patients_is_about_both() -> None:
    changed = deepcopy(SUMMARY)
    newborn = {
        "resourceType": "Patient",
        "id": "n",
        "identifier": [{"system": "http://www.moi.gov.tw", "value": "T188403620"}],
    }
    resource(changed, "Observation")["contained"] = [newborn]
    resource(changed, "Observation")["subject"] = {"reference": "#n"}
    assert view(changed).persons == ("HD51273906", "T188403620")


@pytest.mark.parametrize(
    ("added", "data_class"),
    [
        (
            {"resourceType": "Procedure", "status": "completed", "subject": {"reference": "Patient/p1"}},
            DataClass.OPERATION,
        ),
        (
            {"resourceType": "ImagingStudy", "status": "available", "subject": {"reference": "Patient/p1"}},
            DataClass.IMAGING,
        ),
        (
            {
                "resourceType": "DiagnosticReport",
                "status": "final",
                "category": [{"coding": [{"code": "RAD"}]}],
                "code": {"text": "X光"},
            },
            DataClass.IMAGING,
        ),
        ({"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "血液"}}, DataClass.LABORATORY),
        ({"resourceType": "Observation", "status": "final", "code": {"text": "血糖"}}, DataClass.LABORATORY),
        (
            {
                "resourceType": "AllergyIntolerance",
                "clinicalStatus": {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
                            "code": "active",
                        }
                    ]
                },
                "patient": {"reference": "Patient/p1"},
            },
            DataClass.MEDICAL_RECORD,
        ),
        ({"resourceType": "Condition", "subject": {"reference": "Patient/p1"}}, DataClass.MEDICAL_RECORD),
    ],
)
def test_classes(added: dict, data_class: DataClass) -> None:
    changed = deepcopy(CLAIM)
    text = json.dumps(added).replace("Patient/p1", CLAIM["entry"][1]["fullUrl"])
    changed["entry"].append({"fullUrl": "urn:uuid:7c0d5e1a-90b2-4f6e-8a31-000000000077", "resource": json.loads(text)})
    expected = set(view(CLAIM).classes) | {data_class}
    if added["resourceType"] == "Condition":  # belongs to the document's certificate
        expected = set(view(CLAIM).classes)
    assert set(view(changed).classes) == expected


def test_a_diagnosis_outside_insurance_documents_is_no_certificate() -> None:
    changed = deepcopy(SUMMARY)
    condition = {
        "resourceType": "Condition",
        "id": "k1",
        "identifier": [{"system": "urn:problems", "value": "17"}],
        "subject": {"reference": "Patient/p1"},
    }
    changed["entry"].append(
        {"fullUrl": "https://www.songling-hospital.example/fhir/Condition/k1", "resource": condition}
    )
    assert view(changed).parts == () and view(changed).classes == (DataClass.MEDICAL_RECORD,)
    resource(changed, "Composition")["type"]["coding"][0]["code"] = "64291-8"
    assert view(changed).parts == (part("certificate", HOSPITAL, "HD51273906", "17"),)
    assert view(changed).classes == (DataClass.CERTIFICATE, DataClass.MEDICAL_RECORD)


@pytest.mark.parametrize(
    ("codes", "injury"),
    [
        ([("icd-10-cm-2023-tw", "C50.912"), ("icd-10-cm-2023-tw", "Z51.11")], False),
        ([("icd-10-cm-2023-tw", "C50.912"), ("icd-10-cm-2021-tw", "W19.XXXA")], True),
        ([("icd-9-cm-2001-tw", "842.19")], True),
        ([("icd-9-cm-2001-tw", "799.9")], False),
        ([("icd-9-cm-2001-tw", "E812.0")], True),
        ([("local", "S52")], None),
    ],
)
def test_injury(codes: list[tuple[str, str]], injury: bool | None) -> None:
    changed = deepcopy(CLAIM)
    base = "https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/"
    resource(changed, "Condition")["code"]["coding"] = [{"system": base + name, "code": code} for name, code in codes]
    service = view(changed).service
    assert service is not None and service.injury is injury


def test_a_receipt_number_is_not_the_case_number_even_mistyped() -> None:
    changed = deepcopy(CLAIM)
    resource(changed, "Claim")["identifier"][0]["value"] = "SL-1140311-0043"
    assert view(changed).parts == view(CLAIM).parts
    assert view(changed).content == view(CLAIM).content
    resource(changed, "Claim")["identifier"] = resource(CLAIM, "Claim")["identifier"][:1]
    assert [number.type for number in view(changed).numbers if number.type == NumberType.RECEIPT] == []


def test_a_receipt_without_visit_or_diagnosis_has_its_days_from_its_lines() -> None:
    """A document that names no guide: Composition, Patient, Organization and a Claim."""
    kept = ("Composition", "Patient", "Organization", "Coverage", "Claim")
    changed = deepcopy(CLAIM)
    changed["entry"] = [entry for entry in changed["entry"] if entry["resource"]["resourceType"] in kept]
    del changed["meta"]
    for entry in changed["entry"]:
        del entry["resource"]["meta"]
    composition, claim = resource(changed, "Composition"), resource(changed, "Claim")
    del composition["section"], composition["encounter"], claim["diagnosis"]
    claim["item"][3]["servicedDate"] = "2025-03-14"
    found = view(changed)
    assert found.service == Service(
        hospital=HOSPITAL, start="2025-03-11", end="2025-03-14", injury=None, accident_date="2025-03-10"
    )
    assert found.classes == (DataClass.RECEIPT,) and "diagnosisCodes" not in found.facts
    claim["billablePeriod"] = {"start": "2025-03", "end": "2025-03"}
    assert (view(changed).service or Service(hospital="", start="", end="")).end == "2025-03-31"
    claim["item"] = [{"sequence": 1, "productOrService": {"text": "掛號費"}, "net": {"value": 1110, "currency": "TWD"}}]
    del claim["billablePeriod"]
    assert view(changed).service is None and view(changed).facts == {"lines": 1, "patientPays": "1110"}


def test_a_signature_of_the_bundle_names_whom_it_names() -> None:
    changed = deepcopy(SUMMARY)
    changed["signature"] = {
        "type": [{"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.1"}],
        "when": "2025-02-03T10:00:00+08:00",
        "who": {"reference": "Organization/h1"},
    }
    assert view(changed) == view(SUMMARY)


def test_published_quirks_are_taken() -> None:
    """Facts 1.9 in one document: no ids, no currency, no system, ICD-9, references by type and id, another zone."""
    changed = deepcopy(CLAIM)
    for entry in changed["entry"]:
        del entry["resource"]["id"]
    condition, claim, coverage = (resource(changed, name) for name in ("Condition", "Claim", "Coverage"))
    del (
        condition["identifier"][0]["system"],
        claim["total"]["currency"],
        coverage["relationship"],
        coverage["identifier"],
    )
    condition["code"]["coding"][0] |= {
        "system": "https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/icd-9-cm-2001-tw",
        "code": "842.19",
    }
    condition["recorder"] = {"reference": "PractitionerRole/PractitionerRole-pri"}
    period = {"start": "2025-03-11T17:00:14-05:00", "end": "2025-03-11T18:00:14-05:00"}
    resource(changed, "Encounter")["period"] = period
    finding = check(record(), json.dumps(changed).encode(), None)
    assert {one.code for one in finding.problems} == {
        "resource-without-id",
        "identifier-without-system",
        "receipt-currency",
        "coverage-member",
        "icd-9",
        "reference-unresolved",
        "date-other-zone",
    }
    assert isinstance(finding.content, Evidence)
    service = finding.content.service
    assert service is not None and (service.start, service.end) == ("2025-03-11", "2025-03-11")
