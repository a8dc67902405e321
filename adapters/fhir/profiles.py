"""What `meta.profile` names: the profiles of TW Core 0.3.x (definitions/twcore.json) and iClaim (iclaim_profiles).

A profile's rules are compiled into closures when it is first named. A closure takes a value of any JSON kind (and who
knows what references lead to) and gives None when all is well, else faults with places relative to the value; a value
of the wrong kind is the engine's to tell.
Only what a profile adds to R4 is looked at. Slicing is open: what is in no slice is as the element itself allows.
"""

import json
import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from pathlib import Path
from sys import maxsize
from typing import Any

from adapters.fhir import iclaim_profiles
from adapters.fhir.document import ICLAIM, objects, word
from adapters.fhir.faults import FULL, Fault, first
from adapters.fhir.profile_rules import RULES, Judge, astray
from schemas.problems import Severity

Check = Callable[[Any, Judge], list[Fault] | None]
Rule = dict[str, Any]

_TABLE = Path(__file__).parent / "definitions" / "twcore.json"
_TWCORE = "https://twcore.mohw.gov.tw/ig/twcore/StructureDefinition/"
_ICLAIM = f"{ICLAIM}/StructureDefinition/"
_VERSIONS = {_TWCORE: re.compile(r"(0\.3\.[0-9]+)?"), _ICLAIM: re.compile(r"((0\.1|1\.0)\.[0-9]+)?")}  # or none told
_HL7 = "http://hl7.org/fhir/StructureDefinition/"  # what R4 itself defines is the engine's
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_CANONICALS = 512  # texts of meta.profile remembered: the profiles of both guides, each with some versions


def check(resource: dict[str, object], judge: Judge) -> list[Fault] | None:
    """The faults of a resource under every profile that its meta.profile names; None when there are none."""
    meta = resource.get("meta")
    named = meta.get("profile") if type(meta) is dict else None
    if type(named) is not list:
        return None
    faults: list[Fault] | None = None
    for index, canonical in enumerate(named):
        if type(canonical) is not str:
            continue
        of_type, checks = _profile(canonical)
        place = ("meta", "profile", index)
        if checks is None:
            faults = _and(faults, [Fault(place, "profile-unknown")])
        elif of_type and of_type != resource.get("resourceType"):
            faults = _and(faults, [_fault("profile-type", _name(canonical), place, expected=of_type)])
        elif found := checks(resource, judge):
            faults = _and(faults, found)
    return faults


@lru_cache(maxsize=_CANONICALS)
def _profile(canonical: str) -> tuple[str, Check | None]:
    """(resource type, check) of a profile; no check when it, or the version that is named, is not known."""
    address, _, version = canonical.partition("|")
    name = _name(canonical)
    if address.startswith(_HL7):
        return "", _nothing
    guide = address.removesuffix(name)
    if guide not in _VERSIONS or not _VERSIONS[guide].fullmatch(version):
        return "", None
    if guide == _ICLAIM:
        return iclaim_profiles.PROFILES.get(name, ("", None))
    known = _table()["profiles"].get(name)
    return (known["type"], _of_twcore(name) or _nothing) if known else ("", None)


def _name(canonical: str) -> str:
    return canonical.partition("|")[0].rpartition("/")[2]


def _nothing(_: object, __: Judge) -> None:
    return None


@cache
def _table() -> dict[str, Any]:
    return json.loads(_TABLE.read_text("utf-8"))


@cache
def _of_twcore(name: str) -> Check | None:
    """The check of a profile of a resource or data type."""
    table = _table()
    return _value(table["profiles"].get(name) or table["types"].get(name, {}), name)


def _fault(code: str, profile: str, place: tuple[str | int, ...] = (), missing: str = "", **names: str | int) -> Fault:
    return Fault(place, code, missing, None, (("profile", profile), *names.items()))


def _and(faults: list[Fault] | None, more: list[Fault]) -> list[Fault]:
    """`more` behind what there is already. A check may give the same list again and again: it is not written into."""
    if faults is None:
        return more.copy()
    faults += more
    return faults


def _below(found: list[Fault], token: str | int) -> list[Fault]:
    return [Fault((token, *one.place), *one[1:]) for one in found]


def _all(checks: list[Check]) -> Check | None:
    """One check of several."""
    if len(checks) < 2:
        return checks[0] if checks else None

    def every(value: Any, judge: Judge) -> list[Fault] | None:
        faults: list[Fault] | None = None
        for one in checks:
            if found := one(value, judge):
                faults = _and(faults, found)
        return faults

    return every


def _value(rule: Rule, profile: str) -> Check | None:
    """The check of one value: an object rule, pattern, binding, targets, profile of its type."""
    checks = [_object(rule, profile)] if {"need", "none", "only", "rules", "in"} & rule.keys() else []
    if "is" in rule:
        checks.append(_pattern(rule["is"], profile))
    for kind in ("code", "coding", "concept"):
        if kind in rule:
            checks.append(_binding(kind, rule[kind], profile))
    if "targets" in rule:
        checks.append(_targets(rule["targets"], profile))
    if "as" in rule and (named := _of_twcore(rule["as"])):
        checks.append(named)
    return _all(checks)


