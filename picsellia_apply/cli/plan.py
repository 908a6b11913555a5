"""`picsellia-apply plan`: show what an apply would change, and change nothing."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

import click

from picsellia_apply.cli.exit import Exit, Finished
from picsellia_apply.cli.forms import (
    FORMS,
    check_form,
    failure_told,
    form_text,
    full_option,
    max_bytes_option,
    show_rows,
)
from picsellia_apply.cli.options import Connection, manifest_paths, open_client, shared_options
from picsellia_apply.cli.planning import (
    check_out,
    exit_of,
    heading,
    lift_command,
    next_command,
    next_command_of_saved,
    paths_of,
    saved_line,
)
from picsellia_apply.cli.programs import judged, programs_option
from picsellia_apply.cli.wishes import Wishes, planning_options, policy_of


@click.command("plan")
@manifest_paths
@click.option(
    "--out", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Save the plan for `apply`."
)
@click.option("--format", "form", type=click.Choice(FORMS), default="human", show_default=True)
@max_bytes_option
@full_option
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there is something to do.")
@programs_option
@planning_options
@shared_options
def command(
    *,
    paths: tuple[Path, ...],
    out: Path | None,
    form: str,
    max_bytes: int | None,
    full: bool,
    detailed_exitcode: bool,
    no_exec_policies: bool,
    wishes: Wishes,
    connection: Connection,
) -> None:
    """Show what an apply would change.

    PATH is a manifest or a folder of them; default: the current folder. Exit code: 0, or 2 with --detailed-exitcode
    when there is something to do; 65 for bad input, 7 for a conflict or blocked content, 4 when a guard refuses.
    """
    started = time.perf_counter()
    check_form(form, max_bytes, full=full)
    if out is not None:
        check_out(out)
    from picsellia_apply.cli.reading import prepare
    from picsellia_apply.formats.collector import collector_paused
    from picsellia_apply.pipeline import make_plan
    from picsellia_apply.render.text import Look, plan_rows

    with failure_told(form, max_bytes, paths_of(paths), wishes), collector_paused():
        declaration = prepare(paths_of(paths), wishes)
        policy = policy_of(wishes, declaration)
        with open_client(connection, declaration, os.environ, read_only=True) as client:
            planned = make_plan(declaration, client, policy)
        planned = judged(planned, os.environ, run=not no_exec_policies, applying=False)
        plan = planned.plan
        if out is not None:
            from picsellia_apply.render.saved import write_plan

            write_plan(plan, out)
        if form != "human":
            sys.stdout.write(form_text(plan, form, max_bytes))
        else:
            saved = next_command_of_saved(out, paths, connection, wishes) if out is not None else ""
            look = Look(
                color=connection.color,
                width=shutil.get_terminal_size((120, 24)).columns,
                notes=connection.verbose > 0,
                full=full,
                next_command=saved or next_command(paths, wishes, connection),
                lift_command=lift_command(paths, wishes, connection, out),
                saved=saved_line(out) if out is not None else "",
            )
            line = heading("plan", planned, started=started, color=connection.color)
            show_rows(plan_rows(plan, heading=line, look=look))
    raise Finished(exit_of(plan, changes=Exit.changes if detailed_exitcode else Exit.ok))
