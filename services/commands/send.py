"""`claims send`: files through the doors, and what became of each."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from services.commands.options import (
    REFUSED,
    Failed,
    explained,
    json_option,
    load,
    print_json,
    sandbox_option,
    speak,
)
from services.commands.options import bearer as known_bearer
from services.commands.recognise import CSV, recognise
from services.commands.showing import SHOWN, progress, show_problems
from services.sandbox.client import Client, Post, judged
from services.sandbox.player import accidents_of

COLOURS = {"accepted": "green", "duplicate": "yellow", "rejected": "red", "refused": "red", "dead": "magenta"}
GOOD = ("accepted", "duplicate")
WITHDRAWING = "the change stands, and the brokers still let this insurer read its topic: see whether `publisher` runs"


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--as", "sender", metavar="CODE", help="Who sends.  [default: whom the content names as its author]")
@click.option(
    "--metadata",
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Description of an upload (PDF, JPEG, PNG), as GET /schemas/paper shows it.",
)
@sandbox_option
@json_option
def send(
    files: tuple[Path, ...], sender: str | None, metadata: Path | None, sandbox_file: Path | None, as_json: bool
) -> None:
    """Send FILES through the doors of a running system and show the verdict and every problem of each.

    The door is found by the content: FHIR bundles, accidents (JSON, or the police's open-data CSV), applications,
    authorisations, uploads. A folder stands for the .json and .csv files in it; one with a manifest.jsonl is a scenario
    and is played in its order.

    Sending the same file again is safe: it gives the same record. Exit status 1 when anything is refused.

    \b
    Examples:
      claims send bundle.json
      claims send a1_2026.csv --as NPA-OPEN
      claims send slip.pdf --metadata slip.json --as CL01
    """
    sandbox = load(sandbox_file)
    if sender:
        known_bearer(sandbox, sender)
    scenarios = [path for path in files if (path / "manifest.jsonl").is_file()]
    single = [one for path in files if path not in scenarios for one in _inside(path)]
    if not single and not scenarios:
        raise Failed(f"Nothing to send: no .json and no .csv file in {', '.join(map(str, files))}.")
    posts = [(file, recognise(file, sandbox, sender, metadata)) for file in single]
    results = speak(sandbox, lambda client: _send(client, posts)) if posts else []
    results += _play(scenarios, sandbox)
    for result in results:
        if as_json:
            print_json(result)
        else:
            show(result)
    if any(result["verdict"] not in GOOD for result in results):
        raise click.exceptions.Exit(REFUSED)


def _inside(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(one for one in path.rglob("*") if one.suffix in (".json", ".csv"))


async def _send(client: Client, posts: Sequence[tuple[Path, Post]]) -> list[dict[str, Any]]:
    results = []
    with progress() as bar:
        task = bar.add_task("sending", total=len(posts))
        for file, post in posts:
            results.append({"file": str(file), **await deliver(client, post)})
            bar.advance(task)
    return results


def _play(scenarios: Sequence[Path], sandbox: Any) -> list[dict[str, Any]]:
    from services.commands.scenario import play_all
    from services.sandbox.files import read

    results = []
    for folder in scenarios:
        items = list(read(folder))
        for sent in play_all(sandbox, items, len(items), patience=60.0):
            file = str(folder / sent.item.file)
            results.append({"file": file, "sender": sent.item.sender, "record": sent.record, "verdict": sent.outcome})
    return results


async def deliver(client: Client, post: Post) -> dict[str, Any]:
    """Sends one post and waits for its verdict: `{sender, status, verdict, record, receipt, original, problems}`, of a
    CSV also `rows`. `refused`: no record was made; `later`: the verdict did not come in time."""
    answer = await judged(client, post)
    result: dict[str, Any] = {"sender": post.sender, "status": answer.status}
    if answer.record is None:
        return {**result, "verdict": "refused", "record": None, "problems": [], "why": explained(answer)}
    told = await client.verdict(post.sender, answer.record)
    if told.get("state") == "erased":
        why = "this record was erased; to send it anew, give it a later version"
        return {**result, "verdict": "refused", "record": answer.record, "problems": [], "why": why}
    result |= {
        "verdict": told.get("verdict") or "later",
        "record": answer.record,
        "receipt": answer.receipt,
        "original": told.get("original"),
        "case": told.get("case"),
        "problems": told.get("problems") or [],
    }
    if told.get("state") == "withdrawing":
        result["why"] = WITHDRAWING
    if post.content_type == CSV:
        result["rows"] = accidents_of(answer.json())
    return result


def show(result: dict[str, Any]) -> None:
    """One file for a person: verdict, record, problems with path, both languages and fix."""
    console = Console(highlight=False, soft_wrap=True)
    verdict = result["verdict"]
    said = f"[{COLOURS.get(verdict, 'yellow')}]{verdict}[/]  {escape(result['file'])}"
    if result["record"]:
        said += f"  [dim]record {result['record']}[/]"
    if result.get("original"):
        said += f"  [dim]repeats {result['original']}[/]"
    console.print(said)
    if result.get("why"):
        console.print(f"    {escape(result['why'])}")
    elif verdict == "later":
        console.print(f"    No verdict yet. Ask again: claims trace {result['record']}")
    show_problems(console, result.get("problems", []))
    if rows := result.get("rows"):
        _show_rows(console, rows)


def _show_rows(console: Console, rows: Sequence[dict[str, Any]]) -> None:
    counts = Counter(row["verdict"] or "later" for row in rows)
    console.print("    accidents: " + ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items())))
    bad = [row for row in rows if row["verdict"] not in (*GOOD, None)]
    for row in bad[:SHOWN]:
        console.print(f"    lines {row['lines']}: {row['verdict']}")
        show_problems(console, row["problems"])
    if len(bad) > SHOWN:
        console.print(f"    … and {len(bad) - SHOWN} more; --json has all.")
