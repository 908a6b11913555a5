"""Other processes in a test: what they wrote, and whether they are gone."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from pathlib import Path


def ended(process: int) -> bool:
    """Return whether a process ends within 60 s, or has ended."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 60)[0])
    finally:
        os.close(descriptor)


def wait_for_file(path: Path, process: subprocess.Popen[str]) -> str:
    """Return what is in a file once it is there, at most 60 s; the process that leads to it is to go on."""
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end
        with contextlib.suppress(subprocess.TimeoutExpired):
            assert process.wait(0.05) is None
    return path.read_text()


def told_at_the_end(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Return what a process wrote to stdout and stderr, at most 60 s from now.

    One that does not end says where it stands: it was started with PYTHONFAULTHANDLER.
    """
    try:
        return process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        raise AssertionError(process.communicate()[1]) from None
