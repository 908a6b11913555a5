"""What a delete reaches beyond the thing itself: annotation objects, and how many of them are not ours.

Objects that we wrote to another version of the dataset are ours too where they may have been copied from there: on
pictures that we did not put into the version ourselves. Where objects were not read, a picture's annotation is ours
when its digest is that of one that we wrote; else all of its objects count as people's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set

import msgspec

from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.annotation import annotation_digest, labels_of
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.ownership import INHERITED, made_members, written_in, written_objects
from picsellia_apply.model.state import Resource
from picsellia_apply.planner.case import World

Texts = tuple[str, ...]


def objects_on(annotations: str, names: Set[str], world: World) -> tuple[int, int]:
    """Return how many objects a version's annotations hold on some pictures, and how many of them are not ours.

    Args:
        annotations: `annotations/...`.
        names: Pictures.
        world: What decisions rest on.
    """
    count = foreign = 0
    written = _Written(annotations, world)
    unread = world.observed.unread.get(annotations, {})
    for name in names & unread.keys():
        count += unread[name].objects
        if not any(annotation_digest(ours) == unread[name].digest for ours in written.on(name)):
            foreign += unread[name].objects
    there = world.observed.resources.get(annotations, Resource()).members
    for name in names & there.keys():
        count += len(there[name])
        foreign += _not_written(there[name], written.on(name)).total()
    return count, foreign


def strangers_on(annotations: str, names: Set[str], world: World) -> Iterator[str]:
    """Yield, in the order of names, what `objects_on` counts as not ours: `car rectangle in a.jpg`."""
    written = _Written(annotations, world)
    unread = world.observed.unread.get(annotations, {})
    there = world.observed.resources.get(annotations, Resource()).members
    for name in sorted(names & (unread.keys() | there.keys())):
        here = written.on(name)
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


class _Written:
    """What we wrote, to a version or to others of its dataset, and what of it may be in that version."""

    def __init__(self, annotations: str, world: World) -> None:
        records = world.inventory.records
        address = parse_address(annotations)
        version = records.get(str(Address("version", address.name, address.version)), Record())
        head = annotations.partition("@")[0] + "@"
        self._own = written_objects(records.get(annotations, Record()))
        self._all = written_in(head, world.inventory)
        self._put = made_members(version) - frozenset(version.fields.get(INHERITED, ()))

    def on(self, name: str) -> list[Texts]:
        """Return the objects that we wrote on a picture and that may be here: no copies on one that we put here."""
        written = [self._own] if name in self._put else self._all
        return [ours[name] for ours in written if name in ours]


def _not_written(there: Texts, written: Iterable[Texts]) -> Counter[str]:
    known: Counter[str] = Counter()
    for ours in written:
        if ours == there:
            return Counter()
        known |= Counter(ours)
    return Counter(there) - known
