"""The structure of R4: single faults put into right resources, each with its code and place; and what stays right."""

import json
from copy import deepcopy
from decimal import Decimal
from pathlib import Path

import pytest

from adapters import json_text
from adapters.fhir.engine import validate
from adapters.fhir.faults import Faults
from schemas.catalogue import fhir
from schemas.problems import Severity

OWN = Path(__file__).parents[1] / "data" / "fhir"
GONE = "(taken away)"  # a text: its name is part of the test's
ABSENT = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}
TERM = "http://terminology.hl7.org/CodeSystem"
UUID = "urn:uuid:7c0d5e1a-90b2-4f6e-8a31-0000000000"

PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "meta": {"lastUpdated": "2025-03-11T16:05:30.123+08:00", "profile": ["http://hl7.org/fhir/StructureDefinition/Patient"]},
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">簡書嫻</div>'},
    "contained": [{"resourceType": "Organization", "id": "o", "name": "松嶺綜合醫院"}],
    "extension": [
        {"url": "http://x.example/a", "valueDecimal": Decimal("0.40")},
        {"url": "http://x.example/b", "extension": [{"url": "c", "valueOid": "urn:oid:1.2.3"}]},
        {"url": "http://x.example/d", "valueReference": {"reference": "Claim/9"}},
    ],
    "identifier": [{"use": "official", "system": "http://www.moi.gov.tw", "value": "P277305915"}],
    "active": True,
    "name": [{"family": "簡", "given": ["書嫻"], "period": {"start": "2020", "end": "2025-03"}}],
    "telecom": [{"system": "phone", "value": "02-0000-0000", "rank": 1}],
    "gender": "female",
    "birthDate": "1982-07-19",
    "multipleBirthInteger": -1,
    "photo": [{"contentType": "image/png; q=1", "data": "AAEC\n/+8=", "size": 5, "title": "影像"}],
    "managingOrganization": {"reference": "#o", "type": "Organization"},
}  # fmt: skip
OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "2339-0", "userSelected": False}], "text": "血糖"},
    "subject": {"reference": "https://h.example/fhir/Patient/p/_history/2"},
    "issued": "2025-03-11T16:05:30Z",
    "effectiveDateTime": "2025-03-11",
    "valueQuantity": {"value": Decimal("5.50"), "comparator": "<", "unit": "mmol/L"},
    "referenceRange": [{"low": {"value": 4}, "text": "正常"}],
}
CONDITION = {
    "resourceType": "Condition",
    "clinicalStatus": {"coding": [{"system": f"{TERM}/condition-clinical", "code": "active"}]},
    "subject": {"reference": "Patient/p"},
}
BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"fullUrl": f"{UUID}01", "resource": {"resourceType": "Patient", "id": "p"}},
        {
            "fullUrl": f"{UUID}02",
            "resource": {
                "resourceType": "Condition",
                "subject": {"reference": f"{UUID}01", "type": "Patient"},
                "recorder": {"identifier": {"value": "7"}, "display": "涂又寧", "type": "Practitioner"},
            },
        },
    ],
}
BASES = {"Patient": PATIENT, "Observation": OBSERVATION, "Condition": CONDITION, "Bundle": BUNDLE}


def put(path: str, value: object) -> dict:
    """A copy of a base with one change; the path begins with the base's name."""
    first, *tokens = path.split(".")
    changed = at = deepcopy(BASES[first])
    for token in tokens[:-1]:
        at = at[int(token)] if isinstance(at, list) else at[token]
    last: str | int = int(tokens[-1]) if isinstance(at, list) else tokens[-1]
    if value is GONE:
        del at[last]
    else:
        at[last] = value
    return changed


def told(value: dict) -> list[tuple[str, str]]:
    """(code, path) of each error, read from JSON text as anything is."""
    read, problems = json_text.read(json.dumps(value, default=float, ensure_ascii=False).encode())
    assert problems == []
    name = value.get("resourceType")
    faults = Faults(name if isinstance(name, str) else "Resource")
    validate(read, faults)
    return [(one.code, one.path) for one in faults.problems() if one.severity == Severity.ERROR]


