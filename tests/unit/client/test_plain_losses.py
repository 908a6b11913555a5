"""What a platform that speaks SDK v2 only must not make us lose: pages, old annotations, the truth about bytes."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from picsellia_apply import errors
from picsellia_apply.client import Client, plain_reader
from picsellia_apply.client.connection import Connection
from picsellia_apply.client.embedded import embedded_adapter
from picsellia_apply.client.target import EMBEDDED_URL
from picsellia_apply.client.transport import Settings, Transport
from picsellia_apply.client.upload import PictureFile
from picsellia_apply.model.annotation import texts_of
from picsellia_apply.wire import extension as ext

Photos = Callable[..., list[PictureFile]]
Change = Callable[[PreparedRequest, dict[str, Any]], None]
CAR, DOG = ({"type": "classification", "label": label} for label in ("car", "dog"))


@dataclass
class Plain(BaseAdapter):
    """Hides the extension of the lake behind it, and refuses or changes what a test wants."""

    inner: BaseAdapter
    refuse: Callable[[PreparedRequest], int] = lambda _: 0
    change: Change = lambda *_: None
    lose: list[str] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        self.sent.append((str(request.method), request.path_url))
        status = self.refuse(request)
        if status:
            return _answer(request, status, {"error": "not this one"})
        response = self.inner.send(request, *args, **options)
        if self.lose and self.lose[0] in request.path_url:
            self.lose.pop(0)
            return _answer(request, 502, {})
        try:
            body = msgspec.json.decode(response.content)
        except msgspec.DecodeError:
            return response
        if request.path_url.endswith("/ping"):
            del body["extensions"]
        self.change(request, body)
        return _answer(request, response.status_code, body)

    def close(self) -> None:
        self.inner.close()


def _answer(request: PreparedRequest, status: int, body: Any) -> Response:
    made = Response()
    made.status_code, made.request, made.url = status, request, str(request.url)
    made.raw = io.BytesIO(msgspec.json.encode(body))
    return made


@pytest.fixture
def line(tmp_path: Path) -> Plain:
    return Plain(embedded_adapter(tmp_path / "data", create=True))


@pytest.fixture
def plain(line: Plain) -> Iterator[Client]:
    settings = Settings(attempts=2, sleep=lambda _: None)
    transport = Transport(EMBEDDED_URL, adapter=lambda: line, settings=settings)
    with Connection(transport, None, host="plain") as connection:
        yield Client(connection=connection)


@pytest.fixture
def version(plain: Client, photos: Photos) -> str:
    """Return a version of five pictures, each of them a car."""
    files = photos(*[f"{number}.png" for number in range(5)])
    ids = [str(one.picture_id) for one in plain.writer.upload_pictures(files)]
    made = plain.writer.create_version("cars", "first", ids)
    plain.writer.replace_annotations(made, [ext.AnnotationItem(file.name, [CAR]) for file in files])
    return made


def test_pictures_that_arrived_before_the_disk_was_full_are_told(plain: Client, line: Plain, photos: Photos) -> None:
    def full(request: PreparedRequest) -> int:
        # A picture's name, not the end of its object's key, which is a random digit and the same suffix.
        return 507 if request.method == "PUT" and b'"2.png"' in (request.body or b"") else 0

    line.refuse = full
    outcomes = plain.writer.upload_pictures(photos(*[f"{number}.png" for number in range(4)]))
    assert [one.status for one in outcomes] == ["created", "created", "failed", "failed"]
    assert plain.reader.all_pictures().names == ["0.png", "1.png"]


def _count(page: dict[str, Any]) -> int:
    return len(page.get("annotations", ()))


def _whole(body: dict[str, Any], kept: dict[str, Any]) -> None:
    """Send the first page again, whatever was asked."""
    if "annotations" in body:
        kept.setdefault("annotations", body["annotations"])
        body["annotations"] = kept["annotations"]


def _paging(request: PreparedRequest, body: dict[str, Any], *, keys: tuple[str, ...]) -> None:
    if "annotations" in body and "nb_pages" in body:
        pages = body.pop("nb_pages")
        offset = int(request.path_url.rpartition("offset=")[2])
        stated = {"nb_pages": pages, "has_next": offset // 2 + 1 < pages}
        for key in ("nb_pages", "has_next"):
            body.pop(key, None)
        body.update({key: stated[key] for key in keys})


@pytest.mark.parametrize("keys", [("nb_pages",), ("has_next",), ("nb_pages", "has_next"), ()])
def test_every_page_of_annotations_is_read(
    plain: Client, line: Plain, version: str, keys: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain_reader, "ANNOTATIONS_AT_ONCE", 2)
    line.change = lambda request, body: _paging(request, body, keys=keys)
    assert len(plain.reader.annotation_digests(version)) == 5
    (dataset,) = plain.reader.datasets(["cars"])
    assert (dataset.versions[0].annotated, dataset.versions[0].objects) == (5, 5)
    assert plain.writer.replace_annotations(version, [ext.AnnotationItem("4.png", [DOG])]).statuses == ["put"]
    assert plain.reader.annotations(version, ["4.png"]) == {"4.png": texts_of([DOG])}


def test_a_platform_that_does_not_page_ends(
    plain: Client, line: Plain, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every annotation at once, however often: SDK 5.0.16."""
    whole: dict[str, Any] = {}

    def change(_: PreparedRequest, body: dict[str, Any]) -> None:
        body.pop("nb_pages", None)
        body.pop("has_next", None)
        _whole(body, whole)

    line.change = change
    plain.reader.annotations(version, [])
    monkeypatch.setattr(plain_reader, "ANNOTATIONS_AT_ONCE", 2)
    assert len(plain.reader.annotation_digests(version)) == 5


