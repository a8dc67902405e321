"""The special compensation fund as a participant: how it is named, when it is party, what it may have, and what opens nothing."""

from collections.abc import Sequence
from typing import Any

import pytest

from schemas.evidence import Accident, Cover, DataClass, NumberType, Party, VehicleStanding
from schemas.records import FUND, Kind
from services.consent.entitlement import Standing, bases, notified
from services.hub.assemble import Component
from services.hub.fold import Case, Policies, fold
from services.hub.linking import Node
from services.motor.owing import BY_FUND, Insured, by_register, stood
from services.portal.why import entitlement, party
from tests.unit.building import DAY, TODAY, A, B, X, Y, accident, consent, document, evidence, filing, node, number
from tests.unit.test_accident import changed as accident_with
from tests.unit.test_entitlement_views import NOW, papers, photo, seen
from tests.unit.test_entitlement_views import case as folded
from tests.unit.test_filing import changed, check, example

COMPULSORY, THIRD = Cover.MOTOR_COMPULSORY, Cover.MOTOR_THIRD_PARTY
OWN = "law:own-filing"
INVESTIGATES = "law:K0040049-3"
REGISTER = {"AB1": ((X, COMPULSORY),), "CD2": ((Y, COMPULSORY),), "NO3": (), "TP4": ((Y, THIRD),)}


def policies(plate: str, _day: str) -> Sequence[tuple[str, Cover]] | None:
    return REGISTER.get(plate)


def crash(*cars: tuple[str | None, VehicleStanding | None], identity: str = "i", **fields: Any) -> Node:
    """A police record of vehicles (plate, standing), in which A was hurt."""
    parties = tuple(Party(plate=plate, kind="car", vehicle=said) for plate, said in cars)
    told = Accident(date=DAY, time="12:00", parties=(*parties, Party(person=A, kind="passenger", injured=True)))
    plates = tuple(sorted(plate for plate, _ in cars if plate))
    given = {"accident": told, "plates": plates, "persons": (A,), "identity": identity} | fields
    return node(f"police-{identity}", Kind.ACCIDENT, accident(**given))


def applied(*insurers: tuple[str, Cover], **fields: Any) -> Node:
    return node("filed", Kind.APPLICATION, filing(*insurers, plates=("AB1",), **fields))


def of(*nodes: Node, lookup: Policies = policies, consents: Any = ()) -> Case:
    return folded(*nodes, lookup=lookup, consents=consents)


def standing(found: Case) -> Standing | None:
    return next((one for one in found.standings if one.insurer == FUND), None)


TO_FUND = applied((FUND, COMPULSORY))
ASKED = VehicleStanding.REGISTER
SITUATIONS = [
    ((None, VehicleStanding.UNTRACEABLE), True),  # art. 40 I ①
    (("NO3", ASKED), True),  # ②: the register knows it, and has no policy
    (("TP4", ASKED), True),  # ②: another cover is none
    (("AB1", VehicleStanding.UNCONSENTED), True),  # ③
    (("QQ9", VehicleStanding.UNCONSENTED), True),  # insured or not, it owes
    (("QQ9", VehicleStanding.EXEMPT), True),  # ④: no register need know it
    ((None, VehicleStanding.EXEMPT), True),
    (("AB1", VehicleStanding.EXEMPT), False),  # it is insured all the same
    (("AB1", ASKED), False),
    (("QQ9", ASKED), False),  # the register does not answer
    ((None, ASKED), False),  # nothing is known of it
    (("AB1", VehicleStanding.CONSENT_DISPUTED), False),  # II: its insurer pays for the time being
    (("NO3", None), False),  # no vehicle of the Act
]


@pytest.mark.parametrize(("car", "owes"), SITUATIONS)
def test_it_has_the_police_record_of_an_accident_with_a_vehicle_that_it_stands_in_for(
    car: tuple[str | None, VehicleStanding | None], owes: bool
) -> None:
    police = crash(car, ("CD2", ASKED))
    claimed = of(police, TO_FUND)
    assert papers(claimed, FUND) == ({"filed", police.lineage} if owes else {"filed"})
    found = standing(claimed)
    assert found and found.compulsory == owes
    view = seen(claimed, FUND)
    assert view
    by = {paper.lineage: [basis for _, basis in paper.basis] for paper in view.papers}
    assert by == {"filed": [OWN]} | ({police.lineage: [INVESTIGATES]} if owes else {})
    unasked = of(police, applied((Y, COMPULSORY)))
    assert papers(unasked, FUND) == set()
    told = seen(unasked, FUND)
    assert bool(told and told.notice) == owes, "that a claim was received: G0390062 art. 14 III names the fund"
    other = seen(claimed, Y)
    assert other is None, "of what the fund receives no article has it tell anybody"
    alone = of(police)
    assert (standing(alone) is not None) == owes and seen(alone, FUND) is None, "a party, of whom nobody claims"


