"""`claims demo`: a fresh system, a seeded world played through its doors, and a summary that a person can read."""

import asyncio
import contextlib
import shutil
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from services.commands.options import Failed, content, first_operator
from services.commands.outcome import outcome
from services.commands.summary import show, show_settled, show_verified
from services.sandbox.client import Client, Unreachable
from services.sandbox.motor_check import look
from services.sandbox.observer import BadFeed, Observer
from services.sandbox.player import Player, Sent, settle
from services.sandbox.scenario import Item, generate
from services.sandbox.settlement import settlements
from services.sandbox.setup import FILE_NAME, read
from services.sandbox.verifying import verify

START_SECONDS = 180.0  # a slow machine loads the FHIR models in ten; the distributed form loads them seven times
SETTLE_SECONDS = 120.0  # for verdicts that come later, and for the feeds to fall quiet
QUIET_SECONDS = 1.0  # without an event after everything is reconciled
LOOK = 0.25  # seconds between two looks
STOP_SECONDS = 15.0  # of the distributed form each process has ten
OURS = {FILE_NAME, "lock", "claims.sqlite"}  # what a folder that may be removed holds, at least one of them
LOG = "log.jsonl"


class Ended(Exception):
    """The system ended by itself."""

    def __init__(self, status: int | None) -> None:
        super().__init__(status)
        self.status = status


@click.command()
@click.option("--seed", envvar="SEED", default=7, show_default=True, help="Another seed is another world.")
@click.option("--cases", envvar="CASES", default=60, show_default=True, type=click.IntRange(1))
@click.option("--port", envvar="PORT", default=0, type=click.IntRange(0, 65535), help="[default: a free one]")
@click.option("--once", envvar="ONCE", is_flag=True, help="Exit after the summary; 0 only if all went right.")
@click.option(
    "--data",
    default=Path("demo"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the system; an earlier demo's is removed first.",
)
def demo(seed: int, cases: int, port: int, once: bool, data: Path) -> None:
    """Start a fresh system, play a seeded world through its doors, and compare what came of it with what is true.

    Stays up afterwards, so that you can look around; Ctrl-C stops it. `make demo` calls this; SEED, CASES, PORT and
    ONCE may also be given in the environment.

    \b
    Examples:
      claims demo
      claims demo --cases 200 --once
    """
    _fresh(data)
    try:
        status = asyncio.run(_demo(seed, cases, port, once, data))
    except (KeyboardInterrupt, asyncio.CancelledError):  # Ctrl-C, or a supervisor's word
        click.echo("\nStopped.")
        return
    except Ended as end:
        raise Failed(_last_words(data / LOG, end.status)) from None
    except (Unreachable, BadFeed) as error:
        raise Failed(f"{error} Its log is {data / LOG}.") from None
    sys.exit(status)


def _last_words(log: Path, status: int | None) -> str:
    """Why the system ended: what it said itself when it refused to start, else where to look."""
    last = log.read_text().strip().rpartition("\n")[2] if log.exists() else ""
    if last.startswith("Error: "):
        return last.removeprefix("Error: ")
    return f"The system ended by itself (status {status}); its last words are in {log}."


def _fresh(data: Path) -> None:
    """Removes an earlier demo's folder, and nothing else."""
    if not data.exists():
        return
    inside = {one.name for one in data.iterdir()}
    if inside and not inside & OURS:
        raise Failed(f"{data} holds other files than a demo's. Choose another folder with --data.")
    from services.commands.up import locked

    with locked(data):  # refuses while a system runs on it
        shutil.rmtree(data)


async def _demo(seed: int, cases: int, port: int, once: bool, data: Path) -> int:
    console = Console()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, _cancel(asyncio.current_task()))
    items = list(generate(seed, cases))
    console.print(f"Seed {seed}, {cases} cases: {len(items)} records. Starting a fresh system in {data} …")
    async with _system(data, port) as (process, address):
        ended = asyncio.create_task(process.wait())
        work = asyncio.create_task(_play(items, data, console))
        await asyncio.wait((ended, work), return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            raise Ended(process.returncode)
        right = work.result()
        if once:
            ended.cancel()
            return 0 if right else 1
        console.print(f"\nStill running. Live page: [bold]{address}/[/]  (sign in with an operator's token)")
        console.print(f"Tokens: {data / FILE_NAME}, list operators. For other commands: --sandbox {data / FILE_NAME}")
        console.print("Ctrl-C stops it.")
        await ended
        raise Ended(process.returncode)


def _cancel(task: "asyncio.Task[Any] | None") -> Callable[[], None]:
    def cancel() -> None:
        if task:
            task.cancel()

    return cancel


@contextlib.asynccontextmanager
async def _system(data: Path, port: int) -> AsyncIterator[tuple[Process, str]]:
    """`claims up` as a process of its own, from its first line of output to its end."""
    data.mkdir(parents=True, mode=0o700)
    command = (sys.executable, "-m", "services", "up", "--sandbox", "--port", str(port), "--data", str(data))
    with (data / LOG).open("wb") as log:
        # A session of its own: Ctrl-C in the terminal reaches the demo alone, which stops the system in order.
        process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=log, start_new_session=True)
        try:
            assert process.stdout
            try:
                told = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
            except TimeoutError:
                raise Ended(None) from None
            if not told:
                raise Ended(await process.wait())
            yield process, read(data / FILE_NAME).base_url
        finally:
            await _stop(process)


