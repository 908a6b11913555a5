"""A plan as JSON: sorted keys, two spaces, a final newline. Same plan, same bytes; see `docs/plan.md`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from picsellia_apply.errors import Diagnostic
from picsellia_apply.model.plan import FORMAT_VERSION, SAMPLE, Blocked, Notice, Operation, Plan, Policy
from picsellia_apply.render.members import sample_names
from picsellia_apply.source import Position


def plan_to_json(plan: Plan) -> bytes:
    """Return a plan as canonical JSON; members are counted and sampled, not listed.

    Returns:
        UTF-8, ended by a newline.
    """
    return formatted(plan_document(plan))


def formatted(document: dict[str, Any]) -> bytes:
    """Return a document as canonical JSON."""
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=2) + b"\n"


def plan_document(plan: Plan) -> dict[str, Any]:
    """Return what the JSON of a plan holds."""
    return {
        "format_version": FORMAT_VERSION,
        "digest": plan.digest,
        "target": plan.target,
        "policy": _policy(plan.policy),
        "variables": plan.variables,
        "outcome": plan.outcome,
        "summary": plan.summary,
        "operations": [_operation(one) for one in plan.operations],
        "notices": [_notice(one) for one in plan.notices],
        "blocked": [_blocked(one) for one in plan.blocked],
        "conflicts": plan.conflicts,
        "refusals": plan.refusals,
        "recorded": plan.recorded,
        "policies": plan.policies,
        "findings": [finding_document(one) for one in plan.findings],
        "limits": plan.limits,
        "inventory_serial": plan.inventory_serial,
        "fingerprints": plan.fingerprints,
    }


def _policy(policy: Policy | None) -> Policy | None:
    """Return the policy with budgets that are written in one way, whether they were given as 10 or as 10.0."""
    if policy is None:
        return None
    delete_percent, update_percent = float(policy.delete_percent), float(policy.update_percent)
    return replace(policy, delete_percent=delete_percent, update_percent=update_percent)


def _operation(operation: Operation) -> dict[str, Any]:
    counts = {key: operation.members.counts.get(key, 0) for key in ("add", "remove", "change")}
    return {
        "address": operation.address,
        "action": operation.action,
        "reason": operation.reason,
        "diff": operation.diff,
        "members": {**counts, "sample": sample_names(operation)},
        "impact": operation.impact,
        "pre": operation.pre,
        "needs": operation.needs,
    }


def _notice(one: Notice) -> dict[str, Any]:
    return {"kind": one.kind, "address": one.address, "message": one.message, **_sampled(one.names)}


def _blocked(one: Blocked) -> dict[str, Any]:
    said = {"address": one.address, "rule": one.rule, "message": one.message, "hint": one.hint}
    return {**said, **_sampled(one.names)}


def _sampled(names: tuple[str, ...]) -> dict[str, Any]:
    """Return how many names there are and the first few: a saved plan holds them all in its members file."""
    return {"count": len(names), "sample": names[:SAMPLE]}


def finding_document(one: Diagnostic) -> dict[str, Any]:
    """Return what JSON holds of a diagnostic."""
    position = one.position
    where: dict[str, Any] | None = None
    if isinstance(position, Position):
        where = {"file": position.file, "line": position.line, "column": position.column, "length": position.length}
    elif position is not None:
        where = {"file": position.file, "document": position.document, "path": position.path}
    return {
        "code": one.code,
        "severity": one.severity.name,
        "position": where,
        "message": one.message,
        "hint": one.hint,
        "count": one.count,
    }
