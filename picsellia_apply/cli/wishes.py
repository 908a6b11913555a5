"""What the command line says about planning: its options, what they allow, and how they are typed again."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from picsellia_apply.cli.words import option_words
from picsellia_apply.errors import UsageError
from picsellia_apply.model.address import parse_address
from picsellia_apply.model.plan import RULES, Policy

if TYPE_CHECKING:
    from picsellia_apply.model.declaration import Declaration

Command = TypeVar("Command", bound=Callable[..., Any])


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


def planning_options(command: Command) -> Command:
    """Give a command the options that decide what is planned; it gets them as one argument, `wishes`."""

    @click.option("--target", "targets", multiple=True, metavar="ADDRESS", help="Only this and what it depends on.")
    @click.option("--workspace", metavar="NAME", help="Which Workspace document counts.")
    @click.option("--prune/--no-prune", default=None, help="Delete what is no longer declared; default: Workspace's.")
    @click.option("--allow", "allowances", multiple=True, metavar="RULE:ADDRESS", help="Lift one guard, there only.")
    @functools.wraps(command)
    def wrapped(
        *args: Any,
        workspace: str | None,
        targets: tuple[str, ...],
        prune: bool | None,
        allowances: tuple[str, ...],
        **kwargs: Any,
    ) -> Any:
        return command(*args, wishes=Wishes(workspace, targets, prune, allowances), **kwargs)

    return wrapped  # type: ignore[return-value]  # functools.wraps keeps the shape that click needs


def words_of(wishes: Wishes) -> Iterator[str]:
    """Yield the options that say the same again."""
    yield from option_words("--workspace", [wishes.workspace] if wishes.workspace else [])
    yield from option_words("--target", wishes.targets)
    yield from [] if wishes.prune is None else ["--prune" if wishes.prune else "--no-prune"]
    yield from option_words("--allow", wishes.allowances)


def _check_address(text: str, option: str) -> None:
    try:
        parse_address(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None
