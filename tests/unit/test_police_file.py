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
