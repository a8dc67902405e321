"""Faults of values: the grammar and range of every primitive, codes, references."""

import random
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from tests.mutation.walk import Place, Spot, Walk, pick, primitive

Fault = Callable[[Walk, random.Random], Place]
_TEXTS = ("string", "code", "id", "uri", "url", "canonical", "markdown", "date", "dateTime", "instant", "base64Binary")
_DAYS = ("date", "dateTime")
_NUMBERS = ("decimal", "integer", "positiveInt", "unsignedInt")


def _replaced(types: Iterable[str], *values: Any) -> Fault:
    """One of the values where an element of these types stands, or could."""
    wanted = tuple(types)

    def fault(walk: Walk, chance: random.Random) -> Place:
        return walk.put(chance, _kind(walk, chance, wanted), pick(chance, values), _plain)

    return fault


def _kind(walk: Walk, chance: random.Random, wanted: tuple[str, ...]) -> str:
    """One of these types: those that stand in the resource come first."""
    present = [one.element.type for one in walk.spots if one.element.type in wanted and _plain(one)]
    free = [one.element.type for one in walk.absent(lambda element: element.type in wanted) if _plain(one)]
    return pick(chance, present or free)


def _plain(spot: Spot) -> bool:
    """Element ids have rules of their own, and so has the url of an extension."""
    return spot.element.key != "id" and spot.node.type != "Extension"


def _changed(types: Iterable[str], change: Callable[[Any, random.Random], Any]) -> Fault:
    """A value of these types changed."""
    wanted = tuple(types)

    def fault(walk: Walk, chance: random.Random) -> Place:
        spot = pick(chance, [one for one in walk.spots if one.element.type in wanted and _plain(one)])
        return spot.put(change(spot.value, chance))

    return fault


def number_as_text(walk: Walk, chance: random.Random) -> Place:
    """ "150" for 150, "true" for true."""
    spot = pick(chance, [one for one in walk.spots if type(one.value) is not str and primitive(one.element.type)])
    return spot.put(str(spot.value).lower())


def boolean_as_number(walk: Walk, chance: random.Random) -> Place:
    """0 for false, true for 1."""
    kind = pick(chance, ["boolean", *_NUMBERS])
    return walk.put(chance, kind, pick(chance, [0, 1]) if kind == "boolean" else pick(chance, [True, False]), _plain)


def code_outside_binding(walk: Walk, chance: random.Random) -> Place:
    """A code that no required value set has, in a code, a Coding or a concept."""
    spot = pick(chance, [one for one in walk.spots if one.element.bound])
    if spot.element.type == "code":
        return spot.put(pick(chance, ["no-such-code", "zz", spot.value.swapcase() + "0"]))
    concept = spot.value
    for coding in concept["coding"] if spot.element.type == "CodeableConcept" else [concept]:
        coding["code"] = "no-such-code"
    return spot.place


def reference_target(walk: Walk, chance: random.Random) -> Place:
    """A reference to a type that is not among the targets."""
    fits = [
        one
        for one in walk.spots
        if one.element.type == "Reference" and one.element.targets and "Resource" not in one.element.targets
    ]
    spot = pick(chance, fits)
    others = ("Binary", "Basic", "Schedule", "Patient", "Claim", "Medication", "Account", "ValueSet", "Slot")
    target = pick(chance, [one for one in others if one not in spot.element.targets])
    root = pick(chance, ["", "https://fhir.example/r4/"])
    return (*spot.put({"reference": f"{root}{target}/x1"}), "reference")


