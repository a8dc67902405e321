"""What makes further papers necessary, and what an application claims beside treatment: disability, a theft, interest."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from schemas.evidence import Cover
from services.motor.account import VictimAccount
from services.motor.benefits import Item, ReceiptLine
from services.motor.clocks import interest, payment
from services.motor.papers import SHOWN_BY, Circumstance, Claim
from services.motor.required import Holding
from services.motor.stated import Levels, Stated, stated
from tests.unit.test_filing import changed, example
from tests.unit.test_motor_account import CRASH, FATAL, SON, A, B, only, paper, told

COMPULSORY, THIRD, OWN = Cover.MOTOR_COMPULSORY, Cover.MOTOR_THIRD_PARTY, Cover.MOTOR_OWN_DAMAGE
METR = ReceiptLine("1.1", Item.MATERIALS, 5000)


def says(*circumstances: Circumstance, vehicle: Claim | None = None, **disability: Levels) -> Stated:
    return Stated(frozenset(circumstances), vehicle, disability)


def claims(told_: Stated, person: str = A, number: str = "9", applied: Sequence[Cover] = (COMPULSORY,)) -> Holding:
    """An application of this person that states it."""
    return paper("application", person=person, number=number, filed=True, stated=told_, applied=applied)


def kinds(victim: VictimAccount, claim: Claim = Claim.INJURY) -> list[str]:
    lines = next(one.papers for one in victim.required if one.claim == claim)
    return [next(iter(line.kinds)) for line in lines or ()]


BARE = kinds(only(told()))
FURTHER = {
    Circumstance.TRANSPORT: ["transport-receipt"],
    Circumstance.NURSING: ["nursing-receipt"],
    Circumstance.HOME_NURSING: ["home-nursing-certificate", "nursing-receipt"],
    Circumstance.MATERIALS: ["materials-statement"],
}


@pytest.mark.parametrize("circumstance", FURTHER)
def test_what_she_states_needs_its_papers(circumstance: Circumstance) -> None:
    found = only(told(claims(says(circumstance))))
    assert kinds(found) == [*BARE, *FURTHER[circumstance]]
    assert kinds(only(told(claims(says(circumstance), person=B)))) == BARE, "somebody else's claim"
    assert kinds(only(told(claims(says(circumstance), applied=[THIRD])))) == BARE, "for another cover"


@pytest.mark.parametrize("shown", [one for one, what in SHOWN_BY.items() if what in FURTHER])
def test_a_paper_that_only_it_needs_shows_it(shown: str) -> None:
    found = only(told(paper(shown)))
    assert kinds(found) == [*BARE, *FURTHER[SHOWN_BY[shown]]]
    lines = {next(iter(line.kinds)): line.present for line in found.required[0].papers or ()}
    assert lines[shown] and not lines.get("receipt")
    assert kinds(only(told(paper(shown, person=B)))) == BARE, "another's"


def test_nursing_there_and_at_home_ask_for_the_carers_receipt_once() -> None:
    both = only(told(claims(says(Circumstance.NURSING, Circumstance.HOME_NURSING))))
    assert kinds(both) == [*BARE, "nursing-receipt", "home-nursing-certificate"]


def test_materials_on_a_receipt_are_claimable_once_a_doctor_says_that_they_are_needed() -> None:
    receipt = paper("receipt", lines=[METR])
    pending = only(told(receipt))
    assert kinds(pending) == [*BARE, "materials-statement"]
    assert pending.claimed and (pending.claimed.reckoning.total, pending.claimed.reckoning.medical[0].pending) == (
        0,
        5000,
    )
    needed = only(told(receipt, paper("materials-statement", number="2")))
    assert needed.claimed and needed.claimed.reckoning.total == 5000
    other = only(told(receipt, paper("materials-statement", person=B, number="2")))
    assert other.claimed and other.claimed.reckoning.total == 0, "of another"
    assert kinds(only(told(paper("receipt", lines=[ReceiptLine("1.1", Item.CARE, 500)])))) == BARE


def test_whoever_paid_the_funeral_says_so_or_shows_it() -> None:
    plain = kinds(only(told(crash=FATAL)), Claim.DEATH)
    filed = paper("application", filed=True, applicant=SON, stated=says(Circumstance.FUNERAL_PAYER))
    for held in (filed, paper("funeral-receipt")):
        assert kinds(only(told(held, crash=FATAL)), Claim.DEATH) == [*plain, "funeral-receipt"]


def lists(mine: Cover, *held: Holding) -> dict[str, list[str]]:
    found = told(*held, mine=(mine,)).required
    return {one.claim: [next(iter(line.kinds)) for line in one.papers or ()] for one in found}


def test_voluntary_covers_ask_for_what_their_own_application_states() -> None:
    plain = lists(THIRD)
    wages = claims(says(Circumstance.LOST_WAGES), applied=[THIRD])
    assert lists(THIRD, wages)["injury"] == [*plain["injury"], "wage-certificate"]
    assert lists(THIRD, paper("wage-certificate"))["injury"] == [*plain["injury"], "wage-certificate"]
    assert lists(THIRD, claims(says(Circumstance.LOST_WAGES))) == plain, "stated to the compulsory cover"
    billed = claims(says(Circumstance.DIRECT_BILLING), applied=[OWN])
    assert "direct-billing" in lists(OWN, billed)["damage"] and "direct-billing" not in lists(OWN)["damage"]


def test_a_theft_has_its_list() -> None:
    assert [*lists(OWN)] == ["damage", "total-loss"]
    stolen = lists(OWN, claims(says(vehicle=Claim.THEFT), applied=[OWN]))
    assert stolen == {"theft": ["application", "vehicle-licence", "theft-certificate"]}
    assert [*lists(OWN, claims(says(vehicle=Claim.TOTAL_LOSS), applied=[OWN]))] == ["total-loss"]
    assert [*lists(OWN, paper("theft-certificate"))] == ["damage", "total-loss", "theft"], "certified, and not stated"


def test_every_circumstance_can_come_about() -> None:
    by_who_owes = {Circumstance.FUND, Circumstance.UNTRACEABLE, Circumstance.HEIRS}
    assert {*SHOWN_BY.values()} | by_who_owes == {*Circumstance}


def test_a_disability_as_claimed_is_reckoned_and_in_no_total() -> None:
    """Two items of levels 14 to 1 raise the highest by one (G0390067 art. 4 ③)."""
    receipt = paper("receipt", lines=[ReceiptLine("1.1", Item.CARE, 500)])
    filed = claims(says(**{A: Levels((9, 12))}))
    found = only(told(receipt, filed))
    assert found.disability and found.claimed
    assert (found.disability.benefit.level, found.disability.benefit.amount, found.disability.certified) == (
        8,
        600_000,
        False,
    )
    assert found.claimed.reckoning.total == 500 and sum((found.claimed.parts or {}).values()) == 500
    shown = only(told(filed, paper("disability-certificate", number="2"))).disability
    assert shown and shown.certified
    worse = only(told(claims(says(**{A: Levels((7,), earlier=11)})))).disability
    assert worse and worse.benefit.amount == 730_000 - 270_000
    later = only(told(filed, claims(says(**{A: Levels((10,))}), number="8"))).disability
    assert later and later.benefit.level == 10, "what she says last"
    assert only(told(claims(says(**{B: Levels((7,))})))).disability is None, "another of the injured"
    assert only(told(claims(says(**{A: Levels((7,))}), person=B))).disability is None, "nobody says it for her"
    assert only(told(receipt)).disability is None


KINDS = ("application", "identity", "accident", "bank-account", "records-consent", "certificate")


def test_interest_runs_from_the_day_after_the_last_until_today() -> None:
    receipt = paper("receipt", received=date(2025, 9, 10), lines=[ReceiptLine("1.1", Item.CARE, 100_000)])
    late_one = paper("receipt", number="7", received=date(2025, 9, 25), lines=[ReceiptLine("2.1", Item.CARE, 50_000)])
    whole = [*(paper(kind, number=kind) for kind in KINDS), receipt, late_one]

    def owed(today: date, *held: Holding) -> int | None:
        claimed = only(told(*(held or whole), today=today)).claimed
        assert claimed
        return claimed.interest.amount if claimed.interest else None

    assert owed(date(2025, 9, 24)) is None, "the tenth working day"
    clock = payment(date(2025, 9, 10))
    assert clock and clock.due == date(2025, 9, 24)
    of_a_year = interest(100_000, clock, date(2026, 9, 24))
    assert of_a_year and owed(date(2026, 9, 24)) == of_a_year.amount == 10_000, (
        "on what was there when papers were complete"
    )
    assert owed(date(2025, 9, 25)) == 27
    assert owed(date(2026, 9, 24), receipt) is None, "papers are lacking"


def body(claimed: Any = None, disability: Any = None) -> bytes:
    value = example("application")
    if claimed is not None:
        value["claimed"] = claimed
    if disability is not None:
        value["injured"][0]["disability"] = disability
    return json.dumps(value, ensure_ascii=False).encode()


def test_what_an_application_states_is_read_from_it() -> None:
    assert stated(body()) == says()
    assert stated(b"%PDF-") == stated(b"[]") == says()
    whole = stated(
        body(
            {"costs": ["transport", "nursing", "home-nursing", "materials", "lost-wages", "funeral"],
             "vehicle": "theft", "directBilling": True},
            {"levels": [9, 12], "earlierLevel": 13},
        )
    )  # fmt: skip
    assert whole.vehicle == Claim.THEFT and whole.disability == {"B223456782": Levels((9, 12), 13)}
    assert whole.circumstances == {
        *FURTHER, Circumstance.LOST_WAGES, Circumstance.FUNERAL_PAYER, Circumstance.DIRECT_BILLING
    }  # fmt: skip
    assert stated(body({"directBilling": False})) == says()
    assert only(told(claims(stated(body({"costs": ["transport"]}))), crash=CRASH)).required[0].papers


@pytest.mark.parametrize(
    ("claimed", "disability", "path"),
    [
        ({"costs": []}, None, "claimed.costs"),
        ({"costs": ["taxi"]}, None, "claimed.costs[0]"),
        ({"vehicle": "fire"}, None, "claimed.vehicle"),
        ({"more": 1}, None, "claimed"),
        (None, {"levels": []}, "injured[0].disability.levels"),
        (None, {"levels": [16]}, "injured[0].disability.levels[0]"),
        (None, {"levels": [7], "earlierLevel": 0}, "injured[0].disability.earlierLevel"),
    ],
)
def test_what_cannot_be_claimed_is_refused_by_name(claimed: Any, disability: Any, path: str) -> None:
    def change(value: Any) -> None:
        value |= json.loads(body(claimed, disability))

    found = changed("application", change)
    assert found.content is None and path in [one.path for one in found.problems]


def test_what_is_claimed_is_no_fact_for_an_offer() -> None:
    """The level of a disability is nobody's but theirs who are given the application."""

    def change(value: Any) -> None:
        value |= json.loads(body({"costs": ["nursing"]}, {"levels": [7]}))

    found, plain = changed("application", change).content, changed("application", lambda value: None).content
    assert found.facts == plain.facts
