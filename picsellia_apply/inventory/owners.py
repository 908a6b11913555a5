"""Which workspace owns an address: asked of the platform, else kept in a file beside the inventories of this project.

A dataset, a version, a label, annotations, a network and its files have one owner. Pictures, and tags on them, may have
several: none of them deletes what another one manages. Where a platform keeps inventories and no owners, nothing of
others is known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import msgspec

from picsellia_apply.errors import ProcessingError, RefusedError
from picsellia_apply.inventory import body
from picsellia_apply.inventory.files import Place, replace_file
from picsellia_apply.model.address import SHARED_KINDS, parse_address
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.ownership import DELETED
from picsellia_apply.model.state import Lake

if TYPE_CHECKING:
    from picsellia_apply.client import Client


def single(addresses: Iterable[str]) -> list[str]:
    """Return the addresses that have one owner, sorted."""
    return sorted(one for one in set(addresses) if one.partition("/")[0] not in SHARED_KINDS)


def foreign_owners(
    client: Client, workspace: str, addresses: Collection[str], *, root: Path | None = None
) -> dict[str, str]:
    """Return those of the addresses that another workspace owns, with its name.

    Args:
        client: Of the platform that is managed.
        workspace: Ours.
        addresses: Any; those that may have several owners are passed over.
        root: As in `read_inventory`.

    Raises:
        ProcessingError: The owners kept beside the inventories are damaged.
    """
    wanted = single(addresses)
    if "owners" in client.features:
        named = client.reader.owners(wanted) if wanted else {}
        found = {address: names[0] for address, names in named.items() if names and workspace not in names}
    elif "workspace" in client.features:
        found = {}
    else:
        kept = read_index(Place.of(client, workspace, root))
        found = {one: kept[one] for one in wanted if one in kept and kept[one] != workspace}
    return dict(sorted(found.items()))


def of_others(client: Client, workspace: str, *, root: Path | None = None) -> Lake:
    """Return the pictures and tags that other workspaces of the organization manage: several may manage one.

    Args:
        client: Of the platform that is managed.
        workspace: Ours.
        root: As in `read_inventory`.

    Raises:
        PicselliaError: An inventory cannot be read; so nobody knows what is theirs.
    """
    if "owners" in client.features:
        owners = client.reader.owners_of_kinds(SHARED_KINDS)
        names = sorted({name for owned in owners.values() for name in owned} - {workspace})
        found = [_of_other(name, partial(read_stored, client, name)) for name in names]
    elif "workspace" in client.features:
        found = []
    else:
        place = Place.of(client, workspace, root)
        found = [_neighbour(place, path) for path in place.neighbours()]
    return _managed(found)


def _neighbour(place: Place, path: Path) -> Inventory:
    name = place.workspace_of(path)
    return _of_other(name, lambda: body.load_json(path.read_bytes(), workspace=name))


def _of_other(workspace: str, read: Callable[[], Inventory]) -> Inventory:
    """Return another workspace's inventory.

    Raises:
        DamagedInventory: It cannot be read; the hint says where it is mended.
    """
    try:
        return read()
    except body.DamagedInventory as error:
        hint = (
            f"where that workspace's manifests are, `picsellia-apply inventory rebuild --workspace {quote(workspace)}` "
            "makes it again; until then nothing is pruned here: plan with --no-prune"
        )
        raise body.DamagedInventory(error.message, hint) from None


def read_stored(client: Client, workspace: str) -> Inventory:
    """Return an inventory that the platform keeps; an empty one of serial 0 where it keeps none of this name.

    Raises:
        UsageError: It was written by a newer version of this program.
        DamagedInventory: It is damaged.
    """
    stored = client.reader.workspace(workspace)
    if stored is None:
        return Inventory(workspace)
    return replace(body.unpack(stored.body, workspace=workspace), serial=stored.serial)


def _managed(inventories: Iterable[Inventory]) -> Lake:
    pictures: dict[str, None] = {}
    tags: dict[str, set[str]] = {}
    for inventory in inventories:
        for text, record in inventory.records.items():
            address = parse_address(text)
            if address.kind in SHARED_KINDS and address.rest:
                tags.setdefault(address.rest[0], set()).update(record.members)
            elif address.kind == "pictures":
                pictures.update(dict.fromkeys(record.members.keys() - frozenset(record.fields.get(DELETED, ()))))
    return Lake(pictures, {tag: frozenset(names) for tag, names in tags.items()})


def refuse_foreign(found: Mapping[str, str]) -> None:
    """Refuse to write what another workspace owns.

    Raises:
        RefusedError: There is such an address; it and its owner are named.
    """
    for address, owner in sorted(found.items()):
        more = f", and {len(found) - 1:,} more with it" if len(found) > 1 else ""
        raise RefusedError(
            f"`{address}` belongs to workspace `{owner}`{more}",
            hint="plan again: the plan shows what belongs to whom, and the flag that takes it over",
        )


class _Index(msgspec.Struct):
    format_version: int
    owners: dict[str, str]


def read_index(place: Place) -> dict[str, str]:
    """Return address -> workspace of a platform that keeps no owners; from the inventories where there is no index yet.

    Raises:
        ProcessingError: The index, or an inventory that must be read for want of one, is damaged.
    """
    try:
        text = place.owners.read_bytes()
    except FileNotFoundError:
        return dict(_from_inventories(place))
    try:
        return msgspec.json.decode(text, type=_Index).owners
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        hint = f"move `{place.owners}` away: it is made again from the inventories beside it"
        raise ProcessingError(f"the index of owners is damaged: {error}", hint) from None


def _from_inventories(place: Place) -> Iterator[tuple[str, str]]:
    for path in reversed(place.neighbours()):
        workspace = place.workspace_of(path)
        for address in single(_neighbour(place, path).records):
            yield address, workspace


def claim(place: Place, owned: Collection[str], takeovers: Mapping[str, str]) -> None:
    """Make our workspace the owner of these addresses, and of no other; the caller holds the lock.

    Args:
        place: Where our inventory is.
        owned: Addresses.
        takeovers: Address to the workspace that it may be taken from.

    Raises:
        RefusedError: One belongs to another workspace.
    """
    wanted, before = single(owned), read_index(place)
    refuse_foreign(
        {
            one: before[one]
            for one in wanted
            if before.get(one, place.workspace) not in (place.workspace, takeovers.get(one))
        }
    )
    after = {one: owner for one, owner in before.items() if owner != place.workspace}
    after.update(dict.fromkeys(wanted, place.workspace))
    if after != before or not place.owners.exists():
        replace_file(place.owners, msgspec.json.encode(_Index(1, after), order="sorted"))
