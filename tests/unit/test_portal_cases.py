"""What each caller may see of a case, and the trace: the same conditions as the decision, and nothing personal."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.evidence import Cover, DataClass
from schemas.problems import problem
from schemas.records import Kind, Outcome, Record, Role
from services.consent.entitlement import Consent, Standing, bases
from services.deduplication.decide import Why
from services.hub.assemble import Component
from services.hub.fold import Case, CasePaper
from services.hub.linking import Link, Node
from services.portal.cases import view_of
from services.portal.dossier import ConsentState, DeadLetter, Dossier, Entry, Handover, Offer, OfferedPaper, Word
from services.portal.trace import Story, lines, trace_case, trace_record
from services.portal.why import entitlement
from tests.unit.building import TODAY, A, B, X, Y, Z, accident, consent, document, filing, node
from tests.unit.test_entitlement import classes, consents, persons, standings
from tests.unit.test_entitlement_views import APPLICATION, COMPULSORY, CRASH, OF_A, OF_B, POLICE, case

TIME = "2025-09-04T01:00:00.000000Z"
PERSONAL = (A, B, "AB1", "CD2", "121.5431", "25.0331")


def entry(one: Node, **changes: Any) -> Entry:
    fields = {
        "record": one.record,
        "lineage": one.lineage,
        "kind": one.kind.value,
        "sender": one.sender,
        "received": TIME,
        "outcome": "accepted",
        "judged_at": TIME,
        "standing": "current",
        "sha256": one.record,
        "media_type": "application/json",
    }
    return Entry(**{**fields, **changes})


def offered(number: int, *lineages: str, insurer: str = X, allowed: bool = True, **changes: Any) -> Offer:
    papers = tuple(OfferedPaper(f"r-{one}", one, f"r-{one}", ((-1, "law:own-filing"),), allowed) for one in lineages)
    fields = {"type": "claims.offer", "case": "C1", "at": TIME, "taken_back_by": None}
    return Offer(insurer=insurer, number=number, papers=papers, **{**fields, **changes})


def dossier(*nodes: Node, granted: Sequence[Consent] = (), today: str = TODAY, **fields: Any) -> Dossier:
    folded = case(*nodes, consents=granted, today=date.fromisoformat(today))
    given_ = {
        "number": "C1",
        "asked": "C1",
        "component": folded.component,
        "case": folded,
        "entries": tuple(entry(one) for one in folded.component.nodes),
        "opened": TIME,
        "admitted": frozenset({X, Y, Z}),
        "consents": {
            one.record: ConsentState(one.record, "approve", "operator-1", TIME) for one in granted if one.live
        },
    }
    return Dossier(today=date.fromisoformat(today), **{**given_, **fields})


WHOLE = dossier(
    POLICE,
    APPLICATION,
    OF_A,
    OF_B,
    granted=[consent(A, X), consent(B, X, live=False, name="h")],
    also=("C0",),
    offers=(
        offered(1, "filed", taken_back_by=2),
        offered(2, type="claims.offer.withdrawn"),
        offered(3, "filed", "police", "doc-a"),
        offered(4, "police", insurer=Y, allowed=False),
    ),
    handovers=(Handover(X, 3, TIME, ("r-g",)), Handover(X, 3, TIME, ("r-g",), "r-doc-a", "r-doc-a")),
    consents={
        "r-g": ConsentState("r-g", "approve", "operator-1", TIME),
        "r-h": ConsentState("r-h", "approve", "operator-1", TIME, TIME),
    },
    words=(Word("j", "operator-1", TIME, "same", "r-filed", "r-police", False),),
    dead=(DeadLetter("hub", "r-filed", "ValueError", TIME),),
)


def told(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def test_an_operator_sees_everything_as_ids_kinds_and_reasons() -> None:
    found = view_of(WHOLE, "operator-1", Role.OPERATOR)
    assert found
    assert found["mergedNumbers"] == ["C0"]
    assert {one["record"] for one in found["records"]} == {"r-police", "r-filed", "r-doc-a", "r-doc-b", "r-g", "r-h"}
    assert {one["what"] for one in found["timeline"]} >= {"opened", "received", "accepted", "reviewed-approve",
                                                         "consent-withdrawn", "same", "offered", "withdrawn",
                                                         "handed-over", "paper-handed-over"}  # fmt: skip
    assert next(one for one in found["insurers"] if one["insurer"] == X)["offers"] == [3]


@pytest.mark.parametrize(
    ("code", "role"), [("operator-1", Role.OPERATOR), ("H1", Role.HOSPITAL), (X, Role.INSURER), ("unit", Role.POLICE)]
)
def test_no_view_and_no_trace_holds_anything_personal(code: str, role: Role) -> None:
    text = told(view_of(WHOLE, code, role)) + told(trace_case(WHOLE))
    assert not [one for one in PERSONAL if one in text]


def test_a_sender_sees_its_own_records_and_of_others_kinds_and_first_days() -> None:
    found = view_of(WHOLE, "H1", Role.HOSPITAL)
    assert found
    assert {one["record"] for one in found["records"]} == {"r-doc-a", "r-doc-b"}
    text = told(found)
    for foreign in ("r-police", "r-filed", "r-g", "unit", X, Y, "operator-1", "C0", '"offers"', '"insurers"'):
        assert foreign not in text, f"a sender may not learn of {foreign}"
    assert [one["kind"] for one in found["evidence"] if one["presence"] == "present"] == [
        "application", "accident", "certificate",
    ]  # fmt: skip
    assert [(one["kind"], one["from"]) for one in found["missing"]] == [
        ("registration-slip", "2025-09-03"),
        ("receipt", "2025-09-03"),
        ("scene-diagram", "2025-09-10"),
        ("scene-photo", "2025-09-10"),
        ("preliminary-analysis", "2025-10-03"),
    ]
    assert [one for one in found["timeline"] if one["what"] == "expected"][0]["time"] == "2025-10-03"


def test_a_copy_that_another_filed_does_not_change_what_a_sender_sees() -> None:
    own = node("own", Kind.DOCUMENT, document(A, parts=("p",)))
    copy = node("copy", Kind.DOCUMENT, document(A, parts=("p",), issuer="H1"), order=2, sender="H2")
    assert view_of(dossier(own, copy), "H1", Role.HOSPITAL) == view_of(dossier(own), "H1", Role.HOSPITAL)


def test_a_senders_dead_record_is_only_delayed_and_its_withdrawal_is_told() -> None:
    entries = (entry(OF_A, outcome="dead"), entry(OF_B, standing="entered-in-error"))
    found = view_of(replace(WHOLE, entries=entries), "H1", Role.HOSPITAL)
    assert found
    assert found["records"][0]["verdict"] is None
    assert {one["what"] for one in found["timeline"]} >= {"dead", "taken-back"}


@pytest.mark.parametrize(
    ("code", "role"),
    [
        ("H2", Role.HOSPITAL),
        ("CL01", Role.CLAIMLINK),
        (Z, Role.INSURER),
        (Y, Role.INSURER),  # its only offer may no longer go
    ],
)
def test_who_has_nothing_in_it_sees_nothing(code: str, role: Role) -> None:
    assert view_of(WHOLE, code, role) is None


def test_an_insurer_sees_what_stands_in_its_offers_and_no_facts() -> None:
    found = view_of(WHOLE, X, Role.INSURER)
    assert found
    assert [one["offernumber"] for one in found["offers"]] == [3]
    assert {(one["sha256"], one["kind"], one["current"]) for one in found["offers"][0]["papers"]} == {
        ("r-filed", "application", True), ("r-police", "accident", True), ("r-doc-a", "document", True),
    }  # fmt: skip
    text = told(found)
    assert "r-doc-b" not in text and Y not in text and "facts" not in text and "H1" not in text
    assert {one["kind"] for one in found["missing"]} == {
        "registration-slip", "receipt", "scene-diagram", "scene-photo", "preliminary-analysis",
    }  # fmt: skip


def test_an_insurers_offer_of_an_older_version_says_that_it_is_none_of_the_current() -> None:
    found = view_of(replace(WHOLE, offers=(offered(3, "gone"),)), X, Role.INSURER)
    assert found and found["offers"][0]["papers"] == [{"sha256": "r-gone", "kind": None, "current": False}]


def test_an_insurer_that_is_no_longer_party_sees_nothing() -> None:
    assert view_of(dossier(OF_A, offers=(offered(1, "doc-a"),)), X, Role.INSURER) is None


def test_a_case_that_nothing_stands_in_is_there_for_operators_alone() -> None:
    closed = Dossier(
        number="C1", asked="C1", today=date.fromisoformat(TODAY), opened=TIME, offers=(offered(1, "doc-a"),)
    )
    found = view_of(closed, "operator-1", Role.OPERATOR)
    assert found and found["closed"] and not found["records"]
    assert view_of(closed, "H1", Role.HOSPITAL) is None
    assert view_of(closed, X, Role.INSURER) is None


def test_a_merged_number_is_answered_with_the_case_that_it_leads_to() -> None:
    found = view_of(replace(WHOLE, asked="C0"), "H1", Role.HOSPITAL)
    assert found and (found["case"], found["asked"]) == ("C1", "C0")


def test_a_timeline_is_in_order() -> None:
    found = view_of(WHOLE, "operator-1", Role.OPERATOR)
    assert found
    times = [one["time"] for one in found["timeline"]]
    assert times == sorted(times)


def refusals(paper: Node, consents_: Sequence[Consent], insurer: str = X, **state: Any) -> set[str]:
    folded = case(POLICE, APPLICATION, paper, consents=consents_)
    shown = next(one for one in folded.papers if one.node.lineage == paper.lineage)
    standing = next(
        (one for one in folded.standings if one.insurer == insurer), Standing(insurer, frozenset({COMPULSORY}))
    )
    states = {one.record: ConsentState(one.record, **state) for one in consents_}
    found = entitlement(shown, standing, folded, states, frozenset(), TODAY)
    return {one["code"] for one in found["refusals"]}


@pytest.mark.parametrize(
    ("given_", "state", "code"),
    [
        ([], {}, "no-authorisation"),
        ([consent(A, X, live=False)], {}, "unreviewed"),
        ([consent(A, X, live=False)], {"decision": "refuse"}, "refused"),
        ([consent(A, X, live=False)], {"decision": "approve", "withdrawn": TIME}, "withdrawn"),
        ([consent(A, Y)], {}, "recipient"),
        ([consent(A, X, purpose=Cover.LIFE_HEALTH, subject_role="insured", live=False)], {}, "purpose"),
        ([consent(A, X, start="2025-10-02")], {}, "period"),
        ([consent(A, X, end="2025-09-30")], {}, "period"),
        ([consent(A, X, classes=(DataClass.RECEIPT,))], {}, "classes"),
        ([consent(A, X, subject_role="owner")], {}, "matrix"),
    ],
)
def test_which_condition_fails_is_told(given_: list[Consent], state: dict[str, Any], code: str) -> None:
    found = refusals(OF_A, given_, **state)
    assert code in found
    assert found - {code} <= {"no-law", "unreviewed"}


def test_why_the_law_does_not_carry_a_paper() -> None:
    standing = {one.insurer: one for one in case(POLICE, APPLICATION).standings}
    folded = case(POLICE, APPLICATION)

    def why(lineage: str, insurer: str, changed: Standing | None = None) -> str:
        paper = next(one for one in folded.papers if one.node.lineage == lineage)
        found = entitlement(paper, changed or standing[insurer], folded, {}, frozenset(), TODAY)
        return str(found["refusals"][0]["text"])

    assert "does not name this one" in why("filed", Y)
    assert "it holds none" in why("police", Y)
    assert "this is none" in why("police", Z, Standing(Z, frozenset({COMPULSORY}), holds=True))


def test_a_spent_single_use_and_a_paper_about_nobody_are_told() -> None:
    nobody = node("n", Kind.DOCUMENT, replace_persons(document(A)))
    folded = case(nobody, OF_A, consents=[consent(A, X)])
    standing = Standing(X, frozenset({COMPULSORY}))
    by_lineage = {one.node.lineage: one for one in folded.papers}
    spent = frozenset({("g", "doc-a", X)})
    assert [one["code"] for one in entitlement(by_lineage["doc-a"], standing, folded, {}, spent, TODAY)["refusals"]] == [
        "no-law", "used",
    ]  # fmt: skip
    assert [one["code"] for one in entitlement(by_lineage["n"], standing, folded, {}, spent, TODAY)["refusals"]] == [
        "no-law", "no-person",
    ]  # fmt: skip


def replace_persons(told_: Any) -> Any:
    return told_.model_copy(update={"persons": ()})


@settings(max_examples=400)
@given(persons, classes, standings, consents(), st.booleans(), st.dates(date(2021, 1, 1), date(2027, 1, 1)))
def test_the_explanation_agrees_with_the_decision(
    about: tuple[str, ...],
    of: tuple[DataClass, ...],
    standing: Standing,
    given_: tuple[Consent, ...],
    named: bool,
    day: date,
) -> None:
    paper_of = filing((X if named else Y, COMPULSORY)).model_copy(update={"persons": about, "classes": of})
    shown = CasePaper(node("p", Kind.APPLICATION, paper_of), about, (False, False, 1))
    folded = Case("C1", Component((), ()), True, None, None, (shown,), (standing,), given_, ())
    spent = frozenset({("l0", "p", X)})
    found = entitlement(shown, standing, folded, {}, spent, day.isoformat())
    names = (X,) if named else (Y,)
    basis = bases(about, of, standing, given_, day.isoformat(), "p", spent, names)
    assert found["entitled"] is (basis is not None)
    assert bool(found["refusals"]) is (basis is None)
    if basis is None and about:
        # Of somebody, every authorisation lacks something, or there is none.
        lacking = {one["person"] for one in found["refusals"] if "person" in one}
        assert lacking


def story(record: str = "r-doc-a", **changes: Any) -> Story:
    envelope = Record(
        id=record, attempt=1, kind=Kind.DOCUMENT, sender="H1", role=Role.HOSPITAL, method="POST", path="/fhir/Bundle",
        sha256="ab", size=1234, media_type="application/fhir+json", received=TIME,
    )  # fmt: skip
    fields: dict[str, Any] = {
        "record": envelope.model_copy(update=changes.pop("envelope", {})),
        "judged": 1,
        "outcome": Outcome.ACCEPTED,
        "judged_at": TIME,
        "why": Why.NEW,
        "original": None,
        "problems": (),
        "erased": False,
        "lineage": "doc-a",
        "shown": record,
        "versions": (entry(OF_A),),
    }
    return Story(**{**fields, **changes})


def test_a_trace_of_an_authorisation_tells_what_went_by_it() -> None:
    went = OfferedPaper("r-doc-a", "doc-a", "r-doc-a", ((0, "r-g"),), True)
    other = replace(went, record="r-filed", lineage="filed", basis=((-1, "law:own-filing"),))
    offers = (offered(3), offered(4), offered(5))
    whole = replace(
        WHOLE,
        offers=(replace(offers[0], papers=(went,)), replace(offers[1], papers=(other,)), offers[2]),
        handovers=(Handover(X, 3, TIME, ("r-g",), "r-doc-a", "r-doc-a"), Handover(X, 4, TIME, ("law:own-filing",))),
    )
    about = story("r-g", lineage="g", shown="r-g", envelope={"kind": Kind.AUTHORISATION})
    holder = next(one for one in trace_record(about, whole)["case"]["insurers"] if one["insurer"] == X)
    assert [one["record"] for one in holder["papers"]] == ["r-doc-a"]
    assert [one["number"] for one in holder["offers"]] == [3]
    assert [one["number"] for one in holder["handovers"]] == [3]


def test_a_trace_of_a_record_tells_of_that_paper_alone() -> None:
    found = trace_record(story(), WHOLE)
    assert found["verdict"]["why"] == "first of its identity"
    assert {one["by"] for one in found["keys"]} == {"case number", "person"}
    holder = next(one for one in found["case"]["insurers"] if one["insurer"] == X)
    assert [(one["record"], one["entitled"], one["shown"]) for one in holder["papers"]] == [("r-doc-a", True, True)]
    assert [one["number"] for one in holder["offers"]] == [2, 3]
    assert [one["record"] for one in holder["handovers"]] == [None, "r-doc-a"]
    assert [one["record"] for one in found["case"]["consents"]] == ["r-g"], "B's authorisation is not about it"
    text = "\n".join(lines(found))
    assert "GOES  r-doc-a" in text and "r-doc-b document" not in text
    assert not [one for one in PERSONAL if one in text + told(found)]


def test_a_trace_of_a_case_tells_why_each_paper_goes_or_stays() -> None:
    text = "\n".join(lines(trace_case(WHOLE)))
    assert "GOES  r-police accident: law G0390062-17-2" in text
    assert "STAYS r-doc-b document" in text
    assert "authorisation r-h: it was withdrawn" in text
    assert "taken back by number 2" in text and "takes offers back" in text
    assert "dead letters" in text and "judgements" in text


def test_links_and_refused_links_are_told_with_reasons() -> None:
    far = Link(20, 0, "elsewhere", "filed", "same plate, same day")
    component = Component(
        (APPLICATION, POLICE), (Link(20, 0, "filed", "police", "same plate"),), ((far, "their days differ"),)
    )
    found = trace_case(replace(WHOLE, component=component))["case"]
    assert found["links"] == [{"records": ["r-filed", "r-police"], "reason": "same plate"}]
    assert found["refusedLinks"][0]["records"] == ["elsewhere", "r-filed"]
    assert "links not followed" in lines(trace_case(replace(WHOLE, component=component)))
    assert trace_record(story(), replace(WHOLE, component=component))["case"]["links"] == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"erased": True}, "erased"),
        ({"outcome": None, "why": None}, "no verdict yet"),
        ({"outcome": Outcome.REJECTED, "why": None}, "it is rejected"),
        ({"envelope": {"kind": Kind.REVIEW, "target": "r-g"}}, "acts on what it names"),
        ({"envelope": {"kind": Kind.ACCIDENT_FILE}}, "records of their own"),
        ({"shown": None}, "took it back"),
        ({"envelope": {"kind": Kind.AUTHORISATION}}, "opens no case"),
        ({"envelope": {"kind": Kind.ACCIDENT}}, "open data opens no case"),
        ({}, "not folded it yet"),
    ],
)
def test_why_a_record_stands_in_no_case(changes: dict[str, Any], why: str) -> None:
    found = trace_record(story(**changes), None)
    assert found["case"]["case"] is None
    assert why in found["case"]["why"]
    assert any(why in line for line in lines(found))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"outcome": Outcome.DEAD, "why": None}, "a failure of ours"),
        ({"outcome": Outcome.REJECTED, "why": None, "problems": (problem("identity-conflict"),)}, "same identity"),
        ({"outcome": Outcome.REJECTED, "why": None, "problems": (problem("record-unknown", pointer="/x"),)}, "errors"),
        ({"outcome": Outcome.DUPLICATE, "why": Why.SAME_BYTES, "original": "o"}, "same bytes"),
        ({"outcome": Outcome.DUPLICATE, "why": None, "original": "o"}, "same content"),
    ],
)
def test_why_a_verdict_is_what_it_is(changes: dict[str, Any], why: str) -> None:
    found = trace_record(story(**changes), None)
    assert why in found["verdict"]["why"]
    assert any(why in line for line in lines(found))


def test_a_record_under_way_and_one_of_a_file() -> None:
    waiting = trace_record(story(judged=0, outcome=None, why=None, versions=(), lineage=None), None)
    assert waiting["verdict"] is None and waiting["lineage"] is None
    assert any("on its way" in line for line in lines(waiting))
    child = story(envelope={"parent": "file", "lines": (2, 4), "attempt": 2}, dead=(DeadLetter("hub", "r", "E", TIME),))
    text = "\n".join(lines(trace_record(child, None)))
    assert "lines 2-4 of file file" in text and "dead letter at hub: E" in text and "2 attempts, 1 judged" in text
    file = story(children=({"record": "c", "outcome": "accepted", "lines": [2, 4]},), erased=True,
                 envelope={"target": "t"})  # fmt: skip
    text = "\n".join(lines(trace_record(file, None)))
    assert "split into 1 accidents" in text and "ERASED" in text and "acts on t" in text


def test_surroundings_of_what_stands_in_no_case() -> None:
    around = dossier(node("open", Kind.ACCIDENT, accident(open_data=True)), number=None, asked=None)
    found = trace_record(story("r-open", lineage="open", shown="r-open", envelope={"kind": Kind.ACCIDENT}), around)
    assert found["case"]["case"] is None and found["case"]["records"] and found["case"]["why"]
    assert lines(found)


def test_an_insurer_not_admitted_and_one_no_longer_party_are_told() -> None:
    gone = replace(WHOLE, admitted=frozenset({X}), offers=(*WHOLE.offers, offered(7, "doc-a", insurer="66316960")))
    text = "\n".join(lines(trace_case(gone)))
    assert f"insurer {Y} NOT ADMITTED" in text
    assert "insurer 66316960 NOT ADMITTED" in text and "party: no" in text
    closed = Dossier(number="C1", asked="C1", today=date.fromisoformat(TODAY), opened=TIME)
    assert lines(trace_case(closed)) == [f"case C1, opened {TIME}"]


def test_a_better_copy_in_its_place_is_told() -> None:
    own = node("own", Kind.DOCUMENT, document(A, parts=("p",)), order=1)
    copy = node("copy", Kind.DOCUMENT, document(A, parts=("p",)), order=2, sender="H2")
    text = "\n".join(lines(trace_case(dossier(CRASH, own, copy, granted=[consent(A, X)]))))
    assert "r-copy document: person 1 by r-g (a better attested copy is offered in its place)" in text
