"""Values of a line that the layouts of police tables write alike: time, coordinates, order, age, speed limit. Pure.

Each reader names what it cannot read at its column and gives None. Source: facts-police-motor.md 2.1 (traps).
"""

import re
from collections.abc import Sequence
from datetime import date, time
from functools import lru_cache

from adapters.police.open_accident import Line, at_line
from adapters.police.place import Reading, point
from schemas import normalise
from schemas.problems import Problem

ORDER_MAX = 999
AGE_MAX = 130  # above it stands the ROC year of the accident sometimes, for "no age"
SPEEDS = range(10, 131, 5)  # km/h on signs; the files also hold 0, 1, 2, 5, 6 and 701
_DIGITS = re.compile(r"\d{1,6}", re.ASCII)
_COORDINATE = re.compile(r"(-?\d{1,3})(?:\.(\d{1,12}))?", re.ASCII)
_DEGREES = re.compile(r"\d{2,3}(?:\.\d{0,12})?", re.ASCII)
# Nearly every pair is; `point` tells of the others.
_IN_TAIWAN = re.compile(r"1(?:1[89]|2[0-2])(?:\.\d{0,12})? 2[1-6](?:\.\d{0,12})?", re.ASCII)


@lru_cache(4096)
def number(text: str) -> int | None:
    """What one to six digits say; None of any other text."""
    return int(text) if _DIGITS.fullmatch(text) else None


def is_number(text: str) -> bool:
    """Whether a text is one to six digits."""
    return _DIGITS.fullmatch(text) is not None


def degrees(text: str) -> str:
    """A coordinate as it is compared: 120.6600010 and 120.660001 are one."""
    found = _COORDINATE.fullmatch(text)
    if not found:
        return normalise.text(text)
    return f"{found[1]}.{(found[2] or '').rstrip('0')}"


def located(longitude: str, latitude: str) -> str | None:
    """A pair of coordinates as `degrees` has them, as one text; None when it is no point in Taiwan as it stands."""
    both = f"{longitude} {latitude}"
    if _IN_TAIWAN.fullmatch(both):
        return both
    if not (_DEGREES.fullmatch(longitude) and _DEGREES.fullmatch(latitude)):
        return None
    reading, _, _ = point(float(longitude), float(latitude))
    return both if reading is Reading.RIGHT else None


def odd_coordinate(line: Line, columns: tuple[int, int], header: Sequence[str]) -> Problem:
    """What to say of coordinates that are not `located`, where the accident's other lines have such."""
    longitude = line.fields[columns[0]]
    at, example = (1, "24.081") if located(longitude, "24.") else (0, "121.458735")
    return at_line("csv-value", line, columns[at], header[columns[at]], expected=f"WGS84 degrees in Taiwan ({example})")


@lru_cache(4096)
def clock(text: str) -> time | None:
    """HHMMSS; mirrors of the data lose leading zeros."""
    if not _DIGITS.fullmatch(text):
        return None
    text = text.zfill(6)
    try:
        return time(int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        return None


def coordinates(
    line: Line, columns: tuple[int, int], header: Sequence[str], problems: list[Problem]
) -> tuple[float | None, float | None]:
    """Longitude and latitude, put right when swapped; None when there are none in Taiwan."""
    first, second = line.fields[columns[0]], line.fields[columns[1]]
    if not (first or second):
        return None, None
    if not (_COORDINATE.fullmatch(first) and _COORDINATE.fullmatch(second)):
        column = columns[1] if _COORDINATE.fullmatch(first) else columns[0]
        problems.append(
            at_line("csv-value-ignored", line, column, header[column], expected="WGS84 degrees (121.458735)")
        )
        return None, None
    reading, longitude, latitude = point(float(first), float(second))
    if reading == Reading.RIGHT:
        return longitude, latitude
    problems.append(at_line(f"accident-coordinates-{reading}", line, columns[0], header[columns[0]]))
    return (longitude, latitude) if reading == Reading.SWAPPED else (None, None)


def order(line: Line, column: int, header: Sequence[str], problems: list[Problem]) -> int | None:
    """當事者順位, from 1; without it the line is of no party."""
    text = line.fields[column]
    found = number(text)
    if found is not None and 1 <= found <= ORDER_MAX:
        return found
    problems.append(at_line("csv-value", line, column, header[column], expected=f"1 … {ORDER_MAX}"))
    return None


def age(line: Line, column: int, header: Sequence[str], day: date | None, problems: list[Problem]) -> int | None:
    """Years. -1, 0 and the ROC year of the accident all stand for "no age"."""
    text = line.fields[column]
    if text in ("", "-1"):
        return None
    years = number(text)
    if years is None:
        problems.append(at_line("csv-value-ignored", line, column, header[column], expected="0 … 130"))
        return None
    return years if 0 < years <= AGE_MAX and not (day and years == day.year - normalise.ROC_OFFSET) else None


def speed_limit(line: Line, column: int, header: Sequence[str], problems: list[Problem]) -> int | None:
    """km/h, if a sign could show it."""
    text = line.fields[column]
    if not text:
        return None
    found = number(text)
    if found is None:
        problems.append(at_line("csv-value-ignored", line, column, header[column], expected="km/h (50)"))
        return None
    return found if found in SPEEDS else None
