"""An open-data file as a record: its accidents as records of their own, with ids, bytes, versions and problems."""

import os
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.police import open_data
from schemas.evidence import DataClass, Party
from schemas.ids import derive
from schemas.problems import errors
from schemas.records import Kind, Record, Role
from services.validation import accident, accident_file

ROOT = Path(__file__).parents[2]
OWN = ROOT / "tests/data/police"
SHARED = Path(os.environ.get("CLAIMS_SHARED_DATA", ROOT.parent / "shared/data")) / "police/npa-open-data"
FILES = [OWN / "parties.csv", OWN / "accidents_four_columns.csv", *sorted(SHARED.glob("*.csv"))]
RECEIVED = "2026-09-19T17:30:00.000000Z"  # 01:30 of the 20th in Taiwan


def record(body: bytes) -> Record:
    return Record(
        id=derive("a file", sha256(body).hexdigest()),
        attempt=3,
        kind=Kind.ACCIDENT_FILE,
        sender="NPA-OPEN",
        role=Role.POLICE,
        method="POST",
        path="/police/accidents",
        sha256=sha256(body).hexdigest(),
        size=len(body),
        media_type="text/csv",
        received=RECEIVED,
    )


def check(body: bytes):
    return accident_file.check(record(body), body, None)


def own() -> bytes:
    return (OWN / "parties.csv").read_bytes()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_gives_its_accidents_as_records(path):
    body = path.read_bytes()
    file, finding = record(body), check(body)
    entries = open_data.read(body).entries
    assert finding.problems == () and len(finding.children) == len(entries)
    assert len({child.record.id for child in finding.children}) == len(entries)
    for child, entry in zip(finding.children, entries, strict=True):
        assert child.record.id == derive("accident", file.id, entry.identity)
        assert (child.record.kind, child.record.attempt, child.record.parent) == (Kind.ACCIDENT, 3, file.id)
        assert (child.record.sha256, child.record.size) == (sha256(child.body).hexdigest(), len(child.body))
        assert (child.record.lines, child.record.media_type) == (entry.lines, "text/csv")
        assert (child.record.sender, child.record.received) == (file.sender, file.received)
        assert child.content.version == finding.content.version
        assert child.content.open_data and child.content.classes == (DataClass.POLICE,)
        assert (child.content.persons, child.content.plates) == ((), ())
        assert child.content.content and child.content.parts == (child.content.content,)


def test_the_file_itself_opens_nothing():
    body = own()
    content = check(body).content
    assert (content.paper, content.identity, content.version) == (
        "accident-file",
        sha256(body).hexdigest(),
        "000020220928",
    )
    assert content.open_data and not content.classes and not content.content and not content.parts
    assert content.facts == {"accidents": 4, "rows": 9}


def test_the_view_of_an_accident():
    crossing, coast, street, lane = (child.content for child in check(own()).children)
    assert (crossing.paper, crossing.issuer, crossing.issued) == ("accident", "NPA-OPEN", "2018-01-04T21:12:00.000000Z")
    assert (crossing.accident.date, crossing.accident.time) == ("2018-01-05", "05:12")
    assert crossing.accident.roads == ("台中市西區和風路2段", "台中市西區松濤街")
    assert crossing.accident.parties == (Party(kind="car"), Party(kind="motorcycle"))
    assert crossing.content == '["ACCIDENT","2018-01-05","05:12","120.6600,24.1400",["CAR","MOTORCYCLE"]]'
    assert crossing.facts == {
        "severity": "A1",
        "deaths": 1,
        "injuries": 0,
        "parties": 2,
        "date": "2018-01-05",
        "time": "05:12",
        "unit": "臺中市政府警察局",
    }
    assert coast.accident.roads == ("台11線78公里",) and len(coast.accident.parties) == 1
    assert (street.accident.longitude, street.accident.latitude) == (120.54, 24.081)
    assert lane.content == '["ACCIDENT","2018-01-08","18:00","新北市三芝區產業道路",["BICYCLE","CAR"]]'


def test_without_a_footer_the_day_of_receipt_in_taiwan_is_the_version():
    body = b"".join(own().splitlines(keepends=True)[:-2])
    assert {child.content.version for child in check(body).children} == {"000020260920"}


def test_a_changed_line_keeps_its_identity_and_a_newer_file_raises_the_version():
    before = check(own()).children[0]
    after = check(
        own().replace("111年09月28日".encode(), "112年01月02日".encode()).replace("女".encode(), "男".encode())
    )
    assert after.children[0].content.identity == before.content.identity
    assert after.children[0].content.version > before.content.version
    assert after.children[0].record.id != before.record.id


