"""Datasets, versions and labels."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Set

from picsellia_apply.model.address import Address
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.ownership import ADOPTED, INHERITED, PARTS, adopted_members, is_whole
from picsellia_apply.model.plan import Blocked, FieldChange, Members, Notice, Operation
from picsellia_apply.model.state import Resource
from picsellia_apply.planner.case import UNSUPPORTED, Blast, Carried, Case, Found, World, record_of
from picsellia_apply.planner.fields import applied_fields, compare_fields, kept_notices
from picsellia_apply.planner.prefer import preferred
from picsellia_apply.planner.reach import objects_on
from picsellia_apply.planner.words import agreeing, counted, joined


def is_settled(part: Address, world: World) -> bool:
    """Return whether a label or the annotations of a frozen version are past their creation: what differs is drift.

    An apply that was killed may have created the version without all of its parts: those are still to be made.
    """
    version = str(Address("version", part.name, part.version))
    observed, records = world.observed.resources.get(version), world.inventory.records
    if observed is None:
        return False
    if observed.options.get("unfinished"):
        return False  # also where records of an earlier version of this name, which somebody deleted, tell of parts
    if version not in records:
        return True
    record = records.get(str(part))
    return is_whole(record) if record is not None else str(part) not in records[version].fields.get(PARTS, ())


def created_fields(desired: Resource) -> tuple[FieldChange, ...]:
    """Return the fields with which a thing is created."""
    return tuple(FieldChange(name, None, value) for name, value in sorted(desired.fields.items()))


def adopt_notice(case: Case, what: str) -> tuple[Notice, ...]:
    """Return the notice that a thing was there before this workspace knew it, if so."""
    return () if case.record is not None else (Notice("adopt", case.text, f"{what} is already there"),)


def diff_dataset(case: Case, world: World) -> Found:
    """Compare a dataset's own fields."""
    if case.observed is None:
        record = record_of(None, dict(case.desired.fields), {}, created=True)
        reason = "new" if case.record is None else "drift: deleted on the platform"
        operation = Operation(case.text, "create", reason, created_fields(case.desired), pre={"absent": True})
        return Found(record, (operation,))
    found = compare_fields(case, case.observed.fields, preferred(world.policy, case.text))
    record = record_of(case.record, applied_fields(case, found), {}, created=False)
    notices = (*adopt_notice(case, "the dataset"), *kept_notices(case, found))
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


def diff_version(case: Case, world: World, impossible: Set[str] = frozenset()) -> Found:
    """Compare the pictures of a version.

    Args:
        case: Members are names; options see `model.state`.
        world: What decisions rest on.
        impossible: Versions of the dataset that are not there and cannot be created.
    """
    if case.observed is None:
        return _create_version(case, world, impossible)
    wanted, there = case.desired.members.keys(), case.observed.members.keys()
    recorded = case.record.members.keys() if case.record is not None else frozenset()
    inherited = frozenset(case.record.fields.get(INHERITED, ())) if case.record is not None else frozenset()
    unmanaged = bool(case.desired.options.get("unmanaged"))
    missing = sorted(wanted - there)
    extra = frozenset() if unmanaged else there - wanted
    stopped = sorted((extra & recorded) - inherited - world.doomed)
    notices = [*adopt_notice(case, "the version"), *_foreign_notice(case, extra - recorded - _of_origin(case, world))]
    if case.desired.options.get("frozen"):
        return Found(_frozen_record(case), notices=(*notices, *_frozen_notice(case.text, missing, stopped)))
    removed = _removable(case, stopped, world)
    blocked = _removal_blocked(case, stopped, world)
    left = sorted(frozenset(stopped) - removed.union(*(one.names for one in blocked)))
    if left:
        why = world.kept_because if removed or not world.may_delete else "kept"
        notices.append(_left_notice(case.text, left, why))
    members = case.desired.members
    if wanted != recorded:
        lost = case.desired.options.get("held_back", frozenset())  # not ours to put back: drift must not forget them
        members = dict.fromkeys(sorted((wanted | (recorded & (there | lost))) - removed - world.doomed))
    record = record_of(case.record, _version_fields(case, members.keys()), members, created=False)
    operations = _add_pictures(case, missing, recorded) if missing else ()
    blasts: tuple[Blast, ...] = ()
    if removed:
        taken_out, blasts = _take_out(case, removed, world)
        operations = (*operations, *taken_out)
    return Found(record, operations, tuple(notices), blocked, blasts=blasts)


