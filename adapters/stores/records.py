"""Records and their verdicts."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    Row,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)

from adapters.stores.dialect import among, insert, insert_all, update_all
from adapters.stores.tables import acting, dead_letters, doubts, inbox, offer_papers, records, uses, withdrawals
from schemas.events import Checked, Message
from schemas.ids import event_id
from schemas.problems import Problem
from schemas.records import Kind, Outcome, Record, Role

HELD = (Outcome.ACCEPTED.value, Outcome.DUPLICATE.value)  # the outcomes that put a record into the set
# As a condition. Through a function, so that no planner walks the index of outcomes, which nearly all records share; and with
# its values in the text, for a list of parameters is written out anew each time that it is asked.
IS_HELD = func.coalesce(records.c.outcome, literal_column("''")).in_([literal_column(f"'{one}'") for one in HELD])

# Whose latest attempt has no verdict yet; a further attempt at what is in the set changes nothing of its verdict.
WAITS = or_(
    records.c.outcome.is_(None),
    and_(
        records.c.outcome.in_((Outcome.REJECTED.value, Outcome.DEAD.value)),
        records.c.judged < records.c.attempt,
    ),
)


def stamp(now: datetime) -> str:
    """RFC 3339 UTC with microseconds, so that times sort as text."""
    return now.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def envelope(row: Row) -> Record:
    """The envelope of a row of `records`."""
    return Record(
        id=row.record,
        attempt=row.attempt,
        kind=Kind(row.kind),
        sender=row.sender,
        role=Role(row.role),
        method=row.method,
        path=row.path,
        sha256=row.sha256,
        size=row.size,
        media_type=row.media_type,
        received=row.received,
        target=row.target,
        parent=row.parent,
        lines=(row.first_line, row.last_line) if row.first_line is not None else None,
    )


_BY_IDS = select(records).where(among(records.c.record))


def by_ids(tx: Connection, ids: Iterable[str]) -> dict[str, Row]:
    return {row.record: row for row in tx.execute(_BY_IDS, {"given": list(ids)}).all()}


# Locked: an erasure that comes meanwhile waits until the attempt is judged, and finds what was kept of it.
_ERASED = (
    select(records.c.record, records.c.outcome, records.c.erased)
    .where(among(records.c.record))
    .order_by(records.c.record)
    .with_for_update()
)


def erased(tx: Connection, ids: Iterable[str]) -> dict[str, str]:
    """Those of these records that were erased, with their verdict ("" before the first); holds the rows of all of them."""
    rows = tx.execute(_ERASED, {"given": sorted(ids)}).all()
    return {row.record: row.outcome or "" for row in rows if row.erased}


# Whether a later version of the same document was judged since: a document ends with the last of them.
_LATER = records.alias("later")
# Whether a claim stands in the same case, of which something came since: as long as it is pursued, all of the case is kept.
_CLAIM, _BESIDE = records.alias("claim"), records.alias("beside")
_PURSUED = and_(
    IS_HELD,
    exists().where(
        _CLAIM.c.case_number == records.c.case_number,
        _CLAIM.c.kind == literal_column(f"'{Kind.APPLICATION.value}'"),
        _CLAIM.c.erased == literal_column("0"),
    ),
    exists().where(
        _BESIDE.c.case_number == records.c.case_number,
        _BESIDE.c.erased == literal_column("0"),
        func.coalesce(_BESIDE.c.outcome, "").in_(HELD),
        or_(_BESIDE.c.judged_at >= bindparam("before"), _BESIDE.c.judged < _BESIDE.c.attempt),
    ),
)
# Whether something that was filed under a mandate is still here.
_MANDATED, _FILED, _FILING = acting.alias("mandated"), acting.alias("filed"), records.alias("filing")
_ACTED_UNDER = and_(
    records.c.kind == literal_column(f"'{Kind.MANDATE.value}'"),
    exists().where(
        _MANDATED.c.record == records.c.record,
        _FILED.c.pair == _MANDATED.c.pair,
        _FILING.c.record == _FILED.c.record,
        _FILING.c.kind != literal_column(f"'{Kind.MANDATE.value}'"),
        _FILING.c.erased == literal_column("0"),
    ),
)
_JUDGED_BEFORE = (
    select(records.c.record)
    .where(
        records.c.erased == literal_column("0"),  # as the index has it
        records.c.outcome.in_(bindparam("outcomes", expanding=True)),
        records.c.kind.in_(bindparam("kinds", expanding=True)),
        records.c.judged_at < bindparam("before"),
        records.c.judged >= records.c.attempt,
        ~exists().where(
            _LATER.c.lineage == records.c.lineage,
            _LATER.c.erased == literal_column("0"),
            or_(_LATER.c.judged_at >= bindparam("before"), _LATER.c.judged < _LATER.c.attempt),
        ),
        ~_PURSUED,
        ~_ACTED_UNDER,
        ~exists().where(
            inbox.c.step == bindparam("step"), inbox.c.event == records.c.record.concat(bindparam("suffix"))
        ),
    )
    .limit(bindparam("most"))
)


def judged_before(
    tx: Connection,
    kinds: Sequence[Kind],
    outcomes: Sequence[Outcome],
    before: datetime,
    taken: tuple[str, str],
    limit: int,
) -> Sequence[str]:
    """Records of these kinds and verdicts that were judged before a time, as was every version of their documents, and where a
    claim stands in their case everything in it; of mandates those under which nothing filed is left. `taken` (a step, a
    suffix): without those whose id and this suffix are an input that the step has taken."""
    step, suffix = taken
    values = {
        "kinds": kinds,
        "outcomes": outcomes,
        "before": stamp(before),
        "step": step,
        "suffix": suffix,
        "most": limit,
    }
    return tx.execute(_JUDGED_BEFORE, values).scalars().all()


_INSERT = insert(records)
_PUT = _INSERT.on_conflict_do_update(index_elements=["record"], set_={"attempt": _INSERT.excluded.attempt})


def columns(one: Record) -> dict[str, object]:
    """An envelope as columns of `records`."""
    return {
        "record": one.id,
        "attempt": one.attempt,
        "kind": one.kind.value,
        "sender": one.sender,
        "role": one.role.value,
        "method": one.method,
        "path": one.path,
        "sha256": one.sha256,
        "size": one.size,
        "media_type": one.media_type,
        "received": one.received,
        "target": one.target,
        "parent": one.parent,
        "first_line": one.lines[0] if one.lines else None,
        "last_line": one.lines[1] if one.lines else None,
    }


def put(tx: Connection, envelopes: Sequence[Record]) -> None:
    """Inserts records, or raises the attempt of those that are here; the earlier verdict stays until the next one."""
    if not envelopes:
        return
    latest = {one.id: one for one in envelopes}  # a later attempt at the same may have come with the earlier one
    insert_all(tx, _PUT, [columns(one) for one in latest.values()])


_JUDGED = ("judged", "judged_at", "outcome", "problems", "original", "identity", "version", "standing", "content",
           "lineage", "accepted")  # fmt: skip


def judge(tx: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Writes verdicts: dicts of record, judged (attempt), judged_at, outcome, problems, original, identity, version,
    standing, content, lineage, accepted."""
    given = [{"record": row["record"]} | {name: row.get(name) for name in _JUDGED} | {"wanted": 0} for row in rows]
    update_all(tx, records, "record", given)


