"""Desired and observed in, a plan out. Pure: no clock, no network, no disk, and nothing that it is given is changed."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from types import MappingProxyType

from picsellia_apply.errors import Diagnostic
from picsellia_apply.model.address import parse_address
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.ownership import frozen_pictures, ours_of
from picsellia_apply.model.plan import Notice, Operation, Plan, Policy, Target
from picsellia_apply.model.policy import PolicyChecks, policy_digests
from picsellia_apply.model.state import State
from picsellia_apply.planner.case import Found, World
from picsellia_apply.planner.diff import diff
from picsellia_apply.planner.digest import fingerprint, sealed
from picsellia_apply.planner.gone import diff_gone, gone_addresses
from picsellia_apply.planner.guard import judge
from picsellia_apply.planner.lasting import with_last_versions
from picsellia_apply.planner.moved import move_notices, rename_suggestions
from picsellia_apply.planner.needs import with_needs
from picsellia_apply.planner.order import order
from picsellia_apply.planner.owners import foreign_refusals, owner_notices, owners_of, without_lost
from picsellia_apply.planner.policies import Judged, judge_policies
from picsellia_apply.planner.prefer import check_preferences
from picsellia_apply.planner.protect import protected_refusals, remembered
from picsellia_apply.planner.recorded import recorded as recording
from picsellia_apply.planner.scope import Scope, scope_of
from picsellia_apply.planner.takes import with_takes
from picsellia_apply.planner.words import counted

_NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


def plan(
    desired: State,
    observed: State,
    inventory: Inventory,
    policy: Policy,
    target: Target,
    *,
    policies: Sequence[PolicyChecks] = (),
    only: Set[str] | None = None,
    whole: tuple[State, State] | None = None,
    variables: Mapping[str, str] = _NO_VARIABLES,
) -> Plan:
    """Return what an apply would do.

    Args:
        desired: What should be there, see `resolve`.
        observed: What is there.
        inventory: What this workspace manages.
        policy: What may be done.
        target: What the plan is for.
        policies: What the team asks of every plan.
        only: Addresses that are planned, declared or recorded: all others stay as they are; None for all.
        whole: Desired and observed of everything, for the policies, where only a part is planned.
        variables: What the manifests were read with.

    Returns:
        The plan with its digest. The same inputs, in whatever order they are listed, give the same plan.

    Raises:
        UsageError: A target or a preference names something that is neither declared nor managed.
    """
    owners = owners_of(observed.owners, desired.resources.keys(), policy)
    recorded, inventory = inventory, without_lost(inventory, owners)
    world = _world(desired, observed, inventory, policy)
    scope = scope_of(policy.targets, desired.resources, recorded.records.keys(), only)
    if only is None:
        check_preferences(policy, desired.resources.keys() | recorded.records.keys())
    found = dict(diff(world, scope.planned - owners.lost.keys()))
    leaving = {text: _leaving(one) for text, one in found.items()}
    gone = {text: diff_gone(text, world, leaving) for text in gone_addresses(world) if text in scope.covered}
    gone = with_last_versions(gone, found, world)
    if policy.targets:
        found = {text: _no_delete_outside(text, one, scope, inventory) for text, one in found.items()}
    found = remembered(found, desired.resources, inventory)
    everything = [one for _, one in sorted({**found, **gone}.items())]
    blasts = [blast for one in everything for blast in one.blasts]
    operations = order(with_takes(with_needs(everything, desired.resources), blasts), desired.resources)
    findings = _findings((*desired.findings, *observed.findings))
    judged = Judged(operations, blasts, findings, desired, observed, inventory, "labels" in policy.features)
    if whole is not None:
        judged = replace(judged, findings=_findings(whole[0].findings), desired=whole[0], observed=whole[1])
    made = Plan(
        target=target,
        operations=operations,
        notices=_notices(
            everything,
            owners.taken,
            owner_notices(owners, recorded.records.keys(), desired.resources.keys()),
            move_notices(observed.moved),
            () if policy.targets or only is not None else rename_suggestions(desired, inventory),
        ),
        blocked=tuple(blocked for one in everything for blocked in one.blocked),
        conflicts=tuple(conflict for one in everything for conflict in one.conflicts),
        refusals=(
            *foreign_refusals(owners, scope.planned, recorded, observed.moved),
            *judge(desired, observed, inventory, policy, blasts),
            *protected_refusals(operations, desired, observed, inventory, policy),
            *judge_policies(policies, judged),
        ),
        findings=findings,
        limits=_limits(everything, observed),
        unchanged=sum(not (one.operations or one.blocked or one.conflicts) for one in found.values()),
        inventory_serial=inventory.serial,
        fingerprints=_fingerprints(operations, observed),
        records=_records(inventory, {**found, **gone}),
        policy=policy,
        takeovers=owners.taken,
        variables=dict(variables),
        policies=policy_digests(policies),
        seen=observed if any(one.action == "delete" for one in operations) else None,
    )
    return sealed(replace(made, recorded=recording(made, recorded, observed.moved)))


def _notices(everything: Iterable[Found], taken: Container[str], *more: Iterable[Notice]) -> tuple[Notice, ...]:
    """Return every notice, sorted; that what is taken over is there already needs not be said."""
    notices = [
        notice
        for one in everything
        for notice in one.notices
        if notice.kind != "adopt" or notice.names or notice.address not in taken
    ]
    return tuple(sorted((*notices, *(one for some in more for one in some)), key=lambda one: (one.address, one.kind)))


def _leaving(found: Found) -> frozenset[str]:
    return frozenset(name for operation in found.operations for name in operation.members.remove)


def _world(desired: State, observed: State, inventory: Inventory, policy: Policy) -> World:
    pictures: set[str] = set()
    tags: dict[str, set[str]] = {}
    for text, resource in desired.resources.items():
        address = parse_address(text)
        if address.kind in ("pictures", "query") and not resource.options.get("absent"):
            names = tags.setdefault(address.rest[0], set()) if address.rest else pictures
            names.update(resource.options.get("declared", resource.members))
    ours = ours_of(inventory, observed.lake.pictures)
    doomed: frozenset[str] = frozenset()
    frozen = [
        text for text, one in desired.resources.items() if text.startswith("version/") and one.options.get("frozen")
    ]
    pinned = frozen_pictures(frozen, observed.resources)
    if policy.sweeps and observed.complete:
        held = frozenset().union(*pinned.values())
        doomed = frozenset(ours.pictures - pictures) & observed.lake.pictures.keys()
        doomed -= held | observed.others.pictures.keys()
    return World(desired, observed, inventory, policy, ours, pictures, tags, doomed, pinned)


def _no_delete_outside(text: str, found: Found, scope: Scope, inventory: Inventory) -> Found:
    """Return what was found without deletes, for an address that a target merely depends on; its record stays."""
    deletes = [one for one in found.operations if one.action == "delete" or one.members.remove]
    if text in scope.covered or not deletes:
        return found
    kept = tuple(one for one in found.operations if one not in deletes)
    blasts = tuple(blast for blast in found.blasts if kept and blast.kind == "update")
    return replace(found, operations=kept, blasts=blasts, record=_joined(inventory.records.get(text), found.record))


def _joined(before: Record | None, after: Record | None) -> Record | None:
    """Return the record with the members of before, so that what is ours to delete stays so."""
    if before is None or after is None:
        return after
    return replace(after, members={**before.members, **after.members})


def _findings(findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(dict.fromkeys(findings))


def _limits(everything: Iterable[Found], observed: State) -> tuple[str, ...]:
    incomparable = sum(one.incomparable for one in everything)
    limits = []
    if incomparable:
        limits.append(
            f"{counted(incomparable, 'picture or file', 'pictures and files')} not comparable: no digest known"
        )
    if not observed.complete:
        limits.append("what was read is not complete: nothing is deleted")
    return tuple(limits)


def _fingerprints(operations: Iterable[Operation], observed: State) -> dict[str, str]:
    return {f"{one.action}:{one.address}": fingerprint(one, observed) for one in operations}


def _records(inventory: Inventory, found: Mapping[str, Found]) -> dict[str, Record]:
    """Return the records once everything succeeded: those of before, with every decision taken in."""
    records = {address: record for address, record in inventory.records.items() if address not in found}
    records.update({address: one.record for address, one in found.items() if one.record is not None})
    return dict(sorted(records.items()))
