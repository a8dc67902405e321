"""An accident in police JSON: what is refused, what is only odd, and the view of it."""

import copy
import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.evidence import Number, NumberType, Party, Standing, VehicleStanding
from schemas.json import load
from schemas.problems import errors
from schemas.records import Kind, Record, Role
from services.validation import accident

RECEIVED = "2026-09-20T02:00:00.000000Z"


def example() -> dict:
    return copy.deepcopy(load("accident")["examples"][0])


def check(value: object, media_type: str = "application/json"):
    body = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    record = Record(
        id="0" * 32,
        attempt=1,
        kind=Kind.ACCIDENT,
        sender="387130000C",
        role=Role.POLICE,
        method="POST",
        path="/police/accidents",
        sha256=sha256(body).hexdigest(),
        size=len(body),
        media_type=media_type,
        received=RECEIVED,
    )
    return accident.check(record, body, None)


def changed(change):
    value = example()
    change(value)
    return check(value)


def without_people(value: dict) -> None:
    for party in value["parties"]:
        party.pop("plate")
        party.pop("person")


def test_the_view_of_an_accident():
    finding = check(example())
    content = finding.content
    assert finding.problems == () and finding.children == ()
    assert (content.paper, content.identity, content.version) == ("accident", "1140903-0042", "000000000001")
    assert (content.issued, content.issuer, content.standing) == (
        "2025-09-03T00:15:00.000000Z",
        "387130000C",
        Standing.CURRENT,
    )
    assert content.persons == ("A123456789", "B223456782") and content.plates == ("ABC1234", "MNP5678")
    assert content.numbers == (Number(type=NumberType.POLICE_CASE, value="A114090342", issuer="387130000C"),)
    assert (content.accident.date, content.accident.time) == ("2025-09-03", "08:15")
    assert content.accident.roads == ("中央區和風路2段", "中央區松濤街")
    vehicle = VehicleStanding.REGISTER
    assert content.accident.parties[1] == Party(
        person="B223456782", plate="MNP5678", kind="motorcycle", injured=True, vehicle=vehicle
    )
    assert content.content == '["ACCIDENT","2025-09-03","08:15","120.6521,24.1612",["CAR","MOTORCYCLE"],"A114090342"]'
    assert content.parts == ('["ACCIDENT","2025-09-03","08:15","120.6521,24.1612",["CAR","MOTORCYCLE"]]',)
    assert not content.open_data


def test_time_is_taiwans_whatever_zone_is_written():
    content = changed(lambda value: value.update(occurredAt="2025-09-02T20:15:00.5-04:00")).content
    assert (content.accident.date, content.accident.time) == ("2025-09-03", "08:15")
    late = changed(lambda value: value.update(occurredAt="2025-09-02T17:00:00Z")).content
    assert (late.accident.date, late.accident.time) == ("2025-09-03", "01:00")


def test_without_plate_and_person_it_is_open_data():
    assert changed(without_people).content.open_data
    assert not changed(lambda value: [party.pop("plate") for party in value["parties"]]).content.open_data
    assert not changed(lambda value: [party.pop("person") for party in value["parties"]]).content.open_data


def test_a_withdrawn_accident():
    assert changed(lambda value: value.update(status="entered-in-error")).content.standing == Standing.WITHDRAWN
    assert changed(lambda value: value.update(status="current")).content.standing == Standing.CURRENT


def test_writing_makes_no_difference_to_the_view():
    def full_width(value):
        value["parties"][0]["plate"] = "ａｂｃ 1234"
        value["parties"][0]["person"]["identifier"] = "ａ１２３４５６７８９"
        value["caseNumber"] = " a114090342"

    content = changed(full_width).content
    plain = check(example()).content
    assert (content.plates, content.persons, content.numbers) == (plain.plates, plain.persons, plain.numbers)


def test_without_coordinates_the_place_text_makes_the_fingerprint():
    def nowhere(value):
        value["place"] = {"text": "雲澤市 中央區和風路"}

    assert '"雲澤市中央區和風路"' in changed(nowhere).content.content


def test_a_unit_without_case_numbers_gives_none():
    content = changed(lambda value: value.pop("caseNumber")).content
    assert content.numbers == () and content.parts == check(example()).content.parts


