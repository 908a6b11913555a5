"""What goes with a version, a network or a dataset that is deleted, and what of it people put there.

A version takes its labels with it, a network its files and its thumbnail: things with addresses of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.ownership import INHERITED
from picsellia_apply.model.state import Resource
from picsellia_apply.planner.case import World
from picsellia_apply.planner.fields import same

_MADE_WITH = frozenset({"private", "type"})
"""Fields that a thing is made with, whether or not a manifest says how."""


def parts_of(address: Address, world: World) -> Iterator[str]:
    """Yield the addresses of what is there of a whole: a network's thumbnail and files, a version's labels."""
    head = ""
    if address.kind == "network":
        head = f"{Address('file', address.name)}/"
        thumbnail = str(Address("thumbnail", address.name))
        yield from [thumbnail] if thumbnail in world.observed.resources else []
    elif address.kind == "version":
        head = f"{Address('label', address.name, address.version)}/"
    yield from (one for one in world.observed.resources if head and one.startswith(head))


def strange_things(address: Address, text: str, world: World) -> Iterator[str]:
    """Yield the addresses of what goes with a recorded thing and is not ours: parts of it, or what is in its place."""
    parts = tuple(parts_of(address, world))
    ours = set(_made_by_us(address, text, world)) if parts else set()
    for one in parts:
        part = parse_address(one)
        if (part.kind, part.rest) not in ours:
            yield one
    if is_anothers(text, world):
        yield text


def strange_fields(text: str, world: World) -> Iterator[str]:
    """Yield the fields that hold what people gave them: not what was applied, or something where nothing was."""
    applied = world.inventory.records[text].fields
    for name, value in world.observed.resources[text].fields.items():
        if name in applied:
            if not same(name, applied[name], value):
                yield name
        elif name not in _MADE_WITH and value:
            yield name


def is_anothers(text: str, world: World) -> bool:
    """Return whether somebody stored another file in the place of one that we stored."""
    there, record = world.observed.resources.get(text, Resource()), world.inventory.records.get(text, Record())
    now, sent = there.fields.get("sha256"), record.fields.get("sha256")
    return now is not None and sent is not None and now != sent  # "": nobody may read it, so it may be anybody's


def _made_by_us(address: Address, whole: str, world: World) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield kind and rest of the parts that we made.

    A version that took over what another one held has its labels from any of the dataset's.
    """
    inherits = INHERITED in world.inventory.records[whole].fields
    made = (text for text, record in world.inventory.records.items() if record.created)
    for text in chain(made, world.inventory.former if inherits else ()):
        if text.startswith(("file/", "thumbnail/", "label/")) and not is_anothers(text, world):
            part = parse_address(text)
            if part.name == address.name and (inherits or part.version == address.version):
                yield part.kind, part.rest
