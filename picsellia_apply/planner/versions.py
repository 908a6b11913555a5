"""Datasets, versions and labels."""

from __future__ import annotations

from collections.abc import Iterable, Set

from picsellia_apply.model.address import Address
from picsellia_apply.model.annotation import names_digest
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.ownership import ADOPTED
from picsellia_apply.model.plan import Blocked, FieldChange, Members, Notice, Operation
from picsellia_apply.model.state import Resource
from picsellia_apply.planner.case import UNSUPPORTED, Blast, Carried, Case, Found, World, record_of
from picsellia_apply.planner.fields import compare_fields
from picsellia_apply.planner.pictures import objects_on
from picsellia_apply.planner.words import counted, joined

INHERITED = "inherited"
"""Field of a version's record: sorted names that it took over from its origin; never ours to take away."""


def created_fields(desired: Resource) -> tuple[FieldChange, ...]:
    """Return the fields with which a thing is created."""
    return tuple(FieldChange(name, None, value) for name, value in sorted(desired.fields.items()))


def conflict_lifted(case: Case, world: World) -> bool:
    """Return whether a flag says that the manifest wins where both sides moved."""
    return f"conflict:{case.text}" in world.policy.allowances


def adopt_notice(case: Case, what: str) -> tuple[Notice, ...]:
    """Return the notice that a thing was there before this workspace knew it, if so."""
    return () if case.record is not None else (Notice("adopt", case.text, f"{what} is already there"),)


def diff_dataset(case: Case, world: World) -> Found:
    """Compare a dataset's own fields."""
    record = record_of(case.record, dict(case.desired.fields), {}, created=case.observed is None)
    if case.observed is None:
        reason = "new" if case.record is None else "drift: deleted on the platform"
        operation = Operation(case.text, "create", reason, created_fields(case.desired), pre={"absent": True})
        return Found(record, (operation,))
    found = compare_fields(case, case.observed.fields, overrule=conflict_lifted(case, world))
    notices = adopt_notice(case, "the dataset")
    if not found.changes:
        return Found(record, notices=notices, conflicts=found.conflicts)
    if "replace" not in world.policy.features:
        names = ", ".join(change.field for change in found.changes)
        hint = "change it on the platform, or in the manifest"
        blocked = Blocked(case.text, UNSUPPORTED, f"changing {names} of a dataset", hint=hint)
        return Found(case.record, notices=notices, blocked=(blocked,), conflicts=found.conflicts)
    pre = {"fields": dict(found.before)}
    operation = Operation(case.text, "update", found.reason, found.changes, pre=pre)
    blasts = () if case.record is None else (Blast(case.text, "update", "addresses", 1),)
    return Found(record, (operation,), notices, conflicts=found.conflicts, blasts=blasts)


def diff_version(case: Case, world: World) -> Found:
    """Compare the pictures of a version."""
    if case.observed is None:
        return _create_version(case, world)
    wanted, there = case.desired.members.keys(), case.observed.members.keys()
    recorded = case.record.members.keys() if case.record is not None else frozenset()
    inherited = frozenset(case.record.fields.get(INHERITED, ())) if case.record is not None else frozenset()
    unmanaged = bool(case.desired.options.get("unmanaged"))
    missing = sorted(wanted - there)
    extra = frozenset() if unmanaged else there - wanted
    stopped = sorted((extra & recorded) - inherited - world.doomed)
    notices = [*adopt_notice(case, "the version"), *_foreign_notice(case, extra - recorded)]
    if case.desired.options.get("frozen"):
        return Found(_frozen_record(case), notices=(*notices, *_frozen_notice(case.text, missing, stopped)))
    removed = _removable(case, stopped, world)
    left = [name for name in stopped if name not in removed]
    if left:
        why = world.kept_because if removed or not world.may_delete else "kept"
        message = f"{counted(len(left), 'picture')} no longer match: {why}"
        notices.append(Notice("kept", case.text, message, tuple(left)))
    members = (
        dict.fromkeys(sorted((wanted | (recorded & there)) - removed - world.doomed)) if wanted != recorded else None
    )
    record = record_of(case.record, _version_fields(case), members or case.desired.members, created=False)
    operations, blasts = _update_version(case, missing, sorted(removed), recorded)
    if removed:
        blasts = (*blasts, *_objects_blast(case, removed, world))
    return Found(record, operations, tuple(notices), blasts=blasts)


def _create_version(case: Case, world: World) -> Found:
    blocked = _creation_blocked(case, world)
    if blocked is not None:
        return Found(case.record, blocked=(blocked,))
    origin = case.desired.options.get("origin")
    inherited = sorted(case.desired.options.get(INHERITED, ()))
    operation = Operation(
        address=case.text,
        action="create",
        reason="new" if case.record is None else "drift: deleted on the platform",
        diff=(FieldChange("from", None, origin),) if origin is not None else (),
        members=Members(add=case.desired.members, counts={"add": len(case.desired.members), "remove": 0, "change": 0}),
        impact=joined(
            [
                counted(len(case.desired.members), "picture"),
                f"{len(inherited):,} of them from `{origin}` with labels and annotations" if inherited else "",
            ]
        ),
        pre={"absent": True},
    )
    fields = {INHERITED: inherited} if inherited else {}
    return Found(record_of(None, fields, case.desired.members, created=True), (operation,))


