"""Digests that no listing tells, read from the bytes of what would be deleted: nothing of a person goes as ours.

By SDK v2 a picture is its name, and a network's file its key: who puts another in the place of ours leaves no trace in
any listing. Only what the inventory calls ours and the manifests no longer declare is read, where deletes are on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from typing import TYPE_CHECKING

from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.declaration import Declaration
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.ownership import made_pictures
from picsellia_apply.model.state import Lake, Resource

if TYPE_CHECKING:
    from picsellia_apply.client.reader import Reader
    from picsellia_apply.wire.extension import FileInfo, NetworkInfo


def dropped_pictures(declaration: Declaration, inventory: Inventory, lake: Lake) -> Iterator[tuple[str, Set[str]]]:
    """Yield the recorded sets with the pictures of ours that are there and in no set of the manifests any more."""
    declared = {name for one in declaration.picture_sets for name in one.pictures.names}
    for text, record in inventory.records.items():
        address = parse_address(text)
        if address.kind == "pictures" and not address.rest:
            yield text, (made_pictures(record, lake.pictures) & lake.pictures.keys()) - declared


def with_digests(reader: Reader, declaration: Declaration, inventory: Inventory, lake: Lake) -> Lake:
    """Return the lake with the digests of the pictures that would be deleted, read from their bytes where not told.

    By SDK v2 a picture is its name: who deletes ours and uploads another under it leaves no trace in any listing. What
    the inventory calls ours is deleted, so its bytes are what has to show that it is. It costs a download for each of
    these pictures, and nothing where none would go; once they went they are not asked for again. An apply of a saved
    plan that deletes nothing asks too: a plan may just let go what turned out not to be ours.
    """
    dropped = {name for _, names in dropped_pictures(declaration, inventory, lake) for name in names}
    unknown = [name for name in dropped if lake.pictures[name] is None]
    if not unknown:
        return lake
    read = reader.contents(unknown)
    pictures = {**lake.pictures, **{name: digest for name, (_, digest) in read.items()}}
    return replace(lake, pictures=pictures, keys={name: key for name, (key, _) in read.items()})


def with_file_digests(
    reader: Reader,
    declaration: Declaration,
    inventory: Inventory,
    networks: Iterable[NetworkInfo],
    seen: Mapping[str, Resource],
) -> dict[str, Resource]:
    """Return the networks' files that would be deleted, with the digests of their bytes where none is told.

    It costs a download of each of these files, whatever its size, until the plan that deletes it was applied.

    Args:
        reader: `client.reader`.
        declaration: What the manifests say.
        inventory: What is ours.
        networks: As they are told.
        seen: Their files as they are told, by address.
    """
    going = {
        text: (file.object_name, text.startswith("file/"))
        for one in networks
        for text, file in _files(one)
        if file.sha256 is None
        and (record := inventory.records.get(text)) is not None
        and record.created
        and not _stays(declaration, one.network.network_name, text)
    }
    read = reader.file_digests(going)
    return {text: replace(seen[text], fields={**seen[text].fields, "sha256": digest}) for text, digest in read.items()}


def _stays(declaration: Declaration, name: str, text: str) -> bool:
    """Return whether the manifests declare a network's file or thumbnail, or leave it alone."""
    file = parse_address(text)
    for one in declaration.networks:
        if one.name == name and file.kind == "file":
            return "files" in one.unmanaged or file.rest[0] in one.files
        if one.name == name:
            return "thumbnail" in one.unmanaged or one.thumbnail is not None
    return False


def _files(info: NetworkInfo) -> Iterator[tuple[str, FileInfo]]:
    name = info.network.network_name
    for key, file in info.files.items():
        yield str(Address("file", name, rest=(key,))), file
    if info.thumbnail is not None:
        yield str(Address("thumbnail", name)), info.thumbnail
