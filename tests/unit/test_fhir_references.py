"""Contained resources, Bundles and what references lead to: each rule kept and broken; linear; nothing makes it raise."""

import json
import sys
from collections.abc import Callable
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.fhir import references
from adapters.fhir.engine import validate
from adapters.fhir.faults import Faults
from schemas.catalogue import fhir_rules
from schemas.problems import Severity

Json = dict[str, object]
ERROR, WARNING = Severity.ERROR, Severity.WARNING
CODES = {entry.code for entry in fhir_rules.ENTRIES if not entry.code.startswith(("fhir-", "narrative-"))} | {
    "full-url-missing",
    "full-url-relative",
    "full-url-duplicate",
    "composition-reference",
    "reference-unresolved",
    "reference-by-id",
}
UUID = "urn:uuid:3f1c5d52-0e4b-4c7e-9a55-0000000000"
BASE = "https://hospital.example/fhir/"


def told(value: Json) -> list[tuple[str, str, Severity]]:
    faults = Faults(str(value.get("resourceType")))
    validate(value, faults)
    return [(one.code, one.path, one.severity) for one in faults.problems() if one.code in CODES]


def url(number: int) -> str:
    return f"{UUID}{number:02}"


def entry(full_url: str | None, resource: object, **more: object) -> Json:
    return {**({} if full_url is None else {"fullUrl": full_url}), "resource": resource, **more}


def bundle(kind: str, *entries: object, **more: object) -> Json:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries), **more}


def composition(*section: str, subject: str | None = None, **more: object) -> Json:
    return {
        "resourceType": "Composition",
        "id": "c",
        **({} if subject is None else {"subject": {"reference": subject}}),
        "section": [{"entry": [{"reference": one} for one in section]}],
        **more,
    }


def patient(identity: str = "p", **more: object) -> Json:
    return {"resourceType": "Patient", "id": identity, **more}


def observation(subject: str, identity: str = "o", **more: object) -> Json:
    return {"resourceType": "Observation", "id": identity, "subject": {"reference": subject}, **more}


def document(*entries: Json, first: Json | None = None) -> Json:
    """A document: a Composition at number 0 that names numbers 1 and 2, a Patient, an Observation; then more."""
    return bundle(
        "document",
        entry(url(0), first or composition(url(2), subject=url(1))),
        entry(url(1), patient()),
        entry(url(2), observation(url(1))),
        *entries,
    )


def rest(*entries: Json, first: Json | None = None) -> Json:
    """The same with RESTful addresses and relative references."""
    return bundle(
        "document",
        entry(f"{BASE}Composition/c", first or composition("Observation/o", subject="Patient/p")),
        entry(f"{BASE}Patient/p", patient()),
        entry(f"{BASE}Observation/o", observation("Patient/p")),
        *entries,
    )


def with_contained(*contained: object, **more: object) -> Json:
    return {"resourceType": "Condition", "contained": list(contained), **more}


def inner(identity: str | None = "a", **more: object) -> Json:
    return {"resourceType": "Practitioner", **({} if identity is None else {"id": identity}), **more}


A = {"asserter": {"reference": "#a"}}
UNREFERENCED = ("contained-unreferenced", "Condition.contained[0]", ERROR)
VERSIONS = [patient(meta={"versionId": "1"}), patient(meta={"versionId": "2"})]


def versions(*section: str) -> Json:
    """A document with two versions of the Patient, who is named by version, and of what the section names."""
    return bundle(
        "document",
        entry(f"{BASE}Composition/c", composition(*section, "Patient/p/_history/1", "Patient/p/_history/2")),
        *(entry(f"{BASE}Patient/p", version) for version in VERSIONS),
    )


