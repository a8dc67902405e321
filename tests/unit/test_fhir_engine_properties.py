"""Whatever is sent: no value raises, the order of keys changes nothing, what is remembered and what is told has an end."""

import json
import random
import tracemalloc
from copy import deepcopy
from itertools import permutations
from string import ascii_letters
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.fhir import definitions, engine
from adapters.fhir.engine import validate
from adapters.fhir.faults import FULL, LIMIT, Faults
from adapters.fhir.parsed import Parsed
from adapters.fhir.primitives import CHECKS, KNOWN_LIMIT
from schemas.problems import Problem, Severity
from tests.unit.test_fhir_engine import BASES, BUNDLE, OWN, PATIENT

RESOURCES = [*BASES.values(), *(json.loads(path.read_text()) for path in sorted(OWN.glob("*.json")))]
TYPES = sorted(definitions.resources())
KEYS = sorted({key for name in ("Patient", "Bundle", "Bundle.entry", "Extension", "HumanName", "Reference", "Meta",
                                "Narrative", "Observation") for key in definitions.elements(name)})  # fmt: skip
SCALARS = st.sampled_from(
    [None, True, 0, -1, 2**31, 1.5, "", " ", "x", "\u3000", "114-09-03", "2025-02-30", "2025-01-01", "9999-12-31T23:59:60Z",
     "Patient/1", "#x", "#", "urn:uuid:x", "http://x.example/Patient/1", "a b", "final", "document", "YQ==", "<div/>",
     '<div xmlns="http://www.w3.org/1999/xhtml">x</div>', "http://hl7.org/fhir/StructureDefinition/data-absent-reason"]
)  # fmt: skip
NAMES = st.sampled_from(
    [*KEYS, *(f"_{key}" for key in KEYS), "valueString", "valueReference", "resourceType", "", "王"]
)
VALUES = st.recursive(
    SCALARS | st.sampled_from([[], {}, [None], [[]], [{}]]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES, inner, max_size=5)
        | st.builds(
            lambda name, more: {"resourceType": name, **more}, st.sampled_from(TYPES), st.dictionaries(NAMES, inner)
        )
    ),
    max_leaves=15,
)


def told(value: dict) -> tuple[Problem, ...]:
    faults = Faults("Resource")
    validate(value, faults)
    return faults.problems()


