"""What was handed over, kept byte for byte under each record's own key: hand-back, re-fold and redrive read it here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, exists, select

from adapters.stores.dialect import among, insert, insert_all
from adapters.stores.records import stamp
from adapters.stores.tables import bodies, dead_letters, records
from adapters.vault.blobs import Blobs
from adapters.vault.keys import Keys
from adapters.vault.packing import pack, unpack
from adapters.vault.sealing import CannotOpen, open_sealed, seal
from schemas.evidence import Content
from schemas.ids import derive

RECORD_KEY = "record:"
BLOB_KEY = "blob:"
INLINE_BYTES = 700_000  # larger bodies rest in a sealed file: a log row stays below Kafka's 1 MB message


class Erased(CannotOpen):
    """The record's key was destroyed; nothing of it can be read."""


@dataclass(frozen=True)
class Kept:
    """What is kept of a record; `body` is packed."""

    record: str
    body: bytes
    metadata: str | None
    view: Content | None
    blob: str | None


_INSERT = insert(bodies)
_KEEP = _INSERT.on_conflict_do_update(
    index_elements=["record"], set_={name: _INSERT.excluded[name] for name in ("body", "metadata", "view", "blob")}
)
# Of a record whose bytes a restore has lost nothing is told to anybody, though its view may still open.
_WANTED = exists().where(records.c.record == bodies.c.record, records.c.wanted == 1)
# Of a dead letter that nobody could read: under its place on the log.
_RAW = (
    select(bodies.c.record)
    .join(dead_letters, dead_letters.c.event == bodies.c.record)
    .where(dead_letters.c.at < bindparam("before"))
    .distinct()
    .limit(bindparam("most"))
)
_VIEWS = select(bodies.c.record, bodies.c.view).where(among(bodies.c.record), ~_WANTED)


class Archive:
    def __init__(self, keys: Keys, blobs: Blobs) -> None:
        self._keys, self.blobs = keys, blobs

    def keep(self, tx: Connection, items: Iterable[Kept]) -> None:
        """Seals each under a key of its own; keeping the same record again replaces it."""
        items = list({item.record: item for item in items}.values())  # of two attempts at once the later one
        keys = self._keys.new(RECORD_KEY + item.record for item in items)
        rows = []
        for item in items:
            key = keys[RECORD_KEY + item.record]
            view = (
                None
                if item.view is None
                else type(item.view).__name__.encode()
                + b"\n"
                + item.view.model_dump_json(exclude_defaults=True).encode()
            )
            rows.append(
                {
                    "record": item.record,
                    "body": None if item.blob else seal(key, item.body, f"body|{item.record}"),
                    "metadata": None
                    if item.metadata is None
                    else seal(key, item.metadata.encode(), f"metadata|{item.record}"),
                    "view": None if view is None else seal(key, view, f"view|{item.record}"),
                    "blob": item.blob,
                }
            )
        insert_all(tx, _KEEP, rows)

    def keep_raw(self, tx: Connection, place: str, value: bytes) -> None:
        """Keeps bytes of the log that are no record's, as they are, under their place; the same place again replaces them."""
        blob = derive("raw", place) if len(value) > INLINE_BYTES else None
        if blob:
            self.blobs.write(blob, self.blob_key(blob), value)
        self.keep(tx, [Kept(place, b"" if blob else pack(value), None, None, blob)])

    def end_raw(self, tx: Connection, before: datetime, limit: int) -> None:
        """Erases the bytes of so many dead letters that were noted before a time and are no record's."""
        for place in tx.execute(_RAW, {"before": stamp(before), "most": limit}).scalars().all():
            self.erase(tx, place)

    def views(self, tx: Connection, ids: Iterable[str]) -> dict[str, Content]:
        """The parsed views of those records that have one and are not erased."""
        ids = list(ids)
        keys = self._keys.get(RECORD_KEY + record for record in ids)
        rows = tx.execute(_VIEWS, {"given": ids}).all()
        found = {}
        for record, sealed in rows:
            if sealed is not None and RECORD_KEY + record in keys:
                name, _, text = open_sealed(keys[RECORD_KEY + record], sealed, f"view|{record}").partition(b"\n")
                found[record] = _SHAPES[name.decode()].model_validate_json(text)
        return found

    def body(self, tx: Connection, record: str) -> bytes:
        """The bytes as received."""
        row = tx.execute(select(bodies.c.body, bodies.c.blob).where(bodies.c.record == record)).first()
        if row is None:
            raise Erased(record)
        if row.blob:
            keys = self._keys.get([BLOB_KEY + row.blob])
            if not keys or not self.has_blob(row.blob):
                raise Erased(record)
            return self.blobs.read(row.blob, keys[BLOB_KEY + row.blob])
        keys = self._keys.get([RECORD_KEY + record])
        if not keys:
            raise Erased(record)
        return unpack(open_sealed(keys[RECORD_KEY + record], row.body, f"body|{record}"))

    def blob_body(self, blob: str) -> bytes:
        return self.blobs.read(blob, self._keys.one(BLOB_KEY + blob))

    def opens(self, tx: Connection, record: str) -> bool:
        """Whether the record's key is there, and opens what is kept of it."""
        kept = tx.execute(select(bodies.c.body, bodies.c.view).where(bodies.c.record == record)).one()
        keys = self._keys.get([RECORD_KEY + record])
        try:
            return any(
                bool(keys) and bool(open_sealed(keys[RECORD_KEY + record], sealed, f"{what}|{record}"))
                for what, sealed in zip(("body", "view"), kept, strict=True)
                if sealed is not None
            )
        except CannotOpen:
            return False

    def has_blob(self, blob: str) -> bool:
        """Whether the sealed file and its key are there."""
        return (self.blobs.folder / blob).exists() and bool(self._keys.get([BLOB_KEY + blob]))

    def blob_of(self, tx: Connection, record: str) -> str | None:
        """The sealed file that holds a large record."""
        return tx.execute(select(bodies.c.blob).where(bodies.c.record == record)).scalar()

    def hold_blob(self, tx: Connection, record: str, blob: str) -> None:
        """Notes at intake which file holds a large record, before there is a verdict."""
        tx.execute(insert(bodies).values(record=record, blob=blob).on_conflict_do_nothing())

    def sweep(self, tx: Connection, before: datetime | None = None) -> None:
        """Removes sealed files that no record holds, with their keys: what a crash left. Before any door opens, or only what
        was last written `before` a time."""
        held = set(tx.execute(select(bodies.c.blob).where(bodies.c.blob.is_not(None))).scalars())
        if stray := self.blobs.sweep(held, before):
            self._keys.destroy([BLOB_KEY + name for name in stray])

    def blob_key(self, blob: str) -> bytes:
        """The key that seals this file, made where there is none."""
        return self._keys.make([BLOB_KEY + blob])[BLOB_KEY + blob]

    def drop_blob(self, blob: str) -> None:
        self._keys.destroy([BLOB_KEY + blob])
        self.blobs.delete([blob])

    def erase(self, tx: Connection, record: str) -> None:
        """Destroys the record's keys, then its rows and file. Done again after a crash it changes nothing."""
        blob = self.blob_of(tx, record)
        self._keys.destroy([RECORD_KEY + record, *([BLOB_KEY + blob] if blob else [])])
        if blob:
            self.blobs.delete([blob])
        tx.execute(delete(bodies).where(bodies.c.record == record))


_SHAPES = {shape.__name__: shape for shape in Content.__args__}  # type: ignore[attr-defined]