CONTAINED = {
    "referenced": (with_contained(inner(), **A), []),
    "by a canonical or uri": (with_contained(inner(), extension=[{"url": "x", "valueCanonical": "#a"}]), []),
    "by another contained": (
        with_contained(inner(), inner("b", extension=[{"url": "x", "valueReference": {"reference": "#a"}}]),
                       asserter={"reference": "#b"}), []),
    "refers to its container": (
        with_contained({"resourceType": "Provenance", "id": "a", "target": [{"reference": "#"}]}), []),
    "by uri to its container": (with_contained(inner(extension=[{"url": "x", "valueUri": "#"}])), []),
    "unreferenced": (with_contained(inner()), [UNREFERENCED]),
    "unreferenced, though something is": (
        with_contained(inner("b"), inner(), **A), [UNREFERENCED]),
    "without id": (with_contained(inner(None), **A), [
        ("contained-id-missing", "Condition.contained[0]", ERROR), UNREFERENCED,
        ("reference-contained", "Condition.asserter", ERROR)]),
    "id twice": (with_contained(inner(), inner(), **A), [("contained-id-duplicate", "Condition.contained[1]", ERROR)]),
    "nested": (with_contained(inner(contained=[inner("b")]), **A), [
        ("contained-nested", "Condition.contained[0]", ERROR)]),
    "with a version": (with_contained(inner(meta={"versionId": "1"}), **A), [
        ("contained-version", "Condition.contained[0]", ERROR)]),
    "with an update": (with_contained(inner(meta={"lastUpdated": "2025-01-01T00:00:00Z"}), **A), [
        ("contained-version", "Condition.contained[0]", ERROR)]),
    "with a label": (with_contained(inner(meta={"security": [{}]}), **A), [
        ("contained-security", "Condition.contained[0]", ERROR)]),
    "with a profile": (with_contained(inner(meta={"profile": ["x"]}), **A), []),
    "reference to nothing": (with_contained(inner(), **A, recorder={"reference": "#b"}), [
        ("reference-contained", "Condition.recorder", ERROR)]),
    "reference without any contained": ({"resourceType": "Condition", **A}, [
        ("reference-contained", "Condition.asserter", ERROR)]),
    "contained in another entry": (
        bundle("collection", entry(url(1), with_contained(inner(), **A)), entry(url(2), {"resourceType": "Condition", **A})),
        [("reference-contained", "Bundle.entry[1].resource.asserter", ERROR)]),
    "in a parameter": (
        {"resourceType": "Parameters", "parameter": [{"name": "x", "resource": with_contained(inner())}]},
        [("contained-unreferenced", "Parameters.parameter[0].resource.contained[0]", ERROR)]),
}  # fmt: skip

