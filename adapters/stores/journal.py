"""The journal: what must hold even when the store is put back to an earlier day.

It rests in a place of its own, never in the store. Rows are only added, each before the transaction commits that makes it
true: what was journaled and then rolled back costs a number that is passed over at the next start, the other way round a number
would be given twice. It holds codes, ids, times and keyed hashes, no key. A keyed hash of what is in a record is personal data
to whoever has the key (one may try every number there is), so it goes with the record: the one thing that is ever changed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
    update,
)
from sqlalchemy.schema import CreateIndex, CreateTable

from adapters.stores.dialect import lock
from adapters.stores.tables import LONG

CONNECT_SECONDS = 10
BUSY_SECONDS = 30
READ_AT_ONCE = 1_000
RECOGNISED_BY = ("identity", "content")

_metadata = MetaData()
_journal = Table(
    "journal",
    _metadata,
    Column("id", LONG, primary_key=True, autoincrement=True),
    Column("at", String, nullable=False),
    Column("what", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("number", Integer),  # of `numbered`: the highest
    Column("detail", JSON, nullable=False),
    Index("journal_by_subject", "what", "subject", "number"),
    sqlite_autoincrement=True,
)


class What(StrEnum):
    NUMBERED = "numbered"  # of an insurer: first, events ([case, numbers that it takes back] each), uses
    ERASED = "erased"  # a record: its row of `records`, and its blob
    TAKEN = (
        "taken"  # a record whose word takes something away: its row of `records`, of a judgement that of `judgements`
    )
    REVIEWED = "reviewed"  # an authorisation's record: lineage, decision, reviewer
    WITHDRAWN = "withdrawn"  # an authorisation's lineage: record of the withdrawal, records of all versions
    PARTICIPANT = "participant"  # a code: roles, status, keys, endpoints, record of the change
    ANSWERED = "answered"  # a question to an issuer: its row of `verifications` with the unit's signed word


@dataclass(frozen=True)
class Entry:
    """`at`: RFC 3339 UTC."""

    what: What
    subject: str
    at: str
    detail: dict[str, Any]
    number: int | None = None


class BesideStore(Exception):
    """The journal's database is the store's: what is lost with the one is lost with the other."""


def numbered(
    insurer: str,
    rows: Sequence[Mapping[str, Any]],
    taken: Iterable[Mapping[str, int]],
    uses: Iterable[Mapping[str, str]],
    at: str,
) -> Entry:
    """What is appended to one feed, in order of number: rows of number, type, case_number; `taken` of number, by; `uses` of
    authorisation, paper, case_number."""
    by: dict[int, list[int]] = {row["number"]: [] for row in rows if row["type"] == "claims.offer.withdrawn"}
    for one in taken:
        by[one["by"]].append(one["number"])
    detail = {
        "first": rows[0]["number"],
        "events": [[row["case_number"], by.get(row["number"])] for row in rows],
        "uses": [[one["authorisation"], one["paper"], one["case_number"]] for one in uses],
    }
    return Entry(What.NUMBERED, insurer, at, detail, rows[-1]["number"])


class Journal:
    """Threads share it. Every call is a transaction of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        with engine.begin() as tx:
            if inspect(tx).has_table("records"):
                raise BesideStore("Give the journal another database than the store's: that of the keys, or its own.")
            lock(tx, ["journal"])  # two that make the table at once would trip each other on PostgreSQL
            tx.execute(CreateTable(_journal, if_not_exists=True))
            for index in _journal.indexes:
                tx.execute(CreateIndex(index, if_not_exists=True))

    @classmethod
    def at(cls, place: str) -> "Journal":
        """A folder, or postgresql://user:password@host:port/database."""
        return cls.in_database(place) if place.startswith("postgresql") else cls.in_folder(Path(place))

    @classmethod
    def in_folder(cls, folder: Path) -> "Journal":
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "journal.sqlite"
        path.touch(mode=0o600)
        wait = {"check_same_thread": False, "timeout": BUSY_SECONDS}
        engine = create_engine(f"sqlite:///{path}", pool_size=1, max_overflow=0, connect_args=wait)

        @event.listens_for(engine, "connect")
        def configure(connection, _) -> None:  # type: ignore[no-untyped-def]
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
                connection.execute(f"PRAGMA {pragma}")

        return cls(engine)

    @classmethod
    def in_database(cls, url: str) -> "Journal":
        """`url`: postgresql://user:password@host:port/database, another one than the store's."""
        options = "-c statement_timeout=30s -c synchronous_commit=on"
        own = make_url(url).set(drivername="postgresql+psycopg")
        wait = {"connect_timeout": CONNECT_SECONDS, "client_encoding": "utf8", "options": options}
        return cls(create_engine(own, pool_size=1, max_overflow=0, connect_args=wait))

    def close(self) -> None:
        self._engine.dispose()

    def write(self, entries: Sequence[Entry]) -> None:
        """Durable on return, all or none."""
        if entries:
            with self._engine.begin() as tx:
                tx.execute(_journal.insert(), [{**vars(one), "what": one.what.value} for one in entries])

    def forget(self, subject: str) -> None:
        """Takes what an erased record was recognised by out of what is told of it (`taken`)."""
        own = (_journal.c.what == What.TAKEN.value, _journal.c.subject == subject)
        with self._engine.begin() as tx:
            for row in tx.execute(select(_journal).where(*own)).all():
                kept = {name: value for name, value in row.detail.items() if name not in RECOGNISED_BY}
                tx.execute(update(_journal).where(_journal.c.id == row.id).values(detail=kept))

    def numbers(self, insurer: str, after: int) -> list[Entry]:
        """What was numbered in a feed above a number, in the order of writing: where two speak of one number, the later
        one holds."""
        own = (_journal.c.what == What.NUMBERED.value, _journal.c.subject == insurer, _journal.c.number > after)
        with self._engine.connect() as tx:
            return [_entry(row) for row in tx.execute(select(_journal).where(*own).order_by(_journal.c.id))]

    def words(self) -> Iterator[Entry]:
        """Everything but the numbers, in the order of writing."""
        position = 0
        while True:
            more = (_journal.c.what != What.NUMBERED.value, _journal.c.id > position)
            with self._engine.connect() as tx:
                rows = tx.execute(select(_journal).where(*more).order_by(_journal.c.id).limit(READ_AT_ONCE)).all()
            if not rows:
                return
            yield from map(_entry, rows)
            position = rows[-1].id

    def newest(self, count: int) -> list[Entry]:
        """So many words, as `words`: what a store that was set back lacks first."""
        others = select(_journal).where(_journal.c.what != What.NUMBERED.value)
        with self._engine.connect() as tx:
            rows = tx.execute(others.order_by(_journal.c.id.desc()).limit(count)).all()
        return [_entry(row) for row in reversed(rows)]

    def highest(self) -> dict[str, int]:
        """The highest number of each feed."""
        found = select(_journal.c.subject, func.max(_journal.c.number)).where(_journal.c.what == What.NUMBERED.value)
        with self._engine.connect() as tx:
            return {row[0]: row[1] for row in tx.execute(found.group_by(_journal.c.subject))}

    def position(self) -> int:
        """How many entries there are or were begun; it only grows."""
        with self._engine.connect() as tx:
            return tx.execute(select(func.max(_journal.c.id))).scalar() or 0


def _entry(row) -> Entry:  # type: ignore[no-untyped-def]
    return Entry(What(row.what), row.subject, row.at, row.detail, row.number)
