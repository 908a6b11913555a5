"""The lake behind an ASGI server: the WSGI application with the raw path where `PATH_INFO` is expected.

a2wsgi copies the scope's decoded `path` into `PATH_INFO`; here the scope is handed on with the raw path in its place,
plain ASCII, so nothing is decoded twice. It also leaves out that the body ends by itself (`wsgi.input_terminated`),
without which werkzeug takes a chunked body for an empty one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from a2wsgi import WSGIMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

THREADS = 32
"""Requests served at a time; further ones wait."""


class RawPath:
    """An ASGI application that serves a WSGI application with raw paths."""

    def __init__(self, wsgi: WSGIApplication) -> None:
        """Wrap the application."""

        def terminated(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            environ["wsgi.input_terminated"] = True
            return wsgi(environ, start_response)

        application: Any = terminated  # a2wsgi and typeshed spell one protocol in two ways
        self._inner: Any = WSGIMiddleware(application, workers=THREADS)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve one connection's event."""
        if scope["type"] == "http":
            raw: bytes = scope.get("raw_path") or scope["path"].encode()
            path = "".join(chr(byte) if byte < 128 else f"%{byte:02X}" for byte in raw)
            scope = {**scope, "path": path}
        await self._inner(scope, receive, send)
