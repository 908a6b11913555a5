"""`picsellia-apply show`: a saved plan again, without asking any platform."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click

from picsellia_apply.cli.forms import FORMS, check_form, form_text, full_option, max_bytes_option, show_rows
from picsellia_apply.cli.planning import connection_to, lift_command, next_command_of_saved, wishes_of
from picsellia_apply.errors import UsageError


@click.command("show")
@click.argument("plan_file", metavar="PLAN", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--format", "form", type=click.Choice(FORMS), default="human", show_default=True)
@max_bytes_option
@full_option
@click.option(
    "-v", "--verbose", is_flag=True, help="List notes about the input and findings about data that do not change too."
)
@click.option("--no-color", is_flag=True, help="No colours; the environment variable NO_COLOR does the same.")
def command(*, plan_file: Path, form: str, max_bytes: int | None, full: bool, verbose: bool, no_color: bool) -> None:
    """Show a saved plan again.

    PLAN is the JSON file that `plan --out` wrote; its members file must lie beside it.
    """
    from picsellia_apply.render.saved import read_plan
    from picsellia_apply.render.text import Look, plan_rows

    check_form(form, max_bytes, full=full)
    if plan_file.suffix in (".yaml", ".yml"):
        hint = f"`picsellia-apply plan {plan_file}` plans it; `plan --out plan.json` saves a plan"
        raise UsageError(f"`{plan_file}` is a manifest, not a saved plan", hint=hint)
    plan = read_plan(plan_file)
    if form != "human":
        sys.stdout.write(form_text(plan, form, max_bytes))
        return
    target = plan.target
    where = "embedded lake" if target.host == "embedded" else f"{target.organization} at {target.host}"
    color = not no_color and not os.environ.get("NO_COLOR") and sys.stdout.isatty()
    title = click.style("picsellia-apply show", bold=True) if color else "picsellia-apply show"
    heading = f"{title}    workspace {target.workspace} · {where} · {plan_file}"
    connection = connection_to(target)
    look = Look(
        color=color,
        width=shutil.get_terminal_size((120, 24)).columns,
        notes=verbose,
        full=full,
        next_command=next_command_of_saved(plan_file, (), connection),
        lift_command=lift_command((), wishes_of(plan), connection, plan_file),
    )
    show_rows(plan_rows(plan, heading=heading, look=look))
    if plan.outcome == "changes":
        click.echo("      in the folder that the plan was made in, else with --manifests DIR")
