"""Pictures and the tags on them: sets against sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.declaration import LocalPictures
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.ownership import (
    ADOPTED,
    DELETED,
    compare_bytes,
    made_members,
    made_pictures,
    remembered_deletions,
)
from picsellia_apply.model.plan import Blocked, Bytes, Members, Notice, Operation
from picsellia_apply.planner.case import Blast, Case, Found, World, record_of
from picsellia_apply.planner.reach import objects_on
from picsellia_apply.planner.words import agreeing, counted, joined, size_text

CONTENT_DIFFERS = "content differs"
"""Rule of pictures whose name is taken by other bytes."""
FROZEN = "frozen version"
"""Rule of pictures that would be deleted if a frozen version did not hold them."""


def diff_pictures(case: Case, world: World, claimed: Set[str]) -> Found:
    """Compare a PictureSet with the lake.

    Args:
        case: Members are name -> sha256; options `files` (LocalPictures), `kept_deleted` (names).
        world: What decisions rest on.
        claimed: Names that an earlier set of this plan uploads.
    """
    wanted, there = case.desired.members, world.observed.lake.pictures
    missing = wanted.keys() - there.keys()
    deleted = missing & case.desired.options.get("kept_deleted", frozenset())
    upload = sorted(missing - deleted - claimed)
    differing, incomparable = compare_bytes(wanted, there, case.record)
    dropped = _dropped(case, world)
    present = wanted.keys() & there.keys()
    adopted = _adopted(case.record, present, deleted, {*upload, *(present & world.ours.pictures)})
    operations, blasts = _operations(case, upload, new=not present and case.record is None)
    notices = [
        *staying(case.text, case.record, world),
        *_deleted_notice(case.text, deleted),
        *_adopt_notice(case, (adopted & present) - differing.keys()),
    ]
    kept = _kept(case.record, dropped)
    pinned: tuple[Blocked, ...] = ()
    if dropped and world.may_delete:
        free, pinned = split_pinned(case.text, dropped, world)
        gone, gone_blasts = delete_pictures(case.text, free, world)
        operations, blasts = (*operations, *gone), (*blasts, *gone_blasts)
        kept = _kept(case.record, frozenset(dropped).difference(free))
    elif dropped:
        notices.append(_kept_notice(case.text, counted(len(dropped), "picture"), dropped, world))
    memory = remembered_deletions(case.record, there, wanted.keys()) if case.record is not None else frozenset()
    kept |= _kept(case.record, memory)
    adopted |= memory
    members = wanted if not (kept or differing) else {**wanted, **_applied(differing, case.record), **kept}
    others = missing & claimed  # recorded here once they are there: until then a cut apply would call them deleted
    others |= differing.keys() - world.ours.recorded  # nothing of ours: once they are gone, ours may be uploaded
    if others:
        members = {name: digest for name, digest in members.items() if name not in others}
    return Found(
        record=record_of(case.record, _set_fields(adopted & members.keys(), memory), members, created=True),
        operations=operations,
        notices=tuple(notices),
        blocked=(*_differing_blocked(case.text, differing), *pinned),
        blasts=blasts,
        incomparable=incomparable,
        late={name: wanted[name] for name in missing & claimed},
    )


def _applied(differing: Mapping[str, str], record: Record | None) -> dict[str, str]:
    """Return what a record says of pictures that nobody may overwrite: what was last applied, else what is there."""
    known = record.members if record is not None else {}
    return {name: known.get(name, digest) for name, digest in differing.items()}


def _set_fields(adopted: Set[str], memory: Set[str]) -> dict[str, Any]:
    """Return the fields of a set's record: what of its members is not ours, and what people deleted for good."""
    fields = {ADOPTED: sorted(adopted)} if adopted else {}
    return {**fields, DELETED: sorted(memory)} if memory else fields


def split_pinned(address: str, names: Iterable[str], world: World) -> tuple[list[str], tuple[Blocked, ...]]:
    """Return the pictures that may go, and what of the others is told: frozen versions hold them.

    Args:
        address: Of the set that drops them.
        names: No longer declared.
        world: What decisions rest on.
    """
    free = set(names)
    blocked = []
    for version, held in world.pinned.items():
        here = sorted(held & frozenset(names))
        if here:
            free -= frozenset(here)
            message = f"deleting {counted(len(here), 'picture')} would change `{version}`, which is frozen"
            blocked.append(Blocked(address, FROZEN, message, tuple(here), "declare them again, or drop `frozen: true`"))
    return sorted(free), tuple(blocked)


