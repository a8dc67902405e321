"""Loads what a fold needs: every node that a touched record can reach over links, and every member of its old case.

Reading goes by edges: a neighbour that shares a key is loaded and judged, but only one that is linked leads further.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from sqlalchemy import Connection, Row

from adapters.stores import casebook, feeds, mandates
from adapters.stores.archive import Archive
from adapters.vault.keys import Keys
from schemas.evidence import Content, Evidence, Standing, Uses
from schemas.records import Kind
from services.consent.entitlement import Spent
from services.hub.assemble import UNDECIDED, Component, Word, assemble, judged_between
from services.hub.fold import FILINGS, Case
from services.hub.grading import Key
from services.hub.linking import Crowds, Link, Node, crowds, keys, near
from services.hub.mandates import unempowered, unmandated
from services.hub.numbering import Numbers


@dataclass
class Loaded:
    """Nodes by lineage, the rows of all their records, and the judged links among the nodes."""

    nodes: dict[str, Node] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    links: set[Link] = field(default_factory=set)
    doubts: set[Link] = field(default_factory=set)  # pairs that a person is to judge
    words: list[Word] = field(default_factory=list)
    views: dict[str, Content] = field(default_factory=dict)  # of records, opened on the way

    def asked(self, reached: Iterable[str]) -> set[Link]:
        """Of the doubts about these lineages, whose components are whole, those between what stands apart; and the links that
        exclude each other. Between two that open no case nothing is asked."""
        wanted = set(reached)
        components = self.components(wanted)
        case = {node.lineage: index for index, part in enumerate(components) for node in part.nodes}
        undecided = {link for part in components for link, why in part.refused if why == UNDECIDED}
        return {
            link
            for link in self.doubts | undecided
            if (link.one in wanted or link.other in wanted)
            and (self.nodes[link.one].opens or self.nodes[link.other].opens)
            and (link.one not in case or case[link.one] != case.get(link.other))
        }

    def components(self, lineages: Iterable[str]) -> list[Component]:
        """The components that hold one of these lineages (others may be loaded in part only)."""
        wanted = set(lineages)
        return [
            component
            for component in assemble(list(self.nodes.values()), self.links, self.words)
            if any(node.lineage in wanted for node in component.nodes)
        ]


def shown(rows: Iterable[Row], unmandated: Collection[str] = ()) -> Row | None:
    """The record that stands for a lineage: the latest version of those of its identities that are not withdrawn; of
    equal ones the first accepted. `unmandated`: records that stand for it only while there are no others."""
    latest: dict[str, Row] = {}
    for row in _standing(rows, unmandated):
        if row.identity not in latest or row.version > latest[row.identity].version:
            latest[row.identity] = row
    current = [row for row in latest.values() if row.standing != Standing.WITHDRAWN]
    return max(current, key=lambda row: (row.version, -row.accepted), default=None)


def _standing(rows: Iterable[Row], unmandated: Collection[str]) -> list[Row]:
    rows = list(rows)
    return [row for row in rows if row.record not in unmandated] or rows


class Loader:
    def __init__(self, keys_: Keys, archive: Archive) -> None:
        self._keys, self._archive = keys_, archive

    def load(
        self, tx: Connection, lineages: Iterable[str], views: Mapping[str, Content] = MappingProxyType({})
    ) -> tuple[Loaded, set[str]]:
        """Everything within reach of these lineages; and the lineages reached, whose components are whole. `views`: of
        records that the caller has opened already."""
        loaded = Loaded(views=dict(views))
        reached: set[str] = set()
        frontier = set(lineages)
        crowded = Crowds()
        while frontier:
            reached |= frontier
            self._nodes(tx, loaded, frontier - loaded.rows.keys())
            fresh = [loaded.nodes[one] for one in frontier if one in loaded.nodes]
            under = _under(fresh)
            crowded |= crowds(under, casebook.key_counts(tx, under))
            around = casebook.lineages_under(tx, under.keys() - crowded.closed)
            around |= self._judged(tx, loaded, frontier)
            self._nodes(tx, loaded, around - loaded.rows.keys())
            nodes = [loaded.nodes[one] for one in around | frontier if one in loaded.nodes]
            found = judged_between(nodes, crowded)
            for link in found:
                if link.one in frontier or link.other in frontier:
                    (loaded.links if link.automatic else loaded.doubts).add(link)
            linked = {one for link in loaded.links for one in (link.one, link.other)}
            linked |= {one for word in loaded.words if word.same for one in (word.one, word.other)}
            frontier = {one for one in linked if one in loaded.nodes} - reached
        _spread_persons(loaded)
        return loaded, reached

    def pair(self, tx: Connection, one: str, other: str) -> tuple[dict[str, Node], Link | None]:
        """Two lineages as they stand, and how they are judged now."""
        loaded = Loaded()
        self._nodes(tx, loaded, {one, other})
        under = _under(loaded.nodes.values())
        crowded = crowds(under, casebook.key_counts(tx, under))
        return loaded.nodes, next(iter(judged_between(loaded.nodes.values(), crowded)), None)

    def cases_about(self, tx: Connection, person: str) -> set[str]:
        """The numbers of the cases in which something about a person stands."""
        lineages = casebook.lineages_under(tx, {self._keys.lookup(f"person|{person}")})
        return {row.case_number for row in casebook.rows_of_lineages(tx, lineages) if row.case_number}

    def unmandated(self, tx: Connection, rows: Iterable[Row]) -> set[str]:
        """Of these rows, that the hub has folded, what an agent filed without a mandate."""
        filed = mandates.acting_in(tx, [row.record for row in rows if row.kind in FILINGS])
        return unmandated(tx, self._archive, self._keys.lookup, self._archive.views(tx, filed)) if filed else set()

    def _nodes(self, tx: Connection, loaded: Loaded, lineages: set[str]) -> None:
        if not lineages:
            return
        by_lineage: dict[str, list[Row]] = {lineage: [] for lineage in lineages}
        for row in casebook.rows_of_lineages(tx, lineages):
            by_lineage[row.lineage].append(row)
        loaded.rows |= by_lineage
        views = loaded.views
        filed = [row.record for rows in by_lineage.values() for row in rows if row.kind in FILINGS]
        if unread := [record for record in filed if record not in views]:
            views |= self._archive.views(tx, unread)
        # By what each says of itself: one that the hub has not taken in yet stands under no pair.
        told = {record: views[record] for record in filed if record in views}
        astray = unmandated(tx, self._archive, self._keys.lookup, told)
        current = {lineage: row for lineage, rows in by_lineage.items() if (row := shown(rows, astray))}
        beside = {
            lineage: _other_identities(_standing(by_lineage[lineage], astray), row) for lineage, row in current.items()
        }
        wanted = [row.record for row in current.values()] + [one for some in beside.values() for one in some]
        views |= self._archive.views(tx, [record for record in wanted if record not in views])
        shown_ = {row.record: views[row.record] for row in current.values() if row.record in views}
        astray |= unempowered(tx, self._archive, self._keys.lookup, shown_)
        for lineage, row in current.items():
            evidence = views.get(row.record)
            if isinstance(evidence, Evidence) and row.kind != Kind.ACCIDENT_FILE:
                others = [view for one in beside[lineage] if isinstance(view := views.get(one), Evidence)]
                node = self._node(lineage, row, by_lineage[lineage], _joined(evidence, others))
                # Found by nothing, it joins nothing: what nobody may file makes no two cases one.
                loaded.nodes[lineage] = replace(node, own={}, near={}) if row.record in astray else node

    def _node(self, lineage: str, row: Row, rows: list[Row], evidence: Evidence) -> Node:
        return Node(
            lineage=lineage,
            record=row.record,
            kind=Kind(row.kind),
            sender=row.sender,
            order=min(one.accepted for one in rows),
            evidence=evidence,
            own=keys(evidence, [one.record for one in rows], self._keys.lookup),
            near=near(evidence, self._keys.lookup),
        )

    def _judged(self, tx: Connection, loaded: Loaded, frontier: set[str]) -> set[str]:
        """Reads the operators' words on records of the frontier; the lineages that they lead to."""
        ids = [row.record for lineage in frontier for row in loaded.rows.get(lineage, ())]
        spoken = casebook.judgements_about(tx, ids)
        named = {record for row in spoken for record in (row.one, row.other)}
        lineage_of = {row.record: row.lineage for row in casebook.rows_of_records(tx, named)} if named else {}
        latest: dict[frozenset[str], Word] = {}
        for row in spoken:  # in order of acceptance: the later word on a pair stands
            one, other = lineage_of.get(row.one), lineage_of.get(row.other)
            if one and other and one != other:
                latest[frozenset((one, other))] = Word(one, other, row.verb == "same")
        known = {frozenset((word.one, word.other)) for word in loaded.words}
        loaded.words += [word for pair, word in latest.items() if pair not in known]
        return {lineage for pair in latest for lineage in pair}


