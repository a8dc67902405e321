"""PostgreSQL as the store: many writers at once, of any number of processes.

Writers are READ COMMITTED and take their locks by name (`dialect.lock`): what a transaction reads once it holds a lock is
what the one before it left, which a snapshot taken earlier would not show; and it never waits to be told at the end that all
was in vain. What even so meets a deadlock or a conflict is repeated whole (`commit`). Readers see one snapshot.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import structlog
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError

from adapters.stores.database import AFTER
from adapters.stores.dialect import binary_arrays
from adapters.stores.migrations import upgrade

T = TypeVar("T")

CONNECTIONS = 4  # of each pool: a step uses one, the doors' threads share these
POOL_SECONDS = 30  # so long one waits for a connection of the pool
CONNECT_SECONDS = 10
SETTINGS = {
    "statement_timeout": "30s",  # waiting for a lock included; a batch takes a tenth of a second
    "idle_in_transaction_session_timeout": "10s",  # a worker that was stopped keeps its locks no longer
    "synchronous_commit": "on",  # what is committed survives the server, whatever its own default is
    "jit": "off",  # what it would compile runs for less than the compiler
}
# What a record meets on its way looks up a few rows by an index, however large or small a table is. To plan that anew each time
# costs as much as doing it, and in a store that fills the figures that the planner goes by are old: it walks from end to end
# what was small when they were taken.
WRITING = {"plan_cache_mode": "force_generic_plan"} | {
    f"enable_{way}": "off" for way in ("seqscan", "hashjoin", "mergejoin")
}
READING = {"plan_cache_mode": "force_custom_plan"}  # reports are of tables as they are
# serialization_failure, deadlock_detected: rolled back for certain, and likely to go well the next time.
AGAIN = {"40001", "40P01"}
WAITS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # seconds before each repetition, on average; then the error is told
# Of the whole server. A batch of the hub locks some 30 names a record: 64 records on a dozen workers at once.
LOCKS = 25_000

_FITNESS = """
    SELECT current_setting('server_encoding') = 'UTF8' AND 'B' < 'a' AND 'Z' < '_',
           current_setting('max_locks_per_transaction')::int * current_setting('max_connections')::int"""

logger = structlog.get_logger()


class UnfitDatabase(Exception):
    """The database is not as it must be; the text says how to make it so."""


class PostgresDatabase:
    """`url`: postgresql://user:password@host:port/database. Brings the tables up to date before anything else."""

    def __init__(self, url: str) -> None:
        self._writer = _engine(url, WRITING, "READ COMMITTED")
        self._reader = _engine(url, READING, "REPEATABLE READ", postgresql_readonly=True)
        with self._writer.connect() as connection:
            by_bytes, locks = connection.exec_driver_sql(_FITNESS).one()
        if not by_bytes:
            raise UnfitDatabase(
                "Texts must sort by their bytes: CREATE DATABASE … ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0"
            )
        if locks < LOCKS:
            raise UnfitDatabase(f"max_locks_per_transaction × max_connections is {locks}; at least {LOCKS} are needed.")
        upgrade(self._writer)

    def commit(self, work: Callable[[Connection], T]) -> T:
        """What `work` gives, its changes durable; the whole of it is repeated when another transaction was in the way."""
        for wait in (*WAITS, None):
            try:
                with self.write() as tx:
                    return work(tx)
            except DBAPIError as error:
                state = getattr(error.orig, "sqlstate", None)
                if state not in AGAIN or wait is None:
                    raise
                logger.info("transaction repeated", sqlstate=state)
            time.sleep(random.uniform(0.5, 1.5) * wait)  # uneven, so that the same two do not meet again
        raise AssertionError("the last repetition returns or raises")

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction, rolled back when the block raises; it sees at each statement what others have committed."""
        after: list[Callable[[], None]] = []
        with self._writer.begin() as connection:
            connection.info[AFTER] = after
            yield connection
        for work in after:
            work()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A snapshot; changes nothing."""
        with self._reader.connect() as connection:
            yield connection

    def close(self) -> None:
        self._writer.dispose()
        self._reader.dispose()


def _engine(url: str, planning: Mapping[str, str], isolation: str, **options: object) -> Engine:
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        isolation_level=isolation,
        execution_options=options,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        pool_pre_ping=True,  # a server that was restarted fails no request with a connection of before
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "client_encoding": "utf8",
            "options": " ".join(f"-c {name}={value}" for name, value in (SETTINGS | planning).items()),
        },
    )
    event.listen(engine, "connect", binary_arrays)
    return engine
