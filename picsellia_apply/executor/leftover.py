"""What the journal of an apply that did not finish says: whose a thing is that is there now, and what is missing.

It answers one question for the apply after a killed one: did we make this thing, or add this member, that now is
there? We made it when `created` was written, or when a creation began, was not refused, and what is there has the
content it was to have. We added a member when a request that adds it was about to be sent (it was not there when it
was looked for, right before), and the operation did not say that it failed. And a second one: which annotation is
missing since the kill came between its deletion and its putting? One that is not there, and that `objects` of an
operation which did not end well holds. And a third one: who removed a member that is in a record and not there any
more? We did, when an operation was `removing` it that was not refused and did not say that it stayed.

What is written stands under the serial of the last `writing` before it. Once somebody else wrote the inventory, nothing
of that counts any more: the thing may have been made by them, or by a person after them.

The lines themselves are those of `executor.journal`. Knows no file and no platform.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import msgspec

from picsellia_apply.model.inventory import SETTLED, Inventory, Record
from picsellia_apply.model.ownership import ADOPTED, DELETED, INHERITED, PARTS

Ending = Literal["done", "refused", "failed"]
BOOKKEEPING = frozenset({ADOPTED, DELETED, SETTLED, INHERITED, PARTS})
"""Fields of a record that say whose its members are and how they were made, not what is there."""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the journal."""

    event: str
    target: str
    address: str = ""
    action: str = ""
    content: str = ""
    status: str = ""
    fields: dict[str, Any] = {}
    members: tuple[str, ...] = ()
    objects: Mapping[str, tuple[str, ...]] = {}
    bases: Mapping[str, tuple[str, ...]] = {}
    origin: str = ""
    serial: int = 0
    applied: str = ""
    keys: tuple[str, ...] = ()
    puts: Mapping[str, str] = {}
    rests: str | None = None

    @property
    def drops(self) -> bool:
        """Return whether it begins to delete a whole thing, unless it is `removing` members of it."""
        return self.event == "begin" and self.action == "delete" and not self.puts


@dataclass(frozen=True, slots=True)
class Leftover:
    """What the journal of an unfinished apply says about one address.

    Attributes:
        created: The platform confirmed that the apply made it.
        content: Digests of the contents with which a creation began that nobody refused.
        members: Names that it added, or was adding when it ended.
        keys: Name to the objects that it sent for it, where they tell whose picture is there.
        fields: The fields of the record that the last creation was to leave.
        objects: Picture to the texts of its annotation that was being deleted and put again.
        replaced: Picture to the digest of the annotation that was put or to be put, and the texts that the record says
            of it since then; None where these are the same.
        origin: The address under which a network was that it was renaming.
        removing: Names that its last operation was removing and did not end.
        removed: Names that operations before that removed.
        dropped: Whether its last operation was to delete it as a whole, and was not refused.
    """

    created: bool = False
    content: frozenset[str] = frozenset()
    members: frozenset[str] = frozenset()
    keys: Mapping[str, frozenset[str]] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    objects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    replaced: Mapping[str, tuple[str, tuple[str, ...] | None]] = field(default_factory=dict)
    origin: str = ""
    removing: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    dropped: bool = False

    @property
    def gone(self) -> frozenset[str]:
        """Return the names that were removed by it where they are not there any more."""
        return self.removing | self.removed

    @property
    def says_anything(self) -> bool:
        """Return whether it matters once an apply completed: what was removed is in the inventory by then."""
        return bool(self.created or self.content or self.members or self.objects or self.replaced or self.origin)

    def whole(self, record: Record) -> Record:
        """Return a record of what is there now with the members that the creation took over from an origin.

        A later plan no longer counts them, as an origin counts at creation only.
        """
        inherited = self.fields.get(INHERITED, ())
        return replace(record, members={**dict.fromkeys(inherited), **record.members}) if inherited else record

    def has_made(self, record: Record) -> bool:
        """Return whether the apply made what a record describes."""
        return self.created or bool(self.content & {content_digest(record), content_digest(self.whole(record))})


def content_digest(record: Record | None) -> str:
    """Return the digest of what a record says is there, 64 hex digits; who made it or its members does not count."""
    if record is None:
        return ""
    fields = {name: value for name, value in record.fields.items() if name not in BOOKKEEPING}
    body = msgspec.json.encode((fields, dict(record.members)), order="sorted")
    return hashlib.sha256(body).hexdigest()


