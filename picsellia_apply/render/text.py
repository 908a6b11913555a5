"""A plan for people: one line for each operation, then what stands in its way, then what was noticed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.model.address import parse_address
from picsellia_apply.model.plan import SAMPLE, Conflict, FieldChange, Operation, Plan
from picsellia_apply.planner.words import counted
from picsellia_apply.render.lines import Line, colored, listed, plain, render_lines, sampled
from picsellia_apply.render.result import render_result_text
from picsellia_apply.render.values import change_text, value_text
from picsellia_apply.render.verdict import verdict
from picsellia_apply.source import Place

__all__ = ["render_plan_text", "render_result_text"]

_MARKS = {"create": "+", "update": "~", "delete": "-"}
UNLIFTED = "no flag lifts a policy: it is changed where it is declared"
"""What is said of a refusal that has no flag."""
_SAME_FINDINGS = 3
"""Most findings of one code that are listed; all are counted."""
_BELOW = 6
"""Columns by which lines below a line are indented."""
_LABELS_SHOWN = 8
_FLAGS_SHOWN = 2
"""Most flags that stand on the line itself, else one a line below it."""
WINNERS = (("manifest", "manifest"), ("platform", "remote"))
"""Who may win a conflict, and how `--prefer` says it."""


def render_plan_text(
    plan: Plan,
    *,
    heading: str,
    color: bool = False,
    width: int = 120,
    next_command: str = "",
    notes: bool = False,
    already: Sequence[Operation] = (),
    prunes: bool | None = None,
) -> str:
    """Return a plan as a terminal shows it.

    Args:
        plan: What to show.
        heading: The line above it.
        color: Whether ANSI colours are wanted; everything is readable without.
        width: Columns of the terminal; samples of names and values of fields are cut to it.
        next_command: What to type next, or empty.
        notes: Whether notes about the input are listed; they are counted otherwise.
        already: Operations of a saved plan of which nothing is left to do.
        prunes: Whether the Workspace has deletes on; where the plan was made otherwise, that is told.

    Returns:
        Text without a final newline.
    """
    lines = [*_already_lines(already, width), *operation_lines(plan.operations, width)]
    lines += [*_obstacles(plan, width), *notice_lines(plan)]
    lines += [*finding_lines(plan.findings, notes=notes)]
    lines += [Line("·", "limit", "limit", limit) for limit in plan.limits]
    lines += [*_made_with(plan, prunes=prunes)]
    rows = [heading, *render_lines(lines, color=color, width=width)]
    rows += [] if notes else _notes_counted(plan.findings)
    idle = plan.outcome in ("no_changes", "changes") and not plan.operations
    if idle and already:
        rows.append(colored("Nothing is left to do: what the plan says is there already.", "done", color=color))
    elif idle:
        rows.append(colored(verdict(plan), "" if plan.recorded else "done", color=color))
    else:
        rows.append(f"Plan: {summary_text(plan)} · digest {plan.digest[:19]}...")
    if next_command and plan.outcome == "changes":
        rows.append(f"Next: {next_command}")
    return "\n".join(rows)


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


def _already_lines(already: Sequence[Operation], width: int) -> Iterator[Line]:
    """Yield the lines of what needs not be done any more."""
    for line in operation_lines(already, width):
        yield replace(line, mark="=", kind="already", verb="already", reason="", below=())


def summary_text(plan: Plan) -> str:
    """Return the numbers of a plan: `3 create, 1 update, 0 delete, 12 unchanged`."""
    counts = plan.summary
    shown = [f"{counts[key]:,} {key}" for key in ("create", "update", "delete", "unchanged")]
    shown += [f"{counts[key]:,} {key}" for key in ("blocked", "conflict") if counts[key]]
    if plan.refusals:
        shown.append(f"{len(plan.refusals):,} refused")
    return ", ".join(shown)


def operation_lines(operations: Sequence[Operation], width: int) -> Iterator[Line]:
    """Yield a line for each operation, one for all labels of a version that are treated alike."""
    operations = list(operations)
    while operations:
        alike = _labels_alike(operations)
        yield _labels_line(operations[:alike]) if alike > 1 else _operation_line(operations[0], width)
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


def _labels_line(operations: Sequence[Operation]) -> Line:
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
        names=names[:_LABELS_SHOWN],
        total=len(names),
        named=first.action == "delete",
    )


def _label_names(operations: Sequence[Operation]) -> tuple[str, ...]:
    """Return the labels' names, with the type where a version has several of one name."""
    keys = sorted(parse_address(one.address).rest for one in operations)
    times = Counter(name for name, _ in keys)
    return tuple(f"{name} {kind}" if times[name] > 1 else name for name, kind in keys)


