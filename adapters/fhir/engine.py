"""THE validator of R4 4.0.1: a walk over plain JSON values, driven by the tables of `definitions`.

Made for what is right. A check gives None when all is well, else the faults of its value with places relative to it;
whoever called it puts its own token before them, so that right content builds no places. Objects of one type with the
same keys share a plan: what is unknown, missing, exclusive or empty is decided once for a shape; what remains is to
check each value.

Policy. Of a required binding the code is in the value set; of a CodeableConcept one coding is, unless an extension says
why there is none (data-absent-reason): text alone is refused. The value sets that `definitions.open_sets` names are not
listed; their codes are checked by grammar. `Element.id`, `Resource.id` and `Extension.url` are no elements and have no
`_id` or `_url`. An element that only has an id is empty (ele-1); no two elements of a resource have the same id.
"""

from collections.abc import Callable
from functools import cache, cached_property
from heapq import nsmallest
from itertools import zip_longest
from typing import NamedTuple

from adapters.fhir import definitions, invariants, narrative, profiles, references
from adapters.fhir.definitions import Element, Typed
from adapters.fhir.faults import ENOUGH, FULL, Fault, Faults, first
from adapters.fhir.parsed import Json, Parsed
from adapters.fhir.primitives import CHECKS, KNOWN_LIMIT, MEDIA_TYPE, coded, told, wrong
from adapters.fhir.run import ANY, Run, twins
from adapters.json_text import is_name

Found = list[Fault] | None  # never an empty list; not to be changed by who gets it: a rule gives the same one again
Check = Callable[[object, Run], Found]
Rule = Callable[[Json], Found]

PLAN_LIMIT = 512  # shapes remembered a type: a sender has a handful, a hostile one as many as it likes
_CONCEPT = frozenset({"coding", "text"})  # of these and those a concept is texts alone
_CODING = frozenset({"system", "version", "code", "display"})
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def validate(value: Json, faults: Faults) -> Parsed:
    """Checks a resource of any type (of a Bundle all inside it) and puts what is wrong into `faults`. Never raises."""
    run = Run(value)
    found = [*(_resource(value, run) or ()), *(references.check(run.parsed) or ())]
    faults.take(first(found)[0])
    return run.parsed


class _Pair(NamedTuple):
    """A primitive element with a sibling `_x` for its id and extensions."""

    key: str
    test: Check
    many: bool


class _Plan(NamedTuple):
    """What there is to check of objects of one shape, and what is wrong with the shape itself."""

    tests: tuple[tuple[str, Check], ...]
    pairs: tuple[_Pair, ...] = ()
    faults: tuple[Fault, ...] = ()


class _Field:
    """What may stand under a key: the element, one value's check and that of the whole."""

    def __init__(self, element: Element, typed: Typed) -> None:
        self.element = element.name
        self.many = element.many
        self.extensible = typed.name in CHECKS and not typed.name.startswith("System.")  # it may have a sibling `_x`
        self._typed = typed

    @cached_property
    def one(self) -> Check:
        return _test(self._typed, self.element == "contained")

    @cached_property
    def test(self) -> Check:
        return _many(self.one) if self.many else self.one


class _Kind:
    """A type: its fields by JSON key, its invariants, its plans; found when first needed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_resource = definitions.lineage(name)[0] == "Resource"
        self.plans: dict[tuple[str, ...], _Plan] = {}
        self.check = _object(self)

    @cached_property
    def fields(self) -> dict[str, _Field]:
        elements = definitions.elements(self.name).values()
        found = {key: _Field(element, typed) for element in elements for key, typed in element.forms()}
        if self.is_resource:
            typed = Typed("System.id", "", frozenset())  # the name of a type is written like an id
            found["resourceType"] = _Field(Element("resourceType", True, False, (typed,)), typed)
        return found

    @cached_property
    def required(self) -> tuple[str, ...]:
        return tuple(element.name for element in definitions.elements(self.name).values() if element.required)

    @cached_property
    def shape_rules(self) -> tuple[Rule, ...]:
        return tuple(rule for name in definitions.lineage(self.name) for rule in invariants.SHAPES.get(name, ()))

    def plan(self, value: Json) -> _Plan:
        """The plan of an object's shape. Only those without faults are remembered: there is an end to their size."""
        fields = self.fields
        tests, pairs, unknown = [], [], []
        given: dict[str, set[str]] = {}  # by element the keys that say it: two are two types of a choice
        for key in value:
            name = key.removeprefix("_")
            field = fields.get(name)
            if field is None or (name != key and not field.extensible):
                unknown.append(key)
                continue
            given.setdefault(field.element, set()).add(name)
            if name != key:
                pairs.append(_Pair(name, field.one, field.many))
            elif f"_{key}" not in value or not field.extensible:
                tests.append((key, field.test))
        plan = _Plan(tuple(tests), tuple(pairs), tuple(self._faults(value, given, unknown)))
        if not plan.faults:
            if len(self.plans) >= PLAN_LIMIT:
                self.plans.clear()
            self.plans[tuple(value)] = plan
        return plan

    def _faults(self, value: Json, given: dict[str, set[str]], unknown: list[str]) -> list[Fault]:
        """What the keys of an object alone say is wrong."""
        if not value or (tuple(value) == ("id",) and self.name != "Element" and not self.is_resource):
            return told("fhir-empty")
        # A key is named only if it looks like an element's name and not like data.
        found = [Fault((key,) if is_name(key) else (), "fhir-unknown-element") for key in nsmallest(ENOUGH, unknown)]
        found += [Fault((), "fhir-required", element) for element in self.required if element not in given]
        found += [Fault((), "fhir-choice", element) for element, keys in given.items() if len(keys) > 1]
        if self.name == "Extension" and not unknown and ("value[x]" in given) == ("extension" in given):
            found.append(Fault((), "fhir-extension"))
        return found + [fault for rule in self.shape_rules for fault in rule(value) or ()]