def _under(nodes: Iterable[Node]) -> dict[str, Key]:
    """Every key that one of these nodes is found by."""
    return {hash: key for node in nodes for hash, key in (node.near | node.own).items()}


def _other_identities(rows: Iterable[Row], current: Row) -> list[str]:
    """The latest version of each other identity of a lineage: the same document under another number."""
    latest: dict[str, Row] = {}
    for row in rows:
        if row.identity != current.identity and (
            row.identity not in latest or row.version > latest[row.identity].version
        ):
            latest[row.identity] = row
    return [row.record for row in latest.values()]


def _joined(evidence: Evidence, others: list[Evidence]) -> Evidence:
    """What is shown, about the persons and under the numbers of all its identities: a filing may name any of them, and
    a person that one of them names cannot be dropped by another."""
    if not others:
        return evidence
    return evidence.model_copy(
        update={
            "persons": tuple(sorted({*evidence.persons, *(person for one in others for person in one.persons)})),
            "numbers": tuple(dict.fromkeys((*evidence.numbers, *(number for one in others for number in one.numbers)))),
        }
    )


def _spread_persons(loaded: Loaded) -> None:
    """A copy is about the persons of both, even where dates or an operator's word keep the two in different cases."""
    of_part: dict[str, set[str]] = {}
    for node in loaded.nodes.values():
        for part in node.evidence.parts:
            of_part.setdefault(part, set()).update(node.evidence.persons)
    for lineage, node in loaded.nodes.items():
        about = frozenset(person for part in node.evidence.parts for person in of_part[part])
        if about:
            loaded.nodes[lineage] = replace(node, about=about)