def _adopted(record: Record | None, there: Set[str], deleted: Set[str], ours: Set[str]) -> frozenset[str]:
    """Return the pictures that are not ours: those of before, not made by us, or deleted by a person.

    That person may bring them back. What we upload is ours from then on, whichever set it was uploaded for.
    """
    before = record.fields.get(ADOPTED, ()) if record is not None else ()
    return frozenset(before).union(there, deleted) - ours


def _dropped(case: Case, world: World) -> list[str]:
    """Return the pictures that we uploaded for this set, that are still there, and that no set declares any more."""
    if case.record is None or case.record.members.keys() <= case.desired.members.keys():
        return []
    return dropped_pictures(case.record, world)


def dropped_pictures(record: Record, world: World) -> list[str]:
    """Return the pictures of a record that we uploaded, that are still there, and that nobody declares any more."""
    return sorted(_let_go(record, world) - world.observed.others.pictures.keys())


def _let_go(record: Record, world: World) -> Set[str]:
    gone = made_pictures(record, world.observed.lake.pictures) - world.declared_pictures
    return gone & world.observed.lake.pictures.keys()


def staying(address: str, record: Record | None, world: World) -> tuple[Notice, ...]:
    """Return which pictures a set lets go and why they stay although we uploaded them, or one of their name.

    Another workspace manages them too, or what is there is not what we sent: somebody put it in the place of ours.

    Args:
        address: Of the set.
        record: Of the set, None for none.
        world: What decisions rest on.
    """
    if record is None or record.members.keys() <= world.declared_pictures:
        return ()
    there = world.observed.lake.pictures
    others = (made_members(record) & there.keys()) - made_pictures(record, there) - world.declared_pictures
    unread = {name for name in others if not there[name]}
    managed = _let_go(record, world) & world.observed.others.pictures.keys()
    reasons = (
        ("left to other workspaces that manage them too", managed),
        ("kept (other bytes are there now), and forgotten", others - unread),
        ("kept (nobody can read the bytes: they may not be ours), and forgotten", unread),
    )
    return tuple(
        Notice("kept", address, f"{counted(len(names), 'picture')} no longer declared: {why}", tuple(sorted(names)))
        for why, names in reasons
        if names
    )


def _kept(record: Record | None, names: Iterable[str]) -> dict[str, Any]:
    return {name: record.members[name] for name in names} if record is not None else {}


def _operations(case: Case, upload: list[str], *, new: bool) -> tuple[tuple[Operation, ...], tuple[Blast, ...]]:
    if not upload:
        return (), ()
    files: LocalPictures = case.desired.options["files"]
    add = _bytes_of(case.address, files, upload)
    size = sum(content.size for content in add.values())
    restored = len(case.record.members.keys() & set(upload)) if case.record is not None else 0
    operation = Operation(
        address=case.text,
        action="create" if new else "update",
        reason=joined(
            [
                counted(len(upload) - restored, "new picture") if len(upload) > restored else "",
                f"{counted(restored, 'picture')} to restore" if restored else "",
            ]
        ),
        members=Members(add=add, counts={"add": len(add), "remove": 0, "change": 0}),
        impact=f"{counted(len(add), 'picture')}, {size_text(size)}",
    )
    return (operation,), ()


def _bytes_of(address: Address, files: LocalPictures, names: list[str]) -> dict[str, Bytes]:
    rows = {name: row for row, name in enumerate(files.names)}
    found: dict[str, Bytes] = {}
    for name in names:
        row = rows[name]
        found[name] = Bytes(
            ref=f"{address}:{files.files[row]}",
            sha256=files.sha256[row],
            size=files.sizes[row],
            width=files.widths[row],
            height=files.heights[row],
            orientation=files.orientations[row],
        )
    return found


def _deleted_notice(address: str, names: Set[str]) -> tuple[Notice, ...]:
    if not names:
        return ()
    message = f"{counted(len(names), 'picture')} deleted on the platform: kept deleted (`restore: true` uploads again)"
    return (Notice("drift", address, message, tuple(sorted(names))),)


