"""What an apply tells while it runs: bars on a terminal, a line per finished operation otherwise; always on stderr.

What was not done is told by the result, once; only where there is no result, since the apply ended by an error, it is
told here.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from picsellia_apply.executor.events import Advanced, Event, Finished, Started
from picsellia_apply.model.plan import Operation
from picsellia_apply.model.result import OperationResult
from picsellia_apply.planner.words import size_text
from picsellia_apply.render.lines import render_lines
from picsellia_apply.render.result import COMPLETE, group_of, grouped, result_line

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE_S = 1.0
"""A bar is shown for what takes longer."""
SILENCE_S = 5.0
"""Without a terminal a long operation says so at least this often."""


def _line(alike: Sequence[OperationResult]) -> str:
    return "\n".join(render_lines([result_line(alike)], color=False))


class Endings:
    """Operations that ended and are not told yet: labels of one version wait for one another."""

    def __init__(self, operations: Iterable[Operation] = ()) -> None:
        """Count what is told together."""
        self._expected = Counter[tuple[str, str]]((one.action, group_of(one.address)) for one in operations)
        self._waiting: dict[tuple[str, str], list[OperationResult]] = {}

    def ready(self, result: OperationResult) -> list[list[OperationResult]]:
        """Return what is to be told now that an operation ended: groups of operations that were done alike."""
        key = (result.action, group_of(result.address))
        alike = self._waiting.setdefault(key, [])
        alike.append(result)
        if len(alike) < self._expected[key]:
            return []
        done = [one for one in alike if one.status in COMPLETE]
        self._waiting[key] = [one for one in alike if one.status not in COMPLETE]
        return grouped(done)

    def untold(self) -> list[list[OperationResult]]:
        """Return all that was not told."""
        return grouped(one for alike in self._waiting.values() for one in alike)


class Reach:
    """How far one operation is: in members, or in bytes where it sends a single file."""

    def __init__(self, members: int = 0, size: int = 0) -> None:
        """Begin.

        Args:
            members: How many it writes.
            size: Bytes of content that it may send.
        """
        self._in_bytes = members <= 1 and size > 0
        self.total = size if self._in_bytes else members
        self.done = 0

    def advance(self, event: Advanced) -> None:
        """Count what was written."""
        self.done += event.size if self._in_bytes else event.members

    def __str__(self) -> str:
        if self._in_bytes:
            return f"{size_text(self.done)} of {size_text(self.total)}"
        return f"{self.done:,} of {self.total:,}"


class PlainProgress:
    """A line when an operation is done, and now and then while a long one runs."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, operations: Iterable[Operation] = ()) -> None:
        """Keep the clock (seconds, rising), and what will end."""
        self._clock = clock
        self._endings = Endings(operations)
        self._reached: dict[str, Reach] = {}
        self._spoken = clock()

    def __call__(self, event: Event) -> None:
        """Tell one event."""
        match event:
            case Started(address=address, members=members, size=size):
                self._reached[address] = Reach(members, size)
            case Advanced(address=address):
                reach = self._reached.setdefault(address, Reach())
                reach.advance(event)
                if self._clock() - self._spoken > SILENCE_S:
                    self._say(f"  . going  {address}  {reach}")
            case Finished(result=result):
                for alike in self._endings.ready(result):
                    self._say(_line(alike))

    def _say(self, text: str) -> None:
        self._spoken = self._clock()
        print(text, file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Tell what no result will tell."""
        for alike in self._endings.untold() if error is not None else ():
            self._say(_line(alike))


class BarProgress:
    """Bars of what takes longer than a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Keep the clock (seconds, rising); rich is imported when the first bar is due."""
        self._clock = clock
        self._endings = Endings()
        self._begun: dict[str, float] = {}
        self._reached: dict[str, Reach] = {}
        self._tasks: dict[str, TaskID] = {}
        self._progress: Progress | None = None

    def __call__(self, event: Event) -> None:
        """Tell one event."""
        match event:
            case Started(address=address, members=members, size=size):
                self._begun[address] = self._clock()
                self._reached[address] = Reach(members, size)
            case Advanced(address=address):
                reach = self._reached.setdefault(address, Reach())
                reach.advance(event)
                self._show(address, reach)
            case Finished(result=result):
                self._end(result)

    def _show(self, address: str, reach: Reach) -> None:
        if address not in self._tasks:
            if self._clock() - self._begun.get(address, 0.0) < PATIENCE_S:
                return
            self._tasks[address] = self._bars().add_task(address, total=reach.total or None, reach=reach)
        self._bars().update(self._tasks[address], completed=reach.done)

    def _end(self, result: OperationResult) -> None:
        if result.address in self._tasks:
            self._bars().remove_task(self._tasks.pop(result.address))
        self._endings.ready(result)

    def _bars(self) -> Progress:
        if self._progress is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            count = TextColumn("{task.fields[reach]}", markup=False)
            columns = (TextColumn("{task.description}", markup=False), BarColumn(), count)
            self._progress = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
            self._progress.start()
        return self._progress

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._progress is not None:
            self._progress.stop()
        for alike in self._endings.untold() if error is not None else ():
            print(_line(alike), file=sys.stderr, flush=True)


def progress(operations: Iterable[Operation]) -> PlainProgress | BarProgress:
    """Return what suits stderr, for an apply of these operations."""
    return BarProgress() if sys.stderr.isatty() else PlainProgress(operations=operations)
