"""Fingerprints of what a plan rests on, and the digest of the plan: same inputs, same bytes.

The digest is the sha256 of one JSON text with sorted keys over: format_version, target, inventory_serial, policy (what
the platform offers aside), variables, fingerprints, operations, blocked, conflicts, refusals, recorded, policies and
records. What is only told (notices, findings, limits) is left out: it may name files by other paths elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from picsellia_apply.model.address import parse_address
from picsellia_apply.model.annotation import annotation_digest, names_digest
from picsellia_apply.model.plan import FORMAT_VERSION, Operation, Plan, Policy
from picsellia_apply.model.state import Resource, State

ABSENT = "absent"


def fingerprint(operation: Operation, observed: State) -> str:
    """Return what the platform holds where an operation is going to write: 64 hex digits, or `absent`.

    Args:
        operation: Its members say which pictures count.
        observed: What is there.
    """
    address = parse_address(operation.address)
    names = sorted({*operation.members.add, *operation.members.remove})
    if address.kind in ("pictures", "query"):
        if address.rest:
            return names_digest(observed.lake.tags.get(address.rest[0], frozenset()) & set(names))
        return _digest([(name, observed.lake.pictures.get(name, ABSENT)) for name in names])
    if address.kind == "annotations":
        before = {name: change.before for name, change in operation.members.objects.items()}
        return _digest({name: None if texts is None else annotation_digest(texts) for name, texts in before.items()})
    resource = observed.resources.get(operation.address)
    if resource is None:
        return ABSENT
    return names_digest(resource.members) if address.kind == "version" else _digest(_touched(operation, resource))


def _touched(operation: Operation, resource: Resource) -> Mapping[str, Any]:
    fields = {change.field.partition(".")[0] for change in operation.diff}
    return {name: value for name, value in resource.fields.items() if name in fields}


def _digest(value: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()


def _policy(policy: Policy | None) -> Policy | None:
    """Return the policy without what the platform offers, its budgets written in one way: 10 is 10.0."""
    if policy is None:
        return None
    budgets = float(policy.delete_percent), float(policy.update_percent)
    return replace(policy, features=frozenset(), delete_percent=budgets[0], update_percent=budgets[1])


def plan_digest(plan: Plan) -> str:
    """Return the digest of a plan, `sha256:` and 64 hex digits."""
    body = {
        "format_version": FORMAT_VERSION,
        "target": plan.target,
        "inventory_serial": plan.inventory_serial,
        "policy": _policy(plan.policy),
        "variables": plan.variables,
        "fingerprints": plan.fingerprints,
        "operations": plan.operations,
        "blocked": plan.blocked,
        "conflicts": plan.conflicts,
        "refusals": plan.refusals,
        "recorded": plan.recorded,
        "policies": plan.policies,
    }
    digest = hashlib.sha256(msgspec.json.encode(body, order="sorted"))
    for address in sorted(plan.records):
        digest.update(msgspec.json.encode((address, plan.records[address]), order="sorted"))
    return f"sha256:{digest.hexdigest()}"


def sealed(plan: Plan) -> Plan:
    """Return the plan with its digest."""
    return replace(plan, digest=plan_digest(plan))
