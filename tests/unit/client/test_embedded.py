"""The bridge to a WSGI application in this process: what passes, and how."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from picsellia_apply.client.embedded import EmbeddedAdapter
from picsellia_apply.client.transport import Settings, Transport
from picsellia_apply.errors import NetworkError

Start = Callable[[str, list[tuple[str, str]]], object]


class Application:
    """Keeps what it was called with and answers with what it was given."""

    def __init__(self, parts: Iterable[bytes], headers: dict[str, str] | None = None) -> None:
        self.parts = parts
        self.headers = headers or {}
        self.environ: dict[str, Any] = {}
        self.body = b""
        self.calls = 0

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        self.calls += 1
        self.environ = environ
        self.body = environ["wsgi.input"].read()
        start("200 OK", list(self.headers.items()))
        return self.parts


def transport(application: Any) -> Transport:
    settings = Settings(attempts=2, sleep=lambda _: None)
    adapter = EmbeddedAdapter(application, close=lambda: None)
    return Transport("http://embedded.test/sdk/v2/", adapter=lambda: adapter, settings=settings)


def test_the_path_stays_raw_and_a_get_has_its_body() -> None:
    application = Application([b"{}"])
    transport(application).ask(
        "GET", "dataset", "a/b é%", answer=dict[str, Any], repeat_safe=True, body=[1], query={"limit": "2"}
    )
    assert application.environ["PATH_INFO"] == "/sdk/v2/dataset/a%2Fb%20%C3%A9%25"
    assert application.environ["QUERY_STRING"] == "limit=2"
    assert application.environ["REQUEST_METHOD"] == "GET"
    assert (application.body, application.environ["CONTENT_LENGTH"]) == (b"[1]", "3")
    assert application.environ["HTTP_HOST"] == "embedded.test"


@pytest.mark.parametrize("size", [10, 200_000])
def test_bodies_pass_with_their_length(size: int) -> None:
    application = Application([b"{}"])
    content = b"x" * size
    data: Any = content if size == 10 else lambda: io.BytesIO(content)
    transport(application).ask_raw(
        "PUT", "x", answer=dict[str, Any], repeat_safe=True, data=data, content_type="application/octet-stream"
    )
    assert (application.body, application.environ["CONTENT_LENGTH"]) == (content, str(size))
    assert application.environ["CONTENT_TYPE"] == "application/octet-stream"


def test_an_answer_is_streamed_and_closed() -> None:
    class Parts:
        taken = 0
        closed = False

        def __iter__(self) -> Iterator[bytes]:
            for _ in range(100):
                self.taken += 1
                yield b"x" * 70_000

        def close(self) -> None:
            self.closed = True

    parts = Parts()
    with transport(Application(parts)).object_get("http://embedded.test/objects/a") as response:
        assert next(response.iter_content(10)) == b"x" * 10
        assert parts.taken < 5
    assert parts.closed


def test_an_answer_shorter_than_it_says_is_not_believed() -> None:
    application = Application([b"{}"], {"Content-Length": "3"})
    with pytest.raises(NetworkError, match="cut short"):
        transport(application).ask("GET", "x", answer=dict[str, Any], repeat_safe=True)
    assert application.calls == 2


def test_closing_closes_what_is_behind_once() -> None:
    closed: list[int] = []
    adapter = EmbeddedAdapter(Application([b"{}"]), close=lambda: closed.append(1))
    session = Transport("http://embedded.test/", adapter=lambda: adapter)
    session.ask("GET", "x", answer=dict[str, Any], repeat_safe=True)
    session.close()
    session.close()
    adapter.close()
    assert closed == [1]
