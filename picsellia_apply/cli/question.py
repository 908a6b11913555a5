"""The question before something is changed: asked only at a terminal, and only a yes goes on."""

from __future__ import annotations

import sys

import click

from picsellia_apply.cli.exit import Exit, Finished
from picsellia_apply.errors import UsageError


def ask(question: str, *, hint: str, somebody: bool = True) -> None:
    """Go on only when somebody says yes; it is asked on stderr where stdout is no terminal, and might not be seen.

    Args:
        question: It ends with a question mark.
        hint: What to do where there is no terminal.
        somebody: False where a program reads what is told: nobody can be asked then.

    Raises:
        UsageError: Nobody can be asked.
        Finished: The answer is no: as Ctrl-C does, so that what is to follow a change (`apply && release`) does not.
    """
    if not (somebody and sys.stdin.isatty()):
        raise UsageError("there is no terminal to ask at", hint=hint)
    if not click.confirm(question, default=False, err=not sys.stdout.isatty()):
        click.echo("Nothing was changed.")
        raise Finished(Exit.interrupted)
