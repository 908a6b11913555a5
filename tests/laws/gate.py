"""A server in a process of its own that stops answering at an exact request: `python gate.py plain|extension`.

One JSON object a line on stdin, one word a line on stdout:

    {"lake": DIR, "at": N, "side": "before" | "after"}   serve the lake in DIR, made when it is not there -> ready PORT
    {"free": true}                                       answer again                                     -> free COUNT

At the Nth request, before or after the lake was given it, it says `frozen` and answers nobody: no request that comes
later reaches the lake. Those that wait when it is set free are refused. COUNT is how many requests came. The lake and
its server are the product's own; only the gate before them is not.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import uvicorn

from picsellia_apply.lake import Lake, open_lake
from picsellia_apply.lake.asgi import RawPath

TOKEN = "t" * 40


class Gate:
    """Stands before a lake: an ASGI application around the product's own.

    Attributes:
        lake: What it lets nobody pass to while it is frozen.
        count: How many requests came.
    """

    def __init__(self, lake: Lake, at: int, side: str) -> None:
        """Freeze at a request (from 1, 0 for none), before or after the lake is given it."""
        self.lake, self.count = lake, 0
        self._at, self._side = at, side
        self._frozen = False
        self._free = asyncio.Event()
        self._inner = RawPath(lake.wsgi, lake.idle_s)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Pass a request on, or keep it."""
        self.count += 1
        due = self.count == self._at
        if due and self._side == "after":
            await self._inner(scope, receive, _nowhere)
        self._frozen |= due
        if due:
            say("frozen")
        if not self._frozen:
            await self._inner(scope, receive, send)
            return
        await self._free.wait()
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def free(self) -> None:
        """Answer again, and refuse what waited."""
        self._at, self._frozen = 0, False
        self._free.set()


async def _nowhere(_event: dict[str, Any]) -> None:
    """Take an answer that nobody gets."""


def say(word: str) -> None:
    """Tell the test."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


class Served:
    """Whatever gate stands before whatever lake now."""

    def __init__(self) -> None:
        """Begin with none."""
        self.gate: Gate | None = None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Let the gate decide."""
        assert self.gate is not None
        await self.gate(scope, receive, send)

    async def obey(self, order: dict[str, Any], port: int, *, plain: bool) -> None:
        """Do what the test says."""
        if "lake" in order:
            self._replace(order, plain=plain)
            say(f"ready {port}")
        elif self.gate is not None:
            self.gate.free()
            say(f"free {self.gate.count}")

    def _replace(self, order: dict[str, Any], *, plain: bool) -> None:
        if self.gate is not None:
            self.gate.free()
            self.gate.lake.close()
        lake = open_lake(Path(order["lake"]), plain=plain)
        lake.bootstrap("laws", "laws", TOKEN)
        self.gate = Gate(lake, order.get("at", 0), order.get("side", "before"))


async def serve(*, plain: bool) -> None:
    """Serve, and do as stdin says until it ends."""
    served, loop = Served(), asyncio.get_running_loop()
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    config: Any = uvicorn.Config(served, log_level="error", access_log=False, lifespan="off", ws="none")
    server = uvicorn.Server(config)

    def listen() -> None:
        for line in sys.stdin:
            asyncio.run_coroutine_threadsafe(served.obey(json.loads(line), port, plain=plain), loop).result()
        loop.call_soon_threadsafe(setattr, server, "should_exit", True)

    threading.Thread(target=listen, daemon=True).start()
    await server.serve(sockets=[listening])


if __name__ == "__main__":
    asyncio.run(serve(plain=sys.argv[1] == "plain"))
