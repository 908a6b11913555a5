"""Networks, their files and their thumbnails."""

from __future__ import annotations

from dataclasses import replace

from picsellia_apply.model.address import Address
from picsellia_apply.model.plan import Bytes, FieldChange, Members, Operation
from picsellia_apply.planner.case import Blast, Case, Found, World, record_of
from picsellia_apply.planner.fields import applied_fields, compare_fields
from picsellia_apply.planner.versions import adopt_notice, conflict_lifted, created_fields
from picsellia_apply.planner.words import size_text


def diff_network(case: Case, world: World) -> Found:
    """Compare a network's properties."""
    if case.observed is None:
        record = record_of(case.record, dict(case.desired.fields), {}, created=True)
        reason = "new" if case.record is None else "drift: deleted on the platform"
        diff = created_fields(case.desired)
        return Found(record, (Operation(case.text, "create", reason, diff, pre={"absent": True}),))
    found = compare_fields(case, case.observed.fields, overrule=conflict_lifted(case, world))
    record = record_of(case.record, applied_fields(case, found), {}, created=False)
    notices = adopt_notice(case, "the network")
    if not found.changes:
        return Found(record, notices=notices, conflicts=found.conflicts)
    operation = Operation(case.text, "update", found.reason, found.changes, pre={"fields": dict(found.before)})
    blasts = () if case.record is None else (Blast(case.text, "update", "addresses", 1),)
    return Found(record, (operation,), notices, conflicts=found.conflicts, blasts=blasts)


def diff_file(case: Case, world: World) -> Found:
    """Compare a network's file or thumbnail by digest; where none is known, by what the inventory remembers.

    Its digest is compared three ways, as a field is: bytes that a person stored are not overwritten unasked.
    """
    sha256, size = case.desired.fields["sha256"], case.desired.fields["size"]
    record = record_of(case.record, {"sha256": sha256, "size": size}, {}, created=case.observed is None)
    if case.observed is None:
        new = case.record is None or str(Address("network", case.address.name)) not in world.observed.resources
        operation = _store(case, "create", "new" if new else "drift: deleted on the platform", None)
        return Found(record, (operation,))
    stored = case.observed.fields.get("sha256")
    sent = case.record.fields.get("sha256") if case.record is not None else None
    there = stored if stored is not None else sent
    if there == sha256:
        return Found(record)
    if stored is None and sent is None and case.observed.fields.get("size") == size:
        return Found(record, incomparable=1)
    digest = replace(case, desired=replace(case.desired, fields={"sha256": sha256}))
    conflicts = compare_fields(digest, {"sha256": there}, overrule=conflict_lifted(case, world)).conflicts
    if conflicts:
        return Found(case.record, conflicts=conflicts)
    reason = "drift: the file changed on the platform" if sent == sha256 else "the file changed"
    if case.record is None:
        reason = "adopt: the file differs from the manifest's"
    blasts = () if case.record is None else (Blast(case.text, "update", "addresses", 1),)
    return Found(record, (_store(case, "update", reason, there),), blasts=blasts)


def _store(case: Case, action: str, reason: str, before: str | None) -> Operation:
    sha256, size = case.desired.fields["sha256"], case.desired.fields["size"]
    key = case.address.rest[0] if case.address.rest else "thumbnail"
    return Operation(
        address=case.text,
        action="create" if action == "create" else "update",
        reason=reason,
        diff=(FieldChange("sha256", before, sha256),),
        members=Members(add={key: Bytes(case.text, sha256, size)}, counts={"add": 1, "remove": 0, "change": 0}),
        impact=size_text(size),
        pre={"sha256": before},
    )