@cache
def _kind(name: str) -> _Kind:
    return _Kind(name)


def _object(kind: _Kind) -> Check:
    plans = kind.plans
    rules = tuple(rule for name in definitions.lineage(kind.name) for rule in invariants.VALUES.get(name, ()))

    def check(value: object, run: Run) -> Found:
        if type(value) is not dict:
            return wrong(value, "object")
        tests, pairs, faults = plans.get(tuple(value)) or kind.plan(value)
        found: Found = None
        for key, test in tests:
            if (below := test(value[key], run)) is not None:
                found = _inside(key, below) if found is None else found + _inside(key, below)
        for rule in rules:
            if (broken := rule(value)) is not None:
                found = broken if found is None else found + broken
        if pairs or faults:
            beside = [fault for pair in pairs for fault in _paired(value, pair, run)]
            found = [*(found or ()), *beside, *faults] or None
        return found

    return check


def _inside(token: str | int, found: Found) -> list[Fault]:
    """Faults of a value, with its key or number before their places."""
    return [Fault((token, *place), *rest) for place, *rest in found or ()]


def _many(test: Check) -> Check:
    def check(items: object, run: Run) -> Found:
        if type(items) is not list:
            return told("fhir-null" if items is None else "fhir-array")
        if not items:
            return told("fhir-empty")
        found: list[Fault] = []
        for index, item in enumerate(items):
            if (below := test(item, run)) is not None:
                found += _inside(index, below)
                if len(found) > FULL:
                    found, enough = first(found)
                    if enough:
                        break
        return found or None

    return check


def _paired(value: Json, pair: _Pair, run: Run) -> list[Fault]:
    """The faults of a primitive element and its sibling."""
    beside = f"_{pair.key}"
    element = _kind("Element").check
    if not pair.many:
        found = _inside(beside, element(value[beside], run))
        if pair.key in value:
            return found + _inside(pair.key, pair.test(value[pair.key], run))
        return [*found, Fault((beside,), "fhir-empty")] if _says_nothing(value[beside]) else found
    arrays = {key: value[key] for key in (pair.key, beside) if key in value}
    if found := [fault for key, items in arrays.items() for fault in _inside(key, _many(_any)(items, run))]:
        return found
    return _paired_arrays(pair, value.get(pair.key), value[beside], run)  # type: ignore[arg-type]


def _paired_arrays(pair: _Pair, items: list[object] | None, extras: list[object], run: Run) -> list[Fault]:
    """Arrays of one length; where one has null the other does not."""
    beside = f"_{pair.key}"
    element = _kind("Element").check
    found: list[Fault] = []
    if items is not None and len(items) != len(extras):
        found.append(Fault((pair.key,), "fhir-sibling"))
    for index, (item, extra) in enumerate(zip_longest(items or (), extras)):
        if item is not None:
            found += _inside(pair.key, _inside(index, pair.test(item, run)))
        elif extra is None or _says_nothing(extra):
            found.append(Fault((beside if items is None else pair.key, index), "fhir-null"))
        if extra is not None:
            found += _inside(beside, _inside(index, element(extra, run)))
        if len(found) > FULL:
            found, enough = first(found)
            if enough:
                break
    return found


def _says_nothing(extra: object) -> bool:
    """Whether a sibling without value says nothing: an id alone."""
    return type(extra) is dict and tuple(extra) == ("id",)


def _any(value: object, run: Run) -> Found:
    return None


@cache
def _test(typed: Typed, contained: bool = False) -> Check:
    """The check of one value of a type."""
    name = typed.name
    if typed.binding:
        return _bound(name, typed.binding)
    if name == "Resource":
        return _contained if contained else _resource
    if name == "Reference":
        return _reference(typed.targets)
    if name == "Identifier":
        return _identifier()
    if name == "CodeableConcept":
        return _concept()
    special: dict[str, Check] = {"xhtml": _xhtml, "System.string": _element_id}
    return special.get(name) or CHECKS.get(name) or _kind(name).check


