"""The layout since 2018: one line per party, 51 columns, the accident's own columns repeated on each. Pure."""

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from adapters.police import labels, line_values
from adapters.police.open_accident import PARTIES_MAX, Line, OpenAccident, OpenParty, at_line, casualties
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
_REPEATED = (SEVERITY, UNIT, CASUALTIES)
_DAY = re.compile(r"[12]\d{7}", re.ASCII)


def key(fields: Sequence[str]) -> tuple[str, ...]:
    """What the lines of one accident share: day, time, place, coordinates, as far as their writing may differ."""
    clock = fields[TIME]
    return (
        fields[DATE],
        clock.zfill(6) if line_values.is_number(clock) else clock,
        normalise.text(fields[PLACE]),
        line_values.degrees(fields[LONGITUDE]),
        line_values.degrees(fields[LATITUDE]),
    )


def named(raw: bytes) -> tuple[bytes, ...] | None:
    """The columns of a line's key as they stand in its bytes; None of a line that must be read to find them."""
    if b'"' in raw or raw.count(b",") != _COMMAS:
        return None
    front, back = raw.split(b",", PLACE + 1), raw.rsplit(b",", 2)
    return front[DATE], front[TIME], front[PLACE], back[1], back[2]


def prefix(fields: Sequence[str]) -> tuple[str, ...]:
    """The front of a line's key, still readable when the line breaks off or has a column too many."""
    return tuple(fields[at] for at in (DATE, TIME, PLACE) if at < len(fields))


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
    for column, good, expected in (
        (DATE, day, "YYYYMMDD (20260808)"),
        (TIME, clock, "HHMMSS (051200)"),
        (SEVERITY, severity in ("A1", "A2", "A3", "A4"), "A1, A2, A3, A4"),
        (PLACE, first.fields[PLACE], "text"),
        (CASUALTIES, toll, "死亡1;受傷0"),
    ):
        if not good:
            problems += [at_line("csv-value", line, column, HEADER[column], expected=expected) for line in lines]
    longitude, latitude = line_values.coordinates(first, (LONGITUDE, LATITUDE), HEADER, problems)
    parties = [party for line in lines if (party := _party(line, day, problems))]
    for column in _REPEATED:
        odd = next((line for line in lines if line.fields[column] != first.fields[column]), None)
        if odd:
            problems.append(at_line("csv-rows-differ", odd, column, HEADER[column]))
    if errors(problems) or not day or not clock or not toll:
        return None, problems
    return (
        OpenAccident(
            date=day.isoformat(),
            time=clock.isoformat(),
            place=first.fields[PLACE],
            severity=severity,
            deaths=toll[0],
            injuries=toll[1],
            parties=tuple(sorted(parties, key=lambda party: (party.order, party.vehicle, party.sex))),
            longitude=longitude,
            latitude=latitude,
            unit=labels.label(first.fields[UNIT]),
            weather=labels.label(first.fields[WEATHER]),
            position=_pair(first, POSITION),
            median=_pair(first, MEDIAN),
            speed_limit=line_values.speed_limit(first, SPEED, HEADER, problems),
        ),
        problems,
    )


@lru_cache(4096)
def _day(text: str) -> date | None:
    return normalise.day(text) if _DAY.fullmatch(text) else None


def _pair(line: Line, column: int) -> str:
    return f"{labels.label(line.fields[column])}/{labels.label(line.fields[column + 1])}"


def _party(line: Line, day: date | None, problems: list[Problem]) -> OpenParty | None:
    fields = line.fields
    order = line_values.order(line, ORDER, HEADER, problems)
    if order is None:
        return None
    sex = labels.label(fields[SEX])
    major, minor = labels.label(fields[VEHICLE]), labels.label(fields[VEHICLE + 1])
    kind = None
    if sex != labels.DUMMY_SEX:
        kind = labels.kind(major, minor)
        if kind is None:
            problems.append(at_line("csv-value-ignored", line, VEHICLE, HEADER[VEHICLE], expected="小客車, 機車, 人 …"))
            kind = "other"
    return OpenParty(
        order=order,
        kind=kind,
        vehicle=f"{major}/{minor}",
        sex=sex,
        age=line_values.age(line, AGE, HEADER, day, problems) if kind else None,
        protection=labels.label(fields[PROTECTION]),
    )
