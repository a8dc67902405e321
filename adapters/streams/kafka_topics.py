"""Makes a broker hold the topic table: what differs, and what is done about it. Doing it again changes nothing."""

import logging
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from adapters.streams.kafka import MECHANISM, Broker
from schemas.topics import BROKER_DAYS, FEED_SETTINGS, LOG_SETTINGS, TOPICS, Topic, feed_name

PATIENCE_SECONDS = 30.0
LOOK_SECONDS = 0.05
COPIES = 3  # where there are as many brokers: one may end at any time
SETTING = {"sslrootcert": "ssl.ca.location", "sslcert": "ssl.certificate.location", "sslkey": "ssl.key.location"}
AUTHORIZER, WITHOUT_LIST = "authorizer.class.name", "allow.everyone.if.no.acl.found"
OFFSETS, OFFSETS_MINUTES = "offsets.retention.minutes", BROKER_DAYS * 24 * 60
# Of `publisher`, as docs/operations.md lists them.
PUBLISHER = frozenset(
    AclBinding(
        ResourceType.TOPIC,
        feed_name(""),
        ResourcePatternType.PREFIXED,
        "User:claims-publisher",
        "*",
        operation,
        AclPermissionType.ALLOW,
    )
    for operation in (AclOperation.CREATE, AclOperation.WRITE, AclOperation.ALTER_CONFIGS)
)
EVERY_TOPIC = AclBindingFilter(
    ResourceType.TOPIC, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ALLOW
)
IN_STEP = 2  # of three copies have a record before it is acknowledged


@dataclass(frozen=True)
class Wanted:
    """A topic as it should be; `widen`: whether partitions may be added to it."""

    name: str
    partitions: int
    settings: tuple[tuple[str, str], ...]
    widen: bool


@dataclass(frozen=True)
class Change:
    """One thing that differs, of a topic or, so named, of a broker. `does` brings it in line; None: a person decides, for it
    would break an order or move data, or a broker must be started again."""

    topic: str
    what: str
    does: Callable[[], Iterable["Future[Any]"]] | None