NAMES_AND_COUNTS = [
    ("Patient.birthdate", "1982-07-19", "fhir-unknown-element", "Patient.birthdate"),
    ("Patient.fhir_comments", ["x"], "fhir-unknown-element", "Patient.fhir_comments"),
    ("Patient._id", {"id": "a"}, "fhir-unknown-element", "Patient.id"),
    ("Patient._resourceType", ABSENT, "fhir-unknown-element", "Patient.resourceType"),
    ("Patient._name", [ABSENT], "fhir-unknown-element", "Patient.name"),
    ("Patient.extension.0._url", ABSENT, "fhir-unknown-element", "Patient.extension[0].url"),
    ("Patient.A123456789", "x", "fhir-unknown-element", "Patient"),  # perhaps a person's: not repeated
    ("Patient.name.0.Given", ["a"], "fhir-unknown-element", "Patient.name[0].Given"),
    ("Patient.contained.0.nick", "x", "fhir-unknown-element", "Patient.contained[0].nick"),
    ("Patient.extension.0.valueMoneyQuantity", {"value": 1}, "fhir-unknown-element",
     "Patient.extension[0].valueMoneyQuantity"),
    ("Bundle.entry.0.resource.nick", "x", "fhir-unknown-element", "Bundle.entry[0].resource.nick"),
    ("Observation.referenceRange.0.low.comparator", "<", "fhir-unknown-element",
     "Observation.referenceRange[0].low.comparator"),  # a SimpleQuantity has none
    ("Observation.status", GONE, "fhir-required", "Observation.status"),
    ("Observation.code", GONE, "fhir-required", "Observation.code"),
    ("Patient.text.div", GONE, "fhir-required", "Patient.text.div"),
    ("Patient.extension.0.url", GONE, "fhir-required", "Patient.extension[0].url"),
    ("Bundle.type", GONE, "fhir-required", "Bundle.type"),
    ("Bundle.entry.1.resource.subject", GONE, "fhir-required", "Bundle.entry[1].resource.subject"),
    ("Patient.name", {"text": "x"}, "fhir-array", "Patient.name"),
    ("Patient.name.0.given", "書嫻", "fhir-array", "Patient.name[0].given"),
    ("Patient.gender", ["female"], "fhir-array", "Patient.gender"),
    ("Patient.managingOrganization", [{"reference": "#o"}], "fhir-array", "Patient.managingOrganization"),
    ("Patient.contained", {"resourceType": "Organization", "id": "o"}, "fhir-array", "Patient.contained"),
    ("Patient.name.0", [{"text": "x"}], "fhir-array", "Patient.name[0]"),
    ("Patient.multipleBirthBoolean", True, "fhir-choice", "Patient.multipleBirth"),
    ("Patient._multipleBirthBoolean", ABSENT, "fhir-choice", "Patient.multipleBirth"),
    ("Patient.extension.0.valueString", "x", "fhir-choice", "Patient.extension[0].value"),
    ("Patient.name", [], "fhir-empty", "Patient.name"),
    ("Patient.name.0", {}, "fhir-empty", "Patient.name[0]"),
    ("Patient.name.0", {"id": "x"}, "fhir-empty", "Patient.name[0]"),
    ("Patient.name.0.given", [""], "fhir-empty", "Patient.name[0].given[0]"),
    ("Patient.name.0.family", " \u3000\n", "fhir-empty", "Patient.name[0].family"),
    ("Patient.text.div", " ", "fhir-empty", "Patient.text.div"),
    ("Patient.identifier.0.system", "", "fhir-empty", "Patient.identifier[0].system"),
    ("Patient.meta.profile", [" "], "fhir-empty", "Patient.meta.profile[0]"),
    ("Patient.meta", None, "fhir-null", "Patient.meta"),
    ("Patient.name", None, "fhir-null", "Patient.name"),
    ("Patient.name", [None], "fhir-null", "Patient.name[0]"),
    ("Patient.name.0.given", [None], "fhir-null", "Patient.name[0].given[0]"),
    ("Patient.extension.0.valueDecimal", GONE, "fhir-extension", "Patient.extension[0]"),
    ("Patient.extension.0.extension", [{"url": "c", "valueCode": "c"}], "fhir-extension", "Patient.extension[0]"),
    ("Patient.contained.0.resourceType", GONE, "fhir-resource-type", "Patient.contained[0]"),
    ("Patient.contained.0.resourceType", "Foo", "fhir-resource-type", "Patient.contained[0]"),
    ("Patient.contained.0.resourceType", "DomainResource", "fhir-resource-type", "Patient.contained[0]"),
    ("Patient.contained.0.resourceType", "Claim.item", "fhir-resource-type", "Patient.contained[0]"),
    ("Bundle.entry.0.resource.resourceType", ["Patient"], "fhir-resource-type", "Bundle.entry[0].resource"),
    ("Bundle.entry.0.resource", "Patient/p", "fhir-type", "Bundle.entry[0].resource"),
    ("Bundle.entry.0.resource", None, "fhir-null", "Bundle.entry[0].resource"),
    ("Patient.resourceType", GONE, "fhir-resource-type", "Resource"),
    ("Patient.resourceType", "Resource", "fhir-resource-type", "Resource"),
    ("Patient.name", [{"id": "a", "text": "x"}, {"id": "a", "text": "y"}], "fhir-id-twice", "Patient.name[1].id"),
]  # fmt: skip

