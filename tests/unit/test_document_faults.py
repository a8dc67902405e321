"""Single faults put into a right document: each has its code, its place and its severity, and names no value."""

import json
from copy import deepcopy
from decimal import Decimal
from pathlib import Path

import pytest

from schemas.problems import Problem, Severity
from schemas.records import Kind, Record, Role
from services.validation.document import ENTRY_LIMIT, check

DATA = Path(__file__).parents[1] / "data" / "fhir"
CLAIM = json.loads((DATA / "bundle-songling-outpatient.json").read_text(), parse_float=Decimal)
SUMMARY = json.loads((DATA / "bundle-songling-summary.json").read_text(), parse_float=Decimal)
HOSPITAL = "1141990058"
GONE = object()
ABSENT = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}
PLACES = {entry["resource"]["resourceType"]: index for index, entry in reversed(list(enumerate(CLAIM["entry"])))}
IN_SUMMARY = {entry["resource"]["resourceType"]: index for index, entry in enumerate(SUMMARY["entry"])}


def record(path: str = "/fhir/Bundle", sender: str = HOSPITAL) -> Record:
    return Record(
        id="0" * 32,
        attempt=1,
        kind=Kind.DOCUMENT,
        sender=sender,
        role=Role.HOSPITAL,
        method="POST",
        path=path,
        sha256="0" * 64,
        size=1,
        media_type="application/fhir+json",
        received="2025-12-01T00:00:00.000000Z",
    )


def told(bundle: object, **of_record: str) -> tuple[Problem, ...]:
    finding = check(record(**of_record), json.dumps(bundle, default=float).encode(), None)
    assert (finding.content is None) == any(one.severity == Severity.ERROR for one in finding.problems)
    return finding.problems


def put(bundle: dict, path: str, value: object) -> dict:
    """A copy with one change. A path is `Patient.name.0.text` in the first resource of a type, or from the Bundle."""
    places = IN_SUMMARY if bundle is SUMMARY else PLACES
    changed = deepcopy(bundle)
    first, _, rest = path.partition(".")
    tokens = ["entry", str(places[first]), "resource", *rest.split(".")] if first in places else path.split(".")
    at = changed
    for token in tokens[:-1]:
        at = at[int(token)] if isinstance(at, list) else at[token]
    last: str | int = int(tokens[-1]) if isinstance(at, list) else tokens[-1]
    if value is GONE:
        del at[last]
    else:
        at[last] = value
    return changed


def full(path: str) -> str:
    """The FHIRPath of a path written as `Patient.name[0].text` or `Bundle.type`."""
    first, _, rest = path.partition(".")
    return f"Bundle.entry[{PLACES[first]}].resource" + (f".{rest}" if rest else "") if first in PLACES else path


