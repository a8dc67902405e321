"""The policy register: which insurer covers a plate on a day. The sandbox's is a table; a real one is asked elsewhere."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol

from schemas.evidence import Cover
from schemas.normalise import plate
from services.hub.fold import Policies


class Policy(Protocol):
    """A line of the register. `start` and `end` are dates (YYYY-MM-DD), both included."""

    plate: str
    start: str
    end: str
    insurer: str
    cover: Cover


def register(policies: Iterable[Policy]) -> Policies:
    """A look-up over these policies, by plates however written. It answers for the plates that it has a line of, on any day."""
    by_plate: dict[str, list[Policy]] = defaultdict(list)
    for policy in policies:
        by_plate[plate(policy.plate)].append(policy)

    def find(number: str, day: str) -> Sequence[tuple[str, Cover]] | None:
        known = by_plate.get(plate(number))
        if known is None:
            return None
        return [(policy.insurer, policy.cover) for policy in known if policy.start <= day <= policy.end]

    return find
