"""Whether a saved plan still holds: nothing is done that was not reviewed.

The plan is made again from the same manifests, in a world that moves only where the plan touches it (see `touched`).
What it does then must be what was reviewed or a part of it, and what is left out must be there already: both must end
in the same inventory. Everything else has moved, and all of it is told: object, field, planned, now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from typing import Any

from picsellia_apply.errors import Moved, StalePlan
from picsellia_apply.executor.again import Again, pair_of
from picsellia_apply.executor.leftover import BOOKKEEPING
from picsellia_apply.executor.moved_fields import moved_existence, moved_fields
from picsellia_apply.executor.moved_members import moved_members
from picsellia_apply.model.address import parse_address
from picsellia_apply.model.annotation import names_digest
from picsellia_apply.model.inventory import SETTLED, Record
from picsellia_apply.model.ownership import PARTS
from picsellia_apply.model.plan import Operation, Plan, Target

HINT = "plan again and review what changed"
_MEMBERS = ("pictures", "query", "version", "annotations")


def check_target(saved: Plan, target: Target, files: Mapping[str, str | None]) -> None:
    """See to it that a saved plan is for this platform and workspace: what is read elsewhere says nothing about it.

    Args:
        saved: The plan.
        target: What an apply would write to.
        files: See `Again.files`.

    Raises:
        StalePlan: It is for another; tells also which of its files changed.
    """
    names = ("host", "organization", "workspace")
    moved = [
        Moved("plan", name, getattr(saved.target, name), getattr(target, name), "plan")
        for name in names
        if getattr(saved.target, name) != getattr(target, name)
    ]
    if moved:
        raise _stale((*moved, *_moved_files(saved.operations, files)))


def settled(again: Again) -> tuple[Plan, tuple[Operation, ...]]:
    """Return what is left to do of a saved plan.

    Args:
        again: The plan, made again.

    Returns:
        The plan to execute, under the digest of the saved one; and the operations of the saved plan of which nothing
        is left to do.

    Raises:
        StalePlan: Something that it rests on has moved; tells everything that has.
    """
    reasons = {(one.address, one.field): one for one in reversed([*_reasons(again)])}
    if reasons:
        raise _stale(sorted(reasons.values(), key=_told))
    left = {(one.address, one.action == "delete") for one in again.now.operations}
    already = tuple(one for one in again.saved.operations if (one.address, one.action == "delete") not in left)
    return replace(again.now, digest=again.saved.digest, records=_records(again)), already


def _told(one: Moved) -> tuple[bool, str, str]:
    return (one.where not in ("plan", "inventory"), one.address, one.field)


def _stale(reasons: Iterable[Moved]) -> StalePlan:
    told = tuple(reasons)
    things = f"{len(told):,} thing{'s' * (len(told) != 1)}"
    return StalePlan(f"the plan no longer holds: {things} moved since it was made, nothing was written", HINT, told)


def _reasons(again: Again) -> Iterator[Moved]:
    """Yield everything that moved; of two reasons for one member the first counts."""
    serial, planned = again.inventory.serial, again.saved.inventory_serial
    if serial != planned and not again.cut_short and not _is_done(again):
        yield Moved("inventory", "serial", planned, serial, "inventory")
    operations = [one for one in again.now.operations if one.members.add]
    yield from _moved_files(again.saved.operations, again.files, needed=operations)
    for address in sorted(again.touched.addresses):
        found = [*_moved_at(again, address)]
        yield from found
        if not found and not again.begun(address):
            yield from _otherwise(again, address)
    yield from _newly_blocked(again)


def _is_done(again: Again) -> bool:
    """Return whether nothing is left to do or to write down: then it does not matter who did it."""
    left = again.now.operations or again.now.takeovers
    return not left and _records(again) == dict(sorted(again.inventory.records.items()))


def _moved_at(again: Again, address: str) -> Iterator[Moved]:
    pair = pair_of(again, address)
    yield from moved_existence(again, address, pair)
    yield from moved_fields(again, address, pair)
    if parse_address(address).kind in _MEMBERS:
        yield from moved_members(again, address, pair)
    saved, now = ((pair.saved, pair.saved_delete), (pair.now, pair.now_delete))
    yield from _grown(address, _takes(saved), _takes(now))


def _takes(operations: Iterable[Operation | None]) -> Mapping[str, list[int]]:
    return next((one.pre["takes"] for one in operations if one is not None and "takes" in one.pre), {})


def _grown(address: str, planned: Mapping[str, list[int]], now: Mapping[str, list[int]]) -> Iterator[Moved]:
    """Yield what would go or change along with an operation beyond what was reviewed."""
    for unit, counts in sorted(now.items()):
        before = planned.get(unit, [0, 0])
        for row, of_whom in enumerate(("", " of others")):
            if counts[row] > before[row]:
                yield Moved(address, f"{unit}{of_whom} that it touches", before[row], counts[row])


def _moved_files(
    operations: Iterable[Operation], files: Mapping[str, str | None], needed: Iterable[Operation] | None = None
) -> Iterator[Moved]:
    """Yield the files of the plan that changed or are gone; where nothing is to be sent, none need be here."""
    sent = None if needed is None else {(one.address, name) for one in needed for name in one.members.add}
    for operation in operations:
        for name, content in operation.members.add.items():
            if content is None:
                continue
            now = files.get(content.ref)
            if content.ref not in files:
                text = f"`{content.ref}` is not among the files of the manifests"
                yield Moved(operation.address, name, f"sha256:{content.sha256}", text, "files")
            elif now is None and (sent is None or (operation.address, name) in sent):
                yield Moved(operation.address, name, f"sha256:{content.sha256}", "not on this machine", "files")
            elif now is not None and now != content.sha256:
                yield Moved(operation.address, name, f"sha256:{content.sha256}", f"sha256:{now}", "files")


def _newly_blocked(again: Again) -> Iterator[Moved]:
    reviewed = {(one.address, one.rule, name) for one in again.saved.blocked for name in (*one.names, "")}
    for one in again.now.blocked:
        for name in one.names or ("",):
            if (one.address, one.rule, name) not in reviewed:
                yield Moved(one.address, name, "possible", f"blocked: {one.rule}")


def _otherwise(again: Again, address: str) -> Iterator[Moved]:
    """Yield what the inventory would say otherwise of an address than the plan says, for a reason not told yet."""
    planned, now = again.saved.records.get(address), again.now.records.get(address)
    if (planned is None) != (now is None):
        words = ("managed", "not managed")
        yield Moved(address, "", *(words if now is None else words[::-1]), "manifests")
    if planned is None or now is None:
        return
    late = _brought_by_another_set(again, address) - planned.members.keys()  # recorded once they are there
    for name in sorted(again.touched.names[address] - late):
        one, other = _remembered(planned, name), _remembered(now, name)
        if one != other:
            yield Moved(address, name, one, other, "manifests")


def _brought_by_another_set(again: Again, address: str) -> Set[str]:
    """Return the pictures that the saved plan uploads for other sets than one; none where it is no set."""
    if not _is_set(address):
        return frozenset()
    others = (one for one in again.saved.operations if one.address != address and _is_set(one.address))
    return {name for one in others for name in one.members.add}


def _is_set(text: str) -> bool:
    address = parse_address(text)
    return address.kind == "pictures" and not address.rest


def _remembered(record: Record, name: str) -> Any:
    """Return what a record says of a member, in words where it has no value."""
    if name not in record.members:
        return "not a member"
    value = record.members[name]
    return "a member" if value is None else value


def _records(again: Again) -> dict[str, Record]:
    """Return the records once everything is done: what the plan does not touch keeps what was last applied."""
    records = {text: one for text, one in again.inventory.records.items() if text not in again.touched.names}
    for text in again.touched.names:
        now = again.now.records.get(text)
        if now is not None:
            records[text] = _lifted(now, again.inventory.records.get(text, Record()), again.touched.names[text])
    return dict(sorted(records.items()))


def _lifted(now: Record, before: Record, names: Iterable[str]) -> Record:
    """Return a record in which only the members that count say something new."""
    counting = frozenset(names)
    members = {name: value for name, value in now.members.items() if name in counting}
    members |= {name: value for name, value in before.members.items() if name not in counting}
    listed = {field: _listed_in(field, now, before, counting) for field in BOOKKEEPING - {PARTS, SETTLED}}
    fields = {name: value for name, value in now.fields.items() if name not in listed}
    fields |= {field: found for field, found in listed.items() if found}
    if "whole" in fields and members != now.members:
        fields["whole"] = names_digest(members)
    return now if members == now.members and fields == now.fields else replace(now, fields=fields, members=members)


def _listed_in(field: str, now: Record, before: Record, counting: Set[str]) -> list[str]:
    """Return the members that a record lists in a field: those that count as it says now, the others as before."""
    found = {name for name in now.fields.get(field, ()) if name in counting}
    found |= {name for name in before.fields.get(field, ()) if name not in counting}
    return sorted(found)
