"""What an insurer's own topic must hold: every number once in order, up to the one that the store tells. Pure.

The same number may come again (a publisher that ended before it had noted it): a reader drops it.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Held:
    """`numbers` of the records of a topic, in their order; None of what is not ours. `whole`: it is kept from its beginning."""

    numbers: Sequence[int | None]
    whole: bool


def faults(held: Held, before: int, after: int) -> list[str]:
    """What a reader would miss, in sentences. `before`, `after`: the number up to which the store said that all is published,
    asked before and after the topic was read."""
    ours = [number for number in held.numbers if number is not None]
    told = [f"{len(held.numbers) - len(ours)} records are not ours"] if len(ours) < len(held.numbers) else []
    if not (ours or held.whole):
        return told  # what there was is older than the topic's retention
    last = 0 if held.whole else ours[0] - 1
    for number in ours:
        if number > last + 1:
            told.append(f"after {last} comes {number}")
        last = max(last, number)
    if last < before:
        told.append(f"it ends with {last}, and {before} was published")
    if last > after:
        told.append(f"it ends with {last}, and the store tells of no more than {after}")
    return told


def repeated(held: Held) -> int:
    """How many records a reader drops."""
    ours = [number for number in held.numbers if number is not None]
    return len(ours) - len(set(ours))
