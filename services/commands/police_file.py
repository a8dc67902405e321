"""What a police file holds: its accidents, rows, problems and unknown labels, without a server. Pure but for the clock."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from adapters import json_text
from adapters.police import own_json, sources
from adapters.police.codebook import Coded, Item
from adapters.police.report import PoliceFile, ReportEntry, Source, Unknown, unknown
from schemas.problems import Problem, errors
from schemas.records import Kind, Record, Role
from services.sandbox.client import Post
from services.validation import accident, moments

JSON = "application/json"


_OF_LINES = frozenset({"csv-encoding", "csv-columns", "csv-value"})


@dataclass
class Summary:
    """A file read whole. `accidents`: those that can be used; `rows`: lines of parties, dummies too; `last`: the day of
    its latest accident; `unit`: as its first accident names it; `unknown` counts rows by (column, name, label)."""

    source: Source | None
    rows: int
    accidents: int = 0
    parties: int = 0
    last: str = ""
    unit: str = ""
    torn: bool = False  # a line stands alone that cannot be read: it may be a party of any of the accidents
    problems: list[Problem] = field(default_factory=list)
    unknown: dict[tuple[int, str, str | None], tuple[int, int]] = field(default_factory=dict)

    @property
    def faulty(self) -> bool:
        return errors(self.problems)

    def add(self, entry: ReportEntry) -> None:
        self.problems += entry.problems
        first, last = entry.lines
        self.torn |= entry.report is None and first == last and bool(_OF_LINES & {one.code for one in entry.problems})
        for one in entry.unknown:
            key = (one.column, one.field, one.label)
            first, rows = self.unknown.get(key, (one.line, 0))
            self.unknown[key] = min(first, one.line), rows + 1
        if entry.report is not None:
            self.accidents += 1
            self.parties += sum(party.kind is not None for party in entry.report.parties)
            self.last = max(self.last, entry.report.date)
            self.unit = self.unit or entry.report.unit

    def line(self, file: str) -> dict[str, Any]:
        """As the contract has it: `{file, accidents, rows, problems, unknown}`, unknown as `{field, label, line, column,
        rows}`: the line where the label stands first, and how many rows have it."""
        return {
            "file": file,
            "accidents": self.accidents,
            "rows": self.rows,
            "problems": [one.model_dump(mode="json") for one in self.problems],
            "unknown": [
                {"field": name, "label": label, "line": line, "column": column, "rows": rows}
                for (column, name, label), (line, rows) in sorted(self.unknown.items(), key=_first_seen)
            ],
        }


def _first_seen(item: tuple[tuple[int, str, str | None], tuple[int, int]]) -> tuple[int, int, str]:
    (column, _, label), (line, _) = item
    return line, column, label or ""


def summary(data: bytes) -> Summary:
    """A file walked to its end; nothing of it is kept but what it came to."""
    file = read(data)
    found = Summary(file.source, file.rows, problems=list(file.problems))
    for entry in file.entries:
        found.add(entry)
    return found


def read(data: bytes) -> PoliceFile:
    """The reports of a file of any known kind, made as they are walked."""
    return _json(data) if data.lstrip()[:1] == b"{" else sources.read(data)


def _json(body: bytes) -> PoliceFile:
    """One accident of our own JSON, with every problem that the door would name; whose it is, is not asked here."""
    value, _ = json_text.read(body)
    unit = value.get("unit") if isinstance(value, dict) else None
    sender = str(unit.get("code")) if isinstance(unit, dict) else ""
    record = Record(
        id="0" * 32,
        attempt=1,
        kind=Kind.ACCIDENT,
        sender=sender,
        role=Role.POLICE,
        method="POST",
        path="/police/accidents",
        sha256=sha256(body).hexdigest(),
        size=len(body),
        media_type=JSON,
        received=moments.stamp(datetime.now(UTC)),
    )
    problems = accident.check(record, body, None).problems
    if errors(problems):
        return PoliceFile(Source.JSON, 0, iter((ReportEntry((1, 1), None, problems),)))
    report = own_json.report(value)
    strange = tuple(_strange(item, coded) for item, coded in _all(report.codes, report.parties) if not coded.known)
    entry = ReportEntry((1, 1), report, problems, strange)
    return PoliceFile(Source.JSON, len(report.parties), iter((entry,)))


def _all(codes: Any, parties: Any) -> Iterator[tuple[Item, Coded]]:
    yield from codes.items()
    for party in parties:
        yield from party.codes.items()


def _strange(item: Item, coded: Coded) -> Unknown:
    return unknown(1, 0, item, coded, labelled=False)


def posts(data: bytes, sender: str, unit_name: str, version: int) -> Iterator[tuple[ReportEntry, Post]]:
    """Of a coded export: each usable accident with the post that hands it over."""
    for entry in read(data).entries:
        if entry.report is None:
            continue
        name = sha256(entry.report.identity.encode()).hexdigest()[:32]
        value = own_json.body(
            entry.report,
            identifier=f"{entry.report.source}-{name}",
            version=version,
            unit=(sender, unit_name),
        )
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        yield entry, Post(sender, "POST", "/police/accidents", body, JSON)
