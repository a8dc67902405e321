"""What falls due becomes events; which days of the log are over."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from adapters.stores import consents
from adapters.streams.log import STREAM_KEY
from schemas.events import Message, Refold
from schemas.ids import derive
from schemas.topics import DUE, TOPICS

CLOCK_SECONDS = 5.0  # how late a due row may be
DUE_AT_ONCE = 500


def fallen(tx: Connection, now: datetime) -> list[Message]:
    """Takes rows that fell due out of the store, and gives the events that they become, with derived ids."""
    rows = consents.fallen_due(tx, now, DUE_AT_ONCE)
    consents.done(tx, rows)
    return [
        Message(
            DUE.name, row.record, derive("due", row.at, row.record, row.why), Refold(records=(row.record,), why=row.why)
        )
        for row in rows
    ]


def oldest_day(now: datetime) -> str:
    """The first day (UTC, YYYY-MM-DD) that the log still keeps; earlier ones end once every step is past them."""
    return (now.astimezone(UTC) - timedelta(days=max(topic.days for topic in TOPICS))).strftime("%Y-%m-%d")


def over(stream_keys: Iterable[str], oldest: str) -> list[str]:
    """The stream keys of earlier days."""
    return [name for name in stream_keys if name.removeprefix(STREAM_KEY) < oldest]
