"""Peers that stall: they lose their connections, and a lake that is served goes on answering everybody else."""

from __future__ import annotations

import asyncio
import http.client
import logging
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from picsellia_apply.lake import Lake, open_lake
from picsellia_apply.lake.asgi import THREADS
from picsellia_apply.lake.call import Limits
from picsellia_apply.lake.line import Line
from tests.contract.platforms import Api, batch, form, in_process, over_http, served

PATIENT = 3600.0
IMPATIENT = 2.0
TOO_MANY = THREADS + 1


def _open(folder: Path, idle_s: float) -> Lake:
    return open_lake(folder / "lake", embedded=True, limits=Limits(idle_s=idle_s))


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """A served lake whose idle timeout no test lives to see."""
    with _open(tmp_path, PATIENT) as lake, served(lake) as address:
        yield address


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[tuple[Lake, tuple[str, int]]]:
    with _open(tmp_path, IMPATIENT) as lake, served(lake) as address:
        yield lake, address


def _connect(address: tuple[str, int], sent: bytes, *, room: int | None = None) -> socket.socket:
    peer = socket.socket()
    if room is not None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    peer.settimeout(30)
    peer.connect(address)
    peer.sendall(sent)
    return peer


def _head(method: str, target: str, length: int, *headers: str) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: x", f"Content-Length: {length}", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def _ping(address: tuple[str, int]) -> int:
    return Api(over_http(address), None, "local", "none").send("GET", "ping").status


def _read_to_end(peers: Sequence[socket.socket]) -> list[bytes]:
    answers = []
    for peer in peers:
        answer = b""
        while chunk := peer.recv(1 << 20):
            answer += chunk
        answers.append(answer)
    return answers


@pytest.mark.parametrize(
    "head",
    [
        _head("POST", "/sdk/v2/get_organization", 1000) + b"abc",
        _head("POST", "/sdk/v2/get_organization", 1000, "Authorization: Token no") + b"abc",
        _head("POST", "/sdk/v2/storage", 1000, "Content-Type: multipart/form-data; boundary=b") + b"--b\r\n",
        _head("POST", "/sdk/v2/get_organization", 10_000_000, "Authorization: Token no") + b"x" * 70_000,
    ],
    ids=["no token", "a wrong token", "a form", "a large body with a wrong token"],
)
def test_peers_without_a_token_hold_no_thread(patient: tuple[str, int], head: bytes) -> None:
    with ExitStack() as stack:
        for _ in range(TOO_MANY):
            stack.enter_context(_connect(patient, head))
        assert _ping(patient) == 200


def test_a_sender_that_stalls_is_told_and_hung_up_on(impatient: tuple[Lake, tuple[str, int]]) -> None:
    _, address = impatient
    short = _head("POST", "/sdk/v2/get_organization", 1000) + b"abc"
    long = _head("POST", "/sdk/v2/ext/none/pictures/batch", 500_000) + batch(("a", b"x" * 400_000))[:200_000]
    with ExitStack() as stack:
        early = stack.enter_context(_connect(address, short))
        late = [stack.enter_context(_connect(address, long)) for _ in range(TOO_MANY)]
        assert _ping(address) == 200
        assert _read_to_end([early])[0].startswith(b"HTTP/1.1 408 ")
        for answer in _read_to_end(late):
            assert answer.startswith(b"HTTP/1.1 400 ")
            assert b"connection: close" in answer.split(b"\r\n\r\n")[0].lower()
    assert Api(over_http(address), None, "local", "none").ok("GET", "datalake/none") == {"pictures": []}


class _Heard(logging.Handler):
    """Counts what a logger says."""

    def __init__(self) -> None:
        super().__init__()
        self.times = threading.Semaphore(0)

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002 - that something is said is enough
        self.times.release()


@contextmanager
def _given_up() -> Iterator[threading.Semaphore]:
    """Yield what is released for every answer that the server leaves unfinished, which it logs."""
    heard, logger = _Heard(), logging.getLogger("uvicorn.error")
    logger.addHandler(heard)
    try:
        yield heard.times
    finally:
        logger.removeHandler(heard)


