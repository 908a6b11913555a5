"""What goes over a connection, and what is kept of an answer."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import requests

from picsellia_apply.client.pool import PooledAdapter, send

Server = Callable[[Sequence[bytes | None]], str]


class Wire:
    """A socket's sending half that keeps each piece it is given."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        self.pieces.append(bytes(data))

    def settimeout(self, _timeout: object) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""


def connection(scheme: str = "http") -> tuple[Any, Wire]:
    request = requests.Request("GET", f"{scheme}://platform.test/").prepare()
    pool = PooledAdapter(block_size=1 << 16).get_connection_with_tls_context(request, verify=True)
    made: Any = pool.ConnectionCls("platform.test")  # type: ignore[attr-defined]
    made.sock = Wire()
    return made, made.sock


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_head_and_body_leave_in_one_piece(scheme: str) -> None:
    made, wire = connection(scheme)
    made.request("PUT", "/x", body=b"the body", headers={"Content-Length": "8"})
    (piece,) = wire.pieces
    assert piece.startswith(b"PUT /x HTTP/1.1\r\n")
    assert piece.endswith(b"\r\nContent-Length: 8\r\n\r\nthe body")


@pytest.mark.parametrize("body", [None, b""])
def test_a_request_without_a_body_leaves_at_once(body: bytes | None) -> None:
    made, wire = connection()
    made.request("GET", "/x", body=body)
    (piece,) = wire.pieces
    assert piece.endswith(b"\r\n\r\n")


def test_a_stream_follows_its_head() -> None:
    made, wire = connection()
    made.request("PUT", "/x", body=io.BytesIO(b"from a file"), headers={"Content-Length": "11"})
    assert [piece[-11:] for piece in wire.pieces][1:] == [b"from a file"]
    assert wire.pieces[0].endswith(b"\r\n\r\n")


def test_one_pool_for_a_host_and_another_once_it_is_closed() -> None:
    adapter = PooledAdapter(block_size=1 << 16)

    def pool_of(url: str) -> Any:
        return adapter.get_connection_with_tls_context(requests.Request("GET", url).prepare(), verify=True)

    first = pool_of("http://one.test/a")
    assert pool_of("http://one.test/b") is first
    assert pool_of("http://two.test/a") is not first
    assert pool_of("http://one.test:8080/a") is not first
    adapter.close()
    assert pool_of("http://one.test/a") is not first


def test_cookies_are_neither_kept_nor_sent(server: Server) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=b\r\n\r\n{}"
    url = server([answer])
    session = requests.Session()
    session.mount("http://", PooledAdapter(block_size=1 << 16))
    got = send(session, "GET", url, {}, None, timeout=5.0, proxies={})
    assert (got.content, got.headers["Set-Cookie"], len(got.cookies), len(session.cookies)) == (b"{}", "a=b", 0, 0)
    session.close()
