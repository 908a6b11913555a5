"""Read and write the inventory where it belongs.

A platform that offers `workspace` keeps it beside the data, so that every machine shares it; otherwise it is a file
under `.picsellia/inventory/` at or above the manifests' folder. Both refuse to overwrite what somebody else wrote in
between: the serial that is written must be the stored one + 1. What the workspace owns is written in the same step.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from picsellia_apply.errors import ConflictError
from picsellia_apply.inventory import body
from picsellia_apply.inventory.files import Place, replace_file
from picsellia_apply.inventory.owners import claim, foreign_owners, read_stored, refuse_foreign
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.wire.ownership import WorkspaceWrite

if TYPE_CHECKING:
    from picsellia_apply.client import Client

_NONE: Mapping[str, str] = MappingProxyType({})


def read_inventory(client: Client, workspace: str, *, root: Path | None = None) -> Inventory:
    """Read what this workspace manages.

    Args:
        client: Of the platform that is managed.
        workspace: The workspace's name.
        root: The manifests' folder, from which `.picsellia/` is searched upwards; default: the current one.

    Returns:
        The inventory; an empty one of serial 0 when it was never written.

    Raises:
        UsageError: It was written by a newer version of this program.
        DamagedInventory: It is damaged.
    """
    if "workspace" in client.features:
        return read_stored(client, workspace)
    try:
        text = Place.of(client, workspace, root).file.read_bytes()
    except FileNotFoundError:
        return Inventory(workspace)
    return body.load_json(text, workspace=workspace)


def write_inventory(
    client: Client,
    inventory: Inventory,
    *,
    root: Path | None = None,
    claims: Collection[str] = (),
    takeovers: Mapping[str, str] = _NONE,
) -> Inventory:
    """Write the inventory with the next serial, and own what it records.

    Args:
        client: Of the platform that is managed.
        inventory: As it was read, with its records changed.
        root: As in `read_inventory`.
        claims: Addresses to own besides: what an apply is going to make.
        takeovers: Address to the workspace that it may be taken from.

    Returns:
        The inventory with the serial it now has.

    Raises:
        ConflictError: Somebody else wrote it after it was read.
        RefusedError: An address belongs to another workspace.
    """
    written = replace(inventory, serial=inventory.serial + 1, moved=False)
    owned = {*written.records, *claims}
    if "workspace" in client.features:
        listed = sorted(owned) if "owners" in client.features else None
        sent = WorkspaceWrite(written.serial, body.pack(written), listed, dict(takeovers) if listed is not None else {})
        try:
            client.writer.write_workspace(written.workspace, sent)
        except ConflictError as error:
            found = foreign_owners(client, written.workspace, owned)
            refuse_foreign({one: name for one, name in found.items() if takeovers.get(one) != name})
            raise _written_meanwhile(written.workspace) from error
    else:
        _write_file(Place.of(client, written.workspace, root), written, owned, takeovers)
    return written


def _written_meanwhile(workspace: str) -> ConflictError:
    message = f"another apply of workspace `{workspace}` ran at the same time and wrote the inventory first"
    return ConflictError(message, "run `apply` again when it has ended: what was done is found and not done twice")


def _write_file(place: Place, written: Inventory, owned: Collection[str], takeovers: Mapping[str, str]) -> None:
    with place.locked():
        with contextlib.suppress(FileNotFoundError):
            stored = body.load_json(place.file.read_bytes(), workspace=written.workspace).serial
            if stored != written.serial - 1:
                raise _written_meanwhile(written.workspace)
        claim(place, owned, takeovers)
        replace_file(place.file, body.dump_json(written))
