"""The command `claims`."""

import importlib
import sys

import click

# Name → module and attribute: a command's imports are paid for by that command only.
COMMANDS = {
    "up": "services.commands.up:up",
    "run": "services.commands.run:run",
    "topics": "services.commands.topics:topics",
    "backup": "services.commands.backup:backup",
    "restore": "services.commands.restore:restore",
    "demo": "services.commands.demo:demo",
    "send": "services.commands.send:send",
    "trace": "services.commands.trace:trace",
    "verify-receipt": "services.commands.receipts:verify_receipt",
    "erase": "services.commands.erase:erase",
    "participant": "services.commands.participant:participant",
    "scenario": "services.commands.scenario:scenario",
    "police": "services.commands.police:police",
    "reconcile": "services.commands.reconcile:reconcile",
    "validate": "services.commands.validate:validate",
    "convert": "services.commands.convert:convert",
    "render": "services.commands.render:render",
}


class Commands(click.Group):
    """Finds a command's module when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="claims-interchange", message="claims %(version)s")
def claims() -> None:
    """The claims interchange: insurance claims in Taiwan, from hospitals, police and owners to each insurer.

    \b
    Start one on this machine and send it something:
      claims up --sandbox
      claims send bundle.json
      claims trace RECORD

    Or watch it work: `make demo`.
    """


def main() -> None:
    """Runs the command; a defect of ours ends in a sentence, not in a traceback that may quote what was sent."""
    try:
        claims()
    except Exception as error:  # noqa: BLE001 — the last net
        trace = error.__traceback__
        while trace and trace.tb_next:
            trace = trace.tb_next
        where = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else "?"
        click.echo(f"Error: our failure ({type(error).__name__} at {where}). Please report this line.", err=True)
        sys.exit(70)  # EX_SOFTWARE of sysexits.h


if __name__ == "__main__":
    main()
