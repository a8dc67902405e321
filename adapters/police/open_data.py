"""The police agency's open accident data: a CSV file in, its accidents and every fault out. Pure.

Two layouts (facts-police-motor.md 2.1): `party_table` since 2018, `accident_table` before. No case number: lines are
grouped by what names their accident, wherever they stand. UTF-8, mostly with a byte order mark, CRLF or LF, footers at
the end. A physical line is a line of the table: text holds no line ends, and a stray quotation mark must not swallow the
rest of a file.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from types import ModuleType

from adapters.police import accident_table, party_table
from adapters.police.open_accident import Line, OpenAccident
from schemas import normalise
from schemas.problems import Problem, errors, problem

BOM = b"\xef\xbb\xbf"
_RELEASED = "資料提供日期:"
_SEVERITY = "事故類別:"


@dataclass(frozen=True, slots=True)
class Entry:
    """One accident of a file: its identity, its bytes (the header and its lines, in file order), its first and last line.

    `accident` is None exactly when one of the problems is an error.
    """

    identity: str
    body: bytes
    lines: tuple[int, int]
    accident: OpenAccident | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file read: `released` YYYYMMDD of 資料提供日期; `rows` lines of parties, dummies too; the file's own problems."""

    released: str | None
    rows: int
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]


class _Reader:
    """Sorts the lines of one table into accidents."""

    def __init__(self, header: bytes, table: ModuleType) -> None:
        self.header = header
        self.table = table
        self.groups: dict[tuple[str, ...], list[Line]] = {}
        self.broken: list[tuple[Line, Problem]] = []
        self.keys: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.released: list[str] = []
        self.severity = ""
        self.rows = 0
        self.problems: list[Problem] = []

    def line(self, number: int, raw: bytes) -> None:
        text, found = raw.decode("utf-8-sig", "replace"), None
        if "\ufffd" in text:
            found = problem("csv-encoding", line=number)
        line = Line(number, raw, fields(text))
        if not any(line.fields) or line.fields == self.table.HEADER:
            return  # empty, or the header again where two files were joined
        if self._footer(line):
            return
        self.rows += 1
        have, expected = len(line.fields), len(self.table.HEADER)
        if not found and have != expected:
            found = problem("csv-columns", line=number, have=have, expected=expected)
        if found:
            self.broken.append((line, found))
        else:
            self.groups.setdefault(self.table.key(line.fields), []).append(line)

    def _footer(self, line: Line) -> bool:
        text = normalise.text(line.fields[0]) if line.fields[0].startswith(("資料提供日期", "事故類別")) else ""
        if text.startswith(_RELEASED):
            day = normalise.day(text.removeprefix(_RELEASED))
            if day:
                self.released.append(day.strftime("%Y%m%d"))
            else:
                self.problems.append(problem("csv-release-date", line=line.number, column=1))
        elif text.startswith(_SEVERITY):
            self.severity = text.removeprefix(_SEVERITY).removesuffix("類")
        return bool(text)

    def entries(self) -> Iterator[Entry]:
        strays = self._strays()
        for key, lines in self.groups.items():
            accident, problems = self.table.accident(lines, self.severity)
            own = strays.get(key, [])
            problems = [*problems, *(found for _, found in own)]
            if errors(problems):
                accident = None
            yield self._entry(normalise.canonical(*_named(key)), [*lines, *(line for line, _ in own)], accident, problems)
        for (raw,), own in ((key, own) for key, own in strays.items() if key not in self.groups):
            yield self._entry(normalise.canonical("line", raw), [line for line, _ in own], None, [one for _, one in own])

    def _entry(self, identity: str, lines: list[Line], accident: OpenAccident | None, problems: list[Problem]) -> Entry:
        lines = sorted(lines, key=lambda line: line.number)
        body = self.header + b"".join(line.raw for line in lines)
        ordered = sorted(problems, key=lambda found: (found.line or 0, found.column or 0, found.code))
        return Entry(identity, body, (lines[0].number, lines[-1].number), accident, tuple(ordered))

    def _strays(self) -> dict[tuple[str, ...], list[tuple[Line, Problem]]]:
        """Broken lines by the one accident that their front names; those that name none stand alone, by their bytes."""
        if not self.broken:
            return {}
        named: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
        for key, lines in self.groups.items():
            for line in lines:
                named.setdefault(self.table.prefix(line.fields), set()).add(key)
        strays: dict[tuple[str, ...], list[tuple[Line, Problem]]] = {}
        for line, found in self.broken:
            prefix = self.table.prefix(line.fields)
            keys = named.get(prefix, set()) if prefix else set()
            key = next(iter(keys)) if len(keys) == 1 else (sha256(line.raw).hexdigest(),)
            strays.setdefault(key, []).append((line, found))
        return strays


def _named(key: tuple[str, ...]) -> tuple[str, ...]:
    return key


def fields(text: str) -> tuple[str, ...]:
    """The fields of one line, without white space around them."""
    try:
        return tuple(field.strip() for field in next(csv.reader((text,)), ()))
    except csv.Error:  # a field past the module's limit, or a carriage return inside the line
        return (text.strip(),)


def read(data: bytes) -> OpenFile:
    """The accidents of a file, in the order of their first lines. Never raises; a header that is not known is a problem."""
    lines = data.splitlines(keepends=True)
    header = lines[0] if lines else b""
    table = _table(header)
    if table is None:
        return OpenFile(None, 0, (), (problem("csv-header", line=1, column=1),))
    reader = _Reader(header, table)
    for number, raw in enumerate(lines[1:], start=2):
        reader.line(number, raw)
    entries = sorted(reader.entries(), key=lambda entry: entry.lines)
    released = max(reader.released, default=None)
    return OpenFile(released, reader.rows, tuple(entries), tuple(reader.problems))


def _table(header: bytes) -> ModuleType | None:
    names = fields(header.decode("utf-8-sig", "replace"))
    return next((table for table in (party_table, accident_table) if table.HEADER == names), None)
