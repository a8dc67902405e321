"""Wires linking, assembly and views to the store: a batch of verdicts in, the views of the touched cases out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from adapters.stores import casebook, consents, mandates, records, tracing, verifications, worklist
from adapters.stores.archive import Archive
from adapters.stores.dialect import lock, lock_found
from adapters.stores.journal import Journal
from adapters.vault.keys import Keys
from schemas.events import Expire, Message, Refold, Verdict, View
from schemas.evidence import Content, Evidence, Judgement, Mandate, Uses
from schemas.ids import derive
from schemas.records import Kind, Outcome
from schemas.topics import DUE, OFFERS, VERDICTS
from services.consent.entitlement import Consent
from services.consent.mandate import Power
from services.hub.assemble import Component
from services.hub.attesting import attested
from services.hub.fold import Case, Policies, fold
from services.hub.linking import CROWDED, VAST, Key, Node, case_number, crowds, keys, near
from services.hub.loading import Loaded, Loader, carry_uses, spent_elsewhere
from services.hub.mandates import pair_of, powers
from services.hub.numbering import Member, number_cases
from services.hub.retention import ended, pursued
from services.hub.views import view
from services.pipeline import RETRY

TAIPEI = ZoneInfo("Asia/Taipei")
FILINGS_AT_ONCE = 50  # of an agent for a principal; each may stand in a case of its own


@dataclass
class _Batch:
    """What a batch of messages says, and what was read of it before anything was locked."""

    new: set[str] = field(default_factory=set)  # records that a verdict has just let in
    touched: set[str] = field(default_factory=set)  # records whose state changed
    again: set[str] = field(default_factory=set)  # records whose cases are told again even if they look the same
    judgements: list[Verdict] = field(default_factory=list)
    expired: set[str] = field(default_factory=set)  # records whose retention has ended
    views: dict[str, Content] = field(default_factory=dict)  # of new records
    keys: dict[str, dict[str, Key]] = field(default_factory=dict)  # of new records
    pairs: dict[str, str] = field(default_factory=dict)  # principal and agent: of new records, of mandates touched
    mandated: set[str] = field(default_factory=set)  # pairs whose mandates changed

    def add(self, message: Message) -> None:
        match message.event:
            case Verdict(outcome=Outcome.ACCEPTED | Outcome.DUPLICATE) as verdict:
                if verdict.record.kind == Kind.JUDGEMENT:
                    self.judgements.append(verdict)
                self.new.add(verdict.record.id)
                self.touched |= set(verdict.targets)
            case Refold() as refold:
                self.touched |= set(refold.records)
                self.again |= set(refold.records)
            case Expire() as expire:
                self.expired |= set(expire.records)


@dataclass(frozen=True)
class _Reach:
    """What a batch touches: `reached` lineages whose components are loaded whole, `numbers` of cases that records stood
    in, `forced` numbers of cases to be told again."""

    loaded: Loaded
    reached: set[str]
    numbers: set[str]
    forced: set[str]


class Hub:
    name = "hub"
    sources = (VERDICTS.name, DUE.name)

    def __init__(self, keys_: Keys, archive: Archive, journal: Journal, policies: Policies) -> None:
        self._keys, self._archive, self._journal, self.policies = keys_, archive, journal, policies
        self.loader = Loader(keys_, archive)

    def handle(self, tx: Connection, messages: Sequence[Message], now: datetime) -> list[Message]:
        batch = _Batch()
        for message in messages:
            batch.add(message)
        batch.views = self._archive.views(tx, batch.new)
        told = {record: view for record, view in batch.views.items() if isinstance(view, Evidence)}
        batch.keys = {record: keys(evidence, [record], self._keys.lookup) for record, evidence in told.items()}
        self._read_pairs(tx, batch)
        reach = lock_found(tx, self._names(tx, batch), lambda: self._reach(tx, batch, now))
        return self._fold(tx, reach, now)

    def _read_pairs(self, tx: Connection, batch: "_Batch") -> None:
        """Who acts for whom in this batch, and whose mandates changed: also one that opens no more."""
        changed = [row.record for row in casebook.rows_of_records(tx, batch.touched) if row.kind == Kind.MANDATE]
        batch.mandated |= mandates.pairs_of(tx, changed)
        contents = batch.views | (self._archive.views(tx, changed) if changed else {})
        for record, content in contents.items():
            if pair := pair_of(content, self._keys.lookup):
                batch.pairs[record] = pair
                if isinstance(content, Mandate):
                    batch.mandated.add(pair)

    def dead(self, tx: Connection, message: Message, reason: str, now: datetime) -> list[Message]:
        """The record whose verdict the message is may be posted again: it is dead. Whatever else the message named keeps its
        own verdict: it is folded again later, and what should have gone the clock names again."""
        later: tuple[str, ...] = ()
        match message.event:
            case Verdict(record=record, targets=later):
                records.mark_dead(tx, self.name, message.id, record.id, reason, now)
            case Refold(records=later):
                for record in later:
                    records.note_dead_letter(tx, self.name, message.id, record, reason, now)
            case Expire(records=ended_):
                for record in ended_:
                    records.note_dead_letter(tx, self.name, message.id, record, reason, now)
        for record in later:
            consents.schedule(tx, records.stamp(now + RETRY), record, "dead letter")
        return []

    def _names(self, tx: Connection, batch: "_Batch") -> Iterator[str]:
        """What to lock before looking: the keys that the new records are found by, for another may come under one of them at
        this instant; and what stands there already, which is nearly always all that the batch touches."""
        told = [view for view in batch.views.values() if isinstance(view, Evidence)]
        under = {hash: key for evidence in told for hash, key in near(evidence, self._keys.lookup).items()}
        under |= {hash: key for found in batch.keys.values() for hash, key in found.items()}
        yield from (f"key:{hash}" for hash in under)
        judged = [view for view in batch.views.values() if isinstance(view, Judgement)]
        pairs = {
            *batch.pairs.values(),
            *batch.mandated,
            *mandates.pairs_of(tx, {record for view in judged for record in view.records}),
        }
        yield from (f"key:{pair}" for pair in pairs)  # a filing and its mandate may come at this instant
        hashes = under.keys() - crowds(under, casebook.key_counts(tx, under)).closed
        lineages = {
            row.lineage
            for row in casebook.rows_of_records(tx, batch.new | batch.touched | batch.expired)
            if row.lineage
        }
        lineages |= casebook.lineages_under(tx, hashes)
        yield from (f"lineage:{lineage}" for lineage in lineages)
        yield from (f"case:{row.case_number}" for row in casebook.rows_of_lineages(tx, lineages) if row.case_number)

    def _reach(self, tx: Connection, batch: "_Batch", now: datetime) -> tuple[set[str], "_Reach"]:
        """Everything that the batch touches, and the names to lock it by: its cases, and what stands in none."""
        lineages, numbers = self._admit(tx, batch, now)
        again = casebook.rows_of_records(tx, batch.again)
        forced = {row.case_number for row in again} - {None}
        numbers |= forced
        # What a restore has erased again leaves its case here, with all that was told of it.
        gone = [{"record": row.record, "number": None} for row in again if row.erased and row.case_number]
        casebook.assign(tx, gone)
        changes = [self._judgement(tx, verdict, now) for verdict in batch.judgements]
        changes += [self._expire(tx, record, now) for record in sorted(batch.expired)]
        for more in changes:
            lineages |= more[0]
            numbers |= more[1]
            forced |= more[1]  # offers that show an erased version are taken back, though the view stays as it was
        lineages |= casebook.lineages_of_cases(tx, numbers)
        loaded, reached = self.loader.load(tx, lineages, batch.views)
        names = {f"case:{number}" for number in numbers}
        # Whoever folds the other side of a doubt must wait, or a pair might stay of which one side has changed.
        doubted = {one for link in loaded.doubts for one in (link.one, link.other)}
        for lineage in reached | doubted:
            stood = {row.case_number for row in loaded.rows.get(lineage, ()) if row.case_number}
            names |= {f"case:{number}" for number in stood} or {f"lineage:{lineage}"}
        return names, _Reach(loaded, reached, numbers, forced)

    def _admit(self, tx: Connection, batch: "_Batch", now: datetime) -> tuple[set[str], set[str]]:
        """Puts new records under their keys; the lineages to fold, and the cases that they stood in."""
        rows = casebook.rows_of_records(tx, batch.new | batch.touched)
        rows = [row for row in rows if row.outcome in records.HELD and row.lineage]
        fresh = [row.record for row in rows if row.record in batch.keys and not row.erased]
        pairs = [(hash, record) for record in fresh for hash in batch.keys[record]]
        copies = {hash for record in fresh for hash, key in batch.keys[record].items() if key in (Key.PART, Key.FILE)}
        casebook.put_links(tx, pairs)
        mandates.put(
            tx, [(batch.pairs[row.record], row.record) for row in rows if row.record in batch.pairs and not row.erased]
        )
        # A copy may name a person whom the other did not: wherever that one stands, it is judged again.
        lineages = {row.lineage for row in rows} | (casebook.lineages_under(tx, copies) if copies else set())
        lineages |= _resting(tx, batch.mandated, now)
        lineages |= self._crowding(tx, {hash for hash, _ in pairs}, len(fresh))
        # A correction, or a key that crowds, may lead out of the case that a record stood in: that one is folded again too.
        return lineages, {row.case_number for row in casebook.rows_of_lineages(tx, lineages) if row.case_number}

    def _crowding(self, tx: Connection, hashes: set[str], added: int) -> set[str]:
        """A key that just became too crowded to link: all that stood under it are folded again without it."""
        counts = casebook.key_counts(tx, hashes)
        over = [hash for hash, count in counts.items() if any(most < count <= most + added for most in (CROWDED, VAST))]
        return casebook.lineages_under(tx, over) if over else set()

    def _judgement(self, tx: Connection, verdict: Verdict, now: datetime) -> tuple[set[str], set[str]]:
        word = self._archive.views(tx, [verdict.record.id]).get(verdict.record.id)
        row = records.by_ids(tx, [verdict.record.id])[verdict.record.id]
        if not isinstance(word, Judgement):
            return set(), set()
        if word.judgement == "erase":
            return self._erase(tx, word.records[0], now) if not word.withdrawn else (set(), set())
        casebook.put_judgement(
            tx,
            {
                "judgement": verdict.record.id,
                "lineage": row.lineage,
                "version": word.version,
                "verb": word.judgement,
                "withdrawn": int(word.withdrawn),
                "one": word.records[0],
                "other": word.records[1],
            },
        )
        named = casebook.judgement_records(tx, row.lineage)
        rows = [one for one in casebook.rows_of_records(tx, named) if one.lineage]
        return {one.lineage for one in rows}, {one.case_number for one in rows if one.case_number}

    def _expire(self, tx: Connection, record: str, now: datetime) -> tuple[set[str], set[str]]:
        """Erases a document with all its versions once the retention of each has ended: a version that went before the one
        that corrects or withdraws it would stand again."""
        row = records.by_ids(tx, [record]).get(record)
        if row is None:
            return set(), set()
        rows = [one for one in (tracing.of_lineage(tx, row.lineage) if row.lineage else [row]) if not one.erased]
        if not all(_ended(one, now) for one in rows):  # judged again, or corrected, since the clock looked
            return set(), set()
        if self._needed(tx, rows, now):
            return set(), set()
        gone = [self._erase(tx, one.record, now) for one in rows]
        return set().union(*(one[0] for one in gone)), set().union(*(one[1] for one in gone))

    def _needed(self, tx: Connection, rows: Sequence[Row], now: datetime) -> bool:
        """Whether a claim of their case, or what was filed under a mandate, needs them longer than their own time."""
        held = [row for row in rows if row.outcome in records.HELD]
        for number in {row.case_number for row in held} - {None}:
            beside = [row for row in tracing.of_case(tx, number) if row.outcome in records.HELD and not row.erased]
            if pursued((Kind(row.kind), _ended(row, now)) for row in beside):
                return True
        given = [row.record for row in held if row.kind == Kind.MANDATE]
        return bool(given and mandates.filings_under(tx, mandates.pairs_of(tx, given)))

    def _erase(self, tx: Connection, record: str, now: datetime) -> tuple[set[str], set[str]]:
        """Destroys the record's key and takes it out of the set; those it stood beside are folded again without it."""
        row = records.by_ids(tx, [record]).get(record)
        if row is None:
            return set(), set()
        under = casebook.drop_links(tx, record)
        freed = [hash for hash, count in casebook.key_counts(tx, under).items() if count in (CROWDED, VAST)]
        resting = _resting(tx, mandates.pairs_of(tx, [record]), now)
        mandates.drop(tx, record)
        casebook.erase(tx, record)
        self._archive.erase(tx, record)
        verifications.drop_unheld(tx, row.sha256)
        self._journal.forget(record)
        lineages = resting | ({row.lineage} if row.lineage else set())
        return lineages | casebook.lineages_under(tx, freed), {row.case_number} if row.case_number else set()

    def _fold(self, tx: Connection, reach: "_Reach", now: datetime) -> list[Message]:
        loaded, reached, numbers = reach.loaded, reach.reached, reach.numbers
        components = loaded.components(reached)
        members = [_members(component, loaded) for component in components]
        everyone = [member for part in members for member in part]
        known = casebook.cases_by_number(
            tx, {one for member in everyone for one in (case_number(member.record), member.number) if one} | numbers
        )
        result = number_cases(components, members, {number: row.opened for number, row in known.items()})
        result.closed |= numbers - set(result.of.values()) - result.merged.keys()
        withdrawn = [row for lineage in reached - loaded.nodes.keys() for row in loaded.rows.get(lineage, ())]
        casebook.assign(tx, [{"record": row.record, "number": None} for row in withdrawn if row.case_number])
        _write_numbers(tx, result, members, known, now)
        asked = [{"one": link.one, "other": link.other, "score": link.score} for link in loaded.asked(reached)]
        worklist.put(tx, reached, asked)
        today = now.astimezone(TAIPEI).date()
        nodes = [node for component in components for node in component.nodes]
        # A single use is counted here and where it is numbered, each alone with the authorisation.
        single = [node.lineage for node in nodes if node.evidence.grant and node.evidence.grant.uses == Uses.SINGLE]
        lock(tx, (f"authorisation:{row.record}" for lineage in single for row in loaded.rows[lineage]))
        carry_uses(tx, loaded, components, result)
        granted, given, sure = self.consents(tx, nodes), self.powers(tx, nodes), attested(tx, nodes)
        folded = {
            number: fold(number, components[index], granted, self.policies, today, given, sure)
            for index, number in result.of.items()
        }
        told_again = {
            result.of[index]
            for index, part in enumerate(members)
            if index in result.of and any(member.number in reach.forced for member in part)
        }
        sizes = {row.record: (row.sha256, row.media_type, row.size) for rows in loaded.rows.values() for row in rows}
        return _emit(tx, self._keys.lookup, folded, result.merged, result.closed, told_again, sizes, today)

    def case(self, tx: Connection, number: str, component: Component, today: date) -> Case:
        """The case of a component, with its authorisations as they stand."""
        granted, given = self.consents(tx, component.nodes), self.powers(tx, component.nodes)
        return fold(number, component, granted, self.policies, today, given, attested(tx, component.nodes))

    def powers(self, tx: Connection, nodes: Iterable[Node]) -> tuple[Power, ...]:
        return powers(tx, self._archive, self._keys.lookup, nodes)

    def consents(self, tx: Connection, nodes: Iterable[Node]) -> dict[str, Consent]:
        """The authorisations among these nodes as they stand, by lineage."""
        granting = [node for node in nodes if node.kind == Kind.AUTHORISATION and node.evidence.grant]
        if not granting:
            return {}
        approved = consents.approved(tx, [node.record for node in granting])
        withdrawn = consents.withdrawn(tx, [node.lineage for node in granting])
        return {
            node.lineage: Consent(
                node.record,
                node.lineage,
                node.evidence.grant,
                node.record in approved and node.lineage not in withdrawn,
            )
            for node in granting
            if node.evidence.grant
        }