def _object(rule: Rule, profile: str) -> Check:
    single, choices = [], []
    for one in rule.get("need", ()):
        key = one if type(one) is str else one[0]
        absent = [_fault("profile-required", profile, missing=key)]
        if type(one) is str:
            single.append((key, f"_{key}", absent))
        else:
            choices.append((frozenset(one[1:]) | {f"_{each}" for each in one[1:]}, absent))
    barred = set(rule.get("none", ()))
    for choice, allowed in rule.get("only", {}).items():
        barred |= set(_table()["choices"][choice]) - set(allowed)
    barred_keys = frozenset(barred | {f"_{key}" for key in barred})
    rules = [_invariant(key, profile) for key in rule.get("rules", ())]
    inside = [(key, each) for key, inner in rule.get("in", {}).items() if (each := _element(inner, profile))]

    def check_object(value: Any, judge: Judge) -> list[Fault] | None:
        if type(value) is not dict:
            return None
        faults: list[Fault] | None = None
        for key, beside, absent in single:
            if key not in value and beside not in value:
                faults = _and(faults, absent)
        for keys, absent in choices:
            if keys.isdisjoint(value):
                faults = _and(faults, absent)
        if barred_keys and not barred_keys.isdisjoint(value):
            faults = _and(faults, [_fault("profile-forbidden", profile, (key,)) for key in barred_keys & value.keys()])
        for holds, broken in rules:
            if not holds(value, judge):
                faults = _and(faults, broken)
        for key, inner in inside:
            if key in value and (found := inner(value[key], judge)):
                faults = _and(faults, _below(found, key))
        return faults

    def check_one(value: Any, judge: Judge) -> list[Fault] | None:
        if type(value) is dict and only in value and (found := below(value[only], judge)):
            return _below(found, only)
        return None

    if len(inside) == 1 and not (single or choices or rules or barred_keys):
        only, below = inside[0]
        return check_one
    return check_object


def _invariant(key: str, profile: str) -> tuple[Callable[[dict[str, object], Judge], bool], list[Fault]]:
    rule = RULES[key]
    holds: Any = rule.holds if rule.judges else lambda value, _: rule.holds(value)
    names = (("profile", profile), ("rule", key), ("label", rule.label), ("label_en", rule.label_en))
    return holds, [Fault((), "profile-rule", severity=rule.severity, names=names)]


def _element(rule: Rule, profile: str) -> Check | None:
    """The check of what stands under a key: one value, or an array of them."""
    one = _value(rule, profile)
    slices = _slices(rule["slices"], profile) if "slices" in rule else None
    least, most = rule.get("min", 0), rule.get("max", 0)
    few = [_fault("profile-few", profile, count=least)]
    many = [_fault("profile-many", profile, count=most, what="此欄位", what_en="of this element")]

    def check_element(value: Any, judge: Judge) -> list[Fault] | None:
        if type(value) is not list:
            return one(value, judge) if one else None
        faults = slices(value, judge) if slices else None
        if one:
            for index, item in enumerate(value):
                if found := one(item, judge):
                    faults = _and(faults, _below(found, index))
                    if len(faults) > FULL:
                        faults, enough = first(faults)
                        if enough:
                            break
        if len(value) < least:
            faults = _and(faults, few)
        elif most and len(value) > most:
            faults = _and(faults, many)
        return faults

    return check_element if one or slices or least or most else None


def _slices(rule: Rule, profile: str) -> Check:
    """The check of a sliced array: which slices each item is in, what holds in them, how many there are."""
    by_key: dict[str, Any] = {}
    inner, least, limits, many = [], [], [], []
    for number, one in enumerate(rule["of"]):
        expected = _expected(one["keys"][0])
        if "min" in one:
            missing = _fault("profile-slice", profile, slice=one["name"], expected=expected)
            least.append((number, one["min"], [missing]))
        names = {"what": f" {one['name']} ", "what_en": f"item {one['name']} ({expected})"}
        limits.append(one.get("max", maxsize))
        many.append([_fault("profile-many", profile, count=limits[-1], **names)])
        inner.append(_value(one, profile))
        for key, code in _keys(one["keys"]):
            if code:
                by_key.setdefault(key, {})[code] = (number,)
            else:
                by_key[key] = (number,)
    where, none = (_codings if rule["coding"] else _texts)(rule["at"], by_key), [0] * len(inner)

    def check_slices(items: Any, judge: Judge) -> list[Fault] | None:
        faults: list[Fault] | None = None
        counts, enough = none.copy(), False
        for index, item in enumerate(items):
            for number in where(item):
                counts[number] += 1
                if counts[number] == limits[number] + 1:
                    faults = _and(faults, many[number])
                if (within := inner[number]) and (found := within(item, judge)):
                    faults = _and(faults, _below(found, index))
            if faults and len(faults) > FULL:
                faults, enough = first(faults)
                if enough:
                    break
        for number, wanted, missing in least:
            if counts[number] < wanted and not enough:
                faults = _and(faults, missing)
        return faults

    return check_slices


