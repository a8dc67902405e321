"""Faults against R4's invariants (https://hl7.org/fhir/R4), in narrative, and in what a resource contains."""

import random
from collections.abc import Callable
from typing import Any

from tests.mutation.walk import Place, Walk, pick

Fault = Callable[[Walk, random.Random], Place]
_XHTML = "http://www.w3.org/1999/xhtml"
_YEARS = {"system": "http://unitsofmeasure.org", "code": "a"}
_UCUM = {"unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}


def _put(kind: str, *values: Any, inside: Place = ()) -> Fault:
    """A datatype that breaks its own rule, wherever it may stand; `inside` it is the fault."""

    def fault(walk: Walk, chance: random.Random) -> Place:
        return (*walk.put(chance, kind, pick(chance, values)), *inside)

    return fault


def _narrative(*inner: str) -> Fault:
    """Content of a div; where the text begins with < and ends with > and holds a namespace it is the whole div."""

    def fault(walk: Walk, chance: random.Random) -> Place:
        text = pick(chance, inner)
        whole = text if "xmlns" in text or text.startswith("!") else f'<div xmlns="{_XHTML}">{text}</div>'
        place = walk.put(chance, "Narrative", {"status": "generated", "div": whole.removeprefix("!")})
        return (*place, "div")

    return fault


def ext_1(walk: Walk, chance: random.Random) -> Place:
    """An extension has either a value or extensions."""
    inner = {"url": "http://fhir.example/y", "valueString": "y"}
    both = {"url": "http://fhir.example/x", "valueString": "x", "extension": [inner]}
    return walk.put(chance, "Extension", pick(chance, [both, {"url": "http://fhir.example/x"}]))


def _only(kind: str, change: Callable[[dict[str, Any]], Place]) -> Fault:
    """A change to every resource of one type; it says where in it the fault is then."""

    def fault(walk: Walk, chance: random.Random) -> Place:
        if walk.type != kind:
            raise LookupError(kind)
        return (*walk.place, *change(walk.resource))

    return fault


def con_4(condition: dict[str, Any]) -> Place:
    """Abated conditions are not active."""
    condition["clinicalStatus"] = {"coding": [{"system": _CLINICAL, "code": "active"}]}
    condition["abatementDateTime"] = "2025-03-12"
    return ()


def con_5(condition: dict[str, Any]) -> Place:
    """What was entered in error has no clinical status."""
    condition["clinicalStatus"] = {"coding": [{"system": _CLINICAL, "code": "active"}]}
    condition["verificationStatus"] = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "entered-in-error"}]
    }
    return ()


_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"


def obs_6(observation: dict[str, Any]) -> Place:
    """No reason for the absence of a value that is there."""
    for key in [key for key in observation if key.startswith("value")]:
        del observation[key]
    observation |= {"valueString": "x", "dataAbsentReason": {"text": "x"}}
    return ()


def obs_7(observation: dict[str, Any]) -> Place:
    """A value of its own, and one in a component of the same code."""
    for key in [key for key in observation if key.startswith(("value", "dataAbsent"))]:
        del observation[key]
    observation["code"] = {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}
    observation |= {"valueString": "x", "component": [{"code": observation["code"], "valueString": "x"}]}
    return ()


def org_1(organization: dict[str, Any]) -> Place:
    """Neither name nor identifier."""
    for key in ("name", "_name", "identifier"):
        organization.pop(key, None)
    return ()


def org_2(organization: dict[str, Any]) -> Place:
    """Its address is never a home."""
    organization["address"] = [{"use": "home", "text": "x"}]
    return ("address", 0, "use")


def org_3(organization: dict[str, Any]) -> Place:
    """Its telephone is never at home."""
    organization["telecom"] = [{"use": "home", "system": "phone", "value": "0900"}]
    return ("telecom", 0, "use")


def pat_1(patient: dict[str, Any]) -> Place:
    """A contact with nothing to contact by."""
    patient["contact"] = [{"gender": "female"}]
    return ("contact", 0)


