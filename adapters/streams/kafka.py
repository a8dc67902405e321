"""Kafka as the log: how a broker is reached, how a message is sealed for it and opened again, how it is published.

A value is sealed under the stream key of its day; event id and day stand in headers, keys hold no personal data.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qsl, unquote

import psycopg
import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import AuthenticationFailedError, KafkaConnectionError, KafkaError, SaslAuthenticationFailed

from adapters.stores import dialect
from adapters.stores.feeds import SetBack
from adapters.stores.outbox import Output
from adapters.streams.log import STREAM_KEY
from adapters.vault.keys import Keys
from adapters.vault.sealing import CannotOpen, open_sealed, seal
from schemas.events import Encoded, Message
from schemas.topics import MESSAGE_BYTES, TOPICS

T = TypeVar("T")
REACH_MS = 5_000  # a broker that does not answer for so long is not there
SESSION_MS = 10_000  # a worker that is silent for so long has its partitions given to another
LOOK_MS = 10_000  # how late a running service notices partitions that were added
BATCH_BYTES = 1 << 20  # a request of the producer holds as much a partition; one larger message goes alone
LINGER_MS = 5  # what several partitions have to send within it is one request
VALUE_BYTES = MESSAGE_BYTES - (64 << 10)  # room for seal, key, headers and the batch around a value
MECHANISM = "SCRAM-SHA-512"
FILES = ("sslrootcert", "sslcert", "sslkey")
SCHEMES = ("plaintext", "ssl", "sasl_plaintext", "sasl_ssl")
PATIENCE_SECONDS = 60.0  # of trouble with the database, retried in place; then the process ends for its supervisor
FIRST_WAIT, LONGEST_WAIT = 0.05, 2.0
logger = structlog.get_logger()


class TooLarge(Exception):
    """A message that no topic takes: the record that it is of becomes a dead letter."""


class BadAddress(ValueError):
    """The address of the brokers cannot be read; the text says how one is written and repeats nothing of it."""


class NoTopics(Exception):
    """The brokers lack a topic; the text names it."""


class NoBroker(Exception):
    """No broker lets us in; the text says what to look at, and holds no password."""


@dataclass(frozen=True)
class Broker:
    """`host:port,host:port`, or `sasl_ssl://user:password@host:port,…` (also `ssl://`, `sasl_plaintext://`). Behind the hosts, as
    in PostgreSQL's addresses: `?sslrootcert=FILE` names the authority that vouches for the brokers (else it is the machine's),
    `sslcert=FILE&sslkey=FILE` our own certificate, where they ask for one.

    `space` is the first word of every topic and group, so that another interchange may use the same brokers."""

    address: str
    space: str = "claims"

    def __post_init__(self) -> None:
        scheme, user, password, hosts = self._parts()
        if scheme not in SCHEMES or not hosts or scheme.startswith("sasl") != bool(user and password):
            raise BadAddress("Write host:port,host:port or sasl_ssl://user:password@host:port (SCRAM-SHA-512).")
        if self.files.keys() - FILES or (self.files and not scheme.endswith("ssl")):
            raise BadAddress(f"Only ssl:// and sasl_ssl:// take files, named so: {', '.join(FILES)}.")
        try:
            self.tls  # noqa: B018 — here, where somebody reads what is wrong
        except OSError as error:
            raise BadAddress(f"A file of sslrootcert, sslcert or sslkey cannot be used: {error.strerror}.") from None

    def _parts(self) -> tuple[str, str, str, str]:
        scheme, _, rest = self.address.partition("?")[0].rpartition("://")
        login, _, hosts = rest.rpartition("@")
        user, _, password = login.partition(":")
        return scheme.lower() or "plaintext", unquote(user), unquote(password), hosts

    @property
    def files(self) -> dict[str, str]:
        """The files of authority, certificate and key that are named."""
        return dict(parse_qsl(self.address.partition("?")[2], keep_blank_values=True))

    @property
    def hosts(self) -> str:
        return self._parts()[3]

    @property
    def login(self) -> tuple[str, str] | None:
        """User and password, where the brokers ask for them."""
        _, user, password, _ = self._parts()
        return (user, password) if user else None

    @property
    def tls(self) -> ssl.SSLContext | None:
        if not self._parts()[0].endswith("ssl"):
            return None
        context = ssl.create_default_context(cafile=self.files.get("sslrootcert"))
        if own := self.files.get("sslcert"):
            context.load_cert_chain(own, self.files.get("sslkey"))
        return context

    @property
    def protocol(self) -> str:
        return self._parts()[0].upper()

    def group(self, step: str) -> str:
        return f"{self.space}.{step}"

    def client(self) -> dict[str, Any]:
        """What aiokafka's clients need to reach the brokers."""
        user, password = self.login or (None, None)
        return {
            "bootstrap_servers": self.hosts,
            "security_protocol": self.protocol,
            "ssl_context": self.tls,
            "sasl_mechanism": MECHANISM if user else "PLAIN",
            "sasl_plain_username": user,
            "sasl_plain_password": password,
        }

    def consumer(self, group: str | None, **more: Any) -> AIOKafkaConsumer:
        """Not started. Offsets are committed by hand alone. What it holds unread is one fetch a partition (1 MB): it asks for
        no more until that is taken, so whoever works slowly is not flooded."""
        return AIOKafkaConsumer(
            group_id=group,
            enable_auto_commit=False,
            session_timeout_ms=SESSION_MS,
            metadata_max_age_ms=LOOK_MS,
            heartbeat_interval_ms=SESSION_MS // 4,
            **({"auto_offset_reset": "earliest"} | more),
            **self.client(),
        )

    def producer(self, **more: Any) -> AIOKafkaProducer:
        """Not started. It keeps the order of a partition even where it repeats a request."""
        return AIOKafkaProducer(
            acks="all",
            max_batch_size=BATCH_BYTES,
            max_request_size=MESSAGE_BYTES,
            metadata_max_age_ms=LOOK_MS,
            linger_ms=LINGER_MS,
            **({"enable_idempotence": True} | more),
            **self.client(),
        )


