"""R4's invariants that look at values, of resources that define things: value sets, questionnaires, capabilities, types."""

import re
from collections.abc import Callable, Iterable

from adapters.fhir.document import Json, child, objects, word
from adapters.fhir.faults import Fault
from adapters.fhir.invariants_claims import number, where
from adapters.fhir.invariants_presence import Family, Rule, present, told

_SLICE_NAME = re.compile(r"[a-zA-Z0-9/\-_\[\]@]+")
_STEP = r"[^\s.,:;'\"/|?!@#$%&*()\[\]{}]{1,64}"
_PATH = re.compile(rf"{_STEP}(?:\.{_STEP}(?:\[x\])?(?::[^\s.]+)?)*")
_CODED = frozenset({"code", "Coding", "CodeableConcept", "Quantity", "string", "uri"})


def distinct(element: str, *keys: str) -> Family:
    """No two objects of an array say the same under the keys."""

    def family(rule: str) -> Rule:
        faults = told(rule, "fhir-distinct", element=".".join((element, "&".join(keys))))

        def check(value: Json) -> list[Fault] | None:
            if element not in value:
                return None
            said = [tuple(word(one, key) for key in keys) for _, one in objects(value, element)]
            said = [one for one in said if any(one)]
            return faults[:] if len(set(said)) < len(said) else None

        return check

    return family


def holds(*keys: str) -> Callable[[Callable[[Json], Iterable[bool]]], Family]:
    """A family of rules of one type: a function gives for each key in turn whether its rule holds."""

    def decorate(judge: Callable[[Json], Iterable[bool]]) -> Family:
        def family(rule: str) -> Rule:
            faults = {key: Fault((), "fhir-invariant", names=(("rule", key),)) for key in keys}

            def check(value: Json) -> list[Fault] | None:
                broken = [key for key, right in zip(keys, judge(value), strict=True) if not right]
                return [faults[key] for key in broken] or None

            check.__name__ = rule
            return check

        return family

    return decorate


def _below(value: object, key: str, element: str) -> list[str]:
    """What all nested elements say under a key."""
    found, waiting = [], [value]
    while waiting:
        for _, one in objects(waiting.pop(), element):
            found.append(word(one, key))
            waiting.append(one)
    return [one for one in found if one]


def _nested_distinct(element: str, key: str) -> Family:
    """csd-1, que-2: distinct at all levels."""

    def family(rule: str) -> Rule:
        faults = told(rule, "fhir-distinct", element=f"{element}.{key}")

        def check(value: Json) -> list[Fault] | None:
            said = _below(value, key, element)
            return faults[:] if len(set(said)) < len(said) else None

        return check

    return family


@holds("cpb-3")
def _capability(value: Json) -> Iterable[bool]:
    yield value.get("kind") == "instance" or not any("endpoint" in one for _, one in objects(value, "messaging"))


@holds("eld-2", "eld-3", "eld-6", "eld-7", "eld-11", "eld-16", "eld-18", "eld-19")
def _element(value: Json) -> Iterable[bool]:
    least, most = number(value.get("min")), word(value, "max")
    types = [word(one, "code") for _, one in objects(value, "type")]
    yield least is None or not most.isdecimal() or least <= int(most[:20])
    yield not most or most == "*" or most.isdecimal()
    yield len(types) < 2 or not present("fixed[x]")(value)
    yield len(types) < 2 or not present("pattern[x]")(value)
    yield "binding" not in value or not any(types) or not _CODED.isdisjoint(types)
    yield not word(value, "sliceName") or _SLICE_NAME.fullmatch(word(value, "sliceName")) is not None
    yield value.get("isModifier") is not True or present("isModifierReason")(value)
    yield not word(value, "path") or _PATH.fullmatch(word(value, "path")) is not None


@holds("eld-12")
def _element_binding(value: Json) -> Iterable[bool]:
    yield not word(value, "valueSet") or word(value, "valueSet").startswith(("http:", "https", "urn:"))


@holds("ig-2")
def _guide(value: Json) -> Iterable[bool]:
    versions = _texts(value.get("fhirVersion"))
    resources = objects(child(value, "definition"), "resource")
    yield all(_texts(one.get("fhirVersion")) <= versions for _, one in resources)


