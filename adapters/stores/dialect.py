"""What differs between SQLite and PostgreSQL, in this one place; all other SQL of the folder is the same for both."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    ColumnCollection,
    ColumnElement,
    Connection,
    Insert,
    Select,
    Table,
    TableValuedAlias,
    Update,
    bindparam,
    column,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import insert as insert  # SQLite's compiler writes its ON CONFLICT all the same
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

T = TypeVar("T")

# One statement, in the order of the array: whoever needs several of the same locks asks for them in the same order.
_LOCK = text("SELECT pg_advisory_xact_lock(name) FROM unnest(CAST(:names AS bigint[])) AS name")
_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(CAST(:name AS bigint))")
_NEXT_ACCEPTANCES = text("SELECT nextval('acceptance') FROM generate_series(1, :count)")
_LAST_ACCEPTANCE = text("SELECT coalesce(max(accepted), 0) FROM records")

# Of PostgreSQL: query_canceled (by the time limit), out_of_memory (of the table of locks, too); the class of limits passed. In
# that class is also what a server says that takes no transaction any more (wraparound): no dead letter can be written then
# either, so that is waited out like every trouble.
TOO_MUCH, LIMITS = {"57014", "53200"}, "54"
# Of SQLite, where "too many SQL variables" has the same code as "no such table": only its words tell a limit from a broken store.
OVER_LIMIT = ("too many", "too large", "at most", "stack overflow")
# A store that is not as it must be, of which a driver speaks as of a wrong question. Of PostgreSQL: a table, a column or a right
# is missing, nothing may be written (a standby), data or an index is corrupt.
BROKEN = {"42P01", "42703", "42501", "25006", "XX001", "XX002"}
BROKEN_FILE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_SQLITE = sqlite.dialect(paramstyle="qmark")


class among(FunctionElement[bool]):  # noqa: N801 — read as SQLAlchemy's own functions are
    """That a column is one of a list, which is the statement's parameter `given` (or another name). Such a statement is built
    once, as a constant. On PostgreSQL the list is one array: with a place for each element, a list of another length would be
    another statement, to be written, parsed and planned anew each time, which costs more than running it."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], name: str = "given") -> None:
        super().__init__(column.in_(bindparam(name, expanding=True)))

    def self_group(self, against: object = None) -> "among":
        """As it is: SQLite has no truth values, and would be asked whether this is one, past every index."""
        return self


@compiles(among)
def _in(element: among, compiler: Any, **how: Any) -> str:
    return str(compiler.process(*element.clauses, **how))


@compiles(among, "postgresql")
def _any(element: among, compiler: Any, **how: Any) -> str:
    (listed,) = element.clauses
    array = bindparam(listed.right.key, type_=ARRAY(listed.left.type))
    return f"{compiler.process(listed.left, **how)} = ANY ({compiler.process(array, **how)})"


