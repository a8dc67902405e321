"""What waits for a person's word: pairs of records that may be of one loss."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, delete, func, or_, select

from adapters.stores.casebook import IN_SET
from adapters.stores.dialect import among, insert
from adapters.stores.tables import doubts, judgements, records

MOST = 5_000  # pairs read for one list, the surest first; who has more waiting needs people, not a longer list

_DROP = (
    delete(doubts).where(among(doubts.c.one)),
    delete(doubts).where(among(doubts.c.other)),
)
_PUT = insert(doubts).on_conflict_do_nothing()
_SURELY = (
    select(doubts).order_by(doubts.c.score.desc(), doubts.c.one.desc(), doubts.c.other.desc()).limit(bindparam("most"))
)
_CASES = (
    select(records.c.lineage, func.min(records.c.case_number))
    .where(among(records.c.lineage), *IN_SET)
    .group_by(records.c.lineage)
)
_first, _second, _newer = records.alias(), records.alias(), judgements.alias()
_APART = (
    select(
        func.coalesce(_first.c.case_number, _first.c.lineage),
        func.coalesce(_second.c.case_number, _second.c.lineage),
    )
    .select_from(judgements)
    .join(_first, _first.c.record == judgements.c.one)
    .join(_second, _second.c.record == judgements.c.other)
    .where(
        judgements.c.verb == "not-same",
        judgements.c.withdrawn == 0,
        ~select(_newer.c.judgement)
        .where(_newer.c.lineage == judgements.c.lineage, _newer.c.version > judgements.c.version)
        .exists(),
        or_(
            among(_first.c.case_number),
            and_(_first.c.case_number.is_(None), among(_first.c.lineage, "loose")),
        ),
    )
)


@dataclass(frozen=True)
class Question:
    """Are two cases one? Asked by the surest pair of lineages between them; a side is None that stands in no case."""

    one: str
    other: str
    score: int
    cases: tuple[str | None, str | None]

    @property
    def position(self) -> tuple[int, str, str]:
        """Where it stands in the list, which goes down by it; the same for as long as its pair is the surest."""
        return self.score, self.one, self.other


def put(tx: Connection, lineages: Collection[str], rows: Sequence[dict[str, object]]) -> None:
    """Replaces every pair that one of these lineages is in. Dicts of one, other (in order), score."""
    if lineages:
        for statement in _DROP:
            tx.execute(statement, {"given": list(lineages)})
    if rows:
        tx.execute(_PUT, sorted(rows, key=lambda row: (row["one"], row["other"])))


def questions(tx: Connection) -> list[Question]:
    """What waits, the surest first: one question for two cases, and none where a word keeps two of their records apart."""
    rows = tx.execute(_SURELY, {"most": MOST}).all()
    if not rows:
        return []
    lineages = {lineage for row in rows for lineage in (row.one, row.other)}
    found = tx.execute(_CASES, {"given": list(lineages)}).all()
    case: dict[str, str | None] = {row[0]: row[1] for row in found}
    sides = {lineage: number or lineage for lineage, number in case.items()}
    apart = _apart(tx, sides.values())
    asked: dict[frozenset[str], Question] = {}
    for row in rows:
        if row.one in sides and row.other in sides:
            between = frozenset((sides[row.one], sides[row.other]))
            if len(between) == 2 and between not in apart:
                asked.setdefault(between, Question(row.one, row.other, row.score, (case[row.one], case[row.other])))
    return list(asked.values())


def _apart(tx: Connection, sides: Iterable[str]) -> set[frozenset[str]]:
    given = sorted(set(sides))
    return {frozenset(row) for row in tx.execute(_APART, {"given": given, "loose": given}).all()}
