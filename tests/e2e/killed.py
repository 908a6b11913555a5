"""Run the command line and kill it without warning at one chosen request: `killed.py after-batch=1 apply ...`.

WHEN is `before-write=N`, `after-write=N` (the Nth request that writes), `after-batch=N` (the Nth batch of pictures) or
`after-delete=N` (the Nth DELETE): deterministic, whatever the machine's speed. What the transport sends is watched; of
the program nothing is changed but that an inventory is not written because a second has passed.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from typing import Any

from picsellia_apply.cli import main
from picsellia_apply.client.transport import Transport
from picsellia_apply.executor import records


def watch(when: str) -> None:
    """Kill this process at the request that `when` names; those about the lease are not counted."""
    records.INTERVAL_S = float("inf")
    kind, number = when.split("=")
    counter = itertools.count(1)
    send = Transport._once

    def sending(self: Transport, call: Any) -> Any:
        match kind:
            case "after-batch":
                counts = call.url.endswith("pictures/batch")
            case "after-delete":
                counts = call.method == "DELETE"
            case _:
                counts = call.writes
        due = counts and next(counter) == int(number)
        if due and kind == "before-write":
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            return send(self, call)
        finally:  # also when it is refused, since another request changed what it expects
            if due:
                os.kill(os.getpid(), signal.SIGKILL)

    Transport._once = sending  # type: ignore[method-assign]  # watched, not replaced


if __name__ == "__main__":
    watch(sys.argv.pop(1))
    main()