class Topics:
    """The topics of one interchange on its brokers. `table`: those between the steps that are brought in line beside the
    insurers' own; none for whoever owns the latter alone."""

    def __init__(self, broker: Broker, table: Sequence[Topic] = TOPICS) -> None:
        login = broker.login
        settings: dict[str, object] = {"bootstrap.servers": broker.hosts, "security.protocol": broker.protocol}
        if login:
            settings |= {"sasl.mechanism": MECHANISM, "sasl.username": login[0], "sasl.password": login[1]}
        if broker.tls:
            machine = ssl.get_default_verify_paths().cafile
            files = {"sslrootcert": machine, "sslkey": broker.files.get("sslcert")} | broker.files
            settings |= {SETTING[name]: file for name, file in files.items() if file}
        self._admin = AdminClient(settings, logger=logging.getLogger("kafka"))  # else it speaks on standard error
        self._broker, self._table, self._asks = broker, table, False

    def plan(self, insurers: Sequence[str], readers: Sequence[str]) -> list[Change]:
        """What differs. `insurers` have a topic of their own; of them `readers` may read it, where brokers ask who reads.

        KafkaException when the brokers cannot be reached or refuse."""
        found = self._admin.list_topics(timeout=PATIENCE_SECONDS)
        # A broker that is away is not among them; the copies that there are tell of it.
        held = [len(part.replicas) for topic in found.topics.values() for part in topic.partitions.values()]
        copies = min(COPIES, max([len(found.brokers), *held]))
        wanted = self._wanted(insurers, copies)
        here = [one for one in wanted if one.name in found.topics]
        settings = self._settings([one.name for one in here])
        changes = self._rights(insurers, set(readers)) if self.asks_who_reads() else []  # first: what ends, ends soon
        for one in wanted:
            if one.name not in settings:
                changes.append(
                    Change(one.name, f"create: {one.partitions} partitions, {copies} copies", self._create(one, copies))
                )
                continue
            parts = found.topics[one.name].partitions.values()
            changes += self._widened(one, len(parts))
            changes += copied(one.name, [len(part.replicas) for part in parts], copies)
            changes += [
                Change(
                    one.name, f"set {name}: {settings[one.name].get(name)} → {value}", self._set(one.name, name, value)
                )
                for name, value in one.settings
                if settings[one.name].get(name) != value
            ]
        return changes + [
            change
            for number, told in (self._of_brokers() if self._table else {}).items()
            for change in forgotten(number, _value(told, OFFSETS))
        ]

    def apply(
        self, insurers: Sequence[str], readers: Sequence[str], sure: Callable[[], object] = lambda: None
    ) -> list[Change]:
        """Brings in line what can be; what differed. Returns once a broker tells of it. `sure` is asked before each change; what
        it raises leaves that one and those after it undone. KafkaException as `plan`, from the first change that the brokers
        refuse, and when rights do not become as they should."""
        changes = self.plan(insurers, readers)
        futures: list[Future[Any]] = []
        for change in changes:
            if change.does:
                sure()
                futures += change.does()
        for future in futures:
            try:
                future.result(PATIENCE_SECONDS)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # another was faster
                    raise
        deadline = time.monotonic() + PATIENCE_SECONDS
        while any(change.does for change in self.plan(insurers, readers)):
            time.sleep(LOOK_SECONDS)  # brokers learn of it a moment later
            if time.monotonic() > deadline:
                if self.asks_who_reads() and any(change.does for change in self._rights(insurers, set(readers))):
                    raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # nobody shall take it for done
                break
        return changes

    def reached(self) -> None:
        """KafkaException when no broker answers."""
        self._admin.list_topics(timeout=PATIENCE_SECONDS)

    def asks_who_reads(self) -> bool:
        """Whether the brokers hold access lists; if not, rights can be neither given nor taken. Once they do they are not asked
        again: one that is away delays no withdrawal. KafkaException as `plan`."""
        self._asks = self._asks or all(_value(told, AUTHORIZER) for told in self._of_brokers().values())
        return self._asks

    def open_to_everybody(self) -> list[str]:
        """Which topics lie open to whoever reaches the brokers, and why, in sentences; empty where access lists alone say who
        reads. KafkaException as `plan`."""
        found = []
        for number, told in self._of_brokers().items():
            if not _value(told, AUTHORIZER):
                found.append(f"All topics lie open to everybody who reaches broker {number}: it has no {AUTHORIZER}.")
            elif WITHOUT_LIST in told:  # its value is told to nobody
                found.append(
                    f"Topics without an access list of their own, as those between the steps, lie open to everybody who reaches "
                    f"broker {number}: it sets {WITHOUT_LIST}. Take it out, unless it is false."
                )
        return found

    def _of_brokers(self) -> dict[int, dict[str, ConfigEntry]]:
        """The settings of each broker that is there; each tells of itself."""
        found = {}
        for number in sorted(self._admin.list_topics(timeout=PATIENCE_SECONDS).brokers):
            resource = ConfigResource(ConfigResource.Type.BROKER, str(number))
            found[number] = self._admin.describe_configs([resource])[resource].result(PATIENCE_SECONDS)
        return found

    def _wanted(self, insurers: Sequence[str], copies: int) -> list[Wanted]:
        durable = {"min.insync.replicas": str(IN_STEP if copies == COPIES else 1)}
        own = [
            Wanted(
                topic.on_broker(self._broker.space),
                topic.partitions,
                tuple((LOG_SETTINGS | durable).items()),
                not topic.ordered,
            )
            for topic in self._table
        ]
        return own + [Wanted(feed_name(code), 1, tuple((FEED_SETTINGS | durable).items()), False) for code in insurers]

    def _settings(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        if not names:
            return {}
        asked = self._admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, name) for name in names])
        settings = {}
        for resource, future in asked.items():
            try:
                told = future.result(PATIENCE_SECONDS)
            except KafkaException as error:
                # Made a moment ago, and not heard of there yet.
                if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                    raise
            else:
                settings[resource.name] = {name: entry.value for name, entry in told.items()}
        return settings

    def _widened(self, wanted: Wanted, partitions: int) -> list[Change]:
        if partitions >= wanted.partitions:
            return []
        what = f"widen: {partitions} → {wanted.partitions} partitions"
        if not wanted.widen:
            return [Change(wanted.name, f"{what}: its order would break; make a new version of it", None)]
        new = NewPartitions(wanted.name, wanted.partitions)
        return [Change(wanted.name, what, lambda: self._admin.create_partitions([new]).values())]

    def _create(self, one: Wanted, copies: int) -> Callable[[], Iterable["Future[Any]"]]:
        new = NewTopic(one.name, one.partitions, copies, config=dict(one.settings))
        return lambda: self._admin.create_topics([new]).values()

    def _set(self, topic: str, name: str, value: str) -> Callable[[], Iterable["Future[Any]"]]:
        entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
        return lambda: self._admin.incremental_alter_configs([resource]).values()

    def _rights(self, insurers: Sequence[str], readers: set[str]) -> list[Change]:
        """An insurer reads its own topic, in groups that bear its name, and nothing else. One that may not is shut out by name:
        brokers that let everybody read what has no list (WITHOUT_LIST) find one on every topic, at every moment."""
        changes = []
        for code in insurers:
            held = set(self._admin.describe_acls(_everything_of(code)).result(PATIENCE_SECONDS))
            allowed, shut = held.intersection(_bindings(code)), AclBinding(*_shut(code))
            if code in readers:
                differs, what = len(allowed) < len(_bindings(code)) or shut in held, "let {} read"
                wanted, unwanted = _bindings(code), AclBindingFilter(*_shut(code))
            else:
                differs, what = bool(allowed) or shut not in held, "let {} read no longer"
                wanted, unwanted = [shut], _everything_of(code, AclPermissionType.ALLOW)
            if differs:
                changes.append(Change(feed_name(code), what.format(_user(code)), self._replace(wanted, unwanted)))
            given = {one for one in held if one.permission_type == AclPermissionType.ALLOW}
            changes += [
                Change(one.name, f"take from {one.principal}: {_right(one)}", self._remove(one))
                for one in sorted(given.difference(_bindings(code)))
            ]
        return changes + self._rights_of_others(insurers)

    def _rights_of_others(self, insurers: Sequence[str]) -> list[Change]:
        """What anybody but an insurer and `publisher` may do with an insurer's topic: by its name, the first part of it, or `*`.
        It may be an operator's own, and meant for other topics as well, so a person takes it away."""
        users, feeds = {_user(code) for code in insurers}, {feed_name(code) for code in insurers}
        held = set(self._admin.describe_acls(EVERY_TOPIC).result(PATIENCE_SECONDS)) if insurers else set()
        return [
            Change(one.name, f"{one.principal} may {_right(one)}: not by us; take it away with kafka-acls.sh", None)
            for one in sorted(held.difference(PUBLISHER))
            if one.principal not in users and any(_covers(one, feed) for feed in feeds)
        ]

    def _remove(self, one: AclBinding) -> Callable[[], Iterable["Future[Any]"]]:
        exactly = AclBindingFilter(*_parts(one))
        return lambda: self._admin.delete_acls([exactly]).values()

    def _replace(
        self, wanted: Sequence[AclBinding], unwanted: AclBindingFilter
    ) -> Callable[[], Iterable["Future[Any]"]]:
        def replace() -> Iterable["Future[Any]"]:
            for made in self._admin.create_acls(wanted).values():
                made.result(PATIENCE_SECONDS)  # before anything is removed: no topic is without a list in between
            return self._admin.delete_acls([unwanted]).values()

        return replace


