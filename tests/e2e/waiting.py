"""Run the command line and wait inside the first batch of pictures until a line comes from stdin."""

from __future__ import annotations

import itertools
import sys
from typing import Any

import requests

from picsellia_apply.cli import main


def watch() -> None:
    """Say that the first batch is about to be sent, and wait."""
    counter = itertools.count()
    send = requests.Session.request

    def sending(self: requests.Session, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:
        if url.endswith("pictures/batch") and next(counter) == 0:
            sys.stderr.write("waiting\n")
            sys.stderr.flush()
            sys.stdin.readline()
        return send(self, method, url, *args, **kwargs)

    requests.Session.request = sending  # type: ignore[assignment,method-assign]  # watched, not replaced


if __name__ == "__main__":
    watch()
    main()
