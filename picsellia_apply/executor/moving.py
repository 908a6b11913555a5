"""What moves from one record to another: a picture from set to set, a tag on it from one keeper to the next.

The two records change at different moments of an apply. Whatever ends it in between, one of them must say that the
member is ours: it stays in the old one until the new one holds it. So does what we know of a picture that a person
deleted, until the set that restores it has uploaded it. In the same way the records of parts (files of a
network, labels and annotations of a version) stay until the whole that takes them along is gone; those of a version
until every version of its dataset is that goes too, since it may have taken objects and labels over; so long the record
of annotations that change says what they were as well. And what a
tag or a version holds of a picture that is deleted stays in its record until that picture is, and what annotations hold
of one that is taken out of their version until that is done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import replace

from picsellia_apply.executor.added import LAKE, place_of
from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.ownership import (
    ADOPTED,
    DELETED,
    INHERITED,
    made_members,
    with_members,
    without_members,
)


class Moving:
    """Knows which members leave a record for another one, and lets none of them fall in between."""

    def __init__(self, before: Mapping[str, Record], after: Mapping[str, Record]) -> None:
        """Find what moves.

        Args:
            before: Records as they were, without those of what the apply makes anew: nothing of it is left.
            after: Records once everything succeeded.
        """
        self._before, self._after = before, after
        self._leaving = before.keys() - after.keys()
        self._parts = {part: wholes for part in self._leaving if (wholes := _wholes_of(part, self._leaving))}
        self._gone = _pictures_of(before) - _pictures_of(after)
        self._doomed = _doomed(before, after, self._gone)
        self._copied = _copied(before, after)
        self._copying = _copying(before, after)
        self._names: dict[str, frozenset[str]] = {}
        for address, record in before.items():
            if not address.startswith(("pictures/", "query/")):
                continue
            left = record.members.keys() - (after[address].members.keys() if address in after else frozenset())
            taken = (made_members(after[other]) for other in _beside(address, after)) if left else ()
            if moving := frozenset(left).intersection(frozenset().union(*taken)):
                self._names[address] = moving

    def kept(self, held: Mapping[str, Record]) -> Mapping[str, Record]:
        """Return the records to write: those that are held, with what is still on its way where it was."""
        if not (self._names or self._parts or self._doomed or self._copied or self._copying):
            return held
        staying = (part for part, wholes in self._parts.items() if not wholes.isdisjoint(held))
        kept = {**held, **{part: self._before[part] for part in staying}}
        for address, names in self._names.items():
            missing = names.difference(*(held[other].members.keys() for other in _beside(address, held)))
            before, now = self._before[address], held.get(address)
            if now is None and missing:
                now = _emptied(before)
            if now is not None and missing:
                kept[address] = _with(now, before, missing)
        there = _pictures_of(held) & self._gone if self._doomed else frozenset()
        for address, names in self._doomed.items():
            now = kept.get(address) or self._undeclared(address, held)
            still = there | self._going_out(address, held)
            if now is not None and (left := names & still):
                kept[address] = _with(now, self._before[address], left)
        for address, versions in self._copied.items():
            if address in kept and not versions.isdisjoint(held):
                kept[address] = _united(kept[address], self._before[address])
        for address, copies in self._copying.items():
            if not copies <= held.keys():
                before = self._before[address]
                kept[address] = _united(kept.get(address) or _emptied(before), before)
        return kept

    def _going_out(self, address: str, held: Mapping[str, Record]) -> frozenset[str]:
        """Return the pictures that are still to be taken out of the version that annotations are of."""
        if not address.startswith("annotations/"):
            return frozenset()
        version = _version_of(address)
        return _names_of(version, held) - _names_of(version, self._after)

    def _undeclared(self, address: str, held: Mapping[str, Record]) -> Record | None:
        """Return the record, without members, of what is no longer declared: a tag; annotations of what stays."""
        stays = _is_tag(address) or (address.startswith("annotations/") and _version_of(address) in held)
        return _emptied(self._before[address]) if stays and address in self._leaving else None


def _emptied(record: Record) -> Record:
    return without_members(record, record.members.keys())


def _with(now: Record, before: Record, names: Set[str]) -> Record:
    """Return a record with some members as one of before has them: whose they are stays known."""
    fields = dict(now.fields)
    for listed in (ADOPTED, DELETED):
        if theirs := frozenset(before.fields.get(listed, ())) & names:
            fields[listed] = sorted(theirs.union(fields.get(listed, ())))
    return with_members(now, fields, {**now.members, **{name: before.members[name] for name in names}})


def _united(now: Record, before: Record) -> Record:
    """Return a record of annotations with the objects of both."""
    members = dict(before.members)
    for name, texts in now.members.items():
        members[name] = tuple(sorted((Counter(texts) | Counter(before.members.get(name, ()))).elements()))
    return _with(with_members(now, now.fields, members), before, before.members.keys() - now.members.keys())


def _copied(before: Mapping[str, Record], after: Mapping[str, Record]) -> dict[str, frozenset[str]]:
    """Return the annotations that change, with the leaving versions of their dataset: these may hold copies of them."""
    leaving = [one for one in before.keys() - after.keys() if one.startswith("version/")]
    found: dict[str, frozenset[str]] = {}
    for address in before.keys() & after.keys() if leaving else ():
        if address.startswith("annotations/") and before[address].members != after[address].members:
            head = _version_of(address).partition("@")[0] + "@"
            found[address] = frozenset(one for one in leaving if one.startswith(head))
    return {address: versions for address, versions in found.items() if versions}


def _copying(before: Mapping[str, Record], after: Mapping[str, Record]) -> dict[str, frozenset[str]]:
    """Return the annotations that change or leave, with those of versions that are made from versions of the dataset.

    A version is made with copies of what its origin had: whose they are is known from the origin's record only.
    """
    made = [
        one for one in after.keys() - before.keys() if one.startswith("version/") and INHERITED in after[one].fields
    ]
    copies = [str(replace(parse_address(one), kind="annotations")) for one in made]
    found: dict[str, frozenset[str]] = {}
    for address, record in before.items() if copies else ():
        if address.startswith("annotations/") and (address not in after or after[address].members != record.members):
            head = address.partition("@")[0] + "@"
            found[address] = frozenset(one for one in copies if one.startswith(head) and one in after)
    return {address: names for address, names in found.items() if names}


def _pictures_of(records: Mapping[str, Record]) -> frozenset[str]:
    return frozenset().union(*(records[one].members for one in records if place_of(one) == LAKE))


def _doomed(before: Mapping[str, Record], after: Mapping[str, Record], gone: Set[str]) -> dict[str, frozenset[str]]:
    """Return, by version, annotations and tag, what is known there of pictures that leave with this apply.

    They leave the lake, or the version that annotations are of. Of a tag it is what is ours.
    """
    found: dict[str, frozenset[str]] = {}
    for address, record in before.items():
        if address.startswith("annotations/"):
            version = _version_of(address)
            out = _names_of(version, before) - _names_of(version, after) if version in after else frozenset()
        elif _is_tag(address) or (address.startswith("version/") and address in after):
            out = frozenset()
        else:
            continue
        known = made_members(record) if _is_tag(address) else record.members.keys()
        found[address] = out.union(gone).intersection(known) - _names_of(address, after)
    return {address: names for address, names in found.items() if names}


def _is_tag(address: str) -> bool:
    return address.startswith(("pictures/", "query/")) and bool(parse_address(address).rest)


def _names_of(address: str, records: Mapping[str, Record]) -> frozenset[str]:
    return frozenset(records[address].members) if address in records else frozenset()


def _version_of(annotations: str) -> str:
    part = parse_address(annotations)
    return str(Address("version", part.name, part.version))


def _wholes_of(part: str, leaving: Set[str]) -> frozenset[str]:
    """Return the leaving things without which a part says nothing any more."""
    address = parse_address(part)
    match address.kind:
        case "label" | "annotations":
            head = str(Address("version", address.name, "x"))[:-1]
            return frozenset(one for one in leaving if one.startswith(head))
        case "file" | "thumbnail":
            return frozenset({str(Address("network", address.name))}) & leaving
        case _:
            return frozenset()


def _beside(address: str, records: Mapping[str, Record]) -> list[str]:
    place = place_of(address)
    return [one for one in records if one != address and place_of(one) == place]
