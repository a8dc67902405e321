"""A coded export read by the names of its columns, the lines of an accident together. Pure.

UTF-8 (mostly with byte order mark) or Big5. Years are ROC or Gregorian, minutes are the finest time. A value that is no
code is kept without one, and 0 stands for nothing written, as the systems behind these exports fill it in. Sources:
facts-police-motor.md 2.2 and 2.6.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from operator import itemgetter

from adapters.police import codebook, export_columns, labels, line_values
from adapters.police.codebook import PARTY, SCENE, Coded, CodeSystem, Item, Writings
from adapters.police.export_columns import WHEN, Field, Key, Layout
from adapters.police.open_accident import PARTIES_MAX, Line, at_line
from adapters.police.open_data import fields
from adapters.police.report import AccidentReport, Person, PoliceFile, ReportEntry, ReportParty, Stray, Unknown, unknown
from schemas import normalise
from schemas.problems import Problem, errors, problem

SHORT_BYTES = 2_000_000  # a file whose fields may stand in memory beside its bytes: four pieces of a long one
HEADER_BYTES = 16_384  # a first line longer than ten times the longest header is none
CLASSES = ("A1", "A2", "A3", "A4")  # 處理別 and 事故類別 number them 1 to 4
DUMMY_SEX = "3"  # 無或物(動物、堆置物), in every version of the form
_COORDINATES = (Field.LONGITUDE, Field.LATITUDE)
_TOLL = (Field.CLASS, Field.DEATHS, Field.DEATHS_LATER, Field.INJURIES)
_REPEATED = (*_TOLL, Field.DISTRICT, Field.PLACE)  # by the lines of an accident, as its time is
_AS_OTHERS = "the place, as other lines of this time and these coordinates have it"
_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,6})?)?", re.ASCII)
_TIMES = dict(zip(WHEN, ((1, 9999), (1, 12), (1, 31), (0, 23), (0, 59)), strict=True))
_DISTRICT = re.compile(r"^\d{2}(?=[一-鿿])")  # 01大同區

_Key = tuple[str, ...]
Front = Callable[[bytes], _Key | None]
_Raw = tuple[int, bytes]
_Values = tuple[dict[Item, Coded], tuple[tuple[int, Coded], ...]]  # by item, and the column of each that is not known
_Columns = list[tuple[Callable[[Sequence[str]], tuple[str, ...]], Writings[tuple[str, ...], _Values]]]
_TOGETHER = 4  # items read at once: what some say together returns nearly as often as what each says


def read(layout: Layout, data: bytes) -> PoliceFile | None:
    """The reports of an export, made as they are walked; None when the header is of another layout."""
    found = export_columns.header(layout, next(iter(data[:HEADER_BYTES].splitlines()), b""))
    if found is None:
        return None
    table = _Table(layout, data, *found)
    return PoliceFile(layout.source, table.rows, table.entries())


def front(layout: Layout, header: bytes) -> Front | None:
    """What names the accident of a line, as far as a broken one tells it too (None of a line of no accident); None when the
    header is of another layout."""
    found = export_columns.header(layout, header[:HEADER_BYTES])
    return None if found is None else _Table(layout, b"", *found).front


class _Table:
    """The lines of one export, in groups. Of a long one it holds them as bytes: read, they take several times the room."""

    def __init__(self, layout: Layout, data: bytes, encoding: str, names: Sequence[str], at: Mapping[Key, int]) -> None:
        self.layout, self.encoding, self.names, self.at = layout, encoding, tuple(names), at
        self._scene, self._party = _reading(SCENE, at), _reading(PARTY, at)
        self._identity = [at[name] for name in layout.identity if name in at]
        self._when = WHEN if at.keys() >= set(WHEN) else (Field.MOMENT,)
        self._repeated = itemgetter(*(at[name] for name in (*self._when, *_REPEATED) if name in at))
        self._front = sum(name not in _COORDINATES for name in layout.identity if name in at)
        self._groups: dict[_Key, list[_Raw]] = {}
        self._fields: dict[int, tuple[str, ...]] = {}  # of the lines of a short file, so that they are cut once
        short = len(data) <= SHORT_BYTES
        self._last: list[_Raw] = []  # the group of the line before, and what names it there
        self._written: list[str] = []
        self._broken: list[tuple[_Raw, Problem]] = []
        self.rows = 0
        for number, raw in enumerate(data.splitlines(keepends=True)[1:], start=2):
            self._line(number, raw, short)

    def _line(self, number: int, raw: bytes, short: bool) -> None:
        found = fields(raw, self.encoding)
        if not any(found) or found == self.names:
            return  # empty, or the header again where two files were joined
        self.rows += 1
        have, expected = len(found), len(self.names)
        if "\ufffd" in "".join(found):
            self._broken.append(((number, raw), problem("csv-encoding", line=number)))
        elif have != expected:
            self._broken.append(((number, raw), problem("csv-columns", line=number, have=have, expected=expected)))
        elif Field.CASE in self.layout.identity and (not (case := found[self.at[Field.CASE]]) or '"' in case):
            nameless = self._fault("csv-value", Line(number, found), Field.CASE, expected="A109010501")
            self._broken.append(((number, raw), nameless))  # all such lines together would be one accident
        else:
            written = [found[column] for column in self._identity]
            if written != self._written:  # else a further line of the accident of the line before
                self._last, self._written = self._groups.setdefault(self._key(found), []), written
            self._last.append((number, raw))
            if short:
                self._fields[number] = found

    def front(self, raw: bytes) -> _Key | None:
        found = fields(raw, self.encoding)
        return (*self._key(found)[: self._front], "") if any(found) and found != self.names else None

    def _key(self, found: Sequence[str]) -> _Key:
        texts = (found[column] if column < len(found) else "" for column in self._identity)
        return tuple(normalise.text(text).replace('"', "") for text in texts)

    def entries(self) -> Iterator[ReportEntry]:
        """In the order of first lines. A broken line refuses the one accident that its front names, else it is alone."""
        fronts: dict[_Key, list[_Key]] = {}
        for key in self._groups:
            fronts.setdefault(key[: self._front], []).append(key)
        strays = self._unplaced(fronts)
        alone: list[ReportEntry] = []
        for (number, raw), fault in self._broken:
            named = fronts.get(self._key(fields(raw, self.encoding))[: self._front], [])
            if len(named) == 1:
                strays.setdefault(named[0], []).append(fault)
            else:
                stray = self._stray(Line(number, fields(raw, self.encoding)))
                alone.append(ReportEntry((number, number), None, (fault,), stray=stray))
        alone.reverse()
        for key, raws in self._groups.items():
            while alone and alone[-1].lines < raws[0]:
                yield alone.pop()
            lines = [Line(at, self._fields.get(at) or fields(raw, self.encoding)) for at, raw in raws]
            yield self._entry(key, lines, strays.get(key, []))
        yield from reversed(alone)

    def _unplaced(self, fronts: Mapping[_Key, list[_Key]]) -> dict[_Key, list[Problem]]:
        """Lines whose coordinates are none, where others of their time and place have such or have them otherwise, and lines
        without a place, where others of their time and coordinates have one: they refuse all of these."""
        strays: dict[_Key, list[Problem]] = {}
        if self.layout.one_line or len(self._identity) != self._front + len(_COORDINATES):
            return strays
        columns = self.at[Field.LONGITUDE], self.at[Field.LATITUDE]
        for keys in fronts.values():
            odd = [key for key in keys if not line_values.located(*key[self._front :])]
            self._refuse(keys, odd, lambda line: line_values.odd_coordinate(line, columns, self.names), strays)
        naming = [name for name in self.layout.identity if name in self.at]
        if Field.PLACE in naming:
            place = naming.index(Field.PLACE)
            spots: dict[_Key, list[_Key]] = {}
            for key in self._groups:
                if line_values.located(*key[self._front :]):
                    spots.setdefault((*key[: len(self._when)], *key[self._front :]), []).append(key)
            for keys in spots.values():
                odd = [key for key in keys if not key[place]]
                self._refuse(
                    keys, odd, lambda line: self._fault("csv-value", line, Field.PLACE, expected=_AS_OTHERS), strays
                )
        return strays

    def _refuse(
        self,
        keys: Sequence[_Key],
        odd: Sequence[_Key],
        fault: Callable[[Line], Problem],
        strays: dict[_Key, list[Problem]],
    ) -> None:
        """What is odd among several that may be one accident, each line by its fault; the rest by the first of these."""
        if len(keys) == 1 or not odd:
            return
        for key in odd:
            lines = (Line(number, fields(raw, self.encoding)) for number, raw in self._groups[key])
            strays.setdefault(key, []).extend(map(fault, lines))
        for key in keys:
            strays.setdefault(key, strays[odd[0]][:1])

    def _entry(self, key: _Key, lines: list[Line], strays: list[Problem]) -> ReportEntry:
        problems = list(strays)
        missing: list[Unknown] = []
        report = self._report(key, lines, problems, missing)
        problems.sort(key=lambda found: (found.line or 0, found.column or 0, found.code))
        told = None if errors(problems) else report
        between = (lines[0].number, lines[-1].number)
        stray = self._mistimed(lines) if told is None else None
        return ReportEntry(between, told, tuple(problems), tuple(missing), stray)

    def _stray(self, line: Line) -> Stray | None:
        """Of a line with no accident of its own: its day, if that stands where it should. A field lost before or among its
        numbers moves the district's name to the class; one too many moves the class to the district."""
        if self.layout.one_line:
            return None  # no accident has a second line
        before = (*self._when, Field.CLASS, Field.DISTRICT)
        if max(self.at[name] for name in before if name in self.at) >= len(line.fields):
            return Stray()
        moment = self._moment(line)
        moved = line_values.is_number(self._text(line, Field.DISTRICT)) or not self._text(line, Field.CLASS).isascii()
        return Stray() if moment is None or moved else Stray(date=moment.date().isoformat())

    def _mistimed(self, lines: list[Line]) -> Stray | None:
        """Of a line whose time is none, where the time names the accident: its place."""
        if self.layout.one_line or WHEN[0] not in self.layout.identity or self._moment(lines[0]) is not None:
            return None
        return Stray(place=self._place(lines[0], True, []))

    def _report(
        self, key: _Key, lines: list[Line], problems: list[Problem], missing: list[Unknown]
    ) -> AccidentReport | None:
        if len(lines) > PARTIES_MAX:
            problems.append(problem("csv-too-many-parties", line=lines[PARTIES_MAX].number, limit=PARTIES_MAX))
            return None
        first = lines[0]
        if self.layout.one_line:
            if odd := next((line for line in lines if line.fields != first.fields), None):
                problems.append(problem("csv-accident-twice", line=odd.number))
            lines = lines[:1]
        moment = self._moment(first)
        if moment is None:
            problems.append(self._odd_time(first))
            return None
        toll = {name: self._count(first, name, problems) for name in _TOLL[1:]}
        told = self._repeated(first.fields)
        if any(self._repeated(line.fields) != told for line in lines[1:]):
            self._differing(lines, moment, problems)
        longitude, latitude = self._coordinates(first, problems)
        at = self.at.get(Field.SPEED)
        speed = None if at is None else line_values.speed_limit(first, at, self.names, problems)
        system = self.layout.system(moment.date())
        parties = [party for line in lines if (party := self._one(line, system, moment.date(), problems, missing))]
        return AccidentReport(
            source=self.layout.source,
            identity=normalise.joined((normalise.text(self.layout.source), *key)),
            date=moment.date().isoformat(),
            time=moment.time().isoformat(),
            place=self._place(first, longitude is not None, problems),
            severity=self._class(first, problems),
            deaths=toll[Field.DEATHS] or 0,
            deaths_later=toll[Field.DEATHS_LATER],
            injuries=toll[Field.INJURIES] or 0,
            codes=self._coded(first, self._scene[system], missing),
            parties=tuple(sorted(parties, key=lambda party: party.order)),
            longitude=longitude,
            latitude=latitude,
            speed_limit=speed,
            unit=self._text(first, Field.UNIT),
            case_number=self._text(first, Field.CASE) or None,
            whole=not self.layout.one_line,
        )

    def _text(self, line: Line, name: Key) -> str:
        at = self.at.get(name)
        return "" if at is None else line.fields[at]

    def _fault(self, code: str, line: Line, name: Key, **names: str | int) -> Problem:
        return at_line(code, line, self.at[name], self.names[self.at[name]], **names)

    def _moment(self, line: Line) -> datetime | None:
        """Day and time in Taiwan."""
        fields = line.fields
        texts = [fields[self.at[name]] for name in self._when]
        if found := _MOMENT.fullmatch(texts[0]):
            year, *rest = (int(part or 0) for part in found.groups())
        elif len(texts) == len(WHEN) and all(map(line_values.is_number, texts)):
            year, *rest = map(int, texts)
        else:
            return None
        try:
            return datetime(year + normalise.ROC_OFFSET if year < normalise.ROC_OFFSET else year, *rest)
        except ValueError:
            return None

    def _odd_time(self, line: Line) -> Problem:
        """Names the column that makes no time of a line, and how it is written."""
        if self._when != WHEN:
            return self._fault("csv-value", line, Field.MOMENT, expected="2020-01-05 08:10:00")
        for name, (low, high) in _TIMES.items():
            text = self._text(line, name)
            if not line_values.is_number(text) or not low <= int(text) <= high:
                return self._fault("csv-value", line, name, expected=f"{low} … {high}")
        return self._fault("csv-value", line, Field.DAY, expected="1 … 31")  # of a month that has no such day

    def _differing(self, lines: list[Line], moment: datetime, problems: list[Problem]) -> None:
        """Lines whose time is none, and of each column the first line that tells it otherwise."""
        first, *rest = lines
        moments = [(line, self._moment(line)) for line in rest]
        problems += [self._odd_time(line) for line, found in moments if found is None]
        if later := next((line for line, found in moments if found not in (None, moment)), None):
            name = next(name for name in self._when if self._text(later, name) != self._text(first, name))
            problems.append(self._fault("csv-rows-differ", later, name))
        for name in _REPEATED:
            told = normalise.text(self._text(first, name))
            if odd := next((line for line in rest if normalise.text(self._text(line, name)) != told), None):
                problems.append(self._fault("csv-rows-differ", odd, name))

    def _class(self, line: Line, problems: list[Problem]) -> str:
        text = self._text(line, Field.CLASS)
        if text in ("1", "2", "3", "4"):
            return CLASSES[int(text) - 1]
        if text not in CLASSES:
            problems.append(self._fault("csv-value", line, Field.CLASS, expected="1, 2, 3, 4"))
        return text

    def _count(self, line: Line, name: Field, problems: list[Problem]) -> int | None:
        text = self._text(line, name)
        if line_values.is_number(text):
            return int(text)
        if text:
            problems.append(self._fault("csv-value", line, name, expected="0, 1, 2 …"))
        return None

    def _coordinates(self, line: Line, problems: list[Problem]) -> tuple[float | None, float | None]:
        if not all(name in self.at for name in _COORDINATES):
            return None, None
        columns = self.at[Field.LONGITUDE], self.at[Field.LATITUDE]
        return line_values.coordinates(line, columns, self.names, problems)

    def _place(self, line: Line, located: bool, problems: list[Problem]) -> str:
        """The place as written, the district before it. Without it and without coordinates nothing says where it was."""
        district = self._text(line, Field.CITY) + _DISTRICT.sub("", self._text(line, Field.DISTRICT))
        place = self._text(line, Field.PLACE)
        if not place and not located:
            name = Field.PLACE if Field.PLACE in self.at else Field.DISTRICT
            problems.append(self._fault("export-place-missing", line, name))
        return place if district in place else district + place

    def _one(
        self, line: Line, system: CodeSystem, day: date, problems: list[Problem], missing: list[Unknown]
    ) -> ReportParty | None:
        at = self.at.get(Field.ORDER)
        order = 1 if at is None else line_values.order(line, at, self.names, problems)
        if order is None:
            return None
        codes = self._coded(line, self._party[system], missing)
        sex, kind = codes.get(Item.SEX), None
        if sex is None or sex.code != DUMMY_SEX:
            party = codes.get(Item.PARTY_TYPE)
            kind = _kind(party.label if party else None)
        at = self.at.get(Field.AGE)
        return ReportParty(
            order=order,
            kind=kind,
            codes=codes,
            age=None if at is None else line_values.age(line, at, self.names, day, problems),
            plate=self._text(line, Field.PLATE) or None,
            person=self._person(line, problems),
        )

    def _person(self, line: Line, problems: list[Problem]) -> Person | None:
        """Number and name together; one of them alone is told of, and names nobody."""
        identifier, name = self._text(line, Field.PERSON), self._text(line, Field.NAME)
        if identifier and name:
            return Person(identifier, name)
        if identifier or name:
            there = Field.PERSON if identifier else Field.NAME
            problems.append(self._fault("csv-person-half", line, there))
        return None

    def _coded(self, line: Line, columns: _Columns, missing: list[Unknown]) -> dict[Item, Coded]:
        found: dict[Item, Coded] = {}
        fields = line.fields
        for pick, written in columns:
            values, odd = written[pick(fields)]
            found |= values
            if odd:
                missing += [unknown(line.number, at, self.names[at], value, labelled=False) for at, value in odd]
        return found


