"""Manifests read with a bar: hashing thousands of pictures for the first time takes a while."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from picsellia_apply.cli.wishes import Wishes
    from picsellia_apply.model.declaration import Declaration

PATIENCE_S = 1.0
"""A bar is shown for what takes longer."""
_EVERY_S = 0.1


def prepare(
    paths: Sequence[Path],
    wishes: Wishes,
    *,
    environ: Mapping[str, str] = os.environ,
) -> Declaration:
    """Read manifests, and everything they point at, with a bar on a terminal; see `manifest.load`.

    Args:
        paths: Files, and folders to search.
        wishes: Which workspace counts, else it is PICSELLIA_WORKSPACE; and the values of variables.
        environ: The environment; an empty one for a saved plan, which knows its workspace and variables.
    """
    from picsellia_apply.cli.variables import given_values
    from picsellia_apply.manifest import load

    given = given_values(wishes.variables, wishes.var_files, environ)
    with reading_bar() as progress:
        return load(paths, workspace=workspace_of(wishes, environ), given=given, progress=progress)


def workspace_of(wishes: Wishes, environ: Mapping[str, str]) -> str | None:
    """Return which Workspace document counts: that of `--workspace`, else PICSELLIA_WORKSPACE, else None."""
    return wishes.workspace or environ.get("PICSELLIA_WORKSPACE") or None


@contextlib.contextmanager
def reading_bar(clock: Callable[[], float] = time.monotonic) -> Iterator[Callable[[int, int], None] | None]:
    """Give what shows a bar on stderr for what takes longer than a second; None where there is no terminal.

    Args:
        clock: Seconds, rising.
    """
    if not sys.stderr.isatty():
        yield None
        return
    bar = ReadingBar(clock)
    try:
        yield bar
    finally:
        bar.stop()


class ReadingBar:
    """A bar that shows itself when its patience is at an end, and vanishes when it is stopped."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Keep the clock; rich is imported when the bar is due."""
        self._clock = clock
        self._begun: float | None = None
        self._drawn = 0.0
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __call__(self, done: int, total: int) -> None:
        """Tell that `done` of `total` pictures are read."""
        now = self._clock()
        self._begun = now if self._begun is None else self._begun
        if now - self._begun < PATIENCE_S or (now - self._drawn < _EVERY_S and done < total):
            return
        self._drawn = now
        if self._progress is None:
            self._start(total)
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=done, total=total)

    def _start(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._progress.add_task("reading pictures", total=total)
        self._progress.start()

    def stop(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()
