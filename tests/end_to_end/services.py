"""The distributed form as processes on a broker and databases, to be killed, stopped and restarted by tests."""

import asyncio
import contextlib
import os
import random
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Iterator, Mapping
from pathlib import Path

from adapters.streams.kafka import Broker
from adapters.streams.kafka_topics import Topics
from bench.servers import free_port
from services.commands.run import DOORS, SERVICES
from services.sandbox.setup import FILE_NAME
from tests.servers.kafka import kafka
from tests.servers.postgres import Server

START_SECONDS = 120.0
STOP_SECONDS = 10.0  # what is promised of every service
AT_ONCE = 2  # services that are killed at random die two at a time: none may count on another
Name = tuple[str, int]  # a service, and which of its replicas


class Services:
    """Every service as so many processes; whatever is killed is started again, as a supervisor would."""

    def __init__(self, data: Path, places: Mapping[str, str], seed: int, replicas: int = 1) -> None:
        self.data, self._chance = data, random.Random(seed)
        self._environment = os.environ | places
        self.ports = [free_port() for _ in range(replicas)]  # of the doors
        self.names: list[Name] = [(service, number) for service in SERVICES for number in range(replicas)]
        self._running: dict[Name, Process] = {}
        self._drawn: list[Name] = []
        self.killed: set[Name] = set()
        self.stops: dict[Name, int | None] = {}  # how restarts ended what ran before: None, not in time

    async def start(self) -> None:
        lacking = [name for name in self.names if name not in self._running]
        if not (self.data / FILE_NAME).exists():  # the doors make it
            lacking.remove((DOORS, 0))
            await self._start((DOORS, 0))
        await asyncio.gather(*(self._start(name) for name in lacking))

    async def _start(self, name: Name) -> None:
        service, number = name
        command = [sys.executable, "-m", "services", "run", service, "--sandbox", "--data", str(self.data)]
        if service == DOORS:
            command += ["--port", str(self.ports[number])]
        with (self.data.parent / "claims.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=DEVNULL, stdout=PIPE, stderr=log, env=self._environment, start_new_session=True
            )
        self._running[name] = process
        assert process.stdout
        said = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
        assert said.startswith(b"claims: "), f"{name} ended: see {log.name}"

    async def kill(self, *names: Name) -> int:
        """These, or some drawn at random, but none again before all; without a word: their workers must follow by themselves."""
        names = names or tuple({self._draw() for _ in range(AT_ONCE)})
        killed = [self._running.pop(name) for name in names]
        for process in killed:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
        for process in killed:
            await process.wait()
        self.killed |= set(names)
        return len(killed)

    def _draw(self) -> Name:
        if not self._drawn:
            self._drawn = self._chance.sample(self.names, len(self.names))
        return self._drawn.pop()

    def signal(self, name: Name, number: signal.Signals) -> None:
        self._running[name].send_signal(number)

    async def restart(self, name: Name) -> None:
        """Ended in order, and started again."""
        process = self._running.pop(name)
        process.terminate()
        ended = asyncio.create_task(process.wait())
        await asyncio.wait({ended}, timeout=STOP_SECONDS)
        self.stops[name] = ended.result() if ended.done() else None
        if not ended.done():
            process.kill()
            await ended
        await self._start(name)

    def ended(self) -> list[Name]:
        """Those that ended by themselves; a supervisor would start them, and so does `start`."""
        gone = [name for name, process in self._running.items() if process.returncode is not None]
        for name in gone:
            del self._running[name]
        return gone

    async def stop(self) -> None:
        for process in self._running.values():
            process.terminate()
        ends = asyncio.gather(*(process.wait() for process in self._running.values()))
        assert set(await asyncio.wait_for(ends, STOP_SECONDS)) == {0}

    def close(self) -> None:
        """Leaves nothing behind where a test failed."""
        for process in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def services(server: Server, folder: Path, seed: int) -> Iterator[Services]:
    """One of each, on a broker and databases of their own; not started."""
    with kafka() as cluster:
        Topics(Broker(cluster.address)).apply((), ())
        places = {"CLAIMS_KAFKA": cluster.address, "CLAIMS_DATABASE": server.fresh(), "CLAIMS_KEYS": server.empty()}
        with contextlib.closing(Services(folder / "data", places, seed)) as own:
            yield own
