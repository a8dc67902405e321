"""The retention table: every kind and verdict has one line on every day, and ends exactly when it says."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from schemas.records import Kind, Outcome
from services.hub.retention import HOUSE, RETENTION_TABLE, TEN_YEARS, TWO_YEARS, ended, ends

NOW = datetime(2036, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(("kind", "outcome"), list(product(Kind, Outcome)))
def test_every_kind_and_verdict_has_one_line(kind: Kind, outcome: Outcome) -> None:
    (end,) = (end for line, end in ends(NOW) if kind in line.kinds and outcome in line.outcomes)
    assert not ended(kind, outcome, end, NOW)
    assert ended(kind, outcome, end - timedelta(microseconds=1), NOW)


def test_what_is_owed_outlasts_the_law() -> None:
    """G0390060 art. 14 I: whatever leap days lie between."""
    for year in range(2026, 2050):
        judged = datetime(year, 2, 28, tzinfo=UTC)
        assert judged + TEN_YEARS >= judged.replace(year=year + 10)
        assert judged + TWO_YEARS >= judged.replace(year=year + 2)


def test_no_line_is_without_its_reason() -> None:
    assert all("art. 14" in line.reason or line.reason.startswith(HOUSE) for line in RETENTION_TABLE)


def test_before_the_table_nothing_ends() -> None:
    assert list(ends(datetime(2026, 11, 20, tzinfo=UTC))) == []
