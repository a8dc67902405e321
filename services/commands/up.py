"""`claims up`: everything embedded in one process, until it is told to stop."""

import asyncio
import contextlib
import fcntl
import logging
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import structlog

from adapters.telemetry import spans
from services.commands.logs import log_as_json
from services.commands.options import Failed, data_option, database_option, journal_option, kafka_option, keys_option
from services.commands.restoring import refuse_half_restored
from services.intake.limits import RATE
from services.sandbox.setup import FILE_NAME, BadSandboxFile, Sandbox, SandboxTokens, prepare, register

if TYPE_CHECKING:
    from services.distributed import Doors
    from services.embedded import System

THREADS = 16  # seven are the steps', which wait for one another to write; the rest read for the doors
NO_SANDBOX = (
    "Real authentication is not configured, and this version has none to configure: it starts as a sandbox only.\n"
    "To try it with invented participants and random tokens:  claims up --sandbox"
)

Beside = Callable[[Sandbox], Coroutine[Any, Any, None]]
logger = structlog.get_logger()


@click.command()
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@data_option
@kafka_option
@database_option
@keys_option
@journal_option
@click.option("--sandbox", is_flag=True, help="Invented participants with random tokens, in DATA/sandbox.json.")
@click.option(
    "--rate",
    default=int(RATE),
    show_default=True,
    type=click.IntRange(1),
    help="Requests a second for each participant.",
)
def up(
    port: int,
    host: str,
    data: Path,
    kafka: str | None,
    database: str | None,
    keys: str | None,
    journal: str | None,
    sandbox: bool,
    rate: int,
) -> None:
    """Start everything on this machine: doors, checks, cases, feeds.

    Who may speak, and with which token, is in DATA/sandbox.json. Stop it with Ctrl-C; the next start goes on where
    this one ended. With --kafka, --database and --keys each service is a process of its own (claims run).

    \b
    Examples:
      claims up --sandbox --port 8080 --data ./data
      claims up --sandbox --kafka 127.0.0.1:9092 --database postgresql://127.0.0.1/claims \\
        --keys postgresql://127.0.0.1/keys
    """
    if not sandbox:
        raise Failed(NO_SANDBOX)
    places = [one for one in (kafka, database, keys) if one]
    if len(places) not in (0, 3):
        raise Failed("The distributed form needs --kafka, --database and --keys; the embedded form none of them.")
    refuse_half_restored(data)
    log_as_json()
    if places:
        from services.commands.together import run_all

        with locked(data):
            failure = run_all([*places, journal or places[2]], data, host, port, rate)
    else:
        start_traces("claims")
        from services.sandbox import police_units

        with locked(data):
            failure = serve(data, host, port, rate, lambda known: _embedded(data, known, journal), police_units.serve)
    if failure:
        sys.exit(1)


def start_traces(service: str) -> None:
    """Where the environment names a collector; Failed when what else it says of traces cannot be used."""
    try:
        spans.start(service)
    except ValueError as error:
        raise Failed(f"Traces cannot be sent as the variables OTEL_… say: {error}") from None


def _embedded(data: Path, known: Sandbox, journal: str | None) -> "System":
    from adapters.stores.feeds import SetBack
    from adapters.stores.journal import Journal
    from services.embedded import System
    from services.sandbox.participants import PARTICIPANTS

    own = Journal.at(journal) if journal else None
    try:
        return System(data, PARTICIPANTS, register(known.policies), own, sandbox=True)
    except SetBack as error:
        raise Failed(str(error)) from None


def serve(
    data: Path,
    host: str,
    port: int,
    rate: int,
    make: "Callable[[Sandbox], System | Doors]",
    beside: Beside | None = None,
) -> bool:
    """Serves the doors of what `make` makes until a signal; whether it ended by a failure of ours. `beside`: what else runs as
    long as the doors do."""
    with bound(host, port) as listener:
        base_url = f"http://{_reachable(host)}:{listener.getsockname()[1]}"
        known = participants(data, base_url)
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_serve(known, make, beside, data, listener, rate))


