"""What the inventory says we put on the lake: the base of `resolve`'s prediction and of the planner's deletes.

A record of pictures, of a tag or of a version lists in its field `adopted` the members that were there before us. They
are known, and never ours to take away. Once adopted, a member stays so until it is gone and we put it there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass

from picsellia_apply.model.address import parse_address
from picsellia_apply.model.inventory import Inventory, Record

ADOPTED = "adopted"
"""Field of a record: sorted names of members that we did not put there."""


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
