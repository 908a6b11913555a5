"""Locks between processes: one file each, held by the kernel until the holder ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FileLock:
    """A lock on a file that is held until `release` or the end of the process."""

    def __init__(self, descriptor: int) -> None:
        """Keep the open, locked descriptor."""
        self._descriptor = descriptor

    def release(self) -> None:
        """Give it up; twice is fine."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def try_lock(path: Path) -> FileLock | None:
    """Return the lock on `path`, made when it is not there, or None where somebody holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return FileLock(descriptor)


@contextmanager
def waiting_lock(path: Path) -> Iterator[None]:
    """Hold the lock on `path` for a block, waiting for whoever holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
