"""`picsellia-apply show`: a saved plan again, without asking any platform."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click


@click.command("show")
@click.argument("plan_file", metavar="PLAN", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--format", "form", type=click.Choice(["human", "json"]), default="human", show_default=True)
@click.option("--no-color", is_flag=True, help="No colours; the environment variable NO_COLOR does the same.")
def command(*, plan_file: Path, form: str, no_color: bool) -> None:
    """Show a saved plan again.

    PLAN is the JSON file that `plan --out` wrote; its members file must lie beside it.
    """
    from picsellia_apply.render.json import plan_to_json
    from picsellia_apply.render.saved import read_plan
    from picsellia_apply.render.text import render_plan_text

    plan = read_plan(plan_file)
    if form == "json":
        sys.stdout.write(plan_to_json(plan).decode())
        return
    target = plan.target
    where = "embedded lake" if target.host == "embedded" else f"{target.organization} at {target.host}"
    color = not no_color and not os.environ.get("NO_COLOR") and sys.stdout.isatty()
    title = click.style("picsellia-apply show", bold=True) if color else "picsellia-apply show"
    heading = f"{title}    workspace {target.workspace} · {where} · {plan_file}"
    width = shutil.get_terminal_size((120, 24)).columns
    following = f"picsellia-apply apply {plan_file}"
    print(render_plan_text(plan, heading=heading, color=color, width=width, next_command=following))
