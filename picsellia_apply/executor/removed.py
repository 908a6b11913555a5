"""What a killed apply removed without recording it: gone, and no person's deletion.

Members that leave go in a delete, and its record is written after it. Killed in between, the record still holds what is
gone by then, which otherwise means that a person took it away: a picture is then remembered as deleted for good. The
journal names what was being removed; what of it is gone was removed by us, and the record is read without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace

from picsellia_apply.executor.added import place_of
from picsellia_apply.executor.journal import Leftover
from picsellia_apply.model.address import parse_address
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.ownership import ADOPTED, DELETED
from picsellia_apply.model.state import State


def without_removed(inventory: Inventory, observed: State, leftovers: Mapping[str, Leftover]) -> Inventory:
    """Return the inventory without the members that a killed apply removed and that are not there.

    Args:
        inventory: As it is kept.
        observed: As read. What cannot be seen in it, as a version that is gone as a whole, is left as it is.
        leftovers: See `Journal.leftovers`.
    """
    removed = _removed(leftovers)
    if not removed:
        return inventory
    records = dict(inventory.records)
    for address, record in inventory.records.items():
        names = removed.get(place_of(address), frozenset()) & record.members.keys()
        there = _there(address, observed) if names else None
        if there is not None and (gone := names - there):
            records[address] = _without(record, gone)
    return replace(inventory, records=records)


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


def _without(record: Record, names: Set[str]) -> Record:
    fields = dict(record.fields)
    for listed in (ADOPTED, DELETED):
        left = [name for name in fields.pop(listed, ()) if name not in names]
        if left:
            fields[listed] = left
    members = {name: value for name, value in record.members.items() if name not in names}
    return replace(record, fields=fields, members=members)
