"""Cases: which records belong to them, by what they were found, which views were made of them."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Row, bindparam, delete, func, literal_column, or_, select, update

from adapters.stores.dialect import among, insert, insert_all, update_all, within
from adapters.stores.records import IS_HELD
from adapters.stores.tables import cases, judgements, links, records, views

# Through functions, as IS_HELD: where nothing was held yet, the planner would begin with all that has a lineage.
IN_SET = (
    IS_HELD,
    records.c.erased == 0,
    func.coalesce(records.c.lineage, literal_column("''")) != literal_column("''"),
)


_OF_RECORDS = select(records).where(among(records.c.record))
_LINEAGES_OF_CASES = select(records.c.lineage).where(among(records.c.case_number), *IN_SET)
_OF_LINEAGES = select(records).where(among(records.c.lineage), *IN_SET)
_PUT_LINKS = insert(links).on_conflict_do_nothing()
_KEY_COUNTS = select(links.c.hash, func.count()).where(among(links.c.hash)).group_by(links.c.hash)
_UNDER = select(links.c.record).where(among(links.c.hash))
_LINEAGES_UNDER = select(records.c.lineage).where(within(records.c.record, _UNDER), *IN_SET).distinct()
_ACCEPTED = select(records.c.accepted).where(records.c.record == judgements.c.judgement).scalar_subquery()
_JUDGEMENTS_ABOUT = (
    select(judgements, _ACCEPTED.label("accepted"))
    .where(or_(among(judgements.c.one), among(judgements.c.other)))
    .order_by("accepted")
)
_CASES = select(cases.c.number, cases.c.merged_into, cases.c.opened).where(among(cases.c.number))
_INSERT_CASES = insert(cases)
_PUT_CASES = _INSERT_CASES.on_conflict_do_update(
    index_elements=["number"], set_={"merged_into": _INSERT_CASES.excluded.merged_into}
)
_VIEWS = select(views).where(among(views.c.case_number))
_INSERT_VIEWS = insert(views)
_PUT_VIEWS = _INSERT_VIEWS.on_conflict_do_update(
    index_elements=["insurer", "case_number"],
    set_={"version": _INSERT_VIEWS.excluded.version, "digest": _INSERT_VIEWS.excluded.digest},
)
_LATEST_VIEWS = select(views.c.case_number, views.c.version).where(
    views.c.insurer == bindparam("insurer"), among(views.c.case_number)
)
_A_RECORD = select(func.min(records.c.record)).where(records.c.case_number == views.c.case_number).scalar_subquery()
_VIEWED = (
    select(views.c.case_number, _A_RECORD.label("record"))
    .where(views.c.insurer == bindparam("insurer"), views.c.case_number > bindparam("after"))
    .order_by(views.c.case_number)
    .limit(bindparam("limit"))
)


def rows_of_records(tx: Connection, ids: Iterable[str]) -> Sequence[Row]:
    ids = list(ids)
    return tx.execute(_OF_RECORDS, {"given": ids}).all() if ids else []


def rows_of_lineages(tx: Connection, lineages: Iterable[str]) -> Sequence[Row]:
    """Every record of these lineages that is in the set."""
    lineages = list(lineages)
    if not lineages:
        return []
    return tx.execute(_OF_LINEAGES, {"given": lineages}).all()


def lineages_of_cases(tx: Connection, numbers: Iterable[str]) -> set[str]:
    numbers = list(numbers)
    if not numbers:
        return set()
    return set(tx.execute(_LINEAGES_OF_CASES, {"given": numbers}).scalars())


def a_record_of(tx: Connection, number: str) -> str | None:
    """Some record of a case, or of the one that it was merged into."""
    standing = resolve(tx, number) or number
    return tx.execute(select(func.min(records.c.record)).where(records.c.case_number == standing)).scalar()


def put_links(tx: Connection, pairs: Iterable[tuple[str, str]]) -> None:
    insert_all(tx, _PUT_LINKS, [{"hash": hash, "record": record} for hash, record in sorted(pairs)])


def drop_links(tx: Connection, record: str) -> list[str]:
    hashes = list(tx.execute(select(links.c.hash).where(links.c.record == record)).scalars())
    tx.execute(delete(links).where(links.c.record == record))
    return hashes


def key_counts(tx: Connection, hashes: Iterable[str]) -> dict[str, int]:
    """How many records stand under each of these keys."""
    return {row[0]: row[1] for row in tx.execute(_KEY_COUNTS, {"given": list(hashes)}).all()}


def lineages_under(tx: Connection, hashes: Iterable[str]) -> set[str]:
    """The lineages with a record under one of these keys."""
    return set(tx.execute(_LINEAGES_UNDER, {"given": list(hashes)}).scalars().all())


def put_judgement(tx: Connection, values: dict[str, object]) -> None:
    tx.execute(insert(judgements).values(values).on_conflict_do_nothing())


def judgements_about(tx: Connection, ids: Iterable[str]) -> Sequence[Row]:
    """Judgements naming one of these records; of one judgement, its latest version."""
    rows = tx.execute(_JUDGEMENTS_ABOUT, {"given": list(ids)}).all()
    if not rows:
        return []
    newest = dict(
        tx.execute(
            select(judgements.c.lineage, func.max(judgements.c.version))
            .where(judgements.c.lineage.in_({row.lineage for row in rows}))
            .group_by(judgements.c.lineage)
        ).all()
    )
    return [row for row in rows if row.version == newest[row.lineage] and not row.withdrawn]


def judgement_records(tx: Connection, lineage: str) -> set[str]:
    """Every record that some version of this judgement names."""
    rows = tx.execute(select(judgements.c.one, judgements.c.other).where(judgements.c.lineage == lineage))
    return {record for row in rows for record in row}


def cases_by_number(tx: Connection, numbers: Iterable[str]) -> dict[str, Row]:
    return {row.number: row for row in tx.execute(_CASES, {"given": list(numbers)}).all()}


def put_cases(tx: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Dicts of number, merged_into, opened."""
    insert_all(tx, _PUT_CASES, rows)


