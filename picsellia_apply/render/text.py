"""A plan for people: one line for each operation, then what stands in its way, then what was noticed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from picsellia_apply.errors import Severity
from picsellia_apply.model.address import parse_address
from picsellia_apply.model.plan import SAMPLE, FieldChange, Operation, Plan
from picsellia_apply.planner.words import counted
from picsellia_apply.render.findings import counted_line, finding_lines, known_findings
from picsellia_apply.render.lines import Line, colored, line_rows, listed, plain, sampled
from picsellia_apply.render.members import member_rows, telling_names
from picsellia_apply.render.obstacles import following_lines, obstacle_lines
from picsellia_apply.render.result import render_result_text
from picsellia_apply.render.values import change_text, value_text, whole_text
from picsellia_apply.render.verdict import verdict

__all__ = ["Look", "plan_rows", "render_plan_text", "render_result_text"]

_MARKS = {"create": "+", "update": "~", "delete": "-"}
_BELOW = 6
"""Columns by which lines below a line are indented."""
_LABELS_SHOWN = 8
_FLAGS_SHOWN = 2
"""Most flags that stand on the line itself, else one a line below it."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a plan is shown, and what is said beside it.

    Attributes:
        color: Whether ANSI colours are wanted; everything is readable without.
        width: Columns of the terminal; samples of names and values of fields are cut to it.
        notes: Whether notes about the input, and findings about data that do not change, are listed: else counted.
        full: Whether every name, every object that changes and every value is listed, whatever the width.
        full_command: What to type to see them so.
        next_command: What to type next, or empty.
        lift_command: What to type, up to the flags that are missing, to plan what guards refuse; empty: not told.
        already: Operations of a saved plan of which nothing is left to do.
        prunes: Whether the Workspace has deletes on; where the plan was made otherwise, that is told.
        saved: The two files that the plan was saved to, in words; empty: it was not.
    """

    color: bool = False
    width: int = 120
    notes: bool = False
    full: bool = False
    full_command: str = "--full"
    next_command: str = ""
    lift_command: str = ""
    already: Sequence[Operation] = ()
    prunes: bool | None = None
    saved: str = ""


def render_plan_text(plan: Plan, *, heading: str, look: Look) -> str:
    """Return what `plan_rows` yields as one text without a final newline."""
    return "\n".join(plan_rows(plan, heading=heading, look=look))


def plan_rows(plan: Plan, *, heading: str, look: Look) -> Iterator[str]:
    """Yield the rows of a plan as a terminal shows it, each when it is due: with `full` there are many.

    Args:
        plan: What to show.
        heading: The line above it.
        look: How, and what is said beside it.
    """
    yield heading
    notes = look.notes or look.full
    known = () if notes else known_findings(plan)
    findings = [one for one in plan.findings if one not in known]
    lines = [*_already_lines(look), *operation_lines(plan.operations, look.width, full=look.full)]
    lines += [*obstacle_lines(plan, None if look.full else look.width - _BELOW), *notice_lines(plan, full=look.full)]
    lines += [*finding_lines(findings, notes=notes, full=look.full)]
    lines += [Line("·", "limit", "limit", limit) for limit in plan.limits]
    lines += [*_made_with(plan, prunes=look.prunes)]
    is_cut = yield from line_rows(lines, color=look.color, width=0 if look.full else look.width)
    if is_cut and look.full_command:
        yield f"  · not every name is shown: {look.full_command} lists all, and every object that changes"
    uncounted = 0 if notes else sum(one.severity is Severity.info for one in plan.findings)
    yield from filter(None, [counted_line(len(known), uncounted)])
    yield _closing(plan, look)
    yield from filter(None, [look.saved])
    yield from following_lines(plan, next_command=look.next_command, lift_command=look.lift_command)


def _closing(plan: Plan, look: Look) -> str:
    """Return the line that sums a plan up."""
    idle = plan.outcome in ("no_changes", "changes") and not plan.operations
    if idle and look.already:
        return colored("Nothing is left to do: what the plan says is there already.", "done", color=look.color)
    if idle:
        return colored(verdict(plan), "" if plan.recorded else "done", color=look.color)
    return f"Plan: {summary_text(plan)} · digest {plan.digest[:19]}..."


def _made_with(plan: Plan, *, prunes: bool | None) -> Iterator[Line]:
    """Yield what a plan was asked for beyond the manifests: flags that lift or decide something, and variables."""
    if plan.policy is not None:
        said = (("allow", plan.policy.allowances), ("takeover", plan.policy.takeovers), ("prefer", plan.policy.prefer))
        flags = tuple(f"--{name} {value}" for name, values in said for value in sorted(values))
        if prunes not in (None, plan.policy.prune):
            flags = ("--prune" if plan.policy.prune else "--no-prune", *flags)
        few = len(flags) <= _FLAGS_SHOWN
        text = "   ".join(flags) if few else counted(len(flags), "flag")
        yield from [Line("·", "limit", "made with", text, below=() if few else listed(flags))] if flags else []
    if plan.variables:
        values = ", ".join(f"{name}={value}" for name, value in sorted(plan.variables.items()))
        yield Line("·", "limit", "variables", values)


def _already_lines(look: Look) -> Iterator[Line]:
    """Yield the lines of what needs not be done any more."""
    for line in operation_lines(look.already, look.width, full=look.full):
        yield replace(line, mark="=", kind="already", verb="already", reason="", below=())


def summary_text(plan: Plan) -> str:
    """Return the numbers of a plan: `3 create, 1 update, 0 delete, 12 unchanged`."""
    counts = plan.summary
    shown = [f"{counts[key]:,} {key}" for key in ("create", "update", "delete", "unchanged")]
    shown += [f"{counts[key]:,} {key}" for key in ("blocked", "conflict") if counts[key]]
    if plan.refusals:
        shown.append(f"{len(plan.refusals):,} refused")
    return ", ".join(shown)


def operation_lines(operations: Sequence[Operation], width: int, *, full: bool = False) -> Iterator[Line]:
    """Yield a line for each operation, one for all labels of a version that are treated alike.

    Args:
        operations: In their order.
        width: Columns of the terminal; values of fields are cut to it.
        full: Whether members are listed one by one, and values are whole.
    """
    operations = list(operations)
    while operations:
        alike = _labels_alike(operations)
        if alike > 1:
            yield _labels_line(operations[:alike], full=full)
        else:
            yield _full_line(operations[0]) if full else _operation_line(operations[0], width - _BELOW)
        del operations[: max(alike, 1)]


def _labels_alike(operations: Sequence[Operation]) -> int:
    """Return how many of the first operations do the same with labels of one version, and touch nothing else."""
    first = operations[0]
    if not first.address.startswith("label/") or first.impact:
        return 1
    head = first.address.split("/")[1]
    count = 0
    for one in operations:
        same = (one.action, one.reason, one.impact) == (first.action, first.reason, first.impact)
        if not (same and one.address.startswith(f"label/{head}/")):
            break
        count += 1
    return count


def _labels_line(operations: Sequence[Operation], *, full: bool) -> Line:
    first = operations[0]
    names = _label_names(operations)
    verb = "labels" if first.action == "create" else first.action
    return Line(
        mark=_MARKS[first.action],
        kind=first.action,
        verb=verb,
        address=f"label/{first.address.split('/')[1]}/*",
        text=counted(len(operations), "label"),
        reason="" if first.reason == "new" else first.reason,
        names=names if full else names[:_LABELS_SHOWN],
        total=len(names),
        named=first.action == "delete",
    )


def _label_names(operations: Sequence[Operation]) -> tuple[str, ...]:
    """Return the labels' names, with the type where a version has several of one name."""
    keys = sorted(parse_address(one.address).rest for one in operations)
    times = Counter(name for name, _ in keys)
    return tuple(f"{name} {kind}" if times[name] > 1 else name for name, kind in keys)


