"""Drives 5.0.22: annotations by picture name only, reading of annotations, lists of paths.

Its `datalake.upload` never makes a dataset of a folder (the code is disabled); it is driven as far as it goes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.published import (
    annotation_files,
    annotation_steps,
    dataset_steps,
    network_steps,
    picture_steps,
    session_steps,
)
from tests.published.annotation_steps import BLURRED, CAR, QA, ROOF
from tests.published.scene import Scene, box, refused

MANY = [f"many{number:03}.jpg" for number in range(205)]
"""More pictures than one page of 200 annotations holds."""


def _dataset(scene: Scene) -> Any:
    return scene.seen["client"].datalake.dataset


def uploads_a_list_of_paths(scene: Scene) -> None:
    paths = [scene.picture(f"pictures/{name}") for name in MANY]
    scene.seen["client"].datalake.picture.upload(paths, tags=["many"])
    found = scene.seen["client"].datalake.picture.fetch(tags=["many"])
    assert sorted(one["external_url"] for one in found) == MANY


def lists_the_pictures_of_a_version(scene: Scene) -> None:
    _dataset(scene).fetch("aerial", "first")
    listed = _dataset(scene).list_pictures()["pictures"]
    assert sorted(one["external_url"] for one in listed) == dataset_steps.MORE
    assert listed[0].keys() >= {"picture_id", "internal_key", "creation_date", "height", "width", "tag"}


def annotates_a_picture(scene: Scene) -> None:
    dataset = _dataset(scene)
    dataset.fetch("aerial", "first")
    dataset.add_annotation("more0.jpg", data=[CAR, ROOF, BLURRED], image_qa=QA)
    dataset.add_annotation("more0.jpg", scene.seen["aerial"], data=[box("car", 3)])
    assert scene.objects(scene.seen["aerial"]) == {"more0.jpg": [CAR, ROOF, BLURRED, box("car", 3)]}


def is_refused_annotations(scene: Scene) -> None:
    dataset = _dataset(scene)
    with refused(scene.errors.ResourceNotFoundError):
        dataset.add_annotation("nowhere.jpg", data=[CAR])
    with refused(scene.errors.TyperError):
        dataset.add_annotation("more0.jpg", data=[{"type": "rectangle", "label": "car"}])
    assert list(scene.objects(scene.seen["aerial"])) == ["more0.jpg"]


def reads_the_annotation_of_a_picture(scene: Scene) -> None:
    (found,) = _dataset(scene).get_annotations("more0.jpg")
    assert found["external_picture_url"] == "more0.jpg"
    assert found["data"] == [CAR, ROOF, BLURRED, box("car", 3)]
    assert found["image_qa"] == QA


def uploads_annotations_of_many_pictures(scene: Scene) -> None:
    client = scene.seen["client"]
    client.datalake.dataset.create(name="many", pictures=client.datalake.picture.fetch(tags=["many"]))
    path = annotation_files.coco(scene, "many.json", MANY, outlined=False)
    client.datalake.upload("many", "first", ann_path=path, ann_format="COCO", nb_jobs=3)
    expected = dict.fromkeys(MANY, annotation_files.coco_objects(outlined=False))
    assert scene.objects(client.datalake.dataset.dataset_id) == {**expected, MANY[-1]: []}


def reads_annotations_page_by_page(scene: Scene) -> None:
    found = _dataset(scene).get_annotations()
    assert sorted(one["external_picture_url"] for one in found) == MANY
    page = _dataset(scene).get_annotations(limit=7, offset=200)
    assert [one["external_picture_url"] for one in page] == MANY[200:]


def reads_annotations_of_a_snapshot(scene: Scene) -> None:
    dataset = _dataset(scene)
    dataset.get_annotations(from_snapshot=True)
    assert dataset.nb_annotations == len(MANY)
    assert sorted(one["external_picture_url"] for one in dataset.annotations) == MANY
    (saved,) = (path for path in Path().glob("*.json") if "total_assets" in json.loads(path.read_text()))
    saved.unlink()


def uploads_a_folder_of_pictures(scene: Scene) -> None:
    """Without annotations; with them 5.0.22 fails on its own after the upload."""
    path = Path(scene.picture("folder/in-folder.jpg"))
    with refused(BaseException):
        raise_if_made(scene, str(path.parent))
    assert scene.lake()["in-folder.jpg"]["tag"] == ["folder"]
    scene.picture("pictures/in-folder.jpg")


def raise_if_made(scene: Scene, folder: str) -> None:
    """Upload a folder, and then look for the dataset that the release never makes."""
    scene.seen["client"].datalake.upload("folder", imgdir=folder, tags=["folder"], nb_jobs=1)
    _dataset(scene).fetch("folder")


def downloads_a_network_file(scene: Scene) -> None:
    network = scene.seen["client"].network
    name = network.infos["files"]["two"]
    network._dl_file(name, str(scene.folder / "two.back"))
    assert (scene.folder / "two.back").read_bytes() == (scene.folder / "files/two.bin").read_bytes()


STEPS = (
    *session_steps.STEPS,
    *picture_steps.STEPS,
    picture_steps.tells_of_a_name_that_is_taken,
    *dataset_steps.STEPS,
    uploads_a_list_of_paths,
    lists_the_pictures_of_a_version,
    annotates_a_picture,
    is_refused_annotations,
    reads_the_annotation_of_a_picture,
    annotation_steps.carries_annotations_to_a_new_version,
    uploads_annotations_of_many_pictures,
    reads_annotations_page_by_page,
    reads_annotations_of_a_snapshot,
    uploads_a_folder_of_pictures,
    dataset_steps.deletes_versions,
    *network_steps.STEPS[:-1],
    network_steps.is_refused_a_deployment,
    downloads_a_network_file,
    network_steps.deletes_a_network,
    picture_steps.deletes_pictures,
)
