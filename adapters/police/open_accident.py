"""An accident as the open data tell it, and a line of a table: what the readers of both layouts share."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from schemas.problems import Problem, problem

PARTIES_MAX = 500  # lines of one accident; the most seen are 42, and a column left empty would make one of a whole file
_CASUALTIES = re.compile(r"死亡(\d{1,4});受傷(\d{1,5})", re.ASCII)


class Line(NamedTuple):
    """A physical line: its number (1 is the header), its fields."""

    number: int
    fields: tuple[str, ...]


class OpenParty(NamedTuple):
    """One party. `kind` is coarse, None of the dummy second party (an object, or nothing); `age` may not be told."""

    order: int
    kind: str | None
    vehicle: str = ""  # 當事者區分 大類/子類
    sex: str = ""
    age: int | None = None
    protection: str = ""


class OpenAccident(NamedTuple):
    """One accident, its parties by their order.

    `date` YYYY-MM-DD and `time` HH:MM:SS in Taiwan; coordinates in WGS84 degrees, None if they are none in Taiwan.
    """

    date: str
    time: str
    place: str
    severity: str  # A1 … A4, empty when the file does not say
    deaths: int
    injuries: int
    parties: tuple[OpenParty, ...]
    longitude: float | None = None
    latitude: float | None = None
    unit: str = ""
    weather: str = ""
    position: str = ""  # 事故位置 大類/子類
    median: str = ""  # 分向設施 大類/子類
    speed_limit: int | None = None  # km/h; None when the file's value is none that a sign shows

    @property
    def kinds(self) -> tuple[str, ...]:
        """The coarse kinds of the parties, sorted, without the dummy."""
        return tuple(sorted(party.kind for party in self.parties if party.kind))


@lru_cache(1024)
def casualties(text: str) -> tuple[int, int] | None:
    """(deaths, injuries) of `死亡1;受傷0`."""
    found = _CASUALTIES.fullmatch(unicodedata.normalize("NFKC", text).replace(" ", ""))
    return (int(found[1]), int(found[2])) if found else None


def at_line(code: str, line: Line, column: int, name: str, **names: str | int) -> Problem:
    """A problem of one field; `column` counts from 0, as fields do (a problem's from 1); `name` is its header."""
    return problem(code, name, line=line.number, column=column + 1, field=name, **names)