PRIMITIVES = [
    # where, values that are wrong, code
    ("Patient.active", ["true", 0, 1, Decimal("1.5"), {}], "fhir-type"),
    ("Patient.multipleBirthInteger", [True, "200", Decimal("1.5"), Decimal("1E+2")], "fhir-type"),
    ("Patient.multipleBirthInteger", [2**31, -(2**31) - 1], "fhir-value"),
    ("Patient.telecom.0.rank", [0, -1, 2**31], "fhir-value"),  # positiveInt
    ("Patient.telecom.0.rank", ["1", True], "fhir-type"),
    ("Patient.photo.0.size", [-1], "fhir-value"),  # unsignedInt
    ("Observation.valueQuantity.value", ["5.50", True, [], {}], None),
    ("Patient.name.0.family", [5, False, {"text": "x"}], "fhir-type"),
    ("Patient.name.0.family", ["a\x01b", "a\x1bb", "x" * 1_048_577], "fhir-value"),
    ("Patient.gender", [" female", "female ", "fe  male", "fe\tmale"], "fhir-value"),
    ("Patient.gender", [5, True], "fhir-type"),
    ("Patient.id", ["x" * 65, "a b", "a_b", "甲", "a/b"], "fhir-value"),
    ("Patient.name.0.id", ["a b", "x" * 1_048_577], "fhir-value"),
    ("Patient.name.0.id", [5], "fhir-type"),
    ("Patient.implicitRules", ["http://x.example/a b", "x\ny"], "fhir-value"),
    ("Patient.meta.profile", [["http://x.example/a b"]], "fhir-value"),
    ("Patient.photo.0.url", ["a b", "\thttp://x.example"], "fhir-value"),
    ("Patient.extension.1.extension.0.valueOid", ["1.2.3", "urn:oid:", "urn:oid:3.1", "urn:oid:1.02"], "fhir-value"),
    ("Patient.photo.0.data", ["A", "AAA", "AAEC=", "AAAA****", "AAEC====", "A*==", "AAE甲", "===="], "fhir-value"),
    ("Patient.photo.0.contentType", ["png", "image/", "/png", "image/p ng"], "fhir-value"),
    ("Patient.birthDate", ["1982-02-30", "2023-02-29"], "date-impossible"),
    ("Patient.birthDate", ["1982-7-19", "1982-07-19T10:00:00Z", "1982-13", "1982-00-01", "19820719", "x"], "fhir-date"),
    ("Patient.birthDate", ["071-07-19", "71/7/19", "民國71年", "0071-07-19", "1140903"], "roc-date"),
    ("Patient.birthDate", [19820719, True], "fhir-type"),
    ("Observation.effectiveDateTime", ["2025-02-30", "2025-02-30T10:00:00Z"], "date-impossible"),
    ("Observation.effectiveDateTime", ["2025-03-11T16:05:30", "2025-03-11T16:05Z", "2025-03-11T24:00:00Z",
     "2025-03-11T16:05:30+15:00", "2025-03-11 16:05:30Z", "2025-03T10:00:00Z", "2025-03-11T16:05:30.Z"], "fhir-date"),
    ("Observation.effectiveDateTime", [1741680330, Decimal("2025.5")], "fhir-type"),
    ("Observation.issued", ["2025-03-11", "2025", "2025-03-11T16:05:30"], "fhir-date"),
    ("Observation.issued", [1741680330], "fhir-type"),
]  # fmt: skip

