"""The lease on the command line: how long to wait for it, what is said meanwhile, and how it is broken by hand."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from picsellia_apply.cli.options import Connection
from picsellia_apply.cli.planning import connection_words
from picsellia_apply.cli.wishes import Wishes, words_of
from picsellia_apply.cli.words import path_word
from picsellia_apply.errors import UsageError

if TYPE_CHECKING:
    from picsellia_apply.cli.interrupt import Interrupts
    from picsellia_apply.executor.lease import Terms

Command = TypeVar("Command", bound=Callable[..., Any])
TTL_VARIABLE = "PICSELLIA_LEASE_TTL"
"""Seconds that a lease lasts without being renewed: more where a machine is frozen often, less in a test."""


def lock_timeout_option(command: Command) -> Command:
    """Give a command the option that says how long to wait for somebody else's lease."""
    option = click.option(
        "--lock-timeout",
        type=click.FloatRange(0, 86_400),
        default=0.0,
        metavar="SECONDS",
        help="How long to wait while somebody else applies this workspace; default: refuse at once.",
    )
    return option(command)


def unlock_command(paths: Sequence[Path], wishes: Wishes, connection: Connection) -> str:
    """Return what to type to break a lease, quoted for a shell."""
    words = ["picsellia-apply", "unlock", *map(path_word, paths), *connection_words(connection)]
    reading = Wishes(workspace=wishes.workspace, variables=wishes.variables, var_files=wishes.var_files)
    return shlex.join([*words, *words_of(reading)])


def terms_of(timeout_s: float, interrupts: Interrupts, unlock: str) -> Terms:
    """Return the terms of an apply's lease.

    Args:
        timeout_s: How long to wait for somebody else's.
        interrupts: Ends the waiting, and gives the lease back when the process is stopped at once.
        unlock: What to type to break it.

    Raises:
        UsageError: The environment asks for a time that no lease can have.
    """
    from picsellia_apply.executor.lease import Terms

    wait = "wait longer" if timeout_s else "`--lock-timeout SECONDS` waits for it"
    return Terms(
        timeout_s=timeout_s,
        ttl_s=ttl_of(os.environ),
        stopped=interrupts.stopped,
        tell=lambda text: click.echo(text, err=True),
        on_held=interrupts.at_the_end,
        hint=f"{wait}; if that process is gone for good, `{unlock}` breaks its lease",
    )


def ttl_of(environ: Mapping[str, str]) -> int:
    """Return how many seconds a lease is to last without being renewed.

    Raises:
        UsageError: The environment says what is no such number.
    """
    from picsellia_apply.executor.lease import TTL_S
    from picsellia_apply.wire.ownership import LEASE_TTL_S

    least, most = LEASE_TTL_S
    said = environ.get(TTL_VARIABLE) or str(TTL_S)
    if not (said.isascii() and said.isdecimal() and least <= int(said) <= most):
        raise UsageError(f"{TTL_VARIABLE}: `{said}` is no number of seconds from {least} to {most:,}")
    return int(said)
