"""`claims convert`: what a hospital has, certificates and receipts as CSV, Excel or JSON, into FHIR documents."""

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape

from adapters.fhir.moments import TAIPEI
from services.commands.options import REFUSED, Failed, load, sandbox_option, speak
from services.commands.showing import progress, show_problems

if TYPE_CHECKING:
    from services.conversion.convert import Conversion, Made
    from services.sandbox.client import Client

FILE_BYTES = 64_000_000  # as `claims validate` reads; the rows have their own limit
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--send", is_flag=True, help="Send each document through the doors of a running system.")
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write each document to DIR, named after its case.",
)
@click.option("--report", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--hospital", metavar="CODE", help="Institution code, for files that do not say it.")
@click.option(
    "--timestamp",
    metavar="TIME",
    help="When the data were written out, with zone.  [default: when the newest file was last changed]",
)
@click.option(
    "--template",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the templates to DIR, for certificates and receipts, as CSV and Excel; and do no more.",
)
@sandbox_option
def convert(
    files: tuple[Path, ...],
    send: bool,
    out: Path | None,
    report: str,
    hospital: str | None,
    timestamp: str | None,
    template: Path | None,
    sandbox_file: Path | None,
) -> None:
    """Convert FILES, certificates (診斷證明書) and receipts (收據明細) in any number and order, into FHIR documents.

    Files are CSV (UTF-8 or Big5), Excel (.xlsx) or JSON; which of them is what their headers tell, and certificate and
    receipt of a case find each other by 案件編號 or 就醫序號. Every column is reported: where it went, or why not. A
    document that does not pass validation is not produced; its problems are shown with row and column.

    The same files give the same documents, so sending them again is safe. Exit status 1 when anything is wrong.

    \b
    Examples:
      claims convert --template templates
      claims convert certificates.xlsx receipts.csv --out bundles
      claims convert certificates.csv receipts.csv --send
    """
    if template is not None:
        _templates(template)
        return
    if not files:
        raise click.UsageError("Name the files to convert, or a folder for the templates with --template DIR.")
    sandbox = load(sandbox_file) if send else None
    done = _convert(files, timestamp or _changed(files), hospital)
    written = _write(out, done.made) if out else {}
    sent = speak(sandbox, lambda client: _send(client, done.made)) if sandbox and done.made else []
    if report == "json":
        click.echo(json.dumps(_json(files, done, written, sent), ensure_ascii=False))
    else:
        _show(files, done, written, sent)
    if any(one.error for one in done.found) or any(one["verdict"] not in ("accepted", "duplicate") for one in sent):
        raise click.exceptions.Exit(REFUSED)


def _convert(files: Sequence[Path], timestamp: str, hospital: str | None) -> "Conversion":
    from services.conversion.convert import Hospital, Reader

    try:
        if datetime.fromisoformat(timestamp).tzinfo is None:
            raise ValueError
    except ValueError:
        raise Failed("--timestamp is a time with zone, such as 2025-03-05T10:20:00+08:00.") from None
    with progress() as bar:
        reading = bar.add_task("reading", total=len(files))
        contents = []
        for file in files:
            contents.append(_read(file))
            bar.advance(reading)
        reader = Reader.of(contents, timestamp, Hospital(hospital) if hospital else None)
        task = bar.add_task("converting", total=len(reader.cases))
        for _ in reader.documents():
            bar.advance(task)
    return reader.conversion()


def _read(file: Path) -> bytes:
    name = click.format_filename(file)
    try:
        with file.open("rb") as stream:
            body = stream.read(FILE_BYTES + 1)
    except OSError as error:
        raise Failed(f"{name}: cannot be read ({error.strerror}).") from None
    if len(body) > FILE_BYTES:
        raise Failed(f"{name}: more than {FILE_BYTES // 1_000_000} MB.")
    return body


def _changed(files: Sequence[Path]) -> str:
    """When the newest file was changed: the same files give the same documents, whenever they are converted."""
    newest = max(file.stat().st_mtime for file in files)
    return datetime.fromtimestamp(newest, TAIPEI).isoformat(timespec="seconds")


def _templates(folder: Path) -> None:
    from services.conversion import template

    for name, content in template.files().items():
        _save(folder / name, content)
        click.echo(str(folder / name))


def _write(folder: Path, made: "Sequence[Made]") -> dict[str, str]:
    """Case → the file that its document was written to."""
    return {one.case: str(_save(folder / f"{_file_name(one.case)}.json", one.body)) for one in made}


def _file_name(case: str) -> str:
    """The case number where it can be a name of a file, else what follows from it."""
    return case if _PLAIN_NAME.fullmatch(case) else f"case-{hashlib.sha256(case.encode()).hexdigest()[:16]}"


def _save(path: Path, content: bytes) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise Failed(f"{click.format_filename(path)}: cannot be written ({error.strerror}).") from None
    return path


async def _send(client: "Client", made: "Sequence[Made]") -> list[dict[str, Any]]:
    from services.commands.recognise import BUNDLE
    from services.commands.send import deliver
    from services.sandbox.client import Post

    unknown = {one.hospital for one in made} - set(client.sandbox.bearers)
    if unknown:
        raise Failed(f"sandbox.json has no token of the hospital {', '.join(sorted(unknown))}; nothing was sent.")
    results = []
    with progress() as bar:
        task = bar.add_task("sending", total=len(made))
        for one in made:
            post = Post(one.hospital, "POST", BUNDLE.path, one.body, BUNDLE.content_type)
            told = await deliver(client, post)
            # `case` is the hospital's own number, as everywhere in this answer; ours, once there is one, stands beside it.
            results.append({**told, "case": one.case, "standsIn": told.get("case")})
            bar.advance(task)
    return results


def _json(files: Sequence[Path], done: "Conversion", written: dict[str, str], sent: list[dict[str, Any]]) -> Any:
    from services.conversion.answers import carried, told

    return {
        "files": [str(file) for file in files],
        "bundles": [
            {"case": one.case, "sha256": hashlib.sha256(one.body).hexdigest(), "file": written.get(one.case)}
            for one in done.made
        ],
        "report": [carried(one) for one in done.report],
        "problems": [told(one) for one in done.found],
        "sent": sent,
    }


def _show(files: Sequence[Path], done: "Conversion", written: dict[str, str], sent: Sequence[dict[str, Any]]) -> None:
    """For a person: each document, then each problem with its place, then where every column went."""
    from services.commands.send import show
    from services.conversion.answers import told

    console = Console(highlight=False, soft_wrap=True)
    for one in done.made:
        console.print(f"[green]converted[/]  {escape(one.case)}  [dim]{escape(written.get(one.case, ''))}[/]")
    for result in sent:
        show({**result, "file": result["case"]})
    places: dict[str, list[dict[str, Any]]] = {}
    for found in done.found:
        cell = found.cell
        name = click.format_filename(files[cell.file - 1])
        place = f"{name}{f' sheet {cell.sheet}' if cell.sheet > 1 else ''}{f' row {cell.row}' if cell.row else ''}"
        place += f"{f' column {cell.column}' if cell.column else ''}{f'  case {found.case}' if found.case else ''}"
        places.setdefault(place, []).append(told(found) | {"line": None})
    for place, problems in places.items():
        console.print(f"[bold]{escape(place)}[/]")
        show_problems(console, problems)
    _show_report(console, files, done)
    errors = sum(one.error for one in done.found)
    console.print(f"{len(done.made)} documents, {errors} errors, {len(done.found) - errors} warnings")


def _show_report(console: Console, files: Sequence[Path], done: "Conversion") -> None:
    """Where every column went: its name, how many of its values stand in a document, the elements, or why not."""
    for number in sorted({one.file for one in done.report}, key=lambda number: number or len(files) + 1):
        lines = [one for one in done.report if one.file == number]
        console.print(f"[bold]{escape(click.format_filename(files[number - 1]) if number else 'Not in the files')}[/]")
        for one in lines:
            counted = f"{one.carried} of {one.values}" if number else f"in {one.carried} documents"
            to = f" → {', '.join(one.to)}" if one.to else ""
            why = f"  [yellow]{escape(one.why)}[/] [dim]{escape(one.why_en)}[/]" if one.why else ""
            console.print(f"    {escape(one.header)}  [dim]{counted}[/]{to}{why}")
