"""The layout since 2018: one line per party, 51 columns, the accident's own columns repeated on each. Pure."""

import csv
import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from operator import attrgetter, itemgetter

from adapters.police import labels, line_values
from adapters.police.open_accident import PARTIES_MAX, Line, OpenAccident, OpenParty, at_line, casualties
from adapters.police.strays import Naming
from schemas import normalise
from schemas.problems import Problem, errors, problem

_COLUMNS = (
    "發生年度,發生月份,發生日期,發生時間,事故類別名稱,處理單位名稱警局層,發生地點,天候名稱,光線名稱,道路類別-第1當事者-名稱,"
    "速限-第1當事者,道路型態大類別名稱,道路型態子類別名稱,事故位置大類別名稱,事故位置子類別名稱,路面狀況-路面鋪裝名稱,"
    "路面狀況-路面狀態名稱,路面狀況-路面缺陷名稱,道路障礙-障礙物名稱,道路障礙-視距品質名稱,道路障礙-視距名稱,"
    "號誌-號誌種類名稱,號誌-號誌動作名稱,車道劃分設施-分向設施大類別名稱,車道劃分設施-分向設施子類別名稱,"
    "車道劃分設施-分道設施-快車道或一般車道間名稱,車道劃分設施-分道設施-快慢車道間名稱,車道劃分設施-分道設施-路面邊線名稱,"
    "事故類型及型態大類別名稱,事故類型及型態子類別名稱,肇因研判大類別名稱-主要,肇因研判子類別名稱-主要,死亡受傷人數,當事者順位,"
    "當事者區分-類別-大類別名稱-車種,當事者區分-類別-子類別名稱-車種,當事者屬-性-別名稱,當事者事故發生時年齡,保護裝備名稱,"
    "行動電話或電腦或其他相類功能裝置名稱,當事者行動狀態大類別名稱,當事者行動狀態子類別名稱,車輛撞擊部位大類別名稱-最初,"
    "車輛撞擊部位子類別名稱-最初,車輛撞擊部位大類別名稱-其他,車輛撞擊部位子類別名稱-其他,肇因研判大類別名稱-個別,"
    "肇因研判子類別名稱-個別,肇事逃逸類別名稱-是否肇逃,經度,緯度"
)
HEADER = tuple(_COLUMNS.split(","))
DATE, TIME, SEVERITY, UNIT, PLACE, WEATHER, SPEED, POSITION, MEDIAN = 2, 3, 4, 5, 6, 7, 10, 13, 23
CASUALTIES, ORDER, VEHICLE, SEX, AGE, PROTECTION, LONGITUDE, LATITUDE = 32, 33, 34, 36, 37, 38, 49, 50

_COMMAS = len(HEADER) - 1
_PLAIN = 4_096  # characters; the longest published line has 500
_NAMING = (DATE, TIME, PLACE, LONGITUDE, LATITUDE)
_REPEATED = (SEVERITY, UNIT, CASUALTIES)
_EXPECTED = {DATE: "YYYYMMDD (20260808)", TIME: "HHMMSS (051200)", PLACE: "text"}  # of what names an accident
_repeated = itemgetter(*_REPEATED)
_rank = attrgetter("order", "vehicle", "sex")
_CLASSES = ("A1", "A2", "A3", "A4")
_DAY = re.compile(r"[12]\d{7}", re.ASCII)


def key(fields: Sequence[str]) -> tuple[str, ...]:
    """What the lines of one accident share: day, time, place, coordinates, as far as their writing may differ."""
    return _key(*(fields[column] for column in _NAMING))


def key_of(named: Sequence[str]) -> tuple[str, ...]:
    """The same from what `named` cut out."""
    return _key(*map(str.strip, named[: len(_NAMING)]))


def _key(day: str, clock: str, place: str, longitude: str, latitude: str) -> tuple[str, ...]:
    return (
        day,
        clock.zfill(6) if line_values.is_number(clock) else clock,
        normalise.text(place).replace('"', ""),
        line_values.degrees(longitude),
        line_values.degrees(latitude),
    )


def told(key: Sequence[str]) -> Naming:
    """What a key tells: day, time, place, coordinates. Those outside Taiwan or missing tell nothing, nor do swapped ones."""
    day, clock, place, longitude, latitude = key
    return (
        day if _day(day) else None,
        clock if line_values.clock(clock) else None,
        place if place and "\ufffd" not in place else None,
        line_values.located(longitude, latitude),
    )


def told_of(text: str) -> Naming:
    """The same of a line that is broken. Of one with too few or too many fields the front stands where it should, or the end."""
    found = [field.strip() for field in text.replace('"', "").split(",")]
    if len(found) == len(HEADER):
        day, clock, place, where = told(key(found))
    else:
        where = line_values.located(*map(line_values.degrees, found[-2:])) if len(found) > 1 else None
        front = [*found[:-1], *[""] * (PLACE + 1)]  # the last field may be cut short
        day, clock, place, _ = told(_key(front[DATE], front[TIME], "" if where else front[PLACE], "", ""))
    return day, clock, place, where


