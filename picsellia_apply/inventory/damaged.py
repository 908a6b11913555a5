"""An inventory that is lost or cannot be read: found out, and kept aside before anything takes its place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from picsellia_apply.errors import UsageError
from picsellia_apply.inventory.body import DamagedInventory
from picsellia_apply.inventory.files import Place
from picsellia_apply.inventory.store import read_inventory
from picsellia_apply.model.inventory import Inventory

if TYPE_CHECKING:
    from picsellia_apply.client import Client


@dataclass(frozen=True, slots=True)
class Lost:
    """What is there instead of an inventory.

    Attributes:
        serial: The one that the next write follows.
        content: What cannot be read, None where nothing is there.
        reason: Why it cannot be read, or empty.
    """

    serial: int = 0
    content: bytes | None = None
    reason: str = ""


def find_lost(client: Client, workspace: str, *, root: Path | None = None) -> Lost:
    """Return what is there instead of an inventory; arguments as for `read_inventory`.

    Raises:
        UsageError: The inventory is there and can be read, or a newer version of this program wrote it.
    """
    try:
        found = read_inventory(client, workspace, root=root)
    except DamagedInventory as error:
        if "workspace" in client.features:
            stored = client.reader.workspace(workspace)
            if stored is not None:
                return Lost(stored.serial, stored.body.encode(), error.message)
        return Lost(0, Place.of(client, workspace, root).file.read_bytes(), error.message)
    if not found.records:
        return Lost(found.serial)
    count = len(found.records)
    raise UsageError(
        f"the inventory of workspace `{workspace}` is there and can be read: serial {found.serial}, "
        f"{count:,} address{'es' * (count != 1)}",
        hint="there is nothing to make again; `inventory forget ADDRESS` stops managing a part of it",
    )


def set_aside(client: Client, lost: Lost, workspace: str, *, root: Path | None = None) -> Path | None:
    """Keep, durably, what cannot be read in a file of this project, so that it may be replaced.

    Returns:
        The file; None where there was nothing to keep.
    """
    if lost.content is None:
        return None
    place = Place.of(client, workspace, root)
    with place.locked():
        kept = place.keep_aside(lost.content)
        if "workspace" not in client.features:
            place.file.unlink()
    return kept


def without(inventory: Inventory, addresses: frozenset[str]) -> Inventory:
    """Return the inventory without these addresses."""
    both = (inventory.records, inventory.former)
    records, former = ({text: one for text, one in every.items() if text not in addresses} for every in both)
    return Inventory(inventory.workspace, inventory.serial, records, former=former)
