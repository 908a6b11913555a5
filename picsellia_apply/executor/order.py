"""In which steps a plan is executed: what an operation needs comes in an earlier step, deletes after all else.

The creation of a dataset rides on that of its first version, since the platform makes both in one request: the
operation `dataset/NAME` is no step of its own then, whoever needs it needs the version that carries it. One address may
have two operations, a change and a delete (of members that are no longer declared).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from picsellia_apply.executor.datasets import dataset_of
from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.plan import Operation, Plan


@dataclass(frozen=True, slots=True)
class Steps:
    """A plan, ordered for execution.

    Attributes:
        levels: Operations that need only those of earlier levels; the deletes are in the last ones.
        riders: Address of a version's creation to the dataset's creation that it brings about.
        needs: Address of an operation to the addresses of this plan that must be done before it.
        passengers: Address of a version's creation to the addresses that come with it without an operation of their
            own: labels and annotations that are carried over from its origin.
    """

    levels: tuple[tuple[Operation, ...], ...]
    riders: Mapping[str, Operation] = field(default_factory=dict)
    needs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    passengers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def steps(plan: Plan) -> Steps:
    """Return how to execute `plan`.

    Raises:
        ValueError: Operations need each other in a circle: the planner is at fault.
    """
    riders = _riders(plan)
    carriers = {dataset.address: version for version, dataset in riders.items()}
    scheduled = [operation for operation in plan.operations if operation.address not in carriers]
    needs = _needs(plan, scheduled, carriers)
    changes = [operation for operation in scheduled if operation.action != "delete"]
    deletes = [operation for operation in scheduled if operation.action == "delete"]
    return Steps((*_levels(changes, needs), *_levels(deletes, needs)), riders, needs, _passengers(plan))


def _passengers(plan: Plan) -> dict[str, tuple[str, ...]]:
    created = {one.address for one in plan.operations if one.action == "create" and one.address.startswith("version/")}
    own = {operation.address for operation in plan.operations}
    found: dict[str, tuple[str, ...]] = {}
    for text in sorted(plan.records.keys() - own) if created else ():
        address = parse_address(text)
        version = str(Address("version", address.name, address.version))
        if address.kind in ("label", "annotations") and version in created:
            found[version] = (*found.get(version, ()), text)
    return found


def _riders(plan: Plan) -> dict[str, Operation]:
    datasets = {one.address: one for one in plan.operations if one.action == "create"}
    riders: dict[str, Operation] = {}
    for operation in plan.operations:
        if operation.action == "create" and operation.address.startswith("version/"):
            dataset = datasets.pop(dataset_of(operation.address), None)
            if dataset is not None:
                riders[operation.address] = dataset
    return riders


def _needs(plan: Plan, scheduled: Sequence[Operation], carriers: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Return the needs inside this plan, with the carrier instead of a dataset that rides, and with its needs."""
    there = {operation.address for operation in plan.operations}
    riding = {one.address: one.needs for one in plan.operations if one.address in carriers}
    needs: dict[str, set[str]] = {}
    for operation in scheduled:
        wanted = needs.setdefault(operation.address, set())
        wanted.update(operation.needs)
        for dataset, carrier in carriers.items():
            if carrier == operation.address:
                wanted.update(riding[dataset])
            elif dataset in wanted:
                wanted.add(carrier)
    return {address: frozenset(wanted & there) - carriers.keys() - {address} for address, wanted in needs.items()}


def _levels(operations: Sequence[Operation], needs: Mapping[str, frozenset[str]]) -> tuple[tuple[Operation, ...], ...]:
    waiting = list(operations)
    levels: list[tuple[Operation, ...]] = []
    while waiting:
        open_addresses = {operation.address for operation in waiting}
        ready = tuple(one for one in waiting if not needs[one.address] & open_addresses)
        if not ready:
            raise ValueError(f"operations need each other in a circle: {', '.join(sorted(open_addresses))}")
        levels.append(ready)
        waiting = [one for one in waiting if needs[one.address] & open_addresses]
    return tuple(levels)
