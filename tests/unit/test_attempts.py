"""What a door does with bytes it has seen: the table of architecture, "Attempts"."""

import pytest

from schemas.records import Outcome
from services.intake.attempts import Entry, enter


@pytest.mark.parametrize(
    "outcome, attempt, judged, expected",
    [
        (None, None, None, Entry.NEW),
        (None, 1, 0, Entry.WAITING),
        (Outcome.ACCEPTED, 1, 1, Entry.DECIDED),
        (Outcome.DUPLICATE, 1, 1, Entry.DECIDED),
        (Outcome.REJECTED, 1, 1, Entry.AGAIN),
        (Outcome.DEAD, 1, 1, Entry.AGAIN),
        # A further attempt is under way: the outcome is of the one before.
        (Outcome.REJECTED, 2, 1, Entry.WAITING),
        (Outcome.DEAD, 3, 2, Entry.WAITING),
        (Outcome.ACCEPTED, 2, 2, Entry.DECIDED),
        (Outcome.REJECTED, 2, 2, Entry.AGAIN),
    ],
)
def test_entry(outcome: Outcome | None, attempt: int | None, judged: int | None, expected: Entry) -> None:
    assert enter(outcome, attempt, judged) == expected


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.DUPLICATE])
def test_what_a_restore_has_without_bytes_is_attempted_again(outcome: Outcome) -> None:
    assert enter(outcome, 0, 0, wanted=True) == Entry.AGAIN
    assert enter(outcome, 2, 2, wanted=True) == Entry.AGAIN
    assert enter(outcome, 1, 0, wanted=True) == Entry.WAITING
    assert enter(outcome, 0, 0, erased=True, wanted=True) == Entry.DECIDED


@pytest.mark.parametrize("outcome", [None, *Outcome])
@pytest.mark.parametrize("judged", [0, 1])
def test_what_was_erased_is_never_attempted_again(outcome: Outcome | None, judged: int) -> None:
    assert enter(outcome, 1, judged, erased=True) == Entry.DECIDED
