"""Which two records are about one loss, how surely, and why; and which never are."""

import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.evidence import Accident, Evidence, Loss, NumberType, Party
from schemas.records import Kind
from services.hub import assemble as assembling
from services.hub.assemble import assemble, judged_between, links_between
from services.hub.grading import (
    DATE_SLACK_DAYS,
    INJURY_DAYS,
    INJURY_REVIEW_DAYS,
    TRANSFER_DAYS,
    UNCODED_REVIEW_DAYS,
    Key,
    loss_day,
    minutes_apart,
    one_slip,
    shortened,
)
from services.hub.linking import CROWDED, VAST, Crowds, Node, case_number, crowds, disagreement, judge
from tests.unit.building import DAY, PLACE, A, B, accident, document, evidence, filing, medical, node, number

KIND_OF = {"document": Kind.DOCUMENT, "accident": Kind.ACCIDENT, "application": Kind.APPLICATION}


ASKED = "a person is asked"


def linked(one: Evidence, other: Evidence) -> tuple[int, int] | str | None:
    """Weakness and gap of the link between two records, found by the keys that they stand under, or that one is asked."""
    nodes = [node("a", KIND_OF.get(one.paper, Kind.PAPER), one), node("b", KIND_OF.get(other.paper, Kind.PAPER), other)]
    found = judged_between(nodes)
    swapped = judged_between(nodes[::-1])
    assert [(one, one.score, sorted(one.signs)) for one in found] == [
        (one, one.score, sorted(one.signs)) for one in swapped
    ], "a link depends on which of the two came first"
    assert len(found) <= 1
    if not found:
        return None
    return (found[0].weakness, found[0].gap) if found[0].automatic else ASKED


def later(days: int) -> str:
    return (date.fromisoformat(DAY) + timedelta(days=days)).isoformat()


def motor(plate: str = "AB1", day: str | None = DAY) -> Loss:
    return Loss(kind="motor", date=day, plate=plate)


def seen(time: str, *kinds: str) -> Accident:
    parties = tuple(Party(kind=kind) for kind in ("car", "motorcycle", *kinds))
    longitude, latitude = PLACE
    return Accident(date=DAY, time=time, longitude=longitude, latitude=latitude, parties=parties, deaths=0, injuries=1)


def numbered(value: str, **fields: Any) -> Evidence:
    """A police record, or an application that names its number: whoever names persons but no loss is the police."""
    told = {"numbers": (number(NumberType.POLICE_CASE, value),), **fields}
    return accident(at=None, **told) if "persons" in fields else filing(**{"loss": motor(), **told})


def hurt(days: int, injury: str, **fields: Any) -> Evidence:
    return document(start=later(days), injury=True, injuries=(injury,), **fields)


