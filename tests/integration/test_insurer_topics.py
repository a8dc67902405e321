"""Insurers' own topics on a real broker and database: what is on them, who reads it, what crashes and changes do to it."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, NotEnoughReplicasError, TopicAuthorizationFailedError
from click.testing import CliRunner
from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourcePatternType,
    ResourceType,
)
from joserfc import jwe
from joserfc.jwk import KeySet, OKPKey
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from adapters.stores import feeds, participants, postgres
from adapters.stores.dialect import lock
from adapters.stores.postgres import PostgresDatabase
from adapters.stores.tables import handovers
from adapters.streams.kafka import VALUE_BYTES, Broker, trouble
from adapters.streams.kafka_feeds import Sealed, binary, sending
from adapters.streams.kafka_topics import Change, Topics
from adapters.vault.jwe import ALGORITHMS, sealer_to
from schemas.events import Message, Paper, View
from schemas.records import Kind, Reads, Role
from schemas.topics import MESSAGE_BYTES, OFFER_BYTES, OFFERS, feed_name
from services.commands import topics as commands
from services.delivery.publisher import REST, Publisher, bring_rights
from services.delivery.worker import content
from services.portal.watching import Watch
from services.sandbox.participants import PARTICIPANTS
from services.sandbox.scenario import generate
from tests.integration import channels
from tests.servers.kafka import Cluster, kafka
from tests.servers.places import InPostgres
from tests.servers.postgres import Server
from tests.simulation.world import World

SEED, CASES = 8, 16
INSURERS = [one.code for one in PARTICIPANTS if Role.INSURER in one.roles]
ROOT = Path(__file__).parents[2]
CONSUMER = ROOT / "docs" / "examples" / "insurer_consumer.py"
PATIENCE = 60.0
REGISTRY = jwe.JWERegistry(algorithms=list(ALGORITHMS.values()))
REGISTRY.max_ciphertext_length = OFFER_BYTES
IDLE = timedelta(milliseconds=300)
Jwk = dict[str, Any]


def password(code: str) -> str:
    return f"secret-{code}"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with kafka(users={f"insurer-{code}": password(code) for code in INSURERS}) as cluster:
        yield cluster


class Interchange:
    """A world that was played, its store, and the brokers."""

    def __init__(self, cluster: Cluster, place: InPostgres) -> None:
        self.cluster, self.place, self.broker = cluster, place, Broker(cluster.address)
        self.world, self._changes = World(place), count()
        self.world.send(list(generate(SEED, CASES)))
        core = self.world.core
        with core.database.read() as tx:
            self.insurer = max(feeds.totals(tx), key=lambda code: (feeds.totals(tx)[code], code))
            self.last = feeds.last_number(tx, self.insurer)

    def reset(self) -> None:
        """Nothing published, no topics, no keys; everybody admitted."""
        topics = Topics(self.broker)
        topics.apply(INSURERS, [])
        self.remove(INSURERS)
        core = self.world.core
        with core.database.write() as tx:
            for one in PARTICIPANTS:
                participants.put(tx, one, None)
            for code in INSURERS:
                feeds.set_published(tx, code, 0)

    def change(self, keys: list[Jwk], status: str = "admitted", code: str | None = None) -> None:
        """The insurer as an operator's record makes it."""
        code = code or self.insurer
        # A name of its own: the same bytes a second time are the same record, which changes nothing.
        body = {"name": f"{code} {next(self._changes)}", "roles": ["insurer"], "status": status, "keys": keys}
        self.world.post(Kind.PARTICIPANT, "operator-1", "PUT", f"/participants/{code}", json.dumps(body).encode(), code)

    def open_topics(self) -> None:
        Topics(self.broker).apply(INSURERS, INSURERS)

    def publish(
        self,
        work: Callable[[Publisher], object],
        crash: bool = False,
        before: Callable[[], object] = lambda: None,
        database: PostgresDatabase | None = None,
    ) -> None:
        """Runs `work` with a publisher, in a thread; `before`: each time it sends; `crash`: its process ends after the brokers'
        word, before it is noted; `database`: another one than the world's."""
        core = self.world.core

        async def run() -> None:
            loop = asyncio.get_running_loop()
            async with sending(self.broker) as own:

                def send(insurer: str, events: list[Sealed]) -> None:
                    before()
                    asyncio.run_coroutine_threadsafe(own.publish(insurer, events), loop).result(PATIENCE)
                    if crash:
                        raise KeyboardInterrupt

                publisher = Publisher(database or core.database, core.feed, Topics(self.broker), send, core.clock)
                await asyncio.to_thread(work, publisher)

        with contextlib.suppress(KeyboardInterrupt) if crash else contextlib.nullcontext():
            asyncio.run(run())

    @contextlib.contextmanager
    def impatient(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[PostgresDatabase]:
        """The store by connections on which a transaction may rest for IDLE, as otherwise for ten seconds."""
        monkeypatch.setitem(postgres.SETTINGS, "idle_in_transaction_session_timeout", f"{IDLE.total_seconds()}s")
        with contextlib.closing(PostgresDatabase(self.place.store)) as database:
            yield database

    def rests(self) -> None:
        """Returns when the one transaction that rests has done so for longer than IDLE."""

        def resting() -> list[timedelta]:
            asked = "SELECT clock_timestamp() - state_change FROM pg_stat_activity WHERE state = 'idle in transaction'"
            found = connection.execute(f"{asked} AND datname = current_database()").fetchall()
            return [since for (since,) in found]

        with psycopg.connect(self.place.store, autocommit=True) as connection:
            assert len(resting()) == 1
            until(lambda: not (now := resting()) or now[0] > 3 * IDLE)
            assert resting(), "PostgreSQL ended it, and its locks are another's"

    def cut(self) -> None:
        """Ends the one transaction that rests."""
        with psycopg.connect(self.place.store, autocommit=True) as connection:
            idle = (
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
            )
            ended = connection.execute(f"SELECT pg_terminate_backend(pid) FROM ({idle}) AS idle").fetchall()
        assert len(ended) == 1

    def remove(self, insurers: Sequence[str]) -> None:
        """Their topics, as somebody else does."""
        admin, names = Topics(self.broker)._admin, [feed_name(code) for code in insurers]
        for done in admin.delete_topics(names).values():
            done.result(PATIENCE)
        until(lambda: not set(names) & admin.list_topics(timeout=PATIENCE).topics.keys())

    def set_topic(self, code: str, name: str, value: str) -> None:
        """As somebody else does."""
        entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ConfigResource.Type.TOPIC, feed_name(code), incremental_configs=[entry])
        own = Topics(self.broker)
        for done in own._admin.incremental_alter_configs([resource]).values():
            done.result(PATIENCE)
        until(lambda: own._settings([feed_name(code)])[feed_name(code)][name] == value)

    def published(self) -> int:
        with self.world.core.database.read() as tx:
            return feeds.published(tx, self.insurer)

    def pulled(self) -> list[Jwk]:
        """What a pull of everything is answered now."""
        core = self.world.core
        with core.database.write() as tx:
            return core.feed.page(tx, self.insurer, 0, 10_000, core.clock())

    def records(self, user: str | None = None, code: str | None = None) -> list[ConsumerRecord]:
        """Everything on an insurer's topic, as this user reads it."""
        address = self.cluster.address_of(f"insurer-{user}") if user else self.cluster.address

        async def run() -> list[ConsumerRecord]:
            topic = TopicPartition(feed_name(code or self.insurer), 0)
            consumer = AIOKafkaConsumer(auto_offset_reset="earliest", **Broker(address).client())
            consumer.assign([topic])
            found: list[ConsumerRecord] = []
            async with consumer, asyncio.timeout(PATIENCE):
                end = (await consumer.end_offsets([topic]))[topic]
                while len(found) < end:
                    found.append(await consumer.getone())
            return found

        return asyncio.run(run())

    @contextlib.contextmanager
    def service(self) -> Iterator["subprocess.Popen[bytes]"]:
        """`claims run publisher`, a number at a time so that faults find every place; killed in the end."""
        main = "import services.delivery.publisher as own, services.__main__ as claims; own.PAGE = 1; claims.main()"
        command = [sys.executable, "-c", main, "run", "publisher", "--sandbox", "--data", str(self.place.folder)]
        places = {
            "CLAIMS_KAFKA": self.cluster.address,
            "CLAIMS_DATABASE": self.place.store,
            "CLAIMS_KEYS": self.place.wrapped,
        }
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | places, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    @contextlib.contextmanager
    def consumer(self, out: Path, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
        """The example, printing to a file; killed in the end."""
        command = [sys.executable, str(CONSUMER), self.insurer, Broker(self.cluster.address).hosts, *words]
        command += ["--protocol", "SASL_PLAINTEXT", "--place", str(out.with_suffix(".place"))]
        with out.open("ab") as told:
            process = subprocess.Popen(
                command,
                stdout=told,
                stderr=subprocess.PIPE,
                env=os.environ | {"INSURER_PASSWORD": password(self.insurer)},
            )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def played(cluster: Cluster, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interchange]:
    place = InPostgres(tmp_path_factory.mktemp("world"), server.fresh(), server.empty())
    interchange = Interchange(cluster, place)
    yield interchange
    interchange.world.close()


@pytest.fixture
def interchange(played: Interchange) -> Interchange:
    played.reset()
    return played


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        threading.Event().wait(0.02)


def pair(kid: str) -> tuple[Jwk, Jwk]:
    """A public JWK and its private one."""
    key = OKPKey.generate_key("X25519", {"kid": kid})
    return key.as_dict(private=False), key.as_dict(private=True)


def settled(publisher: Publisher) -> None:
    while publisher.turn():
        pass


def numbers(records: list[ConsumerRecord]) -> list[int]:
    return [int(dict(record.headers)["ce_offernumber"]) for record in records]


def first_of_each(told: list[int]) -> list[int]:
    return list(dict.fromkeys(told))


def opened(record: ConsumerRecord, *private: Jwk) -> Any:
    keys = KeySet.import_key_set({"keys": list(private)})
    return json.loads(jwe.decrypt_compact(record.value, keys, registry=REGISTRY).plaintext)


def lines(out: Path) -> list[Jwk]:
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(child)


def in_order(interchange: Interchange) -> None:
    """All numbers are there, none came before one that is lower."""
    told = numbers(interchange.records(interchange.insurer))
    assert first_of_each(told) == list(range(1, interchange.last + 1))


def test_the_topic_holds_what_a_pull_gives_sealed_and_recorded(
    interchange: Interchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "adapters.streams.kafka.BATCH_BYTES", 2_000
    )  # a page is several batches, and some events are larger
    public, private = pair("one")
    interchange.change([public])
    core = interchange.world.core

    def handed() -> int:
        with core.database.read() as tx:
            return len(tx.execute(handovers.select().where(handovers.c.insurer == interchange.insurer)).all())

    before = handed()
    interchange.publish(settled)
    recorded = handed() - before
    events, records = interchange.pulled(), interchange.records(interchange.insurer)
    assert interchange.last == interchange.published() == len(events) > 10
    assert numbers(records) == list(range(1, interchange.last + 1))
    for event, record in zip(events, records, strict=True):
        headers = {name: value.decode() for name, value in record.headers}
        told = {"claims.offer": "offer", "claims.offer.withdrawn": "offer-withdrawn"}[headers["ce_type"]]
        assert not list(channels.validator(f"components/messages/{told}/headers").iter_errors(headers)), headers
        assert [headers["ce_id"], headers["ce_time"]] == [event["id"], event["time"]]
        assert opened(record, private) == event["data"]
        assert record.key is None
    sizes = [len(record.value) for record in records]
    assert min(sizes) < 1_000 and max(sizes) > 2_000
    assert {event["type"] for event in events} == {"claims.offer", "claims.offer.withdrawn"}
    withheld = [one for one in events if one["type"] == "claims.offer" and one["data"].keys() == {"case"}]
    assert withheld and recorded == sum(one["type"] == "claims.offer" for one in events) - len(withheld)


def test_nothing_personal_is_in_the_brokers_files(interchange: Interchange) -> None:
    interchange.change([pair("one")[0]])
    interchange.publish(settled)
    assert interchange.published() == interchange.last
    files = (interchange.cluster.folder / "0" / f"{feed_name(interchange.insurer)}-0").glob("*.log")
    bytes_there = b"".join(path.read_bytes() for path in files)
    assert b"ce_offernumber" in bytes_there
    told = {text for event in interchange.pulled() for text in texts(event["data"]) if len(text) >= 6}
    canaries = told - {"application"}  # a kind of paper, and half of a media type
    assert len(canaries) > 50
    assert [text for text in canaries if text.encode() in bytes_there or json.dumps(text).encode() in bytes_there] == []


def test_a_crash_before_it_is_noted_repeats_and_skips_nothing(
    interchange: Interchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.delivery.publisher.PAGE", 3)
    public, private = pair("one")
    interchange.change([public])
    for _ in range(3):
        interchange.publish(lambda one: (one.turn(), one.turn()), crash=True)
        assert interchange.published() == 0
        interchange.publish(lambda one: one.publish(interchange.insurer))
        with interchange.world.core.database.write() as tx:
            feeds.set_published(tx, interchange.insurer, 0)
    interchange.publish(settled)
    assert numbers(interchange.records(interchange.insurer))[:9] == [1, 2, 3] * 3
    in_order(interchange)


def test_a_publisher_that_is_killed_again_and_again(interchange: Interchange) -> None:
    interchange.change([pair("one")[0]])
    kills = 0
    while interchange.published() < interchange.last:
        goal = min(interchange.published() + 5, interchange.last)
        with interchange.service() as process:
            until(lambda goal=goal, process=process: interchange.published() >= goal or process.poll())
            assert process.poll() is None, "the service ended by itself"
        kills += 1
    assert kills >= 3
    in_order(interchange)


def test_what_is_missing_on_a_topic_is_told_by_the_command(interchange: Interchange) -> None:
    interchange.change([pair("one")[0]])
    interchange.publish(settled)

    def check() -> tuple[int, list[str]]:
        words = ["check", "--kafka", interchange.cluster.address, "--database", interchange.place.store]
        done = CliRunner().invoke(commands.topics, words)
        own = [line for line in done.output.splitlines() if line.startswith(interchange.insurer)]
        return done.exit_code, [line.removeprefix(interchange.insurer + ": ") for line in own]

    last, topic = interchange.last, feed_name(interchange.insurer)
    assert check() == (0, [f"{last} records"])
    with interchange.world.core.database.write() as tx:
        feeds.set_published(tx, interchange.insurer, 0)
    interchange.publish(settled)
    assert check() == (0, [f"{2 * last} records, {last} come again"])

    async def skip_one() -> None:
        async with AIOKafkaProducer(**interchange.broker.client()) as producer:
            await producer.send_and_wait(topic, b"", headers=[("ce_offernumber", str(last + 2).encode())])
            await producer.send_and_wait(topic, b"not ours")

    asyncio.run(skip_one())
    with interchange.world.core.database.write() as tx:
        feeds.set_published(tx, interchange.insurer, last + 3)
    assert check() == (1, [
        "1 records are not ours", f"after {last} comes {last + 2}", f"it ends with {last + 2}, and {last + 3} was published",
        f"{2 * last + 2} records, {last} come again",
    ])  # fmt: skip


def test_a_broker_that_is_killed_while_it_publishes(interchange: Interchange) -> None:
    interchange.change([pair("one")[0]])
    with interchange.service() as process:
        until(lambda: interchange.published() >= 3)
        interchange.cluster.kill(0)
        assert interchange.published() < interchange.last
        interchange.cluster.start(0)
        interchange.cluster.wait(0)
        until(lambda: interchange.published() == interchange.last or process.poll())
        assert process.poll() is None, "the service ended by itself"
    in_order(interchange)


def test_two_publishers_at_once_publish_each_number_once(
    interchange: Interchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.delivery.publisher.PAGE", 1)
    interchange.change([pair("one")[0]])
    with ThreadPoolExecutor(2) as both:
        for done in [both.submit(interchange.publish, settled) for _ in range(2)]:
            done.result()
    assert numbers(interchange.records(interchange.insurer)) == list(range(1, interchange.last + 1))


def test_a_publisher_that_was_stopped_and_lost_its_lock_overtakes_nothing(
    interchange: Interchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It judged a page, then another published everything; woken, it sends its page, and may not note it."""
    monkeypatch.setattr("services.delivery.publisher.PAGE", 3)
    interchange.change([pair("one")[0]])
    interchange.open_topics()

    def stopped() -> None:
        interchange.cut()  # as the server does in the end
        with ThreadPoolExecutor(1) as other:
            other.submit(interchange.publish, settled).result()
        assert interchange.published() == interchange.last

    with pytest.raises(DBAPIError) as raised:
        interchange.publish(lambda one: one.publish(interchange.insurer), before=stopped)
    assert trouble(raised.value), "the service does it again"
    assert interchange.published() == interchange.last
    assert numbers(interchange.records(interchange.insurer)) == [*range(1, interchange.last + 1), 1, 2, 3]


def test_after_a_rotation_the_old_key_opens_nothing_new(
    interchange: Interchange, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("services.delivery.publisher.PAGE", 4)
    old, new = pair("old"), pair("new")
    interchange.change([old[0]])
    interchange.open_topics()
    interchange.publish(lambda one: one.publish(interchange.insurer))
    interchange.change([new[0]])
    interchange.publish(settled)
    records = interchange.records(interchange.insurer)
    assert numbers(records) == list(range(1, interchange.last + 1))
    for number, record in enumerate(records, 1):
        right, wrong = (old, new) if number <= 4 else (new, old)
        assert opened(record, right[1])["case"]
        with pytest.raises(Exception, match="(?i)decrypt|key"):
            opened(record, wrong[1] | {"kid": right[1]["kid"]})
    for name, (_, private) in (("old", old), ("new", new)):
        (tmp_path / name).write_text(json.dumps(private))
    out = tmp_path / "offers.jsonl"
    with interchange.consumer(out, "--key", str(tmp_path / "new"), "--key", str(tmp_path / "old")):
        until(lambda: len(lines(out)) == interchange.last)


def test_an_insurer_without_a_key_is_not_published_and_it_is_said_once(interchange: Interchange) -> None:
    with capture_logs() as told:
        interchange.publish(lambda one: (one.turn(), one.turn()))
    assert interchange.published() == 0 and interchange.records() == []
    said = [one["insurer"] for one in told if one["event"].startswith("no key registered")]
    assert said.count(interchange.insurer) == 1


def test_a_feed_that_cannot_be_sealed_keeps_no_other_waiting(interchange: Interchange) -> None:
    core = interchange.world.core
    with core.database.read() as tx:
        first, *others = feeds.unpublished(tx)
    broken = {"kty": "OKP", "crv": "X25519", "x": "A" * 43, "kid": "of low order"}  # which no door takes
    with core.database.write() as tx:
        one = participants.get(tx, first)
        assert one
        participants.put(tx, one.model_copy(update={"keys": (broken,)}), None)
    for code in others:
        interchange.change([pair("one")[0]], code=code)
    with capture_logs() as told:
        interchange.publish(lambda publisher: (settled(publisher), settled(publisher)))
    with core.database.read() as tx:
        assert feeds.unpublished(tx) == [first]
    said = [(one["insurer"], one["error"]) for one in told if one["event"] == "not published"]
    assert said == [(first, "ValueError")]


@pytest.mark.parametrize("gone", [False, True])
def test_a_topic_that_takes_nothing_keeps_no_other_waiting(
    interchange: Interchange, monkeypatch: pytest.MonkeyPatch, gone: bool
) -> None:
    """It refuses at once; or it is away, which shows when the producer gives up."""
    monkeypatch.setattr("services.delivery.publisher.PAGE", 2)
    monkeypatch.setattr("adapters.streams.kafka_feeds.GIVE_UP_MS", 5_000)
    database = interchange.world.core.database
    with database.read() as tx:
        first, *others = feeds.unpublished(tx)
    for code in (first, *others):
        interchange.change([pair("one")[0]], code=code)

    def published() -> int:
        with database.read() as tx:
            return feeds.published(tx, first)

    def refused(publisher: Publisher) -> None:
        publisher.turn()  # it makes the topics as they should be, and something is on each
        if gone:
            interchange.remove([first])
        else:
            interchange.set_topic(first, "max.message.bytes", "100")
        settled(publisher)
        with database.read() as tx:
            assert feeds.unpublished(tx) == [first]
        assert published() == 2
        interchange.open_topics()
        assert publisher.turn() == 0, "it is left alone for a while"
        publisher._clock = lambda: interchange.world.core.clock() + REST
        settled(publisher)

    with capture_logs() as told:
        interchange.publish(refused)
    with database.read() as tx:
        assert feeds.unpublished(tx) == []
    ((insurer, error),) = [(one["insurer"], one["error"]) for one in told if one["event"] == "not published"]
    assert insurer == first and (error != "MessageSizeTooLargeError") == gone
    assert numbers(interchange.records(code=first)) == list(range(3 if gone else 1, published() + 1))


@pytest.mark.parametrize("error", [KafkaError("Unexpected error during batch delivery"), NotEnoughReplicasError()])
def test_a_publisher_that_can_send_nothing_any_more_ends(interchange: Interchange, error: KafkaError) -> None:
    """Its producer has ended; or no broker answers."""
    interchange.change([pair("one")[0]])
    interchange.open_topics()

    class Away(Topics):
        def reached(self) -> None:
            raise KafkaException("no broker answers")

    def failing(_: str, __: list[Sealed]) -> None:
        raise error

    core = interchange.world.core
    publisher = Publisher(core.database, core.feed, Away(interchange.broker), failing, core.clock)
    with pytest.raises(KafkaError if type(error) is KafkaError else KafkaException):
        publisher.turn()


def test_a_page_that_takes_long_is_noted_and_not_sent_again(
    interchange: Interchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    interchange.change([pair("one")[0]])
    interchange.open_topics()
    with interchange.impatient(monkeypatch) as database:
        interchange.publish(lambda one: one.publish(interchange.insurer), before=interchange.rests, database=database)
    assert numbers(interchange.records()) == list(range(1, interchange.published() + 1)) != []


def test_a_feed_that_another_publisher_has_keeps_nobody_waiting(interchange: Interchange) -> None:
    interchange.change([pair("one")[0]])
    interchange.open_topics()
    with interchange.world.core.database.write() as other:
        lock(other, [f"publication:{interchange.insurer}"])
        interchange.publish(settled)
        assert interchange.records() == []
    interchange.publish(settled)
    assert interchange.published() == interchange.last


def test_the_largest_view_fits_its_insurers_topic_and_is_read_from_it(interchange: Interchange, tmp_path: Path) -> None:
    """Almost all of it bases, which an offer names at greater length."""
    one = Paper(
        record="0" * 32, lineage="0" * 32, sha256="0" * 64, kind="document", persons=("A123456789",), classes=(),
        media_type="application/fhir+json", size=1, basis=(("A", "f" * 32),),
    )  # fmt: skip

    def view(bases: int) -> View:
        return View(
            insurer=interchange.insurer,
            case="c",
            version=1,
            papers=(one.model_copy(update={"basis": one.basis * bases}),),
        )

    def size(bases: int) -> int:
        return len(Message(OFFERS.name, interchange.insurer, "0" * 32, view(bases)).value())

    each = size(2) - size(1)
    most = (VALUE_BYTES - size(1)) // each + 1
    assert VALUE_BYTES - each < size(most) <= VALUE_BYTES
    public, private = pair("one")
    event = dict.fromkeys(("specversion", "id", "source", "type", "time", "offernumber"), "1")
    sealed = binary(event | {"data": json.loads(content(view(most)))}, sealer_to(public))
    assert len(sealed.value) > 2 * MESSAGE_BYTES
    interchange.open_topics()

    async def publish() -> None:
        async with sending(interchange.broker) as own:
            await own.publish(interchange.insurer, [sealed])

    asyncio.run(publish())
    (tmp_path / "key").write_text(json.dumps(private))
    out = tmp_path / "offers.jsonl"
    with interchange.consumer(out, "--key", str(tmp_path / "key")) as reading:
        until(lambda: out.with_suffix(".place").exists() or reading.poll())
    (told,) = lines(out)
    assert len(told["data"]["papers"][0]["basis"]) == most


def test_a_feed_is_measured_against_its_topic_once_it_is_to_be_there(interchange: Interchange) -> None:
    """From the first number on, which may be the one that does not get out."""
    core = interchange.world.core

    def published(publishes: bool = True) -> Mapping[str, int]:
        watch = Watch(core.log, core.keys, (), core.clock, publishes)
        with core.database.read() as tx:
            return watch._look(tx).published

    assert published() == {}
    interchange.change([pair("one")[0]])
    assert published() == {interchange.insurer: 0} and published(publishes=False) == {}
    interchange.publish(settled)
    assert published() == {interchange.insurer: interchange.last}
    interchange.change([pair("one")[0]], "suspended")
    assert published() == {}


def test_another_insurers_credentials_are_refused(interchange: Interchange) -> None:
    interchange.change([pair("one")[0]])
    interchange.publish(settled)
    other = next(code for code in INSURERS if code != interchange.insurer)
    assert interchange.records(interchange.insurer)
    with pytest.raises(TopicAuthorizationFailedError):
        interchange.records(other)


def test_a_suspended_insurer_reads_nothing_from_that_moment_on(
    interchange: Interchange, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("services.delivery.publisher.PAGE", 4)
    public, private = pair("one")
    (tmp_path / "key").write_text(json.dumps(private))
    interchange.change([public])
    out = tmp_path / "offers.jsonl"

    def suspended(publisher: Publisher) -> None:
        publisher.publish(interchange.insurer)
        with interchange.consumer(out, "--key", str(tmp_path / "key")) as reading:
            until(lambda: len(lines(out)) == 4)
            interchange.change([public], "suspended")
            assert publisher.publish(interchange.insurer) == 0  # before anybody has looked who may read
            settled(publisher)
            until(lambda: reading.poll() is not None)
            assert reading.stderr and b"TopicAuthorizationFailedError" in reading.stderr.read()
        with pytest.raises(TopicAuthorizationFailedError):
            interchange.records(interchange.insurer)
        assert numbers(interchange.records()) == [1, 2, 3, 4]
        interchange.change([public])
        settled(publisher)

    interchange.open_topics()
    interchange.publish(suspended)
    assert numbers(interchange.records(interchange.insurer)) == list(range(1, interchange.last + 1))
    with interchange.consumer(out, "--key", str(tmp_path / "key")):
        until(lambda: len(lines(out)) >= interchange.last)
    assert [one["offernumber"] for one in lines(out)] == list(range(1, interchange.last + 1))


def test_the_command_names_who_else_may_read_and_leaves_it_to_a_person(interchange: Interchange) -> None:
    interchange.open_topics()
    admin, own = Topics(interchange.broker)._admin, feed_name(interchange.insurer)
    where = (ResourceType.TOPIC, own, ResourcePatternType.LITERAL, "User:*", "*")
    public = (*where, AclOperation.READ, AclPermissionType.ALLOW)
    for made in admin.create_acls([AclBinding(*public)]).values():
        made.result(PATIENCE)
    words = ["plan", "--kafka", interchange.cluster.address, "--database", interchange.place.store]

    def told() -> bool:
        done = CliRunner().invoke(commands.topics, words)
        return f"{own}: User:* may READ on TOPIC {own} (LITERAL)" in done.output and done.exit_code == 1

    try:
        until(told)
        assert told()
    finally:
        for gone in admin.delete_acls([AclBindingFilter(*public)]).values():
            gone.result(PATIENCE)


def test_rights_are_looked_at_before_each_page(interchange: Interchange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.delivery.publisher.PAGE", 1)
    core = interchange.world.core
    with core.database.read() as tx:
        one, other, *_ = feeds.unpublished(tx)
    for code in (one, other):
        interchange.change([pair("one")[0]], code=code)
    interchange.open_topics()
    read: list[bool] = []

    def reads() -> bool:
        with contextlib.suppress(TopicAuthorizationFailedError):
            interchange.records(one, one)
            return True
        return False

    def sent() -> None:
        if not read:
            assert reads()
            interchange.change([pair("one")[0]], "suspended", one)
        read.append(reads())

    interchange.publish(lambda publisher: publisher.turn(), before=sent)
    assert read == [True, False], "at the page after it, within the same turn, the right is gone"


def test_a_publisher_that_ends_beside_the_brokers_word_leaves_no_right_unknown(interchange: Interchange) -> None:
    class Ending(Topics):
        def apply(self, *how: Any) -> list[Change]:
            super().apply(*how)
            raise KeyboardInterrupt

    database, insurer = interchange.world.core.database, interchange.insurer

    def noted() -> Reads:
        with database.read() as tx:
            return participants.reading(tx)[insurer]

    with database.write() as tx:
        participants.note_reading(tx, [insurer], Reads.NO)
    with pytest.raises(KeyboardInterrupt):
        bring_rights(database, Ending(interchange.broker))
    assert interchange.records(insurer) == [] and noted() == Reads.PERHAPS
    interchange.change([], "suspended")
    with pytest.raises(KeyboardInterrupt):
        bring_rights(database, Ending(interchange.broker))
    assert noted() == Reads.PERHAPS, "it was not told that the right is gone"
    bring_rights(database, Topics(interchange.broker))
    assert noted() == Reads.NO
    with pytest.raises(TopicAuthorizationFailedError):
        interchange.records(insurer)


class Slow(Topics):
    """What it does to the brokers waits for something once, after it was planned."""

    def __init__(self, broker: Broker, first: Callable[[], object]) -> None:
        super().__init__(broker)
        self._first = first

    def plan(self, insurers: Sequence[str], readers: Sequence[str]) -> list[Change]:
        changes, first, self._first = super().plan(insurers, readers), self._first, lambda: None
        first()
        return changes


def test_however_slow_a_publisher_is_no_other_takes_a_right_meanwhile_that_it_then_gives_back(
    interchange: Interchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    insurer, database = interchange.insurer, interchange.world.core.database
    with ThreadPoolExecutor(1) as other, interchange.impatient(monkeypatch) as impatient:
        later: list[Future[object]] = []

        def suspended() -> None:
            interchange.change([], "suspended")
            interchange.rests()
            later.append(other.submit(bring_rights, database, Topics(interchange.broker)))
            until(lambda: waiting(interchange.place.store))

        bring_rights(impatient, Slow(interchange.broker, suspended))
        later[0].result(PATIENCE)
    with database.read() as tx:
        assert participants.reading(tx)[insurer] == Reads.NO
    with pytest.raises(TopicAuthorizationFailedError):
        interchange.records(insurer)


def waiting(store: str) -> bool:
    with psycopg.connect(store) as connection:
        asked = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        return bool(connection.execute(asked).fetchall())


def test_a_publisher_that_lost_its_connection_gives_no_right_back(interchange: Interchange) -> None:
    insurer, database = interchange.insurer, interchange.world.core.database

    def lost() -> None:
        interchange.change([], "suspended")
        interchange.cut()
        bring_rights(database, Topics(interchange.broker))

    with pytest.raises(DBAPIError) as raised:
        bring_rights(database, Slow(interchange.broker, lost))
    assert trouble(raised.value), "the service does it again"
    with pytest.raises(TopicAuthorizationFailedError):
        interchange.records(insurer)


def test_the_example_resumes_drops_repeats_and_replays(interchange: Interchange, tmp_path: Path) -> None:
    public, private = pair("one")
    (tmp_path / "key").write_text(json.dumps(private))
    interchange.change([public])
    interchange.publish(settled)
    words, out = ("--key", str(tmp_path / "key")), tmp_path / "offers.jsonl"
    with interchange.consumer(out, *words) as first:
        until(lambda: len(lines(out)) >= interchange.last // 2)
        first.send_signal(signal.SIGKILL)
    with interchange.world.core.database.write() as tx:
        feeds.set_published(tx, interchange.insurer, 0)
    interchange.publish(settled)  # everything a second time
    assert len(interchange.records()) == 2 * interchange.last
    with interchange.consumer(out, *words):
        until(lambda: {one["offernumber"] for one in lines(out)} >= set(range(1, interchange.last + 1)))
        place = out.with_suffix(".place")
        until(lambda: place.read_text().split()[0] == str(interchange.last))
    told = [one["offernumber"] for one in lines(out)]
    assert len(told) <= interchange.last + 1, "the kill repeats one number at most"
    assert first_of_each(told) == list(range(1, interchange.last + 1))
    assert [one["data"] for one in lines(out) if one["offernumber"] == 1] == [interchange.pulled()[0]["data"]]
    replayed = tmp_path / "replay.jsonl"
    replayed.with_suffix(".place").write_text(place.read_text())
    with interchange.consumer(replayed, *words, "--replay"):
        until(lambda: len(lines(replayed)) == interchange.last)
    assert [one["offernumber"] for one in lines(replayed)] == list(range(1, interchange.last + 1))
    assert len(CONSUMER.read_text().splitlines()) <= 60