CODES = [
    ("Patient.gender", "banana", "Patient.gender"),
    ("Bundle.type", "zzz", "Bundle.type"),
    ("Observation.status", "Final", "Observation.status"),
    ("Observation.valueQuantity.comparator", "=", "Observation.valueQuantity.comparator"),
    ("Patient.telecom.0.system", "line", "Patient.telecom[0].system"),
    ("Condition.clinicalStatus", {"coding": [{"system": f"{TERM}/condition-clinical", "code": "ill"}]},
     "Condition.clinicalStatus"),
    ("Condition.clinicalStatus", {"coding": [{"system": "http://x.example", "code": "active"}]},
     "Condition.clinicalStatus"),
    ("Condition.clinicalStatus", {"coding": [{"code": "active"}]}, "Condition.clinicalStatus"),
    ("Condition.clinicalStatus", {"text": "active"}, "Condition.clinicalStatus"),
]  # fmt: skip

REFERENCES = [
    ("Observation.subject", {"reference": "Organization/o"}, "reference-target", "Observation.subject"),
    ("Observation.subject", {"reference": "https://h.example/fhir/Claim/1"}, "reference-target", "Observation.subject"),
    ("Observation.subject", {"reference": "Claim?identifier=7"}, "reference-target", "Observation.subject"),
    ("Observation.subject", {"type": "Claim", "display": "x"}, "reference-target", "Observation.subject"),
    ("Observation.subject", {"reference": "Patient/p", "type": "Group"}, "reference-type", "Observation.subject"),
    ("Observation.subject", {"reference": "Pateint/p"}, "fhir-reference", "Observation.subject"),
    ("Observation.subject", {"reference": "P277305915"}, "fhir-reference", "Observation.subject"),
    ("Observation.subject", {"reference": "Patient/" + "x" * 65}, "fhir-reference", "Observation.subject"),
    ("Observation.subject", {"reference": "Patient/a b"}, "fhir-reference", "Observation.subject"),
    ("Observation.subject", {"reference": "/Patient/p"}, "fhir-reference", "Observation.subject"),
    ("Patient.contained.0.resourceType", "Practitioner", "reference-target", "Patient.managingOrganization"),
    ("Patient.managingOrganization", {"reference": "#"}, "reference-target", "Patient.managingOrganization"),
    ("Bundle.entry.0.resource.resourceType", "Organization", "reference-target", "Bundle.entry[1].resource.subject"),
    (
        "Bundle.entry.1.resource.encounter",
        {"reference": f"{UUID}01"},
        "reference-target",
        "Bundle.entry[1].resource.encounter",
    ),
    ("Bundle.entry.1.resource.subject.type", "Group", "reference-type", "Bundle.entry[1].resource.subject"),
    ("Bundle.entry.1.resource.recorder.type", "Claim", "reference-target", "Bundle.entry[1].resource.recorder"),
]