def _after(before: Leftover, entry: Entry) -> Leftover:
    match entry.event:
        case "created":
            return replace(before, created=True)
        case "removing":
            return replace(before, removing=frozenset(entry.members), dropped=False)
        case "begin":
            before = replace(before, removing=frozenset(), removed=before.gone, dropped=entry.drops)
            objects = {**before.objects, **entry.objects}
            pairs = {name: (digest, entry.bases.get(name)) for name, digest in entry.puts.items()}
            known = before.replaced if entry.puts or entry.action != "delete" else {}
            before = replace(before, objects=objects, replaced={**known, **pairs}, origin=entry.origin or before.origin)
            if entry.action == "create":
                before = replace(before, content=before.content | {entry.content}, fields=entry.fields)
        case "adding":
            members, removed = before.members.union(entry.members), before.removed.difference(entry.members)
            sent = zip(entry.members, entry.keys, strict=False)
            keys = {name: before.keys.get(name, frozenset()) | {key} for name, key in sent}
            return replace(before, members=members, removed=removed, keys={**before.keys, **keys})
        case "end":
            before = _ended(before, entry)
            content = before.content if entry.status != "refused" else frozenset()
            members, origin = before.members.difference(entry.members), before.origin * (entry.status != "refused")
            left = _cut(before.objects, entry)
            dropped = before.dropped and entry.status != "refused"
            return replace(before, content=content, members=members, objects=left, origin=origin, dropped=dropped)
    return before


def _ended(before: Leftover, entry: Entry) -> Leftover:
    """Return what is left with what the operation removed: it is not among the members any more that we added."""
    stayed = before.removing if entry.status == "refused" else frozenset(entry.members)
    gone = before.removing - stayed
    return replace(before, members=before.members - gone, removing=frozenset(), removed=before.removed | gone)


def _cut(objects: Mapping[str, tuple[str, ...]], ended: Entry) -> Mapping[str, tuple[str, ...]]:
    """Return the annotations that an operation may have deleted and not put, once it ended."""
    if ended.status != "failed":
        return {}
    return {name: texts for name, texts in objects.items() if name not in ended.members}


def without_others(
    leftovers: Mapping[str, Leftover], stored: Callable[[Collection[str]], Mapping[str, str]]
) -> dict[str, Leftover]:
    """Return what was left without the pictures that are not made of an object which we sent: somebody else's.

    A platform that speaks SDK v2 only shows no digest. The key of the object is chosen by who uploads, at random, and
    is told in its listings: so it says whose upload there is under a name, even where the bytes are the same.

    Args:
        leftovers: See `Journal.leftovers`.
        stored: Returns the keys of the objects of those of these pictures that are there.
    """
    names = {name for one in leftovers.values() for name in one.members & one.keys.keys()}
    there = stored(names) if names else {}
    return {address: _without_others(one, there) for address, one in leftovers.items()}


def _without_others(leftover: Leftover, there: Mapping[str, str]) -> Leftover:
    keys = leftover.keys
    others = {name for name in leftover.members & keys.keys() & there.keys() if there[name] not in keys[name]}
    return replace(leftover, members=leftover.members - others) if others else leftover


def left_by(entries: Iterable[Entry], inventory: Inventory | None = None) -> dict[str, Leftover]:
    """Return what unfinished applies left, by address.

    Args:
        entries: The lines of one target, in order.
        inventory: As it is kept now: what was left before somebody else wrote it is nobody's. None: not asked.
    """
    found: dict[str, Leftover] = {}
    written = _Written()
    for entry in entries:
        if entry.event != "writing":
            found[entry.address] = _after(found.get(entry.address, Leftover()), entry)
        elif not written.follow(entry):
            found = {}
    return found if inventory is None or written.leads_to(inventory) else {}


@dataclass(slots=True)
class _Written:
    """The serials under which lines stand, as far as nobody else wrote the inventory in between."""

    first: int = -1
    last: int = -1
    applied: dict[int, set[str]] = field(default_factory=dict)

    def follow(self, entry: Entry) -> bool:
        """Take the next write, and return whether it follows the ones before."""
        base = entry.serial - 1
        follows = self.first <= base <= self.last and self._is_ours(base, entry.rests)
        if not follows:
            self.first, self.applied = base, {}
        self.last = max(self.last, entry.serial) if follows else entry.serial
        self.applied.setdefault(entry.serial, set()).add(entry.applied)
        return follows

    def _is_ours(self, base: int, rests: str | None) -> bool:
        """Return whether a write rests on one of these, and not on somebody else's of the same serial."""
        return base == self.first or rests is None or rests in self.applied.get(base, ())

    def leads_to(self, inventory: Inventory) -> bool:
        """Return whether an inventory is one of those that were written, or the one before them."""
        if not self.first <= inventory.serial <= self.last:
            return False
        return inventory.serial == self.first or inventory.applied in self.applied.get(inventory.serial, ())