def spent_elsewhere(tx: Connection, case: Case) -> frozenset[Spent]:
    """Single-use authorisations of the case whose one use of a paper was in another case. A number that no case bears is of
    none: after a restore the records may found their case under another."""
    single = {one.lineage for one in case.consents if one.grant.uses == Uses.SINGLE}
    made: dict[str | None, set[Spent]] = defaultdict(set)
    for row in feeds.uses_of(tx, single) if single else ():
        made[casebook.resolve(tx, row.case_number)].add((row.authorisation, row.paper, row.insurer))
    here = made.pop(case.number, set()) | made.pop(None, set())
    return frozenset().union(*made.values()) - here


def carry_uses(tx: Connection, loaded: Loaded, components: Sequence[Component], numbers: Numbers) -> None:
    """A use goes where its paper goes: under whatever number the two stand from now on, and whoever has left them, it is
    the same paper under the same authorisation. Only an authorisation that was corrected, and now stands in another case,
    leaves its uses where they were made: what it allows there would be a second."""
    goes: dict[tuple[str, str], str] = {}  # (paper, number that it stood under) → its number now
    corrected: set[tuple[str, str]] = set()  # (authorisation, number that its new version stands under)
    for index, number in numbers.of.items():
        for node in components[index].nodes:
            stood = {row.record: row.case_number for row in loaded.rows[node.lineage]}
            goes |= {(node.lineage, one): number for one in stood.values() if one not in (None, number)}
            if node.evidence.grant and stood[node.record] is None:
                corrected.add((node.lineage, number))
    if goes:
        made = feeds.uses_of_papers(tx, {paper for paper, _ in goes})
        moved = [(row, number) for row in made if (number := goes.get((row.paper, row.case_number)))]
        feeds.move_uses(tx, [(row, number) for row, number in moved if (row.authorisation, number) not in corrected])
