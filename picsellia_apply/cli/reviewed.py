"""A saved plan on the command line: what an apply of it takes from the plan, and what the run must say by itself.

Whoever can write a plan file must not choose who gets the token. Host, organization and workspace are those of this
run's options, of its environment, and of the manifests read with this run's own variables; the plan only says what it
expects them to be, and that is compared before anything is sent. Variables and permissions are the plan's, as they were
reviewed under its digest, but two: `protected` and the rights of other workspaces are lifted only if that is typed
again.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from picsellia_apply.cli.options import EMBEDDED, Connection, host_of
from picsellia_apply.cli.planning import paths_of
from picsellia_apply.cli.reading import prepare, workspace_of
from picsellia_apply.cli.variables import given_values
from picsellia_apply.cli.wishes import PROTECTED, Wishes, policy_of
from picsellia_apply.cli.words import option_words
from picsellia_apply.errors import Diagnostic, InvalidInput, Moved, RefusedError, Severity, StalePlan, UsageError
from picsellia_apply.model.declaration import Declaration, Workspace
from picsellia_apply.model.plan import Plan, Policy, Target

if TYPE_CHECKING:
    from picsellia_apply.manifest.variables import Given

_FAULTS_SHOWN = 3
"""Most faults that are told of files that may have nothing to do with a saved plan."""
_SAY_AGAIN = "give `--host` or PICSELLIA_HOST, or what it was planned with: `--workspace`, `--var`, `--var-file`"


@dataclass(frozen=True, slots=True)
class Run:
    """What a run says by itself, beside the plan file.

    Attributes:
        manifests: Of `--manifests`; none is the current folder.
        wishes: Which workspace, which variables, what is lifted.
        connection: The shared options.
        environ: The environment.
    """

    manifests: Sequence[Path]
    wishes: Wishes
    connection: Connection
    environ: Mapping[str, str]

    @property
    def workspace(self) -> str | None:
        """Return the workspace that it names, if any."""
        return workspace_of(self.wishes, self.environ)

    @property
    def names_host(self) -> bool:
        """Return whether it names the host, so that no Workspace document's counts."""
        connection = self.connection
        return bool(connection.embedded or connection.host or self.environ.get("PICSELLIA_HOST"))


def check_wishes(wishes: Wishes) -> None:
    """See to it that nothing else is asked of a saved plan than it was made for.

    Raises:
        UsageError: An option would have it plan otherwise.
    """
    others = [one for one in wishes.allowances if not one.startswith(PROTECTED)]
    if others:
        hint = f"leave it out: only `{PROTECTED}ADDRESS` is typed again; to lift more, plan again with it"
        raise UsageError(f"--allow {others[0]}: the saved plan holds already what it was made with", hint=hint)
    if wishes.targets or wishes.prune is not None or wishes.prefer:
        raise UsageError("a saved plan was made under options of its own", hint="plan again with the other options")


def read_again(saved: Plan, plan_file: Path, run: Run) -> Declaration:
    """Read the manifests of a saved plan again, for the platform and the workspace that this run means.

    Args:
        saved: The plan; it is not trusted.
        plan_file: Where it is.
        run: What this run says.

    Raises:
        InvalidInput: The manifests are at fault; or host, organization or workspace would be the plan's choice.
        StalePlan: The plan is for another host or workspace, or was made with other variables. Nothing was sent.
    """
    if run.workspace not in (None, saved.target.workspace):
        _check_where(saved, replace(saved.target, workspace=run.workspace or ""), None)
    _check_variables(saved, given_values(run.wishes.variables, run.wishes.var_files, {}))
    declaration = _prepared(saved, plan_file, run.manifests)
    declaration = replace(declaration, workspace=_own_workspace(saved, declaration.workspace, run))
    host = _host_name(host_of(run.connection, declaration, run.environ))
    _check_where(saved, Target(host, saved.target.organization, declaration.workspace.name), declaration)
    return declaration


def _check_where(saved: Plan, here: Target, declaration: Declaration | None) -> None:
    """See to it that a plan is for this host and workspace; tells also which files changed, where they are known."""
    from picsellia_apply.executor.staleness import check_target
    from picsellia_apply.manifest.bytes import digests_by_ref

    if here == saved.target:
        return
    plan = saved if declaration is not None else replace(saved, operations=())
    try:
        check_target(plan, here, {} if declaration is None else digests_by_ref(declaration))
    except StalePlan as error:
        hint = f"{error.hint}; or, where this run should mean what the plan says, {_SAY_AGAIN}"
        raise StalePlan(str(error), hint, error.reasons) from None


def _check_variables(saved: Plan, given: Sequence[Given]) -> None:
    """See to it that the variables that are typed again have the values that the plan was made with."""
    typed = {one.name: one.value for one in given}
    moved = [
        Moved("plan", f"variable {name}", value, typed[name], "plan")
        for name, value in sorted(saved.variables.items())
        if typed.get(name, value) != value
    ]
    if moved:
        raise StalePlan("the plan was made with other variables, nothing was written", "plan again with them", moved)