async def reach(broker: Broker) -> None:
    """Returns once one of the brokers lets us in. aiokafka's clients try the same and tell only that it failed."""
    how = {name: value for name, value in broker.client().items() if name != "bootstrap_servers"}
    why = ""
    for host, port, _ in collect_hosts(broker.hosts):
        try:
            connection = await create_conn(host, port, request_timeout_ms=REACH_MS, **how)
        except (OSError, KafkaError) as error:
            why = f"{host}:{port} {_refusal(error)}"
        else:
            connection.close()
            return
    raise NoBroker(f"No broker lets us in. {why}")


async def places_of(broker: Broker, topics: Iterable[str]) -> list[TopicPartition]:
    """The partitions of these topics; NoTopics. A consumer of a topic that is not there waits for it without a word."""
    admin = AIOKafkaAdminClient(**broker.client())
    await admin.start()
    try:
        told = await admin.describe_topics([topic.on_broker(broker.space) for topic in TOPICS if topic.name in topics])
    finally:
        await admin.close()
    if lacking := [one["topic"] for one in told if not one["partitions"]]:
        raise NoTopics(min(lacking))
    return [TopicPartition(one["topic"], part["partition"]) for one in told for part in one["partitions"]]


def _refusal(error: Exception) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return (
                f"shows a certificate that sslrootcert does not vouch for, or another host's: {error.verify_message}."
            )
        case AuthenticationFailedError() | SaslAuthenticationFailed():
            return "does not know this user, or the password is another (SCRAM-SHA-512)."
        case ssl.SSLError() | KafkaConnectionError():
            return "hangs up. Is the port for this protocol, and does it ask for a certificate (sslcert, sslkey)?"
        case KafkaError():
            return f"refuses us: {type(error).__name__}."
    return "does not answer. Is the address right?"


@dataclass(frozen=True)
class Row:
    """A sealed message, as the outbox keeps it and the broker gets it."""

    topic: str
    key: str
    event: str
    day: str
    value: bytes


