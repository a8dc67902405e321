"""Who may read an insurer's topic, with the services as processes: what the door answers is so on the brokers."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import TopicAuthorizationFailedError

from adapters.streams.kafka import Broker
from adapters.streams.kafka_topics import Topics
from schemas.records import Role
from schemas.topics import feed_name
from services.sandbox import setup
from services.sandbox.client import Answer, Client, Post
from services.sandbox.participants import PARTICIPANTS
from tests.end_to_end.services import Services
from tests.integration import conformance
from tests.integration.bodies import OPERATOR
from tests.servers.kafka import Cluster, kafka
from tests.servers.postgres import Server

INSURER, OTHER = [one.code for one in PARTICIPANTS if Role.INSURER in one.roles][:2]
PATIENCE = 60.0
LONG, SHORT = "wait=30", "wait=1"


class Interchange:
    """Doors, the steps that a change of a participant takes, and the publisher."""

    def __init__(self, cluster: Cluster, own: Services, client: Client) -> None:
        self._cluster, self.own, self._client = cluster, own, client

    async def get(self, path: str) -> Any:
        answer = await self._client.get(OPERATOR, path)
        conformance.check("GET", path, answer.status, dict(answer.headers), answer.body)
        assert answer.status == 200, answer.body
        return answer.json()

    async def put(self, prefer: str, code: str = INSURER, **changes: object) -> Answer:
        path = f"/participants/{code}"
        told = await self.get(path)
        body = {name: told[name] for name in ("name", "roles", "status", "keys", "endpoints")} | changes
        headers = {"Prefer": prefer}
        answer = await self._client.send(
            Post(OPERATOR, "PUT", path, json.dumps(body).encode(), "application/json", headers=headers)
        )
        conformance.check("PUT", path, answer.status, dict(answer.headers), answer.body)
        return answer

    async def owed(self) -> float:
        """As the metrics tell; they are looked up afresh within the second."""
        answer = await self._client.get(OPERATOR, "/metrics")
        (line,) = [one for one in answer.body.decode().splitlines() if one.startswith("claims_rights_owed ")]
        return float(line.split()[1])

    async def let_read(self, code: str = INSURER) -> bool:
        return bool((await self.get(f"/participants/{code}"))["readsTopic"])

    async def reads(self, code: str = INSURER) -> bool:
        """With its own credentials, from the beginning of its topic."""
        topic = TopicPartition(feed_name(code), 0)
        consumer = AIOKafkaConsumer(
            auto_offset_reset="earliest", **Broker(self._cluster.address_of(f"insurer-{code}")).client()
        )
        consumer.assign([topic])
        try:
            async with asyncio.timeout(PATIENCE):
                await consumer.start()
                return (await consumer.getone()).value == b"sealed"
        except TopicAuthorizationFailedError:
            return False
        finally:
            await consumer.stop()


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await true():
            await asyncio.sleep(0)


async def published(cluster: Cluster, code: str) -> None:
    async with AIOKafkaProducer(**Broker(cluster.address).client()) as producer:
        await producer.send_and_wait(feed_name(code), b"sealed")


async def story(cluster: Cluster, own: Services) -> None:
    await own.start()
    async with Client(setup.read(own.data / setup.FILE_NAME)) as client:
        of = Interchange(cluster, own, client)
        for code in (INSURER, OTHER):
            await until(lambda code=code: of.let_read(code))
            await published(cluster, code)
            assert await of.reads(code)

        answer = await of.put(LONG, status="suspended")
        assert answer.status == 201 and not await of.reads(), "the door said that it is done"
        assert not await of.let_read()

        answer = await of.put(LONG, OTHER, roles=["hospital"])  # nothing was ever numbered for it
        assert answer.status == 201 and not await of.reads(OTHER)

        await of.put(LONG, status="admitted")
        await until(of.let_read)
        assert await of.reads()

        await own.kill(("publisher", 0))
        answer = await of.put(SHORT, status="suspended")
        record = f"/records/{answer.record}"
        assert answer.status == 202 and answer.headers["content-location"] == record
        assert (answer.json()["state"], answer.json()["verdict"]) == ("withdrawing", None)
        assert await of.reads() and await of.let_read(), "it is said as it is"
        told = await of.get(record)
        assert (told["state"], told["verdict"]) == ("withdrawing", None)
        await until(of.owed)
        assert await of.owed() == 1
        (difference,) = (await of.get("/reconciliation"))["differences"]
        assert (difference["what"], difference["insurer"]) == ("right-owed", INSURER)

        await own.start()
        again = await of.put(LONG, status="suspended")  # the same word, which waits as the first did
        assert again.status == 200 and again.record == answer.record
        assert not await of.reads()
        told = await of.get(record)
        assert (told["state"], told["verdict"]) == ("judged", "accepted")
        await until(lambda: none_is(of.owed))
        assert (await of.get("/reconciliation"))["ok"]
    await own.stop()


async def none_is(count: Callable[[], Any]) -> bool:
    return await count() == 0


def test_once_the_door_has_answered_a_suspended_insurer_reads_nothing(server: Server, tmp_path: Path) -> None:
    with kafka(users={f"insurer-{code}": f"secret-{code}" for code in (INSURER, OTHER)}) as cluster:
        Topics(Broker(cluster.address)).apply((), ())
        places = {"CLAIMS_KAFKA": cluster.address, "CLAIMS_DATABASE": server.fresh(), "CLAIMS_KEYS": server.empty()}
        with contextlib.closing(Services(tmp_path / "data", places, seed=5)) as own:
            own.names = [(name, 0) for name in ("doors", "validation", "consent", "publisher")]
            asyncio.run(story(cluster, own))
