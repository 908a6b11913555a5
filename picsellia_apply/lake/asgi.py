"""The lake behind an ASGI server: the WSGI application with the raw path where `PATH_INFO` is expected.

a2wsgi copies the scope's decoded `path` into `PATH_INFO`; here the scope is handed on with the raw path in its place,
plain ASCII, so nothing is decoded twice. It also leaves out that the body ends by itself (`wsgi.input_terminated`),
without which werkzeug takes a chunked body for an empty one, and it waits for peers without end: see `line`.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from a2wsgi import WSGIMiddleware

from picsellia_apply.lake.line import IDLE_S, Line

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

THREADS = 32
"""Requests served at a time; further ones wait."""

_LINE = "picsellia_apply.line"
_TOO_SLOW = "the body does not come"


def _while_open(line: Line, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield an answer's chunks as long as somebody takes them."""
    try:
        for chunk in chunks:
            if line.cut:
                return
            yield chunk
    finally:
        getattr(chunks, "close", lambda: None)()


class RawPath:
    """An ASGI application that serves a WSGI application with raw paths."""

    def __init__(self, wsgi: WSGIApplication, idle_s: float = IDLE_S) -> None:
        """Wrap the application; a peer that keeps a request waiting for `idle_s` loses its connection."""

        def terminated(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            environ["wsgi.input_terminated"] = True
            line: Line = environ["asgi.scope"][_LINE]
            whole = line.whole_body()
            if whole is not None:
                environ["wsgi.input"] = io.BytesIO(whole)
            return _while_open(line, wsgi(environ, start_response))

        application: Any = terminated  # a2wsgi and typeshed spell one protocol in two ways
        self._inner: Any = WSGIMiddleware(application, workers=THREADS)
        self._idle_s = idle_s

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve one connection's event."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        path = "".join(chr(byte) if byte < 128 else f"%{byte:02X}" for byte in raw)
        line = Line(receive, send, self._idle_s, head=scope["method"] == "HEAD")
        try:
            await line.read_ahead()
        except TimeoutError:
            await _refuse(line)
        except ConnectionError:
            return
        else:
            await self._inner({**scope, "path": path, _LINE: line}, line.receive, line.send)


async def _refuse(line: Line) -> None:
    """Answer a request whose body does not come."""
    body = msgspec.json.encode({"error": _TOO_SLOW, "errors": [_TOO_SLOW]})
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await line.send({"type": "http.response.start", "status": 408, "headers": headers})
    await line.send({"type": "http.response.body", "body": body})
