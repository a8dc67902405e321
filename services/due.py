"""What falls due, what waited for an admission and what is kept no longer become events; which days of the log are over.

Each event names one record, and a look makes so many events: the hub's transactions stay small, however much there is to do.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from adapters.stores import casebook, consents, inbox, participants, records
from adapters.stores.archive import Archive
from adapters.streams.log import STREAM_KEY
from schemas.events import Expire, Message, Refold
from schemas.ids import derive
from schemas.topics import DUE, TOPICS
from services.hub import retention
from services.pipeline import HUB

CLOCK_SECONDS = 5.0  # how late a due row may be
DUE_AT_ONCE = 500
CATCH_UP_AT_ONCE = 500  # cases of insurers admitted anew: what else falls due does not wait behind them
EXPIRE_AT_ONCE = 200  # of each line of the retention table: of 10,000 that end at once the last goes after minutes
CLOCK = "clock"


def events(tx: Connection, now: datetime) -> list[Message]:
    """Everything that it is time for."""
    return [*_fallen(tx, now), *_admitted(tx), *_expired(tx, now)]


def _fallen(tx: Connection, now: datetime) -> list[Message]:
    """Takes rows that fell due out of the store, and gives the events that they become, with derived ids."""
    rows = consents.fallen_due(tx, now, DUE_AT_ONCE)
    consents.done(tx, rows)
    return [
        Message(
            DUE.name, row.record, derive("due", row.at, row.record, row.why), Refold(records=(row.record,), why=row.why)
        )
        for row in rows
    ]


def _admitted(tx: Connection) -> list[Message]:
    """What waited while an insurer was not admitted is offered now: its cases are folded again, so many at once."""
    messages: list[Message] = []
    for one in participants.catching_up(tx):
        limit = CATCH_UP_AT_ONCE - len(messages)
        if not limit:
            break
        rows = casebook.viewed_by(tx, one.code, one.caught_up_to, limit)
        participants.caught_up(tx, one.code, rows[-1].case_number if len(rows) == limit else None)
        messages += [
            Message(
                DUE.name,
                row.record,
                derive("admitted", one.code, one.changed_by, row.case_number),
                Refold(records=(row.record,), why="participant admitted"),
            )
            for row in rows
            if row.record
        ]
    return messages


def _expired(tx: Connection, now: datetime) -> list[Message]:
    """Records whose retention has ended, as events: each once a day, until it is gone."""
    messages = [
        Message(DUE.name, record, record + _suffix(now), Expire(records=(record,)))
        for record in ended(tx, now, EXPIRE_AT_ONCE)
    ]
    return inbox.take(tx, CLOCK, messages, now)


def ended(tx: Connection, now: datetime, limit: int) -> list[str]:
    """Records whose retention has ended, so many of each line, without those that the hub was told of today: what it refused
    or failed on stands in nobody's way. While it is behind it is the same ones, so that what is before it stays bounded."""
    taken = (HUB.name, _suffix(now))
    return [
        record
        for line, end in retention.ends(now)
        for record in records.judged_before(tx, line.kinds, line.outcomes, end, taken, limit)
    ]


def end_unreadable(tx: Connection, archive: Archive, now: datetime) -> None:
    """Bytes of the log that nobody could read go when their time is over; the note of where they lay stays."""
    archive.end_raw(tx, now - retention.UNREADABLE, EXPIRE_AT_ONCE)


def _suffix(now: datetime) -> str:
    """Behind a record's id: the id of the event that ends it. Not hashed, so that the store can name it."""
    return now.astimezone(UTC).strftime(":expire:%Y-%m-%d")


def oldest_day(now: datetime) -> str:
    """The first day (UTC, YYYY-MM-DD) that the log still keeps; earlier ones end once every step is past them. What was
    written in the first minute of a day is gone when its days are over, so what was written in the last has a day less."""
    days = max(topic.days for topic in TOPICS)
    return (now.astimezone(UTC) - timedelta(days=days - 1)).strftime("%Y-%m-%d")


def over(stream_keys: Iterable[str], oldest: str) -> list[str]:
    """The stream keys of earlier days."""
    return [name for name in stream_keys if name.removeprefix(STREAM_KEY) < oldest]
