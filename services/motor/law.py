"""The law of the motor claim as dated tables: `benefits`, `owing`, `papers`, `clocks`, `assessment` (JSON beside
this module).

A line has its `key`, its values, the articles that it is read from, and the days on which it holds: `from` included,
`until` excluded, null = still. `status` is `law` when the text itself is in the shared data; everything else is
`unconfirmed` and names its `source`, and so is every result that rests on it. What was law before the last change of the
texts that a table rests on is not there to be read: each table begins whole on one day, and before it nothing is known.

Articles are written as in "G0390062 art. 14 I ①(3)": law code of the Ministry of Justice, article, paragraph, item,
sub-item; several are parted by "; ".
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

TABLES = ("assessment", "benefits", "clocks", "owing", "papers")


class Status(StrEnum):
    LAW = "law"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, eq=False)
class Line:
    """One line of a table. `article` is empty where no law of the data speaks; `source` where the text does."""

    key: str
    values: Mapping[str, Any]
    article: str
    status: Status
    since: date
    until: date | None
    source: str


@cache
def table(name: str) -> tuple[Line, ...]:
    """Every line of a table, of all times, in written order."""
    rows = json.loads((files(__package__) / f"{name}.json").read_text(encoding="utf-8"))
    return tuple(
        Line(
            key=row.pop("key"),
            article=row.pop("article") or "",
            status=Status(row.pop("status")),
            since=date.fromisoformat(row.pop("from")),
            until=date.fromisoformat(until) if (until := row.pop("until")) else None,
            source=row.pop("source", ""),
            values=row,
        )
        for row in rows
    )


def on(name: str, day: date) -> tuple[Line, ...]:
    """The lines of a table that hold on a day."""
    return tuple(line for line in table(name) if line.since <= day and (line.until is None or day < line.until))


def by_key(name: str, day: date) -> dict[str, Line]:
    """The lines that hold on a day, by key; for tables whose keys are single on any day."""
    return {line.key: line for line in on(name, day)}


def status(lines: Iterable[Line]) -> Status:
    """That of a result: unconfirmed as soon as one line that it rests on is."""
    return Status.LAW if all(line.status == Status.LAW for line in lines) else Status.UNCONFIRMED