STRUCTURE = [
    # what is changed, the new value, code, place
    ("Patient.birthDate", "114-09-03", "roc-date", "Patient.birthDate"),
    ("Patient.birthDate", "80/01/01", "roc-date", "Patient.birthDate"),
    ("Patient.birthDate", "0114-09-03", "roc-date", "Patient.birthDate"),
    ("Patient.birthDate", "1140903", "roc-date", "Patient.birthDate"),
    ("Patient.birthDate", "民國71年7月19日", "roc-date", "Patient.birthDate"),
    ("Patient.birthDate", "0082-07-19", "roc-date", "Patient.birthDate"),
    ("Encounter.period.start", "0114-03-11T14:10:00+08:00", "roc-date", "Encounter.period.start"),
    ("timestamp", "0114-03-11T16:05:30+08:00", "roc-date", "Bundle.timestamp"),
    ("Patient.birthDate", "1982-02-30", "date-impossible", "Patient.birthDate"),
    ("Patient.birthDate", "1982-13-01", "fhir-date", "Patient.birthDate"),
    ("Patient.birthDate", "19820719", "fhir-date", "Patient.birthDate"),
    ("Patient.birthDate", 19820719, "fhir-type", "Patient.birthDate"),
    ("Encounter.period.start", "2025-03-11T14:10:00", "fhir-date", "Encounter.period.start"),
    ("Encounter.period.start", "2025-03-11T14:10+08:00", "fhir-date", "Encounter.period.start"),
    ("timestamp", "2025-03-11", "fhir-date", "Bundle.timestamp"),
    ("timestamp", "9999-12-31T23:59:59-08:00", "date-impossible", "Bundle.timestamp"),
    ("timestamp", "2025-12-02T08:00:01+08:00", "version-far-in-future", "Bundle.timestamp"),
    ("Patient.gender", " female", "fhir-value", "Patient.gender"),
    ("Patient.gender", "", "fhir-empty", "Patient.gender"),
    ("Patient.gender", "  ", "fhir-empty", "Patient.gender"),
    ("Patient.gender", None, "fhir-null", "Patient.gender"),
    ("Patient.gender", ["female"], "fhir-array", "Patient.gender"),
    ("Patient.name", {"text": "x"}, "fhir-array", "Patient.name"),
    ("Patient.name", [], "fhir-empty", "Patient.name"),
    ("Patient.name.0", {}, "fhir-empty", "Patient.name[0]"),
    ("Patient.name.0", None, "fhir-null", "Patient.name[0]"),
    ("Patient.name.0.given", ["a", None], "fhir-null", "Patient.name[0].given[1]"),
    ("Patient.name.0.given", [""], "fhir-empty", "Patient.name[0].given[0]"),
    ("Patient.id", "x" * 65, "fhir-value", "Patient.id"),
    ("Patient.id", "a b", "fhir-value", "Patient.id"),
    ("Patient.deceasedBoolean", "true", "fhir-type", "Patient.deceasedBoolean"),
    ("Patient.deceasedBoolean", 1, "fhir-type", "Patient.deceasedBoolean"),
    ("Patient.multipleBirthInteger", True, "fhir-type", "Patient.multipleBirthInteger"),
    ("Patient.multipleBirthInteger", 1.5, "fhir-type", "Patient.multipleBirthInteger"),
    ("Patient.birthdate", "1982-07-19", "fhir-unknown-element", "Patient.birthdate"),
    ("Patient.fhir_comments", ["x"], "fhir-unknown-element", "Patient.fhir_comments"),
    ("Patient.birthDate__ext", {"id": "a"}, "fhir-unknown-element", "Patient.birthDate__ext"),
    ("Patient.resource_type", "Patient", "fhir-unknown-element", "Patient.resource_type"),
    ("Patient.A123456789", "x", "fhir-unknown-element", "Patient"),  # a key that may be personal is not repeated
    ("Patient.contained", [{"resourceType": "Foo"}], "fhir-resource-type", "Patient.contained[0]"),
    ("Patient.contained", [{"resourceType": ["Patient"]}], "fhir-resource-type", "Patient.contained[0]"),
    ("Patient.contained", [{"resourceType": "Resource"}], "fhir-resource-type", "Patient.contained[0]"),
    ("Patient.contained", [{"resourceType": "ClaimItem"}], "fhir-resource-type", "Patient.contained[0]"),
    ("Patient.contained", [{"id": "p"}], "fhir-resource-type", "Patient.contained[0]"),
    ("Patient.contained", ["p"], "fhir-type", "Patient.contained[0]"),
    ("Patient.resourceType", GONE, "fhir-resource-type", "Patient"),
    ("Patient.resourceType", "Pateint", "fhir-resource-type", "Patient"),
    ("Condition.subject", '{"reference": "x"}', "fhir-type", "Condition.subject"),
    ("Condition.subject.reference", 5, "fhir-type", "Condition.subject.reference"),
    ("Encounter.class", GONE, "fhir-required", "Encounter.class"),
    ("Encounter.status", GONE, "fhir-required", "Encounter.status"),
    ("Claim.status", GONE, "fhir-required", "Claim.status"),
    ("Claim.insurance", GONE, "fhir-required", "Claim.insurance"),
    ("Claim.item.1.sequence", GONE, "fhir-required", "Claim.item[1].sequence"),
    ("Claim.diagnosis.0.diagnosisReference", GONE, "fhir-required", "Claim.diagnosis[0].diagnosis"),
    ("Claim.item.0.sequence", 0, "fhir-value", "Claim.item[0].sequence"),
    ("Claim.item.0.sequence", 1.0, "fhir-type", "Claim.item[0].sequence"),
    ("Claim.item.0.sequence", "1", "fhir-type", "Claim.item[0].sequence"),
    ("Claim.item.0.net.value", "150", "fhir-type", "Claim.item[0].net.value"),
    ("Claim.item.0.servicedPeriod", {"start": "2025-03-11"}, "fhir-choice", "Claim.item[0].serviced"),
    ("Observation.valueString", "x", "fhir-choice", "Observation.value"),
    ("Observation.code.coding", {}, "fhir-array", "Observation.code.coding"),
    ("Practitioner.name.0.prefix", [5], "fhir-type", "Practitioner.name[0].prefix[0]"),
    ("entry.3.fullUrl", "", "fhir-empty", "Bundle.entry[3].fullUrl"),
    ("entry.3.resourc", {}, "fhir-unknown-element", "Bundle.entry[3].resourc"),
]

