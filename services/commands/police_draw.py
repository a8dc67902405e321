"""`claims police draw`: the accidents of a police file as drawings, with what their records support of the shares."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import click

from adapters.police.report import AccidentReport
from schemas.problems import Severity
from services.commands import police_file
from services.commands.options import REFUSED, Failed

MOST = 20  # accidents on one page: more than a person looks through; --line finds any other


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--out",
    metavar="PAGE",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write the page (HTML) here; its folder is made when missing.",
)
@click.option(
    "--line", metavar="N", type=click.IntRange(1), help="Only accidents whose first to last line include this one."
)
def draw(file: Path, out: Path, line: int | None) -> None:
    """Draw the accidents of a police FILE of any known kind as a page of HTML: road, vehicles, directions, first points
    of impact as they are coded, and the range of each party's share that the record supports, with its rule, its law
    and the fields it rests on.

    The shares are an aid and never final (docs/fault-assistance.md). What the record does not say is listed, not
    invented; no name and no plate is drawn. Nothing is sent anywhere.

    Exit status 1 when the file holds no accident that can be read.

    \b
    Examples:
      claims police draw a1_2026.csv --out accidents.html
      claims police draw a1_2026.csv --line 12 --out accident.html
    """
    from services.motor.accident_page import page

    try:
        data = file.read_bytes()
    except OSError as error:
        raise Failed(f"{click.format_filename(file)}: {error.strerror}.") from None
    found = police_file.read(data)
    unread: list[int] = []
    reports = _reports(found.entries, line, unread)
    some = list(islice(reports, MOST))
    left_out = sum(1 for _ in reports)
    if not some:
        first = next((one for one in found.problems if one.severity == Severity.ERROR), None)
        none = "no accident there that can be read. `claims police import --check` says why."
        click.echo(f"{click.format_filename(file)}: {f'{first.textEn}. {first.fix}' if first else none}", err=True)
        raise click.exceptions.Exit(REFUSED)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(page(some, left_out), "utf-8")
    except OSError as error:
        raise Failed(f"{click.format_filename(out)}: cannot be written ({error.strerror}).") from None
    drawn = f"{len(some)} accident{'s' if len(some) > 1 else ''} drawn"
    rest = f", {left_out:,} left out (--line N draws one)" if left_out else ""
    if unread:
        rest += (
            f", {len(unread):,} cannot be read, the first in line {unread[0]} (`claims police import --check` says why)"
        )
    click.echo(f"{click.format_filename(out)}: {drawn}{rest}. Open it with a browser.", err=True)


def _reports(
    entries: Iterator[police_file.ReportEntry], line: int | None, unread: list[int]
) -> Iterator[tuple[int, AccidentReport]]:
    """The first line of each accident and its report. `unread` gets the first lines of those that have none."""
    for entry in entries:
        first, last = entry.lines
        if line is not None and not first <= line <= last:
            continue
        if entry.report is None:
            unread.append(first)
        else:
            yield first, entry.report
