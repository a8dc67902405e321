"""Which numbers a feed has lost, and who takes them back."""

from datetime import UTC, datetime

import pytest

from services.recovery.lost import Gap, Lost, log_from, lost, open_numbers, set_back

AT = "2026-11-21T04:00:00.000000Z"


def entry(first: int, *events: tuple[str, list[int] | None]) -> tuple[str, dict[str, object]]:
    return AT, {"first": first, "events": [list(one) for one in events]}


def test_only_what_is_above_the_stores_last_is_lost() -> None:
    assert lost([entry(3, ("A", None), ("B", None), ("A", [3]))], 4) == [Lost(5, "A", (3,), AT)]
    assert lost([], 4) == []


def test_of_two_words_on_one_number_the_later_holds() -> None:
    """A transaction was rolled back after it had been journaled, and another one gave the number."""
    found = lost([entry(5, ("A", None), ("A", None)), entry(5, ("B", [2]))], 4)
    assert found == [Lost(5, "B", (2,), AT), Lost(6, "A", None, AT)]


def test_a_journal_that_does_not_reach_back_is_another_one() -> None:
    with pytest.raises(Gap):
        lost([entry(7, ("A", None))], 4)


def test_an_offer_that_no_lost_number_took_back_is_open() -> None:
    found = lost([entry(5, ("A", None), ("B", None), ("A", [4, 5]), ("A", None))], 4)
    assert open_numbers(found) == {"B": [6], "A": [8]}


def test_only_a_batch_that_begins_beyond_the_next_number_proves_that_the_store_was_further() -> None:
    """One that begins before may have been rolled back: the next is numbered from where the store stands."""
    rolled_back = [entry(5, ("A", None), ("B", None)), entry(5, ("A", None)), entry(6, ("C", None))]
    assert not set_back(rolled_back, 5) and not set_back(rolled_back, 6)
    assert set_back(rolled_back, 4)
    assert not set_back([], 0)


@pytest.mark.parametrize(
    ("waiting", "newest", "hour"),
    [(None, None, 11), (None, "2026-11-21T13:00:00Z", 11), ("2026-11-21T09:00:00Z", None, 8),
     (None, "2026-11-21T07:00:00Z", 6), ("2026-11-21T05:00:00Z", "2026-11-21T07:00:00Z", 4)],
)  # fmt: skip
def test_the_log_is_read_from_an_hour_before_the_store_ends(waiting: str | None, newest: str | None, hour: int) -> None:
    made = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert log_from(made, waiting, newest) == datetime(2026, 11, 21, hour, tzinfo=UTC)
