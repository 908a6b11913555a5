"""Which workspace counts and what its variables are: options, files and the environment, the strongest last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from picsellia_apply.errors import InvalidInput, UsageError

if TYPE_CHECKING:
    from picsellia_apply.errors import Diagnostic
    from picsellia_apply.manifest.variables import Given

Command = TypeVar("Command", bound=Callable[..., Any])
PREFIX = "PICSELLIA_VAR_"
"""How the environment names a variable: PICSELLIA_VAR_share is `${var.share}`."""


def _pair(_context: click.Context, _option: click.Parameter, written: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Split NAME=VALUE; the value may hold anything."""
    for one in written:
        if "=" not in one:
            raise UsageError(f"--var: `{one[:80]}` is not NAME=VALUE", hint="for an empty value write `NAME=`")
    return tuple((name, value) for name, _, value in (one.partition("=") for one in written))


def reading_options(command: Command) -> Command:
    """Give a command what decides how manifests are read; it gets `workspace`, `variables` and `var_files`."""
    options = (
        click.option("--workspace", metavar="NAME", help="Which Workspace document counts; else PICSELLIA_WORKSPACE."),
        click.option(
            "--var", "variables", multiple=True, metavar="NAME=VALUE", callback=_pair,
            help="A variable's value; else that of --var-file, PICSELLIA_VAR_name (its case counts), the Workspace.",
        ),
        click.option(
            "--var-file", "var_files", multiple=True, metavar="FILE",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="A YAML or JSON map of variables; a later file wins over an earlier one.",
        ),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def given_values(
    variables: Sequence[tuple[str, str]], var_files: Sequence[Path], environ: Mapping[str, str]
) -> tuple[Given, ...]:
    """Return every value that a variable was given, the weakest first.

    Args:
        variables: Of the command line, in its order.
        var_files: Files of variables, the weakest first.
        environ: The environment.

    Raises:
        InvalidInput: A file is at fault; it carries every fault of all of them.
    """
    from picsellia_apply.manifest.variables import Given

    named = sorted((key.removeprefix(PREFIX), key) for key in environ if key.startswith(PREFIX))
    given = [Given(name, environ[key], f"set by {key}", optional=True) for name, key in named]
    faults: list[Diagnostic] = []
    for path in var_files:
        from picsellia_apply.manifest.varfile import read_variables

        found, wrong = read_variables(path)
        given += found
        faults += wrong
    if faults:
        raise InvalidInput(faults)
    return (*given, *(Given(name, value, "set by `--var`") for name, value in variables))
