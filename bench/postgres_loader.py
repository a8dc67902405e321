"""Stores many cases in PostgreSQL at once: the rows that one case leaves behind, under new ids, numbers and hashes.

The server makes them itself. Their sealed values are the template's, so none of them opens: nothing that is measured reads one.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

COPIED = ("records", "bodies", "links", "cases", "authorisations", "views", "offers", "offer_papers", "uses")
HEX32, HEX64, CASE = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{64}"), re.compile(r"C[0-9A-F]{12}")
# Of these tables; `contype` of those that hold a primary key or a unique constraint.
_INDEXES = """
    SELECT i.indrelid::regclass::text AS table, i.indexrelid::regclass::text AS name, c.contype,
           pg_get_indexdef(i.indexrelid) AS definition
    FROM pg_index AS i LEFT JOIN pg_constraint AS c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u')
    WHERE i.indrelid = ANY (%s::regclass[])"""
_CONSTRAINTS = {"p": "PRIMARY KEY", "u": "UNIQUE"}
COUNTED = {"offers": "number", "offer_papers": "number"}  # columns that count from the template's one


def execute(database: str, statement: str) -> int:
    """The number that a statement gives, or that it is about."""
    with psycopg.connect(database, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else cursor.rowcount


def copies(database: str, keys: str, count: int) -> None:
    """`count` copies of the one case that stands in the database, and of its keys."""
    with _without_indexes(database, COPIED), psycopg.connect(database, row_factory=dict_row) as connection:
        for table in COPIED:
            for row in connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))).fetchall():
                row.pop("seq", None)
                _copy(connection, table, row, [_value(table, *one) for one in row.items()], count)
        connection.execute("UPDATE feeds SET last = %s, published = %s WHERE last > 0", (count + 1, count + 1))
    with _without_indexes(keys, ["keys"]), psycopg.connect(keys, row_factory=dict_row) as connection:
        for row in connection.execute("SELECT * FROM keys WHERE name ~ '^(record|offer):'").fetchall():
            kind, _, rest = row["name"].partition(":")
            of = _value("", "name", rest)
            if kind == "offer":
                of = sql.SQL("{} || ':' || (n + 1)").format(rest.rpartition(":")[0])
            _copy(
                connection,
                "keys",
                row,
                [sql.SQL("{} || ':' || {}").format(kind, of), sql.Literal(row["wrapped"])],
                count,
            )
    for one in (database, keys):
        execute(one, "VACUUM (ANALYZE)")
        execute(one, "CHECKPOINT")


@contextmanager
def _without_indexes(database: str, tables: Sequence[str]) -> Iterator[None]:
    """Takes the indexes of these tables away and makes them again at the end, each sorted at once: ids are random, so row by row
    every row would touch another page of each. The services stand idle meanwhile, and are never locked out for long."""
    with psycopg.connect(database, row_factory=dict_row, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '512MB'")
        found = connection.execute(_INDEXES, [list(tables)]).fetchall()
        for one in found:
            drop = f"ALTER TABLE {one['table']} DROP CONSTRAINT" if one["contype"] else "DROP INDEX"
            connection.execute(f"{drop} {one['name']}".encode())
        yield
        for one in found:
            connection.execute(one["definition"].encode())
            if kind := _CONSTRAINTS.get(one["contype"]):
                add = f"ALTER TABLE {one['table']} ADD CONSTRAINT {one['name']} {kind} USING INDEX {one['name']}"
                connection.execute(add.encode())


def _copy(
    connection: "psycopg.Connection[dict[str, object]]",
    table: str,
    row: dict[str, object],
    values: Sequence[sql.Composable],
    count: int,
) -> None:
    connection.execute(
        sql.SQL("INSERT INTO {} ({}) SELECT {} FROM generate_series(1, {}) AS n").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, row)), sql.SQL(", ").join(values), count
        )
    )


def _value(table: str, column: str, value: object) -> sql.Composable:
    """What a column holds in the copy `n`: an id renamed by it, a count with it added, anything else as it is."""
    if COUNTED.get(table) == column:
        return sql.SQL("{} + n").format(value)
    if column == "accepted" and value is not None:
        return sql.SQL("{}::bigint + 10 * n").format(value)
    if not isinstance(value, str):
        return sql.Literal(value)
    named = sql.SQL("md5({} || ':' || n)").format(value)
    if HEX32.fullmatch(value):
        return named
    if HEX64.fullmatch(value):
        return sql.SQL("{} || {}").format(named, named)
    return sql.SQL("'C' || upper(left({}, 12))").format(named) if CASE.fullmatch(value) else sql.Literal(value)
