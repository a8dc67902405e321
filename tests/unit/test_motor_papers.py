"""The papers of each claim: what the facts file lists, what is missing, who issues it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.evidence import Cover, DataClass
from schemas.json import load
from schemas.paper_kinds import KIND
from services.consent.law import LAW_TABLE
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
        (
            COMPULSORY,
            Claim.INJURY,
            Circumstance.HEIRS,
            {"death-certificate", "household-removal", "household-register"},
        ),
        (
            COMPULSORY,
            Claim.DISABILITY,
            Circumstance.HEIRS,
            {"death-certificate", "household-removal", "household-register"},
        ),
        (COMPULSORY, Claim.DEATH, Circumstance.FUNERAL_PAYER, {"funeral-receipt"}),
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


@pytest.mark.parametrize("kind", ["accident", "registration-slip", "preliminary-analysis", "indictment"])
def test_the_fund_may_consider_any_paper_of_the_police_on_the_accident(kind: str) -> None:
    assert "untraceable-proof" not in needed(COMPULSORY, Claim.INJURY, Circumstance.UNTRACEABLE, present=(kind,))


def test_every_paper_can_be_handed_in_and_none_of_the_claims_own_goes_by_law() -> None:
    needs = {kind for line in table("papers") for kind in line.values["kinds"]}
    assert needs - KIND.keys() == {"application", "accident", "imaging", "medical-record"}, (
        "records, and classes of any paper"
    )
    assert {"imaging", "medical-record"} <= set(DataClass)
    assert [*KIND] == load("paper")["properties"]["kind"]["enum"]  # type: ignore[index]
    by_law = {one for line in LAW_TABLE for one in line.classes}
    # The police papers of D0080090 art. 13 and an assessment's verdict go by law; nothing else that is handed in does.
    police = {"registration-slip", "scene-diagram", "scene-photo", "preliminary-analysis", "assessment-verdict"}
    assert {name for name, one in KIND.items() if one.data_class in by_law} == police
    assert all(KIND[kind].data_class for kind in needs & KIND.keys())


@pytest.mark.parametrize("claim", [Claim.DEATH, Claim.INTERIM_DEATH, Claim.INJURY])
def test_each_claimant_hands_in_his_own(claim: Claim) -> None:
    own = {"identity", "bank-account"}

    def lacking(*claimants: set[str]) -> set[str]:
        found = papers(COMPULSORY, claim, DAY, (), own, claimants)
        assert found is not None and {kind for line in found if line.each for kind in line.kinds} == own
        return {kind for line in found if line.each and not line.present for kind in line.kinds}

    assert lacking(own, own) == set()
    assert lacking(own, {"identity"}) == {"bank-account"}, "one of two is not all of them"
    assert lacking() == own, "nobody is known to have handed in anything"


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
