"""A seeded world: a scenario sent into the real core by hand, calmly or through crashes, redelivery and disorder.

Nothing is replaced: real database, real keys, real validation (in this process), a clock that stands still.
"""

import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import select

from adapters.stores.tables import records
from schemas.records import Kind, Role
from services.embedded import Core
from services.hub.register import register
from services.intake.book import Book, Submission, Taken
from services.recovery.worker import pass_over
from services.sandbox.participants import PARTICIPANTS, policies
from services.sandbox.scenario import Item
from tests.contract.crashing import Crash, crash_at
from tests.servers.places import InFiles, Place

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
A_SECOND = timedelta(seconds=1)
CRASH_WITHIN = 60  # a crash comes before one of this many operations
KINDS = {
    "/fhir/Bundle": Kind.DOCUMENT,
    "/police/accidents": Kind.ACCIDENT,
    "/papers": Kind.PAPER,
    "/claimlink/applications": Kind.APPLICATION,
    "/authorisations": Kind.AUTHORISATION,
    "/mandates": Kind.MANDATE,
    "/disputes": Kind.DISPUTE,
}
ROLE_OF = {one.code: one.roles[0] for one in PARTICIPANTS}


@dataclass(frozen=True)
class Outcome:
    """What a world comes to, without what may differ: numbers, times, version counts, which of equal copies is shown."""

    verdicts: dict[str, str]
    cases: frozenset[frozenset[str]]
    papers: dict[str, frozenset[str]]  # insurer → files in its current view


def core_at(place: Place, clock: Callable[[], datetime]) -> Core:
    keys, database = place.keys(), place.database()  # the first makes the folder
    return Core(place.folder, PARTICIPANTS, register(policies()), clock, database, keys)