ENTRIES = {
    "a document": (document(), []),
    "a document with addresses": (rest(), []),
    "relative fullUrl": (bundle("collection", entry("Patient/p", patient())), [
        ("full-url-relative", "Bundle.entry[0]", ERROR)]),
    "fullUrl with a version": (bundle("collection", entry(f"{BASE}Patient/p/_history/1", patient())), [
        ("full-url-relative", "Bundle.entry[0]", ERROR)]),
    "not a UUID": (bundle("collection", entry("urn:uuid:1", patient())), [
        ("full-url-relative", "Bundle.entry[0]", ERROR)]),
    "an OID": (bundle("collection", entry("urn:oid:1.2.3", patient())), []),
    "no fullUrl in a document": (document(entry(None, patient("q"))), [
        ("entry-unreachable", "Bundle.entry[3]", WARNING), ("full-url-missing", "Bundle.entry[3].fullUrl", ERROR)]),
    "no fullUrl in a collection": (bundle("collection", entry(None, patient())), [
        ("full-url-missing", "Bundle.entry[0].fullUrl", WARNING)]),
    "no fullUrl in a batch": (
        bundle("batch", entry(None, patient(), request={"method": "POST", "url": "Patient"})), []),
    "fullUrl known to be absent": (bundle("collection", {"_fullUrl": {"extension": []}, "resource": patient()}), []),
    "fullUrl of another id": (rest(entry(f"{BASE}Patient/q", patient("r"))), [
        ("entry-unreachable", "Bundle.entry[3]", WARNING), ("full-url-id", "Bundle.entry[3]", ERROR)]),
    "fullUrl of another type": (rest(entry(f"{BASE}Patient/q", observation("Patient/p", "q"))), [
        ("entry-unreachable", "Bundle.entry[3]", WARNING), ("full-url-id", "Bundle.entry[3]", ERROR)]),
    "fullUrl of another id in a message": (
        bundle("message", entry(url(0), {"resourceType": "MessageHeader"}), entry(f"{BASE}Patient/q", patient("r"))),
        [("full-url-id", "Bundle.entry[1]", WARNING)]),
    "fullUrl that names no type": (bundle("collection", entry("https://hospital.example/p", patient())), []),
    "urn that is not the id": (bundle("collection", entry(url(1), patient())), []),
    "fullUrl twice": (document(entry(url(1), patient("q"))), [
        ("full-url-duplicate", "Bundle.entry[3].fullUrl", ERROR), ("entry-unreachable", "Bundle.entry[3]", WARNING)]),
    "fullUrl twice in a history": (
        bundle("history", *(entry(f"{BASE}Patient/p", patient(), request={}, response={}) for _ in "12")), []),
    "two versions": (versions(), []),
    "a version twice": (
        bundle("collection", *(entry(f"{BASE}Patient/p", version) for version in (*VERSIONS, VERSIONS[0]))),
        [("full-url-duplicate", "Bundle.entry[2].fullUrl", ERROR)]),
    "id of one type twice": (document(entry(url(3), patient()), first=composition(url(2), url(3), subject=url(1))), [
        ("resource-id-duplicate", "Bundle.entry[3].resource", WARNING)]),
    "id of one type twice in a collection": (bundle("collection", entry(url(1), patient()), entry(url(2), patient())), []),
    "id of two types": (document(entry(url(3), patient("o")), first=composition(url(2), url(3), subject=url(1))), []),
    "an entry of a document without resource": (
        bundle("document", entry(url(0), composition()), {"fullUrl": url(1), "request": {}}),
        [("entry-without-resource", "Bundle.entry[1]", ERROR)]),
    "put without resource": (bundle("transaction", {"request": {"method": "PUT", "url": "Patient/1"}}), [
        ("entry-without-resource", "Bundle.entry[0]", ERROR)]),
    "delete without resource": (bundle("transaction", {"request": {"method": "DELETE", "url": "Patient/1"}}), []),
    "operation without resource": (bundle("batch", {"request": {"method": "POST", "url": "Patient/$x"}}), []),
    "history of a patch": (bundle("history", {"request": {"method": "PATCH", "url": "x"}, "response": {}}), []),
    "search result without id": (
        bundle("searchset", entry(f"{BASE}Patient/p", {"resourceType": "Patient"})),
        [("search-id", "Bundle.entry[0].resource", ERROR)]),
    "outcome without id or fullUrl": (
        bundle("searchset", entry(None, {"resourceType": "OperationOutcome"}, search={"mode": "outcome"})), []),
    "outcome that is none": (bundle("searchset", entry(url(1), patient(), search={"mode": "outcome"})), [
        ("search-mode", "Bundle.entry[0].resource", ERROR)]),
    "match that is an outcome": (
        bundle("searchset", entry(url(1), {"resourceType": "OperationOutcome"}, search={"mode": "match"})),
        [("search-mode", "Bundle.entry[0].resource", ERROR)]),
    "result without mode": (bundle("searchset", entry(url(1), patient())), []),
    "links": (bundle("searchset", link=[{"relation": one, "url": "x"} for one in ("self", "next", "x", "x")]), []),
    "a link twice": (bundle("searchset", link=[{"relation": one, "url": "x"} for one in ("next", "self", "next")]), [
        ("link-duplicate", "Bundle.link[2]", ERROR)]),
    "an empty fullUrl is told as empty": (bundle("collection", entry("", patient())), []),
    "an entry of a document with a response": (
        bundle("document", entry(url(0), composition()), {"fullUrl": url(1), "response": {}}),
        [("entry-without-resource", "Bundle.entry[1]", ERROR)]),
    "an entry with nothing in it is bdl-5's": (
        bundle("document", entry(url(0), composition()), {"fullUrl": url(1)}), []),
    "a Bundle in a Bundle": (bundle("collection", entry(url(1), bundle("collection", entry("Patient/p", patient())))), [
        ("full-url-relative", "Bundle.entry[0].resource.entry[0]", ERROR)]),
}  # fmt: skip