def test_readers_that_stall_hold_no_thread_and_are_hung_up_on(impatient: tuple[Lake, tuple[str, int]]) -> None:
    _, address = impatient
    size = 16 << 20
    with ExitStack() as stack:
        api = Api(over_http(address), None, "local", "none")
        api.upload(("a", bytes(size)))
        key = api.ok("GET", "datalake/none")["pictures"][0]["internal_key"]
        signed = api.ok("POST", "generate_presigned_url", {"method": "get", "object_name": key})["url"]
        parts = urlsplit(signed)
        asked = _head("GET", f"{parts.path}?{parts.query}", 0)
        given_up = stack.enter_context(_given_up())
        readers = [stack.enter_context(_connect(address, asked, room=4096)) for _ in range(TOO_MANY)]
        assert _ping(address) == 200
        answer = api.url("GET", signed)
        assert (answer.status, len(answer.raw)) == (200, size)
        for _ in readers:
            assert given_up.acquire(timeout=30)
        assert len(_read_to_end(readers[:1])[0]) < size


def test_a_body_cut_off_never_passes_for_a_whole_one(impatient: tuple[Lake, tuple[str, int]]) -> None:
    _, address = impatient
    api = Api(over_http(address), None, "local", "none")
    model = api.ok("POST", "network/none", {"name": "n", "type": "t"})["model_id"]
    started = {"object_name": f"{model}/f"}
    upload = api.ok("POST", "init_multipart_upload", started)["upload_id"]
    asked = {**started, "upload_id": upload, "part_no": 1}
    parts = urlsplit(api.ok("POST", "generate_post_part_url", asked)["url"])
    head = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    with _connect(address, head + b"%x\r\n" % 200_000 + b"x" * 200_000 + b"\r\n") as peer:
        (answer,) = _read_to_end([peer])
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_a_refused_sender_of_a_large_body_reads_why(patient: tuple[str, int]) -> None:
    connection = http.client.HTTPConnection(*patient, timeout=30)
    connection.request("POST", "/sdk/v2/get_organization", b"x" * 4_000_000, {"Authorization": "Token no"})
    assert connection.getresponse().status == 401
    connection.close()


def test_forms_still_pass(patient: tuple[str, int]) -> None:
    api = Api(over_http(patient), None, "local", "none")
    asked = {"method": "post", "object_name": "k.jpg", "bucket_model": False}
    url = api.ok("POST", "generate_presigned_url", asked)["url"]
    body, headers = form(url["fields"], b"x" * 300_000)
    assert api.url("POST", url["url"], raw=body, headers=headers).status == 204


def test_large_json_bodies_are_served_one_after_the_other(tmp_path: Path) -> None:
    with open_lake(tmp_path, embedded=True, limits=Limits(large=10)) as lake:
        api = Api(in_process(lake), None, "local", "none")
        held = lake._platform.large
        seen: list[bool] = []
        original = lake._platform.db.read

        def watching() -> object:
            seen.append(held.locked())
            return original()

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(lake._platform.db, "read", watching)
            api.ok("POST", "get_organization", {"organization": None})
            api.ok("POST", "get_organization", {})
        assert True in seen
        assert seen[-1] is False
        assert not held.locked()


class _Ahead(asyncio.SelectorEventLoop):
    """A loop whose clock a test sets forward."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


def test_a_body_that_only_drips_is_given_up() -> None:
    received = 0
    with asyncio.Runner(loop_factory=_Ahead) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, _Ahead)

        async def dripping() -> dict[str, Any]:
            nonlocal received
            await asyncio.sleep(0)
            loop.ahead += 29.0
            received += 1
            return {"type": "http.request", "body": b"x", "more_body": True}

        async def nobody(_message: object) -> None:
            raise AssertionError

        with pytest.raises(TimeoutError):
            runner.run(Line(dripping, nobody, 60.0, head=False).read_ahead())
    assert 1 < received < 5
