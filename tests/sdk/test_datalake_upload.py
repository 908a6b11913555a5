"""`client.datalake.upload`: rows R04 to R10."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from picsellia_apply import errors
from picsellia_apply.client import Client, dataset_upload
from picsellia_apply.client.dataset_upload import Uploaded, workers
from picsellia_apply.client.selection import UNTAGGED
from picsellia_apply.client.upload import PictureFile
from picsellia_apply.client.writer import Writer
from picsellia_apply.local import StatCache
from picsellia_apply.manifest import load
from picsellia_apply.model.annotation import annotation_digest
from tests.sdk.documented import Photo, labels_of, names, objects_of, parameters

BCCD = Path(__file__).parents[3] / "shared" / "data" / "bccd"
RING = [1.0, 1.0, 5.0, 1.0, 5.0, 4.0]
OUTLINE = {"geometry": [{"x": 1, "y": 1}, {"x": 5, "y": 1}, {"x": 5, "y": 4}]}
BOX = {"left": 1, "top": 1, "width": 4, "height": 3}
QA = {"type": "text", "question": "What color ?", "answer": "red"}


@pytest.fixture
def folder(photo: Photo) -> Path:
    """Return a folder of the pictures a.png, b.png and c.png."""
    for name, colour in (("a.png", "red"), ("b.png", "green"), ("c.png", "blue")):
        photo(name, colour, "imgs")
    return photo("a.png", "red", "imgs").parent


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    """Return a COCO file: two objects with outlines on a, one box on b, none on c, and a category that nobody uses."""
    images = [{"id": number, "file_name": f"{name}.png", "width": 8, "height": 6} for number, name in enumerate("abc")]
    categories = [{"id": number, "name": name} for number, name in enumerate(["car", "roof", "unused"])]
    objects = [
        {"id": 1, "image_id": 0, "category_id": 0, "bbox": [1, 1, 4, 3], "segmentation": [RING]},
        {"id": 2, "image_id": 0, "category_id": 1, "bbox": [1, 1, 4, 3], "segmentation": [RING]},
        {"id": 3, "image_id": 1, "category_id": 0, "bbox": [0.5, 1, 2, 2], "segmentation": []},
    ]
    return written(tmp_path / "coco.json", {"images": images, "annotations": objects, "categories": categories})


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    """Return a folder of PASCAL-VOC files: a box on a, nothing on b."""
    annotations = tmp_path / "Annotations"
    annotations.mkdir()
    box = "<bndbox><xmin>2</xmin><ymin>2</ymin><xmax>5</xmax><ymax>4</ymax></bndbox>"
    for name, objects in (("a", f"<object><name>Car</name>{box}</object>"), ("b", "")):
        text = f"<annotation><filename>{name}.png</filename>{objects}</annotation>"
        (annotations / f"{name}.xml").write_text(text)
    return annotations


@pytest.fixture
def picsellia(tmp_path: Path) -> Path:
    """Return a PICSELLIA file: an outline, a box with a question and a classification on a."""
    objects = [
        {"type": "polygon", "label": "rose", "polygon": OUTLINE},
        {"type": "rectangle", "label": "car", "rectangle": BOX, "qa": [QA]},
        {"type": "classification", "label": "day"},
    ]
    entry = {"external_picture_url": "a.png", "nb_labels": 3, "time_spent": 0, "annotations": objects}
    return written(tmp_path / "picsellia.json", {"annotations": [entry]})


def written(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value))
    return path


def test_r04_coco(client: Client, folder: Path, coco: Path) -> None:
    assert parameters(client.datalake.upload) == [
        ("name", None),
        ("version", None),
        ("imgdir", None),
        ("ann_path", None),
        ("ann_format", None),
        ("tags", []),
        ("nb_jobs", 5),
        ("rectangle", False),
    ]
    done = client.datalake.upload("streets", None, str(folder), str(coco), "COCO", tags=["drone"])
    dataset = client.datalake.dataset
    assert done.dataset == dataset.fetch("streets", "first")
    assert (done.annotated, done.objects, done.dataset.size) == (3, 3, 3)
    assert [(one.name, one.status) for one in done.pictures] == [(f"{name}.png", "created") for name in "abc"]
    assert names(client.datalake.picture.fetch(1, ["drone"])) == ["a.png", "b.png", "c.png"]
    assert labels_of(dataset, "streets") == {("car", "polygon"), ("roof", "polygon"), ("car", "rectangle")}
    assert objects_of(dataset, "a.png") == [
        {"type": "polygon", "label": "car", "polygon": OUTLINE},
        {"type": "polygon", "label": "roof", "polygon": OUTLINE},
    ]
    (box,) = objects_of(dataset, "b.png")
    assert box["rectangle"] == {"left": 0.5, "top": 1, "width": 2, "height": 2}
    assert objects_of(dataset, "c.png") == []


def test_r04_a_second_time_changes_nothing(client: Client, folder: Path, coco: Path, platform: str) -> None:
    client.datalake.upload("streets", None, folder, coco, "COCO")
    dataset = client.datalake.dataset
    before = objects_of(dataset, "a.png"), labels_of(dataset, "streets")
    done = client.datalake.upload("streets", "first", folder, coco, "COCO")
    assert {one.status for one in done.pictures} == {"there" if platform == "plain" else "same"}
    assert (objects_of(dataset, "a.png"), labels_of(dataset, "streets")) == before
    assert len(client.datalake.picture.list()["pictures"]) == 3


def test_r05_pascal_voc(client: Client, folder: Path, voc: Path) -> None:
    done = client.datalake.upload("streets", imgdir=folder, ann_path=voc, ann_format="PASCAL-VOC")
    dataset = client.datalake.dataset
    assert labels_of(dataset, "streets") == {("Car", "rectangle")}
    (box,) = objects_of(dataset, "a.png")
    assert box["rectangle"] == {"left": 1, "top": 1, "width": 4, "height": 3}  # one-based and inclusive
    assert objects_of(dataset, "b.png") == []
    assert (done.annotated, done.dataset.size) == (2, 3)


def test_r06_picsellia(client: Client, folder: Path, picsellia: Path) -> None:
    client.datalake.upload("streets", imgdir=folder, ann_path=picsellia, ann_format="PICSELLIA", rectangle=True)
    dataset = client.datalake.dataset
    expected = {("rose", "polygon"), ("car", "rectangle"), ("day", "classification")}
    assert labels_of(dataset, "streets") == expected
    found = objects_of(dataset, "a.png")
    assert {"type": "rectangle", "label": "car", "rectangle": BOX, "qa": [QA]} in found
    assert {"type": "polygon", "label": "rose", "polygon": OUTLINE} in found
    assert {"type": "classification", "label": "day"} in found


def test_r07_annotations_only(client: Client, folder: Path, coco: Path, voc: Path) -> None:
    client.datalake.upload("streets", imgdir=folder)
    client.datalake.dataset.new_version("streets", "second", pictures=client.datalake.picture.list())
    done = client.datalake.upload("streets", "first", ann_path=coco, ann_format="COCO")
    assert (done.dataset.version, done.annotated, done.pictures) == ("first", 3, ())
    dataset = client.datalake.dataset
    dataset.add_annotation("b.png", data=[{"type": "classification", "label": "mine"}])
    latest = client.datalake.upload("streets", ann_path=voc, ann_format="PASCAL-VOC")
    assert latest.dataset.version == "second"
    assert objects_of(dataset, "a.png")[0]["label"] == "Car"
    client.datalake.upload("streets", "first", ann_path=coco, ann_format="COCO")
    assert sorted(one["label"] for one in objects_of(dataset, "b.png")) == ["car", "mine"]
    with pytest.raises(errors.ResourceNotFoundError):
        client.datalake.upload("streets", "absent", ann_path=coco, ann_format="COCO")


def test_r08_pictures_only(client: Client, folder: Path) -> None:
    done = client.datalake.upload("streets", imgdir=folder)
    assert (done.dataset.version, done.dataset.size, done.annotated) == ("first", 3, 0)
    assert client.datalake.dataset.current == done.dataset


def test_r08_names_that_are_taken(client: Client, folder: Path, photo: Photo, platform: str) -> None:
    client.datalake.upload("streets", imgdir=folder)
    more = photo("d.png", "white", "more").parent
    before = client.requests
    with pytest.raises(errors.TyperError, match="there is a dataset `streets` already") as caught:
        client.datalake.upload("streets", imgdir=more)
    assert "version" in caught.value.hint
    assert client.requests == before + 1  # nothing was sent but the question
    assert client.datalake.upload("streets", "first", more).dataset.size == 4
    assert client.datalake.upload("streets", "second", more).dataset.size == 1
    assert client.datalake.upload("streets", "latest", folder).dataset.version == "second"
    with pytest.raises(errors.TyperError, match="no latest version"):
        client.datalake.upload("other", "latest", folder)
    if platform == "plain":
        with pytest.raises(errors.TyperError, match="is called `first`"):
            client.datalake.upload("other", "gold", folder)
    else:
        assert client.datalake.upload("other", "gold", folder).dataset.version == "gold"


def test_r09_tags(client: Client, folder: Path, photo: Photo) -> None:
    day = datetime.now(UTC).date()
    client.datalake.upload("one", imgdir=folder)
    client.datalake.upload("two", imgdir=photo("d.png", "white", "more").parent, tags=None)
    client.datalake.upload("three", imgdir=photo("e.png", "black", "most").parent, tags=[])
    tags = {one.external_url: one.tag for one in client.datalake.picture.list()["pictures"]}
    if datetime.now(UTC).date() == day:  # else it is midnight
        assert tags == {**{f"{name}.png": [day.isoformat()] for name in "abcd"}, "e.png": []}
    assert dataset_upload.checked_order(**arguments(today=day)).tags == (day.isoformat(),)
    assert dataset_upload.checked_order(**arguments(tags=None, today=day)).tags == (day.isoformat(),)
    assert dataset_upload.checked_order(**arguments(tags=[])).tags == ()
    assert dataset_upload.checked_order(**arguments(tags="night")).tags == ("night",)


def test_r09_the_dataset_holds_exactly_this_upload(client: Client, folder: Path, photo: Photo) -> None:
    client.datalake.picture.upload(photo("older.png", "white"), tags=["drone"])
    client.datalake.upload("streets", imgdir=folder, tags=["drone"])
    assert names(client.datalake.dataset.list_pictures()) == ["a.png", "b.png", "c.png"]
    client.datalake.upload("untagged", imgdir=photo("d.png", "black", "more").parent, tags=[])
    assert names(client.datalake.dataset.list_pictures()) == ["d.png"]


def test_r10_workers(client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    assert [workers(number) for number in (-1, 1, 5, 1000)] == [3, 1, 5, dataset_upload.MOST_JOBS]
    for wrong in (0, -2, True, 1.5, "5", None):
        with pytest.raises(errors.TyperError):
            workers(wrong)  # type: ignore[arg-type]
    asked: list[int] = []
    kind = type(client.writer)
    sending = kind.upload_pictures

    def watched(self: Writer, files: Sequence[PictureFile], *, parallelism: int = 4, **options: Any) -> Any:
        asked.append(parallelism)
        return sending(self, files, parallelism=parallelism, **options)

    monkeypatch.setattr(kind, "upload_pictures", watched)
    client.datalake.upload("streets", imgdir=folder, nb_jobs=-1)
    client.datalake.upload("streets", "first", imgdir=folder)
    assert asked == [3, 5]


def test_r10_rectangle(client: Client, folder: Path, coco: Path) -> None:
    client.datalake.upload("boxes", None, folder, coco, "COCO", rectangle=True)
    dataset = client.datalake.dataset
    assert labels_of(dataset, "boxes") == {("car", "rectangle"), ("roof", "rectangle")}
    assert {one["type"] for one in objects_of(dataset, "a.png")} == {"rectangle"}
    assert objects_of(dataset, "a.png")[0]["rectangle"] == BOX


def arguments(**changed: Any) -> dict[str, Any]:
    """Return the arguments of an upload of pictures, tags left out."""
    plain = {"version": None, "ann_path": None, "ann_format": None, "nb_jobs": 5, "rectangle": False}
    tags = UNTAGGED
    day = datetime.now(UTC).date()
    return {"name": "n", "imgdir": ".", "tags": tags, "today": day, **plain, **changed}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": None},
        {"name": ""},
        {"name": "a/b"},
        {"version": "a/b"},
        {"imgdir": None},
        {"ann_path": "x.json"},
        {"ann_format": "COCO"},
        {"ann_path": "x.json", "ann_format": "YOLO"},
        {"tags": [1]},
        {"nb_jobs": 0},
    ],
)
def test_arguments_are_checked(wrong: dict[str, Any], platform: str) -> None:
    with pytest.raises(errors.TyperError):
        dataset_upload.checked_order(**arguments(**wrong))


def test_a_folder_that_is_none(client: Client, tmp_path: Path) -> None:
    with pytest.raises(errors.TyperError, match="cannot be read"):
        client.datalake.upload("streets", imgdir=tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(errors.TyperError, match="no picture"):
        client.datalake.upload("streets", imgdir=tmp_path / "empty")


def test_every_file_that_fails_is_named_with_its_reason(client: Client, folder: Path, coco: Path) -> None:
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:40])
    (folder / "text.jpg").write_text("no picture")
    with pytest.raises(errors.TransferError, match="`streets/first` holds the rest") as caught:
        client.datalake.upload("streets", None, folder, coco, "COCO")
    assert set(caught.value.failures) == {str(folder / "cut.png"), str(folder / "text.jpg")}
    assert all(caught.value.failures.values())
    assert "text.jpg" in str(caught.value)
    dataset = client.datalake.dataset
    assert dataset.fetch("streets").size == 3
    assert len(objects_of(dataset, "a.png")) == 2
    (folder / "cut.png").unlink()
    (folder / "text.jpg").unlink()
    assert client.datalake.upload("streets", "first", folder, coco, "COCO").dataset.size == 3


def test_nothing_is_made_when_no_picture_arrives(client: Client, tmp_path: Path) -> None:
    (tmp_path / "imgs").mkdir()
    (tmp_path / "imgs" / "text.jpg").write_text("no picture")
    with pytest.raises(errors.TransferError, match="no dataset was made"):
        client.datalake.upload("streets", imgdir=tmp_path / "imgs")
    assert client.datalake.dataset.list() == []


def test_a_picture_whose_name_is_taken_is_no_part_of_it(
    client: Client, folder: Path, photo: Photo, platform: str
) -> None:
    client.datalake.picture.upload(photo("a.png", "white", "other"))
    if platform == "plain":
        done = client.datalake.upload("streets", imgdir=folder)  # SDK v2 shows no digest
        assert ("P016", 1) in {(one.code, one.count) for one in done.findings}
        return
    with pytest.raises(errors.TransferError, match="other bytes") as caught:
        client.datalake.upload("streets", imgdir=folder)
    assert set(caught.value.failures) == {str(folder / "a.png")}
    assert names(client.datalake.dataset.list_pictures()) == ["b.png", "c.png"]


def test_an_annotation_file_at_fault_stops_it_before_anything_is_sent(
    client: Client, folder: Path, coco: Path, tmp_path: Path
) -> None:
    bad = written(tmp_path / "bad.json", {**json.loads(coco.read_text()), "categories": []})
    before = client.requests
    with pytest.raises(errors.InvalidInput) as caught:
        client.datalake.upload("streets", None, folder, bad, "COCO")
    assert "bad.json" in str(caught.value)
    assert "A016" in str(caught.value)
    with pytest.raises(errors.InvalidInput, match="A001"):
        client.datalake.upload("streets", None, folder, tmp_path / "absent.json", "COCO")
    assert client.requests == before


def test_a_file_of_other_pictures_is_refused(client: Client, coco: Path, photo: Photo) -> None:
    before = client.datalake.picture.list()["pictures"]
    with pytest.raises(errors.InvalidInput, match="A110"):
        client.datalake.upload("streets", None, photo("z.png").parent, coco, "COCO")
    assert client.datalake.picture.list()["pictures"] == before


def test_what_is_noticed_is_told_and_logged(
    client: Client, folder: Path, coco: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = json.loads(coco.read_text())
    two_parts = {"id": 9, "image_id": 0, "category_id": 1, "segmentation": [RING, [6.0, 4.0, 8.0, 4.0, 8.0, 6.0]]}
    file["annotations"].append(two_parts)
    file["images"].append({"id": 77, "file_name": "elsewhere.png", "width": 8, "height": 6})
    (folder / "notes.txt").write_text("by hand")
    with caplog.at_level(logging.WARNING, "picsellia_apply"):
        done = client.datalake.upload("streets", None, folder, written(tmp_path / "more.json", file), "COCO")
    assert {"A102", "A111", "P020"} <= {one.code for one in done.findings}
    assert all(any(code in line for line in caplog.messages) for code in ("A102", "A111", "P020"))
    boxes = [one for one in objects_of(client.datalake.dataset, "a.png") if one["type"] == "rectangle"]
    assert [one["rectangle"] for one in boxes] == [{"left": 1, "top": 1, "width": 7, "height": 5}]


def test_names_in_folders_fit_by_their_base_name(client: Client, folder: Path, coco: Path, tmp_path: Path) -> None:
    file = json.loads(coco.read_text())
    for image, prefix in zip(file["images"], ("images/train/", "images\\train\\", ""), strict=True):
        image["file_name"] = prefix + image["file_name"]
    done = client.datalake.upload("streets", None, folder, written(tmp_path / "deep.json", file), "COCO")
    assert done.annotated == 3
    assert len(objects_of(client.datalake.dataset, "a.png")) == 2


def test_the_same_object_twice_in_a_file_is_two(client: Client, folder: Path, coco: Path, tmp_path: Path) -> None:
    file = json.loads(coco.read_text())
    file["annotations"].append({**file["annotations"][2], "id": 99})
    twice = written(tmp_path / "twice.json", file)
    for version in (None, "first"):
        client.datalake.upload("streets", version, folder, twice, "COCO")
        assert len(objects_of(client.datalake.dataset, "b.png")) == 2


def test_an_annotation_that_changed_meanwhile_is_read_again(
    client: Client, folder: Path, coco: Path, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    if platform == "plain":
        pytest.skip("SDK v2 appends; there is no condition")
    client.datalake.upload("streets", imgdir=folder)
    dataset, reading = client.datalake.dataset, client.reader.annotations
    others: list[Callable[[], Any]] = [
        lambda: dataset.add_annotation("a.png", data={"type": "classification", "label": "mine"})
    ]

    def read(dataset_id: str, wanted: Any) -> Any:
        found = reading(dataset_id, wanted)
        if others:
            others.pop()()
        return found

    monkeypatch.setattr(client.reader, "annotations", read)
    done = client.datalake.upload("streets", "first", ann_path=coco, ann_format="COCO")
    assert sorted(one["label"] for one in objects_of(dataset, "a.png")) == ["car", "mine", "roof"]
    assert repr(done).startswith("Uploaded(dataset={'dataset_id'")
    assert isinstance(done, Uploaded)


def test_what_failed_before_is_told_with_what_failed_later(
    client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "text.jpg").write_text("no picture")

    def refuse(*_: Any, **__: Any) -> None:
        raise errors.NetworkError("the platform went away")

    monkeypatch.setattr(client.datalake.dataset, "create", refuse)
    with pytest.raises(errors.TransferError) as caught:
        client.datalake.upload("streets", imgdir=folder)
    assert set(caught.value.failures) == {str(folder / "text.jpg"), "dataset `streets`"}
    (folder / "text.jpg").unlink()
    with pytest.raises(errors.NetworkError, match="went away"):
        client.datalake.upload("streets", imgdir=folder)


def test_annotations_that_the_platform_refuses_are_named(
    client: Client, folder: Path, coco: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client.writer, "add_objects", lambda *_, **__: {"a.png": "no room"})
    with pytest.raises(errors.TransferError) as caught:
        client.datalake.upload("streets", None, folder, coco, "COCO")
    assert caught.value.failures == {"annotation of a.png": "no room"}
    assert client.datalake.dataset.fetch("streets").size == 3


MANIFEST = """
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {{name: all}}
spec: {{from: "{pictures}"}}
---
apiVersion: picsellia-apply/v1
kind: Dataset
metadata: {{name: streets}}
spec:
  versions:
    - name: first
      pictures: {{set: all}}
      annotations: [{{path: "{path}", format: {format}}}]
