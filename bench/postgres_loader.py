"""Stores many cases in PostgreSQL at once: the rows that one case leaves behind, under new ids, numbers and hashes.

The server makes them itself. Their sealed values are the template's, so none of them opens: nothing that is measured reads one.
"""

import re
from collections.abc import Sequence

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

COPIED = ("records", "bodies", "links", "cases", "authorisations", "views", "offers", "offer_papers", "uses")
HEX32, HEX64, CASE = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{64}"), re.compile(r"C[0-9A-F]{12}")
COUNTED = {"offers": "number", "offer_papers": "number"}  # columns that count from the template's one


def execute(database: str, statement: str) -> int:
    """The number that a statement gives, or that it is about."""
    with psycopg.connect(database, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else cursor.rowcount


def copies(database: str, keys: str, count: int) -> None:
    """`count` copies of the one case that stands in the database, and of its keys."""
    with psycopg.connect(database, row_factory=dict_row) as connection:
        for table in COPIED:
            for row in connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))).fetchall():
                row.pop("seq", None)
                _copy(connection, table, row, [_value(table, *one) for one in row.items()], count)
        connection.execute("UPDATE feeds SET last = %s, published = %s WHERE last > 0", (count + 1, count + 1))
    with psycopg.connect(keys, row_factory=dict_row) as connection:
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
