"""`claims up` under load, killed with -9 at random moments and started again; then everything is counted.

`python -m tests.end_to_end.ordeal --kills 100 --seed 1` is the long form (`make soak`); with `--kafka` it is every service of the
distributed form, on a real broker and database.
"""

import argparse
import asyncio
import contextlib
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from bench.servers import free_port
from schemas.records import Role
from services.sandbox import setup
from services.sandbox.check import Observed, Report, check
from services.sandbox.client import Client
from services.sandbox.observer import Observer
from services.sandbox.player import ABREAST, Player, Sent, settle
from services.sandbox.scenario import Item, generate
from tests.end_to_end.services import services
from tests.servers.postgres import postgres

CASES = 25  # of one scenario; scenarios of following seeds go on until the kills are done
PATIENCE = 120.0


@dataclass(frozen=True)
class Counted:
    kills: int
    records: int
    report: Report
    unjudged: int
    faults: list[str]
    differences: list[object]

    @property
    def clean(self) -> bool:
        return self.report.clean and not (self.report.verdicts or self.unjudged or self.faults or self.differences)

    def __str__(self) -> str:
        told = [
            f"{self.kills} kills, {self.records} records: {len(self.report.lost)} lost, {len(self.report.doubled)} doubled,"
            f" {len(self.report.leaked)} leaked, {len(self.report.verdicts)} misjudged, {self.unjudged} unjudged,"
            f" {len(self.faults)} feed faults, {len(self.differences)} differences"
        ]
        for name in ("lost", "doubled", "leaked", "verdicts"):
            told += [f"  {name}: {fault}" for fault in getattr(self.report, name)[:5]]
        return "\n".join([*told, *self.faults[:5], *map(str, self.differences[:5])])


class Killable(Protocol):
    """A system on one folder. `start` starts what is not running; `kill` kills some of it with -9, and tells how many."""

    data: Path

    async def start(self) -> None: ...
    async def kill(self) -> int: ...
    async def stop(self) -> None: ...


class Process:
    """`claims up` on one folder and one port, in a process group of its own."""

    def __init__(self, data: Path) -> None:
        self.data, self.port = data, free_port()
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "services",
            "up",
            "--port",
            str(self.port),
            "--data",
            str(self.data),
            "--sandbox",
        ]
        with (self.data.parent / "claims.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
            if self._process.returncode is not None or time.monotonic() > deadline:
                raise RuntimeError(f"claims up ended: see {self.data.parent / 'claims.log'}")
            await asyncio.sleep(0.05)

    async def kill(self) -> int:
        """The parent alone, as the out-of-memory killer would; its workers must follow by themselves."""
        assert self._process
        os.kill(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        return 1

    async def stop(self) -> None:
        assert self._process
        if self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()


class Load:
    """Scenarios of following seeds through the doors, and the insurers' feeds as they grow."""

    def __init__(self, client: Client, observer: Observer, seed: int) -> None:
        self.client, self.observer, self._seed = client, observer, seed
        self.items: list[Item] = []
        self.sent: list[Sent] = []

    async def play(self, ended: asyncio.Event, abreast: int) -> None:
        while not ended.is_set():
            told = [of_world(item, self._seed) for item in generate(self._seed, CASES)]
            self.items += told
            self.sent += await Player(self.client, lambda one: None, abreast).play(told)
            self._seed += 1


async def ordeal(process: Killable, kills: int, seed: int) -> Counted:
    async def killed(_: Load) -> int:
        chance, done = random.Random(seed), 0
        while done < kills:
            await asyncio.sleep(chance.uniform(0.05, 1.5) ** 2)
            done += await process.kill()
            await process.start()
        return done

    return await under_load(process, seed, killed)


async def under_load(
    process: Killable,
    seed: int,
    troubles: Callable[[Load], Awaitable[int]],
    make: Callable[[setup.Sandbox, float], Client] = Client,
    abreast: int = ABREAST,
) -> Counted:
    """Counts everything after `troubles`, which tells how many they were and may play something of its own."""
    await process.start()
    sandbox = setup.read(process.data / "sandbox.json")
    ended = asyncio.Event()
    async with make(sandbox, PATIENCE) as client:
        load = Load(client, Observer(client), seed)
        observer = load.observer
        watching = asyncio.create_task(observer.run())
        playing = asyncio.create_task(load.play(ended, abreast))
        try:
            number = await troubles(load)
        finally:
            ended.set()
        await playing
        sent = await settle(client, load.sent, PATIENCE)
        faults = await _quiet(client, observer)
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        views = await observer.views()
        await observer.fetch(views)
        operator = sandbox.of_role(Role.OPERATOR)[0].code
        difference = (await client.get(operator, "/reconciliation")).json()
    await process.stop()
    verdicts: dict[str, str] = {}
    for one in sent:
        verdicts |= one.verdicts()
    report = check(
        [truth for item in load.items for truth in item.truths], Observed(verdicts, views, observer.handed())
    )
    faults += [fault for one in observer.seen.values() for fault in one.faults]
    unjudged = sum(one.outcome in ("later", "refused") and one.item.method != "DELETE" for one in sent)
    return Counted(number, len(sent), report, unjudged, faults, difference["differences"])


def of_world(item: Item, seed: int) -> Item:
    """The item with its files named by their world: every scenario counts its cases from nought."""

    def named(file: str | None) -> str | None:
        return f"{seed}/{file}" if file else None

    truths = tuple(
        replace(
            truth,
            file=f"{seed}/{truth.file}",
            duplicate_of=named(truth.duplicate_of),
            copy_of=named(truth.copy_of),
            supersedes=named(truth.supersedes),
        )
        for truth in item.truths
    )
    return replace(item, file=f"{seed}/{item.file}", truths=truths)


async def _quiet(client: Client, observer: Observer) -> list[str]:
    """Waits until nothing more is offered; names it when that does not come about."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        before = {insurer: seen.next for insurer, seen in observer.seen.items()}
        await asyncio.sleep(0.9)
        operator = client.sandbox.of_role(Role.OPERATOR)[0].code
        difference = (await client.get(operator, "/reconciliation")).json() or {}
        if difference.get("ok") and before == {insurer: seen.next for insurer, seen in observer.seen.items()}:
            return []
    return ["the feeds did not come to rest"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kafka", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as ends:
        system: Killable = Process(Path(name) / "data")
        if options.kafka:
            server = ends.enter_context(postgres(durable=True))
            system = ends.enter_context(services(server, Path(name), options.seed))
        counted = asyncio.run(ordeal(system, options.kills, options.seed))
    print(counted)
    sys.exit(0 if counted.clean else 1)


if __name__ == "__main__":
    main()
