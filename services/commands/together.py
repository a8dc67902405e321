"""Every service of the distributed form as a process of this machine: started together, ended together."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from pathlib import Path

import click
import structlog

from services.commands.options import Failed
from services.commands.run import DOORS, SERVICES, address
from services.commands.topics import UNREACHABLE
from services.sandbox import police_units
from services.sandbox.setup import FILE_NAME, read

START_SECONDS = 120.0  # all of them load at once
STOP_SECONDS = 12.0  # each ends within ten

logger = structlog.get_logger()


def run_all(places: Sequence[str], data: Path, host: str, port: int, rate: int) -> bool:
    """Makes the topics, starts the services, the doors last, and ends them at a signal; whether one ended by itself.

    `places`: the brokers, the database, that of the keys, that of the journal."""
    from confluent_kafka import KafkaException

    from adapters.streams import kafka_topics

    try:
        kafka_topics.Topics(address(places[0])).apply((), ())
    except KafkaException:
        raise Failed(UNREACHABLE) from None
    shared = ["--sandbox", "--data", str(data)]
    doors = ["--host", host, "--port", str(port), "--rate", str(rate)]
    names = ("CLAIMS_KAFKA", "CLAIMS_DATABASE", "CLAIMS_KEYS", "CLAIMS_JOURNAL")
    environment = os.environ | dict(zip(names, places, strict=True))
    commands = {name: ["run", name, *shared, *(doors if name == DOORS else [])] for name in SERVICES}
    return asyncio.run(_run(commands, environment, data))


async def _run(commands: dict[str, list[str]], environment: dict[str, str], data: Path) -> bool:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    wait = asyncio.create_task(stopped.wait())
    processes: dict[str, Process] = {}
    try:
        # A migration of the tables and the making of the keys are not for all at once: the first does it.
        first, *others = [name for name in commands if name != DOORS]
        for batch in ([first], others, [DOORS]):
            for name in batch:
                processes[name] = await _start(commands[name], environment)
            said = asyncio.gather(*(_first_line(processes[name]) for name in batch))
            await asyncio.wait({said, wait}, return_when=asyncio.FIRST_COMPLETED)
            if stopped.is_set():
                said.cancel()
                return False
            lines = said.result()
            if not all(lines):
                logger.error(
                    "did not start", services=[name for name, line in zip(batch, lines, strict=True) if not line]
                )
                return True
        click.echo(lines[0].decode().rstrip())
        ends = {asyncio.create_task(process.wait(), name=name) for name, process in processes.items()}
        ends.add(asyncio.create_task(police_units.serve(read(data / FILE_NAME)), name="police units"))
        done, _ = await asyncio.wait({wait, *ends}, return_when=asyncio.FIRST_COMPLETED)
        if not stopped.is_set():
            logger.error("ended by itself", services=[task.get_name() for task in done])
        return not stopped.is_set()
    finally:
        wait.cancel()
        await _stop(list(processes.values()))


async def _start(command: list[str], environment: dict[str, str]) -> Process:
    # A session of its own: Ctrl-C in the terminal reaches this process alone, which ends the others in order.
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services", *command, stdout=PIPE, env=environment, start_new_session=True
    )


async def _first_line(process: Process) -> bytes:
    """What a service says once it runs; nothing when it ended before, or took too long."""
    assert process.stdout
    with contextlib.suppress(TimeoutError):
        return await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
    return b""


async def _stop(processes: list[Process]) -> None:
    running = [process for process in processes if process.returncode is None]
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    ends = [asyncio.create_task(process.wait()) for process in running]
    if not ends:
        return
    await asyncio.wait(ends, timeout=STOP_SECONDS)
    for process in running:
        if process.returncode is None:
            process.kill()
            await process.wait()
