"""`picsellia-apply index`: write down picture sets, for machines that have none of the pictures."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from picsellia_apply.cli.exit import Exit, Finished
from picsellia_apply.cli.variables import reading_options
from picsellia_apply.cli.words import path_word
from picsellia_apply.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from picsellia_apply.cli.wishes import Wishes
    from picsellia_apply.errors import Diagnostic
    from picsellia_apply.manifest.indexing import SetIndex


@click.command("index")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option("--set", "sets", multiple=True, metavar="NAME", help="Only this PictureSet; default: each with `index`.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 2 when an index is not what the pictures are.")
@click.option(
    "--accept-removals",
    is_flag=True,
    help="Write it even where it loses more than half of its pictures.",
)
@reading_options
@click.option("-v", "--verbose", count=True, help="Log what is read to stderr.")
@click.option("--no-color", is_flag=True, help="No colours; the environment variable NO_COLOR does the same.")
def command(
    *,
    paths: tuple[Path, ...],
    sets: tuple[str, ...],
    check: bool,
    accept_removals: bool,
    workspace: str | None,
    variables: tuple[tuple[str, str], ...],
    var_files: tuple[Path, ...],
    verbose: int,
    no_color: bool,
) -> None:
    """Write names, sizes and digests of picture sets to the file that each names as its `index`.

    With these files in git, `plan` and every `apply` that uploads nothing work on a machine without the pictures, or
    with some of them. A picture that is in the index counts wherever its file is absent: one that is deleted on purpose
    goes with this command, run where all the others are; so do not run it on a machine that lacks some. Where more than
    half of an index is not here it writes nothing, unless --accept-removals says that they were deleted. PATH is a
    manifest or a folder of them; default: the current folder. Exit code: 0; with --check 2 when a file is not what the
    pictures are; 4 when most of an index is not here; 65 for bad input. Connects to nothing.
    """
    from picsellia_apply.cli.options import log_to_stderr
    from picsellia_apply.cli.wishes import Wishes
    from picsellia_apply.formats.collector import collector_paused

    log_to_stderr(verbose)
    with collector_paused():
        wishes = Wishes(workspace, variables=variables, var_files=var_files)
        indexes, findings = _indexes(paths, sets, wishes, check=check)
        _print_findings(findings, no_color=no_color)
        if not check:
            _write(indexes, accept_removals=accept_removals)
    for one in indexes:
        _tell(one, check=check)
    if check and not all(one.same for one in indexes):
        again = shlex.join(["picsellia-apply", "index", *map(path_word, paths)])
        click.echo(f"Next: {again}   where the pictures are; commit what it writes")
        raise Finished(Exit.changes)


def _indexes(
    paths: tuple[Path, ...], sets: tuple[str, ...], wishes: Wishes, *, check: bool
) -> tuple[Sequence[SetIndex], Sequence[Diagnostic]]:
    from picsellia_apply.cli.reading import reading_bar, workspace_of
    from picsellia_apply.cli.variables import given_values
    from picsellia_apply.local import default_cache
    from picsellia_apply.manifest.indexing import Wanted, indexes_of

    given = given_values(wishes.variables, wishes.var_files, os.environ)
    with reading_bar() as progress:
        return indexes_of(
            paths or (Path(),),
            Wanted(sets, as_is=check),
            default_cache(),
            workspace=workspace_of(wishes, os.environ),
            given=given,
            progress=progress,
        )


def _write(indexes: Sequence[SetIndex], *, accept_removals: bool) -> None:
    """Write every index that differs, or none.

    Raises:
        RefusedError: Most of what one of them holds is not on this machine, and nobody said that it was deleted.
    """
    from picsellia_apply.manifest.indexing import write_index
    from picsellia_apply.source import shown_path

    losing = [one for one in indexes if one.loses_most]
    if losing and not accept_removals:
        told = ", ".join(f"`{shown_path(one.path)}` would lose {one.lost:,} of its {one.held:,}" for one in losing)
        message = f"most of the pictures are not on this machine, nothing was written: {told}"
        hint = "run it where all the pictures are; if they were deleted on purpose, give --accept-removals"
        raise RefusedError(message, hint=hint)
    for one in indexes:
        if not one.same:
            write_index(one)


def _print_findings(findings: Sequence[Diagnostic], *, no_color: bool) -> None:
    from picsellia_apply.render.diagnostics import render_diagnostics

    color = sys.stderr.isatty() and not no_color and not os.environ.get("NO_COLOR")
    text = render_diagnostics(findings, color=color)
    if text:
        click.echo(text, err=True)


def _tell(one: SetIndex, *, check: bool) -> None:
    """Print one line about an index; names of files may hold anything, also what a terminal would obey."""
    from picsellia_apply.source import shown_path

    pictures = f"{one.count:,} picture{'s' * (one.count != 1)}"
    if one.same:
        text = f"= {shown_path(one.path)}: {pictures}, up to date"
    else:
        mark, verb = ("!", "not what the pictures are") if check else ("~" if one.found else "+", "written")
        what = str(one.difference) if one.found else "there is none yet" if check else ""
        text = f"{mark} {shown_path(one.path)}: {pictures}, {verb}" + (f" ({what})" if what else "")
    click.echo("".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text))
