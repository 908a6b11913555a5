"""The lease of a workspace on a platform that offers none: a file beside the inventory, locked by the kernel.

    .picsellia/inventory/TARGET-WORKSPACE.lease     who holds it, as JSON; `lease` is the digest of the lease's id

The holder keeps the file locked (flock) as long as it runs, so that the kernel ends the lease with the process, however
that ends. Who breaks a lease puts another file in its place, which the holder sees before its next write. Where a
folder is shared by machines that do not see each other's locks, the file's age decides: the holder touches it at every
heartbeat, and all ages are measured by the clock of the file system, not by ours.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from picsellia_apply.errors import ConflictError
from picsellia_apply.inventory.files import Place, replace_file, write_whole
from picsellia_apply.inventory.holder import is_gone
from picsellia_apply.wire.ownership import LeaseHolder, LeaseState

_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.EINVAL, errno.ENOSYS})


class _Content(msgspec.Struct, frozen=True, omit_defaults=True):
    number: int = 0
    lease: str = ""
    holder: LeaseHolder | None = None
    acquired: str = ""
    ttl_s: int = 30
    broken_by: str | None = None


@dataclass(frozen=True, slots=True)
class _Locked:
    """An open lease file; `alone` where the kernel keeps others out as long as it is open."""

    descriptor: int
    alone: bool


class FileLease:
    """One process's way to the lease of one workspace; usable from several threads once it is acquired.

    Attributes:
        trusted: False: asking costs nothing, so that it is asked before every write.
    """

    trusted = False

    def __init__(
        self,
        place: Place,
        lease_id: str,
        holder: LeaseHolder,
        ttl_s: int,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Keep where it is and who asks; nothing is made on disk yet."""
        self._place, self._holder, self._ttl_s, self._clock = place, holder, ttl_s, clock
        self._digest = hashlib.sha256(lease_id.encode()).hexdigest()
        self._held: _Locked | None = None

    @property
    def path(self) -> Path:
        """The lease's file."""
        return self._place.file.with_suffix(".lease")

    def show(self) -> LeaseState:
        """Return whose lease it is; makes nothing."""
        return self._state(_read(self.path))

    def acquire(self) -> LeaseState:
        """Take the lease where nobody has it.

        Raises:
            OSError: The folder cannot be written.
        """
        with self._place.locked():
            before = _read(self.path)
            opened = self._open()
            if opened is None or (before.holder and not self._is_over(before, opened)):
                if opened is not None:
                    os.close(opened.descriptor)
                return self._state(before)
            acquired = self._clock().astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            taken = _Content(before.number + 1, self._digest, self._holder, acquired, self._ttl_s)
            try:
                _write(opened.descriptor, taken)
            except OSError:  # a full disk: nobody has it then
                os.close(opened.descriptor)
                raise
            self._held = opened
            return self._state(taken)

    def renew(self) -> LeaseState:
        """Let the lease last on, if it still is ours.

        Raises:
            OSError: The file can no longer be reached.
        """
        found = _read(self.path)
        if self._held is not None and found.lease == self._digest:
            os.utime(self._held.descriptor)
        return self._state(found)

    def release(self) -> None:
        """Give the lease back, if it still is ours; twice is fine."""
        held, self._held = self._held, None
        if held is None:
            return
        with self._place.locked():
            found = _read(self.path)
            if found.lease == self._digest:
                _write(held.descriptor, _Content(found.number))
            os.close(held.descriptor)

    def end(self, number: int, user: str) -> LeaseState:
        """Break somebody's lease.

        Raises:
            ConflictError: Another lease than that of this number is held.
        """
        with self._place.locked():
            found = _read(self.path)
            if found.holder is not None:
                if found.number != number:
                    raise ConflictError(f"lease {number} has ended meanwhile; lease {found.number} is held")
                replace_file(self.path, msgspec.json.encode(_Content(number, broken_by=user)))
            return self.show()

    def _open(self) -> _Locked | None:
        """Open and lock the file, made when it is not there; None where another process has it locked."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                os.close(descriptor)
                raise
            return _Locked(descriptor, alone=False)
        return _Locked(descriptor, alone=True)

    def _is_over(self, found: _Content, opened: _Locked) -> bool:
        """Tell whether a lease that nobody gave back has ended all the same."""
        if found.holder is None or is_gone(found.holder):
            return True
        here = found.holder.machine == self._holder.machine != ""
        return (here and opened.alone) or self._left_s(found) <= 0

    def _left_s(self, found: _Content) -> float:
        """Return the seconds until a lease expires, by the clock of the file system."""
        with tempfile.TemporaryFile(dir=self.path.parent) as now:
            age_s = os.fstat(now.fileno()).st_mtime - self.path.stat().st_mtime
        return min(found.ttl_s - age_s, float(found.ttl_s))

    def _state(self, found: _Content) -> LeaseState:
        """Return how the lease stands; a holder on this machine has it until its process ends."""
        if found.holder is None:
            return LeaseState(held=False, yours=False, number=found.number, broken_by=found.broken_by)
        yours = found.lease == self._digest
        here = found.holder.machine == self._holder.machine != ""
        left_s = None if here or yours else self._left_s(found)
        held = not is_gone(found.holder) if here else left_s is None or left_s > 0
        return LeaseState(held, yours, found.number, found.holder, found.acquired, left_s)


def _read(path: Path) -> _Content:
    """Return what a lease's file says; nothing where it is not there, or was never written whole."""
    with contextlib.suppress(FileNotFoundError, msgspec.MsgspecError, UnicodeDecodeError):
        return msgspec.json.decode(path.read_bytes(), type=_Content)
    return _Content()


def _write(descriptor: int, content: _Content) -> None:
    """Write the file in place: its lock belongs to the open file, so that it cannot be replaced."""
    text = msgspec.json.encode(content)
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    write_whole(descriptor, text)
    os.fsync(descriptor)
