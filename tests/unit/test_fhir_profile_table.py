"""Every constraint of TW Core's table: an instance is made from the rule, then one thing in it is broken.

What is told must name the broken thing. (Whether the table says what TW Core says is held by test_fhir_profiles.)
"""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from adapters.fhir import profiles
from adapters.fhir.faults import Fault
from adapters.fhir.run import Run
from schemas.problems import Severity

TABLE = json.loads((Path(__file__).parents[2] / "adapters" / "fhir" / "definitions" / "twcore.json").read_text())
TWCORE = "https://twcore.mohw.gov.tw/ig/twcore/StructureDefinition/"
OF_ARRAYS = ("slices", "min", "max")
OF_SLICES = ("name", "keys", "min", "max")
KEPT_BY = {  # what an object needs so that an invariant holds
    "id-card-number": {"value": "P277305915"},
    "tw-core-1": {"text": "x"},
    "tw-core-2": {"dataAbsentReason": {}},
    "tw-core-3": {"effectiveDateTime": "2025-01-01"},
    "tw-core-4": {"dataAbsentReason": {}},
    "tw-core-7": {"valueCodeableConcept": {}},
    "tw-core-9": {"subscriberId": "1"},
    "vs-1": {"effectiveDateTime": "2025-01-01"},
    "vs-2": {"dataAbsentReason": {}},
    "vs-3": {"dataAbsentReason": {}},
}

Place = tuple[str | int, ...]
Mutant = tuple[Place, Callable[[Any], Any], str, Place]  # where, the change there, code, place that is told


def without(rule: dict, keys: tuple[str, ...]) -> dict:
    return {key: each for key, each in rule.items() if key not in keys}


def full(rule: dict) -> dict:
    """A rule with the profile of its data type put into it."""
    named = rule.get("as")
    return {**(TABLE["profiles"].get(named) or TABLE["types"][named]), **rule} if named else rule


def codes(value_set: str) -> tuple[str, str]:
    system, listed = next(iter(TABLE["sets"][value_set]["codes"].items()))
    return system, listed[0]


def sample(rule: dict, text: str = "") -> Any:
    """A value under a rule; of an element that nothing is said of, the text or an empty object."""
    rule = full(rule)
    if "is" in rule:
        return deepcopy(rule["is"])
    for kind in {"code", "coding", "concept"} & rule.keys():
        system, code = codes(rule[kind])
        coding = {"system": system, "code": code}
        return {"code": code, "coding": coding, "concept": {"coding": [coding]}}[kind]
    if "targets" in rule:
        return {"reference": f"{rule['targets'][0]}/1"}
    if any(key in rule for key in OF_ARRAYS):
        return array(rule)
    return thing(rule) if without(rule, ("as",)) else text or {}


def thing(rule: dict) -> dict:
    """An object with all that a rule asks, and all that it speaks of."""
    made: dict = {}
    for one in rule.get("need", ()):
        key = one if type(one) is str else one[1]
        made[key] = sample(rule.get("in", {}).get(key, {}), "2025-01-01")
    chosen = any(key.startswith("value") for key in made)
    for key, inner in rule.get("in", {}).items():
        if key not in made and not (chosen and key.startswith("value")):
            made[key] = sample(inner)
    for key in rule.get("rules", ()):
        made = {**KEPT_BY.get(key, {}), **made} if key != "id-card-number" else {**made, **KEPT_BY[key]}
    if "tw-core-7" in rule.get("rules", ()):
        del made["valueQuantity"]
    return made


def array(rule: dict) -> list:
    """An item for each slice, as many as are allowed, and as many more as are asked."""
    sliced = rule.get("slices", {"of": []})
    made = []
    for one in sliced["of"] or [{}]:
        item = merged(sample(without(rule, OF_ARRAYS)), sample(without(one, OF_SLICES)))
        if one:
            tell(item, sliced["at"], sliced["coding"], one["keys"][0])
        made.append(item)
    return made[: rule.get("max", len(made))] + [{}] * (rule.get("min", 0) - len(made))


def merged(first: Any, second: Any) -> Any:
    if type(first) is dict and type(second) is dict:
        return {**first, **{key: merged(first.get(key), each) for key, each in second.items()}}
    return first if first is not None and not second else second