SUBJECT = "Bundle.entry[2].resource.subject"
SECTION = "Bundle.entry[0].resource.section[0].entry[0]"
LEADS = {
    "absolute": (document(first=composition(url(2), subject=url(1))), []),
    "absolute to nothing, from the Composition": (document(first=composition(url(2), url(9), subject=url(1))), [
        ("composition-reference", "Bundle.entry[0].resource.section[0].entry[1]", ERROR)]),
    "its subject": (document(first=composition(url(2), subject=url(9))), [
        ("composition-reference", "Bundle.entry[0].resource.subject", ERROR)]),
    "its relatesTo": (
        document(first=composition(url(2), subject=url(1), relatesTo=[{"targetReference": {"reference": url(9)}}])),
        [("reference-unresolved", "Bundle.entry[0].resource.relatesTo[0].targetReference", WARNING)]),
    "its extension": (
        document(first=composition(url(2), subject=url(1), attester=[
            {"extension": [{"url": "x", "valueReference": {"reference": url(9)}}]}])),
        [("reference-unresolved", "Bundle.entry[0].resource.attester[0].extension[0].valueReference", WARNING)]),
    "elsewhere": (document(entry(url(3), observation(url(9), "x")), first=composition(url(2), url(3), subject=url(1))), [
        ("reference-unresolved", "Bundle.entry[3].resource.subject", WARNING)]),
    "by id from a urn": (document(first=composition("Observation/o", subject=url(1))), [
        ("reference-by-id", SECTION, WARNING)]),
    "by id in other addresses": (
        rest(entry("https://other.example/Patient/q", patient("q")),
             first=composition("Observation/o", "Patient/q", subject="Patient/p")),
        [("reference-by-id", "Bundle.entry[0].resource.section[0].entry[1]", WARNING)]),
    "by an id that two have, in the Composition": (
        document(entry(url(3), patient()), first=composition("Patient/p", url(2), url(3), subject=url(1))),
        [("reference-ambiguous", SECTION, ERROR), ("resource-id-duplicate", "Bundle.entry[3].resource", WARNING)]),
    "by an id that two have, elsewhere": (
        document(entry(url(3), patient()), entry(url(4), observation("Patient/p", "x")),
                 first=composition(url(2), url(3), url(4), subject=url(1))),
        [("resource-id-duplicate", "Bundle.entry[3].resource", WARNING),
         ("reference-ambiguous", "Bundle.entry[4].resource.subject", WARNING)]),
    "a version": (versions("Patient/p/_history/2"), []),
    "a version by its address": (versions(f"{BASE}Patient/p/_history/1"), []),
    "a version that is not there": (versions("Patient/p/_history/3"), [("composition-reference", SECTION, ERROR)]),
    "no version where there are two": (versions("Patient/p"), [("reference-ambiguous", SECTION, ERROR)]),
    "a version of what says none": (rest(first=composition("Observation/o/_history/7", subject="Patient/p")), []),
    "a version of one that has another": (
        bundle("document", entry(f"{BASE}Composition/c", composition("Patient/p/_history/2")),
               entry(f"{BASE}Patient/p", VERSIONS[0])),
        [("composition-reference", SECTION, ERROR), ("entry-unreachable", "Bundle.entry[1]", WARNING)]),
    "several versions in a history": (
        bundle("history", *(entry(f"{BASE}Patient/p", version, request={}, response={}) for version in VERSIONS),
               entry(f"{BASE}Observation/o", observation("Patient/p"), request={}, response={})), []),
    "no version where there are two, in a collection": (
        bundle("collection", *(entry(f"{BASE}Patient/p", version) for version in VERSIONS),
               entry(f"{BASE}Observation/o", observation("Patient/p"))),
        [("reference-ambiguous", "Bundle.entry[2].resource.subject", WARNING)]),
    "by id where the fullUrl names no type": (
        rest(entry("https://hospital.example/fhir/x/y", observation("Patient/p", "y")),
             first=composition("Observation/o", "Observation/y", subject="Patient/p")),
        [("reference-by-id", "Bundle.entry[0].resource.section[0].entry[1]", WARNING),
         ("reference-by-id", "Bundle.entry[3].resource.subject", WARNING)]),
    "from a Composition in a collection": (bundle("collection", entry(url(0), composition(subject=url(9)))), [
        ("reference-unresolved", "Bundle.entry[0].resource.subject", WARNING)]),
    "from a second Composition": (
        document(entry(url(3), composition(subject=url(9), id="d")), first=composition(url(2), url(3), subject=url(1))),
        [("reference-unresolved", "Bundle.entry[3].resource.subject", WARNING)]),
    "from what is first but no Composition": (bundle("document", entry(url(2), observation(url(9)))), [
        ("reference-unresolved", "Bundle.entry[0].resource.subject", WARNING)]),
    "an address where there are two versions": (versions(f"{BASE}Patient/p"), [
        ("reference-ambiguous", SECTION, ERROR)]),
    "an empty reference is told as empty": (document(first=composition(url(2), subject=url(1), author=[
        {"reference": ""}])), []),
    "by id to the Composition": (document(first=composition(url(2), "Composition/c", subject=url(1))), [
        ("reference-by-id", "Bundle.entry[0].resource.section[0].entry[1]", WARNING)]),
    "a fragment of an entry": (document(first=composition(f"{url(2)}#x", subject=url(1))), []),
    "outside a collection": (bundle("collection", entry(f"{BASE}Observation/o", observation("Patient/9"))), []),
    "a urn outside a collection": (bundle("collection", entry(url(2), observation(url(9)))), [
        ("reference-unresolved", "Bundle.entry[0].resource.subject", WARNING)]),
    "by id in a collection": (
        bundle("collection", entry(url(2), observation("Patient/p")), entry(url(1), patient())), []),
    "outside a message": (
        bundle("message", entry(url(0), {"resourceType": "MessageHeader", "focus": [{"reference": "Patient/9"}]})),
        [("reference-unresolved", "Bundle.entry[0].resource.focus[0]", WARNING)]),
    "outside any Bundle": (observation("Patient/9"), []),
    "an identifier only": (document(first=composition(url(2), subject=url(1), author=[{"identifier": {}}])), []),
    "a document in a collection": (
        bundle("collection", entry(url(9), document(first=composition(url(8), url(2), subject=url(1))))),
        [("composition-reference", "Bundle.entry[0].resource.entry[0].resource.section[0].entry[0]", ERROR)]),
    "an entry that nothing reaches": (document(entry(url(3), patient("q"))), [
        ("entry-unreachable", "Bundle.entry[3]", WARNING)]),
    "an entry reached by way of another": (
        document(entry(url(3), patient("q")), entry(url(4), observation(url(3), "x")),
                 first=composition(url(2), url(4), subject=url(1))), []),
    "what refers to the document without being named": (document(entry(url(3), observation(url(1), "x"))), [
        ("entry-unreachable", "Bundle.entry[3]", WARNING)]),
    "a Provenance": (
        document(entry(url(3), {"resourceType": "Provenance", "id": "v", "target": [{"reference": url(2)}],
                                "agent": [{"who": {"reference": url(4)}}]}), entry(url(4), inner("d"))), []),
    "a Provenance of nothing here": (
        document(entry(url(3), {"resourceType": "Provenance", "id": "v", "target": [{"reference": url(9)}]})),
        [("entry-unreachable", "Bundle.entry[3]", WARNING),
         ("reference-unresolved", "Bundle.entry[3].resource.target[0]", WARNING)]),
    "a stylesheet": (
        {**document(entry(url(3), {"resourceType": "Binary", "id": "b"})),
         "link": [{"relation": "stylesheet", "url": url(3)}]}, []),
    "a circle": (
        document(entry(url(3), observation(url(1), "x", hasMember=[{"reference": url(3)}])),
                 first=composition(url(2), url(3), url(0), subject=url(1))), []),
    "without a Composition nothing is unreachable": (
        bundle("document", entry(url(1), patient()), entry(url(2), patient("q"))), []),
}  # fmt: skip