def _full_line(operation: Operation) -> Line:
    """Return the line of an operation with every member below it."""
    line = _operation_line(operation, None)
    has_names = _noun(operation.address) not in ("file", "thumbnail")
    return replace(line, names=(), whole=member_rows(operation) if has_names else ())


def _operation_line(operation: Operation, room: int | None) -> Line:
    """Return the line of an operation; values are cut to so many characters, whole where it is None."""
    members = operation.members
    changes = _changes(operation)
    several = operation.action == "update" and len(changes) > 1
    return Line(
        mark=_MARKS[operation.action],
        kind=operation.action,
        verb=_verb(operation),
        address=operation.address,
        text=_joined(_impact(operation), f"{len(changes):,} fields" if several else ""),
        fields=() if several else tuple(_change_text(change, operation, room) for change in changes),
        reason=operation.reason if _says_more(operation) else "",
        names=() if _noun(operation.address) in ("file", "thumbnail") else telling_names(operation),
        total=len(members.add or members.remove or members.objects),
        named=operation.action != "create",
        below=(
            *(_change_text(change, operation, room) for change in changes if several),
            *(() if room is None else _also_removed(operation, room)),
        ),
        cut=room is not None and bool(members.add) and len(members.remove) > SAMPLE,
    )


def _verb(operation: Operation) -> str:
    """Return the first column: what is created, else what is done; `remove` where the thing itself stays."""
    noun = _noun(operation.address)
    if operation.action == "create":
        return noun
    stays = operation.action == "delete" and operation.members.remove and noun in ("version", "tag")
    return "remove" if stays else operation.action


