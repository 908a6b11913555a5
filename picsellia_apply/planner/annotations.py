"""The annotations of one version: by policy, per picture, and only where something differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from picsellia_apply.model.inventory import Record
from picsellia_apply.model.plan import Members, Notice, ObjectChange, Operation
from picsellia_apply.planner.case import Blast, Case, Found, record_of
from picsellia_apply.planner.merge import Difference, Texts, difference, merge, merge_without_base
from picsellia_apply.planner.words import counted, joined
from picsellia_apply.quality import match_objects, overlap

Objects = Mapping[str, Texts]


@dataclass(frozen=True, slots=True)
class VersionState:
    """The version whose annotations are compared.

    Attributes:
        objects: What it holds before anything is written here: what is observed, or what a version that is yet to be
            created takes over from its origin.
        held: The pictures that it holds then.
        exists: Whether it is there already.
        adopted: Whether it was there before this workspace.
    """

    objects: Objects
    held: Set[str]
    exists: bool
    adopted: bool


@dataclass(slots=True)
class Tally:
    """What comparing the pictures of one version adds up to: picture names, and what changes."""

    changed: dict[str, ObjectChange] = field(default_factory=dict)
    kept: dict[str, Texts] = field(default_factory=dict)
    edited: list[str] = field(default_factory=list)
    unsent: list[str] = field(default_factory=list)
    unseeded: list[str] = field(default_factory=list)
    mirrored: list[str] = field(default_factory=list)
    baseless: list[str] = field(default_factory=list)


def diff_annotations(case: Case, version: VersionState) -> tuple[Found, Objects]:
    """Compare the annotations of a version.

    Args:
        case: Members are name -> object texts; option `policy` is name -> seed | merge | mirror.
        version: What they are compared with.

    Returns:
        What was found, and what the version holds once the plan was applied.
    """
    start = version.objects
    wanted: Objects = case.desired.members
    if not wanted.keys() <= version.held:
        wanted = {name: texts for name, texts in wanted.items() if name in version.held}
    base: Objects = case.record.members if case.record is not None and version.exists else {}
    if start == wanted and base.keys() <= wanted.keys():
        return Found(record_of(case.record, {}, wanted, created=not start)), start
    settled = version.exists and (version.adopted or case.record is not None)
    if settled and case.desired.options.get("frozen"):
        return Found(case.record, notices=_frozen_notice(case.text, wanted, start)), start
    tally = _compare(case.desired.options, wanted, start, base)
    record = _record(case.record, wanted, tally, fresh=not start)
    notices = _notices(case.text, tally, exists=version.exists)
    if not tally.changed:
        return Found(record, notices=notices), start
    action = "create" if not start and (case.record is None or not version.exists) else "update"
    operation, blasts = operation_of(case.text, action, tally.changed, tally.mirrored)
    final = {**start, **{name: change.after for name, change in tally.changed.items()}}
    return Found(record, (operation,), notices, blasts=blasts), final


def _compare(options: Mapping[str, Any], wanted: Objects, start: Objects, base: Objects) -> Tally:
    tally = Tally()
    policies: Mapping[str, str] = options.get("policy", {})
    default = options.get("default_policy", "merge")
    for name in sorted(wanted):
        there = start.get(name)
        if there is wanted[name] or there == wanted[name]:
            continue
        _decide(tally, name, policies.get(name, default), wanted[name], there, base.get(name))
    for name in sorted(base.keys() - wanted.keys()):
        if default != "seed":
            _decide(tally, name, "merge", (), start.get(name), base[name])
        else:
            tally.kept[name] = base[name]
    return tally


def _decide(tally: Tally, name: str, policy: str, wanted: Texts, there: Texts | None, base: Texts | None) -> None:  # noqa: PLR0917
    held = there or ()
    match policy:
        case "seed":
            after = _seeded(tally, name, wanted, held, base)
        case "mirror":
            after = wanted
            tally.mirrored.append(name)
        case _:
            after = merge_without_base(wanted, held, overlap) if base is None else merge(wanted, held, base)
            if base is None and held:
                tally.baseless.append(name)
            elif base is not None and sorted(held) != sorted(base) and after != wanted:
                tally.edited.append(name)
    if after != held:
        tally.changed[name] = ObjectChange(there, after)


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


def _record(before: Record | None, wanted: Objects, tally: Tally, *, fresh: bool) -> Record:
    """Return the base of the next comparison: what the files say now, or what was seeded once."""
    if not (tally.kept or tally.unseeded):
        return record_of(before, {}, wanted, created=fresh)
    unseeded = frozenset(tally.unseeded)
    members = {name: texts for name, texts in wanted.items() if name not in unseeded}
    return record_of(before, {}, {**members, **tally.kept}, created=fresh)


def operation_of(
    address: str, action: str, changed: Mapping[str, ObjectChange], mirrored: list[str]
) -> tuple[Operation, tuple[Blast, ...]]:
    """Return the operation that puts annotations, and what of the present ones it destroys or changes.

    Args:
        address: `annotations/...`.
        action: create, update or delete.
        changed: Picture name to its annotation before and after.
        mirrored: Pictures whose removed objects may be people's.
    """
    total, mirror = Counter[str](), Counter[str]()
    destructive = frozenset(mirrored)
    for name, change in changed.items():
        one = difference(change.before or (), change.after, match_objects)
        total.update(add=one.add, remove=one.remove, change=one.change)
        if name in destructive:
            mirror.update(remove=one.remove)
    counts = {key: total[key] for key in ("add", "remove", "change")}
    operation = Operation(
        address=address,
        action="create" if action == "create" else "delete" if action == "delete" else "update",
        reason=_reason(action),
        members=Members(objects=changed, counts=counts),
        impact=f"{_impact(changed, Difference(**counts))} in {counted(len(changed), 'picture')}",
    )
    deleted = mirror["remove"] if action != "delete" else total["remove"]
    altered = total["remove"] + total["change"] - deleted
    blasts = (Blast(address, "delete", "objects", deleted), Blast(address, "update", "objects", altered))
    return operation, tuple(blast for blast in blasts if blast.count)


def _reason(action: str) -> str:
    return {"create": "new", "delete": "no longer declared"}.get(action, "the annotation files differ")


def _impact(changed: Mapping[str, ObjectChange], counts: Difference) -> str:
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
    if tally.unsent:
        message = f"{counted(len(tally.unsent), 'picture')} changed in the file since seeded: not sent (policy: seed)"
        notices.append(Notice("kept", address, message, tuple(sorted(tally.unsent))))
    if tally.unseeded:
        message = f"{counted(len(tally.unseeded), 'picture')} annotated on the platform: kept (policy: seed)"
        notices.append(Notice("kept", address, message, tuple(sorted(tally.unseeded))))
    return tuple(notices)


def _frozen_notice(address: str, wanted: Objects, start: Objects) -> tuple[Notice, ...]:
    names = tuple(sorted(name for name, texts in wanted.items() if start.get(name, ()) != texts))
    if not names:
        return ()
    message = f"annotations of {counted(len(names), 'picture')} differ: left as they are (frozen)"
    return (Notice("drift", address, message, names),)