def cmp_1(composition: dict[str, Any]) -> Place:
    """A section without text, entries and sections."""
    composition["section"] = [{"title": "x"}]
    return ("section", 0)


def cmp_2(composition: dict[str, Any]) -> Place:
    """A section with entries has no reason for being empty."""
    composition["section"] = [{"entry": [{"display": "x"}], "emptyReason": {"text": "x"}}]
    return ("section", 0)


# Contained resources


def _contain(walk: Walk, *resources: dict[str, Any]) -> Place:
    if walk.type == "Bundle":
        raise LookupError("a Bundle contains nothing")
    before = len(walk.resource.get("contained", ()))
    walk.resource["contained"] = [*walk.resource.get("contained", ()), *resources]
    return (*walk.place, "contained", before + len(resources) - 1)


def _linked(walk: Walk, chance: random.Random, identity: str) -> None:
    """Lets the resource refer to a Location or any other resource that it contains, where its type allows it."""
    kinds = ("Location", "Resource")
    fits = [one for one in walk.spots if one.element.type == "Reference" and set(kinds) & set(one.element.targets)]
    if fits:
        pick(chance, fits).put({"reference": f"#{identity}"})
    else:
        extension = {"url": "http://fhir.example/place", "valueReference": {"reference": f"#{identity}"}}
        walk.resource["extension"] = [*walk.resource.get("extension", ()), extension]


def contained_unreferenced(walk: Walk, chance: random.Random) -> Place:
    """dom-3"""
    return _contain(walk, {"resourceType": "Location", "id": "nobody-names-me", "name": "x"})


def contained_without_id(walk: Walk, chance: random.Random) -> Place:
    """Nothing can refer to it."""
    return _contain(walk, {"resourceType": "Location", "name": "x"})


def contained_twice(walk: Walk, chance: random.Random) -> Place:
    """Two of one id."""
    place = _contain(walk, *({"resourceType": "Location", "id": "twin", "name": name} for name in "ab"))
    _linked(walk, chance, "twin")
    return place


def contained_nested(walk: Walk, chance: random.Random) -> Place:
    """dom-2"""
    inner = {"resourceType": "Organization", "id": "inner", "name": "x"}
    outer = {
        "resourceType": "Location",
        "id": "outer",
        "contained": [inner],
        "managingOrganization": {"reference": "#inner"},
    }
    place = _contain(walk, outer)
    _linked(walk, chance, "outer")
    return place


def contained_meta(walk: Walk, chance: random.Random) -> Place:
    """dom-4, dom-5"""
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
    meta = pick(chance, [{"versionId": "1"}, {"lastUpdated": "2025-03-11T09:00:00Z"}, {"security": [label]}])
    place = _contain(walk, {"resourceType": "Location", "id": "inside", "meta": meta})
    _linked(walk, chance, "inside")
    return place


def contained_type(walk: Walk, chance: random.Random) -> Place:
    """A contained resource of no R4 type, or of none."""
    resource = pick(chance, [{"resourceType": "Kassenbon", "id": "odd"}, {"id": "odd", "name": "x"}])
    place = _contain(walk, resource)
    _linked(walk, chance, "odd")
    return place