def test_an_applicants_own_word_opens_nothing() -> None:
    """He writes that the other car fled, and names the fund."""
    own = applied(
        (FUND, COMPULSORY), accident=Accident(date=DAY, parties=(Party(vehicle=VehicleStanding.UNTRACEABLE),))
    )
    police = crash(("AB1", ASKED), ("CD2", ASKED))
    assert papers(of(police, own), FUND) == {"filed"}
    slip = photo("slip", "NO3")
    assert papers(of(slip, own), FUND) == {"filed"}, "no police record tells of vehicles"


def test_a_merge_is_no_basis_for_the_fund_either() -> None:
    fled = crash((None, VehicleStanding.UNTRACEABLE), ("AB1", ASKED), identity="one")
    other = crash((None, ASKED), ("CD2", ASKED), identity="other")
    merged = of(fled, other, TO_FUND)
    assert papers(merged, FUND) == {"filed", "police-one"}
    number_ = {"numbers": (number(NumberType.POLICE_CASE, "N1", "unit"),)}
    both = of(crash((None, VehicleStanding.UNTRACEABLE), identity="one", **number_), other, TO_FUND,
              photo("of-one", case_number="N1"), photo("of-other", "CD2"), photo("of-neither"))  # fmt: skip
    assert papers(both, FUND) == {"filed", "police-one", "of-one"}


def test_papers_of_treatment_go_to_it_by_consent_alone() -> None:
    police, treated = (
        crash((None, VehicleStanding.UNTRACEABLE), ("AB1", ASKED)),
        node("doc", Kind.DOCUMENT, document(A)),
    )
    assert "doc" not in papers(of(police, TO_FUND, treated), FUND)
    assert "doc" in papers(of(police, TO_FUND, treated, consents=[consent(A, FUND)]), FUND)
    assert "doc" not in papers(of(police, TO_FUND, treated, consents=[consent(A, X)]), FUND)


def test_no_insurer_goes_by_the_funds_line_and_the_fund_by_no_insurers() -> None:
    def by_law(insurer: str) -> object:
        party = Standing(insurer, frozenset({COMPULSORY}), holds=True, compulsory=True, application=True)
        return bases((A, B), (DataClass.POLICE,), party, (), TODAY)

    assert by_law(X) == (("", "law:G0390062-17-2"),) and by_law(FUND) == (("", INVESTIGATES),)
    informed = Standing(FUND, frozenset({COMPULSORY}), compulsory=True, application=True)
    assert notified(informed, TODAY) == "law:G0390062-14-3"


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize("compulsory", [True, False])
def test_both_are_needed(holds: bool, compulsory: bool) -> None:
    party = Standing(FUND, frozenset({COMPULSORY}), holds=holds, compulsory=compulsory, application=True)
    found = bases((A, B), (DataClass.POLICE,), party, (), TODAY)
    assert (found is not None) == (holds and compulsory)


def test_an_operator_is_told_why() -> None:
    claimed = of(crash((None, VehicleStanding.UNTRACEABLE), ("AB1", ASKED)), TO_FUND)
    found = standing(claimed)
    assert found
    told = party(found, claimed, NOW)
    assert any("answers for a vehicle" in one and "art. 40 I" in one for one in told)
    for paper in claimed.papers:
        why = entitlement(paper, found, claimed, {}, frozenset(), TODAY)
        assert why["entitled"] and why["basis"][0]["law"] in ("own-filing", "K0040049-3")
    without = of(crash(("AB1", ASKED)), TO_FUND)
    other = standing(without)
    assert other
    police = next(one for one in without.papers if one.node.kind == Kind.ACCIDENT)
    (refusal, *_) = entitlement(police, other, without, {}, frozenset(), TODAY)["refusals"]
    assert refusal["code"] == "no-law" and "tells of none" in refusal["text"]


def test_records_of_before_say_nothing_of_how_vehicles_stood() -> None:
    old = Party.model_validate({"plate": "NO3", "kind": "car"})
    assert old.vehicle is None
    record = node("old", Kind.ACCIDENT, accident(accident=Accident(date=DAY, parties=(old,)), plates=("NO3",)))
    component = Component((record, TO_FUND), ())
    assert papers(fold("C1", component, {}, policies, NOW), FUND) == {"filed"}


