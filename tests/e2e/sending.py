"""Run the command line with one picture in a request, write down whose bytes leave, and be killed after some of them.

`sending.py LOG COUNT apply ...`: every picture whose bytes are sent is a line of LOG; the process kills itself once the
platform has answered for COUNT pictures (0: never).
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from pathlib import Path
from typing import Any

from picsellia_apply.cli import main
from picsellia_apply.client import plain_writer, sending, upload


def watch(log: Path, count: int) -> None:
    """Wrap what sends pictures; what is sent, and when, stays as it is."""
    upload.BYTES_AT_ONCE = 1
    answered = itertools.count(1)

    def note(name: str) -> None:
        with log.open("a") as file:
            file.write(f"{name}\n")

    def watched(send: Any, name_of: Any) -> Any:
        def sending(self: Any, first: Any, *others: Any) -> Any:
            note(name_of(first))
            answer = send(self, first, *others)
            if next(answered) == count:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        return sending

    batches: Any = sending.BatchSender
    batches._post = watched(batches._post, lambda files: files[0].name)
    plain: Any = plain_writer.PlainWriter
    plain._send_picture = watched(plain._send_picture, lambda file: file.name)


if __name__ == "__main__":
    watch(Path(sys.argv.pop(1)), int(sys.argv.pop(1)))
    main()
