"""Batches: their bounds, their outcomes, what happens to files that changed and to platforms that go away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from picsellia_apply import errors
from picsellia_apply.client import Client, sending
from picsellia_apply.client import upload as uploading
from picsellia_apply.client.sending import BatchSender
from picsellia_apply.client.upload import Outcome, PictureFile, batches, upload

Photos = Callable[..., list[PictureFile]]
Script = Callable[..., Any]


def test_batches_are_bounded_by_count_and_bytes(photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = photos("a.png")
    files = [replace(one, name=str(number), size=size) for number, size in enumerate([40, 40, 40, 500, 1, 1, 1])]
    monkeypatch.setattr(uploading, "BYTES_AT_ONCE", 100)
    pieces = [[file.size for file in batch] for batch in batches(files, 2)]
    assert pieces == [[40, 40], [40], [500], [1, 1], [1]]
    assert list(batches([])) == []


def test_every_file_has_its_outcome(client: Client, photos: Photos) -> None:
    files = photos("a.png", "b.png", tags=("drone",))
    assert [one.status for one in client.writer.upload_pictures(files)] == ["created", "created"]
    other = photos("c.png")[0]
    again = [replace(files[0], tags=("night",)), replace(other, name="b.png"), other]
    outcomes = client.writer.upload_pictures(again)
    assert [(one.name, one.status) for one in outcomes] == [
        ("a.png", "same"),
        ("b.png", "differs"),
        ("c.png", "created"),
    ]
    assert client.reader.pictures_tagged(["drone", "night"]).names == ["a.png"]


def test_a_file_that_changed_is_not_sent(client: Client, photos: Photos) -> None:
    longer, other, gone, good = photos("longer.png", "other.png", "gone.png", "good.png")
    longer.path.write_bytes(longer.path.read_bytes() + b"x")
    other.path.write_bytes(bytes(reversed(other.path.read_bytes())))
    gone.path.unlink()
    outcomes = client.writer.upload_pictures([longer, other, gone, good])
    assert [one.status for one in outcomes] == ["failed", "failed", "failed", "created"]
    assert [one.error for one in outcomes[:2]] == ["changed since it was planned"] * 2
    assert str(outcomes[2].error).startswith("cannot be read")
    assert client.reader.all_pictures().names == ["good.png"]


def test_a_large_file_is_streamed(client: Client, photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "IN_MEMORY", 10)
    monkeypatch.setattr(uploading, "BYTES_AT_ONCE", 1)
    files = photos("a.png", "b.png", "c.png")
    files[1].path.write_bytes(files[1].path.read_bytes()[:-1])
    outcomes = client.writer.upload_pictures(files)
    assert [one.status for one in outcomes] == ["created", "failed", "created"]
    assert client.reader.all_pictures().sha256 == [files[0].sha256, files[2].sha256]


def test_a_large_file_cut_between_check_and_sending_is_refused(
    client: Client, photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "IN_MEMORY", 10)
    monkeypatch.setattr(sending, "_check", lambda file: file.path.write_bytes(b"cut") and None)
    outcomes = client.writer.upload_pictures(photos("a.png"))
    assert [one.status for one in outcomes] == ["failed"]
    assert client.reader.all_pictures().names == []


def test_progress_is_told_batch_by_batch(client: Client, photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "BYTES_AT_ONCE", 1)
    told: list[Sequence[Outcome]] = []
    files = photos(*[f"{number}.png" for number in range(7)])
    outcomes = client.writer.upload_pictures(files, parallelism=3, on_done=told.append)
    assert [one.name for one in outcomes] == [file.name for file in files]
    assert sorted(one.name for some in told for one in some) == sorted(file.name for file in files)
    assert len(told) == 7


def test_no_more_batches_are_on_their_way_than_allowed(photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "BYTES_AT_ONCE", 1)
    running, most, lock = 0, 0, threading.Lock()
    barrier = threading.Barrier(2)

    def send(files: Sequence[PictureFile]) -> list[Outcome]:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        barrier.wait(10)
        with lock:
            running -= 1
        return [Outcome(file.name, "created", "id") for file in files]

    assert len(upload(photos(*map(str, range(6))), send, parallelism=2)) == 6
    assert most == 2


def test_a_platform_that_went_away_is_not_asked_for_every_batch(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploading, "BYTES_AT_ONCE", 1)
    asked = []

    def send(files: Sequence[PictureFile]) -> list[Outcome]:
        asked.append(files)
        raise errors.NetworkError("gone")

    outcomes = upload(photos(*map(str, range(5))), send, parallelism=1)
    assert len(asked) == 1
    assert [one.status for one in outcomes] == ["failed"] * 5
    assert "given up: gone" in str(outcomes[4].error)


def test_a_batch_that_is_refused_does_not_stop_the_others(photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "BYTES_AT_ONCE", 1)

    def send(files: Sequence[PictureFile]) -> list[Outcome]:
        if files[0].name == "1":
            raise errors.InvalidQueryError("bad name")
        return [Outcome(file.name, "created", "id") for file in files]

    outcomes = upload(photos("0", "1", "2"), send, parallelism=1)
    assert [(one.status, one.error) for one in outcomes] == [
        ("created", None),
        ("failed", "bad name"),
        ("created", None),
    ]


def test_a_refused_token_ends_it(photos: Photos) -> None:
    def send(files: Sequence[PictureFile]) -> list[Outcome]:
        raise errors.UnauthorizedError(f"no, {len(files)} times")

    with pytest.raises(errors.UnauthorizedError):
        upload(photos("a"), send, parallelism=2)


def batch_answer(*names: str, status: str = "created") -> tuple[int, dict[str, str], bytes]:
    body = {"statuses": [status] * len(names), "picture_ids": list(names), "errors": [None] * len(names)}
    return 200, {}, msgspec.json.encode(body)


def test_a_batch_too_large_for_a_proxy_is_halved(scripted: Script, photos: Photos) -> None:
    network = scripted((413, {}, b""), (413, {}, b""), batch_answer("a"), batch_answer("b"), batch_answer("c"))
    outcomes = BatchSender(network.transport(), "org")(photos("a", "b", "c"))
    assert [(one.name, one.picture_id) for one in outcomes] == [("a", "a"), ("b", "b"), ("c", "c")]


def test_what_arrived_before_the_rest_of_a_batch_failed_is_told(scripted: Script, photos: Photos) -> None:
    network = scripted((413, {}, b""), (413, {}, b""), batch_answer("a"), (507, {}, b""))
    told: list[Outcome] = []
    upload(photos("a", "b", "c"), BatchSender(network.transport(), "org"), parallelism=1, on_done=told.extend)
    assert [(one.name, one.status, one.picture_id) for one in told] == [
        ("a", "created", "a"),
        ("b", "failed", None),
        ("c", "failed", None),
    ]


def test_a_single_picture_too_large_for_a_proxy_is_told(scripted: Script, photos: Photos) -> None:
    network = scripted((413, {}, b""))
    (outcome,) = upload(photos("a"), BatchSender(network.transport(), "org"), parallelism=1)
    assert outcome.status == "failed"


def test_a_batch_is_framed_as_the_extension_says(scripted: Script, photos: Photos) -> None:
    network = scripted(batch_answer("a", "b"))
    files = photos("a", "b", tags=("t",), orientation=8)
    BatchSender(network.transport(), "org", source="camera")(files)
    body = network.bodies[0]
    length = int.from_bytes(body[:8], "big")
    header = msgspec.json.decode(body[8 : 8 + length])
    assert header["source"] == "camera"
    assert header["pictures"][0] == {
        "name": "a",
        "sha256": files[0].sha256,
        "size": files[0].size,
        "width": 4,
        "height": 6,
        "stored_width": 6,
        "stored_height": 4,
        "tags": ["t"],
    }
    assert body[8 + length :] == files[0].path.read_bytes() + files[1].path.read_bytes()


@pytest.mark.parametrize(
    "answer",
    [
        batch_answer("a"),
        (200, {}, b'{"statuses": ["created", "created"], "picture_ids": ["a"], "errors": [null, null]}'),
    ],
)
def test_an_answer_about_other_pictures_is_not_believed(scripted: Script, photos: Photos, answer: Any) -> None:
    with pytest.raises(errors.ProcessingError, match="not about the pictures"):
        BatchSender(scripted(answer).transport(), "org")(photos("a", "b"))


def test_an_unknown_status_is_a_failure(scripted: Script, photos: Photos) -> None:
    (outcome,) = BatchSender(scripted(batch_answer("a", status="maybe")).transport(), "org")(photos("a"))
    assert (outcome.status, outcome.error) == ("failed", "the platform answered `maybe`")


@pytest.mark.parametrize(
    "refusal", [errors.UnauthorizedError("no"), errors.UnsufficientRessourcesError("full"), errors.RefusedError("no")]
)
def test_a_refused_token_ends_it_after_what_is_on_its_way(
    photos: Photos, monkeypatch: pytest.MonkeyPatch, refusal: errors.PicselliaError
) -> None:
    """Three batches arrive while the first is refused: all three are told, and nothing more is sent."""
    monkeypatch.setattr(uploading, "BYTES_AT_ONCE", 1)
    sent, told = [], list[Outcome]()
    refused, barrier = threading.Event(), threading.Barrier(4)

    def send(files: Sequence[PictureFile]) -> list[Outcome]:
        sent.append(files[0].name)
        barrier.wait(10)
        if files[0].name == "0":
            raise refusal
        refused.wait(10)
        return [Outcome(files[0].name, "created", "id")]

    def tell(outcomes: Sequence[Outcome]) -> None:
        told.extend(outcomes)
        refused.set()  # the first that is told is the refusal: only from here on it is known to who sends more

    with pytest.raises(type(refusal)):
        upload(photos(*map(str, range(8))), send, parallelism=4, on_done=tell)
    assert sorted(sent) == ["0", "1", "2", "3"]
    assert sorted(one.name for one in told if one.status == "created") == ["1", "2", "3"]
    assert len(told) == 8


def test_a_refusal_is_raised_though_the_network_failed_first(photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "BYTES_AT_ONCE", 1)
    failures = {"0": errors.NetworkError("gone"), "1": errors.ForbiddenError("no")}
    barrier = threading.Barrier(2)

    def send(files: Sequence[PictureFile]) -> list[Outcome]:
        barrier.wait(10)
        raise failures[files[0].name]

    with pytest.raises(errors.ForbiddenError):
        upload(photos("0", "1", "2"), send, parallelism=2)


def test_a_large_file_gone_between_check_and_sending_is_a_failure(
    client: Client, photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "IN_MEMORY", 10)
    monkeypatch.setattr(uploading, "BYTES_AT_ONCE", 1)
    monkeypatch.setattr(sending, "_check", lambda file: file.path.unlink() if file.name == "a.png" else None)
    gone, good = client.writer.upload_pictures(photos("a.png", "b.png"))
    assert (gone.status, good.status) == ("failed", "created")
    assert str(gone.error).startswith("cannot be read")
