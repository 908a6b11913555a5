"""The two ways to reach a lake that the contract suite runs over, and what tests send along."""

from __future__ import annotations

import hashlib
import http.client
import io
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec
import uvicorn

from picsellia_apply.lake import Lake
from picsellia_apply.lake.asgi import RawPath

BASE = "/sdk/v2/"


@dataclass(slots=True)
class Clock:
    """A clock that a test sets forward."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return msgspec.json.decode(self.raw)


Transport = Callable[[str, str, Mapping[str, str], bytes], Reply]
"""Sends method, raw path with query, headers and body."""


def in_process(lake: Lake) -> Transport:
    """Call the application itself."""

    def send(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        path, _, query = target.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "lake.test",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "lake.test",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "CONTENT_LENGTH": str(len(body)),
        }
        for name, value in headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
        started: list[Any] = []

        def start_response(status: str, answered: list[tuple[str, str]], _error: Any = None) -> Callable[[bytes], Any]:
            started[:] = [int(status.split(maxsplit=1)[0]), {name.lower(): value for name, value in answered}]
            return lambda _data: None

        raw = b"".join(lake.wsgi(environ, start_response))
        return Reply(started[0], started[1], raw)

    return send


def over_http(address: tuple[str, int]) -> Transport:
    """Send over a connection of its own, as the published clients do."""

    def send(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        connection = http.client.HTTPConnection(*address, timeout=30)
        try:
            connection.request(method, target, body, dict(headers))
            answer = connection.getresponse()
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    return send


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()


@contextmanager
def served(lake: Lake) -> Iterator[tuple[str, int]]:
    """Serve a lake from a thread and yield its address."""
    ready = threading.Event()
    config = uvicorn.Config(RawPath(lake.wsgi, lake.idle_s), log_level="error", lifespan="off", ws="none")
    server = _Server(config, ready)
    # With the protocol named asyncio sets TCP_NODELAY; without it every kept-alive answer waits 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        assert ready.wait(30)
        try:
            yield listening.getsockname()[:2]
        finally:
            server.should_exit = True
            thread.join(30)
    assert not thread.is_alive()


@dataclass(frozen=True, slots=True)
class Api:
    """One user's view of a lake."""

    transport: Transport
    token: str | None
    organization: str
    organization_id: str
    username: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    def send(
        self, method: str, path: str, json: Any = None, *, raw: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> Reply:
        """Send a request below the base path; JSON goes without a content type, as the published clients do."""
        stated = {"Authorization": f"Token {self.token}"} if self.token is not None else {}
        body = raw if raw is not None else b"" if json is None else msgspec.json.encode(json)
        return self.transport(method, BASE + path, {**stated, **headers}, body)

    def ok(self, method: str, path: str, json: Any = None, *, raw: bytes | None = None) -> Any:
        """Send a request that must succeed and return its JSON."""
        reply = self.send(method, path, json, raw=raw)
        assert reply.status in {200, 201}, (reply.status, reply.raw[:500])
        return reply.body

    def ext(self, path: str, json: Any = None, *, method: str = "POST") -> Any:
        """Send a request of the extension that must succeed."""
        return self.ok(method, f"ext/{self.organization_id}/{path}", json)

    def url(self, method: str, url: str, *, raw: bytes = b"", headers: Mapping[str, str] = {}) -> Reply:
        """Send a request to a URL that the lake handed out; it carries no token."""
        parts = urlsplit(url)
        return self.transport(method, f"{parts.path}?{parts.query}" if parts.query else parts.path, headers, raw)

    def upload(self, *pictures: tuple[str, bytes], tags: Sequence[str] = ()) -> list[str]:
        """Store pictures by batch and return their ids."""
        reply = self.send("POST", f"ext/{self.organization_id}/pictures/batch", raw=batch(*pictures, tags=tags))
        assert reply.status == 200, reply.raw
        assert set(reply.body["statuses"]) <= {"created", "same"}, reply.body
        ids: list[str] = reply.body["picture_ids"]
        return ids

    def version(self, name: str, version: str, ids: Sequence[str] = ()) -> str:
        """Make a version without an origin and return its id."""
        made = self.ext("datasets/create", {"name": name, "version": version, "pictures": list(ids)})
        return str(made["dataset"]["dataset_id"])


def entry(name: str, data: bytes, tags: Sequence[str] = (), **changed: object) -> dict[str, Any]:
    """Return a picture's entry in the header of a batch."""
    sizes = {"width": 4, "height": 3, "stored_width": 3, "stored_height": 4}
    digest = hashlib.sha256(data).hexdigest()
    return {"name": name, "sha256": digest, "size": len(data), **sizes, "tags": list(tags), **changed}


def framed(entries: Sequence[Mapping[str, Any]], data: bytes) -> bytes:
    """Return the body of a batch."""
    header = msgspec.json.encode({"pictures": entries})
    return len(header).to_bytes(8, "big") + header + data


def batch(*pictures: tuple[str, bytes], tags: Sequence[str] = ()) -> bytes:
    """Return the body of a batch of pictures that all carry the same tags."""
    return framed([entry(name, data, tags) for name, data in pictures], b"".join(data for _, data in pictures))


def form(fields: Mapping[str, str], data: bytes, *, filename: str = "/home/me/x.jpg") -> tuple[bytes, dict[str, str]]:
    """Return the body and the headers of an upload form, fields first."""
    boundary = "xYzZY0123456789"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n\r\n'.encode()
    body = b"".join([*parts, head, data, f"\r\n--{boundary}--\r\n".encode()])
    return body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def box(label: str = "car", left: float = 1) -> dict[str, Any]:
    """Return a rectangle as SDK v2 writes it."""
    return {"type": "rectangle", "label": label, "rectangle": {"top": 1, "left": left, "width": 5, "height": 6}}
