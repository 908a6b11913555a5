"""The lake inside this process: its WSGI application behind the client's session, opening no port.

The bridge is a `requests` adapter for a private URL prefix, so that newcomer, test and production run the same client
code. WSGI needs no event loop and no thread: one request costs one call. Raw paths, bodies of GET requests, streamed
bodies and signed object URLs pass as they are; `PATH_INFO` holds the path still percent-encoded, as the lake expects.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from requests import Response, exceptions
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from picsellia_apply.errors import UsageError

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from requests import PreparedRequest

    from picsellia_apply.lake import Lake

FOLDER = "lake"
"""The lake's own folder inside a data folder."""

_open: dict[tuple[Path, bool], tuple[Lake, int]] = {}
_lock = threading.Lock()


class _Raw(io.RawIOBase):
    """The body of an answer as a file that is read on demand; closing it closes the application's iterator."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = parts
        self._chunks: Iterator[bytes] = iter(parts)
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = chunk
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def close(self) -> None:
        if not self.closed:
            close = getattr(self._parts, "close", None)
            if close is not None:
                close()
        super().close()


def _body_of(request: PreparedRequest) -> tuple[Any, str]:
    """Return the request's body as a file and its length as text."""
    body: Any = request.body
    if body is None:
        return io.BytesIO(), "0"
    if isinstance(body, str):
        body = body.encode()
    if isinstance(body, bytes):
        return io.BytesIO(body), str(len(body))
    return body, request.headers.get("Content-Length", "")


def _environ_of(request: PreparedRequest) -> dict[str, Any]:
    address = urlsplit(request.url or "")
    stream, length = _body_of(request)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method or "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": address.path,
        "QUERY_STRING": address.query,
        "SERVER_NAME": address.hostname or "",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": address.scheme,
        "wsgi.input": stream,
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "HTTP_HOST": address.netloc,
    }
    for name, value in request.headers.items():
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
    environ.pop("HTTP_CONTENT_LENGTH", None)
    environ["CONTENT_LENGTH"] = length
    return environ


class EmbeddedAdapter(BaseAdapter):
    """Answers requests by calling a WSGI application."""

    def __init__(self, application: WSGIApplication, close: Callable[[], None]) -> None:
        """Keep the application.

        Args:
            application: Called once per request, from the thread that sends it.
            close: Called once when the adapter is closed.
        """
        super().__init__()
        self._application = application
        self._close: Callable[[], None] | None = close

    def send(  # noqa: PLR0917 - the adapter's contract
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,  # noqa: ARG002
        verify: bool | str = True,  # noqa: ARG002
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,  # noqa: ARG002
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> Response:
        """Return the application's answer; `stream` leaves the body unread, as over a socket."""
        response = Response()
        response.request = request
        response.url = request.url or ""

        def start(status: str, headers: list[tuple[str, str]], _error: object = None, /) -> Callable[[bytes], object]:
            code, _, reason = status.partition(" ")
            response.status_code = int(code)
            response.reason = reason
            response.headers = CaseInsensitiveDict(headers)
            return _no_write

        parts = self._application(_environ_of(request), start)
        response.raw = io.BufferedReader(_Raw(parts), buffer_size=1 << 16)
        if not stream:
            content = response.content
            stated = response.headers.get("Content-Length")
            if request.method != "HEAD" and stated is not None and int(stated) != len(content):
                raise exceptions.ChunkedEncodingError(f"{len(content)} bytes of {stated}")
            response.raw.close()
        return response

    def close(self) -> None:
        """Close what the adapter was given to close; once."""
        close, self._close = self._close, None
        if close is not None:
            close()


def _no_write(_data: bytes) -> object:
    raise NotImplementedError("the lake answers by its iterable, never by write()")


def has_lake(data_dir: Path) -> bool:
    """Return whether a data folder holds a lake."""
    return (data_dir / FOLDER / "lake.db").is_file()


def embedded_adapter(data_dir: Path, *, create: bool) -> EmbeddedAdapter:
    """Return the adapter of the lake in `data_dir`; clients of one process share open lakes.

    Args:
        data_dir: The data folder.
        create: Make what is missing; without it the folder is only read, and an empty lake in memory answers for a lake
            that is not there.

    Raises:
        UsageError: The folder cannot be made, or holds no lake that can be opened.
    """
    from picsellia_apply.lake import open_lake

    folder = data_dir.resolve()
    if not create and not has_lake(folder):
        lake = open_lake(None, embedded=True)
        return EmbeddedAdapter(lake.wsgi, lake.close)
    key = (folder, create)
    with _lock:
        if key not in _open:
            if create:
                _prepare(folder)
            _open[key] = (open_lake(folder / FOLDER, embedded=True, read_only=not create), 0)
        lake, users = _open[key]
        _open[key] = (lake, users + 1)
    return EmbeddedAdapter(lake.wsgi, lambda: _leave(key))


def _leave(key: tuple[Path, bool]) -> None:
    with _lock:
        lake, users = _open[key]
        if users > 1:
            _open[key] = (lake, users - 1)
            return
        del _open[key]
    lake.close()


def _prepare(data_dir: Path) -> None:
    """Make the data folder, kept out of git by its own `.gitignore`.

    Raises:
        UsageError: It cannot be made there.
    """
    ignore = data_dir / ".gitignore"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        hint = "set PICSELLIA_HOST, or work where you may write"
        raise UsageError(f"the folder `{data_dir}` cannot hold the embedded lake: {error.strerror}", hint) from error