def turned(value: object, chance: random.Random) -> object:
    """The same with the keys of every object in another order."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: turned(value[key], chance) for key in keys}
    return [turned(item, chance) for item in value] if isinstance(value, list) else value


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(TYPES), st.dictionaries(NAMES, VALUES, max_size=8), st.randoms(use_true_random=False))
def test_no_resource_raises_whatever_its_elements_hold(name: str, value: dict, chance: random.Random) -> None:
    value = {**value, "resourceType": name}
    assert told(value) == told(turned(value, chance))  # type: ignore[arg-type]


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_no_object_raises(value: dict) -> None:
    told(value)


def spots(value: object) -> list[tuple[object, object]]:
    """Every (container, key or index) of a JSON value."""
    found: list[tuple[object, object]] = []
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        found.append((value, key))
        found += spots(value[key])  # type: ignore[index]
    return found


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(RESOURCES), st.data())
def test_no_change_of_a_right_resource_raises_and_no_order_of_keys_matters(resource: dict, data: st.DataObject) -> None:
    changed = deepcopy(resource)
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(spots(changed)))
        value = deepcopy(data.draw(SCALARS | VALUES))  # what is drawn may be one object, drawn again
        if data.draw(st.booleans()) and isinstance(container, dict):
            container[data.draw(NAMES)] = value
        else:
            container[key] = value  # type: ignore[index]
    assert told(changed) == told(turned(changed, data.draw(st.randoms(use_true_random=False))))  # type: ignore[arg-type]


@given(st.sampled_from(sorted(CHECKS)), SCALARS | st.text(max_size=30) | st.floats() | st.integers())
def test_no_primitive_raises(name: str, value: object) -> None:
    found = CHECKS[name](value, engine.Run({}))
    assert found is None or found


def test_remembered_shapes_have_an_end() -> None:
    """More shapes of one type than are remembered; those with faults are never remembered."""
    keys = ("system", "code", "version", "display", "userSelected", "id")
    values = dict(zip(keys, ("u:x", "c", "1", "d", True, "i"), strict=True))
    shapes = [order[:size] for order in permutations(keys) for size in (5, 6)]
    assert len(set(shapes)) > 2 * engine.PLAN_LIMIT
    for shape in shapes:
        coding = {key: values[key] for key in shape}
        assert not told({"resourceType": "Basic", "code": {"coding": [coding]}})
        told({"resourceType": "Basic", "code": {"coding": [coding]}, "nick": 1})
    assert 0 < len(engine._kind("Coding").plans) <= engine.PLAN_LIMIT
    assert not [shape for shape in engine._kind("Basic").plans if "nick" in shape]


def test_remembered_texts_have_an_end() -> None:
    tracemalloc.start()
    for number in range(20 * KNOWN_LIMIT):
        assert CHECKS["code"](f"code-{number}", None) is None
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 200 * KNOWN_LIMIT


def test_what_is_told_of_too_much_is_the_first_whatever_the_order_of_keys() -> None:
    bad = {
        "resourceType": "Patient",
        "telecom": [{"id": "a", "value": 5, "nick": index} for index in range(3000)],
        "contact": [{"id": "a", "gender": "x"}] * 3000,
        "name": [{"given": [1] * 9000}] * 4,
        "address": [{"line": [""] * 3000, "city": ""}],
        **{f"k{one}{two}": 1 for one in ascii_letters for two in ascii_letters},
    }
    problems = told(bad)
    assert len(problems) == LIMIT + 1 and problems[-1].code == "too-many-problems"
    assert [one.path for one in problems[:2]] == ["Resource.address[0].city", "Resource.address[0].line[0]"]
    for left_out in ((), ("address",), ("address", "telecom", "contact", "name")):
        some = {key: value for key, value in bad.items() if key not in left_out}
        assert told(turned(some, random.Random(1))) == told(some)  # type: ignore[arg-type]


def test_no_number_of_warnings_hides_an_error() -> None:
    """Thousands of resources of profiles that nobody knows, and one wrong code behind them."""
    unknown = {"resourceType": "Basic", "meta": {"profile": ["http://x.example/p"]}, "code": {"text": "x"}}
    entries = [{"fullUrl": f"urn:uuid:{UUID(int=index)}", "resource": unknown} for index in range(FULL + 10)]
    bundle = {**BUNDLE, "entry": [*entries, *BUNDLE["entry"]]}
    bundle["entry"][-1] = {**BUNDLE["entry"][1], "resource": {**BUNDLE["entry"][1]["resource"], "language": ""}}
    problems = told(bundle)
    assert [one.code for one in problems if one.severity == Severity.ERROR] == ["fhir-empty", "too-many-problems"]


def gathered(value: dict) -> Parsed:
    return validate(value, Faults())


def test_what_is_gathered() -> None:
    """References and identifiers with the resource they stand in, contained resources, Bundles, places."""
    patient = deepcopy(PATIENT)
    patient["contained"][0]["partOf"] = {"identifier": {"value": "7"}}
    bundle = deepcopy(BUNDLE)
    bundle["entry"][0]["resource"] = patient
    parsed = gathered(bundle)
    root, first, second = parsed.resources
    assert (root.value, first.value, second.value) == (bundle, patient, bundle["entry"][1]["resource"])
    assert (root.bundle, first.bundle, second.bundle) == (None, bundle, bundle)
    assert first.contained == patient["contained"] and first.fragments() == {"#o"}
    organization = patient["contained"][0]
    assert [(id(one), id(owner)) for one, owner in first.references] == [
        (id(organization["partOf"]), id(organization)),
        (id(patient["extension"][2]["valueReference"]), id(patient)),
        (id(patient["managingOrganization"]), id(patient)),
    ]
    assert [(id(one), id(owner)) for one, owner in first.identifiers] == [
        (id(organization["partOf"]["identifier"]), id(organization)),
        (id(patient["identifier"][0]), id(patient)),
    ]
    assert parsed.place_of(organization["partOf"]) == ("entry", 0, "resource", "contained", 0, "partOf")
    assert parsed.place_of(organization["partOf"], first) == parsed.place_of(organization["partOf"])
    assert parsed.place_of(bundle) == parsed.place_of(bundle, root) == ()
    inner = gathered({"resourceType": "Parameters", "parameter": [{"name": "b", "resource": bundle}]}).resources[2]
    assert inner.value is patient


def test_places_in_resources_that_are_no_entries() -> None:
    patient = deepcopy(PATIENT)
    part = {"name": "a", "part": [{"name": "b", "resource": patient}]}
    parsed = gathered({"resourceType": "Parameters", "parameter": [part]})
    place = ("parameter", 0, "part", 0, "resource", "identifier", 0)
    assert parsed.place_of(patient["identifier"][0], parsed.resources[1]) == place


def test_broken_parts_are_gathered_as_far_as_they_are_objects() -> None:
    value = {
        "resourceType": "Patient",
        "contained": [{"resourceType": "Foo"}, 5],
        "identifier": [{"value": 5}, "x"],
        "managingOrganization": {"reference": 5},
    }
    (only,) = gathered(value).resources
    assert only.contained == [{"resourceType": "Foo"}]
    assert [one for one, _ in only.identifiers] == [{"value": 5}]
    assert [one for one, _ in only.references] == [{"reference": 5}]
    assert gathered({"resourceType": "Foo"}).resources == []
