"""In which order operations stand in a plan.

    pictures -> tags -> dataset -> version -> label -> annotations -> network -> file, thumbnail
                                     ^                     |
                                     +---- `from` ---------+     a version comes after its origin is complete
    then the deletes, the other way round

Versions keep the manifests' order, everything else that of its address.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import Any

from picsellia_apply.model.address import parse_address
from picsellia_apply.model.plan import Operation
from picsellia_apply.model.state import Resource

LEVELS = {
    "pictures": 0,
    "tag": 1,
    "query": 1,
    "dataset": 2,
    "version": 3,
    "label": 4,
    "annotations": 5,
    "network": 6,
    "file": 7,
    "thumbnail": 7,
}
"""Lower comes first; deletes go the other way."""

Key = tuple[Any, ...]


def order(operations: Sequence[Operation], desired: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Return the operations in the order of the drawing; what an operation needs stands before it.

    Args:
        operations: In any order, at most one change and one delete of an address.
        desired: Declared resources: a version's option `order` is its row in the manifest.
    """
    changes = {one.address: one for one in operations if one.action != "delete"}
    deletes = [one for one in operations if one.action == "delete"]
    keys = {address: _key(address, desired) for address in changes}
    waiting = {address: {need for need in one.needs if need in changes} for address, one in changes.items()}
    waited_for: dict[str, list[str]] = {}
    for address, needs in waiting.items():
        for need in needs:
            waited_for.setdefault(need, []).append(address)
    ready = [(keys[address], address) for address, needs in waiting.items() if not needs]
    heapq.heapify(ready)
    ordered: list[Operation] = []
    while ready:
        _, address = heapq.heappop(ready)
        ordered.append(changes[address])
        for dependant in waited_for.get(address, ()):
            waiting[dependant].discard(address)
            if not waiting[dependant]:
                heapq.heappush(ready, (keys[dependant], dependant))
    if len(ordered) != len(changes):
        raise RuntimeError("operations need each other in a circle")
    deletes.sort(key=lambda one: _delete_key(one.address))
    return (*ordered, *deletes)


def level_of(address: str) -> int:
    """Return the level of an address."""
    parsed = parse_address(address)
    return LEVELS["tag" if parsed.kind == "pictures" and parsed.rest else parsed.kind]


def _key(address: str, desired: Mapping[str, Resource]) -> Key:
    level, parsed = level_of(address), parse_address(address)
    if not parsed.version:
        return level, "", 0, address
    version = desired.get("/".join(("version", address.split("/")[1])), Resource())
    return level, parsed.name, version.options.get("order", 0), address


def _delete_key(address: str) -> Key:
    return -level_of(address), address
