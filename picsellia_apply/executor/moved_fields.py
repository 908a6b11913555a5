"""What moved in the fields of the things that a saved plan touches, and whether they are there at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from picsellia_apply.errors import Moved
from picsellia_apply.executor.again import Again, Pair
from picsellia_apply.executor.leftover import BOOKKEEPING
from picsellia_apply.model.annotation import canonical_json
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.plan import Operation

_KEPT = BOOKKEEPING | {"whole"}
_ABSENT = "not there"
_THERE = "there"


def moved_existence(again: Again, address: str, pair: Pair) -> Iterator[Moved]:
    """Yield what came to be, or is gone, since the plan was made.

    Args:
        again: The plan, made again.
        address: Of a thing.
        pair: Its operations.
    """
    there = address in again.observed.resources
    deleted = pair.saved_delete
    whole = deleted is not None and not deleted.members.remove and not deleted.members.objects
    if whole and pair.now_delete is None and there:
        declared = address in again.desired.resources
        now = "declared again" if declared else "kept: it is no longer ours to delete"
        yield Moved(address, "", "to be deleted", now, "manifests" if declared else "platform")
    if pair.now_delete is not None and pair.saved_delete is None:
        yield Moved(address, "", "kept", "no longer declared: it would be deleted", "manifests")
    if pair.now is None:
        return
    if pair.now.action == "create" and there is False and (pair.saved is None or pair.saved.action != "create"):
        yield Moved(address, "", _THERE if pair.saved is not None else "not to be made", _ABSENT)
    created = pair.saved is not None and bool(pair.saved.pre.get("absent"))
    if created and pair.now.action == "update" and not pair.now.members.add and not again.begun(address):
        yield Moved(address, "", _ABSENT, _THERE)


def moved_fields(again: Again, address: str, pair: Pair) -> Iterator[Moved]:
    """Yield the fields that moved; arguments as for `moved_existence`."""
    conflicts = {one.field: one for one in again.now.conflicts if one.address == address}
    reviewed = {one.field for one in again.saved.conflicts if one.address == address}
    planned, now = (_applied(plan.records.get(address)) for plan in (again.saved, again.now))
    before, before_now = _before(pair.saved), _before(pair.now)
    for name in sorted(planned.keys() | now.keys()):
        if name in conflicts:
            if name not in reviewed:
                yield Moved(address, name, before.get(name, planned.get(name)), conflicts[name].observed)
        elif name in reviewed:
            if name in before_now:
                yield Moved(address, name, "in conflict", before_now[name])
        elif not _same(planned.get(name), now.get(name)):
            yield Moved(address, name, planned.get(name), now.get(name), "manifests")
        elif name in before_now and not again.begun(address):
            expected = before.get(name, planned.get(name))
            if not _same(expected, before_now[name]):
                yield Moved(address, name, expected, before_now[name])


def _applied(record: Record | None) -> Mapping[str, Any]:
    if record is None:
        return {}
    return {name: value for name, value in record.fields.items() if name not in _KEPT}


def _before(operation: Operation | None) -> Mapping[str, Any]:
    """Return the values that an operation expects to find in the fields that it writes."""
    if operation is None:
        return {}
    fields = dict(operation.pre.get("fields", {}))
    if "sha256" in operation.pre:
        fields["sha256"] = operation.pre["sha256"]
    return fields


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) or canonical_json(one) == canonical_json(other)
