"""Who acts for whom: mandates and the filings that rest on them, under the keyed hash of principal and agent."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Row, delete, select

from adapters.stores.casebook import IN_SET
from adapters.stores.dialect import insert, within
from adapters.stores.tables import acting, records
from schemas.records import Kind

_PUT = insert(acting).on_conflict_do_nothing()


def put(tx: Connection, pairs: Iterable[tuple[str, str]]) -> None:
    """(pair, record) each."""
    rows = [{"pair": pair, "record": record} for pair, record in sorted(pairs)]
    if rows:
        tx.execute(_PUT, rows)


def pairs_of(tx: Connection, ids: Iterable[str]) -> set[str]:
    """The pairs that these records stand under."""
    ids = list(ids)
    return set(tx.execute(select(acting.c.pair).where(acting.c.record.in_(ids))).scalars()) if ids else set()


def acting_in(tx: Connection, ids: Iterable[str]) -> set[str]:
    """Of these records those that stand under a pair: mandates, and what agents filed."""
    ids = list(ids)
    return set(tx.execute(select(acting.c.record).where(acting.c.record.in_(ids))).scalars()) if ids else set()


def drop(tx: Connection, record: str) -> None:
    tx.execute(delete(acting).where(acting.c.record == record))


def mandates_of(tx: Connection, pairs: Iterable[str]) -> list[str]:
    """The records of the mandates of these pairs, every version."""
    return [row.record for row in _under(tx, pairs) if row.kind == Kind.MANDATE]


def filings_under(tx: Connection, pairs: Iterable[str]) -> Sequence[Row]:
    """What these agents did for these principals: rows of `records`."""
    return [row for row in _under(tx, pairs) if row.kind != Kind.MANDATE]


def _under(tx: Connection, pairs: Iterable[str]) -> Sequence[Row]:
    pairs = list(pairs)
    if not pairs:
        return []
    under = select(acting.c.record).where(acting.c.pair.in_(pairs))
    return tx.execute(select(records).where(within(records.c.record, under), *IN_SET)).all()
