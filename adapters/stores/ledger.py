"""A sender's own records, page by page, as the doors read them."""

from collections.abc import Sequence

from sqlalchemy import Connection, Row, func, select

from adapters.stores.tables import records


def page(tx: Connection, sender: str, after: str | None, parent: str | None, limit: int) -> Sequence[Row] | None:
    """The sender's records after one of its own, in order of entry; those of one file, if `parent`.

    None when `after` is not its own. Where several doors enter records, one that is being entered at this very instant may
    come to stand before what was read: who must have every one reads from the start again."""
    start = 0
    if after is not None:
        found = tx.execute(select(records.c.seq).where(records.c.record == after, records.c.sender == sender)).scalar()
        if found is None:
            return None
        start = found
    wanted = [records.c.sender == sender, records.c.seq > start]
    if parent is not None:
        wanted.append(records.c.parent == parent)
    return tx.execute(select(records).where(*wanted).order_by(records.c.seq).limit(limit)).all()


def judged_of_file(tx: Connection, file: str, attempt: int) -> int:
    """How many accidents of a file have the verdict of this attempt at it (or of one before that stands)."""
    return tx.execute(
        select(func.count()).where(records.c.parent == file, records.c.attempt >= attempt, records.c.judged >= attempt)
    ).scalar_one()


def of_file(tx: Connection, file: str) -> Sequence[Row]:
    """The accidents of a file, in the order of their lines."""
    return tx.execute(
        select(
            records.c.record,
            records.c.first_line,
            records.c.last_line,
            records.c.outcome,
            records.c.problems,
            records.c.original,
        )  # fmt: skip
        .where(records.c.parent == file)
        .order_by(records.c.first_line, records.c.record)
    ).all()
