"""Which number a case bears. A number belongs to the record that founded it; of several in one case the oldest stays
and the others lead to it; a case that falls apart gives each founder its number back. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.hub.assemble import Component
from services.hub.linking import case_number


@dataclass(frozen=True)
class Member:
    """A record of the set in a component: `accepted` its order of acceptance, `number` the case it stood in so far."""

    record: str
    accepted: int
    number: str | None


@dataclass
class Numbers:
    """`of`: component index → number. `merged`: number → the one it leads to. `closed`: numbers without a case now."""

    of: dict[int, str] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)


def number_cases(
    components: Sequence[Component], members: Sequence[Sequence[Member]], opened: Mapping[str, str]
) -> Numbers:
    """`members[i]` are the records of component i; `opened`: the numbers that exist, with the time they were opened."""
    numbers = Numbers()
    claims: dict[int, set[str]] = {index: set() for index in range(len(components))}
    standing: dict[str, dict[int, int]] = {}
    for index, records in enumerate(members):
        if not components[index].is_case:
            continue
        for member in records:
            if (founded := case_number(member.record)) in opened:
                claims[index].add(founded)
            if member.number:
                standing.setdefault(member.number, {}).setdefault(index, 0)
                standing[member.number][index] += 1
    claimed = set().union(*claims.values()) if claims else set()
    for number, where in standing.items():
        if number not in claimed:  # its founder is gone: it stays with the larger part
            index = max(where, key=lambda one: (where[one], -one))
            claims[index].add(number)
            claimed.add(number)
    for index, component in enumerate(components):
        if component.is_case:
            mine = sorted(claims[index], key=lambda number: (opened.get(number, "~"), number))
            first = min(members[index], key=lambda member: member.accepted)
            chosen = mine[0] if mine else case_number(first.record)
            numbers.of[index] = chosen
            numbers.merged |= dict.fromkeys(mine[1:], chosen)
    before = {member.number for records in members for member in records if member.number}
    numbers.closed = before - set(numbers.of.values()) - numbers.merged.keys()
    return numbers
