"""A saved plan made again before it is applied: the arrows of `pipeline` once more, for what the plan touches alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from picsellia_apply.executor.again import Again
from picsellia_apply.executor.judges import check_policies
from picsellia_apply.executor.staleness import check_target, settled
from picsellia_apply.executor.touched import held_to, touched_by
from picsellia_apply.inventory import read_inventory
from picsellia_apply.manifest.bytes import digests_by_ref
from picsellia_apply.manifest.index import told_here
from picsellia_apply.pipeline import Planned
from picsellia_apply.planner import plan
from picsellia_apply.resolve import resolve
from picsellia_apply.seen import journal_of, left_over, look, target_of

if TYPE_CHECKING:
    from picsellia_apply.client import Client
    from picsellia_apply.model.declaration import Declaration
    from picsellia_apply.model.plan import Plan, Policy


def plan_again(saved: Plan, declaration: Declaration, client: Client, policy: Policy) -> Planned:
    """Return what is left to do of a plan.

    Args:
        saved: The reviewed plan; it is not trusted.
        declaration: What the manifests say now.
        client: Of the platform; it may be a read-only one.
        policy: What the plan was made under, with the guards of the manifests.

    Returns:
        What is left under the saved plan's digest, with what needs not be done any more as `already`.

    Raises:
        StalePlan: Something that the plan rests on has moved; tells everything that has.
        PicselliaError: The platform cannot be read.
    """
    target, files = target_of(declaration, client), digests_by_ref(declaration)
    check_target(saved, target, files)
    check_policies(saved, declaration.policies)
    inventory = read_inventory(client, target.workspace, root=Path(declaration.root))
    leftovers = left_over(journal_of(declaration, client), inventory, client)
    touched = touched_by(saved, inventory, leftovers)
    judged = bool(declaration.policies)  # they judge the whole: all of it is read
    seen = look(declaration, client, policy, inventory, leftovers, touched=touched, whole=judged)
    observed = seen.owned(client, declaration, set(touched.planned))
    wanted = resolve(declaration, observed, seen.known, prune=policy.sweeps)
    desired = held_to(wanted, observed, seen.known, touched)
    whole = (resolve(declaration, seen.read, seen.known, prune=policy.sweeps), seen.read) if judged else None
    now = plan(
        desired,
        observed,
        seen.known,
        replace(policy, features=client.features),
        target,
        policies=declaration.policies,
        only=touched.planned,
        whole=whole,
        variables=declaration.variables,
    )
    left, already = settled(Again(saved, now, touched, desired, observed, seen.inventory, leftovers, files))
    said = (
        now if any(one.program for one in declaration.policies) else saved
    )  # no program is told what only a file says
    findings = told_here(said.findings, declaration, left.operations)
    left = replace(left, notices=said.notices, findings=findings, limits=said.limits, unchanged=said.unchanged)
    return Planned(left, declaration, seen.inventory, client.requests, desired, observed, already, frozenset(leftovers))
