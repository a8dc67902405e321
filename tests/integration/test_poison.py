"""What cannot be read, does not belong or makes its step raise, on every topic of a real broker: a dead letter with its reason,
and the rest of a played world goes on to the feeds."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, select

from adapters.stores import feeds, participants
from adapters.stores import records as book
from adapters.stores.reconciling import differences
from adapters.stores.tables import bodies, dead_letters, records
from adapters.streams.embedded import Handler
from adapters.streams.kafka import Broker, Publisher, publishing
from adapters.streams.kafka_source import Source
from adapters.streams.kafka_topics import Topics
from schemas.events import Checked, Message, Received, Refold, Verdict, View
from schemas.ids import derive, event_id
from schemas.records import Kind, Outcome, Record, Role
from schemas.topics import CHECKED, CONTROLS, DUE, OFFERS, RECEIVED, TOPICS, VERDICTS
from services.distributed import SERVICES, Node, Places
from services.hub.retention import UNREADABLE
from services.intake.book import Book
from services.pipeline import PIPELINE
from services.sandbox.participants import PARTICIPANTS, policies
from services.sandbox.scenario import generate
from services.sandbox.setup import register
from tests.servers.postgres import Server
from tests.simulation.world import submission

SEED, CASES = 7, 6
PATIENCE = 120.0
Choice = Callable[[Message], bool]


def of_kind(kind: Kind) -> Choice:
    return lambda message: isinstance(message.event, Checked | Verdict) and message.event.record.kind == kind


# What makes the step of a topic raise: the first such message on it. None is one that another waits for.
POISON: dict[str, Choice] = {
    CHECKED.name: of_kind(Kind.APPLICATION),
    CONTROLS.name: of_kind(Kind.REVIEW),
    VERDICTS.name: of_kind(Kind.ACCIDENT),
    DUE.name: lambda _: True,
    OFFERS.name: lambda _: True,
}


class Raising:
    """A real step that cannot bear the first chosen message of each of its topics."""

    def __init__(self, real: Handler) -> None:
        self._real, self.name, self.sources = real, real.name, real.sources
        self.poison: dict[str, str] = {}  # topic → message id

    def handle(self, tx: Connection, messages: Sequence[Message], now: datetime) -> list[Message]:
        for one in messages:
            if POISON[one.topic](one):
                self.poison.setdefault(one.topic, one.id)
            if one.id in self.poison.values():
                raise ZeroDivisionError
        return self._real.handle(tx, messages, now)

    def dead(self, tx: Connection, message: Message, reason: str, now: datetime) -> list[Message]:
        return self._real.dead(tx, message, reason, now)


def unpackable() -> Message:
    """A record as a door would enter it, of which the body is no deflated bytes."""
    id = derive("unpackable")
    record = Record(  # of an invented hospital
        id=id, attempt=1, kind=Kind.DOCUMENT, sender="1537990035", role=Role.HOSPITAL, method="POST", path="/fhir/Bundle",
        sha256="0" * 64, size=4, media_type="application/fhir+json", received="2026-11-21T04:00:00.000Z",
    )  # fmt: skip
    return Message(RECEIVED.name, id, derive("unpackable", "received"), Received(record=record), b"\x01what")


def misplaced(topic: str) -> Message:
    """A sealed event of ours on a topic that does not carry it."""
    view = View(insurer="37643310", case="C000000000000", version=1)
    event = view if topic != OFFERS.name else Refold(records=("r",), why="test")
    return Message(topic, "k", derive("misplaced", topic), event)


LOST = {topic.name: derive("lost", topic.name) for topic in (RECEIVED, CHECKED)}


def lost(topic: str) -> Record:
    """A record that waits for its verdict, which was to come of what is lost on this topic."""
    message = unpackable()
    assert isinstance(message.event, Received)
    return message.event.record.model_copy(update={"id": LOST[topic]})


async def litter(node: Node, publisher: Publisher) -> None:
    """Before everything else: bytes of nobody, and of ours what does not belong, or whose key is gone."""
    with node.database.write() as tx:
        book.put(tx, [lost(topic) for topic in LOST])
    for topic in (RECEIVED, CHECKED):
        event = event_id(LOST[topic.name], 1, *(["validation"] if topic is CHECKED else []))
        headers = [("event", event.encode()), ("day", b"2026-11-01")]
        name = topic.on_broker(node.broker.space)
        await publisher._producer.send_and_wait(name, b"sealed once", key=b"k", headers=headers)
    for topic in TOPICS:
        name = topic.on_broker(node.broker.space)
        await publisher._producer.send_and_wait(name, b"not ours", key=b"k")
        headers = [("event", b"e"), ("day", b"2026-11-21")]
        await publisher._producer.send_and_wait(name, b"not ours", key=b"k", headers=headers)
    ours = [misplaced(topic.name) for topic in TOPICS]
    due = Message(DUE.name, "k", derive("due"), Refold(records=("nobody",), why="test"))
    await publisher.publish(node.sealer.seal([*ours, unpackable(), due], node.clock()))


async def play(node: Node) -> None:
    stopping, running = asyncio.Event(), []
    async with publishing(node.broker) as publisher:
        await litter(node, publisher)
        for step in PIPELINE:
            ready = asyncio.Event()
            running.append(asyncio.create_task(SERVICES[step.name](node, stopping, ready.set)))
            await asyncio.wait({running[-1], asyncio.create_task(ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
        source = Source("doors", node.broker, node.database, node.sealer, node.clock)
        source.publish_with(publisher)
        desk, entered = Book(source, node.archive, node.clock), {}
        for item in generate(SEED, CASES):
            one = submission(item, entered[item.of] if item.of else None)
            entered[item.n] = (await asyncio.to_thread(desk.enter, [one]))[0].record.id
        async with asyncio.timeout(PATIENCE):
            # In the order of the flow, so that what is level stays so.
            while await node.log.behind(datetime.now(UTC) + timedelta(hours=1)):
                assert not any(task.done() for task in running), "a step ended"
        stopping.set()
        await asyncio.gather(*running)


def places_kept(node: Node) -> list[str]:
    """Where on the log it lay that nobody could read and is kept."""
    with node.database.read() as tx:
        return list(tx.execute(select(bodies.c.record).where(bodies.c.record.contains("/"))).scalars())


async def end(node: Node) -> None:
    """The clock runs when their time is over, until none is kept."""
    node.clock = lambda: datetime.now(UTC) + UNREADABLE
    stopping = asyncio.Event()
    clock = asyncio.create_task(SERVICES["clock"](node, stopping, lambda: None))
    async with asyncio.timeout(PATIENCE):
        while await asyncio.to_thread(places_kept, node):
            assert not clock.done(), "the clock ended"
    stopping.set()
    await clock


def test_every_topic_outlives_poison(kafka_address: str, server: Server, tmp_path: Path) -> None:
    broker = Broker(kafka_address, "t" + secrets.token_hex(6))
    Topics(broker).apply((), ())
    lines = register([policy.line() for policy in policies()])
    wrapped = server.empty()
    node = Node(broker, Places(server.fresh(), wrapped, wrapped, tmp_path), lines)
    with node.database.write() as tx:
        participants.admit_new(tx, PARTICIPANTS)
    raising = [Raising(one) for one in node.handlers]
    node.handlers = tuple(raising)
    asyncio.run(play(node))
    with node.database.read() as tx:
        noted = tx.execute(select(dead_letters)).all()
        entered = tx.execute(select(records)).all()
        numbered = feeds.totals(tx)
        kept = {place: node.archive.body(tx, place) for place in places_kept(node)}
        strays = [record for what, record, *_ in differences(tx, "", {}) if what == "body-without-receipt"]
    asyncio.run(end(node))
    node.close()
    letters = {(row.step, row.event): row.reason for row in noted}

    for step in PIPELINE:
        for topic in step.sources:
            place = topic.on_broker(broker.space) + "/"
            unread = sorted(why for (by, event), why in letters.items() if by == step.name and event.startswith(place))
            gone = ["CannotOpen"] * (topic.name in LOST)
            assert unread == [*gone, "CannotOpen", "KeyError", "ValueError"], (step.name, topic.name)
            bytes_of = sorted(value for at, value in kept.items() if at.startswith(place) if value.isascii())
            assert bytes_of == [b"not ours", b"not ours", *[b"sealed once"] * len(gone)], "as they lay there"
    assert kept.keys() == {event for _, event in letters if "/" in event}
    assert strays == [unpackable().key], "which no door entered; what lay on the log is no record's"
    about = {row.record: row.event for row in noted if row.record in LOST.values()}
    assert {topic: kept[about[record]] for topic, record in LOST.items()} == dict.fromkeys(LOST, b"sealed once")
    for one in raising:
        assert one.poison.keys() == set(one.sources), one.name
        assert all(letters[(one.name, event)] == "ZeroDivisionError" for event in one.poison.values())
    unpacked = ("validation", event_id(unpackable().key, 1, "validation"))
    assert letters[unpacked] == "error"  # zlib's name of it
    dead = {row.record for row in entered if row.outcome == Outcome.DEAD}
    assert dead > set(LOST.values()), "what waits for it would wait for ever"
    assert all(row.outcome and row.judged >= row.attempt for row in entered)
    assert len(dead) <= 3 + len(LOST) < len(entered) - len(dead)
    assert sum(numbered.values()) > 5
