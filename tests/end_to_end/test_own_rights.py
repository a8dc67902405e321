"""Brokers that ask who speaks: the services do all of their work with the rights that docs/operations.md lists, and no others."""

import asyncio
import contextlib
import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from adapters.stores import feeds
from adapters.stores.postgres import PostgresDatabase
from adapters.streams.kafka import MECHANISM, Broker
from adapters.streams.kafka_topics import Topics
from schemas.records import Role
from services.sandbox import setup
from services.sandbox.client import Client, Post
from services.sandbox.participants import PARTICIPANTS
from services.sandbox.player import Player, settle
from services.sandbox.scenario import generate
from tests.end_to_end.services import Services
from tests.integration.bodies import OPERATOR
from tests.integration.test_insurer_topics import pair
from tests.servers.kafka import Cluster, kafka
from tests.servers.postgres import Server

GUIDE = Path(__file__).parents[2] / "docs" / "operations.md"
SERVICES, PUBLISHER = "claims", "claims-publisher"
INSURERS = [one.code for one in PARTICIPANTS if Role.INSURER in one.roles]
PATIENCE = 60.0


def documented() -> list[AclBinding]:
    """What the commands of the guide would make."""
    found = []
    for line in re.findall(r"^kafka-acls\.sh (.*)$", GUIDE.read_text().replace("\\\n", ""), re.MULTILINE):
        words = shlex.split(line)
        told = {word: next_ for word, next_ in zip(words, words[1:], strict=False) if word.startswith("--")}
        if "--cluster" in words:
            where = (ResourceType.BROKER, "kafka-cluster", ResourcePatternType.LITERAL)
        else:
            assert told["--resource-pattern-type"] == "prefixed"
            kind = ResourceType.TOPIC if "--topic" in told else ResourceType.GROUP
            where = (kind, told.get("--topic") or told["--group"], ResourcePatternType.PREFIXED)
        for at, word in enumerate(words):
            if word == "--operation":
                operation = AclOperation[re.sub(r"(?<=.)([A-Z])", r"_\1", words[at + 1]).upper()]
                found.append(AclBinding(*where, told["--allow-principal"], "*", operation, AclPermissionType.ALLOW))
    return found


def grant(cluster: Cluster, rights: list[AclBinding]) -> None:
    broker = Broker(cluster.address)
    assert broker.login
    user, password = broker.login
    admin = AdminClient({"bootstrap.servers": broker.hosts, "security.protocol": broker.protocol,
                         "sasl.mechanism": MECHANISM, "sasl.username": user, "sasl.password": password})  # fmt: skip
    for done in admin.create_acls(rights).values():
        done.result(PATIENCE)


async def story(own: Services, publisher: Services, database: str) -> None:
    await own.start()
    await publisher.start()
    async with Client(setup.read(own.data / setup.FILE_NAME)) as client:
        for code in INSURERS:
            await stands(client, code, "admitted")
        sent = await Player(client, lambda _: None).play(list(generate(7, 6)))
        settled = await settle(client, sent, PATIENCE)
        assert all(one.outcome for one in settled), [one for one in settled if not one.outcome]
        store = PostgresDatabase(database)
        async with asyncio.timeout(PATIENCE):
            while not published(store) or any((await answered(client, "/reconciliation"))["lag"].values()):
                await asyncio.sleep(0)
        store.close()
        assert await stands(client, INSURERS[0], "suspended") == 201, "its right is not taken away"
        assert not (await answered(client, f"/participants/{INSURERS[0]}"))["readsTopic"]
        assert (await answered(client, "/reconciliation"))["differences"] == []
    assert own.ended() == publisher.ended() == []
    await publisher.stop()
    await own.stop()


def published(store: PostgresDatabase) -> bool:
    """Everything that was numbered, and that is something."""
    with store.read() as tx:
        return bool(feeds.totals(tx)) and feeds.totals(tx) == feeds.all_published(tx)


async def answered(client: Client, path: str) -> dict[str, object]:
    answer = await client.get(OPERATOR, path)
    assert answer.status == 200, answer.body
    return dict(answer.json())


async def stands(client: Client, code: str, status: str) -> int:
    path = f"/participants/{code}"
    body = {"name": code, "roles": ["insurer"], "status": status, "keys": [pair(code)[0]]}
    post = Post(OPERATOR, "PUT", path, json.dumps(body).encode(), "application/json", headers={"Prefer": "wait=30"})
    return (await client.send(post)).status


def test_the_services_need_no_right_that_is_not_documented(server: Server, tmp_path: Path) -> None:
    rights = documented()
    assert {one.principal for one in rights} == {f"User:{SERVICES}", f"User:{PUBLISHER}"} and len(rights) > 7
    with kafka(users={SERVICES: "secret-one", PUBLISHER: "secret-two"}) as cluster:
        Topics(Broker(cluster.address)).apply((), ())
        grant(cluster, rights)
        database, keys = server.fresh(), server.empty()

        def over(user: str) -> Mapping[str, str]:
            return {"CLAIMS_KAFKA": cluster.address_of(user), "CLAIMS_DATABASE": database, "CLAIMS_KEYS": keys}

        with (
            contextlib.closing(Services(tmp_path / "data", over(SERVICES), seed=1)) as own,
            contextlib.closing(Services(tmp_path / "data", over(PUBLISHER), seed=1)) as publisher,
        ):
            publisher.names = [("publisher", 0)]
            own.names = [name for name in own.names if name not in publisher.names]
            asyncio.run(story(own, publisher, database))
