"""Whether a saved plan still holds: nothing is done that was not reviewed.

The plan is made again from the same manifests and what is there now. What it does must be what was reviewed, or a part
of it; and both must end in the same inventory, so that what is left out is there already (an apply that was killed did
it). Anything else means that something moved, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from picsellia_apply.errors import StalePlan
from picsellia_apply.executor.journal import content_digest
from picsellia_apply.model.plan import Blocked, Conflict, Operation, Plan, Refusal

Hindrance = Blocked | Conflict | Refusal
HINT = "plan again and review what changed"


def narrowed(saved: Plan, now: Plan) -> Plan:
    """Return `now`, which does only what `saved` announced.

    Args:
        saved: The reviewed plan.
        now: The plan made a moment ago from the same manifests, under the same policy.

    Raises:
        StalePlan: The target differs, or something that the plan rests on has moved; says what.
    """
    if saved.target != now.target:
        raise StalePlan(f"the plan is for {_named(saved)}, this is {_named(now)}", hint=HINT)
    _check_hindrances("is blocked", saved.blocked, now.blocked)
    _check_hindrances("is in conflict", saved.conflicts, now.conflicts)
    _check_hindrances("is refused", saved.refusals, now.refusals)
    reviewed = {(operation.address, operation.action): operation for operation in saved.operations}
    for operation in now.operations:
        before = reviewed.get((operation.address, operation.action))
        if before is None and operation.action == "update":
            before = reviewed.get((operation.address, "create"))
        _check(before, operation)
    for address in sorted(saved.records.keys() | now.records.keys()):
        if content_digest(saved.records.get(address)) != content_digest(now.records.get(address)):
            raise StalePlan(f"`{address}` would end otherwise than the plan says", hint=HINT)
    return now


def _check_hindrances(label: str, saved: Sequence[Hindrance], now: Sequence[Hindrance]) -> None:
    for one in now:
        if one not in saved:
            raise StalePlan(f"`{one.address}` {label}, which it was not when the plan was made", hint=HINT)


def _named(plan: Plan) -> str:
    return f"workspace `{plan.target.workspace}` of `{plan.target.organization}` at {plan.target.host}"


def _check(saved: Operation | None, now: Operation) -> None:
    if saved is None:
        raise StalePlan(f"`{now.address}` would be {now.action}d, which the plan does not say", hint=HINT)
    _check_fields(saved, now, resumed=saved.action != now.action)
    _check_members(now.address, "added", dict(saved.members.add), dict(now.members.add))
    _check_members(now.address, "removed", dict.fromkeys(saved.members.remove), dict.fromkeys(now.members.remove))
    _check_members(now.address, "annotated", dict(saved.members.objects), dict(now.members.objects))


def _check_fields(saved: Operation, now: Operation, *, resumed: bool) -> None:
    planned = {change.field: change for change in saved.diff}
    for change in now.diff:
        before = planned.get(change.field)
        if before is None:
            raise StalePlan(f"`{now.address}`: `{change.field}` differs now, the plan does not change it", hint=HINT)
        if before.after != change.after:
            raise StalePlan(_moved(now.address, change.field, before.after, change.after), hint=HINT)
        if before.before != change.before and not resumed:
            raise StalePlan(_moved(now.address, change.field, before.before, change.before), hint=HINT)


def _moved(address: str, field: str, planned: Any, now: Any) -> str:
    return f"`{address}`: `{field}` was {planned!r:.80} when the plan was made and is {now!r:.80} now"


def _check_members(address: str, verb: str, planned: dict[str, Any], now: dict[str, Any]) -> None:
    moved = sorted(name for name, value in now.items() if name not in planned or planned[name] != value)
    if moved:
        shown = ", ".join(moved[:3]) + (", ..." if len(moved) > 3 else "")
        count = f"{len(moved):,} member{'s' * (len(moved) != 1)}"
        raise StalePlan(f"`{address}`: {count} would be {verb} that the plan does not show so: {shown}", hint=HINT)