@pytest.mark.parametrize(
    ("change", "is_one"),
    [
        (lambda value: value.update(id="another"), True),
        (lambda value: value.update(id="another", caseNumber="A999"), False),
        (lambda value: [party.pop("plate", None) for party in value["parties"]], True),
    ],
)
def test_two_accidents_of_one_minute_at_one_junction_are_told_apart_by_the_units_number(change, is_one):
    before, after = check(example()).content, changed(change).content
    assert (after.content == before.content) is is_one
    assert after.parts == before.parts, "another sender's record of it is a copy all the same"


def test_without_a_number_their_plates_tell_them_apart():
    def numberless(value):
        del value["caseNumber"]

    def with_another_plate(value):
        numberless(value)
        value["parties"][0]["plate"] = "XYZ-0001"

    assert changed(numberless).content.content != changed(with_another_plate).content.content


def test_parties_who_settled_themselves_are_class_a4():
    def settled(value):
        value.update(severity="A4", injuries=0)
        value["parties"][1]["injury"] = "none"

    finding = changed(settled)
    assert finding.problems == () and finding.content.accident.severity == "A4"
    assert [one.code for one in changed(lambda v: v.update(severity="A4")).problems] == ["accident-severity-differs"]


@pytest.mark.parametrize(
    ("system", "item", "code", "codes"),
    [
        ("npa-112.07.01", "action", "09", []),
        ("npa-112.07.01", "action", "9", []),
        ("npa-112.07.01", "action", "99", ["accident-code-unknown"]),
        ("npa-112.07.01", "action", "前進", ["accident-code-unknown"]),
        ("npa-112.07.01", "firstImpact", "17", []),
        ("npa-96.09.09", "firstImpact", "17", ["accident-code-unknown"]),
        ("npa-112.07.01", "tripPurpose", "1", []),  # an item that this form does not have
        ("taichung-112", "action", "99", []),
        ("taichung-old", "cause", "99", []),
    ],
)
def test_a_code_of_another_form_is_kept_with_a_warning(system, item, code, codes):
    def coded(value):
        value.update(codeSystem=system)
        for name in ("roadType", "accidentType"):
            value.pop(name)
        for party in value["parties"]:
            party.pop("cause")
        value["parties"][1][item] = code

    finding = changed(coded)
    assert [(one.code, one.path) for one in finding.problems] == [(one, f"parties[1].{item}") for one in codes]
    assert finding.content is not None


def test_an_unknown_code_of_the_scene_is_named():
    finding = changed(lambda value: value.update(weather="祕密77"))
    assert [(one.code, one.path, one.pointer) for one in finding.problems] == [
        ("accident-code-unknown", "weather", "/weather")
    ]
    assert "祕密" not in finding.problems[0].model_dump_json()


@pytest.mark.parametrize(
    ("system", "party", "told"),
    [
        ("npa-112.07.01", {"partyType": "H01"}, [("accident-code-contradicts", "parties[1].partyType", "kind")]),
        ("npa-112.07.01", {"injuryLevel": "3"}, [("accident-code-contradicts", "parties[1].injuryLevel", "injury")]),
        ("taichung-112", {"injuryLevel": "1"}, [("accident-code-contradicts", "parties[1].injuryLevel", "injury")]),
        ("taichung-old", {"injuryLevel": "3", "partyType": "H01"}, []),  # of no table: they say nothing
        ("npa-112.07.01", {"partyType": "F03", "injuryLevel": "4"}, []),
    ],
)
def test_a_code_against_the_word_beside_it_is_told(system, party, told):
    finding = changed(lambda value: (value.update(codeSystem=system), value["parties"][1].update(party)))
    found = [one for one in finding.problems if one.code != "accident-code-unknown"]
    assert [(one.code, one.path) for one in found] == [one[:2] for one in told]
    assert all(
        field in one.fix and field in one.text and field in one.textEn
        for one, (_, _, field) in zip(found, told, strict=True)
    )
    assert finding.content is not None, "a warning: nothing is lost"


@pytest.mark.parametrize("code", ["Z9", "H01"])
def test_the_vehicle_of_a_contradicted_or_unknown_code_stands_in_the_evidence(code):
    content = changed(lambda value: value["parties"][1].update(partyType=code)).content
    assert content.accident.parties[1].vehicle == VehicleStanding.REGISTER


