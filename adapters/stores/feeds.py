"""Feeds: an insurer's offers, numbered without gaps; uses and hand-overs."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Row, bindparam, delete, func, select, update

from adapters.stores.dialect import among, insert, insert_all
from adapters.stores.tables import feeds, handovers, offer_papers, offers, records, uses

_LAST = select(feeds.c.last).where(feeds.c.insurer == bindparam("insurer"))
_STANDING = select(offers.c.number, offers.c.type, offers.c.case_number, offers.c.digest).where(
    offers.c.insurer == bindparam("insurer"),
    among(offers.c.case_number),
    offers.c.taken_back_by.is_(None),
)
_KEPT = select(records.c.erased).where(records.c.record == offer_papers.c.record).scalar_subquery()
_PAPERS = select(offer_papers, func.coalesce(_KEPT, 1).label("erased")).where(
    offer_papers.c.insurer == bindparam("insurer"), among(offer_papers.c.number)
)
_UNPUBLISHED = select(feeds.c.insurer).where(feeds.c.published < feeds.c.last).order_by(feeds.c.insurer)
_USES_OF_PAPERS = select(uses).where(among(uses.c.paper))
_APPEND, _APPEND_PAPERS, _INSERT_FEED = insert(offers), insert(offer_papers), insert(feeds)
_SET_LAST = _INSERT_FEED.on_conflict_do_update(index_elements=["insurer"], set_={"last": _INSERT_FEED.excluded.last})


class SetBack(Exception):
    """A feed of the store was once further than it is: numbers that were given would be given again."""

    def __init__(self, insurer: str, last: int, given: int) -> None:
        super().__init__(
            f"The store has {last} numbers in the feed of {insurer}, and {given} were given: it was set back by something else "
            "than `claims restore`. End all services, make a backup of it as it is (`claims backup`) and restore that into an "
            "empty place (`claims restore`): then the journal is applied, and nothing is lost of what was taken away."
        )


def last_number(tx: Connection, insurer: str) -> int:
    return tx.execute(_LAST, {"insurer": insurer}).scalar() or 0


def set_last(tx: Connection, insurer: str, number: int) -> None:
    tx.execute(_SET_LAST, {"insurer": insurer, "last": number})


def standing(tx: Connection, insurer: str, numbers_of_cases: Iterable[str]) -> Sequence[Row]:
    """Of these cases the offers that are not taken back, and what took others back, in order of number."""
    rows = tx.execute(_STANDING, {"insurer": insurer, "given": list(numbers_of_cases)}).all()
    return sorted(rows, key=lambda row: row.number)  # sorted there, SQLite walks the whole feed for its order


def papers_of(tx: Connection, insurer: str, numbers: Iterable[int]) -> Sequence[Row]:
    """The papers of these offers, each with whether its record is erased, or not here."""
    return tx.execute(_PAPERS, {"insurer": insurer, "given": list(numbers)}).all()


def append(tx: Connection, rows: Sequence[dict[str, object]], papers: Sequence[dict[str, object]]) -> None:
    insert_all(tx, _APPEND, rows)
    insert_all(tx, _APPEND_PAPERS, papers)


def take_back(tx: Connection, insurer: str, rows: Sequence[dict[str, int]]) -> None:
    """Dicts of number, by: their content leaves the database."""
    if rows:
        tx.execute(
            update(offers)
            .where(offers.c.insurer == insurer, offers.c.number == bindparam("which"))
            .values(content=None, taken_back_by=bindparam("by")),
            [{"which": row["number"], "by": row["by"]} for row in rows],
        )


def page(tx: Connection, insurer: str, after: int, limit: int) -> Sequence[Row]:
    return tx.execute(
        select(offers)
        .where(offers.c.insurer == insurer, offers.c.number > after)
        .order_by(offers.c.number)
        .limit(limit)
    ).all()


def offers_with(tx: Connection, insurer: str, sha256: str) -> Sequence[Row]:
    """Offers not taken back that hold a paper of these bytes, newest first."""
    rows = tx.execute(
        select(offer_papers, offers.c.case_number, records.c.erased, records.c.media_type)
        .join(offers, (offers.c.insurer == offer_papers.c.insurer) & (offers.c.number == offer_papers.c.number))
        .join(records, records.c.record == offer_papers.c.record)
        .where(offer_papers.c.insurer == insurer, offer_papers.c.sha256 == sha256, offers.c.taken_back_by.is_(None))
    )
    return sorted(rows, key=lambda row: -row.number)  # sorted there, SQLite walks the whole feed for its order


def uses_of(tx: Connection, authorisations: Iterable[str]) -> Sequence[Row]:
    return tx.execute(select(uses).where(uses.c.authorisation.in_(list(authorisations)))).all()


def note_uses(tx: Connection, rows: Iterable[dict[str, str]]) -> None:
    """Dicts of authorisation, paper, insurer, case_number."""
    rows = list(rows)
    if rows:
        tx.execute(insert(uses).on_conflict_do_nothing(), rows)


def uses_of_papers(tx: Connection, papers: Iterable[str]) -> Sequence[Row]:
    return tx.execute(_USES_OF_PAPERS, {"given": list(papers)}).all()


def move_uses(tx: Connection, moved: Iterable[tuple[Row, str]]) -> None:
    """Rows of uses, each with the number of the case that it is in now; there it may be noted already."""
    for row, number in moved:
        note_uses(tx, [{**row._mapping, "case_number": number}])
        tx.execute(delete(uses).where(*(column == row._mapping[column.name] for column in uses.primary_key)))


def note_handovers(tx: Connection, rows: Iterable[dict[str, object]]) -> None:
    """Dicts of insurer, number, sha256, record, case_number, basis, at: written before the bytes leave."""
    rows = list(rows)
    if rows:
        tx.execute(insert(handovers), rows)


def unpublished(tx: Connection) -> list[str]:
    """Insurers whose feed has more numbers than their topic."""
    return list(tx.execute(_UNPUBLISHED).scalars())


def published(tx: Connection, insurer: str) -> int:
    """The number up to which a feed is on its insurer's topic."""
    return tx.execute(select(feeds.c.published).where(feeds.c.insurer == insurer)).scalar() or 0


def set_published(tx: Connection, insurer: str, number: int) -> None:
    tx.execute(update(feeds).where(feeds.c.insurer == insurer).values(published=number))


def all_published(tx: Connection) -> dict[str, int]:
    """Numbers published per insurer."""
    return {row.insurer: row.published for row in tx.execute(select(feeds.c.insurer, feeds.c.published))}


def totals(tx: Connection) -> dict[str, int]:
    """Offers numbered per insurer."""
    return {row.insurer: row.last for row in tx.execute(select(feeds.c.insurer, feeds.c.last))}


def gaps(tx: Connection) -> list[str]:
    """Insurers whose feed is not contiguous from 1 to its last number."""
    rows = tx.execute(
        select(feeds.c.insurer, feeds.c.last, func.count(offers.c.number), func.max(offers.c.number))
        .outerjoin(offers, offers.c.insurer == feeds.c.insurer)
        .group_by(feeds.c.insurer)
    )
    return [insurer for insurer, last, count, top in rows if not last == count == (top or 0)]
