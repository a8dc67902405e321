"""Sex against the id, ICD codes and their systems, certificates in Chinese: told, never a reason to refuse."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from schemas.problems import Severity
from services.validation import resource

CLAIM = json.loads((Path(__file__).parents[1] / "data" / "fhir" / "bundle-songling-outpatient.json").read_text())
TWCORE = "https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/"
OURS = ("gender-contradicts-id", "icd-system", "icd-code", "certificate-not-chinese")
PLACES = {one["resource"]["resourceType"]: index for index, one in reversed(list(enumerate(CLAIM["entry"])))}


def told(bundle: dict) -> list[tuple[str, str]]:
    problems = [one for one in resource.check(json.dumps(bundle).encode()) if one.code in OURS]
    assert all(one.severity == Severity.WARNING for one in problems)
    return [(one.code, one.path) for one in problems]


def put(path: str, value: object) -> dict:
    """A copy with one change, `Patient.name.0.text` in the first resource of a type."""
    changed = deepcopy(CLAIM)
    kind, *tokens = path.split(".")
    at: Any = changed["entry"][PLACES[kind]]["resource"]
    for token in tokens[:-1]:
        at = at[int(token)] if isinstance(at, list) else at[token]
    at[int(tokens[-1]) if isinstance(at, list) else tokens[-1]] = value
    return changed


def at(path: str) -> str:
    kind, _, below = path.partition(".")
    return f"Bundle.entry[{PLACES[kind]}].resource.{below}"


def diagnosis(system: str, code: str) -> dict:
    return put("Condition.code.coding.0", {"system": system, "code": code})


def operation(system: str, code: str) -> dict:
    changed = deepcopy(CLAIM)
    changed["entry"][PLACES["Condition"]]["resource"] = {
        "resourceType": "Procedure",
        "status": "completed",
        "subject": CLAIM["entry"][PLACES["Condition"]]["resource"]["subject"],
        "code": {"coding": [{"system": system, "code": code}]},
    }
    return changed


def test_nothing_to_tell() -> None:
    assert told(CLAIM) == []


@pytest.mark.parametrize(
    ("path", "value", "contradicts"),
    [
        ("Patient.gender", "male", True),
        ("Patient.gender", "other", False),
        ("Patient.gender", "unknown", False),
        ("Patient.identifier.0.value", "A123456789", True),
        ("Patient.identifier.0.value", "ａ１２３４５６７８９", True),
        ("Patient.identifier.0.value", "HD51273906", False),  # of permits the facts say nothing
        ("Patient.identifier.0", {"type": {"coding": [{"code": "NNxxx"}]}, "value": "A123456789"}, True),
        ("Patient.identifier.0", {"system": "http://www.moi.gov.tw/", "value": "A123456789"}, True),
        ("Patient.identifier.0", {"system": "https://h.example", "value": "A123456789"}, False),
    ],
)
def test_gender(path: str, value: object, contradicts: bool) -> None:
    assert told(put(path, value)) == ([("gender-contradicts-id", at("Patient.gender"))] if contradicts else [])


def test_gender_of_whoever_is_contained() -> None:
    person = {
        "resourceType": "RelatedPerson",
        "id": "r",
        "patient": {"reference": "#"},
        "identifier": [{"system": "http://www.moi.gov.tw", "value": "A123456789"}],
        "gender": "female",
    }
    assert told(put("Observation.contained", [person])) == [
        ("gender-contradicts-id", at("Observation.contained[0].gender"))
    ]


@pytest.mark.parametrize(
    ("system", "code", "right"),
    [
        ("icd-10-cm-2023-tw", "S93.401A", True),
        ("icd-10-cm-2021-tw", "I10", True),
        ("icd-10-cm-2014-tw", "C7A.010", True),
        ("icd-10-cm-2023-tw", "S93401A", False),
        ("icd-10-cm-2023-tw", "s93.401A", False),
        ("icd-10-cm-2023-tw", "S93.401AB", False),
        ("icd-10-cm-2023-tw", "S93.", False),
        ("icd-10-cm-2023-tw", "842.19", False),
        ("icd-9-cm-2001-tw", "842.19", True),
        ("icd-9-cm-2001-tw", "V58.11", True),
        ("icd-9-cm-2001-tw", "E812.0", True),
        ("icd-9-cm-2001-tw", "S93.4", False),
        ("icd-9-cm-2001-tw", "8421.9", False),
        ("icd-9-cm-2001-tw", "842.191", False),
    ],
)
def test_form_of_a_diagnosis_code(system: str, code: str, right: bool) -> None:
    expected = [] if right else [("icd-code", at("Condition.code.coding[0].code"))]
    assert told(diagnosis(TWCORE + system, code)) == expected


@pytest.mark.parametrize(
    ("system", "code", "right"),
    [
        ("icd-10-pcs-2023-tw", "0DTJ4ZZ", True),
        ("icd-10-pcs-2021-tw", "06BY0ZC", True),
        ("icd-10-pcs-2023-tw", "0DTJ4Z", False),
        ("icd-10-pcs-2023-tw", "0DTJ4ZO", False),
        ("icd-10-pcs-2014-tw", "0DTJ.4ZZ", False),
        ("icd-9-cm-2001-tw", "47.09", True),
    ],
)
def test_form_of_an_operation_code(system: str, code: str, right: bool) -> None:
    expected = [] if right else [("icd-code", at("Condition.code.coding[0].code"))]
    assert told(operation(TWCORE + system, code)) == expected


@pytest.mark.parametrize(
    ("system", "known"),
    [
        (TWCORE + "icd-10-cm-2023-tw", True),
        ("http://twcore.mohw.gov.tw/ig/twcore/CodeSystem/ICD-10-CM-2023-TW/", True),
        ("http://hl7.org/fhir/sid/icd-10-cm", False),
        (TWCORE + "icd-10-cm-2022-tw", False),
        ("https://h.example/ICD10", False),
        ("http://snomed.info/sct", True),  # no ICD code, so nothing to say of it
    ],
)
def test_icd_systems(system: str, known: bool) -> None:
    expected = [] if known else [("icd-system", at("Condition.code.coding[0].system"))]
    assert told(diagnosis(system, "S93.401A")) == expected


def test_codes_in_the_claim() -> None:
    concept = {"coding": [{"system": TWCORE + "icd-10-cm-2023-tw", "code": "S93401A"}]}
    line = {"sequence": 1, "diagnosisCodeableConcept": concept}
    place = "Claim.diagnosis[0].diagnosisCodeableConcept.coding[0].code"
    assert told(put("Claim.diagnosis", [line])) == [("icd-code", at(place))]
    line = {"sequence": 1, "procedureCodeableConcept": concept}
    place = "Claim.procedure[0].procedureCodeableConcept.coding[0].code"
    assert told(put("Claim.procedure", [line])) == [("icd-code", at(place))]


@pytest.mark.parametrize(
    ("text", "display", "chinese"),
    [
        ("Sprain of ankle", None, False),
        ("右踝 ankle sprain", None, True),
        ("Sprain of ankle", "足踝扭傷", True),
        ("", None, True),  # a missing name is another fault
    ],
)
def test_a_certificate_is_in_chinese(text: str, display: str | None, chinese: bool) -> None:
    coding = {"system": TWCORE + "icd-10-cm-2023-tw", "code": "S93.401A"} | ({"display": display} if display else {})
    changed = put("Condition.code", {"coding": [coding], **({"text": text} if text else {})})
    assert told(changed) == ([] if chinese else [("certificate-not-chinese", at("Condition.code"))])


def test_outside_iclaim_the_language_is_free() -> None:
    changed = put("Condition.code", {"text": "Sprain of ankle"})
    del changed["meta"]
    for entry in changed["entry"]:
        del entry["resource"]["meta"]
    assert told(changed) == []
