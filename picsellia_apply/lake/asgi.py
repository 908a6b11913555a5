"""The lake behind an ASGI server: requests taken in on the event loop, answered in threads.

A request whose body is small has arrived as a whole before a thread is given to it; it is answered in one step, and
those that may be answered together go through a `lane`. A large body is read by a thread as it comes, through a2wsgi.

`PATH_INFO` must hold the raw path: a2wsgi copies the scope's decoded `path` there, so the scope is handed on with the
raw path in its place, plain ASCII, and nothing is decoded twice. a2wsgi also leaves out that the body ends by itself
(`wsgi.input_terminated`), without which werkzeug takes a chunked body for an empty one, and it waits for peers without
end: see `line`.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from a2wsgi import WSGIMiddleware
from a2wsgi.wsgi import build_environ

from picsellia_apply.lake.app import Application, Asked
from picsellia_apply.lake.lane import Lane
from picsellia_apply.lake.line import IDLE_S, Line

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from werkzeug.wrappers import Response

THREADS = 32
"""Requests served at a time; further ones wait."""

_LINE = "picsellia_apply.line"
_TOO_SLOW = "the body does not come"


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer as ASGI wants it; its body is whole, or made as it is sent."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes | Iterable[bytes]


def _answer_of(response: Response, environ: WSGIEnvironment) -> _Answer:
    body, status, headers = response.get_wsgi_response(environ)
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return _Answer(int(status[:3]), encoded, b"".join(body) if response.is_sequence else body)


class _WhileOpen:
    """An answer's chunks as long as somebody takes them; what they come from is closed even if nobody ever did."""

    def __init__(self, line: Line, chunks: Iterable[bytes]) -> None:
        self._line, self._chunks, self._left = line, chunks, iter(chunks)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = next(self._left)
        if self._line.cut:
            raise StopIteration
        return chunk

    def close(self) -> None:
        getattr(self._chunks, "close", lambda: None)()


class RawPath:
    """An ASGI application that serves the lake's application with raw paths."""

    def __init__(self, application: Application, idle_s: float = IDLE_S) -> None:
        """Wrap the application; a peer that keeps a request waiting for `idle_s` loses its connection."""

        def terminated(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            environ["wsgi.input_terminated"] = True
            return _WhileOpen(environ["asgi.scope"][_LINE], application(environ, start_response))

        wsgi: Any = terminated  # a2wsgi and typeshed spell one protocol in two ways
        self._application = application
        self._streaming: Any = WSGIMiddleware(wsgi, workers=THREADS)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="lake")
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="lake-writing")  # the store has one write lock
        self._lanes: dict[object, Lane[Asked, _Answer]] = {}
        self._idle_s = idle_s

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve one connection's event."""
        if scope["type"] != "http":
            await self._streaming(scope, receive, send)
            return
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        path = raw.decode() if raw.isascii() else "".join(chr(one) if one < 128 else f"%{one:02X}" for one in raw)
        line = Line(receive, send, self._idle_s, head=scope["method"] == "HEAD")
        try:
            await line.read_ahead()
        except TimeoutError:
            await _refuse(line)
        except ConnectionError:
            return
        else:
            scope = {**scope, "path": path, _LINE: line}
            body = line.whole_body()
            if body is None:
                await self._streaming(scope, line.receive, line.send)
            else:
                await self._send(line, await self._answer(scope, body))

    async def _answer(self, scope: dict[str, Any], body: bytes) -> _Answer:
        """Answer a request whose body is there."""
        stream: Any = io.BytesIO(body)
        environ: Any = build_environ(scope, stream)  # type: ignore[arg-type]
        environ["wsgi.input_terminated"] = True
        asked = self._application.grouped(environ, len(body))
        if asked is None:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._answer_one, environ)
        lane = self._lanes.get(asked.found)
        if lane is None:
            threads = self._writing if asked.found.writes else self._threads
            lane = self._lanes[asked.found] = Lane(self._answer_group, threads)
        return await lane.ask(asked)

    def _answer_one(self, environ: WSGIEnvironment) -> _Answer:
        return _answer_of(self._application.respond(environ), environ)

    def _answer_group(self, group: Sequence[Asked]) -> list[_Answer]:
        responses = self._application.respond_all(group)
        return [_answer_of(response, asked.environ) for response, asked in zip(responses, group, strict=True)]

    async def _send(self, line: Line, answer: _Answer) -> None:
        start = {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
        if isinstance(answer.body, bytes):
            await line.send(start)
            await line.send({"type": "http.response.body", "body": answer.body})
            return
        loop, chunks = asyncio.get_running_loop(), _WhileOpen(line, answer.body)
        try:
            await line.send(start)
            while (chunk := await loop.run_in_executor(self._threads, next, chunks, None)) is not None:
                await line.send({"type": "http.response.body", "body": chunk, "more_body": True})
            await line.send({"type": "http.response.body", "body": b""})
        finally:
            self._threads.submit(chunks.close)


async def _refuse(line: Line) -> None:
    """Answer a request whose body does not come."""
    body = msgspec.json.encode({"error": _TOO_SLOW, "errors": [_TOO_SLOW]})
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await line.send({"type": "http.response.start", "status": 408, "headers": headers})
    await line.send({"type": "http.response.body", "body": body})
