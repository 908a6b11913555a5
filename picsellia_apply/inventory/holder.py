"""Who holds a lease: this process as others may know it, and whether a process of this machine is still there.

A pid alone says little: it is used again, and every container counts its own. So a holder carries a digest of the
machine, its boot and its namespace of pids, and the moment that its process began in the kernel's ticks. Where the
system tells neither (outside Linux), nobody is taken for dead, and a lease ends by its expiry.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from picsellia_apply.wire.ownership import LeaseHolder

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_PIDS = Path("/proc/self/ns/pid")
_ENDED = frozenset("ZX")
"""States of a process that has ended and that nobody asked for yet."""
_TEXT_LIMIT = 200


def this_holder(clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> LeaseHolder:
    """Return this process as a holder.

    Args:
        clock: Tells the time.
    """
    pid = os.getpid()
    _, began = _kernel_says(pid)
    started = clock().astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return LeaseHolder(_short(socket.gethostname()), _short(_user()), pid, started, _machine(), began)


def is_gone(holder: LeaseHolder) -> bool:
    """Tell whether a holder was a process of this machine that has ended; False where that cannot be known."""
    if not holder.machine or holder.machine != _machine():
        return False
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # another user's, or no pid at all
        return False
    state, began = _kernel_says(holder.pid)
    return state in _ENDED or bool(began and holder.process and began != holder.process)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run as a number without a name
        return f"uid {os.getuid()}"


def _short(text: str) -> str:
    return "".join(c for c in text if c.isprintable())[:_TEXT_LIMIT]


def _machine() -> str:
    """Return 32 hex digits for this machine since it was started, and for what it calls pids; empty if unknown."""
    try:
        told = f"{_BOOT.read_text()}\0{os.readlink(_PIDS)}"  # noqa: PTH115 - a Path would resolve what is no path
    except OSError:
        return ""
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _kernel_says(pid: int) -> tuple[str, str]:
    """Return a process's state and when it began, in ticks since the machine was started; empty texts if unknown.

    Source: proc(5), `/proc/PID/stat`: fields 3 and 22, after the name in parentheses, which may hold anything.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return fields[0], fields[19]
    except (OSError, IndexError):
        return "", ""