FAULTS = [
    (lambda v: v["unit"].update(code="379130000C"), "foreign-author", "unit.code", True),
    (lambda v: v["parties"][1].update(order=1), "accident-order-repeated", "parties[1].order", True),
    (lambda v: v.update(occurredAt="0114-09-03T08:15:00+08:00"), "accident-date-range", "occurredAt", True),
    (lambda v: v.update(occurredAt="9999-12-31T23:59:59Z"), "accident-date-range", "occurredAt", True),
    (lambda v: v.update(severity="A5"), "schema", "severity", True),
    (lambda v: v.update(occurredAt="2026-09-20T10:00:01+08:00"), "accident-in-future", "occurredAt", False),
    (lambda v: v["place"].update(longitude=24.1, latitude=120.6), "accident-coordinates-swapped", "place", False),
    (lambda v: v["place"].update(longitude=111, latitude=11), "accident-coordinates-outside", "place", False),
    (lambda v: v["place"].update(longitude=10**300, latitude=1), "accident-coordinates-outside", "place", False),
    (lambda v: v["parties"][0].update(injury="death"), "accident-casualties-differ", "deaths", False),
    (lambda v: v["parties"][0].update(injury="injured"), "accident-casualties-differ", "injuries", False),
    (lambda v: v.update(severity="A1"), "accident-severity-differs", "severity", False),
    (lambda v: v.update(severity="A3"), "accident-severity-differs", "severity", False),
    (
        lambda v: v["parties"][0]["person"].update(identifier="A123456788"),
        "accident-person-identifier",
        "parties[0].person.identifier",
        False,
    ),
    (
        lambda v: [v.pop(name) for name in ("codeSystem", "weather", "roadType", "accidentType")],
        "accident-code-system",
        "parties[0].cause",
        False,
    ),
]


@pytest.mark.parametrize(("change", "code", "path", "refused"), FAULTS)
def test_what_is_wrong_and_what_is_only_odd(change, code, path, refused):
    finding = changed(change)
    assert [(one.code, one.path) for one in finding.problems] == [(code, path)]
    assert (finding.content is None) == refused


@pytest.mark.parametrize("identifier", ["AC01234567", "A800000014", "P1234567", "30512345X9", "XYZ-998877"])
def test_permits_and_passports_are_no_problem(identifier):
    finding = changed(lambda value: value["parties"][0]["person"].update(identifier=identifier))
    assert finding.problems == ()


def test_swapped_coordinates_are_put_right_and_foreign_ones_left_out():
    swapped = changed(lambda value: value["place"].update(longitude=24.1612, latitude=120.6521)).content
    assert swapped.content == check(example()).content.content
    foreign = changed(lambda value: value["place"].update(longitude=111, latitude=11)).content
    assert (foreign.accident.longitude, foreign.accident.latitude) == (None, None)


def test_all_problems_come_at_once_in_path_order():
    def spoil(value):
        value["unit"]["code"] = "379130000C"
        value["severity"] = "A3"
        value["occurredAt"] = "2026-12-01T00:00:00Z"
        value["place"].update(longitude=1, latitude=1)
        value["parties"][1]["order"] = 1
        value["parties"][1]["person"]["identifier"] = "B223456783"

    assert [one.path for one in changed(spoil).problems] == [
        "occurredAt",
        "parties[1].order",
        "parties[1].person.identifier",
        "place",
        "severity",
        "unit.code",
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"{", "json-invalid"), (b'{"id":1,"id":2}', "json-duplicate-key"), (b"\xff", "not-utf8"), (b"[]", "schema")],
)
def test_what_is_no_accident_at_all(body, code):
    finding = check(body)
    assert finding.content is None and finding.problems[0].code == code


def test_the_media_type_may_carry_parameters():
    assert check(example(), "application/json; charset=utf-8").content is not None
    assert check(example(), "Text/CSV; charset=utf-8").problems[0].code == "csv-header"


@given(st.binary(max_size=200), st.sampled_from(["application/json", "text/csv"]))
def test_any_bytes_are_checked(body, media_type):
    finding = check(body, media_type)
    assert (finding.content is None) == errors(finding.problems)


@given(st.permutations(range(7)))
def test_the_order_of_parties_makes_no_difference(order):
    value = example()
    kinds = ["car", "bus", "truck", "motorcycle", "bicycle", "pedestrian", "other"]
    value["parties"] = [
        {"order": number + 1, "kind": kinds[number], "role": "driver", "injury": "unknown"} for number in order
    ]
    content = check(value).content
    assert [party.kind for party in content.accident.parties] == kinds
    (part,) = content.parts
    assert part.endswith(json.dumps(sorted(kind.upper() for kind in kinds), separators=(",", ":")) + "]")