@holds("ig-1")
def _guide_definition(value: Json) -> Iterable[bool]:
    groups = {word(one, "id") for _, one in objects(value, "grouping")}
    yield all(word(one, "groupingId") in groups for _, one in objects(value, "resource") if word(one, "groupingId"))


def _texts(items: object) -> set[str]:
    return {one for one in items if type(one) is str} if type(items) is list else set()


@holds("md-1")
def _focus(value: Json) -> Iterable[bool]:
    most = word(value, "max")
    yield not most or most == "*" or (most.isdecimal() and most.strip("0") != "")


@holds("nsd-1", "nsd-2")
def _naming(value: Json) -> Iterable[bool]:
    ids = [one for _, one in objects(value, "uniqueId")]
    preferred = [word(one, "type") for one in ids if one.get("preferred") is True]
    yield value.get("kind") != "root" or all(word(one, "type") != "uuid" for one in ids)
    yield len(set(preferred)) == len(preferred)


@holds("que-12", "que-13")
def _question(value: Json) -> Iterable[bool]:
    # The expression of R4 says more than two; its text, and R4B, say more than one.
    yield len(objects(value, "enableWhen")) < 2 or present("enableBehavior")(value)
    yield value.get("repeats") is True or len(objects(value, "initial")) <= 1


@holds(
    "sdf-1", "sdf-3", "sdf-4", "sdf-5", "sdf-8b", "sdf-9", "sdf-10", "sdf-11", "sdf-14", "sdf-15", "sdf-15a", "sdf-16",
    "sdf-17", "sdf-18", "sdf-20", "sdf-21", "sdf-23",
)  # fmt: skip
def _structure(value: Json) -> Iterable[bool]:
    snapshot = [one for _, one in objects(child(value, "snapshot"), "element")]
    differential = [one for _, one in objects(child(value, "differential"), "element")]
    roots = [one for one in snapshot + differential if "." not in word(one, "path")]
    logical, derivation = value.get("kind") == "logical", value.get("derivation")
    first, first_changed = (snapshot or [{}])[0], (differential or [{}])[0]
    ids, ids_changed = [[word(one, "id") for one in listed] for listed in (snapshot, differential)]
    paths = [word(one, "path") for one in snapshot]
    defaulted = present("defaultValue[x]")
    yield derivation == "constraint" or len(set(paths)) == len(paths)
    yield all("definition" in one and "min" in one and "max" in one for one in snapshot)
    yield value.get("abstract") is not False or "baseDefinition" in value
    yield value.get("type") != "Extension" or derivation == "specialization" or "context" in value
    yield all("base" in one for one in snapshot)
    yield all({"label", "code", "requirements"}.isdisjoint(one) for one in roots)
    yield all({"valueSet", "description"} & child(one, "binding").keys() for one in snapshot if child(one, "binding"))
    yield logical or not snapshot or word(first, "path") == word(value, "type")
    yield all("id" in one for one in snapshot + differential)
    yield logical or "type" not in first
    yield logical or "." in word(first_changed, "path") or "type" not in first_changed
    yield len(set(ids)) == len(ids)
    yield len(set(ids_changed)) == len(ids_changed)
    yield "contextInvariant" not in value or value.get("type") == "Extension"
    yield not any("slicing" in one for one in differential if "." not in word(one, "path"))
    yield derivation == "specialization" or not any(map(defaulted, differential))
    yield not any("sliceName" in one for one in roots)


@holds("tcp-1")
def _versions(value: Json) -> Iterable[bool]:
    versions = objects(value, "version")
    yield len(versions) < 2 or all("code" in one for _, one in versions)


@holds("tst-7")
def _operation(value: Json) -> Iterable[bool]:
    given = sum(key in value for key in ("targetId", "url", "params"))
    whole = word(value, "type", "code") in ("capabilities", "search", "transaction", "history")
    yield "sourceId" in value or given == 1 or whole


@holds("vsd-9")
def _contains(value: Json) -> Iterable[bool]:
    yield value.get("abstract") is True or present("code")(value)


_ANSWERED = ("choice", "open-choice", "decimal", "integer", "date", "dateTime", "time", "string", "quantity")
_SIZED = ("boolean", "decimal", "integer", "string", "text", "url", "open-choice")
_DATA = ("data-changed", "data-added", "data-modified", "data-removed", "data-accessed", "data-access-ended")
_KINDS = (
    where("kind", "instance", needed=("implementation",)),
    where("kind", "capability", needed=("software",), without=("implementation",)),
    where("kind", "requirements", without=("implementation", "software")),
)

