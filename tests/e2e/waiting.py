"""Run the command line and wait inside the first batch of pictures until a line comes from stdin."""

from __future__ import annotations

import itertools
import sys
from typing import Any

from picsellia_apply.cli import main
from picsellia_apply.client.transport import Transport


def watch() -> None:
    """Say that the first batch is about to be sent, and wait."""
    counter = itertools.count()
    send = Transport._once

    def sending(self: Transport, call: Any) -> Any:
        if call.url.endswith("pictures/batch") and next(counter) == 0:
            sys.stderr.write("waiting\n")
            sys.stderr.flush()
            sys.stdin.readline()
        return send(self, call)

    Transport._once = sending  # type: ignore[method-assign]  # watched, not replaced


if __name__ == "__main__":
    watch()
    main()
