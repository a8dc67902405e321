"""The inputs that each step has taken: an input seen before changes nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, delete, select

from adapters.stores.dialect import among, insert, inserted
from adapters.stores.tables import inbox
from schemas.events import Message

_TAKE = insert(inbox).on_conflict_do_nothing().returning(inbox.c.event)
_SEEN = select(inbox.c.event).where(inbox.c.step == bindparam("which"), among(inbox.c.event))


def take(tx: Connection, step: str, messages: Sequence[Message], now: datetime) -> list[Message]:
    """Those whose event id this step has not taken yet, in their order, each id once; takes them.

    Before anything else of a transaction: where another one is taking the same ids, this waits for its end, and finds
    them taken, or free again.
    """
    by_id = {message.id: message for message in reversed(messages)}
    if not by_id:
        return []
    day = now.astimezone(UTC).strftime("%Y-%m-%d")
    # Sorted: two workers with the same inputs wait for each other in one direction only.
    rows = [{"step": step, "event": id, "day": day} for id in sorted(by_id)]
    taken = set(inserted(tx, _TAKE, rows))
    return [message for message in messages if message.id in taken and message is by_id[message.id]]


def seen(tx: Connection, step: str, ids: Sequence[str]) -> set[str]:
    """Those of these event ids that the step has taken."""
    return set(tx.execute(_SEEN, {"which": step, "given": ids}).scalars().all())


def drop(tx: Connection, before: str) -> None:
    """Forgets what was taken on days (UTC) before this one (YYYY-MM-DD): the log delivers it no more."""
    tx.execute(delete(inbox).where(inbox.c.day < before))
