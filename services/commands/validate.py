"""`claims validate`: verdicts on files, without a server."""

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import click
import orjson
from rich.console import Console
from rich.markup import escape

from schemas.problems import errors
from services.commands.showing import progress, show_problems
from services.validation.collecting import settle
from services.validation.resource import check

INVALID, UNREAD = 1, 2  # exit status
FILE_BYTES = 64_000_000  # R4's own largest Bundle has 35 MB; reading takes some six times as much memory
ALONE = 64  # so few files are judged sooner than worker processes have started
CHUNK = 16  # files that a worker takes at once


class Verdict(NamedTuple):
    """On one file: its problems as the contract writes them, or why it could not be read."""

    file: str
    valid: bool
    problems: list[dict[str, Any]]
    unread: str = ""


@click.command()
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(path_type=Path, exists=True, readable=True, allow_dash=True),
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def validate(files: tuple[Path, ...], form: str) -> None:
    """Judge FHIR resources, each in a FILE of its own, without a running system.

    Any R4 resource or Bundle: strict JSON, everything that R4 4.0.1 says of its structure, TW Core and iClaim profiles
    where a resource names them; of document Bundles also the rules that the doors hold them to. A folder stands for
    the .json files in it, `-` for standard input. JSON: a line a file, {file, valid, problems}, in the order asked for.

    Exit status 1 when any is invalid, 2 when any cannot be read.

    \b
    Examples:
      claims validate bundle.json
      claims validate outbox/ --format json | jq -r 'select(.valid | not) | .file'
    """
    paths = [one for path in files for one in _inside(path)]
    status, console = 0, Console(highlight=False, soft_wrap=True)
    with progress() as bar:
        for verdict in bar.track(_verdicts(paths), total=len(paths), description="validating"):
            if verdict.unread:
                click.echo(f"{verdict.file}: {verdict.unread}", err=True)
                status = UNREAD
                continue
            if not verdict.valid:
                status = status or INVALID
            if form == "json":
                line = {"file": verdict.file, "valid": verdict.valid, "problems": verdict.problems}
                click.echo(orjson.dumps(line).decode())
            else:
                _show(console, verdict)
    raise click.exceptions.Exit(status)


def _inside(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(path.rglob("*.json"))
    if not found:
        raise click.UsageError(f"{click.format_filename(path)}: no .json file in this folder.")
    return found


def _verdicts(paths: Sequence[Path]) -> Iterator[Verdict]:
    """In the order of the paths, whichever worker is done first."""
    if len(paths) <= ALONE:
        settle()
        yield from map(judge, paths)
        return
    with ProcessPoolExecutor(
        mp_context=get_context("spawn"), initializer=settle
    ) as pool:  # a bar's thread is not forked
        yield from pool.map(judge, paths, chunksize=CHUNK)


def judge(path: Path) -> Verdict:
    """The verdict on one file. Runs in a worker process."""
    name = click.format_filename(path)
    try:
        with sys.stdin.buffer if str(path) == "-" else path.open("rb") as file:
            body = file.read(FILE_BYTES + 1)
    except OSError as error:
        return Verdict(name, False, [], f"cannot be read ({error.strerror}).")
    if len(body) > FILE_BYTES:
        return Verdict(name, False, [], f"more than {FILE_BYTES // 1_000_000} MB; no door takes more than 10 MB.")
    problems = check(body)
    return Verdict(name, not errors(problems), [one.model_dump(mode="json") for one in problems])


def _show(console: Console, verdict: Verdict) -> None:
    said = "[green]valid[/]  " if verdict.valid else "[red]invalid[/]"
    console.print(f"{said}  {escape(verdict.file)}")
    show_problems(console, verdict.problems)
