"""Makes the tables of R4 from its published definitions: `python -m adapters.fhir.definitions.generate PACKAGE`.

PACKAGE is the folder of the unpacked npm package `hl7.fhir.r4.examples` 4.0.1 (licence CC0-1.0), which holds every
structure definition, value set and code system of R4. A development input: nothing of it is read at run time.

`r4.json`: {type: [what it is derived from, {element: description}]}. A type is a resource, a data type or a backbone
element by its path (`Claim.item`). A description is cardinality and types, separated by spaces: `1..1 code!claim-use`
(required binding), `0..* Reference(Patient|Group)` (targets; without them any), `0..1 boolean dateTime` for
`deceased[x]`. An element that the type inherits unchanged is not repeated. `System.` types have no extensions.

`codes.json`: `sets`: {value set: {code system: [codes]}}; `open`: {value set: why its codes are not checked}.

Same package, same bytes.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from adapters.fhir.definitions import FOLDER
from adapters.fhir.definitions.currencies import CODES

Json = dict[str, object]

_BASE = "http://hl7.org/fhir/StructureDefinition/"
_SYSTEM = "http://hl7.org/fhirpath/System."
_OPEN = {  # codes without end, or of others
    "mimetypes": "BCP 13 (media types): checked by its grammar",
    "ucum-units": "UCUM: units are an expression language, not a list",
    "LL379-9": "LOINC answer list: not in the package",
}


def tables(package: Path) -> dict[str, str]:
    """The text of each table by file name."""
    kinds = {"resource", "complex-type"}
    structures = [one for one in _read(package, "StructureDefinition") if one["kind"] in kinds]
    used = {profile for one in structures for profile in _profiles(one)}
    types = _Types([one for one in structures if one.get("derivation") != "constraint" or one["url"] in used])
    codes = _Codes(_read(package, "ValueSet"), _read(package, "CodeSystem"))
    sets = {name: codes.of(url) for name, url in types.bindings.items() if name not in _OPEN}
    return {
        "r4.json": _lines(types.table, 1) + "\n",
        "codes.json": _lines({"sets": sets, "open": _OPEN}, 2) + "\n",
    }


def _read(package: Path, kind: str) -> list[Json]:
    return [json.loads(path.read_text("utf-8")) for path in sorted(package.glob(f"{kind}-*.json"))]


def _profiles(structure: Json) -> Iterator[str]:
    """Profiles that the elements of a base definition name as their type (R4 has one: SimpleQuantity)."""
    if structure.get("derivation") != "constraint":
        for element in structure["snapshot"]["element"]:
            for one in element.get("type", ()):
                yield from one.get("profile", ())


def _lines(value: Json, depth: int) -> str:
    """JSON with one line a member down to a depth, so that a change of the tables can be read."""
    if depth == 0:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    members = (f"{json.dumps(key)}:{_lines(value[key], depth - 1)}" for key in sorted(value))
    return "{\n" + ",\n".join(members) + "\n}"


class _Types:
    """Every type with what it adds to the one it is derived from, and the value sets of required bindings."""

    def __init__(self, structures: list[Json]) -> None:
        self.table: dict[str, tuple[str, dict[str, str]]] = {}
        self.bindings: dict[str, str] = {}
        derived = {_name(one): str(one.get("baseDefinition", "")).removeprefix(_BASE) for one in structures}
        waiting = {_name(one): one for one in structures}
        while waiting:  # a type after the one it is derived from
            for name in [name for name in waiting if derived[name] not in waiting]:
                self._add(name, derived[name], waiting.pop(name))

    def _add(self, name: str, base: str, structure: Json) -> None:
        self.table[name] = (base, {})
        for element in structure["snapshot"]["element"][1:]:
            parent, _, key = f"{name}.{element['path'].partition('.')[2]}".rpartition(".")
            path = f"{parent}.{key}"
            text = self._describe(path, element)
            if text != self._inherited(parent, key):
                self.table[parent][1][key] = text
            if [one["code"] for one in element.get("type", ())] in (["BackboneElement"], ["Element"]):
                if not self._inherited(name, key):
                    self.table[path] = (element["type"][0]["code"], {})

    def _inherited(self, name: str, key: str) -> str:
        while name := self.table[name][0]:
            if text := self.table[name][1].get(key):
                return text
        return ""

    def _describe(self, path: str, element: Json) -> str:
        words = [f"{element['min']}..{element['max']}"]
        if reference := element.get("contentReference"):
            words.append(reference.removeprefix("#"))
        for one in element.get("type", ()):
            words.append(self._type(path, element, one))
        return " ".join(words)

    def _type(self, path: str, element: Json, one: Json) -> str:
        code = one["code"]
        if code.startswith(_SYSTEM):
            if path.endswith(".id"):  # the definitions say string for both; the text of R4 says id for a resource's
                return "System.id" if element["base"]["path"] == "Resource.id" else "System.string"
            return "System.uri"  # Extension.url
        if code in ("BackboneElement", "Element") and path.count("."):
            return path
        if profiles := one.get("profile"):
            return profiles[0].removeprefix(_BASE)
        targets = [profile.removeprefix(_BASE) for profile in one.get("targetProfile", ())]
        if code == "Reference" and targets and targets != ["Resource"]:
            return f"Reference({'|'.join(targets)})"
        binding = element.get("binding", {})
        if binding.get("strength") == "required" and code in ("code", "CodeableConcept"):
            url = binding["valueSet"].partition("|")[0]
            name = url.rpartition("/")[2]
            assert self.bindings.setdefault(name, url) == url, f"two value sets end in {name}"
            return f"{code}!{name}"
        return code


def _name(structure: Json) -> str:
    return str(structure["url"]).removeprefix(_BASE)


class _Codes:
    """Value sets expanded: {code system: [codes]}."""

    def __init__(self, sets: list[Json], systems: list[Json]) -> None:
        self._sets = {one["url"]: one for one in sets}
        self._systems = {one["url"]: one for one in systems}

    def of(self, url: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for system, code in sorted(self._pairs(url)):
            found.setdefault(system, []).append(code)
        assert found, f"{url} is empty"
        return found

    def _pairs(self, url: str) -> set[tuple[str, str]]:
        compose = self._sets[url.partition("|")[0]]["compose"]
        pairs = {pair for part in compose["include"] for pair in self._part(part)}
        return pairs - {pair for part in compose.get("exclude", ()) for pair in self._part(part)}

    def _part(self, part: Json) -> set[tuple[str, str]]:
        """One include or exclude: what its system, filters and value sets have in common."""
        choices = [self._pairs(url) for url in part.get("valueSet", ())]
        if system := part.get("system"):
            listed = [one["code"] for one in part.get("concept", ())]
            codes = set(listed) if listed else self._codes(system, part.get("filter", ()))
            choices.append({(system, code) for code in codes})
        return set.intersection(*choices)

    def _codes(self, system: str, filters: Iterable[Json]) -> set[str]:
        if system == "urn:iso:std:iso:4217":
            return set(CODES)
        content = self._systems[system]
        assert content["content"] == "complete", f"{system} is not complete"
        parents = dict(_tree(content.get("concept", ()), ()))
        codes = set(parents)
        for one in filters:
            assert (one["property"], one["op"]) == ("concept", "is-a"), f"{system}: filter {one['op']}"
            codes &= {code for code in parents if one["value"] in (code, *parents[code])}
        return codes


def _tree(concepts: Iterable[Json], above: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every code with the codes above it."""
    for one in concepts:
        yield one["code"], above
        yield from _tree(one.get("concept", ()), (*above, one["code"]))


def main(package: Path) -> None:
    for name, text in tables(package).items():
        (FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
