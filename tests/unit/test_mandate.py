"""Who may act for whom, in what, and on which days; and what goes, or stays, by that."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.evidence import Act, Acting, Cover, DataClass, Loss, Mandate
from schemas.json import load
from schemas.records import Kind
from services.consent.entitlement import Standing, bases, filing, granted, holds
from services.consent.mandate import Power, mandate_for
from services.delivery.worker import content
from services.hub.assemble import Component
from services.hub.fold import Case, fold
from services.hub.linking import Node
from services.hub.views import view
from services.portal.dossier import ConsentState
from services.portal.why import entitlement
from services.validation.schema import structure
from tests.unit import building
from tests.unit.building import TODAY, A, B, C, X, Y, accident, authorisation, consent, document, node

NOW = date.fromisoformat(TODAY)
COMPULSORY = Cover.MOTOR_COMPULSORY
PARTY = Standing(X, frozenset({COMPULSORY}))
CERTIFICATE = (DataClass.CERTIFICATE,)
PERIOD = {"start": "2025-09-05", "end": "2026-03-04"}


def power(record: str = "r1", *, live: bool = True, **fields: Any) -> Power:
    """A mandate of A to B for everything, without an end."""
    given_ = {"identity": record, "version": "1", "principal": A, "agent": B, "scope": tuple(Act)}
    return Power(record, Mandate(**{**given_, "start": "2025-01-01", "end": None, **fields}), live)


def of_agent(**fields: Any) -> Any:
    return consent(A, X, grantor=B, grantor_role="agent", **fields)


@pytest.mark.parametrize(
    ("day", "acts"),
    [("2025-09-04", False), ("2025-09-05", True), ("2026-03-04", True), ("2026-03-05", False)],
)
def test_from_its_first_to_its_last_day(day: str, acts: bool) -> None:
    assert mandate_for(Act.APPLICATION, B, A, [power(**PERIOD)], day) == ("r1" if acts else None)


def test_without_an_end_until_withdrawn() -> None:
    assert mandate_for(Act.APPLICATION, B, A, [power()], "2099-01-01") == "r1"
    assert mandate_for(Act.APPLICATION, B, A, [power(live=False)], "2099-01-01") is None


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("within", Act)
def test_only_within_its_scope(act: Act, within: Act) -> None:
    assert mandate_for(act, B, A, [power(scope=(within,))], TODAY) == ("r1" if act == within else None)


def test_only_this_agent_for_this_principal_and_no_chain() -> None:
    powers = [power(), power("r2", principal=B, agent=C)]
    assert mandate_for(Act.APPLICATION, C, B, powers, TODAY) == "r2"
    for agent, principal in ((A, B), (C, A), (B, B), (A, A)):
        assert mandate_for(Act.APPLICATION, agent, principal, powers, TODAY) is None


def test_the_scope_is_the_schemas() -> None:
    schema = load("mandate")
    assert set(schema["properties"]["scope"]["items"]["enum"]) == set(Act)  # type: ignore[index]
    assert structure("mandate", {**schema["examples"][0], "scope": ["payment"]})[1] != []  # type: ignore[index]


@pytest.mark.parametrize(
    ("what", "powers"),
    [
        ("none", []),
        ("not approved, or withdrawn", [power(live=False)]),
        ("of another principal", [power(principal=C)]),
        ("to another agent", [power(agent=C)]),
        ("for other acts", [power(scope=(Act.APPLICATION,))]),
        ("not begun", [power(start="2025-10-02")]),
        ("ended", [power(end="2025-09-30")]),
    ],
)
def test_an_agents_authorisation_without_a_mandate_in_force_lets_nothing_go(what: str, powers: list[Power]) -> None:
    assert bases((A,), CERTIFICATE, PARTY, (of_agent(),), TODAY, powers=powers) is None, what
    assert not holds(of_agent(), TODAY, powers)


def test_an_agents_authorisation_goes_with_its_mandate_and_says_so() -> None:
    found = bases((A,), CERTIFICATE, PARTY, (of_agent(),), TODAY, powers=[power()])
    assert found == ((A, "r-g"), (A, "mandate:r1"))
    assert [granted(one) for _, one in found] == ["r-g", "r1"] and granted("law:own-filing") is None


@pytest.mark.parametrize("role", ["self", "representative", "heir"])
def test_herself_and_by_law_no_mandate_is_asked_for(role: str) -> None:
    given_ = consent(A, X, grantor=A if role == "self" else B, grantor_role=role)
    assert bases((A,), CERTIFICATE, PARTY, (given_,), TODAY) == ((A, "r-g"),)


def filed(agent: str | None = B, day: str = "2025-09-10", person: str = A, name: str = "filed", *to: str) -> Node:
    acting = Acting(agent=agent, principal=person, day=day, act=Act.APPLICATION) if agent else None
    named = tuple((insurer, COMPULSORY) for insurer in to or (X,))
    return node(name, Kind.APPLICATION, building.filing(*named, person=person, acting=acting))


def policies(plate: str, day: str) -> Sequence[tuple[str, Cover]]:
    return ((X, COMPULSORY),) if plate == "AB1" else ((Y, COMPULSORY),)


def case(*nodes: Node, powers: Sequence[Power] = (), today: date = NOW, consents: Any = ()) -> Case:
    granting = [authorisation(one.lineage, one.grant) for one in consents]
    by_lineage = {one.lineage: one for one in consents}
    return fold("C1", Component((*nodes, *granting), ()), by_lineage, policies, today, tuple(powers))


def seen(folded: Case, insurer: str = X) -> dict[str, list[str]]:
    """Paper → its bases."""
    standing = next((one for one in folded.standings if one.insurer == insurer), None)
    sizes = {paper.node.record: ("0" * 64, "application/json", 1) for paper in folded.papers}
    found = view(folded, standing, sizes, frozenset(), NOW) if standing else None
    return {paper.record: [basis for _, basis in paper.basis] for paper in found.papers} if found else {}


POLICE = node("police", Kind.ACCIDENT, accident(persons=(A, C), plates=("AB1", "CD2")))


def test_an_application_by_an_agent_goes_by_law_and_mandate() -> None:
    assert seen(case(filed(), powers=[power()])) == {"r-filed": ["law:own-filing", "filed-under:r1"]}
    assert seen(case(filed(None), powers=[])) == {"r-filed": ["law:own-filing"]}


@pytest.mark.parametrize(
    ("what", "powers"),
    [
        ("none", []),
        ("not approved, or withdrawn", [power(live=False)]),
        ("for other acts", [power(scope=(Act.AUTHORISATION,))]),
        ("begun after the day of filing", [power(start="2025-09-11")]),
        ("ended before the day of filing", [power(end="2025-09-09")]),
        ("of somebody else", [power(principal=C)]),
    ],
)
def test_an_application_without_a_mandate_is_nobodys_and_moves_nothing(what: str, powers: list[Power]) -> None:
    folded = case(filed(), POLICE, powers=powers)
    assert seen(folded) == {} == seen(folded, Y), what
    assert not any(one.holds or one.application for one in folded.standings), "no notice, no police record by law"


def test_an_application_outlives_the_period_it_was_filed_in() -> None:
    assert seen(case(filed(), powers=[power(end="2025-09-10")])) == {"r-filed": ["law:own-filing", "filed-under:r1"]}


def test_what_goes_because_of_the_application_rests_on_the_mandate_too() -> None:
    folded = case(filed(), POLICE, powers=[power()])
    assert seen(folded)["r-police"] == ["law:G0390062-17-2", "filed-under:r1"]
    for two in ((filed(), filed(None, name="own")), (filed(None, name="own"), filed())):
        both = case(*two, POLICE, powers=[power()])
        assert seen(both)["r-police"] == ["law:G0390062-17-2"], "what she filed herself carries it"
    assert seen(case(filed(), filed(None, name="own"), POLICE))["r-police"] == ["law:G0390062-17-2"]


def test_a_recipient_is_party_only_while_the_mandate_is_in_force() -> None:
    hurt = node("doc", Kind.DOCUMENT, document(A))
    given_ = of_agent(purpose=Cover.LIFE_HEALTH, subject_role="insured")
    assert seen(case(hurt, consents=[given_], powers=[power()])) == {"r-doc": ["r-g", "mandate:r1"]}
    ended = case(hurt, consents=[given_], powers=[power(end="2025-09-30")])
    assert ended.standings == () and seen(ended) == {}


def test_the_offer_names_the_mandate() -> None:
    hurt = node("doc", Kind.DOCUMENT, document(A))
    folded = case(hurt, filed(), consents=[of_agent()], powers=[power()])
    sizes = {f"r-{name}": ("0" * 64, "application/json", 1) for name in ("doc", "filed")}
    told = structure_of(content(view(folded, folded.standings[0], sizes, frozenset(), NOW)))  # type: ignore[arg-type]
    assert told == [
        [{"person": A, "authorisation": "r-g"}, {"person": A, "mandate": "r1"}],
        [{"law": "own-filing"}, {"mandate": "r1"}],
    ]


def structure_of(data: str) -> list[Any]:
    """The bases in the `data` of an offer, which its schema admits."""
    offer: Any = load("offer")["examples"][0]  # type: ignore[index]
    offer["data"] = json.loads(data)
    assert structure("offer", offer)[1] == []
    return [paper["basis"] for paper in offer["data"]["papers"]]


def test_the_trace_says_what_is_lacking() -> None:
    hurt = node("doc", Kind.DOCUMENT, document(A))

    def refusals(folded: Case, record: str, standing: Standing) -> list[str]:
        (paper,) = [one for one in folded.papers if one.node.record == record]
        states = {"r-g": ConsentState("r-g", decision="approve")}
        told = entitlement(paper, standing, folded, states, frozenset(), TODAY)
        assert told["entitled"] == (told["refusals"] == [])
        return [one["code"] for one in told["refusals"]] or [str(one) for one in told["basis"]]

    without = case(hurt, filed(), consents=[of_agent()])
    assert refusals(without, "r-doc", PARTY) == ["no-law", "mandate"]
    assert refusals(without, "r-filed", PARTY) == ["mandate"]
    mandated = case(hurt, filed(), consents=[of_agent()], powers=[power()])
    assert refusals(mandated, "r-doc", PARTY)[1] == "{'person': 1, 'mandate': 'r1'}"
    assert refusals(mandated, "r-filed", PARTY)[1] == "{'mandate': 'r1'}"


DAYS = st.dates(date(2025, 1, 1), date(2027, 12, 31)).map(str)
POWERS = st.lists(
    st.builds(
        lambda record, live, **fields: power(record, live=live, **fields),
        record=st.sampled_from(("r1", "r2", "r3")),
        live=st.booleans(),
        principal=st.sampled_from((A, B)),
        agent=st.sampled_from((B, C)),
        scope=st.frozensets(st.sampled_from(Act)).map(tuple),
        start=DAYS,
        end=st.none() | DAYS,
    ),
    max_size=5,
)


@given(POWERS, st.sampled_from(Act), DAYS, st.randoms())
def test_order_changes_nothing_and_withdrawing_all_ends_it(
    powers: list[Power], act: Act, day: str, random: Any
) -> None:
    found = mandate_for(act, B, A, powers, day)
    assert mandate_for(act, B, A, random.sample(powers, len(powers)), day) == found
    assert mandate_for(act, B, A, [replace(one, live=False) for one in powers], day) is None
    assert (found is None) == (not any(mandate_for(act, B, A, [one], day) for one in powers))


@given(POWERS, DAYS, st.sampled_from(("self", "representative", "heir", "agent")))
def test_nothing_goes_by_an_agent_unless_his_mandate_is_named_and_no_other_needs_one(
    powers: list[Power], day: str, role: str
) -> None:
    given_ = consent(A, X, grantor=A if role == "self" else B, grantor_role=role)
    found = bases((A,), CERTIFICATE, PARTY, (given_,), day, powers=powers)
    if role != "agent":
        assert found == ((A, "r-g"),)
        return
    named = [granted(basis) for _, basis in found or () if basis.startswith("mandate:")]
    assert (found is None) == (named == []) == (mandate_for(Act.AUTHORISATION, B, A, powers, day) is None)
    assert all(any(one.record == record and one.live for one in powers) for record in named)


def disputed(agent: str | None = B) -> Node:
    """Hers, of another day than the police's, filed with Y, who insures the plate that it names."""
    acting = Acting(agent=agent, principal=A, day="2025-09-10", act=Act.DISPUTE) if agent else None
    loss = Loss(kind="motor", date="2025-09-01", plate="CD2")
    told = building.filing((Y, Cover.MOTOR_THIRD_PARTY), loss=loss, plates=("CD2",), acting=acting)
    return node("disputed", Kind.DISPUTE, told.model_copy(update={"paper": "dispute"}))