FAULTS = (
    ext_1,
    contained_unreferenced,
    contained_without_id,
    contained_twice,
    contained_nested,
    contained_meta,
    contained_type,
)
NAMED: dict[str, Fault] = {
    "period-backwards": _put(
        "Period",
        {"start": "2025-03-12", "end": "2025-03-11"},
        {"start": "2025-03-11T09:00:00+08:00", "end": "2025-03-11T08:59:59+08:00"},
        {"start": "2025-03-11T09:00:00+08:00", "end": "2025-03-11T00:59:59Z"},
        {"start": "2025-04", "end": "2025-03"},
        {"start": "2026", "end": "2025"},
        {"start": "2025-03-11T09:00:00.5Z", "end": "2025-03-11T09:00:00.25Z"},
    ),
    "att-1": _put("Attachment", {"data": "YQ=="}, {"data": "YQ==", "title": "x"}),
    "qty-3": _put("Quantity", {"value": 1, "code": "mg"}, {"value": 1, "unit": "mg", "code": "mg"}),
    "sqty-1": _put("SimpleQuantity", {"value": 1, "comparator": "<", **_UCUM}, inside=("comparator",)),
    "rng-2": _put("Range", {"low": {"value": 2, **_UCUM}, "high": {"value": 1, **_UCUM}}),
    "rat-1": _put("Ratio", {"numerator": {"value": 1}}, {"denominator": {"value": 1}}),
    "cpt-2": _put("ContactPoint", {"value": "0900-000-000"}, {"value": "x", "use": "home"}),
    "drt-1": _put("Duration", {"value": 2, "system": "http://x.example", "code": "d"}, {**_YEARS}),
    "age-1": _put("Age", {"value": 2}, {"value": -2, **_YEARS}, {"value": 2, "system": "http://x.example", "code": "a"}),
    "timing": _put(
        "Timing",
        *(
            {"repeat": repeat}
            for repeat in (
                {"duration": 1},
                {"period": 1},
                {"duration": -1, "durationUnit": "h"},
                {"period": -1, "periodUnit": "h"},
                {"periodMax": 1},
                {"durationMax": 1},
                {"countMax": 1},
                {"offset": 5},
                {"when": ["MORN"], "timeOfDay": ["09:00:00"]},
            )
        ),
        inside=("repeat",),
    ),
    "currency": _put("Money", {"value": 1, "currency": "NTD"}, {"value": 1, "currency": "twd"}, inside=("currency",)),
    **{
        rule.__name__.replace("_", "-"): _only(kind, rule)
        for kind, rules in {
            "Condition": (con_4, con_5),
            "Observation": (obs_6, obs_7),
            "Organization": (org_1, org_2, org_3),
            "Patient": (pat_1,),
            "Composition": (cmp_1, cmp_2),
        }.items()
        for rule in rules
    },
    "narrative-script": _narrative(
        "<script>x</script>", "<p>x<script/></p>", '<p onclick="x()">x</p>', '<iframe src="x"/>', "<form>x</form>",
        "<object>x</object>", "<style>p {}</style>", '<link rel="x"/>', "<input/>", "<p>x</p><embed/>",
        '<meta charset="x"/>', "<video>x</video>", '<p data-x="1">x</p>', "<base/>",
    ),
    "narrative-broken": _narrative(
        "<p>x", "<p>x</b>", "<p>x</div>", "<br>", "a & b", "a < b", "<p class=x>x</p>", '<p class="a" class="b">x</p>',
        "&nosuch;", "&reg;", "&copy;x", "<p>x</p", "<!-- x -- x -->", "<p>&#xD800;</p>", "<P>x</p>",
    ),
    "narrative-dtd": _narrative(
        '!<!DOCTYPE div [<!ENTITY x SYSTEM "file:///etc/passwd">]><div xmlns="http://www.w3.org/1999/xhtml">&x;</div>',
        '<!DOCTYPE foo [<!ENTITY x "y">]>&x;', "<!DOCTYPE html>x", '<!ENTITY x "y">x',
    ),
    "narrative-root": _narrative(
        "!<div>x</div>", f'!<p xmlns="{_XHTML}">x</p>', "!x", '!<div xmlns="http://www.w3.org/2000/svg">x</div>',
        f'!<div xmlns="{_XHTML}">x</div><div xmlns="{_XHTML}">y</div>', f'!<html xmlns="{_XHTML}"><body>x</body></html>',
        '!<div xmlns="">x</div>', f'!<div xmlns="{_XHTML}">x</div>tail',
    ),
    "narrative-empty": _narrative("", "   ", "<p></p>", "<p> </p><br/>", "\n\t"),
}  # fmt: skip
