"""What the commands share: how they find the running system, how they fail, how they print."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click

from schemas.records import Role
from services.sandbox.client import Answer, Client, Unreachable
from services.sandbox.setup import FILE_NAME, BadSandboxFile, Bearer, Sandbox, read

T = TypeVar("T")
USUAL_FILE = Path("data") / FILE_NAME  # where `claims up` without --data puts it
PATIENCE = 5.0  # seconds: a person is waiting
REFUSED = 1  # exit status: the system answered, and the answer is no

sandbox_option = click.option(
    "--sandbox",
    "sandbox_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"sandbox.json of the running system.  [default: ./{USUAL_FILE}]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts instead of text.")
operator_option = click.option(
    "--as", "operator", metavar="CODE", help="The operator who asks.  [default: the first of sandbox.json]"
)

# In the environment, where the address holds a password: a command line can be read by everybody on the machine.
kafka_option = click.option(
    "--kafka",
    envvar="CLAIMS_KAFKA",
    metavar="BROKERS",
    help="host:port,… or sasl_ssl://user:password@host:port,…?sslrootcert=FILE  [env: CLAIMS_KAFKA]",
)
database_option = click.option(
    "--database",
    envvar="CLAIMS_DATABASE",
    metavar="URL",
    help="postgresql://user:password@host:port/name  [env: CLAIMS_DATABASE]",
)
data_option = click.option(
    "--data",
    default=Path("data"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for everything that must last; made when it is missing.",
)
keys_option = click.option(
    "--keys",
    envvar="CLAIMS_KEYS",
    metavar="URL",
    help="As --database: another one, for the wrapped keys alone.  [env: CLAIMS_KEYS]",
)
journal_option = click.option(
    "--journal",
    envvar="CLAIMS_JOURNAL",
    metavar="PLACE",
    help="Of the journal, which must outlive the store: a folder on another disk, or as --database.  "
    "[env: CLAIMS_JOURNAL; default: DATA/journal, or the database of the keys]",
)


class Failed(click.ClickException):
    """Ends a command with a sentence that says what to do. Holds nothing personal."""


def load(path: Path | None) -> Sandbox:
    """The sandbox of the running system, from `--sandbox` or from where `claims up` puts it."""
    if path is None and not USUAL_FILE.exists():
        raise Failed(
            f"Which system? There is no ./{USUAL_FILE} here. Start one with `claims up --sandbox`, "
            "or name the file of a running one with `--sandbox DIR/sandbox.json`."
        )
    try:
        return read(path or USUAL_FILE)
    except BadSandboxFile as error:
        raise Failed(str(error)) from None


def bearer(sandbox: Sandbox, code: str) -> Bearer:
    """Who bears this code, or a sentence."""
    if found := sandbox.bearers.get(code):
        return found
    raise Failed(f"{code} is not in sandbox.json. It lists: {', '.join(sorted(sandbox.bearers))}.")


def first_operator(sandbox: Sandbox, code: str | None) -> str:
    """The code of the operator in whose name a command acts."""
    if code:
        return bearer(sandbox, code).code
    operators = sandbox.of_role(Role.OPERATOR)
    if not operators:
        raise Failed("sandbox.json lists no operator; name who acts with `--as CODE`.")
    return operators[0].code


def speak(sandbox: Sandbox, work: Callable[[Client], Coroutine[Any, Any, T]], patience: float = PATIENCE) -> T:
    """Runs `work` with a client of the system; a sentence when nobody answers within the patience (seconds)."""

    async def run() -> T:
        async with Client(sandbox, patience) as client:
            return await work(client)

    try:
        return asyncio.run(run())
    except Unreachable as error:
        raise Failed(f"{error} Is `claims up` running? sandbox.json may be of an earlier start.") from None


def content(answer: Answer, what: str) -> Any:
    """The JSON of a 200 answer; a sentence for every other."""
    if answer.status == 404:
        raise Failed(f"There is no {what}, or it is not yours to see.")
    if answer.status != 200 or answer.json() is None:
        raise Failed(f"The system answered {answer.status}: {explained(answer)}")
    return answer.json()


def explained(answer: Answer) -> str:
    """What the system says about a refusal: RFC 9457 detail, or an OperationOutcome's first issue."""
    body = answer.json()
    if isinstance(body, dict):
        issues = body.get("issue") or [{}]
        said = body.get("detail") or issues[0].get("details", {}).get("text") or body.get("title")
        more = issues[0].get("diagnostics")
        if said:
            return f"{said} {more}" if more and more != said else str(said)
    return "no reason given"


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))