def _of_origin(case: Case, world: World) -> Set[str]:
    """Return what an adopted version may have taken over from the declared origin: that was told as it was adopted.

    Its record says nothing of that, so what somebody puts there later and the origin holds too is not told either.
    """
    origin = case.desired.options.get("origin")
    if origin is None or case.record is None or case.record.created:
        return frozenset()
    return world.observed.resources.get(str(Address("version", case.address.name, origin)), Resource()).members.keys()


def _create_version(case: Case, world: World, impossible: Set[str]) -> Found:
    blocked = _creation_blocked(case, world, impossible)
    if blocked is not None:
        return Found(case.record, blocked=(blocked,))
    origin = case.desired.options.get("origin")
    inherited = sorted(case.desired.options.get(INHERITED, ()))
    operation = Operation(
        address=case.text,
        action="create",
        reason="new" if case.record is None else "drift: deleted on the platform",
        diff=(FieldChange("from", None, origin),) if origin is not None else (),
        members=_held(case.desired.members),
        impact=joined(
            [
                counted(len(case.desired.members), "picture"),
                f"{len(inherited):,} of them from `{origin}` with labels and annotations" if inherited else "",
            ]
        ),
        pre={"absent": True},
    )
    fields = {INHERITED: inherited} if inherited else {}
    if case.desired.options.get("frozen"):
        fields[PARTS] = _parts(case.address, world)
    return Found(record_of(None, fields, case.desired.members, created=True), (operation,))


def _held(names: Mapping[str, None]) -> Members:
    """Return the pictures of a new version; none are counted by nothing, as a saved plan reads it back."""
    counts = {"add": len(names), "remove": 0, "change": 0} if names else {}
    return Members(add=names, counts=counts)


def _parts(version: Address, world: World) -> list[str]:
    labels = str(Address("label", version.name, version.version)) + "/"
    annotations = str(Address("annotations", version.name, version.version))
    return sorted(text for text in world.desired.resources if text == annotations or text.startswith(labels))


def _creation_blocked(case: Case, world: World, impossible: Set[str]) -> Blocked | None:
    """Return why plain SDK v2 cannot create this version.

    A first one must be named so and hold a picture, others need an origin that is there or can be made.
    """
    if "replace" in world.policy.features:
        return None
    origin = case.desired.options.get("origin")
    if origin is not None:
        message = f"creating this version from `{origin}`, which is not there and cannot be created"
        return Blocked(case.text, UNSUPPORTED, message) if origin in impossible else None
    exists = str(Address("dataset", case.address.name)) in world.observed.resources
    if exists or case.address.version != "first":
        hint = (
            "SDK v2 alone makes a version anew only as a dataset's first, named `first`: give each split a dataset. "
            "`from:` does not part splits: the new version takes over every picture of its origin, with annotations"
        )
        return Blocked(case.text, UNSUPPORTED, "creating this version without an origin", hint=hint)
    if not case.desired.members:
        hint = "let it select at least one picture"
        return Blocked(case.text, UNSUPPORTED, "creating a first version without pictures", hint=hint)
    return None


def _version_fields(case: Case, members: Set[str]) -> dict[str, object]:
    """Return the record's fields: inherited and adopted pictures stay so, and what was there before us is adopted."""
    fields = dict(case.record.fields) if case.record is not None else {}
    fields.pop(ADOPTED, None)
    there = case.observed.members.keys() if case.observed is not None else frozenset()
    adopted = adopted_members(case.record, there, members)
    return {**fields, ADOPTED: adopted} if adopted else fields


def _frozen_record(case: Case) -> Record | None:
    if case.record is not None or case.observed is None:
        return case.record
    members = dict(case.observed.members)
    return record_of(None, _version_fields(case, members.keys()), members, created=False)


def _frozen_notice(address: str, missing: list[str], stopped: list[str]) -> tuple[Notice, ...]:
    if not missing and not stopped:
        return ()
    parts = [f"{len(missing):,} more {_match(missing)}" if missing else "", _stopped(stopped)]
    return (Notice("drift", address, f"{joined(parts)}: left as it is (frozen)", tuple(sorted(missing + stopped))),)


