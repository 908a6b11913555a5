"""What the inventory says we put on the lake: the base of `resolve`'s prediction and of the planner's deletes.

A record of pictures, of a tag or of a version lists in its field `adopted` the members that were there before us. They
are known, and never ours to take away.
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


def ours_of(inventory: Inventory, released: Collection[str] = ()) -> Ours:
    """Return what the inventory says about pictures and tags.

    Args:
        inventory: What is managed.
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
            pictures.update(made_members(record))
    return Ours(recorded, pictures, tags)
