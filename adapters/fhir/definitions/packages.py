"""What the generator of the profiles reads: structures, elements of R4 by path, value sets as far as they can be expanded.

A development tool: nothing of it is imported at run time.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]

TWCORE = "https://twcore.mohw.gov.tw/ig/twcore/"
_TRUNCATED = "僅擷取部分代碼"
# Bindings that refuse right documents. Both value sets of departments hold 11 codes of 50 and 41, without 06 骨科, and
# PractitionerRole's slices fix systems that are not those of the codes.
_TRAPS = {"medical-department-sct-tw", "medical-consultation-department-tw", "medical-treatment-department-tw"}


class Package:
    """Both packages: structures, elements of R4 by path, value sets expanded as far as they can be."""

    def __init__(self, twcore: Path, r4: Path) -> None:
        self._r4 = r4
        self._elements: dict[str, dict[str, Json]] = {}
        found = [json.loads(path.read_text("utf-8")) for path in sorted(twcore.glob("StructureDefinition-*.json"))]
        self.structures = [one for one in found if one["kind"] != "logical"]
        self._sets = _by_url(twcore, r4, "ValueSet")
        self._systems = _by_url(twcore, r4, "CodeSystem")
        self.sets: Json = {}
        self.choices: Json = {}

    def structure(self, name: str) -> Json:
        return next(one for one in self.structures if one["id"] == name)

    def type_of(self, profile: str) -> str:
        """The resource type that a profile, of TW Core or of R4, is of."""
        name = profile.rpartition("/")[2]
        own = [one["type"] for one in self.structures if one["id"] == name]
        return own[0] if own else json.loads((self._r4 / f"StructureDefinition-{name}.json").read_text("utf-8"))["type"]

    def base(self, path: str) -> Json:
        """The element of R4 at `Observation.value[x]`."""
        name = path.partition(".")[0]
        if name not in self._elements:
            structure = json.loads((self._r4 / f"StructureDefinition-{name}.json").read_text("utf-8"))
            self._elements[name] = {one["path"]: one for one in structure["snapshot"]["element"]}
        return self._elements[name][path]

    def codes(self, url: str) -> str:
        """The name of a value set whose codes are listed; empty when they cannot be known."""
        value_set = self._sets.get(url)
        if value_set is None:
            return ""
        name = url.rpartition("/")[2]
        if name not in self.sets:
            codes: dict[str, list[str]] = {}
            warn = name in _TRAPS or _TRUNCATED in value_set.get("description", "")
            for part in value_set["compose"]["include"]:
                system = part["system"]
                content = self._systems.get(system, {"content": "not-present", "concept": []})
                if "concept" in part:
                    listed = [one["code"] for one in part["concept"]]
                    warn |= system.startswith(TWCORE) and content["content"] != "complete"
                elif content["content"] == "complete":
                    listed = list(_selected(content["concept"], part.get("filter", [])))
                else:
                    return ""
                codes.setdefault(system, []).extend(listed)
            self.sets[name] = {"warn": warn, "codes": {system: sorted(set(codes[system])) for system in sorted(codes)}}
        return name

    def systems(self, url: str) -> list[str]:
        """The code systems of a value set that leaves out nothing but codes out of use; empty for any other."""
        parts = self._sets.get(url, {"compose": {"include": []}})["compose"]["include"]
        whole = all(each["property"] == "USE" for one in parts for each in one.get("filter", []))
        return [one["system"] for one in parts] if whole else []


def _by_url(twcore: Path, r4: Path, kind: str) -> dict[str, Json]:
    paths = [*sorted(r4.glob(f"{kind}-*.json")), *sorted(twcore.glob(f"{kind}-*.json"))]
    return {one["url"]: one for path in paths for one in [json.loads(path.read_text("utf-8"))]}


def _selected(concepts: list[Json], filters: list[Json], inside: bool = False) -> Iterator[str]:
    """The codes of a code system, or those at and below the concept that an is-a filter names."""
    assert all(one["op"] == "is-a" for one in filters)
    for concept in concepts:
        chosen = inside or not filters or concept["code"] == filters[0]["value"]
        if chosen:
            yield concept["code"]
        yield from _selected(concept.get("concept", []), filters, chosen)