DOCUMENT = [
    ("type", "collection", "document-type", "Bundle.type"),
    ("type", "message", "document-type", "Bundle.type"),
    ("type", "banana", "document-type", "Bundle.type"),
    ("identifier", GONE, "document-identifier", "Bundle.identifier"),
    ("identifier.system", GONE, "document-identifier", "Bundle.identifier"),
    ("identifier.value", GONE, "document-identifier", "Bundle.identifier"),
    ("timestamp", GONE, "document-timestamp", "Bundle.timestamp"),
    ("Composition.status", "banana", "document-status", "Composition.status"),
    ("entry.3.fullUrl", GONE, "full-url-missing", "Bundle.entry[3].fullUrl"),
    ("entry.9.fullUrl", "Observation/1", "full-url-relative", "Bundle.entry[9]"),
    ("entry.9.fullUrl", "urn:uuid:1234", "full-url-relative", "Bundle.entry[9]"),
    ("entry.9.fullUrl", "https://x.example/Observation/1/_history/2", "full-url-relative", "Bundle.entry[9]"),
    ("entry.9.fullUrl", CLAIM["entry"][8]["fullUrl"], "full-url-duplicate", "Bundle.entry[9].fullUrl"),
    ("Composition.subject.reference", "urn:uuid:none", "composition-reference", "Composition.subject"),
    ("Composition.encounter.reference", "Encounter/1", "composition-reference", "Composition.encounter"),
    ("Composition.custodian.reference", "#none", "reference-contained", "Composition.custodian"),
    (
        "Composition.attester",
        [{"mode": "legal", "party": {"reference": "urn:uuid:none"}}],
        "composition-reference",
        "Composition.attester[0].party",
    ),
    (
        "Composition.section.1.section.0.entry.2.reference",
        "urn:uuid:none",
        "composition-reference",
        "Composition.section[1].section[0].entry[2]",
    ),
    ("Composition.author.0.reference", "urn:uuid:none", "composition-reference", "Composition.author[0]"),
    ("Organization.identifier", GONE, "author-missing", "Composition.author"),
    ("Organization.identifier.0.value", "1131990017", "foreign-author", "Composition.author"),
]

