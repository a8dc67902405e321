"""The police agency's open accident data: a CSV file in, its accidents and every fault out. Pure.

Two layouts (facts-police-motor.md 2.1): `party_table` since 2018, `accident_table` before. No case number: lines are
grouped by what names their accident, wherever they stand. UTF-8, mostly with a byte order mark, CRLF or LF, footers
at the end. A physical line is a line of the table: text holds no line ends, and a stray quotation mark must not swallow
the rest of a file.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from types import ModuleType
from typing import NamedTuple

from adapters.police import accident_table, party_table
from adapters.police.open_accident import Line, OpenAccident
from schemas import normalise
from schemas.problems import Problem, Severity, errors, problem

_RELEASED = "資料提供日期:"
_SEVERITY = "事故類別:"
_FOOTERS = ("資料提供日期", "事故類別")
PROBLEMS_MAX = 200  # of a file, and of each accident: a file may break one accident on every line

_ANY_BYTES = "surrogateescape"  # text of what is no UTF-8, from which the bytes come back

Raw = tuple[int, str]  # a line's number and its text, with the line end


class Entry(NamedTuple):
    """One accident of a file: its identity, its lines in file order and their numbers.

    `accident` is None exactly when one of the problems is an error.
    """

    identity: str
    header: bytes
    texts: tuple[str, ...]
    numbers: tuple[int, ...]
    accident: OpenAccident | None
    problems: tuple[Problem, ...]

    @property
    def body(self) -> bytes:
        """Its bytes: header and lines."""
        return self.header + "".join(self.texts).encode("utf-8", _ANY_BYTES)

    @property
    def lines(self) -> tuple[int, int]:
        """The first and the last line."""
        return self.numbers[0], self.numbers[-1]


Told = tuple[Entry, list[Line]]  # an accident, and its lines as they were read


@dataclass(frozen=True, slots=True)
class Walk:
    """As `OpenFile`, its accidents made as they are walked; they can be walked once."""

    released: str | None
    rows: int
    entries: Iterator[Told]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file read: `released` (資料提供日期) as YYYYMMDD; `rows`: lines of parties, dummies too; its own problems."""

    released: str | None
    rows: int
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]


class _Reader:
    """Sorts the lines of one table into accidents. Holds lines whole: cut into fields they take several times the room."""

    def __init__(self, header: bytes, table: ModuleType) -> None:
        self.header = header
        self.table = table
        self.groups: dict[tuple[str, ...], list[Raw]] = {}
        self.broken: list[tuple[Raw, Problem]] = []
        self.released: list[str] = []
        self.severity = ""
        self.rows = 0
        self.problems: list[Problem] = []

    def take(self, lines: Iterable[bytes]) -> None:
        """The lines after the header."""
        cut_out = self.table.named
        last: list[Raw] = []  # the group of the line before, and what was cut out of the first line of it
        before: tuple[str, ...] | None = None
        for number, raw in enumerate(lines, start=2):
            try:
                text = raw.decode("utf-8")
            except UnicodeDecodeError:
                self._line(number, raw, raw.decode("utf-8", _ANY_BYTES), sound=False)
                continue
            if before is None or not self.table.again(
                text, before
            ):  # else a further party of the accident of the line before
                named = cut_out(text)
                if named is None:
                    self._line(number, raw, text, sound=True)
                    continue
                last, before = self.groups.setdefault(self.table.key_of(named), []), named
            self.rows += 1  # nearly every line: what names its accident can be cut out of it
            last.append((number, text))

    def _line(self, number: int, raw: bytes, text: str, *, sound: bool) -> None:
        found = fields(raw)
        if not any(found) or found == self.table.HEADER:
            return  # empty, or the header again where two files were joined
        if self._footer(number, found[0]):
            return
        self.rows += 1
        have, expected = len(found), len(self.table.HEADER)
        if not sound:
            self.broken.append(((number, text), problem("csv-encoding", line=number)))
        elif have != expected:
            self.broken.append(((number, text), problem("csv-columns", line=number, have=have, expected=expected)))
        else:
            self.groups.setdefault(self.table.key(found), []).append((number, text))

    def _footer(self, number: int, first: str) -> bool:
        if not first.startswith(_FOOTERS):
            return False
        text = normalise.text(first)
        if text.startswith(_SEVERITY):
            self.severity = text.removeprefix(_SEVERITY).removesuffix("類")
        elif day := normalise.day(text.removeprefix(_RELEASED)):
            self.released.append(day.strftime("%Y%m%d"))
        else:
            self.problems.append(problem("csv-release-date", line=number, column=1))
        return True

    def entries(self) -> Iterator[Told]:
        """In the order of first lines."""
        strays = self._strays()
        units = [(self.table.identity(key), raws, strays.pop(key, [])) for key, raws in self.groups.items()]
        units += [(normalise.canonical("line", *key), [], broken) for key, broken in strays.items()]
        if self.broken:
            units.sort(key=lambda unit: min(number for number, _ in (*unit[1], *(raw for raw, _ in unit[2]))))
        for identity, raws, broken in units:
            lines = [Line(number, cells(text)) for number, text in raws]
            accident, problems = self.table.accident(lines, self.severity) if lines else (None, [])
            if broken:
                raws = sorted([*raws, *(raw for raw, _ in broken)])
                accident, problems = None, [*problems, *(found for _, found in broken)]
            yield self._entry(identity, raws, accident, problems), lines

    def _entry(self, identity: str, raws: list[Raw], accident: OpenAccident | None, problems: list[Problem]) -> Entry:
        numbers, texts = zip(*raws, strict=True)
        if not problems:
            return Entry(identity, self.header, texts, numbers, accident, ())
        problems.sort(key=lambda found: (found.line or 0, found.column or 0, found.code))
        return Entry(identity, self.header, texts, numbers, accident, listed(problems))

    def _strays(self) -> dict[tuple[str, ...], list[tuple[Raw, Problem]]]:
        """Broken lines by the one accident that their front names; those that name none stand alone, by their bytes."""
        if not self.broken:
            return {}
        named: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
        for key, raws in self.groups.items():
            for _, text in raws:
                named.setdefault(self.table.prefix(cells(text)), set()).add(key)
        strays: dict[tuple[str, ...], list[tuple[Raw, Problem]]] = {}
        for raw, found in self.broken:
            written = raw[1].encode("utf-8", _ANY_BYTES)
            prefix = self.table.prefix(fields(written))
            keys = named.get(prefix, set()) if prefix else set()
            key = next(iter(keys)) if len(keys) == 1 else (sha256(written).hexdigest(),)
            strays.setdefault(key, []).append((raw, found))
        return strays


