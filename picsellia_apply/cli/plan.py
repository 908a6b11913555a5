"""`picsellia-apply plan`: show what an apply would change, and change nothing."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from picsellia_apply.cli.exit import Exit, Finished
from picsellia_apply.cli.options import Connection, manifest_paths, open_client, shared_options
from picsellia_apply.cli.planning import (
    check_out,
    exit_of,
    heading,
    next_command,
    next_command_of_saved,
    paths_of,
)
from picsellia_apply.cli.wishes import Wishes, planning_options, policy_of

if TYPE_CHECKING:
    from picsellia_apply.pipeline import Planned


@click.command("plan")
@manifest_paths
@click.option(
    "--out", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Save the plan for `apply`."
)
@click.option("--format", "form", type=click.Choice(["human", "json"]), default="human", show_default=True)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there is something to do.")
@planning_options
@shared_options
def command(
    *,
    paths: tuple[Path, ...],
    out: Path | None,
    form: str,
    detailed_exitcode: bool,
    wishes: Wishes,
    connection: Connection,
) -> None:
    """Show what an apply would change.

    PATH is a manifest or a folder of them; default: the current folder. Exit code: 0, or 2 with --detailed-exitcode
    when there is something to do; 65 for bad input, 7 for a conflict or blocked content, 4 when a guard refuses.
    """
    started = time.perf_counter()
    if out is not None:
        check_out(out)
    from picsellia_apply.cli.reading import prepare
    from picsellia_apply.manifest.collector import collector_paused
    from picsellia_apply.pipeline import make_plan

    with collector_paused():
        declaration = prepare(paths_of(paths), workspace=wishes.workspace)
        policy = policy_of(wishes, declaration)
        with open_client(connection, declaration, os.environ, read_only=True) as client:
            planned = make_plan(declaration, client, policy)
        plan = planned.plan
        if out is not None:
            from picsellia_apply.render.saved import write_plan

            write_plan(plan, out)
        if form == "json":
            from picsellia_apply.render.json import plan_to_json

            sys.stdout.write(plan_to_json(plan).decode())
        else:
            saved = next_command_of_saved(out, paths, connection) if out is not None else ""
            _show(planned, connection, started, saved or next_command(paths, wishes, connection))
    raise Finished(exit_of(plan, changes=Exit.changes if detailed_exitcode else Exit.ok))


def _show(planned: Planned, connection: Connection, started: float, following: str) -> None:
    from picsellia_apply.render.text import render_plan_text

    text = render_plan_text(
        planned.plan,
        heading=heading("plan", planned, started=started, color=connection.color),
        color=connection.color,
        width=shutil.get_terminal_size((120, 24)).columns,
        next_command=following,
        notes=connection.verbose > 0,
    )
    click.echo(text)
