"""`protect: true`: nothing of it is deleted, not even when its document is gone from the manifests.

What is declared decides; where the field, or the document, is absent, the inventory remembers. A protected dataset
protects its versions, a version its labels, annotations and pictures, a set its pictures and tags, a network its files.
Changes are allowed, and so are objects that an annotation file drops while it is still declared: those are edits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace

from picsellia_apply.model.address import parse_address
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Operation, Policy, Refusal
from picsellia_apply.model.state import Resource, State
from picsellia_apply.planner.case import Found
from picsellia_apply.planner.guard import refusal
from picsellia_apply.planner.scope import wholes
from picsellia_apply.planner.words import counted, joined

RULE = "protected"


def is_protected(address: str, desired: Mapping[str, Resource], inventory: Inventory) -> bool:
    """Return whether this very address is protected, by its document or by what the inventory remembers of it."""
    said = desired[address].options.get("protect") if address in desired else None
    record = inventory.records.get(address)
    return bool(said) if said is not None else record is not None and record.protected


def remembered(found: Mapping[str, Found], desired: Mapping[str, Resource], inventory: Inventory) -> dict[str, Found]:
    """Return what was found, its records saying what is protected."""
    return {address: _remembered(address, one, desired, inventory) for address, one in found.items()}


def _remembered(address: str, one: Found, desired: Mapping[str, Resource], inventory: Inventory) -> Found:
    protected = is_protected(address, desired, inventory)
    if one.record is None or one.record.protected == protected:
        return one
    return replace(one, record=replace(one.record, protected=protected))


def protected_refusals(
    operations: Iterable[Operation], desired: State, observed: State, inventory: Inventory, policy: Policy
) -> Iterator[Refusal]:
    """Yield one refusal for every protected address of which the operations would delete something.

    Args:
        operations: Of the plan.
        desired: What is declared.
        observed: Which pictures versions hold.
        inventory: What is remembered.
        policy: `--allow protected:ADDRESS` lifts it for that address.
    """
    everything = desired.resources.keys() | inventory.records.keys()
    protected = {one for one in everything if is_protected(one, desired.resources, inventory)}
    protected -= {one for one in protected if f"{RULE}:{one}" in policy.allowances}
    if not protected:
        return
    holding = {one: _pictures(one, observed, inventory) for one in protected if _holds_pictures(one)}
    hits: dict[str, list[Operation]] = {}
    lost: dict[str, set[str]] = {}
    for operation in operations:
        if not _deletes(operation, desired.resources):
            continue
        for one in (operation.address, *wholes(operation.address)):
            if one in protected:
                hits.setdefault(one, []).append(operation)
        if _deletes_pictures(operation):
            for one, held in holding.items():
                if common := held.intersection(operation.members.remove):
                    lost.setdefault(one, set()).update(common)
    for address in sorted(hits.keys() | lost.keys()):
        yield refusal(RULE, address, _told(address, hits.get(address, []), lost.get(address, set())))


def _deletes(operation: Operation, desired: Mapping[str, Resource]) -> bool:
    edited = operation.address.startswith("annotations/") and operation.address in desired
    return operation.action == "delete" and not edited


def _deletes_pictures(operation: Operation) -> bool:
    address = parse_address(operation.address)
    return address.kind == "pictures" and not address.rest


def _holds_pictures(text: str) -> bool:
    address = parse_address(text)
    return address.kind in ("pictures", "version") and not address.rest


def _pictures(text: str, observed: State, inventory: Inventory) -> frozenset[str]:
    record, there = inventory.records.get(text), observed.resources.get(text)
    known: Set[str] = record.members.keys() if record is not None else frozenset()
    return frozenset(known | there.members.keys()) if there is not None else frozenset(known)


def _told(address: str, operations: Iterable[Operation], lost: Set[str]) -> str:
    whole = taken = 0
    parts: list[str] = []
    for operation in operations:
        if operation.address != address:
            parts.append(operation.address)
        elif not operation.members.remove:
            whole += 1
        elif address.startswith("version/"):
            taken += len(operation.members.remove)
    listed = f"{counted(len(parts), 'part')} of it ({', '.join(sorted(parts)[:3])}{_more(parts)})" if parts else ""
    deleted = " and ".join(part for part in ("it" if whole else "", listed) if part)
    said = (
        f"deletes {deleted}" if deleted else "",
        f"takes {counted(taken, 'picture')} out of it" if taken else "",
        f"deletes {counted(len(lost), 'picture')} of it" if lost else "",
    )
    return f"it is protected; the plan {joined(said)}"


def _more(parts: list[str]) -> str:
    return ", ..." if len(parts) > 3 else ""