RIGHT = [
    ("Patient.gender", GONE),
    ("Patient.name.0.family", "簡\t書\r\n嫻\u3000x\u00a0"),
    ("Patient.multipleBirthInteger", 2**31 - 1),
    ("Observation.valueQuantity.value", 5),
    ("Patient.photo.0.contentType", "application/fhir+json; fhirVersion=4.0"),
    ("Patient.photo.0.data", "AA AA\n"),
    ("Patient.birthDate", "2024-02-29"),
    ("Patient.birthDate", "1982"),
    ("Observation.effectiveDateTime", "2016-12-31T23:59:60.25+08:00"),
    ("Observation.subject", {"reference": "urn:uuid:not-here"}),
    ("Observation.subject", {"reference": "Patient?identifier=7"}),
    ("Observation.subject", {"reference": "http://x.example/any/thing"}),
    ("Observation.subject", {"reference": "Patient/p", "type": "http://x.example/Logical"}),
    ("Observation.focus", [{"reference": "Claim/1"}]),
    ("Condition.clinicalStatus", {**ABSENT}),
    ("Condition.clinicalStatus.coding.0.display", "進行中"),
    ("Condition.clinicalStatus.text", "進行中"),
    ("Condition.clinicalStatus.coding", [{"system": "http://x.example", "code": "a"},
                                         {"system": f"{TERM}/condition-clinical", "code": "relapse"}]),
]  # fmt: skip


def place(path: str) -> str:
    """FHIRPath of a dotted path."""
    out = ""
    for token in path.split("."):
        out += f"[{token}]" if token.isdigit() else f".{token}" if out else token
    return out


@pytest.mark.parametrize("base", BASES.values(), ids=BASES)
def test_the_bases_are_right(base: dict) -> None:
    assert told(base) == []


@pytest.mark.parametrize(("path", "value"), RIGHT, ids=lambda row: str(row)[:30])
def test_right(path: str, value: object) -> None:
    assert told(put(path, value)) == []


@pytest.mark.parametrize(("path", "value", "code", "where"), NAMES_AND_COUNTS, ids=lambda row: str(row)[:30])
def test_names_and_counts(path: str, value: object, code: str, where: str) -> None:
    assert (code, where) in told(put(path, value))


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [(path, value, code) for path, values, code in PRIMITIVES for value in values],
    ids=lambda row: repr(row)[:30],
)
def test_primitives(path: str, value: object, code: str | None) -> None:
    found = told(put(path, value))
    assert [where.startswith(place(path)) for _, where in found] == [True], found
    assert code is None or found[0][0] == code


@pytest.mark.parametrize(("path", "value", "where"), CODES, ids=lambda row: str(row)[:30])
def test_required_bindings(path: str, value: object, where: str) -> None:
    assert told(put(path, value)) == [("fhir-code", where)]


@pytest.mark.parametrize(("path", "value", "code", "where"), REFERENCES, ids=lambda row: str(row)[:30])
def test_references(path: str, value: object, code: str, where: str) -> None:
    assert (code, where) in told(put(path, value))


@pytest.mark.parametrize(
    ("value", "beside", "expected"),
    [
        ("1982-07-19", ABSENT, []),
        ("1982-07-19", {"id": "x"}, []),
        (GONE, ABSENT, []),
        (GONE, {"id": "x"}, [("fhir-empty", "Patient.birthDate")]),
        (GONE, {}, [("fhir-empty", "Patient.birthDate")]),
        (GONE, None, [("fhir-null", "Patient.birthDate")]),
        (GONE, [ABSENT], [("fhir-array", "Patient.birthDate")]),
        (GONE, {"url": "x"}, [("fhir-unknown-element", "Patient.birthDate.url")]),
        (None, ABSENT, [("fhir-null", "Patient.birthDate")]),
        ("1982-02-30", ABSENT, [("date-impossible", "Patient.birthDate")]),
    ],
)
def test_a_primitive_and_its_sibling(value: object, beside: object, expected: list) -> None:
    changed = put("Patient._birthDate", beside)
    if value is GONE:
        del changed["birthDate"]
    else:
        changed["birthDate"] = value
    assert told(changed) == expected


