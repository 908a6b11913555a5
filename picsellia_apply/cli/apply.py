"""`picsellia-apply apply`: make the platform as the manifests say, or do what a saved plan says."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from picsellia_apply.cli.exit import Exit, Finished
from picsellia_apply.cli.lease import lock_timeout_option, terms_of, unlock_command
from picsellia_apply.cli.options import Connection, manifest_paths, open_client, shared_options
from picsellia_apply.cli.planning import exit_of, heading, lift_command, paths_of, wishes_of
from picsellia_apply.cli.programs import judged, programs_option
from picsellia_apply.cli.wishes import Wishes, planning_options, policy_of
from picsellia_apply.errors import LeaseHeld, Moved, StalePlan, UsageError
from picsellia_apply.model.result import OperationResult, Result

if TYPE_CHECKING:
    from picsellia_apply.cli.events import ApplyEvents
    from picsellia_apply.client import Client
    from picsellia_apply.model.declaration import Declaration
    from picsellia_apply.model.plan import Plan
    from picsellia_apply.pipeline import Planned


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the command line asks for, beside the connection."""

    paths: tuple[Path, ...]
    wishes: Wishes
    manifests: tuple[Path, ...]
    expect: str | None
    auto_approve: bool
    parallelism: int
    no_exec_policies: bool
    lock_timeout: float = 0.0
    events: ApplyEvents | None = None


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
@lock_timeout_option
@programs_option
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
    no_exec_policies: bool,
    lock_timeout: float,
    wishes: Wishes,
    connection: Connection,
) -> None:
    """Make the platform as the manifests say.

    PATH is manifests and folders of them (default: the current folder), or one plan that `plan --out` saved. Exit
    code: 0; 3 when only a part was done (run it again); 4 when a guard refuses; 5 when somebody else is applying this
    workspace; 6 when the plan no longer holds; 7 when something is blocked or in conflict, all else being done; 130
    when it was interrupted, or the answer is no.
    """
    with _telling(form) as events:
        _apply(
            _Asked(paths, wishes, manifests, expect, auto_approve, parallelism, no_exec_policies, lock_timeout, events),
            connection,
        )


def _telling(form: str) -> contextlib.AbstractContextManager[ApplyEvents | None]:
    """Return what tells the apply as events, or nothing for a person, who is shown lines."""
    if form != "json":
        return contextlib.nullcontext()
    from picsellia_apply.cli.events import ApplyEvents

    return ApplyEvents()


def _apply(asked: _Asked, connection: Connection) -> None:
    from picsellia_apply.formats.collector import collector_paused
    from picsellia_apply.manifest.index import require_pictures

    started = time.perf_counter()
    with collector_paused():
        planned = _plan(asked, connection)
    plan = planned.plan
    _show_plan(planned, asked, connection, started)
    _end_refused(plan, asked, connection)
    require_pictures(planned.declaration, plan.operations)
    if _approve(plan, asked):
        planned = _still_so(planned, asked, connection)
        if planned.plan.refusals:
            _show_plan(planned, asked, connection, started)
            _end_refused(planned.plan, asked, connection)
    plan, result = _execute(planned, asked, connection)
    _show_result(result, asked, connection)
    if result.lease_lost:
        from picsellia_apply.executor.lease import AGAIN

        raise LeaseHeld(result.lease_lost, AGAIN)
    if result.unwritable:
        click.echo(f"error: {result.unwritable}", err=True)
        click.echo("  hint: nothing that was already written is lost; make room, and run the command again", err=True)
    code = _exit(plan, result)
    if code is Exit.blocked and asked.events is None:
        click.echo(_left(plan, asked, connection))
    raise Finished(code)


def _left(plan: Plan, asked: _Asked, connection: Connection) -> str:
    """Return what an apply left undone as nobody decided it or it cannot be done, and what shows it."""
    counts = ((len(plan.conflicts), "conflict"), (len(plan.blocked), "blocked"))
    words = {"conflict": "conflicts"}
    told = ", ".join(f"{count:,} {word if count == 1 else words.get(word, word)}" for count, word in counts if count)
    it = "it" if len(plan.conflicts) + len(plan.blocked) == 1 else "them"
    manifests, wishes = asked.paths, asked.wishes
    if _plan_files(asked):
        manifests, wishes = asked.manifests, wishes_of(plan)
    again = lift_command(manifests, wishes, connection)
    return f"{told} left, all else is done. To see {it}: {again}"