ICLAIM = [
    ("Patient.identifier.0", GONE, "iclaim-required", "Patient.identifier"),
    ("Patient.identifier.1", GONE, "iclaim-required", "Patient.identifier"),
    ("Patient.name", GONE, "iclaim-required", "Patient.name"),
    ("Patient.gender", GONE, "iclaim-required", "Patient.gender"),
    ("Patient.birthDate", GONE, "iclaim-required", "Patient.birthDate"),
    ("Encounter.identifier", GONE, "iclaim-required", "Encounter.identifier"),
    ("Encounter.serviceType", GONE, "iclaim-required", "Encounter.serviceType"),
    ("Encounter.serviceType.coding", GONE, "iclaim-required", "Encounter.serviceType.coding"),
    ("Encounter.period.start", GONE, "iclaim-required", "Encounter.period.start"),
    ("Encounter.period.end", GONE, "iclaim-required", "Encounter.period.end"),
    ("Encounter.period", GONE, "iclaim-required", "Encounter.period.end"),
    ("Condition.identifier", GONE, "iclaim-required", "Condition.identifier"),
    ("Condition.code", GONE, "iclaim-required", "Condition.code"),
    ("Condition.code.text", GONE, "iclaim-required", "Condition.code"),
    ("Condition.code.coding", GONE, "iclaim-required", "Condition.code.coding"),
    ("Condition.recordedDate", GONE, "iclaim-required", "Condition.recordedDate"),
    ("Claim.identifier", GONE, "iclaim-required", "Claim.identifier"),
    ("Claim.total", GONE, "iclaim-required", "Claim.total"),
    ("Claim.item", GONE, "iclaim-required", "Claim.item"),
    ("Claim.item.2.net", GONE, "iclaim-required", "Claim.item[2].net"),
    ("Coverage.payor", GONE, "iclaim-required", "Coverage.payor"),
    ("Patient.identifier.0.value", "P277305916", "identifier-national-id", "Patient.identifier[0].value"),
    ("Patient.identifier.0.value", "P27730591", "identifier-national-id", "Patient.identifier[0].value"),
    (
        "Practitioner.identifier.0",
        {"system": "http://www.immigration.gov.tw/", "value": "HD51273907"},
        "identifier-permit",
        "Practitioner.identifier[0].value",
    ),
    (
        "entry.3.resource.identifier.0.value",
        "50839173",
        "identifier-company",
        "Bundle.entry[3].resource.identifier[0].value",
    ),
    ("Organization.identifier.0.value", "11419900", "identifier-institution", "Organization.identifier[0].value"),
    ("Claim.item.2.net.value", 861, "receipt-line", "Claim.item[2].net"),
    ("Claim.item.1.quantity.value", 2, "receipt-line", "Claim.item[1].net"),
    ("Claim.item.1.factor", 2, "receipt-line", "Claim.item[1].net"),
    ("Claim.total.value", 1394, "receipt-total", "Claim.total"),  # NHI points counted in
    ("Claim.total.value", 1109.99, "receipt-total", "Claim.total"),
    ("Claim.item.1.modifier", GONE, "receipt-payer", "Claim.item[1].modifier"),
    ("Claim.item.1.modifier.0.coding.0.code", "other", "receipt-payer", "Claim.item[1].modifier"),
    ("Claim.item.1.modifier.0.coding.0.system", "https://hospital.example", "receipt-payer", "Claim.item[1].modifier"),
    ("Claim.total.currency", "USD", "receipt-total", "Claim.total"),
    ("Claim.item.0.net.currency", "USD", "receipt-total", "Claim.total"),
    (
        "Coverage.payor.0",
        {"type": "Organization", "identifier": {"system": "https://gcis.nat.gov.tw", "value": "50839173"}},
        "identifier-company",
        "Coverage.payor[0].identifier.value",
    ),
    ("Patient.birthDate", "2025-03-12", "date-order", "Encounter.period.start"),
    ("Encounter.period.end", "2025-03-11T14:09:59+08:00", "date-order", "Encounter.period.end"),
    ("Encounter.period.end", "2025-03-10T15:20:00+08:00", "date-order", "Encounter.period.end"),
    ("Claim.item.0.servicedDate", "2025-03-10", "date-order", "Claim.item[0].servicedDate"),
    ("Claim.item.0.servicedDate", "2025-03-12", "date-order", "Claim.item[0].servicedDate"),
    ("Condition.recordedDate", "2025-03-10", "date-order", "Condition.recordedDate"),
    ("Condition.recordedDate", "2025-03-12", "date-order", "Composition.date"),
    ("Composition.date", "2025-03-12T10:00:00+08:00", "date-order", "Bundle.timestamp"),
]

WARNINGS = [
    ("timestamp", "2025-12-01T08:00:01+08:00", "version-in-future", "Bundle.timestamp"),
    ("timestamp", "2025-12-02T08:00:00+08:00", "version-in-future", "Bundle.timestamp"),
    ("Composition.identifier.value", "SL-2", "case-number-differs", "Composition.identifier.value"),
    ("Claim.identifier.0.value", "SL-2", "case-number-differs", "Claim.identifier"),
    ("Observation.subject.reference", "urn:uuid:none", "reference-unresolved", "Observation.subject"),
    ("Composition.relatesTo", [{"code": "replaces", "targetReference": {"reference": "Composition/9"}}],
     "reference-unresolved", "Composition.relatesTo[0].targetReference"),
    ("Condition.recorder.reference", "Practitioner/" + CLAIM["entry"][4]["resource"]["id"], "reference-by-id",
     "Condition.recorder"),
    ("Patient.id", GONE, "resource-without-id", "Patient"),
    ("Condition.identifier.0.system", GONE, "identifier-without-system", "Condition.identifier[0]"),
    ("Condition.code.coding.0.system", "https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/icd-9-cm-2001-tw", "icd-9",
     "Condition.code"),
    ("Coverage.relationship", GONE, "coverage-member", "Coverage"),
    ("Coverage.identifier", GONE, "coverage-member", "Coverage"),
    ("Claim.total.currency", GONE, "receipt-currency", "Claim.total"),
    ("Claim.item.0.net.currency", GONE, "receipt-currency", "Claim.item[0].net"),
    ("Claim.item.1.net.currency", "TWD", "receipt-points-currency", "Claim.item[1].net"),
    ("Encounter.period", {"start": "2025-03-11T14:00:14-05:00", "end": "2025-03-11T15:00:14-05:00"}, "date-other-zone",
     "Encounter.period.end"),
]  # fmt: skip


