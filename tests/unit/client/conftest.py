"""A transport whose network is a script, a server that misbehaves byte by byte, and clients of the real lake."""

from __future__ import annotations

import hashlib
import io
import itertools
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.structures import CaseInsensitiveDict

from picsellia_apply.client import Client
from picsellia_apply.client.connection import Connection
from picsellia_apply.client.embedded import embedded_adapter
from picsellia_apply.client.target import EMBEDDED_URL
from picsellia_apply.client.transport import Settings, Transport
from picsellia_apply.client.upload import PictureFile
from picsellia_apply.lake import Lake, open_lake
from tests.contract.platforms import served

_numbers = itertools.count(1)
Step = Exception | tuple[int, dict[str, str], bytes]


@dataclass
class Scripted(BaseAdapter):
    """Answers each request with the next step of a script, and keeps what it was sent."""

    script: list[Step]
    sent: list[PreparedRequest] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    now: float = 0.0

    def sleep(self, seconds: float) -> None:
        """Only note the wait, and set the clock forward."""
        self.slept.append(seconds)
        self.now += seconds

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        body: Any = request.body or b""
        self.sent.append(request)
        self.bodies.append(body if isinstance(body, bytes) else body.read())
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        response = Response()
        response.status_code = step[0]
        response.headers = CaseInsensitiveDict(step[1])
        response.raw = io.BytesIO(step[2])
        response.request, response.url = request, request.url or ""
        return response

    def close(self) -> None:
        pass

    def transport(self, **options: Any) -> Transport:
        """Return a transport to the script; its waits are only noted."""
        attempts = options.pop("attempts", 5)
        settings = Settings(attempts=attempts, sleep=self.sleep, clock=lambda: self.now)
        return Transport("http://lake.test/sdk/v2/", "s3cret", adapter=lambda: self, settings=settings, **options)


@pytest.fixture
def scripted() -> Callable[..., Scripted]:
    return lambda *script: Scripted(list(script))


@pytest.fixture
def server() -> Iterator[Callable[[Sequence[bytes | None]], str]]:
    """Yield what starts a server that answers connections with these bytes and hangs up; None never answers."""
    opened: list[socket.socket] = []
    threads: list[threading.Thread] = []
    done = threading.Event()

    def start(answers: Sequence[bytes | None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        opened.append(listener)

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    if answer is None:
                        done.wait()
                    else:
                        connection.sendall(answer)

        threads.append(threading.Thread(target=serve, daemon=True))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/sdk/v2/"

    yield start
    done.set()
    for thread in threads:
        thread.join(5)
    for listener in opened:
        listener.close()


@pytest.fixture(scope="session")
def served_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lake, str]]:
    """Yield a lake and where it answers over HTTP."""
    with open_lake(tmp_path_factory.mktemp("served")) as lake, served(lake) as (host, port):
        yield lake, f"http://{host}:{port}/sdk/v2/"


@pytest.fixture(params=["embedded", "http"])
def client(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """Yield a client of an organization of its own: in a lake in this process, and in one over HTTP."""
    monkeypatch.delenv("PICSELLIA_TOKEN", raising=False)
    monkeypatch.delenv("PICSELLIA_HOST", raising=False)
    if request.param == "embedded":
        made = Client(data_dir=tmp_path / "data", greet=False)
    else:
        lake, url = request.getfixturevalue("served_lake")
        number = next(_numbers)
        made = Client(lake.bootstrap(f"user-{number}", f"organization-{number}"), None, url, greet=False)
    with made as opened:
        yield opened


@pytest.fixture
def photos(tmp_path: Path) -> Callable[..., list[PictureFile]]:
    """Return what makes small pictures on disk, each of other bytes."""

    def make(*names: str, tags: tuple[str, ...] = (), orientation: int = 1, size: tuple[int, int] = (6, 4)) -> Any:
        made = []
        for number, name in enumerate(names):
            path = tmp_path / "photos" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            colour = int.from_bytes(hashlib.sha256(name.encode()).digest()[:3], "big") + number
            Image.new("RGB", size, f"#{colour & 0xFFFFFF:06x}").save(path, "PNG")
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            made.append(PictureFile(name, path, digest, len(content), *size, orientation, tags))
        return made

    return make


@pytest.fixture
def uploaded(client: Client, photos: Callable[..., list[PictureFile]]) -> Callable[..., dict[str, str]]:
    """Return what puts pictures into the client's lake and returns name -> id."""

    def put(*names: str, tags: tuple[str, ...] = ()) -> dict[str, str]:
        outcomes = client.writer.upload_pictures(photos(*names, tags=tags))
        assert {one.status for one in outcomes} == {"created"}
        return {one.name: str(one.picture_id) for one in outcomes}

    return put


@dataclass
class Flaky(BaseAdapter):
    """Passes requests on to the lake, but loses those that are listed: before they arrive, or their answers."""

    inner: BaseAdapter
    lose: list[tuple[str, str, str]] = field(default_factory=list)
    seen: list[tuple[str, str]] = field(default_factory=list)

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        method, path = str(request.method), str(request.path_url)
        self.seen.append((method, path))
        for fault in self.lose:
            if fault[0] == method and fault[1] in path:
                self.lose.remove(fault)
                if fault[2] == "answer":
                    self.inner.send(request, *args, **options)
                raise RequestsConnectionError("reset")
        return self.inner.send(request, *args, **options)

    def close(self) -> None:
        self.inner.close()


@pytest.fixture
def flaky(tmp_path: Path) -> Iterator[tuple[Client, Flaky]]:
    """Yield a client of a lake of its own behind a line that loses what it is told to lose."""
    line = Flaky(embedded_adapter(tmp_path / "data", create=True))
    settings = Settings(attempts=3, sleep=lambda _: None)
    connection = Connection(Transport(EMBEDDED_URL, adapter=lambda: line, settings=settings), None, host="embedded")
    with connection:
        yield Client(connection=connection), line
