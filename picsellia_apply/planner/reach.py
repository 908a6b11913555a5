"""What a delete reaches beyond the thing itself: annotation objects, and how many of them are not ours.

Where objects were not read, a picture's annotation is ours when its digest is that of one that we wrote; else all of
its objects count as people's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

import msgspec

from picsellia_apply.model.annotation import annotation_digest, labels_of
from picsellia_apply.model.ownership import written_objects
from picsellia_apply.model.state import Resource
from picsellia_apply.planner.case import World

Texts = tuple[str, ...]


def objects_on(annotations: str, names: Set[str], world: World) -> tuple[int, int]:
    """Return how many objects a version's annotations hold on some pictures, and how many of them are not ours.

    Args:
        annotations: `annotations/...`; objects that another version of the dataset had from us may be carried over.
        names: Pictures.
        world: What decisions rest on.
    """
    count = foreign = 0
    written = _written(annotations, world)
    unread = world.observed.unread.get(annotations, {})
    for name in names & unread.keys():
        count += unread[name].objects
        if not any(annotation_digest(ours[name]) == unread[name].digest for ours in written if name in ours):
            foreign += unread[name].objects
    there = world.observed.resources.get(annotations, Resource()).members
    for name in names & there.keys():
        count += len(there[name])
        foreign += _not_written(there[name], [ours[name] for ours in written if name in ours]).total()
    return count, foreign


def strangers_on(annotations: str, names: Set[str], world: World) -> Iterator[str]:
    """Yield, in the order of names, what `objects_on` counts as not ours: `car rectangle in a.jpg`."""
    written = _written(annotations, world)
    unread = world.observed.unread.get(annotations, {})
    there = world.observed.resources.get(annotations, Resource()).members
    for name in sorted(names & (unread.keys() | there.keys())):
        here = [ours[name] for ours in written if name in ours]
        if name in unread and not any(annotation_digest(ours) == unread[name].digest for ours in here):
            yield f"annotation of {name}"
        if name in there:
            yield from (object_words(text, name) for text in sorted(_not_written(there[name], here).elements()))


def object_words(text: str, name: str) -> str:
    """Return an object of a picture in words, from its canonical text."""
    label = next((" ".join(one) for one in labels_of((text,))), "object")
    return f"{label} in {name}"


def objects_of(annotations: str, label: Sequence[str], world: World) -> int:
    """Return how many objects of a version's annotations bear a label.

    Args:
        annotations: `annotations/...`.
        label: Name and type.
        world: What decisions rest on.
    """
    marks = (f'"label":{msgspec.json.encode(label[0]).decode()}', f'"type":"{label[1]}"')
    there = world.observed.resources.get(annotations, Resource()).members
    return sum(all(mark in text for mark in marks) for texts in there.values() for text in texts)


def _written(annotations: str, world: World) -> list[Mapping[str, Texts]]:
    head = annotations.partition("@")[0] + "@"
    return [written_objects(record) for text, record in world.inventory.records.items() if text.startswith(head)]


def _not_written(there: Texts, written: Iterable[Texts]) -> Counter[str]:
    known: Counter[str] = Counter()
    for ours in written:
        if ours == there:
            return Counter()
        known |= Counter(ours)
    return Counter(there) - known