def _plan(asked: _Asked, connection: Connection) -> Planned:
    """Make the plan, from the manifests or against a saved one; everything is checked before the first write."""
    from picsellia_apply.cli.reading import prepare
    from picsellia_apply.pipeline import make_plan

    saved = _saved(asked)
    if saved is not None:
        from picsellia_apply.cli.reviewed import Run, read_again

        run = Run(asked.manifests, asked.wishes, connection, os.environ)
        again = read_again(saved, asked.paths[0], run)
        planned = _planned_again(saved, again, asked, connection)
    else:
        declaration = prepare(paths_of(asked.paths), asked.wishes)
        with open_client(connection, declaration, os.environ, read_only=True) as client:
            planned = make_plan(declaration, client, policy_of(asked.wishes, declaration))
    digest = planned.plan.digest
    planned = judged(planned, os.environ, run=not asked.no_exec_policies, applying=True)
    _check_expected(asked.expect, planned.plan, digest)
    return planned


def _check_expected(expected: str | None, plan: Plan, digest: str) -> None:
    """See to it that the plan is the expected one.

    Args:
        expected: A digest, as it is typed; None for whichever.
        plan: As it is to be applied.
        digest: What it had before programs judged it.

    Raises:
        UsageError: It is no whole digest.
        StalePlan: It is another plan's.
    """
    if expected is None:
        return
    wanted = f"sha256:{expected.removeprefix('sha256:').lower()}"
    if not re.fullmatch("sha256:[0-9a-f]{64}", wanted):
        raise UsageError(f"--expect: `{expected}` is no whole digest", hint="`plan --format json` prints all 64 digits")
    if wanted != digest:
        from picsellia_apply.render.text import summary_text

        message = f"the plan is not the expected one: now it is {summary_text(plan)}"
        hint = "save the plan that is reviewed (`plan --out plan.json`): `apply plan.json` then tells what moved"
        raise StalePlan(message, hint, [Moved("plan", "digest", wanted, digest, "plan")])


def _planned_again(saved: Plan, declaration: Declaration, asked: _Asked, connection: Connection) -> Planned:
    """Make a reviewed plan again, as far as it reaches.

    Raises:
        StalePlan: Something that it rests on has moved.
    """
    from picsellia_apply.cli.reviewed import policy_again
    from picsellia_apply.replan import plan_again

    policy = policy_again(saved, asked.wishes, declaration)
    with open_client(connection, declaration, os.environ, read_only=True) as client:
        return plan_again(saved, declaration, client, policy)


def _plan_files(asked: _Asked) -> list[Path]:
    return [path for path in asked.paths if path.suffix == ".json" and path.is_file()]


def _saved(asked: _Asked) -> Plan | None:
    """Return the saved plan that PATH names, None where it names manifests."""
    plans = _plan_files(asked)
    if not plans:
        if asked.manifests:
            raise UsageError("--manifests belongs to a saved plan", hint="give manifests as PATH")
        return None
    if len(asked.paths) > 1:
        raise UsageError("a saved plan is the only PATH", hint="give the manifests' folder with --manifests")
    from picsellia_apply.cli.reviewed import check_wishes
    from picsellia_apply.render.saved import read_plan

    check_wishes(asked.wishes)
    return read_plan(plans[0])


def _show_plan(planned: Planned, asked: _Asked, connection: Connection, started: float) -> None:
    if asked.events is not None:
        asked.events.plan(planned.plan)
        return
    from picsellia_apply.render.text import Look, render_plan_text

    line = heading("apply", planned, started=started, color=connection.color)
    look = Look(
        color=connection.color,
        width=shutil.get_terminal_size((120, 24)).columns,
        notes=connection.verbose > 0,
        full_command="`show --full`" if _plan_files(asked) else "`plan --full`",
        lift_command=_lift_command(planned.plan, asked, connection),
        already=planned.already,
        prunes=planned.declaration.workspace.prune,
    )
    click.echo(render_plan_text(planned.plan, heading=line, look=look))


