"""Networks, their files and their thumbnails."""

from __future__ import annotations

from dataclasses import replace

from picsellia_apply.model.address import Address
from picsellia_apply.model.plan import NETWORK_NAME, Bytes, FieldChange, Members, Operation
from picsellia_apply.planner.case import Blast, Case, Found, World, record_of
from picsellia_apply.planner.fields import FieldsFound, applied_fields, compare_fields, kept_notices
from picsellia_apply.planner.moved import RENAMED_FROM
from picsellia_apply.planner.prefer import preferred
from picsellia_apply.planner.versions import adopt_notice, created_fields
from picsellia_apply.planner.words import size_text


def diff_network(case: Case, world: World) -> Found:
    """Compare a network's properties."""
    if case.observed is None:
        record = record_of(None, dict(case.desired.fields), {}, created=True)
        reason = "new" if case.record is None else "drift: deleted on the platform"
        diff = created_fields(case.desired)
        return Found(record, (Operation(case.text, "create", reason, diff, pre={"absent": True}),))
    found = compare_fields(case, case.observed.fields, preferred(world.policy, case.text))
    record = record_of(case.record, applied_fields(case, found), {}, created=False)
    notices = (*adopt_notice(case, "the network"), *kept_notices(case, found))
    found = _with_rename(found, case)
    if not found.changes:
        return Found(record, notices=notices, conflicts=found.conflicts)
    operation = Operation(case.text, "update", found.reason, found.changes, pre={"fields": dict(found.before)})
    blasts = () if case.record is None else (Blast(case.text, "update", "addresses", 1),)
    return Found(record, (operation,), notices, conflicts=found.conflicts, blasts=blasts)


def _with_rename(found: FieldsFound, case: Case) -> FieldsFound:
    """Return what differs, with the name that the network still bears on the platform."""
    old = case.observed.options.get(RENAMED_FROM) if case.observed is not None else None
    if old is None:
        return found
    change = FieldChange(NETWORK_NAME, old, case.address.name)
    reason = f"renamed; {found.reason}" if found.reason else "renamed"
    return replace(found, changes=(change, *found.changes), reason=reason)


def diff_file(case: Case, world: World) -> Found:
    """Compare a network's file or thumbnail by digest; where none is known, by what the inventory remembers.

    Its digest is compared three ways, as a field is: bytes that a person stored are not overwritten unasked.
    """
    sha256, size = case.desired.fields["sha256"], case.desired.fields["size"]
    before = case.record if case.observed is not None else None
    record = record_of(before, {"sha256": sha256, "size": size}, {}, created=case.observed is None)
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
    found = compare_fields(digest, {"sha256": there}, preferred(world.policy, case.text))
    if found.conflicts:
        return Found(case.record, conflicts=found.conflicts)
    if found.kept:
        fields = {**applied_fields(digest, found), "size": case.observed.fields.get("size", size)}
        return Found(record_of(case.record, fields, {}, created=False), notices=kept_notices(case, found))
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