async def _stop(process: Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


async def _play(items: list[Item], data: Path, console: Console) -> bool:
    """Plays, waits until all is judged and offered, compares, tells; whether all went right."""
    sandbox = read(data / FILE_NAME)
    async with Client(sandbox) as client, Client(sandbox) as ears:
        observer = Observer(ears)
        following = asyncio.create_task(observer.run())
        with _bars(console) as bars:
            sending = bars.add_task("records sent", total=len(items))
            offering = bars.add_task("offers numbered", total=None)

            def told(_: Sent) -> None:
                bars.advance(sending)
                _count(bars, offering, observer)

            player = Player(client, told)
            sent = await settle(client, await player.play(items), SETTLE_SECONDS)
            await _quiet(client, observer, following, lambda: _count(bars, offering, observer))
            verified = await verify(client, sent, await observer.views())
            reconciliation = await _quiet(client, observer, following, lambda: _count(bars, offering, observer))
            bars.update(offering, total=_events(observer))
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        views = await observer.views()
        await observer.fetch(views)
        found = outcome(sent, observer.seen, views)
        motor = await look(client, first_operator(sandbox, None), sent, views)
        settled = await settlements(client, sent, views)
    show(console, found, sandbox, observer.seen, views, reconciliation, motor)
    show_settled(console, sandbox, settled)
    show_verified(console, verified)
    told_right = not (motor.faults or verified.faults or any(one.faults for one in settled))
    return found.clean and bool(reconciliation["ok"]) and told_right


async def _quiet(
    client: Client, observer: Observer, following: "asyncio.Task[None]", look: Callable[[], None]
) -> dict[str, Any]:
    """Waits until nothing is under way; the reconciliation as it stands then, or when patience ends."""
    operator = first_operator(client.sandbox, None)
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        if following.done():
            following.result()
        look()
        answer = await client.get(operator, "/reconciliation")
        told: dict[str, Any] = content(answer, "reconciliation")
        still = time.monotonic() - observer.last_event > QUIET_SECONDS and not any(told.get("lag", {}).values())
        if (told.get("ok") and still) or time.monotonic() > deadline:
            return told
        await asyncio.sleep(LOOK)


def _events(observer: Observer) -> int:
    return sum(one.events for one in observer.seen.values())


def _count(bars: Progress, task: TaskID, observer: Observer) -> None:
    bars.update(task, completed=_events(observer))


def _bars(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<16}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )
