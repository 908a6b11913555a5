"""The arrows joined: observe, resolve, plan, execute. The work is in the stages, here is their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from picsellia_apply.inventory import read_inventory
from picsellia_apply.manifest.index import require_pictures, told_here
from picsellia_apply.model.declaration import Declaration
from picsellia_apply.model.drift import DriftReport
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Operation, Plan, Policy
from picsellia_apply.model.result import Result
from picsellia_apply.model.state import State
from picsellia_apply.planner import plan
from picsellia_apply.resolve import resolve
from picsellia_apply.seen import journal_of, left_over, look, target_of

if TYPE_CHECKING:
    from picsellia_apply.client import Client
    from picsellia_apply.executor import Event
    from picsellia_apply.executor.lease import Terms


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, with what it was made of, and how many requests the platform answered for it.

    `already` are operations of a saved plan of which nothing is left to do, see `replan`; `unfinished` what an apply
    that was killed left something over of; `known` the inventory with what that one did besides.
    """

    plan: Plan
    declaration: Declaration
    inventory: Inventory
    requests: int
    desired: State
    observed: State
    already: tuple[Operation, ...] = ()
    unfinished: frozenset[str] = frozenset()
    known: Inventory | None = None


def make_plan(
    declaration: Declaration, client: Client, policy: Policy, *, inventory: Inventory | None = None
) -> Planned:
    """Compare the manifests with the platform, which a read-only client may read; the features are the client's.

    `inventory` stands for the stored one, where that is lost.
    """
    from picsellia_apply.executor.resumed import resumed

    target = target_of(declaration, client)
    inventory = inventory or read_inventory(client, target.workspace, root=Path(declaration.root))
    journal = journal_of(declaration, client)
    leftovers = left_over(journal, inventory, client)
    seen = look(declaration, client, policy, inventory, leftovers, noticed=journal.faults())
    desired = resolve(declaration, seen.observed, seen.known, prune=policy.sweeps)
    observed = seen.owned(client, declaration, {*desired.resources, *seen.known.records})
    may = replace(policy, features=client.features)
    policies, variables = declaration.policies, declaration.variables
    planned = plan(desired, observed, seen.known, may, target, policies=policies, variables=variables)
    placed = replace(planned, findings=told_here(planned.findings, declaration, planned.operations))
    told, left = resumed(placed, leftovers), frozenset(leftovers)
    made = Planned(told, declaration, seen.inventory, client.requests, desired, observed, unfinished=left)
    return replace(made, known=seen.known)


def find_drift(planned: Planned) -> DriftReport:
    """Return what people changed on the platform since the last apply, and what the planned one does about it."""
    from picsellia_apply.manifest.locate import Locator
    from picsellia_apply.planner.drift import drift

    known = planned.known or planned.inventory
    return drift(planned.desired, planned.observed, known, planned.plan).positioned(Locator().position)


def is_settled(planned: Planned) -> bool:
    """Return whether there is nothing to do, nothing to record, and nothing left over from an apply that was killed."""
    plan, inventory = planned.plan, planned.inventory
    if plan.operations or plan.records != inventory.records or inventory.moved or plan.takeovers:
        return False
    return not planned.unfinished & plan.records.keys()


def run_apply(
    planned: Planned,
    client: Client,
    *,
    parallelism: int,
    on_event: Callable[[Event], None],
    stopped: Callable[[], bool],
    terms: Terms | None = None,
    again: Callable[[Planned], Planned] = lambda planned: planned,
) -> Result:
    """Make the platform as the plan says, alone in its workspace; arguments as for `executor.execute`.

    Pictures to upload must be here: those of another plan too. `terms` are those of `lease`; `again` plans anew when
    somebody else was waited for.
    """
    from picsellia_apply.executor import execute
    from picsellia_apply.executor.added import without_missing
    from picsellia_apply.executor.lease import lease
    from picsellia_apply.manifest.bytes import bytes_by_ref

    require_pictures(planned.declaration, planned.plan.operations)
    root = Path(planned.declaration.root)
    with lease(client, planned.plan.target.workspace, root=root, terms=terms) as held:
        if held.waited:
            planned = again(planned)
            require_pictures(planned.declaration, planned.plan.operations)
        journal = journal_of(planned.declaration, client)
        leftovers = left_over(journal, planned.inventory, client)
        result = execute(
            planned.plan,
            client,
            bytes_by_ref(planned.declaration),
            journal,
            planned.inventory,
            leftovers=without_missing(leftovers, planned.observed.lake.pictures),
            root=root,
            parallelism=parallelism,
            on_event=on_event,
            stopped=stopped,
        )
        return held.told(result)
