"""Wires reviews, withdrawals and changes of participants to the store."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from adapters.stores import casebook, consents, participants, records
from adapters.stores.archive import Archive, Kept
from adapters.stores.dialect import lock
from adapters.stores.journal import Entry, Journal, What
from schemas.events import Checked, Message, Verdict
from schemas.evidence import Content, Evidence, Grant, Mandate, ParticipantChange, Review, Withdrawal
from schemas.ids import event_id
from schemas.problems import Problem, problem
from schemas.records import REVIEWED, Kind, Outcome, Participant, Record, Role, Status
from schemas.topics import CONTROLS, VERDICTS
from services.consent.decide import Change, State, review_problem, standing_problem

TAIPEI = ZoneInfo("Asia/Taipei")


class ConsentStep:
    """A review or withdrawal that comes before what it is about is judged waits for that verdict, which is passed on to
    `controls` as well."""

    name = "consent"
    sources = (CONTROLS.name,)

    def __init__(self, archive: Archive, journal: Journal) -> None:
        self._archive, self._journal = archive, journal

    def handle(self, tx: Connection, messages: Sequence[Message], now: datetime) -> list[Message]:
        _lock(tx, messages)
        outputs: list[Message] = []
        entries: list[Entry] = []
        for message in messages:
            match message.event:
                case Checked() as checked:
                    self._keep(tx, message, checked)
                    if _early(tx, checked):
                        consents.park(tx, checked.record.id, checked.record.target or "")
                    else:
                        outputs.append(self._decide(tx, checked, now, entries))
                case Verdict(record=record, outcome=outcome) if record.kind in REVIEWED and outcome != Outcome.DEAD:
                    for row in consents.unpark(tx, record.id):
                        content = self._archive.views(tx, [row.record])[row.record]
                        waited = Checked(record=records.envelope(row), content=content)
                        outputs.append(self._decide(tx, waited, now, entries))
        self._journal.write(entries)
        records.note_failed(tx, messages, now)
        return outputs

    def dead(self, tx: Connection, message: Message, reason: str, now: datetime) -> list[Message]:
        event = message.event
        assert isinstance(event, Checked | Verdict)
        records.mark_dead(tx, self.name, message.id, event.record.id, reason, now)
        if isinstance(event, Verdict):
            return []
        self._keep(tx, message, event)
        return [_verdict(event.record, Outcome.DEAD, (), ())]

    def _keep(self, tx: Connection, message: Message, checked: Checked) -> None:
        kept = Kept(checked.record.id, message.body, checked.metadata, checked.content, checked.blob)
        self._archive.keep(tx, [kept])

    def _decide(self, tx: Connection, checked: Checked, now: datetime, entries: list[Entry]) -> Message:
        """Adds to `entries` what the journal is to hold."""
        record = checked.record
        problems, targets = self._apply(tx, checked, now)
        outcome = _outcome(checked, problems)
        if outcome == Outcome.ACCEPTED:
            entries.append(_entry(tx, checked, now))
        problems = (*checked.problems, *problems)
        verdict = {
            "record": record.id,
            "judged": record.attempt,
            "judged_at": records.stamp(now),
            "outcome": outcome.value,
            "problems": records.problems_text(problems),
        }
        records.judge(tx, [verdict])
        return _verdict(record, outcome, problems, targets)

    def _apply(self, tx: Connection, checked: Checked, now: datetime) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
        """Problems, and records whose cases the change touches."""
        match checked.content:
            case Review() as review:
                return self._review(tx, checked, review, now)
            case Withdrawal():
                return self._withdraw(tx, checked, now)
            case ParticipantChange() as change:
                if code := standing_problem(_standing(tx, checked, change)):
                    return (problem(code),), ()
                _change(tx, checked, change)
        return (), ()

    def _review(
        self, tx: Connection, checked: Checked, review: Review, now: datetime
    ) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
        target = checked.record.target or ""
        row = records.by_ids(tx, [target]).get(target)
        given = _given(self._archive.views(tx, [target]).get(target))
        state = None
        if row and given:
            state = State(
                kind=Kind(row.kind),
                record=target,
                newest=next(iter(consents.newest_versions(tx, [row.lineage])), target),
                parties=_parties(given),
                withdrawn=bool(consents.withdrawn(tx, [row.lineage])),
            )
        if code := review_problem(state, checked.record.sender):
            return (problem(code),), ()
        assert row and given
        consents.write_review(tx, target, row.lineage, review.decision, checked.record.sender, now)
        if review.decision == "approve":
            if given.start > now.astimezone(TAIPEI).date().isoformat():
                consents.schedule(tx, _midnight(given.start), target, f"{row.kind} begins")
            if given.end:
                after = (date.fromisoformat(given.end) + timedelta(days=1)).isoformat()
                consents.schedule(tx, _midnight(after), target, f"{row.kind} ended")
        return (), (target,)

    def _withdraw(self, tx: Connection, checked: Checked, now: datetime) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
        target = checked.record.target or ""
        row = records.by_ids(tx, [target]).get(target)
        if row is None or row.lineage is None or row.kind not in REVIEWED:
            return (problem("record-unknown"),), ()
        consents.write_withdrawal(tx, row.lineage, checked.record.id, now)
        return (), (target,)


def _entry(tx: Connection, checked: Checked, now: datetime) -> Entry:
    """What was accepted, as the journal holds it."""
    record, at = checked.record, records.stamp(now)
    target = record.target or ""
    if isinstance(checked.content, ParticipantChange):
        detail = {**checked.content.model_dump(mode="json", exclude={"name"}), "record": record.id}
        return Entry(What.PARTICIPANT, target, at, detail)
    lineage = records.by_ids(tx, [target])[target].lineage
    if isinstance(checked.content, Review):
        detail = {"lineage": lineage, "decision": checked.content.decision, "reviewer": record.sender}
        return Entry(What.REVIEWED, target, at, detail)
    versions = sorted(row.record for row in casebook.rows_of_lineages(tx, [lineage]))
    return Entry(What.WITHDRAWN, lineage, at, {"record": record.id, "records": versions})


def _given(content: Content | None) -> Grant | Mandate | None:
    """What a person gave, of an authorisation or a mandate; None of anything else."""
    return content if isinstance(content, Mandate) else content.grant if isinstance(content, Evidence) else None


def _parties(given: Grant | Mandate) -> tuple[str, ...]:
    return (given.grantor,) if isinstance(given, Grant) else (given.principal, given.agent)


def _lock(tx: Connection, messages: Sequence[Message]) -> None:
    """What the batch is about: authorisations and mandates with all their versions, participants, the number of operators."""
    targets, names = set(), set()
    for message in messages:
        match message.event:
            case Checked(record=record) if record.kind == Kind.PARTICIPANT:
                names |= {"participants", f"participant:{record.target}"}
            case Checked(record=record):
                targets.add(record.target or "")
            case Verdict(record=record):
                targets.add(record.id)
    lock(tx, names | {f"target:{target}" for target in targets})
    lineages = {row.lineage for row in records.by_ids(tx, targets).values() if row.lineage}
    versions = {row.record for row in casebook.rows_of_lineages(tx, lineages)}
    lock(tx, (f"authorisation:{record}" for record in targets | versions))


def _standing(tx: Connection, checked: Checked, change: ParticipantChange) -> Change:
    code = checked.record.target or ""
    others = [
        one
        for one in participants.everyone(tx)
        if one.code != code and Role.OPERATOR in one.roles and one.status == Status.ADMITTED
    ]
    stays = change.status == Status.ADMITTED and Role.OPERATOR.value in change.roles
    return Change(own=checked.record.sender == code, stays_operator=stays, other_operators=len(others))


def _change(tx: Connection, checked: Checked, change: ParticipantChange) -> None:
    """What waited while an insurer was not admitted, the clock finds."""
    participants.put(
        tx,
        Participant(
            code=checked.record.target or "",
            name=change.name,
            roles=tuple(Role(role) for role in change.roles),
            status=Status(change.status),
            keys=change.keys,
            endpoints=change.endpoints,
        ),
        checked.record.id,
    )


def _midnight(day: str) -> str:
    """The start of a day in Taiwan, as the database writes times."""
    return records.stamp(datetime.combine(date.fromisoformat(day), time(), TAIPEI).astimezone(UTC))


def _outcome(checked: Checked, problems: Sequence[Problem]) -> Outcome:
    if checked.dead:
        return Outcome.DEAD
    return Outcome.REJECTED if problems or checked.content is None else Outcome.ACCEPTED


def _early(tx: Connection, checked: Checked) -> bool:
    """Whether the authorisation or mandate that it is about is here and not judged yet."""
    target = checked.record.target
    if checked.content is None or checked.record.kind not in (Kind.REVIEW, Kind.WITHDRAWAL) or not target:
        return False
    row = records.by_ids(tx, [target]).get(target)
    return row is not None and row.judged != row.attempt


def _verdict(record: Record, outcome: Outcome, problems: Sequence[Problem], targets: Sequence[str]) -> Message:
    event = Verdict(record=record, outcome=outcome, problems=tuple(problems), targets=tuple(targets))
    return Message(VERDICTS.name, record.id, event_id(record.id, record.attempt, "consent"), event)
