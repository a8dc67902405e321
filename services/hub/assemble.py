"""Cases out of nodes: links join strongest first, skipping any that would unite what must stay apart. Pure.

Of links that exclude each other none is followed unless it is clearly the strongest: a person is asked about each. The
result depends on the set of nodes and judgements alone, not on the order in which they came.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from schemas.records import Kind
from services.hub.grading import by_police, moment
from services.hub.linking import Crowds, Key, Link, Node, disagreement, judge

CLEARLY = 6  # bits; of two links that exclude each other one must be so much stronger to be followed
JUDGED = "an operator judged records of the two sides not the same"
BRIDGES = "a dispute joins one case and unites no two"
UNDECIDED = "as likely of another accident: a person is asked"


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


def links_between(nodes: Iterable[Node], crowds: Crowds = Crowds()) -> list[Link]:
    """Every link among these nodes that joins by itself, over keys that are not crowded."""
    return [link for link in judged_between(nodes, crowds) if link.automatic]


def judged_between(nodes: Iterable[Node], crowds: Crowds = Crowds()) -> list[Link]:
    """Every pair of these nodes that is judged more than nothing. Under a starred key each is judged with its centres alone:
    the cost grows with the nodes, not with their pairs."""
    nodes = list(nodes)
    standing: dict[str, list[int]] = defaultdict(list)
    for index, node in enumerate(nodes):
        for hash in node.own:
            if hash not in crowds.closed:
                standing[hash].append(index)
    centre = {hash: _centres(nodes, standing[hash], hash) for hash in crowds.starred & standing.keys()}
    shared: dict[tuple[int, int], set[Key]] = defaultdict(set)
    for index, node in enumerate(nodes):
        for hash in (*node.own, *node.near):
            for other in centre.get(hash) or standing.get(hash, ()):
                if other != index:
                    key = node.own.get(hash) or node.near[hash]
                    shared[(min(index, other), max(index, other))].add(key)
    return [found for (one, other), by in shared.items() if (found := judge(nodes[one], nodes[other], by))]


def _centres(nodes: Sequence[Node], standing: Iterable[int], hash: str) -> list[int]:
    """Those of many under one key that the others are judged with: the accident as the police tell it, else the oldest record
    of those that tell most; and whoever is linked with none of these. Whoever came first, they are the same."""

    def rank(index: int) -> tuple[bool, bool, str, str]:
        told = nodes[index].evidence
        return not by_police(told), moment(told) is None, told.issued, nodes[index].lineage

    found: list[int] = []
    for index in sorted(standing, key=rank):
        by = {nodes[index].own[hash]}
        links = (judge(nodes[index], nodes[one], by) for one in found)
        if not any(link and link.automatic for link in links):
            found.append(index)
    return found


def assemble(nodes: Sequence[Node], links: Iterable[Link], words: Iterable[Word]) -> list[Component]:
    """The components, in the order of their first node. What is refused as `UNDECIDED` is for a person to judge."""
    followed, words = set(links), list(words)
    undecided: set[Link] = set()
    while True:
        components = _assembled(nodes, followed, words, undecided)
        more = _rivals(components)
        if not more:
            return components
        undecided |= more
        followed -= more


def _assembled(
    nodes: Sequence[Node], links: Iterable[Link], words: Iterable[Word], undecided: Iterable[Link]
) -> list[Component]:
    at = {node.lineage: node for node in nodes}
    words = [word for word in words if word.one in at and word.other in at]
    apart = {frozenset((word.one, word.other)) for word in words if not word.same}
    group = {lineage: {lineage} for lineage in at}
    used: list[Link] = []
    refused: list[tuple[Link, str]] = []
    standing: set[str] = set()  # disputes that have their case
    same = [
        Link(-1, 0, *sorted((word.one, word.other)), "an operator judged them the same") for word in words if word.same
    ]
    for link in sorted({*same, *links}, key=lambda link: (link.weakness >= 0, -link.score, link)):
        first, second = group[link.one], group[link.other]
        if first is second:
            used.append(link)
            continue
        disputes = {one for one in (link.one, link.other) if at[one].kind == Kind.DISPUTE}
        why = _apart(first, second, apart, at, link) or _bridges(link, disputes, standing)
        if why:
            refused.append((link, why))
            continue
        used.append(link)
        standing |= disputes
        small, large = sorted((first, second), key=len)
        large |= small
        for lineage in small:
            group[lineage] = large
    for link in sorted(undecided):
        if group[link.one] is group[link.other]:
            used.append(link)  # something else decided it
        else:
            refused.append((link, UNDECIDED))
    return _components(at, group, used, refused)


def _rivals(components: Iterable[Component]) -> set[Link]:
    """Links refused because days, times or the police exclude them, with those followed instead that are not clearly
    stronger. First those of records that may stand on either side; only when there are none, those of records in between."""
    near: set[Link] = set()
    far: set[Link] = set()
    for link, refused, one, other in _excluded(components):
        clear = link.score + CLEARLY
        here, there = _held(link.one, one, clear), _held(link.other, other, clear)
        if _differ(one, here, other, there):
            continue  # what is clear decides
        for some, held, others, opposite in ((one, here, other, there), (other, there, one, here)):
            if cut := _leading(some, held, others, opposite):
                beyond = _lineages(others)
                between = {
                    also for also in refused if {also.one, also.other} & held and {also.one, also.other} & beyond
                }
                near |= {link, *cut, *(also for also in between if also.score < clear)}
            elif not near:
                far |= {link, *_leading(some, held, others, _lineages(others))}
    return near or far


def _excluded(components: Iterable[Component]) -> list[tuple[Link, set[Link], Component, Component]]:
    """Every refused link that an operator's word did not refuse, all of them, and the components of its two ends. Open data
    name nobody and open no case: they go with the strongest, and nobody is asked."""
    components = [one for one in components if one.refused]
    home = {node.lineage: component for component in components for node in component.nodes}
    open_data = {node.lineage for component in components for node in component.nodes if node.evidence.open_data}
    refused = {
        link
        for component in components
        for link, why in component.refused
        if why not in (JUDGED, BRIDGES, UNDECIDED) and not open_data & {link.one, link.other}
    }
    return [(link, refused, home[link.one], home[link.other]) for link in sorted(refused)]


def _held(lineage: str, component: Component, clear: int) -> set[str]:
    """What this lineage is held together with clearly: by a word, or by links of at least so many bits."""
    return _reached({lineage}, [link for link in component.links if link.weakness < 0 or link.score >= clear])


def _leading(one: Component, held: set[str], other: Component, opposite: Collection[str]) -> set[Link]:
    """The links out of what is held that lead to a record which excludes one of the opposite."""
    outside = [link for link in one.links if link.one not in held and link.other not in held]
    found = set()
    for link in one.links:
        if (link.one in held) != (link.other in held):
            end = link.other if link.one in held else link.one
            if _differ(one, _reached({end}, outside), other, opposite):
                found.add(link)
    return found


def _reached(start: set[str], links: Sequence[Link]) -> set[str]:
    around: dict[str, set[str]] = defaultdict(set)
    for link in links:
        around[link.one].add(link.other)
        around[link.other].add(link.one)
    reached, waiting = set(start), list(start)
    while waiting:
        fresh = around[waiting.pop()] - reached
        reached |= fresh
        waiting += fresh
    return reached


def _differ(one: Component, some: Collection[str], other: Component, others: Collection[str]) -> bool:
    first = [node.evidence for node in one.nodes if node.lineage in some]
    second = [node.evidence for node in other.nodes if node.lineage in others]
    return any(disagreement(here, there) for here in first for there in second)


def _lineages(component: Component) -> set[str]:
    return {node.lineage for node in component.nodes}


def _bridges(link: Link, disputes: set[str], standing: set[str]) -> str | None:
    """Whoever disputes says of which accident she speaks: that is her word, and unites no two cases."""
    if link.weakness >= 0 and (len(disputes) == 2 or disputes & standing):
        return BRIDGES
    return None


def _apart(
    first: set[str], second: set[str], apart: set[frozenset[str]], at: dict[str, Node], link: Link
) -> str | None:
    for pair in apart:
        if pair & first and pair & second:
            return JUDGED
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
