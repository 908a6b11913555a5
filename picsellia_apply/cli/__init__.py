"""The command line: one module per command, imported only when it runs; exit codes in `cli.exit`.

A command's module holds one click command named `command`. Data goes to stdout, logs and progress to stderr.
"""

from __future__ import annotations

import gc
import importlib
import sys

import click

from picsellia_apply import __version__

COMMANDS = {
    "init": "manifests for a folder of pictures and the annotation files in it",
    "validate": "check manifests and everything they name, offline",
    "index": "write down the pictures, for machines that have none of them",
    "plan": "show what an apply would change",
    "show": "show a saved plan again",
    "apply": "make the platform as the manifests say",
    "unlock": "break the lease of an apply that is gone for good",
    "drift": "show what people changed on the platform since the last apply",
    "export": "write what is on the platform as manifests",
    "inventory": "what this workspace manages: list it, forget a part, make a lost one again",
    "schema": "print the JSON Schema of the manifests",
    "serve": "run the lake for a team",
    "user": "users and tokens of a lake",
}
"""Every command and what it does, in the order of `--help`."""


class LazyGroup(click.Group):
    """A group that imports a command when it is asked for, so that `--version` costs nothing."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the module of one command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"picsellia_apply.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is asked for; what is none is answered with what it may have been meant to be."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            import difflib

            near = difflib.get_close_matches(name.lower(), COMMANDS)
            meant = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
            ctx.fail(f"No such command {name!r}.{meant}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="picsellia-apply")
def group() -> None:
    """Computer-vision datasets as code: plan shows what would change, apply does it, and the next plan is empty."""


def main() -> None:
    """Run the command line and exit with the code that `cli.exit` gives to what happened."""
    from picsellia_apply.cli.exit import run
    from picsellia_apply.cli.streams import open_streams

    open_streams()
    code = run(group)
    gc.freeze()  # looking for garbage among all that was loaded takes longer than the rest of the exit
    sys.exit(code)
