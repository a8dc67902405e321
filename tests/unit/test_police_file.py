"""What `claims police import` says of a file that it reads in pieces."""

from pathlib import Path

import pytest

from adapters.police import cutting
from adapters.police.report import Source
from services.commands import police_file

POLICE = Path(__file__).parents[1] / "data/police"


def read(path: Path) -> police_file.Summary:
    return police_file.summary(police_file.opened(path))


@pytest.mark.parametrize("name", ["parties.csv", "accidents_four_columns.csv", "taipei_112.csv", "internal_109.csv"])
def test_a_file_in_pieces_is_told_as_a_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read(POLICE / name).line("it")
    monkeypatch.setattr(cutting, "PIECE_BYTES", 300)
    assert read(POLICE / name).line("it") == whole


def test_a_footer_that_every_piece_has_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "PIECE_BYTES", 300)
    path = tmp_path / "odd.csv"
    path.write_bytes((POLICE / "parties.csv").read_bytes().replace("111年09月28日".encode(), "某日".encode()))
    found = read(path)
    assert [(one.code, one.line) for one in found.problems if one.code == "csv-release-date"] == [
        ("csv-release-date", 11)
    ]
    assert found.kinds["csv-release-date"] == 1


def test_of_very_many_problems_the_first_are_told_and_all_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting, "PIECE_BYTES", 5_000)
    monkeypatch.setattr(police_file, "LISTED", 50)
    header, first, *_ = (POLICE / "parties.csv").read_bytes().splitlines(keepends=True)
    path = tmp_path / "torn.csv"
    path.write_bytes(header + b"".join(b",".join([*first.split(b",")[:6], b"%d\n" % number]) for number in range(300)))
    found = read(path)
    told = found.line("it")["problems"]
    assert (found.source, found.rows, found.kinds["csv-columns"], found.faulty) == (Source.OPEN_DATA, 300, 300, True)
    assert [one["line"] for one in told] == [*range(2, 52), None]
    assert told[-1]["code"] == "too-many-problems"


TAIPEI, TAICHUNG, INTERNAL = "taipei_112.csv", "taichung_113.csv", "internal_109.csv"
CASE = "A109010502,"
TIME = f"{CASE}2020-01-06 21:45"


def held(name: str, tmp_path: Path, number: int, old: str, new: str) -> tuple[int, set[str]]:
    """Of a file with one line changed: usable accidents, and the days of those that this line may be a party of."""
    encoding = "cp950" if name == TAIPEI else "utf-8"
    lines = (POLICE / name).read_bytes().decode(encoding).splitlines(keepends=True)
    assert old in lines[number - 1]
    lines[number - 1] = lines[number - 1].replace(old, new, 1)
    path = tmp_path / name
    path.write_bytes("".join(lines).encode(encoding))
    opened = police_file.opened(path)
    found = police_file.summary(opened)
    reports = [entry.report for entry, _ in police_file.posts(opened, "UNIT", "Unit", 1) if entry.report]
    assert {found.stray_of(one) for one in reports} <= {None, number}
    return found.accidents, {one.date for one in reports if found.stray_of(one)}


@pytest.mark.parametrize(
    ("old", "new"), [(",120.652100,24.161200,1", ",120.652100,24.161200"), ("113,3,4", "113,13,4")]
)
def test_a_bad_line_of_an_export_with_one_line_an_accident_is_refused_alone(old: str, new: str, tmp_path: Path) -> None:
    assert held(TAICHUNG, tmp_path, 2, old, new) == (3, set())


EVERY = {"2023-06-30", "2023-07-01", "2024-02-29"}


@pytest.mark.parametrize(
    ("name", "number", "old", "new", "days"),
    [
        (INTERNAL, 5, CASE, ",", {"2020-01-06"}),  # no number, its day
        (INTERNAL, 5, CASE, "", {"2020-01-05", "2020-01-06"}),  # a field lost before the day: neither
        (INTERNAL, 5, TIME, ",2020-13-06 21:45", {"2020-01-05", "2020-01-06"}),
        (TAIPEI, 5, "甘泉路12號前", "甘泉路,12號前", {"2023-06-30"}),  # a field too many after the day
        (TAIPEI, 4, "112,7,1,", "112,7,", EVERY),  # a field lost in it: what is left reads as 8 July
        (TAIPEI, 4, "112,7,1,", "112,,7,1,", EVERY),
        (TAIPEI, 4, "112,7,1,8,15,2,", "1,1,2,7,1,8,15,2,", EVERY),
        (TAIPEI, 5, "112,6,30,23,59,", "112,6,30,23,95,", {"2023-06-30"}),  # no time: those at its place
        (TAIPEI, 5, "112,6,30,23,59,1,12晴川區,晴川區甘泉路12號前", "112,6,30,23,95,1,12晴川區,晴川區無名路", set()),
        (TAIPEI, 5, "112,6,30,23,59,1,", "112,6,30,23,59,9,", set()),  # names its accident, which it refuses
    ],
)
def test_a_line_that_may_be_a_party_of_others_holds_only_those(
    name: str, number: int, old: str, new: str, days: set[str], tmp_path: Path
) -> None:
    assert held(name, tmp_path, number, old, new)[1] == days


def test_two_lines_of_an_accident_without_their_time_hold_the_third(tmp_path: Path) -> None:
    lines = (POLICE / TAIPEI).read_bytes().splitlines(keepends=True)
    path = tmp_path / TAIPEI
    path.write_bytes(b"".join([*lines[:4], *(one.replace(b",23,59,", b",23,95,") for one in lines[4:6]), *lines[6:]]))
    opened = police_file.opened(path)
    found = police_file.summary(opened)
    waiting = {entry.lines: found.stray_of(entry.report) for entry, _ in police_file.posts(opened, "UNIT", "Unit", 1)}
    assert waiting == {(2, 4): None, (3, 3): 5, (7, 7): None}


def test_a_line_that_refuses_several_accidents_is_told_once(tmp_path: Path) -> None:
    header, one, _, two, *_ = (POLICE / "parties.csv").read_bytes().splitlines(keepends=True)
    torn = b",".join(two.split(b",")[:4]) + b"\n"  # of its day
    path = tmp_path / "torn.csv"
    path.write_bytes(b"".join([header, one, one.replace(b",051200,", b",061200,"), torn]))
    found = read(path)
    assert (found.accidents, found.kinds) == (0, {"csv-columns": 1})
    assert [(told.code, told.line) for told in found.problems] == [("csv-columns", 4)]


def test_a_stray_line_is_the_same_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "PIECE_BYTES", 300)
    assert held(INTERNAL, tmp_path, 5, CASE, ",") == (2, {"2020-01-06"})