class Taken(Protocol):
    """What a consumer gives: aiokafka's record, or Faust's message."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Any


def day_of(now: datetime) -> str:
    """The day of the log (UTC, YYYY-MM-DD) whose key seals what is written now."""
    return now.astimezone(UTC).strftime("%Y-%m-%d")


class Sealer:
    """Between messages and what rests on the log."""

    def __init__(self, keys: Keys, broker: Broker) -> None:
        self._keys = keys
        self._names = {topic.on_broker(broker.space): topic.name for topic in TOPICS}
        self._carried = {topic.name: topic.carries for topic in TOPICS}
        self._newest = ("", b"")  # day and key: the newest one is in use by all, and is not destroyed for days

    def ready(self, day: str) -> bool:
        """Whether the key of this day is at hand: then nothing here asks the database, and nothing can wait for it."""
        return day == self._newest[0]

    def seal(self, messages: Iterable[Message | Encoded], now: datetime) -> list[Row]:
        """Raises TooLarge."""
        values = [(one, one.value()) for one in messages]
        if not values:
            return []
        if max(len(value) for _, value in values) > VALUE_BYTES:
            raise TooLarge
        day = day_of(now)
        key = self._key(day, lambda name: self._keys.make([name])[name])
        return [
            Row(one.topic, one.key, one.id, day, seal(key, value, f"{one.topic}|{one.id}")) for one, value in values
        ]

    def again(self, rows: Sequence[Output], now: datetime) -> list[Output]:
        """Rows to be published another time: those of an earlier day under today's key, so that they do not come to the log
        under one that is about to be destroyed."""
        today = day_of(now)
        return [row if row.day == today else self._anew(row, today) for row in rows]

    def read(self, row: Output) -> Message:
        """CannotOpen when the key of its day is destroyed."""
        value = open_sealed(self._key(row.day, self._keys.one), row.value, f"{row.topic}|{row.event}")
        return Message.read(row.topic, row.key, row.event, value)

    def _anew(self, row: Output, today: str) -> Row:
        place, key = f"{row.topic}|{row.event}", self._key(today, lambda name: self._keys.make([name])[name])
        value = open_sealed(self._key(row.day, self._keys.one), row.value, place)
        return Row(row.topic, row.key, row.event, today, seal(key, value, place))

    def _key(self, day: str, ask: Callable[[str], bytes]) -> bytes:
        if day == self._newest[0]:
            return self._newest[1]
        key = ask(STREAM_KEY + day)
        if day > self._newest[0]:
            self._newest = (day, key)
        return key

    def open(self, record: Taken) -> Message:
        """CannotOpen, KeyError, ValueError: not written by us, changed, or of a day whose key is destroyed."""
        headers = {name: value.decode() for name, value in dict(record.headers).items()}
        name, event, day = self._names[record.topic], headers["event"], headers["day"]
        if record.key is None or record.value is None:
            raise CannotOpen(name)
        value = open_sealed(self._key(day, self._keys.one), record.value, f"{name}|{event}")
        return Message.read(name, record.key.decode(), event, value)

    def take(self, record: Taken) -> Message:
        """The same for a step; ValueError also for an event that this topic does not carry: no step knows what to do with it."""
        message = self.open(record)
        if message.event.type not in self._carried[message.topic]:
            raise ValueError(message.topic)
        return message


class Publisher:
    """Sends sealed messages; each is on every broker in step before `publish` returns."""

    def __init__(self, producer: AIOKafkaProducer, broker: Broker) -> None:
        self._producer = producer
        self._names = {topic.name: topic.on_broker(broker.space) for topic in TOPICS}

    async def publish(self, rows: Sequence[Output]) -> None:
        """In order by key. What it raises (KafkaError) left some of them unpublished: publish all again."""
        sent = [
            await self._producer.send(
                self._names[row.topic],
                key=row.key.encode(),
                value=row.value,
                headers=[("event", row.event.encode()), ("day", row.day.encode())],
            )
            for row in rows
        ]
        await asyncio.gather(*sent)


@asynccontextmanager
async def publishing(broker: Broker) -> AsyncIterator[Publisher]:
    producer = broker.producer()
    await producer.start()
    try:
        yield Publisher(producer, broker)
    finally:
        await producer.stop()


def trouble(error: BaseException) -> bool:
    """As of the database's dialect, the driver's own word, or a store that was set back: nobody's message is to blame."""
    return dialect.trouble(error) or isinstance(error, psycopg.OperationalError | SetBack)


def patiently(work: Callable[[], T], step: str, stopping: Callable[[], bool] = lambda: False) -> T:
    """What `work` gives; trouble with the database is waited out, as long as there is patience. For a thread of its own."""
    end, wait = time.monotonic() + PATIENCE_SECONDS, FIRST_WAIT
    while True:
        try:
            return work()
        except Exception as error:
            if not trouble(error) or stopping() or time.monotonic() > end:
                raise
            logger.warning("trying again", step=step, error=type(error).__name__, seconds=wait)
        time.sleep(wait)
        wait = min(2 * wait, LONGEST_WAIT)
