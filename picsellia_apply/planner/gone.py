"""What the inventory knows and the manifests no longer declare: deleted where deletes are on, else kept and told.

Only what we created is deleted. A version takes its labels and annotations with it, a dataset its versions, a network
its files: the parts of a whole that goes are not told again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import replace

from picsellia_apply.model.address import Address, parse_address, quote_name
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.ownership import (
    ADOPTED,
    DELETED,
    made_members,
    remembered_deletions,
    without_members,
    written_objects,
)
from picsellia_apply.model.plan import Blocked, Notice, ObjectChange, Operation
from picsellia_apply.model.state import Resource
from picsellia_apply.planner.annotations import operation_of
from picsellia_apply.planner.case import UNSUPPORTED, Blast, Found, World
from picsellia_apply.planner.parts import parts_of, strange_fields, strange_things
from picsellia_apply.planner.pictures import (
    delete_pictures,
    delete_tags,
    dropped_pictures,
    dropped_tags,
    split_pinned,
    staying,
)
from picsellia_apply.planner.reach import objects_of, objects_on
from picsellia_apply.planner.words import agreeing, counted, joined


def gone_addresses(world: World) -> tuple[str, ...]:
    """Return the recorded addresses that are not declared, sorted."""
    return tuple(sorted(world.inventory.records.keys() - world.desired.resources.keys()))


def diff_gone(text: str, world: World, leaving: Mapping[str, Set[str]]) -> Found:
    """Decide what happens to an address that is recorded and no longer declared.

    Args:
        text: The address.
        world: What decisions rest on.
        leaving: Version address to the pictures that this plan takes out of it.
    """
    address, record = parse_address(text), world.inventory.records[text]
    if world.released(address):
        notice = Notice("kept", text, "no longer managed: kept as it is, and forgotten")
        with_its_whole = any(map(world.released, map(parse_address, _wholes(address))))
        return Found(notices=() if with_its_whole else (notice,))
    if _is_frozen(address, world):
        return Found(record, notices=(Notice("drift", text, "no longer declared: left as it is (frozen)"),))
    match address.kind:
        case "pictures" | "query" if address.rest:
            return _gone_tag(text, address.rest[0], record, world)
        case "pictures":
            return _gone_pictures(text, record, world)
        case "annotations":
            version = str(Address("version", address.name, address.version))
            return _gone_annotations(address, text, record, world, leaving.get(version, frozenset()))
        case _:
            return _gone_whole(address, text, record, world)


def _is_frozen(address: Address, world: World) -> bool:
    """Return whether this is a part of a version that is there, still declared, and never changes."""
    version = str(Address("version", address.name, address.version))
    frozen = version in world.desired.resources and world.desired.resources[version].options.get("frozen")
    return bool(frozen) and (str(address) in world.observed.resources or _only_remembered(address, world))


def _gone_pictures(text: str, record: Record, world: World) -> Found:
    names = dropped_pictures(record, world)
    memory = remembered_deletions(record, world.observed.lake.pictures, frozenset())
    if not names:
        return Found(_narrowed(record, (), memory), notices=staying(text, record, world))
    if not world.may_delete:
        notice = _kept(text, counted(len(names), "picture"), names, world)
        return Found(_narrowed(record, names, memory), notices=(notice,))
    free, blocked = split_pinned(text, names, world)
    operations, blasts = delete_pictures(text, free, world)
    held = frozenset(names).difference(free)
    notices = staying(text, record, world)
    return Found(_narrowed(record, held, memory), operations, notices, blocked, blasts=blasts)


def _gone_tag(text: str, tag: str, record: Record, world: World) -> Found:
    names = dropped_tags(record, tag, world)
    if not names:
        return Found()
    if not world.may_delete:
        message = f"the tag on {counted(len(names), 'picture')}"
        return Found(_narrowed(record, names), notices=(_kept(text, message, names, world),))
    operations, blasts = delete_tags(text, names, world)
    return Found(operations=operations, blasts=blasts)


def _narrowed(record: Record, names: Collection[str], memory: Set[str] = frozenset()) -> Record | None:
    """Return the record with those members only that are still there and ours, and with deletions to remember."""
    members = {name: record.members[name] for name in (*names, *sorted(memory))}
    if not members:
        return None
    fields = {ADOPTED: sorted(memory), DELETED: sorted(memory)} if memory else {}
    if members == record.members and fields == {key: record.fields[key] for key in fields if key in record.fields}:
        return record
    return replace(record, fields=fields, members=members)


def _kept(text: str, what: str, names: Iterable[str], world: World) -> Notice:
    return Notice("kept", text, f"{what} no longer declared: {world.kept_because}", tuple(names))


def _gone_annotations(address: Address, text: str, record: Record, world: World, leaving: Set[str]) -> Found:
    there = world.observed.resources.get(text)
    version = str(Address("version", address.name, address.version))
    if there is None or version not in world.observed.resources:
        return Found()
    if (found := _with_its_whole(address, record, world)) is not None:
        return found
    changed = {name: change for name, change in _without_ours(record, there) if name not in leaving | world.doomed}
    theirs = sorted((record.members.keys() - written_objects(record).keys()) & there.members.keys())
    if not changed:
        message = f"annotations of {counted(len(theirs), 'picture')} no longer declared: kept (people made them first)"
        return Found(notices=(Notice("kept", text, message, tuple(theirs)),) if theirs else ())
    objects = sum(len(change.before or ()) - len(change.after) for change in changed.values())
    if not world.may_delete:
        return Found(record, notices=(_kept(text, counted(objects, "object"), sorted(changed), world),))
    operation, blasts = operation_of(text, "delete", changed, written_objects(record), "no longer declared")
    return Found(operations=(operation,), blasts=blasts)


def _without_ours(record: Record, there: Resource) -> Iterator[tuple[str, ObjectChange]]:
    """Yield the pictures with objects that we wrote, without these."""
    written = written_objects(record)
    for name in sorted(written.keys() & there.members.keys()):
        before = there.members[name]
        after = tuple(sorted((Counter(before) - Counter(written[name])).elements()))
        if len(after) != len(before):
            yield name, ObjectChange(before, after)


def _with_its_whole(address: Address, record: Record, world: World) -> Found | None:
    """Return what becomes of a part of a version or a network that is no longer declared: nothing of its own.

    It stays recorded as long as its whole does. One that is not ours to delete is forgotten unless it is protected,
    whether or not deletes are on.
    """
    wholes = [world.inventory.records[text] for text in _wholes(address) if world.goes(text)]
    if not wholes:
        return None
    stay = all(not world.may_delete if whole.created else whole.protected for whole in wholes)
    return Found(record if stay else None)


def _wholes(address: Address) -> tuple[str, ...]:
    match address.kind:
        case "label" | "annotations":
            return (str(Address("version", address.name, address.version)),)
        case "file" | "thumbnail":
            return (str(Address("network", address.name)),)
        case _:
            return ()


def _gone_whole(address: Address, text: str, record: Record, world: World) -> Found:
    if text not in world.observed.resources and not _only_remembered(address, world):
        return Found()
    if (found := _with_its_whole(address, record, world)) is not None:
        return found
    stays = _not_ours_to_delete(address, record, world)
    if stays:
        return _stays(text, record, stays)
    if not world.may_delete:
        return Found(still_held(text, record, world), notices=(_kept(text, address.kind, (), world),))
    if address.kind == "label" and "labels" not in world.policy.features:
        blocked = Blocked(text, UNSUPPORTED, "removing a label", hint="declare it again, or remove it by hand")
        return Found(record, blocked=(blocked,))
    return _delete_whole(address, text, world)


def still_held(text: str, record: Record, world: World) -> Record:
    """Return the record of what is kept without what people took out of a version: what they put in later is theirs.

    Args:
        text: The address of something that is there.
        record: Its record.
        world: What decisions rest on.
    """
    if not text.startswith("version/") or not world.observed.complete:
        return record
    gone = record.members.keys() - world.observed.resources[text].members.keys()
    return without_members(record, gone) if gone else record


def _stays(text: str, record: Record, why: str) -> Found:
    """Return that a thing which is never ours to delete is forgotten, unless it is to be remembered as protected."""
    if record.protected:
        return Found(record, notices=(Notice("kept", text, f"no longer declared: kept ({why}, and protected)"),))
    return Found(notices=(Notice("kept", text, f"no longer declared: kept ({why}), and forgotten"),))


def _only_remembered(address: Address, world: World) -> bool:
    """Return whether this is a label of a version that is there, on a platform that does not show labels."""
    shown = "labels" in world.policy.features or address.kind != "label"
    return not shown and str(Address("version", address.name, address.version)) in world.observed.resources


def _not_ours_to_delete(address: Address, record: Record, world: World) -> str:
    """Return why a thing is never deleted by us, or nothing."""
    if not record.created:
        return "it was there before this workspace"
    if address.kind == "dataset" and _has_other_versions(address, world):
        return "it holds versions that stay"
    return ""


def _delete_whole(address: Address, text: str, world: World) -> Found:
    blasts = tuple(_blasts(address, text, world))
    staying = world.observed.resources[text].members.keys() - world.doomed if address.kind == "version" else ()
    impact = _also({blast.unit: blast.count for blast in blasts if blast.kind == "delete"}, len(staying))
    orphaned = sum(blast.count for blast in blasts if blast.kind == "update")
    if orphaned:
        impact = f"{counted(orphaned, 'object')} {agreeing(orphaned, 'keeps', 'keep')} its name"
    return Found(operations=(Operation(text, "delete", "no longer declared", impact=impact),), blasts=blasts)


def _also(counts: Mapping[str, int], staying: int) -> str:
    """Return what goes with a thing that is deleted, and what of it does not, in words."""
    files, objects = counts["addresses"] - 1, counts.get("objects", 0)
    stay = f"{counted(staying, 'picture')} {agreeing(staying, 'stays', 'stay')} in the lake" if staying else ""
    gone = [counted(objects, "object") if objects else "", counted(files, "file") if files else ""]
    also = f"also deletes {joined(gone)}" if any(gone) else ""
    return "; ".join(part for part in (also, stay) if part)


def _has_other_versions(address: Address, world: World) -> bool:
    """Return whether the dataset has versions that stay: declared ones, or ones that we did not create."""
    head = str(Address("version", address.name, "x"))[:-1]
    observed = {text for text in world.observed.resources if text.startswith(head)}
    for text in observed | {f"{head}{quote_name(name)}" for name in world.observed.versions.get(address.name, ())}:
        record = world.inventory.records.get(text)
        if text in world.desired.resources or record is None or not record.created:
            return True
    return False


def _blasts(address: Address, text: str, world: World) -> Iterator[Blast]:
    """Yield what goes with a thing that is deleted, ours or not."""
    # Labels are no things of their own in a budget.
    counted_parts = sum(1 for _ in parts_of(address, world)) if address.kind == "network" else 0
    yield Blast(text, "delete", "addresses", 1 + counted_parts, sum(1 for _ in strange_things(address, text, world)))
    if address.kind in ("network", "dataset") and (theirs := sum(1 for _ in strange_fields(text, world))):
        yield Blast(text, "delete", "fields", 0, theirs)
    if address.kind == "version":
        yield from _version_blasts(address, text, world)
    if address.kind == "label":
        annotations = str(Address("annotations", address.name, address.version))
        count = objects_of(annotations, address.rest, world)
        if count:  # SDK v2 keeps an object's label as text in the object: nothing of it goes
            yield Blast(text, "update", "objects", count)


def _version_blasts(address: Address, text: str, world: World) -> Iterator[Blast]:
    held = world.observed.resources[text].members.keys()
    if held:
        foreign = len(held - made_members(world.inventory.records[text]))
        yield Blast(text, "delete", "members", len(held), foreign)
    annotations = str(Address("annotations", address.name, address.version))
    objects, strange = objects_on(annotations, held, world)
    if objects:
        yield Blast(text, "delete", "objects", objects, strange)
