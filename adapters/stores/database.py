"""The database, as every service sees it; and SQLite: one writer at a time, any number of readers."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event

from adapters.stores.migrations import upgrade

T = TypeVar("T")

AFTER = "after"  # in a connection's `info`: what is to be done once its transaction is durable

BUSY_SECONDS = 30  # a second writer waits this long for the first
CACHE_KIB = 65_536  # page cache a connection: the hot part of the indexes of some 100,000 cases
CHECKPOINT_PAGES = 8_192  # 32 MB of log before it is copied: a page written by many commits is copied once
READERS = 4


class Store(Protocol):
    """SQLite (`Database`) or PostgreSQL (`PostgresDatabase`)."""

    def commit(self, work: Callable[[Connection], T]) -> T:
        """What `work` gives, its changes durable. It may be run more than once: it changes nothing outside its transaction
        that another run would not change again."""
        ...

    def write(self) -> AbstractContextManager[Connection]: ...

    def read(self) -> AbstractContextManager[Connection]: ...

    def close(self) -> None: ...


def after_commit(tx: Connection, work: Callable[[], None]) -> None:
    """`work` is done once what this transaction wrote is durable, and not at all when it is rolled back."""
    tx.info[AFTER].append(work)


class Database:
    """SQLite in WAL mode, `synchronous=FULL`: what is committed survives the process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch(mode=0o600)  # its write-ahead log is made with the same rights
        self._writer = _engine(path, "BEGIN IMMEDIATE", connections=1)
        self._reader = _engine(path, "BEGIN", connections=READERS)
        upgrade(self._writer)
        self._connection = self._writer.connect()  # kept: a transaction begins without a visit to the pool
        self._writing = threading.Lock()

    def commit(self, work: Callable[[Connection], T]) -> T:
        with self.write() as tx:
            return work(tx)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction, alone among writers from its first statement; rolled back when the block raises."""
        after: list[Callable[[], None]] = []
        with self._writing:
            try:
                self._connection.info[AFTER] = after
                with self._connection.begin():
                    yield self._connection
            except BaseException:
                self._connection.close()  # whatever state it is in, the pool rolls it back
                self._connection = self._writer.connect()
                raise
        for work in after:
            work()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A snapshot; changes nothing."""
        with self._reader.connect() as connection:
            yield connection

    def close(self) -> None:
        self._connection.close()
        self._writer.dispose()
        self._reader.dispose()


def _engine(path: Path, begin: str, connections: int) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        pool_size=connections,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def configure(connection, _) -> None:  # type: ignore[no-untyped-def]
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "secure_delete=ON",  # a deleted sealed value leaves no trace in the file
            f"cache_size=-{CACHE_KIB}",
            f"wal_autocheckpoint={CHECKPOINT_PAGES}",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine
