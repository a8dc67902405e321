"""Two of every service on three brokers and a database, under load, through every fault of the list: nothing is lost, doubled
or leaked, no feed has a gap, senders are told to come again, and a document goes through within 15 seconds of a fault's end."""

import asyncio
import contextlib
import json
import logging
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx
import psycopg
import pytest
from aiokafka import ConsumerRecord, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource
from joserfc import jwe
from joserfc.jwk import OKPKey

from adapters.streams.kafka import Broker, Sealer
from adapters.streams.kafka_topics import IN_STEP, Change, Topics
from adapters.vault.jwe import ALGORITHMS
from adapters.vault.key_database import KeyDatabase
from adapters.vault.keys import Keys
from schemas.records import Role
from schemas.topics import TOPICS
from services.commands.run import SERVICES
from services.sandbox.client import TIMEOUT, Client, Post
from services.sandbox.participants import PARTICIPANTS
from services.sandbox.player import Player
from services.sandbox.scenario import generate
from services.sandbox.setup import Sandbox
from tests.end_to_end.ordeal import Counted, Load, of_world, under_load
from tests.end_to_end.services import Services
from tests.integration import channels
from tests.servers.kafka import Cluster, kafka
from tests.servers.line import Line, line
from tests.servers.postgres import Server, postgres

SEED, PROBES = 21, 10_000  # of the load, and of the worlds that probes come from
ABREAST = 2  # senders at once: a load that leaves the machine room to recover
BACK_SECONDS = 15.0
REFUSING_SECONDS = (
    30.0  # twice as long as a door waits for the log: whoever posts in its first half is told to come again
)
SLOW_SECONDS, DELAY = 10.0, 0.2
STALL_SECONDS = 20.0
STOPPED_SECONDS = 15.0  # a session is ten
BROKERS, REPLICAS = 3, 2
FAULTS = (  # methods of Faults, in the order in which they come
    "one_broker_killed",
    "topics_that_refuse",
    "slow_database",
    "stalled_database",
    "database_restarted",
    "workers_stopped_past_their_session",
    "workers_killed",
    "rolling_restart",
    "all_brokers_killed_and_restarted",
)
KEY = OKPKey.generate_key("X25519", {"kid": "one"})  # every insurer's
INSURERS = [one.code for one in PARTICIPANTS if Role.INSURER in one.roles]
LATER = "503 Retry-After"
ANSWERED = {"200", "201", "202", "403", "409", "422", LATER}
# Doors that end refuse connections, and close those that they have not answered.
UNANSWERED = {
    "workers_killed": {"ConnectError", "ReadError", "RemoteProtocolError"},
    "rolling_restart": {"ConnectError", "ReadError", "RemoteProtocolError"},
}
PATIENCE = 120.0
BROKEN = b'{"resourceType": "Bundle", "type": "document", "entry": []}'  # refused by validation, not at the door
LONG_AGO = "2020-01-01T00:00:00.000000Z"
logger = logging.getLogger(__name__)
PLACES = ("CLAIMS_KAFKA", "CLAIMS_DATABASE", "CLAIMS_KEYS")


