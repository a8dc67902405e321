"""The layout of 2013 to 2017: one line per accident, 4 columns, no coordinates. Pure."""

import re
from collections.abc import Sequence
from datetime import time

from adapters.police import labels
from adapters.police.open_accident import Line, OpenAccident, OpenParty, at_line, casualties
from adapters.police.strays import Naming
from schemas import normalise
from schemas.problems import Problem, errors, problem

HEADER = ("發生時間", "發生地點", "死亡受傷人數", "車種")
MOMENT, PLACE, CASUALTIES, VEHICLES = range(4)
_MOMENT = re.compile(r"(\d{2,3}年\d{1,2}月\d{1,2}日)(\d{1,2})時(\d{1,2})分(?:(\d{1,2})秒)?", re.ASCII)


def key(fields: Sequence[str]) -> tuple[str, ...]:
    """Time and place: all that names an accident here."""
    return normalise.text(fields[MOMENT]).removesuffix("00秒"), normalise.text(fields[PLACE])


def identity(key: tuple[str, ...]) -> str:
    """The text that names an accident, of its key."""
    return normalise.canonical(*key)


def named(_text: str) -> None:
    """A line is read in one go: what names its accident is half of it."""


def told(key: Sequence[str]) -> Naming:
    """What a key tells, and no coordinates."""
    return (*key, "")


def told_of(_text: str) -> Naming:
    """A line is an accident of its own: a broken one belongs to no other."""
    return ()


def unread(_line: Line) -> list[Problem]:
    """Nor does one whose time or place cannot be read."""
    return []


def accident(lines: Sequence[Line], severity: str) -> tuple[OpenAccident | None, list[Problem]]:
    """A line's accident; a second line under the same time and place must say the same. `severity`: of the footer."""
    first = lines[0]
    problems: list[Problem] = []
    odd = next((line for line in lines if line.fields != first.fields), None)
    if odd:
        problems.append(problem("csv-accident-twice", line=odd.number))
    found = _MOMENT.fullmatch(normalise.text(first.fields[MOMENT]))
    day = normalise.day(found[1]) if found else None
    clock = _clock(found) if found else None
    toll = casualties(first.fields[CASUALTIES])
    for column, good, expected in (
        (MOMENT, day and clock, "104年01月01日 02時30分00秒"),
        (PLACE, first.fields[PLACE], "text"),
        (CASUALTIES, toll, "死亡1;受傷0"),
    ):
        if not good:
            problems.append(at_line("csv-value", first, column, HEADER[column], expected=expected))
    parties = _parties(first, problems)
    if errors(problems) or not day or not clock or not toll:
        return None, problems
    place = first.fields[PLACE]
    return OpenAccident(day.isoformat(), clock.isoformat(), place, severity, toll[0], toll[1], parties), problems


def _clock(found: re.Match[str]) -> time | None:
    try:
        return time(int(found[2]), int(found[3]), int(found[4] or 0))
    except ValueError:
        return None


def _parties(line: Line, problems: list[Problem]) -> tuple[OpenParty, ...]:
    """`普通重型-機車;自用-小客車`: one entry a party, 子類-大類, in their order."""
    parties = []
    for order, entry in enumerate((text for text in line.fields[VEHICLES].split(";") if text), start=1):
        minor, _, major = labels.label(entry).rpartition("-")
        kind = labels.kind(major, minor)
        if kind is None:
            problems.append(
                at_line("csv-value-ignored", line, VEHICLES, HEADER[VEHICLES], expected="自用-小客車;行人-人")
            )
        parties.append(OpenParty(order, kind or "other", f"{major}/{minor}"))
    return tuple(parties)
