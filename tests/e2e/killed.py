"""Run the command line and kill it without warning at one chosen request: `killed.py after-batch=1 apply ...`.

WHEN is `before-write=N`, `after-write=N` (the Nth request that writes), `after-batch=N` (the Nth batch of pictures) or
`after-delete=N` (the Nth DELETE): deterministic, whatever the machine's speed. Nothing of the program is changed, only
what its session sends is watched.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from typing import Any

import requests

from picsellia_apply.cli import main

READING = ("ping", "get_organization", "lookup", "members", "holders")


def watch(when: str) -> None:
    """Kill this process at the request that `when` names."""
    kind, number = when.split("=")
    counter = itertools.count(1)
    send = requests.Session.request

    def sending(self: requests.Session, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:
        writes = method != "GET" and not url.endswith(READING)
        match kind:
            case "after-batch":
                counts = url.endswith("pictures/batch")
            case "after-delete":
                counts = method == "DELETE"
            case _:
                counts = writes
        due = counts and next(counter) == int(number)
        if due and kind == "before-write":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = send(self, method, url, *args, **kwargs)
        if due:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    requests.Session.request = sending  # type: ignore[assignment,method-assign]  # watched, not replaced


if __name__ == "__main__":
    watch(sys.argv.pop(1))
    main()
