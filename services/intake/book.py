"""Enters records: receipt and event in one transaction, before anything is acknowledged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row

from adapters.stores import records
from adapters.stores.archive import Archive
from adapters.stores.dialect import lock
from adapters.streams.embedded import Entrance
from adapters.vault.packing import pack
from schemas.events import Message, Received
from schemas.ids import event_id, record_id
from schemas.records import Kind, Outcome, Record, Role
from schemas.topics import RECEIVED
from services.intake.attempts import Entry, enter


@dataclass(frozen=True)
class Submission:
    """What a door hands to the desk. `digest`: SHA-256 that the record id comes from (of an upload: of the digests of its
    metadata and its file); `sha256`: of the body, for an upload of the file. `blob`: the sealed file of a large body."""

    kind: Kind
    sender: str
    role: Role
    method: str
    path: str
    media_type: str
    body: bytes
    sha256: str
    digest: str
    size: int
    metadata: str | None = None
    target: str | None = None
    blob: str | None = None


@dataclass(frozen=True)
class Taken:
    """`row` of `records` as it stood when a record was known already."""

    record: Record
    entry: Entry
    row: Row | None = None


class Book:
    def __init__(self, host: Entrance, archive: Archive, clock: Callable[[], datetime]) -> None:
        self._host, self._archive, self._clock = host, archive, clock

    def enter(self, batch: Sequence[Submission]) -> list[Taken]:
        """All of a batch in one transaction; durable on return."""
        taken: list[Taken] = []

        def work(tx: Connection) -> list[Message]:
            taken.clear()
            now = records.stamp(self._clock())
            ids = [record_id(one.sender, one.method, one.path, one.digest) for one in batch]
            lock(tx, (f"record:{id}" for id in ids))  # the same bytes may stand at another door at this instant
            rows = records.by_ids(tx, ids)
            fresh: dict[str, Taken] = {}
            messages = []
            for id, submission in zip(ids, batch, strict=True):
                if id in fresh:  # two identical posts at once get one record
                    taken.append(Taken(fresh[id].record, Entry.WAITING))
                    continue
                one = _enter(id, submission, rows.get(id), now)
                taken.append(one)
                if one.entry in (Entry.NEW, Entry.AGAIN):
                    fresh[id] = one
                    event = Received(record=one.record, metadata=submission.metadata, blob=submission.blob)
                    messages.append(
                        Message(RECEIVED.name, id, event_id(id, one.record.attempt), event, pack(submission.body))
                    )
                    if submission.blob:
                        self._archive.hold_blob(tx, id, submission.blob)
            records.put(tx, [one.record for one in fresh.values()])
            return messages

        self._host.append(work)
        return taken


def _enter(id: str, submission: Submission, row: Row | None, now: str) -> Taken:
    if row is None:
        entry = enter(None, None, None)
    else:
        entry = enter(
            Outcome(row.outcome) if row.outcome else None, row.attempt, row.judged, bool(row.erased), bool(row.wanted)
        )
        record = records.envelope(row)
        if entry == Entry.AGAIN:
            record = record.model_copy(update={"attempt": row.attempt + 1})
        return Taken(record, entry, row)
    record = Record(
        id=id,
        attempt=1,
        kind=submission.kind,
        sender=submission.sender,
        role=submission.role,
        method=submission.method,
        path=submission.path,
        sha256=submission.sha256,
        size=submission.size,
        media_type=submission.media_type,
        received=now,
        target=submission.target,
    )
    return Taken(record, entry)
