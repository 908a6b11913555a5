"""What the inventory says we put on the lake: the base of `resolve`'s prediction and of the planner's deletes.

A record of pictures, of a tag or of a version lists in its field `adopted` the members that were there before us. They
are known, and never ours to take away. Once adopted, a member stays so until it is gone and we put it there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from picsellia_apply.model.address import parse_address
from picsellia_apply.model.annotation import names_digest
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.state import Resource

ADOPTED = "adopted"
"""Field of a record: sorted names of members that we did not put there."""
INHERITED = "inherited"
"""Field of a version's record: sorted names that it took over from its origin; never ours to take away."""
PARTS = "parts"
"""Field of a frozen version's record: sorted addresses of the labels and annotations that it was created with."""
DELETED = "deleted"
"""Field of a set's record: sorted names that it declared, that a person deleted, and that it no longer declares."""
WHOLE = "whole"
"""Field of the record of a frozen version's annotations: digest of the names that it has once all are written."""


@dataclass(frozen=True, slots=True)
class Ours:
    """What we put on the lake.

    Attributes:
        recorded: Pictures that any record knows, ours or adopted.
        pictures: Those that we uploaded.
        tags: Tag to the pictures on which we put it.
    """

    recorded: Set[str]
    pictures: Set[str]
    tags: Mapping[str, Set[str]]


def made_members(record: Record) -> Set[str]:
    """Return the members of a record that we put there."""
    adopted = record.fields.get(ADOPTED)
    return record.members.keys() - set(adopted) if adopted else record.members.keys()


def remembered_deletions(record: Record, there: Mapping[str, str | None], wanted: Set[str]) -> frozenset[str]:
    """Return the pictures of a set's record that a person deleted and that the set no longer declares.

    They are remembered, so that declaring them again does not bring back what somebody took away for good.

    Args:
        record: Of a PictureSet.
        there: The lake's pictures.
        wanted: What the set declares now.
    """
    return frozenset(record.members.keys() - there.keys() - wanted)


def is_memory(record: Record) -> bool:
    """Return whether a record holds nothing but deletions to remember."""
    deleted = record.fields.get(DELETED, ())
    return bool(deleted) and len(deleted) == len(record.members)


def is_whole(record: Record) -> bool:
    """Return whether the annotations of a frozen version were all written that it was created with."""
    return record.fields.get(WHOLE) in (None, names_digest(record.members))


def with_members(record: Record, fields: Mapping[str, Any], members: Mapping[str, Any]) -> Record:
    """Return a record with other members of which nothing is to be written: one that was whole is so."""
    if WHOLE in fields and is_whole(record):
        fields = {**fields, WHOLE: names_digest(members)}
    return replace(record, fields=fields, members=members)


def without_members(record: Record, names: Set[str]) -> Record:
    """Return a record that knows nothing of some members any more."""
    fields = dict(record.fields)
    for listed in (ADOPTED, DELETED):
        left = [name for name in fields.pop(listed, ()) if name not in names]
        if left:
            fields[listed] = left
    return with_members(record, fields, {name: value for name, value in record.members.items() if name not in names})


def frozen_pictures(frozen: Iterable[str], observed: Mapping[str, Resource]) -> dict[str, Set[str]]:
    """Return which pictures frozen versions hold, by address; those that are not there hold none.

    Args:
        frozen: Addresses of declared versions that never change.
        observed: What is there, by address.
    """
    return {address: observed[address].members.keys() for address in sorted(frozen) if address in observed}


def written_objects(record: Record) -> Mapping[str, tuple[str, ...]]:
    """Return the annotation objects of a record that we wrote: none where we found annotations and adopted them.

    A picture that people annotated before we did is left out as a whole.
    """
    if not record.created:
        return {}
    adopted = record.fields.get(ADOPTED)
    if not adopted:
        return record.members
    theirs = frozenset(adopted)
    return {name: texts for name, texts in record.members.items() if name not in theirs}


def written_in(dataset: str, inventory: Inventory) -> list[Mapping[str, tuple[str, ...]]]:
    """Return what we wrote to each version of a dataset, and had written to those that are being made anew.

    Args:
        dataset: Of annotations, up to the name of the version: `annotations/cells@`.
        inventory: What is managed.
    """
    every = chain(inventory.records.items(), inventory.former.items())
    return [written_objects(record) for text, record in every if text.startswith(dataset)]


def made_pictures(record: Record, there: Mapping[str, str | None]) -> Set[str]:
    """Return the pictures of a record that we uploaded, without those that now have other bytes: they are people's.

    Args:
        record: Of a PictureSet: members are name -> sha256.
        there: The lake's pictures, name to sha256, None where the platform cannot say.
    """
    made = made_members(record)
    replaced = {name for name in made & there.keys() if there[name] not in {None, record.members[name]}}
    return made - replaced if replaced else made


def adopted_members(record: Record | None, there: Set[str], members: Set[str]) -> list[str]:
    """Return which members of a version are not ours, sorted: they were there before this workspace put them.

    Args:
        record: Of before.
        there: What the version holds now.
        members: Of the record to be.
    """
    recorded = record.members.keys() if record is not None else frozenset()
    before = record.fields.get(ADOPTED, ()) if record is not None else ()
    return sorted(there & ((members - recorded) | (members & frozenset(before))))


def compare_bytes(
    wanted: Mapping[str, str], there: Mapping[str, str | None], record: Record | None
) -> tuple[dict[str, str], int]:
    """Return the pictures whose bytes differ, with the digest there, and how many cannot be compared.

    Where the platform knows no digest, the inventory tells what we sent.

    Args:
        wanted: Name to sha256, as declared.
        there: The lake's pictures.
        record: Of the set that declares them.
    """
    sent = record.members if record is not None else {}
    differing: dict[str, str] = {}
    incomparable = 0
    for name, sha256 in wanted.items():
        stored = there.get(name, sha256)
        if stored == sha256:
            continue
        if stored is None:
            stored = sent.get(name)
        if stored is None:
            incomparable += 1
        elif stored != sha256:
            differing[name] = stored
    return differing, incomparable


def ours_of(inventory: Inventory, there: Mapping[str, str | None], released: Collection[str] = ()) -> Ours:
    """Return what the inventory says about pictures and tags.

    Args:
        inventory: What is managed.
        there: The lake's pictures, name to sha256, None where the platform cannot say.
        released: Addresses that are no longer managed: what they say is not ours any more.
    """
    recorded: set[str] = set()
    pictures: set[str] = set()
    tags: dict[str, set[str]] = {}
    for text, record in inventory.records.items():
        address = parse_address(text)
        if address.kind not in ("pictures", "query") or text in released:
            continue
        if address.rest:
            tags.setdefault(address.rest[0], set()).update(made_members(record))
        else:
            recorded.update(record.members)
            pictures.update(made_pictures(record, there))
    return Ours(recorded, pictures, tags)
