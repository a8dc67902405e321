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
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import TopicAuthorizationFailedError
from click.testing import CliRunner
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)
from joserfc import jwe
from joserfc.jwk import KeySet, OKPKey
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from adapters.stores import feeds, participants
from adapters.stores.tables import handovers
from adapters.streams.kafka import Broker, trouble
from adapters.streams.kafka_feeds import Sealed, sending
from adapters.streams.kafka_topics import Change, Topics
from adapters.vault.jwe import ALGORITHMS
from schemas.records import Kind, Reads, Role
from schemas.topics import feed_name
from services.commands import topics as commands
from services.delivery.publisher import Publisher, bring_rights
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
        for done in topics._admin.delete_topics([feed_name(code) for code in INSURERS]).values():
            done.result(PATIENCE)
        until(
            lambda: (
                not {feed_name(code) for code in INSURERS} & topics._admin.list_topics(timeout=PATIENCE).topics.keys()
            )
        )
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
        self, work: Callable[[Publisher], object], crash: bool = False, before: Callable[[], object] = lambda: None
    ) -> None:
        """Runs `work` with a publisher, in a thread; `before`: each time it sends; `crash`: its process ends after the brokers'
        word, before it is noted."""
        core = self.world.core

        async def run() -> None:
            loop = asyncio.get_running_loop()
            async with sending(self.broker) as own:

                def send(insurer: str, events: list[Sealed]) -> None:
                    before()
                    asyncio.run_coroutine_threadsafe(own.publish(insurer, events), loop).result(PATIENCE)
                    if crash:
                        raise KeyboardInterrupt

                publisher = Publisher(core.database, core.feed, Topics(self.broker), send, core.clock)
                await asyncio.to_thread(work, publisher)

        with contextlib.suppress(KeyboardInterrupt) if crash else contextlib.nullcontext():
            asyncio.run(run())

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
    return json.loads(jwe.decrypt_compact(record.value, keys, algorithms=list(ALGORITHMS.values())).plaintext)


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
        with psycopg.connect(interchange.place.store, autocommit=True) as connection:  # as the server does after 10 s
            idle = (
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
            )
            ended = connection.execute(f"SELECT pg_terminate_backend(pid) FROM ({idle}) AS idle").fetchall()
        assert len(ended) == 1
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
        def apply(self, insurers: Sequence[str], readers: Sequence[str]) -> list[Change]:
            super().apply(insurers, readers)
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
