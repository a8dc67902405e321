"""`claims render`: a document as the papers that people know, without a server."""

import sys
from pathlib import Path

import click

from schemas.problems import Severity
from services.commands.options import Failed

FILE_BYTES = 64_000_000  # as `claims validate` reads; no door takes more than 10 MB


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write the page here; its folder is made when missing.  [default: standard output]",
)
def render(bundle: Path, out: Path | None) -> None:
    """Draw the diagnosis certificate and the receipt in BUNDLE, a FHIR document (`-`: standard input), as a page of
    HTML that prints on A4. Open it with any browser.

    The page holds everything in the document: what the forms have no box for is listed at the end. A document that is
    not valid is drawn too, and the page says so. Nothing is sent anywhere.

    Exit status 1 when BUNDLE is no FHIR document.

    \b
    Examples:
      claims render bundle.json --out paper.html
      claims render - < bundle.json > paper.html
    """
    from services.conversion.paper_page import drawn

    name = click.format_filename(bundle)
    page, problems = drawn(_read(bundle, name))
    if not page:
        first = problems[0]
        where = f" (line {first.line}, column {first.column})" if first.line else ""
        raise Failed(f"{name} is no FHIR document: {first.textEn}{where}. {first.fix}")
    if out is None:
        sys.stdout.buffer.write(page.encode())
    else:
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(page, "utf-8")
        except OSError as error:
            raise Failed(f"{click.format_filename(out)}: cannot be written ({error.strerror}).") from None
        click.echo(f"{click.format_filename(out)} is drawn. Open it with a browser.", err=True)
    wrong = sum(one.severity == Severity.ERROR for one in problems)
    if wrong:
        click.echo(f"{name} is not valid: {wrong} errors, which the page lists. `claims validate` says more.", err=True)


def _read(bundle: Path, name: str) -> bytes:
    try:
        with sys.stdin.buffer if str(bundle) == "-" else bundle.open("rb") as file:
            body = file.read(FILE_BYTES + 1)
    except OSError as error:
        raise Failed(f"{name}: cannot be read ({error.strerror}).") from None
    if len(body) > FILE_BYTES:
        raise Failed(f"{name}: more than {FILE_BYTES // 1_000_000} MB.")
    return body