def _bound(name: str, value_set: str) -> Check:
    """A code, or a concept, with a required binding."""
    systems = definitions.codes(value_set)
    if name == "code":
        if systems is None:
            return MEDIA_TYPE if value_set == "mimetypes" else CHECKS["code"]
        return coded(frozenset[str]().union(*systems.values()), value_set)
    concept = _test(Typed(name, "", frozenset()))
    if systems is None:
        return concept
    allowed = {(system, code) for system, listed in systems.items() for code in listed}

    def check(value: object, run: Run) -> Found:
        found = concept(value, run)
        if found is not None:
            return found
        codings, extensions = value.get("coding", ()), value.get("extension", ())  # type: ignore[attr-defined]
        if any((one.get("system"), one.get("code")) in allowed for one in codings):
            return None
        return None if any(one["url"] == _ABSENT for one in extensions) else told("fhir-code", value_set=value_set)

    return check


def _concept() -> Check:
    """A CodeableConcept. Those of one coding come again and again: what was right is remembered as a whole."""
    plain = _kind("CodeableConcept").check
    known: set[tuple[object, ...]] = set()

    def check(value: object, run: Run) -> Found:
        try:
            (coding,) = value["coding"]  # type: ignore[index]
            # With their number the keys can be told from the values: no other concept makes the same tuple.
            whole = (len(value), *value, value.get("text"), *coding, *coding.values())  # type: ignore
            if whole in known:
                return None
        except (AttributeError, KeyError, TypeError, ValueError):  # not of that kind
            return plain(value, run)
        found = plain(value, run)
        if found is None and _CONCEPT.issuperset(value) and _CODING.issuperset(coding):  # type: ignore[arg-type]
            if len(known) >= KNOWN_LIMIT:
                known.clear()
            known.add(whole)
        return found

    return check


def _reference(targets: frozenset[str]) -> Check:
    plain = _kind("Reference").check
    right = (targets or definitions.resources()) | {ANY}

    def check(value: object, run: Run) -> Found:
        if type(value) is not dict:
            return wrong(value, "object")
        run.here.references.append((value, run.within))
        written = value.get("reference")
        if len(value) == 1 and type(written) is str and run.leads.get(written) in right:  # most are no more than this
            return None
        found = plain(value, run)
        faults = run.judge(value, targets)
        return found if faults is None else faults if found is None else found + faults

    return check


def _identifier() -> Check:
    plain = _kind("Identifier").check

    def check(value: object, run: Run) -> Found:
        if type(value) is dict:
            run.here.identifiers.append((value, run.within))
        return plain(value, run)

    return check


def _xhtml(value: object, run: Run) -> Found:
    if type(value) is not str:
        return wrong(value, "xhtml")
    return narrative.check(value) if value and not value.isspace() else told("fhir-empty")


def _element_id(value: object, run: Run) -> Found:
    if type(value) is str:
        run.ids.append(value)
    return CHECKS["System.string"](value, run)


def _resource(value: object, run: Run) -> Found:
    """A resource that stands by itself."""
    if (kind := _resource_kind(value)) is None:
        return _no_resource(value)
    outer = run.enter(value)  # type: ignore[arg-type]
    found = _whole(kind, value, run)  # type: ignore[arg-type]
    run.leave(outer)
    return found


def _contained(value: object, run: Run) -> Found:
    if type(value) is dict:
        run.here.contained.append(value)
    if (kind := _resource_kind(value)) is None:
        return _no_resource(value)
    outer, run.within, run.ids = (run.within, run.ids), value, []  # type: ignore[assignment]
    found = _whole(kind, value, run)  # type: ignore[arg-type]
    run.within, run.ids = outer
    return found


def _resource_kind(value: object) -> _Kind | None:
    name = value.get("resourceType") if type(value) is dict else None
    return _kind(name) if type(name) is str and name in definitions.resources() else None


def _no_resource(value: object) -> Found:
    return told("fhir-resource-type") if type(value) is dict else wrong(value, "object")


def _whole(kind: _Kind, value: Json, run: Run) -> Found:
    """A resource, then what it is as a whole: the profiles that it names, the ids of its elements."""
    found = kind.check(value, run)
    meta = value.get("meta")
    if type(meta) is dict and "profile" in meta and (faults := profiles.check(value, run.judge)) is not None:
        found = faults if found is None else found + faults
    # The snapshot of a StructureDefinition and its differential have elements of the same ids.
    if len(run.ids) > len(set(run.ids)) and kind.name != "StructureDefinition":
        found = (found or []) + twins(value, run.ids)
    return found
