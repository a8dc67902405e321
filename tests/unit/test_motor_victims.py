"""From a police report to vehicles, victims and who owes them."""

from datetime import date

import pytest

from adapters.police.codebook import CodeSystem, Item, codes, equivalent, of_code
from adapters.police.labels import kind
from adapters.police.own_json import read_party
from adapters.police.report import AccidentReport, Person, ReportParty, Source
from services.motor.owing import FUND, Insured, Role, Vehicle, Victim, owing
from services.motor.victims import Harmed, contradicted, vehicles, victims

NEW, OLD = CodeSystem.FORM_112, CodeSystem.FORM_96
X, Y = "82916473", "95753514"


def party(
    order: int,
    kind: str | None,
    plate: str | None = None,
    *,
    system: CodeSystem | None = NEW,
    person: str = "",
    injury: str | None = None,
    **codes: str,
) -> ReportParty:
    items = {Item(name): of_code(Item(name), system, code) for name, code in codes.items()}
    return ReportParty(
        order,
        kind,
        {item: coded for item, coded in items.items() if coded},
        plate=plate,
        person=Person(person, "測試人") if person else None,
        injury=injury,
    )


def report(*parties: ReportParty) -> AccidentReport:
    return AccidentReport(Source.JSON, "1", "2025-09-03", "12:00:00", "", "A2", 0, 0, {}, parties)


def register(plate: str) -> tuple[Insured, str]:
    return {"AAA1111": (Insured.YES, X), "BBB2222": (Insured.YES, Y), "CCC3333": (Insured.NO, "")}[plate]


def test_two_cars_their_people_and_a_pedestrian() -> None:
    told = report(
        party(1, "car", "AAA1111", partyType="B03", injuryLevel="2"),
        party(2, "motorcycle", "CCC3333", partyType="C03", injuryLevel="3"),
        party(3, "passenger", partyType="H02", injuryLevel="1"),
        party(4, "pedestrian", partyType="H01", injuryLevel="5"),
        party(5, "bicycle", partyType="F01", injuryLevel="2"),
        party(6, "car", "BBB2222", injuryLevel="4"),
        party(7, None),
    )
    cars = vehicles(told, register)
    assert cars == (
        Vehicle("1", Insured.YES, X),
        Vehicle("2", Insured.NO),
        Vehicle("6", Insured.YES, Y),
    )
    harmed = victims(told)
    assert harmed == (
        Harmed(1, Victim(Role.DRIVER, "1"), died=False),
        Harmed(3, Victim(Role.PASSENGER), died=True),
        Harmed(4, Victim(Role.OUTSIDER), died=True),
        Harmed(5, Victim(Role.OUTSIDER), died=False),
    )
    owed = [owing(date(2025, 9, 3), one.victim, cars) for one in harmed]
    assert [[debtor.payer for debtor in one.debtors] for one in owed if one] == [
        [FUND, Y],
        [X, FUND, Y],
        [X, FUND, Y],
        [X, FUND, Y],
    ]


@pytest.mark.parametrize(
    ("code", "system", "motor"),
    [
        ("D03", NEW, True),
        ("E01", NEW, True),
        ("F03", NEW, True),  # micro electric two-wheeler, G0390060 art. 5-1
        ("F01", NEW, False),
        ("F02", NEW, False),
        ("F07", NEW, False),
        ("G03", NEW, True),
        ("G05", NEW, False),
        ("G07", NEW, False),
        ("H04", NEW, False),
        ("B03", OLD, True),
        ("H01", OLD, False),
    ],
)
def test_what_is_a_vehicle_of_the_act(code: str, system: CodeSystem, motor: bool) -> None:
    found = vehicles(report(party(1, "other", partyType=code, system=system)), register)
    assert found == ((Vehicle("1", Insured.NOT_KNOWN),) if motor else ())


@pytest.mark.parametrize("system", CodeSystem)
def test_a_code_is_the_same_party_in_every_system(system: CodeSystem) -> None:
    for code in codes(Item.PARTY_TYPE, system):
        assert equivalent(Item.PARTY_TYPE, system, code, NEW) == code


