"""`claims erase`: an operator's judgement that destroys one record."""

import json
from pathlib import Path
from typing import Any

import click

from schemas.ids import derive
from services.commands.options import (
    REFUSED,
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
from services.commands.send import deliver, show
from services.sandbox.client import Client, Post


@click.command()
@click.argument("record")
@click.option("--reason", required=True, help="Why; kept with the judgement. Name no person in it.")
@operator_option
@sandbox_option
@json_option
def erase(record: str, reason: str, operator: str | None, sandbox_file: Path | None, as_json: bool) -> None:
    """Destroy the key of RECORD, so that nobody can read it again, and withdraw its offers. This cannot be undone.

    That it was erased, by whom and why stays on record; a copy that an insurer has fetched is the insurer's. When a
    correction is erased, the version before it stands again: erase that one too if it is wrong.

    \b
    Example:
      claims erase 0f1e2d3c4b5a69788796a5b4c3d2e1f0 --reason "sent to the wrong place"
    """
    sandbox = load(sandbox_file)
    asker = first_operator(sandbox, operator)
    judgement = {
        "id": f"erase-{derive('erase', record, reason)}",  # asked again in the same words it is the same judgement
        "version": 1,
        "judgement": "erase",
        "records": [record],
        "reason": reason,
    }
    body = json.dumps(judgement, ensure_ascii=False).encode()
    post = Post(asker, "POST", "/judgements", body, "application/json")

    async def work(client: Client) -> dict[str, Any]:
        known = content(await client.get(asker, f"/trace/{record}"), f"record {record}")
        if known["is"] != "record":
            raise Failed(f"{record} is a case. Erase its records one by one; `claims trace {record}` lists them.")
        return await deliver(client, post)

    result = {"file": f"judgement to erase {record}", **speak(sandbox, work)}
    if as_json:
        print_json(result)
    else:
        show(result)
    if result["verdict"] not in ("accepted", "duplicate"):
        raise click.exceptions.Exit(REFUSED)
