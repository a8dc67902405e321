"""The motor case as its readers may see it: drawn from their papers alone, nothing personal, the same for every reader."""

import json
from dataclasses import replace
from typing import Any

from adapters.police.own_json import report as report_of
from schemas.evidence import DataClass
from schemas.json import load
from schemas.records import Kind, Role
from services.motor.fault import Word
from services.portal.cases import view_of
from services.portal.dossier import Dossier
from services.portal.fault import words_of
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


def test_the_words_of_an_assessment_outrank_the_rules() -> None:
    verdict = evidence(
        "assessment-verdict", classes=(DataClass.POLICE,), persons=(A,), plates=("AB1",), issuer="unit",
        facts={"verdict": ["1 肇事次因", "2 肇事主因"]},
    )  # fmt: skip
    assert words_of([verdict]) == {1: Word.SECONDARY, 2: Word.MAIN}
    assert words_of([]) is words_of([evidence("assessment-verdict")]) is None
    assert words_of([evidence("assessment-verdict", facts={"verdict": ["肇事主因"]})]) is None, (
        "of whom, it does not say"
    )
    found = told(node("said", Kind.PAPER, verdict))
    with_it = motor(found, X, Role.INSURER, "police", "said")
    assert with_it and with_it["fault"]["rule"]["id"] == "verdict"
    assert [(one["party"], one["low"]) for one in with_it["fault"]["shares"]] == [(1, 30), (2, 70)]
    without = motor(found, X, Role.INSURER, "police")
    assert without and without["fault"]["rule"]["id"] != "verdict", "an assessment that it has not got"