def _joined(*parts: str) -> str:
    return "   ".join(part for part in parts if part)


def _also_removed(operation: Operation, room: int) -> tuple[str, ...]:
    """Return the line that names members that go, where the line above names those that come."""
    removed = sorted(operation.members.remove)
    if not removed or not operation.members.add:
        return ()
    return (f"takes out {counted(len(removed), 'picture')}{sampled(removed[:SAMPLE], len(removed), room - 30)}",)


def _noun(address: str) -> str:
    parsed = parse_address(address)
    return "tag" if parsed.rest and parsed.kind in ("pictures", "query") else parsed.kind


def _changes(operation: Operation) -> list[FieldChange]:
    """Return the fields that the line does not tell otherwise."""
    told = frozenset({"from", "sha256"}) if " from `" in operation.impact else frozenset({"sha256"})
    return [change for change in operation.diff if change.field not in told]


def _says_more(operation: Operation) -> bool:
    """Return whether the reason tells more than the line does anyway."""
    return operation.reason.startswith(("drift", "adopt")) or operation.action == "delete"


def _impact(operation: Operation) -> str:
    """Return the impact, with a sign where members only come or only go."""
    counts, noun = operation.members.counts, _noun(operation.address)
    if not operation.impact[:1].isdigit() or noun in ("file", "thumbnail") or operation.action == "delete":
        return operation.impact
    comes, goes, changes = (counts.get(key, 0) for key in ("add", "remove", "change"))
    if comes and not goes and not changes and (noun in ("pictures", "tag") or operation.action == "update"):
        return f"+{operation.impact}"
    return f"-{operation.impact}" if goes and not comes and not changes else operation.impact


def _change_text(change: FieldChange, operation: Operation, room: int | None) -> str:
    if operation.action != "create":
        sides = (change.before, change.after)
        shown = " -> ".join(map(whole_text, sides)) if room is None else change_text(*sides, _left(change, room))
        return f"{change.field} {shown}"
    if change.field == "private":
        return "private" if change.after else "public"
    shown = whole_text(change.after) if room is None else value_text(change.after, _left(change, room))
    return f"{change.field} {shown}"


def _left(change: FieldChange, room: int) -> int:
    return room - len(change.field) - 1


def notice_lines(plan: Plan, *, full: bool = False) -> Iterator[Line]:
    """Yield a line for each thing that was seen and is left alone; with `full` every name stands below it."""
    for notice in plan.notices:
        yield Line(
            mark="?",
            kind=notice.kind,
            verb=notice.kind,
            address=notice.address,
            text=notice.message,
            names=() if full else notice.names[:SAMPLE],
            total=len(notice.names),
            named=notice.kind in ("drift", "kept"),
            whole=map(plain, notice.names) if full else (),
        )
