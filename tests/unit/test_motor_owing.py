"""Who owes which victim of which vehicles, and that shares are exactly the whole."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.motor.law import Status
from services.motor.owing import FUND, Insured, Owing, Role, Vehicle, Victim, owing, shares, split

DAY = date(2025, 9, 3)
X, Y, Z = "82916473", "95753514", "74643675"
A, B, C = Vehicle("a", Insured.YES, X), Vehicle("b", Insured.YES, Y), Vehicle("c", Insured.YES, Z)
OUTSIDER = Victim(Role.OUTSIDER)


def driver(vehicle: Vehicle) -> Victim:
    return Victim(Role.DRIVER, vehicle.id)


def passenger(vehicle: Vehicle) -> Victim:
    return Victim(Role.PASSENGER, vehicle.id)


def without(name: str, insured: Insured) -> Vehicle:
    return Vehicle(name, insured)


def owed(victim: Victim, *vehicles: Vehicle) -> Owing:
    found = owing(DAY, victim, vehicles)
    assert found is not None
    return found


def payers(victim: Victim, *vehicles: Vehicle) -> list[str]:
    return [debtor.payer for debtor in owed(victim, *vehicles).debtors]


@pytest.mark.parametrize(
    ("victim", "vehicles", "expected", "article"),
    [
        (driver(A), (A,), [], "G0390060 art. 13"),  # alone: nobody's outsider or passenger
        (passenger(A), (A,), [X], "G0390060 art. 13"),
        (OUTSIDER, (A,), [X], "G0390060 art. 13"),
        (driver(A), (A, B), [Y], "G0390062 art. 14 I ①(1)"),
        (driver(B), (A, B), [X], "G0390062 art. 14 I ①(1)"),
        (passenger(A), (A, B), [X, Y], "G0390062 art. 14 I ①(1)"),
        (OUTSIDER, (A, B), [X, Y], "G0390062 art. 14 I ①(3)"),
        (driver(B), (A, B, C), [X, Z], "G0390062 art. 14 I ①(2)"),
        (passenger(B), (A, B, C), [X, Y, Z], "G0390062 art. 14 I ①(2)"),
        (OUTSIDER, (A, B, C), [X, Y, Z], "G0390062 art. 14 I ①(3)"),
    ],
)
def test_who_owes(victim: Victim, vehicles: tuple[Vehicle, ...], expected: list[str], article: str) -> None:
    found = owed(victim, *vehicles)
    assert [debtor.payer for debtor in found.debtors] == expected
    assert article in "; ".join(found.articles)
    assert found.joint == (len(expected) > 1)
    assert found.status == Status.LAW


@pytest.mark.parametrize(
    ("insured", "article"),
    [
        (Insured.UNTRACEABLE, "G0390060 art. 40 I ①"),
        (Insured.NO, "G0390060 art. 40 I ②"),
        (Insured.UNCONSENTED, "G0390060 art. 40 I ③"),
        (Insured.EXEMPT, "G0390060 art. 40 I ④"),
    ],
)
def test_the_fund_stands_in_for_a_vehicle(insured: Insured, article: str) -> None:
    other = without("o", insured)
    alone = owed(driver(A), A, other)
    assert [(debtor.payer, debtor.vehicle, debtor.article) for debtor in alone.debtors] == [(FUND, "o", article)]
    assert payers(passenger(A), A, other) == [X, FUND]
    assert payers(OUTSIDER, other) == [FUND]
    assert "G0390060 art. 36 I ③" in "; ".join(owed(OUTSIDER, A, other).articles)
    assert "G0390060 art. 36 I ②" in owed(OUTSIDER, other, without("p", Insured.NO)).articles


def test_drivers_of_exempt_vehicles_alone_have_nothing_from_the_fund() -> None:
    one, two = without("o", Insured.EXEMPT), without("p", Insured.EXEMPT)
    barred = owed(driver(one), one, two)
    assert barred.debtors == () and barred.articles == ("G0390060 art. 40 III",)
    assert payers(passenger(one), one, two) == [FUND, FUND]
    assert payers(driver(one), one, two, without("q", Insured.NO)) == [FUND, FUND], "not all are exempt"
    unknown = without("u", Insured.NOT_KNOWN)
    open_yet = owed(driver(unknown), unknown, one)
    assert (open_yet.debtors, open_yet.unanswered) == ((), ("u",)), "her own vehicle may be exempt too"


def test_while_consent_is_disputed_the_insurer_pays_for_the_time_being() -> None:
    debtor = owed(OUTSIDER, Vehicle("a", Insured.CONSENT_DISPUTED, X)).debtors[0]
    assert (debtor.payer, debtor.provisional, debtor.article) == (X, True, "G0390060 art. 40 II")


def test_a_micro_two_wheeler_never_insured_is_outside_the_act() -> None:
    micro = without("m", Insured.NEVER_MICRO)
    found = owed(OUTSIDER, micro)
    assert found.debtors == () and "G0390060 art. 5-1 III" in found.articles
    assert shares(found) is None and split(100, found) is None
    assert payers(OUTSIDER, A, micro) == [X], "it does not count among the vehicles that share"
    assert payers(driver(micro), A, micro) == [X]


def test_an_unanswered_cover_leaves_the_shares_open() -> None:
    found = owed(OUTSIDER, A, without("u", Insured.NOT_KNOWN))
    assert [debtor.payer for debtor in found.debtors] == [X]
    assert found.unanswered == ("u",)
    assert shares(found) is None and split(100, found) is None
    assert "G0390060 art. 36 I ①" not in found.articles, "whether all are insured is not known"


def test_shares_count_vehicles_not_insurers() -> None:
    found = owed(OUTSIDER, A, Vehicle("b", Insured.YES, X), without("o", Insured.NO))
    assert shares(found) == {X: Fraction(2, 3), FUND: Fraction(1, 3)}
    assert split(200_000, found) == {X: 133_334, FUND: 66_666}
    assert "G0390060 art. 36 II" in found.articles and "G0390062 art. 22-1 ①" in found.articles


def test_before_the_text_in_the_data_nothing_is_known() -> None:
    assert owing(date(2022, 11, 29), OUTSIDER, (A,)) is None
    assert owing(date(2022, 11, 30), OUTSIDER, (A,)) is not None


def test_a_driver_must_be_of_one_of_the_vehicles() -> None:
    with pytest.raises(ValueError, match="one of the vehicles"):
        owing(DAY, driver(C), (A, B))


def test_without_a_motor_vehicle_nobody_owes() -> None:
    found = owed(OUTSIDER)
    assert (found.debtors, found.unanswered, found.articles) == ((), (), ("G0390060 art. 13",))


@pytest.mark.parametrize(("insured", "insurer"), [(Insured.YES, ""), (Insured.NO, X), (Insured.CONSENT_DISPUTED, "")])
def test_an_insurer_exactly_where_one_owes(insured: Insured, insurer: str) -> None:
    with pytest.raises(ValueError, match="do not go together"):
        Vehicle("a", insured, insurer)


@st.composite
def accidents(draw: st.DrawFn) -> tuple[Victim, tuple[Vehicle, ...]]:
    vehicles = []
    for number in range(draw(st.integers(1, 6))):
        insured = draw(st.sampled_from(Insured))
        by_insurer = insured in (Insured.YES, Insured.CONSENT_DISPUTED)
        vehicles.append(Vehicle(str(number), insured, draw(st.sampled_from((X, Y, Z))) if by_insurer else ""))
    role = draw(st.sampled_from(Role))
    vehicle = "" if role == Role.OUTSIDER else draw(st.sampled_from(vehicles)).id
    return Victim(role, vehicle), tuple(vehicles)


@given(accidents(), st.integers(0, 3_200_000))
def test_shares_are_exactly_the_whole(accident: tuple[Victim, tuple[Vehicle, ...]], amount: int) -> None:
    victim, vehicles = accident
    found = owed(victim, *vehicles)
    parts, fractions = split(amount, found), shares(found)
    if found.unanswered or not found.debtors:
        assert parts is None and fractions is None
        return
    assert parts is not None and fractions is not None
    assert sum(parts.values()) == amount and sum(fractions.values()) == 1
    assert parts.keys() == fractions.keys() == {debtor.payer for debtor in found.debtors}
    for payer, part in parts.items():
        assert abs(part - fractions[payer] * amount) < len(vehicles)


@given(accidents())
def test_nobody_owes_a_driver_for_the_own_vehicle_and_each_vehicle_owes_once(
    accident: tuple[Victim, tuple[Vehicle, ...]],
) -> None:
    victim, vehicles = accident
    found = owed(victim, *vehicles)
    named = [debtor.vehicle for debtor in found.debtors] + list(found.unanswered)
    assert len(named) == len(set(named)) and set(named) <= {one.id for one in vehicles}
    assert victim.role != Role.DRIVER or victim.vehicle not in {debtor.vehicle for debtor in found.debtors}
    if victim.role != Role.DRIVER:
        assert set(named) == {one.id for one in vehicles if one.insured != Insured.NEVER_MICRO}
    assert found.articles
