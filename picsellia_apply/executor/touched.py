"""What a saved plan touches, and the world with everything else taken as it was last applied.

A saved plan is made again before it is applied, in a world in which only what it touches is read anew. Outside of that
neither side moves: what is there is what the inventory says, and what is wanted is what is there. So whatever moved
elsewhere, on the platform or in the manifests, neither makes the plan stale nor is written; it waits for the next plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from typing import Any

from picsellia_apply.executor.leftover import BOOKKEEPING, Leftover
from picsellia_apply.executor.records import member_names
from picsellia_apply.model.address import parse_address
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.ownership import DELETED
from picsellia_apply.model.plan import Plan
from picsellia_apply.model.state import Lake, Resource, State
from picsellia_apply.model.touched import Touched

_NAMES = (*BOOKKEEPING,)
_LAKE_KINDS = ("pictures", "query")


def touched_by(saved: Plan, inventory: Inventory, leftovers: Mapping[str, Leftover]) -> Touched:
    """Return what a saved plan touches.

    Args:
        saved: The plan; it is not trusted: naming less in it makes less happen, not more.
        inventory: As it is now.
        leftovers: What an unfinished apply left: that is settled too, see `Journal.leftovers`.
    """
    names: dict[str, set[str]] = {}
    for operation in saved.operations:
        names.setdefault(operation.address, set()).update(member_names(operation))
    for blocked in saved.blocked:
        names.setdefault(blocked.address, set()).update(blocked.names)
    for conflict in saved.conflicts:
        names.setdefault(conflict.address, set()).add(conflict.field)
    for address, leftover in leftovers.items():
        names.setdefault(address, set()).update(leftover.members, leftover.replaced, leftover.gone)
    for address in saved.records.keys() | inventory.records.keys():
        before, after = inventory.records.get(address), saved.records.get(address)
        if before != after:
            names.setdefault(address, set()).update(_changed(before or Record(), after or Record()))
    deletes = any(operation.action == "delete" for operation in saved.operations)
    annotations = (parse_address(text) for text in names.keys() - inventory.records.keys())
    fresh = frozenset((one.name, one.version) for one in annotations if one.kind == "annotations")
    return Touched(names, frozenset(_origins(saved)), frozenset(_created(saved)), fresh, deletes)


def _changed(before: Record, after: Record) -> Iterator[str]:
    """Yield the members of which two records say different things."""
    absent = object()
    for name in before.members.keys() | after.members.keys():
        if before.members.get(name, absent) != after.members.get(name, absent):
            yield name
    for field in _NAMES:
        yield from frozenset(_listed(before, field)) ^ frozenset(_listed(after, field))


def _listed(record: Record, field: str) -> list[str]:
    value = record.fields.get(field, ())
    return [name for name in value if isinstance(name, str)] if isinstance(value, (list, tuple)) else []


def _created(saved: Plan) -> Iterator[tuple[str, str]]:
    for operation in saved.operations:
        address = parse_address(operation.address)
        if address.kind == "version" and operation.action == "create":
            yield address.name, address.version


def _origins(saved: Plan) -> Iterator[tuple[str, str]]:
    for operation in saved.operations:
        address = parse_address(operation.address)
        if address.kind == "version" and operation.action == "create":
            yield from (
                (address.name, change.after)
                for change in operation.diff
                if change.field == "from" and isinstance(change.after, str)
            )


def with_assumed(observed: State, inventory: Inventory, touched: Touched) -> State:
    """Return what is there: as read where it counts, else as it was last applied.

    Args:
        observed: What was read, see `observe`.
        inventory: What was last applied.
        touched: What counts.
    """
    resources = {text: _projected(text, one, inventory, touched) for text, one in observed.resources.items()}
    for text, record in inventory.records.items():
        if text not in resources and _is_assumed(text, touched):
            fields = {name: value for name, value in record.fields.items() if name not in BOOKKEEPING}
            resources[text] = Resource(fields, record.members)
    return replace(observed, lake=_assumed_lake(observed.lake, inventory, touched.pictures), resources=resources)


def _is_assumed(text: str, touched: Touched) -> bool:
    address = parse_address(text)
    read = touched.wide and address.kind in ("dataset", "version", "label", "annotations")
    return not (read or text in touched.names or address.kind in _LAKE_KINDS)


def _projected(text: str, there: Resource, inventory: Inventory, touched: Touched) -> Resource:
    """Return a thing with the members that count as read, the others as last applied."""
    address = parse_address(text)
    key = (address.name, address.version)
    whole = touched.whole_version(key) if address.kind == "version" else touched.whole(key)
    if address.kind not in ("version", "annotations") or whole:
        return there
    known = inventory.records.get(text, Record()).members
    return replace(there, members=_joined(there.members, known, touched.names.get(text, frozenset())))


def _joined(inside: Mapping[str, Any], outside: Mapping[str, Any], names: Set[str]) -> dict[str, Any]:
    """Return the members in `names` as the first has them, all others as the second has them."""
    joined = {name: value for name, value in outside.items() if name not in names}
    joined.update((name, inside[name]) for name in names if name in inside)
    return joined


def _assumed_lake(there: Lake, inventory: Inventory, read: Set[str]) -> Lake:
    """Return the lake with what was last applied for what was not read: what was deleted by then is not there."""
    pictures: dict[str, str | None] = {}
    tags: dict[str, set[str]] = {}
    deleted: set[str] = set()
    for text, record in inventory.records.items():
        address = parse_address(text)
        if address.kind in ("pictures", "query", "version"):
            pictures.update(dict.fromkeys(record.members))
            deleted.update(record.fields.get(DELETED, ()))
        if address.kind in _LAKE_KINDS and address.rest:
            tags.setdefault(address.rest[0], set()).update(record.members)
    pictures = {name: digest for name, digest in pictures.items() if name not in deleted} if deleted else pictures
    for tag, names in there.tags.items():
        tags[tag] = (tags.get(tag, set()) - read) | (names & read)
    carriers = {tag: frozenset(names if tag in there.tags else names - read) for tag, names in tags.items()}
    return Lake(_joined(there.pictures, pictures, read), carriers, keys=there.keys)


def _recorded(text: str, desired: Resource, lake: Lake, inventory: Inventory) -> Resource:
    """Return what was last applied of pictures or a tag, as far as it is there or kept deleted."""
    tag = parse_address(text).rest
    carriers: Set[str] = lake.tags.get(tag[0], frozenset()) if tag else lake.pictures.keys()
    carriers |= desired.members.keys() & desired.options.get("kept_deleted", frozenset())
    known = inventory.records.get(text, Record()).members
    return Resource(members={name: value for name, value in known.items() if name in carriers})


def held_to(desired: State, observed: State, inventory: Inventory, touched: Touched) -> State:
    """Return what should be there, outside of what counts just what is there.

    Args:
        desired: What the manifests ask for.
        observed: See `with_assumed`.
        inventory: What was last applied: where pictures and tags are looked up.
        touched: What counts.
    """
    resources = dict(desired.resources)
    for text in touched.planned & resources.keys():
        address = parse_address(text)
        there = observed.resources.get(text, Resource())
        if address.kind in _LAKE_KINDS:
            there = _recorded(text, resources[text], observed.lake, inventory)
        elif address.kind not in ("version", "annotations"):
            continue
        members = _joined(resources[text].members, there.members, touched.names.get(text, frozenset()))
        options = resources[text].options
        if address.kind == "pictures":  # what a query selects is not known outside of what counts
            options = {**options, "declared": resources[text].members.keys()}
        resources[text] = replace(resources[text], members=members, options=options)
    return replace(desired, resources=resources)