def reference_target_inside(walk: Walk, chance: random.Random) -> Place:
    """The same where only the resource that it leads to says so: contained, or an entry of the same Bundle."""
    fits = [
        one
        for one in walk.spots
        if one.element.type == "Reference" and one.element.targets and "Resource" not in one.element.targets
    ]
    spot = pick(chance, fits)
    entries = walk.root.get("entry", []) if walk.place else []
    urls = [
        one["fullUrl"]
        for one in entries
        if "resource" in one and one["resource"]["resourceType"] not in spot.element.targets and "fullUrl" in one
    ]
    if urls and chance.random() < 0.7:
        return (*spot.put({"reference": pick(chance, urls)}), "reference")
    if "contained" in spot.place:
        raise LookupError("inside what is contained")
    inner = {"resourceType": "Basic", "id": "basic", "code": {"text": "x"}}
    walk.resource["contained"] = [*walk.resource.get("contained", ()), inner]
    return (*spot.put({"reference": "#basic"}), "reference")


def reference_type_said(walk: Walk, chance: random.Random) -> Place:
    """Reference.type says another type than the reference."""
    fits = [one for one in walk.spots if one.element.type == "Reference" and "Resource" not in one.element.targets]
    spot = pick(chance, [one for one in fits if one.element.targets])
    return (*spot.put({"reference": f"{pick(chance, spot.element.targets)}/x1", "type": "Basic"}), "type")


def reference_to_nothing(walk: Walk, chance: random.Random) -> Place:
    """ref-1: # leads to a contained resource, and there is none of this id."""
    spot = pick(chance, [one for one in walk.spots if one.element.type == "Reference"])
    return (*spot.put({"reference": "#no-such-resource"}), "reference")


def reference_malformed(walk: Walk, chance: random.Random) -> Place:
    """Neither an absolute URL nor type and id."""
    spot = pick(chance, [one for one in walk.spots if one.element.type == "Reference"])
    target = pick(chance, spot.element.targets) if spot.element.targets else "Patient"
    target = "Patient" if target == "Resource" else target
    wrong = pick(chance, [f"{target}/a b", f"{target}/" + "x" * 65, f"{target}/a_b", "not a reference", f"{target}/"])
    return (*spot.put({"reference": wrong}), "reference")


def id_wrong(walk: Walk, chance: random.Random) -> Place:
    """Resource ids too long, or of other characters; of contained resources too."""
    nodes = [one for one in walk.nodes if "resourceType" in one.value]
    node = pick(chance, nodes)
    node.value["id"] = pick(chance, ["x" * 65, "x" * 200, "a_b", "a/b", "a b", "甲", "", "a\u00e9"])
    return (*node.place, "id")


def element_id_wrong(walk: Walk, chance: random.Random) -> Place:
    """Element ids over 1 MB, with spaces, of another kind, empty."""
    node = pick(chance, [one for one in walk.nodes if "resourceType" not in one.value])
    node.value["id"] = pick(chance, ["", "a b", 5, True, ["a"], "x" * 1_048_577])
    return (*node.place, "id")


def element_id_twice(walk: Walk, chance: random.Random) -> Place:
    """Two elements of one id in one resource."""
    nodes = [one for one in walk.nodes if "resourceType" not in one.value and "contained" not in one.place]
    first, second = pick(chance, nodes), pick(chance, nodes)
    if first.value is second.value:
        raise LookupError("the same element")
    first.value["id"] = second.value["id"] = "twin"
    return (*max(first.place, second.place, key=str), "id")


def extension_url(walk: Walk, chance: random.Random) -> Place:
    """An extension needs a url that is one."""
    walk.put(chance, "Extension", extension := {"url": "http://fhir.example/x", "valueString": "x"})
    place = next(node.place for node in Walk(walk.root, walk.place).nodes if node.value is extension)
    wrong = pick(chance, ["", 5, "http://fhir.example/a b", None])
    if wrong is None:
        del extension["url"]
    else:
        extension["url"] = wrong
    return (*place, "url")