CASES: list[tuple[str, Evidence, Evidence, tuple[int, int] | str | None]] = [
    ("the same part", evidence(parts=("p",)), evidence(parts=("p",)), (0, 0)),
    ("another part", evidence(parts=("p",)), evidence(parts=("q",)), None),
    (
        "a filing names a case by the number that the other founded",
        evidence(),
        filing(loss=Loss(kind="case", case=case_number("r-a"))),
        (5, 0),
    ),
    (
        "the same case number among its numbers",
        evidence(numbers=(number(NumberType.CASE, "C1"),)),
        filing(loss=Loss(kind="case", case="C1")),
        (5, 0),
    ),
    (
        "the same police case number",
        accident(at=None, numbers=(number(NumberType.POLICE_CASE, "A1", "unit"),)),
        filing(day=None, numbers=(number(NumberType.POLICE_CASE, "A1"),)),
        (10, 0),
    ),
    (
        "the same police case number of two units",
        accident(at=None, numbers=(number(NumberType.POLICE_CASE, "A1", "unit"),)),
        accident(at=None, issuer="other", numbers=(number(NumberType.POLICE_CASE, "A1", "other"),)),
        None,
    ),
    (
        "the same claim number at one insurer",
        filing(day=None, person=A, numbers=(number(NumberType.CLAIM, "7", "X"),)),
        filing(day=None, person=B, numbers=(number(NumberType.CLAIM, "7", "X"),)),
        (12, 0),
    ),
    (
        "the same claim number at two insurers",
        filing(day=None, person=A, numbers=(number(NumberType.CLAIM, "7", "X"),)),
        filing(day=None, person=B, numbers=(number(NumberType.CLAIM, "7", "Y"),)),
        None,
    ),
    (
        "names the hospital's document, same person",
        document(numbers=(number(NumberType.DOCUMENT, "D1", "H1"),)),
        filing(loss=medical(document="D1")),
        (15, 0),
    ),
    (
        "names the hospital's document, another person",
        document(numbers=(number(NumberType.DOCUMENT, "D1", "H1"),)),
        filing(person=B, loss=medical(document="D1")),
        None,
    ),
    (
        "the same encounter, same person",
        document(start=DAY, numbers=(number(NumberType.ENCOUNTER, "E1", "H1"),)),
        document(start=later(9), numbers=(number(NumberType.ENCOUNTER, "E1", "H1"),)),
        (18, 0),
    ),
    ("the same plate on the day", accident(plates=("AB1",), at=None), filing(person=B, plates=("AB1",)), (20, 0)),
    ("the same plate a day apart", filing(plates=("AB1",)), filing(person=B, day=later(1), plates=("AB1",)), ASKED),
    (
        "the same plate a day apart, at midnight",
        accident(later(1), "00:20", at=None, plates=("AB1",)),
        filing(person=B, plates=("AB1",)),
        (20, 1),
    ),
    ("the same plate and person a day apart", filing(plates=("AB1",)), filing(day=later(1), plates=("AB1",)), (20, 1)),
    ("a plate of two vehicles", accident(plates=("AB1234",), at=None), filing(person=B, plates=("AB1234",)), ASKED),
    ("a placeholder", accident(plates=("AAA0000",), at=None), filing(person=B, plates=("AAA0000",)), None),
    (
        "a plate with one slip",
        accident(plates=("ABC1234",), at=None),
        filing(person=B, plates=("ABC1243",)),
        ASKED,
    ),
    (
        "a plate with one slip at the same crossing",
        accident(plates=("ABC1234",), roads=("r", "s"), at=None),
        evidence(
            "application", persons=(A,), plates=("ABC123",), accident=accident(roads=("r", "s"), at=None).accident
        ),
        (30, 0),
    ),
    ("two slips", accident(plates=("ABC1234",), at=None), filing(person=B, plates=("ABD1235",)), None),
    ("the same plate two days apart", filing(plates=("AB1",)), filing(person=B, day=later(2), plates=("AB1",)), None),
    (
        "the same plate, hours apart",
        accident(plates=("AB1",), time="08:00", at=None),
        accident(plates=("AB1",), time="09:01", at=None),
        ASKED,
    ),
    ("the same plate, no day", filing(person=A, day=None, plates=("AB1",)), filing(person=B, plates=("AB1",)), None),
    ("the same person on the day", accident(persons=(A,), at=None), filing(), (25, 0)),
    ("the same person two days apart", accident(persons=(A,), at=None), filing(day=later(2)), None),
    (
        "a filing names the hospital and a day of the stay",
        document(start=DAY, end=later(5)),
        filing(loss=medical(date=later(6))),
        (22, 0),
    ),
    ("… after the stay", document(start=DAY, end=later(5)), filing(loss=medical(date=later(7))), None),
    ("… before the stay", document(start=later(2)), filing(loss=medical(date=DAY)), None),
    ("… another hospital", document(), filing(loss=medical("H2", date=DAY)), None),
    ("two filings name hospital and day", filing(loss=medical(date=DAY)), filing(loss=medical(date=later(1))), (24, 1)),
    ("… days apart", filing(loss=medical(date=DAY)), filing(loss=medical(date=later(2))), None),
    ("an injury treated after", document(start=later(5), injury=True), filing(), (40, 5)),
    ("an illness treated after", document(start=later(9), injury=False), filing(), None),
    ("treated before", document(start=later(-1), injury=True), filing(), None),
    ("an injury, last day", document(start=later(INJURY_DAYS), injury=True), filing(), (40, INJURY_DAYS)),
    ("an injury, too late", document(start=later(INJURY_DAYS + 1), injury=True), filing(), ASKED),
    ("an injury, much too late", document(start=later(INJURY_REVIEW_DAYS + 1), injury=True), filing(), None),
    ("uncoded, on the very day", document(start=DAY), filing(), (40, 0)),
    ("uncoded, the next day: an illness is as likely", document(start=later(1)), filing(), ASKED),
    ("uncoded, much too late", document(start=later(UNCODED_REVIEW_DAYS + 1)), filing(), None),
    ("told of another accident", document(start=later(9), injury=True, accident_date=later(8)), filing(), None),
    ("told of this accident", document(start=later(9), injury=True, accident_date=DAY), filing(), (25, 0)),
    ("two documents of a person", document(), document(start=later(1)), None),
    ("the same place and minute", accident(), accident(), (45, 0)),
    ("the same place, within the hour", accident(), accident(time="12:59"), ASKED),
    ("the same place, minutes apart", accident(), accident(time="12:06"), ASKED),
    (
        "the same crossing on two nights, by the police and their open data: neither mistakes the day",
        accident(accident=seen("23:58")),
        accident(accident=seen("23:57").model_copy(update={"date": later(1)}), open_data=True),
        None,
    ),
    (
        "the same place, minutes apart, the same parties and toll",
        accident(accident=seen("12:00")),
        accident(accident=seen("12:06")),
        (45, 6),
    ),
    ("… another number of parties", accident(accident=seen("12:00")), accident(accident=seen("12:06", "bus")), ASKED),
    ("the same place, later", accident(), accident(time="13:01"), None),
    ("the same place, a time unknown", accident(), accident(time=None), ASKED),
    ("the next cell", accident(), accident(at=(121.5451, 25.0331)), (45, 0)),
    ("two cells on", accident(), accident(at=(121.5471, 25.0331)), None),
    ("the same place on another day", accident(), accident(later(1)), None),
    (
        "one place, other vehicles",
        accident(plates=("AB1", "CD2")),
        accident(plates=("EF3",)),
        None,
    ),
    ("one place, a vehicle in common", accident(plates=("AB1",)), accident(plates=("AB1", "CD2")), (20, 0)),
    (
        "one place, two numbers of one unit",
        accident(numbers=(number(NumberType.POLICE_CASE, "A1", "unit"),)),
        accident(numbers=(number(NumberType.POLICE_CASE, "A2", "unit"),)),
        None,
    ),
    (
        "one place, numbers of two units",
        accident(numbers=(number(NumberType.POLICE_CASE, "A1", "unit"),)),
        accident(issuer="other", numbers=(number(NumberType.POLICE_CASE, "B1", "other"),)),
        (45, 0),
    ),
    (
        "the same crossing",
        accident(at=None, roads=("r", "s")),
        accident(at=None, time="12:01", roads=("r", "s")),
        ASKED,
    ),
    ("one of two roads", accident(at=None, roads=("r", "s")), accident(at=None, roads=("r", "t")), ASKED),
    ("a road alone", accident(at=None, roads=("r", "s")), accident(at=None, time="12:15", roads=("r",)), ASKED),
    ("a road alone, later", accident(at=None, roads=("r", "s")), accident(at=None, time="12:16", roads=("r",)), None),
    ("roads told by one, a point by the other", accident(roads=("r",)), accident(at=None, roads=("r",)), ASKED),
    ("a road in common, points apart", accident(roads=("r",)), accident(at=(121.6, 25.0), roads=("r",)), None),
    ("a number contradicted", numbered("A1", persons=(B,)), numbered("A1", accident=accident(at=None).accident), ASKED),
    ("… by plates, too", numbered("A1", plates=("AB1",), persons=(B,)), numbered("A1", plates=("CD2",)), None),
    ("a number and a plate", numbered("A1", plates=("AB1",), persons=(B,)), numbered("A1", plates=("AB1",)), (10, 0)),
    ("a number on another day", numbered("A1"), numbered("A1", loss=motor(day=later(3))), ASKED),
    ("the same injury again", hurt(0, "S52"), hurt(60, "S52"), (42, 60)),
    ("another injury", hurt(0, "S52"), hurt(60, "S06"), None),
    ("the same injury at another hospital", hurt(0, "S52"), hurt(60, "S52", hospital="H2"), (44, 60)),
    ("… long after", hurt(0, "S52"), hurt(TRANSFER_DAYS + 1, "S52", hospital="H2"), ASKED),
    ("the same injury, years later", hurt(0, "S52"), hurt(INJURY_REVIEW_DAYS + 1, "S52"), None),
    ("two of an agency", accident(open_data=True, parts=("p",)), accident(open_data=True, parts=("q",)), None),
    ("open data at the place", accident(plates=("AB1",)), accident(open_data=True), (45, 0)),
]


