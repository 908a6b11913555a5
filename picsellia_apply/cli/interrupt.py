"""Ctrl-C during an apply: once ends it in good order, twice at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Self

from picsellia_apply.cli.exit import Exit


class Interrupts:
    """While it is entered, SIGINT and SIGTERM set a flag; the second one ends the process where it stands.

    Nothing is lost by the second one either: the platform confirms only what it holds, and the journal is written
    ahead. Outside the main thread signals cannot be caught, and nothing is changed.
    """

    def __init__(self) -> None:
        """Begin without an interrupt."""
        self._asked = threading.Event()
        self._before: dict[int, object] = {}

    def stopped(self) -> bool:
        """Return whether the apply was asked to end."""
        return self._asked.is_set()

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked.is_set():
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, b"\nstopped at once; run it again to go on\n")
            os._exit(Exit.interrupted)
        self._asked.set()
        os.write(2, b"\nfinishing what is in flight; Ctrl-C again stops at once\n")

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {one: signal.signal(one, self._hear) for one in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal returned
        self._before = {}
