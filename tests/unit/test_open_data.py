"""The reader of the open accident data: the real files whole, invented ones with every trap, and any bytes."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.police import labels, open_data, party_table
from adapters.police.open_accident import PARTIES_MAX, OpenParty
from schemas.problems import Severity

ROOT = Path(__file__).parents[2]
OWN = ROOT / "tests/data/police"
SHARED = Path(os.environ.get("CLAIMS_SHARED_DATA", ROOT.parent / "shared/data")) / "police"

# file, rows, accidents, day of release, problem codes (facts-police-motor.md 2.1 and section 8)
REAL = [
    ("a1_2018.csv", 3675, 1457, "20220928", {"accident-coordinates-swapped": 1}),
    ("a1_2023.csv", 4493, 1753, "20240301", {}),
    ("a1_2026.csv", 2360, 908, "20260817", {}),
    ("a2_2026_part.csv", 1681, 729, "20260816", {"accident-coordinates-outside": 6}),
    ("a1_2015_four_columns.csv", 1639, 1639, "20191030", {}),
]
INVENTED = [
    ("parties.csv", 9, 4, "20220928", {"accident-coordinates-swapped": 1, "accident-coordinates-outside": 1}),
    ("accidents_four_columns.csv", 2, 2, "20191030", {}),
]
FILES = [(OWN / name, *rest) for name, *rest in INVENTED]
if SHARED.is_dir():  # without the shared data the invented files stand in: same layouts, same traps
    FILES += [(SHARED / "npa-open-data" / name, *rest) for name, *rest in REAL]
FILE = pytest.mark.parametrize(
    ("path", "rows", "accidents", "released", "problems"), FILES, ids=[file[0].name for file in FILES]
)


def parties() -> list[bytes]:
    return (OWN / "parties.csv").read_bytes().splitlines(keepends=True)


def with_field(raw: bytes, column: int, value: str) -> bytes:
    fields = raw.decode("utf-8").rstrip("\r\n").split(",")
    fields[column] = value
    return ",".join(fields).encode() + b"\r\n"


@FILE
def test_a_file_is_read_whole(path, rows, accidents, released, problems):
    data = path.read_bytes()
    file = open_data.read(data)
    assert (file.rows, len(file.entries), file.released, file.problems) == (rows, accidents, released, ())
    found = [one for entry in file.entries for one in entry.problems]
    assert Counter(one.code for one in found) == problems
    assert all(one.severity == Severity.WARNING and one.line and one.column for one in found)
    assert all(entry.accident for entry in file.entries)


@FILE
def test_every_line_is_in_one_accident_byte_for_byte(path, rows, accidents, released, problems):
    header, *lines = path.read_bytes().splitlines(keepends=True)
    entries = open_data.read(path.read_bytes()).entries
    bodies = [entry.body.removeprefix(header) for entry in entries]
    assert all(entry.body.startswith(header) for entry in entries)
    assert sorted(line for body in bodies for line in body.splitlines(keepends=True)) == sorted(lines[:-2])
    for entry, body in zip(entries, bodies, strict=True):
        own = body.splitlines(keepends=True)
        first, last = entry.lines
        assert (lines[first - 2], lines[last - 2]) == (own[0], own[-1])
        assert [lines.index(line) for line in own] == sorted(lines.index(line) for line in own)


@FILE
def test_an_accident_alone_reads_the_same(path, rows, accidents, released, problems):
    for entry in open_data.read(path.read_bytes()).entries[:200]:
        (again,) = open_data.read(entry.body).entries
        assert (again.identity, again.body) == (entry.identity, entry.body)
        assert again.accident.kinds == entry.accident.kinds


@FILE
def test_identities_are_unique_and_the_order_is_that_of_the_file(path, rows, accidents, released, problems):
    entries = open_data.read(path.read_bytes()).entries
    assert len({entry.identity for entry in entries}) == accidents
    assert [entry.lines[0] for entry in entries] == sorted(entry.lines[0] for entry in entries)


def test_the_traps_of_the_layout_since_2018():
    crossing, coast, street, lane = (
        entry.accident for entry in open_data.read((OWN / "parties.csv").read_bytes()).entries
    )
    assert (crossing.date, crossing.time, crossing.severity) == ("2018-01-05", "05:12:00", "A1")
    assert [party.order for party in crossing.parties] == [1, 2]
    assert crossing.kinds == ("car", "motorcycle")
    assert crossing.parties[1].protection == "未戴安全帽或未繫安全帶"
    assert (crossing.position, crossing.median) == ("交岔路口/交岔路口內", "中央分向島/寬式(50公分以上)")
    assert (crossing.speed_limit, coast.speed_limit) == (50, None)
    assert coast.kinds == ("motorcycle",)
    assert coast.parties[1] == OpenParty(2, None, "/", labels.DUMMY_SEX)
    assert (street.time, street.deaths, street.injuries) == ("09:05:00", 1, 2)
    assert (street.longitude, street.latitude) == (120.54, 24.081)
    assert [(party.order, party.kind, party.age) for party in street.parties] == [
        (1, "truck", None),
        (2, "passenger", 7),
        (2, "pedestrian", None),
    ]
    assert (lane.longitude, lane.latitude) == (None, None)
    assert lane.kinds == ("bicycle", "car")


def test_two_accidents_of_one_minute_are_told_apart_by_where_they_were():
    header, line = parties()[:2]
    elsewhere = with_field(line, party_table.LONGITUDE, "120.660002")
    assert len(open_data.read(header + line + elsewhere).entries) == 2
    assert len(open_data.read(header + line + with_field(line, party_table.LONGITUDE, "120.6600010")).entries) == 1


@pytest.mark.parametrize(("age", "expected"), [("107", None), ("106", 106), ("0", None), ("131", None), ("", None)])
def test_no_age_is_written_in_several_ways(age, expected):
    header, line = parties()[:2]
    (party,) = open_data.read(header + with_field(line, party_table.AGE, age)).entries[0].accident.parties
    assert party.age == expected


def test_lines_of_one_accident_need_not_stand_together():
    first = open_data.read((OWN / "parties.csv").read_bytes()).entries[0]
    assert first.lines == (2, 4)
    assert first.body == b"".join(parties()[at] for at in (0, 1, 3))


def test_the_traps_of_the_layout_before_2018():
    first, second = (
        entry.accident for entry in open_data.read((OWN / "accidents_four_columns.csv").read_bytes()).entries
    )
    assert (first.date, first.time, first.severity, first.kinds) == (
        "2015-01-01",
        "02:30:00",
        "A1",
        ("car", "pedestrian"),
    )
    assert (second.time, second.injuries, second.kinds) == ("23:05:00", 1, ("motorcycle", "passenger", "truck"))
    assert second.longitude is None


FAULTS = [
    (party_table.DATE, "20180230", "csv-value", True),
    (party_table.DATE, "1070105", "csv-value", True),
    (party_table.TIME, "250000", "csv-value", True),
    (party_table.TIME, "noon", "csv-value", True),
    (party_table.PLACE, "", "csv-value", True),
    (party_table.SEVERITY, "A9", "csv-value", True),
    (party_table.CASUALTIES, "死亡一", "csv-value", True),
    (party_table.ORDER, "0", "csv-value", True),
    (party_table.ORDER, "first", "csv-value", True),
    (party_table.AGE, "forty", "csv-value-ignored", False),
    (party_table.SPEED, "fast", "csv-value-ignored", False),
    (party_table.VEHICLE, "飛機", "csv-value-ignored", False),
    (party_table.LONGITUDE, "1e9", "csv-value-ignored", False),
    (party_table.LATITUDE, "", "csv-value-ignored", False),
    (party_table.LONGITUDE, "-99.5", "accident-coordinates-outside", False),
]


@pytest.mark.parametrize(("column", "value", "code", "refused"), FAULTS)
def test_a_bad_value_is_named_by_line_and_column_and_the_rest_goes_on(column, value, code, refused):
    lines = parties()
    file = open_data.read(b"".join([lines[0], with_field(lines[1], column, value), *lines[5:]]))
    assert len(file.entries) == 3
    first, *others = file.entries
    assert [(one.code, one.line) for one in first.problems] == [(code, 2)]
    assert first.problems[0].column in (column + 1, party_table.LONGITUDE + 1)
    assert (first.accident is None) == refused
    assert all(entry.accident for entry in others)


def test_a_problem_never_quotes_the_line():
    lines = parties()
    for column in range(51):
        file = open_data.read(lines[0] + with_field(lines[1], column, "祕密A123456789"))
        for found in (one for entry in file.entries for one in entry.problems):
            assert "祕密" not in json.dumps(found.model_dump(mode="json"), ensure_ascii=False)


def test_lines_that_differ_in_what_they_should_repeat_are_a_warning():
    lines = parties()
    lines[3] = with_field(lines[3], party_table.CASUALTIES, "死亡2;受傷0")
    first = open_data.read(b"".join(lines)).entries[0]
    assert [(one.code, one.line, one.column) for one in first.problems] == [("csv-rows-differ", 4, 33)]
    assert first.accident.deaths == 1


BROKEN = [
    (lambda raw: raw.rstrip() + b",\r\n", "csv-columns"),
    (lambda raw: b",".join(raw.split(b",")[:20]) + b"\r\n", "csv-columns"),
    (lambda raw: raw.replace("女".encode(), b"\xa4\x6b"), "csv-encoding"),
    (lambda raw: raw.replace("女".encode(), b'"'), "csv-columns"),
]


@pytest.mark.parametrize(("spoil", "code"), BROKEN)
def test_a_broken_line_refuses_its_accident_and_no_other(spoil, code):
    lines = parties()
    lines[1] = spoil(lines[1])
    first, *others = open_data.read(b"".join(lines)).entries
    assert first.accident is None and first.lines == (2, 4)
    assert [(one.code, one.line) for one in first.problems] == [(code, 2)]
    assert all(entry.accident for entry in others) and len(others) == 3


def test_a_broken_line_that_names_no_accident_stands_alone():
    lines = parties()
    lines[1] = b"only,three,fields\r\n"
    entries = open_data.read(b"".join(lines)).entries
    assert len(entries) == 5
    (alone,) = [entry for entry in entries if entry.accident is None]
    assert (alone.lines, alone.body) == ((2, 2), lines[0] + lines[1])


# Line 4 is the second of the first accident (lines 2 and 4).
NAMELESS = [
    (party_table.DATE, "20260231", party_table.DATE),
    (party_table.DATE, '2018"0105', party_table.DATE),
    (party_table.TIME, "256100", party_table.TIME),
    (party_table.PLACE, "", party_table.PLACE),
    (party_table.PLACE, "臺中市西區中興里松濤街 / 臺中市西區中興里和\ufffd路二段", party_table.PLACE),
    (party_table.LONGITUDE, "0", party_table.LONGITUDE),
    (party_table.LONGITUDE, "999", party_table.LONGITUDE),
    (party_table.LONGITUDE, "", party_table.LONGITUDE),
    (party_table.LATITUDE, "0", party_table.LATITUDE),
    (party_table.LATITUDE, "999", party_table.LATITUDE),
    (party_table.LATITUDE, "north", party_table.LATITUDE),
]


@pytest.mark.parametrize("number", [2, 4])
@pytest.mark.parametrize(("column", "value", "named"), NAMELESS)
def test_a_line_that_does_not_say_whose_it_is_refuses_the_accident_that_it_fits(column, value, named, number):
    lines = parties()
    lines[number - 1] = with_field(lines[number - 1], column, value)
    first, *others = open_data.read(b"".join(lines)).entries
    assert (first.accident, first.lines) == (None, (2, 4))
    assert ("csv-value", number, named + 1) in [(one.code, one.line, one.column) for one in first.problems]
    assert len(others) == 3 and all(entry.accident for entry in others)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (party_table.DATE, ("", "0", "20180230", "1070105", '2018"0105')),
        (party_table.TIME, ("", "240000", "256100", "noon", '0512"00')),
        (party_table.PLACE, ("",)),
        (party_table.LONGITUDE, ("", "0", "999", "112.0", "east", '120"6')),
        (party_table.LATITUDE, ("", "0", "999", "12.0", "north")),
    ],
)
def test_no_accident_goes_in_without_one_of_its_lines(column, values):
    lines = parties()
    whole = {entry.identity: entry.accident.parties for entry in open_data.read(b"".join(lines)).entries}
    for at in range(1, 10):
        for value in values:
            spoilt = b"".join([*lines[:at], with_field(lines[at], column, value), *lines[at + 1 :]])
            read = open_data.read(spoilt).entries
            gone = [entry for entry in read if entry.accident is None]
            assert {entry.identity: entry.accident.parties for entry in read if entry.accident}.items() <= whole.items()
            assert [one.line for entry in gone for one in entry.problems if one.code == "csv-value"], (at, value)


UNREAD = {
    party_table.DATE: "20180230",
    party_table.TIME: "256100",
    party_table.PLACE: "",
    party_table.LONGITUDE: "0",
    party_table.LATITUDE: "999",
}


@settings(max_examples=300)
@given(st.dictionaries(st.integers(1, 9), st.lists(st.sampled_from([*UNREAD, None]), unique=True, max_size=2)))
def test_whatever_lines_do_not_say_every_line_is_told_of_and_no_accident_is_half(damage):
    """Of each line something is left that names its accident: the day, the time, or the place."""
    lines = parties()
    whole = {entry.accident.parties for entry in open_data.read(b"".join(lines)).entries}
    for at, column in ((at, column) for at, columns in damage.items() for column in columns):
        if column is None:  # broken off
            lines[at] = b",".join(lines[at].rstrip().split(b",")[:7]) + b"\n"
        elif lines[at].count(b",") == 50:
            lines[at] = with_field(lines[at], column, UNREAD[column])
    read = open_data.read(b"".join(lines)).entries
    assert {number for entry in read for number in entry.numbers} == set(range(2, 11))
    assert {entry.accident.parties for entry in read if entry.accident} <= whole


def test_a_stray_quotation_mark_hides_no_party():
    for column in range(51):
        lines = parties()
        fields = lines[3].decode().split(",")
        for odd in (f'"{fields[column]}', f'{fields[column]}"', f'{fields[column][:1]}"{fields[column][1:]}'):
            lines[3] = with_field(parties()[3], column, odd)
            first, *others = open_data.read(b"".join(lines)).entries
            assert (first.lines, len(others), all(entry.accident for entry in others)) == ((2, 4), 3, True), odd


@pytest.mark.parametrize(
    "spoil",
    [
        lambda fields: fields[1:],  # a field lost before the day: where it was is left
        lambda fields: ["", *fields],
        lambda fields: [*fields[:5], *fields[6:]],  # one lost between time and place
        lambda fields: fields[:6],  # broken off before the place
        lambda fields: fields[:4],  # in the time: the day is left
        lambda fields: [*fields[:6], fields[6][:5] + "\udcff", *fields[7:]],
    ],
)
def test_a_broken_line_is_known_by_what_is_left_of_it(spoil):
    lines = parties()
    lines[3] = (",".join(spoil(lines[3].decode().rstrip("\r\n").split(",")))).encode("utf-8", "surrogateescape") + b"\n"
    first, *others = open_data.read(b"".join(lines)).entries
    assert (first.accident, first.lines) == (None, (2, 4))
    assert len(others) == 3 and all(entry.accident for entry in others)


def test_a_line_that_fits_several_accidents_refuses_each_of_them():
    """A day has two; of the line only the day is left."""
    header, one, _, two, *_ = parties()
    other = with_field(with_field(one, party_table.TIME, "061200"), party_table.PLACE, "elsewhere")
    torn, next_day = b",".join(two.split(b",")[:4]) + b"\r\n", parties()[8]
    file = open_data.read(b"".join([header, one, other, torn, torn[:-3] + b"\r\n", next_day]))
    told = [(entry.lines, entry.accident is None, [(p.code, p.line) for p in entry.problems]) for entry in file.entries]
    assert told[:2] == [((2, 4), True, [("csv-columns", 4)]), ((3, 4), True, [("csv-columns", 4)])]
    assert [one[0] for one in told[2:4]] == [(4, 4), (5, 5)] and told[4][:2] == ((6, 6), False)


def test_lines_of_one_place_and_time_without_coordinates_are_one_accident_or_none():
    header, line, *_ = parties()
    nowhere = [with_field(line, party_table.LONGITUDE, value) for value in ("0", "999")]
    (entry,) = open_data.read(b"".join([header, *nowhere])).entries
    assert (entry.accident, entry.lines) == (None, (2, 3))
    (entry,) = open_data.read(b"".join([header, nowhere[0], nowhere[0]])).entries
    assert entry.accident.longitude is None


def test_a_line_without_coordinates_may_be_of_each_accident_of_its_time_and_place():
    header, line, *_ = parties()
    elsewhere, nowhere = (with_field(line, party_table.LONGITUDE, value) for value in ("120.660002", "0"))
    entries = open_data.read(b"".join([header, line, elsewhere, nowhere])).entries
    assert [entry.accident for entry in entries] == [None] * 3
    assert all(("csv-value", 4) in [(one.code, one.line) for one in entry.problems] for entry in entries)


def test_a_mended_line_makes_the_accident_whole_again():
    whole = open_data.read(b"".join(parties())).entries
    lines = parties()
    lines[3] = with_field(lines[3], party_table.DATE, "20260231")
    assert {entry.identity for entry in open_data.read(b"".join(lines)).entries} == {one.identity for one in whole}


def test_an_accident_without_end_is_refused():
    lines = parties()
    file = open_data.read(lines[0] + lines[1] * (PARTIES_MAX + 1) + lines[8])
    assert [entry.accident is None for entry in file.entries] == [True, False]
    assert [one.code for one in file.entries[0].problems] == ["csv-too-many-parties"]
    assert open_data.read(lines[0] + lines[1] * PARTIES_MAX).entries[0].accident is not None


def test_a_second_accident_under_one_time_and_place_is_refused():
    header, first, *_ = (OWN / "accidents_four_columns.csv").read_bytes().splitlines(keepends=True)
    (entry,) = open_data.read(header + first + first.replace("受傷0".encode(), "受傷9".encode())).entries
    assert [(one.code, one.line) for one in entry.problems] == [("csv-accident-twice", 3)]
    (again,) = open_data.read(header + first + first).entries
    assert again.accident is not None


FOUR_COLUMNS = [
    ("104年13月01日 02時30分", "臺中市西區和風路", "死亡1;受傷0", "自用-小客車", ["csv-value"]),
    ("104年01月01日 25時30分", "臺中市西區和風路", "死亡1;受傷0", "自用-小客車", ["csv-value"]),
    ("yesterday", "", "many", "自用-小客車", ["csv-value", "csv-value", "csv-value"]),
    ("104年01月01日 02時30分", "臺中市西區和風路", "死亡1;受傷0", "飛機", ["csv-value-ignored"]),
    ("104年01月01日 02時30分", "臺中市西區和風路", "死亡1;受傷0", "", []),
]


@pytest.mark.parametrize(("moment", "place", "toll", "vehicles", "codes"), FOUR_COLUMNS)
def test_faults_of_the_layout_before_2018(moment, place, toll, vehicles, codes):
    header = "發生時間,發生地點,死亡受傷人數,車種\n"
    (entry,) = open_data.read((header + ",".join((moment, place, toll, vehicles))).encode()).entries
    assert [one.code for one in entry.problems] == codes
    assert (entry.accident is None) == ("csv-value" in codes)


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", b"\xef\xbb\xbf", b"a,b\n1,2\n", "發生時間,發生地點\n".encode(), b"\xff\xfe\x00", b"{}"],
)
def test_another_header_is_one_clear_problem(data):
    file = open_data.read(data)
    assert [(one.code, one.line) for one in file.problems] == [("csv-header", 1)]
    assert "51 columns" in file.problems[0].fix and file.entries == ()


def test_line_ends_byte_order_mark_and_repeated_headers_make_no_difference():
    crlf = (OWN / "parties.csv").read_bytes()
    plain = crlf.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    joined = crlf + b"\r\n" + crlf
    accidents = [entry.accident for entry in open_data.read(crlf).entries]
    assert [entry.accident for entry in open_data.read(plain).entries] == accidents
    assert [entry.identity for entry in open_data.read(joined).entries] == [
        entry.identity for entry in open_data.read(crlf).entries
    ]


def test_a_quoted_field_is_read():
    lines = parties()
    quoted = lines[1].replace(b"\xe6\x99\xb4", b'"\xe6\x99\xb4"', 1)
    assert open_data.read(lines[0] + quoted).entries[0].accident.weather == "晴"


@pytest.mark.parametrize(
    ("footer", "released", "codes"),
    [
        ("資料提供日期：115年08月17日", "20260817", []),
        ("資料提供日期:115年8月17日", "20260817", []),
        ("資料提供日期：115年02月30日", None, ["csv-release-date"]),
        ("資料提供日期：", None, ["csv-release-date"]),
        ("", None, []),
    ],
)
def test_the_footer_gives_the_day_of_release(footer, released, codes):
    lines = parties()
    file = open_data.read(b"".join([*lines[:2], footer.encode() + b"," * 50 + b"\r\n"]))
    assert (file.released, [one.code for one in file.problems], file.rows) == (released, codes, 1)


KINDS = [
    ("小客車(含客、貨兩用)", "計程車", "car"),
    ("小客車（含客、貨兩用）", "自用", "car"),
    ("大客車", "遊覽車", "bus"),
    ("曳引車", "營業用", "truck"),
    ("機車", "大型重型1(550C.C.以上)", "motorcycle"),
    ("慢車", "微型電動二輪車", "bicycle"),
    ("慢車", "個人行動運具", "other"),
    ("人", "行人", "pedestrian"),
    ("人", "輔助代步器材", "pedestrian"),
    ("人", "乘客", "passenger"),
    ("人", "其他人", "other"),
    ("其他車", "火車", "other"),
    ("", "", "other"),
    ("飛機", "自用", None),
]


def published(column: int) -> set[str]:
    """Every label of a column in all published years; without the shared data those of the table above."""
    if not SHARED.is_dir():
        return {major for major, _, expected in KINDS if expected}
    listed = json.loads((SHARED / "npa_open_data_labels.json").read_text(encoding="utf-8"))["labels"]
    return set(listed[party_table.HEADER[column]])


def test_every_label_of_every_published_year_has_a_kind():
    majors = published(party_table.VEHICLE)
    assert majors and [major for major in majors if labels.kind(labels.label(major), "") is None] == []


@pytest.mark.parametrize(("major", "minor", "expected"), KINDS)
def test_the_coarse_kind_of_a_party(major, minor, expected):
    assert labels.kind(labels.label(major), labels.label(minor)) == expected


@given(st.permutations(parties()[1:10]))
def test_the_order_of_lines_makes_no_difference(lines):
    straight = open_data.read(b"".join(parties())).entries
    shuffled = open_data.read(b"".join([parties()[0], *lines])).entries
    assert {entry.identity: entry.accident for entry in shuffled} == {
        entry.identity: entry.accident for entry in straight
    }


@given(st.binary(max_size=400))
def test_any_bytes_are_read(data):
    open_data.read(data)
    for name in ("parties.csv", "accidents_four_columns.csv"):
        whole = (OWN / name).read_bytes()
        file = open_data.read(whole + data)
        assert len(file.entries) >= len(open_data.read(whole).entries)


@settings(max_examples=300)
@given(
    st.integers(0, 4000),
    st.binary(min_size=1, max_size=4),
    st.sampled_from(["parties.csv", "accidents_four_columns.csv"]),
)
def test_any_damage_is_named_or_harmless(at, damage, name):
    data = (OWN / name).read_bytes()
    at %= len(data)
    file = open_data.read(data[:at] + damage + data[at + len(damage) :])
    for entry in file.entries:
        assert (entry.accident is None) == any(one.severity == Severity.ERROR for one in entry.problems)
