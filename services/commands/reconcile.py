"""`claims reconcile`: do receipts, log, verdicts, store and feeds agree?"""

from pathlib import Path
from typing import Any

import click

from services.commands.options import (
    REFUSED,
    content,
    first_operator,
    json_option,
    load,
    operator_option,
    print_json,
    sandbox_option,
    speak,
)


@click.command()
@operator_option
@sandbox_option
@json_option
def reconcile(operator: str | None, sandbox_file: Path | None, as_json: bool) -> None:
    """Compare receipts, log, verdicts, store and feeds of a running system, and name every difference.

    What is still under way is no difference. Exit status 1 when anything differs.

    \b
    Example:
      claims reconcile
    """
    from services.portal.reconciliation import lines

    sandbox = load(sandbox_file)
    asker = first_operator(sandbox, operator)
    answer = speak(sandbox, lambda client: client.get(asker, "/reconciliation"))
    told: dict[str, Any] = content(answer, "reconciliation")
    if as_json:
        print_json(told)
    else:
        for line in lines(told):
            click.echo(line)
    if not told["ok"]:
        raise click.exceptions.Exit(REFUSED)