class World:
    def __init__(
        self,
        place: Path | Place,
        seed: int = 0,
        *,
        chaos: bool = False,
        writers: int = 1,
        pace: timedelta = timedelta(),
    ) -> None:
        """A path is a folder that holds everything. `pace`: how far the clock goes on with each record, so that of two cases
        one is older."""
        self._place, self._chaos = InFiles(place) if isinstance(place, Path) else place, chaos
        self._random = random.Random(seed)
        self.now, self._pace = NOW, pace
        self._cores = [self._open() for _ in range(writers)]
        self.sent: dict[int, Item] = {}
        self.record_of: dict[str, str] = {}
        self.crashes = 0

    def _open(self) -> Core:
        return core_at(self._place, lambda: self.now)

    @property
    def core(self) -> Core:
        return self._cores[0]

    def send(self, items: Sequence[Item]) -> None:
        """Every item once it is acknowledged; a sender whose post ends in a crash posts again."""
        self.sent |= {item.n: item for item in items}
        for item in items:
            while True:
                core = self._random.choice(self._cores)
                target = self.record_of[self.sent[item.of].file] if item.of else None
                try:
                    taken = self._perhaps_crashing(core, partial(self._enter, core, item, target))
                    break
                except Crash:
                    self._restart(core)
            self.record_of[item.file] = taken.record.id
            if self._chaos:
                self._stir(self._random.randrange(4))
            elif item.method != "DELETE":
                self.settle()
        self.settle()

    def settle(self) -> None:
        """Until nothing moves, without a crash."""
        moving = True
        while moving:
            moving = bool(self.core.validate_here())
            for handler in self.core.handlers:
                moving |= bool(self.core.host.turn(handler))

    def upload(self, sender: str, metadata: dict[str, object], file: bytes) -> str:
        """One paper, settled; its id."""
        item = Item(1, "POST", "/papers", sender, "application/pdf", "paper", metadata, None, file, ())
        taken = self._enter(self.core, item, None)
        self.settle()
        return taken.record.id

    def post(self, kind: Kind, sender: str, method: str, path: str, body: bytes, target: str | None = None) -> str:
        """One record of any sender, settled; its id."""
        self.now += self._pace
        sha256 = hashlib.sha256(body).hexdigest()
        one = Submission(kind, sender, ROLE_OF[sender], method, path, "application/json", body, sha256, sha256, len(body),
                         target=target)  # fmt: skip
        taken = Book(self.core.host, self.core.archive, self.core.clock).enter([one])[0]
        self.settle()
        return taken.record.id

    def judge(self, judgement: str, named: list[str]) -> None:
        """An operator's judgement on records, settled."""
        body = {"id": f"j-{judgement}-{'-'.join(named)}", "version": 1, "judgement": judgement, "records": named}
        self._govern(Kind.JUDGEMENT, "POST", "/judgements", {**body, "reason": "test"})

    def participant(self, code: str, role: Role, status: str) -> None:
        """An operator changes a participant's standing, settled."""
        body = {"name": code, "roles": [role.value], "status": status}
        self._govern(Kind.PARTICIPANT, "PUT", f"/participants/{code}", body, code)

    def _govern(self, kind: Kind, method: str, path: str, value: dict[str, object], target: str | None = None) -> None:
        self.post(kind, "operator-1", method, path, json.dumps(value).encode(), target)

    def outcome(self) -> Outcome:
        file_of: dict[str, str] = {record: file for file, record in self.record_of.items()}
        cases: dict[str, set[str]] = defaultdict(set)
        verdicts = {}
        with self.core.database.read() as tx:
            governing = (Kind.JUDGEMENT.value, Kind.PARTICIPANT.value)
            for row in tx.execute(select(records).where(records.c.kind.not_in(governing))):
                file = file_of.get(row.record) or f"{file_of[row.parent]}#{row.first_line}"
                file_of[row.record] = file
                verdicts[file] = row.outcome
                if row.case_number:
                    cases[row.case_number].add(file)
        papers = {one.code: frozenset(self._current(one.code)) for one in PARTICIPANTS if Role.INSURER in one.roles}
        return Outcome(verdicts, frozenset(frozenset(files) for files in cases.values()), papers)

    def _current(self, insurer: str) -> set[str]:
        """SHA-256 of the papers that the insurer's feed shows now: of each case the last offer not taken back."""
        with self.core.database.write() as tx:
            events = self.core.feed.page(tx, insurer, 0, 100_000, self.now)
        assert [event["offernumber"] for event in events] == list(range(1, len(events) + 1)), "a gap in the feed"
        views: dict[str, dict[int, set[str]]] = defaultdict(dict)
        for event in events:
            data = event["data"]
            if event["type"] == "claims.offer.withdrawn":
                for number in data["withdraws"]:
                    views[data["case"]].pop(number, None)
            elif "papers" in data:
                views[data["case"]][event["offernumber"]] = {paper["sha256"] for paper in data["papers"]}
        return {sha256 for numbers in views.values() if numbers for sha256 in numbers[max(numbers)]}

    def _enter(self, core: Core, item: Item, target: str | None) -> Taken:
        self.now += self._pace
        return Book(core.host, core.archive, core.clock).enter([submission(item, target)])[0]

    def _perhaps_crashing(self, core: Core, act):  # type: ignore[no-untyped-def]
        if not self._chaos or self._random.random() > 0.3:
            return act()
        with crash_at(core.database, self._random.randrange(1, CRASH_WITHIN)):
            return act()

    def _stir(self, turns: int) -> None:
        for _ in range(turns):
            core = self._random.choice(self._cores)
            try:
                self._perhaps_crashing(core, partial(self._turn, core))
            except Crash:
                self._restart(core)
            if self._random.random() < 0.1:
                self._redeliver(self._random.choice(self._cores))

    def _turn(self, core: Core) -> None:
        choice = self._random.randrange(len(core.handlers) + 1)
        if choice == len(core.handlers):
            core.validate_here()
        else:
            core.host.turn(core.handlers[choice])

    def _redeliver(self, core: Core) -> None:
        """A host that forgot its position gets its inputs once more."""
        handler = self._random.choice(core.handlers)
        with core.database.write() as tx:
            position = core.log.cursor(tx, handler.name)
            core.log.advance(tx, handler.name, max(0, position - self._random.randrange(30)))

    def _restart(self, core: Core) -> None:
        self.crashes += 1
        core.close()
        again = self._cores[self._cores.index(core)] = self._open()
        pass_over(again.database, again.keys, again.journal, self.now)

    def close(self) -> None:
        for core in self._cores:
            core.close()


def submission(item: Item, target: str | None) -> Submission:
    """An item as its door hands it to the desk."""
    path = item.path.replace("{id}", target or "")
    kind = KINDS.get(item.path) or (Kind.WITHDRAWAL if item.method == "DELETE" else Kind.REVIEW)
    if kind == Kind.ACCIDENT and item.content_type == "text/csv":
        kind = Kind.ACCIDENT_FILE
    sha256 = hashlib.sha256(item.body).hexdigest()
    metadata = json.dumps(item.metadata, ensure_ascii=False) if item.metadata is not None else None
    digest = sha256
    if metadata is not None:
        digest = hashlib.sha256(hashlib.sha256(metadata.encode()).digest() + bytes.fromhex(sha256)).hexdigest()
    return Submission(
        kind=kind,
        sender=item.sender,
        role=ROLE_OF[item.sender],
        method=item.method,
        path=path,
        media_type=item.content_type,
        body=item.body,
        sha256=sha256,
        digest=digest,
        size=len(item.body),
        metadata=metadata,
        target=target,
    )