class Between(httpx.AsyncBaseTransport):
    """Takes the doors in turn; counts what senders meet, by fault."""

    def __init__(self, ports: list[int]) -> None:
        self._ports, self._turn = ports, count()
        self._inner = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=64, max_keepalive_connections=64))
        self.fault = "none"
        self.met: dict[str, Counter[str]] = defaultdict(Counter)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(port=self._ports[next(self._turn) % len(self._ports)])
        try:
            response = await self._inner.handle_async_request(request)
        except httpx.TransportError as error:
            self.met[self.fault][type(error).__name__] += 1
            raise
        later = " Retry-After" if response.status_code == 503 and "retry-after" in response.headers else ""
        self.met[self.fault][f"{response.status_code}{later}"] += 1
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class Probe:
    """A case of which all is sent but its last record, a document that an insurer must have."""

    def __init__(self, load: Load, numbers: Iterator[int]) -> None:
        self._load, self._player = load, Player(load.client, lambda one: None)
        for number in numbers:
            *self._before, self._last, self._rest = [of_world(item, number) for item in generate(number, 1)]
            truth = self._last.truths[0]
            if self._last.path == "/fhir/Bundle" and truth.insurers and not truth.duplicate_of:
                self._sha256, self._insurers = truth.sha256, truth.insurers
                return

    async def prepare(self) -> None:
        await self._player.play(self._before)

    async def back(self) -> float:
        """Sends the document; seconds until it stands in a feed."""
        started = time.monotonic()
        playing = asyncio.create_task(self._player.play([self._last, self._rest]))
        feeds = [self._load.observer.seen[insurer] for insurer in self._insurers]
        async with asyncio.timeout(PATIENCE):
            while not (offered := [seen.papers[self._sha256] for seen in feeds if self._sha256 in seen.papers]):
                await asyncio.sleep(0.02)
        self._load.sent += await playing
        self._load.items += [*self._before, self._last, self._rest]
        return min(offered) - started


@dataclass
class Faults:
    """Each is a method that returns at the fault's end. `back`: seconds from there until a document is through; `ended`: the
    processes that had ended by themselves; `differs`: what the topic table wants otherwise while a broker is away."""

    system: Services
    cluster: Cluster
    database: Server
    store: str  # its URL
    line: Line
    between: Between
    back: dict[str, float] = field(default_factory=dict)
    ended: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    differs: list[Change] = field(default_factory=list)
    client: Client = field(init=False)
    posting: asyncio.Task[str] = field(init=False)

    async def run(self, load: Load) -> int:
        self.client, numbers = load.client, count(PROBES)
        await self._register_key()
        probe = Probe(load, numbers)
        await probe.prepare()
        for fault in FAULTS:
            self.between.fault = fault
            following = Probe(load, numbers)
            preparing = asyncio.create_task(following.prepare())
            await getattr(self, fault)()
            self.ended[fault] = self.system.ended()
            supervising = asyncio.create_task(self.system.start())
            self.back[fault] = await probe.back()
            await asyncio.gather(supervising, preparing)
            self.ended[fault] += self.system.ended()
            logger.info("%s: back after %.1f s; senders met %s", fault, self.back[fault], dict(self.between.met[fault]))
            probe = following
        await probe.back()
        await self._time_passes(await self.posting)
        return len(self.back)

    async def _post_refused(self) -> str:
        """A document that validation refuses; its record, when it has."""
        hospital = next(one.code for one in PARTICIPANTS if Role.HOSPITAL in one.roles)
        answer = await self.client.send(Post(hospital, "POST", "/fhir/Bundle", BROKEN, "application/fhir+json"))
        assert answer.record, answer
        async with asyncio.timeout(PATIENCE):
            while (await self.client.verdict(hospital, answer.record)).get("verdict") != "rejected":
                await asyncio.sleep(0.1)
        return answer.record

    async def _time_passes(self, refused: str) -> None:
        """In the store: an approved authorisation falls due, and a refused document has had its half year."""
        async with (
            await psycopg.AsyncConnection.connect(self.store, autocommit=True) as store,
            asyncio.timeout(PATIENCE),
        ):
            await store.execute("UPDATE records SET judged_at = %s WHERE record = %s", (LONG_AGO, refused))
            falls = "INSERT INTO due SELECT %s, record, 'authorisation ended' FROM authorisations LIMIT 1"
            assert (await store.execute(falls, (LONG_AGO,))).rowcount == 1
            waits = (
                "SELECT EXISTS (SELECT FROM due WHERE at = %s) OR (SELECT erased = 0 FROM records WHERE record = %s)"
            )
            while (await (await store.execute(waits, (LONG_AGO, refused))).fetchone()) != (False,):
                await asyncio.sleep(0.1)

    async def _register_key(self) -> None:
        """All insurers have one, so that their topics are published too."""
        for one in PARTICIPANTS:
            if one.code in INSURERS:
                body = {
                    "name": one.name,
                    "roles": list(one.roles),
                    "status": "admitted",
                    "keys": [KEY.as_dict(private=False)],
                }
                post = Post(
                    "operator-1", "PUT", f"/participants/{one.code}", json.dumps(body).encode(), "application/json"
                )
                answer = await self.client.send(post)
                assert answer.status in (200, 201, 202), answer.body

    async def one_broker_killed(self) -> None:
        """It stays away: two of three have every record."""
        await asyncio.to_thread(self.cluster.kill, 0)

    async def topics_that_refuse(self) -> None:
        """As full ones do: while a broker is away nothing is acknowledged that all three must have."""
        self.differs = await asyncio.to_thread(Topics(Broker(self.cluster.address)).plan, INSURERS, INSURERS)
        await asyncio.to_thread(self._in_step, BROKERS)
        # Its own sender: all others may be waiting for verdicts of what they sent before.
        self.posting = asyncio.create_task(self._post_refused())
        await asyncio.sleep(REFUSING_SECONDS)
        self.cluster.start(0)
        await asyncio.to_thread(self.cluster.wait, 0)

    def _in_step(self, copies: int) -> None:
        entry = ConfigEntry("min.insync.replicas", str(copies), incremental_operation=AlterConfigOpType.SET)
        names = [one.on_broker(Broker.space) for one in TOPICS]
        kind = ConfigResource.Type.TOPIC
        admin = AdminClient({"bootstrap.servers": self.cluster.address}, logger=logging.getLogger("kafka"))
        changes = [ConfigResource(kind, name, incremental_configs=[entry]) for name in names]
        for done in admin.incremental_alter_configs(changes).values():
            done.result(PATIENCE)

    async def slow_database(self) -> None:
        await asyncio.to_thread(self._in_step, IN_STEP)
        self.line.delay = DELAY
        await asyncio.sleep(SLOW_SECONDS)
        self.line.delay = 0.0

    async def stalled_database(self) -> None:
        self.line.stalled = True
        await asyncio.sleep(STALL_SECONDS)
        self.line.stalled = False

    async def database_restarted(self) -> None:
        await asyncio.to_thread(self.database.stop, "immediate")
        await asyncio.to_thread(self.database.start)

    async def workers_stopped_past_their_session(self) -> None:
        stopped = [("deduplication", 0), ("validation", 0)]
        for name in stopped:
            self.system.signal(name, signal.SIGSTOP)
        await asyncio.sleep(STOPPED_SECONDS)
        for name in stopped:
            self.system.signal(name, signal.SIGCONT)

    async def workers_killed(self) -> None:
        """One of each, started again at once; the other has its partitions when its session is over."""
        for service in SERVICES:
            await self.system.kill((service, 0))

    async def rolling_restart(self) -> None:
        """Of every service one after the other; a service does not wait for another."""
        for number in range(REPLICAS):
            await asyncio.gather(*(self.system.restart((service, number)) for service in SERVICES))

    async def all_brokers_killed_and_restarted(self) -> None:
        for number in range(BROKERS):
            await asyncio.to_thread(self.cluster.kill, number)
        for number in range(BROKERS):
            self.cluster.start(number)
        for number in range(BROKERS):
            await asyncio.to_thread(self.cluster.wait, number)


@dataclass(frozen=True)
class Played:
    counted: Counted
    faults: Faults
    cluster: Cluster
    data: Path
    keys: str  # the URL of their database


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("faults")
    with kafka(brokers=BROKERS) as cluster, postgres(durable=True) as server, line(server.port) as own:
        Topics(Broker(cluster.address)).apply((), ())
        urls = [url.replace(f":{server.port}/", f":{own.port}/") for url in (server.fresh(), server.empty())]
        places = dict(zip(PLACES, (cluster.address, *urls), strict=True))
        with contextlib.closing(Services(folder / "data", places, SEED, replicas=REPLICAS)) as system:
            between = Between(system.ports)
            faults = Faults(system, cluster, server, urls[0], own, between)

            def make(sandbox: Sandbox, patience: float) -> Client:
                client = Client(sandbox, patience)
                client._http = httpx.AsyncClient(
                    base_url=sandbox.base_url, timeout=TIMEOUT + STALL_SECONDS, transport=between
                )
                return client

            counted = asyncio.run(under_load(system, SEED, faults.run, make, ABREAST))
            yield Played(counted, faults, cluster, system.data, urls[1])


def test_nothing_is_lost_doubled_or_leaked(played: Played) -> None:
    assert played.counted.clean, str(played.counted)
    assert played.counted.records > 50 and played.counted.kills == len(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_document_is_through_within_15_seconds_of_the_end(played: Played, fault: str) -> None:
    assert played.faults.back[fault] <= BACK_SECONDS


@pytest.mark.parametrize("fault", FAULTS)
def test_no_service_ends_by_itself(played: Played, fault: str) -> None:
    assert played.faults.ended[fault] == []


def test_a_broker_that_is_away_changes_nothing_that_is_wanted(played: Played) -> None:
    assert played.faults.differs == []


def test_a_service_that_is_told_to_stop_ends_in_order_within_ten_seconds(played: Played) -> None:
    assert played.faults.system.stops == dict.fromkeys(played.faults.system.names, 0)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_sender_is_answered_or_told_to_come_again(played: Played, fault: str) -> None:
    met = played.faults.between.met[fault]
    unanswered = UNANSWERED.get(fault, set())
    assert met.keys() <= ANSWERED | unanswered, met
    if fault in ("topics_that_refuse", "stalled_database"):
        assert met[LATER]


def records_of(cluster: Cluster) -> dict[str, list[ConsumerRecord]]:
    """Everything on every topic of ours, from its beginning."""

    listed = AdminClient({"bootstrap.servers": cluster.address}).list_topics(timeout=PATIENCE).topics
    found: dict[str, list[ConsumerRecord]] = {name: [] for name in listed if not name.startswith("__")}
    parts = [TopicPartition(name, one) for name in found for one in listed[name].partitions]

    async def read() -> dict[str, list[ConsumerRecord]]:
        async with Broker(cluster.address).consumer(None) as consumer:
            consumer.assign(parts)
            ends = await consumer.end_offsets(parts)
            while any([await consumer.position(one) < ends[one] for one in parts]):
                for part, taken in (await consumer.getmany(timeout_ms=200)).items():
                    found[part.topic] += taken
            return found

    return asyncio.run(asyncio.wait_for(read(), PATIENCE))


def test_what_is_on_the_brokers_is_as_documented(played: Played) -> None:
    """Topics, keys, headers and values; and everything that is documented is there."""
    found = records_of(played.cluster)
    channels_of = {
        address["address"].format(space=Broker.space, code=code): name
        for name, address in channels.DOCUMENT["channels"].items()
        for code in INSURERS
    }
    assert found.keys() == channels_of.keys()
    sealer = Sealer(Keys(played.data / "keys", KeyDatabase(played.keys)), Broker(played.cluster.address))
    carried = set()
    for topic, taken in found.items():
        for record in taken:
            headers = {name: value.decode() for name, value in record.headers}
            if channels_of[topic] == channels.FEED:
                assert record.key is None
                value = jwe.decrypt_compact(record.value, KEY, algorithms=list(ALGORITHMS.values())).plaintext
                channels.on_feed(headers, json.loads(value))
                carried.add((channels.FEED, channels.OFFERED[headers["ce_type"]]))
            else:
                message = sealer.open(record)
                channels.published(message, headers)
                carried.add((message.topic, message.event.type))
    documented = {(topic, one) for topic, told in channels.DOCUMENT["channels"].items() for one in told["messages"]}
    assert carried == documented
