"""Which numbers a feed has lost, and who takes them back."""

import pytest

from services.recovery.lost import Gap, Lost, lost, open_numbers

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
