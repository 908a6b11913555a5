"""`picsellia-apply apply`: make the platform as the manifests say, or do what a saved plan says."""

from __future__ import annotations

import os
import shutil
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from picsellia_apply.cli.exit import Exit, Finished
from picsellia_apply.cli.options import Connection, manifest_paths, open_client, shared_options
from picsellia_apply.cli.planning import exit_of, heading, paths_of
from picsellia_apply.cli.wishes import Wishes, planning_options, policy_of
from picsellia_apply.errors import Diagnostic, InvalidInput, Severity, StalePlan, UsageError
from picsellia_apply.model.result import Result

if TYPE_CHECKING:
    from picsellia_apply.model.declaration import Declaration
    from picsellia_apply.model.plan import Plan, Policy
    from picsellia_apply.pipeline import Planned

_FAULTS_SHOWN = 3
"""Most faults that are told of files that may have nothing to do with a saved plan."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the command line asks for, beside the connection."""

    paths: tuple[Path, ...]
    wishes: Wishes
    manifests: tuple[Path, ...]
    expect: str | None
    auto_approve: bool
    parallelism: int
    form: str


@click.command("apply")
@manifest_paths
@click.option("--auto-approve", is_flag=True, help="Do not ask; needed where there is no terminal.")
@click.option(
    "--manifests",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Of a saved plan; default: this folder.",
)
@click.option("--expect", metavar="DIGEST", help="Refuse unless the plan has this digest.")
@click.option("--parallelism", type=click.IntRange(1, 64), default=4, show_default=True, help="Requests at once.")
@click.option("--format", "form", type=click.Choice(["human", "json"]), default="human", show_default=True)
@planning_options
@shared_options
def command(
    *,
    paths: tuple[Path, ...],
    auto_approve: bool,
    manifests: tuple[Path, ...],
    expect: str | None,
    parallelism: int,
    form: str,
    wishes: Wishes,
    connection: Connection,
) -> None:
    """Make the platform as the manifests say.

    PATH is manifests and folders of them (default: the current folder), or one plan that `plan --out` saved. Exit
    code: 0; 3 when only a part was done (run it again); 4 when a guard refuses; 6 when the plan no longer holds; 7
    when something is blocked or in conflict, all else being done; 130 when it was interrupted.
    """
    asked = _Asked(paths, wishes, manifests, expect, auto_approve, parallelism, form)
    from picsellia_apply.manifest.collector import collector_paused

    started = time.perf_counter()
    with collector_paused():
        planned = _plan(asked, connection)
    plan = planned.plan
    _show_plan(planned, asked, connection, started)
    if plan.refusals:
        _show_result(plan, Result(), asked, connection)
        raise Finished(Exit.refused)
    if _approve(plan, asked):
        planned = _still_so(planned, connection)
    result = _execute(planned, asked, connection)
    _show_result(plan, result, asked, connection)
    raise Finished(_exit(plan, result))


def _plan(asked: _Asked, connection: Connection) -> Planned:
    """Make the plan, from the manifests or against a saved one; everything is checked before the first write."""
    from picsellia_apply.cli.reading import prepare
    from picsellia_apply.pipeline import against, make_plan

    saved = _saved(asked)
    if saved is None:
        declaration = prepare(paths_of(asked.paths), workspace=asked.wishes.workspace)
        policy = policy_of(asked.wishes, declaration)
    else:
        declaration = _prepare_again(asked, saved)
        policy = _policy_again(saved, policy_of(asked.wishes, declaration))
    with open_client(connection, declaration, os.environ, read_only=True) as client:
        planned = make_plan(declaration, client, policy)
    if saved is not None:
        planned = against(saved, planned)
    digest = planned.plan.digest if saved is None else saved.digest
    if asked.expect is not None and asked.expect.removeprefix("sha256:") != digest.removeprefix("sha256:"):
        raise StalePlan(f"the plan's digest is {digest}, not {asked.expect}", hint="plan again and review what changed")
    return planned


def _prepare_again(asked: _Asked, saved: Plan) -> Declaration:
    """Read the manifests of a saved plan again.

    Raises:
        InvalidInput: They are at fault; where nobody said which they are, that is told first, then the faults if few.
    """
    from picsellia_apply.cli.reading import prepare

    try:
        return prepare(paths_of(asked.manifests), workspace=_named(saved.target.workspace))
    except InvalidInput as error:
        if asked.manifests:
            raise
        few = error.diagnostics if len(error.diagnostics) <= _FAULTS_SHOWN else ()
        raise InvalidInput((_no_manifests(asked.paths[0], error), *few)) from None


