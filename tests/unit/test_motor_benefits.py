"""Limits of the compulsory cover: every amount of the facts file, who is cut where, and what always holds."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.conversion.mapping import PATIENT, mapping
from services.motor.benefits import (
    ITEM_OF_FEE,
    Benefit,
    Certified,
    Claimable,
    Item,
    Need,
    ReceiptLine,
    Reckoning,
    reckon,
)
from services.motor.law import Status, table

OLD, NEW = date(2026, 6, 30), date(2026, 7, 1)
FULL = Certified(days_in_hospital=400, days_of_home_nursing=400, materials_needed=True)
# docs/facts-police-motor.md 4.1, as printed there.
OLD_LEVELS = """
2,000,000 / 1,670,000 / 1,400,000 1,230,000 / 1,070,000 / 900,000 730,000 / 600,000 / 470,000
370,000 / 270,000 / 170,000 100,000 / 70,000 / 50,000"""
NEW_LEVELS = """
3,000,000 / 2,500,000 / 2,100,000 1,850,000 / 1,600,000 / 1,350,000 1,100,000 / 900,000 / 700,000
550,000 / 400,000 / 250,000 150,000 / 100,000 / 80,000"""


def amounts(printed: str) -> list[int]:
    return [int(word.replace(",", "")) for word in printed.replace("/", " ").split()]


def reckoned(day: date, *lines: ReceiptLine, certified: Certified = FULL) -> Reckoning:
    found = reckon(day, lines, certified)
    assert found is not None
    return found


def one(
    item: Item, amount: int, units: int | None = None, *, certified: Certified = FULL, day: date = OLD
) -> Claimable:
    return reckoned(day, ReceiptLine("1", item, amount, units), certified=certified).medical[0]


def disability(*levels: int, day: date = OLD, **certified: object) -> Benefit:
    found = reckoned(day, certified=Certified(disability=levels, **certified)).disability
    assert found is not None
    return found


@pytest.mark.parametrize(("day", "printed"), [(OLD, OLD_LEVELS), (NEW, NEW_LEVELS)])
def test_each_disability_level(day: date, printed: str) -> None:
    assert [disability(level, day=day).amount for level in range(1, 16)] == amounts(printed)
    assert [disability(level, day=day).level for level in range(1, 16)] == list(range(1, 16))


@pytest.mark.parametrize(("day", "death", "person"), [(OLD, 2_000_000, 2_200_000), (NEW, 3_000_000, 3_200_000)])
def test_death_its_interim_half_and_the_limit_of_a_person(day: date, death: int, person: int) -> None:
    found = reckoned(day, ReceiptLine("1", Item.CARE, 999_999), certified=Certified(died=True))
    assert found.death is not None
    assert (found.death.amount, found.death.interim) == (death, death // 2)
    assert (found.person_limit, found.total, found.medical_limit) == (person, person, 200_000)


@pytest.mark.parametrize("day", [OLD, NEW])
@pytest.mark.parametrize(
    ("item", "units", "limit"),
    [
        (Item.WARD, 1, 1_500),
        (Item.WARD, 12, 18_000),
        (Item.MEALS, 10, 1_800),
        (Item.PROSTHESIS, 1, 50_000),
        (Item.PROSTHESIS, 2, 100_000),
        (Item.DENTURE, 4, 40_000),
        (Item.DENTURE, 5, 50_000),
        (Item.DENTURE, 8, 50_000),
        (Item.ARTIFICIAL_EYE, 2, 20_000),
        (Item.MATERIALS, None, 20_000),
        (Item.TRANSPORT, None, 20_000),
        (Item.NURSING, 30, 36_000),
        (Item.NURSING, 45, 36_000),
        (Item.HOME_NURSING, 31, 36_000),
    ],
)
def test_each_sub_limit(day: date, item: Item, units: int | None, limit: int) -> None:
    over = one(item, limit + 1, units, day=day)
    assert (over.claimable, over.over, over.pending, over.limit, over.needs) == (limit, 1, 0, limit, ())
    within = one(item, limit, units, day=day)
    assert (within.claimable, within.over) == (limit, 0)


@pytest.mark.parametrize("item", [Item.FIRST_AID, Item.CARE])
def test_what_has_no_limit_but_the_whole(item: Item) -> None:
    found = one(item, 200_001)
    assert (found.claimable, found.over, found.limit) == (200_000, 1, None)


def test_lines_share_their_limits_in_their_order() -> None:
    found = reckoned(
        OLD,
        ReceiptLine("a", Item.TRANSPORT, 15_000),
        ReceiptLine("b", Item.TRANSPORT, 15_000),
        ReceiptLine("c", Item.NURSING, 48_000, 20),
        ReceiptLine("d", Item.HOME_NURSING, 48_000, 20),
        ReceiptLine("e", Item.CARE, 150_000),
    )
    assert [line.claimable for line in found.medical] == [15_000, 5_000, 24_000, 12_000, 144_000]
    assert [line.limit for line in found.medical] == [20_000, 5_000, 24_000, 12_000, None]
    assert (found.nhi_remainder, found.total) == (0, 200_000)


def test_what_is_left_is_open_to_nhi() -> None:
    assert reckoned(OLD, ReceiptLine("1", Item.CARE, 12_345)).nhi_remainder == 200_000 - 12_345


@pytest.mark.parametrize(
    ("item", "units", "need", "pending", "over"),
    [
        (Item.WARD, 10, Need.STAY, 15_000, 5_000),
        (Item.MEALS, 10, Need.STAY, 1_800, 18_200),
        (Item.NURSING, 10, Need.STAY, 12_000, 8_000),
        (Item.HOME_NURSING, 10, Need.HOME_NURSING, 12_000, 8_000),
        (Item.MATERIALS, None, Need.NECESSITY, 20_000, 0),
        (Item.WARD, None, Need.UNITS, 20_000, 0),
        (Item.CARE_OUTSIDE_NHI, None, Need.AVERAGE_COST, 20_000, 0),
    ],
)
def test_what_is_not_shown_is_pending_and_says_what_it_needs(
    item: Item, units: int | None, need: Need, pending: int, over: int
) -> None:
    found = one(item, 20_000, units, certified=Certified())
    assert (found.claimable, found.pending, found.over, found.needs) == (0, pending, over, (need,))


def test_days_shown_in_part() -> None:
    found = one(Item.HOME_NURSING, 20_000, 10, certified=Certified(days_of_home_nursing=4))
    assert (found.claimable, found.pending, found.over) == (4_800, 7_200, 8_000)


@pytest.mark.parametrize(
    ("before", "pending", "over", "needs"),
    [(250_000, 0, 20_000, ()), (190_000, 10_000, 10_000, (Need.NECESSITY,)), (180_000, 20_000, 0, (Need.NECESSITY,))],
)
def test_nothing_is_pending_on_a_limit_that_is_used_up(
    before: int, pending: int, over: int, needs: tuple[Need, ...]
) -> None:
    lines = [ReceiptLine("1", Item.CARE, before), ReceiptLine("2", Item.MATERIALS, 20_000)]
    found = reckoned(OLD, *lines, certified=Certified()).medical[1]
    assert (found.claimable, found.pending, found.over, found.needs) == (0, pending, over, needs)


def test_days_in_hospital_serve_each_item_once() -> None:
    lines = [ReceiptLine(item, item, 9_000, 3) for item in (Item.WARD, Item.MEALS, Item.WARD)]
    found = reckoned(OLD, *lines, certified=Certified(days_in_hospital=5))
    assert [line.claimable for line in found.medical] == [4_500, 540, 3_000]


@pytest.mark.parametrize(
    ("levels", "level", "amount"),
    [
        ((15, 15), 15, 50_000),  # two items, but not both within 14 to 1
        ((9, 15), 9, 470_000),
        ((9, 14), 8, 540_000),  # one level up, but no more than 470,000 and 70,000
        ((9, 9), 8, 600_000),
        ((8, 9), 7, 730_000),  # both within 14 to 1 only
        ((8, 8), 6, 900_000),  # two up
        ((6, 6), 4, 1_230_000),  # both within 8 to 1 only
        ((7, 8, 12), 5, 1_070_000),
        ((6, 10), 5, 1_070_000),  # one alone within 8 to 1: one up
        ((5, 5), 2, 1_670_000),  # three up
        ((4, 5), 1, 2_000_000),
        ((2, 7), 1, 2_000_000),
        ((1, 1), 1, 2_000_000),
        ((12, 14), 11, 240_000),  # 270,000 by the level, 170,000 and 70,000 apart
    ],
)
def test_several_disabilities(levels: tuple[int, ...], level: int, amount: int) -> None:
    for order in (levels, levels[::-1]):
        found = disability(*order)
        assert (found.level, found.amount, found.interim) == (level, amount, amount)


@pytest.mark.parametrize(
    ("levels", "level", "amount"),
    [
        ((15, 15), 15, 80_000),
        ((14, 14), 13, 150_000),
        ((8, 9), 7, 1_100_000),
        ((8, 8), 6, 1_350_000),
        ((6, 6), 4, 1_850_000),
        ((5, 5), 2, 2_500_000),
    ],
)
def test_several_disabilities_of_the_later_table(levels: tuple[int, ...], level: int, amount: int) -> None:
    found = disability(*levels, day=NEW)
    assert (found.level, found.amount, found.status) == (level, amount, Status.UNCONFIRMED)


def test_a_disability_that_was_there_is_deducted() -> None:
    before = disability(7, earlier_level=10)
    assert (before.amount, before.article) == (730_000 - 370_000, "G0390067 art. 3 III ⑦; G0390067 art. 5 I")
    paid = disability(7, disability_paid=470_000)
    assert (paid.amount, paid.article) == (260_000, "G0390067 art. 3 III ⑦; G0390067 art. 5 II")
    assert disability(10, earlier_level=7).amount == 0


def test_death_after_disability_pays_the_rest() -> None:
    found = reckoned(OLD, certified=Certified(died=True, disability_paid=730_000))
    assert found.death is not None and found.death.amount == 1_270_000
    both = reckoned(OLD, certified=Certified(died=True, disability=(7,)))
    assert both.total == 2_000_000


def test_before_the_text_in_the_data_nothing_is_known() -> None:
    first = min(line.since for line in table("benefits"))
    assert first == date(2021, 6, 24)
    assert reckon(first - timedelta(days=1), (), Certified()) is None
    assert reckon(first, (), Certified()) is not None


def test_every_item_has_one_line_on_any_day() -> None:
    for day in (OLD, NEW):
        for item in Item:
            assert one(item, 1, 1, day=day).line.item == item


def test_fee_codes_are_those_of_receipts_and_of_lines_that_a_patient_can_pay() -> None:
    fees = {fee.code: fee for fee in mapping().fees}
    assert {code: fees[code].payer for code in ITEM_OF_FEE} == {
        "REGISTRATION": PATIENT,
        "CERTIFICATE": PATIENT,
        "PART": PATIENT,
        "ROOMDIFF": PATIENT,
        "BOARD": PATIENT,
        "METR": None,
    }


LINES = st.lists(
    st.builds(
        ReceiptLine,
        id=st.just("1"),
        item=st.sampled_from(Item),
        amount=st.integers(0, 300_000),
        units=st.none() | st.integers(0, 60),
    ),
    max_size=8,
)
CERTIFIED = st.builds(
    Certified,
    days_in_hospital=st.integers(0, 40),
    days_of_home_nursing=st.integers(0, 40),
    materials_needed=st.booleans(),
    disability=st.lists(st.integers(1, 15), max_size=4).map(tuple),
    earlier_level=st.none() | st.integers(1, 15),
    disability_paid=st.integers(0, 2_000_000),
    died=st.booleans(),
)
DAYS = st.dates(date(2021, 6, 24), date(2030, 12, 31))


@given(DAYS, LINES, CERTIFIED)
def test_every_dollar_is_claimable_pending_or_over_and_no_limit_is_passed(
    day: date, lines: list[ReceiptLine], certified: Certified
) -> None:
    found = reckoned(day, *lines, certified=certified)
    for line in found.medical:
        assert line.claimable + line.pending + line.over == line.line.amount
        assert min(line.claimable, line.pending, line.over) >= 0
        assert bool(line.pending) == bool(line.needs)
        assert line.limit is None or line.claimable + line.pending <= line.limit
    claimed = 0
    for line in found.medical:
        claimed += line.claimable
        assert claimed + line.pending <= 200_000
    assert claimed + found.nhi_remainder == 200_000 and found.nhi_remainder >= 0
    by_item = {item: sum(line.claimable for line in found.medical if line.line.item == item) for item in Item}
    assert by_item[Item.NURSING] + by_item[Item.HOME_NURSING] <= 36_000
    assert by_item[Item.TRANSPORT] <= 20_000 and by_item[Item.MATERIALS] <= 20_000 and by_item[Item.DENTURE] <= 50_000
    assert by_item[Item.WARD] <= 1_500 * certified.days_in_hospital
    assert 0 <= found.total <= found.person_limit
    assert found.total + certified.disability_paid <= found.person_limit


@given(DAYS, LINES, CERTIFIED, st.data())
def test_more_paid_never_claims_less(
    day: date, lines: list[ReceiptLine], certified: Certified, data: st.DataObject
) -> None:
    before = reckoned(day, *lines, certified=certified).total
    more = ReceiptLine("2", data.draw(st.sampled_from(Item)), data.draw(st.integers(0, 99_999)), 3)
    assert reckoned(day, *lines, more, certified=certified).total >= before
    if lines:
        place = data.draw(st.integers(0, len(lines) - 1))
        old = lines[place]
        raised = ReceiptLine(old.id, old.item, old.amount + data.draw(st.integers(0, 99_999)), old.units)
        assert reckoned(day, *lines[:place], raised, *lines[place + 1 :], certified=certified).total >= before


@given(DAYS, st.lists(st.integers(1, 15), min_size=1, max_size=5), st.data())
def test_a_worse_or_a_further_disability_never_claims_less(day: date, levels: list[int], data: st.DataObject) -> None:
    before = disability(*levels, day=day).amount
    place = data.draw(st.integers(0, len(levels) - 1))
    worse = [*levels[:place], data.draw(st.integers(1, levels[place])), *levels[place + 1 :]]
    assert disability(*worse, day=day).amount >= before
    assert disability(*levels, data.draw(st.integers(1, 15)), day=day).amount >= before


@given(DAYS, DAYS)
def test_a_later_accident_never_has_an_earlier_table(one_day: date, other: date) -> None:
    first, second = sorted((one_day, other))
    earlier, later = (reckoned(day, certified=Certified(died=True)) for day in (first, second))
    assert earlier.death is not None and later.death is not None
    assert later.death.amount == (3_000_000 if second >= NEW else 2_000_000) >= earlier.death.amount
    for day, found in ((first, earlier), (second, later)):
        assert found.status == found.death.status == (Status.UNCONFIRMED if day >= NEW else Status.LAW)
