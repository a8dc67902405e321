"""The papers of each claim: what the facts file lists, what is missing, who issues it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.evidence import Cover
from services.motor.law import Status, table
from services.motor.papers import Circumstance, Claim, papers

DAY = date(2025, 9, 3)
COMPULSORY, THIRD, OWN = Cover.MOTOR_COMPULSORY, Cover.MOTOR_THIRD_PARTY, Cover.MOTOR_OWN_DAMAGE
COMMON = {"application", "identity", "registration-slip", "bank-account", "records-consent"}
VEHICLE = {"application", "vehicle-licence", "driving-licence", "registration-slip"}


def needed(cover: Cover, claim: Claim, *circumstances: Circumstance, present: tuple[str, ...] = ()) -> set[str]:
    """The first kind of each paper that is not there."""
    found = papers(cover, claim, DAY, circumstances, present)
    assert found is not None
    return {next(iter(line.kinds)) for line in found if not line.present}


@pytest.mark.parametrize(
    ("cover", "claim", "expected"),
    [
        (COMPULSORY, Claim.INJURY, COMMON | {"certificate", "receipt"}),
        (COMPULSORY, Claim.DISABILITY, COMMON | {"disability-certificate", "imaging"}),
        (COMPULSORY, Claim.DEATH, COMMON | {"death-certificate", "household-removal", "household-register"}),
        (COMPULSORY, Claim.INTERIM_DEATH, COMMON | {"death-certificate"}),
        (THIRD, Claim.INJURY, VEHICLE | {"settlement", "certificate", "receipt"}),
        (THIRD, Claim.PROPERTY, VEHICLE | {"settlement", "repair-estimate", "repair-invoice", "damage-photo"}),
        (OWN, Claim.DAMAGE, VEHICLE | {"repair-estimate", "repair-invoice", "damage-photo"}),
        (OWN, Claim.TOTAL_LOSS, VEHICLE | {"value-list"}),
        (OWN, Claim.THEFT, {"application", "vehicle-licence", "theft-certificate"}),
    ],
)
def test_papers_of_a_claim(cover: Cover, claim: Claim, expected: set[str]) -> None:
    assert needed(cover, claim) == expected


@pytest.mark.parametrize(
    ("cover", "claim", "circumstance", "further"),
    [
        (COMPULSORY, Claim.INJURY, Circumstance.TRANSPORT, {"transport-receipt"}),
        (COMPULSORY, Claim.INJURY, Circumstance.NURSING, {"nursing-receipt"}),
        (COMPULSORY, Claim.INJURY, Circumstance.HOME_NURSING, {"nursing-receipt", "home-nursing-certificate"}),
        (COMPULSORY, Claim.INJURY, Circumstance.MATERIALS, {"materials-statement"}),
        (COMPULSORY, Claim.INJURY, Circumstance.RECORDS_ASKED, {"medical-record"}),
        (COMPULSORY, Claim.DEATH, Circumstance.FUND, {"fund-receipt-and-undertaking"}),
        (COMPULSORY, Claim.INJURY, Circumstance.UNTRACEABLE, {"untraceable-proof"}),
        (THIRD, Claim.INJURY, Circumstance.LOST_WAGES, {"wage-certificate"}),
        (OWN, Claim.DAMAGE, Circumstance.DIRECT_BILLING, {"direct-billing"}),
    ],
)
def test_a_circumstance_needs_further_papers(
    cover: Cover, claim: Claim, circumstance: Circumstance, further: set[str]
) -> None:
    assert needed(cover, claim, circumstance) - needed(cover, claim) == further


@pytest.mark.parametrize("kind", ["registration-slip", "accident", "preliminary-analysis"])
def test_any_one_of_the_alternatives_does(kind: str) -> None:
    assert "registration-slip" not in needed(COMPULSORY, Claim.INJURY, present=(kind,))


def test_a_paper_says_who_issues_it_and_on_what_it_rests() -> None:
    found = papers(COMPULSORY, Claim.INTERIM_DEATH, DAY, (), ("application",))
    assert found is not None
    application, *_, death = found
    assert (application.present, application.status) == (True, Status.LAW)
    assert dict(death.kinds) == {"death-certificate": "hospital", "post-mortem-certificate": "prosecutor"}
    assert death.status == Status.UNCONFIRMED and "09702563496" in death.source


def test_no_list_is_none_and_not_empty() -> None:
    assert papers(OWN, Claim.DEATH, DAY, (), ()) is None
    assert papers(Cover.LIFE_HEALTH, Claim.INJURY, DAY, (), ()) is None
    assert papers(COMPULSORY, Claim.INJURY, date(2022, 11, 24), (), ()) is None


def test_every_circumstance_serves_a_line() -> None:
    assert {line.values["when"] for line in table("papers") if "when" in line.values} == set(Circumstance)
    assert {line.values["claim"] for line in table("papers")} == set(Claim)


@given(
    st.sampled_from(Cover),
    st.sampled_from(Claim),
    st.sets(st.sampled_from(Circumstance)),
    st.sets(st.sampled_from(sorted({kind for line in table("papers") for kind in line.values["kinds"]}))),
)
def test_missing_and_present_are_all_and_more_evidence_never_misses_more(
    cover: Cover, claim: Claim, circumstances: set[Circumstance], present: set[str]
) -> None:
    without, with_them = (papers(cover, claim, DAY, circumstances, given) for given in ((), present))
    if without is None or with_them is None:
        assert without is with_them is None
        return
    assert [line.kinds for line in without] == [line.kinds for line in with_them]
    assert not any(line.present for line in without)
    for line in with_them:
        assert line.present == bool(present & line.kinds.keys())