def _policy_again(saved: Plan, declared: Policy) -> Policy:
    """Return what a saved plan was made under; its budgets do not count, those of the manifests do."""
    if saved.policy is None:
        return declared
    return replace(saved.policy, delete_percent=declared.delete_percent, update_percent=declared.update_percent)


def _no_manifests(plan_file: Path, error: InvalidInput) -> Diagnostic:
    where = f"of `{plan_file}` cannot be read from the current folder"
    hint = "`--manifests DIR` names the folder that the plan was made from; `validate` lists the errors"
    return Diagnostic("L012", Severity.error, f"the manifests {where}: {error.message}", None, hint)


def _named(workspace: str) -> str | None:
    """Return the workspace to ask the manifests for; `default` may stand for manifests without a Workspace document."""
    return None if workspace == "default" else workspace


def _saved(asked: _Asked) -> Plan | None:
    """Return the saved plan that PATH names, None where it names manifests."""
    plans = [path for path in asked.paths if path.suffix == ".json" and path.is_file()]
    if not plans:
        if asked.manifests:
            raise UsageError("--manifests belongs to a saved plan", hint="give manifests as PATH")
        return None
    if len(asked.paths) > 1:
        raise UsageError("a saved plan is the only PATH", hint="give the manifests' folder with --manifests")
    if asked.wishes != Wishes():
        raise UsageError("a saved plan was made under options of its own", hint="plan again with the other options")
    from picsellia_apply.render.saved import read_plan

    return read_plan(plans[0])


def _show_plan(planned: Planned, asked: _Asked, connection: Connection, started: float) -> None:
    if asked.form == "json":
        return
    from picsellia_apply.render.text import render_plan_text

    line = heading("apply", planned, started=started, color=connection.color)
    width = shutil.get_terminal_size((120, 24)).columns
    notes = connection.verbose > 0
    click.echo(render_plan_text(planned.plan, heading=line, color=connection.color, width=width, notes=notes))


def _still_so(planned: Planned, connection: Connection) -> Planned:
    """Plan again after the question: while it waited, somebody else may have changed something.

    Raises:
        StalePlan: Something that the reviewed plan rests on has moved.
    """
    from picsellia_apply.pipeline import against, make_plan

    with open_client(connection, planned.declaration, os.environ, read_only=True) as client:
        policy = planned.plan.policy
        return planned if policy is None else against(planned.plan, make_plan(planned.declaration, client, policy))


def _approve(plan: Plan, asked: _Asked) -> bool:
    """Go on only when there is nothing to approve, or somebody approves; return whether somebody was asked.

    Raises:
        UsageError: Nobody can be asked.
    """
    if not plan.operations or asked.auto_approve:
        return False
    if not sys.stdin.isatty() or asked.form == "json":
        raise UsageError("there is no terminal to ask at", hint="review the plan, then give --auto-approve")
    if not click.confirm("Apply these changes?", default=False):
        click.echo("Nothing was changed.")
        raise Finished(Exit.ok)
    return True


def _execute(planned: Planned, asked: _Asked, connection: Connection) -> Result:
    from picsellia_apply.cli.interrupt import Interrupts
    from picsellia_apply.cli.progress import progress
    from picsellia_apply.pipeline import is_settled, run_apply

    if is_settled(planned):
        return Result()
    with (
        open_client(connection, planned.declaration, os.environ, read_only=False) as client,
        Interrupts() as interrupts,
        progress(planned.plan.operations) as on_event,
    ):
        return run_apply(planned, client, parallelism=asked.parallelism, on_event=on_event, stopped=interrupts.stopped)


def _show_result(plan: Plan, result: Result, asked: _Asked, connection: Connection) -> None:
    if asked.form == "json":
        import msgspec

        from picsellia_apply.render.json import plan_to_json

        both = {"plan": msgspec.Raw(plan_to_json(plan)), "result": result}
        click.echo(msgspec.json.format(msgspec.json.encode(both), indent=2).decode())
        return
    from picsellia_apply.render.text import render_result_text

    if result.operations:
        click.echo(render_result_text(result, color=connection.color))


def _exit(plan: Plan, result: Result) -> Exit:
    statuses = {operation.status for operation in result.operations}
    if "interrupted" in statuses:
        return Exit.interrupted
    if not result.complete:
        return Exit.partly
    return exit_of(plan, changes=Exit.ok)