def tell(item: dict, at: list[str], coding: bool, key: Any) -> None:
    """Puts into an item that by which its slice is known."""
    for step in at[:-1]:
        item = item.setdefault(step, {})
    if not coding:
        item[at[-1]] = key
        return
    if at:
        there = item.get(at[-1], {})
        item[at[-1]] = there if type(there) is list else [there]
        item = item[at[-1]][0]
    system, code = (
        codes(key["set"]) if type(key) is dict else key if type(key) is list else (key, item.get("code", "1"))
    )
    item |= {"system": system, "code": code}


def mutants(rule: dict, value: Any, at: Place = ()) -> Iterator[Mutant]:
    """One for each constraint that the value is under."""
    rule = full(rule)
    if type(value) is list:
        yield from mutants_of_array(rule, value, at)
        return
    if "is" in rule:
        yield at, lambda old: "other" if type(old) is str else {}, "profile-value", at
    if "targets" in rule:
        yield at, lambda _: {"reference": "Binary/1"}, "profile-reference", at
    if "code" in rule:
        yield at, lambda _: "none", "profile-code", at
    if "coding" in rule:
        yield at, lambda old: {**old, "code": "none"}, "profile-code", at
    if "concept" in rule:
        yield at, lambda _: {"coding": [{"system": "urn:none", "code": "none"}]}, "profile-code", at
    if type(value) is dict:
        yield from mutants_of_object(rule, value, at)


def mutants_of_object(rule: dict, value: dict, at: Place) -> Iterator[Mutant]:
    for one in rule.get("need", ()):
        name, keys = (one, (one,)) if type(one) is str else (one[0].removesuffix("[x]"), one[1:])
        gone = (*keys, *(f"_{key}" for key in keys))
        yield at, lambda old, gone=gone: without(old, gone), "profile-required", (*at, name)
    barred = list(rule.get("none", ()))
    for choice, allowed in rule.get("only", {}).items():
        barred += [key for key in TABLE["choices"][choice] if key not in allowed]
    for key in barred:
        yield at, lambda old, key=key: {**old, key: "x"}, "profile-forbidden", (*at, key)
    for key, inner in rule.get("in", {}).items():
        if key in value:
            yield from mutants(inner, value[key], (*at, key))


def mutants_of_array(rule: dict, value: list, at: Place) -> Iterator[Mutant]:
    if "min" in rule:
        yield at, lambda old: old[:1], "profile-few", at
    if "max" in rule:
        yield at, lambda old: old + [{}] * rule["max"], "profile-many", at
    for index, item in enumerate(value):
        yield from mutants(without(rule, OF_ARRAYS), item, (*at, index))
    for index, one in enumerate(rule.get("slices", {"of": []})["of"][: len(value)]):
        if "min" in one:
            yield at, lambda old, index=index: old[:index] + old[index + 1 :], "profile-slice", at
        if "max" in one:
            yield at, lambda old, index=index, most=one["max"]: old + [old[index]] * most, "profile-many", at
        yield from mutants(without(one, OF_SLICES), value[index], (*at, index))


def changed(value: Any, at: Place, change: Callable[[Any], Any]) -> Any:
    if not at:
        return change(value)
    copy = value.copy()
    copy[at[0]] = changed(value[at[0]], at[1:], change)
    return copy


def judged(resource: dict) -> list[Fault] | None:
    """The faults of a resource that stands alone."""
    return profiles.check(resource, Run(resource).judge)


@pytest.mark.parametrize("profile", sorted(TABLE["profiles"]))
def test_every_constraint_refuses_its_mutant(profile: str) -> None:
    rule = TABLE["profiles"][profile]
    instance = {**thing(rule), "resourceType": rule["type"], "meta": {"profile": [TWCORE + profile]}}
    # What is warned of: departments that TW Core's own slices shut out.
    assert {one.severity for one in judged(instance) or []} <= {Severity.WARNING}
    for at, change, code, told in mutants(rule, instance):
        faults = judged(changed(instance, at, change)) or []
        assert (code, told) in {
            (one.code, (*one.place, *filter(None, [one.missing.removesuffix("[x]")]))) for one in faults
        }


def test_how_many_constraints_are_proved() -> None:
    """So that a table or a sample that became empty does not pass unseen."""
    count = sum(1 for rule in TABLE["profiles"].values() for _ in mutants(rule, thing(rule)))
    assert len(TABLE["profiles"]) == 61 and count > 6000
