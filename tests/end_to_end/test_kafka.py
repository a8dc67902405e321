"""The distributed form: the demo on a real broker and database, and every service killed at random under load."""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Iterator
from pathlib import Path

from click.testing import CliRunner

from adapters.streams.kafka import Broker
from adapters.streams.kafka_topics import Topics
from bench.servers import free_port
from services.commands.run import DOORS, SERVICES, run
from services.commands.up import up
from services.sandbox import setup
from services.sandbox.client import Client, Post
from tests.end_to_end.ordeal import ordeal
from tests.integration import bodies
from tests.servers.kafka import kafka
from tests.servers.postgres import Server

KILLS = 20
START_SECONDS = 120.0
STOP_SECONDS = 10.0  # what is promised of every service
ROOT = Path(__file__).parents[2]


def test_the_demo_ends_with_zeros(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.servers", sys.executable, "-m", "services", "demo"]
    done = subprocess.run(
        [*command, "--once", "--seed", "5", "--cases", "10", "--data", str(tmp_path / "demo")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lost 0   doubled 0   leaked 0" in done.stdout
    assert "Reconciliation receipts, log, verdicts, store and feeds agree" in done.stdout


class Services:
    """Every service as a process; whatever is killed is started again, as a supervisor would."""

    def __init__(self, data: Path, places: dict[str, str], seed: int) -> None:
        self.data, self._chance = data, random.Random(seed)
        self._environment = os.environ | places
        self._port = str(free_port())
        self._running: dict[str, Process] = {}

    async def start(self) -> None:
        lacking = [name for name in SERVICES if name not in self._running]
        if DOORS in lacking and len(lacking) > 1:  # the first start: sandbox.json is made by the doors
            lacking.remove(DOORS)
            await self._start(DOORS)
        await asyncio.gather(*(self._start(name) for name in lacking))

    async def _start(self, name: str) -> None:
        command = [sys.executable, "-m", "services", "run", name, "--sandbox", "--data", str(self.data)]
        if name == DOORS:
            command += ["--port", self._port]
        with (self.data.parent / "claims.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=DEVNULL, stdout=PIPE, stderr=log, env=self._environment, start_new_session=True
            )
        self._running[name] = process
        assert process.stdout
        said = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
        assert said.startswith(b"claims: "), f"{name} ended: see {log.name}"

    async def kill(self) -> None:
        """One of them, without a word; its workers must follow by themselves."""
        name = self._chance.choice(sorted(self._running))
        process = self._running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        await process.wait()

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
    """On a broker and databases of their own; not started."""
    with kafka() as cluster:
        Topics(Broker(cluster.address)).apply((), ())
        places = {"CLAIMS_KAFKA": cluster.address, "CLAIMS_DATABASE": server.fresh(), "CLAIMS_KEYS": server.empty()}
        with contextlib.closing(Services(folder / "data", places, seed)) as own:
            yield own


def test_every_service_killed_at_random_leaves_zeros(server: Server, tmp_path: Path) -> None:
    with services(server, tmp_path, seed=3) as own:
        counted = asyncio.run(ordeal(own, KILLS, seed=3))
    assert counted.clean, str(counted)
    assert counted.kills == KILLS
    assert counted.records > 100


def test_a_large_file_travels_by_reference_and_its_sender_hears_the_verdict(server: Server, tmp_path: Path) -> None:
    file = bodies.scan() + b"%" + bytes(3_000_000)

    async def sends(own: Services) -> None:
        await own.start()
        async with Client(setup.read(own.data / "sandbox.json")) as client:
            described = bodies.metadata(issuer=bodies.HOSPITAL)
            patience = {"Prefer": "wait=30"}
            post = Post(bodies.HOSPITAL, "POST", "/papers", file, "application/pdf", described, headers=patience)
            first, again = await client.send(post), await client.send(post)
        await own.stop()
        assert (first.status, again.status) == (201, 200), first.body
        assert first.record == again.record and first.receipt == again.receipt
        assert first.record in [path.name for path in (own.data / "blobs").iterdir()]

    with services(server, tmp_path, seed=1) as own:
        asyncio.run(sends(own))


def test_a_service_says_what_it_lacks() -> None:
    for words, told in (
        (["hub"], "authentication"),
        (["hub", "--sandbox"], "--kafka"),
        (["hub", "--sandbox", "--kafka", "nowhere://", "--database", "x", "--keys", "y"], "host:port"),
        (["postman"], "postman"),
    ):
        result = CliRunner().invoke(run, words)
        assert result.exit_code in (1, 2) and told in result.output, result.output
    result = CliRunner().invoke(up, ["--sandbox", "--kafka", "127.0.0.1:9092"])
    assert result.exit_code == 1 and "--database" in result.output
