"""What only a restore asks of the store: rows that the journal knows, what of the log can be read no more."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, Select, delete, exists, insert, select, update

from adapters.stores import casebook, consents, mandates, outbox, participants, records
from adapters.stores.dialect import acceptances
from adapters.stores.journal import Entry, What
from adapters.stores.tables import cursors, feeds, log, offers, parked, views
from adapters.stores.tables import outbox as kept
from adapters.stores.tables import records as table
from schemas.records import Kind, Outcome

STEP = "restore"  # whose dead letters name what was lost
Steps = Sequence[tuple[str, Sequence[str]]]  # name and topics of each
_ENVELOPE = ("record", "kind", "sender", "role", "method", "path", "sha256", "size", "media_type", "received", "target",
             "parent", "first_line", "last_line")  # fmt: skip


def known(tx: Connection, record: str) -> Row | None:
    return records.by_ids(tx, [record]).get(record)


def untrue(tx: Connection, entries: Sequence[Entry]) -> list[Entry]:
    """Those of these words of the journal that the store knows nothing of: erasures, withdrawals, and how participants stand by
    the last of them."""
    of = {what: {one.subject: one for one in entries if one.what == what} for what in What}  # of each subject the last
    erased = {record for record, row in records.by_ids(tx, of[What.ERASED]).items() if row.erased}
    withdrawn = consents.withdrawn(tx, of[What.WITHDRAWN])
    stand = {code: participants.get(tx, code) for code in of[What.PARTICIPANT]}
    return [
        *(one for record, one in of[What.ERASED].items() if record not in erased),
        *(one for lineage, one in of[What.WITHDRAWN].items() if lineage not in withdrawn),
        *(
            one
            for code, one in of[What.PARTICIPANT].items()
            if (known := stand[code]) is None or known.status != one.detail["status"]
        ),
    ]


def put_known(tx: Connection, row: Mapping[str, object]) -> None:
    """A record of which the journal alone knows: no attempt of it is here."""
    tx.execute(insert(table).values({name: row[name] for name in _ENVELOPE} | {"attempt": 0}))


def put_erased(tx: Connection, row: Mapping[str, object], at: str) -> None:
    """An erased record that the store did not know: sent again it is not taken in."""
    put_known(tx, row)
    own = {name: row[name] for name in ("version", "standing", "lineage")}
    own |= {"outcome": row["outcome"] or Outcome.REJECTED.value, "judged_at": at, "erased": 1}
    tx.execute(update(table).where(table.c.record == row["record"]).values(own))


def put_taken(tx: Connection, row: Mapping[str, object], at: str) -> None:
    """A record whose word must hold before its bytes are here: under the document that its identity belongs to now."""
    if known(tx, str(row["record"])) is None:
        put_known(tx, row)
    beside = select(table.c.lineage).where(table.c.identity == row.get("identity"), records.IS_HELD)
    lineage = tx.execute(beside.limit(1)).scalar() or row["lineage"]
    attempt = tx.execute(select(table.c.attempt).where(table.c.record == row["record"])).scalar_one()
    judged = {"judged": attempt, "judged_at": at, "lineage": lineage, "accepted": acceptances(tx, 1)[0]}
    records.judge(tx, [{**row, **judged}])
    tx.execute(update(table).where(table.c.record == row["record"]).values(wanted=1))


def take_out(tx: Connection, record: str) -> None:
    """As `casebook.erase`, but the record stands in its case until the hub has told that one anew."""
    casebook.drop_links(tx, record)
    mandates.drop(tx, record)
    tx.execute(update(table).where(table.c.record == record).values(erased=1, identity=None, content=None))


def lose(tx: Connection, record: str, reason: str, now: datetime) -> None:
    """Its bytes are gone: its sender's next post is a new attempt. A verdict that put it into the set stands, for what it
    withdraws or replaces stays so; else it is dead."""
    row = known(tx, record)
    if row is None or row.outcome not in records.HELD:
        records.mark_dead(tx, STEP, f"{STEP}:{record}", record, reason, now)
    else:
        tx.execute(update(table).where(table.c.record == record).values(wanted=1, judged=row.attempt))


def unjudged(tx: Connection) -> Sequence[Row]:
    """Rows whose latest attempt has no verdict, and waits for none but its own."""
    waiting = select(parked.c.record)
    return tx.execute(select(table).where(table.c.judged < table.c.attempt, table.c.record.not_in(waiting))).all()


def files(tx: Connection, since: str) -> Sequence[str]:
    """Files of accidents in the set that came since a time (RFC 3339 UTC, or its day)."""
    own = select(table.c.record).where(table.c.kind == Kind.ACCIDENT_FILE.value, table.c.received > since)
    return tx.execute(own.where(records.IS_HELD, table.c.erased == 0)).scalars().all()


def coming(tx: Connection, steps: Steps) -> set[str]:
    """The ids of the events that lie before these steps in the log of this database."""
    return {row.event for name, topics in steps for row in tx.execute(_ahead(tx, name, topics))}


def unread(tx: Connection, days: Collection[str], steps: Steps) -> list[Row]:
    """Rows of log and outbox that these steps have not read, of days other than these, whose keys exist."""
    found: list[Row] = []
    for name, topics in steps:
        found += tx.execute(_ahead(tx, name, topics).where(log.c.day.not_in(days)))
        found += [row for row in outbox.unread(tx, name, topics) if row.day not in days]
    return found


def _ahead(tx: Connection, name: str, topics: Sequence[str]) -> Select[tuple[str, str, str, str]]:
    position = tx.execute(select(cursors.c.position).where(cursors.c.step == name)).scalar() or 0
    ahead = select(log.c.topic, log.c.key, log.c.event, log.c.day)
    return ahead.where(log.c.topic.in_(topics), log.c.position > position)


def put_anew(tx: Connection, row: Row, anew: Mapping[str, object]) -> None:
    """A row of `unread`, which was dropped, with another day and value."""
    values = {**row._mapping, **anew}
    tx.execute(insert(kept if "input" in values else log).values(values))


def drop(tx: Connection, days: Collection[str]) -> None:
    """Removes what lies in log and outbox of days other than these."""
    for one in (log, kept):
        tx.execute(delete(one).where(one.c.day.not_in(days)))


def viewed_cases(tx: Connection, insurer: str) -> set[str]:
    return set(tx.execute(select(views.c.case_number).where(views.c.insurer == insurer)).scalars())


def sealed(tx: Connection, insurer: str) -> Sequence[Row]:
    """Rows of (number, type, case_number) of a feed whose content is kept."""
    own = select(offers.c.number, offers.c.type, offers.c.case_number).where(
        offers.c.insurer == insurer, offers.c.content.is_not(None)
    )
    return tx.execute(own.order_by(offers.c.number)).all()


def standing_nowhere(tx: Connection, insurer: str) -> Sequence[Row]:
    """Rows of (number, case_number) of offers that stand, of cases in which no record stands any more."""
    there = exists().where(table.c.case_number == offers.c.case_number)
    own = select(offers.c.number, offers.c.case_number).where(
        offers.c.insurer == insurer, offers.c.type == "claims.offer"
    )
    return tx.execute(own.where(offers.c.taken_back_by.is_(None), ~there).order_by(offers.c.number)).all()


def taken_back_by(tx: Connection, insurer: str, number: int) -> list[int]:
    own = select(offers.c.number).where(offers.c.insurer == insurer, offers.c.taken_back_by == number)
    return list(tx.execute(own.order_by(offers.c.number)).scalars())


def set_content(tx: Connection, insurer: str, number: int, content: bytes) -> None:
    own = update(offers).where(offers.c.insurer == insurer, offers.c.number == number)
    tx.execute(own.values(content=content))


def feeds_of(tx: Connection) -> set[str]:
    return set(tx.execute(select(feeds.c.insurer)).scalars())
