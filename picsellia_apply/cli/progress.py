"""What an apply tells while it runs: bars on a terminal, a line per operation otherwise; always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from picsellia_apply.executor.events import Advanced, Event, Finished, Started
from picsellia_apply.model.result import OperationResult

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE_S = 1.0
"""A bar is shown for what takes longer."""
SILENCE_S = 5.0
"""Without a terminal a long operation says so at least this often."""


def _line(result: OperationResult) -> str:
    text = f"  {result.status:<11} {result.address}"
    return f"{text}    {result.error}" if result.error else text


class PlainProgress:
    """A line when an operation ends, and now and then while a long one runs."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Keep the clock (seconds, rising)."""
        self._clock = clock
        self._members: dict[str, tuple[int, int]] = {}
        self._spoken = clock()

    def __call__(self, event: Event) -> None:
        """Tell one event."""
        match event:
            case Started(address=address, members=members):
                self._members[address] = (0, members)
            case Advanced(address=address, members=more):
                done, members = self._members.get(address, (0, 0))
                self._members[address] = (done + more, members)
                if self._clock() - self._spoken > SILENCE_S:
                    self._say(f"  {'...':<11} {address}    {done + more:,} of {members:,}")
            case Finished(result=result):
                self._say(_line(result))

    def _say(self, text: str) -> None:
        self._spoken = self._clock()
        print(text, file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Nothing is left open."""


class BarProgress:
    """Bars of what takes longer than a second; what failed stays as a line."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Keep the clock (seconds, rising); rich is imported when the first bar is due."""
        self._clock = clock
        self._begun: dict[str, tuple[float, int]] = {}
        self._done: dict[str, int] = {}
        self._tasks: dict[str, TaskID] = {}
        self._progress: Progress | None = None

    def __call__(self, event: Event) -> None:
        """Tell one event."""
        match event:
            case Started(address=address, members=members):
                self._begun[address] = (self._clock(), members)
                self._done[address] = 0
            case Advanced(address=address, members=members):
                self._done[address] = self._done.get(address, 0) + members
                self._show(address)
            case Finished(result=result):
                self._end(result)

    def _show(self, address: str) -> None:
        begun, members = self._begun.get(address, (0.0, 0))
        if address not in self._tasks:
            if self._clock() - begun < PATIENCE_S:
                return
            self._tasks[address] = self._bars().add_task(address, total=members or None)
        self._bars().update(self._tasks[address], completed=self._done[address])

    def _end(self, result: OperationResult) -> None:
        if result.address in self._tasks:
            self._bars().remove_task(self._tasks.pop(result.address))
        if result.status not in ("done", "already"):
            if self._progress is None:
                print(_line(result), file=sys.stderr, flush=True)
            else:
                self._progress.console.print(_line(result), markup=False, highlight=False)

    def _bars(self) -> Progress:
        if self._progress is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
            self._progress = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
            self._progress.start()
        return self._progress

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._progress is not None:
            self._progress.stop()


def progress() -> PlainProgress | BarProgress:
    """Return what suits stderr."""
    return BarProgress() if sys.stderr.isatty() else PlainProgress()
