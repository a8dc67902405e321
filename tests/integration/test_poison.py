"""What cannot be read, does not belong or makes its step raise, on every topic of a real broker: a dead letter with its reason,
and the rest of a played world goes on to the feeds."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, select

from adapters.stores import feeds, participants
from adapters.stores.tables import dead_letters, records
from adapters.streams.embedded import Handler
from adapters.streams.kafka import Broker, Publisher, publishing
from adapters.streams.kafka_source import Source
from adapters.streams.kafka_topics import Topics
from schemas.events import Checked, Message, Received, Refold, Verdict, View
from schemas.ids import derive, event_id
from schemas.records import Kind, Outcome, Record, Role
from schemas.topics import CHECKED, CONTROLS, DUE, OFFERS, RECEIVED, TOPICS, VERDICTS
from services.distributed import SERVICES, Node, Places
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


async def litter(node: Node, publisher: Publisher) -> None:
    """Before everything else: bytes of nobody, and of ours what does not belong."""
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
        book, entered = Book(source, node.archive, node.clock), {}
        for item in generate(SEED, CASES):
            one = submission(item, entered[item.of] if item.of else None)
            entered[item.n] = (await asyncio.to_thread(book.enter, [one]))[0].record.id
        async with asyncio.timeout(PATIENCE):
            # In the order of the flow, so that what is level stays so.
            while await node.log.behind(datetime.now(UTC) + timedelta(hours=1)):
                assert not any(task.done() for task in running), "a step ended"
        stopping.set()
        await asyncio.gather(*running)


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
        letters = {(row.step, row.event): row.reason for row in tx.execute(select(dead_letters))}
        entered = tx.execute(select(records)).all()
        numbered = feeds.totals(tx)
    node.close()

    for step in PIPELINE:
        for topic in step.sources:
            place = topic.on_broker(broker.space) + "/"
            unread = sorted(why for (by, event), why in letters.items() if by == step.name and event.startswith(place))
            assert unread == ["CannotOpen", "KeyError", "ValueError"], (step.name, topic.name)
    for one in raising:
        assert one.poison.keys() == set(one.sources), one.name
        assert all(letters[(one.name, event)] == "ZeroDivisionError" for event in one.poison.values())
    unpacked = ("validation", event_id(unpackable().key, 1, "validation"))
    assert letters[unpacked] == "error"  # zlib's name of it
    dead = {row.record for row in entered if row.outcome == Outcome.DEAD}
    assert all(row.outcome and row.judged >= row.attempt for row in entered)
    assert len(dead) <= 3 < len(entered) - len(dead)
    assert sum(numbered.values()) > 5