CASES = {**CONTAINED, **ENTRIES, **LEADS}
assert len(CASES) == len(CONTAINED) + len(ENTRIES) + len(LEADS)


@pytest.mark.parametrize("name", CASES)
def test_rule(name: str) -> None:
    value, expected = CASES[name]
    assert sorted(told(value)) == sorted(expected)


def test_every_code_is_told_somewhere() -> None:
    of_the_engine = {"reference-type", "reference-target", "message-first"}
    assert {code for _, expected in CASES.values() for code, *_ in expected} == CODES - of_the_engine


def test_an_untouched_document_is_not_searched_for_places() -> None:
    faults = Faults()
    parsed = validate(document(), faults)
    assert references.check(parsed) is None


def _many(size: int) -> dict[str, Json]:
    names = [f"{BASE}Observation/{number}" for number in range(size)]
    numbered = [observation("Patient/p", str(number)) for number in range(size)]
    one = entry(f"{BASE}Patient/p", patient())
    return {
        "resolved": bundle(
            "document",
            entry(f"{BASE}Composition/c", composition(*names, subject="Patient/p")),
            one,
            *(entry(name, each) for name, each in zip(names, numbered, strict=True)),
        ),
        "unresolved": bundle("document", entry(f"{BASE}Composition/c", composition(*(url(9) for _ in names)))),
        "one fullUrl": bundle(
            "document",
            entry(f"{BASE}Composition/c", composition(*("Patient/p/_history/0" for _ in names))),
            *(entry(f"{BASE}Patient/p", patient(meta={"versionId": str(number)})) for number in range(size)),
        ),
        "contained": with_contained(*(inner(str(number)) for number in range(size))),
        "a chain": bundle(
            "document",
            entry(url(0), composition(f"{BASE}Observation/0")),
            *(
                entry(names[number], observation(f"Observation/{number + 1}", str(number)))
                for number in range(size)
            ),
        ),
    }  # fmt: skip


