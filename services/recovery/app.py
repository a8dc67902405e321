"""Records that a restored store lacks and the log still holds: entered as the door entered them."""

from collections.abc import Sequence

from sqlalchemy import Connection

from adapters.stores import records
from adapters.stores.archive import Archive
from schemas.events import Message, Received


def enter(tx: Connection, archive: Archive, messages: Sequence[Message]) -> set[str]:
    """Those of these records whose attempt the store did not know, and those that wait for their verdict."""
    events = [message.event for message in messages if isinstance(message.event, Received)]
    latest = {event.record.id: event for event in sorted(events, key=lambda one: one.record.attempt)}
    rows = records.by_ids(tx, latest)
    fresh = [
        event
        for id, event in latest.items()
        if id not in rows or (rows[id].attempt < event.record.attempt and not rows[id].erased)
    ]
    records.put(tx, [event.record for event in fresh])
    for event in fresh:
        if event.blob:
            archive.hold_blob(tx, event.record.id, event.blob)
    waiting = {id for id, row in rows.items() if row.judged < row.attempt}
    return waiting | {event.record.id for event in fresh}
