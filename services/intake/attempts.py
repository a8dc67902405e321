"""What a door does with bytes that it may have seen before (architecture, "Attempts"). Pure."""

from enum import StrEnum

from schemas.records import Outcome


class Entry(StrEnum):
    NEW = "a first attempt"
    AGAIN = "a further attempt"  # after `rejected` or `dead`
    WAITING = "in flight: wait for the attempt that is under way"
    DECIDED = "that verdict and receipt again"


def enter(
    outcome: Outcome | None, attempt: int | None, judged: int | None, erased: bool = False, wanted: bool = False
) -> Entry:
    """`attempt`: the latest one made, None when the record is unknown; `judged`: the attempt that `outcome` is of.

    An erased record is never attempted again: its bytes would come back under a new key.
    `wanted`: a restore has its verdict and no bytes.
    """
    if attempt is None:
        return Entry.NEW
    if erased:
        return Entry.DECIDED
    if outcome is None or judged != attempt:
        return Entry.WAITING
    if outcome in (Outcome.ACCEPTED, Outcome.DUPLICATE) and not wanted:
        return Entry.DECIDED
    return Entry.AGAIN