def copied(topic: str, held: Sequence[int], copies: int) -> list[Change]:
    """`held`: the copies of each partition. One that has fewer than it should have is lost with its brokers."""
    fewest = min(held, default=copies)
    if fewest >= copies:
        return []
    what = f"copies: {fewest} → {copies}: name {copies} brokers for each partition and run kafka-reassign-partitions"
    return [Change(topic, what, None)]


def forgotten(broker: int, minutes: str | None) -> list[Change]:
    """`minutes`: for how long a broker remembers where a step stood that is down; None where it does not say. A step that it
    forgot begins again with all that the topics hold."""
    if minutes is None or int(minutes) >= OFFSETS_MINUTES:
        return []
    what = f"{OFFSETS}: {minutes} → {OFFSETS_MINUTES}: set it on the broker and start that again"
    return [Change(f"broker {broker}", what, None)]


def _value(settings: dict[str, ConfigEntry], name: str) -> str | None:
    return settings[name].value if name in settings else None


def _parts(one: AclBinding) -> tuple[Any, ...]:
    return (
        one.restype,
        one.name,
        one.resource_pattern_type,
        one.principal,
        one.host,
        one.operation,
        one.permission_type,
    )


def _right(one: AclBinding) -> str:
    where = "" if one.host == "*" else f", from {one.host}"
    return f"{one.operation.name} on {one.restype.name} {one.name} ({one.resource_pattern_type.name}{where})"


def _covers(one: AclBinding, topic: str) -> bool:
    """Whether a right on topics is one on this topic."""
    if one.resource_pattern_type == ResourcePatternType.PREFIXED:
        return topic.startswith(one.name)
    return one.name in (topic, "*")


def _user(code: str) -> str:
    return f"User:insurer-{code}"


def _bindings(code: str) -> list[AclBinding]:
    topic = (ResourceType.TOPIC, feed_name(code), ResourcePatternType.LITERAL)
    group = (ResourceType.GROUP, f"insurer-{code}.", ResourcePatternType.PREFIXED)
    return [
        AclBinding(*resource, _user(code), "*", operation, AclPermissionType.ALLOW)
        for resource, operation in (
            (topic, AclOperation.READ),
            (topic, AclOperation.DESCRIBE),
            (group, AclOperation.READ),
        )
    ]


def _shut(code: str) -> tuple[Any, ...]:
    """What names the rule that shuts an insurer out of its own topic."""
    topic = (ResourceType.TOPIC, feed_name(code), ResourcePatternType.LITERAL)
    return *topic, _user(code), "*", AclOperation.READ, AclPermissionType.DENY


def _everything_of(code: str, permission: AclPermissionType = AclPermissionType.ANY) -> AclBindingFilter:
    return AclBindingFilter(
        ResourceType.ANY, None, ResourcePatternType.ANY, _user(code), None, AclOperation.ANY, permission
    )
