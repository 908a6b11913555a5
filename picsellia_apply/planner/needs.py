"""Which operations of a plan must be done before which: an executor needs nothing else to find a safe order.

Beside what the desired resources need: the versions of one dataset are created one after another, as the manifest has
them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from picsellia_apply.model.address import parse_address
from picsellia_apply.model.plan import Operation
from picsellia_apply.model.state import Resource
from picsellia_apply.planner.case import Found
from picsellia_apply.planner.scope import needed

Resources = Mapping[str, Resource]


def with_needs(everything: Iterable[Found], desired: Resources) -> list[Operation]:
    """Return all operations, each with the addresses of those that must be done before it.

    Args:
        everything: What was found; a delete needs nothing, it comes after all else.
        desired: Declared resources.
    """
    operations = [operation for one in everything for operation in one.operations]
    changes = {operation.address for operation in operations if operation.action != "delete"}
    created = [operation.address for operation in operations if operation.action == "create"]
    before = _before_creation(created, desired)
    return [
        operation
        if operation.action == "delete"
        else replace(operation, needs=_needs(operation.address, desired, changes, before))
        for operation in operations
    ]


def _needs(address: str, desired: Resources, changes: set[str], before: Mapping[str, set[str]]) -> tuple[str, ...]:
    closure = needed({address}, desired)
    for version in tuple(closure):
        closure |= before.get(version, set())
    return tuple(sorted((closure & changes) - {address}))


def _before_creation(created: Iterable[str], desired: Resources) -> dict[str, set[str]]:
    """Return, for every version that is created, the one of its dataset that is created before it."""
    found: dict[str, set[str]] = {}
    last: dict[str, str] = {}
    versions = [address for address in created if address.startswith("version/")]
    for address in sorted(versions, key=lambda address: desired[address].options.get("order", 0)):
        name = parse_address(address).name
        found[address] = {last[name]} if name in last else set()
        last[name] = address
    return found
