"""Reads what the portal tells: a case folded anew from the store, with its feeds; a record with its whole story.

Nothing of it is stored: the hub's own loader and fold give the case as it is now.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from adapters.police.report import AccidentReport
from adapters.police.sources import accepted
from adapters.stores import casebook, mandates, participants, records, tracing, worklist
from adapters.stores.archive import Archive
from adapters.vault.sealing import CannotOpen
from schemas import normalise
from schemas.evidence import Mandate, Standing
from schemas.problems import Problem
from schemas.records import Kind, Outcome
from services.consent.entitlement import granted
from services.deduplication.decide import Arrival, Why, decide
from services.deduplication.worker import held
from services.delivery.judging import allowed, basis_of, in_force
from services.hub.assemble import Component
from services.hub.linking import Node
from services.hub.loading import Loaded, shown, spent_elsewhere
from services.hub.worker import Hub
from services.motor.costs import Costs, costs
from services.motor.stated import Stated, stated
from services.portal.dossier import (
    ConsentState,
    DeadLetter,
    Dossier,
    Entry,
    Handover,
    Mandated,
    Offer,
    OfferedPaper,
    Question,
    Word,
)
from services.portal.trace import Story
from services.portal.worklist import Ask, Side, listed

TAIPEI = ZoneInfo("Asia/Taipei")
READ_BYTES = 20 << 20  # of a case's papers in one answer: dozens of documents of some 30 kB; what is more stays unread
CHILDREN = 5_000  # accidents of a file told in one trace; a month of a county has fewer


class Reading:
    """Every call works inside the caller's transaction, which changes nothing."""

    def __init__(self, hub: Hub, archive: Archive) -> None:
        self._hub, self._archive = hub, archive

    def case(self, tx: Connection, asked: str, now: datetime) -> Dossier | None:
        """The case that a number leads to, or None when there was never one of that number."""
        number = casebook.resolve(tx, asked)
        if number is None:
            return None
        rows = tracing.of_case(tx, number)
        lineages = {row.lineage for row in rows}
        loaded, _ = self._hub.loader.load(tx, lineages)
        cases = [component for component in loaded.components(lineages) if component.is_case]
        component = max(
            cases, key=lambda one: sum(node.lineage in lineages for node in one.nodes), default=None
        )  # the hub may be a step behind: the part that holds most of it
        return self._dossier(tx, number, asked, component, loaded, rows, now)

    def motor(self, tx: Connection, dossier: Dossier, records: frozenset[str]) -> Dossier:
        """The dossier of a motor case with what the bytes of these records tell, and what the register says of the
        vehicles."""
        if dossier.case is None or not dossier.case.motor:
            return dossier
        contents: dict[str, AccidentReport | Costs | Stated | str] = {}
        read, unread = to_read(dossier, records)
        for node in read:
            try:
                told = _READ[node.kind](self._archive.body(tx, node.record))
            except CannotOpen:
                continue  # erased at this instant
            if told is not None:
                contents[node.record] = told
        asked = {
            (normalise.plate(party.plate), told.date)
            for told in contents.values()
            if isinstance(told, AccidentReport)
            for party in told.parties
            if party.plate
        }
        registered = {one: self._hub.policies(*one) for one in sorted(asked)}
        return replace(dossier, contents=contents, registered=registered, unread=unread)

    def record(self, tx: Connection, id: str, now: datetime) -> tuple[Story, Dossier | None] | None:
        """The story of a record, and the case or the surroundings that it stands in; None when there is no such one."""
        row = records.by_ids(tx, [id]).get(id)
        if row is None:
            return None
        story = self._story(tx, row)
        if row.kind == Kind.MANDATE:
            return replace(story, mandated=self._mandated(tx, row, now)), None
        if row.case_number:
            return story, self.case(tx, row.case_number, now)
        if story.shown is None:
            return story, None
        loaded, _ = self._hub.loader.load(tx, [row.lineage])
        around = next(iter(loaded.components([row.lineage])), None)
        return story, self._dossier(tx, None, None, around, loaded, (), now) if around else None

    def _story(self, tx: Connection, row: Row) -> Story:
        family = tracing.of_lineage(tx, row.lineage) if row.lineage else ()
        held = [one for one in family if one.outcome in records.HELD and not one.erased]
        stands = shown(held, self._hub.loader.unmandated(tx, held))
        return Story(
            record=records.envelope(row),
            judged=row.judged,
            outcome=Outcome(row.outcome) if row.outcome else None,
            judged_at=row.judged_at,
            why=_why(tx, row),
            original=row.original,
            problems=tuple(Problem.model_validate(one) for one in json.loads(row.problems or "[]")),
            erased=bool(row.erased),
            lineage=row.lineage,
            shown=stands.record if stands else None,
            versions=tuple(_entry(one) for one in family),
            children=tuple(
                {"record": one.record, "outcome": one.outcome, "lines": [one.first_line, one.last_line]}
                for one in tracing.children(tx, row.record, CHILDREN)
            ),
            dead=_dead(tx, [row.record]),
            questions=_questions(tx, row.sha256) if row.kind == Kind.PAPER and not row.erased else (),
        )

    def worklist(self, tx: Connection, wanted: Ask) -> dict[str, Any]:
        """What waits for a person's word. A pair that is judged otherwise by now is left to the hub's next fold of it."""
        waiting = worklist.questions(tx)
        rest = [one for one in waiting if wanted.after is None or one.position < wanted.after]
        names = {one.code: one.name for one in participants.everyone(tx)}
        pairs = []
        for one in rest[: wanted.limit]:
            nodes, link = self._hub.loader.pair(tx, one.one, one.other)
            if link:
                sides = [
                    _side(tx, nodes[lineage], case, names)
                    for lineage, case in zip((one.one, one.other), one.cases, strict=True)
                ]
                pairs.append((link, sides[0], sides[1]))
        return listed(len(waiting), pairs, rest[wanted.limit - 1].position if len(rest) > wanted.limit else None)

    def _dossier(
        self,
        tx: Connection,
        number: str | None,
        asked: str | None,
        component: Component | None,
        loaded: Loaded,
        rows: Sequence[Row],
        now: datetime,
    ) -> Dossier:
        today = now.astimezone(TAIPEI).date()
        nodes = component.nodes if component else ()
        everything = {row.record: row for row in rows}
        everything |= {row.record: row for node in nodes for row in loaded.rows[node.lineage]}
        also = tuple(tracing.numbers_into(tx, number)) if number else ()
        numbers = [number, *also] if number else []
        offers = self._offers(tx, numbers, today)
        case = self._hub.case(tx, number or "", component, today) if component else None
        insurers = {one.insurer for one in offers} | {one.insurer for one in (case.standings if case else ())}
        return Dossier(
            number=number,
            asked=asked,
            today=today,
            also=also,
            opened=tracing.opened(tx, number) if number else None,
            component=component,
            case=case,
            entries=tuple(_entry(row) for row in sorted(everything.values(), key=lambda row: row.accepted)),
            offers=offers,
            handovers=tuple(_handover(row) for row in tracing.handovers_of_case(tx, numbers)),
            consents=_consents(tx, [row for row in everything.values() if row.kind == Kind.AUTHORISATION]),
            admitted=frozenset(participants.admitted(tx, insurers)),
            spent=spent_elsewhere(tx, case) if case else frozenset(),
            dead=_dead(tx, everything),
            words=_words(tx, everything),
        )

    def _mandated(self, tx: Connection, row: Row, now: datetime) -> Mandated | None:
        view = self._archive.views(tx, [row.record]).get(row.record)
        if not isinstance(view, Mandate):
            return None
        filings = mandates.filings_under(tx, mandates.pairs_of(tx, [row.record]))
        # What went by it was of the principal's cases; once it is revoked, what rests on it stands in none of them.
        stood = {one.case_number for one in filings if one.case_number}
        stood |= self._hub.loader.cases_about(tx, view.principal)
        numbers = sorted(stood.union(*(tracing.numbers_into(tx, number) for number in stood)))

        def by(bases: Iterable[str]) -> bool:
            return row.record in {granted(basis) for basis in bases}

        return Mandated(
            state=_consents(tx, [row])[row.record],
            mandate=view,
            filings=tuple(_entry(one) for one in sorted(filings, key=lambda one: one.accepted)),
            offers=tuple(
                one
                for one in self._offers(tx, numbers, now.astimezone(TAIPEI).date())
                if by(basis for paper in one.papers for _, basis in paper.basis)
            ),
            handovers=tuple(
                one for handed in tracing.handovers_of_case(tx, numbers) if by((one := _handover(handed)).basis)
            ),
        )

    def _offers(self, tx: Connection, numbers: Sequence[str], today: date) -> tuple[Offer, ...]:
        rows = tracing.papers_of_offers(tx, numbers)
        held = in_force(tx, self._archive, {basis for row in rows for _, basis in basis_of(row)}, today)
        papers = defaultdict(list)
        for row in rows:
            papers[(row.insurer, row.number)].append(
                OfferedPaper(row.record, row.lineage, row.sha256, tuple(basis_of(row)), allowed([row], held))
            )
        return tuple(
            Offer(
                insurer=row.insurer,
                number=row.number,
                type=row.type,
                case=row.case_number,
                at=row.at,
                taken_back_by=row.taken_back_by,
                papers=tuple(papers[(row.insurer, row.number)]),
            )
            for row in tracing.offers_of_case(tx, numbers)
        )


