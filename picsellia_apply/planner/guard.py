"""Judges a finished plan: what it may not do unless a flag says so. Kept apart from what makes the plan.

    empty             nothing is declared, and the inventory is not empty
    delete_percent    more is deleted than the budget allows, counted with everything that goes with it
    update_percent    more of what is there is changed than the budget allows; not below ten things
    foreign_content   a delete would take what people made with it

A budget is compared per unit (pictures, tags on pictures, pictures in versions, objects, addresses), in percent of what
the workspace manages. What a flag allows is not counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import get_args

from picsellia_apply.model.address import parse_address, quote_name
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.ownership import is_memory
from picsellia_apply.model.plan import Policy, Refusal
from picsellia_apply.model.state import State
from picsellia_apply.planner.case import Blast, Unit
from picsellia_apply.planner.words import counted

FEWEST_TO_UPDATE = 10
"""Below so many managed things a percentage of changes says nothing."""

_NOUNS: Mapping[Unit, tuple[str, str]] = {
    "addresses": ("address", "addresses"),
    "pictures": ("picture", "pictures"),
    "tags": ("tag on a picture", "tags on pictures"),
    "members": ("picture in a version", "pictures in versions"),
    "objects": ("object", "objects"),
    "fields": ("field that was changed on the platform", "fields that were changed on the platform"),
}


def judge(
    desired: State, observed: State, inventory: Inventory, policy: Policy, blasts: Sequence[Blast]
) -> list[Refusal]:
    """Return every refusal, sorted by address and rule.

    Args:
        desired: Whether anything is declared.
        observed: For what annotations hold.
        inventory: What is managed.
        policy: Budgets, and the `RULE:ADDRESS` pairs that are lifted.
        blasts: What the plan's operations destroy or change.
    """
    refusals = [*_empty(desired, inventory, policy), *_foreign(blasts, policy)]
    if blasts:
        managed = managed_counts(observed, inventory)
        for rule, kind, budget in (
            ("delete_percent", "delete", policy.delete_percent),
            ("update_percent", "update", policy.update_percent),
        ):
            strict = [one for one in blasts if one.kind == kind and not _lifted(rule, one.address, policy)]
            refusals.extend(_over_budget(rule, strict, budget, managed))
    return sorted(refusals, key=lambda one: (one.address, one.rule))


def refusal(rule: str, address: str, message: str) -> Refusal:
    """Return a refusal with the flag that lifts it."""
    return Refusal(rule, address, message, f"--allow {rule}:{address}")


def _lifted(rule: str, address: str, policy: Policy) -> bool:
    return f"{rule}:{address}" in policy.allowances


def _empty(desired: State, inventory: Inventory, policy: Policy) -> Iterator[Refusal]:
    address = f"workspace/{quote_name(inventory.workspace)}"
    held = sum(not is_memory(record) for record in inventory.records.values())
    if not desired.resources and held and not _lifted("empty", address, policy):
        managed = unit_counted(held, "addresses")
        message = f"the manifests declare nothing, and the workspace manages {managed}"
        yield refusal("empty", address, message)


def _foreign(blasts: Iterable[Blast], policy: Policy) -> Iterator[Refusal]:
    by_address: dict[str, list[str]] = {}
    for blast in blasts:
        if blast.foreign and not _lifted("foreign_content", blast.address, policy):
            by_address.setdefault(blast.address, []).append(unit_counted(blast.foreign, blast.unit))
    for address, parts in by_address.items():
        yield refusal("foreign_content", address, f"it takes along what is not ours: {' and '.join(parts)}")


def _over_budget(rule: str, blasts: Sequence[Blast], budget: float, managed: Mapping[Unit, int]) -> Iterator[Refusal]:
    """Yield one refusal for every address that has a part in breaking the budget."""
    verb = "deletes" if rule == "delete_percent" else "changes"
    here: dict[str, list[str]] = {}
    whole: dict[str, list[str]] = {}
    for unit in get_args(Unit):
        touched = [blast for blast in blasts if blast.unit == unit]
        sum_of_all = sum(blast.count for blast in touched)
        total = max(managed[unit], sum_of_all)
        if not total or 100 * sum_of_all / total <= budget:
            continue
        if rule == "update_percent" and total < FEWEST_TO_UPDATE:
            continue
        for blast in touched:
            here.setdefault(blast.address, []).append(unit_counted(blast.count, unit))
            share = f"{100 * sum_of_all / total:.1f} % of {unit_counted(total, unit)}"
            whole.setdefault(blast.address, []).append(share)
    for address, parts in here.items():
        message = f"{verb} {', '.join(parts)}; the plan {verb} {', '.join(whole[address])}; the budget is {budget:g} %"
        yield refusal(rule, address, message)


def unit_counted(count: int, unit: Unit) -> str:
    """Return `2,805 objects`, `1 address`: so many of what budgets count."""
    return counted(count, *_NOUNS[unit])


def managed_counts(observed: State, inventory: Inventory) -> dict[Unit, int]:
    """Return how much the workspace manages, per unit; objects count as observed where that is more."""
    counts: dict[Unit, int] = dict.fromkeys(get_args(Unit), 0)
    counts["addresses"] = len(inventory.records)
    for text, record in inventory.records.items():
        address = parse_address(text)
        match address.kind:
            case "pictures" | "query":
                counts["tags" if address.rest else "pictures"] += len(record.members)
            case "version":
                counts["members"] += len(record.members)
            case "annotations":
                there = observed.resources[text].members if text in observed.resources else {}
                counts["objects"] += max(sum(map(len, record.members.values())), sum(map(len, there.values())))
    return counts
