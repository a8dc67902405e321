"""`claims scenario`: a seeded world of claims, as files or through the doors of a running system."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click

from services.commands.options import (
    REFUSED,
    Failed,
    json_option,
    load,
    print_json,
    sandbox_option,
    speak,
)
from services.sandbox.client import Client
from services.sandbox.player import LATER, Player, Sent, settle
from services.sandbox.player import REFUSED as NO_RECORD
from services.sandbox.scenario import Item, generate
from services.sandbox.setup import Sandbox

SETTLE = 60.0  # seconds for verdicts that come later


@click.command()
@click.option("--seed", required=True, type=int, help="The same seed and number of cases give the same bytes.")
@click.option("--cases", required=True, type=click.IntRange(1), help="How many losses; each is some ten records.")
@click.option(
    "--out", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), help="Write the records as files."
)
@sandbox_option
@json_option
def scenario(seed: int, cases: int, out: Path | None, sandbox_file: Path | None, as_json: bool) -> None:
    """Make claims as Taiwanese hospitals, police and owners would send them, and know what must come of them.

    With --out DIR: writes the records as files, manifest.jsonl (the order of sending) and truth.jsonl (who must hold
    what in the end). With --sandbox FILE: plays the same through the doors of that system.

    \b
    Examples:
      claims scenario --seed 7 --cases 60 --out /tmp/world
      claims scenario --seed 7 --cases 60 --sandbox data/sandbox.json
    """
    if out and sandbox_file:
        raise Failed("Choose one: --out DIR writes files, --sandbox FILE plays through the doors.")
    if out:
        _write(seed, cases, out, as_json)
        return
    if sandbox_file is None:
        raise Failed("Say where to: --out DIR writes files, --sandbox FILE plays through the doors.")
    total = sum(1 for _ in generate(seed, cases))
    sent = play_all(load(sandbox_file), generate(seed, cases), total, patience=60.0)
    counts = Counter(one.outcome for one in sent)
    if as_json:
        print_json({"records": len(sent), "verdicts": counts})
    else:
        click.echo(f"{len(sent)} records sent: " + ", ".join(f"{n} {name}" for name, n in sorted(counts.items())))
    if counts[LATER] or counts[NO_RECORD] or counts["dead"]:
        raise click.exceptions.Exit(REFUSED)


def _write(seed: int, cases: int, out: Path, as_json: bool) -> None:
    from services.sandbox.files import write

    if out.exists() and any(out.iterdir()):
        raise Failed(f"{out} is not empty. Choose another folder, or empty it first.")
    try:
        count = write(generate(seed, cases), out)
    except OSError as error:
        raise Failed(f"{out} cannot be written: {error.strerror}.") from None
    if as_json:
        print_json({"records": count, "out": str(out)})
    else:
        click.echo(f"{count} records in {out}: manifest.jsonl has their order, truth.jsonl what must come of them.")


def play_all(sandbox: Sandbox, items: Iterable[Item], total: int, patience: float) -> list[Sent]:
    """Plays items with a progress bar on standard error, and waits for all verdicts."""
    from services.commands.showing import progress

    async def run(client: Client) -> list[Sent]:
        with progress() as bar:
            task = bar.add_task("playing", total=total)
            player = Player(client, lambda _: bar.advance(task))
            return await settle(client, await player.play(items), SETTLE)

    return speak(sandbox, run, patience)