class within(FunctionElement[bool]):  # noqa: N801 — as `among`
    """That a column is one of those that a select finds, which is done first. Told as a join, PostgreSQL chooses the side to
    begin with by what it knows of the tables' sizes, which in a store that fills is old: it begins with all there is."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], found: Select[Any]) -> None:
        super().__init__(column.in_(found))

    self_group = among.self_group


@compiles(within)
def _in_found(element: within, compiler: Any, **how: Any) -> str:
    return str(compiler.process(*element.clauses, **how))


@compiles(within, "postgresql")
def _any_found(element: within, compiler: Any, **how: Any) -> str:
    (listed,) = element.clauses
    return f"{compiler.process(listed.left, **how)} = ANY (ARRAY({compiler.process(listed.right.element, **how)}))"


def insert_all(tx: Connection, statement: Insert, rows: Sequence[Mapping[str, object]]) -> None:
    """Inserts rows, in their order. On PostgreSQL as one statement over arrays, a column each: a row by itself costs as much in
    the sending as in the writing. `statement` is a constant; no two rows are the same by its conflict target."""
    if rows and tx.dialect.name == "postgresql":
        tx.execute(_of_arrays(statement, tuple(rows[0])), _arrays(rows))
    elif rows:
        _by_driver(tx, statement, rows)


def inserted(tx: Connection, statement: Insert, rows: Sequence[Mapping[str, object]]) -> list[Any]:
    """The same; of the rows that were inserted the one column that the statement returns."""
    if rows and tx.dialect.name == "postgresql":
        return list(tx.execute(_of_arrays(statement, tuple(rows[0])), _arrays(rows)).scalars())
    return list(tx.execute(statement, rows).scalars()) if rows else []


def update_all(tx: Connection, table: Table, key: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Sets the columns of rows, each found by its `key`: in the order of the keys, as everywhere that several rows change, so
    that two transactions wait one way only. Of two with the same key the later one holds. On PostgreSQL one statement."""
    latest = {str(row[key]): row for row in rows}
    if not latest:
        return
    given, names = [latest[one] for one in sorted(latest)], tuple(rows[0])
    if tx.dialect.name == "postgresql":
        tx.execute(_from_arrays(table, key, names), _arrays(given))
    else:
        _by_driver(tx, _one_by_one(table, key, names), [{f"all_{name}": row[name] for name in names} for row in given])


def _by_driver(tx: Connection, statement: Insert | Update, rows: Sequence[Mapping[str, object]]) -> None:
    """On SQLite, as its driver takes them: to make SQLAlchemy's parameters of a row costs more than to write it."""
    written, places, fixed = _for_driver(statement, tuple(rows[0]))
    tx.exec_driver_sql(written, [tuple([row[name] if name in row else fixed[name] for name in places]) for row in rows])


@lru_cache
def _for_driver(
    statement: Insert | Update, names: tuple[str, ...]
) -> tuple[str, tuple[str, ...], Mapping[str, object]]:
    """A statement as SQLite's driver takes it, the names of its places, and what the statement itself gives."""
    compiled = statement.compile(dialect=_SQLITE, column_keys=list(names))
    return str(compiled), tuple(compiled.positiontup or ()), compiled.params


@lru_cache
def _one_by_one(table: Table, key: str, names: tuple[str, ...]) -> Update:
    values = {name: bindparam(f"all_{name}") for name in names if name != key}
    return update(table).where(table.c[key] == bindparam(f"all_{key}")).values(values)


def _arrays(rows: Sequence[Mapping[str, object]]) -> dict[str, list[object]]:
    return {f"all_{name}": [row[name] for row in rows] for name in rows[0]}


@lru_cache
def _of_arrays(statement: Insert, names: tuple[str, ...]) -> Insert:
    return statement.from_select(names, select(*_in_arrays(statement.table.c, names).c))


@lru_cache
def _from_arrays(table: Table, key: str, names: tuple[str, ...]) -> Update:
    rows = _in_arrays(table.c, names)
    values = {name: rows.c[name] for name in names if name != key}
    return update(table).where(table.c[key] == rows.c[key]).values(values)


def _in_arrays(columns: ColumnCollection[str, Column[Any]], names: Sequence[str]) -> TableValuedAlias:
    """The rows that `_arrays` holds, as a table."""
    chosen = [columns[name] for name in names]
    arrays = [bindparam(f"all_{one.name}", type_=ARRAY(one.type)) for one in chosen]
    return (
        func.unnest(*arrays).table_valued(*(column(one.name, one.type) for one in chosen), name="row").render_derived()
    )


def binary_arrays(connection: Any, _: object) -> None:
    """For an engine of PostgreSQL, at "connect": arrays go as bytes. Written as text, each element is searched for what must be
    escaped, which takes four times as long for ids and a thousand times for sealed values."""
    from psycopg.types.array import ListBinaryDumper  # here, for the embedded form loads no driver of PostgreSQL

    connection.adapters.register_dumper(list, ListBinaryDumper)


def trouble(error: BaseException) -> bool:
    """Whether the database is in trouble, or another transaction was in the way: what was asked is not to blame."""
    if isinstance(error, DBAPIError) and (error.connection_invalidated or _broken(error)):
        return True
    return isinstance(error, OperationalError | InterfaceError | NoConnection)


def _broken(error: DBAPIError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF  # the rest tells more of it
    return code in BROKEN_FILE or getattr(error.orig, "sqlstate", None) in BROKEN


def too_much(error: BaseException) -> bool:
    """Whether one transaction asked for more than it may have: values of a statement, time, locks or memory. With less at
    once it may go well, and whoever else needs the database finds it well."""
    if not isinstance(error, DBAPIError):
        return False
    if code := getattr(error.orig, "sqlite_errorcode", None):
        told = str(error.orig)
        return code == sqlite3.SQLITE_TOOBIG or (
            code == sqlite3.SQLITE_ERROR and any(word in told for word in OVER_LIMIT)
        )
    state = getattr(error.orig, "sqlstate", None) or ""
    return state in TOO_MUCH or state.startswith(LIMITS)


def lock(tx: Connection, names: Iterable[str]) -> None:
    """Waits until no other transaction holds one of these names, and holds them to the end of this one.

    On SQLite nothing: a writer is alone. On PostgreSQL advisory locks on the names' 64-bit hashes: two names with one hash
    cost a wait and nothing else. A transaction locks by class, all of a class at once, and in this order: an insurer's topic
    and the right to read it; the step itself on an embedded log; records at the door, identities and documents, look-up keys
    and cases, targets and participants; then authorisations; then questions to issuers; then feeds; then the log. So no two
    wait for each other.
    """
    if tx.dialect.name == "postgresql" and (held := sorted({_number(name) for name in names})):
        tx.execute(_LOCK, {"names": held})


def try_lock(tx: Connection, name: str) -> bool:
    """Holds a name as `lock` does, unless another transaction holds it; whether it does. Waits for nobody."""
    return tx.dialect.name != "postgresql" or bool(tx.execute(_TRY_LOCK, {"name": _number(name)}).scalar())


def lock_found(tx: Connection, names: Iterable[str], look: Callable[[], tuple[set[str], T]]) -> T:
    """Locks names, then looks: `look` gives the names that what it found stands under, and what it found. While there are
    names among them that are not held, its changes are undone, every lock is let go, and it begins again with all of them;
    what it changes outside the database bears repeating."""
    if tx.dialect.name != "postgresql":
        return look()[1]
    held = set(names)
    while True:
        attempt = tx.begin_nested()  # to roll it back lets its locks go, too
        lock(tx, held)
        under, found = look()
        if under <= held:
            attempt.commit()
            return found
        attempt.rollback()
        held |= under


def acceptances(tx: Connection, count: int) -> list[int]:
    """The next numbers in order of acceptance, ascending. PostgreSQL gives each once, to whichever transaction."""
    if tx.dialect.name == "postgresql":
        return sorted(tx.execute(_NEXT_ACCEPTANCES, {"count": count}).scalars())
    last = tx.execute(_LAST_ACCEPTANCE).scalar_one()
    return list(range(last + 1, last + 1 + count))


def unhurried(tx: Connection) -> None:
    """Lifts the time limits for the rest of this transaction: to change tables of live data takes its time, and so does what
    is computed between two statements."""
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql("SET LOCAL statement_timeout = 0")
        tx.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")


def may_rest(tx: Connection, seconds: int) -> None:
    """How long this transaction may wait for something else between two statements, and keeps its locks."""
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = '{seconds}s'")


def elements(tx: Connection, column: str) -> str:
    """SQL for a FROM clause: a row of `value` for each element of the JSON array in a column."""
    return f"json_array_elements(CAST({column} AS json))" if tx.dialect.name == "postgresql" else f"json_each({column})"


def _number(name: str) -> int:
    return int.from_bytes(sha256(name.encode()).digest()[:8], "big", signed=True)
