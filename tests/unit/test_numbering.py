"""Which number a case bears: of several the oldest, the others lead to it, and each founder gets its own back."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.records import Kind
from services.hub.assemble import Component
from services.hub.linking import case_number
from services.hub.numbering import Member, Numbers, number_cases
from tests.unit.building import evidence, node


def component(name: str, *, is_case: bool = True) -> Component:
    return Component((node(name, Kind.PAPER if is_case else Kind.AUTHORISATION, evidence("other")),), ())


def decide(*parts: list[Member], opened: dict[str, str] | None = None, cases: tuple[bool, ...] = ()) -> Numbers:
    components = [component(f"n{at}", is_case=not cases or cases[at]) for at in range(len(parts))]
    return number_cases(components, parts, opened or {})


ONE, TWO = case_number("one"), case_number("two")
OPENED = {ONE: "2025-01-01", TWO: "2025-01-02"}


def test_a_new_case_bears_the_number_of_its_first_record() -> None:
    assert decide([Member("two", 2, None), Member("one", 1, None)]).of == {0: ONE}


def test_what_stands_in_a_case_stays_in_it() -> None:
    result = decide([Member("one", 1, ONE), Member("new", 9, None)], opened=OPENED)
    assert (result.of, result.merged, result.closed) == ({0: ONE}, {}, set())


def test_merged_the_oldest_stays_and_the_other_leads_to_it() -> None:
    result = decide([Member("two", 1, TWO), Member("one", 2, ONE)], opened=OPENED)
    assert (result.of, result.merged) == ({0: ONE}, {TWO: ONE})


def test_numbers_opened_together_are_ordered_by_themselves() -> None:
    same = dict.fromkeys((ONE, TWO), "2025-01-01")
    assert decide([Member("two", 1, TWO), Member("one", 2, ONE)], opened=same).of == {0: min(ONE, TWO)}


def test_fallen_apart_each_founder_has_its_number_back() -> None:
    result = decide([Member("one", 1, ONE)], [Member("two", 2, ONE)], opened=OPENED)
    assert (result.of, result.merged, result.closed) == ({0: ONE, 1: TWO}, {}, set())


def test_a_part_without_a_founder_gets_a_number_of_its_own() -> None:
    result = decide([Member("one", 1, ONE)], [Member("three", 3, ONE)], opened=OPENED)
    assert result.of == {0: ONE, 1: case_number("three")}


def test_without_its_founder_a_number_stays_with_the_larger_part() -> None:
    parts = [[Member("x", 1, ONE)], [Member("y", 2, ONE), Member("z", 3, ONE)]]
    assert decide(*parts, opened=OPENED).of == {0: case_number("x"), 1: ONE}
    equal = [[Member("x", 1, ONE)], [Member("y", 2, ONE)]]
    assert decide(*equal, opened=OPENED).of[0] == ONE, "of equal parts the first"


def test_what_is_no_case_any_more_closes_its_number() -> None:
    result = decide([Member("one", 1, ONE)], opened=OPENED, cases=(False,))
    assert (result.of, result.closed) == ({}, {ONE})


@dataclass
class Book:
    """Numbers as the hub keeps them over time: which exist and lead where, and where each record stands."""

    opened: dict[str, str] = field(default_factory=dict)
    leads: dict[str, str | None] = field(default_factory=dict)
    standing: dict[str, str | None] = field(default_factory=dict)
    clock: int = 0

    def fold(self, parts: list[list[str]], cases: list[bool]) -> Numbers:
        self.clock += 1
        members = [[Member(one, int(one[1:]), self.standing.get(one)) for one in part] for part in parts]
        components = [component(part[0], is_case=is_case) for part, is_case in zip(parts, cases, strict=True)]
        result = number_cases(components, members, dict(self.opened))
        for index, part in enumerate(parts):
            for one in part:
                self.standing[one] = result.of.get(index)
        for number in result.of.values():
            self.opened.setdefault(number, f"{self.clock:04d}")
            self.leads[number] = None
        for number, into in result.merged.items():
            self.opened.setdefault(number, f"{self.clock:04d}")
            self.leads[number] = into
        return result

    def resolve(self, number: str) -> str:
        seen = [number]
        while (into := self.leads[seen[-1]]) is not None:
            assert into not in seen, "numbers lead in a circle"
            seen.append(into)
        return seen[-1]


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[list[list[str]], list[bool]]]:
    """Some foldings of up to six records: each time divided into other cases, some records gone, some parts no case."""
    steps = []
    for _ in range(draw(st.integers(1, 5))):
        parts: dict[int, list[str]] = {}
        for record in range(6):
            where = draw(st.integers(-1, 3))
            if where >= 0:
                parts.setdefault(where, []).append(f"r{record}")
        groups = list(parts.values())
        steps.append((groups, [draw(st.booleans()) for _ in groups]))
    return steps


@settings(max_examples=400)
@given(histories())
def test_whatever_joins_and_falls_apart_every_case_has_one_number_and_no_number_is_lost(
    history: list[tuple[list[list[str]], list[bool]]],
) -> None:
    book = Book()
    for parts, cases in history:
        before = {one: book.standing.get(one) for part in parts for one in part}
        result = book.fold(parts, cases)
        numbers = list(result.of.values())
        assert sorted(result.of) == [at for at, is_case in enumerate(cases) if is_case]
        assert len(set(numbers)) == len(numbers), "two cases bear one number"
        assert set(result.merged.values()) <= set(numbers)
        assert not set(result.merged) & set(numbers)
        assert not result.closed & set(numbers)
        for old in {number for number in before.values() if number}:
            assert old in numbers or old in result.merged or old in result.closed, "a number leads nowhere"
        for number in book.opened:
            book.resolve(number)
        for at, part in enumerate(parts):
            for one in part if at in result.of else ():
                if case_number(one) in book.opened:
                    assert book.resolve(case_number(one)) == result.of[at], "a founder's number leads elsewhere"


@given(histories())
def test_folded_again_nothing_changes(history: list[tuple[list[list[str]], list[bool]]]) -> None:
    book = Book()
    for parts, cases in history:
        first = book.fold(parts, cases)
        again = book.fold(parts, cases)
        assert again.of == first.of
        assert not again.closed