def test_the_documents_are_right_to_begin_with() -> None:
    assert told(CLAIM) == () and told(SUMMARY) == ()


def ids(row: object) -> str:
    return "" if row is GONE else str(row)[:40]


@pytest.mark.parametrize(("path", "value", "code", "place"), STRUCTURE, ids=ids)
def test_structure(path: str, value: object, code: str, place: str) -> None:
    problems = told(put(CLAIM, path, value))
    assert (code, full(place), Severity.ERROR) in [(one.code, one.path, one.severity) for one in problems]


@pytest.mark.parametrize(("path", "value", "code", "place"), DOCUMENT, ids=ids)
def test_document_rules(path: str, value: object, code: str, place: str) -> None:
    problems = told(put(CLAIM, path, value))
    found = [(one.code, one.path) for one in problems if one.severity == Severity.ERROR]
    assert (code, full(place)) in found


@pytest.mark.parametrize(("path", "value", "code", "place"), ICLAIM, ids=ids)
def test_iclaim_rules_are_errors_in_iclaim_documents(path: str, value: object, code: str, place: str) -> None:
    problems = told(put(CLAIM, path, value))
    assert (code, full(place)) in [(one.code, one.path) for one in problems if one.severity == Severity.ERROR]


@pytest.mark.parametrize(("path", "value", "code", "place"), ICLAIM, ids=ids)
def test_iclaim_rules_refuse_nothing_elsewhere(path: str, value: object, code: str, place: str) -> None:
    """The same faults in a document that names no iClaim profile: a hint, or nothing for iClaim's own elements."""
    changed = put(CLAIM, path, value)
    del changed["meta"]
    for entry in changed["entry"]:
        entry["resource"].pop("meta")
    problems = [one for one in told(changed) if one.code == code]
    if code == "iclaim-required":
        assert problems == []
    elif code not in ("receipt-payer",):
        assert problems and all(one.severity == Severity.WARNING for one in problems)


@pytest.mark.parametrize(("path", "value", "code", "place"), WARNINGS, ids=ids)
def test_quirks_are_taken_and_told(path: str, value: object, code: str, place: str) -> None:
    problems = told(put(CLAIM, path, value))
    assert (code, full(place)) in [(one.code, one.path) for one in problems]
    assert all(one.severity == Severity.WARNING for one in problems)


@pytest.mark.parametrize(("path", "value", "code", "place"), STRUCTURE + DOCUMENT + ICLAIM + WARNINGS, ids=ids)
def test_no_problem_repeats_what_was_sent(path: str, value: object, code: str, place: str) -> None:
    text = "".join(one.model_dump_json() for one in told(put(CLAIM, path, value)))
    personal = [
        "P27730591",
        "簡書嫻",
        "涂又寧",
        "1982-07",
        "SLR-114",
        "0083317",
        "A123456789",
        "114-09-03",
        "HD5127390",
    ]
    assert [word for word in personal if word in text] == []


def test_every_code_of_the_family_is_proved_here() -> None:
    from schemas.catalogue import document

    proved = {row[2] for row in STRUCTURE + DOCUMENT + ICLAIM + WARNINGS}
    clinical = {"gender-contradicts-id", "icd-system", "icd-code", "certificate-not-chinese"}  # test_clinical.py
    assert {entry.code for entry in document.ENTRIES} - proved == clinical | {"composition-first"}  # below


@pytest.mark.parametrize("value", [[], "x", 5, None, {}, {"resourceType": "Patient"}, {"resourceType": ["Bundle"]}])
def test_not_a_bundle(value: object) -> None:
    assert [one.code for one in told(value)] == ["fhir-not-a-bundle"]