@pytest.mark.parametrize(
    ("given", "beside", "expected"),
    [
        (["a", None], [None, ABSENT], []),
        ([None], [ABSENT], []),
        (["a"], [ABSENT], []),
        (GONE, [ABSENT, ABSENT], []),
        (["a", None], [None, None], [("fhir-null", "[1]")]),
        (["a", None], [None, {"id": "x"}], [("fhir-null", "[1]")]),
        (["a"], [None, ABSENT], [("fhir-sibling", "")]),
        (["a", "b"], [ABSENT], [("fhir-sibling", "")]),
        (["a"], [], [("fhir-empty", "")]),
        (["a"], ABSENT, [("fhir-array", "")]),
        (["a"], [[ABSENT]], [("fhir-array", "[0]")]),
        ("a", [ABSENT], [("fhir-array", "")]),
        (GONE, [None], [("fhir-null", "[0]")]),
        (["a", 5], [ABSENT, ABSENT], [("fhir-type", "[1]")]),
        (["a"], [{"x": 1}], [("fhir-unknown-element", "[0].x")]),
    ],
)
def test_arrays_of_a_primitive_and_its_sibling(given: object, beside: object, expected: list) -> None:
    changed = put("Patient.name.0._given", beside)
    if given is GONE:
        del changed["name"][0]["given"]
    else:
        changed["name"][0]["given"] = given
    assert told(changed) == [(code, f"Patient.name[0].given{where}") for code, where in expected]


def test_an_extension_stands_in_for_a_required_value() -> None:
    changed = put("Observation._status", ABSENT)
    del changed["status"]
    assert told(changed) == []


def test_resources_in_resources_of_every_kind_are_checked() -> None:
    """In contained resources, parameters and their parts, outcomes of responses, Bundles in Bundles."""
    bad = {"resourceType": "Patient", "gender": "banana"}
    outcome = {
        "resourceType": "Bundle",
        "type": "batch-response",
        "entry": [{"response": {"status": "200", "outcome": bad}}],
    }
    assert told(outcome) == [("fhir-code", "Bundle.entry[0].response.outcome.gender")]
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "a", "resource": bad}, {"name": "b", "part": [{"name": "c", "resource": bad}]}],
    }
    assert told(parameters) == [
        ("fhir-code", "Parameters.parameter[0].resource.gender"),
        ("fhir-code", "Parameters.parameter[1].part[0].resource.gender"),
    ]
    inner = {"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": f"{UUID}09", "resource": bad}]}
    found = told(put("Bundle.entry.0.resource", inner))
    assert ("fhir-code", "Bundle.entry[0].resource.entry[0].resource.gender") in found


def test_references_are_judged_within_their_own_bundle() -> None:
    """The same fullUrl in an inner Bundle leads to another type there, and not outside."""
    inner = deepcopy(BUNDLE)
    inner["entry"][0]["resource"] = {"resourceType": "Group", "type": "person", "actual": True}
    outer = deepcopy(BUNDLE)
    outer["entry"].insert(1, {"fullUrl": f"{UUID}08", "resource": inner})
    assert told(outer) == [("reference-type", "Bundle.entry[1].resource.entry[1].resource.subject")]


def test_ids_of_elements_may_recur_in_another_resource() -> None:
    twin = {
        "resourceType": "Organization",
        "id": "o",
        "name": "x",
        "alias": ["y"],
        "telecom": [{"id": "a", "use": "work"}],
    }
    twin["telecom"][0] |= {"system": "phone", "value": "1"}
    changed = put("Patient.contained.0", twin)
    changed["name"][0]["id"] = "a"
    assert told(changed) == []
    changed["identifier"][0]["id"] = "a"
    found = [("fhir-id-twice", "Patient.identifier[0].id"), ("fhir-id-twice", "Patient.name[0].id")]
    assert told(changed) == found
    inner = {"fullUrl": f"{UUID}03", "resource": changed}
    inside = [(code, f"Bundle.entry[0].resource{path.removeprefix('Patient')}") for code, path in found]
    assert told(put("Bundle.entry.0", inner)) == inside