def _foreign_notice(case: Case, foreign: Set[str]) -> tuple[Notice, ...]:
    if not foreign:
        return ()
    known = case.record is not None and case.record.created  # what an adopted one held, no record tells
    verb = "added on the platform" if known else "not selected by the manifest"
    message = f"{counted(len(foreign), 'picture')} {verb}: kept"
    return (Notice("drift", case.text, message, tuple(sorted(foreign))),)


def _left_notice(address: str, names: list[str], why: str) -> Notice:
    message = f"{counted(len(names), 'picture')} no longer {_match(names)}: {why}"
    return Notice("kept", address, message, tuple(names))


def _removable(case: Case, stopped: Iterable[str], world: World) -> frozenset[str]:
    """Return the pictures to take out: those that we put in, where deletes are on and the platform can."""
    return _ours_to_remove(case, stopped, world) if "replace" in world.policy.features else frozenset()


def _ours_to_remove(case: Case, stopped: Iterable[str], world: World) -> frozenset[str]:
    if not world.may_delete or case.record is None:
        return frozenset()
    return frozenset(stopped) - frozenset(case.record.fields.get(ADOPTED, ()))


def _removal_blocked(case: Case, stopped: Iterable[str], world: World) -> tuple[Blocked, ...]:
    """Return which pictures would be taken out if the platform could."""
    names = () if "replace" in world.policy.features else tuple(sorted(_ours_to_remove(case, stopped, world)))
    if not names:
        return ()
    hint = "make a new version, or let it select them again"
    message = f"taking {counted(len(names), 'picture')} out of a version"
    return (Blocked(case.text, UNSUPPORTED, message, names, hint),)


def _add_pictures(case: Case, missing: list[str], recorded: Set[str]) -> tuple[Operation, ...]:
    drifted = len(recorded & set(missing))
    reasons = [
        counted(len(missing) - drifted, "new match", "new matches") if len(missing) > drifted else "",
        f"drift: {counted(drifted, 'picture')} removed on the platform" if drifted else "",
    ]
    operation = Operation(
        address=case.text,
        action="update",
        reason=joined(reasons),
        members=Members(add=dict.fromkeys(missing), counts={"add": len(missing), "remove": 0, "change": 0}),
        impact=f"+{counted(len(missing), 'picture')}",
    )
    return (operation,)


def _take_out(case: Case, removed: Set[str], world: World) -> tuple[tuple[Operation, ...], tuple[Blast, ...]]:
    """Return the operation that takes pictures out: a delete of its own, so that it waits for everything else."""
    names, lost = sorted(removed), _objects_blast(case, removed, world)
    objects = sum(blast.count for blast in lost)
    also = f"; also deletes {counted(objects, 'object')} there" if objects else ""
    operation = Operation(
        address=case.text,
        action="delete",
        reason=_stopped(names),
        members=Members(remove=tuple(names), counts={"add": 0, "remove": len(names), "change": 0}),
        impact=f"takes out {counted(len(names), 'picture')}{also}",
    )
    return (operation,), (Blast(case.text, "delete", "members", len(names)), *lost)


def _match(names: Collection[str]) -> str:
    return agreeing(len(names), "matches", "match")


def _stopped(names: Collection[str]) -> str:
    return f"{len(names):,} no longer {_match(names)}" if names else ""


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
    if case.desired.options.get("frozen") and is_settled(case.address, world):
        what = "label is not there" if case.record is None else "label deleted on the platform"
        notice = Notice("drift", case.text, f"{what}: left as it is (frozen)")
        return Found(case.record, notices=(notice,))
    reason = "new" if case.record is None or version is None else "drift: deleted on the platform"
    made = record_of(None, {}, {}, created=True)
    return Found(made, (Operation(case.text, "create", reason, pre={"absent": True}),))


def _version_address(case: Case) -> str:
    return str(Address("version", case.address.name, case.address.version))


def _label_notice(case: Case, world: World) -> tuple[Notice, ...]:
    known = _version_address(case) in world.inventory.records
    return adopt_notice(case, "the label") if known and case.observed is not None else ()
