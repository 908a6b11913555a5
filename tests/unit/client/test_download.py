"""Fetching objects: verified, whole or not at all, and never outside the folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from picsellia_apply.client.download import Download, digests, fetch, fetch_all, safe_path
from picsellia_apply.client.transport import Transport
from picsellia_apply.errors import ForbiddenError, NetworkError, ProcessingError, TransferError

Script = Callable[..., Any]
Server = Callable[..., str]
CONTENT = b"the bytes"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
URL = "http://lake.test/objects/a?signature=abc"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a.jpg", "a.jpg"),
        ("flight/a b.jpg", "flight/a b.jpg"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("./a//b", "a/b"),
        ("C:\\windows\\a.jpg", "C__windows_a.jpg"),
        ("a\nb\x1b.jpg", "a_b_.jpg"),
        ("a\0b.jpg", "a_b.jpg"),
        ("CON", "_CON"),
        ("nul.jpg", "_nul.jpg"),
        ("deep/COM1.tar.gz", "deep/_COM1.tar.gz"),
        ("console.jpg", "console.jpg"),
        ("a. . ", "a____"),
        (".../a", "___/a"),
        (".hidden", ".hidden"),
    ],
)
def test_names_stay_inside_the_folder(name: str, path: str) -> None:
    assert safe_path(name).as_posix() == path


@pytest.mark.parametrize("name", ["", "..", "/", "x" * 256])
def test_names_that_no_file_can_have_are_refused(name: str) -> None:
    with pytest.raises(ProcessingError):
        safe_path(name)


def test_a_file_is_written_whole(scripted: Script, tmp_path: Path) -> None:
    target = tmp_path / "deep" / "a.jpg"
    fetch(scripted((200, {}, CONTENT)).transport(), Download("a.jpg", URL, target, DIGEST))
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


def test_a_file_that_is_there_is_not_fetched_again(scripted: Script, tmp_path: Path) -> None:
    target = tmp_path / "a.jpg"
    target.write_bytes(CONTENT)
    fetch(scripted().transport(), Download("a.jpg", URL, target, DIGEST))


def test_a_file_whose_bytes_cannot_be_judged_is_fetched_again(scripted: Script, tmp_path: Path) -> None:
    target = tmp_path / "a.jpg"
    target.write_bytes(b"stale")
    fetch(scripted((200, {}, CONTENT)).transport(), Download("a.jpg", URL, target))
    assert target.read_bytes() == CONTENT
    with pytest.raises(ForbiddenError):
        fetch(scripted((403, {}, b"")).transport(), Download("a.jpg", URL, target))
    assert target.read_bytes() == CONTENT


def test_a_file_with_other_bytes_is_fetched_again(scripted: Script, tmp_path: Path) -> None:
    target = tmp_path / "a.jpg"
    target.write_bytes(b"half")
    fetch(scripted((200, {}, CONTENT)).transport(), Download("a.jpg", URL, target, DIGEST))
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("answer", "kind"), [((200, {}, b"other bytes"), ProcessingError), ((403, {}, b"<Error/>"), ForbiddenError)]
)
def test_nothing_is_left_of_what_went_wrong(
    scripted: Script, tmp_path: Path, answer: Any, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        fetch(scripted(answer).transport(), Download("a.jpg", URL, tmp_path / "a.jpg", DIGEST))
    assert list(tmp_path.iterdir()) == []


def test_failures_are_gathered(scripted: Script, tmp_path: Path) -> None:
    network = scripted((403, {}, b""), (200, {}, CONTENT))
    downloads = [Download("a", URL, tmp_path / "a"), Download("b", URL, tmp_path / "b", DIGEST)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("picsellia_apply.client.download.PARALLELISM", 1)
        with pytest.raises(TransferError) as caught:
            fetch_all(network.transport(), downloads)
    assert list(caught.value.failures) == ["a"]
    assert "abc" not in str(caught.value)
    assert (tmp_path / "b").read_bytes() == CONTENT


def test_an_object_cut_short_is_fetched_again(server: Server, tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(CONTENT)
    base = server([head + CONTENT[:4], head + CONTENT])
    transport = Transport(base)
    fetch(transport, Download("a.jpg", f"{base}objects/a", tmp_path / "a.jpg"))
    assert (tmp_path / "a.jpg").read_bytes() == CONTENT
    short = server([head + b"x"] * 3)
    with pytest.raises(NetworkError, match="cut short"):
        fetch(transport, Download("b", f"{short}objects/b", tmp_path / "b"))
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]
    transport.close()


@pytest.mark.parametrize("status", [403, 404])
def test_an_object_that_nobody_may_read_has_no_digest(scripted: Script, status: int) -> None:
    network = scripted((200, {}, CONTENT), (status, {}, b"<Error/>"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("picsellia_apply.client.download.PARALLELISM", 1)
        assert digests(network.transport(), {"a": lambda: URL, "b": lambda: URL}) == {"a": DIGEST, "b": ""}


def test_a_refusal_to_sign_is_no_word_about_the_object(scripted: Script) -> None:
    def refused() -> str:
        raise ForbiddenError("no")

    with pytest.raises(ForbiddenError):
        digests(scripted().transport(), {"a": refused})


def test_the_digest_of_an_object_cut_short_is_taken_of_all_of_it(server: Server) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(CONTENT)
    base = server([head + CONTENT[:4], head + CONTENT])
    assert digests(Transport(base), {"a": lambda: f"{base}objects/a"}) == {"a": DIGEST}
    base = server([head + CONTENT[:4]] * 3)
    with pytest.raises(NetworkError, match="cut short"):
        digests(Transport(base), {"a": lambda: f"{base}objects/a"})
