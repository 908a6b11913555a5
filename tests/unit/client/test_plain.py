"""A platform that speaks SDK v2 only: the real lake, with everything beyond v2 hidden."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from picsellia_apply import errors
from picsellia_apply.client import Client, plain_reader
from picsellia_apply.client.connection import Connection
from picsellia_apply.client.embedded import embedded_adapter
from picsellia_apply.client.target import EMBEDDED_URL
from picsellia_apply.client.transport import Transport
from picsellia_apply.client.upload import PictureFile
from picsellia_apply.model.annotation import annotation_digest, names_digest, texts_of
from picsellia_apply.wire import extension as ext
from picsellia_apply.wire import ownership

Photos = Callable[..., list[PictureFile]]
BOX = {"type": "rectangle", "label": "car", "rectangle": {"top": 1, "left": 2, "width": 3.5, "height": 4}}


class Plain(BaseAdapter):
    """Hides the extension of the lake behind it."""

    def __init__(self, inner: BaseAdapter) -> None:
        super().__init__()
        self.inner = inner

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        assert "/ext/" not in str(request.url), "a plain platform is asked for what it does not offer"
        response = self.inner.send(request, *args, **options)
        if request.path_url.endswith("/ping"):
            answer = {"username": "Ada", "sdk_version": "5.0.22"}
            hidden = Response()
            hidden.status_code, hidden.request, hidden.url = 200, request, str(request.url)
            hidden.raw = io.BytesIO(msgspec.json.encode(answer))
            return hidden
        return response

    def close(self) -> None:
        self.inner.close()


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Client]:
    def adapter() -> BaseAdapter:
        return Plain(embedded_adapter(tmp_path / "data", create=True))

    with Connection(Transport(EMBEDDED_URL, adapter=adapter), None, host="plain") as connection:
        yield Client(connection=connection)


def test_pictures_are_sent_and_read(plain: Client, photos: Photos) -> None:
    files = photos("a.png", "b.png", tags=("drone",), orientation=6)
    assert plain.features == frozenset()
    told: list[Any] = []
    first = plain.writer.upload_pictures(files, on_done=told.extend)
    assert [one.status for one in first] == ["created", "created"]
    again = [replace(files[0], tags=("night",)), *photos("c.png")]
    second = plain.writer.upload_pictures(again, on_done=told.extend)
    assert [one.status for one in second] == ["there", "created"]
    assert len(told) == 4
    found = plain.reader.pictures_named(["a.png", "b.png", "none"])
    assert found.names == ["a.png", "b.png"]
    assert found.picture_ids == [one.picture_id for one in first]
    assert (found.sha256, found.widths, found.heights) == ([None, None], [4, 4], [6, 6])
    assert found.tags == {"drone": [0, 1]}
    plain.writer.tag(["night"], found.picture_ids[:1])
    assert plain.reader.pictures_tagged(["drone", "night"]).names == ["a.png"]
    assert plain.reader.all_pictures().total == 3
    assert plain.reader.pictures_named([]).names == []


def test_the_bytes_of_a_few_pictures_are_read_for_their_digests(plain: Client, photos: Photos) -> None:
    files = photos("a.png", "b.png", "c.png")
    plain.writer.upload_pictures(files)
    keys = plain.reader.object_keys(["a.png", "b.png"])
    found = plain.reader.contents(["a.png", "b.png", "nobody"])
    assert found == {
        "a.png": (keys["a.png"], files[0].sha256),
        "b.png": (keys["b.png"], files[1].sha256),
        "nobody": ("", ""),
    }
    assert plain.reader.holdings(["a.png", "b.png", "nobody"]).keys == keys
    before = plain.requests
    assert plain.reader.contents([]) == {}
    assert plain.requests == before


def test_a_file_that_changed_is_not_sent(plain: Client, photos: Photos) -> None:
    (file,) = photos("a.png")
    file.path.write_bytes(b"changed")
    assert [one.status for one in plain.writer.upload_pictures([file])] == ["failed"]
    assert plain.reader.all_pictures().names == []


def test_datasets_and_annotations(plain: Client, photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = plain.writer.upload_pictures(photos("a.png", "b.png", "c.png"))
    ids = [str(one.picture_id) for one in outcomes]
    first = plain.writer.create_version("cars", "first", ids[:2], description="Streets")
    plain.writer.create_label(first, "car", "rectangle")
    items = [ext.AnnotationItem(name, [BOX]) for name in ("a.png", "b.png", "c.png")]
    assert plain.writer.replace_annotations(first, items).statuses == ["put", "put", "missing"]
    changed = {**BOX, "label": "van"}
    expected = annotation_digest(texts_of([BOX]))
    again = [
        ext.AnnotationItem("a.png", [changed], [], expected),
        ext.AnnotationItem("b.png", [changed], [], ""),
        ext.AnnotationItem("b.png", [BOX]),
    ]
    answer = plain.writer.replace_annotations(first, again)
    assert answer.statuses == ["put", "stale", "same"]
    monkeypatch.setattr(plain_reader, "ANNOTATIONS_AT_ONCE", 1)
    texts = {"a.png": texts_of([changed]), "b.png": texts_of([BOX])}
    assert plain.reader.annotations(first, ["a.png", "b.png", "c.png"]) == texts
    assert plain.reader.annotation_digests(first) == {name: annotation_digest(one) for name, one in texts.items()}
    plain.writer.create_version("cars", "second", ids[2:], origin="first")
    (dataset,) = plain.reader.datasets(["cars"])
    assert (dataset.description, [one.name for one in dataset.versions]) == ("Streets", ["first", "second"])
    info = dataset.versions[0]
    assert (info.size, info.annotated, info.objects) == (2, 2, 2)
    assert info.members_digest == names_digest(["a.png", "b.png"])
    plain.writer.add_pictures(first, ids)
    assert plain.reader.version_members(first) == ("a.png", "b.png", "c.png")
    assert plain.reader.holders(["b.png", "nobody"]) == {("cars", "first"): (1, 1)}
    assert plain.reader.holders(["c.png"]) == {("cars", "first"): (1, 0), ("cars", "second"): (1, 0)}
    assert plain.reader.holders([]) == {}


def test_networks(plain: Client, tmp_path: Path) -> None:
    made = plain.writer.create_network("cells", "detection")
    config = tmp_path / "a.config"
    config.write_bytes(b"small")
    plain.writer.store_file(made, "config", config)
    (info,) = plain.reader.networks(["cells", "none"])
    assert info.files == {"config": ext.FileInfo(f"{made}/a.config", None, -1)}
    assert info.thumbnail is None


def test_what_v2_cannot_do_is_refused_by_name(plain: Client) -> None:
    writer = plain.writer
    assert plain.reader.workspace("demo") is None
    for refused in (
        lambda: writer.patch_dataset("cars", description="New"),
        lambda: writer.remove_pictures("id", ["id"]),
        lambda: writer.remove_labels("id", [ext.Label("car", "polygon")]),
        lambda: writer.write_workspace("demo", ownership.WorkspaceWrite(1, "")),
        lambda: writer.create_version("cars", "gold", ["id"]),
        lambda: writer.create_version("cars", "first", []),
    ):
        with pytest.raises(errors.PicselliaError, match="does not support"):
            refused()


def test_a_name_taken_meanwhile_is_not_taken_over(
    plain: Client, photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = plain.writer.upload_pictures(photos("a.png"))
    known = plain.writer.picture_ids
    answers = iter([{}, known(["a.png"])])
    monkeypatch.setattr(plain.writer, "picture_ids", lambda _: next(answers))
    (outcome,) = plain.writer.upload_pictures(photos("a.png"))
    assert (outcome.status, outcome.picture_id) == ("there", first[0].picture_id)


def test_an_annotation_that_is_refused_is_put_back(plain: Client, photos: Photos) -> None:
    (outcome,) = plain.writer.upload_pictures(photos("a.png"))
    first = plain.writer.create_version("cars", "first", [str(outcome.picture_id)])
    plain.writer.replace_annotations(first, [ext.AnnotationItem("a.png", [BOX])])
    broken = {"type": "classification", "label": ""}
    answer = plain.writer.replace_annotations(first, [ext.AnnotationItem("a.png", [broken])])
    assert answer.statuses == ["refused"]
    assert plain.reader.annotations(first, ["a.png"]) == {"a.png": texts_of([BOX])}
