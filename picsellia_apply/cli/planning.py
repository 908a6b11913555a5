"""What `plan` and `apply` share: from manifests to a plan and the line above it."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from picsellia_apply.cli.exit import Exit
from picsellia_apply.cli.options import EMBEDDED, Connection
from picsellia_apply.cli.wishes import PROTECTED, Wishes, words_of
from picsellia_apply.cli.words import option_words, path_word
from picsellia_apply.errors import UsageError
from picsellia_apply.model.plan import Plan, Target
from picsellia_apply.render.lines import plain

if TYPE_CHECKING:
    from picsellia_apply.model.declaration import Declaration
    from picsellia_apply.pipeline import Planned

DEFAULT_PATHS = (Path(),)


def check_out(path: Path) -> None:
    """See to it that a plan may be saved there, before any work is done.

    Raises:
        UsageError: It is not named `*.json`, it cannot be written, or what is there now is no saved plan.
    """
    if path.suffix != ".json":
        raise UsageError(f"--out: `{path}` is no name for a plan", hint="a saved plan is named `*.json`")
    from picsellia_apply.render.saved import check_place, is_saved_plan

    check_place(path)
    if path.exists() and not is_saved_plan(path):
        raise UsageError(f"--out: `{path}` is there and is no saved plan", hint="give another name")


def saved_line(path: Path) -> str:
    """Return what tells that a plan is two files, so that whoever hands it on hands on both."""
    from picsellia_apply.render.saved import members_path

    files = " and ".join(shlex.quote(str(one)) for one in (path, members_path(path)))
    return f"Saved: {plain(files)}, which belong together"


def next_command(paths: Sequence[Path], wishes: Wishes, connection: Connection) -> str:
    """Return what to type to apply what was planned from manifests, quoted for a shell."""
    words = ["picsellia-apply", "apply", *map(path_word, paths), *connection_words(connection)]
    return shlex.join([*words, *words_of(wishes)])


def lift_command(paths: Sequence[Path], wishes: Wishes, connection: Connection, out: Path | None = None) -> str:
    """Return what to type to plan the same again, quoted for a shell: flags that lift something come after it."""
    words = ["picsellia-apply", "plan", *map(path_word, paths), *option_words("--out", [str(out)] if out else [])]
    return shlex.join([*words, *connection_words(connection), *words_of(wishes)])


def wishes_of(plan: Plan) -> Wishes:
    """Return what the command line said when a plan was made, as far as the plan holds it."""
    workspace = None if plan.target.workspace == "default" else plan.target.workspace
    variables = tuple(sorted(plan.variables.items()))
    if plan.policy is None:
        return Wishes(workspace, variables=variables)
    policy = plan.policy
    return Wishes(
        workspace,
        policy.targets,
        policy.prune or None,
        tuple(sorted(policy.allowances)),
        tuple(sorted(policy.takeovers)),
        tuple(sorted(policy.prefer)),
        variables,
    )


def next_command_of_saved(
    plan_file: Path, manifests: Sequence[Path], connection: Connection, wishes: Wishes | None = None
) -> str:
    """Return what to type to apply a saved plan, which holds by itself under which options it was made.

    Of those in `wishes` only what the plan must not decide is typed again: where it goes, and what is protected.
    """
    words = ["picsellia-apply", "apply", path_word(plan_file), *option_words("--manifests", map(str, manifests))]
    if wishes is not None:
        where = not (connection.host or connection.embedded)
        lifted = tuple(one for one in wishes.allowances if one.startswith(PROTECTED))
        again = replace(wishes, targets=(), prune=None, prefer=(), allowances=lifted)
        again = again if where else replace(again, workspace=None, variables=(), var_files=())
        return shlex.join([*words, *connection_words(connection), *words_of(again)])
    return shlex.join([*words, *connection_words(connection)])


def connection_to(target: Target) -> Connection:
    """Return the connection that leads to a plan's platform, whatever the environment says."""
    if target.host == EMBEDDED:
        return Connection(embedded=True)
    return Connection(host=target.host, organization=target.organization)


def connection_words(connection: Connection) -> Iterator[str]:
    """Yield the options that lead to the same platform again."""
    yield from ["--embedded"] if connection.embedded else []
    yield from option_words("--host", [connection.host] if connection.host else [])
    yield from option_words("--organization", [connection.organization] if connection.organization else [])
    yield from option_words("--token-file", [str(connection.token_file)] if connection.token_file else [])


def heading(command: str, planned: Planned, *, started: float, color: bool) -> str:
    """Return the line above a plan: workspace, platform, manifests, what was read, requests, seconds."""
    target, declaration = planned.plan.target, planned.declaration
    pictures = sum(len(picture_set.pictures.names) for picture_set in declaration.picture_sets)
    read = f"read {_count(pictures, 'picture')}, {_count(planned.requests, 'request')}"
    parts = (
        f"workspace {target.workspace}",
        _embedded(declaration) if target.host == EMBEDDED else f"{target.organization} at {target.host}",
        _count(declaration.manifests, "manifest"),
        f"{read}, {time.perf_counter() - started:.1f} s",
    )
    title = f"picsellia-apply {command}"
    shown = f"\x1b[1m{title}\x1b[0m" if color else title
    return f"{shown}    {' · '.join(parts)}"


def _embedded(declaration: Declaration) -> str:
    """Name the embedded lake, and its folder where that is not the current one: another may have been meant."""
    from picsellia_apply.client.target import nearest_data_dir

    where = os.path.relpath(nearest_data_dir(Path(declaration.root)).parent)
    return "embedded lake" if where == "." else f"embedded lake of {where}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


def paths_of(paths: Sequence[Path]) -> Sequence[Path]:
    """Return the manifests' paths: the current folder when none is given."""
    return paths or DEFAULT_PATHS


def exit_of(plan: Plan, *, changes: Exit) -> Exit:
    """Return the exit code that a plan stands for: blocked before refused before changes."""
    return {"blocked": Exit.blocked, "refused": Exit.refused, "changes": changes, "no_changes": Exit.ok}[plan.outcome]
