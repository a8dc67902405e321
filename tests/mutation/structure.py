"""Faults of structure: what stands where, how often, and whether there is anything in it at all."""

import random
from typing import Any

from tests.mutation.walk import Place, Spot, Walk, definitions, pick, primitive

SAMPLES: dict[str, Any] = {  # a right value of types that a choice may have
    "boolean": True, "string": "x", "integer": 1, "unsignedInt": 1, "decimal": 1, "date": "2025-03-11",
    "dateTime": "2025-03-11", "time": "09:00:00", "Period": {"start": "2025-03-11"}, "CodeableConcept": {"text": "x"},
    "Reference": {"display": "x"}, "Quantity": {"value": 1}, "SimpleQuantity": {"value": 1}, "Identifier": {"value": "x"},
    "Range": {"low": {"value": 1}}, "Attachment": {"title": "x"}, "Address": {"text": "x"}, "Timing": {"code": {"text": "x"}},
    "Money": {"value": 1, "currency": "TWD"}, "Age": {"value": 1, "system": "http://unitsofmeasure.org", "code": "a"},
}  # fmt: skip


def required_removed(walk: Walk, chance: random.Random) -> Place:
    """Elements with a cardinality from 1, choices included."""
    spot = pick(chance, [one for one in walk.spots if one.element.required])
    del spot.node.value[spot.element.key]
    spot.node.value.pop(f"_{spot.element.key}", None)
    return (*spot.node.place, spot.element.name.removesuffix("[x]"))


def resource_type_wrong(walk: Walk, chance: random.Random) -> Place:
    """None, of another case, of an abstract type, of no type at all."""
    del walk.resource["resourceType"]
    if wrong := pick(chance, [None, "patient", "Resource", "DomainResource", "Period", "Kassenbon", 5]):
        walk.resource["resourceType"] = wrong
    return walk.place


def unknown_element(walk: Walk, chance: random.Random) -> Place:
    """Invented names, those of another case, of a parser's own language, of older versions."""
    node = pick(chance, walk.nodes)
    known = pick(chance, [key for key in node.value if key != "resourceType"])
    names = ["colour", known.upper(), f"{known}s", f"{known}_fhir", f"{known}__ext", "fhir_comments", "resource_type"]
    names += ["modifierExtension", "_resourceType"] + ["resourceType"] * ("resourceType" not in node.value)
    key = pick(chance, [one for one in names if one not in definitions()[node.type]])
    node.value[key] = pick(chance, ["x", ["x"], node.value[known]])
    return (*node.place, key)


def array_or_single(walk: Walk, chance: random.Random) -> Place:
    """One value where R4 wants an array, an array where it wants one value."""
    spot = pick(chance, walk.spots)
    value = spot.node.value[spot.element.key]
    spot.node.value[spot.element.key] = value[0] if spot.element.many else [value]
    return (*spot.node.place, spot.element.key)


def two_of_a_choice(walk: Walk, chance: random.Random) -> Place:
    """A second type of an element that is there in one."""
    pairs = [
        (spot.node, other)
        for spot in walk.spots
        if spot.element.choice
        for other in definitions()[spot.node.type].values()
        if other.name == spot.element.name and other.key != spot.element.key and other.type in SAMPLES
    ]
    node, other = pick(chance, pairs)
    node.value[other.key] = SAMPLES[other.type]
    return (*node.place, other.name.removesuffix("[x]"))


def type_not_of_the_choice(walk: Walk, chance: random.Random) -> Place:
    """A type that the choice does not have."""
    choices = [
        (spot.node, spot.element.name.removesuffix("[x]"), spot.element.key)
        for spot in [*walk.spots, *walk.absent(lambda element: element.choice)]
        if spot.element.choice
    ]
    node, stem, key = pick(chance, choices)
    kinds = [one for one in (*SAMPLES, "Narrative", "Meta", "BackboneElement") if one != "SimpleQuantity"]
    if node.type == "Extension":
        kinds = ["Narrative", "BackboneElement", "Resource", "SimpleQuantity", "xhtml"]
    free = [kind for kind in kinds if f"{stem}{kind[0].upper()}{kind[1:]}" not in definitions()[node.type]]
    kind = pick(chance, free)
    node.value.pop(key, None)
    node.value[wrong := f"{stem}{kind[0].upper()}{kind[1:]}"] = SAMPLES.get(kind, {"id": "a"})
    return (*node.place, wrong)