def to_read(dossier: Dossier, records: frozenset[str]) -> tuple[list[Node], frozenset[str]]:
    """Of these records those that are read for one answer, and those that would be too much."""
    read, unread, left = [], set(), READ_BYTES
    for node in (paper.node for paper in (dossier.case.papers if dossier.case else ())):
        if node.record not in records or node.kind not in _READ:
            continue
        size = dossier.sizes[node.record][2]
        if size > left:
            unread.add(node.record)
        else:
            read.append(node)
            left -= size
    return read, frozenset(unread)


def _side(tx: Connection, node: Node, case: str | None, names: dict[str, str]) -> Side:
    row = records.by_ids(tx, [node.record])[node.record]
    beside = [one for one in tracing.of_case(tx, case) if one.record != node.record] if case else []
    return Side(
        record=node.record,
        kind=row.kind,
        sender=row.sender,
        name=names.get(row.sender, ""),
        received=row.received,
        case=case,
        beside=tuple(one.kind for one in sorted(beside, key=lambda one: one.accepted)),
        evidence=node.evidence,
    )


def _statement(body: bytes) -> str:
    return str(json.loads(body)["statement"])


_READ = {Kind.ACCIDENT: accepted, Kind.DOCUMENT: costs, Kind.APPLICATION: stated, Kind.DISPUTE: _statement}


