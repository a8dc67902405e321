"""A resource taken apart by R4's definitions: its objects, the values in them, and what could stand there besides."""

import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

Place = tuple[str | int, ...]
T = TypeVar("T")
_TYPE = re.compile(r"([\w.]+)(?:\((.+)\))?")


class Element(NamedTuple):
    """One element under one JSON key: of a choice only the type that the key names."""

    key: str
    name: str
    required: bool
    many: bool
    bound: bool
    type: str
    targets: tuple[str, ...]

    @property
    def choice(self) -> bool:
        return self.name.endswith("[x]")


class Node(NamedTuple):
    """An object, its type, where it stands."""

    value: dict[str, Any]
    type: str
    place: Place


class Spot(NamedTuple):
    """One value of an element in an object; `index` of a list's item."""

    node: Node
    element: Element
    index: int | None

    @property
    def value(self) -> Any:
        value = self.node.value[self.element.key]
        return value if self.index is None else value[self.index]

    @property
    def place(self) -> Place:
        place = (*self.node.place, self.element.key)
        return place if self.index is None else (*place, self.index)

    def put(self, value: Any) -> Place:
        """Replaces the value; where it stands."""
        if self.index is None:
            self.node.value[self.element.key] = value
        else:
            self.node.value[self.element.key][self.index] = value
        return self.place


@cache
def definitions() -> dict[str, dict[str, Element]]:
    """The elements of each type by JSON key."""
    table = json.loads((Path(__file__).parent / "r4.json").read_text())
    return {
        name: {one.key: one for key, text in elements.items() for one in _elements(key, text)}
        for name, elements in table.items()
    }


def _elements(name: str, text: str) -> Iterator[Element]:
    cardinality, *types = text.split()
    for one in types:
        found = _TYPE.fullmatch(one)
        assert found is not None
        kind = "Quantity" if found[1] == "SimpleQuantity" else found[1]
        key = name.removesuffix("[x]") + kind[0].upper() + kind[1:] if name.endswith("[x]") else name
        targets = tuple(found[2].split("|")) if found[2] else ()
        yield Element(key, name, cardinality[0] == "1", "*" in cardinality, "!" in cardinality, found[1], targets)


def primitive(kind: str) -> bool:
    return kind[0].islower()


@dataclass
class Walk:
    """A resource at a place of `root`, taken apart. Contained resources belong to it, an entry's resource does not."""

    root: Any
    place: Place
    nodes: list[Node] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)

    def __post_init__(self) -> None:
        resource = self.root
        for token in self.place:
            resource = resource[token]
        self.resource: dict[str, Any] = resource
        self.type: str = resource["resourceType"]
        self._into(resource, self.type, self.place)

    def _into(self, value: dict[str, Any], kind: str, place: Place) -> None:
        kind = "Quantity" if kind == "SimpleQuantity" else kind
        if kind not in definitions():
            return  # what only extensions carry
        node = Node(value, kind, place)
        self.nodes.append(node)
        for key, child in value.items():
            element = definitions()[kind].get(key)
            if element is None:
                continue
            for index, item in enumerate(child) if element.many else ((None, child),):
                spot = Spot(node, element, index)
                if item is not None:
                    self.spots.append(spot)
                if type(item) is dict and element.type != "Resource":
                    self._into(item, element.type, spot.place)
                elif key == "contained":
                    self._into(item, item["resourceType"], spot.place)

    def absent(self, wanted: Callable[[Element], bool]) -> list[Spot]:
        """Elements that could stand in an object and do not, of choices only when none of the choice stands."""
        return [
            Spot(node, element, 0 if element.many else None)
            for node in self.nodes
            for key, element in definitions()[node.type].items()
            if key not in node.value and f"_{key}" not in node.value and wanted(element)
            if not (element.choice and node.type == "Extension")
            if not (element.choice and _given(node, element.name))
        ]

    def put(self, chance: random.Random, kind: str, value: Any, where: Callable[[Spot], bool] | None = None) -> Place:
        """Lets a value stand where one of this type stands or could stand. LookupError: there is no such place."""
        present = [one for one in self.spots if one.element.type == kind and (where is None or where(one))]
        free = [] if present and chance.random() < 0.6 else self.absent(lambda element: element.type == kind)
        free = [one for one in free if where is None or where(one)]
        spot = pick(chance, free or present)
        if free:
            spot.node.value[spot.element.key] = [value] if spot.element.many else value
            return spot.place
        return spot.put(value)


def _given(node: Node, name: str) -> list[str]:
    """The keys under which a choice stands in an object."""
    return [key for key, one in definitions()[node.type].items() if one.name == name and key in node.value]


def pick(chance: random.Random, some: Sequence[T]) -> T:
    """One of them; LookupError when there are none."""
    if not some:
        raise LookupError("no place for this fault")
    return some[chance.randrange(len(some))]
