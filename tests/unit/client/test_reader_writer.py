"""Every bulk method against the real lake, in-process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from picsellia_apply import errors
from picsellia_apply.client import Client, reader, writer
from picsellia_apply.client.upload import PictureFile
from picsellia_apply.model.annotation import annotation_digest, names_digest, texts_of
from picsellia_apply.wire import extension as ext
from picsellia_apply.wire import ownership

Photos = Callable[..., list[PictureFile]]
Uploaded = Callable[..., dict[str, str]]

BOX = {"type": "rectangle", "label": "car", "rectangle": {"top": 1, "left": 2, "width": 3.5, "height": 4}}
QUESTION = {"type": "text", "question": "How is it?", "answer": "fine"}


def item(name: str, *objects: dict[str, Any], expect: str | None = None) -> ext.AnnotationItem:
    return ext.AnnotationItem(name, list(objects), [], expect)


def version(client: Client, name: str, pictures: list[str], **options: Any) -> str:
    return client.writer.create_version("cars", name, pictures, **options)


def test_pictures_by_name_tell_what_was_sent(client: Client, photos: Photos) -> None:
    files = photos("b.png", "a.png", tags=("drone", "night"))
    client.writer.upload_pictures(files)
    found = client.reader.pictures_named(["a.png", "b.png", "none.png"])
    assert found.names == ["a.png", "b.png"]
    assert found.sha256 == [files[1].sha256, files[0].sha256]
    assert found.sizes == [files[1].size, files[0].size]
    assert (found.widths, found.heights) == ([6, 6], [4, 4])
    assert {tag: sorted(rows) for tag, rows in found.tags.items()} == {"drone": [0, 1], "night": [0, 1]}
    assert found.total == 2


def test_no_name_asks_nothing(client: Client) -> None:
    before = client.requests
    assert client.reader.pictures_named([]).names == []
    assert client.requests == before


def test_a_turned_picture_is_displayed_upright(client: Client, photos: Photos) -> None:
    client.writer.upload_pictures(photos("a.png", orientation=6))
    found = client.reader.pictures_named(["a.png"])
    assert (found.widths, found.heights, found.stored_widths, found.stored_heights) == ([4], [6], [6], [4])


def test_pictures_by_tags_carry_all_of_them(client: Client, uploaded: Uploaded) -> None:
    uploaded("a.png", "b.png", tags=("drone",))
    uploaded("c.png", tags=("drone", "night"))
    assert client.reader.pictures_tagged(["drone"]).names == ["a.png", "b.png", "c.png"]
    assert client.reader.pictures_tagged(["drone", "night"]).names == ["c.png"]
    assert client.reader.pictures_tagged(["absent"]).names == []
    with pytest.raises(ValueError, match="no tag"):
        client.reader.pictures_tagged([])


def test_pages_are_joined_with_their_tags(client: Client, uploaded: Uploaded, monkeypatch: pytest.MonkeyPatch) -> None:
    uploaded("a.png", "b.png", tags=("drone",))
    uploaded("c.png", "d.png", "e.png", tags=("drone", "night"))
    whole = client.reader.all_pictures()
    monkeypatch.setattr(reader, "ROWS_AT_ONCE", 2)
    before = client.requests
    paged = client.reader.pictures_tagged(["drone"])
    assert client.requests - before == 3
    assert paged.names == whole.names == ["a.png", "b.png", "c.png", "d.png", "e.png"]
    assert {tag: sorted(rows) for tag, rows in paged.tags.items()} == {"drone": [0, 1, 2, 3, 4], "night": [2, 3, 4]}
    assert paged.total == 5


def test_many_names_are_asked_in_pieces(client: Client, uploaded: Uploaded, monkeypatch: pytest.MonkeyPatch) -> None:
    uploaded("a.png", "b.png", "c.png", tags=("drone",))
    monkeypatch.setattr(reader, "ROWS_AT_ONCE", 2)
    found = client.reader.pictures_named(["c.png", "a.png", "b.png"])
    assert found.names == ["a.png", "b.png", "c.png"]
    assert sorted(found.tags["drone"]) == [0, 1, 2]
    made = version(client, "first", found.picture_ids)
    assert client.reader.version_members(made) == ("a.png", "b.png", "c.png")


def test_tags_are_put_on_and_taken_off_twice_alike(client: Client, uploaded: Uploaded) -> None:
    ids = uploaded("a.png", "b.png")
    for _ in range(2):
        client.writer.tag(["new", "fresh"], [ids["a.png"]])
    assert client.reader.pictures_tagged(["new", "fresh"]).names == ["a.png"]
    for _ in range(2):
        client.writer.untag(["new"], list(ids.values()))
    assert client.reader.pictures_tagged(["new"]).names == []
    assert client.reader.pictures_tagged(["fresh"]).names == ["a.png"]


def test_nothing_to_tag_sends_nothing(client: Client) -> None:
    before = client.requests
    client.writer.tag([], ["id"])
    client.writer.tag(["new"], [])
    client.writer.untag([], [])
    client.writer.delete_pictures([])
    assert client.requests == before


def test_pictures_are_deleted_by_id(client: Client, uploaded: Uploaded) -> None:
    ids = uploaded("a.png", "b.png")
    assert client.writer.picture_ids(["a.png", "b.png", "none"]) == ids
    client.writer.delete_pictures([ids["a.png"]])
    assert client.reader.all_pictures().names == ["b.png"]


def test_a_version_without_an_origin_holds_what_it_was_given(client: Client, uploaded: Uploaded) -> None:
    ids = uploaded("a.png", "b.png", "c.png")
    made = version(client, "gold", [ids["a.png"], ids["c.png"]], description="Streets", private=False)
    (dataset,) = client.reader.datasets(["cars", "none"])
    assert (dataset.name, dataset.description, dataset.private) == ("cars", "Streets", False)
    (info,) = dataset.versions
    assert (info.dataset_id, info.name, info.size, info.labels, info.annotated) == (made, "gold", 2, [], 0)
    assert info.members_digest == names_digest(["a.png", "c.png"])
    assert client.reader.version_members(made) == ("a.png", "c.png")
    assert client.reader.pictures_of(made).picture_ids == [ids["a.png"], ids["c.png"]]


def test_a_version_may_be_empty_and_exists_once(client: Client) -> None:
    made = version(client, "empty", [])
    assert client.reader.version_members(made) == ()
    with pytest.raises(errors.PicselliaError):
        version(client, "empty", [])


def test_a_version_with_an_origin_carries_labels_and_annotations(client: Client, uploaded: Uploaded) -> None:
    ids = uploaded("a.png", "b.png")
    first = version(client, "first", list(ids.values()))
    client.writer.create_label(first, "car/van", "rectangle")
    client.writer.replace_annotations(first, [item("a.png", BOX), item("b.png", BOX)])
    second = version(client, "second", [ids["a.png"]], origin="first")
    (dataset,) = client.reader.datasets(["cars"])
    assert [one.name for one in dataset.versions] == ["first", "second"]
    assert dataset.versions[1].labels == [ext.Label("car/van", "rectangle")]
    assert client.reader.annotations(second, ["a.png", "b.png"]) == {"a.png": texts_of([BOX])}
    with pytest.raises(errors.ResourceNotFoundError):
        version(client, "third", [], origin="absent")


def test_fields_members_and_labels_of_a_dataset_change(client: Client, uploaded: Uploaded) -> None:
    ids = uploaded("a.png", "b.png", "c.png")
    made = version(client, "first", [ids["a.png"]])
    client.writer.patch_dataset("cars", description="New")
    for _ in range(2):
        client.writer.add_pictures(made, [ids["b.png"], ids["c.png"]])
        client.writer.create_label(made, "car", "polygon")
        client.writer.create_label(made, "car", "rectangle")
    assert client.reader.version_members(made) == ("a.png", "b.png", "c.png")
    for _ in range(2):
        client.writer.remove_pictures(made, [ids["a.png"]])
        client.writer.remove_labels(made, [ext.Label("car", "polygon")])
    (dataset,) = client.reader.datasets(["cars"])
    assert (dataset.description, dataset.private) == ("New", True)
    assert dataset.versions[0].labels == [ext.Label("car", "rectangle")]
    assert client.reader.version_members(made) == ("b.png", "c.png")


def test_a_version_is_deleted_by_its_own_name(client: Client, uploaded: Uploaded) -> None:
    ids = uploaded("a.png")
    version(client, "first", list(ids.values()))
    version(client, "second", [])
    client.writer.delete_version("cars", "first")
    (dataset,) = client.reader.datasets(["cars"])
    assert [one.name for one in dataset.versions] == ["second"]
    assert client.reader.all_pictures().names == ["a.png"]
    with pytest.raises(errors.ResourceNotFoundError):
        client.writer.delete_version("cars", "first")
    with pytest.raises(errors.TyperError):
        client.writer.delete_version("cars", "latest")


def test_annotations_are_replaced_where_they_are_what_was_expected(client: Client, uploaded: Uploaded) -> None:
    ids = uploaded("a.png", "b.png", "c.png")
    made = version(client, "first", [ids["a.png"], ids["b.png"]])
    asked = ext.AnnotationItem("a.png", [BOX, {"type": "classification", "label": "day", "qa": []}], [QUESTION], "")
    answer = client.writer.replace_annotations(made, [asked, item("b.png", expect="f" * 64), item("c.png", BOX)])
    assert answer.statuses == ["put", "stale", "missing"]
    texts = texts_of(asked.data, asked.image_qa)
    assert client.reader.annotation_digests(made) == {"a.png": annotation_digest(texts)} == {"a.png": answer.digests[0]}
    assert client.reader.annotations(made, ["b.png", "a.png"]) == {"a.png": texts}
    assert client.writer.replace_annotations(made, [asked]).statuses == ["same"]


def test_many_annotations_go_in_bounded_requests(
    client: Client, uploaded: Uploaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{number}.png" for number in range(5)]
    made = version(client, "first", list(uploaded(*names).values()))
    monkeypatch.setattr(writer, "ANNOTATIONS_AT_ONCE", 2)
    before = client.requests
    assert client.writer.replace_annotations(made, [item(name, BOX) for name in names]).statuses == ["put"] * 5
    assert client.requests - before == 3
    monkeypatch.setattr(writer, "ANNOTATION_BYTES_AT_ONCE", 1)
    assert client.writer.replace_annotations(made, [item(name) for name in names]).statuses == ["put"] * 5
    assert client.requests - before == 8
    monkeypatch.setattr(reader, "ANNOTATIONS_AT_ONCE", 2)
    assert client.reader.annotations(made, names) == dict.fromkeys(names, ())


def test_a_network_is_made_changed_and_deleted(client: Client, tmp_path: Path) -> None:
    made = client.writer.create_network("cells/yolo", "detection")
    client.writer.update_network(made, {"description": "Detector", "labels": {"1": "cell"}, "tag": ["a"]})
    (info,) = client.reader.networks(["cells/yolo", "none"])
    assert (info.network.model_id, info.network.type, info.network.description) == (made, "detection", "Detector")
    assert (info.network.labels, info.files, info.thumbnail) == ({"1": "cell"}, {}, None)
    with pytest.raises(errors.TyperError, match="owner"):
        client.writer.update_network(made, {"owner": {}})
    with pytest.raises(errors.TyperError, match="colour"):
        client.writer.update_network(made, {"colour": "red"})
    with pytest.raises(errors.InvalidQueryError):
        client.writer.create_network("cells/yolo", "detection")
    client.writer.delete_network(made)
    assert client.reader.networks(["cells/yolo"]) == ()


def test_files_of_a_network_are_told_by_digest(client: Client, photos: Photos, tmp_path: Path) -> None:
    made = client.writer.create_network("cells", "detection")
    small, other, large = tmp_path / "a.config", tmp_path / "deep" / "a.config", tmp_path / "model.zip"
    other.parent.mkdir()
    small.write_bytes(b"small")
    other.write_bytes(b"another")
    large.write_bytes(b"x" * (5 * 1024 * 1024 + 3))
    client.writer.store_file(made, "config", small)
    client.writer.store_file(made, "config-2", other)
    client.writer.store_file(made, "model-latest", large)
    client.writer.store_thumbnail(made, photos("thumb.png")[0].path)
    (info,) = client.reader.networks(["cells"])
    assert info.network.files["config"] == f"{made}/a.config"
    assert info.network.files["model-latest"] == f"{made}/0/model.zip"
    assert len(set(info.network.files.values())) == 3
    assert {key: file.size for key, file in info.files.items()} == {
        "config": 5,
        "config-2": 7,
        "model-latest": large.stat().st_size,
    }
    assert info.thumbnail is not None
    assert info.thumbnail.sha256 == photos("thumb.png")[0].sha256
    small.write_bytes(b"changed")
    client.writer.store_file(made, "config", small)
    assert client.reader.networks(["cells"])[0].files["config"].size == 7


def test_a_workspace_is_written_by_one_at_a_time(client: Client) -> None:
    assert client.reader.workspace("demo/1") is None
    client.writer.write_workspace("demo/1", ownership.WorkspaceWrite(1, "abc"))
    assert client.reader.workspace("demo/1") == ownership.WorkspaceBody(1, "abc")
    with pytest.raises(errors.ConflictError):
        client.writer.write_workspace("demo/1", ownership.WorkspaceWrite(1, "other"))
    client.writer.write_workspace("demo/1", ownership.WorkspaceWrite(2, "def"))
    assert client.reader.workspace("demo/1") == ownership.WorkspaceBody(2, "def")
