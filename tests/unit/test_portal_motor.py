"""The motor case as its readers may see it: drawn from their papers alone, nothing personal, the same for every reader."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from adapters.police.own_json import report as report_of
from schemas.evidence import DataClass
from schemas.json import load
from schemas.records import Kind, Role
from services.motor.fault import Word
from services.portal.case_page import html
from services.portal.cases import view_of
from services.portal.dossier import Dossier
from services.portal.fault import words_of
from services.portal.motor import drawn, may_need, of_insurer, offers_to_tell
from services.portal.reading import READ_BYTES, to_read
from tests.unit.building import A, B, X, Y, Z, consent, evidence, node
from tests.unit.test_entitlement_views import APPLICATION, COMPULSORY, OF_A, POLICE, THIRD
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


def test_of_other_vehicles_an_insurer_is_told_the_compulsory_cover_alone() -> None:
    found = told()
    day = next(iter(found.registered))[1]
    both = {(plate, day): [(one, cover) for one in (X, Y) for cover in (COMPULSORY, THIRD)] for plate in PLATES}
    found = replace(found, registered=both)

    def covers(code: str, role: Role) -> list[tuple[str, str]]:
        motor_ = motor(found, code, role, "police")
        assert motor_
        return [(one["insurer"], one["cover"]) for one in motor_["vehicles"][0]["insurers"]]

    assert covers(X, Role.INSURER) == [(X, COMPULSORY), (X, THIRD), (Y, COMPULSORY)]
    assert len(covers("operator-1", Role.OPERATOR)) == 4


def present(*more: Any, granted: Any = (), code: str = X, role: Role = Role.INSURER) -> set[str]:
    """The papers of an injury that are there when A is the victim."""
    offers = (offered(1, "filed", "police", *(one.lineage for one in more)), offered(2, "police", insurer=Y))
    example: Any = load("accident")["examples"][0]  # type: ignore[index]
    first, second = example["parties"]
    report = report_of(
        example | {"parties": [first, second | {"person": {"identifier": A, "name": "測試人"}, "injury": "injured"}]}
    )
    found = replace(dossier(POLICE, APPLICATION, *more, granted=granted, offers=offers), contents={"r-police": report})
    seen = motor(found, code, role, "filed", "police", *(one.lineage for one in more))
    assert seen
    lines = seen["victims"][0]["required"][0]["papers"]
    return {one["anyOf"][0]["kind"] for one in lines if one["present"]}


def test_an_authorisation_in_force_is_the_consent_to_access_records() -> None:
    def consented(*granted: Any, code: str = X, role: Role = Role.INSURER) -> bool:
        return "records-consent" in present(granted=granted, code=code, role=role)

    assert consented(consent(A, X)) and consented(consent(A, X), code="operator-1", role=Role.OPERATOR)
    assert not consented()
    assert not consented(consent(A, X, live=False)), "not approved, or withdrawn"
    assert not consented(consent(A, Y)), "to another insurer"
    assert not consented(consent(B, X)), "somebody else's"
    assert not consented(consent(A, X, classes=(DataClass.POLICE, DataClass.RECEIPT))), "no record of treatment"
    assert not consented(consent(A, X, purpose=THIRD)), "for another purpose"


def test_what_is_not_read_takes_no_room_and_what_is_too_much_is_counted() -> None:
    scan = node("scan", Kind.PAPER, evidence("bank-account", classes=(DataClass.CLAIM,), persons=(A,), plates=("AB1",)))
    found = told(scan)

    def sized(**sizes: int) -> Dossier:
        entries = tuple(replace(one, size=sizes.get(one.record.removeprefix("r-"), 1)) for one in found.entries)
        return replace(found, entries=entries)

    everything = may_need(found, "operator-1", Role.OPERATOR)
    assert "r-scan" in everything
    read, unread = to_read(sized(scan=READ_BYTES + 1), everything)
    assert ({one.record for one in read}, unread) == ({"r-police", "r-doc-a"}, frozenset()), "an upload is never read"
    foreign = may_need(found, Z, Role.INSURER)
    assert foreign == {"r-doc-a"}
    read, unread = to_read(sized(police=READ_BYTES + 1), foreign)
    assert ([one.record for one in read], unread) == (["r-doc-a"], frozenset()), "nor what the reader has not"
    large = sized(**{"doc-a": READ_BYTES})
    read, unread = to_read(large, everything)
    assert len(read) == len(unread) == 1 and {one.record for one in read} | unread == {"r-police", "r-doc-a"}
    answer = motor(replace(told(), unread=frozenset({"r-doc-a"})), X, Role.INSURER, "filed", "police", "doc-a")
    assert answer and answer["unreadPapers"] == 1
    without = motor(replace(told(), unread=frozenset({"r-doc-a"})), X, Role.INSURER, "filed", "police")
    assert without and without["unreadPapers"] == 0, "not one of its papers"


def test_each_upload_stands_for_its_own_kind_and_only_where_it_may_go() -> None:
    other = evidence("disability-certificate", classes=(DataClass.CERTIFICATE,), persons=(A,), plates=("AB1",))
    granted = [consent(A, X, classes=(DataClass.CERTIFICATE, DataClass.CLAIM))]
    assert "certificate" not in present(node("other", Kind.PAPER, other), granted=granted)
    own = evidence("certificate", classes=(DataClass.CERTIFICATE,), persons=(A,), plates=("AB1",))
    assert "certificate" in present(node("own", Kind.PAPER, own), granted=granted)
    account = evidence("bank-account", classes=(DataClass.CLAIM,), persons=(A,), plates=("AB1",))
    assert "bank-account" in present(node("account", Kind.PAPER, account), granted=granted)
    assert "bank-account" not in present(node("account", Kind.PAPER, account), granted=[consent(A, X)])


def test_a_step_says_what_bars_it_and_that_its_fee_is_unconfirmed() -> None:
    disputed = evidence("dispute", persons=(A,), plates=("AB1",), facts={"wish": "assessment"})
    found = told(node("said", Kind.DISPUTE, disputed))
    seen = motor(found, "operator-1", Role.OPERATOR)
    assert seen
    first, second, *_ = seen["disputes"][0]["steps"]
    assert "K0040045 art. 3 ①" in first["noteEn"] and second["note"] is None
    assert (first["fee"], first["feeStatus"], second["feeStatus"]) == (3000, "unconfirmed", "law")
    whole = view_of(found, "operator-1", Role.OPERATOR)
    assert whole
    text = html(whole, Role.OPERATOR, {}, None, datetime(2025, 10, 1, tzinfo=UTC))
    assert "僅得由司法機關囑託鑑定" in text and "未經確認" in text


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