def test_composition_first() -> None:
    changed = deepcopy(CLAIM)
    changed["entry"].append(changed["entry"].pop(0))
    assert ("composition-first", "Bundle.entry") in [(one.code, one.path) for one in told(changed)]


@pytest.mark.parametrize(
    ("given", "beside", "right"),
    [
        (["a", None], [None, ABSENT], True),
        (["a"], [None, ABSENT], False),
        (["a", None], [None, None], False),
        (["a", None], [None, {"id": "x"}], False),  # an id alone is no value
        (["a"], [{"id": "x"}], True),
        ([None], [ABSENT], True),
    ],
)
def test_siblings(given: list, beside: list, right: bool) -> None:
    changed = put(put(CLAIM, "Patient.name.0.given", given), "Patient.name.0._given", beside)
    codes = {one.code for one in told(changed)}
    assert codes == set() if right else codes <= {"fhir-sibling", "fhir-null"} and codes


def test_entries_are_counted_before_anything_is_read() -> None:
    many = {**CLAIM, "entry": [{"fullUrl": 5}] * (ENTRY_LIMIT + 1)}
    assert [one.code for one in told(many)] == ["too-many-entries"]
    just = {**CLAIM, "entry": CLAIM["entry"] + [{"fullUrl": "x"}] * (ENTRY_LIMIT - len(CLAIM["entry"]))}
    assert "too-many-entries" not in [one.code for one in told(just)]


def test_problems_are_told_up_to_a_limit_and_errors_first() -> None:
    faulty = put(CLAIM, "Patient.name", [{"text": ""}] * 5000)
    problems = told(faulty)
    assert len(problems) == 501 and problems[-1].code == "too-many-problems"
    assert all(one.severity == Severity.ERROR for one in problems)


def test_no_number_of_warnings_hides_an_error() -> None:
    """Three thousand unresolved references, told before the one wrong total."""
    many = [{"reference": "urn:uuid:none"}] * 3000
    problems = told(put(put(CLAIM, "Observation.performer", many), "Claim.total.value", 1))
    assert problems[0].code == "receipt-total" and problems[0].severity == Severity.ERROR
    assert problems[-1].code == "too-many-problems" and len(problems) == 501