TABLE: dict[str, tuple[tuple[str, Family], ...]] = {
    "CapabilityStatement": (
        ("cpb-3", _capability),
        ("cpb-7", distinct("document", "profile", "mode")),
        *zip(("cpb-14", "cpb-15", "cpb-16"), _KINDS, strict=True),
    ),
    "CapabilityStatement.rest": (("cpb-9", distinct("resource", "type")),),
    "CapabilityStatement.rest.resource": (("cpb-12", distinct("searchParam", "name")),),
    "CodeSystem": (("csd-1", _nested_distinct("concept", "code")),),
    "ConceptMap.group.element.target": (("cmd-1", where("equivalence", "narrower", "inexact", needed=("comment",))),),
    "ConceptMap.group.unmapped": (
        ("cmd-2", where("mode", "fixed", needed=("code",))),
        ("cmd-3", where("mode", "other-map", needed=("url",))),
    ),
    "ElementDefinition": (
        ("eld-2 eld-3 eld-6 eld-7 eld-11 eld-16 eld-18 eld-19", _element),
        ("eld-13", distinct("type", "code")),
        ("eld-14", distinct("constraint", "key")),
    ),
    "ElementDefinition.binding": (("eld-12", _element_binding),),
    "ElementDefinition.type": (
        ("eld-4", where("code", "Reference", "canonical", equal=False, without=("aggregation",))),
        ("eld-17", where("code", "Reference", "canonical", equal=False, without=("targetProfile",))),
    ),
    "ImplementationGuide": (("ig-2", _guide),),
    "ImplementationGuide.definition": (("ig-1", _guide_definition),),
    "MessageDefinition.focus": (("md-1", _focus),),
    "NamingSystem": (("nsd-1 nsd-2", _naming),),
    "OperationDefinition.parameter": (
        ("opd-2", where("type", "string", equal=False, without=("searchType",))),
        ("opd-3", where("type", "Reference", "canonical", equal=False, without=("targetProfile",))),
    ),
    "Questionnaire": (("que-2", _nested_distinct("item", "linkId")),),
    "Questionnaire.item": (
        ("que-1", where("type", "group", needed=("item",))),
        ("que-1", where("type", "display", without=("item",))),
        ("que-3", where("type", "display", without=("code",))),
        ("que-5", where("type", *_ANSWERED, equal=False, without=("answerValueSet", "answerOption"))),
        ("que-6", where("type", "display", without=("required", "repeats"))),
        ("que-8", where("type", "group", "display", without=("initial",))),
        ("que-9", where("type", "display", without=("readOnly",))),
        ("que-10", where("type", *_SIZED, equal=False, without=("maxLength",))),
        ("que-12 que-13", _question),
    ),
    "Questionnaire.item.enableWhen": (("que-7", where("operator", "exists", needed=("answerBoolean",))),),
    "SearchParameter": (("spd-2", where("type", "reference", equal=False, without=("chain",))),),
    "StructureDefinition": (
        (
            "sdf-1 sdf-3 sdf-4 sdf-5 sdf-8b sdf-9 sdf-10 sdf-11 sdf-14 sdf-15 sdf-15a sdf-16 sdf-17 sdf-18 sdf-20 "
            "sdf-21 sdf-23",
            _structure,
        ),
    ),
    "TerminologyCapabilities": tuple(zip(("tcp-3", "tcp-4", "tcp-5"), _KINDS, strict=True)),
    "TerminologyCapabilities.codeSystem": (("tcp-1", _versions),),
    "TestScript.setup.action.assert": (
        ("tst-12", where("direction", "request", without=("response", "responseCode"))),
    ),
    "TestScript.setup.action.operation": (("tst-7", _operation),),
    "TriggerDefinition": (
        ("trd-3", where("type", "named-event", needed=("name",))),
        ("trd-3", where("type", "periodic", needed=("timing[x]",))),
        ("trd-3", where("type", *_DATA, needed=("data",))),
    ),
    "ValueSet.expansion.contains": (("vsd-9", _contains),),
}