def participants(data: Path, base_url: str) -> Sandbox:
    from services.sandbox.participants import PARTICIPANTS, policies

    try:
        return prepare(data / FILE_NAME, PARTICIPANTS, [policy.line() for policy in policies()], base_url)
    except BadSandboxFile as error:
        raise Failed(str(error)) from None


async def _serve(
    known: Sandbox,
    make: "Callable[[Sandbox], System | Doors]",
    beside: Beside | None,
    data: Path,
    listener: socket.socket,
    rate: int,
) -> bool:
    """Serves until a signal; whether it ended by a failure of ours. Whatever ends one part ends all."""
    import uvicorn

    from services.doors import STOP_SECONDS, application, configuration

    class Server(uvicorn.Server):
        """uvicorn, but signals are ours, and the address is told once it listens."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                click.echo(f"claims: {known.base_url}  (tokens: {data / FILE_NAME})")

        def capture_signals(self) -> contextlib.AbstractContextManager[None]:
            return contextlib.nullcontext()

    system = make(known)
    app = application(system, SandboxTokens(data / FILE_NAME), rate)
    host, port = listener.getsockname()[:2]
    server = Server(configuration(app, host, port))
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(THREADS))
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    steps = asyncio.create_task(system.run(), name="steps")
    wait = asyncio.create_task(stopped.wait(), name="signal")
    stands = asyncio.create_task(system.started.wait(), name="started")
    await asyncio.wait((steps, wait, stands), return_when=asyncio.FIRST_COMPLETED)
    doors = asyncio.create_task(server.serve(sockets=[listener]), name="doors")
    others = [asyncio.create_task(beside(known), name="beside")] if beside else []
    await asyncio.wait((steps, doors, wait, *others), return_when=asyncio.FIRST_COMPLETED)
    failed = not stopped.is_set()
    logger.info("stopping", failed=failed)
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # that long polls are cut off now is no error
    server.should_exit = True
    system.stopping.set()
    system.desk.dismiss()
    await asyncio.wait((doors,), timeout=STOP_SECONDS + 1)
    for task in (wait, stands, steps, doors, *others):
        task.cancel()
    ends = await asyncio.gather(steps, doors, wait, stands, *others, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            failed = True
            logger.error("ended by a failure", errors=classes(end))
    await loop.shutdown_default_executor()  # a turn that is under way ends before the database closes
    system.close()
    spans.stop()
    for worker in multiprocessing.active_children():
        worker.terminate()  # what it had in hand is validated after the next start
    logger.info("stopped", failed=failed)
    return failed


def classes(error: BaseException) -> list[str]:
    """The classes of an exception and of those inside a group; never their texts, which may quote what was sent."""
    if isinstance(error, BaseExceptionGroup):
        return [name for one in error.exceptions for name in classes(one)]
    return [type(error).__name__]


@contextlib.contextmanager
def locked(data: Path) -> Iterator[None]:
    """Holds the folder: two processes on one database would number the same feeds. Any end of the process frees it."""
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Failed(f"Cannot use {data}: {error.strerror}. Choose another folder with --data.") from None
    with os.fdopen(handle, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed(
                f"Another process already runs on {data}. Stop it, or choose another folder with --data."
            ) from None
        yield


@contextlib.contextmanager
def bound(host: str, port: int) -> Iterator[socket.socket]:
    """A socket on its address that does not listen yet: nobody is let in before everything stands."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # an earlier start's connections may linger
        try:
            listener.bind((host, port))
        except OSError as error:
            raise Failed(
                f"Cannot listen on {host} port {port}: {error.strerror}. "
                "Choose another with --port (0 takes a free one)."
            ) from None
        yield listener


def _reachable(host: str) -> str:
    """The address to tell others on this machine."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 — compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