@pytest.mark.parametrize(("what", "one", "other", "link"), CASES, ids=[case[0] for case in CASES])
def test_two_records(what: str, one: Evidence, other: Evidence, link: tuple[int, int] | str | None) -> None:
    assert linked(one, other) == link


def crowded(nodes: list[Node]) -> Crowds:
    under = {hash: key for one in nodes for hash, key in one.own.items()}
    return crowds(under, Counter(hash for one in nodes for hash in one.own))


def cases(nodes: list[Node]) -> list[set[str]]:
    return [{one.lineage for one in part.nodes} for part in assemble(nodes, links_between(nodes, crowded(nodes)), [])]


def test_a_taxis_plate_over_the_years_joins_each_accident_and_no_two() -> None:
    days = [later(3 * at) for at in range(CROWDED)]
    nodes = [node(f"a{day}", Kind.ACCIDENT, accident(day, plates=("AB1",), at=None)) for day in days]
    nodes += [node(f"f{day}", Kind.APPLICATION, filing(day=day, person=B, plates=("AB1",))) for day in days]
    nodes = [replace(one, own={hash: key for hash, key in one.own.items() if key != Key.PERSON}) for one in nodes]
    assert len(crowded(nodes).closed) == 1, "the plate alone"
    assert sorted(map(sorted, cases(nodes))) == [[f"a{day}", f"f{day}"] for day in sorted(days)]


