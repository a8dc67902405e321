"""The police agency's open accident data: a CSV file in, its accidents and every fault out. Pure.

Two layouts (facts-police-motor.md 2.1): `party_table` since 2018, `accident_table` before. No case number: lines are
grouped by what names their accident, wherever they stand. UTF-8, mostly with a byte order mark, CRLF or LF, footers
at the end. A physical line is a line of the table: text holds no line ends, and a stray quotation mark must not swallow
the rest of a file.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from types import ModuleType
from typing import NamedTuple

from adapters.police import accident_table, party_table
from adapters.police.open_accident import Line, OpenAccident
from adapters.police.strays import Naming, Strays
from schemas import normalise
from schemas.problems import Problem, Severity, errors, problem

_RELEASED = "資料提供日期:"
_SEVERITY = "事故類別:"
_FOOTERS = ("資料提供日期", "事故類別")
PROBLEMS_MAX = 200  # of a file, and of each accident: a file may break one accident on every line

_ANY_BYTES = "surrogateescape"  # text of what is no UTF-8, from which the bytes come back

Raw = tuple[int, str]  # a line's number and its text, with the line end
Key = tuple[str, ...]
Faulty = tuple[Raw, list[Problem]]  # a line that refuses what it may be of, and why


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
        self.groups: dict[Key, list[Raw]] = {}
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
        faulty, gone = self._strays()
        astray = bool(faulty or gone)
        units = [
            (self.table.identity(key), raws, faulty.pop(key, []))
            for key, raws in self.groups.items()
            if key not in gone
        ]
        units += [(normalise.canonical("line", *key), [], lines) for key, lines in faulty.items()]
        if astray:
            units.sort(key=lambda unit: min(number for number, _ in (*unit[1], *(raw for raw, _ in unit[2]))))
        for identity, raws, more in units:
            lines = [Line(number, cells(text)) for number, text in raws]
            accident, problems = self.table.accident(lines, self.severity) if lines else (None, [])
            if more:
                raws = sorted({*raws, *(raw for raw, _ in more)})
                accident, problems = None, [*problems, *(found for _, why in more for found in why)]
            yield self._entry(identity, raws, accident, problems), lines

    def _entry(self, identity: str, raws: list[Raw], accident: OpenAccident | None, problems: list[Problem]) -> Entry:
        numbers, texts = zip(*raws, strict=True)
        if not problems:
            return Entry(identity, self.header, texts, numbers, accident, ())
        problems.sort(key=lambda found: (found.line or 0, found.column or 0, found.code))
        return Entry(identity, self.header, texts, numbers, accident, listed(problems))

    def _strays(self) -> tuple[dict[Key, list[Faulty]], set[Key]]:
        """Lines that refuse an accident, by its key (those that fit none by their bytes); and the keys that were no accidents but
        such lines of another one.

        Such a line is broken, or does not tell its day, time, place or coordinates. One that fits several accidents stands
        alone, and the first like it refuses each of them. Lines without coordinates that fit no other are an accident.
        """
        torn: dict[Naming, list[Faulty]] = {}
        for (number, text), found in self.broken:
            told = self.table.told_of(text.encode("utf-8", _ANY_BYTES).decode("utf-8", "replace"))
            torn.setdefault(told, []).append(((number, text), [found]))
        telling = {key: self.table.told(key) for key in self.groups}
        partly: dict[Naming, list[Key]] = {}
        for key, told in telling.items():
            if None in told:
                partly.setdefault(told, []).append(key)
        faulty: dict[Key, list[Faulty]] = {}
        gone: set[Key] = set()
        every = {**partly, **torn}
        fitting = _fitting(every, telling) if every else {}
        for told in every:
            keys = partly.get(told, [])
            homes = dict.fromkeys(fitting.get(told, keys[:1] if any(told) else []))
            away = [key for key in keys if key not in homes]
            lines = [line for key in away for line in self._unread(key)] + torn.get(told, [])
            if len(homes) == 1:
                (home,) = homes
                faulty.setdefault(home, []).extend(lines)
                gone.update(away)
                continue
            first = min(lines)
            for home in homes:
                faulty.setdefault(home, []).append(first)
            for key in keys if None not in told[:-1] else ():  # the others are no accidents anyway
                faulty.setdefault(key, []).extend(self._unread(key))
            for line in torn.get(told, []):
                written = line[0][1].encode("utf-8", _ANY_BYTES)
                faulty.setdefault((sha256(written).hexdigest(),), []).append(line)
        return {key: lines for key, lines in faulty.items() if lines}, gone

    def _unread(self, key: Key) -> list[Faulty]:
        return [((number, text), self.table.unread(Line(number, cells(text)))) for number, text in self.groups[key]]


def _fitting(told: Iterable[Naming], telling: Mapping[Key, Naming]) -> dict[Naming, list[Key]]:
    """The accidents that each of these may be of. `telling`: what each accident tells."""
    strays, found = Strays(told), dict[Naming, list[Key]]()
    for key, own in telling.items():
        for stray in strays.of(own) if None not in own[:-1] else ():
            if stray != own or None not in own:
                found.setdefault(stray, []).append(key)
    return found


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


def front(header: bytes) -> Callable[[bytes], Naming | None] | None:
    """What a line tells of its accident; empty of a footer, None of a line of no accident. None when the header is of no
    layout."""
    table = _table(header)
    if table is None:
        return None

    before: tuple[tuple[str, ...], Naming] | None = None  # what was cut out of an earlier line, and what that tells

    def of(raw: bytes) -> Naming | None:
        nonlocal before
        text = raw.decode("utf-8", "replace")
        if before is not None and table.again(text, before[0]):
            return before[1]
        broken = "\ufffd" in text
        if not broken and (named := table.named(text)) is not None:
            key = table.key_of(named)
            before = named, _telling(table.told(key), key)
            return before[1]
        found = cells(text)
        if not any(found) or found == table.HEADER:
            return None
        if found[0].startswith(_FOOTERS):
            return ()
        if broken or len(found) != len(table.HEADER):
            return _telling(table.told_of(text), found)
        key = table.key(found)
        return _telling(table.told(key), key)

    return of


def _telling(told: Naming, line: Sequence[str]) -> Naming:
    """A line that tells nothing stands alone, or with those that are the same."""
    return told if any(told) else (*line, "")
