"""Cases out of nodes: links join strongest first, skipping any that would unite what must stay apart. Pure.

The result depends on the set of nodes and judgements alone, not on the order in which they came.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.hub.linking import Key, Link, Node, disagreement, judge


@dataclass(frozen=True)
class Word:
    """An operator's `same` or `not-same` on two lineages."""

    one: str
    other: str
    same: bool


@dataclass(frozen=True)
class Component:
    """Nodes about one loss, in (issued, record) order; the links that joined them, and those refused and why."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    refused: tuple[tuple[Link, str], ...] = ()

    @property
    def is_case(self) -> bool:
        return any(node.opens for node in self.nodes)


def links_between(nodes: Iterable[Node], crowded: frozenset[str]) -> list[Link]:
    """Every link among these nodes that joins by itself, over keys that are not crowded."""
    return [link for link in judged_between(nodes, crowded) if link.automatic]


def judged_between(nodes: Iterable[Node], crowded: frozenset[str]) -> list[Link]:
    """Every pair of these nodes that is judged more than nothing, over keys that are not crowded."""
    nodes = list(nodes)
    standing: dict[str, list[int]] = defaultdict(list)
    for index, node in enumerate(nodes):
        for hash in node.own:
            if hash not in crowded:
                standing[hash].append(index)
    shared: dict[tuple[int, int], set[Key]] = defaultdict(set)
    for index, node in enumerate(nodes):
        for hash in (*node.own, *node.near):
            for other in standing.get(hash, ()):
                if other != index:
                    key = node.own.get(hash) or node.near[hash]
                    shared[(min(index, other), max(index, other))].add(key)
    return [found for (one, other), by in shared.items() if (found := judge(nodes[one], nodes[other], by))]


def assemble(nodes: Sequence[Node], links: Iterable[Link], words: Iterable[Word]) -> list[Component]:
    """The components, in the order of their first node."""
    at = {node.lineage: node for node in nodes}
    words = [word for word in words if word.one in at and word.other in at]
    apart = {frozenset((word.one, word.other)) for word in words if not word.same}
    group = {lineage: {lineage} for lineage in at}
    used: list[Link] = []
    refused: list[tuple[Link, str]] = []
    same = [
        Link(-1, 0, *sorted((word.one, word.other)), "an operator judged them the same") for word in words if word.same
    ]
    for link in sorted({*same, *links}):
        first, second = group[link.one], group[link.other]
        if first is second:
            used.append(link)
            continue
        why = _apart(first, second, apart, at, link)
        if why:
            refused.append((link, why))
            continue
        used.append(link)
        small, large = sorted((first, second), key=len)
        large |= small
        for lineage in small:
            group[lineage] = large
    return _components(at, group, used, refused)


def _apart(
    first: set[str], second: set[str], apart: set[frozenset[str]], at: dict[str, Node], link: Link
) -> str | None:
    for pair in apart:
        if pair & first and pair & second:
            return "an operator judged records of the two sides not the same"
    if link.weakness < 0:
        return None  # an operator's `same` stands above dates
    for one in first:
        for other in second:
            if why := disagreement(at[one].evidence, at[other].evidence):
                return why
    return None


def _components(
    at: dict[str, Node], group: dict[str, set[str]], used: list[Link], refused: list[tuple[Link, str]]
) -> list[Component]:
    components = []
    for members in {id(one): one for one in group.values()}.values():
        nodes = sorted((at[one] for one in members), key=lambda node: (node.evidence.issued, node.record))
        components.append(
            Component(
                nodes=tuple(nodes),
                links=tuple(link for link in used if link.one in members),
                refused=tuple(one for one in refused if one[0].one in members or one[0].other in members),
            )
        )
    return sorted(components, key=lambda one: (one.nodes[0].evidence.issued, one.nodes[0].record))