def _prepared(saved: Plan, plan_file: Path, manifests: Sequence[Path]) -> Declaration:
    """Read the manifests with the plan's variables.

    Raises:
        InvalidInput: They are at fault; where nobody said which they are, that is told first, then the faults if few.
    """
    wishes = Wishes(workspace=_named(saved.target.workspace), variables=tuple(sorted(saved.variables.items())))
    try:
        return prepare(paths_of(manifests), wishes, environ={})
    except InvalidInput as error:
        if manifests:
            raise
        where = f"of `{plan_file}` cannot be read from the current folder"
        hint = "`--manifests DIR` names the folder that the plan was made from; `validate` lists the errors"
        found = Diagnostic("L012", Severity.error, f"the manifests {where}: {error.message}", None, hint)
        raise InvalidInput((found, *_few(error))) from None


def _few(error: InvalidInput) -> tuple[Diagnostic, ...]:
    return tuple(error.diagnostics) if len(error.diagnostics) <= _FAULTS_SHOWN else ()


def _own_workspace(saved: Plan, planned: Workspace, run: Run) -> Workspace:
    """Return the workspace with host and organization as this run says them, without the plan's variables.

    The plan may name the Workspace document only where its host does not count: someone said which host it is.

    Raises:
        InvalidInput: The run does not say it.
    """
    from picsellia_apply.manifest.target import load_target

    name = run.workspace or (_named(saved.target.workspace) if run.names_host else None)
    try:
        given = given_values(run.wishes.variables, run.wishes.var_files, run.environ)
        own = load_target(paths_of(run.manifests), workspace=name, given=given).workspace
    except InvalidInput as error:
        if run.names_host and (run.connection.organization or planned.organization is None):
            return replace(planned, host=None, organization=None)
        message = "this run does not say by itself which host, organization and workspace it means; a plan must not"
        told = Diagnostic("L013", Severity.error, message, None, _SAY_AGAIN)
        raise InvalidInput((told, *_few(error))) from None
    return replace(planned, name=own.name, host=own.host, organization=own.organization)


def _named(workspace: str) -> str | None:
    """Return the workspace to ask the manifests for; `default` may stand for manifests without a Workspace document."""
    return None if workspace == "default" else workspace


def _host_name(host: str) -> str:
    """Return a host as a plan names it."""
    from picsellia_apply.client.target import Remote, choose

    chosen = choose(host, None, folder=Path(), environ={})
    return chosen.base_url if isinstance(chosen, Remote) else EMBEDDED


def policy_again(saved: Plan, wishes: Wishes, declaration: Declaration) -> Policy:
    """Return under what a reviewed plan is made again: its budgets do not count, those of the manifests do.

    Args:
        saved: The plan.
        wishes: Of the command line: its `--allow protected:ADDRESS` and `--takeover ADDRESS`.
        declaration: What the manifests say.

    Raises:
        InvalidInput: No `plan` ever made a plan under such options.
        UsageError: Something is typed that the plan was not made with.
        RefusedError: It lifts a protection, or takes something over, and nobody typed that again.
    """
    declared = policy_of(Wishes(), declaration)
    under = declared if saved.policy is None else saved.policy
    _check_policy(under, declaration)
    typed = policy_of(Wishes(allowances=wishes.allowances, takeovers=wishes.takeovers), declaration)
    more = _flags(typed.allowances - under.allowances, typed.takeovers - under.takeovers)
    if more:
        raise UsageError(f"the plan was not made with `{shlex.join(more[:2])}`", hint="plan again with it")
    protected = frozenset(one for one in under.allowances if one.startswith(PROTECTED))
    missing = _flags(protected - typed.allowances, under.takeovers - typed.takeovers)
    if missing:
        message = (
            "a plan file alone lifts no protection and takes nothing over: that is typed again, nothing was written"
        )
        raise RefusedError(message, hint=f"if it is meant, give {shlex.join(missing)}")
    return replace(under, delete_percent=declared.delete_percent, update_percent=declared.update_percent)


def _flags(allowances: Iterable[str], takeovers: Iterable[str]) -> list[str]:
    """Return flags as they are typed, one word and its value after the other."""
    return [*option_words("--allow", sorted(allowances)), *option_words("--takeover", sorted(takeovers))]


def _check_policy(policy: Policy, declaration: Declaration) -> None:
    """See to it that a plan's options are some that `plan` takes."""
    flags = (policy.targets, *(tuple(sorted(one)) for one in (policy.allowances, policy.takeovers, policy.prefer)))
    targets, allowances, takeovers, prefer = flags
    try:
        policy_of(Wishes(None, targets, None, allowances, takeovers, prefer), declaration)
    except UsageError as error:
        message = f"the options that the plan says it was made with are none: {error}"
        raise InvalidInput([Diagnostic("L010", Severity.error, message, None, "plan again")]) from None