@pytest.mark.parametrize("by_number", [False, True], ids=["plate and day", "police case number"])
@pytest.mark.parametrize("known", [False, True], ids=["no police record", "police record"])
def test_of_a_large_accident_each_is_judged_with_the_police_record_or_the_oldest(
    by_number: bool, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = (number(NumberType.POLICE_CASE, "N1", "unit"),)
    common = {"numbers": numbers} if by_number else {"plates": ("BUS001",), "loss": motor("BUS001")}
    judged: list[int] = []
    monkeypatch.setattr(assembling, "judge", lambda *given: judged.append(1) or judge(*given))
    costs = []
    for count in (100, 200):
        nodes = [node(f"p{at:03}", Kind.PAPER, evidence("scene-photo", **common)) for at in range(count)]
        police = accident(plates=("BUS001",), numbers=numbers, issued="2025-12-01T00:00:00Z")
        nodes += [node("police", Kind.ACCIDENT, police)] if known else []
        for order in (nodes, nodes[::-1], random.Random(count).sample(nodes, len(nodes))):
            judged.clear()
            assert cases(order) == [{one.lineage for one in nodes}]
            costs.append(len(judged) / len(nodes))
    assert max(costs) <= 3, "the cost grows with the pairs"


def test_a_large_accident_without_a_police_record_stands_beside_another_that_day() -> None:
    """And a record that fits neither takes nothing away from them, however old it is."""
    told = {"plates": ("AB1234",), "loss": motor("AB1234")}
    nodes = [
        node(f"f{at}", Kind.APPLICATION, filing(person=f"P{at}", accident=seen("18:00"), **told)) for at in range(70)
    ]
    old = filing(person=B, accident=seen("20:30"), issued="2020-01-01T00:00:00Z", **told)
    nodes += [node("old", Kind.APPLICATION, old), node("police", Kind.ACCIDENT, accident(time="08:00", **told))]
    assert sorted(map(len, cases(nodes))) == [1, 1, 70]


def test_two_units_with_one_number_are_two_large_accidents() -> None:
    def photos(unit: str) -> list[Node]:
        numbers = (number(NumberType.POLICE_CASE, "N1", unit),)
        return [node(f"{unit}{at}", Kind.PAPER, evidence("scene-photo", numbers=numbers)) for at in range(70)]

    assert sorted(map(len, cases([*photos("one"), *photos("two")]))) == [70, 70]


def test_what_too_many_share_for_any_accident_links_nothing() -> None:
    told = evidence("scene-photo", numbers=(number(NumberType.POLICE_CASE, "0"),))
    one = node("a", Kind.PAPER, told)
    (hash,) = [hash for hash, key in one.own.items() if key == Key.POLICE_CASE]
    assert crowds(one.own, {hash: VAST}) == Crowds(starred=frozenset({hash}))
    assert crowds(one.own, {hash: VAST + 1}) == Crowds(closed=frozenset({hash}))
    assert not links_between([one, node("b", Kind.PAPER, told)], Crowds(closed=frozenset({hash})))


def test_the_strongest_of_several_reasons_is_told() -> None:
    one = accident(plates=("AB1",), persons=(A,), parts=("p",))
    assert linked(one, one) == (0, 0)


def test_shared_keys_without_a_rule_give_no_link() -> None:
    assert judge(node("a", Kind.PAPER, evidence()), node("b", Kind.PAPER, evidence()), {Key.PLACE, Key.PLATE}) is None


@pytest.mark.parametrize(
    ("kind", "told", "opens"),
    [
        (Kind.APPLICATION, filing(), True),
        (Kind.DOCUMENT, document(), True),
        (Kind.PAPER, evidence("receipt"), True),
        (Kind.ACCIDENT, accident(), True),
        (Kind.ACCIDENT, accident(open_data=True), False),
        (Kind.AUTHORISATION, evidence("authorisation"), False),
    ],
)
def test_what_opens_a_case(kind: Kind, told: Evidence, opens: bool) -> None:
    assert node("a", kind, told).opens is opens


def test_a_night_accident_is_minutes_apart_over_midnight() -> None:
    assert minutes_apart(accident(time="23:50"), accident(later(1), time="00:10")) == 20
    assert minutes_apart(accident(time=None), accident()) is None


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (accident(), filing(day=later(1)), False),
        (accident(), filing(day=later(2)), True),
        (accident(), document(), False),
        (accident(time="10:00"), accident(time="11:01"), True),
        (accident(plates=("AB1",)), accident(plates=("CD2",)), True),
        (accident(plates=("AB1",)), filing(plates=("CD2",)), False),
    ],
)
def test_what_cannot_stand_in_one_case(one: Evidence, other: Evidence, why: bool) -> None:
    assert bool(disagreement(one, other)) is why
    assert disagreement(one, other) == disagreement(other, one)


