"""Exit codes, in one place: which exception ends the program how, and what is printed on the way.

0 ok                        1 unexpected (a bug of ours)      2 changes present (`--detailed-exitcode`, `drift`)
3 partly applied            4 refused by a guard              5 lease held
6 stale plan                7 conflict or blocked content    64 usage
65 bad manifest, annotation or picture file                  69 platform unavailable
77 not authorised         130 interrupted, or a question was answered with no
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from enum import IntEnum

import click

from picsellia_apply import __version__, errors


class Exit(IntEnum):
    """Stable exit codes."""

    ok = 0
    unexpected = 1
    changes = 2
    partly = 3
    refused = 4
    lease = 5
    stale = 6
    blocked = 7
    usage = 64
    bad_input = 65
    unavailable = 69
    unauthorised = 77
    interrupted = 130


_CODES: tuple[tuple[type[errors.PicselliaError], Exit], ...] = (
    (errors.InvalidInput, Exit.bad_input),
    (errors.UsageError, Exit.usage),
    (errors.RefusedError, Exit.refused),
    (errors.StalePlan, Exit.stale),
    (errors.LeaseHeld, Exit.lease),
    (errors.ConflictError, Exit.blocked),
    (errors.AuthenticationError, Exit.unauthorised),
    (errors.NetworkError, Exit.unavailable),
    (errors.ApiLimitError, Exit.unavailable),
    (errors.UnsufficientRessourcesError, Exit.unavailable),
    (errors.ProcessingError, Exit.unavailable),
    (errors.TransferError, Exit.partly),
    (errors.PicselliaError, Exit.unexpected),
)


class Finished(Exception):  # noqa: N818 - it is not an error
    """Ends a command with a code; everything was already said."""

    def __init__(self, code: Exit) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code


def code_of(error: errors.PicselliaError) -> Exit:
    """Return the exit code of an exception of ours."""
    return next(code for kind, code in _CODES if isinstance(error, kind))


def _tell(error: errors.PicselliaError) -> None:
    print(f"error: {error}", file=sys.stderr)
    if isinstance(error, errors.StalePlan) and error.reasons:
        from picsellia_apply.render.stale import render_stale_text

        print(render_stale_text(error, width=shutil.get_terminal_size((160, 24)).columns), file=sys.stderr)
    if error.hint:
        print(f"  hint: {error.hint}", file=sys.stderr)


def _tell_input(error: errors.InvalidInput) -> None:
    from picsellia_apply.render.diagnostics import render_diagnostics

    verbose = logging.getLogger("picsellia_apply").isEnabledFor(logging.INFO)  # as `-v` of whichever command set it
    print(render_diagnostics(error.diagnostics, verbose=verbose), file=sys.stderr)


def _tell_bug() -> None:
    traceback.print_exc()
    print(
        f"\nthis is a bug in picsellia-apply {__version__}: please report it with the lines above\n"
        "nothing that was already written is lost; running the command again is safe",
        file=sys.stderr,
    )


def _tell_machine(error: OSError) -> None:
    """Say what this machine refused: a full disk, a folder without permission."""
    where = f": {error.filename}" if error.filename else ""
    print(f"error: {error.strerror or error}{where}", file=sys.stderr)
    print("  hint: nothing that was already written is lost; running the command again is safe", file=sys.stderr)


def run(group: click.Group) -> int:
    """Run a command group and return the exit code for what happened; never raises."""
    try:
        with _terminated_as_interrupted():
            return _run(group)
    except KeyboardInterrupt:  # while its end was being told
        return Exit.interrupted


@contextlib.contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Let SIGTERM interrupt a command as Ctrl-C does, so that it ends what it started before it ends.

    `Interrupts` and `serve` have their own way while they are at work. Outside the main thread no signal is heard.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(group: click.Group) -> int:
    try:
        group(standalone_mode=False)
    except Finished as finished:
        return finished.code
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as usage:
        usage.show()
        return Exit.usage
    except (KeyboardInterrupt, click.exceptions.Abort):
        print("interrupted", file=sys.stderr)
        return Exit.interrupted
    except Exception as error:  # noqa: BLE001 - the last line of defence: a bug of ours gets its own message
        return _ended_by(error)
    return Exit.ok


def _ended_by(error: Exception) -> Exit:
    """Tell what ended the program and return its exit code."""
    match error:
        case errors.InvalidInput():
            _tell_input(error)
            code = Exit.bad_input
        case errors.PicselliaError():
            _tell(error)
            code = code_of(error)
        case OSError():
            _tell_machine(error)
            code = Exit.unexpected
        case _:
            _tell_bug()
            code = Exit.unexpected
    return code
