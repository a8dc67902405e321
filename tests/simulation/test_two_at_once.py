"""The same instant on many workers: of two near-duplicates exactly one is first; all records of one accident, one case."""

import copy
import hashlib
import json
import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection, select

from adapters.stores import feeds, inbox
from adapters.stores.tables import records
from adapters.streams.embedded import Handler
from schemas.events import Message
from schemas.json import load
from schemas.records import Kind, Role
from schemas.topics import TOPICS, VERDICTS
from services.embedded import Core
from services.intake.attempts import Entry
from services.intake.book import Book, Submission
from services.sandbox.persons import national_id
from tests.servers.places import InPostgres, Place
from tests.servers.postgres import Server
from tests.simulation.world import NOW, core_at

ROUNDS = 25
MANY_ROUNDS = int(os.environ.get("CLAIMS_ROUNDS", "100"))  # of two accidents each; a thousand in `make soak`
JOINING_ROUNDS = 20

T = TypeVar("T")


def submission(number: int, kind: Kind, sender: str, role: Role, path: str, value: dict[str, object]) -> Submission:
    """With persons and plates of its own round: what too many records share links nothing."""
    text = json.dumps(value, ensure_ascii=False)
    for known, own in (
        ("A123456789", national_id(2 * number)),
        ("B223456782", national_id(2 * number + 1)),
        ("ABC-1234", f"ABC-{number:04d}"),
        ("MNP-5678", f"MNP-{number:04d}"),
    ):
        text = text.replace(known, own)
    body = text.encode()
    sha256 = hashlib.sha256(body).hexdigest()
    return Submission(kind, sender, role, "POST", path, "application/json", body, sha256, sha256, len(body))


def day(number: int) -> str:
    """A day of its own for each round: what happens at one place on one day may be one accident."""
    return (date(2026, 1, 1) - timedelta(days=number)).isoformat()


def application(number: int, id: str) -> dict[str, object]:
    value = copy.deepcopy(load("application")["examples"][0])
    value.pop("policeCaseNumber")
    value["id"], value["loss"]["date"], value["occurredAt"] = id, day(number), f"{day(number)}T08:15:00+08:00"
    return value


def accident(number: int, id: str, sender: str, minute: int) -> dict[str, object]:
    value = copy.deepcopy(load("accident")["examples"][0])
    value |= {"id": id, "caseNumber": f"N{number}-{sender}", "occurredAt": f"{day(number)}T08:{minute:02d}:00+08:00"}
    value["unit"] = {"code": sender, "name": "警察局"}
    return value


def told(number: int) -> list[Submission]:
    """Two near-duplicates of one application, and two police records of the same accident: one case of four records."""
    near = [
        submission(number, Kind.APPLICATION, "CL01", Role.CLAIMLINK, "/claimlink/applications", application(number, id))
        for id in (f"a{number}", f"b{number}")
    ]
    return near + [
        submission(
            number, Kind.ACCIDENT, sender, Role.POLICE, "/police/accidents", accident(number, id, sender, minute)
        )
        for id, sender, minute in ((f"p{number}", "387130000C", 15), (f"q{number}", "379130000C", 16))
    ]


def at_once(works: Sequence[Callable[[], T]]) -> list[T]:
    """All of them at the same instant, each on a thread of its own; raises what one of them raised."""
    start = threading.Barrier(len(works))

    def one(work: Callable[[], T]) -> T:
        start.wait(60)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return [done.result(120) for done in [pool.submit(one, work) for work in works]]


def outcomes_and_cases(core: Core) -> tuple[Counter[str], list[int]]:
    """How the applications were judged, and how many records stand in each case."""
    with core.database.read() as tx:
        rows = tx.execute(select(records)).all()
    assert all(row.case_number for row in rows)
    outcomes = Counter(row.outcome for row in rows if row.kind == Kind.APPLICATION)
    return outcomes, sorted(Counter(row.case_number for row in rows).values())


def settle(core: Core) -> None:
    moving = True
    while moving:
        moving = bool(core.validate_here())
        for handler in core.handlers:
            moving |= bool(core.host.turn(handler))


def test_two_processes_over_one_log(place: Place) -> None:
    cores = [core_at(place, lambda: NOW) for _ in range(2)]
    book = Book(cores[0].host, cores[0].archive, cores[0].clock)
    for number in range(ROUNDS):
        book.enter(told(number))
        at_once([lambda core=core: settle(core) for core in cores])
    outcomes, cases = outcomes_and_cases(cores[0])
    assert outcomes == {"accepted": ROUNDS, "duplicate": ROUNDS}
    assert cases == [4] * ROUNDS
    for core in cores:
        core.close()


