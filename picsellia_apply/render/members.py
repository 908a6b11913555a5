"""Every member that an operation touches, by name, and every annotation object that comes, goes or changes.

A plan's screen names a few; this is what `--full` adds below each line. Rows are made one by one as they are written: a
plan may hold 150,000 objects.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from picsellia_apply.model.plan import SAMPLE, Bytes, ObjectChange, Operation
from picsellia_apply.planner.merge import Difference, difference
from picsellia_apply.planner.words import size_text
from picsellia_apply.quality import match_objects
from picsellia_apply.render.lines import plain

_SIDES = ("left", "top", "width", "height")


def member_rows(operation: Operation) -> Iterator[str]:
    """Yield a row for each member: `+ a.jpg`, `- b.jpg`, or `~ c.jpg: +1 ~2` with a row for each of its objects."""
    members = operation.members
    for name, content in sorted(members.add.items()):
        yield f"+ {plain(name)}{_size(content)}"
    for name in sorted(members.remove):
        yield f"- {plain(name)}"
    for name, change in sorted(members.objects.items()):
        mark = "+" if change.before is None else "~" if change.after else "-"
        rows = list(object_rows(change))
        marks = Counter(row[0] for row in rows)
        yield f"{mark} {plain(name)}: {_told(Difference(marks['+'], marks['-'], marks['~']))}"
        yield from (f"    {row}" for row in rows)


def _size(content: Bytes | None) -> str:
    return "" if content is None else f"   {size_text(content.size)}"


def _told(counts: Difference) -> str:
    """Return how many objects come, go and change: `+1 -2 ~3`."""
    parts = (("+", counts.add), ("-", counts.remove), ("~", counts.change))
    return " ".join(f"{sign}{count:,}" for sign, count in parts if count) or "no object, a background picture"


def object_rows(change: ObjectChange) -> Iterator[str]:
    """Yield a row for each object of a picture that changes, goes or comes, in this order."""
    before, after = Counter(change.before or ()), Counter(change.after)
    removed, added = sorted((before - after).elements()), sorted((after - before).elements())
    pairs = dict(match_objects(removed, added)) if removed and added else {}
    yield from (f"~ {_changed_text(removed[row], added[other])}" for row, other in pairs.items())
    yield from (f"- {object_text(text)}" for row, text in enumerate(removed) if row not in pairs)
    coming = set(pairs.values())
    yield from (f"+ {object_text(text)}" for row, text in enumerate(added) if row not in coming)


def object_text(text: str) -> str:
    """Return an object as people read it: `RBC rectangle   left 68, top 315, width 126, height 125`."""
    head, fields = _parts(text)
    return f"{head}   {', '.join(f'{key} {value}' for key, value in fields.items())}".rstrip()


def _changed_text(before: str, after: str) -> str:
    """Return an object that changed: `RBC rectangle   left 68 -> 70, top 315, width 126 -> 124, height 125`."""
    (head, old), (_, new) = _parts(before), _parts(after)
    sides = ((key, old.get(key, "nothing"), new.get(key, "nothing")) for key in {**old, **new})
    return f"{head}   {', '.join(f'{key} {a}' if a == b else f'{key} {a} -> {b}' for key, a, b in sides)}"


def _parts(text: str) -> tuple[str, Mapping[str, str]]:
    """Return label and type of a canonical text, and everything else it says, by name; in px for a rectangle."""
    value: Any = msgspec.json.decode(text)
    kind = str(value.pop("type", ""))
    head = plain(f"{value.pop('label', '')} {kind}".strip())
    box = value.pop("rectangle", None) if isinstance(value.get("rectangle"), dict) else None
    fields = {key: _json(box.pop(key)) for key in _SIDES if key in box} if box is not None else {}
    rest = {**(box or {}), **value}
    return head, {**fields, **{plain(str(key)): plain(_json(one)) for key, one in sorted(rest.items())}}


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def sample_names(operation: Operation) -> tuple[str, ...]:
    """Return the first few members that change, sorted: those added, else removed, else annotated."""
    members = operation.members
    return tuple(sorted(members.add or members.remove or members.objects)[:SAMPLE])


def telling_names(operation: Operation) -> tuple[str, ...]:
    """Return the first few members as a line names them: where objects go or change, those pictures first.

    Each then says what happens to it: `(a.jpg: ~1, b.jpg: +16)`.
    """
    objects, counts = operation.members.objects, operation.members.counts
    if not objects or not (counts.get("remove") or counts.get("change")):
        return sample_names(operation)
    first = heapq.nsmallest(SAMPLE, objects, key=lambda name: (not _loses(objects[name]), name))
    found = (difference(objects[name].before or (), objects[name].after, match_objects) for name in first)
    return tuple(f"{name}: {_told(counts)}" for name, counts in zip(first, found, strict=True))


def _loses(change: ObjectChange) -> bool:
    """Return whether an object that is there goes or changes; of two equal ones that cannot be told."""
    return not set(change.before or ()) <= set(change.after)
