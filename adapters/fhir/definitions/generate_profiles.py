"""Makes TW Core's table: `python -m adapters.fhir.definitions.generate_profiles TWCORE R4`.

TWCORE is the folder of the package `tw.gov.mohw.twcore` 0.3.2 (licence CC0-1.0), R4 that of `hl7.fhir.r4.examples` 4.0.1.
Development inputs: nothing of them is read at run time. `twcore.json` says only what a profile adds to R4:

- `profiles`: {name: {"type": resource type, **object rule}}; `types`: the same of data types and extensions.
- an object rule: `need` (JSON keys that must be there; a list is `value[x]` and the keys that will do), `none` (keys that
  may not), `only` ({choice: the keys that may stand for it}), `rules` (invariants by key), `in` ({key: element rule}).
- an element rule: an object rule for each value, and `min`, `max` (how many), `is` (pattern or fixed value), `code`,
  `coding` or `concept` (value set of a required binding; `warn`: a code outside is a warning), `targets` (reference
  types), `as` (profile of the data type), `slices`.
- `slices`: `at` (where to look in each item), `coding` (there are codings, else a text), `of`: [{"name", "keys", **element
  rule}]; a key is a text, a system, [system, code] or {"set": value set}. Slicing is open everywhere.
- `sets`: {value set: {"warn": bool, "codes": {system: [codes]}}}; `choices`: {choice: every key that R4 has for it}.

Not in the table: preferred, extensible and example bindings, mustSupport, value sets that nobody can check without a
terminology server (SNOMED CT and LOINC by filter, code systems that the package does not hold), slices that constrain
nothing. Same packages, same bytes.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from adapters.fhir.definitions.packages import TWCORE, Json, Package

FOLDER = Path(__file__).parent
_R4_INVARIANT = re.compile(r"[a-z]{3}-[0-9]+")  # R4's own are held by the engine
_ELSEWHERE = {"sdcqr-1"}  # said by the cardinality of subject too
# A slice that no coding can satisfy: bound to occupations, it fixes the code system of medical fees.
_CONTRADICTORY = {"Observation-occupation-twcore": "MolOccupation"}


def table(twcore: Path, r4: Path) -> str:
    """The text of twcore.json."""
    package = Package(twcore, r4)
    profiles: Json = {}
    types: Json = {}
    for structure in [*package.structures, _government(package.structure("Organization-co-twcore"))]:
        rule = _Profile(structure, package).rule()
        if structure["kind"] == "resource":
            profiles[structure["id"]] = {"type": structure["type"], **rule}
        elif rule:
            _drop(rule, ["url"])
            types[structure["id"]] = rule
    named = set(_named({**profiles, **types}))
    sets = {name: each for name, each in package.sets.items() if name in named}
    return _lines({"profiles": profiles, "types": types, "sets": sets, "choices": package.choices}, 2) + "\n"


def _government(company: Json) -> Json:
    """Organization-govt-twcore, which this copy of the package lacks: as the company with other patterns (facts 3.2)."""
    text = json.dumps(company)
    for old, new in (
        ("Organization-co-twcore", "Organization-govt-twcore"),
        ('"code": "UBN"', '"code": "GOI"'),
        ("https://gcis.nat.gov.tw", "https://oid.nat.gov.tw/"),
        ('"code": "bus"', '"code": "govt"'),
    ):
        assert old in text, old
        text = text.replace(old, new)
    return json.loads(text)


def _named(value: Any) -> Iterator[str]:
    """Every text of a rule: what it names of the sets is kept."""
    if isinstance(value, str):
        yield value
    else:
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from _named(each)


def _lines(value: Json, depth: int) -> str:
    """JSON with one line a member down to a depth, so that a change of the table can be read."""
    if depth == 0:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    members = (f"{json.dumps(key)}:{_lines(value[key], depth - 1)}" for key in sorted(value))
    return "{\n" + ",\n".join(members) + "\n}"


class _Node:
    """An element of a snapshot with the elements and slices below it."""

    def __init__(self, element: Json) -> None:
        self.element = element
        self.children: dict[str, _Node] = {}
        self.slices: dict[str, _Node] = {}

    def find(self, path: list[str]) -> list["_Node"]:
        """The nodes at a path below, in slices too."""
        if not path:
            return [self, *self.slices.values()]
        return [
            found
            for one in (self, *self.slices.values())
            if path[0] in one.children
            for found in one.children[path[0]].find(path[1:])
        ]

    @property
    def types(self) -> list[str]:
        return [one["code"] for one in self.element.get("type", [])]

    @property
    def value(self) -> Any:
        """Pattern or fixed value."""
        return next((each for key, each in self.element.items() if key.startswith(("pattern", "fixed"))), None)


class _Profile:
    """One profile on its way into the table."""

    def __init__(self, structure: Json, package: Package) -> None:
        self._name = structure["id"]
        self._package = package
        self._root = _tree(structure["snapshot"]["element"])

    def rule(self) -> Json:
        return self._object(self._root)

    def _object(self, node: _Node) -> Json:
        """The object rule of what a node holds."""
        rule: Json = {"need": [], "none": [], "only": {}, "rules": list(self._invariants(node)), "in": {}}
        for name, child in node.children.items():
            if name.endswith("[x]"):
                self._choice(name, child, rule)
                continue
            least, most = _count(child.element, "min"), _count(child.element, "max")
            if most == 0:
                rule["none"].append(name)
                continue
            if least > _count(child.element["base"], "min"):
                rule["need"].append(name)
            inner = self._element(child)
            if child.types[:1] and child.types[0][0].islower():  # what is inside a primitive stands in its sibling
                beside = {key: inner.pop(key) for key in ("need", "in") if key in inner}
                rule["in"] |= _kept({f"_{name}": beside})
            rule["in"] |= _kept({name: inner})
        return _kept(rule)

    def _choice(self, name: str, child: _Node, rule: Json) -> None:
        """`value[x]`: which types may stand for it, and what holds for each."""
        stem = name.removesuffix("[x]")
        base = self._package.base(child.element["base"]["path"])
        keys = {one["code"]: stem + one["code"][0].upper() + one["code"][1:] for one in base["type"]}
        nodes = {keys[one.types[0]]: one for one in child.slices.values()}
        if len(child.types) == 1:
            nodes.setdefault(keys[child.types[0]], child)
        allowed = [keys[one] for one in child.types] if _count(child.element, "max") else []
        allowed = [key for key in allowed if _count(nodes.get(key, child).element, "max")]
        if len(allowed) < len(keys):
            path = child.element["base"]["path"]
            self._package.choices[path] = list(keys.values())
            rule["only"][path] = allowed
        asked = [key for key in allowed if key in nodes and _count(nodes[key].element, "min")]
        if max(_count(child.element, "min"), len(asked)) > _count(child.element["base"], "min"):
            rule["need"].append([name, *(asked or allowed)])
        rule["rules"].extend(self._invariants(child))
        for key in allowed:
            if key in nodes and (inner := self._element(nodes[key], invariants=False)):
                rule["in"][key] = inner

    def _invariants(self, node: _Node) -> Iterator[str]:
        for one in node.element.get("constraint", []):
            if not _R4_INVARIANT.fullmatch(one["key"]) and one["key"] not in _ELSEWHERE:
                yield one["key"]

    def _element(self, node: _Node, invariants: bool = True) -> Json:
        element, base = node.element, node.element["base"]
        rule = self._object(node)
        if not invariants:
            rule.pop("rules", None)
        if _count(element, "min") > max(1, _count(base, "min")):
            rule["min"] = _count(element, "min")
        if base["max"] == "*" and element["max"] != "*" and not element.get("sliceName"):
            rule["max"] = _count(element, "max")
        if node.value is not None:
            rule["is"] = node.value
        rule |= self._binding(node) | self._targets(node)
        if profile := self._profile(element):
            rule["as"] = profile
        if "slicing" in element and (slices := self._slices(node, rule)):
            rule["slices"] = slices
        return rule

    def _profile(self, element: Json) -> str:
        """A profile of TW Core on the type, when it constrains anything."""
        names = [
            one.removeprefix(f"{TWCORE}StructureDefinition/")
            for t in element.get("type", [])
            for one in t.get("profile", [])
        ]
        known = {one["id"] for one in self._package.structures} - {"CodeableConcept-tw", "Coding-tw"}
        return names[0] if names and names[0] in known else ""

    def _binding(self, node: _Node) -> Json:
        binding = node.element.get("binding", {})
        url = binding.get("valueSet", "").partition("|")[0]
        base_path = node.element["base"]["path"]
        base = self._package.base(base_path).get("binding", {}) if "." in base_path else {}
        held = (base.get("strength"), base.get("valueSet", "").partition("|")[0]) == ("required", url)
        # A slice found by its value set holds no other codes.
        by_set = node.element.get("sliceName") and node.value is None and not node.find(["system"])
        if binding.get("strength") != "required" or held or by_set or not node.types:
            return {}
        kind = {"code": "code", "Coding": "coding", "CodeableConcept": "concept"}.get(node.types[0])
        name = self._package.codes(url) if kind else ""
        return {kind: name} if name else {}

    def _targets(self, node: _Node) -> Json:
        def targets(element: Json) -> set[str]:
            references = [one for one in element.get("type", []) if one["code"] == "Reference"]
            return {self._package.type_of(profile) for one in references for profile in one.get("targetProfile", [])}

        own, base_path = targets(node.element), node.element["base"]["path"]
        return {"targets": sorted(own)} if own and own != targets(self._package.base(base_path)) else {}

    def _slices(self, node: _Node, rule: Json) -> Json:
        paths = [(one["type"], one["path"]) for one in node.element["slicing"]["discriminator"]]
        at, coding = _where(paths, node.types[0])
        found = []
        for name, each in node.slices.items():
            if _CONTRADICTORY.get(self._name) == name:
                continue
            keys = self._keys(each, at, coding)
            inner = self._element(each)
            for path in [path.split(".") for _, path in paths] + ([["system"], ["code"]] if coding and not at else []):
                _drop(inner, path)
            if keys and type(keys[0]) is list:  # one code, and that is in whatever value set it is bound to
                inner = {key: left for key, left in inner.items() if key not in ("coding", "concept")}
            inner = _beyond(inner, rule)
            least, most = _count(each.element, "min"), _count(each.element, "max")
            counts = {"min": least} if least else {}
            if most < min(_count(each.element["base"], "max"), rule.get("max", sys.maxsize)):
                counts["max"] = most
            if keys and (counts or inner):
                found.append({"name": name, "keys": keys, **inner, **counts})
        return {"at": at, "coding": coding, "of": found} if found else {}

    def _keys(self, node: _Node, at: list[str], coding: bool) -> list[Any]:
        """By which values an item is known to be in a slice."""
        if at[-1:] == ["resourceType"]:
            return list(node.children["resource"].types)
        if at == ["url"]:
            return node.element["type"][0].get("profile") or [node.children["url"].value]
        if not coding:
            return [one.value for one in node.find(at) if one.value is not None][:1]
        for each in node.find(at[:-1] if at else []):
            if each.value is not None:
                first = each.value["coding"][0] if "coding" in each.value else each.value
                return [[first["system"], first["code"]]]
        for each in node.find(at):
            systems = [one.value for one in each.find(["system"]) if one.value is not None]
            codes = [one.value for one in each.find(["code"]) if one.value is not None]
            if systems and codes:
                return [[systems[0], codes[0]]]
            if systems:
                return [systems[0]]
        url = node.element.get("binding", {}).get("valueSet", "").partition("|")[0]
        name = self._package.codes(url)
        return [{"set": name}] if name and not self._package.sets[name]["warn"] else self._package.systems(url)


def _tree(elements: list[Json]) -> _Node:
    root = _Node(elements[0])
    for element in elements[1:]:
        node = root
        for token in element["id"].split(".")[1:-1]:
            node = _step(node, token)
        name, _, slice_name = element["id"].rpartition(".")[2].partition(":")
        if slice_name:
            node.children[name].slices[slice_name] = _Node(element)
        else:
            node.children[name] = _Node(element)
    return root


def _step(node: _Node, token: str) -> _Node:
    name, _, slice_name = token.partition(":")
    child = node.children[name]
    return child.slices[slice_name] if slice_name else child


def _where(paths: list[tuple[str, str]], data_type: str) -> tuple[list[str], bool]:
    """Where the items of a sliced element tell their slice: a path, and whether codings stand there."""
    kind, path = paths[0]
    if kind == "profile":
        return ["resource", "resourceType"], False
    if path in ("url", "use"):
        return [path], False
    steps = [] if path == "$this" else path.split(".")
    if data_type == "Coding":
        return [], True
    if steps[-1:] in (["code"], ["system"]) and "coding" in steps:
        return steps[:-1], True
    return [*steps, "coding"], True


def _drop(rule: Json, path: list[str]) -> None:
    """Takes away what the discriminator itself says: it holds for whatever is in the slice."""
    for key in ("is", "slices"):
        rule.pop(key, None)
    if path in ([], ["$this"], ["resource"]):
        return
    step, inside = path[0], rule.get("in", {})
    rule["need"] = [one for one in rule.get("need", []) if one != step]
    _drop(inside.get(step, {}), path[1:] or ["$this"])
    rule |= {"in": {key: each for key, each in inside.items() if each}}
    for key in [key for key in ("need", "in") if not rule[key]]:
        del rule[key]


def _beyond(rule: Json, general: Json) -> Json:
    """What a slice says beyond what holds for every item."""
    found = {key: each for key, each in rule.items() if general.get(key) != each}
    for key in ("need", "rules", "none"):
        if key in found:
            found[key] = [one for one in found[key] if one not in general.get(key, [])]
    if "in" in found:
        found["in"] = {
            key: left
            for key, each in found["in"].items()
            if (left := _beyond(each, general.get("in", {}).get(key, {})))
        }
    return _kept(found)


def _count(element: Json, key: str) -> int:
    return sys.maxsize if element[key] == "*" else int(element[key])


def _kept(rule: Json) -> Json:
    return {key: value for key, value in rule.items() if value not in ([], {})}


def main(twcore: Path, r4: Path) -> None:
    (FOLDER / "twcore.json").write_text(table(twcore, r4), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
