"""What a restored store lacks: records that the log still holds, entered as the door entered them; verdicts that the log holds
no more, as their records have them."""

import json
from collections.abc import Sequence

from sqlalchemy import Connection

from adapters.stores import records
from adapters.stores.archive import Archive
from schemas.events import Message, Received, Verdict
from schemas.ids import event_id
from schemas.problems import Problem
from schemas.records import Kind, Outcome
from services.pipeline import CONSENT, DEDUPLICATION


def enter(tx: Connection, archive: Archive, messages: Sequence[Message]) -> set[str]:
    """Those of these records whose attempt the store did not know, those that wait for their verdict, and files, of which
    accidents may wait."""
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
    waiting = {id for id, row in rows.items() if row.judged < row.attempt or row.kind == Kind.ACCIDENT_FILE}
    return waiting | {event.record.id for event in fresh}


def verdict_of(tx: Connection, record: str, event: str) -> Verdict | None:
    """The verdict that this event told of a record; None when it told something else."""
    row = records.by_ids(tx, [record]).get(record)
    told = {event_id(record, row.judged, step.name) for step in (DEDUPLICATION, CONSENT)} if row else set()
    if row is None or event not in told:
        return None
    changes = row.kind in (Kind.REVIEW, Kind.WITHDRAWAL) and row.outcome == Outcome.ACCEPTED
    return Verdict(
        record=records.envelope(row).model_copy(update={"attempt": row.judged}),
        outcome=Outcome(row.outcome),
        problems=tuple(Problem.model_validate(one) for one in json.loads(row.problems or "[]")),
        original=row.original,
        targets=(row.target,) if changes else (),
    )
