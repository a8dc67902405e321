"""The embedded log: topics in one table, every value sealed under the stream key of its day."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, delete, func, select

from adapters.stores import inbox
from adapters.stores.dialect import among, insert, insert_all, lock
from adapters.stores.tables import cursors, log
from adapters.vault.keys import Keys
from adapters.vault.sealing import open_sealed, seal
from schemas.events import Encoded, Message

STREAM_KEY = "stream:"  # + the day, UTC


_APPEND = insert(log).on_conflict_do_nothing()
_READ = (
    select(log.c.position, log.c.topic, log.c.key, log.c.event, log.c.day, log.c.value)
    .where(among(log.c.topic), log.c.position > bindparam("after"))
    .order_by(log.c.position)
    .limit(bindparam("most"))
)
_CURSOR = select(cursors.c.position).where(cursors.c.step == bindparam("which"))
_INSERT_CURSOR = insert(cursors)
_ADVANCE = _INSERT_CURSOR.on_conflict_do_update(
    index_elements=["step"], set_={"position": _INSERT_CURSOR.excluded.position}
)


def sealed(keys: Keys, messages: Iterable[Message | Encoded], now: datetime) -> list[dict[str, object]]:
    """Rows of topic, key, event, day, value: each message under the stream key of this day (UTC)."""
    day = now.astimezone(UTC).strftime("%Y-%m-%d")
    key = keys.make([STREAM_KEY + day])[STREAM_KEY + day]
    return [
        {
            "topic": message.topic,
            "key": message.key,
            "event": message.id,
            "day": day,
            "value": seal(key, message.value(), f"{message.topic}|{message.id}"),
        }
        for message in messages
    ]


class Log:
    """Works inside the caller's transaction: what a step writes and where it stands become durable together."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def append(self, tx: Connection, messages: Iterable[Message | Encoded], now: datetime) -> None:
        """Messages already on their topic (same event id) are left as they are."""
        messages = list(messages)
        if not messages:
            return
        rows = sealed(self._keys, messages, now)
        lock(tx, ["log"])  # positions become visible in their order: no reader passes one that is still to come
        insert_all(tx, _APPEND, rows)

    def read(self, tx: Connection, topics: Sequence[str], after: int, limit: int) -> list[tuple[int, Message]]:
        """Messages after a position, in order, with their positions."""
        rows = tx.execute(_READ, {"given": topics, "after": after, "most": limit}).all()
        keys = self._keys.get({STREAM_KEY + row.day for row in rows})
        return [
            (
                row.position,
                Message.read(
                    row.topic,
                    row.key,
                    row.event,
                    open_sealed(keys[STREAM_KEY + row.day], row.value, f"{row.topic}|{row.event}"),
                ),
            )
            for row in rows
        ]

    def last(self, tx: Connection, topics: Sequence[str]) -> int:
        return tx.execute(select(func.max(log.c.position)).where(log.c.topic.in_(topics))).scalar() or 0

    def cursor(self, tx: Connection, step: str) -> int:
        return tx.execute(_CURSOR, {"which": step}).scalar() or 0

    def advance(self, tx: Connection, step: str, position: int) -> None:
        tx.execute(_ADVANCE, {"step": step, "position": position})

    def lag(self, tx: Connection, step: str, topics: Sequence[str]) -> int:
        """How many messages a step has before it."""
        position = self.cursor(tx, step)
        return tx.execute(
            select(func.count()).select_from(log).where(log.c.topic.in_(topics), log.c.position > position)
        ).scalar_one()

    def behind_day(self, tx: Connection, step: str, topics: Sequence[str], day: str) -> bool:
        """Whether a step still has messages of days before this one (YYYY-MM-DD) before it."""
        position = self.cursor(tx, step)
        return bool(
            tx.execute(
                select(log.c.position)
                .where(log.c.topic.in_(topics), log.c.position > position, log.c.day < day)
                .limit(1)
            ).first()
        )

    def drop_day(self, tx: Connection, before: str) -> None:
        """Removes the messages of days before this one (YYYY-MM-DD); the caller has seen every step past them."""
        tx.execute(delete(log).where(log.c.day < before))
        inbox.drop(tx, before)