def _entry(row: Row) -> Entry:
    return Entry(
        record=row.record,
        lineage=row.lineage,
        kind=row.kind,
        sender=row.sender,
        received=row.received,
        outcome=row.outcome,
        judged_at=row.judged_at,
        original=row.original,
        version=row.version,
        standing=row.standing,
        sha256=row.sha256,
        size=row.size,
        media_type=row.media_type,
        erased=bool(row.erased),
    )


def _handover(row: Row) -> Handover:
    return Handover(row.insurer, row.number, row.at, tuple(json.loads(row.basis)), row.sha256, row.record)


def _consents(tx: Connection, rows: Sequence[Row]) -> dict[str, ConsentState]:
    reviews = tracing.reviews_of(tx, [row.record for row in rows])
    ended = tracing.withdrawals_of(tx, {row.lineage for row in rows})
    return {
        row.record: ConsentState(
            record=row.record,
            decision=reviews[row.record].decision if row.record in reviews else None,
            reviewer=reviews[row.record].reviewer if row.record in reviews else None,
            reviewed=reviews[row.record].reviewed if row.record in reviews else None,
            withdrawn=ended[row.lineage].at if row.lineage in ended else None,
        )
        for row in rows
    }


def _questions(tx: Connection, sha256: str) -> tuple[Question, ...]:
    rows = tracing.questions_about(tx, sha256)
    askers = defaultdict(set)
    for row in tracing.askers_of(tx, [row.id for row in rows]):
        askers[row.verification].add(row.asker)
    return tuple(
        Question(
            verification=row.id,
            issuer=row.issuer,
            state=row.state,
            asked=row.asked,
            deadline=row.deadline,
            tries=row.tries,
            fault=row.fault,
            answered=row.answered,
            askers=tuple(sorted(askers[row.id])),
        )
        for row in rows
    )


def _dead(tx: Connection, ids: Iterable[str]) -> tuple[DeadLetter, ...]:
    return tuple(DeadLetter(row.step, row.record, row.reason, row.at) for row in tracing.dead_letters_of(tx, ids))


def _words(tx: Connection, ids: Iterable[str]) -> tuple[Word, ...]:
    return tuple(
        Word(row.judgement, row.sender, row.received, row.verb, row.one, row.other, bool(row.withdrawn))
        for row in tracing.judgements_naming(tx, ids)
    )


def _why(tx: Connection, row: Row) -> Why | None:
    """The verdict decided anew on what stood before the record. None when that gives another one: what it was decided
    on has been erased since, or validation decided."""
    if row.identity is None or row.outcome not in records.HELD:
        return None
    arrival = Arrival(
        record=row.record,
        kind=Kind(row.kind),
        identity=row.identity,
        content=row.content,
        version=row.version,
        standing=Standing(row.standing),
        sha256=row.sha256,
    )
    before = [held(one) for one in tracing.like(tx, row) if one.outcome in records.HELD]
    decision = decide(arrival, before)
    return decision.why if decision.outcome == row.outcome else None
