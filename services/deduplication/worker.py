"""Wires the decision to the store: one transaction a batch, one verdict a record, the bytes kept with it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Row

from adapters.stores import records
from adapters.stores.archive import Archive, Kept
from adapters.stores.dialect import acceptances, lock_found
from adapters.stores.journal import Entry, Journal, What
from adapters.vault.keys import Keys
from schemas.events import Checked, Message, Verdict
from schemas.evidence import Evidence, Judgement, Mandate, Standing
from schemas.ids import event_id
from schemas.problems import Problem, problem
from schemas.records import REVIEWED, Outcome
from schemas.topics import CHECKED, CONTROLS, VERDICTS
from services.deduplication.decide import Arrival, Decision, Held, Why, decide

# What the journal holds of a record beside its envelope; of an erased one nothing that it is looked up by.
OF_ERASED = ("outcome", "version", "standing", "lineage")
OF_TAKEN = (*OF_ERASED, "original", "identity", "content")


class Deduplication:
    name = "deduplication"
    sources = (CHECKED.name,)

    def __init__(self, keys: Keys, archive: Archive, journal: Journal) -> None:
        self._keys, self._archive, self._journal = keys, archive, journal

    def handle(self, tx: Connection, messages: Sequence[Message], now: datetime) -> list[Message]:
        erased = records.erased(tx, [message.event.record.id for message in messages])  # type: ignore[union-attr]
        arrivals = {message.id: self._arrival(message.event, erased) for message in messages}
        held = _held(tx, [one for one in arrivals.values() if one])
        named = {record for message in messages for record in _named(message.event)}
        known = records.by_ids(tx, named) if named else {}
        kept, rows, again, outputs, entries = [], [], [], [], []
        for message in messages:
            checked, arrival = message.event, arrivals[message.id]
            assert isinstance(checked, Checked)
            if (gone := erased.get(checked.record.id)) is not None:
                # Erased while this attempt was under way: nothing of it is kept anew, and what was judged of it stays.
                if gone:
                    again.append({"record": checked.record.id, "judged": checked.record.attempt})
                else:
                    rows.append({**_judged(checked, now), "outcome": Outcome.REJECTED.value})
                decision = Decision(Outcome(gone or Outcome.REJECTED), Why.EXISTS)
                outputs.append(_verdict(message, checked, decision, ()))
                continue
            if arrival and (code := _misjudges(checked, known)):
                arrival = None
                checked = checked.model_copy(update={"problems": (*checked.problems, problem(code))})
            decision = decide(arrival, held.like(arrival)) if arrival else Decision(_unread(checked), Why.NEW)
            if decision.why == Why.EXISTS:
                # Kept once more: of a record that a restore knows from the journal alone, these are the only bytes.
                kept.append(_kept(message, checked))
                again.append({"record": checked.record.id, "judged": checked.record.attempt})
                outputs.append(_verdict(message, checked, decision, checked.problems))
                continue
            problems = _problems(checked, decision)
            row = _judged(checked, now) | {
                "outcome": decision.outcome.value,
                "problems": records.problems_text(problems),
                "original": decision.original,
            }
            if arrival and decision.lineage:
                row |= held.add(arrival, decision)
                entries += self._entries(tx, checked, arrival, decision, row, known)
            rows.append(row)
            kept.append(_kept(message, checked))
            outputs.append(_verdict(message, checked, decision, problems))
        # An accident of a file came through no door: its row is made with its verdict.
        split = {one.id: one for message in messages if (one := message.event.record).parent}
        new = {str(row["record"]): row for row in rows if row["record"] in split}
        records.put(tx, [one for id, one in split.items() if id not in new])
        records.put_judged(tx, [split[id] for id in new], list(new.values()))
        records.judge(tx, [row for row in rows if row["record"] not in split])
        records.judge_again(tx, again)
        records.rename_lineages(tx, held.renamed)  # those of this batch, too
        records.note_failed(tx, [one for one in messages if one.event.record.id not in erased], now)  # type: ignore[union-attr]
        self._archive.keep(tx, kept)
        self._journal.write(entries)
        return [*outputs, *(_to_consent(output) for output in outputs if _is_reviewed(output))]

    def dead(self, tx: Connection, message: Message, reason: str, now: datetime) -> list[Message]:
        checked = message.event
        assert isinstance(checked, Checked)
        if checked.record.parent:
            records.put(tx, [checked.record])
        records.mark_dead(tx, self.name, message.id, checked.record.id, reason, now)
        if not records.erased(tx, [checked.record.id]):
            self._archive.keep(tx, [_kept(message, checked.model_copy(update={"content": None}))])
        return [_verdict(message, checked, Decision(Outcome.DEAD, Why.NEW), ())]

    def _entries(
        self,
        tx: Connection,
        checked: Checked,
        arrival: Arrival,
        decision: Decision,
        row: dict[str, object],
        known: Mapping[str, Row],
    ) -> list[Entry]:
        """What the journal is to hold of an arrival that was taken in: what takes something away. `known`: rows of `records`
        that it names."""
        word, at = checked.content, str(row["judged_at"])
        if isinstance(word, Judgement) and word.judgement == "erase":
            if word.withdrawn:
                return []
            gone = known[word.records[0]]
            detail = records.columns(records.envelope(gone)) | {name: getattr(gone, name) for name in OF_ERASED}
            return [Entry(What.ERASED, gone.record, at, detail | {"blob": self._archive.blob_of(tx, gone.record)})]
        follows = arrival.kind in REVIEWED and decision.why == Why.CORRECTION
        if not (isinstance(word, Judgement) or arrival.standing == Standing.WITHDRAWN or follows):
            return []
        detail = records.columns(checked.record) | {name: row.get(name) for name in OF_TAKEN}
        if isinstance(word, Judgement):
            one, other = word.records
            detail["judgement"] = {"verb": word.judgement, "withdrawn": int(word.withdrawn), "one": one, "other": other}
        return [Entry(What.TAKEN, checked.record.id, at, detail)]

    def _arrival(self, checked: object, erased: Mapping[str, str]) -> Arrival | None:
        assert isinstance(checked, Checked)
        content, record = checked.content, checked.record
        if not isinstance(content, Evidence | Judgement | Mandate) or record.id in erased:
            return None
        scope = f"{record.sender}|{record.kind}"
        print_ = content.content if isinstance(content, Evidence) else ""
        standing = (
            content.standing
            if isinstance(content, Evidence)
            else (Standing.WITHDRAWN if content.withdrawn else Standing.CURRENT)
        )
        return Arrival(
            record=record.id,
            kind=record.kind,
            identity=self._keys.lookup(f"identity|{scope}|{content.identity}"),
            content=self._keys.lookup(f"content|{scope}|{print_}") if print_ else None,
            version=content.version,
            standing=standing,
            sha256=record.sha256,
        )


def _held(tx: Connection, arrivals: Sequence[Arrival]) -> "_Set":
    """What is held of a batch's identities and fingerprints, locked with the documents that it belongs to: an arrival that
    joins two of them renames records under other identities as well."""
    if not arrivals:
        return _Set((), ())
    identities = sorted({one.identity for one in arrivals})
    contents = sorted({one.content for one in arrivals if one.content})

    def look() -> tuple[set[str], Sequence[Row]]:
        rows = records.related(tx, identities, contents)
        return {f"document:{row.lineage}" for row in rows}, rows

    names = [*(f"identity:{one}" for one in identities), *(f"content:{one}" for one in contents)]
    rows = lock_found(tx, names, look)
    return _Set(rows, acceptances(tx, len(arrivals)))


class _Set:
    """What is held of the identities and fingerprints of a batch, as it grows while the batch is decided."""

    def __init__(self, rows: Sequence[Row], orders: Sequence[int]) -> None:
        """`orders`: of acceptance, one for each arrival that may be taken in."""
        self.renamed: dict[str, str] = {}
        self._orders = iter(orders)
        self._held: dict[str, Held] = {}
        self._under: dict[str, list[str]] = defaultdict(list)  # records by identity, and by fingerprint
        for row in rows:
            self._put(held(row))

    def _put(self, one: Held) -> None:
        self._held[one.record] = one
        for hash in (one.identity, one.content):
            if hash:
                self._under[hash].append(one.record)

    def like(self, arrival: Arrival) -> list[Held]:
        found = [one for hash in (arrival.identity, arrival.content) if hash for one in self._under.get(hash, ())]
        return [self._held[one] for one in dict.fromkeys(found)]

    def add(self, arrival: Arrival, decision: Decision) -> dict[str, object]:
        """Takes the arrival into the set; the columns that say so."""
        assert decision.lineage
        for old in decision.joins:
            self.renamed[old] = decision.lineage
            self._held = {one.record: _renamed(one, old, decision.lineage) for one in self._held.values()}
        order = next(self._orders)
        self._put(
            Held(
                arrival.record, arrival.identity, arrival.content, arrival.version, arrival.standing, arrival.sha256,
                decision.lineage, order, decision.outcome, decision.original,
            )
        )  # fmt: skip
        return {
            "identity": arrival.identity,
            "version": arrival.version,
            "standing": arrival.standing.value,
            "content": arrival.content,
            "lineage": decision.lineage,
            "accepted": order,
        }


def _renamed(one: Held, old: str, new: str) -> Held:
    return replace(one, lineage=new) if one.lineage == old else one


def _kept(message: Message, checked: Checked) -> Kept:
    return Kept(checked.record.id, message.body, checked.metadata, checked.content, checked.blob)


def _judged(checked: Checked, now: datetime) -> dict[str, object]:
    """The columns of every attempt at a record."""
    return {"record": checked.record.id, "judged": checked.record.attempt, "judged_at": records.stamp(now)}


def _named(checked: object) -> tuple[str, ...]:
    """The records that a judgement is about: it must be about something that is here."""
    content = checked.content if isinstance(checked, Checked) else None
    return content.records if isinstance(content, Judgement) else ()


def _misjudges(checked: Checked, known: Mapping[str, Row]) -> str | None:
    """The catalogue code that refuses a judgement, or None."""
    named = _named(checked)
    if not all(record in known for record in named):
        return "record-unknown"
    if not isinstance(checked.content, Judgement):
        return None
    rows = [known[record] for record in named]
    if checked.content.judgement == "erase" and rows[0].standing == Standing.WITHDRAWN:
        return "erase-withdrawal"
    lineages = {row.lineage for row in rows if row.lineage}
    return "judged-one-document" if len(rows) == 2 and len(lineages) == 1 and all(row.lineage for row in rows) else None


def _unread(checked: Checked) -> Outcome:
    """The outcome of a record that is in no identity: it has errors, or our own validation failed on it."""
    return Outcome.DEAD if checked.dead else Outcome.REJECTED


def _problems(checked: Checked, decision: Decision) -> tuple[Problem, ...]:
    if decision.why in (Why.CONFLICT, Why.NOT_A_CORRECTION):
        return (*checked.problems, problem("identity-conflict"))
    return checked.problems


def _verdict(message: Message, checked: Checked, decision: Decision, problems: Sequence[Problem]) -> Message:
    record = checked.record
    event = Verdict(record=record, outcome=decision.outcome, problems=tuple(problems), original=decision.original)
    return Message(VERDICTS.name, record.id, event_id(record.id, record.attempt, "deduplication"), event)


def _is_reviewed(output: Message) -> bool:
    return isinstance(output.event, Verdict) and output.event.record.kind in REVIEWED


def _to_consent(output: Message) -> Message:
    """A review may be waiting for this verdict."""
    return Message(CONTROLS.name, output.key, output.id, output.event)


def held(row: Row) -> Held:
    """A record of the set, as what arrives is compared with it."""
    return Held(
        record=row.record,
        identity=row.identity,
        content=row.content,
        version=row.version,
        standing=Standing(row.standing),
        sha256=row.sha256,
        lineage=row.lineage,
        order=row.accepted,
        outcome=Outcome(row.outcome),
        original=row.original,
    )