def test_all_problems_at_once_in_path_order_whatever_the_order_of_keys() -> None:
    changed = put(put(CLAIM, "Patient.birthDate", "71/7/19"), "Claim.total.value", 1)
    changed = put(put(changed, "Claim.item.2.servicedDate", "2025-02-30"), "Claim.item.0.net", GONE)
    expected = [
        ("roc-date", full("Patient.birthDate")),
        ("iclaim-required", full("Claim.item[0].net")),
        ("date-impossible", full("Claim.item[2].servicedDate")),
    ]
    assert [(one.code, one.path) for one in told(changed)] == expected
    turned = json.loads(json.dumps(changed, default=float), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert told(turned) == told(changed)


def test_a_missing_element_points_to_its_parent() -> None:
    problem = told(put(CLAIM, "Patient.birthDate", GONE))[0]
    assert (problem.path, problem.pointer) == ("Bundle.entry[1].resource.birthDate", "/entry/1/resource")


def test_a_claimless_iclaim_bundle() -> None:
    """The slice IClaim 1..1 binds a Bundle that names bundle-iclaim."""
    bare = deepcopy(CLAIM)
    del bare["entry"][3]  # the insurer, to whom only the Coverage leads
    bare["entry"] = [entry for entry in bare["entry"] if entry["resource"]["resourceType"] not in ("Claim", "Coverage")]
    bare["entry"][0]["resource"]["section"].pop(1)
    assert [one.code for one in told(bare)] == ["iclaim-required"]
    del bare["meta"]
    assert told(bare) == ()


def test_foreign_author_is_not_asked_when_only_trying_out() -> None:
    assert [one.code for one in told(CLAIM, sender="1131990017")] == ["foreign-author"]
    assert told(CLAIM, sender="1131990017", path="/fhir/Bundle/$validate") == ()


def test_every_author_organization_must_be_the_sender() -> None:
    other = deepcopy(CLAIM["entry"][2])
    other["fullUrl"] = "urn:uuid:7c0d5e1a-90b2-4f6e-8a31-000000000099"
    other["resource"]["id"] = "other"
    other["resource"]["identifier"][0]["value"] = "1131990017"
    changed = deepcopy(CLAIM)
    changed["entry"].append(other)
    changed["entry"][0]["resource"]["author"].append({"reference": other["fullUrl"]})
    assert [one.code for one in told(changed)] == ["foreign-author"]


def test_custodian_stands_in_for_authors_that_are_no_organization() -> None:
    changed = put(SUMMARY, "Organization.identifier.0.value", "1131990017")
    assert [(one.code, one.path) for one in told(changed)] == [
        ("foreign-author", "Bundle.entry[0].resource.custodian"),
    ]


def test_an_identifier_outside_persons_is_no_national_id() -> None:
    """As in the TW Core example: a prescription numbered in the national id's system. Typed NNxxx it is one."""
    assert told(SUMMARY) == ()
    typed = put(SUMMARY, "MedicationRequest.identifier.0.type", {"coding": [{"code": "NNxxx"}]})
    assert [(one.code, one.severity) for one in told(typed)] == [("identifier-national-id", Severity.WARNING)]


def test_dates_are_compared_as_written_and_only_then_in_taiwan() -> None:
    """Facts 1.9: a period in -05:00 lies on the next day in Taiwan, while the other dates are as written."""
    quirk = put(CLAIM, "Encounter.period", {"start": "2025-03-11T17:00:14-05:00", "end": "2025-03-11T18:00:14-05:00"})
    assert {one.code for one in told(quirk)} == {"date-other-zone"}
    utc = put(CLAIM, "Encounter.period", {"start": "2025-03-10T17:00:00Z", "end": "2025-03-10T18:00:00Z"})
    assert {one.code for one in told(utc)} == {"date-other-zone"}


def test_amounts_are_exact() -> None:
    """A product with more digits than Decimal's default precision."""
    price, quantity = "1234567890123456789.01", "1.000000000001"
    changed = put(put(CLAIM, "Claim.item.1.unitPrice.value", "PRICE"), "Claim.item.1.quantity.value", "QUANTITY")
    changed = put(changed, "Claim.item.1.net.value", "NET")
    exact = "1234567890124691356.90012345678901"
    for net, right in ((exact, True), (exact + "1", False)):
        text = json.dumps(changed, default=float).replace('"PRICE"', price).replace('"QUANTITY"', quantity)
        finding = check(record(), text.replace('"NET"', net).encode(), None)
        assert (finding.problems == ()) is right


def test_places_are_ordered_by_number() -> None:
    """Entry 10 comes after entry 2, not before it."""
    changed = put(put(CLAIM, "DiagnosticReport.status", ""), "Organization.name", "")
    assert [one.path for one in told(changed)] == [full("Organization.name"), full("DiagnosticReport.status")]


def test_type_and_id_lead_nowhere_when_two_entries_share_them() -> None:
    own = CLAIM["entry"][4]["resource"]["id"]
    changed = put(CLAIM, "Condition.recorder.reference", f"Practitioner/{own}")
    twin = deepcopy(changed["entry"][4])
    twin["fullUrl"] = "urn:uuid:7c0d5e1a-90b2-4f6e-8a31-000000000055"
    changed["entry"].append(twin)
    assert {one.code for one in told(changed)} == {"reference-ambiguous", "resource-id-duplicate", "entry-unreachable"}


def test_a_line_names_exactly_one_payer() -> None:
    both = CLAIM["entry"][7]["resource"]["item"][0]["modifier"] + CLAIM["entry"][7]["resource"]["item"][1]["modifier"]
    assert "receipt-payer" in [one.code for one in told(put(CLAIM, "Claim.item.1.modifier", both))]


def test_elsewhere_a_claim_that_names_no_payer_is_summed_whole() -> None:
    changed = deepcopy(CLAIM)
    del changed["meta"]
    for entry in changed["entry"]:
        del entry["resource"]["meta"]
    claim = changed["entry"][7]["resource"]
    for item in claim["item"]:
        del item["modifier"]
    assert [(one.code, one.severity) for one in told(changed)] == [("receipt-total", Severity.WARNING)]
    claim["total"]["value"] = 150 + 284 + 860 + 100
    assert told(changed) == ()
