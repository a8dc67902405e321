"""Whatever is sent: nothing raises, the answer is the same each time, and content stands exactly when no error does."""

import json
import re
from copy import deepcopy
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.fhir import moments
from adapters.fhir.capability import capability_statement
from adapters.fhir.engine import validate
from adapters.fhir.faults import Faults
from adapters.fhir.outcome import operation_outcome
from schemas.problems import catalogue, errors, problem
from schemas.records import Kind, Record, Role
from services.validation.document import check

DATA = Path(__file__).parents[1] / "data" / "fhir"
DOCUMENTS = [json.loads(path.read_text()) for path in sorted(DATA.glob("*.json"))]
RECORD = Record(
    id="0" * 32,
    attempt=1,
    kind=Kind.DOCUMENT,
    sender="1141990058",
    role=Role.HOSPITAL,
    method="POST",
    path="/fhir/Bundle",
    sha256="0" * 64,
    size=1,
    media_type="application/fhir+json",
    received="2025-12-01T00:00:00.000000Z",
)
# What may come to stand anywhere: other kinds, edges of numbers and dates, structures in wrong places.
STRANGE = st.sampled_from(
    [
        None, True, 0, -1, 10**399, 1.5, 1e300, "", " ", "x", "\u3000", "114-09-03", "9999-12-31T23:59:60-14:00",
        "2025-02-30", "2025", "2025-13", "9999-12", "0000-00-00", "#", "#x", "Patient/1", "urn:uuid:x", "NaN",
        '{"reference": "x"}',
        [], {}, [None], [[]], [{}], {"": ""}, {"resourceType": "Patient"}, {"resourceType": "Foo"}, {"resourceType": 5},
        [{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient", "birthDate": "x"}}]}],
        {"reference": "#"}, {"coding": [{"code": "pay"}, {"code": "PUBLICPOL"}]}, {"value": 1e-300}, {"extension": []},
    ]
)  # fmt: skip
KEYS = st.sampled_from(
    ["resourceType", "id", "_id", "fhir_comments", "extension", "contained", "value", "王", "class_fhir"]
)


def spots(value: object) -> list[tuple[object, object]]:
    """Every (container, key or index) of a JSON value."""
    found: list[tuple[object, object]] = []
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        found.append((value, key))
        found += spots(value[key])  # type: ignore[index]
    return found


@st.composite
def broken(draw: st.DrawFn) -> dict:
    """A right document with one to four random changes: removed, replaced, added, doubled, swapped."""
    bundle = deepcopy(draw(st.sampled_from(DOCUMENTS)))
    for _ in range(draw(st.integers(1, 4))):
        places = spots(bundle)
        if not places:
            break
        container, key = draw(st.sampled_from(places))
        change = draw(st.integers(0, 4))
        if change == 0:
            del container[key]  # type: ignore[attr-defined]
        elif change == 1:
            container[key] = deepcopy(draw(STRANGE))  # type: ignore[index]
        elif change == 2 and isinstance(container, dict):
            container[draw(KEYS)] = deepcopy(draw(STRANGE))
        elif change == 3 and isinstance(container, list):
            container.append(deepcopy(container[key]))
        else:
            other, at = draw(st.sampled_from(places))
            container[key] = deepcopy(other[at])  # type: ignore[index]
    return bundle


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(broken())
def test_no_document_raises_and_the_answer_is_deterministic(bundle: dict) -> None:
    body = json.dumps(bundle, ensure_ascii=False).encode()
    finding = check(RECORD, body, None)
    assert (finding.content is None) == errors(finding.problems)
    assert check(RECORD, body, None) == finding
    turned = json.loads(body, object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert check(RECORD, json.dumps(turned).encode(), None) == finding
    outcome = operation_outcome(finding.problems)
    faults = Faults("OperationOutcome")
    validate(outcome, faults)
    assert faults.problems() == ()


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        STRANGE,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["resourceType", "type", "entry", "resource", "identifier", "fullUrl", "x"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_no_json_raises(value: object) -> None:
    for sent in (value, {"resourceType": "Bundle", "type": "document", "entry": value}):
        finding = check(RECORD, json.dumps(sent).encode(), None)
        assert finding.content is None and finding.problems


@given(st.binary(max_size=40))
def test_no_bytes_raise(data: bytes) -> None:
    assert check(RECORD, data, None).content is None


@given(st.text(alphabet="0123456789-T:+Z.", max_size=30) | st.datetimes().map(lambda one: one.isoformat() + "+08:00"))
def test_no_time_raises(text: str) -> None:
    for read in (moments.day, moments.first_day, moments.last_day, moments.taipei_day, moments.utc):
        assert read(text) is None or read(text)[:4].isdigit()  # type: ignore[index]


def test_times() -> None:
    assert moments.utc("2025-03-11T16:05:30+08:00") == "2025-03-11T08:05:30.000000Z"
    assert moments.utc("2016-12-31T23:59:60Z") == "2016-12-31T23:59:59.000000Z"
    assert moments.utc("2025-03-11T16:05:30.1234567Z") == "2025-03-11T16:05:30.123456Z"
    assert moments.utc("2025-03") == "2025-02-28T16:00:00.000000Z"
    assert moments.utc("2025-03-11T16:05:30") is None  # without zone it is no moment
    assert (moments.first_day("2024-02"), moments.last_day("2024-02")) == ("2024-02-01", "2024-02-29")
    assert (moments.first_day("2024"), moments.last_day("2024")) == ("2024-01-01", "2024-12-31")
    assert (moments.day("2024-02"), moments.day("2023-08-07T17:00:14-05:00")) == (None, "2023-08-07")
    assert moments.taipei_day("2023-08-07T17:00:14-05:00") == "2023-08-08"


def test_outcome_says_what_the_contract_says() -> None:
    found = problem("roc-date", "Bundle.entry[1].resource.birthDate", "/entry/1/resource/birthDate")
    broken_json = problem("json-duplicate-key", "", "/a", line=2, column=7)
    issues = operation_outcome([found, broken_json], "record 17")["issue"]
    assert issues[0] == {  # type: ignore[index]
        "severity": "error",
        "code": "value",
        "details": {
            "coding": [{"system": "https://claims.example/CodeSystem/problems", "code": "roc-date"}],
            "text": found.text,
            "_text": {
                "extension": [
                    {
                        "url": "http://hl7.org/fhir/StructureDefinition/translation",
                        "extension": [
                            {"url": "lang", "valueCode": "en"},
                            {"url": "content", "valueString": found.textEn},
                        ],
                    }
                ]
            },
        },
        "diagnostics": f"{found.fix} (/entry/1/resource/birthDate)",
        "expression": ["Bundle.entry[1].resource.birthDate"],
    }
    assert issues[1]["extension"] == [  # type: ignore[index]
        {"url": "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-line", "valueInteger": 2},
        {"url": "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-col", "valueInteger": 7},
    ]
    assert "expression" not in issues[1]  # type: ignore[index]
    assert issues[2]["diagnostics"] == "record 17" and len(issues) == 3  # type: ignore[index, arg-type]


def test_outcome_without_problems_says_accepted() -> None:
    issue = operation_outcome([], "record 17")["issue"][0]  # type: ignore[index]
    assert (issue["severity"], issue["code"], issue["diagnostics"]) == ("information", "informational", "record 17")


def test_every_code_has_a_right_outcome() -> None:
    for entry in catalogue().values():
        names = dict.fromkeys(re.findall(r"{(\w+)}", entry.text + entry.text_en + entry.fix), "x")
        faults = Faults("OperationOutcome")
        validate(operation_outcome([problem(entry.code, "Bundle", **names)]), faults)
        assert faults.problems() == ()


def test_capability_statement_is_right() -> None:
    statement = capability_statement("https://claims.example/", "2025-11-21")
    faults = Faults("CapabilityStatement")
    validate(statement, faults)
    assert faults.problems() == ()
    assert statement["fhirVersion"] == "4.0.1" and statement["implementation"]["url"] == "https://claims.example/fhir"  # type: ignore[index]
    resource = statement["rest"][0]["resource"][0]  # type: ignore[index]
    assert [one["code"] for one in resource["interaction"]] == ["create", "read"]
    assert [one["name"] for one in resource["operation"]] == ["validate"]