@pytest.mark.parametrize(
    ("kind", "plate", "motor"),
    [
        ("truck", None, True),
        ("other", None, False),
        ("other", "AAA1111", True),
        ("bicycle", None, False),
        (None, None, False),
    ],
)
def test_without_a_code_the_kind_says(kind: str | None, plate: str | None, motor: bool) -> None:
    assert bool(vehicles(report(party(1, kind, plate)), register)) == motor


def test_a_party_that_fled_and_was_not_found_is_untraceable() -> None:
    told = report(party(1, "other", sex="4", injuryLevel="4"), party(2, "motorcycle", "AAA1111", injuryLevel="2"))
    cars = vehicles(told, register)
    assert cars == (Vehicle("1", Insured.UNTRACEABLE), Vehicle("2", Insured.YES, X))
    owed = owing(date(2025, 9, 3), victims(told)[0].victim, cars)
    assert owed and [debtor.payer for debtor in owed.debtors] == [FUND]
    found = report(party(1, "car", "BBB2222", sex="4"))
    assert vehicles(found, register) == (Vehicle("1", Insured.YES, Y),), "a plate is a trace"


def test_our_own_json_tells_harm_in_words_and_a_code_tells_more() -> None:
    told = report(
        party(1, "car", "AAA1111", injury="injured"),
        party(2, "pedestrian", injury="death"),
        party(3, "pedestrian", injury="none"),
        party(4, "pedestrian", injury="unknown", injuryLevel="5"),
        party(5, "pedestrian", injury="injured", injuryLevel="4"),
    )
    assert [(one.order, one.died) for one in victims(told)] == [(1, False), (2, True), (4, True), (5, False)]


UNKNOWN = [("Z9", NEW), ("H01", CodeSystem.TAICHUNG_OLD), ("H01", None), ("A99", NEW), ("行人", NEW)]


@pytest.mark.parametrize(("code", "system"), UNKNOWN)
def test_a_code_of_no_table_changes_nothing_of_who_owes(code: str, system: CodeSystem | None) -> None:
    told = report(
        party(1, "car", "AAA1111", injury="injured", partyType=code, system=system),
        party(2, "car", "BBB2222", injury="injured"),
    )
    cars, harmed = vehicles(told, register), victims(told)
    assert cars == (Vehicle("1", Insured.YES, X), Vehicle("2", Insured.YES, Y))
    assert [one.victim for one in harmed] == [Victim(Role.DRIVER, "1"), Victim(Role.DRIVER, "2")]
    owed = [owing(date(2025, 9, 3), one.victim, cars) for one in harmed]
    assert [[debtor.payer for debtor in one.debtors] for one in owed if one] == [[Y], [X]]
    assert vehicles(report(party(1, "pedestrian", partyType="B99")), register) == ()
    assert not contradicted(told.parties[0])


@pytest.mark.parametrize(
    ("level", "system"), [("9", NEW), ("3", CodeSystem.TAICHUNG_OLD), ("3", None), ("受傷", NEW), ("8", OLD)]
)
def test_a_level_of_injury_of_no_table_loses_no_victim(level: str, system: CodeSystem | None) -> None:
    told = report(
        party(1, "pedestrian", injury="injured", injuryLevel=level, system=system),
        party(2, "pedestrian", injury="none", injuryLevel="1", system=CodeSystem.TAICHUNG_OLD),
    )
    assert victims(told) == (Harmed(1, Victim(Role.OUTSIDER), died=False),)
    assert not contradicted(told.parties[0])


def test_nobody_fled_by_a_code_of_no_table() -> None:
    told = report(party(1, "other", sex="4", system=CodeSystem.TAICHUNG_OLD), party(2, "other", sex="4", system=None))
    assert vehicles(told, register) == ()


def test_where_word_and_code_contradict_no_vehicle_and_no_victim_is_lost() -> None:
    told = report(
        party(1, "car", "AAA1111", injury="injured", partyType="H01"),
        party(2, "car", "BBB2222", injury="injured", injuryLevel="3"),
        party(3, "pedestrian", injury="none", injuryLevel="2"),
        party(4, "bicycle", injury="injured", injuryLevel="1"),
        party(5, "passenger", injury="none", partyType="B03"),
    )
    assert vehicles(told, register) == (
        Vehicle("1", Insured.YES, X),
        Vehicle("2", Insured.YES, Y),
        Vehicle("5", Insured.NOT_KNOWN),
    )
    assert victims(told) == (
        Harmed(1, Victim(Role.DRIVER, "1"), died=False),
        Harmed(2, Victim(Role.DRIVER, "2"), died=False),
        Harmed(3, Victim(Role.OUTSIDER), died=False),
        Harmed(4, Victim(Role.OUTSIDER), died=True),
    )
    level, kind = Item.INJURY, Item.PARTY_TYPE
    assert [contradicted(one) for one in told.parties] == [[kind], [level], [level], [level], [kind]]