@pytest.mark.parametrize("name", _many(1))
def test_linear(name: str) -> None:
    """Counts the steps of the interpreter in `references`, which no other process can slow down."""
    assert _steps(_many(800)[name]) < 2.3 * _steps(_many(400)[name])


def _steps(value: Json) -> int:
    parsed = validate(value, Faults())
    count = 0

    def trace(frame: object, event: str, _: object) -> Callable[..., object]:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        references.check(parsed)
    finally:
        sys.settrace(before)
    return count


TEXTS = st.sampled_from(
    ["", "#", "#a", "a", "p", "Patient/p", "Patient/p/_history/1", url(1), f"{BASE}Patient/p", "document", "searchset",
     "Composition", "Patient", "Bundle", "self", "urn:uuid:", "/", "http:", "//", "\ud800"]
)  # fmt: skip
KEYS = st.sampled_from(
    ["resourceType", "id", "meta", "versionId", "contained", "entry", "resource", "fullUrl", "type", "link", "relation",
     "url", "search", "mode", "request", "method", "reference", "subject", "section", "extension", "parameter"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)


def _places(value: object) -> list[tuple[str | int, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [()] + [(token, *place) for token, each in members for place in _places(each)]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_nothing_makes_it_raise(data: st.DataObject) -> None:
    """Something strange in the place of anything in a Bundle that is otherwise right."""
    value = deepcopy(data.draw(st.sampled_from([content for content, _ in CASES.values()])))
    place = data.draw(st.sampled_from(_places(value)[1:]))
    at: object = value
    for token in place[:-1]:
        at = at[token]  # type: ignore[index]
    at[place[-1]] = data.draw(JSON)  # type: ignore[index]
    faults = Faults()
    validate(value, faults)
    assert json.dumps([one.model_dump() for one in faults.problems()], ensure_ascii=False)
