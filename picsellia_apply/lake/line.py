"""One request's way in and out, kept moving: a peer that stalls loses its connection, never holds a thread for long.

A small body is taken in whole, and the first bytes of a large one, before a thread is given to the request. Whatever
is read or sent after that must move on: within `idle_s` each time, and a body on the whole by SLOWEST bytes a second.
What the application leaves unread of a body is read here, off the threads, so that its sender comes to the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

IDLE_S = 60.0
"""How long a peer may keep a request waiting."""

SLOWEST = 1024
"""Bytes of a body that must come, per second of waiting for them, beyond the first `idle_s`."""

_AHEAD = 64 * 1024
_DRAIN = 8 * 1024 * 1024
_PIECE = 256 * 1024
_BODILESS = frozenset({204, 304})


class Line:
    """The receive and send of one request.

    Attributes:
        cut: True once nothing more can be sent; the application may as well stop.
    """

    def __init__(self, receive: Receive, send: Send, idle_s: float, *, head: bool) -> None:
        """Wrap a server's two callables; `head` says that an answer's body is left out."""
        self.cut = False
        self._receive, self._send, self._idle_s, self._head = receive, send, idle_s, head
        self._ahead: Message | None = None
        self._more, self._broken = True, False
        self._received, self._waited_s = 0, 0.0
        self._owed = 0

    async def read_ahead(self) -> None:
        """Take in a small body, or the beginning of a large one.

        Raises:
            TimeoutError: It does not come.
            ConnectionError: The peer went away.
        """
        body = bytearray()
        while self._more and len(body) < _AHEAD:
            body += (await self._next())["body"]
        self._ahead = {"type": "http.request", "body": bytes(body), "more_body": self._more}

    def whole_body(self) -> bytes | None:
        """Return the body when all of it was read ahead, so that no thread has to ask for it; None when not."""
        return None if self._ahead is None or self._more else self._ahead["body"]

    async def receive(self) -> Message:
        """Return the next piece of the body.

        Raises:
            TimeoutError: It does not come.
            ConnectionError: The peer went away; a body that was cut off never passes for a whole one.
        """
        if self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            return ahead
        return await self._next()

    async def _next(self) -> Message:
        loop = asyncio.get_running_loop()
        earned_s = self._received / SLOWEST - self._waited_s
        asked = loop.time()
        self._broken = True
        async with asyncio.timeout(max(0.0, self._idle_s + min(0.0, earned_s))):
            message = await self._receive()
        if message["type"] != "http.request":
            raise ConnectionResetError("the peer went away")
        self._broken = False
        self._waited_s += loop.time() - asked
        body = message.get("body", b"")
        self._received += len(body)
        self._more = bool(message.get("more_body", False))
        return {"type": "http.request", "body": body, "more_body": self._more}

    async def send(self, message: Message) -> None:
        """Send a message, in pieces that each must be taken in time; nothing once the line is cut.

        An answer shorter than it was announced is left unfinished, so that the server closes the connection.
        """
        if message["type"] == "http.response.start":
            await self._start(message)
            return
        body, more = message.get("body", b""), bool(message.get("more_body", False))
        for at in range(0, len(body) or 1, _PIECE):
            piece = body[at : at + _PIECE]
            self._owed -= len(piece)
            last = not more and at + _PIECE >= len(body)
            if last and self._owed > 0:
                self.cut = True
            await self._pass({"type": "http.response.body", "body": piece, "more_body": not last})

    async def _start(self, message: Message) -> None:
        await self._drain()
        headers = list(message.get("headers", ()))
        stated = [int(value) for name, value in headers if name == b"content-length"]
        self._owed = 0 if self._head or message["status"] in _BODILESS or not stated else stated[0]
        if self._broken or self._more:
            headers.append((b"connection", b"close"))
        await self._pass({**message, "headers": headers})

    async def _pass(self, message: Message) -> None:
        if self.cut:
            return
        try:
            async with asyncio.timeout(self._idle_s):
                await self._send(message)
        except TimeoutError:
            self.cut = True

    async def _drain(self) -> None:
        """Read on a little, so that a sender still busy with a body that nobody wants comes to read the answer."""
        left = _DRAIN
        try:
            while self._more and not self._broken and left > 0:
                left -= len((await self._next())["body"])
        except (TimeoutError, ConnectionError):
            return
