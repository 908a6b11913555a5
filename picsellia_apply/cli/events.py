"""`apply --format json`: NDJSON events on stdout as it runs, and the result whatever ends it: see `render.ndjson`."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import click

from picsellia_apply.cli.exit import Exit, Finished, code_of
from picsellia_apply.cli.interrupt import SIGNALS
from picsellia_apply.errors import InvalidInput, PicselliaError, StalePlan
from picsellia_apply.model.result import Result
from picsellia_apply.render.ndjson import Ended, EventStream, Fault, fault_of

if TYPE_CHECKING:
    from picsellia_apply.executor.events import Event
    from picsellia_apply.model.plan import Plan

_ENDED: dict[Exit, Ended] = {
    Exit.ok: "done",
    Exit.partly: "partly",
    Exit.refused: "refused",
    Exit.blocked: "blocked",
    Exit.interrupted: "interrupted",
}

_PATIENCE_S = 1.0
"""How long the last event of a process that is stopped at once waits for one that is being written."""


class ApplyEvents:
    """While it is entered, warnings are told as events; when it is left, the result is, with the exit code to come.

    A reader that goes away stops the telling, not the apply.
    """

    def __init__(self) -> None:
        """Begin without telling anything."""
        self._stream = EventStream(_Stdout().write, clock=time.monotonic, now=_now)
        self._handler = _Handler(self._stream)
        self._result = Result()
        self._before: dict[int, Any] = {}

    def plan(self, plan: Plan) -> None:
        """Tell what was planned."""
        self._stream.plan(plan)

    def warn(self, message: str) -> None:
        """Tell what is worth knowing beside."""
        self._stream.log("warning", message)

    def __call__(self, event: Event) -> None:
        """Tell what happens to an operation."""
        self._stream(event)

    def result(self, result: Result) -> None:
        """Keep what the apply did until it is known with which exit code it ends."""
        self._result = result

    def stopped(self, requests: int) -> None:
        """Tell the result of an apply that ends where it stands: the last event, whoever else tells something later.

        Args:
            requests: How many the platform answered.
        """
        self._stream.stopped(int(Exit.interrupted), requests, patience_s=_PATIENCE_S)

    def __enter__(self) -> Self:
        logging.getLogger().addHandler(self._handler)
        if threading.current_thread() is threading.main_thread():
            self._before = {one: signal.getsignal(one) for one in SIGNALS}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _ignore(self._before)
        logging.getLogger().removeHandler(self._handler)
        code, ended, fault = _ending(error)
        self._stream.result(int(code), ended, self._result, fault)
        for number, handler in self._before.items():
            signal.signal(number, handler)


def _ignore(signals: Iterable[int]) -> None:
    """Hear no signal any more: not the one either that comes at this moment."""
    for one in signals:
        while signal.getsignal(one) is not signal.SIG_IGN:
            with contextlib.suppress(KeyboardInterrupt):
                signal.signal(one, signal.SIG_IGN)


def _ending(  # noqa: PLR0911 - one line per way to end
    error: BaseException | None,
) -> tuple[Exit, Ended, Fault | None]:
    """Return the exit code that `cli.exit` gives to what ends a command, how that is called, and why."""
    match error:
        case None:
            return Exit.ok, "done", None
        case Finished():
            return error.code, _ENDED.get(error.code, "error"), None
        case InvalidInput():
            from picsellia_apply.manifest import positioned

            return Exit.bad_input, "error", fault_of(error.message, error.hint, positioned(error.diagnostics))
        case StalePlan():
            return Exit.stale, "error", fault_of(error.message, error.hint, moved=error.reasons)
        case PicselliaError():
            return code_of(error), "error", fault_of(error.message, error.hint)
        case KeyboardInterrupt() | click.Abort():
            return Exit.interrupted, "interrupted", None
        case OSError():
            where = f": {error.filename}" if error.filename else ""
            return Exit.unexpected, "error", fault_of(f"{error.strerror or error}{where}")
        case _:
            return Exit.unexpected, "error", fault_of("this is a bug in picsellia-apply: see stderr")


class _Handler(logging.Handler):
    """Tells warnings and errors as events."""

    def __init__(self, stream: EventStream) -> None:
        super().__init__(logging.WARNING)
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        """Tell one record."""
        self._stream.log("error" if record.levelno >= logging.ERROR else "warning", record.getMessage())


class _Stdout:
    """Stdout, line by line; once it cannot be written, nothing is written any more: an apply goes on without."""

    def __init__(self) -> None:
        self._gone = False

    def write(self, line: bytes) -> None:
        """Write a line at once."""
        if self._gone:
            return
        try:
            sys.stdout.write(line.decode())
            sys.stdout.flush()
        except OSError as error:
            self._gone = True  # a full disk, say: whoever reads it should know that it ends here
            click.echo(f"warning: no more events can be written: {error.strerror or error}", err=True)
            with contextlib.suppress(OSError, ValueError):  # what is still buffered has nowhere to go
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
