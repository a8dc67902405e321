"""What a police file holds: its accidents, rows, problems and unknown labels, without a server. However long a file is, no
more of it is held than a piece."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from adapters import json_text
from adapters.police import own_json, sources
from adapters.police.codebook import Coded, Item
from adapters.police.cutting import Cut, Piece
from adapters.police.report import AccidentReport, PoliceFile, ReportEntry, Source, Stray, Unknown, unknown
from schemas.problems import Problem, Severity, errors, problem
from schemas.records import Kind, Record, Role
from services.sandbox.client import Post
from services.validation import accident, moments

JSON, CSV = "application/json", "text/csv"
_HEAD_BYTES = 4096  # the first sign of a file stands in them
LISTED = 10_000  # problems of a file that are told one by one; of more their number by kind


@dataclass
class Summary:
    """What a file came to; nothing of it is kept but this.

    `accidents`: those that can be used; `rows`: lines of parties, dummies too; `last`: the day of its latest accident; `unit`:
    as its first accident names it; `unknown` counts rows by (column, name, label); `kinds` counts problems by code.
    """

    source: Source | None = None
    rows: int = 0
    accidents: int = 0
    parties: int = 0
    last: str = ""
    unit: str = ""
    strays: dict[Stray, int] = field(default_factory=dict)  # with the first line of each
    faulty: bool = False
    problems: list[Problem] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    unknown: dict[tuple[int, str, str | None], tuple[int, int]] = field(default_factory=dict)

    def take(self, piece: Piece) -> None:
        """Reads a piece; of lines that every piece has, as of the footers, problems are told once."""
        file = read(piece.data)
        self.source = file.source
        self.rows += file.rows
        self._note([one for one in moved(file.problems, piece.numbers) if one not in self.problems])
        told: set[Problem] = set()  # a line may refuse several accidents, and is told once
        for entry in file.entries:
            fresh = tuple(one for one in entry.problems if one not in told)
            told.update(fresh)
            self.add(_moved(entry._replace(problems=fresh), piece.numbers))

    def _note(self, problems: Sequence[Problem]) -> None:
        self.faulty |= errors(list(problems))
        self.kinds.update(one.code for one in problems)
        self.problems += problems[: LISTED - len(self.problems)]

    def add(self, entry: ReportEntry) -> None:
        self._note(entry.problems)
        if entry.stray is not None:
            self.strays.setdefault(entry.stray, entry.lines[0])
        for one in entry.unknown:
            key = (one.column, one.field, one.label)
            first, rows = self.unknown.get(key, (one.line, 0))
            self.unknown[key] = min(first, one.line), rows + 1
        if entry.report is not None:
            self.accidents += 1
            self.parties += sum(party.kind is not None for party in entry.report.parties)
            self.last = max(self.last, entry.report.date)
            self.unit = self.unit or entry.report.unit

    def stray_of(self, report: AccidentReport) -> int | None:
        """The line of the file that may be a party of this accident, by its day or place, or telling neither."""
        every = Stray(), Stray(date=report.date), Stray(place=report.place)
        return min((self.strays[one] for one in every if one in self.strays), default=None)

    def line(self, file: str) -> dict[str, Any]:
        """As the contract has it: `{file, accidents, rows, problems, unknown}`, unknown as `{field, label, line, column,
        rows}`: the line where the label stands first, and how many rows have it."""
        return {
            "file": file,
            "accidents": self.accidents,
            "rows": self.rows,
            "problems": [one.model_dump(mode="json") for one in (*self._in_order(), *self._more())],
            "unknown": [
                {"field": name, "label": label, "line": line, "column": column, "rows": rows}
                for (column, name, label), (line, rows) in sorted(self.unknown.items(), key=_first_seen)
            ],
        }

    def _in_order(self) -> list[Problem]:
        return sorted(self.problems, key=lambda one: (one.line or 0, one.column or 0, one.code))

    def _more(self) -> list[Problem]:
        if sum(self.kinds.values()) <= len(self.problems):
            return []
        severity = Severity.ERROR if self.faulty else Severity.WARNING
        return [problem("too-many-problems", severity=severity, limit=LISTED)]


def _first_seen(item: tuple[tuple[int, str, str | None], tuple[int, int]]) -> tuple[int, int, str]:
    (column, _, label), (line, _) = item
    return line, column, label or ""


@dataclass(frozen=True)
class Opened:
    """A file on its way: `cut` None of our own JSON, which is one accident and one piece."""

    path: Path
    cut: Cut | None

    @property
    def source(self) -> Source | None:
        return Source.JSON if self.cut is None else sources.read(self.cut.header).source

    @property
    def rows(self) -> int:
        return self.cut.rows if self.cut else 1

    def pieces(self) -> Iterator[Piece]:
        if self.cut is None:
            yield Piece(self.path.read_bytes(), range(1, 2), 1)
        else:
            yield from self.cut.pieces()


def opened(path: Path) -> Opened:
    """Walks the lines of a file, to know how it is cut. OSError when it cannot be read."""
    with path.open("rb") as file:
        if file.read(_HEAD_BYTES).lstrip()[:1] == b"{":
            return Opened(path, None)
    return Opened(path, Cut(partial(_lines, path)))


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        for raw in file:
            yield from raw.splitlines(keepends=True)


def summary(file: Opened, tell: Callable[[int], object] = lambda rows: None) -> Summary:
    """A file read to its end. `tell` is told of rows as they are read."""
    found = Summary()
    for piece in file.pieces():
        found.take(piece)
        tell(piece.rows)
    return found


def read(data: bytes) -> PoliceFile:
    """The reports of a file of any known kind, made as they are walked."""
    return _json(data) if data.lstrip()[:1] == b"{" else sources.read(data)


def _moved(entry: ReportEntry, numbers: Sequence[int]) -> ReportEntry:
    """An accident of a piece, at its lines in the whole file."""
    first, last = entry.lines
    strange = tuple(replace(one, line=numbers[one.line - 1]) for one in entry.unknown)
    problems = moved(entry.problems, numbers)
    return entry._replace(lines=(numbers[first - 1], numbers[last - 1]), problems=problems, unknown=strange)


def moved(problems: Sequence[Problem], numbers: Sequence[int]) -> tuple[Problem, ...]:
    return tuple(
        one if one.line is None else one.model_copy(update={"line": numbers[one.line - 1]}) for one in problems
    )


def _json(body: bytes) -> PoliceFile:
    """One accident of our own JSON, with every problem that the door would name; whose it is, is not asked here."""
    value, _ = json_text.read(body)
    unit = value.get("unit") if isinstance(value, dict) else None
    sender = str(unit.get("code")) if isinstance(unit, dict) else ""
    record = Record(
        id="0" * 32,
        attempt=1,
        kind=Kind.ACCIDENT,
        sender=sender,
        role=Role.POLICE,
        method="POST",
        path="/police/accidents",
        sha256=sha256(body).hexdigest(),
        size=len(body),
        media_type=JSON,
        received=moments.stamp(datetime.now(UTC)),
    )
    problems = accident.check(record, body, None).problems
    if errors(problems):
        return PoliceFile(Source.JSON, 0, iter((ReportEntry((1, 1), None, problems),)))
    report = own_json.report(value)
    strange = tuple(_strange(item, coded) for item, coded in _all(report.codes, report.parties) if not coded.known)
    entry = ReportEntry((1, 1), report, problems, strange)
    return PoliceFile(Source.JSON, len(report.parties), iter((entry,)))


def _all(codes: Any, parties: Any) -> Iterator[tuple[Item, Coded]]:
    yield from codes.items()
    for party in parties:
        yield from party.codes.items()


def _strange(item: Item, coded: Coded) -> Unknown:
    return unknown(1, 0, item, coded, labelled=False)


def posts(file: Opened, sender: str, unit_name: str, version: int) -> Iterator[tuple[ReportEntry, Post]]:
    """Of a coded export: each usable accident with the post that hands it over."""
    every = (_moved(entry, piece.numbers) for piece in file.pieces() for entry in read(piece.data).entries)
    for entry in every:
        if entry.report is None:
            continue
        name = sha256(entry.report.identity.encode()).hexdigest()[:32]
        value = own_json.body(
            entry.report,
            identifier=f"{entry.report.source}-{name}",
            version=version,
            unit=(sender, unit_name),
        )
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        yield entry, Post(sender, "POST", "/police/accidents", body, JSON)