def _adopt_notice(case: Case, adopted: Set[str]) -> tuple[Notice, ...]:
    known = case.record.members.keys() if case.record is not None else frozenset()
    fresh = adopted - known
    if not fresh:
        return ()
    message = f"{counted(len(fresh), 'picture')} already in the lake"
    return (Notice("adopt", case.text, message, tuple(sorted(fresh))),)


def _kept_notice(address: str, what: str, names: Iterable[str], world: World) -> Notice:
    return Notice("kept", address, f"{what} no longer declared: {world.kept_because}", tuple(sorted(names)))


def _differing_blocked(address: str, differing: Mapping[str, str]) -> tuple[Blocked, ...]:
    if not differing:
        return ()
    message = f"{counted(len(differing), 'picture')} with other bytes under the same name"
    hint = "give the changed picture a new name: versions are snapshots"
    return (Blocked(address, CONTENT_DIFFERS, message, tuple(sorted(differing)), hint),)


def _made_before(address: str, world: World) -> frozenset[str]:
    """Return what recorded addresses before this one made of the same: where several let go, the first deletes."""
    tag = parse_address(address).rest
    made: set[str] = set()
    for text, record in world.inventory.records.items():
        other = parse_address(text)
        if text < address and other.kind in ("pictures", "query") and other.rest == tag and not world.released(other):
            made |= made_members(record) if tag else made_pictures(record, world.observed.lake.pictures)
    return frozenset(made)


def delete_pictures(
    address: str, names: Iterable[str], world: World
) -> tuple[tuple[Operation, ...], tuple[Blast, ...]]:
    """Return the operation that deletes pictures, and what goes with them: memberships and objects, ours or not.

    Args:
        address: `pictures/...`.
        names: No longer declared; those that an address before this one deletes are left to it.
        world: What decisions rest on.
    """
    gone = frozenset(names) - _made_before(address, world)
    ordered = tuple(sorted(gone))
    if not ordered:
        return (), ()
    reached = [*_reached(gone, world), *_elsewhere(address, world)]
    memberships, strangers = sum(one.members for one in reached), sum(one.strangers for one in reached)
    objects, foreign = sum(one.objects for one in reached), sum(one.foreign for one in reached)
    tags = _tags_of_others(gone, world)
    operation = Operation(
        address=address,
        action="delete",
        reason="no longer declared",
        members=Members(remove=ordered, counts={"add": 0, "remove": len(ordered), "change": 0}),
        impact=counted(len(ordered), "picture") + _also(len(ordered), len(reached), objects),
    )
    blasts = (
        Blast(address, "delete", "pictures", len(ordered)),
        Blast(address, "delete", "members", memberships, strangers),
        Blast(address, "delete", "objects", objects, foreign),
        Blast(address, "delete", "tags", tags, tags),
    )
    return (operation,), tuple(blast for blast in blasts if blast.count)


def _tags_of_others(gone: Set[str], world: World) -> int:
    """Return how many tags on pictures that go people put there; those of ours are no loss."""
    carried = world.observed.lake.tags.items()
    return sum(len((names & gone) - world.ours.tags.get(tag, frozenset())) for tag, names in carried)


@dataclass(frozen=True, slots=True)
class Reached:
    """What a version loses with pictures: members, and objects on them; `strangers`, `foreign`: those not ours."""

    members: int
    strangers: int
    objects: int
    foreign: int


def _reached(gone: Set[str], world: World) -> Iterator[Reached]:
    """Yield what the observed versions that stay lose; those that nobody declares may stay too."""
    for text, resource in world.observed.resources.items():
        held = gone & resource.members.keys() if text.startswith("version/") else None
        if held and text not in world.deleted_versions:
            strangers = len(held - made_members(world.inventory.records.get(text, Record())))
            yield Reached(len(held), strangers, *objects_on(text.replace("version/", "annotations/", 1), held, world))


def _elsewhere(address: str, world: World) -> Iterator[Reached]:
    """Yield what versions that nobody declares or recorded lose: all of it is people's."""
    for pictures, objects in world.observed.holders.get(address, {}).values():
        yield Reached(pictures, pictures, objects, objects)


