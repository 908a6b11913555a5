"""What a plan decides, address by address: of what is declared, of what no longer is, and what both add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from picsellia_apply.model.address import parse_address
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.ownership import frozen_pictures, ours_of, without_members
from picsellia_apply.model.plan import Operation, Policy
from picsellia_apply.model.state import State
from picsellia_apply.planner.case import Blast, Found, World
from picsellia_apply.planner.diff import diff
from picsellia_apply.planner.gone import diff_gone, gone_addresses
from picsellia_apply.planner.lasting import with_last_versions
from picsellia_apply.planner.needs import with_needs
from picsellia_apply.planner.order import order
from picsellia_apply.planner.owners import Owners
from picsellia_apply.planner.protect import remembered
from picsellia_apply.planner.restored import without_restored
from picsellia_apply.planner.scope import Scope
from picsellia_apply.planner.takes import with_takes


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided.

    Attributes:
        world: What it rests on.
        scope: What was looked at.
        owners: What of it is another workspace's.
        found: By address, what is declared.
        everything: What is declared and what no longer is, by address.
        blasts: What the operations destroy or change.
        operations: In order.
        records: Once everything succeeded: those of before, with every decision taken in.
        late: By address, what its record holds besides then, see `Found`.
    """

    world: World
    scope: Scope
    owners: Owners
    found: Mapping[str, Found]
    everything: Sequence[Found]
    blasts: Sequence[Blast]
    operations: tuple[Operation, ...]
    records: Mapping[str, Record]
    late: Mapping[str, Mapping[str, Any]]


def decide(world: World, scope: Scope, owners: Owners) -> Decided:
    """Compare everything that is planned and not another's.

    Args:
        world: What decisions rest on.
        scope: What is planned.
        owners: What belongs to other workspaces.
    """
    desired = world.desired.resources
    world, found, gone = _compared(world, scope, owners)
    gone = _without_doomed(without_restored(gone, found), world)
    found = _without_doomed(found, world)
    if world.policy.targets:
        found = {text: _no_delete_outside(text, one, scope, world.inventory) for text, one in found.items()}
    found = remembered(without_restored(found, found), desired, world.inventory)
    everything = [one for _, one in sorted({**found, **gone}.items())]
    blasts = [blast for one in everything for blast in one.blasts]
    operations = order(with_takes(with_needs(everything, desired), blasts), desired)
    records = _records(world.inventory, {**found, **gone})
    late = {text: one.late for text, one in found.items() if one.late}
    return Decided(world, scope, owners, found, everything, blasts, operations, records, late)


def _compared(world: World, scope: Scope, owners: Owners) -> tuple[World, dict[str, Found], dict[str, Found]]:
    """Return what was found of what is declared and of what no longer is, and the world with the versions that go.

    What a deleted picture takes along depends on the versions that stay, so that sets come last.
    """
    planned = scope.planned - owners.lost.keys()
    ended = [text for text in gone_addresses(world) if text in scope.covered]
    sets = frozenset(filter(_is_set, (*planned, *ended)))
    found = dict(diff(world, planned - sets))
    leaving = {text: _leaving(one) for text, one in found.items()}
    gone = {text: diff_gone(text, world, leaving) for text in ended if text not in sets}
    gone = with_last_versions(gone, found, world)
    deleted = frozenset(text for text, one in gone.items() if _is_deleted_version(text, one))
    world = replace(world, deleted_versions=deleted)
    found |= diff(world, planned & sets)
    gone |= {text: diff_gone(text, world, {}) for text in ended if text in sets}
    return world, found, gone


def _is_set(address: str) -> bool:
    part = parse_address(address)
    return part.kind == "pictures" and not part.rest


def _is_deleted_version(address: str, found: Found) -> bool:
    return address.startswith("version/") and any(one.action == "delete" for one in found.operations)


def world_of(desired: State, observed: State, inventory: Inventory, policy: Policy) -> World:
    """Return what decisions rest on.

    Args:
        desired: What should be there.
        observed: What is there.
        inventory: What is this workspace's.
        policy: What may be done.
    """
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


def _without_doomed(found: Mapping[str, Found], world: World) -> dict[str, Found]:
    """Return what was found, its records without the pictures that leave the lake: versions that stay lose them too.

    What a version was seeded with on such a picture, and that a frozen one once held it, is not remembered either.
    """
    left = dict(found)
    for text, one in found.items() if world.doomed else ():
        if text.startswith(("version/", "annotations/")) and one.record is not None:
            left[text] = replace(one, record=without_members(one.record, world.doomed))
    return left


def _leaving(found: Found) -> frozenset[str]:
    return frozenset(name for operation in found.operations for name in operation.members.remove)


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


def _records(inventory: Inventory, found: Mapping[str, Found]) -> dict[str, Record]:
    """Return the records once everything succeeded: those of before, with every decision taken in."""
    records = {address: record for address, record in inventory.records.items() if address not in found}
    records.update({address: one.record for address, one in found.items() if one.record is not None})
    return dict(sorted(records.items()))
