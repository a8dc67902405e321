"""Authorisations and mandates as they stand: reviews bind one version, a withdrawal all of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, delete, literal_column, select

from adapters.stores.dialect import among, insert, within
from adapters.stores.records import IS_HELD, stamp
from adapters.stores.tables import authorisations, due, parked, records, withdrawals
from schemas.evidence import Standing
from schemas.records import REVIEWED

_NEWEST = (
    select(records.c.lineage, records.c.record)
    .where(
        among(records.c.lineage), records.c.kind.in_([literal_column(f"'{one.value}'") for one in REVIEWED]), IS_HELD
    )
    .order_by(records.c.version)
)
_WITHDRAWN = select(withdrawals.c.lineage).where(among(withdrawals.c.lineage))
_ROWS = select(records.c.record, records.c.lineage).where(
    among(records.c.record), records.c.standing != Standing.WITHDRAWN.value
)
_APPROVED = select(authorisations.c.record).where(
    among(authorisations.c.record), authorisations.c.decision == "approve"
)


def newest_versions(tx: Connection, lineages: Iterable[str]) -> set[str]:
    """The records of the latest version of each of these authorisations and mandates."""
    rows = tx.execute(_NEWEST, {"given": list(lineages)}).all()
    return set({row.lineage: row.record for row in rows}.values())


def withdrawn(tx: Connection, lineages: Iterable[str]) -> set[str]:
    return set(tx.execute(_WITHDRAWN, {"given": list(lineages)}).scalars().all())


def standing(tx: Connection, given: Iterable[str]) -> set[str]:
    """Those of these authorisations and mandates that hold, their period aside: approved in this version, which is the
    latest and takes nothing back, and never withdrawn."""
    rows = tx.execute(_ROWS, {"given": list(approved(tx, given))}).all()
    lineages = [row.lineage for row in rows]
    ended, newest = withdrawn(tx, lineages), newest_versions(tx, lineages)
    return {row.record for row in rows if row.lineage not in ended and row.record in newest}


def withdrawal_of(tx: Connection, lineage: str) -> Row | None:
    return tx.execute(select(withdrawals).where(withdrawals.c.lineage == lineage)).first()


def approved(tx: Connection, given: Iterable[str]) -> set[str]:
    """Those versions whose latest review approved them."""
    return set(tx.execute(_APPROVED, {"given": list(given)}).scalars().all())


def review_of(tx: Connection, authorisation: str) -> Row | None:
    return tx.execute(select(authorisations).where(authorisations.c.record == authorisation)).first()


def write_review(tx: Connection, authorisation: str, lineage: str, decision: str, reviewer: str, now: datetime) -> None:
    put_review(tx, authorisation, lineage, decision, reviewer, stamp(now))


def put_review(tx: Connection, authorisation: str, lineage: str, decision: str, reviewer: str, at: str) -> None:
    """`at`: RFC 3339 UTC."""
    values = {"lineage": lineage, "decision": decision, "reviewer": reviewer, "reviewed": at}
    statement = insert(authorisations).values(record=authorisation, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["record"], set_=values))


def write_withdrawal(tx: Connection, lineage: str, record: str, now: datetime) -> None:
    put_withdrawal(tx, lineage, record, stamp(now))


def put_withdrawal(tx: Connection, lineage: str, record: str, at: str) -> None:
    """`at`: RFC 3339 UTC."""
    tx.execute(insert(withdrawals).values(lineage=lineage, record=record, at=at).on_conflict_do_nothing())


def schedule(tx: Connection, at: str, record: str, why: str) -> None:
    """A due row: at this time (RFC 3339 UTC) the record's case is folded again."""
    tx.execute(insert(due).values(at=at, record=record, why=why).on_conflict_do_nothing())


def fallen_due(tx: Connection, now: datetime, limit: int) -> Sequence[Row]:
    """The rows whose time has come, that no other clock is at."""
    fallen = select(due).where(due.c.at <= stamp(now)).order_by(due.c.at).limit(limit)
    return tx.execute(fallen.with_for_update(skip_locked=True)).all()


def done(tx: Connection, rows: Iterable[Row]) -> None:
    for row in rows:
        tx.execute(delete(due).where(due.c.at == row.at, due.c.record == row.record, due.c.why == row.why))


def park(tx: Connection, record: str, target: str) -> None:
    """A review or withdrawal waits for the verdict on what it is about."""
    tx.execute(insert(parked).values(record=record, target=target).on_conflict_do_nothing())


def unpark(tx: Connection, target: str) -> Sequence[Row]:
    """The rows of `records` that waited for this verdict, in order of receipt; they wait no longer."""
    waiting = select(parked.c.record).where(parked.c.target == target)
    rows = tx.execute(select(records).where(within(records.c.record, waiting)).order_by(records.c.seq)).all()
    if rows:
        tx.execute(delete(parked).where(parked.c.target == target))
    return rows