def _also(pictures: int, versions: int, objects: int) -> str:
    """Return what goes with pictures that are deleted, in words."""
    parts = (
        f"takes {agreeing(pictures, 'it', 'them')} out of {counted(versions, 'version')}" if versions else "",
        f"deletes {counted(objects, 'object')}" if objects else "",
    )
    said = " and ".join(part for part in parts if part)
    return f"; also {said}" if said else ""


def diff_tag(case: Case, world: World, claimed: Set[str]) -> Found:
    """Compare a tag that a PictureSet or a TagQuery keeps on pictures with the lake.

    Args:
        case: Members are the pictures that must carry it; with option `absent` those that must not.
        world: What decisions rest on.
        claimed: Pictures that another address of this plan gives the tag, or takes it from.
    """
    tag = case.address.rest[0]
    wanted = case.desired.members.keys()
    carriers = world.observed.lake.tags.get(tag, frozenset())
    if case.desired.options.get("absent"):
        return _diff_absent(case, (wanted & carriers) - claimed)
    missing = sorted(wanted - carriers - claimed)
    adopted = (wanted & carriers) - world.ours.tags.get(tag, frozenset())
    operations: tuple[Operation, ...] = ()
    if missing:
        operations = (_tag_operation(case, missing, adding=True, new=case.record is None and not wanted & carriers),)
    blasts: tuple[Blast, ...] = ()
    notices: tuple[Notice, ...] = ()
    kept: dict[str, Any] = {}
    dropped = dropped_tags(case.record, tag, world) if case.record is not None else []
    if dropped and world.may_delete:
        gone, blasts = delete_tags(case.text, dropped, world)
        operations = (*operations, *gone)
    elif dropped:
        what = f"the tag on {counted(len(dropped), 'picture')}"
        notices = (_kept_notice(case.text, what, dropped, world),)
        kept = dict.fromkeys(dropped)
    members = {**case.desired.members, **kept} if kept else case.desired.members
    fields = {ADOPTED: sorted(adopted)} if adopted else {}
    record = record_of(case.record, fields, members, created=True)
    return Found(record, operations, notices, blasts=blasts)


def _diff_absent(case: Case, carriers: Set[str]) -> Found:
    record = record_of(case.record, {"absent": True}, {}, created=True)
    if not carriers:
        return Found(record)
    operation = _tag_operation(case, sorted(carriers), adding=False, new=False)
    return Found(record, (operation,), blasts=(Blast(case.text, "update", "tags", len(carriers)),))


def _tag_operation(case: Case, names: list[str], *, adding: bool, new: bool) -> Operation:
    recorded = case.record.members.keys() if case.record is not None else frozenset()
    drifted = len(recorded & set(names))
    if adding:
        members = Members(add=dict.fromkeys(names), counts={"add": len(names), "remove": 0, "change": 0})
    else:
        members = Members(remove=tuple(names), counts={"add": 0, "remove": len(names), "change": 0})
    reason = "kept off the pictures that the query selects" if not adding else "pictures without the tag"
    if drifted:
        reason = f"drift: removed from {counted(drifted, 'picture')} on the platform"
    impact = f"{'' if adding else '-'}{counted(len(names), 'picture')}"
    return Operation(case.text, "create" if new else "update", reason, (), members, impact)


def dropped_tags(record: Record, tag: str, world: World) -> list[str]:
    """Return the pictures on which a record says we put the tag, that still carry it, and where nobody declares it."""
    if record.fields.get("absent"):
        return []
    gone = made_members(record) - world.declared_tags.get(tag, frozenset()) - world.doomed
    gone -= world.observed.others.tags.get(tag, frozenset())
    return sorted(gone & world.observed.lake.tags.get(tag, frozenset()))


def delete_tags(address: str, names: Iterable[str], world: World) -> tuple[tuple[Operation, ...], tuple[Blast, ...]]:
    """Return the operation that takes a tag off pictures; arguments as for `delete_pictures`."""
    ordered = tuple(sorted(frozenset(names) - _made_before(address, world)))
    if not ordered:
        return (), ()
    members = Members(remove=ordered, counts={"add": 0, "remove": len(ordered), "change": 0})
    impact = f"taken off {counted(len(ordered), 'picture')}"
    operation = Operation(address, "delete", "no longer declared", (), members, impact)
    return (operation,), (Blast(address, "delete", "tags", len(ordered)),)
