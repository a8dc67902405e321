"""Counts of what the interchange has done and has before it, for the live page and the metrics."""

from collections.abc import Sequence

from sqlalchemy import Connection, Row, exists, func, select, text

from adapters.stores.dialect import elements
from adapters.stores.records import WAITS
from adapters.stores.tables import cases, dead_letters, due, feeds, handovers, offers, records

NEWEST = 60_000  # records looked at for what happened in the last minute: a thousand a second


def verdicts(tx: Connection) -> Sequence[Row]:
    """Rows of sender, kind, outcome (None: no verdict yet), count."""
    return tx.execute(
        select(records.c.sender, records.c.kind, records.c.outcome, func.count().label("number")).group_by(
            records.c.sender, records.c.kind, records.c.outcome
        )
    ).all()


def standing_cases(tx: Connection) -> int:
    """Cases that are merged into no other and have records."""
    there = exists().where(records.c.case_number == cases.c.number)
    return tx.execute(select(func.count()).select_from(cases).where(cases.c.merged_into.is_(None), there)).scalar_one()


def since(tx: Connection, time: str) -> dict[str, int]:
    """How many records were received and judged, and offers numbered, since a time (RFC 3339 UTC)."""
    newest = (tx.execute(select(func.max(records.c.seq))).scalar() or 0) - NEWEST
    received, judged = tx.execute(
        select(func.count().filter(records.c.received >= time), func.count().filter(records.c.judged_at >= time)).where(
            records.c.seq > newest
        )
    ).one()
    numbered = tx.execute(select(func.count()).select_from(offers).where(offers.c.at >= time)).scalar_one()
    return {"received": received, "judged": judged, "offered": numbered}


def recent_verdicts(tx: Connection, limit: int) -> Sequence[Row]:
    """The newest records with a verdict, newest first."""
    return tx.execute(
        select(
            records.c.record,
            records.c.kind,
            records.c.sender,
            records.c.outcome,
            records.c.problems,
            records.c.judged_at,
        )
        .where(records.c.outcome.is_not(None))
        .order_by(records.c.seq.desc())
        .limit(limit)
    ).all()


def oldest_waiting(tx: Connection) -> str | None:
    """When the oldest record without a verdict on its latest attempt was received (RFC 3339 UTC)."""
    return tx.execute(select(func.min(records.c.received)).where(WAITS)).scalar()


def newest(tx: Connection) -> str | None:
    """When the last record came (RFC 3339 UTC)."""
    return tx.execute(select(func.max(records.c.received))).scalar()


def dead_by_step(tx: Connection) -> dict[str, int]:
    rows = tx.execute(select(dead_letters.c.step, func.count()).group_by(dead_letters.c.step))
    return {row[0]: row[1] for row in rows}


def backlogs(tx: Connection) -> dict[str, int]:
    """Offers that stand and that an insurer has not had yet, per insurer."""
    had = select(func.max(handovers.c.number)).where(handovers.c.insurer == feeds.c.insurer).scalar_subquery()
    waiting = (
        select(func.count())
        .select_from(offers)
        .where(
            offers.c.insurer == feeds.c.insurer,
            offers.c.number > func.coalesce(had, 0),
            offers.c.type == "claims.offer",
            offers.c.taken_back_by.is_(None),
        )
        .scalar_subquery()
    )
    return {row[0]: row[1] for row in tx.execute(select(feeds.c.insurer, waiting))}


def next_due(tx: Connection) -> str | None:
    """When the next thing that must happen at a time must (RFC 3339 UTC); in the past when no clock turned it."""
    return tx.execute(select(func.min(due.c.at))).scalar()


def problems_by_code(tx: Connection) -> dict[str, int]:
    """Problems told to senders by code, of the latest attempt of each record."""
    rows = tx.execute(
        text(
            f"SELECT one.value ->> 'code', count(*) FROM records, {elements(tx, 'records.problems')} AS one "
            "WHERE records.problems IS NOT NULL GROUP BY 1"
        )
    )
    return {row[0]: row[1] for row in rows}