def _lift_command(plan: Plan, asked: _Asked, connection: Connection) -> str:
    """Return what plans the same again: a saved plan, with the options it was made with, takes its own place."""
    files = _plan_files(asked)
    if files:
        return lift_command(asked.manifests, wishes_of(plan), connection, files[0])
    return lift_command(asked.paths, asked.wishes, connection)


def _end_refused(plan: Plan, asked: _Asked, connection: Connection) -> None:
    """End here when a guard or a policy refuses."""
    if plan.refusals:
        _show_result(Result(), asked, connection)
        if asked.events is None:
            click.echo("Nothing was written: what is refused holds up the whole plan.")
        raise Finished(Exit.refused)


def _still_so(planned: Planned, asked: _Asked, connection: Connection) -> Planned:
    """Plan again after the question: while it waited, somebody else may have changed something.

    Raises:
        StalePlan: Something that the reviewed plan rests on has moved.
    """
    return _planned_again(planned.plan, planned.declaration, asked, connection)


def _approve(plan: Plan, asked: _Asked) -> bool:
    """Go on only when there is nothing to approve, or somebody approves; return whether somebody was asked.

    Raises:
        UsageError: Nobody can be asked.
    """
    if not (plan.operations or plan.recorded) or asked.auto_approve:
        return False
    from picsellia_apply.cli.question import ask

    ask("Apply these changes?", hint="review the plan, then give --auto-approve", somebody=asked.events is None)
    return True


def _again(planned: Planned, asked: _Asked, connection: Connection) -> Planned:
    """Plan again under the lease, as whoever had it before us may have changed something; another plan is shown too.

    Raises:
        StalePlan: Somebody reviewed the plan, and something that it rests on has moved.
    """
    started = time.perf_counter()
    click.echo("planning again, as somebody else was applying", err=True)
    fresh = _plan(asked, connection) if asked.auto_approve else _still_so(planned, asked, connection)
    if fresh.plan.digest != planned.plan.digest or fresh.plan.refusals:
        _tell_another(asked)
        _show_plan(fresh, asked, connection, started)
    _end_refused(fresh.plan, asked, connection)
    return fresh


def _tell_another(asked: _Asked) -> None:
    """Say why there is a second plan."""
    if asked.events is not None:
        asked.events.warn("somebody else applied meanwhile: planned again")
    else:
        click.echo("\nSomebody else applied meanwhile: planned again.")


def _execute(planned: Planned, asked: _Asked, connection: Connection) -> tuple[Plan, Result]:
    """Do it, and return what was done: another plan than was shown where somebody else had to be waited for."""
    from picsellia_apply.cli.interrupt import Interrupts
    from picsellia_apply.cli.progress import progress
    from picsellia_apply.pipeline import is_settled, run_apply

    if is_settled(planned):
        return planned.plan, _with_already(Result(), planned)
    done = planned

    def again(before: Planned) -> Planned:
        nonlocal done
        with interrupts.lifted():  # nothing is written yet, and a policy's program may run
            done = _again(before, asked, connection)
        return done

    manifests = asked.manifests if _plan_files(asked) else asked.paths
    unlock = unlock_command(manifests, asked.wishes, connection)
    with (
        open_client(connection, planned.declaration, os.environ, read_only=False) as client,
        Interrupts() as interrupts,
        progress(planned.plan.operations) if asked.events is None else contextlib.nullcontext(asked.events) as on_event,
    ):
        if asked.events is not None:
            interrupts.at_the_end(partial(_tell_stopped, asked.events, client))
        result = run_apply(
            planned,
            client,
            parallelism=asked.parallelism,
            on_event=on_event,
            stopped=interrupts.stopped,
            terms=terms_of(asked.lock_timeout, interrupts, unlock),
            again=again,
        )
    return done.plan, _with_already(result, done)


def _tell_stopped(events: ApplyEvents, client: Client) -> None:
    events.stopped(client.requests)


def _with_already(result: Result, planned: Planned) -> Result:
    """Return the result with the operations of a saved plan that needed not be done any more."""
    already = tuple(OperationResult(one.address, one.action, "already") for one in planned.already)
    return replace(result, operations=(*already, *result.operations))


def _show_result(result: Result, asked: _Asked, connection: Connection) -> None:
    if asked.events is not None:
        asked.events.result(result)
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
