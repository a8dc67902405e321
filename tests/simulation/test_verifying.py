"""Questions to issuers through time, crashes and many workers: over a real loopback server, with a clock that stands still."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection

from adapters.outgoing.http import Outgoing
from adapters.stores import verifications
from schemas.integrity import Answer
from schemas.records import Kind
from services.embedded import Core
from services.sandbox.police_unit import Fault, PoliceUnit
from services.verification.decide import DEADLINE, LONGEST_PAUSE, question_id
from services.verification.worker import HELD, Verifier
from tests.contract.crashing import Crash, crash_at
from tests.integration.police_case import ONE, POLICE, police_case
from tests.servers.places import InPostgres, Place
from tests.simulation.world import NOW, World

OPERATIONS = 22  # of one question, from its taking to its answer, and a few more; a crash before each is tried


@pytest.fixture
def world(place: Place) -> Iterator[World]:
    world = World(place)
    yield world
    world.close()


@asynccontextmanager
async def unit_of(world: World) -> AsyncIterator[PoliceUnit]:
    """A unit on loopback, registered with its key and its door."""

    async def keys() -> dict[str, Any]:
        return world.core.receipts.jwks()

    unit = PoliceUnit(POLICE, keys, lambda: world.now.timestamp())
    body = {
        "name": "測試警察局",
        "roles": ["police"],
        "status": "admitted",
        "keys": [unit.public_key],
        "endpoints": [unit.url],
    }
    world._govern(Kind.PARTICIPANT, "PUT", f"/participants/{POLICE}", body, POLICE)
    serving = asyncio.create_task(unit.serve())
    try:
        yield unit
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


def slip(world: World) -> tuple[str, str]:
    """A case with a party's copy of its slip: the upload's record and SHA-256."""
    case = police_case()
    world.post(Kind.ACCIDENT, POLICE, "POST", "/police/accidents", case.accident)
    world.post(Kind.APPLICATION, "CL01", "POST", "/claimlink/applications", case.application)
    return world.upload("CL01", case.slip, case.file), hashlib.sha256(case.file).hexdigest()


def put(world: World, record: str, sha256: str, before: int = 0) -> str:
    id = question_id(sha256, POLICE, before)
    world.core.database.commit(
        lambda tx: verifications.ask(tx, id, (sha256, POLICE), record, world.now, world.now + DEADLINE)
    )
    return id


async def turn(verifier: Verifier, outgoing: Outgoing | None = None) -> int:
    """`outgoing`: where many turns share one."""

    async def run(work: Callable[[], Any]) -> Any:
        return await asyncio.to_thread(work)

    own = outgoing or Outgoing(loopback=True)
    try:
        async with asyncio.TaskGroup() as asking:
            return await verifier.turn(own, run, asking)
    finally:
        if not outgoing:
            await own.close()


def row_of(world: World, id: str) -> Any:
    with world.core.database.read() as tx:
        return verifications.get(tx, id)


def told(world: World, sha256: str) -> list[str]:
    """The state of the paper in the offers of ONE, in the order of their numbers."""
    with world.core.database.write() as tx:
        events = world.core.feed.page(tx, ONE, 0, 1_000, world.now)
    papers = (paper for event in events for paper in event["data"].get("papers", ()))
    return [paper["integrity"]["state"] for paper in papers if paper["sha256"] == sha256]


def test_no_answer_by_the_deadline(world: World) -> None:
    record, sha256 = slip(world)

    async def down_for_days() -> list[float]:
        async with unit_of(world) as unit:
            unit.knows([sha256])
            unit.faults = [Fault.DOWN] * 1_000
            id = put(world, record, sha256)
            pauses, outgoing = [], Outgoing(loopback=True)
            while await turn(world.core.verifier, outgoing):
                again = datetime.fromisoformat(row_of(world, id).next_try)
                pauses.append((again - world.now).total_seconds())
                # Once the longest pause is reached, the days until the last of them pass at once.
                world.now = again if len(pauses) < 12 else max(again, NOW + DEADLINE - LONGEST_PAUSE / 2)
            await outgoing.close()
            assert {one["jti"] for one in unit.asked} == {id}
            return pauses

    pauses = asyncio.run(down_for_days())
    world.settle()
    assert pauses[:4] == [2.0, 4.0, 8.0, 16.0] and max(pauses) == LONGEST_PAUSE.total_seconds()
    assert world.now == NOW + DEADLINE
    with world.core.database.read() as tx:
        (row,) = verifications.answered(tx, [sha256])
    assert (row.state, row.fault) == ("no-answer", "status 503")
    assert told(world, sha256) == ["unverified", "unverified"]  # the second offer tells that no answer came


def test_a_crash_anywhere_loses_no_question_and_asks_only_again(tmp_path: Any) -> None:
    """On SQLite, where every statement and commit of the writer can be the last."""
    crashes = 0
    world = World(tmp_path)

    async def play() -> None:
        nonlocal crashes
        outgoing = Outgoing(loopback=True)
        async with unit_of(world) as unit:
            for operation in range(1, OPERATIONS):
                record, sha256 = slip(world)
                unit.knows([sha256])
                id = put(world, record, sha256)
                try:
                    with crash_at(world.core.database, operation):  # type: ignore[arg-type]
                        await turn(world.core.verifier, outgoing)
                except* Crash:
                    crashes += 1
                    world._restart(world.core)
                world.now += HELD
                await turn(world.core.verifier, outgoing)
                world.settle()
                row = row_of(world, id)
                assert (row.state, row.next_try) == ("confirmed", None), f"a crash before operation {operation}"
                assert told(world, sha256) == ["unverified", "matched"], f"a crash before operation {operation}"
                asked = [one["jti"] for one in unit.asked if one["sha256"] == sha256]
                assert set(asked) == {id} and len(asked) <= 2
        await outgoing.close()

    asyncio.run(play())
    world.close()
    assert 10 < crashes < OPERATIONS - 1, "the crashes do not cover all of it: the harness counts wrong"


def test_many_workers_ask_once(place: Place) -> None:
    world = World(place)
    cores: list[Core] = [world.core]
    if isinstance(place, InPostgres):
        cores += [world._open() for _ in range(2)]
    papers = [slip(world) for _ in range(6)]
    ids = [put(world, *paper) for paper in papers]

    async def together() -> Counter[str]:
        async with unit_of(world) as unit:
            unit.knows([sha256 for _, sha256 in papers])
            await asyncio.gather(*(turn(core.verifier) for core in cores for _ in range(2)))
            return Counter(one["jti"] for one in unit.asked)

    assert asyncio.run(together()) == Counter(ids)
    world.settle()
    assert [told(world, sha256) for _, sha256 in papers] == [["unverified", "matched"]] * len(papers)
    for core in cores[1:]:
        core.close()
    world.close()


def test_an_erased_paper_is_asked_about_no_more(world: World) -> None:
    record, sha256 = slip(world)

    async def play() -> None:
        async with unit_of(world) as unit:
            id = put(world, record, sha256)
            world.judge("erase", [record])
            await turn(world.core.verifier)
            assert unit.asked == [] and row_of(world, id) is None

    asyncio.run(play())


def test_the_last_erased_upload_takes_questions_and_askers_with_it(world: World) -> None:
    case = police_case()
    sha256 = hashlib.sha256(case.file).hexdigest()
    mine, theirs = (world.upload(sender, case.slip, case.file) for sender in ("CL01", "CL02"))
    id = put(world, mine, sha256)

    def ask(tx: Connection) -> None:
        verifications.note_asker(tx, ONE, "own", id)
        verifications.close(tx, id, Answer.DENIED, "a.b.c", world.now)

    world.core.database.commit(ask)

    def kept() -> tuple[bool, bool]:
        with world.core.database.read() as tx:
            return verifications.get(tx, id) is not None, verifications.has_asked(tx, ONE, id)

    world.judge("erase", [mine])
    assert kept() == (True, True), "another upload of these bytes stands"
    world.judge("erase", [theirs])
    assert kept() == (False, False)