def _resting(tx: Connection, pairs: Iterable[str], now: datetime) -> set[str]:
    """Lineages of what was filed under mandates that changed: so many at once, the others as the clock names them. No offer
    waits for that: each is judged again when it is handed over."""
    filed = sorted(mandates.filings_under(tx, pairs), key=lambda row: row.seq)
    for row in filed[FILINGS_AT_ONCE:]:
        consents.schedule(tx, records.stamp(now), row.record, "mandate changed")
    return {row.lineage for row in filed[:FILINGS_AT_ONCE]}


def _ended(row: Row, now: datetime) -> bool:
    """Whether a row of `records` is kept no longer; never while an attempt at it is under way."""
    if row.outcome is None or row.judged < row.attempt:
        return False
    return ended(Kind(row.kind), Outcome(row.outcome), datetime.fromisoformat(row.judged_at), now)


def _members(component: Component, loaded: Loaded) -> list[Member]:
    return [
        Member(row.record, row.accepted, row.case_number)
        for node in component.nodes
        for row in loaded.rows[node.lineage]
    ]


def _write_numbers(tx, result, members, known, now) -> None:  # type: ignore[no-untyped-def]
    rows = [
        {"record": member.record, "number": result.of.get(index)}
        for index, part in enumerate(members)
        for member in part
        if member.number != result.of.get(index)
    ]
    casebook.assign(tx, rows)
    opened = records.stamp(now)
    changed = [
        {"number": number, "merged_into": None, "opened": opened}
        for number in result.of.values()
        if number not in known or known[number].merged_into
    ]
    changed += [
        {"number": number, "merged_into": into, "opened": opened}
        for number, into in result.merged.items()
        if number not in known or known[number].merged_into != into
    ]
    casebook.put_cases(tx, changed)


