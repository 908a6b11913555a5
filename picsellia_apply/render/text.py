"""A plan for people: one line for each operation, then what stands in its way, then what was noticed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.model.address import parse_address
from picsellia_apply.model.plan import SAMPLE, Conflict, FieldChange, Operation, Plan
from picsellia_apply.render.lines import Line, colored, listed, plain, render_lines, sampled, value_text
from picsellia_apply.render.result import render_result_text
from picsellia_apply.source import Place

__all__ = ["render_plan_text", "render_result_text"]

_MARKS = {"create": "+", "update": "~", "delete": "-"}
_SAME_FINDINGS = 3
"""Most findings of one code that are listed; all are counted."""


def render_plan_text(plan: Plan, *, heading: str, color: bool = False, width: int = 120, next_command: str = "") -> str:
    """Return a plan as a terminal shows it.

    Args:
        plan: What to show.
        heading: The line above it.
        color: Whether ANSI colours are wanted; everything is readable without.
        width: Columns of the terminal; samples of names are cut to it.
        next_command: What to type next, or empty.

    Returns:
        Text without a final newline.
    """
    lines = [*_operations(plan, width), *_obstacles(plan), *_notices(plan), *_findings(plan.findings)]
    lines += [Line("·", "limit", "limit", limit) for limit in plan.limits]
    rows = [heading, *render_lines(lines, color=color)]
    if plan.outcome == "no_changes":
        rows.append(colored("No changes. The platform matches the manifests.", "done", color=color))
    else:
        rows.append(_summary(plan))
    if next_command and plan.outcome == "changes":
        rows.append(f"Next: {next_command}")
    return "\n".join(rows)


def _summary(plan: Plan) -> str:
    counts = plan.summary
    shown = [f"{counts[key]:,} {key}" for key in ("create", "update", "delete", "unchanged")]
    shown += [f"{counts[key]:,} {key}" for key in ("blocked", "conflict") if counts[key]]
    if plan.refusals:
        shown.append(f"{len(plan.refusals):,} refused")
    return f"Plan: {', '.join(shown)} · digest {plan.digest[:19]}..."


def _operations(plan: Plan, width: int) -> Iterator[Line]:
    operations = list(plan.operations)
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
    names = sorted(parse_address(one.address).rest[0] for one in operations)
    reason = "" if first.reason == "new" else f"   {first.reason}"
    text = f"{len(operations)} labels{reason}{sampled(names[:8], len(names), 200)}"
    verb = "labels" if first.action == "create" else first.action
    return Line(_MARKS[first.action], first.action, verb, f"label/{first.address.split('/')[1]}/*", text)


def _operation_line(operation: Operation, width: int) -> Line:
    verb = _noun(operation.address) if operation.action == "create" else operation.action
    parts, below = _details(operation)
    text = "   ".join(part for part in parts if part)
    room = width - 60 - len(text)
    return Line(
        _MARKS[operation.action], operation.action, verb, operation.address, text + _sample(operation, room), below
    )


def _noun(address: str) -> str:
    parsed = parse_address(address)
    return "tag" if parsed.rest and parsed.kind in ("pictures", "query") else parsed.kind


def _details(operation: Operation) -> tuple[list[str], tuple[str, ...]]:
    told = frozenset({"from"}) if " from `" in operation.impact else frozenset[str]()
    diff = [change for change in operation.diff if change.field not in told]
    changes = [_change_text(change, new=operation.action == "create") for change in diff]
    changes = [change for change in changes if change]
    reason = operation.reason if _says_more(operation) else ""
    if operation.action == "create" or len(changes) <= 1:
        return [_impact(operation), ", ".join(changes), reason], ()
    return [_impact(operation), f"{len(changes)} fields", reason], tuple(changes)


def _says_more(operation: Operation) -> bool:
    """Return whether the reason tells more than the line does anyway."""
    return operation.reason.startswith(("drift", "adopt")) or operation.action == "delete"


def _impact(operation: Operation) -> str:
    members = operation.members
    if operation.impact and members.add and not members.remove and _noun(operation.address) in ("pictures", "tag"):
        return f"+{operation.impact}"
    return operation.impact


def _change_text(change: FieldChange, *, new: bool) -> str:
    if change.field == "sha256":
        return ""
    if not new:
        return f"{change.field} {value_text(change.before)} -> {value_text(change.after)}"
    if change.field == "private":
        return "private" if change.after else "public"
    return f"{change.field} {value_text(change.after)}"


def _sample(operation: Operation, room: int) -> str:
    names = sample_names(operation)
    members = operation.members
    total = len(members.add or members.remove or members.objects)
    if _noun(operation.address) in ("file", "thumbnail"):
        return ""
    return sampled(names, total, room)


def sample_names(operation: Operation) -> tuple[str, ...]:
    """Return the first few members that change, sorted: those added, else removed, else annotated."""
    members = operation.members
    return tuple(sorted(members.add or members.remove or members.objects)[:SAMPLE])


def _obstacles(plan: Plan) -> Iterator[Line]:
    for blocked in plan.blocked:
        hint = (f"hint: {blocked.hint}",) if blocked.hint else ()
        text = f"{blocked.message} [{blocked.rule}]"
        yield Line("x", "blocked", "blocked", blocked.address, text, (*listed(blocked.names), *hint))
    for conflict in plan.conflicts:
        yield Line("x", "conflict", "conflict", conflict.address, _conflict_text(conflict), _conflict_hint(conflict))
    for refusal in plan.refusals:
        text = f"{refusal.message} [{refusal.rule}]"
        yield Line("x", "refused", "refused", refusal.address, text, (f"to allow just this: {refusal.flag}",))


def _conflict_text(conflict: Conflict) -> str:
    return f"{conflict.field} was changed in the manifest and on the platform"


def _conflict_hint(conflict: Conflict) -> tuple[str, ...]:
    sides = (("last applied", conflict.base), ("manifest", conflict.desired), ("platform", conflict.observed))
    values = tuple(f"{side:<12} {value_text(value)}" for side, value in sides)
    return (*values, f"to let the manifest win: --allow conflict:{conflict.address}")


def _notices(plan: Plan) -> Iterator[Line]:
    for notice in plan.notices:
        text = notice.message + sampled(notice.names[:SAMPLE], len(notice.names), 100)
        yield Line("?", notice.kind, notice.kind, notice.address, text)


def _findings(findings: Sequence[Diagnostic]) -> Iterator[Line]:
    by_code: dict[str, list[Diagnostic]] = {}
    for one in findings:
        by_code.setdefault(one.code, []).append(one)
    for code, alike in sorted(by_code.items()):
        for one in alike[:_SAME_FINDINGS]:
            note = one.severity is Severity.info
            yield Line("·" if note else "!", *(("note", "note") if note else ("finding", "finding")), _where(one))
        if len(alike) > _SAME_FINDINGS:
            yield Line("!", "finding", "finding", f"and {len(alike) - _SAME_FINDINGS:,} more like these [{code}]")


def _where(one: Diagnostic) -> str:
    position = one.position
    place = position.file if isinstance(position, Place) else str(position or "")
    times = f" ({one.count:,} times)" if one.count > 1 and f"{one.count:,}" not in one.message else ""
    return f"{one.message}{times}   {plain(place)} [{one.code}]" if place else f"{one.message}{times} [{one.code}]"
