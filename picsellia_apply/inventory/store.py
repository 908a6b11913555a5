"""Read and write the inventory where it belongs.

A platform that offers `workspace` keeps it beside the data, so that every machine shares it; otherwise it is a file
under `.picsellia/inventory/` at or above the manifests' folder. Both refuse to overwrite what somebody else wrote in
between: the serial that is written must be the stored one + 1.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from picsellia_apply.client.target import nearest_data_dir
from picsellia_apply.errors import ConflictError
from picsellia_apply.inventory import body
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.wire.extension import WorkspaceBody

if TYPE_CHECKING:
    from picsellia_apply.client import Client


def _file(client: Client, workspace: str, root: Path | None) -> Path:
    target = hashlib.sha256(f"{client.host}\0{client.organization}".encode()).hexdigest()[:12]
    folder = nearest_data_dir(root or Path.cwd()) / "inventory"
    return folder / f"{target}-{quote(workspace, safe=' ').replace('.', '%2E')}.json"


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
        ProcessingError: It is damaged.
    """
    if "workspace" in client.features:
        stored = client.reader.workspace(workspace)
        if stored is None:
            return Inventory(workspace)
        return replace(body.unpack(stored.body, workspace=workspace), serial=stored.serial)
    try:
        text = _file(client, workspace, root).read_bytes()
    except FileNotFoundError:
        return Inventory(workspace)
    return body.load_json(text, workspace=workspace)


def write_inventory(client: Client, inventory: Inventory, *, root: Path | None = None) -> Inventory:
    """Write the inventory with the next serial.

    Args:
        client: Of the platform that is managed.
        inventory: As it was read, with its records changed.
        root: As in `read_inventory`.

    Returns:
        The inventory with the serial it now has.

    Raises:
        ConflictError: Somebody else wrote it after it was read.
    """
    written = replace(inventory, serial=inventory.serial + 1)
    if "workspace" in client.features:
        try:
            client.writer.write_workspace(written.workspace, WorkspaceBody(written.serial, body.pack(written)))
        except ConflictError as error:
            raise _written_meanwhile(written.workspace) from error
    else:
        _write_file(_file(client, written.workspace, root), written)
    return written


def _written_meanwhile(workspace: str) -> ConflictError:
    message = f"another apply of workspace `{workspace}` ran at the same time and wrote the inventory first"
    return ConflictError(message, "run `apply` again when it has ended: what was done is found and not done twice")


def _write_file(path: Path, written: Inventory) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    ignore = path.parent.parent / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    with _locked(path.with_suffix(".lock")):
        with contextlib.suppress(FileNotFoundError):
            stored = body.load_json(path.read_bytes(), workspace=written.workspace).serial
            if stored != written.serial - 1:
                raise _written_meanwhile(written.workspace)
        _replace_file(path, body.dump_json(written))


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _replace_file(path: Path, content: bytes) -> None:
    """Write a file so that a crash leaves the old one or the new one, whole."""
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