def _emit(tx, lookup, folded, merged, closed, told_again, sizes, today) -> list[Message]:  # type: ignore[no-untyped-def]
    """The views that differ from the ones told last."""
    told = {}
    for row in casebook.views_of(tx, {*folded, *merged, *closed}):
        told[(row.case_number, row.insurer)] = row
    wanted: dict[tuple[str, str], View | None] = {}
    for number, case in folded.items():
        spent = spent_elsewhere(tx, case)
        for standing in case.standings:
            wanted[(number, standing.insurer)] = view(case, standing, sizes, spent, today)
    messages, rows = [], []
    for number, insurer in sorted({*wanted, *told}):
        before = told.get((number, insurer))
        now_seen = wanted.get((number, insurer))
        if before is None and now_seen is None:
            continue
        if now_seen is None:
            now_seen = View(insurer=insurer, case=number, version=0, merged=merged.get(number))
        digest = lookup(f"view|{now_seen.model_dump_json()}")
        if before is not None and before.digest == digest and number not in told_again:
            continue
        version = before.version + 1 if before else 1
        rows.append({"insurer": insurer, "case_number": number, "version": version, "digest": digest})
        id = derive("view", insurer, number, version)
        messages.append(Message(OFFERS.name, insurer, id, now_seen.model_copy(update={"version": version})))
    casebook.put_views(tx, rows)
    return messages
