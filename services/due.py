"""What falls due and what is kept no longer become events; which days of the log are over."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from adapters.stores import consents, inbox, records
from adapters.streams.log import STREAM_KEY
from schemas.events import Expire, Message, Refold
from schemas.ids import derive
from schemas.topics import DUE, TOPICS
from services.hub import retention

CLOCK_SECONDS = 5.0  # how late a due row may be
DUE_AT_ONCE = 500
EXPIRE_AT_ONCE = 200  # of each line of the retention table: of 10,000 that end at once the last goes after minutes
CLOCK = "clock"


def events(tx: Connection, now: datetime) -> list[Message]:
    """Everything that it is time for."""
    return [*_fallen(tx, now), *_expired(tx, now)]


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


def _expired(tx: Connection, now: datetime) -> list[Message]:
    """Records whose retention has ended, as events: each once a day, until it is gone. While the hub is behind it is the
    same ones, so that what is before it stays bounded."""
    day = now.astimezone(UTC).strftime("%Y-%m-%d")
    found = [
        record
        for line, end in retention.ends(now)
        for record in records.judged_before(tx, line.kinds, line.outcomes, end, EXPIRE_AT_ONCE)
    ]
    messages = [Message(DUE.name, record, derive("expire", record, day), Expire(records=(record,))) for record in found]
    return inbox.take(tx, CLOCK, messages, now)


def oldest_day(now: datetime) -> str:
    """The first day (UTC, YYYY-MM-DD) that the log still keeps; earlier ones end once every step is past them. What was
    written in the first minute of a day is gone when its days are over, so what was written in the last has a day less."""
    days = max(topic.days for topic in TOPICS)
    return (now.astimezone(UTC) - timedelta(days=days - 1)).strftime("%Y-%m-%d")


def over(stream_keys: Iterable[str], oldest: str) -> list[str]:
    """The stream keys of earlier days."""
    return [name for name in stream_keys if name.removeprefix(STREAM_KEY) < oldest]
