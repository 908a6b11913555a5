"""The objects port: bytes on a folder, in blobs that never change until they are erased. Knows no table.

A blob is written to a temporary file, fsynced and renamed to a place of its own; it counts only once a row names it,
and the row is committed afterwards. So a crash leaves the whole blob with its row or, after the next open, nothing:
every process keeps its temporary files and a marker for each blob not yet committed in a session folder that it holds
locked, and whoever opens the store next clears the folders whose holder is gone.

Why a batch is one blob: measured on ext4 with 20 KB pictures, 500 to a batch, one file per picture reaches 950 to
2,300 durable pictures/s however it is synced (fsync each, a pool of 4 to 32 threads, sync_file_range first, syncfs
once, renaming the folder), while one file of 10 MB with one fsync takes 7 to 24 ms: 20,000 to 75,000 pictures/s.
Whole batch requests, hashing and rows included, reach 9,000 to 14,000 pictures/s in-process and 8,900 over HTTP.

    objects/ab/abcdef...        a blob, named by 32 random hex digits
    objects/tmp/SESSION/        temporary files, `NAME.kept` markers and `lock` of one process
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from picsellia_apply.lake.lock import FileLock, try_lock
from picsellia_apply.lake.refusal import Refusal

_ZEROS = bytes(1 << 20)
_SESSION_TRIES = 16


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Incoming:
    """A blob on its way in: write, `keep`, commit the row that names `location`, `confirm`.

    Left without `keep`, or by a refusal (which no transaction survives), the bytes are gone. Left in any other way
    between `keep` and `confirm` (the commit failed, or nobody knows) they stay until the next open finds out whether a
    row names them.
    """

    def __init__(self, store: ObjectStore, session: Path) -> None:
        """Open a temporary file in the session's folder."""
        self.location = secrets.token_hex(16)
        self.size = 0
        self._store = store
        self._temporary = session / self.location
        self._marker = session / f"{self.location}.kept"
        self._file: BinaryIO | None = self._temporary.open("xb", buffering=0)
        self._kept = False

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Drop what was not kept, and what was refused."""
        if not self._kept:
            self._close()
            self._temporary.unlink(missing_ok=True)
        elif isinstance(error, Refusal):
            self.discard()

    def write(self, data: bytes | memoryview) -> None:
        """Append bytes."""
        view = memoryview(data)
        while view:
            written = self._open_file().write(view) or 0
            self.size += written
            view = view[written:]

    def cut(self, size: int) -> None:
        """Forget everything after the first `size` bytes."""
        self._open_file().truncate(size)
        self._open_file().seek(size)
        self.size = size

    def keep(self) -> None:
        """Make the bytes durable at their location."""
        os.fsync(self._open_file().fileno())
        self._close()
        self._marker.touch()
        _sync_folder(self._marker.parent)
        place = self._store.place(self.location)
        if not place.parent.is_dir():
            place.parent.mkdir(exist_ok=True)
            _sync_folder(place.parent.parent)
        self._temporary.rename(place)
        self._kept = True
        _sync_folder(place.parent)

    def confirm(self) -> None:
        """Say that the row is committed."""
        self._marker.unlink()

    def discard(self) -> None:
        """Drop a blob that was kept but that no row names."""
        self._store.delete([self.location])
        self._marker.unlink()

    def _open_file(self) -> BinaryIO:
        if self._file is None:
            raise ValueError("the blob is closed")
        return self._file

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class ObjectStore:
    """Blobs below a folder; without one, in a temporary folder that goes when the store is closed."""

    def __init__(self, root: Path | None) -> None:
        """Name the folder; nothing is made before the first write."""
        self._root = root
        self._scratch: Path | None = None
        self._session: Path | None = None
        self._session_lock: FileLock | None = None
        self._opening = threading.Lock()

    @property
    def _folder(self) -> Path:
        if self._root is not None:
            return self._root
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="picsellia-lake-"))
        return self._scratch

    def place(self, location: str) -> Path:
        """Return the path of a blob."""
        return self._folder / location[:2] / location

    def incoming(self) -> Incoming:
        """Start a blob; use it as a context manager."""
        with self._opening:
            if self._session is None:
                self._session, self._session_lock = self._start_session()
        return Incoming(self, self._session)

    def _start_session(self) -> tuple[Path, FileLock]:
        """Make a locked folder of this process's own; one that somebody's sweep takes before it is locked is let go."""
        if self._root is not None and not self._root.is_dir():
            self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
            _sync_folder(self._root.parent)
        for _ in range(_SESSION_TRIES):
            session = self._folder / "tmp" / secrets.token_hex(8)
            session.mkdir(parents=True, mode=0o700)
            try:
                lock = try_lock(session / "lock")
            except FileNotFoundError:
                continue
            if lock is not None and (session / "lock").exists():
                return session, lock
        raise OSError(f"cannot hold a folder of my own in {self._folder / 'tmp'}")

    def open(self, location: str) -> BinaryIO:
        """Open a blob for reading.

        Raises:
            FileNotFoundError: It was erased.
        """
        return self.place(location).open("rb")

    def delete(self, locations: Iterable[str]) -> None:
        """Remove whole blobs, durably; those that are gone are fine."""
        folders = set()
        for location in locations:
            place = self.place(location)
            place.unlink(missing_ok=True)
            folders.add(place.parent)
        for folder in folders:
            if folder.is_dir():
                _sync_folder(folder)

    def erase(self, location: str, ranges: Iterable[tuple[int, int]]) -> None:
        """Overwrite ranges (first byte, number of bytes) of a blob with zeros; a blob that is gone is fine."""
        try:
            descriptor = os.open(self.place(location), os.O_WRONLY)
        except FileNotFoundError:
            return
        try:
            for start, size in ranges:
                for offset in range(start, start + size, len(_ZEROS)):
                    os.pwrite(descriptor, _ZEROS[: start + size - offset], offset)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def sweep(self, named: Callable[[Collection[str]], Collection[str]]) -> int:
        """Clear what ended processes left behind.

        Args:
            named: Returns those of some locations that a row names.

        Returns:
            How many session folders were cleared.
        """
        temporary = self._folder / "tmp" if self._root is not None else None
        if temporary is None or not temporary.is_dir():
            return 0
        return sum(self._clear(session, named) for session in temporary.iterdir() if session != self._session)

    def _clear(self, session: Path, named: Callable[[Collection[str]], Collection[str]]) -> bool:
        lock = try_lock(session / "lock") if session.is_dir() else None
        if lock is None:
            return False
        try:
            kept = [marker.stem for marker in session.glob("*.kept")]
            self.delete(set(kept) - set(named(kept)))
            shutil.rmtree(session)
        finally:
            lock.release()
        return True

    def close(self) -> None:
        """End this process's session; blobs whose commit is in doubt keep their folder for the next sweep."""
        session, self._session = self._session, None
        if session is not None and self._session_lock is not None:
            if not any(session.glob("*.kept")):
                shutil.rmtree(session)
            self._session_lock.release()
        if self._scratch is not None:
            shutil.rmtree(self._scratch)
            self._scratch = None
