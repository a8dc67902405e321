"""The sandbox's fixed things: who takes part, the register, invented persons, places."""

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.evidence import Cover
from schemas.records import FUND, Role
from services.hub.register import register
from services.sandbox import participants, persons, places

WEIGHTS = (1, 2, 1, 2, 1, 2, 4, 1)
LETTERS = dict(zip("ABCDEFGHJKLMNPQRSTUVXYWZIO", range(10, 36), strict=True))


def company_sum(number: str) -> int:
    return sum(sum(int(digit) for digit in str(int(one) * weight)) for one, weight in zip(number, WEIGHTS, strict=True))


def valid_person(identifier: str) -> bool:
    second = str(LETTERS[identifier[1]] % 10) if identifier[1].isalpha() else identifier[1]
    digits = f"{LETTERS[identifier[0]]}{second}{identifier[2:]}"
    return (
        sum(int(one) * weight for one, weight in zip(digits, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), strict=True)) % 10 == 0
    )


@pytest.mark.parametrize("identifier", ["A123456789", "AC01234567", "F104738298"])
def test_the_checksum_of_this_file_is_the_published_one(identifier):
    assert valid_person(identifier)
    assert not valid_person(persons.wrong(identifier))


def test_codes_are_unique_and_company_numbers_valid():
    codes = [one.code for one in participants.PARTICIPANTS]
    assert len(codes) == len(set(codes))
    insurers = [one.code for one in participants.PARTICIPANTS if one.roles == (Role.INSURER,)]
    assert len(insurers) == 7 and FUND in insurers
    for code in insurers[:-1]:
        assert company_sum(code) % 5 == 0 or (code[6] == "7" and (company_sum(code) + 1) % 5 == 0)
    assert any(company_sum(code) % 10 for code in insurers[:-1]), "none needs the rule of 2023"


def test_the_insurers_and_hospitals_of_the_assembled_documents_take_part():
    codes = {one.code for one in participants.PARTICIPANTS}
    assert codes >= {"82916473", "74643675", "66316960", "1131990017", "1136990026", "1537990035", "0131060029"}


def test_the_register_covers_every_plate_once_and_a_third_of_them_twice():
    found = [policy for policy in participants.policies() if policy.end == participants.POLICY_END]
    compulsory = Counter(policy.plate for policy in found if policy.cover == Cover.MOTOR_COMPULSORY)
    third = Counter(policy.plate for policy in found if policy.cover == Cover.MOTOR_THIRD_PARTY)
    assert len(compulsory) == participants.PLATES and set(compulsory.values()) == {1}
    assert 900 < len(third) < 1_100 and set(third.values()) == {1}
    assert set(third) <= set(compulsory)
    assert len({policy.insurer for policy in found}) == 3


def test_some_plates_were_insured_once_and_some_need_not_be():
    lapsed, exempt = participants.uninsured_plates(), [one for two in participants.exempt_plates() for one in two]
    assert len(lapsed) == len(exempt) / 2 == participants.UNCOVERED
    assert len({*participants.plates(), *lapsed, *exempt}) == participants.PLATES + 3 * participants.UNCOVERED
    find = register(participants.policies())
    assert [find(plate, "2025-09-03") for plate in (lapsed[0], exempt[0])] == [[], None]
    assert find(lapsed[0], "2023-06-01") and not participants.insurer_of(lapsed[0])


def test_the_register_is_the_same_in_every_sandbox():
    assert [policy.line() for policy in participants.policies()[:2]] == [
        {
            "plate": policy.plate,
            "from": "2024-01-01",
            "to": "2027-12-31",
            "insurer": policy.insurer,
            "cover": policy.cover,
        }
        for policy in participants.policies()[:2]
    ]
    assert participants.plates()[0] == participants.policies()[0].plate == FIRST_PLATE


FIRST_PLATE = "FSZ-7605"


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 15))
def test_persons_have_valid_numbers(seed, case, slot):
    found = persons.person(seed, case, slot, on=date(2025, 9, 1))
    assert valid_person(found.identifier)
    assert not valid_person(persons.wrong(found.identifier))
    assert (found.gender == "male") == (found.identifier[1] in "18AC")
    assert 18 <= (date(2025, 9, 1) - date.fromisoformat(found.birth)).days / 365 <= 79


@given(st.integers(0, 10**9), st.sampled_from(["", "new", "old"]))
def test_every_form_of_number_is_valid(serial, permit):
    assert valid_person(persons.national_id(serial, permit))


def test_no_two_persons_of_a_scenario_share_a_number():
    numbers = {
        persons.person(9, case, slot, on=date(2025, 9, 1)).identifier
        for case in range(2_000)
        for slot in (0, 1, 2, 3, 15)
    }
    assert len(numbers) == 10_000


def test_seeds_do_not_share_persons():
    first = {persons.person(1, case, slot, on=date(2025, 9, 1)).identifier for case in range(500) for slot in range(4)}
    other = {persons.person(2, case, slot, on=date(2025, 9, 1)).identifier for case in range(500) for slot in range(4)}
    assert not first & other


@pytest.mark.parametrize("seed", [0, 1, 2026, 10**9])
def test_cases_keep_apart(seed):
    """Up to 1,000 cases no plate comes twice; later not within days; no place twice within an hour of a day."""
    settings = [places.setting(seed, case) for case in range(3_000)]
    first = [plate for one in settings[:1_000] for plate in one.plates]
    assert len(first) == len(set(first)) == 2_000
    by_plate: dict[str, list[date]] = {}
    for one in settings:
        for plate in one.plates:
            for other in by_plate.get(plate, []):
                assert abs((other - one.day).days) > 2
            by_plate.setdefault(plate, []).append(one.day)
    by_day: dict[date, list[places.Setting]] = {}
    for one in settings:
        for other in by_day.get(one.day, []):
            near = abs(one.longitude - other.longitude) < 20_000 and abs(one.latitude - other.latitude) < 20_000
            common = set(one.roads) & set(other.roads)
            assert not (near or common) or abs(one.minute - other.minute) > 90
        by_day.setdefault(one.day, []).append(one)


@pytest.mark.parametrize("seed", [0, 7])
def test_all_days_are_past_and_insured(seed):
    days = {places.setting(seed, case).day for case in range(400)}
    assert date(2025, 1, 1) < min(days) and max(days) < date(2026, 3, 1)


def test_open_datas_own_accidents_are_away_from_all_cases():
    roads = {road for case in range(1_000) for road in places.setting(3, case).roads}
    south = min(places.setting(3, case).latitude for case in range(1_000))
    for number in range(10):
        found = places.elsewhere(3, number)
        assert found.latitude < south - 20_000 and not roads & set(found.roads)
