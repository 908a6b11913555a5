"""Ctrl-C during an apply: once ends it in good order, twice at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

from picsellia_apply.cli.exit import Exit

_PATIENCE_S = 2.0
"""How long the end waits for the last act."""


class LastAct:
    """Something that a signal's handler has done by a thread: the handler may stand in the midst of anything.

    The thread is there before the signal comes, and shares no lock with what the handler interrupted.
    """

    def __init__(self) -> None:
        """Begin with nothing to do."""
        self._due, self._done, self._begun = threading.Event(), threading.Event(), False
        self._act: Callable[[], None] | None = None

    def prepare(self, act: Callable[[], None]) -> None:
        """Keep what is to be done, and the thread that will do it."""
        self._act = act
        threading.Thread(target=self._wait, name="last act", daemon=True).start()

    def do(self) -> None:
        """Have it done, and wait a little for it; a second call waits for nothing."""
        if self._act is not None and not self._begun:
            self._begun = True
            self._due.set()
            self._done.wait(_PATIENCE_S)

    def forget(self) -> None:
        """Do nothing any more; the thread ends."""
        self._act = None
        self._due.set()

    def _wait(self) -> None:
        self._due.wait()
        act = self._act
        try:
            if act is not None:
                act()
        finally:
            self._done.set()


class Interrupts:
    """While it is entered, SIGINT and SIGTERM set a flag; the second one ends the process where it stands.

    Nothing is lost by the second one either: the platform confirms only what it holds, and the journal is written
    ahead. Outside the main thread signals cannot be caught, and nothing is changed.
    """

    def __init__(self) -> None:
        """Begin without an interrupt."""
        self._asked = threading.Event()
        self._last_act = LastAct()
        self._before: dict[int, object] = {}

    def stopped(self) -> bool:
        """Return whether the apply was asked to end."""
        return self._asked.is_set()

    def give_back(self, act: Callable[[], None]) -> None:
        """Have something done before the process ends where it stands: others need not wait for what it holds."""
        self._last_act.prepare(act)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked.is_set():
            self._last_act.do()
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
        self._last_act.forget()
