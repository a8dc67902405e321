"""`claims participant`: who takes part, in which standing, with which public keys. Every change is a record."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from schemas.records import Role, Status
from services.commands.options import (
    REFUSED,
    USUAL_FILE,
    Failed,
    content,
    first_operator,
    json_option,
    load,
    operator_option,
    print_json,
    sandbox_option,
    speak,
)
from services.commands.public_key import ENCRYPT, SIGN, make_pair, public_keys
from services.commands.send import deliver, show
from services.sandbox.client import Client, Post
from services.sandbox.setup import new_bearer, read, write

PARTS = ("name", "roles", "status", "keys", "endpoints")  # the body of PUT /participants/{code}
Body = dict[str, Any]


@click.group()
def participant() -> None:
    """Add, suspend, admit again or let go who takes part, and change their public keys.

    \b
    Examples:
      claims participant show 1131990017
      claims participant suspend 1131990017
      claims participant add 1342990051 --name 北澄醫院 --role hospital
    """


def _options(command: Callable[..., None]) -> Callable[..., None]:
    return operator_option(sandbox_option(json_option(command)))


@participant.command("show")
@click.argument("code")
@_options
def show_one(code: str, operator: str | None, sandbox_file: Path | None, as_json: bool) -> None:
    """Show name, roles, status and keys of CODE."""
    sandbox = load(sandbox_file)
    asker = first_operator(sandbox, operator)
    found = content(speak(sandbox, lambda client: client.get(asker, f"/participants/{code}")), f"participant {code}")
    if as_json:
        print_json(found)
        return
    click.echo(f"{code}  {found['name']}  {', '.join(found['roles'])}  {found['status']}")
    for key in found.get("keys") or ():
        click.echo(f"  key {key['kid']}  {key['crv']}  {key.get('use', ENCRYPT)}")
    if found["readsTopic"] is not None:
        click.echo(f"  the brokers let it {'read its topic' if found['readsTopic'] else 'read nothing'}")
    for url in found.get("endpoints") or ():
        click.echo(f"  asked at {url}")


@participant.command()
@click.argument("code")
@click.option("--name", required=True, help="Display name.")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@_options
def add(code: str, name: str, role: str, operator: str | None, sandbox_file: Path | None, as_json: bool) -> None:
    """Admit CODE as a new participant and put a token for it into sandbox.json.

    CODE is the institution code of a hospital, the company number of an insurer, `fund` for the special compensation fund
    (in the role of an insurer), a name of your choice for others.
    """
    body = {"name": name, "roles": [role], "status": Status.ADMITTED.value}

    async def work(client: Client, asker: str) -> Body:
        if (await client.get(asker, f"/participants/{code}")).status == 200:
            raise Failed(f"{code} takes part already. To change its standing: admit, suspend, exit.")
        return await _put(client, asker, code, body)

    result = _change(work, operator, sandbox_file, as_json)
    if result["verdict"] == "accepted":
        path = sandbox_file or USUAL_FILE
        write(path, read(path).with_bearer(new_bearer(code, name, Role(role))))
        if not as_json:
            click.echo(f"Its token is in {path}.")


def _standing(status: Status) -> Callable[..., None]:
    def command(code: str, operator: str | None, sandbox_file: Path | None, as_json: bool) -> None:
        def change(body: Body) -> None:
            body["status"] = status.value

        _edit(code, change, operator, sandbox_file, as_json)

    return command


def _command(name: str, status: Status, help: str) -> None:
    participant.command(name, help=help)(click.argument("code")(_options(_standing(status))))


_command("suspend", Status.SUSPENDED, "Suspend CODE: it may neither send nor receive until it is admitted again.")
_command("admit", Status.ADMITTED, "Admit CODE again; what waited for it is offered then.")
_command("exit", Status.EXITED, "Let CODE go: it no longer takes part.")


@participant.command()
@click.argument("code")
@click.argument("file", required=False, type=click.File("r"))
@click.option(
    "--generate",
    "out",
    metavar="OUT",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Make a new pair: the private JWK goes into OUT, the public one to CODE.",
)
@click.option(
    "--use",
    default=ENCRYPT,
    show_default=True,
    type=click.Choice([ENCRYPT, SIGN]),
    help="What for: values are sealed to it, or CODE signs papers and answers with it.",
)
@_options
def key(
    code: str, file: Any, out: Path | None, use: str, operator: str | None, sandbox_file: Path | None, as_json: bool
) -> None:
    """Register the public key in FILE (JWK or JWK set; `-` reads standard input) in place of those that CODE has for this use.

    What is published for CODE from then on is sealed to it, to the first of a set. What was published before stays sealed to
    the key before: keep that until it is read. A key to sign with counts while it is registered: to change it, give a set of
    the new and the old one.

    \b
    Examples:
      claims participant key 82916473 public.jwk
      claims participant key 82916473 --generate private.jwk
      claims participant key 387130000C --generate signing.jwk --use sig
    """
    if (file is None) == (out is None):
        raise Failed("Name a FILE with the public key, or `--generate OUT`.")
    keys = [make_pair(out, use)] if out else public_keys(file.read(), use)

    def change(body: Body) -> None:
        body["keys"] = [*(one for one in body.get("keys", ()) if one.get("use", ENCRYPT) != use), *keys]

    _edit(code, change, operator, sandbox_file, as_json)


@participant.command()
@click.argument("code")
@click.argument("url")
@_options
def endpoint(code: str, url: str, operator: str | None, sandbox_file: Path | None, as_json: bool) -> None:
    """Register URL as the door where CODE answers whether a paper is real, in place of any before.

    \b
    Example:
      claims participant endpoint 387130000C https://verify.police.example/claims
    """

    def change(body: Body) -> None:
        body["endpoints"] = [url]

    _edit(code, change, operator, sandbox_file, as_json)


def _edit(
    code: str, change: Callable[[Body], None], operator: str | None, sandbox_file: Path | None, as_json: bool
) -> None:
    """Reads the participant as it is, changes it, puts it back."""

    async def work(client: Client, asker: str) -> Body:
        found = content(await client.get(asker, f"/participants/{code}"), f"participant {code}")
        before = {part: found[part] for part in PARTS if found.get(part)}
        body = json.loads(json.dumps(before))
        change(body)
        if body == before:
            raise Failed(f"Nothing to change: {code} is so already.")
        return await _put(client, asker, code, body)

    _change(work, operator, sandbox_file, as_json)


async def _put(client: Client, asker: str, code: str, body: Body) -> Body:
    data = json.dumps(body, ensure_ascii=False).encode()
    post = Post(asker, "PUT", f"/participants/{code}", data, "application/json")
    return {"file": f"participant {code}", **await deliver(client, post)}


def _change(work: Callable[[Client, str], Any], operator: str | None, sandbox_file: Path | None, as_json: bool) -> Body:
    sandbox = load(sandbox_file)
    asker = first_operator(sandbox, operator)
    result: Body = speak(sandbox, lambda client: work(client, asker))
    if as_json:
        print_json(result)
    else:
        show(result)
    if result["verdict"] not in ("accepted", "duplicate"):
        raise click.exceptions.Exit(REFUSED)
    return result
