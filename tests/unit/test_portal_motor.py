"""The motor case as its readers may see it: drawn from their papers alone, nothing personal, the same for every reader."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.police.own_json import report as report_of
from schemas.evidence import AssessmentWord, DataClass, Evidence, PartyVerdict, Upload
from schemas.integrity import Origin, State
from schemas.json import load
from schemas.records import Kind, Role
from services.motor.fault import Word
from services.portal.case_page import html
from services.portal.cases import view_of
from services.portal.dossier import Dossier
from services.portal.fault import Assessment, proposal, words_of
from services.portal.motor import drawn, of_insurer, offers_to_tell
from tests.unit.building import A, X, Y, Z, consent, evidence, node
from tests.unit.test_entitlement_views import APPLICATION, COMPULSORY, OF_A, POLICE
from tests.unit.test_portal_cases import PERSONAL, dossier, offered

PLATES = ("ABC1234", "MNP5678")


def told(*more: Any, **fields: Any) -> Dossier:
    """The example accident, under the police record of the tables, and what the register says of its plates."""
    given = {"offers": (offered(1, "filed", "police", "doc-a"), offered(1, "doc-a", insurer=Z))} | fields
    found = dossier(POLICE, APPLICATION, OF_A, *more, granted=[consent(A, X)], **given)
    report = report_of(load("accident")["examples"][0])  # type: ignore[index]
    day = {(plate, report.date): [(insurer, COMPULSORY)] for plate, insurer in zip(PLATES, (X, Y), strict=True)}
    return replace(found, contents={"r-police": report}, registered=day)  # type: ignore[arg-type]


def motor(found: Dossier, code: str, role: Role, *handed: str) -> dict[str, Any] | None:
    seen = view_of(found, code, role, frozenset(f"r-{one}" for one in handed))
    return seen.get("motor") if seen else None


def test_an_insurer_is_told_of_what_was_handed_over_and_may_be() -> None:
    whole = motor(told(), X, Role.INSURER, "filed", "police", "doc-a")
    assert whole and whole["accident"] and whole["fault"]["shares"]
    assert {paper["kind"] for paper in whole["papers"]} == {"accident", "application", "document"}
    filed = motor(told(), X, Role.INSURER, "filed")
    assert filed and (filed["accident"], filed["vehicles"], filed["victims"]) == (None, [], []) and "fault" not in filed
    assert motor(told(), X, Role.INSURER) is None
    assert motor(told(), X, Role.INSURER, "doc-b") is None, "handed over once, and not its to have now"


def test_who_has_only_a_hospitals_paper_is_not_told_that_it_was_on_the_road() -> None:
    assert offers_to_tell(told(), X) == (1,) and offers_to_tell(told(), Z) == ()


def test_nothing_personal_is_in_any_of_it() -> None:
    whole = [motor(told(), "operator-1", Role.OPERATOR), motor(told(), X, Role.INSURER, "filed", "police", "doc-a")]
    assert all(whole)
    text = json.dumps(whole, ensure_ascii=False)
    assert not any(one in text for one in (*PERSONAL, *PLATES, "B223456782", "陳以恩", "和風路"))


def test_an_operator_is_told_no_contents() -> None:
    found = motor(told(), "operator-1", Role.OPERATOR)
    assert found and "fault" not in found and all("claimed" not in one for one in found["victims"])
    assert found["victims"][0]["owed"]["shares"] == [{"payer": X, "share": "1"}]


def test_the_scene_goes_with_the_police_record() -> None:
    found = told()
    assert (drawn(found, X, Role.INSURER, frozenset({"r-police"})) or "").startswith("<svg")
    assert drawn(found, X, Role.INSURER, frozenset({"r-filed"})) is None
    assert drawn(found, POLICE.sender, Role.POLICE, frozenset())
    assert drawn(found, "somebody", Role.POLICE, frozenset()) is None
    assert drawn(found, "operator-1", Role.OPERATOR, frozenset()) is None
    assert of_insurer(found, Z, frozenset({"r-police"})).records == frozenset()


SHA, OTHER_SHA = "ab" * 32, "cd" * 32
REPORT = report_of(load("accident")["examples"][0])  # type: ignore[index]
SECONDARY = PartyVerdict(word=AssessmentWord.SECONDARY, order=1)
MAIN = PartyVerdict(word=AssessmentWord.MAIN, order=2)


def assessed(*verdict: PartyVerdict, origin: Origin = Origin.ISSUER, **fields: Any) -> Evidence:
    return evidence(
        "assessment-verdict", classes=(DataClass.POLICE,), persons=(A,), plates=("AB1",), issuer="unit",
        upload=Upload(sha256=SHA, origin=origin), verdict=verdict, **fields,
    )  # fmt: skip


def test_the_words_of_an_assessment_outrank_the_rules() -> None:
    found = told(node("said", Kind.PAPER, assessed(SECONDARY, MAIN)))
    with_it = motor(found, X, Role.INSURER, "police", "said")
    assert with_it and with_it["fault"]["rule"]["id"] == "verdict"
    assert [(one["party"], one["low"]) for one in with_it["fault"]["shares"]] == [(1, 30), (2, 70)]
    assert with_it["fault"]["assessments"] == [{"sha256": SHA, "state": "issued", "used": True, "unresolved": []}]
    without = motor(found, X, Role.INSURER, "police")
    assert without and without["fault"]["rule"]["id"] != "verdict", "an assessment that it has not got"
    assert without["fault"]["assessments"] == []


def test_an_assessment_that_nobody_vouches_for_is_told_of_and_not_used() -> None:
    found = told(node("said", Kind.PAPER, assessed(SECONDARY, MAIN, origin=Origin.PARTY), sender="CL01"))
    seen = motor(found, X, Role.INSURER, "police", "said")
    assert seen and seen["fault"]["rule"]["id"] != "verdict"
    assert seen["fault"]["assessments"] == [{"sha256": SHA, "state": "unverified", "used": False, "unresolved": []}]


@pytest.mark.parametrize("state", State)
def test_what_state_an_assessment_must_be_in(state: State) -> None:
    seen = proposal(REPORT, [Assessment(SHA, assessed(SECONDARY, MAIN), state)])
    good = state in (State.ISSUED, State.SIGNED, State.MATCHED)
    assert (seen["rule"]["id"] == "verdict") == seen["assessments"][0]["used"] == good
    assert seen["assessments"][0]["state"] == state.value


def test_the_latest_with_words_that_is_vouched_for_counts() -> None:
    first = Assessment(SHA, assessed(SECONDARY, MAIN), State.MATCHED)
    wordless = Assessment(OTHER_SHA, assessed(), State.ISSUED)
    forged = Assessment(OTHER_SHA, assessed(MAIN.model_copy(update={"order": 1})), State.DENIED)
    seen = proposal(REPORT, [first, wordless, forged])
    assert [one["used"] for one in seen["assessments"]] == [True, False, False]
    assert [(one["party"], one["low"]) for one in seen["shares"]] == [(1, 30), (2, 70)]


PLATE, PERSON = {"plate": "ABC1234"}, {"person": "B223456782"}  # of the first party, of the second


@pytest.mark.parametrize(
    ("first", "second", "unresolved"),
    [
        (PLATE, PERSON, []),
        ({"order": 1, **PLATE}, {"order": 2, **PERSON}, []),
        (PLATE, {"order": 2}, []),
        ({"order": 2, **PLATE}, {"order": 2}, ["肇事次因"]),  # order and plate speak of two
        ({"plate": "XYZ9999"}, {"order": 2}, ["肇事次因"]),
        ({"order": 9}, {"order": 2}, ["肇事次因"]),
        ({**PLATE, **PERSON}, PERSON, ["肇事次因"]),
        ({"order": 1}, PLATE, ["肇事主因"]),  # one party, two words
        (PLATE, {"person": "C123456781"}, ["肇事主因"]),
    ],
)
def test_whom_the_words_mean(first: dict[str, Any], second: dict[str, Any], unresolved: list[str]) -> None:
    said = (PartyVerdict(word=AssessmentWord.SECONDARY, **first), PartyVerdict(word=AssessmentWord.MAIN, **second))
    seen = proposal(REPORT, [Assessment(SHA, assessed(*said), State.SIGNED)])
    assert seen["assessments"][0]["unresolved"] == unresolved
    shares = [(one["party"], one["low"]) for one in seen["shares"]]
    assert (shares, seen["cannotTell"]) == (([], "verdict") if unresolved else ([(1, 30), (2, 70)], None))


def test_no_share_is_drawn_where_one_word_is_of_nobody() -> None:
    third = PartyVerdict(word=AssessmentWord.NO_FACTOR, order=9)
    seen = proposal(REPORT, [Assessment(SHA, assessed(SECONDARY, MAIN, third), State.ISSUED)])
    assert (seen["shares"], seen["cannotTell"]) == ([], "verdict")
    assert seen["assessments"][0]["unresolved"] == ["無肇事因素"]


def test_a_plate_is_its_drivers() -> None:
    driver, other = REPORT.parties
    aboard = replace(REPORT, parties=(driver, other, replace(driver, order=3, kind="passenger", person=None)))
    words, unresolved = words_of([PartyVerdict(word=AssessmentWord.MAIN, **PLATE)], aboard)
    assert (words, unresolved) == ({1: Word.MAIN}, [])
    twice = replace(REPORT, parties=(driver, other, replace(other, order=3, plate=driver.plate)))
    assert words_of([PartyVerdict(word=AssessmentWord.MAIN, **PLATE)], twice) == ({}, ["肇事主因"])
    bare = replace(REPORT, parties=(replace(driver, plate=None, person=None), other))
    assert words_of([PartyVerdict(word=AssessmentWord.MAIN, order=1, **PLATE)], bare) == ({1: Word.MAIN}, [])


def test_the_page_says_which_assessment_was_used() -> None:
    vague = PartyVerdict(word=AssessmentWord.MAIN, order=9)
    for said, origin, text in (
        ((SECONDARY, MAIN), Origin.ISSUER, "issued,採用"),
        ((SECONDARY, MAIN), Origin.PARTY, "unverified,未採用"),
        ((SECONDARY, vague), Origin.ISSUER, "肇事主因:無法辨識所指當事者"),
    ):
        found = told(node("said", Kind.PAPER, assessed(*said, origin=origin), sender="CL01"))
        seen = view_of(found, X, Role.INSURER, frozenset({"r-police", "r-said"}))
        assert seen and text in html(seen, Role.INSURER, {}, None, datetime(2025, 10, 1, tzinfo=UTC))
