"""Run the command line and pause before the first picture is written, until a line comes from stdin."""

from __future__ import annotations

import itertools
import sys
from typing import Any

from picsellia_apply.cli import main
from picsellia_apply.client.transport import Transport


def watch() -> None:
    """Say on stderr that the first picture is about to be written, and wait; nothing of the program is changed."""
    counter = itertools.count()
    send = Transport._once

    def sending(self: Transport, call: Any) -> Any:
        if ("/pictures/batch" in call.url or "/picture/upload/" in call.url) and next(counter) == 0:
            sys.stderr.write("paused\n")
            sys.stderr.flush()
            sys.stdin.readline()
        return send(self, call)

    Transport._once = sending  # type: ignore[method-assign]  # watched, not replaced


if __name__ == "__main__":
    watch()
    main()
