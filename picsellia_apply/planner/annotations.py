"""The annotations of one version: by policy, per picture, and only where something differs.

A source that names a picture without an object says that nothing is on it: a background picture. It gets an annotation
without objects where it has none, whatever the policy; that takes nothing from anybody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from msgspec import json

from picsellia_apply.model.annotation import names_digest
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.ownership import ADOPTED, WHOLE, adopted_members
from picsellia_apply.model.plan import Action, Conflict, Members, Notice, ObjectChange, Operation
from picsellia_apply.planner.case import Blast, Case, Found, record_of
from picsellia_apply.planner.merge import (
    Difference,
    Texts,
    Twice,
    changed_twice,
    difference,
    merge,
    merge_without_base,
    reverted,
)
from picsellia_apply.planner.prefer import Side
from picsellia_apply.planner.words import counted, joined
from picsellia_apply.quality import match_objects, present_objects

Objects = Mapping[str, Texts]


@dataclass(frozen=True, slots=True)
class VersionState:
    """The version whose annotations are compared.

    Attributes:
        objects: What it holds before anything is written here: what is observed, or what a version that is yet to be
            created takes over from its origin.
        held: The pictures that it holds then.
        added: Those of them that this plan puts into a version that is there: nothing of before is known of them, since
            a picture that leaves a version leaves its annotation behind.
        exists: Whether it is there already.
        settled: Whether its annotations are past their creation, so that a frozen version keeps them as they are.
    """

    objects: Objects
    held: Set[str]
    added: Set[str]
    exists: bool
    settled: bool


@dataclass(slots=True)
class Tally:
    """What comparing the pictures of one version adds up to: picture names, and what changes."""

    changed: dict[str, ObjectChange] = field(default_factory=dict)
    kept: dict[str, Texts] = field(default_factory=dict)
    edited: list[str] = field(default_factory=list)
    unsent: list[str] = field(default_factory=list)
    unseeded: list[str] = field(default_factory=list)
    baseless: list[str] = field(default_factory=list)
    twice: list[tuple[str, Twice]] = field(default_factory=list)
    reverted: dict[str, Texts] = field(default_factory=dict)
    settled: list[str] = field(default_factory=list)


def diff_annotations(case: Case, version: VersionState, side: Side | None = None) -> Found:
    """Compare the annotations of a version.

    Args:
        case: Members are name -> object texts; option `policy` is name -> seed | merge | mirror.
        version: What they are compared with.
        side: Who wins where the files and people changed one object; `manifest` also reverts what people edited.
    """
    start = version.objects
    cut = _cut(case, version)
    wanted: Objects = case.desired.members
    if not wanted.keys() <= version.held:
        wanted = {name: texts for name, texts in wanted.items() if name in version.held}
    base = _base(case.record, version)
    if case.observed is not None and case.observed.options.get("bases"):
        base = {**base, **case.observed.options["bases"]}
    if start == wanted and base.keys() <= wanted.keys():
        return Found(_record(case, wanted, Tally(), version))
    if version.settled and case.desired.options.get("frozen"):
        return Found(case.record, notices=_frozen_notice(case.text, wanted, start))
    tally = _compare(case.desired.options, wanted, start, base, cut, side)
    record = _record(case, wanted, tally, version)
    notices = _notices(case.text, tally, exists=version.exists)
    action: Action = "create" if not start and (case.record is None or not version.exists) else "update"
    copies: Objects = case.observed.options.get("copies", {}) if case.observed is not None else {}
    ours = {**copies, **base, **{name: (*base.get(name, ()), *texts) for name, texts in tally.reverted.items()}}
    operations, blasts = _operations(case.text, action, tally.changed, ours, exists=version.exists)
    return Found(record, operations, notices, conflicts=_conflicts(case.text, tally), blasts=blasts)


def _cut(case: Case, version: VersionState) -> Objects:
    """Return what a killed apply deleted and did not put again, of pictures that the version still holds."""
    cut: Objects = case.observed.options.get("cut", {}) if case.observed is not None else {}
    return {name: texts for name, texts in cut.items() if name in version.held}


def _base(record: Record | None, version: VersionState) -> Objects:
    base: Objects = record.members if record is not None and version.exists else {}
    if base.keys().isdisjoint(version.added):
        return base
    return {name: texts for name, texts in base.items() if name not in version.added}


def _compare(  # noqa: PLR0917
    options: Mapping[str, Any], wanted: Objects, start: Objects, base: Objects, cut: Objects, side: Side | None
) -> Tally:
    tally = Tally()
    decide = partial(_decide, tally, side)
    policies: Mapping[str, str] = options.get("policy", {})
    default = options.get("default_policy", "merge")
    for name in sorted(wanted):
        there = start.get(name)
        if there is wanted[name] or there == wanted[name]:
            continue
        decide(name, policies.get(name, default), wanted[name], there, base.get(name), cut.get(name))
    for name in sorted(base.keys() - wanted.keys()):
        if default != "seed":
            decide(name, default, None, start.get(name), base[name], cut.get(name))
        else:
            tally.kept[name] = base[name]
    return tally


def _decide(  # noqa: PLR0917
    tally: Tally,
    side: Side | None,
    name: str,
    policy: str,
    named: Texts | None,
    there: Texts | None,
    base: Texts | None,
    cut: Texts | None,
) -> None:
    held, wanted = there or cut or (), named or ()
    match policy:
        case "seed" | "merge" if side == "manifest" and base is not None:
            after, tally.reverted[name] = reverted(wanted, held, base, match_objects)
        case "seed":
            after = _seeded(tally, name, wanted, held, base)
        case "mirror":
            after = wanted
        case _:
            after = _merged(tally, side, name, wanted, held, base)
            if base is None and held:
                tally.baseless.append(name)
            elif base is not None and sorted(held) != sorted(base) and after != wanted:
                tally.edited.append(name)
    # What was seeded with objects is never sent again, not even that there are none by now.
    background = named == () and there is None and not (policy == "seed" and side != "manifest" and base)
    is_cut = cut is not None and there is None  # it was annotated, be it with nothing
    if after != (there or ()) or background or is_cut:
        tally.changed[name] = ObjectChange(there, after)


def _merged(  # noqa: PLR0917
    tally: Tally, side: Side | None, name: str, wanted: Texts, held: Texts, base: Texts | None
) -> Texts:
    """Return the merge; an object that the file and a person changed stays as the person has it, until one decides."""
    if base is None:
        return merge_without_base(wanted, held, present_objects)
    after = list(merge(wanted, held, base))
    open_ends = list(wanted)
    for one in changed_twice(wanted, held, base, match_objects):
        if one.file not in after:
            continue
        after.remove(one.file)
        if side == "remote":
            tally.settled.append(name)
            continue
        tally.twice.append((name, one))
        open_ends[open_ends.index(one.file)] = one.base
        tally.kept[name] = tuple(sorted(open_ends))
    return tuple(after)


def _seeded(tally: Tally, name: str, wanted: Texts, held: Texts, base: Texts | None) -> Texts:
    if base is None and not held:
        return wanted
    if base is None:
        tally.unseeded.append(name)
    else:
        tally.kept[name] = base
        if wanted != base:
            tally.unsent.append(name)
        if held != base:
            tally.edited.append(name)
    return held


def _record(case: Case, wanted: Objects, tally: Tally, version: VersionState) -> Record:
    """Return the base of the next comparison: what the files say now, or what was seeded once.

    What people annotated before this workspace did is adopted: the whole, or a picture that comes to it later. What a
    version takes over when it is created is ours, being a copy that we make.
    """
    there = {name for name, texts in version.objects.items() if texts} if version.exists else set[str]()
    members = wanted
    if tally.kept or tally.unseeded:
        unseeded = frozenset(tally.unseeded)
        members = {**{name: texts for name, texts in wanted.items() if name not in unseeded}, **tally.kept}
    fields: dict[str, Any] = {WHOLE: names_digest(members)} if case.desired.options.get("frozen") else {}
    adopted = adopted_members(case.record, there, members.keys()) if case.record is not None else ()
    if adopted:
        fields[ADOPTED] = adopted
    return record_of(case.record if version.exists else None, fields, members, created=not there)


_REASONS: Mapping[Action, str] = {
    "create": "new",
    "update": "the annotation files differ",
    "delete": "not in the annotation files",
}


def _operations(
    address: str, action: Action, changed: Mapping[str, ObjectChange], base: Objects, *, exists: bool
) -> tuple[tuple[Operation, ...], tuple[Blast, ...]]:
    """Return what is put, and apart from it what only takes objects away: that is a delete, and waits for all else.

    Of a version that is yet to be created nothing is destroyed.
    """
    losing = frozenset(name for name, change in changed.items() if exists and _only_loses(change))
    parts: tuple[tuple[Action, dict[str, ObjectChange]], ...] = (
        (action, {name: change for name, change in changed.items() if name not in losing}),
        ("delete", {name: change for name, change in changed.items() if name in losing}),
    )
    found = [operation_of(address, one, part, base, _REASONS[one]) for one, part in parts if part]
    blasts = [blast for _, ones in found for blast in ones] if exists else []
    return tuple(operation for operation, _ in found), _summed(address, blasts)


def _only_loses(change: ObjectChange) -> bool:
    return change.before is not None and not Counter(change.after) - Counter(change.before)


def _summed(address: str, blasts: Iterable[Blast]) -> tuple[Blast, ...]:
    """Return the blasts of several operations of one address as one of each kind, so that each is told once."""
    counts: Counter[str] = Counter()
    for blast in blasts:
        counts[blast.kind] += blast.count
        counts["foreign"] += blast.foreign
    return _blasts_of(address, counts["delete"], counts["update"], counts["foreign"])


def _blasts_of(address: str, removed: int, altered: int, theirs: int) -> tuple[Blast, ...]:
    blasts = (
        Blast(address, "delete", "objects", removed, theirs if removed else 0),
        Blast(address, "update", "objects", altered, 0 if removed else theirs),
    )
    return tuple(blast for blast in blasts if blast.count)


def operation_of(
    address: str, action: Action, changed: Mapping[str, ObjectChange], base: Objects, reason: str
) -> tuple[Operation, tuple[Blast, ...]]:
    """Return the operation that puts annotations, and what of the present ones it destroys or changes.

    Args:
        address: `annotations/...`.
        action: create, update or delete.
        changed: Picture name to its annotation before and after.
        base: Picture name to the objects that we put there; what else goes is people's.
        reason: Why.
    """
    total: Counter[str] = Counter()
    theirs = 0
    for name, change in changed.items():
        one = difference(change.before or (), change.after, match_objects)
        total.update(add=one.add, remove=one.remove, change=one.change)
        if one.remove or one.change:
            theirs += (Counter(change.before) - Counter(change.after) - Counter(base.get(name, ()))).total()
    counts = {key: total[key] for key in ("add", "remove", "change")}
    operation = Operation(
        address=address,
        action=action,
        reason=reason,
        members=Members(objects=changed, counts=counts),
        impact=_impact(changed, Difference(**counts), theirs),
    )
    return operation, _blasts_of(address, total["remove"], total["change"], theirs)


def _impact(changed: Mapping[str, ObjectChange], counts: Difference, theirs: int) -> str:
    background = sum(change.before is None and not change.after for change in changed.values())
    others = len(changed) - background
    parts = (
        f"{_told(changed, counts)} in {counted(others, 'picture')}" if others else "",
        f"+{counted(background, 'background picture')}" if background else "",
    )
    people = f"; removes {counted(theirs, 'object')} people made" if theirs else ""
    return f"{joined(parts)}{people}"


def _told(changed: Mapping[str, ObjectChange], counts: Difference) -> str:
    noun, plural = _noun(changed)
    if not counts.remove and not counts.change:
        return counted(counts.add, noun, plural)
    parts = (
        f"+{counts.add:,}" if counts.add else "",
        f"-{counts.remove:,}" if counts.remove else "",
        f"~{counts.change:,}" if counts.change else "",
    )
    one = counts.add + counts.remove + counts.change == 1
    return f"{joined(parts)} {noun if one else plural}"


def _noun(changed: Mapping[str, ObjectChange]) -> tuple[str, str]:
    """Return what the objects are called: boxes or polygons where they all are, else objects."""
    for kind, noun, plural in (("rectangle", "box", "boxes"), ("polygon", "polygon", "polygons")):
        mark = f'"type":"{kind}"'
        if all(mark in text for change in changed.values() for text in _both(change)):
            return noun, plural
    return "object", "objects"


def _both(change: ObjectChange) -> Iterator[str]:
    yield from change.before or ()
    yield from change.after


def _notices(address: str, tally: Tally, *, exists: bool) -> tuple[Notice, ...]:
    notices = []
    if tally.baseless and exists:
        message = (
            f"{counted(len(tally.baseless), 'picture')} annotated before: only objects that are not there are added"
        )
        notices.append(Notice("adopt", address, message, tuple(sorted(tally.baseless))))
    if tally.edited:
        message = f"annotations of {counted(len(tally.edited), 'picture')} edited on the platform: kept"
        notices.append(Notice("drift", address, message, tuple(sorted(tally.edited))))
    if tally.settled:
        message = f"{counted(len(tally.settled), 'object')} changed on both sides: kept as on the platform (preferred)"
        notices.append(Notice("drift", address, message, tuple(sorted(frozenset(tally.settled)))))
    if tally.unsent:
        message = f"{counted(len(tally.unsent), 'picture')} changed in the file since seeded: not sent (policy: seed)"
        notices.append(Notice("kept", address, message, tuple(sorted(tally.unsent))))
    if tally.unseeded:
        message = f"{counted(len(tally.unseeded), 'picture')} annotated on the platform: kept (policy: seed)"
        notices.append(Notice("kept", address, message, tuple(sorted(tally.unseeded))))
    return tuple(notices)


def _conflicts(address: str, tally: Tally) -> tuple[Conflict, ...]:
    """Return a conflict for each object that both sides changed; its field is the picture's name."""
    return tuple(
        Conflict(address, name, *(None if text is None else json.decode(text) for text in (o.base, o.file, o.there)))
        for name, o in tally.twice
    )


def _frozen_notice(address: str, wanted: Objects, start: Objects) -> tuple[Notice, ...]:
    names = tuple(sorted(name for name, texts in wanted.items() if start.get(name, ()) != texts))
    if not names:
        return ()
    message = f"annotations of {counted(len(names), 'picture')} differ: left as they are (frozen)"
    return (Notice("drift", address, message, names),)
