"""Downloads that nobody reads: the file that they were to come from is closed with the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import pytest

from picsellia_apply.lake import Lake, open_lake
from picsellia_apply.lake.asgi import RawPath
from picsellia_apply.lake.objects import ObjectStore
from tests.contract.platforms import Api, in_process


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[BinaryIO]:
    """The files that are opened to be sent, held so that none is closed for want of a holder."""
    files: list[BinaryIO] = []
    real = ObjectStore.open

    def held(self: ObjectStore, location: str) -> BinaryIO:
        files.append(real(self, location))
        return files[-1]

    monkeypatch.setattr(ObjectStore, "open", held)
    return files


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with open_lake(tmp_path / "lake", embedded=True) as opened:
        yield opened


@pytest.fixture
def url(lake: Lake) -> str:
    """Where a picture of 100 kB is."""
    api = Api(in_process(lake), None, "local", "none")
    api.upload(("a.jpg", b"a" * 100_000))
    (one,) = api.ok("GET", "datalake/none")["pictures"]
    asked = {"method": "get", "object_name": one["internal_key"], "bucket_model": False}
    return str(api.ok("POST", "generate_presigned_url", asked)["url"])


def _environ(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "SERVER_NAME": "lake.test",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
    }


def test_an_answer_that_is_closed_before_it_is_read(lake: Lake, url: str, opened: list[BinaryIO]) -> None:
    started: list[str] = []

    def start(status: str, _headers: object, _error: object = None) -> Callable[[bytes], object]:
        started.append(status)
        return lambda _data: None

    chunks: Any = lake.wsgi(_environ(url), start)
    chunks.close()
    assert started == ["200 OK"]
    assert [file.closed for file in opened] == [True]


def test_a_peer_that_goes_before_the_answer_starts(lake: Lake, url: str, opened: list[BinaryIO]) -> None:
    parts = urlsplit(url)
    query, path = parts.query.encode(), parts.path
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": query,
        "headers": [],
        "http_version": "1.1",
    }
    scope |= {"scheme": "http", "server": ("lake.test", 80), "client": None, "root_path": ""}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def gone(_message: object) -> None:
        raise ConnectionResetError("the peer went away")

    served = RawPath(lake.wsgi)
    with pytest.raises(ConnectionResetError):
        asyncio.run(served(scope, receive, gone))
    served._threads.shutdown()  # waits for the closing
    assert [file.closed for file in opened] == [True]
