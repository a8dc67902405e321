"""`claims verify-receipt`: whether a receipt was signed by this interchange, and what it says."""

import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from services.commands.options import Failed, content, json_option, load, print_json, sandbox_option, speak


@click.command("verify-receipt")
@click.argument("receipt")
@click.option(
    "--jwks",
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The interchange's public keys, fetched earlier from /.well-known/jwks.json: no running system is asked.",
)
@click.option(
    "--file",
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Also compare what the receipt says with these bytes.",
)
@sandbox_option
@json_option
def verify_receipt(
    receipt: str, jwks: Path | None, file: Path | None, sandbox_file: Path | None, as_json: bool
) -> None:
    """Check the signature of RECEIPT (the header Claims-Receipt; `-` reads it from standard input).

    A receipt proves that these bytes were taken in, from whom and when. Exit status 1 when it is not genuine, or the
    file is another.

    \b
    Examples:
      claims verify-receipt eyJhbGciOi... --file bundle.json
      claims verify-receipt - --jwks keys.json < receipt.txt
    """
    from adapters.vault.receipts import BadReceipt, verify

    text = (sys.stdin.read() if receipt == "-" else receipt).strip()
    try:
        claims = verify(text, _keys(jwks, sandbox_file))
    except BadReceipt:
        raise Failed("Not genuine: this interchange did not sign this receipt, or it was changed.") from None
    fits = None if file is None else hashlib.sha256(file.read_bytes()).hexdigest() == claims["sha256"]
    if as_json:
        print_json({**claims, "genuine": True, **({} if fits is None else {"fits": fits})})
    else:
        _show(claims, file, fits)
    if fits is False:
        raise click.exceptions.Exit(1)


def _keys(jwks: Path | None, sandbox_file: Path | None) -> dict[str, Any]:
    if jwks is None:
        answer = speak(load(sandbox_file), lambda client: client.get(None, "/.well-known/jwks.json"))
        found: dict[str, Any] = content(answer, "key set")
        return found
    try:
        found = json.loads(jwks.read_bytes())
    except (OSError, ValueError):
        raise Failed(f"{jwks} is not a JSON key set; fetch /.well-known/jwks.json again.") from None
    return found


def _show(claims: dict[str, Any], file: Path | None, fits: bool | None) -> None:
    at = datetime.fromtimestamp(claims["iat"], UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    click.echo("Genuine: signed by this interchange.")
    click.echo(
        f"  record  {claims['record']}\n  sender  {claims['sender']}\n  taken   {at}\n  sha256  {claims['sha256']}"
    )
    if fits is not None:
        click.echo(f"  {file}: {'these are the bytes' if fits else 'NOT the bytes that the receipt is for'}")