def _operation_line(operation: Operation, width: int) -> Line:
    members = operation.members
    changes = _changes(operation)
    several = operation.action == "update" and len(changes) > 1
    room = width - _BELOW
    return Line(
        mark=_MARKS[operation.action],
        kind=operation.action,
        verb=_verb(operation),
        address=operation.address,
        text=_joined(_impact(operation), f"{len(changes):,} fields" if several else ""),
        fields=() if several else tuple(_change_text(change, operation, room) for change in changes),
        reason=operation.reason if _says_more(operation) else "",
        names=() if _noun(operation.address) in ("file", "thumbnail") else sample_names(operation),
        total=len(members.add or members.remove or members.objects),
        named=operation.action != "create",
        below=(
            *(_change_text(change, operation, room) for change in changes if several),
            *_also_removed(operation, room),
        ),
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


def _change_text(change: FieldChange, operation: Operation, room: int) -> str:
    if operation.action != "create":
        return f"{change.field} {change_text(change.before, change.after, room - len(change.field) - 1)}"
    if change.field == "private":
        return "private" if change.after else "public"
    return f"{change.field} {value_text(change.after, room - len(change.field) - 1)}"


def sample_names(operation: Operation) -> tuple[str, ...]:
    """Return the first few members that change, sorted: those added, else removed, else annotated."""
    members = operation.members
    return tuple(sorted(members.add or members.remove or members.objects)[:SAMPLE])


def _obstacles(plan: Plan, width: int) -> Iterator[Line]:
    for blocked in plan.blocked:
        text = f"{blocked.message} [{blocked.rule}]"
        below = (*listed(blocked.names), *_hint(blocked.hint))
        yield Line("x", "blocked", "blocked", blocked.address, text, below=below)
    for conflict in plan.conflicts:
        text, below = _conflict_text(conflict), _conflict_hint(conflict, width - _BELOW)
        yield Line("x", "conflict", "conflict", conflict.address, text, below=below)
    for refusal, after in zip_longest(plan.refusals, plan.refusals[1:]):
        said, *more = refusal.message.split("\n")
        told_later = not refusal.flag and after is not None and not after.flag
        lifting = f"to allow just this: {refusal.flag}" if refusal.flag else UNLIFTED
        below = (*more, *([] if told_later else [lifting]))
        yield Line("x", "refused", "refused", refusal.address, f"{said} [{refusal.rule}]", below=below)


def _hint(hint: str) -> tuple[str, ...]:
    return (f"hint: {hint}",) if hint else ()


def _conflict_text(conflict: Conflict) -> str:
    if conflict.address.startswith("annotations/"):
        return f"an object of {conflict.field} was changed in the files and on the platform"
    return f"{conflict.field} was changed in the manifest and on the platform"


def _conflict_hint(conflict: Conflict, room: int) -> tuple[str, ...]:
    sides = (("last applied", conflict.base), ("manifest", conflict.desired), ("platform", conflict.observed))
    values = tuple(f"{side:<12} {value_text(value, room - 13)}" for side, value in sides)
    flags = (f"to let the {who} win: --prefer {side}:{conflict.address}" for who, side in WINNERS)
    return (*values, *flags)


def notice_lines(plan: Plan) -> Iterator[Line]:
    """Yield a line for each thing that was seen and is left alone."""
    for notice in plan.notices:
        yield Line(
            mark="?",
            kind=notice.kind,
            verb=notice.kind,
            address=notice.address,
            text=notice.message,
            names=notice.names[:SAMPLE],
            total=len(notice.names),
            named=notice.kind in ("drift", "kept"),
        )


def finding_lines(findings: Sequence[Diagnostic], *, notes: bool) -> Iterator[Line]:
    """Yield a line for each finding, by code; of many alike the first few and their number."""
    by_code: dict[str, list[Diagnostic]] = {}
    for one in findings:
        if notes or one.severity is not Severity.info:
            by_code.setdefault(one.code, []).append(one)
    for code, alike in sorted(by_code.items()):
        shown = alike[:_SAME_FINDINGS]
        for one, after in zip(shown, [*shown[1:], None], strict=True):
            said_again = after is not None and after.hint == one.hint
            yield _finding(one, _where(one), () if said_again else _hint(one.hint))
        if len(alike) > _SAME_FINDINGS:
            yield _finding(alike[-1], f"and {len(alike) - _SAME_FINDINGS:,} more like these [{code}]")


def _finding(one: Diagnostic, text: str, below: tuple[str, ...] = ()) -> Line:
    mark, word = ("·", "note") if one.severity is Severity.info else ("!", "finding")
    return Line(mark, word, word, text, below=below)


def _notes_counted(findings: Sequence[Diagnostic]) -> list[str]:
    count = sum(one.severity is Severity.info for one in findings)
    return [f"  · {counted(count, 'note')} about the input: -v lists {'it' if count == 1 else 'them'}"] if count else []


def _where(one: Diagnostic) -> str:
    position = one.position
    place = position.file if isinstance(position, Place) else str(position or "")
    times = f" ({one.count:,} times)" if one.count > 1 and f"{one.count:,}" not in one.message else ""
    return f"{one.message}{times}   {plain(place)} [{one.code}]" if place else f"{one.message}{times} [{one.code}]"
