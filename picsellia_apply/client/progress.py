"""How far something is: a bar on stderr, on a terminal only, and only for what takes longer than a second."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE_S = 1.0
"""A bar is shown for what takes longer."""


class Bar:
    """One bar; usable from several threads. Without a terminal it shows nothing."""

    def __init__(
        self, what: str, total: int, *, in_bytes: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin, without showing anything yet.

        Args:
            what: What is done, e.g. `uploading pictures`.
            total: How many there are.
            in_bytes: They are bytes, shown in units that people read.
            clock: Seconds that only rise.
        """
        self._what = what
        self._total = total
        self._in_bytes = in_bytes
        self._clock = clock
        self._begun = clock()
        self._done = 0
        self._lock = threading.Lock()
        self._terminal = sys.stderr is not None and sys.stderr.isatty()
        self._shown: tuple[Progress, TaskID] | None = None

    def advance(self, count: int = 1) -> None:
        """Count `count` more as done."""
        with self._lock:
            self._done += count
            if not self._terminal:
                return
            if self._shown is None and self._clock() - self._begun >= PATIENCE_S:
                self._shown = self._show()
            if self._shown is not None:
                progress, task = self._shown
                progress.update(task, completed=self._done)

    def _show(self) -> tuple[Progress, TaskID]:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        count = DownloadColumn() if self._in_bytes else MofNCompleteColumn()
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), count)
        progress = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
        task = progress.add_task(self._what, total=self._total)
        progress.start()
        return progress, task

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._shown is not None:
            self._shown[0].stop()
