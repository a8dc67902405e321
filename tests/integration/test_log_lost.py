"""A store put back whose log can no longer be read: what each step had yet to read there is told again, or named as lost."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, select

from adapters.stores import casebook, participants, reconciling
from adapters.stores.tables import cases, offers, records
from adapters.streams import kafka_decide
from adapters.streams.kafka import Broker, Publisher, Sealer, publishing
from adapters.streams.kafka_topics import Topics
from adapters.streams.log import STREAM_KEY
from adapters.vault.packing import unpack
from schemas.events import Message, Refold, View
from schemas.ids import derive
from schemas.records import Kind, Outcome, Role
from schemas.topics import DUE, OFFERS, RECEIVED, TOPICS, VERDICTS
from services import due
from services.commands.restore import _with_log
from services.distributed import Node, Places
from services.embedded import utc_now
from services.hub.register import register
from services.intake.book import Book
from services.pipeline import PIPELINE
from services.recovery.app import verdict_of
from services.recovery.worker import STEPS, Recovery
from services.sandbox.participants import PARTICIPANTS, policies
from services.sandbox.scenario import Item, generate
from services.validation.worker import answer
from tests.integration.recovering import INSURERS, Lossy, differences, settle
from tests.servers.places import InFiles, Place
from tests.servers.postgres import Server
from tests.simulation.world import NOW, World, submission

SEED, CASES = 7, 6
LONG_AGO = NOW - timedelta(days=5)  # its stream key is destroyed by the time of the restore
NAMES = [step.name for step in PIPELINE]


def halves() -> tuple[list[Item], list[Item]]:
    items = list(generate(SEED, CASES))
    return items[: len(items) // 2], items[len(items) // 2 :]


def enter(world: World, items: list[Item], by_number: dict[int, Item]) -> None:
    for item in items:
        target = world.record_of[by_number[item.of].file] if item.of else None
        world.record_of[item.file] = world._enter(world.core, item, target).record.id


def run_before(world: World, step: str) -> None:
    """Every step that comes before this one, until nothing moves."""
    before = NAMES[: NAMES.index(step)]
    if step == "consent":
        before.remove("deduplication")
    moving = bool(before)
    while moving:
        moving = bool(world.core.validate_here())
        for handler in world.core.handlers:
            moving |= handler.name in before and bool(world.core.host.turn(handler))


def at(world: World, moment: datetime) -> World:
    world.now = moment
    return world


def put_back(world: World, place: Place, backup: Path, opened: Callable[[Place], World]) -> World:
    """The same place, with a store of now and a log of days whose keys are gone."""
    lossy = Lossy(place)
    lossy.back_up(backup)
    world.core.keys.destroy(world.core.keys.names(STREAM_KEY))
    known = dict(world.record_of)
    world.close()
    lossy.lose_store()
    lossy.put_back(backup)
    again = at(opened(place), max(NOW, utc_now()))
    again.record_of = known
    return again


def test_a_verdict_written_anew_is_the_one_that_was_told(place: Place, opened: Callable[[Place], World]) -> None:
    """Of records of every kind that a verdict can be about."""
    world = opened(place)
    world.send(list(generate(1, CASES)))  # somebody withdraws in it
    for code, status in [(INSURERS[0], "suspended"), (INSURERS[0], "admitted"), ("operator-1", "suspended")]:
        world.participant(code, Role.INSURER, status)
    with world.core.database.read() as tx:
        told = [message for _, message in world.core.log.read(tx, [VERDICTS.name], 0, 10_000)]
        kinds = {(one.event.record.kind, one.event.outcome) for one in told}
        assert {Kind.DOCUMENT, Kind.REVIEW, Kind.WITHDRAWAL, Kind.ACCIDENT, Kind.PARTICIPANT} <= {
            kind for kind, _ in kinds
        }
        assert len({outcome for _, outcome in kinds}) > 2
        for one in told:
            assert verdict_of(tx, one.event.record.id, one.id) == one.event
            assert verdict_of(tx, one.event.record.id, "of another event") is None


@pytest.mark.parametrize("step", ["validation", "deduplication", "hub", "sequencer"])
def test_nothing_that_lay_before_a_step_is_lost_without_a_word(
    place: Place, tmp_path_factory: pytest.TempPathFactory, opened: Callable[[Place], World], step: str
) -> None:
    early, late = halves()
    by_number = {item.n: item for item in early + late}
    whole = at(opened(InFiles(tmp_path_factory.mktemp("whole"))), LONG_AGO)
    world = at(opened(place), LONG_AGO)
    for one in (whole, world):
        enter(one, early, by_number)
        settle(one)
        enter(one, late, by_number)
    settle(at(whole, NOW))
    run_before(world, step)
    world = put_back(world, place, tmp_path_factory.mktemp("backups") / "store", opened)
    settle(world)
    if step in ("validation", "deduplication"):  # what has no verdict is told as lost, and mended by its sender
        with world.core.database.read() as tx:
            rows = {row.record: row for row in tx.execute(select(records))}
        lost = {record for record in rows if rows[record].outcome == Outcome.DEAD}
        assert lost == {world.record_of[item.file] for item in late}
        assert {one["record"] for one in differences(world.core, world.now)} == lost
        enter(world, late, by_number)
        settle(world)
    assert differences(world.core, world.now) == []
    assert world.outcome() == whole.outcome()


def test_an_offer_of_a_case_that_was_merged_is_taken_back_though_the_view_that_did_so_is_lost(
    place: Place, tmp_path_factory: pytest.TempPathFactory, opened: Callable[[Place], World]
) -> None:
    items = list(generate(SEED, CASES))
    world = at(opened(place), LONG_AGO)
    enter(world, items, {item.n: item for item in items})
    settle(world)
    *before, _ = world.core.handlers
    world.core.handlers = tuple(before)
    merged = select(offers.c.insurer, offers.c.number).where(
        offers.c.type == "claims.offer", offers.c.taken_back_by.is_(None),
        offers.c.case_number.in_(select(cases.c.number).where(cases.c.merged_into.is_not(None))),
    )  # fmt: skip
    with world.core.database.read() as tx:
        assert not tx.execute(merged).all()
        standing = sorted(set(tx.execute(select(offers.c.case_number).where(offers.c.content.is_not(None))).scalars()))
        one, *others = (casebook.a_record_of(tx, number) for number in standing)
    for other in others:
        world.judge("same", [one, other])
    with world.core.database.read() as tx:
        gone = tx.execute(merged).all()
    assert gone
    world = put_back(world, place, tmp_path_factory.mktemp("backups") / "store", opened)
    settle(world)
    assert differences(world.core, world.now) == []
    with world.core.database.read() as tx:
        assert not tx.execute(merged).all()


def test_a_file_of_which_accidents_were_on_their_way_is_sent_again(
    place: Place, tmp_path_factory: pytest.TempPathFactory, opened: Callable[[Place], World]
) -> None:
    """They have no row before they are judged: nothing in the store tells how many there were."""
    (file,) = (item for item in generate(SEED, CASES) if item.content_type == "text/csv")
    world = at(opened(place), LONG_AGO)
    enter(world, [file], {})
    assert world.core.validate_here() and world.core.host.turn(world.core.handlers[0], 2) == 2
    world = put_back(world, place, tmp_path_factory.mktemp("backups") / "store", opened)
    settle(world)
    (wanted,) = differences(world.core, world.now)
    enter(world, [file], {})
    assert (wanted["what"], wanted["record"]) == ("body-wanted", world.record_of[file.file])
    settle(world)
    assert differences(world.core, world.now) == []
    with world.core.database.read() as tx:
        accidents = tx.execute(select(records).where(records.c.parent == wanted["record"])).all()
    assert len(accidents) == len(file.truths) - 1 > 1


class Door:
    """Enters records; what goes to the log is kept here."""

    def __init__(self, node: Node) -> None:
        self._node, self.entered = node, list[Message]()

    def append(self, work: Callable[[Connection], list[Message]]) -> None:
        self.entered += self._node.database.commit(work)

    def listen(self, listener: object) -> None:
        raise AssertionError("nobody waits here")


def pumped(node: Node, messages: Sequence[Message], before: str = "") -> list[Message]:
    """What lies before this step, or the last one's end, once those before it have read these messages, as their hosts let
    them."""
    host, waiting = kafka_decide.Host(node.broker, node.database, node.archive, node.sealer, node.clock), list(messages)
    for step in PIPELINE[: NAMES.index(before) if before else None]:
        topics = [topic.name for topic in step.sources]
        for one in [one for one in waiting if one.topic in topics]:
            waiting.remove(one)
            if step.name == NAMES[0]:
                waiting += answer(one.event, unpack(one.body))  # type: ignore[arg-type]
            else:
                handler = next(handler for handler in node.handlers if handler.name == step.name)
                waiting += [node.sealer.read(row) for row in host._together(handler, [[one]])]
    return waiting


async def litter(broker: Broker, publisher: Publisher, sealer: Sealer, now: datetime) -> int:
    """What none of us wrote, on every topic; how much on each."""
    key, day, event = b"k", ("day", b"2026-11-21"), ("event", b"e")
    strange: list[dict[str, Any]] = [
        {"value": b"not ours", "key": key},
        {"value": b"not ours", "key": key, "headers": [event, day]},
        {"value": b"not ours", "key": key, "headers": [("event", None), day]},
        {"value": b"not ours", "key": key, "headers": [event, ("day", b"\xff")]},
        {"value": b"not ours", "headers": [event, day]},
        {"value": None, "key": key, "headers": [event, day]},
    ]
    for topic in TOPICS:
        for one in strange:
            await publisher._producer.send_and_wait(topic.on_broker(broker.space), **one)
        event_ = Refold(records=("r",), why="test") if topic == OFFERS else View(insurer="1", case="C0", version=1)
        misplaced = Message(topic.name, "k", derive("misplaced", topic.name), event_)
        await publisher.publish(sealer.seal([misplaced], now))
    return len(strange) + 1


async def ahead(node: Node, step: str) -> list[Message]:
    """What lies on the brokers before a step and can be read."""
    consumer, found = node.broker.consumer(node.broker.group(step)), []
    consumer.subscribe([topic.on_broker(node.broker.space) for topic in TOPICS if topic.name in dict(STEPS)[step]])
    await consumer.start()
    while not consumer.assignment():
        await consumer.getmany(timeout_ms=100)
    ends = await consumer.end_offsets(consumer.assignment())
    while any([await consumer.position(place) < end for place, end in ends.items()]):
        for some in (await consumer.getmany(timeout_ms=100)).values():
            for one in some:
                with suppress(Exception):
                    found.append(node.sealer.take(one))
    await consumer.stop()
    return found


@pytest.fixture
def node(kafka_address: str, server: Server, tmp_path: Path) -> Node:
    broker = Broker(kafka_address, "t" + secrets.token_hex(6))
    Topics(broker).apply((), ())
    wrapped = server.empty()
    node = Node(broker, Places(server.fresh(), wrapped, wrapped, tmp_path), register(policies()))
    with node.database.write() as tx:
        participants.admit_new(tx, PARTICIPANTS)
    return node


@pytest.mark.parametrize(("step", "lost"), [("hub", "store"), ("hub", "keys"), ("sequencer", "store")])
def test_on_brokers_no_verdict_and_no_view_is_lost_and_no_foreign_record_is_in_the_way(
    node: Node, opened: Callable[[Place], World], tmp_path_factory: pytest.TempPathFactory, step: str, lost: str
) -> None:
    """As a store is on brokers: nothing in its log, all in its outbox. `lost`: what was put back."""
    items = list(generate(SEED, CASES))
    whole = opened(InFiles(tmp_path_factory.mktemp("whole")))
    whole.send(items)
    clock, node.clock = node.clock, lambda: LONG_AGO
    door, entered = Door(node), dict[int, str]()
    for item in items:
        one = submission(item, entered.get(item.of) if item.of else None)
        entered[item.n] = Book(door, node.archive, node.clock).enter([one])[0].record.id
        if item is items[len(items) // 2]:
            pumped(node, door.entered)
            door.entered.clear()
    assert len(pumped(node, door.entered, step)) > 5
    node.keys.destroy(node.keys.names(STREAM_KEY))
    node.sealer, node.clock = Sealer(node.keys, node.broker), clock
    found = asyncio.run(_restored(node, clock() if lost == "store" else None))
    pumped(node, found)
    pumped(node, node.database.commit(lambda tx: due.events(tx, clock())))
    with node.database.read() as tx:
        different = [(what, record) for what, record, *_ in reconciling.differences(tx, "2000", {})]
    # Of a file of the last hour nobody knows whether all its accidents came through.
    assert different == [("body-wanted", entered[item.n]) for item in items if item.content_type == "text/csv"]
    seen = SimpleNamespace(core=node, now=clock())
    papers = {one: frozenset(World._current(seen, one)) for one in INSURERS}  # type: ignore[arg-type]
    node.close()
    assert papers == whole.outcome().papers


async def _restored(node: Node, made: datetime | None) -> list[Message]:
    """What lies before the steps after the restore."""
    now = node.clock()
    async with publishing(node.broker) as publisher:
        strange = await litter(node.broker, publisher, node.sealer, now)
    recovery = Recovery(node.keys, node.archive, node.journal, now)
    told = await _with_log(node.broker, node.database, node.keys, node.archive, recovery, made, now)
    read = [RECEIVED.name, DUE.name]
    assert f"{strange * len(read)} messages of the log cannot be read" in " ".join(told)
    return [message for step in NAMES[1:] for message in await ahead(node, step)]
