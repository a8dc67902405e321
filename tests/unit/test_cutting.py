"""A police file in pieces says of every line what the whole file says."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.police import cutting, sources
from adapters.police.cutting import Cut, Piece
from schemas.problems import Problem

POLICE = Path(__file__).parents[1] / "data/police"
NAMES = ("parties.csv", "accidents_four_columns.csv", "taipei_112.csv", "taichung_113.csv", "internal_109.csv")
COPIES = 30


def pieces(data: bytes) -> list[Piece]:
    lines = data.splitlines(keepends=True)
    return list(Cut(lambda: lines).pieces())


def copies(name: str) -> list[bytes]:
    """A file with its rows many times over, each time of other accidents: a digit of the last column tells them apart, or
    of the case number."""
    header, *lines = (POLICE / name).read_bytes().splitlines()
    column = {"internal_109.csv": 0, "accidents_four_columns.csv": 1, "taipei_112.csv": 7, "taichung_113.csv": 0}.get(
        name, 6
    )
    made = []
    for copy in range(COPIES):
        for line in lines:
            fields = line.split(b",")
            if len(fields) > column and fields[column]:
                fields[column] += b"%d" % copy
            made.append(b",".join(fields) + b"\r\n")
    return [header + b"\r\n", *made]


def nameless(row: bytes, chance: random.Random) -> bytes:
    """The row without one of the numbers that name its accident, of a national file: day, time, a coordinate."""
    fields = row.split(b",")
    if len(fields) == 51:
        fields[chance.choice((2, 3, 49, 50))] = chance.choice((b"", b"0", b"999999", b'2018"0105'))
    return b",".join(fields).rstrip() + b"\n"


def damaged(lines: list[bytes], seed: int) -> bytes:
    """The same rows in another order, some of them broken."""
    chance = random.Random(seed)
    header, *rows = lines
    chance.shuffle(rows)
    for _ in range(20):
        at = chance.randrange(len(rows))
        row = rows[at]
        rows[at] = chance.choice(
            (
                row[: chance.randrange(len(row))] + b"\n",
                row.replace(b",", b",,", 1),
                b"\xff" + row[1:],
                row + row,
                b"\n",
                header,
                nameless(row, chance),
                nameless(nameless(row, chance), chance),
            )
        )
    return b"".join([header, *rows])


def told(data: bytes, numbers: object) -> Iterator[tuple[object, ...]]:
    """Every accident with its lines, what is said of them, and every row of an unknown label."""

    def at(line: int) -> int:
        return numbers[line - 1]  # type: ignore[index]

    def moved(one: Problem) -> tuple[object, ...]:
        return one.code, at(one.line) if one.line else None, one.column

    for entry in sources.read(data).entries:
        first, last = entry.lines
        strange = [(at(one.line), one.column, one.label) for one in entry.unknown]
        yield (at(first), at(last)), entry.report, list(map(moved, entry.problems)), strange


@pytest.mark.parametrize("size", [400, 5_000])
@pytest.mark.parametrize("name", NAMES)
def test_pieces_say_what_the_whole_says(name: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "PIECE_BYTES", size)
    for seed in range(8):
        data = damaged(copies(name), seed) if seed else b"".join(copies(name))
        whole = sorted(told(data, range(1, 1 << 30)), key=lambda one: str(one[0]))
        cut = pieces(data)
        assert len(cut) > 1
        assert sum(piece.rows for piece in cut) == sources.read(data).rows
        assert (
            sorted((one for piece in cut for one in told(piece.data, piece.numbers)), key=lambda one: str(one[0]))
            == whole
        )


def test_the_same_file_is_cut_the_same_and_a_later_row_changes_the_last_piece_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cutting, "PIECE_BYTES", 5_000)
    data = b"".join(copies("internal_109.csv"))
    before = pieces(data)
    assert pieces(data) == before
    more = data + copies("internal_109.csv")[1].replace(b"A1", b"B1", 1)
    assert pieces(more)[: len(before) - 1] == before[:-1]


def test_a_file_no_longer_than_a_piece_stays_as_it_is() -> None:
    for name in NAMES:
        data = (POLICE / name).read_bytes()
        assert [piece.data for piece in pieces(data)] == [data]


def test_of_a_strange_file_only_the_header_is_read() -> None:
    lines = iter([b"a,b\n", b"1,2\n"])
    cut = Cut(lambda: lines)
    assert not cut.known and next(lines) == b"1,2\n"
    (piece,) = cut.pieces()
    assert (piece.data, piece.rows) == (b"a,b\n", 0)


def test_every_piece_has_the_header_and_the_footers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "PIECE_BYTES", 2_000)
    header, *rows = copies("parties.csv")
    footers = [row for row in rows if row.startswith("資料提供日期".encode())]
    for piece in pieces(b"".join([header, *rows])):
        assert piece.data.startswith(header) and all(footer in piece.data for footer in footers)