def assign(tx: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Dicts of record, number (None: in no case)."""
    update_all(tx, records, "record", [{"record": row["record"], "case_number": row["number"]} for row in rows])


def resolve(tx: Connection, number: str) -> str | None:
    """The number that a case number leads to now: itself, or the one it was merged into."""
    seen: set[str] = set()
    while number not in seen:
        seen.add(number)
        row = tx.execute(select(cases.c.merged_into).where(cases.c.number == number)).first()
        if row is None:
            return None
        if row.merged_into is None:
            return number
        number = row.merged_into
    return None


def views_of(tx: Connection, numbers: Iterable[str]) -> Sequence[Row]:
    return tx.execute(_VIEWS, {"given": list(numbers)}).all()


def put_views(tx: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Dicts of insurer, case_number, version, digest."""
    insert_all(tx, _PUT_VIEWS, rows)


def latest_views(tx: Connection, insurer: str, numbers: Iterable[str]) -> dict[str, int]:
    return {row[0]: row[1] for row in tx.execute(_LATEST_VIEWS, {"insurer": insurer, "given": list(numbers)}).all()}


def viewed_by(tx: Connection, insurer: str, after: str, limit: int) -> Sequence[Row]:
    """The next cases after a number that this insurer has a view of, each with a record of it; None: it has none any more."""
    return tx.execute(_VIEWED, {"insurer": insurer, "after": after, "limit": limit}).all()


def erase(tx: Connection, record: str) -> None:
    """Takes a record out of the set, with what it was recognised by and what was said of its contents.

    Its lineage stays, the hash of a keyed hash: nothing is looked up by it, but withdrawals, single uses and numbers
    already given out refer to it, and must hold when a later version comes.
    """
    tx.execute(
        update(records)
        .where(records.c.record == record)
        .values(erased=1, identity=None, content=None, case_number=None, problems=None)
    )