def test_a_faulty_accident_is_a_child_with_its_problems_and_the_rest_goes_on():
    body = own().replace(b"20180107", b"20181307")
    finding = check(body)
    assert finding.problems == () and finding.content is not None
    assert [child.content is None for child in finding.children] == [False, False, True, False]
    faulty = finding.children[2]
    assert [(one.code, one.line, one.column, one.path) for one in faulty.problems if one.code == "csv-value"] == [
        ("csv-value", line, 3, "發生日期") for line in (6, 7, 8)
    ]
    assert faulty.record.lines == (6, 8)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"a,b,c\n1,2,3\n", "csv-header"),
        (b"", "csv-header"),
        (own().splitlines(keepends=True)[0], "csv-no-good-row"),
        (own().splitlines(keepends=True)[0] + b"1,2,3\n", "csv-no-good-row"),
    ],
)
def test_a_file_without_a_good_line_is_refused(body, code):
    finding = check(body)
    assert finding.problems[0].code == code
    assert finding.content is None and finding.children == ()


def test_a_refused_file_names_its_faults_up_to_a_limit():
    header = own().splitlines(keepends=True)[0]
    finding = check(header + b"".join(b"%d,2,3\n" % number for number in range(1000)))
    assert len(finding.problems) == 1 + open_data.PROBLEMS_MAX + 1
    assert [one.line for one in finding.problems[1:4]] == [2, 3, 4]
    assert finding.problems[-1].code == "too-many-problems"


def test_a_refused_file_names_a_line_once_however_many_accidents_it_may_be_of():
    header, one, _, two, *_ = own().splitlines(keepends=True)
    torn = b",".join(two.split(b",")[:4]) + b"\n"
    finding = check(header + one + one.replace(b",051200,", b",061200,") + torn)
    assert [(one.code, one.line) for one in finding.problems] == [("csv-no-good-row", None), ("csv-columns", 4)]


def test_an_accident_names_the_faults_of_its_lines_up_to_a_limit():
    lines = own().splitlines(keepends=True)
    broken = lines[1].replace(b"\r\n", b",more\r\n")
    finding = check(b"".join([*lines[:-2], *[broken] * 1000]))
    (faulty,) = (child for child in finding.children if child.content is None)
    assert faulty.body.count(broken) == 1000 and finding.content is not None
    assert [one.code for one in faulty.problems] == ["csv-columns"] * open_data.PROBLEMS_MAX + ["too-many-problems"]
    assert errors(faulty.problems)


def test_a_file_names_its_own_faults_up_to_a_limit():
    finding = check(own() + "資料提供日期:x\r\n".encode() * 1000)
    assert len(finding.children) == 4 and finding.content is not None and not errors(finding.problems)
    assert len(finding.problems) == open_data.PROBLEMS_MAX + 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_accident_sent_again_alone_reads_the_same_but_for_the_footers(path):
    for child in check(path.read_bytes()).children[:100]:
        again = accident.check(child.record, child.body, None).content
        told = child.content.accident.model_copy(update={"severity": again.accident.severity})
        facts = {name: value for name, value in child.content.facts.items() if name in again.facts}
        assert again == child.content.model_copy(update={"version": "000020260920", "accident": told, "facts": facts})
        assert again.accident.severity == ("" if "columns" in path.name else child.content.accident.severity)


def test_two_accidents_are_not_one():
    body = own()
    one = check(body).children[0].record
    finding = accident.check(one, body, None)
    assert finding.content is None and [one.code for one in finding.problems] == ["csv-no-good-row"]


def test_a_faulty_accident_sent_again_is_refused_again():
    body = own().splitlines(keepends=True)
    broken = body[0] + body[1].replace(b"20180105", b"20181305")
    child = check(own()).children[0].record
    finding = accident.check(child, broken, None)
    assert finding.content is None and finding.problems[0].code == "csv-value"
    assert accident.check(child, b"x", None).problems[0].code == "csv-header"


@given(st.permutations(own().splitlines(keepends=True)[1:10]))
def test_the_order_of_lines_makes_no_difference_to_fingerprints(lines):
    header, footers = own().splitlines(keepends=True)[0], own().splitlines(keepends=True)[10:]
    shuffled = check(b"".join([header, *lines, *footers])).children
    straight = check(own()).children
    assert {child.content.identity: child.content for child in shuffled} == {
        child.content.identity: child.content for child in straight
    }


@given(st.binary(max_size=300))
def test_content_is_missing_exactly_when_there_is_an_error(tail):
    for body in (tail, own() + tail, own().splitlines(keepends=True)[0] + tail):
        finding = check(body)
        assert (finding.content is None) == errors(finding.problems)
        for child in finding.children:
            assert (child.content is None) == errors(child.problems)