def unread(line: Line) -> list[Problem]:
    """What names an accident and cannot be read in this line."""
    *front, where = told(key(line.fields))
    found = [
        at_line("csv-value", line, column, HEADER[column], expected=expected)
        for (column, expected), text in zip(_EXPECTED.items(), front, strict=True)
        if text is None
    ]
    return found or ([] if where else [line_values.odd_coordinate(line, (LONGITUDE, LATITUDE), HEADER)])


def identity(key: tuple[str, ...]) -> str:
    """The text that names an accident, of its key: all of it but day and time is in normal form already."""
    plain = all(one.isascii() and one.isdigit() for one in key[:2])
    return normalise.joined(key) if plain else normalise.canonical(*key)


def named(text: str) -> tuple[str, ...] | None:
    """The columns of a line's key as they stand in it, then how the line begins and ends with them; None unless it is plainly a
    party's line, to be cut so."""
    if '"' in text or text.count(",") != _COMMAS or len(text) >= csv.field_size_limit():
        return None
    front, back = text.split(",", PLACE + 1), text.rsplit(",", 2)
    if not (front[0].isdigit() and front[DATE].isdigit()):  # a footer, a header, or nothing
        return None
    begin, end = text[: -len(front[-1])], text[len(back[0]) :]
    return front[DATE], front[TIME], front[PLACE], back[1], back[2], begin, end


def again(text: str, named: Sequence[str]) -> bool:
    """Whether a line is plainly of the accident of another one, of which this was cut out: most lines are, of the one before."""
    return (
        text.startswith(named[-2])
        and text.endswith(named[-1])
        and text.count(",") == _COMMAS
        and '"' not in text
        and len(text) < _PLAIN
    )


def accident(lines: Sequence[Line], _severity: str) -> tuple[OpenAccident | None, list[Problem]]:
    """The accident that these lines tell, in the order of the file; None when a line of it is wrong."""
    if len(lines) > PARTIES_MAX:
        return None, [problem("csv-too-many-parties", line=lines[PARTIES_MAX].number, limit=PARTIES_MAX)]
    first = lines[0]
    problems: list[Problem] = []
    day = _day(first.fields[DATE])
    clock = line_values.clock(first.fields[TIME])
    toll = casualties(first.fields[CASUALTIES])
    severity = labels.label(first.fields[SEVERITY])
    if not (day and clock and severity in _CLASSES and first.fields[PLACE] and toll):
        for column, good, expected in (
            (DATE, day, _EXPECTED[DATE]),
            (TIME, clock, _EXPECTED[TIME]),
            (SEVERITY, severity in _CLASSES, ", ".join(_CLASSES)),
            (PLACE, first.fields[PLACE], _EXPECTED[PLACE]),
            (CASUALTIES, toll, "死亡1;受傷0"),
        ):
            if not good:
                problems += [at_line("csv-value", line, column, HEADER[column], expected=expected) for line in lines]
    longitude, latitude = line_values.coordinates(first, (LONGITUDE, LATITUDE), HEADER, problems)
    parties = [party for line in lines if (party := _party(line, day, problems))]
    told = _repeated(first.fields)
    if any(_repeated(line.fields) != told for line in lines[1:]):
        for column in _REPEATED:
            odd = next((line for line in lines if line.fields[column] != first.fields[column]), None)
            if odd:
                problems.append(at_line("csv-rows-differ", odd, column, HEADER[column]))
    if (problems and errors(problems)) or not day or not clock or not toll:
        return None, problems
    return (
        OpenAccident(
            day.isoformat(),
            clock.isoformat(),
            first.fields[PLACE],
            severity,
            *toll,
            tuple(sorted(parties, key=_rank)),
            longitude,
            latitude,
            unit=labels.label(first.fields[UNIT]),
            weather=labels.label(first.fields[WEATHER]),
            position=_pair(*first.fields[POSITION : POSITION + 2]),
            median=_pair(*first.fields[MEDIAN : MEDIAN + 2]),
            speed_limit=line_values.speed_limit(first, SPEED, HEADER, problems),
        ),
        problems,
    )


@lru_cache(4096)
def _day(text: str) -> date | None:
    return normalise.day(text) if _DAY.fullmatch(text) else None


@lru_cache(4096)
def _pair(major: str, minor: str) -> str:
    return f"{labels.label(major)}/{labels.label(minor)}"


def _party(line: Line, day: date | None, problems: list[Problem]) -> OpenParty | None:
    fields = line.fields
    order = line_values.order(line, ORDER, HEADER, problems)
    if order is None:
        return None
    vehicle, sex, kind = _who(fields[VEHICLE], fields[VEHICLE + 1], fields[SEX])
    if kind is None and sex != labels.DUMMY_SEX:
        problems.append(at_line("csv-value-ignored", line, VEHICLE, HEADER[VEHICLE], expected="小客車, 機車, 人 …"))
        kind = "other"
    age = line_values.age(line, AGE, HEADER, day, problems) if kind else None
    return OpenParty(order, kind, vehicle, sex, age, labels.label(fields[PROTECTION]))


@lru_cache(4096)
def _who(major: str, minor: str, sex: str) -> tuple[str, str, str | None]:
    """(vehicle, sex, coarse kind) of a party; no kind of the dummy, nor of a label that is not known."""
    major, minor, sex = labels.label(major), labels.label(minor), labels.label(sex)
    return f"{major}/{minor}", sex, None if sex == labels.DUMMY_SEX else labels.kind(major, minor)