def empty_array(walk: Walk, chance: random.Random) -> Place:
    """An array with nothing in it."""
    spot = _either(walk, chance, lambda spot: spot.element.many)
    spot.node.value[spot.element.key] = []
    return (*spot.node.place, spot.element.key)


def empty_object(walk: Walk, chance: random.Random) -> Place:
    """An element with nothing in it."""
    spot = _either(walk, chance, lambda spot: not primitive(spot.element.type) and spot.element.type != "Resource")
    return _set(spot, {})


def only_an_id(walk: Walk, chance: random.Random) -> Place:
    """ele-1: an id is neither a value nor a child."""
    spot = _either(walk, chance, lambda spot: not primitive(spot.element.type) and spot.element.type != "Resource")
    return _set(spot, {"id": "a"})


def null_value(walk: Walk, chance: random.Random) -> Place:
    """null for an element, or in an array without a sibling that fills it."""
    spot = _either(walk, chance, lambda spot: not _has_sibling(spot))
    if spot.index is None or chance.random() < 0.5:
        spot.node.value[spot.element.key] = None
        return (*spot.node.place, spot.element.key)
    return _set(spot, None)


def sibling_of_no_primitive(walk: Walk, chance: random.Random) -> Place:
    """`_name` beside what is an object already."""
    spot = pick(chance, [one for one in walk.spots if not primitive(one.element.type)])
    spot.node.value[f"_{spot.element.key}"] = [{"id": "a"}] if spot.element.many else {"id": "a"}
    return (*spot.node.place, spot.element.key)


def sibling_wrong(walk: Walk, chance: random.Random) -> Place:
    """A sibling that is null, empty, longer than its array, of another kind; nulls on both sides."""
    fits = [one for one in walk.spots if primitive(one.element.type) and not _has_sibling(one) and _extensible(one)]
    spot = pick(chance, fits)
    node, key = spot.node.value, spot.element.key
    place = (*spot.node.place, key)
    if not spot.element.many:
        wrong: list[Any] = [None, {}, [], "x", [{"id": "a"}], {"extension": []}, {"extension": [{}]}, {"value": "x"}]
        node[f"_{key}"] = chosen = pick(chance, wrong)
        return (
            *place,
            *(("extension", 0) if chosen == {"extension": [{}]} else chosen if type(chosen) is dict else ()),
        )
    count = len(node[key])
    extra = {"id": "a"}
    wrong = [
        [],
        None,
        extra,
        [extra] + [None] * count,
        [{}] + [None] * (count - 1),
        ["x"] * count,
        [None] * (count + 1),
    ]
    node[f"_{key}"] = chosen = pick(chance, wrong)
    if chosen == [None] * (count + 1):
        node[key] = [*node[key], None]
    return (*place, 0) if type(chosen) is list and chosen[:1] in ([{}], ["x"]) else place


def _extensible(spot: Spot) -> bool:
    """Resource ids, element ids, an extension's url and narrative are attributes or XML, and have no extensions."""
    return spot.element.key not in ("id", "div") and not (spot.node.type == "Extension" and spot.element.key == "url")


def _has_sibling(spot: Spot) -> bool:
    return f"_{spot.element.key}" in spot.node.value


def _either(walk: Walk, chance: random.Random, wanted: Any) -> Spot:
    """A place where something stands, or one where something could."""
    spots = [one for one in walk.spots if wanted(one)]
    if not spots or chance.random() < 0.3:
        spots = [one for one in walk.absent(lambda element: True) if wanted(one)]
    return pick(chance, spots)


def _set(spot: Spot, value: Any) -> Place:
    if spot.element.key in spot.node.value:
        return spot.put(value)
    spot.node.value[spot.element.key] = [value] if spot.element.many else value
    return spot.place


FAULTS = (
    required_removed,
    resource_type_wrong,
    unknown_element,
    array_or_single,
    two_of_a_choice,
    type_not_of_the_choice,
    empty_array,
    empty_object,
    only_an_id,
    null_value,
    sibling_of_no_primitive,
    sibling_wrong,
)
