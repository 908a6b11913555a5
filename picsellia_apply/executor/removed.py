"""What a killed apply removed without recording it: gone, and no person's deletion.

What leaves goes in a delete, and its record is written after it. Killed in between, the record still holds what is gone
by then, which otherwise means that a person took it away: a picture is then remembered as deleted for good, and `drift`
tells of a person. The journal names what was being removed; what of it is gone was removed by us, and the record is
read without it. With a picture of the lake goes what versions held of it, with a whole thing what was a part of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace

from picsellia_apply.executor.added import LAKE, place_of
from picsellia_apply.executor.leftover import Leftover
from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.ownership import without_members
from picsellia_apply.model.state import State

_WHOLES = frozenset({"dataset", "version", "label", "network", "file", "thumbnail"})
"""Kinds of things that are deleted as wholes."""


def without_removed(inventory: Inventory, observed: State, leftovers: Mapping[str, Leftover]) -> Inventory:
    """Return the inventory without what a killed apply removed and that is not there: members, and whole things.

    Args:
        inventory: As it is kept.
        observed: As read. What cannot be seen in it, as a version that is gone as a whole, is left as it is.
        leftovers: See `Journal.leftovers`.
    """
    removed, dropped = _removed(leftovers), _dropped(leftovers, observed)
    if not removed and not dropped:
        return inventory
    deleted = removed.get(LAKE, frozenset()) - observed.lake.pictures.keys()
    left = {parse_address(one).name for one in inventory.records.keys() & observed.resources if _is_version(one)}
    records: dict[str, Record] = {}
    for address, record in inventory.records.items():
        if not dropped.isdisjoint(_wholes(address)) and not _has_copies(address, left):
            continue
        names = removed.get(place_of(address), frozenset())
        if _is_version(address) or address.startswith("annotations/"):
            names |= deleted
        names &= record.members.keys()
        there = _there(address, observed) if names else None
        gone = there is not None and names - there
        records[address] = without_members(record, gone) if gone else record
    return replace(inventory, records=records)


def _dropped(leftovers: Mapping[str, Leftover], observed: State) -> frozenset[str]:
    """Return the things that were deleted as wholes and are not there; with its last version a dataset goes."""
    gone = {
        address
        for address, one in leftovers.items()
        if one.dropped and address not in observed.resources and parse_address(address).kind in _WHOLES
    }
    versions = (parse_address(address) for address in gone if _is_version(address))
    datasets = {str(Address("dataset", one.name)) for one in versions}
    return frozenset(gone | (datasets - observed.resources.keys()))


def _is_version(address: str) -> bool:
    return address.startswith("version/")


def _has_copies(address: str, left: Set[str]) -> bool:
    """Return whether annotations or a label of a version that is gone tell what others of its dataset had from it.

    Args:
        address: What is gone.
        left: Datasets of which a version that is recorded is still there.
    """
    return address.startswith(("annotations/", "label/")) and parse_address(address).name in left


def _wholes(address: str) -> tuple[str, ...]:
    """Return what is not there any more once one of these is gone: the thing itself, and what it is a part of."""
    part = parse_address(address)
    match part.kind:
        case "version" | "label" | "annotations":
            return address, str(Address("version", part.name, part.version)), str(Address("dataset", part.name))
        case "file" | "thumbnail":
            return address, str(Address("network", part.name))
        case _:
            return (address,)


def _removed(leftovers: Mapping[str, Leftover]) -> dict[str, frozenset[str]]:
    """Return what was removed, by what it was removed from, see `place_of`; what another address put back is not."""
    found: dict[str, frozenset[str]] = {}
    for address, leftover in leftovers.items():
        if not leftover.gone:
            continue
        place = place_of(address)
        added = (one.members for other, one in leftovers.items() if other != address and place_of(other) == place)
        found[place] = found.get(place, frozenset()) | leftover.gone.difference(*added)
    return found


def _there(address: str, observed: State) -> Set[str] | None:
    """Return the members that are there; None where nobody looked."""
    part = parse_address(address)
    if part.kind not in ("pictures", "query"):
        resource = observed.resources.get(address)
        return resource.members.keys() if resource is not None else None
    return observed.lake.tags.get(part.rest[0]) if part.rest else observed.lake.pictures.keys()
