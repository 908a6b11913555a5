"""Ctrl-C during an apply: once ends it in good order, twice at once, three times without another word."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType, TracebackType
from typing import Any, Self

from picsellia_apply.cli.exit import Exit

_PATIENCE_S = 2.0
"""How long the end waits for the last acts."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""What asks a process to end."""


class Ending:
    """The end of a process where it stands, by a thread: a signal's handler may have interrupted anything.

    The thread is there before the signal comes, and the handler does not wait for it: what it interrupted goes on for
    that moment, so that whatever lock it holds is let go. Each act has a thread, and all have the same short time.
    """

    def __init__(self, leave: Callable[[int], object] = os._exit) -> None:
        """Begin with nothing to do.

        Args:
            leave: Ends the process with an exit code.
        """
        self._leave = leave
        self._due = threading.Event()
        self._begun = self._forgotten = False
        self._acts: list[Callable[[], None]] = []
        self._thread = threading.Thread(target=self._run, name="ending", daemon=True)

    def prepare(self) -> None:
        """Start the thread."""
        self._thread.start()

    def add(self, act: Callable[[], None]) -> None:
        """Have something done before the process ends."""
        self._acts.append(act)

    def begin(self) -> None:
        """End the process; when that was asked for already, at once and without waiting for an act."""
        if self._begun:
            self._leave(Exit.interrupted)
        self._begun = True
        self._due.set()

    def forget(self) -> None:
        """Do nothing any more, or, where the end began, let it come: nobody is to end the process otherwise."""
        self._forgotten = not self._begun
        self._due.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        self._due.wait()
        if self._forgotten:
            return
        acts = [threading.Thread(target=_do, args=(act,), daemon=True) for act in self._acts]
        for one in acts:
            one.start()
        until = time.monotonic() + _PATIENCE_S
        for one in acts:
            one.join(max(0.0, until - time.monotonic()))
        _say(b"\nstopped at once; run it again to go on\n")
        self._leave(Exit.interrupted)


def _do(act: Callable[[], None]) -> None:
    with contextlib.suppress(Exception):  # the process ends, whatever comes of it
        act()


def _say(text: bytes) -> None:
    with contextlib.suppress(OSError):  # a terminal that is gone
        os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, text)


@contextlib.contextmanager
def remembered() -> Iterator[Callable[[], bool]]:
    """Remember SIGINT and SIGTERM during a block, which asks whether one came; then they interrupt at its end.

    An interruption that comes wherever a block stands may leave a lock of Python's own held, for which the end of the
    block then waits for ever: `Popen.wait` has one. Outside the main thread nothing is changed.

    Raises:
        KeyboardInterrupt: One came, whatever else the block raised.
    """
    came: list[int] = []
    before: dict[int, Any] = {}
    numbers = SIGNALS if threading.current_thread() is threading.main_thread() else ()
    try:
        for one in numbers:
            if signal.getsignal(one) is not signal.SIG_IGN:
                before[one] = signal.signal(one, lambda number, _: came.append(number))
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            raise KeyboardInterrupt


class Interrupts:
    """While it is entered, SIGINT and SIGTERM set a flag; the second one ends the process where it stands.

    Nothing is lost by the second one either: the platform confirms only what it holds, and the journal is written
    ahead. Outside the main thread signals cannot be caught, and nothing is changed.
    """

    def __init__(self, leave: Callable[[int], object] = os._exit) -> None:
        """Begin without an interrupt; `leave` ends the process with an exit code."""
        self._asked = False
        self._ending = Ending(leave)
        self._before: dict[int, Any] = {}

    def stopped(self) -> bool:
        """Return whether the apply was asked to end."""
        return self._asked

    def at_the_end(self, act: Callable[[], None]) -> None:
        """Have something done before the process ends where it stands: others need not wait for what it holds."""
        self._ending.add(act)

    @contextlib.contextmanager
    def lifted(self) -> Iterator[None]:
        """Let a signal interrupt a block at once, as before: for what writes nothing, and must end what it started.

        Raises:
            KeyboardInterrupt: One came before, or comes.
        """
        if self.stopped():
            raise KeyboardInterrupt
        ours = {number: signal.signal(number, handler) for number, handler in self._before.items()}
        try:
            yield
        finally:
            for number, handler in ours.items():
                signal.signal(number, handler)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked:
            self._ending.begin()
            return
        self._asked = True
        _say(b"\nfinishing what is in flight; Ctrl-C again stops at once\n")

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._ending.prepare()
            self._before = {one: signal.signal(one, self._hear) for one in SIGNALS}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
        self._ending.forget()
