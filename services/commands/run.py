"""`claims run SERVICE`: one service of the distributed form, until it is told to stop."""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import structlog

from adapters.telemetry import spans
from services.commands.logs import log_as_json
from services.commands.options import Failed, data_option, database_option, journal_option, kafka_option, keys_option
from services.commands.restoring import refuse_half_restored
from services.commands.telling import tell
from services.commands.up import NO_SANDBOX, bound, classes, serve, start_traces
from services.intake.limits import RATE
from services.pipeline import PIPELINE, SEQUENCER
from services.sandbox.setup import Sandbox, register

if TYPE_CHECKING:
    from adapters.streams.kafka import Broker
    from services.distributed import Doors, Node, Places

DOORS, DOORS_PORT = "doors", 8080
SERVICES = (DOORS, *(step.name for step in PIPELINE), "clock", "publisher")
STOP_SECONDS = 9.5  # what is in hand ends, then the process does: within the ten seconds that a supervisor waits

logger = structlog.get_logger()


@click.command()
@click.argument("service", type=click.Choice(SERVICES))
@kafka_option
@database_option
@data_option
@keys_option
@journal_option
@click.option("--sandbox", is_flag=True, help="Invented participants with random tokens, in DATA/sandbox.json.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help=f"Of the doors.  [default: {DOORS_PORT}]  Of another service: where Prometheus and health checks ask.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--rate",
    default=int(RATE),
    show_default=True,
    type=click.IntRange(1),
    help="Requests a second for each participant.",
)
def run(
    service: str,
    kafka: str | None,
    database: str | None,
    data: Path,
    keys: str | None,
    journal: str | None,
    sandbox: bool,
    port: int | None,
    host: str,
    rate: int,
) -> None:
    """Run one SERVICE on Kafka and PostgreSQL, beside any number of the same and of the others.

    All of them need the same DATA: it holds the master key and large bodies. A service ends when something is broken that it
    cannot mend itself: let a supervisor start it again.

    \b
    Examples:
      claims topics apply --kafka 127.0.0.1:9092
      claims run validation --sandbox --kafka 127.0.0.1:9092 --database postgresql://127.0.0.1/claims \\
        --keys postgresql://127.0.0.1/keys
    """
    if not sandbox:
        raise Failed(NO_SANDBOX)
    if not kafka or not database or not keys:
        raise Failed(
            "Name the brokers with --kafka or CLAIMS_KAFKA, the database with --database or CLAIMS_DATABASE, and that of the "
            "keys with --keys or CLAIMS_KEYS."
        )
    refuse_half_restored(data)
    from services.distributed import Places

    log_as_json()
    structlog.contextvars.bind_contextvars(service=service)
    start_traces(f"claims-{service}")
    broker, places = with_topics(kafka), Places(database, keys, journal or keys, data)
    if service == DOORS:
        port = DOORS_PORT if port is None else port
        with databases():
            failed = serve(data, host, port, rate, lambda known: _doors(broker, places, known))
        if failed:
            sys.exit(1)
    else:
        import uvloop

        with (
            databases(),
            contextlib.nullcontext() if port is None else bound(host, port) as listener,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            runner.run(_run(service, lambda: _node(service, broker, places), listener))


def address(kafka: str) -> "Broker":
    """The brokers; Failed when they cannot be read from this, or none of them lets us in."""
    from adapters.streams.kafka import BadAddress, Broker, NoBroker, reach

    try:
        broker = Broker(kafka)
        asyncio.run(reach(broker))
    except (BadAddress, NoBroker) as error:
        raise Failed(str(error)) from None
    return broker


def with_topics(kafka: str) -> "Broker":
    """As `address`; Failed also when the brokers lack a topic."""
    from adapters.streams.kafka import NoTopics, places_of
    from schemas.topics import TOPICS

    broker = address(kafka)
    try:
        asyncio.run(places_of(broker, [topic.name for topic in TOPICS]))
    except NoTopics as error:
        raise Failed(f"The brokers have no topic {error}. Run `claims topics apply` first.") from None
    return broker


@contextlib.contextmanager
def databases() -> Iterator[None]:
    """Says what a database that is opened here lacks; Failed."""
    from sqlalchemy.exc import OperationalError

    from adapters.stores.feeds import SetBack
    from adapters.stores.journal import BesideStore
    from adapters.stores.postgres import UnfitDatabase
    from adapters.vault.key_database import BesideData

    try:
        yield
    except OperationalError as error:  # the driver's words hold neither password nor record
        raise Failed(f"A database cannot be used. {error.orig}") from None
    except (UnfitDatabase, BesideData, BesideStore, SetBack) as error:
        raise Failed(str(error)) from None


def _doors(broker: "Broker", places: "Places", known: Sandbox) -> "Doors":
    from services.distributed import Doors
    from services.sandbox.participants import PARTICIPANTS

    return Doors(broker, places, register(known.policies), PARTICIPANTS)


def _node(service: str, broker: "Broker", places: "Places") -> "Node":
    from services.distributed import Node
    from services.recovery.worker import pass_over
    from services.sandbox.participants import policies

    node = Node(broker, places, register([policy.line() for policy in policies()]), sandbox=True)
    if service == SEQUENCER.name:
        pass_over(node.database, node.keys, node.journal, node.clock())
    return node


async def _run(service: str, make: "Callable[[], Node]", listener: socket.socket | None) -> None:
    """Runs until a signal; `listener` is where it tells how it is. What went wrong ends the process at once: what is in hand
    stays unacknowledged."""
    from services.distributed import SERVICES

    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    node = make()
    telling: list[asyncio.Task[asyncio.Server]] = []

    def ready() -> None:
        gc.collect()
        gc.freeze()  # what is loaded by now stays: no collection need walk it
        if listener:
            telling.append(asyncio.create_task(tell(listener)))
        click.echo(f"claims: {service} runs")

    work = asyncio.ensure_future(SERVICES[service](node, stopping, ready))
    wait = asyncio.create_task(stopping.wait())
    await asyncio.wait({work, wait}, return_when=asyncio.FIRST_COMPLETED)
    logger.info("stopping", failed=not stopping.is_set())
    await asyncio.wait({work}, timeout=STOP_SECONDS)
    spans.stop()
    error = work.exception() if work.done() else TimeoutError()
    if error or not stopping.is_set():
        logger.error("ended by a failure", errors=classes(error) if error else [])
        sys.stderr.flush()
        os._exit(1)
    node.close()