def test_pages_without_end_are_an_error(plain: Client, line: Plain, version: str) -> None:
    kept: dict[str, Any] = {}

    def change(_: PreparedRequest, body: dict[str, Any]) -> None:
        if "annotations" in body:
            body.pop("nb_pages", None)
            body["has_next"] = True
            _whole(body, kept)

    line.change = change
    with pytest.raises(errors.ProcessingError, match="nothing new"):
        plain.reader.annotation_digests(version)


def _puts(line: Plain) -> int:
    return sum(method == "PUT" and "/annotation/new/" in path for method, path in line.sent)


@pytest.mark.parametrize("status", [400, 403, 503])
def test_an_annotation_that_is_not_taken_leaves_the_old_one(
    plain: Client, line: Plain, version: str, status: int
) -> None:
    def refuse(request: PreparedRequest) -> int:
        return status if b"dog" in (request.body or b"") else 0

    line.refuse = refuse
    items = [ext.AnnotationItem("0.png", [DOG])]
    if status == 400:
        answer = plain.writer.replace_annotations(version, items)
        assert (answer.statuses, answer.digests) == (["refused"], [None])
        assert "not this one" in str(answer.errors[0])
    else:
        with pytest.raises(errors.PicselliaError):
            plain.writer.replace_annotations(version, items)
    line.refuse = lambda _: 0
    assert plain.reader.annotations(version, ["0.png"]) == {"0.png": texts_of([CAR])}


def test_an_annotation_that_cannot_be_put_back_is_named(plain: Client, line: Plain, version: str) -> None:
    line.refuse = lambda request: 400 * (request.method == "PUT" and "/annotation/" in request.path_url)
    with pytest.raises(errors.ProcessingError, match=r"`0\.png`.*deleted.*put back") as caught:
        plain.writer.replace_annotations(version, [ext.AnnotationItem("0.png", [DOG])])
    assert caught.value.hint


def test_an_annotation_refused_where_none_was_is_refused(plain: Client, line: Plain, version: str) -> None:
    plain.writer._ask("DELETE", "annotation", version)
    line.refuse = lambda request: 400 * (request.method == "PUT" and "/annotation/" in request.path_url)
    before = _puts(line)
    assert plain.writer.replace_annotations(version, [ext.AnnotationItem("0.png", [DOG])]).statuses == ["refused"]
    assert _puts(line) == before + 1


def test_changed_bytes_under_an_old_name_are_not_the_same(plain: Client, photos: Photos) -> None:
    (file,) = photos("a.png")
    assert [one.status for one in plain.datalake.picture.upload(file.path)] == ["created"]
    Image.new("RGB", (30, 30)).save(file.path)
    with pytest.raises(errors.TransferError, match="does not tell whether its bytes") as caught:
        plain.datalake.picture.upload(file.path, tags=["new"])
    assert set(caught.value.failures) == {str(file.path)}
    (outcome,) = plain.writer.upload_pictures(photos("a.png"))
    assert (outcome.status, outcome.picture_id) == ("there", plain.reader.all_pictures().picture_ids[0])
    assert plain.reader.pictures_tagged(["new"]).names == []


def test_a_picture_whose_answer_was_lost_is_created(plain: Client, line: Plain, photos: Photos) -> None:
    line.lose = ["/picture/upload/"]
    (outcome,) = plain.writer.upload_pictures(photos("a.png"))
    assert outcome.status == "created"
    assert [path for _, path in line.sent if "/picture/upload/" in path][1:], "it was not sent a second time"


def test_pictures_of_a_second_upload_are_told_as_not_compared(plain: Client, photos: Photos) -> None:
    (file,) = photos("a.png")
    for version, codes in (("first", []), ("second", ["P016"])):
        done = plain.datalake.upload("cars", version, imgdir=str(file.path.parent))
        assert [one.code for one in done.findings] == codes
        assert plain.reader.version_members(done.dataset.dataset_id) == ("a.png",)
