"""How the commands show problems and progress to a person."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

SHOWN = 20  # problems of one file that a person reads at once; JSON has all


def show_problems(console: Console, problems: Sequence[Mapping[str, Any]]) -> None:
    """Severity, code and place of each, the text in both languages, what to do; of many the first."""
    for one in problems[:SHOWN]:
        colour = "red" if one["severity"] == "error" else "yellow"
        line = f" line {one['line']}" if one.get("line") else ""
        line += f" column {one['column']}" if one.get("column") else ""
        where = one.get("path") or one.get("pointer") or "the whole"
        console.print(f"    [{colour}]{one['severity']}[/] {one['code']} at [bold]{escape(where)}[/]{line}")
        console.print(f"        {escape(one['text'])}")
        console.print(f"        {escape(one['textEn'])}")
        console.print(f"        [dim]→ {escape(one['fix'])}[/]")
    if len(problems) > SHOWN:
        console.print(f"    … and {len(problems) - SHOWN} more; JSON has all.")


def progress() -> Progress:
    """A bar on standard error, so that standard output stays what was asked for; silent where nobody watches."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