def uuid_wrong(walk: Walk, chance: random.Random) -> Place:
    """uuid and oid are URNs; they occur in extensions only."""
    key, wrong = pick(
        chance,
        [
            ("valueUuid", "9d4a5c42-3a3c-4b7e-8a63-000000000001"),
            ("valueUuid", "urn:uuid:9d4a5c42"),
            ("valueOid", "1.2.3"),
            ("valueOid", "urn:oid:4.1"),
            ("valueId", "a_b"),
            ("valueTime", "24:30:00"),
            ("valueTime", "9:15"),
            ("valueInteger", 2147483648),
            ("valueUnsignedInt", -1),
            ("valueCanonical", ""),
            ("valueUrl", " "),
        ],
    )
    return (*walk.put(chance, "Extension", {"url": "http://fhir.example/x", key: wrong}), key)


FAULTS = (
    number_as_text,
    boolean_as_number,
    code_outside_binding,
    reference_target,
    reference_target_inside,
    reference_type_said,
    reference_to_nothing,
    reference_malformed,
    id_wrong,
    element_id_wrong,
    element_id_twice,
    extension_url,
    uuid_wrong,
)
NAMED: dict[str, Fault] = {
    "impossible-date": _replaced(_DAYS, "2024-02-30", "2025-02-29", "2024-04-31", "1900-02-29"),
    "impossible-instant": _replaced(("dateTime", "instant"), "2023-02-29T10:00:00+08:00", "2024-06-31T00:00:00Z"),
    "time-without-zone": _replaced(("dateTime", "instant"), "2025-03-11T09:00:00", "2025-03-11T09:00:00.5"),
    "date-grammar": _replaced(
        _DAYS, "2025-3-1", "114-03-11", "1140311", "20250311", "2025/03/11", "2025-13-01", "2025-00-10", "2025-03-11 ",
        "11-03-2025", "today", "0000-01-01", "2025-03-32",
    ),
    "time-grammar": _replaced(
        ("dateTime", "instant"), "2025-03-11T09:00+08:00", "2025-03-11T25:00:00+08:00", "2025-03-11 09:00:00+08:00",
        "2025-03-11T09:60:00Z", "2025-03-11T09:00:00+15:00", "2025-03-11T09:00:00z", "2025-03-11T09:00:00.Z",
        "2025-03-11T24:00:00Z", "2025-03-11T9:00:00Z", "2025-03T09:00:00Z",
    ),
    "instant-without-time": _replaced(("instant",), "2025-03-11", "2025-03", "2025"),
    "date-with-time": _replaced(("date",), "2025-03-11T09:00:00+08:00"),
    "date-as-number": _replaced(("date", "dateTime", "instant"), 2025, 20250311),
    "not-positive": _replaced(("positiveInt",), 0, -1),
    "negative": _replaced(("unsignedInt",), -1, -2147483648),
    "integer-too-large": _replaced(("positiveInt", "unsignedInt", "integer"), 2147483648, 10**12),
    "integer-as-fraction": _replaced(("positiveInt", "unsignedInt", "integer"), Decimal("1.5"), Decimal("2.0")),
    "text-as-number": _replaced(_TEXTS, 5, Decimal("0.5"), True),
    "text-as-object": _replaced(_TEXTS, {"value": "x"}),
    "object-as-text": _replaced(("CodeableConcept", "Reference", "Period", "Identifier", "Money"), "x", 5, True),
    "empty-text": _replaced(("string", "code", "uri", "url", "canonical", "markdown", "date", "dateTime"), ""),
    "blank-token": _replaced(("code", "uri", "url", "canonical", "date", "dateTime", "instant"), " ", "\t"),
    "code-with-space": _changed(
        ("code",), lambda code, chance: pick(chance, [f" {code}", f"{code} ", f"{code}\n", f"a  {code}", f"a\t{code}"])
    ),
    "uri-with-space": _replaced(("uri", "url", "canonical"), "http://fhir.example/a b", "https://fhir.example/a\n"),
    "broken-base64": _replaced(("base64Binary",), "...", "abc", "YQ=", "YW#j", "====", "Y", "YWJj=YWJj"),
}  # fmt: skip
