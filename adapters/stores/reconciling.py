"""What must agree and does not: receipts, log, verdicts, store, cases, views, feeds. Each question is one statement.

A difference is (what, record, insurer, case, detail); of one sort at most LIMIT are told: a fault that is everywhere
need not be listed whole to be seen. The log is asked about the days that it still keeps and no others.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, Row, text

from adapters.stores import feeds
from adapters.stores.dialect import elements

LIMIT = 1_000  # differences listed of one sort

Difference = tuple[str, str | None, str | None, str | None, str]

_HELD = "('accepted', 'duplicate')"
# Nothing shown stands for these documents: their sender took an identity back.
_TAKEN_BACK = "SELECT lineage FROM records WHERE standing = 'entered-in-error' AND lineage IS NOT NULL"
# Of these a restore lacks the bytes of some version: which of them stands is not known until its sender posts it again.
_WANTED = "SELECT lineage FROM records WHERE wanted = 1 AND erased = 0 AND lineage IS NOT NULL"
# Of these every identity was taken back: its latest version says so. An agent's says it under a mandate only: the hub judges.
_ALL_TAKEN_BACK = """
    SELECT lineage FROM records AS latest WHERE lineage IS NOT NULL AND identity IS NOT NULL
      AND outcome IN ('accepted', 'duplicate') AND version = (SELECT max(version) FROM records AS other
        WHERE other.identity = latest.identity AND other.outcome IN ('accepted', 'duplicate'))
    GROUP BY lineage HAVING min(CASE WHEN standing = 'entered-in-error' AND record NOT IN (SELECT record FROM acting)
      THEN 1 ELSE 0 END) = 1"""
# Each of these the hub puts under some key, an accident of open data and what was taken back too.
_TAKEN_IN = "('document', 'accident', 'paper', 'application', 'dispute', 'authorisation', 'mandate')"
# The first day that the log still holds whole.
_KEPT = "(SELECT min(day) FROM log)"

_QUESTIONS: dict[str, str] = {
    "receipt-not-in-log": f"""
        SELECT record, NULL, NULL, 'received ' || received FROM records
        WHERE parent IS NULL AND attempt = 1 AND substr(received, 1, 10) >= {_KEPT}
          AND record NOT IN (SELECT key FROM log WHERE topic = 'received')""",
    "log-without-receipt": """
        SELECT key, NULL, NULL, 'event ' || event FROM log
        WHERE topic = 'received' AND NOT EXISTS (SELECT 1 FROM records WHERE record = log.key)""",
    "no-verdict": """
        SELECT record, NULL, NULL, 'attempt ' || attempt || ', received ' || received FROM records
        WHERE (outcome IS NULL OR (outcome IN ('rejected', 'dead') AND judged < attempt)) AND received < :before""",
    "verdict-not-in-log": f"""
        SELECT record, NULL, NULL, outcome || ' at ' || judged_at FROM records
        WHERE outcome IN ('accepted', 'duplicate', 'rejected') AND attempt > 0 AND substr(judged_at, 1, 10) >= {_KEPT}
          AND record NOT IN (SELECT key FROM log WHERE topic = 'verdicts')""",
    "log-verdict-without-record": """
        SELECT key, NULL, NULL, 'event ' || event FROM log
        WHERE topic = 'verdicts' AND NOT EXISTS (SELECT 1 FROM records WHERE record = log.key AND judged > 0)""",
    "body-missing": """
        SELECT record, NULL, NULL, outcome FROM records
        WHERE outcome IS NOT NULL AND erased = 0 AND wanted = 0 AND NOT EXISTS
          (SELECT 1 FROM bodies WHERE bodies.record = records.record AND (body IS NOT NULL OR blob IS NOT NULL))""",
    "body-wanted": """
        SELECT record, NULL, NULL, outcome FROM records WHERE wanted = 1 AND erased = 0""",
    "body-of-erased": """
        SELECT records.record, NULL, NULL, 'erased' FROM records JOIN bodies USING (record) WHERE erased = 1""",
    "body-without-receipt": """
        SELECT record, NULL, NULL, 'body' FROM bodies
        WHERE NOT EXISTS (SELECT 1 FROM records WHERE records.record = bodies.record)
          AND NOT EXISTS (SELECT 1 FROM dead_letters WHERE event = bodies.record)""",
    "keys-of-erased": """
        SELECT DISTINCT record, NULL, NULL, 'look-up hashes'
        FROM (SELECT record FROM links UNION SELECT record FROM acting) AS kept
        WHERE record IN (SELECT record FROM records WHERE erased = 1)""",
    "case-unknown": """
        SELECT record, NULL, case_number, 'no such case' FROM records
        WHERE case_number IS NOT NULL AND NOT EXISTS (SELECT 1 FROM cases WHERE number = case_number)""",
    "case-merged": f"""
        SELECT record, NULL, case_number, 'its case was merged, the record was not' FROM records
        WHERE case_number IN (SELECT number FROM cases WHERE merged_into IS NOT NULL)
          AND lineage NOT IN ({_TAKEN_BACK}) AND :hub_is_level""",
    "merged-into-nothing": """
        SELECT NULL, NULL, number, 'merged into ' || merged_into FROM cases
        WHERE merged_into IS NOT NULL AND NOT EXISTS
          (SELECT 1 FROM cases AS standing WHERE standing.number = cases.merged_into)""",
    "no-case": f"""
        SELECT record, NULL, NULL, kind FROM records
        WHERE outcome IN {_HELD} AND erased = 0 AND wanted = 0 AND case_number IS NULL
          AND kind IN ('document', 'paper', 'application')
          AND lineage NOT IN ({_TAKEN_BACK}) AND lineage NOT IN ({_WANTED}) AND :hub_is_level""",
    "not-taken-in": f"""
        SELECT record, NULL, NULL, kind FROM records
        WHERE outcome IN {_HELD} AND erased = 0 AND wanted = 0 AND kind IN {_TAKEN_IN} AND :hub_is_level
          AND NOT EXISTS (SELECT 1 FROM links WHERE links.record = records.record)
          AND NOT EXISTS (SELECT 1 FROM acting WHERE acting.record = records.record)""",
    "offer-without-view": """
        SELECT NULL, insurer, case_number, 'number ' || number FROM offers
        WHERE type = 'claims.offer' AND taken_back_by IS NULL AND NOT EXISTS
          (SELECT 1 FROM views WHERE views.insurer = offers.insurer AND views.case_number = offers.case_number)""",
    "offer-of-merged-case": """
        SELECT NULL, insurer, case_number, 'number ' || number FROM offers
        WHERE type = 'claims.offer' AND taken_back_by IS NULL AND :all_level
          AND case_number IN (SELECT number FROM cases WHERE merged_into IS NOT NULL)""",
    "offer-of-gone": f"""
        SELECT papers.record, offers.insurer, offers.case_number, 'number ' || offers.number
        FROM offers JOIN offer_papers AS papers USING (insurer, number)
        JOIN records ON records.record = papers.record
        WHERE taken_back_by IS NULL AND :all_level
          AND (erased = 1 OR outcome NOT IN {_HELD} OR records.lineage IN ({_ALL_TAKEN_BACK}))""",
    "offer-without-consent": """
        SELECT papers.record, offers.insurer, offers.case_number,
               'number ' || offers.number || ' under ' || (one.value ->> 1)
        FROM offers JOIN offer_papers AS papers USING (insurer, number), {elements} AS one
        JOIN records ON records.record = replace(replace(one.value ->> 1, 'mandate:', ''), 'filed-under:', '')
        WHERE taken_back_by IS NULL AND :all_level AND (
          records.lineage IN (SELECT lineage FROM withdrawals) OR erased = 1
          OR NOT EXISTS (SELECT 1 FROM authorisations AS reviewed
            WHERE reviewed.record = records.record AND decision = 'approve'))""",
    "offer-without-basis": """
        SELECT record, insurer, NULL, 'number ' || number FROM offer_papers WHERE basis = '[]'""",
    "offer-content": """
        SELECT NULL, insurer, case_number, 'number ' || number FROM offers
        WHERE (taken_back_by IS NULL) <> (content IS NOT NULL)""",
    "handover-beyond-feed": """
        SELECT handovers.record, handovers.insurer, handovers.case_number, 'number ' || handovers.number
        FROM handovers LEFT JOIN feeds USING (insurer) WHERE handovers.number > coalesce(last, 0)""",
    "question-overdue": """
        SELECT record, NULL, NULL, 'question ' || id || ' to ' || issuer || ', until ' || deadline FROM verifications
        WHERE next_try IS NOT NULL AND deadline < :before""",
    "question-of-gone": f"""
        SELECT record, NULL, NULL, 'question ' || id || ' to ' || issuer FROM verifications
        WHERE record IN (SELECT record FROM records WHERE erased = 1)
          AND NOT EXISTS (SELECT 1 FROM records WHERE records.sha256 = verifications.sha256
            AND kind = 'paper' AND erased = 0 AND outcome IN {_HELD})""",
    "answer-unsigned": """
        SELECT record, NULL, NULL, 'question ' || id || ' to ' || issuer || ': ' || state FROM verifications
        WHERE (answer IS NOT NULL) <> (state NOT IN ('asked', 'no-answer'))""",
    "dead-letter": """
        SELECT dead_letters.record, NULL, NULL, step || ': ' || reason FROM dead_letters
        LEFT JOIN records USING (record)
        WHERE coalesce(erased, 0) = 0 AND (outcome IS NULL OR outcome = 'dead' OR judged_at <= at)""",
}


def differences(tx: Connection, before: str, lag: dict[str, int]) -> Iterator[Difference]:
    """`before`: a record received earlier (RFC 3339 UTC) should have its verdict; `lag`: events before each step. What
    a step has yet to do is no difference."""
    behind_hub = lag.get("hub", 0)
    level = {"hub_is_level": not behind_hub, "all_level": not behind_hub and not lag.get("sequencer", 0)}
    for what, question in _QUESTIONS.items():
        names = {"before": before, **level}
        used = {name: value for name, value in names.items() if ":" + name in question}
        statement = question.replace("{elements}", elements(tx, "papers.basis")) + f" LIMIT {LIMIT}"
        for record, insurer, case, detail in tx.execute(text(statement), used):
            yield what, record, insurer, case, detail
    for insurer in feeds.gaps(tx):
        yield "feed-gap", None, insurer, None, "its numbers are not 1, 2, 3 to the last"


def counts(tx: Connection) -> dict[str, int]:
    """How much was compared."""
    return {
        name: tx.execute(text(f"SELECT {count}")).scalar_one()
        for name, count in {
            "receipts": "count(*) FROM records",
            "verdicts": "count(*) FROM records WHERE outcome IS NOT NULL",
            "receivedInLog": "count(*) FROM log WHERE topic = 'received'",
            "verdictsInLog": "count(*) FROM log WHERE topic = 'verdicts'",
            "bodies": "count(*) FROM bodies",
            "erased": "count(*) FROM records WHERE erased = 1",
            "cases": "count(DISTINCT case_number) FROM records",  # a case that lost all its records is none
            "views": "count(*) FROM views",
            "offers": "count(*) FROM offers",
            "handovers": "count(*) FROM handovers",
            "questions": "count(*) FROM verifications",
            "answers": "count(*) FROM verifications WHERE answer IS NOT NULL",
            "deadLetters": "count(*) FROM dead_letters",
        }.items()
    }


def log_days(tx: Connection) -> list[str]:
    """The days (UTC) that the log still keeps, first and last; empty when it keeps none."""
    first, last = tx.execute(text("SELECT min(day), max(day) FROM log")).one()
    return [first, last] if first else []


def sealed_bodies(tx: Connection, first: str, last: str) -> Sequence[Row]:
    """Rows of (record, blob) kept under keys, of record ids from `first` (included) to `last` (excluded); none of which a
    restore has told that its sender must post it again."""
    return tx.execute(
        text(
            "SELECT bodies.record, blob FROM bodies JOIN records USING (record) WHERE outcome <> 'dead' AND wanted = 0 "
            "AND (body IS NOT NULL OR blob IS NOT NULL) AND bodies.record >= :first AND bodies.record < :last"
        ),
        {"first": first, "last": last},
    ).all()


def erased(tx: Connection) -> Sequence[str]:
    """Every erased record."""
    return tx.execute(text("SELECT record FROM records WHERE erased = 1")).scalars().all()


def sealed_offers(tx: Connection, insurer: str) -> set[int]:
    """Numbers of a feed whose content is kept."""
    rows = tx.execute(
        text("SELECT number FROM offers WHERE insurer = :insurer AND content IS NOT NULL"), {"insurer": insurer}
    )
    return set(rows.scalars())
