"""One accident report, whatever it was read from: open data, a coded export, or our own JSON. Pure.

Items and their numbers are those of the form 道路交通事故調查報告表(一)(二) (facts-police-motor.md 2.3).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from adapters.police.codebook import Coded, Item
from schemas.problems import Problem

LABEL_MAX = 80  # characters; the longest label of the forms has 59
_NUMBERED = re.compile(r"\d{4}|[A-Za-z]\d{2}")  # what could be the number of a person, a telephone or a plate


class Source(StrEnum):
    """What a police file is."""

    OPEN_DATA = "open-data"  # national, labels
    TAIPEI = "taipei"  # city export, codes of the form
    TAICHUNG = "taichung"  # city export, renumbered
    INTERNAL = "internal"  # a unit's own export, form item numbers in its columns
    JSON = "json"  # ours


@dataclass(frozen=True, slots=True)
class Person:
    """A party as the police know it (items 16, 18). Personal data."""

    identifier: str
    name: str


@dataclass(slots=True)  # nobody changes one; freezing would be a tenth of the time of reading a file
class ReportParty:
    """One party (items 16 to 37). `kind` is coarse, None of the dummy (an object, or nothing); `age` may not be told.

    `injury` is coarse too, of our own JSON: death, injured, none, unknown; the code of item 22 tells more. `standing`, of our
    own JSON alone: what the unit found of the vehicle's cover that no register tells.
    """

    order: int
    kind: str | None
    codes: Mapping[Item, Coded]
    age: int | None = None
    plate: str | None = None
    person: Person | None = field(default=None, repr=False)
    injury: str | None = None
    standing: str | None = None


@dataclass(slots=True)
class AccidentReport:
    """One accident (items 1 to 15 and 34 主要), its parties by their order.

    `identity` names it within its source. `date` YYYY-MM-DD, `time` HH:MM:SS in Taiwan; coordinates in WGS84 degrees, None
    if they are none in Taiwan. `deaths` within 24 hours, `deaths_later` from day 2 to 30 (None when not told); a source
    that does not tell them apart counts all in `deaths`.
    """

    source: Source
    identity: str = field(repr=False)
    date: str
    time: str
    place: str
    severity: str  # A1 … A4, empty when the source does not say
    deaths: int
    injuries: int
    codes: Mapping[Item, Coded]
    parties: tuple[ReportParty, ...]
    deaths_later: int | None = None
    longitude: float | None = None
    latitude: float | None = None
    speed_limit: int | None = None  # km/h; None when the value is none that a sign shows
    unit: str = ""  # as the source names it: agency code, or name
    case_number: str | None = None  # 總編號
    whole: bool = True  # False: the source tells the first party only

    def coded(self) -> Iterator[Coded]:
        """Every coded value, of the accident and of its parties."""
        yield from self.codes.values()
        for party in self.parties:
            yield from party.codes.values()


@dataclass(frozen=True, slots=True)
class Unknown:
    """A label or code of no table: where it stands, counted from 1, and its text if that is plainly a public one."""

    line: int
    column: int
    field: str
    label: str | None


class Stray(NamedTuple):
    """What a line that cannot be put to its accident still tells of it, as `AccidentReport` has both; empty: not told."""

    date: str = ""
    place: str = ""


class ReportEntry(NamedTuple):
    """One accident of a file: its first and last line; no report exactly when one of the problems is an error.

    `stray`: it is a line that may be a party of another accident of the file.
    """

    lines: tuple[int, int]
    report: AccidentReport | None
    problems: tuple[Problem, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    stray: Stray | None = None


@dataclass(frozen=True, slots=True)
class PoliceFile:
    """A file read: `rows` are lines of parties, dummies too; `entries` can be walked once."""

    source: Source | None
    rows: int
    entries: Iterator[ReportEntry]
    problems: tuple[Problem, ...] = ()


def unknown(line: int, column: int, name: str, value: Coded, *, labelled: bool) -> Unknown:
    """What to say of a value that no table has; `column` counts from 0.

    A code is repeated. Another text only where the source writes labels (`labelled`), and no number in it could be
    somebody's: under a column of codes it may be anything that slipped there.
    """
    label = value.label or ""
    public = labelled and len(label) <= LABEL_MAX and not _NUMBERED.search(label)
    return Unknown(line, column + 1, name, value.code or (label if public else None))
