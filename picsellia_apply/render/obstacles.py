"""What stands in a plan's way, with what lifts or decides each of it, and what to type next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from picsellia_apply.errors import Diagnostic
from picsellia_apply.model.plan import Conflict, Plan
from picsellia_apply.planner.words import counted
from picsellia_apply.render.lines import NAMES_SHOWN, Line, listed, plain
from picsellia_apply.render.values import value_text, whole_text

UNLIFTED = "no flag lifts a policy: it is changed where it is declared"
"""What is said of a refusal that has no flag."""
WINNERS = (("manifest", "manifest"), ("platform", "remote"))
"""Who may win a conflict, and how `--prefer` says it."""
_ABSENT = "P035"
"""The code of pictures to upload that are not on this machine."""
_BESIDE_SIDE = 13
"""Columns that the name of a conflict's side takes."""


def obstacle_lines(plan: Plan, room: int | None) -> Iterator[Line]:
    """Yield a line for each thing that is blocked, in conflict or refused.

    Args:
        plan: Whose.
        room: Most characters of a value; None for whole values and every name.
    """
    for blocked in plan.blocked:
        text = f"{blocked.message} [{blocked.rule}]"
        names = blocked.names if room is None else listed(blocked.names)
        below = (*names, *([f"hint: {blocked.hint}"] if blocked.hint else []))
        cut = room is not None and len(blocked.names) > NAMES_SHOWN
        yield Line("x", "blocked", "blocked", blocked.address, text, below=below, cut=cut)
    for conflict in plan.conflicts:
        text, below = _conflict_text(conflict), _conflict_hint(conflict, room)
        yield Line("x", "conflict", "conflict", conflict.address, text, below=below)
    for refusal, after in zip_longest(plan.refusals, plan.refusals[1:]):
        said, *more = refusal.message.split("\n")
        told_later = not refusal.flag and after is not None and not after.flag
        lifting = f"to allow just this: {_typed([refusal.flag])}" if refusal.flag else UNLIFTED
        below = (*more, *([] if told_later else [lifting]))
        yield Line("x", "refused", "refused", refusal.address, f"{said} [{refusal.rule}]", below=below)


def _conflict_text(conflict: Conflict) -> str:
    if conflict.address.startswith("annotations/"):
        return f"an object of {conflict.field} was changed in the files and on the platform"
    return f"{conflict.field} was changed in the manifest and on the platform"


def _conflict_hint(conflict: Conflict, room: int | None) -> tuple[str, ...]:
    sides = (("last applied", conflict.base), ("manifest", conflict.desired), ("platform", conflict.observed))
    shown = (whole_text(one) if room is None else value_text(one, room - _BESIDE_SIDE) for _, one in sides)
    values = (f"{side:<12} {value}" for (side, _), value in zip(sides, shown, strict=True))
    flags = (f"to let the {who} win: {_typed([f'--prefer {side}:{conflict.address}'])}" for who, side in WINNERS)
    return (*values, *flags)


def _typed(flags: Sequence[str]) -> str:
    """Return flags, each an option and its value, quoted for a shell."""
    return plain(shlex.join(word for flag in flags for word in flag.split(" ", 1)))


def following_lines(plan: Plan, *, next_command: str, lift_command: str) -> Iterator[str]:
    """Yield what to do next, below the line that sums a plan up.

    Args:
        plan: Which.
        next_command: What applies it, or empty.
        lift_command: What plans it again, up to the flags that are missing; or empty.
    """
    flags = list(dict.fromkeys(one.flag for one in plan.refusals if one.flag))
    if flags and any(not one.flag for one in plan.refusals):
        yield "No flags allow all of this: a policy refuses too, and is changed only where it is declared."
    elif len(flags) > 1 and lift_command:
        yield f"To allow all {len(flags):,}: {lift_command} {_typed(flags)}"
    if not next_command or plan.outcome != "changes":
        return
    absent = [one for one in plan.findings if one.code == _ABSENT]
    if not absent:
        yield f"Next: {next_command}"
        return
    yield f"Next: {_fetching(absent)}, or apply where they are; without them apply writes nothing"
    yield f"      then {next_command}"


def _fetching(absent: Sequence[Diagnostic]) -> str:
    """Return which pictures are to be fetched: the findings name the first of each set."""
    count = sum(one.count for one in absent)
    named = "; ".join(name for one in absent if (name := one.message.partition(": ")[2]))
    return f"fetch {counted(count, 'picture')} to this machine" + (f" ({plain(named)})" if named else "")