def test_a_definition_has_its_elements_twice() -> None:
    listed = {"element": [{"id": "Patient", "path": "Patient"}]}
    definition = {
        "resourceType": "StructureDefinition",
        "url": "http://x.example/StructureDefinition/a",
        "name": "Plain",
        "status": "draft",
        "kind": "resource",
        "abstract": False,
        "type": "Patient",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "derivation": "constraint",
        "differential": listed,
        "snapshot": listed,
    }
    assert "fhir-id-twice" not in {code for code, _ in told(definition)}


def test_keys_that_may_be_personal_are_one_problem() -> None:
    assert told({**PATIENT, "王小明": 1, "A123456789": 2}) == [("fhir-unknown-element", "Patient")]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Patient.name.0.period", {"start": "2025", "end": "2020"}),  # per-1: the values
        ("Observation.dataAbsentReason", {"text": "x"}),  # obs-6: the keys
        ("Patient.text.div", "<div>x</div>"),  # the narrative
        ("Condition.meta", {"profile": ["https://twcore.mohw.gov.tw/ig/twcore/StructureDefinition/Condition-twcore"]}),
        ("Patient.managingOrganization", {"reference": "#none"}),  # references
    ],
)
def test_the_other_rules_are_asked(path: str, value: object) -> None:
    assert told(put(path, value)) != []


def test_every_code_of_the_family_is_proved_here() -> None:
    proved = {row[2] for row in NAMES_AND_COUNTS + PRIMITIVES + REFERENCES} | {"fhir-code", "fhir-sibling"}
    elsewhere = {"fhir-not-a-bundle", "too-many-problems"}  # test_document_faults.py
    assert {entry.code for entry in fhir.ENTRIES} - elsewhere <= proved


def concept(value: object) -> dict:
    return {"resourceType": "Basic", "code": value}


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"coding": [{"S": "C"}], "text": "code", "foo": "x", "system": "x"}, "Basic.code.coding[0].S"),
        ({"coding": [{"system": "S", "code": ["C"]}], "text": "foo"}, "Basic.code.coding[0].code"),
        ({"coding": [{"system": "S", "code": "C"}], "text": {}}, "Basic.code.text"),
        ({"coding": [{"system": "S", "code": "C"}], "text": None}, "Basic.code.text"),
        ({"coding": [{"system": "S", "code": "C"}] * 2, "text": ["foo"]}, "Basic.code.text"),
        (
            {"coding": [{"system": "S", "code": "C", "userSelected": 1}], "text": "foo"},
            "Basic.code.coding[0].userSelected",
        ),
        ({"coding": {"system": "S"}, "text": "foo"}, "Basic.code.coding"),
        ({"coding": "C", "text": "foo"}, "Basic.code.coding"),
        ({"coding": ["C"], "text": "foo"}, "Basic.code.coding[0]"),
    ],
)
def test_a_remembered_concept_lets_nothing_else_through(value: dict, where: str) -> None:
    right = [{"system": "S", "code": "C"}, {"system": "S", "code": "C", "userSelected": True}]
    for coding in right * 2:
        assert told(concept({"coding": [coding], "text": "foo"})) == []
    assert where in [path for _, path in told(concept(value))]


def test_a_remembered_concept_keeps_its_ids() -> None:
    twins = {"coding": [{"id": "a", "system": "S", "code": "C"}], "text": "foo"}
    for _ in range(2):
        changed = put("Observation.code", deepcopy(twins))
        changed["category"] = [deepcopy(twins)]
        assert {code for code, _ in told(changed)} == {"fhir-id-twice"}


def test_all_of_a_mixed_lot_is_told_at_once_and_in_order() -> None:
    changed = put("Patient.birthDate", "71/7/19")
    changed |= {"gender": "x", "nick": 1, "active": "true"}
    changed["name"] = [{}, {"given": [1]}]
    expected = [
        ("fhir-type", "Patient.active"),
        ("roc-date", "Patient.birthDate"),
        ("fhir-code", "Patient.gender"),
        ("fhir-empty", "Patient.name[0]"),
        ("fhir-type", "Patient.name[1].given[0]"),
        ("fhir-unknown-element", "Patient.nick"),
    ]
    assert told(changed) == expected
    assert told(dict(reversed(changed.items()))) == expected
