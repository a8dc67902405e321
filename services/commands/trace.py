"""`claims trace`: one record or case end to end, every step and why."""

from pathlib import Path

import click

from services.commands.options import (
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
@click.argument("id")
@operator_option
@sandbox_option
@json_option
def trace(id: str, operator: str | None, sandbox_file: Path | None, as_json: bool) -> None:
    """Show the record or case ID from its receipt to the last hand-over: every step, and why.

    ID is a record id (32 hexadecimal digits, from a receipt or `claims send`) or a case number.

    \b
    Example:
      claims trace 0f1e2d3c4b5a69788796a5b4c3d2e1f0
    """
    from services.portal.trace import lines

    sandbox = load(sandbox_file)
    asker = first_operator(sandbox, operator)
    answer = speak(sandbox, lambda client: client.get(asker, f"/trace/{id}"))
    told = content(answer, "such record or case")
    if as_json:
        print_json(told)
    else:
        for line in lines(told):
            click.echo(line)
