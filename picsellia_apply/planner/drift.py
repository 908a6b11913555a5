"""What people changed since the last apply: the record of every declared address against what is there now. Pure.

A third side of the comparison that the plan makes: it asks what has to be done, this asks who moved.

    record = platform                        nothing
    platform moved, manifest did not         drift
    both moved to the same                   nothing
    both moved apart                         a conflict: shown apart
    manifest moved, platform did not         nothing: the plan's business

What happens about it is read off the plan, never decided again. What was there before this workspace knew it has no
base, so nothing is said about it but that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Set

from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.drift import Drift, DriftReport, Fate
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.ownership import ADOPTED, INHERITED
from picsellia_apply.model.plan import Operation, Plan
from picsellia_apply.model.state import State
from picsellia_apply.planner.drift_case import Ground, Seen, frozen, named, noun
from picsellia_apply.planner.drift_fields import drifted_bytes, drifted_fields
from picsellia_apply.planner.drift_objects import ObjectsSeen, drifted_objects
from picsellia_apply.planner.prefer import preferred
from picsellia_apply.planner.scope import covers
from picsellia_apply.planner.words import agreeing, counted, joined

_WHOLES = ("dataset", "version", "network")


def drift(desired: State, observed: State, inventory: Inventory, plan: Plan) -> DriftReport:
    """Return what people changed on the platform since the last apply, in the scope of the declared addresses.

    Args:
        desired: What should be there.
        observed: What is there.
        inventory: What was last applied.
        plan: What the next apply does, made of the same three.
    """
    ground = _ground(desired, observed, inventory, plan)
    texts = sorted(desired.resources.keys() & inventory.records.keys())
    if plan.policy is not None and plan.policy.targets:
        texts = [text for text in texts if _is_covered(text, plan.policy.targets)]
    seen = [_seen(text, ground) for text in texts]
    found = [one for case in seen for one in _drifts(case, ground)]
    unseen = (*_hidden(seen, ground), *_unsourced(seen, ground), *_baseless(seen))
    refused = tuple(f"{one.rule} at {one.address}" for one in plan.refusals)
    return DriftReport(plan.target, tuple(found), len(seen), unseen, inventory.serial, refused)


def _is_covered(text: str, targets: tuple[str, ...]) -> bool:
    return any(covers(target, text) for target in targets)


def _ground(desired: State, observed: State, inventory: Inventory, plan: Plan) -> Ground:
    operations: dict[str, tuple[Operation, ...]] = {}
    for one in plan.operations:
        operations[one.address] = (*operations.get(one.address, ()), one)
    gone: set[str] = set()
    for text, record in inventory.records.items():
        if text.startswith("pictures/") and text.count("/") == 1:
            gone |= record.members.keys() - observed.lake.pictures.keys()
    return Ground(
        desired=desired,
        observed=observed,
        records=inventory.records,
        gone=gone,
        operations=operations,
        conflicts={(one.address, one.field): one for one in plan.conflicts},
        blocked={one.address: one.rule for one in plan.blocked},
        sees=plan.policy.features if plan.policy is not None else frozenset(),
        plan=plan,
    )


def _seen(text: str, ground: Ground) -> Seen:
    desired, observed = ground.desired.resources[text], ground.observed.resources.get(text)
    return Seen(parse_address(text), text, ground.records[text], desired, observed)


def _drifts(seen: Seen, ground: Ground) -> Iterator[Drift]:
    match seen.address.kind:
        case "pictures" | "query" if seen.address.rest:
            yield from _tag(seen, ground)
        case "pictures":
            yield from _pictures(seen, ground)
        case _ if _whole_is_gone(seen, ground):
            return
        case kind if seen.observed is None and (kind != "label" or "labels" in ground.sees):
            yield from _deleted(seen, ground)
        case "version":
            yield from _members(seen, ground)
            yield from _more_labels(seen, ground)
        case "annotations":
            yield from _objects(seen, ground)
        case "dataset" | "network":
            yield from drifted_fields(seen, ground)
            yield from _more_files(seen, ground)
        case "file" | "thumbnail":
            yield from drifted_bytes(seen, ground)
        case _:
            return


def _whole_is_gone(seen: Seen, ground: Ground) -> bool:
    """Return whether the dataset, version or network that this is a part of is not there: that is told once."""
    name, version = seen.address.name, seen.address.version
    wholes = {
        "version": [Address("dataset", name)],
        "label": [Address("dataset", name), Address("version", name, version)],
        "annotations": [Address("dataset", name), Address("version", name, version)],
        "file": [Address("network", name)],
        "thumbnail": [Address("network", name)],
    }
    return any(str(one) not in ground.observed.resources for one in wholes.get(seen.address.kind, ()))


def _deleted(seen: Seen, ground: Ground) -> Iterator[Drift]:
    if seen.address.kind == "annotations":  # a version without any annotation has no such resource
        return
    made = ground.is_made(seen.text)
    fate: Fate = "reverted" if made else "blocked" if seen.text in ground.blocked else "kept"
    reason = "" if made else ground.blocked.get(seen.text, frozen(seen) or "left as it is")
    with_it = _parts(seen, ground)
    message = f"{noun(seen.address)} deleted" + (f", with {with_it}" if with_it else "")
    adopt = f"take the {noun(seen.address)} out of the manifest"
    yield Drift(seen.text, "deleted", message, fate, reason, adopt=adopt, place=seen.desired.place)


def _parts(seen: Seen, ground: Ground) -> str:
    """Return in words what a whole that is gone held when it was last applied."""
    if seen.address.kind != "version":
        return ""
    annotations = ground.records.get(str(Address("annotations", seen.address.name, seen.address.version)), Record())
    objects = sum(map(len, annotations.members.values()))
    members = counted(len(seen.record.members), "picture") if seen.record.members else ""
    return joined([members, counted(objects, "object") if objects else ""])


def _pictures(seen: Seen, ground: Ground) -> Iterator[Drift]:
    there, wanted = ground.observed.lake.pictures, seen.desired.members
    recorded = seen.record.members
    deleted = tuple(sorted(wanted.keys() & ground.gone))
    if deleted:
        restored = ground.is_put_back(seen.text, set(deleted))
        fate: Fate = "reverted" if restored else "kept"
        reason = "`restore: true`" if restored else ""
        message = f"{counted(len(deleted), 'picture')} deleted from the lake"
        it = agreeing(len(deleted), "it", "them")
        adopt = f"take {it} out of the folder or `exclude` {it}; `restore: true` uploads {it} again"
        yield named(seen, "deleted", message, fate, reason, deleted, adopt)
    replaced = tuple(
        sorted(
            name
            for name, digest in recorded.items()
            if there.get(name) not in {None, digest} and there[name] != wanted.get(name, there[name])
        )
    )
    if replaced:
        message = f"{counted(len(replaced), 'picture')} replaced by other bytes under the same name"
        adopt = "give the picture of the manifests another name"
        yield named(seen, "replaced", message, "blocked", "content differs", replaced, adopt)


def _tag(seen: Seen, ground: Ground) -> Iterator[Drift]:
    carriers = ground.observed.lake.tags.get(seen.address.rest[0], frozenset())
    lost = (seen.record.members.keys() & seen.desired.members.keys()) - carriers - ground.gone
    lost &= ground.observed.lake.pictures.keys()
    if seen.desired.options.get("absent") or seen.record.fields.get("absent") or not lost:
        return
    names = tuple(sorted(lost))
    message = f"tag taken off {counted(len(names), 'picture')}"
    put_back = _is_tag_put_back(seen, set(names), ground)
    fate: Fate = "reverted" if put_back else "kept"
    adopt = "take the tag out of the manifest"
    yield named(seen, "removed", message, fate, "", names, adopt)


def _is_tag_put_back(seen: Seen, names: Set[str], ground: Ground) -> bool:
    """Return whether the plan puts the tag back, here or for another document that keeps the same tag."""
    put: set[str] = set()
    for text in ground.operations:
        other = parse_address(text)
        if other.kind in ("pictures", "query") and other.rest == seen.address.rest:
            put.update(*(one.members.add for one in ground.operations[text]))
    return names <= put


def _more_files(seen: Seen, ground: Ground) -> Iterator[Drift]:
    """Yield the files that people put beside ours in a network that we made."""
    managed = "files" not in seen.desired.options.get("unmanaged_parts", ())
    if seen.address.kind != "network" or not seen.record.created or not managed:
        return
    head = str(Address("file", seen.address.name)) + "/"
    known = ground.records.keys() | ground.desired.resources.keys()
    names = [
        parse_address(text).rest[0] for text in ground.observed.resources if text.startswith(head) and text not in known
    ]
    if names:
        message = f"{counted(len(names), 'file')} added"
        adopt = f"declare {agreeing(len(names), 'it', 'them')} under `files`"
        yield named(seen, "added", message, "kept", "not declared", tuple(sorted(names)), adopt)


def _more_labels(seen: Seen, ground: Ground) -> Iterator[Drift]:
    """Yield the labels that people added to a version that we made."""
    if not seen.record.created or "labels" in seen.desired.options.get("unmanaged_parts", ()):
        return
    name = seen.address.name
    had = _labels(Address("version", name, seen.desired.options.get("origin", "")), ground.observed.resources)
    ours = _labels(seen.address, {**ground.records, **ground.desired.resources})
    more = _labels(seen.address, ground.observed.resources) - had - ours
    if more:
        names = tuple(" ".join(key) for key in sorted(more))
        message = f"{counted(len(more), 'label')} added"
        adopt = f"declare {agreeing(len(more), 'it', 'them')} under `labels`"
        yield named(seen, "added", message, "kept", "not declared", names, adopt)


def _labels(version: Address, texts: Mapping[str, object]) -> set[tuple[str, ...]]:
    head = str(Address("label", version.name, version.version)) + "/"
    return {parse_address(text).rest for text in texts if text.startswith(head)}


def _members(seen: Seen, ground: Ground) -> Iterator[Drift]:
    there = seen.observed.members.keys() if seen.observed is not None else frozenset()
    recorded, wanted = seen.record.members.keys(), seen.desired.members.keys()
    inherited = frozenset(seen.record.fields.get(INHERITED, ()))
    blocked = tuple(sorted((recorded & seen.desired.options.get("held_back", frozenset())) - there - ground.gone))
    if blocked:
        message = f"{counted(len(blocked), 'picture')} taken out of the version, with other bytes in the lake by now"
        adopt = "give the picture of the manifests another name"
        yield named(seen, "removed", message, "blocked", "content differs", blocked, adopt)
    removed = tuple(sorted((recorded & (wanted | inherited)) - there - ground.gone - set(blocked)))
    if removed:
        put_back = ground.is_put_back(seen.text, set(removed))
        fate: Fate = "reverted" if put_back else "kept"
        reason = "put back, with the annotations of the files" if put_back else frozen(seen) or "no longer selected"
        message = f"{counted(len(removed), 'picture')} taken out of the version"
        adopt = "let the version's `pictures` select without " + agreeing(len(removed), "it", "them")
        yield named(seen, "removed", message, fate, reason, removed, adopt)
    added = tuple(sorted(there - recorded - wanted))
    if added and seen.record.created and not seen.desired.options.get("unmanaged"):
        message = f"{counted(len(added), 'picture')} added to the version"
        adopt = f"let the version's `pictures` select {agreeing(len(added), 'it', 'them')} too"
        yield named(seen, "added", message, "kept", "not selected by the manifest", added, adopt)


def _objects(seen: Seen, ground: Ground) -> Iterator[Drift]:
    version = str(Address("version", seen.address.name, seen.address.version))
    known = ground.records.get(version, Record())
    baseless = {*known.fields.get(INHERITED, ()), *known.fields.get(ADOPTED, ()), *seen.record.fields.get(ADOPTED, ())}
    found = ObjectsSeen(
        address=seen.text,
        base={**seen.record.members, **(seen.observed.options.get("bases", {}) if seen.observed else {})},
        wanted=seen.desired.members,
        there=_as_put(seen),
        held=ground.observed.resources[version].members.keys(),
        options=seen.desired.options,
        baseless=baseless,
        created=seen.record.created,
        place=seen.desired.place,
        undecided=Counter(conflict.field for conflict in ground.plan.conflicts if conflict.address == seen.text),
        winner=preferred(ground.plan.policy, seen.text) if ground.plan.policy is not None else None,
    )
    yield from drifted_objects(found)


def _as_put(seen: Seen) -> Mapping[str, tuple[str, ...]]:
    """Return the annotations that are there, with those that a killed apply deleted to put others: no person did."""
    if seen.observed is None:
        return {}
    return {**seen.observed.members, **seen.observed.options.get("cut", {})}


def _hidden(seen: list[Seen], ground: Ground) -> Iterator[str]:
    """Yield what this platform does not show."""
    kinds = [one.address.kind for one in seen]
    pictures = ground.observed.lake.pictures
    sets = [one for one in seen if one.address.kind == "pictures" and not one.address.rest]
    recorded = [name for one in sets for name in one.record.members]
    dark = sum(name in pictures and pictures[name] is None for name in recorded)
    if dark:
        yield f"the bytes of {counted(dark, 'picture')}: this server tells no digest"
    if "label" in kinds and "labels" not in ground.sees:
        yield f"{counted(kinds.count('label'), 'label')}: this server does not list labels"
    files = [one for one in seen if one.address.kind in ("file", "thumbnail") and one.observed is not None]
    yield from _put_back_tags(seen, ground)
    unknown = sum(one.observed is not None and one.observed.fields.get("sha256") is None for one in files)
    if unknown:
        yield f"the bytes of {counted(unknown, 'network file')}: this server tells no digest"


def _put_back_tags(seen: list[Seen], ground: Ground) -> Iterator[str]:
    """Yield the tags that a query takes off and that are on its pictures: who put them there is not recorded."""
    for one in seen:
        if one.address.kind != "query" or not one.desired.options.get("absent"):
            continue
        on = ground.observed.lake.tags.get(one.address.rest[0], frozenset()) & one.desired.members.keys()
        if on:
            what = f"who put the tag `{one.address.rest[0]}` on {counted(len(on), 'picture')}"
            yield f"{what}: query `{one.address.name}` keeps it off, the next apply takes it off"


def _unsourced(seen: list[Seen], ground: Ground) -> Iterator[str]:
    """Yield the versions whose annotations no manifest speaks of: what people do to them has no base."""
    versions = [one for one in seen if one.address.kind == "version" and one.observed is not None]
    bare = [
        one.text
        for one in versions
        if str(Address("annotations", one.address.name, one.address.version)) not in ground.desired.resources
    ]
    if bare:
        yield f"annotations of {counted(len(bare), 'version')} without `annotations` in the manifest: {_some(bare)}"


def _some(texts: list[str]) -> str:
    return ", ".join(f"`{text}`" for text in texts[:3]) + (", ..." if len(texts) > 3 else "")


def _baseless(seen: list[Seen]) -> Iterator[str]:
    """Yield what was there before this workspace: what people add to it cannot be told from what they had."""
    adopted = [one.text for one in seen if one.address.kind == "version" and not one.record.created]
    if adopted:
        these = f"{counted(len(adopted), 'version')} that {agreeing(len(adopted), 'was', 'were')} there before"
        yield f"pictures and labels added to {these} this workspace: {_some(adopted)}"