_PUT_JUDGED = _INSERT.on_conflict_do_update(
    index_elements=["record"],
    set_={name: _INSERT.excluded[name] for name in ("attempt", *_JUDGED, "wanted")},
)


def put_judged(tx: Connection, envelopes: Sequence[Record], rows: Sequence[dict[str, object]]) -> None:
    """`put` and `judge` at once, of records that came through no door: a row, and its place in each index, is written once.
    `rows`: as of `judge`, one for each envelope."""
    told = {one.id: columns(one) for one in envelopes}
    judged = {str(row["record"]): {name: row.get(name) for name in _JUDGED} | {"wanted": 0} for row in rows}
    insert_all(tx, _PUT_JUDGED, [told[record] | judged[record] for record in sorted(judged)])


def judge_again(tx: Connection, rows: Sequence[dict[str, object]]) -> None:
    """A further attempt at what is in the set already: the verdict stays. Dicts of record, judged (attempt)."""
    update_all(tx, records, "record", [{**row, "wanted": 0} for row in rows])


def problems_text(problems: Sequence[Problem]) -> str | None:
    if not problems:
        return None
    return json.dumps([one.model_dump(mode="json") for one in problems], ensure_ascii=False, separators=(",", ":"))


_RELATED = select(records).where(or_(among(records.c.identity), among(records.c.content, "contents")), IS_HELD)


