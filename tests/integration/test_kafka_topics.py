"""`claims topics` against a real broker: planning shows what differs, applying brings it in line, again changes nothing."""

import asyncio
import secrets
import time
from collections.abc import Iterator, Sequence

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import GroupAuthorizationFailedError, KafkaConnectionError, TopicAuthorizationFailedError
from click.testing import CliRunner
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from adapters.streams.kafka import Broker
from adapters.streams.kafka_topics import Topics, copied, forgotten
from schemas.topics import CHECKED, TOPICS, VERDICTS, feed_name
from services.commands.topics import topics
from tests.end_to_end.test_own_rights import documented
from tests.servers.kafka import Cluster, kafka

PATIENCE = 20.0  # a broker hears of a change within milliseconds


@pytest.fixture
def broker(kafka_address: str) -> Broker:
    return Broker(kafka_address, "t" + secrets.token_hex(6))


def test_what_is_missing_is_made_and_then_nothing_differs(broker: Broker) -> None:
    own = Topics(broker)
    assert [change.topic for change in own.plan((), ())] == [topic.on_broker(broker.space) for topic in TOPICS]
    own.apply((), ())
    assert own.plan((), ()) == []


def test_a_topic_is_widened_only_where_order_does_not_matter(broker: Broker) -> None:
    admin = AdminClient({"bootstrap.servers": broker.hosts})
    narrow = [NewTopic(topic.on_broker(broker.space), 1, 1) for topic in (CHECKED, VERDICTS)]
    for made in admin.create_topics(narrow).values():
        made.result(30)
    Topics(broker).apply((), ())
    (left,) = Topics(broker).plan((), ())
    assert left.topic == CHECKED.on_broker(broker.space) and left.does is None
    assert len(admin.list_topics(timeout=30).topics[VERDICTS.on_broker(broker.space)].partitions) == VERDICTS.partitions


