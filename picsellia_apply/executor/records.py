"""The inventory while an apply runs: what each operation leaves behind, written so that a kill loses little."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Set
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from picsellia_apply.executor.added import Added
from picsellia_apply.executor.leftover import BOOKKEEPING, Leftover
from picsellia_apply.executor.moving import Moving
from picsellia_apply.executor.renaming import renames, under_old_names
from picsellia_apply.inventory import write_inventory
from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.ownership import ADOPTED, INHERITED, without_members, written_objects
from picsellia_apply.model.plan import Operation, Plan

if TYPE_CHECKING:
    from picsellia_apply.client import Client

INTERVAL_S = 1.0
"""At least this long between two writes of the inventory, and ten times what the last one took."""


_REMADE = ("dataset", "label", "network", "file", "thumbnail")
"""Kinds of which nothing is left that a record may speak of, once they are made anew."""
_NONE: Mapping[str, Record] = MappingProxyType({})


def owned(plan: Plan, leftovers: Mapping[str, Leftover], recorded: Mapping[str, Record] = _NONE) -> dict[str, Record]:
    """Return the plan's records as they are once it was executed, owning what an unfinished apply made.

    Args:
        plan: Its records say `created=False` of what was there without being in the inventory, and list in `adopted`
            the members that were.
        leftovers: See `Journal.leftovers`.
        recorded: The inventory's records: what they call adopted stays so, whatever a journal says.
    """
    records = dict(plan.records)
    added = Added(plan, leftovers)
    for address, record in plan.records.items():
        leftover, ours = leftovers.get(address), added.to(address)
        theirs = address in recorded and not recorded[address].created
        if leftover is not None or ours:
            record = _owned(record, Leftover() if leftover is None or theirs else leftover, ours)
        records[address] = record if theirs else _copied(address, record, leftovers)
    return records


def _copied(address: str, record: Record, leftovers: Mapping[str, Leftover]) -> Record:
    """Return the record of the annotations that came with a version which an unfinished apply made: copies of ours."""
    part = parse_address(address)
    whole = str(Address("version", part.name, part.version)) if part.kind == "annotations" else ""
    version = leftovers.get(whole)
    if version is None or not (version.created or version.content):
        return record
    copied = frozenset(version.fields.get(INHERITED, ()))
    adopted = [name for name in record.fields.get(ADOPTED, ()) if name not in copied]
    fields = {name: value for name, value in record.fields.items() if name != ADOPTED}
    return replace(record, created=True, fields={**fields, ADOPTED: adopted} if adopted else fields)


def _owned(record: Record, leftover: Leftover, ours: Set[str]) -> Record:
    made = leftover.has_made(record)
    fields, members = dict(record.fields), record.members
    if made and not record.created:
        members = leftover.whole(record).members
        fields |= {name: value for name, value in leftover.fields.items() if name in BOOKKEEPING - {ADOPTED}}
    adopted = [name for name in fields.pop(ADOPTED, ()) if name not in ours]
    if adopted:
        fields[ADOPTED] = adopted
    return replace(record, created=record.created or made, fields=fields, members=members)


def partial(planned: Record | None, before: Record | None, unwritten: frozenset[str]) -> Record | None:
    """Return what an operation leaves behind when some of its members are not as planned.

    Args:
        planned: The record once everything succeeded; None where the thing is deleted: then what is left of it stays.
        before: The record before the operation; None where there is none.
        unwritten: Members that are not as planned: they keep what the record before said of them.
    """
    if not unwritten:
        return planned
    if planned is None:
        if before is None or before.members.keys() <= unwritten:
            return before
        planned = replace(before, members={}, fields={k: v for k, v in before.fields.items() if k != ADOPTED})
    base = before.members if before is not None else {}
    members = {name: value for name, value in planned.members.items() if name not in unwritten}
    members |= {name: base[name] for name in unwritten if name in base}
    adopted = {*planned.fields.get(ADOPTED, ()), *(unwritten & _adopted(before))} & members.keys()
    fields = {name: value for name, value in planned.fields.items() if name != ADOPTED}
    return replace(planned, members=members, fields={**fields, ADOPTED: sorted(adopted)} if adopted else fields)


def _adopted(record: Record | None) -> frozenset[str]:
    return frozenset(record.fields.get(ADOPTED, ())) if record is not None else frozenset()


def _still_there(records: Mapping[str, Record], plan: Plan) -> Mapping[str, Record]:
    """Return the records without those of things that are made anew: what was known of them went with them.

    A network of ours stays ours, without its properties: it is made first and given them then. A kill in between would
    leave one of which the next plan said that a person had emptied it.
    """
    addresses = [parse_address(operation.address) for operation in plan.operations if operation.action == "create"]
    made = {(one.name, one.version) for one in addresses if one.kind == "version"}
    adopted = {str(one) for one in addresses if one.kind in _REMADE}
    adopted = {text for text in adopted & records.keys() if not records[text].created}
    bare = {str(one) for one in addresses if one.kind == "network"} & records.keys() - adopted
    if not made and not adopted and not bare:
        return records
    places = {text: parse_address(text) for text in records if text not in adopted}
    kept = {text: records[text] for text, one in places.items() if (one.name, one.version) not in made}
    return kept | {text: replace(records[text], fields={}) for text in bare}


def _former(inventory: Inventory, there: Set[str]) -> Mapping[str, Record]:
    """Return what we made in versions that are made anew, now or by an apply that did not complete.

    Args:
        inventory: As it was read before the plan was made.
        there: Addresses of its records of which something is left.
    """
    former = dict(inventory.former)
    for text in inventory.records.keys() - there:
        record = inventory.records[text]
        if record.created and text.startswith(("annotations/", "label/")):
            known = former.get(text, Record()).members
            former[text] = Record(members={**known, **written_objects(record)})
    return former


def _without_put_back(records: Mapping[str, Record], plan: Plan) -> Mapping[str, Record]:
    """Return the records, those of annotations without pictures that are put back into a version which stays.

    A picture that leaves a version leaves its annotation behind. Where a kill came between the picture and its
    annotation, what the record says of before would tell of one that a person deleted.
    """
    kept = dict(records)
    for operation in plan.operations:
        if operation.action == "update" and operation.address.startswith("version/"):
            version = parse_address(operation.address)
            text = str(Address("annotations", version.name, version.version))
            if text in kept and (names := kept[text].members.keys() & operation.members.add.keys()):
                kept[text] = without_members(kept[text], names)
    return kept


def _with_late(record: Record, late: Mapping[str, Any]) -> Record:
    return replace(record, members={**record.members, **late})


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
        announce: Callable[[Inventory, str], None] = lambda *_: None,
        rests: str = "",
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
            announce: Told what is about to be written, and over what, see `Journal.writing`.
            rests: What was `applied` by who wrote the inventory before.
        """
        self._announce, self._rests = announce, rests
        self._client, self._records, self._clock = client, dict(records), clock
        self._root = root
        self._partly = plan.policy is not None and bool(plan.policy.targets)
        self._passengers = passengers
        waiting = {operation.address for operation in plan.operations}.union(*passengers.values())
        self._before = _without_put_back(_still_there(inventory.records, plan), plan)
        self._inventory = replace(inventory, former=_former(inventory, self._before.keys()))
        held = {address: record for address, record in self._before.items() if address in waiting}
        held |= {address: record for address, record in records.items() if address not in waiting}
        self._moving = Moving({text: inventory.records[text] for text in self._before}, records)
        self._held = held
        self._next_write = clock() + INTERVAL_S
        self._claims, self._late = frozenset(plan.records), plan.late
        self._takeovers: Mapping[str, str] = plan.takeovers
        self._refused = False
        self._written = False
        self._renaming = renames(plan.operations)
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
        self._renaming.pop(address, None)
        self._open[address][operation.action] = frozenset(unwritten)
        missing = frozenset().union(*self._open[address].values())
        record = partial(self._records.get(address), self._before.get(address), missing)
        if record is None:
            self._held.pop(address, None)
        else:
            self._held[address] = record
        for passenger in self._passengers.get(address, ()):
            self._held[passenger] = self._records[passenger]

    def adopt(self, address: str, names: Collection[str]) -> None:
        """Take note that members which an operation was to add are somebody else's: they came after the plan.

        Args:
            address: The operation's.
            names: Members; those that were ours before stay ours.
        """
        record, before = self._records.get(address), self._before.get(address)
        if record is None:
            return
        known = before.members if before is not None else {}
        others = {name for name in names if name in record.members and name not in known}
        if others:
            adopted = sorted(others.union(record.fields.get(ADOPTED, ())))
            self._records[address] = replace(record, fields={**record.fields, ADOPTED: adopted})

    def claim(self) -> None:
        """Write the inventory before anything else is written: of two applies made from one serial only one goes on.

        What the plan is going to make is owned from here on, so that of two workspaces only one makes it.

        Raises:
            ConflictError: Somebody else wrote it since the plan was made; nothing was written.
            RefusedError: Another workspace came to own a part of it since then; nothing was written.
        """
        self._refused = True
        self._write()
        self._refused = False

    def _write(self) -> None:
        """Write what is held, and own what the plan is going to make besides; what is taken over is taken once.

        Raises:
            LeaseHeld: The lease is lost; an inventory that is a file is not sent, so that nothing else would look.
        """
        if self._client.before_write is not None:
            self._client.before_write()
        held = replace(self._inventory, records=dict(self.shown()))
        claims, takeovers = self._claims, self._takeovers
        self._announce(replace(held, serial=held.serial + 1), self._rests)
        self._inventory = write_inventory(self._client, held, root=self._root, claims=claims, takeovers=takeovers)
        self._takeovers, self._rests = {}, held.applied
        self._written = True

    def shown(self) -> Mapping[str, Record]:
        """Return the records as the inventory is to say them now: what is on its way is still where it was."""
        return under_old_names(self._moving.kept(self._held), self._renaming.values())

    def write(self, *, now: bool = False, complete: bool = False) -> None:
        """Write the inventory if it changed, and if it is time or `now`: at the end, what was not made is let go.

        Once all is done (`complete`), it no longer says which plan is being applied: that plan, applied again, is
        judged like any other.

        Raises:
            ConflictError: Somebody else wrote it since this apply began.
        """
        if self._refused or (not now and self._clock() < self._next_write):
            return
        unmade = now and not self._claims <= self._held.keys()
        if now:
            self._claims = frozenset()
        if complete:
            former = self._inventory.former if self._partly else {}
            self._inventory = replace(self._inventory, applied="", former=former)
            held = ((address, self._held.get(address), late) for address, late in self._late.items())
            self._held |= {address: _with_late(record, late) for address, record, late in held if record is not None}
        changed = self.shown() != self._inventory.records or self._inventory.moved or self._takeovers or unmade
        if changed or (complete and self._written):
            started = self._clock()
            self._write()
            self._next_write = self._clock() + max(INTERVAL_S, 10 * (self._clock() - started))