@pytest.mark.parametrize(
    ("said", "covers", "expected"),
    [
        (ASKED, None, (Insured.NOT_KNOWN, "")),
        (ASKED, [], (Insured.NO, "")),
        (ASKED, [(Y, COMPULSORY), (X, COMPULSORY)], (Insured.YES, X)),
        (VehicleStanding.UNTRACEABLE, [(X, COMPULSORY)], (Insured.UNTRACEABLE, "")),
        (VehicleStanding.UNCONSENTED, [(X, COMPULSORY)], (Insured.UNCONSENTED, "")),
        (VehicleStanding.UNCONSENTED, None, (Insured.UNCONSENTED, "")),
        (VehicleStanding.UNCONSENTED, [(Y, THIRD)], (Insured.NO, "")),
        (VehicleStanding.CONSENT_DISPUTED, [(X, COMPULSORY)], (Insured.CONSENT_DISPUTED, X)),
        (VehicleStanding.CONSENT_DISPUTED, [], (Insured.NO, "")),
        (VehicleStanding.CONSENT_DISPUTED, None, (Insured.NOT_KNOWN, "")),
        (VehicleStanding.EXEMPT, None, (Insured.EXEMPT, "")),
        (VehicleStanding.EXEMPT, [], (Insured.EXEMPT, "")),
        (VehicleStanding.EXEMPT, [(X, COMPULSORY)], (Insured.YES, X)),
    ],
)
def test_how_a_vehicle_stood_by_both_words(
    said: VehicleStanding, covers: list[tuple[str, Cover]] | None, expected: tuple[Insured, str]
) -> None:
    assert stood(said, *by_register(covers)) == expected
    assert set(BY_FUND) | {Insured.YES, Insured.CONSENT_DISPUTED, Insured.NEVER_MICRO, Insured.NOT_KNOWN} == set(
        Insured
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ASKED),
        ({"vehicleStanding": "unconsented"}, VehicleStanding.UNCONSENTED),
        ({"vehicleStanding": "exempt", "partyType": "G02", "kind": "other"}, VehicleStanding.EXEMPT),
        ({"sex": "4", "plate": None, "person": None}, VehicleStanding.UNTRACEABLE),
        ({"sex": "4"}, ASKED),  # a plate is a trace
        ({"kind": "bicycle", "plate": None}, None),
        ({"kind": "pedestrian", "plate": None, "vehicleStanding": "exempt"}, None),
        ({"partyType": "F03"}, None),  # whether it was ever insured, the register cannot say
        ({"partyType": "F03", "vehicleStanding": "exempt"}, VehicleStanding.EXEMPT),
        ({"partyType": "D03"}, ASKED),  # military: bound to be insured outside war (G0390060 art. 6 I)
    ],
)
def test_the_police_record_says_how_a_vehicle_stood(change: dict[str, Any], expected: VehicleStanding | None) -> None:
    def alter(value: Any) -> None:
        value["parties"][0] = {name: told for name, told in (value["parties"][0] | change).items() if told is not None}

    content = accident_with(alter).content
    assert content.accident.parties[0].vehicle == expected


def named(kind: str, code: str, cover: str) -> list[tuple[str, str]]:
    def change(value: Any) -> None:
        if kind == "application":
            value["insurers"] = [{"code": code, "cover": cover}]
        else:
            value |= {"recipients": [code], "purpose": cover}

    return [(one.code, one.path) for one in changed(kind, change).problems]


@pytest.mark.parametrize(("kind", "path"), [("application", "insurers[0].code"), ("authorisation", "recipients[0]")])
def test_it_is_named_for_the_compulsory_cover_alone(kind: str, path: str) -> None:
    assert named(kind, FUND, "motor-compulsory") == []
    for cover in ("motor-third-party", "motor-own-damage", "life-health"):
        assert named(kind, FUND, cover) == [("filing-fund-cover", path)]
    for other in ("Fund", "fund ", "funds", "FUND"):
        assert named(kind, other, "motor-compulsory") == [("schema", path)]


def test_a_dispute_may_name_it() -> None:
    found = check("dispute", example("dispute") | {"insurers": [FUND]})
    assert found.problems == () and found.content and found.content.insurers[0].insurer == FUND


@pytest.mark.parametrize(("target", "roles", "right"), [
    (FUND, ["insurer"], True),
    (FUND, ["hospital"], False),
    (FUND, ["insurer", "operator"], False),
    ("82916473", ["hospital"], True),
])  # fmt: skip
def test_its_code_is_taken(target: str, roles: list[str], right: bool) -> None:
    found = check("participant", example("participant") | {"roles": roles}, target=target).problems
    assert ("filing-fund-role" in {one.code for one in found}) != right


def test_evidence_that_is_no_accident_tells_of_no_vehicle() -> None:
    upload = evidence("scene-photo", classes=(DataClass.POLICE,), persons=(A,), plates=("NO3",))
    assert standing(of(node("up", Kind.PAPER, upload))) is None