def listed(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """These, in their order; past the limit the first errors, then the first warnings, and a last one says that there are
    more."""
    if len(problems) <= PROBLEMS_MAX:
        return tuple(problems)
    kept = sorted(problems, key=lambda found: found.severity != Severity.ERROR)[:PROBLEMS_MAX]
    severity = Severity.ERROR if errors(kept) else Severity.WARNING
    return (*kept, problem("too-many-problems", severity=severity, limit=PROBLEMS_MAX))


def fields(raw: bytes, encoding: str = "utf-8") -> tuple[str, ...]:
    """The fields of one line, without byte order mark and white space; what is not of the encoding shows as U+FFFD."""
    return cells(raw.decode(encoding, "replace"))


def cells(line: str) -> tuple[str, ...]:
    """The fields of a line's text."""
    text = line.removeprefix("\ufeff").rstrip("\r\n")
    if '"' not in text and len(text) < csv.field_size_limit():  # twice as fast as the module, for nearly every line
        found = text.split(",") if text else ()
        # In what is printable a blank is the only white space.
        bare = text.isprintable() and (" " not in text or not (" ," in text or ", " in text or text != text.strip()))
        return tuple(found) if bare else tuple(map(str.strip, found))
    try:
        return tuple(field.strip() for field in next(csv.reader((text,)), ()))
    except csv.Error:  # a field past the module's limit
        return (text.strip(),)


def read(data: bytes) -> OpenFile:
    """The accidents of a file, in the order of their first lines. Never raises: an unknown header is a problem."""
    file = walk(data)
    return OpenFile(file.released, file.rows, tuple(entry for entry, _ in file.entries), file.problems)


def walk(data: bytes) -> Walk:
    """As `read`, an accident at a time."""
    lines = data.splitlines(keepends=True)
    header = lines[0] if lines else b""
    table = _table(header)
    if table is None:
        return Walk(None, 0, iter(()), (problem("csv-header", line=1, column=1),))
    reader = _Reader(header, table)
    reader.take(lines[1:])
    return Walk(max(reader.released, default=None), reader.rows, reader.entries(), listed(reader.problems))


def _table(header: bytes) -> ModuleType | None:
    names = fields(header)
    return next((table for table in (party_table, accident_table) if names == table.HEADER), None)


def front(header: bytes) -> Callable[[bytes], tuple[str, ...] | None] | None:
    """What names the accident of a line, as far as a broken one tells it too; empty of a footer, None of a line of no
    accident. None when the header is of no layout."""
    table = _table(header)
    if table is None:
        return None

    before: tuple[tuple[str, ...], tuple[str, ...]] | None = None  # what was cut out of an earlier line, and its front

    def of(raw: bytes) -> tuple[str, ...] | None:
        nonlocal before
        text = raw.decode("utf-8", "replace")
        if before is not None and table.again(text, before[0]):
            return before[1]
        if (named := table.named(text)) is not None:
            before = named, table.front_of(named)
            return before[1]
        found = cells(text)
        if not any(found) or found == table.HEADER:
            return None
        return () if found[0].startswith(_FOOTERS) else table.front(found)

    return of