@pytest.mark.parametrize(
    ("kind", "code"),
    [("other", "B03"), ("other", "H01"), ("bicycle", "F03"), ("motorcycle", "F03"), ("truck", "B03"), ("car", "B11")],
)
def test_what_tells_more_contradicts_nothing(kind: str, code: str) -> None:
    assert not contradicted(party(1, kind, partyType=code, injury="unknown", injuryLevel="2"))


@pytest.mark.parametrize("code", codes(Item.PARTY_TYPE, NEW))
def test_the_kind_that_an_export_gives_a_code_contradicts_it_nowhere(code: str) -> None:
    major, _, minor = codes(Item.PARTY_TYPE, NEW)[code].partition("/")
    assert not contradicted(party(1, kind(major, minor), partyType=code))


def test_whoever_sat_beside_the_driver_has_no_vehicle_of_her_own() -> None:
    """Her unit may write the vehicle in which she sat as hers: by role she was aboard, and by plate the vehicle is one."""
    beside = {"order": 2, "kind": "car", "role": "passenger", "plate": "AAA-1111", "injury": "injured"}
    told = report(
        party(1, "car", "AAA1111", injury="none"),
        read_party(beside, None),
        party(3, "car", "aaa-1111", injury="injured"),
        party(4, "motorcycle", "BBB2222", injury="injured"),
        party(5, "car", "-", injury="none"),
        party(6, "car", "-", injury="none"),
        read_party({"order": 7, "kind": "car", "role": "passenger", "injury": "injured"}, None),
    )
    known = {"AAA1111": (Insured.YES, X), "BBB2222": (Insured.YES, Y), "-": (Insured.NOT_KNOWN, "")}
    assert [(one.id, one.insurer) for one in vehicles(told, known.__getitem__)] == [
        ("1", X),
        ("4", Y),
        ("5", ""),
        ("6", ""),
    ]
    assert victims(told) == (
        Harmed(2, Victim(Role.PASSENGER), False),
        Harmed(3, Victim(Role.PASSENGER), False),
        Harmed(4, Victim(Role.DRIVER, "4"), False),
        Harmed(7, Victim(Role.PASSENGER), False),
    )


def test_a_plate_that_stands_with_the_passenger_alone_is_a_vehicle_unless_a_driver_lacks_his() -> None:
    passenger = party(1, "passenger", "AAA-1111", injury="injured")
    known = {"AAA-1111": (Insured.YES, X), "BBB2222": (Insured.YES, Y)}.__getitem__
    told = report(passenger, party(2, "car", "BBB2222", injury="none"))
    assert [(one.id, one.insurer) for one in vehicles(told, known)] == [("1", X), ("2", Y)]
    assert victims(told) == (Harmed(1, Victim(Role.PASSENGER), False),)
    told = report(passenger, party(2, "car", injury="none"))
    assert [(one.id, one.insured) for one in vehicles(told, known)] == [("2", Insured.NOT_KNOWN)]


@pytest.mark.parametrize("written", ["N/A", "00", "0000", "UNKNOWN", "無"])
def test_what_stands_instead_of_a_plate_makes_no_two_vehicles_one(written: str) -> None:
    told = report(party(1, "car", written, injury="none"), party(2, "car", written, injury="injured"))
    assert [one.id for one in vehicles(told, lambda _: (Insured.NOT_KNOWN, ""))] == ["1", "2"]
    assert victims(told) == (Harmed(2, Victim(Role.DRIVER, "2"), False),)


def test_what_fled_on_foot_is_no_vehicle_and_a_micro_two_wheeler_is_not_known() -> None:
    told = report(
        party(1, "pedestrian", sex="4"),
        party(2, "bicycle", sex="4"),
        party(3, "motorcycle", "CCC3333", partyType="F03"),
    )
    assert vehicles(told, register) == (Vehicle("3", Insured.NOT_KNOWN),)