def _creation_blocked(case: Case, world: World) -> Blocked | None:
    """Return why plain SDK v2 cannot create this version: a first one must be named so, others need an origin."""
    exists = str(Address("dataset", case.address.name)) in world.observed.resources
    has_origin = case.desired.options.get("origin") is not None
    if "replace" in world.policy.features or has_origin or (not exists and case.address.version == "first"):
        return None
    hint = "name the first version `first`, and give later ones a `from`"
    return Blocked(case.text, UNSUPPORTED, "creating this version without an origin", hint=hint)


def _version_fields(case: Case) -> dict[str, object]:
    """Return the record's fields: inherited and adopted pictures stay so."""
    before = dict(case.record.fields) if case.record is not None else {}
    if case.record is None and case.observed is not None:
        adopted = case.desired.members.keys() & case.observed.members.keys()
        return {ADOPTED: sorted(adopted)} if adopted else {}
    return before


def _frozen_record(case: Case) -> Record | None:
    if case.record is not None or case.observed is None:
        return case.record
    return record_of(None, _version_fields(case), dict(case.observed.members), created=False)


def _frozen_notice(address: str, missing: list[str], stopped: list[str]) -> tuple[Notice, ...]:
    if not missing and not stopped:
        return ()
    parts = [f"{len(missing):,} more match" if missing else "", f"{len(stopped):,} no longer match" if stopped else ""]
    return (Notice("drift", address, f"{joined(parts)}: left as it is (frozen)", tuple(sorted(missing + stopped))),)


def _foreign_notice(case: Case, foreign: Set[str]) -> tuple[Notice, ...]:
    if not foreign:
        return ()
    verb = "added on the platform" if case.record is not None else "not selected by the manifest"
    message = f"{counted(len(foreign), 'picture')} {verb}: kept"
    return (Notice("drift", case.text, message, tuple(sorted(foreign))),)


def _removable(case: Case, stopped: Iterable[str], world: World) -> frozenset[str]:
    """Return the pictures to take out: those that we put in, where deletes are on and the platform can."""
    if not (world.may_delete and "replace" in world.policy.features) or case.record is None:
        return frozenset()
    return frozenset(stopped) - frozenset(case.record.fields.get(ADOPTED, ()))


def _update_version(
    case: Case, missing: list[str], removed: list[str], recorded: Set[str]
) -> tuple[tuple[Operation, ...], tuple[Blast, ...]]:
    if not missing and not removed:
        return (), ()
    observed = case.observed.members if case.observed is not None else {}
    drifted = len(recorded & set(missing))
    reasons = [
        counted(len(missing) - drifted, "new match", "new matches") if len(missing) > drifted else "",
        f"drift: {counted(drifted, 'picture')} removed on the platform" if drifted else "",
        f"{len(removed):,} no longer match" if removed else "",
    ]
    operation = Operation(
        address=case.text,
        action="update",
        reason=joined(reasons),
        members=Members(
            add=dict.fromkeys(missing),
            remove=tuple(removed),
            counts={"add": len(missing), "remove": len(removed), "change": 0},
        ),
        impact=_members_impact(len(missing), len(removed)),
        pre={"members_digest": names_digest(observed)},
    )
    blasts = (Blast(case.text, "delete", "members", len(removed)),) if removed else ()
    return (operation,), blasts


def _members_impact(added: int, removed: int) -> str:
    if added and removed:
        return f"+{added:,}, -{removed:,} pictures"
    return f"+{counted(added, 'picture')}" if added else f"-{counted(removed, 'picture')}"


def _objects_blast(case: Case, removed: Set[str], world: World) -> tuple[Blast, ...]:
    """Return the objects that go with pictures that are taken out."""
    text = str(Address("annotations", case.address.name, case.address.version))
    count, foreign = objects_on(text, removed, world)
    return (Blast(case.text, "delete", "objects", count, foreign),) if count else ()


def diff_label(case: Case, world: World, carried: Carried) -> Found:
    """Compare one label of one version.

    Args:
        case: Its desired and observed sides have no content.
        world: What decisions rest on.
        carried: What the version takes over from its origin, where it is created in this plan.
    """
    version = world.observed.resources.get(_version_address(case))
    record = record_of(case.record if version is not None else None, {}, {}, created=case.observed is None)
    there = case.address.rest in carried.labels if version is None else case.observed is not None
    assumed = version is not None and "labels" not in world.policy.features and case.record is not None
    if there or assumed:
        return Found(record, notices=_label_notice(case, world))
    if case.desired.options.get("frozen") and case.record is not None and version is not None:
        notice = Notice("drift", case.text, "label deleted on the platform: left as it is (frozen)")
        return Found(case.record, notices=(notice,))
    reason = "new" if case.record is None or version is None else "drift: deleted on the platform"
    return Found(record, (Operation(case.text, "create", reason, pre={"absent": True}),))


def _version_address(case: Case) -> str:
    return str(Address("version", case.address.name, case.address.version))


def _label_notice(case: Case, world: World) -> tuple[Notice, ...]:
    known = _version_address(case) in world.inventory.records
    return adopt_notice(case, "the label") if known and case.observed is not None else ()