@given(POWERS, st.booleans(), st.booleans(), st.booleans())
def test_what_an_agent_files_without_a_mandate_changes_nothing_of_a_case(
    powers: list[Power], police: bool, own: bool, dispute: bool
) -> None:
    """Not its parties, nor its kind, day, accident and calendar: even where an operator says that it is of the same loss."""
    others = [node("doc", Kind.DOCUMENT, document(A)), *([POLICE] if police else []), *([filed(None)] if own else [])]
    agents = disputed() if dispute else filed(B, "2025-09-10", A, "agents", Y)
    given_ = consent(A, X, purpose=Cover.LIFE_HEALTH, subject_role="insured")
    without = case(*others, powers=powers, consents=[given_])
    beside = case(*others, agents, powers=powers, consents=[given_])
    if filing(agents.evidence.acting, powers) is None:
        names = ("motor", "day", "accident", "standings", "calendar")
        assert [getattr(beside, name) for name in names] == [getattr(without, name) for name in names]
        assert all(seen(beside, insurer) == seen(without, insurer) for insurer in (X, Y))
    else:
        first, second = ({one.insurer for one in each.standings} for each in (without, beside))
        assert (Y in second) == (Y in first or not dispute)


def test_a_plate_that_an_agent_names_without_a_mandate_makes_nobody_party() -> None:
    agents = node("agents", Kind.APPLICATION, filed().evidence.model_copy(update={"plates": ("AB1",)}))
    assert case(agents).standings == ()
    assert [one.insurer for one in case(agents, powers=[power()]).standings] == [X]


def test_a_dispute_makes_nobody_party() -> None:
    """Neither whom it is filed with nor who insures the plate that it names; of a party it is a paper."""
    for agent, powers in ((None, []), (B, [power()])):
        mine = disputed(agent)
        assert case(mine, powers=powers).standings == ()
        own = seen(case(mine, filed(None, "", A, "own", Y), powers=powers), Y)
        assert own.keys() == {"r-own", "r-disputed"}
    assert seen(case(disputed(), filed(None, "", A, "own", Y)), Y).keys() == {"r-own"}


@given(POWERS, DAYS)
def test_taking_a_mandate_away_never_opens_anything(powers: list[Power], day: str) -> None:
    acting = Acting(agent=B, principal=A, day=day, act=Act.APPLICATION)
    if filing(acting, powers[1:]) is not None:
        assert filing(acting, powers) is not None
    assert filing(acting, ()) is None and filing(None, powers) == ()
