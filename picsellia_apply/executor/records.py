"""The inventory while an apply runs: what each operation leaves behind, written so that a kill loses little."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from picsellia_apply.executor.journal import BOOKKEEPING, Leftover, content_digest
from picsellia_apply.inventory import write_inventory
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.ownership import ADOPTED
from picsellia_apply.model.plan import Conflict, Operation, Plan

if TYPE_CHECKING:
    from picsellia_apply.client import Client

INTERVAL_S = 1.0
"""At least this long between two writes of the inventory, and ten times what the last one took."""


def owned(plan: Plan, leftovers: Mapping[str, Leftover]) -> dict[str, Record]:
    """Return the plan's records as they are once it was executed, owning what an unfinished apply made.

    Args:
        plan: Its records say `created=False` of what was there without being in the inventory, and list in `adopted`
            the members that were.
        leftovers: See `Journal.leftovers`.
    """
    records = dict(plan.records)
    differing = {(one.address, name) for one in plan.blocked for name in one.names}
    for address, leftover in leftovers.items():
        record = records.get(address)
        if record is not None:
            ours = frozenset(name for name in leftover.members if (address, name) not in differing)
            records[address] = _owned(record, leftover, ours)
    for conflict in plan.conflicts:
        if conflict.address in records:
            records[conflict.address] = _unsettled(records[conflict.address], conflict)
    return records


def _unsettled(record: Record, conflict: Conflict) -> Record:
    """Return the record with the base of a field in conflict: it was not applied, and stays for a person to decide."""
    return replace(record, fields={**record.fields, conflict.field: conflict.base})


def _owned(record: Record, leftover: Leftover, ours: Set[str]) -> Record:
    made = leftover.created or content_digest(record) in leftover.content
    fields = dict(record.fields)
    if made and not record.created:
        fields |= {name: value for name, value in leftover.fields.items() if name in BOOKKEEPING - {ADOPTED}}
    adopted = [name for name in fields.pop(ADOPTED, ()) if name not in ours]
    if adopted:
        fields[ADOPTED] = adopted
    return replace(record, created=record.created or made, fields=fields)


def partial(planned: Record | None, before: Record | None, unwritten: frozenset[str]) -> Record | None:
    """Return what an operation leaves behind when some of its members are not as planned.

    Args:
        planned: The record once everything succeeded; None where the thing is deleted.
        before: The record before the operation; None where there is none.
        unwritten: Members that are not as planned: they keep what the record before said of them.
    """
    if not unwritten:
        return planned
    if planned is None:
        return before
    base = before.members if before is not None else {}
    members = {name: value for name, value in planned.members.items() if name not in unwritten}
    members |= {name: base[name] for name in unwritten if name in base}
    adopted = {*planned.fields.get(ADOPTED, ()), *(unwritten & _adopted(before))} & members.keys()
    fields = {name: value for name, value in planned.fields.items() if name != ADOPTED}
    return replace(planned, members=members, fields={**fields, ADOPTED: sorted(adopted)} if adopted else fields)


def _adopted(record: Record | None) -> frozenset[str]:
    return frozenset(record.fields.get(ADOPTED, ())) if record is not None else frozenset()


def member_names(operation: Operation) -> frozenset[str]:
    """Return every member that an operation touches."""
    members = operation.members
    return frozenset().union(members.add, members.remove, members.objects)


class Keeper:
    """Holds the records of a running apply and writes them, not more often than the interval allows."""

    def __init__(  # noqa: PLR0917 - made in one place
        self,
        client: Client,
        inventory: Inventory,
        plan: Plan,
        records: Mapping[str, Record],
        passengers: Mapping[str, tuple[str, ...]],
        clock: Callable[[], float] = time.monotonic,
        *,
        root: Path | None = None,
    ) -> None:
        """Begin with what needs no operation: adoptions, and records of what is gone and forgotten.

        Args:
            client: Where the inventory is kept.
            inventory: As it was read before the plan was made.
            plan: What is executed.
            records: The plan's records, see `owned`.
            passengers: Addresses whose records come with that of a version, see `order.Steps`.
            clock: Seconds, rising.
            root: Where the inventory was read from, see `read_inventory`.
        """
        self._client, self._inventory, self._records, self._clock = client, inventory, records, clock
        self._root = root
        self._passengers = passengers
        waiting = {operation.address for operation in plan.operations}.union(*passengers.values())
        held = {address: record for address, record in inventory.records.items() if address in waiting}
        held |= {address: record for address, record in records.items() if address not in waiting}
        self._before = inventory.records
        self._held = held
        self._next_write = clock() + INTERVAL_S
        self._open: dict[str, dict[str, frozenset[str]]] = {}
        for operation in plan.operations:
            self._open.setdefault(operation.address, {})[operation.action] = member_names(operation)

    def keep(self, operation: Operation, unwritten: Set[str] = frozenset()) -> None:
        """Take over the planned record of an operation, apart from members that are not as planned (yet).

        Args:
            operation: Ended, or a part of it is durable.
            unwritten: Its members that are not as planned.
        """
        address = operation.address
        self._open[address][operation.action] = frozenset(unwritten)
        missing = frozenset().union(*self._open[address].values())
        record = partial(self._records.get(address), self._before.get(address), missing)
        if record is None:
            self._held.pop(address, None)
        else:
            self._held[address] = record
        for passenger in self._passengers.get(address, ()):
            self._held[passenger] = self._records[passenger]

    def claim(self) -> None:
        """Write the inventory before anything else is written: of two applies made from one serial only one goes on.

        Raises:
            ConflictError: Somebody else wrote it since the plan was made; nothing was written.
        """
        held = replace(self._inventory, records=dict(self._held))
        self._inventory = write_inventory(self._client, held, root=self._root)

    def write(self, *, now: bool = False) -> None:
        """Write the inventory if it changed, and if it is time or `now`.

        Raises:
            ConflictError: Somebody else wrote it since this apply began.
        """
        if not now and self._clock() < self._next_write:
            return
        if self._held != self._inventory.records:
            started = self._clock()
            held = replace(self._inventory, records=dict(self._held))
            self._inventory = write_inventory(self._client, held, root=self._root)
            self._next_write = self._clock() + max(INTERVAL_S, 10 * (self._clock() - started))
