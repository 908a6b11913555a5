"""Streams that outlive whoever reads them: `apply | head -1` does all of it and ends with the exit code of that.

Python tells a closed pipe by an exception wherever something happens to be written: in the middle of an apply, or when
the process ends. So a write that nobody reads is no fault, in the one place that all of them pass. What cannot be
written to stdout for another reason (a full disk) still is one; stderr is for people, none of it stops a command.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Outliving(io.FileIO):
    """A descriptor that is written; what it cannot take for a reason that is forgiven is dropped."""

    def __init__(self, descriptor: int, forgiven: type[OSError]) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self._forgiven = forgiven

    def write(self, data: ReadableBuffer, /) -> int:
        """Write, and return how many bytes are dealt with."""
        try:
            return super().write(data)
        except self._forgiven:
            return memoryview(data).nbytes


def open_streams() -> None:
    """Make stdin, stdout and stderr ready for a command; those that were closed (`>&-`) lead nowhere.

    Files and pipes get UTF-8 with plain line feeds on stdout, whatever the locale; a terminal gets what it can show.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # its number is free: whatever is opened first would be written as if it were it
            setattr(sys, name, open(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8", closefd=False))  # noqa: SIM115
    if sys.stdout.isatty():
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
    else:
        sys.stdout = _outliving(sys.stdout, BrokenPipeError)
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    if not sys.stderr.isatty():
        sys.stderr = _outliving(sys.stderr, OSError)


def _outliving(stream: TextIO, forgiven: type[OSError]) -> TextIO:
    """Return a stream to where another one leads; one that is no file of the system (a notebook's) is left as it is."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Outliving(stream.fileno(), forgiven)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering or stream.write_through,
    )
