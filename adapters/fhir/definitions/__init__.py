"""R4 4.0.1 as tables: the elements of every type, the codes of every required binding.

`r4.json` and `codes.json` are made by `generate.py`, which says what they mean. They are read when first needed and
taken apart type by type, so that a process pays for the types it meets.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import orjson

FOLDER = Path(__file__).parent
_TYPE = re.compile(r"([^!(]+)(?:!(.+)|\((.+)\))?")


class Typed(NamedTuple):
    """One type that an element may have: its name, the value set of its required binding, a Reference's targets."""

    name: str
    binding: str
    targets: frozenset[str]


class Element(NamedTuple):
    """One element of a type, by R4's name (`deceased[x]` of several types)."""

    name: str
    required: bool
    many: bool
    types: tuple[Typed, ...]

    def forms(self) -> tuple[tuple[str, Typed], ...]:
        """Each JSON key under which it may stand, with the type it then has."""
        if not self.name.endswith("[x]"):
            return ((self.name, self.types[0]),)
        stem = self.name.removesuffix("[x]")
        names = (one.name.removeprefix("Simple") for one in self.types)  # a SimpleQuantity is a Quantity by its key
        return tuple((stem + name[0].upper() + name[1:], one) for name, one in zip(names, self.types, strict=True))


@cache
def _types() -> dict[str, tuple[str, dict[str, str]]]:
    return orjson.loads((FOLDER / "r4.json").read_bytes())


@cache
def _codes() -> dict[str, dict[str, dict[str, list[str]]]]:
    return orjson.loads((FOLDER / "codes.json").read_bytes())


def names() -> tuple[str, ...]:
    """Every type: resources, data types, and backbone elements by their path (`Claim.item`); no primitive types."""
    return tuple(_types())


@cache
def lineage(name: str) -> tuple[str, ...]:
    """What a type is derived from, farthest first, and itself last: (Resource, DomainResource, Claim)."""
    derived_from = _types()[name][0]
    return (*lineage(derived_from), name) if derived_from else (name,)


@cache
def resources() -> frozenset[str]:
    """The resource types that an instance may have: all but the abstract ones."""
    return frozenset(one for one in _types() if lineage(one)[0] == "Resource") - {"Resource", "DomainResource"}


@cache
def elements(name: str) -> Mapping[str, Element]:
    """The elements of a type by name, inherited ones first; without those that it forbids."""
    texts = {key: text for one in lineage(name) for key, text in _types()[one][1].items()}
    return {key: _element(key, text) for key, text in texts.items() if not text.startswith("0..0")}


def _element(name: str, text: str) -> Element:
    cardinality, *types = text.split()
    low, _, high = cardinality.partition("..")
    return Element(name, low != "0", high == "*", tuple(_typed(one) for one in types))


@cache
def _typed(text: str) -> Typed:
    found = _TYPE.fullmatch(text)
    assert found is not None
    return Typed(found[1], found[2] or "", frozenset(found[3].split("|") if found[3] else ()))


def codes(value_set: str) -> Mapping[str, frozenset[str]] | None:
    """The codes of a value set by code system; None when they are not checked (`open_sets` says why)."""
    systems = _codes()["sets"].get(value_set)
    return None if systems is None else {system: frozenset(listed) for system, listed in systems.items()}


def open_sets() -> Mapping[str, str]:
    """Value sets of required bindings whose codes are not listed, each with the reason."""
    return _codes()["open"]  # type: ignore[return-value]
