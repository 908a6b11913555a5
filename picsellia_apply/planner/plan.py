"""Desired and observed in, a plan out. Pure: no clock, no network, no disk, and nothing that it is given is changed."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from itertools import chain
from types import MappingProxyType

from picsellia_apply.errors import Diagnostic
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Notice, Operation, Plan, Policy, Refusal, Target
from picsellia_apply.model.policy import PolicyChecks, policy_digests
from picsellia_apply.model.state import State
from picsellia_apply.planner.case import Found
from picsellia_apply.planner.decided import Decided, decide, world_of
from picsellia_apply.planner.digest import fingerprint, sealed
from picsellia_apply.planner.guard import judge
from picsellia_apply.planner.moved import move_notices, rename_suggestions
from picsellia_apply.planner.owners import foreign_refusals, owner_notices, owners_of, without_lost
from picsellia_apply.planner.policies import Judged, judge_policies
from picsellia_apply.planner.prefer import check_preferences
from picsellia_apply.planner.protect import protected_refusals
from picsellia_apply.planner.recorded import recorded as recording
from picsellia_apply.planner.scope import scope_of
from picsellia_apply.planner.strangers import with_strangers
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
    scope = scope_of(policy.targets, desired.resources, inventory.records.keys(), only)
    if only is None:
        check_preferences(policy, desired.resources.keys() | inventory.records.keys())
    decided = decide(world_of(desired, observed, without_lost(inventory, owners), policy), scope, owners)
    refusals = _refusals(decided, inventory, policies, whole)
    made = replace(_assembled(decided, inventory, target, partly=only is not None), refusals=refusals)
    made = replace(made, policies=policy_digests(policies), variables=dict(variables))
    return sealed(replace(made, recorded=recording(made, inventory, observed.moved)))


def _refusals(
    decided: Decided, stored: Inventory, policies: Sequence[PolicyChecks], whole: tuple[State, State] | None
) -> tuple[Refusal, ...]:
    """Return what guards and policies have against it; `stored` is the inventory with what others took over."""
    world, operations, blasts = decided.world, decided.operations, decided.blasts
    desired, observed, inventory, policy = world.desired, world.observed, world.inventory, world.policy
    wanted, there = (desired, observed) if whole is None else whole
    findings = _findings(desired.findings, observed.findings) if whole is None else _findings(wanted.findings)
    judged = Judged(operations, blasts, findings, wanted, there, inventory, "labels" in policy.features)
    return (
        *foreign_refusals(decided.owners, decided.scope.planned, stored, observed.moved),
        *with_strangers(judge(desired, observed, inventory, policy, blasts), operations, world),
        *protected_refusals(operations, desired, observed, inventory, policy),
        *judge_policies(policies, judged),
    )


def _assembled(decided: Decided, stored: Inventory, target: Target, *, partly: bool) -> Plan:
    """Return the plan without what is judged; `stored` as for `_refusals`; `partly`: no rename is looked for."""
    world, everything, operations = decided.world, decided.everything, decided.operations
    desired, observed = world.desired, world.observed
    return Plan(
        target=target,
        operations=operations,
        notices=_notices(
            everything,
            decided.owners.taken,
            owner_notices(decided.owners, stored.records.keys(), desired.resources.keys()),
            move_notices(observed.moved),
            () if world.policy.targets or partly else rename_suggestions(desired, world.inventory),
        ),
        blocked=tuple(blocked for one in everything for blocked in one.blocked),
        conflicts=tuple(conflict for one in everything for conflict in one.conflicts),
        findings=_findings(desired.findings, observed.findings),
        limits=_limits(everything, observed),
        unchanged=sum(not (one.operations or one.blocked or one.conflicts) for one in decided.found.values()),
        inventory_serial=stored.serial,
        fingerprints=_fingerprints(operations, observed),
        records=decided.records,
        late=decided.late,
        policy=world.policy,
        takeovers=decided.owners.taken,
        seen=observed if any(one.action == "delete" for one in operations) else None,
    )


def _notices(everything: Iterable[Found], taken: Container[str], *more: Iterable[Notice]) -> tuple[Notice, ...]:
    """Return every notice, sorted; that what is taken over is there already needs not be said."""
    notices = [
        notice
        for one in everything
        for notice in one.notices
        if notice.kind != "adopt" or notice.names or notice.address not in taken
    ]
    return tuple(sorted((*notices, *(one for some in more for one in some)), key=lambda one: (one.address, one.kind)))


def _findings(*findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(dict.fromkeys(chain(*findings)))


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
