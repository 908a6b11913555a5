"""What was learned about a file the last time, good as long as its stat is the same.

One small file per scanned folder, in the user's cache folder (never in the project: `plan` creates nothing there).
An entry is trusted only when the file had been left alone for two seconds when it was read: a change within the
resolution of the file system's clock would leave the same stat. A cache that cannot be read is built anew; one that
cannot be written is done without.

Source: git's "racy" entries, Documentation/technical/racy-git.txt.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

VERSION = 1
RACY_NS = 2_000_000_000
"""A file changed less than this before it was read is read again the next time."""


class Stat(NamedTuple):
    """What must be the same for an entry to be good: bytes, times in ns, inode."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


class Entry(NamedTuple):
    """What is known about a file: its stat, sha256 (hex), stored px (0 for what is no picture), EXIF orientation."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    sha256: str
    width: int
    height: int
    orientation: int


class _Stored(msgspec.Struct, array_like=True):
    version: int
    folder: str
    entries: dict[str, Entry]


def stat_of(result: os.stat_result) -> Stat:
    """Return the part of a stat that tells whether a file is still the same."""
    return Stat(result.st_size, result.st_mtime_ns, result.st_ctime_ns, result.st_ino)


class FolderCache:
    """Entries of the files below one folder, by path relative to it."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        """Begin with what was stored."""
        self.entries = dict(entries)
        self.changed = False

    def replace(self, entries: Mapping[str, Entry]) -> None:
        """Keep exactly these entries."""
        if self.entries != entries:
            self.entries = dict(entries)
            self.changed = True


class StatCache:
    """Entries of every folder that was scanned.

    Args:
        path: Where the cache files live; None keeps everything in memory.
        now_ns: The clock, ns since the epoch.
    """

    def __init__(self, path: Path | None, *, now_ns: Callable[[], int] = time.time_ns) -> None:
        """Open nothing yet."""
        self.path = path
        self.now_ns = now_ns
        self._folders: dict[str, FolderCache] = {}

    def folder(self, folder: Path) -> FolderCache:
        """Return the entries of one folder, an empty table when there are none that can be used."""
        key = os.path.abspath(folder)  # noqa: PTH100 - the folder as it was reached, links and all
        if key not in self._folders:
            self._folders[key] = FolderCache(self._read(key))
        return self._folders[key]

    def is_settled(self, stat: Stat, read_at_ns: int) -> bool:
        """Return whether a file was left alone long enough before it was read."""
        return stat.mtime_ns + RACY_NS <= read_at_ns

    def save(self) -> None:
        """Write what changed, each file atomically; a folder that cannot be written is passed over."""
        for folder, cache in self._folders.items():
            if self.path is not None and cache.changed:
                with contextlib.suppress(OSError):
                    self._write(self._file(folder), _Stored(VERSION, folder, cache.entries))
                cache.changed = False

    def _file(self, folder: str) -> Path:
        name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:32]
        return Path(self.path or "", f"{name}.msgpack")

    def _read(self, folder: str) -> dict[str, Entry]:
        if self.path is None:
            return {}
        try:
            stored = msgspec.msgpack.decode(self._file(folder).read_bytes(), type=_Stored)
        except (OSError, msgspec.DecodeError, UnicodeError):
            return {}
        return stored.entries if (stored.version, stored.folder) == (VERSION, folder) else {}

    def _write(self, path: Path, stored: _Stored) -> None:
        try:
            data = msgspec.msgpack.encode(stored)
        except UnicodeError:  # a file name that is no text: nothing of this folder is kept
            return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise


def default_cache() -> StatCache:
    """Return the user's own cache: `PICSELLIA_CACHE_DIR`, else the platform's cache folder."""
    folder = os.environ.get("PICSELLIA_CACHE_DIR")
    if not folder:
        import platformdirs

        folder = platformdirs.user_cache_dir("picsellia-apply", appauthor=False)
    return StatCache(Path(folder, "stat"))
