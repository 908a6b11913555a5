"""What a program started, found again and ended: also what left its session and was orphaned.

A mark in the environment tells them, as every process hands its environment on. Only Linux shows it to others
(`/proc/PID/environ`); elsewhere nothing is found, and what runs under another user or took the mark out of its
environment is found nowhere.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

MARK = "PICSELLIA_POLICY_RUN"
"""The variable whose value tells the processes of one run of a program."""
_ROUNDS = 20
"""Most rounds that end something: a process that starts others meanwhile needs more than one."""
_PATIENCE_S = 0.02
"""How long it is looked on where nothing is found: the environment of a process that is just about to become another
program is not to be seen."""
_PROC = Path("/proc")


def end_marked(mark: str) -> None:
    """End every process whose environment holds a mark, and what those start meanwhile.

    Args:
        mark: The value of `MARK`; nobody else's.
    """
    wanted, until, rounds = f"{MARK}={mark}".encode(), time.monotonic() + _PATIENCE_S, 0
    while rounds < _ROUNDS:
        if sum(_end(process, wanted) for process in _processes()):
            rounds += 1
        elif time.monotonic() >= until:
            return
        else:
            time.sleep(_PATIENCE_S)


def _processes() -> Iterator[int]:
    with contextlib.suppress(OSError):
        yield from (int(name) for name in os.listdir(_PROC) if name.isdecimal())  # noqa: PTH208 - names, not paths


def _end(process: int, wanted: bytes) -> bool:
    """End a process if it is one of them; held by a descriptor, so that no later one of its number is meant."""
    try:
        descriptor = os.pidfd_open(process)
    except (AttributeError, OSError):
        return False
    try:
        if wanted not in (_PROC / str(process) / "environ").read_bytes().split(b"\0"):
            return False
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