class Workers:
    """Every message on a worker of its own, as partitions of a log give them out: one transaction each, all at the same
    instant, each step after the one before."""

    def __init__(self, core: Core) -> None:
        self._core, self._position = core, 0

    def run(self) -> None:
        while self._core.validate_here():
            pass
        deduplication, consent, hub, sequencer = self._core.handlers
        for handler in (deduplication, consent, hub, sequencer):
            self._step(handler)
        with self._core.database.read() as tx:
            self._position = self._core.log.last(tx, [topic.name for topic in TOPICS])

    def _step(self, handler: Handler) -> None:
        with self._core.database.read() as tx:
            rows = self._core.log.read(tx, handler.sources, self._position, 1000)
        if rows:
            at_once([lambda message=message: self._alone(handler, message) for _, message in rows])

    def _alone(self, handler: Handler, message: Message) -> None:
        def work(tx: Connection) -> None:
            fresh = inbox.take(tx, handler.name, [message], NOW)
            self._core.log.append(tx, handler.handle(tx, fresh, NOW), NOW)

        self._core.database.commit(work)


def test_every_message_on_a_worker_of_its_own(server: Server, tmp_path: Path) -> None:
    core = core_at(InPostgres(tmp_path, server.fresh(), server.empty()), lambda: NOW)
    book, workers = Book(core.host, core.archive, core.clock), Workers(core)
    for number in range(0, 2 * MANY_ROUNDS, 2):
        entered = [*told(number), *told(number + 1)]  # two accidents, so that each feed gets two offers at once
        taken = at_once([lambda one=one: book.enter([one])[0].entry for one in (*entered, entered[0])])
        assert Counter(taken) == {Entry.NEW: len(entered), Entry.WAITING: 1}, "the same bytes at two doors at once"
        workers.run()
    outcomes, cases = outcomes_and_cases(core)
    assert outcomes == {"accepted": 2 * MANY_ROUNDS, "duplicate": 2 * MANY_ROUNDS}
    assert cases == [4] * 2 * MANY_ROUNDS
    with core.database.read() as tx:
        assert feeds.gaps(tx) == []
        assert all(number >= 2 * MANY_ROUNDS for number in feeds.totals(tx).values())
    core.close()


def joining(number: int) -> tuple[Submission, Submission, Submission]:
    """Three applications: the second shares the plate of the first and nothing else, the third its person and nothing else.
    The last two have no key in common."""
    first, by_plate, by_person = (application(number, f"{letter}{number}") for letter in "yab")
    stranger = {"identifier": national_id(1000 + number), "name": "祝映青"}
    by_plate |= {"applicant": stranger, "injured": [stranger], "vehicles": [{"plate": "MNP-5678"}]}
    by_person |= {"vehicles": [{"plate": "ZZZ-0001"}], "loss": by_person["loss"] | {"plate": "ZZZ-0001"}}
    for one in (by_plate, by_person):
        del one["place"]
    one, two, three = (
        submission(number, Kind.APPLICATION, "CL01", Role.CLAIMLINK, "/claimlink/applications", value)
        for value in (first, by_plate, by_person)
    )
    return one, two, three


@pytest.mark.parametrize("with_it", [True, False])
def test_two_records_that_share_nothing_but_the_case_they_join(server: Server, tmp_path: Path, with_it: bool) -> None:
    core = core_at(InPostgres(tmp_path, server.fresh(), server.empty()), lambda: NOW)
    book, workers = Book(core.host, core.archive, core.clock), Workers(core)
    for number in range(1, JOINING_ROUNDS + 1):  # a plate that ends in 0000 is none
        standing, *both = joining(number)
        if with_it:
            book.enter([standing])
            workers.run()
        book.enter(both)
        workers.run()
    _, cases = outcomes_and_cases(core)
    assert cases == ([3] * JOINING_ROUNDS if with_it else [1] * 2 * JOINING_ROUNDS)
    with core.database.write() as tx:
        verdicts = [message for _, message in core.log.read(tx, [VERDICTS.name], 0, 10_000)]
        assert core.hub.handle(tx, verdicts, NOW) == [], "what was told last is what the cases are"
    core.close()
