"""What an apply writes into the inventory, though nothing is to be done on the platform: who owns what, and as what."""

from __future__ import annotations

from collections.abc import Mapping

from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Plan, Recording
from picsellia_apply.planner.prefer import preferred


def recorded(plan: Plan, inventory: Inventory, moved: Mapping[str, str]) -> dict[str, Recording]:
    """Return the addresses whose records an apply changes without an operation, and why; sorted.

    Args:
        plan: With its records. Where it has an operation, everything is told by those: then nothing is returned.
        inventory: As it is stored, apart from what is moved in it.
        moved: New address to the one that the stored inventory has for it.
    """
    if plan.operations:
        return {}
    adopted = {one.address for one in plan.notices if one.kind == "adopt"}
    before, after = inventory.records, plan.records
    changed = {text for text in before.keys() | after.keys() if before.get(text) != after.get(text)}
    return {text: _why(text, plan, inventory, adopted, moved) for text in sorted({*changed, *plan.takeovers, *moved})}


def _why(text: str, plan: Plan, inventory: Inventory, adopted: set[str], moved: Mapping[str, str]) -> Recording:
    if text in plan.takeovers:
        return "taken over"
    if text in moved:
        return "moved"
    if text not in plan.records:
        return "forgotten"
    if text in adopted or text not in inventory.records:
        return "adopted"
    return "preferred" if plan.policy is not None and preferred(plan.policy, text) == "remote" else "noted"
