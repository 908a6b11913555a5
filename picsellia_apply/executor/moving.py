"""What moves from one record to another: a picture from set to set, a tag on it from one keeper to the next.

The two records change at different moments of an apply. Whatever ends it in between, one of them must say that the
member is ours: it stays in the old one until the new one holds it. In the same way the records of parts (files of a
network, labels and annotations of a version) stay until the whole that takes them along is gone; those of a version
until every version of its dataset is that goes too, since it may have taken objects and labels over. And what a
version holds of a picture that is deleted stays in its record until that picture is, and what annotations hold of one
that is taken out of their version until that is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace

from picsellia_apply.executor.added import LAKE, place_of
from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.ownership import ADOPTED, made_members


class Moving:
    """Knows which members leave a record for another one, and lets none of them fall in between."""

    def __init__(self, before: Mapping[str, Record], after: Mapping[str, Record]) -> None:
        """Find what moves.

        Args:
            before: Records as they were.
            after: Records once everything succeeded.
        """
        self._before = before
        self._leaving = before.keys() - after.keys()
        self._parts = {part: wholes for part in self._leaving if (wholes := _wholes_of(part, self._leaving))}
        self._doomed = _doomed(before, after)
        self._names: dict[str, frozenset[str]] = {}
        for address, record in before.items():
            if not address.startswith(("pictures/", "query/")):
                continue
            left = made_members(record) - (after[address].members.keys() if address in after else frozenset())
            taken = (made_members(after[other]) for other in _beside(address, after)) if left else ()
            if moving := frozenset(left).intersection(frozenset().union(*taken)):
                self._names[address] = moving

    def kept(self, held: Mapping[str, Record]) -> Mapping[str, Record]:
        """Return the records to write: those that are held, with what is still on its way where it was."""
        if not self._names and not self._parts and not self._doomed:
            return held
        staying = (part for part, wholes in self._parts.items() if not wholes.isdisjoint(held))
        kept = {**held, **{part: self._before[part] for part in staying}}
        for address, names in self._names.items():
            missing = names.difference(*(held[other].members.keys() for other in _beside(address, held)))
            before, now = self._before[address], held.get(address)
            if now is None and missing:
                now = _without_members(before)
            if now is not None and missing:
                kept[address] = _with(now, before, missing)
        there = _pictures_of(held) if self._doomed else frozenset()
        for address, names in self._doomed.items():
            now = kept.get(address) or self._emptied(address, held)
            still = there | _names_of(_version_of(address), held) if address.startswith("annotations/") else there
            if now is not None and (left := names & still):
                kept[address] = _with(now, self._before[address], left)
        return kept

    def _emptied(self, address: str, held: Mapping[str, Record]) -> Record | None:
        """Return the record of annotations that are no longer declared, of a version that stays, without any."""
        stays = address in self._leaving and address.startswith("annotations/") and _version_of(address) in held
        return _without_members(self._before[address]) if stays else None


def _without_members(record: Record) -> Record:
    return replace(record, fields={name: value for name, value in record.fields.items() if name != ADOPTED}, members={})


def _with(now: Record, before: Record, names: Set[str]) -> Record:
    return replace(now, members={**now.members, **{name: before.members[name] for name in names}})


def _pictures_of(records: Mapping[str, Record]) -> frozenset[str]:
    return frozenset().union(*(records[one].members for one in records if place_of(one) == LAKE))


def _doomed(before: Mapping[str, Record], after: Mapping[str, Record]) -> dict[str, frozenset[str]]:
    """Return, by version and annotations, what is ours there on pictures that leave with this apply.

    They leave the lake, or the version that annotations are of.
    """
    gone = _pictures_of(before) - _pictures_of(after)
    found: dict[str, frozenset[str]] = {}
    for address, record in before.items():
        if address.startswith("annotations/"):
            version = _version_of(address)
            out = _names_of(version, before) - _names_of(version, after) if version in after else frozenset()
        elif address.startswith("version/") and address in after:
            out = frozenset()
        else:
            continue
        found[address] = (gone | out).intersection(made_members(record)) - _names_of(address, after)
    return {address: names for address, names in found.items() if names}


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
