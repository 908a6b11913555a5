"""What the command line says about planning: its options, what they allow, and how they are typed again."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from picsellia_apply.cli.variables import reading_options
from picsellia_apply.cli.words import option_words
from picsellia_apply.errors import UsageError
from picsellia_apply.model.address import parse_address
from picsellia_apply.model.plan import RULES, SIDES, Policy

if TYPE_CHECKING:
    from picsellia_apply.model.declaration import Declaration

Command = TypeVar("Command", bound=Callable[..., Any])
PROTECTED = "protected:"
"""How an allowance begins that must be typed again where a saved plan is applied."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line says about reading and planning; None is left to the Workspace document.

    `variables` are those of `--var` as typed; `prepare` puts files and the environment below them.
    """

    workspace: str | None = None
    targets: tuple[str, ...] = ()
    prune: bool | None = None
    allowances: tuple[str, ...] = ()
    takeovers: tuple[str, ...] = ()
    prefer: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    var_files: tuple[Path, ...] = ()


def policy_of(wishes: Wishes, declaration: Declaration) -> Policy:
    """Return what the planner may do.

    Raises:
        UsageError: A target is no address, an allowance is not RULE:ADDRESS, a preference not SIDE:ADDRESS.
    """
    workspace = declaration.workspace
    for target in wishes.targets:
        _check_address(target, "--target")
    for takeover in wishes.takeovers:
        _check_address(takeover, "--takeover")
    for allowance in wishes.allowances:
        rule, colon, address = allowance.partition(":")
        if rule == "conflict":
            raise UsageError("--allow: a conflict is no guard", hint=f"`--prefer manifest:{address or 'ADDRESS'}`")
        if rule not in RULES or not colon:
            rules = ", ".join(RULES)
            raise UsageError(f"--allow: `{rule}` is no rule", hint=f"RULE:ADDRESS with one of {rules}")
        if not address:
            raise UsageError(f"--allow: `{allowance}` is not RULE:ADDRESS", hint="a refusal shows the flag to give")
        _check_address(address, "--allow")
    _check_prefer(wishes.prefer)
    return Policy(
        prune=workspace.prune if wishes.prune is None else wishes.prune,
        delete_percent=workspace.guards.delete_percent,
        update_percent=workspace.guards.update_percent,
        allowances=frozenset(wishes.allowances),
        targets=wishes.targets,
        takeovers=frozenset(wishes.takeovers),
        prefer=frozenset(wishes.prefer),
    )


def _check_prefer(prefer: tuple[str, ...]) -> None:
    winners: dict[str, str] = {}
    for one in prefer:
        side, _, address = one.partition(":")
        if side not in SIDES or not address:
            raise UsageError(f"--prefer: `{one}` is not SIDE:ADDRESS", hint="SIDE is `manifest` or `remote`")
        _check_address(address, "--prefer")
        if winners.setdefault(address, side) != side:
            raise UsageError(f"--prefer: both sides are to win at `{address}`", hint="give one of the two")


def planning_options(command: Command) -> Command:
    """Give a command the options that decide what is planned; it gets them as one argument, `wishes`."""

    @click.option("--target", "targets", multiple=True, metavar="ADDRESS", help="Only this and what it depends on.")
    @reading_options
    @click.option("--prune/--no-prune", default=None, help="Delete what is no longer declared; default: Workspace's.")
    @click.option("--allow", "allowances", multiple=True, metavar="RULE:ADDRESS", help="Lift one guard, there only.")
    @click.option(
        "--takeover", "takeovers", multiple=True, metavar="ADDRESS", help="Take this, with its parts, from its owner."
    )
    @click.option(
        "--prefer", multiple=True, metavar="SIDE:ADDRESS", help="Who wins a conflict there: `manifest` or `remote`."
    )
    @functools.wraps(command)
    def wrapped(
        *args: Any,
        workspace: str | None,
        targets: tuple[str, ...],
        prune: bool | None,
        allowances: tuple[str, ...],
        takeovers: tuple[str, ...],
        prefer: tuple[str, ...],
        variables: tuple[tuple[str, str], ...],
        var_files: tuple[Path, ...],
        **kwargs: Any,
    ) -> Any:
        wishes = Wishes(workspace, targets, prune, allowances, takeovers, prefer, variables, var_files)
        return command(*args, wishes=wishes, **kwargs)

    return wrapped  # type: ignore[return-value]  # functools.wraps keeps the shape that click needs


def words_of(wishes: Wishes) -> Iterator[str]:
    """Yield the options that say the same again."""
    yield from option_words("--workspace", [wishes.workspace] if wishes.workspace else [])
    yield from option_words("--var-file", map(str, wishes.var_files))
    yield from option_words("--var", [f"{name}={value}" for name, value in wishes.variables])
    yield from option_words("--target", wishes.targets)
    yield from [] if wishes.prune is None else ["--prune" if wishes.prune else "--no-prune"]
    yield from option_words("--allow", wishes.allowances)
    yield from option_words("--takeover", wishes.takeovers)
    yield from option_words("--prefer", wishes.prefer)


def _check_address(text: str, option: str) -> None:
    alike = text.startswith("label/") and text.count("/") == 2 and text.endswith("/*")  # as a plan shows labels alike
    try:
        parse_address(f"{text}/*" if alike else text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None
