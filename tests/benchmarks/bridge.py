"""How the embedded lake is reached: a direct WSGI call, or an ASGI application on an event loop in a thread.

Both stand behind the same `requests.Session` and do the same: read the body, answer its length. Printed are requests/s
with small bodies and MB/s with large ones, each as a ratio of the direct call to the loop.
"""

from __future__ import annotations

import asyncio
import io
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from tests.benchmarks.measure import seconds_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REQUESTS = 3_000
BODY = bytes(10_000_000)
BODIES = 30
CHUNK = 1 << 16
URL = "http://embedded.test/"

Answer = Callable[[requests.PreparedRequest, bytes], bytes]


def wsgi_handler(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer the number of bytes sent."""
    stream, size = environ["wsgi.input"], 0
    while chunk := stream.read(CHUNK):
        size += len(chunk)
    body = b"%d" % size
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


async def asgi_handler(_scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer the number of bytes sent."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = b"%d" % size
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Bridge(BaseAdapter):
    """Answers a session's requests by calling a function."""

    def __init__(self, answer: Answer) -> None:
        """Keep the function."""
        super().__init__()
        self._answer = answer

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Answer one request."""
        sent: Any = request.body or b""
        response = requests.Response()
        response.status_code, response.request, response.url = 200, request, str(request.url)
        response.raw = io.BytesIO(self._answer(request, sent))
        return response

    def close(self) -> None:
        """Hold nothing."""


def direct(application: WSGIApplication) -> Answer:
    """Return the bridge that calls a WSGI application."""

    def answer(request: requests.PreparedRequest, sent: bytes) -> bytes:
        url = urlsplit(str(request.url))
        environ = {
            "REQUEST_METHOD": request.method,
            "PATH_INFO": url.path,
            "QUERY_STRING": url.query,
            "CONTENT_LENGTH": str(len(sent)),
            "wsgi.input": io.BytesIO(sent),
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()},
        }
        return b"".join(application(environ, lambda *_: lambda _data: None))

    return answer


def on_loop(application: Any, loop: asyncio.AbstractEventLoop) -> Answer:
    """Return the bridge that runs an ASGI application on another thread's event loop."""

    async def run(request: requests.PreparedRequest, sent: bytes) -> bytes:
        url = urlsplit(str(request.url))
        headers = [(name.lower().encode(), value.encode()) for name, value in request.headers.items()]
        scope = {"type": "http", "method": request.method, "raw_path": url.path.encode(), "headers": headers}
        offsets = iter(range(0, len(sent), CHUNK))
        parts: list[bytes] = []

        async def receive() -> dict[str, Any]:
            start = next(offsets, len(sent))
            return {"body": sent[start : start + CHUNK], "more_body": start + CHUNK < len(sent)}

        async def send(message: dict[str, Any]) -> None:
            parts.append(message.get("body", b""))

        await application(scope, receive, send)
        return b"".join(parts)

    def answer(request: requests.PreparedRequest, sent: bytes) -> bytes:
        return asyncio.run_coroutine_threadsafe(run(request, sent), loop).result()

    return answer


@contextmanager
def running_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Yield an event loop that runs in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def rates(answer: Answer) -> tuple[float, float]:
    """Return requests/s with small bodies and MB/s with large ones."""
    with requests.Session() as session:
        session.trust_env = False
        session.mount(URL, Bridge(answer))

        def small() -> None:
            for number in range(REQUESTS):
                assert session.post(f"{URL}{number}", data=b'{"a": 1}').content == b"8"

        def large() -> None:
            for _ in range(BODIES):
                assert session.post(URL, data=BODY).content == b"10000000"

        small_s, large_s = seconds_of(small, runs=3), seconds_of(large, runs=3)
    return REQUESTS / small_s, BODIES * len(BODY) / large_s / 1e6


def main() -> None:
    """Print both rates of both bridges and their ratios."""
    called = rates(direct(wsgi_handler))
    with running_loop() as loop:
        looped = rates(on_loop(asgi_handler, loop))
    for what, unit, one, two in zip(
        ("small requests", "10 MB bodies"), ("requests/s", "MB/s"), called, looped, strict=True
    ):
        line = f"WSGI call {one:9,.0f} {unit}   loop in a thread {two:9,.0f} {unit}   {one / two:.2f}x"
        sys.stdout.write(f"{what:<16} {line}\n")


if __name__ == "__main__":
    main()
