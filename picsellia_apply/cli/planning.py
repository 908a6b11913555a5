"""What `plan` and `apply` share: from manifests to a plan and the line above it."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from picsellia_apply.cli.exit import Exit
from picsellia_apply.cli.options import EMBEDDED, Connection
from picsellia_apply.errors import UsageError
from picsellia_apply.model.address import parse_address
from picsellia_apply.model.plan import RULES, Plan, Policy, Target

if TYPE_CHECKING:
    from picsellia_apply.model.declaration import Declaration
    from picsellia_apply.pipeline import Planned

DEFAULT_PATHS = (Path(),)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line says about planning; None is left to the Workspace document."""

    workspace: str | None = None
    targets: tuple[str, ...] = ()
    prune: bool | None = None
    allowances: tuple[str, ...] = ()


def policy_of(wishes: Wishes, declaration: Declaration) -> Policy:
    """Return what the planner may do.

    Raises:
        UsageError: A target is no address, an allowance is not RULE:ADDRESS.
    """
    workspace = declaration.workspace
    for target in wishes.targets:
        _check_address(target, "--target")
    for allowance in wishes.allowances:
        rule, colon, address = allowance.partition(":")
        if rule not in RULES or not colon:
            rules = ", ".join(RULES)
            raise UsageError(f"--allow: `{rule}` is no rule", hint=f"RULE:ADDRESS with one of {rules}")
        if not address:
            raise UsageError(f"--allow: `{allowance}` is not RULE:ADDRESS", hint="a refusal shows the flag to give")
        _check_address(address, "--allow")
    return Policy(
        prune=workspace.prune if wishes.prune is None else wishes.prune,
        delete_percent=workspace.guards.delete_percent,
        update_percent=workspace.guards.update_percent,
        allowances=frozenset(wishes.allowances),
        targets=wishes.targets,
    )


def check_out(path: Path) -> None:
    """See to it that a plan may be saved there, before any work is done.

    Raises:
        UsageError: It is not named `*.json`, or what is there now is no saved plan.
    """
    if path.suffix != ".json":
        raise UsageError(f"--out: `{path}` is no name for a plan", hint="a saved plan is named `*.json`")
    if path.exists():
        from picsellia_apply.render.saved import is_saved_plan

        if not is_saved_plan(path):
            raise UsageError(f"--out: `{path}` is there and is no saved plan", hint="give another name")


def _check_address(text: str, option: str) -> None:
    try:
        parse_address(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def next_command(paths: Sequence[Path], wishes: Wishes, connection: Connection) -> str:
    """Return what to type to apply what was planned from manifests, quoted for a shell."""
    words = ["picsellia-apply", "apply", *map(_argument, paths), *_connection_words(connection)]
    words += _options("--workspace", [wishes.workspace] if wishes.workspace else [])
    words += _options("--target", wishes.targets)
    words += [] if wishes.prune is None else ["--prune" if wishes.prune else "--no-prune"]
    words += _options("--allow", wishes.allowances)
    return shlex.join(words)


def next_command_of_saved(plan_file: Path, manifests: Sequence[Path], connection: Connection) -> str:
    """Return what to type to apply a saved plan, which holds by itself under which options it was made."""
    words = ["picsellia-apply", "apply", _argument(plan_file), *_options("--manifests", map(str, manifests))]
    return shlex.join([*words, *_connection_words(connection)])


def connection_to(target: Target) -> Connection:
    """Return the connection that leads to a plan's platform, whatever the environment says."""
    if target.host == EMBEDDED:
        return Connection(embedded=True)
    return Connection(host=target.host, organization=target.organization)


def _connection_words(connection: Connection) -> Iterator[str]:
    yield from ["--embedded"] if connection.embedded else []
    yield from _options("--host", [connection.host] if connection.host else [])
    yield from _options("--organization", [connection.organization] if connection.organization else [])
    yield from _options("--token-file", [str(connection.token_file)] if connection.token_file else [])


def _options(name: str, values: Iterable[str]) -> list[str]:
    """Return an option as often as it has a value; one that looks like an option is bound to it."""
    return [word for value in values for word in ([f"{name}={value}"] if value.startswith("-") else [name, value])]


def _argument(path: Path) -> str:
    """Return a path that is not taken for an option."""
    return f"./{path}" if str(path).startswith("-") else str(path)


def heading(command: str, planned: Planned, *, started: float, color: bool) -> str:
    """Return the line above a plan: workspace, platform, manifests, what was read, requests, seconds."""
    target, declaration = planned.plan.target, planned.declaration
    pictures = sum(len(picture_set.pictures.names) for picture_set in declaration.picture_sets)
    read = f"read {_count(pictures, 'picture')}, {_count(planned.requests, 'request')}"
    parts = (
        f"workspace {target.workspace}",
        "embedded lake" if target.host == "embedded" else f"{target.organization} at {target.host}",
        _count(declaration.manifests, "manifest"),
        f"{read}, {time.perf_counter() - started:.1f} s",
    )
    title = f"picsellia-apply {command}"
    shown = f"\x1b[1m{title}\x1b[0m" if color else title
    return f"{shown}    {' · '.join(parts)}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


def paths_of(paths: Sequence[Path]) -> Sequence[Path]:
    """Return the manifests' paths: the current folder when none is given."""
    return paths or DEFAULT_PATHS


def exit_of(plan: Plan, *, changes: Exit) -> Exit:
    """Return the exit code that a plan stands for: blocked before refused before changes."""
    return {"blocked": Exit.blocked, "refused": Exit.refused, "changes": changes, "no_changes": Exit.ok}[plan.outcome]
