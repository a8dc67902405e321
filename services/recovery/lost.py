"""What a store that was put back lacks: the numbers of a feed that the journal knows, the time since when the log is read again.
Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

# What was on its way at the time of the backup had entered the log at most so long before.
ON_ITS_WAY = timedelta(hours=1)


class Gap(ValueError):
    """The journal does not reach back to the store's last number: it is another one, or was begun anew."""


@dataclass(frozen=True)
class Lost:
    """A number that was given out. `withdraws`: the numbers it took back; None: it was an offer, whose content is gone."""

    number: int
    case: str
    withdraws: tuple[int, ...] | None
    at: str


def lost(entries: Iterable[tuple[str, Mapping[str, Any]]], last: int) -> list[Lost]:
    """`entries`: (time, detail) of what was numbered above `last`, in the order of writing: the later word on a number
    holds. In order of number, without a gap from `last` on; Gap otherwise."""
    found: dict[int, Lost] = {}
    for at, detail in entries:
        for number, (case, withdraws) in enumerate(detail["events"], detail["first"]):
            if number > last:
                found[number] = Lost(number, case, None if withdraws is None else tuple(withdraws), at)
    numbers = sorted(found)
    if numbers != list(range(last + 1, last + 1 + len(numbers))):
        raise Gap(f"after {last} comes {numbers[0]}")
    return [found[number] for number in numbers]


def set_back(entries: Iterable[tuple[str, Mapping[str, Any]]], last: int) -> bool:
    """Whether the store was further once, `entries` as for `lost`. A batch is numbered from the store's last number on: one
    that begins later than the next number stood in a store that had more. All others a crash may have rolled back."""
    return any(detail["first"] > last + 1 for _, detail in entries)


def open_numbers(gone: Iterable[Lost]) -> dict[str, list[int]]:
    """The lost offers that no lost number takes back, by case: an insurer may hold them still."""
    gone = list(gone)
    taken = {number for one in gone for number in one.withdraws or ()}
    by_case: dict[str, list[int]] = {}
    for one in gone:
        if one.withdraws is None and one.number not in taken:
            by_case.setdefault(one.case, []).append(one.number)
    return by_case


def log_from(made: datetime, waiting: str | None, newest: str | None) -> datetime:
    """`made`: when the backup was; `waiting`, `newest`: when the oldest record without a verdict and the newest of all came (RFC
    3339). A backup of a store that had been set back is older than it says."""
    return min([made, *(datetime.fromisoformat(one) for one in (waiting, newest) if one)]) - ON_ITS_WAY