def related(tx: Connection, identities: Sequence[str], contents: Sequence[str]) -> Sequence[Row]:
    """Rows in the set that share an identity or a fingerprint."""
    return tx.execute(_RELATED, {"given": identities, "contents": contents}).all()


def rename_lineages(tx: Connection, renamed: dict[str, str]) -> None:
    """Documents that turn out to be one, from old name to new, wherever what was decided stands under the name: a withdrawal
    of one is one of both. Pairs that wait for a person under the old name go; the hub asks anew under the new one."""
    for old, new in renamed.items():
        own = select(records.c.record).where(records.c.lineage == old)
        tx.execute(
            update(offer_papers)
            .where(offer_papers.c.record.in_(own), offer_papers.c.lineage == old)
            .values(lineage=new)
        )
        tx.execute(update(records).where(records.c.lineage == old).values(lineage=new))
        for column in (withdrawals.c.lineage, uses.c.paper, uses.c.authorisation):
            _rename(tx, column, old, new)
        tx.execute(delete(doubts).where(doubts.c.one == old))
        tx.execute(delete(doubts).where(doubts.c.other == old))


def _rename(tx: Connection, column: Column[str], old: str, new: str) -> None:
    """A part of a key, which may stand under the new name already."""
    rows = tx.execute(select(column.table).where(column == old)).mappings().all()
    if rows:
        tx.execute(insert(column.table).on_conflict_do_nothing(), [{**row, column.name: new} for row in rows])
        tx.execute(delete(column.table).where(column == old))


def note_dead_letter(tx: Connection, step: str, event: str, about: str, reason: str, now: datetime) -> None:
    """`about`: the record, or the case, that the message was of."""
    tx.execute(
        insert(dead_letters)
        .values(step=step, event=event, record=about, reason=reason, at=stamp(now))
        .on_conflict_do_nothing()
    )


def note_unreadable(tx: Connection, step: str, place: str, event: str, reason: str, now: datetime) -> None:
    """Notes what lies unreadable on the log. `event`: its id, as far as it tells one. Was it what a record's verdict was to come
    of, `received` or validation's answer, that verdict is `dead`, so that its sender's next post redrives it; an answer that
    comes all the same is judged as ever."""
    ours = (
        row.record
        for row in tx.execute(select(records.c.record, records.c.attempt).where(WAITS))
        if event in (event_id(row.record, row.attempt), event_id(row.record, row.attempt, "validation"))
    )
    record = next(ours, None)
    note_dead_letter(tx, step, place, record or place, reason, now)
    if record:
        tx.execute(
            update(records)
            .where(records.c.record == record, WAITS)  # judged meanwhile, it stays so
            .values(outcome=Outcome.DEAD.value, judged=records.c.attempt, judged_at=stamp(now))
        )


def note_failed(tx: Connection, messages: Sequence[Message], now: datetime) -> None:
    """Notes what validation failed at: it has no store of its own, its answer says why."""
    for message in messages:
        if isinstance(message.event, Checked) and message.event.dead:
            note_dead_letter(tx, "validation", message.id, message.event.record.id, message.event.dead, now)


def mark_dead(tx: Connection, step: str, event: str, record: str, reason: str, now: datetime) -> None:
    """Notes a dead letter; the record's verdict becomes `dead`, so that a new attempt may redrive it."""
    note_dead_letter(tx, step, event, record, reason, now)
    tx.execute(
        update(records)
        .where(records.c.record == record)
        .values(outcome=Outcome.DEAD.value, judged=records.c.attempt, judged_at=stamp(now))
    )
