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
from picsellia_apply.model.plan import Policy, Refusal
from picsellia_apply.model.state import State
from picsellia_apply.planner.case import Blast, Unit

FEWEST_TO_UPDATE = 10
"""Below so many managed things a percentage of changes says nothing."""

_NOUNS: Mapping[Unit, str] = {
    "addresses": "addresses",
    "pictures": "pictures",
    "tags": "tags on pictures",
    "members": "pictures in versions",
    "objects": "objects",
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
            counted = [one for one in blasts if one.kind == kind and not _lifted(rule, one.address, policy)]
            refusals.extend(_over_budget(rule, counted, budget, managed))
    return sorted(refusals, key=lambda one: (one.address, one.rule))


def refusal(rule: str, address: str, message: str) -> Refusal:
    """Return a refusal with the flag that lifts it."""
    return Refusal(rule, address, message, f"--allow {rule}:{address}")


def _lifted(rule: str, address: str, policy: Policy) -> bool:
    return f"{rule}:{address}" in policy.allowances


def _empty(desired: State, inventory: Inventory, policy: Policy) -> Iterator[Refusal]:
    address = f"workspace/{quote_name(inventory.workspace)}"
    if not desired.resources and inventory.records and not _lifted("empty", address, policy):
        message = f"the manifests declare nothing, and the workspace manages {len(inventory.records):,} addresses"
        yield refusal("empty", address, message)


def _foreign(blasts: Iterable[Blast], policy: Policy) -> Iterator[Refusal]:
    by_address: dict[str, list[str]] = {}
    for blast in blasts:
        if blast.foreign and not _lifted("foreign_content", blast.address, policy):
            by_address.setdefault(blast.address, []).append(f"{blast.foreign:,} {_NOUNS[blast.unit]}")
    for address, parts in by_address.items():
        yield refusal("foreign_content", address, f"deleting it would take {' and '.join(parts)} that are not ours")


def _over_budget(rule: str, blasts: Sequence[Blast], budget: float, managed: Mapping[Unit, int]) -> Iterator[Refusal]:
    for unit in get_args(Unit):
        touched = [blast for blast in blasts if blast.unit == unit]
        total = max(managed[unit], sum(blast.count for blast in touched) if rule == "delete_percent" else 0)
        if rule == "update_percent" and total < FEWEST_TO_UPDATE:
            continue
        percent = 100 * sum(blast.count for blast in touched) / total if total else 0.0
        if percent <= budget:
            continue
        verb = "deleted" if rule == "delete_percent" else "changed"
        whole = f"{percent:.1f} % of the {total:,} {_NOUNS[unit]} would be {verb}, the budget is {budget:g} %"
        for blast in touched:
            yield refusal(rule, blast.address, f"{blast.count:,} {_NOUNS[unit]} here; {whole}")


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