def _keys(keys: Iterable[Any]) -> Iterable[tuple[str, str]]:
    """(text or system, code); without a code every code is meant."""
    for key in keys:
        if type(key) is str:
            yield key, ""
        elif type(key) is list:
            yield key[0], key[1]
        else:
            for system, codes in _table()["sets"][key["set"]]["codes"].items():
                yield from ((system, code) for code in codes)


def _expected(key: Any) -> str:
    return key if type(key) is str else "#".join(key) if type(key) is list else key["set"]


Which = Callable[[Any], tuple[int, ...]]  # the slices that an item is in


def _texts(at: list[str], by_key: dict[str, Any]) -> Which:
    """By the text at a path."""
    step_one, rest = at[0], at[1:]

    def which(item: Any) -> tuple[int, ...]:
        value = item.get(step_one) if type(item) is dict else None
        for step in rest:
            value = value.get(step) if type(value) is dict else None
        return by_key.get(value, ()) if type(value) is str else ()

    return which


def _codings(at: list[str], by_key: dict[str, Any]) -> Which:
    """By the codings at a path, or by itself as a Coding."""

    def of_coding(coding: Any) -> tuple[int, ...]:
        system = coding.get("system") if type(coding) is dict else None
        found = by_key.get(system, ()) if type(system) is str else ()
        if type(found) is dict:
            code = coding.get("code")
            return found.get(code, ()) if type(code) is str else ()
        return found

    def which(item: Any) -> tuple[int, ...]:
        for step in at:
            item = item.get(step) if type(item) is dict else None
        if type(item) is not list:
            return ()
        if len(item) == 1:
            return of_coding(item[0])
        return tuple(dict.fromkeys(one for coding in item for one in of_coding(coding)))

    return which if at else of_coding


def _pattern(pattern: Any, profile: str) -> Check:
    """A pattern or fixed value: a text, a Coding, or a CodeableConcept with one coding."""
    one = pattern["coding"][0] if type(pattern) is dict and "coding" in pattern else pattern
    broken = [_fault("profile-value", profile, expected=one if type(one) is str else f"{one['system']}#{one['code']}")]

    def check_text(value: Any, _: Judge) -> list[Fault] | None:
        return None if value == pattern else broken

    def check_coding(value: Any, _: Judge) -> list[Fault] | None:
        return None if type(value) is dict and one.items() <= value.items() else broken

    def check_concept(value: Any, _: Judge) -> list[Fault] | None:
        codings = value.get("coding") if type(value) is dict else None
        if type(codings) is list:
            for coding in codings:
                if type(coding) is dict and coding.get("code") == code and coding.get("system") == system:
                    return None
        return broken

    if type(pattern) is str:
        return check_text
    system, code = one["system"], one["code"]
    return check_coding if one is pattern else check_concept


def _binding(kind: str, name: str, profile: str) -> Check:
    """A required binding. Of a concept one coding must be in the value set, unless it says why there is none."""
    value_set = _table()["sets"][name]
    pairs = frozenset((system, code) for system, codes in value_set["codes"].items() for code in codes)
    plain = frozenset(code for _, code in pairs)
    severity = Severity.WARNING if value_set["warn"] else None
    outside = [Fault((), "profile-code", "", severity, (("profile", profile), ("valueset", name)))]

    def check_code(value: Any, _: Judge) -> list[Fault] | None:
        return outside if type(value) is str and value not in plain else None

    def known(coding: Any) -> bool:
        if type(coding) is not dict:
            return True
        system, code = coding.get("system"), coding.get("code")
        return type(system) in (str, type(None)) and type(code) is str and (system, code) in pairs

    def check_coding(value: Any, _: Judge) -> list[Fault] | None:
        return outside if type(value) is dict and "code" in value and not known(value) else None

    def check_concept(value: Any, _: Judge) -> list[Fault] | None:
        if type(value) is not dict:
            return None
        codings = value.get("coding", [])
        if type(codings) is not list or any(known(one) for one in codings):
            return None
        return None if any(word(one, "url") == _ABSENT for _, one in objects(value, "extension")) else outside

    return {"code": check_code, "coding": check_coding, "concept": check_concept}[kind]


def _targets(types: list[str], profile: str) -> Check:
    allowed = frozenset(types)
    wrong = [_fault("profile-reference", profile, expected=", ".join(types))]

    def check_target(value: Any, judge: Judge) -> list[Fault] | None:
        return wrong if type(value) is dict and astray(value, allowed, judge) else None

    return check_target
