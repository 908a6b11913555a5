"""Inventories as files of a project, for a platform that keeps none: where they are, and how they are written.

.picsellia/inventory/TARGET-WORKSPACE.json      one per workspace; TARGET is a digest of host and organization
.picsellia/inventory/TARGET.owners.json         which workspace owns which address, see `inventory.owners`
.picsellia/inventory/TARGET.lock                held while either is written
.picsellia/inventory/TARGET-WORKSPACE.damaged-N what could not be read and was kept aside
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import quote, unquote

from picsellia_apply.client.target import nearest_data_dir

if TYPE_CHECKING:
    from picsellia_apply.client import Client


@dataclass(frozen=True, slots=True)
class Place:
    """Where one workspace's inventory for one platform is.

    Attributes:
        folder: `.picsellia/inventory`.
        target: 12 hex digits that stand for host and organization.
        workspace: Its name.
    """

    folder: Path
    target: str
    workspace: str

    @classmethod
    def of(cls, client: Client, workspace: str, root: Path | None) -> Self:
        """Return the place for a platform, searched upwards from `root` or the current folder."""
        target = hashlib.sha256(f"{client.host}\0{client.organization}".encode()).hexdigest()[:12]
        return cls(nearest_data_dir(root or Path.cwd()) / "inventory", target, workspace)

    @property
    def file(self) -> Path:
        """The inventory."""
        return self.folder / f"{self.target}-{quote(self.workspace, safe=' ').replace('.', '%2E')}.json"

    @property
    def owners(self) -> Path:
        """The index of owners that the inventories of this target share."""
        return self.folder / f"{self.target}.owners.json"

    def neighbours(self) -> list[Path]:
        """Return every inventory for this target but ours, sorted."""
        return sorted(path for path in self.folder.glob(f"{self.target}-*.json") if path != self.file)

    def workspace_of(self, path: Path) -> str:
        """Return whose inventory a file of this folder is."""
        return unquote(path.name.removeprefix(f"{self.target}-").removesuffix(".json"))

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of this target; the folder is made, and kept out of git."""
        self.folder.mkdir(parents=True, exist_ok=True)
        ignore = self.folder.parent / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        with (self.folder / f"{self.target}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def keep_aside(self, content: bytes) -> Path:
        """Write, durably, what could not be read under a name that nothing has yet, and return that."""
        self.folder.mkdir(parents=True, exist_ok=True)
        number = 1
        while (path := self.file.with_suffix(f".damaged-{number}")).exists():
            number += 1
        replace_file(path, content)
        return path


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that a crash leaves the old one or the new one, whole."""
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make durable which files a folder has."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_whole(descriptor: int, content: bytes) -> None:
    """Write all of it where the file stands.

    Raises:
        OSError: The disk is full; a part may have been written.
    """
    left = memoryview(content)
    while left:
        written = os.write(descriptor, left)
        if not written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left = left[written:]
