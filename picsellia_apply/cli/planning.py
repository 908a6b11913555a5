"""What `plan` and `apply` share: from manifests to a plan and the line above it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from picsellia_apply.cli.exit import Exit
from picsellia_apply.errors import UsageError
from picsellia_apply.model.address import parse_address
from picsellia_apply.model.plan import Plan, Policy

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
        if not rule or not colon:
            raise UsageError(f"--allow: `{allowance}` is not RULE:ADDRESS", hint="a refusal shows the flag to give")
        _check_address(address, "--allow")
    return Policy(
        prune=workspace.prune if wishes.prune is None else wishes.prune,
        delete_percent=workspace.guards.delete_percent,
        update_percent=workspace.guards.update_percent,
        allowances=frozenset(wishes.allowances),
        targets=wishes.targets,
    )


def _check_address(text: str, option: str) -> None:
    try:
        parse_address(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


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