def _reading(items: Sequence[Item], at: Mapping[Key, int]) -> dict[CodeSystem, _Columns]:
    found = [(item, at[item]) for item in items if item in at]
    parts = [tuple(found[start : start + _TOGETHER]) for start in range(0, len(found), _TOGETHER)]
    return {system: [_together(part, system) for part in parts] for system in CodeSystem}


@lru_cache(256)
def _together(
    part: tuple[tuple[Item, int], ...], system: CodeSystem
) -> tuple[Callable[[Sequence[str]], tuple[str, ...]], Writings[tuple[str, ...], _Values]]:
    columns = [column for _, column in part]

    def read(written: tuple[str, ...]) -> _Values:
        values = {one: codebook.coded(one[0], system)[text] for one, text in zip(part, written, strict=True)}
        told = {one: value for one, value in values.items() if value is not None}
        unknown = tuple((column, value) for (_, column), value in told.items() if not value.known)
        return {item: value for (item, _), value in told.items()}, unknown

    # Of one column a getter gives no tuple.
    return itemgetter(*columns) if len(columns) > 1 else itemgetter(slice(columns[0], columns[0] + 1)), Writings(read)


@lru_cache(1024)
def _kind(party: str | None) -> str:
    """The coarse kind by the label of 當事者區分; the letter of an unknown code says nothing."""
    major, _, minor = (party or "/").partition("/")
    return labels.kind(labels.label(major), labels.label(minor)) or "other"