def test_whoever_reads_a_topic_notices_partitions_that_were_added(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.streams.kafka.LOOK_MS", 200)
    name = VERDICTS.on_broker(broker.space)
    admin = AdminClient({"bootstrap.servers": broker.hosts})
    for made in admin.create_topics([NewTopic(name, 1, 1)]).values():
        made.result(30)

    async def read() -> None:
        consumer = broker.consumer(broker.group("reads"))
        consumer.subscribe([name])
        await consumer.start()
        try:
            for partitions in (1, VERDICTS.partitions):
                while len(consumer.assignment()) < partitions:
                    await consumer.getmany(timeout_ms=50)
                await asyncio.to_thread(Topics(broker).apply, (), ())
        finally:
            await consumer.stop()

    asyncio.run(asyncio.wait_for(read(), 30))


def test_a_topic_of_fewer_copies_is_told_and_left_to_a_person() -> None:
    """As made on one broker, before there were three."""
    (change,) = copied("claims.checked.1", [3, 1, 3], 3)
    assert change.does is None and change.topic == "claims.checked.1"
    assert change.what.startswith("copies: 1 → 3: ") and "kafka-reassign-partitions" in change.what
    assert copied("claims.checked.1", [3, 4], 3) == copied("claims.checked.1", [1, 1], 1) == []


def test_brokers_that_forget_too_soon_where_a_step_stood_are_told_and_left_to_a_person(
    kafka_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert forgotten(1, "20160") == forgotten(1, None) == []
    (change,) = forgotten(2, "10080")  # as Kafka comes
    assert change.does is None and change.topic == "broker 2"
    assert change.what.startswith("offsets.retention.minutes: 10080 → 20160: ")
    broker = Broker(kafka_address)
    Topics(broker).apply((), ())
    monkeypatch.setattr("adapters.streams.kafka_topics.OFFSETS_MINUTES", 20_161)
    assert Topics(broker, table=()).plan((), ()) == [], "it is the operator's, not the publisher's"
    for word in ("plan", "apply"):
        result = CliRunner().invoke(topics, [word, "--kafka", kafka_address])
        assert result.exit_code == 1, result.output
        assert "broker 1: offsets.retention.minutes: 20160 → 20161: " in result.output


def test_a_setting_that_was_changed_is_set_again(broker: Broker) -> None:
    from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource

    own = Topics(broker)
    own.apply((), ())
    entry = ConfigEntry("retention.ms", "1000", incremental_operation=AlterConfigOpType.SET)
    name = VERDICTS.on_broker(broker.space)
    resource = ConfigResource(ConfigResource.Type.TOPIC, name, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": broker.hosts})
    for done in admin.incremental_alter_configs([resource]).values():
        done.result(30)
    while not own.plan((), ()):  # the broker tells of it a moment later
        pass
    (change,) = own.apply((), ())
    assert change.topic == name and change.what.startswith("set retention.ms: 1000 → ")
    assert own.plan((), ()) == []


def test_the_command_plans_applies_and_says_when_nothing_differs(kafka_address: str) -> None:
    runner = CliRunner()
    for words in (["plan"], ["apply"], ["plan"]):
        result = runner.invoke(topics, [*words, "--kafka", kafka_address])
        assert result.exit_code == 0, result.output
    (said,) = result.output.splitlines()  # nothing differs, and this broker asks nobody
    assert said.startswith("All topics lie open to everybody") and said.endswith("it has no authorizer.class.name.")
    assert not Topics(Broker(kafka_address)).asks_who_reads()


def test_where_brokers_let_everybody_read_what_has_no_list_an_insurers_topic_always_has_one() -> None:
    setting = "allow.everyone.if.no.acl.found"
    users = {"insurer-a": "secret-a", "insurer-b": "secret-b"}
    with kafka(users=users, settings={setting: "true"}) as cluster:
        own = Topics(Broker(cluster.address))

        def read(user: str) -> bytes | None:
            group = f"insurer-{user}.{secrets.token_hex(6)}"  # a new one reads from the beginning
            try:
                return asyncio.run(_read(cluster.address_of(f"insurer-{user}"), feed_name("a"), group))
            except TopicAuthorizationFailedError:
                return None

        own.apply(["a"], [])
        asyncio.run(_write(cluster.address, feed_name("a"), b"one"))
        assert (read("a"), read("b")) == (None, None)
        for _ in range(2):
            assert [change.what for change in own.apply(["a"], ["a"])] == ["let User:insurer-a read"]
            assert own.plan(["a"], ["a"]) == []
            assert (read("a"), read("b")) == (b"one", None)
            assert [change.what for change in own.apply(["a"], [])] == ["let User:insurer-a read no longer"]
            assert own.plan(["a"], []) == []
            assert (read("a"), read("b")) == (None, None)
        result = CliRunner().invoke(topics, ["plan", "--kafka", cluster.address])
        assert result.exit_code == 0 and own.asks_who_reads()
        (said,) = result.output.splitlines()
        assert said.startswith("Topics without an access list of their own") and setting in said


def test_whoever_owns_the_insurers_topics_alone_leaves_the_table_to_others(broker: Broker) -> None:
    code = broker.space  # no other test's
    Topics(broker, table=()).apply([code], [code])
    made = AdminClient({"bootstrap.servers": broker.hosts}).list_topics(timeout=30).topics.keys()
    assert feed_name(code) in made and not {topic.on_broker(broker.space) for topic in TOPICS} & made


def test_an_address_that_cannot_be_read_is_refused_without_repeating_it() -> None:
    result = CliRunner().invoke(topics, ["plan", "--kafka", "sasl_ssl://user:secret"])
    assert result.exit_code == 1 and "host:port" in result.output and "secret" not in result.output


@pytest.fixture(scope="module")
def guarded() -> Iterator[Cluster]:
    with kafka(users={"insurer-a": "secret-a", "insurer-b": "secret-b"}) as cluster:
        yield cluster


async def _read(address: str, topic: str, group: str) -> bytes | None:
    consumer = AIOKafkaConsumer(topic, group_id=group, auto_offset_reset="earliest", **Broker(address).client())
    await consumer.start()
    try:
        return (await asyncio.wait_for(consumer.getone(), 20)).value
    finally:
        await consumer.stop()


async def _write(address: str, topic: str, value: bytes) -> None:
    producer = AIOKafkaProducer(**Broker(address).client())
    await producer.start()
    try:
        await producer.send_and_wait(topic, value)
    finally:
        await producer.stop()


def test_an_insurer_reads_its_own_topic_and_nothing_else(guarded: Cluster) -> None:
    own = Topics(Broker(guarded.address, "access"))
    own.apply(["a", "b"], ["a", "b"])
    assert own.plan(["a", "b"], ["a", "b"]) == []
    asyncio.run(_write(guarded.address, feed_name("a"), b"one"))
    mine = guarded.address_of("insurer-a")
    assert asyncio.run(_read(mine, feed_name("a"), "insurer-a.claims")) == b"one"
    with pytest.raises(TopicAuthorizationFailedError):
        asyncio.run(_read(mine, feed_name("b"), "insurer-a.claims"))
    with pytest.raises(GroupAuthorizationFailedError):
        asyncio.run(_read(mine, feed_name("a"), "insurer-b.claims"))
    with pytest.raises(TopicAuthorizationFailedError):
        asyncio.run(_read(mine, VERDICTS.on_broker("access"), "insurer-a.claims"))
    with pytest.raises(TopicAuthorizationFailedError):
        asyncio.run(_write(mine, feed_name("a"), b"not ours"))
    with pytest.raises(KafkaConnectionError):
        asyncio.run(_read(guarded.address_of("insurer-a", "wrong"), feed_name("a"), "insurer-a.claims"))


def right(
    user: str,
    name: str,
    pattern: ResourcePatternType = ResourcePatternType.LITERAL,
    operation: AclOperation = AclOperation.READ,
    kind: ResourceType = ResourceType.TOPIC,
) -> AclBinding:
    """As somebody gave it by hand."""
    return AclBinding(kind, name, pattern, f"User:{user}", "*", operation, AclPermissionType.ALLOW)


def give(own: Topics, rights: Sequence[AclBinding]) -> None:
    for made in own._admin.create_acls(list(rights)).values():
        made.result(30)


def takes(own: Topics, rights: Sequence[AclBinding]) -> None:
    filters = [AclBindingFilter(*one._to_tuple()) for one in rights]
    for gone in own._admin.delete_acls(filters).values():
        gone.result(30)


def until_differs(own: Topics, insurers: Sequence[str], readers: Sequence[str], number: int) -> list[str]:
    """What a plan tells, once the broker has heard of so many changes; or has had the time to."""
    deadline = time.monotonic() + PATIENCE
    while len(changes := own.plan(insurers, readers)) != number and time.monotonic() < deadline:
        pass
    return [f"{change.topic}: {change.what}" for change in changes]


@pytest.mark.parametrize(
    ("by_hand", "told"),
    [
        (right("insurer-a", "offers.b"), "offers.b: take from User:insurer-a: READ on TOPIC offers.b (LITERAL)"),
        (
            right("insurer-a", "offers.", ResourcePatternType.PREFIXED),
            "offers.: take from User:insurer-a: READ on TOPIC offers. (PREFIXED)",
        ),
        (right("insurer-a", "*"), "*: take from User:insurer-a: READ on TOPIC * (LITERAL)"),
        (
            right("insurer-a", "*", operation=AclOperation.ALL),
            "*: take from User:insurer-a: ALL on TOPIC * (LITERAL)",
        ),
    ],
    ids=["by-name", "by-first-part", "all-topics", "all-operations"],
)
def test_a_right_that_an_insurer_was_given_by_hand_is_told_and_taken_away(
    guarded: Cluster, by_hand: AclBinding, told: str
) -> None:
    own = Topics(Broker(guarded.address, "access"))
    own.apply(["a", "b"], ["a", "b"])
    asyncio.run(_write(guarded.address, feed_name("b"), b"two"))
    give(own, [by_hand])
    assert until_differs(own, ["a", "b"], ["a", "b"], 1) == [told]
    theirs = guarded.address_of("insurer-a")
    assert asyncio.run(_read(theirs, feed_name("b"), "insurer-a.claims"))
    own.apply(["a", "b"], ["a", "b"])
    assert own.plan(["a", "b"], ["a", "b"]) == []
    with pytest.raises(TopicAuthorizationFailedError):
        asyncio.run(_read(theirs, feed_name("b"), "insurer-a.claims"))
    assert asyncio.run(_read(guarded.address_of("insurer-b"), feed_name("b"), "insurer-b.anew"))


def test_a_right_beside_the_topics_and_one_of_a_suspended_insurer_are_taken_away(guarded: Cluster) -> None:
    own = Topics(Broker(guarded.address, "access"))
    own.apply(["a", "b"], ["a"])
    group = right("insurer-a", "insurer-b.", ResourcePatternType.PREFIXED, kind=ResourceType.GROUP)
    give(own, [group, right("insurer-b", "offers.a")])
    assert until_differs(own, ["a", "b"], ["a"], 2) == [
        "insurer-b.: take from User:insurer-a: READ on GROUP insurer-b. (PREFIXED)",
        "offers.a: take from User:insurer-b: READ on TOPIC offers.a (LITERAL)",
    ]
    own.apply(["a", "b"], ["a"])
    assert own.plan(["a", "b"], ["a"]) == []
    assert [change.what for change in own.plan(["a", "b"], ["a", "b"])] == ["let User:insurer-b read"], "still denied"


def test_a_right_of_anybody_else_is_told_and_left_to_a_person(guarded: Cluster) -> None:
    own = Topics(Broker(guarded.address, "access"))
    own.apply(["a", "b"], ["a", "b"])
    ours = documented()  # the interchange's own differ from nothing
    others = [
        right("*", "offers.a"),
        right("insurer-c", "off", ResourcePatternType.PREFIXED),  # of nobody whom we know
        right("monitor", "*", operation=AclOperation.ALL),
        right("claims-publisher", "offers.", ResourcePatternType.PREFIXED, AclOperation.READ),
    ]
    elsewhere = [right("*", "offers"), right("*", "offers.ab"), right("*", "offers.a.", ResourcePatternType.PREFIXED)]
    told = [
        "*: User:monitor may ALL on TOPIC * (LITERAL): not by us; take it away with kafka-acls.sh",
        "off: User:insurer-c may READ on TOPIC off (PREFIXED): not by us; take it away with kafka-acls.sh",
        "offers.: User:claims-publisher may READ on TOPIC offers. (PREFIXED): not by us; take it away with kafka-acls.sh",
        "offers.a: User:* may READ on TOPIC offers.a (LITERAL): not by us; take it away with kafka-acls.sh",
    ]
    try:
        give(own, [*ours, *elsewhere, *others])
        assert until_differs(own, ["a", "b"], ["a", "b"], len(others)) == told
        assert [change.does for change in own.apply(["a", "b"], ["a", "b"])] == [None] * len(others)
        assert until_differs(own, ["a", "b"], ["a", "b"], len(others)) == told, "it stays as it was"
        assert own.plan((), ()) == [], "no insurer, no topic of one"
    finally:
        takes(own, [*ours, *elsewhere, *others])
    assert until_differs(own, ["a", "b"], ["a", "b"], 0) == []


def test_a_suspended_insurer_reads_no_longer(guarded: Cluster) -> None:
    own = Topics(Broker(guarded.address, "access"))
    own.apply(["a", "b"], ["a", "b"])
    asyncio.run(_write(guarded.address, feed_name("b"), b"two"))
    theirs = guarded.address_of("insurer-b")
    assert asyncio.run(_read(theirs, feed_name("b"), "insurer-b.claims")) == b"two"
    changes = own.apply(["a", "b"], ["a"])
    assert [change.what for change in changes] == ["let User:insurer-b read no longer"]
    with pytest.raises((TopicAuthorizationFailedError, GroupAuthorizationFailedError)):
        asyncio.run(_read(theirs, feed_name("b"), "insurer-b.claims"))
