"""What the live page shows, and the metrics: counts, lag, rates, recent verdicts. Ids and codes only. Pure."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

MINUTE = 60  # seconds that rates are taken over
NO_VERDICT = "waiting"  # how a record without a verdict is counted
STUCK_SECONDS = 60  # a step that has something before it and has not moved for so long is not running

Json = dict[str, Any]


@dataclass(frozen=True)
class Tally:
    sender: str
    kind: str
    outcome: str
    count: int


@dataclass(frozen=True)
class Recent:
    """A verdict; `problems` is the column's JSON, None without any."""

    record: str
    kind: str
    sender: str
    outcome: str
    problems: str | None
    at: str


@dataclass(frozen=True)
class Figures:
    """One look at the store. `worklist`: questions that wait for a person; `last_minute`: received, judged, offered in
    60 s; `lag`: events before each step; `published`: how far a feed is on its insurer's topic, of those that are to be
    there; `backlog`: standing offers that an insurer has not had; `oldest_key`: the first day of the log that can still
    be read (YYYY-MM-DD); `rights_owed`: insurers whose right on the brokers is not as they stand."""

    at: datetime
    tallies: tuple[Tally, ...]
    cases: int
    worklist: int
    offers: Mapping[str, int]
    published: Mapping[str, int]
    backlog: Mapping[str, int]
    lag: Mapping[str, int]
    last_minute: Mapping[str, int]
    recent: tuple[Recent, ...]
    oldest_waiting: str | None
    next_due: str | None
    oldest_key: str | None
    dead: Mapping[str, int]
    problems: Mapping[str, int]
    rights_owed: int
    questions: Mapping[str, int] = field(default_factory=dict)  # to issuers, that are open, by issuer

    @property
    def oldest_waiting_seconds(self) -> float:
        return self._since(self.oldest_waiting)

    @property
    def overdue_seconds(self) -> float:
        return self._since(self.next_due)

    @property
    def oldest_key_days(self) -> int:
        return (self.at.astimezone(UTC).date() - date.fromisoformat(self.oldest_key)).days if self.oldest_key else 0

    def _since(self, time: str | None) -> float:
        """Seconds; 0 where there is nothing, or it is yet to come."""
        return max(0.0, (self.at - datetime.fromisoformat(time)).total_seconds()) if time else 0.0


def board(figures: Figures, names: Mapping[str, str]) -> Json:
    """The live page's JSON. `names`: participants' names by code."""
    senders: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for tally in figures.tallies:
        senders[tally.sender][tally.outcome] += tally.count
    return {
        "time": figures.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "records": sum(tally.count for tally in figures.tallies),
        "cases": figures.cases,
        "worklist": figures.worklist,
        "senders": [
            {"sender": code, "name": names.get(code, ""), "verdicts": dict(sorted(counts.items()))}
            for code, counts in sorted(senders.items())
        ],
        "offers": [
            {"insurer": code, "name": names.get(code, ""), "offers": count}
            for code, count in sorted(figures.offers.items())
        ],
        "lag": dict(figures.lag),
        "oldestWaitingSeconds": round(figures.oldest_waiting_seconds, 1),
        "perSecond": {name: round(count / MINUTE, 1) for name, count in figures.last_minute.items()},
        "deadLetters": sum(figures.dead.values()),
        "recent": [
            {
                "record": one.record,
                "kind": one.kind,
                "sender": one.sender,
                "verdict": one.outcome,
                "problems": codes(one.problems),
                "time": one.at,
            }
            for one in figures.recent
        ],
    }


def codes(problems: str | None) -> list[str]:
    """The codes in a record's problems, each once, in published order."""
    return list(dict.fromkeys(one["code"] for one in json.loads(problems or "[]")))


def by_kind(tallies: Iterable[Tally]) -> dict[tuple[str, str], int]:
    """(kind, outcome) → records."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for tally in tallies:
        counts[(tally.kind, tally.outcome)] += tally.count
    return dict(counts)


@dataclass(frozen=True)
class Progress:
    """Where a step stood when it was seen to move last, or to have nothing before it. `seconds` on any one clock."""

    position: int
    seconds: float


def progress(before: Mapping[str, Progress], now: Mapping[str, tuple[int, int]], seconds: float) -> dict[str, Progress]:
    """`now`: step → (position, events before it)."""
    moved = {}
    for step, (position, lag) in now.items():
        known = before.get(step)
        still = known is not None and known.position == position and lag > 0
        moved[step] = known if still and known else Progress(position, seconds)
    return moved


def stuck(progress: Mapping[str, Progress], seconds: float) -> list[str]:
    """Steps that have not moved for too long though there is something to do."""
    return sorted(step for step, one in progress.items() if seconds - one.seconds > STUCK_SECONDS)
