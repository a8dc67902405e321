"""A real Apache Kafka for tests and demos: fetched by Maven, run as processes on free ports, ended after.

`kafka()` gives the address of a running cluster of one broker, or three. Its data rest in a temporary folder.
"""

import base64
import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

POM = Path(__file__).with_name("kafka.pom.xml")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "claims-interchange" / "kafka-4.3.1"
CLASSES = CACHE / "classes.jsa"
START_SECONDS = 120.0
BRIEF = "-XX:TieredStopAtLevel=1"
ADMIN = "hub"  # the super user, where users are asked for


class Missing(RuntimeError):
    """What the machine lacks, and how to get it."""


@dataclass
class Cluster:
    """A running cluster. `users` are the names and passwords it knows, `hub` first; without users nobody is asked. `tls`: where
    it speaks TLS, the folder of `ca.pem` and `own.pem` (key and certificate), and it asks for a certificate as well. `settings`:
    of the brokers, beside those that they have here. `options`: of Java."""

    folder: Path
    ports: list[int]
    users: Mapping[str, str]
    tls: Path | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def address(self) -> str:
        return self.address_of(ADMIN) if self.users else self._hosts

    @property
    def _hosts(self) -> str:
        return ",".join(f"127.0.0.1:{port}" for port in self.ports)

    def address_of(self, user: str, password: str | None = None) -> str:
        """For one of its users."""
        login = f"{user}:{password or self.users[user]}@{self._hosts}"
        if self.tls is None:
            return f"sasl_plaintext://{login}"
        return f"sasl_ssl://{login}?sslrootcert={self.tls}/ca.pem&sslcert={self.tls}/own.pem"

    def start(self, number: int) -> None:
        """Starts a broker (from 0), again if it has run before; returns once it listens."""
        log = (self.folder / f"{number}.log").open("ab")
        process = subprocess.Popen(
            _java("-Xmx512m", *self.options, "kafka.Kafka", str(self.folder / f"{number}.properties")),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        self.processes[number:] = [process, *self.processes[number + 1 :]]

    def wait(self, number: int) -> None:
        """Until a broker listens."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            if self.processes[number].poll() is not None or time.monotonic() > deadline:
                last = (self.folder / f"{number}.log").read_text()[-2_000:]
                raise RuntimeError(f"The broker did not start:\n{last}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.ports[number]), 1):
                return
            threading.Event().wait(0.05)

    def kill(self, number: int) -> None:
        """As when its machine fails."""
        self.processes[number].send_signal(signal.SIGKILL)
        self.processes[number].wait()

    def stop(self) -> None:
        """At once: what it holds goes with its folder."""
        for number in range(len(self.processes)):
            self.kill(number)


@contextlib.contextmanager
def kafka(
    brokers: int = 1,
    users: Mapping[str, str] | None = None,
    tls: Path | None = None,
    settings: Mapping[str, str] | None = None,
    *,
    measured: bool = False,
) -> Iterator[Cluster]:
    """`users`: names and passwords (SCRAM-SHA-512) of those who may speak to it, beside `hub`, who may everything;
    then access lists hold. `tls`: see Cluster; with users alone; `settings` as well. `measured`: it is compiled as well as in
    production, which a broker of a few seconds never earns back. Raises Missing without Java or Maven."""
    _prepare()
    archive = f"-XX:SharedArchiveFile={CLASSES}"
    with _cluster(brokers, users, tls, settings, (archive,) if measured else (archive, BRIEF)) as cluster:
        yield cluster


@contextlib.contextmanager
def _cluster(
    brokers: int,
    users: Mapping[str, str] | None,
    tls: Path | None,
    settings: Mapping[str, str] | None,
    options: tuple[str, ...],
) -> Iterator[Cluster]:
    known = {ADMIN: "hub-secret", **users} if users is not None else {}
    with tempfile.TemporaryDirectory(prefix="kafka-") as name, _ports(2 * brokers) as ports:
        cluster = Cluster(Path(name), ports[:brokers], known, tls, settings or {}, options)
        for number in range(brokers):
            (cluster.folder / f"{number}.properties").write_text(_properties(cluster, number, ports[brokers:]))
        _format(cluster, brokers)
        try:
            for number in range(brokers):
                cluster.start(number)
            for number in range(brokers):
                cluster.wait(number)
            yield cluster
        finally:
            cluster.stop()


def _prepare() -> None:
    """The jars, and an archive of the classes that a broker loads of them, once for the machine: with it a broker starts in half
    the time and work."""
    if not shutil.which("java"):
        raise Missing("Java 17 or later is needed for a broker. On Debian: apt-get install openjdk-17-jre-headless")
    if CLASSES.exists():
        return
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    with (CACHE.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not CACHE.exists():
            _fetch()
        if not CLASSES.exists():
            _archive()


def _fetch() -> None:
    """The folder takes its name only when whole."""
    if not shutil.which("mvn"):
        raise Missing("Maven is needed to fetch a broker. On Debian: apt-get install maven")
    with tempfile.TemporaryDirectory(dir=CACHE.parent) as fresh:
        command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={fresh}/jars"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(f"Maven could not fetch the broker:\n{done.stdout[-2_000:]}")
        (Path(fresh) / "jars").rename(CACHE)


def _archive() -> None:
    """Java writes it as a broker ends that was asked to."""
    fresh = CLASSES.with_suffix(".fresh")
    with _cluster(1, None, None, None, (f"-XX:ArchiveClassesAtExit={fresh}",)) as cluster:
        cluster.processes[0].terminate()
        cluster.processes[0].wait()
    fresh.rename(CLASSES)


def _java(*words: str) -> list[str]:
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
    return ["java", "-XX:+UseSerialGC", quiet, "-cp", f"{CACHE}/*", *words]


def _format(cluster: Cluster, brokers: int) -> None:
    scram = [
        word
        for name, password in cluster.users.items()
        for word in ("--add-scram", f"SCRAM-SHA-512=[name={name},password={password}]")
    ]
    id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    for number in range(brokers):
        properties = str(cluster.folder / f"{number}.properties")
        subprocess.run(
            _java(
                *cluster.options, "kafka.tools.StorageTool", "format", f"--cluster-id={id}", "-c", properties, *scram
            ),
            capture_output=True,
            check=True,
        )


def _properties(cluster: Cluster, number: int, controllers: list[int]) -> str:
    copies, protocol = len(cluster.ports), "SASL_PLAINTEXT" if cluster.users else "PLAINTEXT"
    if cluster.tls:
        protocol = "SASL_SSL"
    voters = ",".join(f"{one + 1}@127.0.0.1:{port}" for one, port in enumerate(controllers))
    lines = {
        "process.roles": "broker,controller",
        "node.id": number + 1,
        "controller.quorum.voters": voters,
        "controller.listener.names": "CONTROLLER",
        "listeners": f"CLIENT://127.0.0.1:{cluster.ports[number]},CONTROLLER://127.0.0.1:{controllers[number]}",
        "advertised.listeners": f"CLIENT://127.0.0.1:{cluster.ports[number]}",
        "listener.security.protocol.map": f"CLIENT:{protocol},CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "CLIENT",
        "log.dirs": cluster.folder / f"{number}",
        "auto.create.topics.enable": "false",
        "broker.session.timeout.ms": 6_000,  # as docs/operations.md asks, and the next
        "offsets.retention.minutes": 14 * 24 * 60,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1_000,
        "offsets.topic.num.partitions": 4,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.num.partitions": 4,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": min(2, copies),
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": min(2, copies),
    }
    if cluster.users:
        lines |= {
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
            "listener.name.client.scram-sha-512.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required "
                f'username="{ADMIN}" password="{cluster.users[ADMIN]}";'
            ),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            # The second: the plain controller listener on this machine.
            "super.users": f"User:{ADMIN};User:ANONYMOUS",
        }
    if cluster.tls:
        lines |= {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": cluster.tls / "own.pem",
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": cluster.tls / "ca.pem",
            # Asked beside the password only where it is said of the listener itself.
            "listener.name.client.ssl.client.auth": "required",
        }
    return "".join(f"{name}={value}\n" for name, value in (lines | dict(cluster.settings)).items())


@contextlib.contextmanager
def _ports(count: int) -> Iterator[list[int]]:
    """Free ports; nobody holds them until the brokers do."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        ports = [one.getsockname()[1] for one in sockets]
    yield ports
