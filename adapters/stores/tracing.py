"""What the portal reads of one record or one case: everything that happened to it, as rows."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, Row, select

from adapters.stores.tables import (
    authorisations,
    cases,
    dead_letters,
    feeds,
    handovers,
    judgements,
    offer_papers,
    offers,
    records,
    verification_askers,
    verifications,
    withdrawals,
)

NUMBERS = 10_000  # merged numbers followed of one case; more would be a fault in the numbering


def of_case(tx: Connection, number: str) -> Sequence[Row]:
    """Every record that stands in a case, in order of acceptance."""
    return tx.execute(select(records).where(records.c.case_number == number).order_by(records.c.accepted)).all()


def numbers_into(tx: Connection, number: str) -> list[str]:
    """The numbers that lead to this one, directly or over others, sorted."""
    found: set[str] = set()
    frontier = {number}
    while frontier and len(found) < NUMBERS:
        rows = tx.execute(select(cases.c.number).where(cases.c.merged_into.in_(frontier))).scalars()
        frontier = set(rows) - found - {number}
        found |= frontier
    return sorted(found)


def opened(tx: Connection, number: str) -> str | None:
    return tx.execute(select(cases.c.opened).where(cases.c.number == number)).scalar()


def of_lineage(tx: Connection, lineage: str) -> Sequence[Row]:
    """Every record that was ever a version or a duplicate of this document, erased ones too, in order of acceptance."""
    return tx.execute(select(records).where(records.c.lineage == lineage).order_by(records.c.accepted)).all()


def like(tx: Connection, row: Row) -> Sequence[Row]:
    """Records accepted before this one that share its identity or its fingerprint: what its verdict was given on."""
    if row.accepted is None or row.identity is None:
        return []
    same = records.c.identity == row.identity
    if row.content is not None:
        same |= records.c.content == row.content
    return tx.execute(select(records).where(same, records.c.accepted < row.accepted)).all()


def children(tx: Connection, record: str, limit: int) -> Sequence[Row]:
    """The records that were split from a file, in the order of its lines."""
    return tx.execute(
        select(records.c.record, records.c.outcome, records.c.first_line, records.c.last_line)
        .where(records.c.parent == record)
        .order_by(records.c.first_line)
        .limit(limit)
    ).all()


def _about(numbers: Iterable[str]) -> tuple[ColumnElement[bool], ...]:
    """Offers about these cases. Every insurer is named, for the index begins with it."""
    return offers.c.insurer.in_(select(feeds.c.insurer)), offers.c.case_number.in_(list(numbers))


def offers_of_case(tx: Connection, numbers: Iterable[str]) -> Sequence[Row]:
    """Every entry of every feed about these case numbers, without its content."""
    return tx.execute(
        select(
            offers.c.insurer, offers.c.number, offers.c.type, offers.c.case_number, offers.c.at, offers.c.taken_back_by
        )
        .where(*_about(numbers))
        .order_by(offers.c.insurer, offers.c.number)
    ).all()


def papers_of_offers(tx: Connection, numbers: Iterable[str]) -> Sequence[Row]:
    """The papers of every offer about these case numbers, each with whether its record is erased."""
    return tx.execute(
        select(offer_papers, offers.c.case_number, offers.c.taken_back_by, records.c.erased)
        .join(offers, (offers.c.insurer == offer_papers.c.insurer) & (offers.c.number == offer_papers.c.number))
        .join(records, records.c.record == offer_papers.c.record)
        .where(*_about(numbers))
        .order_by(offer_papers.c.insurer, offer_papers.c.number, offer_papers.c.record)
    ).all()


def handovers_of_case(tx: Connection, numbers: Iterable[str]) -> Sequence[Row]:
    return tx.execute(
        select(handovers)
        .join(offers, (offers.c.insurer == handovers.c.insurer) & (offers.c.number == handovers.c.number))
        .where(*_about(numbers))
        .order_by(handovers.c.id)
    ).all()


def dead_letters_of(tx: Connection, ids: Iterable[str]) -> Sequence[Row]:
    return tx.execute(
        select(dead_letters).where(dead_letters.c.record.in_(list(ids))).order_by(dead_letters.c.at)
    ).all()


def reviews_of(tx: Connection, ids: Iterable[str]) -> dict[str, Row]:
    """The latest review of each of these authorisation records."""
    rows = tx.execute(select(authorisations).where(authorisations.c.record.in_(list(ids))))
    return {row.record: row for row in rows}


def withdrawals_of(tx: Connection, lineages: Iterable[str]) -> dict[str, Row]:
    rows = tx.execute(select(withdrawals).where(withdrawals.c.lineage.in_(list(lineages))))
    return {row.lineage: row for row in rows}


def judgements_naming(tx: Connection, ids: Iterable[str]) -> Sequence[Row]:
    """Judgements `same` and `not-same` that name one of these records, each with its sender and time."""
    ids = list(ids)
    return tx.execute(
        select(judgements, records.c.sender, records.c.received)
        .join(records, records.c.record == judgements.c.judgement)
        .where(judgements.c.one.in_(ids) | judgements.c.other.in_(ids))
        .order_by(records.c.accepted)
    ).all()


def questions_about(tx: Connection, sha256: str) -> Sequence[Row]:
    """Every question whether a paper of these bytes is real, in the order in which they were asked."""
    about = select(verifications).where(verifications.c.sha256 == sha256)
    return tx.execute(about.order_by(verifications.c.asked)).all()


def askers_of(tx: Connection, questions: Iterable[str]) -> Sequence[Row]:
    """(verification, asker) of each that asked one of these."""
    asked = select(verification_askers.c.verification, verification_askers.c.asker).distinct()
    return tx.execute(asked.where(verification_askers.c.verification.in_(list(questions)))).all()
