"""What a request carries: bytes, or a stream that is read as it is sent, and the form around them."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Protocol

_IN_ONE_PIECE = 64 * 1024
_BOUNDARY = secrets.token_hex(16)
"""One for every form of this process: a server that makes a pattern of it makes it once (werkzeug: 1 ms)."""


class Stream(Protocol):
    """A body that is read as it is sent; it has a length that requests can tell (a file, BytesIO, or `len`)."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes, b"" at the end."""
        ...

    def close(self) -> None:
        """Let go of what it reads."""
        ...


Body = bytes | Callable[[], Stream]
"""Bytes, or what opens a fresh stream for every attempt."""


def payload_of(body: Body | None, headers: Mapping[str, str], form: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return body and headers as `session.request` wants it; a stream is opened, for one attempt.

    A long body goes as a stream: sent in one piece, the socket's timeout would count for the whole of it.

    Args:
        body: Bytes, what opens a stream, or none.
        headers: Those of the request so far.
        form: Fields that stand before the bytes, which are sent as its file.
    """
    if form is not None and isinstance(body, bytes):
        from urllib3.filepost import encode_multipart_formdata

        body, kind = encode_multipart_formdata({**form, "file": ("file", body)}, boundary=_BOUNDARY)
        headers = {**headers, "Content-Type": kind}
    if callable(body):
        return {"data": body(), "headers": headers}
    if body is not None and len(body) > _IN_ONE_PIECE:
        return {"data": io.BytesIO(body), "headers": headers}
    return {"data": body, "headers": headers}
