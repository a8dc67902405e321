"""`claims police import`: police files of every known kind, through the doors or only read."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from adapters.police.report import ReportEntry, Source
from schemas import normalise
from schemas.problems import Problem
from schemas.records import Role
from services.commands import police_file
from services.commands.options import REFUSED, Failed, bearer, explained, json_option, load, print_json, speak
from services.commands.options import sandbox_option as running_system
from services.commands.police_draw import draw
from services.commands.police_file import CSV, Opened, Summary
from services.commands.recognise import ACCIDENT, OPEN_FILE, only_sender, recognise
from services.commands.send import GOOD, deliver
from services.commands.showing import SHOWN, progress, show_problems
from services.intake.limits import BATCH_BYTES, BATCH_LINES
from services.sandbox.client import Client, Post, judged
from services.sandbox.participants import OPEN_DATA
from services.sandbox.player import REFUSED as REFUSED_ALL
from services.sandbox.setup import Sandbox

PIECES_ABREAST = 4  # pieces of a file in flight: one in each validation worker, one before and one behind it
PATIENCE = 60.0  # seconds to go on while the system asks to wait, or starts again
BATCH, NDJSON = "/police/accidents/batch", "application/x-ndjson"
EXPORTS = (Source.TAIPEI, Source.TAICHUNG, Source.INTERNAL)
_LATER = {  # how a file says that it is a later one
    Source.OPEN_DATA: "give it a later 資料提供日期 in its last lines",
    Source.JSON: "raise its version",
    **dict.fromkeys(EXPORTS, "say of which day with --released YYYYMMDD"),
}
_DAY = re.compile(r"\d{8}", re.ASCII)


@click.group()
def police() -> None:
    """Police records: files in, of every kind that is known.

    \b
    Examples:
      claims police import a1_2026.csv --check
      claims police import a1_2026.csv
      claims police draw a1_2026.csv --out accidents.html
    """


police.add_command(draw)


@police.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--check", is_flag=True, help="Read and report only: nothing is sent, and no system is needed.")
@click.option("--as", "sender", metavar="CODE", help="Who sends.  [default: whom the content names]")
@click.option(
    "--released",
    metavar="YYYYMMDD",
    help="Day of release of a coded export: the version of its accidents.  [default: the day of its last accident]",
)
@running_system
@json_option
def import_files(
    files: tuple[Path, ...],
    check: bool,
    sender: str | None,
    released: str | None,
    sandbox_file: Path | None,
    as_json: bool,
) -> None:
    """Read police FILES and send them through the door of a running system.

    \b
    What each kind becomes:
      national open data (CSV, 2013-2026)  sent as it is, a long one in pieces of whole accidents; the interchange
                                           makes each accident a record
      open data of Taipei or Taichung      each accident one record of JSON in the unit's name, codes unchanged in
                                           their own code system, without the dummy party; no plate, no person:
                                           it opens no case
      a unit's export with item numbers    the same, with the unit's case number, and plate and person where given
      accident as JSON                     sent as it is

    The id of an accident comes from what names it in its file: sending a file again, or going on with one that was
    broken off, repeats nothing; a later file corrects (of which day it is, --released says; else the day of its last
    accident; open data say so themselves, by 資料提供日期). A bad row refuses its accident alone. Where it does not say
    which that is, it refuses what it may belong to by the day, time, place and coordinates that it tells; in an export
    with a line for each party these are held back: those of its day, of its place where the time is bad, all where it
    tells neither. Unknown labels and codes are kept and reported.

    Exit status 1 when anything is refused.

    \b
    Examples:
      claims police import a1_2026.csv --check --json
      claims police import a1_2026.csv
      claims police import taipei_113.csv --as 379130000C
    """
    if check and sandbox_file:
        raise Failed("Choose one: --check reads and reports, --sandbox FILE sends.")
    if released and not (_DAY.fullmatch(released) and normalise.day(released)):
        raise Failed("--released is a day written YYYYMMDD, for example 20260817.")
    sandbox = None if check else load(sandbox_file)
    if sandbox and sender and bearer(sandbox, sender).role is not Role.POLICE:
        units = ", ".join(one.code for one in sandbox.of_role(Role.POLICE))
        raise Failed(f"{sender} is no police unit. sandbox.json lists: {units}.")
    refused = False
    for file in files:
        try:
            opened = police_file.opened(file)
            if sandbox and opened.source is Source.OPEN_DATA:
                found, sent = _send_in_pieces(opened, sandbox, sender)
            else:
                found = _read(opened)
                sent = _send(opened, found, sandbox, sender, released) if sandbox else {}
        except OSError as error:
            raise Failed(f"{click.format_filename(file)}: {error.strerror}.") from None
        result = found.line(str(file)) | sent
        if as_json:
            print_json(result)
        else:
            _show(result, found)
        refused |= found.faulty or any(verdict not in GOOD for verdict in result.get("verdicts", ()))
    if refused:
        raise click.exceptions.Exit(REFUSED)


def _read(opened: Opened) -> Summary:
    with progress() as bar:
        task = bar.add_task("reading", total=opened.rows)
        return police_file.summary(opened, lambda rows: bar.advance(task, rows))


def _send(opened: Opened, found: Summary, sandbox: Sandbox, sender: str | None, released: str | None) -> dict[str, Any]:
    """`{sender, verdicts, refused}`: accidents by verdict, and of those not taken `{lines, verdict, record, problems}`;
    of what is sent as it is also its `record`. Of an export also what is `held`: `{lines, stray}`, by which line."""
    file = opened.path
    if found.source in EXPORTS:
        if not found.accidents:
            return {"sender": sender, "verdicts": {}, "refused": [], "held": []}
        code = sender or only_sender(file, sandbox, ACCIDENT, {found.unit})
        version = int(released or found.last.replace("-", ""))
        ready = police_file.posts(opened, code, bearer(sandbox, code).name, version)
        return {"sender": code, **speak(sandbox, lambda client: _each(client, ready, found), PATIENCE)}
    if found.source is None:
        return {"sender": sender, "verdicts": {}, "refused": []}
    post = recognise(file, sandbox, sender, None)
    answer = speak(sandbox, lambda client: deliver(client, post), PATIENCE)
    refused = [] if answer["verdict"] in (*GOOD, "later") else [_refusal(answer)]
    return {"sender": post.sender, "record": answer["record"], "verdicts": {answer["verdict"]: 1}, "refused": refused}


def _send_in_pieces(opened: Opened, sandbox: Sandbox, sender: str | None) -> tuple[Summary, dict[str, Any]]:
    """What the file holds, and what `_send` says; of more than one piece their `records` in place of a `record`."""
    code, found = sender or only_sender(opened.path, sandbox, OPEN_FILE, {OPEN_DATA}), Summary()
    told = speak(sandbox, lambda client: _in_pieces(client, opened, code, found), PATIENCE)
    return found, {"sender": code, **told}


async def _in_pieces(client: Client, opened: Opened, sender: str, found: Summary) -> dict[str, Any]:
    """Sends piece after piece, some abreast, each read into `found` when its turn comes; its lines are told as of the whole
    file."""
    verdicts: Counter[str] = Counter()
    refused: list[dict[str, Any]] = []
    records: list[tuple[int, str | None]] = []
    pieces = opened.pieces()
    with progress() as bar:
        task = bar.add_task("importing", total=opened.rows)

        async def lane() -> None:
            for piece in pieces:
                found.take(piece)
                told = await deliver(client, Post(sender, "POST", OPEN_FILE.path, piece.data, CSV))
                records.append((piece.numbers[-1], told["record"]))
                for row in told.get("rows") or [{**told, "lines": None}]:
                    verdicts[row["verdict"] or "later"] += 1
                    if row["verdict"] not in (*GOOD, None):
                        refused.append(_refusal(_at_lines(row, piece.numbers)))
                bar.advance(task, piece.rows)

        await _abreast(lane, PIECES_ABREAST)
    refused.sort(key=lambda row: row.get("lines") or [])
    named = [record for _, record in sorted(records)]
    which = {"record": named[0]} if len(named) == 1 else {"records": named}
    return {**which, "verdicts": verdicts, "refused": refused}


def _at_lines(row: dict[str, Any], numbers: Sequence[int]) -> dict[str, Any]:
    """What a door says of a piece, at the lines of the whole file."""
    lines = [numbers[line - 1] for line in row["lines"]] if row["lines"] else None
    problems = [
        {**one, "line": numbers[one["line"] - 1]} if one.get("line") else one for one in row.get("problems") or ()
    ]
    return {**row, "lines": lines, "problems": problems}


async def _abreast(lane: Callable[[], Coroutine[Any, Any, None]], count: int) -> None:
    try:
        async with asyncio.TaskGroup() as lanes:
            for _ in range(count):
                lanes.create_task(lane())
    except ExceptionGroup as group:
        raise group.exceptions[0] from None  # one that is not answered stands for all


def _refusal(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row.get(name) for name in ("lines", "verdict", "record", "problems", "why") if row.get(name)}


async def _each(client: Client, ready: Iterator[tuple[ReportEntry, Post]], found: Summary) -> dict[str, Any]:
    """Sends accident after accident, as many together as a batch holds; they are made as they are sent. One that a stray line
    may be a party of is held: it would go without that party, and be a conflict when the line is mended."""
    verdicts: Counter[str] = Counter()
    refused: list[dict[str, Any]] = []
    held: list[dict[str, Any]] = []

    def sound() -> Iterator[tuple[ReportEntry, Post]]:
        for entry, post in ready:
            if (stray := found.stray_of(entry.report)) is None:
                yield entry, post
            else:
                held.append({"lines": list(entry.lines), "stray": stray})

    batches = _batches(sound())
    with progress() as bar:
        task = bar.add_task("importing", total=found.accidents)

        async def lane() -> None:
            for entries, post in batches:
                for entry, row in zip(entries, await _judged(client, post, len(entries)), strict=True):
                    verdicts[row["verdict"]] += 1
                    if row["verdict"] not in GOOD:
                        refused.append(_refusal({**row, "lines": list(entry.lines)}))
                bar.update(task, completed=verdicts.total() + len(held))

        await _abreast(lane, PIECES_ABREAST)
    refused.sort(key=lambda row: row["lines"])
    return {"verdicts": verdicts, "refused": refused, "held": sorted(held, key=lambda row: row["lines"])}


def _batches(posts: Iterator[tuple[ReportEntry, Post]]) -> Iterator[tuple[list[ReportEntry], Post]]:
    """Accidents of one sender, as many together as the door takes at once."""
    entries: list[ReportEntry] = []
    bodies: list[bytes] = []
    size, sender = 0, ""
    for entry, post in posts:
        sender, size = post.sender, size + len(post.body) + 1
        if entries and (size > BATCH_BYTES or len(entries) == BATCH_LINES):
            yield entries, Post(sender, "POST", BATCH, b"\n".join(bodies), NDJSON)
            entries, bodies, size = [], [], len(post.body) + 1
        entries.append(entry)
        bodies.append(post.body)
    if entries:
        yield entries, Post(sender, "POST", BATCH, b"\n".join(bodies), NDJSON)


async def _judged(client: Client, post: Post, count: int) -> list[dict[str, Any]]:
    """What the door says of each accident of a batch: `{verdict, record, problems}`, or why it refused all of them."""
    answer = await judged(client, post)
    if answer.status not in (200, 202):
        return [{"verdict": REFUSED_ALL, "record": None, "why": explained(answer)}] * count
    return [
        {"verdict": row["verdict"] or "later", "record": row["record"], "problems": row["problems"]}
        for row in answer.json()
    ]


def _show(result: dict[str, Any], found: Summary) -> None:
    """One file for a person: counts, problems by kind with the first of each, unknown labels, what was not taken."""
    console = Console(highlight=False, soft_wrap=True)
    kind = found.source or "[red]not recognised[/]"
    console.print(
        f"[bold]{escape(result['file'])}[/]  {kind}: {found.accidents:,} accidents, {found.rows:,} rows, "
        f"{found.parties:,} parties"
    )
    for code, problems in _by_code(found.problems).items():
        first = {one.text: one for one in reversed(problems)}  # of each text the first: what it says may differ
        told = sorted(first.values(), key=lambda one: one.line or 0)
        console.print(
            f"    {found.kinds[code]:,} × {code}" + (", the first of each:" if len(told) < found.kinds[code] else ":")
        )
        show_problems(console, [one.model_dump(mode="json") for one in told])
    for one in result["unknown"][:SHOWN]:
        label = escape(one["label"]) if one["label"] else "(not repeated)"
        console.print(
            f"    unknown {escape(one['field'])}: [bold]{label}[/] in {one['rows']:,} rows, first at line "
            f"{one['line']} column {one['column']}"
        )
    if len(result["unknown"]) > SHOWN:
        console.print(f"    … and {len(result['unknown']) - SHOWN} more; --json has all.")
    if held := result.get("held"):
        console.print(
            f"    held back: {len(held):,} accidents that a bad line may belong to; correct it and send the file again"
        )
        for row in held[:SHOWN]:
            console.print(f"    lines {row['lines']}: held for line {row['stray']}")
        if len(held) > SHOWN:
            console.print(f"    … and {len(held) - SHOWN} more; --json has all.")
    if verdicts := result.get("verdicts"):
        console.print("    sent: " + ", ".join(f"{count:,} {name}" for name, count in sorted(verdicts.items())))
    for row in result.get("refused", [])[:SHOWN]:
        console.print(f"    lines {row.get('lines')}: {row['verdict']} {escape(row.get('why') or '')}")
        show_problems(console, row.get("problems", []))
        if any(one["code"] == "identity-conflict" for one in row.get("problems", ())):
            console.print(f"    A file that was changed since is a later one: {_LATER[found.source]}.")
    if len(result.get("refused", [])) > SHOWN:
        console.print(f"    … and {len(result['refused']) - SHOWN} more; --json has all.")


def _by_code(problems: list[Problem]) -> dict[str, list[Problem]]:
    found: dict[str, list[Problem]] = {}
    for one in problems:
        found.setdefault(one.code, []).append(one)
    return dict(sorted(found.items()))