@given(st.text("AB12", min_size=5, max_size=7), st.text("AB12", min_size=5, max_size=7))
def test_plates_with_one_slip_are_found(one: str, other: str) -> None:
    assert one_slip(one, other) == one_slip(other, one)
    if one_slip(one, other):
        assert {one, *shortened(one)} & {other, *shortened(other)}, "the keys would not find what the rule calls near"


def test_the_day_of_a_loss() -> None:
    assert loss_day(document(accident_date=DAY)) == date.fromisoformat(DAY)
    assert loss_day(document()) is None
    assert loss_day(filing(loss=medical(date=DAY))) is None


some_days = st.integers(-3, 3).map(later)
some: dict[str, st.SearchStrategy[Any]] = {
    "accident": st.builds(
        accident,
        some_days,
        st.sampled_from((None, "00:05", "12:00", "12:40", "23:55")),
        st.sampled_from((None, (121.5431, 25.0331), (121.5451, 25.0331))),
        plates=st.sampled_from(((), ("AB1",), ("CD2",), ("AB1", "CD2"))),
        persons=st.sampled_from(((), (A,), (A, B))),
        open_data=st.booleans(),
    ),
    "document": st.builds(
        document, st.sampled_from((A, B)), some_days, injury=st.sampled_from((None, True, False)),
        accident_date=st.none() | some_days,
    ),
    "filing": st.builds(
        filing, person=st.sampled_from((A, B)), plates=st.sampled_from(((), ("AB1",))),
        loss=st.sampled_from((motor(), motor(day=later(2)), medical(date=DAY), medical("H2", date=DAY))),
    ),
}  # fmt: skip
anything = st.one_of(*some.values())


@given(anything, anything)
def test_judging_is_symmetric_and_links_only_what_may_stand_together(one: Evidence, other: Evidence) -> None:
    link = linked(one, other)
    assert link == linked(other, one)
    first, second = loss_day(one), loss_day(other)
    if isinstance(link, tuple) and link[0] > 0 and first and second:
        assert abs((first - second).days) <= DATE_SLACK_DAYS
