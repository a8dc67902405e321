"""Wrapped keys in a PostgreSQL database that several processes share: another one than the store's, so that no dump,
replica or backup of the store opens anything, and on another server where there is one.

Nothing is cached: each batch asks for its keys in one statement, so a key that one process removed is gone for all of them
the moment `remove` returns.

What makes a removed key unreadable here, and what does not: PostgreSQL overwrites nothing in place. The row's image stays in
the table's file until the space is used again, in the write-ahead log until its segments are, and in whatever archive or
replica was made of them. Vacuum makes the space free within a minute or so (the table asks for it at every removal), not
blank. What stands there is wrapped: it opens with the master key alone, which never leaves the key folder. So: keep no
write-ahead archive and no backup of this database longer than a removed key may be brought back, back it up apart from the
key folder, and where images on the disk must end for certain run VACUUM FULL on the table with `wal_recycle` off.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, create_engine, event, make_url, text

from adapters.stores.dialect import binary_arrays

CONNECTIONS = 4  # a process's threads share them; each call is one short statement
CONNECT_SECONDS = 10
# Keys are found by name: a plan that is made once may not walk the table, as small as it was then.
SETTINGS = (
    "-c statement_timeout=30s -c synchronous_commit=on "
    "-c jit=off -c plan_cache_mode=force_generic_plan -c enable_seqscan=off"
)

_TABLE = """
    CREATE TABLE IF NOT EXISTS keys (name text COLLATE "C" PRIMARY KEY, wrapped bytea NOT NULL)
    WITH (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0)"""
# What ANALYZE samples of a column lies in the catalogue, where neither a removal nor VACUUM FULL touches it: of wrapped keys none
# is taken, and what an older version let it take goes (a type that is set anew drops it; the table is not written again).
_SAMPLED = text(
    "SELECT coalesce(attstattarget, -1) <> 0 FROM pg_attribute WHERE attrelid = 'keys'::regclass AND attname = 'wrapped'"
)
_UNSAMPLED = text("ALTER TABLE keys ALTER COLUMN wrapped TYPE bytea, ALTER COLUMN wrapped SET STATISTICS 0")
_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('keys'))")  # two that make the table at once would trip each other
_BESIDE_DATA = text("SELECT to_regclass('records') IS NOT NULL")
_FIND = text("SELECT name, wrapped FROM keys WHERE name = ANY(CAST(:names AS text[]))")
# Sorted: two that add the same names wait for each other one way only.
_ADD = text(
    "INSERT INTO keys SELECT * FROM unnest(CAST(:names AS text[]), CAST(:wrapped AS bytea[])) AS one (name, wrapped) "
    "ORDER BY name ON CONFLICT DO NOTHING"
)
_REMOVE = text("DELETE FROM keys WHERE name = ANY(CAST(:names AS text[]))")
_NAMES = text("SELECT name FROM keys WHERE name >= :prefix AND name < :prefix || chr(1114111)")


class BesideData(Exception):
    """The keys' database is the store's: whoever has a copy of the one has the other."""


class KeyDatabase:
    """`url`: postgresql://user:password@host:port/database. Every call is a transaction of its own, durable on return."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(
            make_url(url).set(drivername="postgresql+psycopg"),
            pool_size=CONNECTIONS,
            max_overflow=0,
            isolation_level="AUTOCOMMIT",
            connect_args={"connect_timeout": CONNECT_SECONDS, "client_encoding": "utf8", "options": SETTINGS},
            hide_parameters=True,  # no error text repeats a key
        )
        event.listen(self._engine, "connect", binary_arrays)
        with self._engine.connect().execution_options(isolation_level="READ COMMITTED") as connection:
            if connection.execute(_BESIDE_DATA).scalar():
                raise BesideData("Give the keys a database of their own.")
            connection.execute(_ALONE)
            connection.execute(text(_TABLE))
            if connection.execute(_SAMPLED).scalar():
                connection.execute(_UNSAMPLED)
            connection.commit()

    def close(self) -> None:
        self._engine.dispose()

    def find(self, names: Sequence[str]) -> dict[str, bytes]:
        with self._engine.connect() as connection:
            return _found(connection, names)

    def add(self, wrapped: Mapping[str, bytes]) -> Mapping[str, bytes]:
        names, values = list(wrapped), list(wrapped.values())
        with self._engine.connect() as connection:
            added = connection.execute(_ADD, {"names": names, "wrapped": values}).rowcount
            return wrapped if added == len(names) else _found(connection, names)

    def remove(self, names: Sequence[str]) -> None:
        with self._engine.connect() as connection:
            connection.execute(_REMOVE, {"names": list(names)})

    def names(self, prefix: str) -> list[str]:
        with self._engine.connect() as connection:
            return list(connection.execute(_NAMES, {"prefix": prefix}).scalars())


def _found(connection: Connection, names: Sequence[str]) -> dict[str, bytes]:
    return {name: bytes(wrapped) for name, wrapped in connection.execute(_FIND, {"names": list(names)})}
