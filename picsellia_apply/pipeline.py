"""The arrows joined: observe, resolve, plan, execute. The work is in the stages, here is their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from picsellia_apply.client.target import nearest_data_dir
from picsellia_apply.inventory import read_inventory
from picsellia_apply.manifest import positioned
from picsellia_apply.model.declaration import Declaration
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Plan, Policy, Target
from picsellia_apply.model.result import Result
from picsellia_apply.observe import observe
from picsellia_apply.planner import plan
from picsellia_apply.resolve import resolve

if TYPE_CHECKING:
    from picsellia_apply.client import Client
    from picsellia_apply.executor import Event, Journal


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, with what an apply of it starts from, and how many requests the platform answered for it."""

    plan: Plan
    declaration: Declaration
    inventory: Inventory
    requests: int


def make_plan(declaration: Declaration, client: Client, policy: Policy) -> Planned:
    """Compare the manifests with the platform, which a read-only client may read; the features are the client's."""
    from picsellia_apply.executor.cut import with_cut
    from picsellia_apply.executor.resumed import resumed

    workspace = declaration.workspace.name
    inventory = read_inventory(client, workspace, root=Path(declaration.root))
    target = Target(client.host, client.organization, workspace)
    leftovers = _journal(declaration, target).leftovers()
    read = with_cut(observe(client.reader, declaration, inventory, prune=policy.prune), leftovers)
    observed = replace(read, requests=client.requests)
    desired = resolve(declaration, observed, inventory, prune=policy.sweeps)
    planned = plan(desired, observed, inventory, replace(policy, features=client.features), target)
    placed = replace(planned, findings=positioned(planned.findings))
    return Planned(resumed(placed, leftovers), declaration, inventory, client.requests)


def against(saved: Plan, planned: Planned) -> Planned:
    """Return what is left to do of a saved plan; raises StalePlan when something that it rests on has moved."""
    from picsellia_apply.executor.staleness import narrowed

    return replace(planned, plan=narrowed(saved, planned.plan))


def is_settled(planned: Planned) -> bool:
    """Return whether there is nothing to do, nothing to record, and nothing left over from an apply that was killed."""
    plan, inventory = planned.plan, planned.inventory
    if plan.operations or plan.records != inventory.records:
        return False
    return not _journal(planned.declaration, plan.target).leftovers().keys() & plan.records.keys()


def _journal(declaration: Declaration, target: Target) -> Journal:
    from picsellia_apply.executor import Journal, journal_path

    folder = nearest_data_dir(Path(declaration.root))
    return Journal(journal_path(folder, target.workspace), target)


def run_apply(
    planned: Planned,
    client: Client,
    *,
    parallelism: int,
    on_event: Callable[[Event], None],
    stopped: Callable[[], bool],
) -> Result:
    """Make the platform as the plan says; arguments as for `executor.execute`."""
    from picsellia_apply.executor import execute
    from picsellia_apply.manifest.bytes import bytes_by_ref

    return execute(
        planned.plan,
        client,
        bytes_by_ref(planned.declaration),
        _journal(planned.declaration, planned.plan.target),
        planned.inventory,
        root=Path(planned.declaration.root),
        parallelism=parallelism,
        on_event=on_event,
        stopped=stopped,
    )