"""


def declared(pictures: Path, path: Path, ann_format: str, tmp_path: Path) -> dict[str, str]:
    """Return picture name to annotation digest, as the reconciler reads a file."""
    manifest = tmp_path / "streets.yaml"
    manifest.write_text(MANIFEST.format(pictures=pictures, path=path, format=ann_format))
    declaration = load([manifest], cache=StatCache(None))
    ((source,),) = [version.annotations for version in declaration.datasets[0].versions]
    return {name: annotation_digest(texts) for name, texts in source.objects.items()}


@pytest.mark.parametrize("kind", ["coco", "voc", "picsellia"])
def test_the_reconciler_reads_the_same_files_alike(
    client: Client, folder: Path, tmp_path: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    path: Path = request.getfixturevalue(kind)
    named = {"coco": "COCO", "voc": "PASCAL-VOC", "picsellia": "PICSELLIA"}[kind]
    done = client.datalake.upload("streets", None, folder, path, named)
    assert client.reader.annotation_digests(done.dataset.dataset_id) == declared(folder, path, named, tmp_path)


@pytest.mark.skipif(not BCCD.is_dir(), reason=f"the photographs are absent: {BCCD}")
def test_real_photographs(client: Client, tmp_path: Path, platform: str) -> None:
    if platform == "plain":
        pytest.skip("the same, one request at a time")
    pictures, path = BCCD / "JPEGImages", BCCD / "Annotations"
    before = client.requests
    done = client.datalake.upload("streets", None, pictures, path, "PASCAL-VOC", nb_jobs=-1)
    assert (done.dataset.size, done.annotated, done.objects) == (364, 364, 4888)
    assert {"Q003", "A033", "A040"} == {one.code for one in done.findings}
    assert client.requests - before < 20
    assert client.reader.annotation_digests(done.dataset.dataset_id) == declared(pictures, path, "PASCAL-VOC", tmp_path)
    assert labels_of(client.datalake.dataset, "streets") == {
        (name, "rectangle") for name in ("RBC", "WBC", "Platelets")
    }


def test_a_base_name_that_two_pictures_share_is_told(client: Client, folder: Path, coco: Path, tmp_path: Path) -> None:
    file = json.loads(coco.read_text())
    file["images"][1]["file_name"], file["images"][2]["file_name"] = "one/b.png", "two/b.png"
    done = client.datalake.upload("streets", None, folder, written(tmp_path / "twins.json", file), "COCO")
    assert ("A112", 2) in {(one.code, one.count) for one in done.findings}
    assert list(client.reader.annotation_digests(done.dataset.dataset_id)) == ["a.png"]
