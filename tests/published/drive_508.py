"""Drives 5.0.8: everything that 5.0 has, and `datalake.upload` with its three formats."""

from __future__ import annotations

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
from tests.published.scene import Scene, refused, told

BATCH = ["b0.jpg", "b1.jpg", "b2.jpg"]


def _folder(scene: Scene, name: str) -> tuple[str, list[str]]:
    """Write a folder of pictures that no other step uses, and return its path and their names."""
    names = [f"{name}-{one}" for one in BATCH]
    for one in names:
        scene.picture(f"{name}/{one}")
        scene.picture(f"pictures/{one}")
    return str(scene.folder / name), names


def _version(scene: Scene, name: str, version: str = "latest") -> Any:
    return scene.ask("GET", f"dataset/none/{name}/{version}").json()["dataset"]


def _check(scene: Scene, name: str, names: list[str], objects: list[dict[str, Any]], *, bare_last: bool) -> None:
    """Compare a dataset that was uploaded with what its annotation file says."""
    shown = _version(scene, name)
    assert (shown["version"], shown["size"]) == ("first", len(names))
    expected = dict.fromkeys(names, objects)
    if bare_last:
        expected[names[-1]] = []
    assert scene.objects(shown["dataset_id"]) == expected
    scene.seen["client"].datalake.dataset.download(f"{name}/first", str(scene.folder / f"{name} back"))
    scene.check_download(scene.folder / f"{name} back", names, scene.folder / "pictures")


def uploads_a_folder_with_coco_boxes(scene: Scene) -> None:
    folder, names = _folder(scene, "coco-boxes")
    path = annotation_files.coco(scene, "boxes.json", names, outlined=False)
    scene.seen["client"].datalake.upload("coco-boxes", None, folder, path, "COCO", tags=["coco-boxes"], nb_jobs=2)
    _check(scene, "coco-boxes", names, annotation_files.coco_objects(outlined=False), bare_last=True)


def uploads_a_folder_with_coco_outlines(scene: Scene) -> None:
    folder, names = _folder(scene, "coco-outlines")
    path = annotation_files.coco(scene, "outlines.json", names, outlined=True)
    scene.seen["client"].datalake.upload("coco-outlines", None, folder, path, "COCO", tags=["coco-out"], nb_jobs=2)
    _check(scene, "coco-outlines", names, annotation_files.coco_objects(outlined=True), bare_last=True)


def uploads_boxes_where_outlines_are_too(scene: Scene) -> None:
    folder, names = _folder(scene, "rectangles")
    path = annotation_files.coco(scene, "outlines.json", names, outlined=True)
    lake = scene.seen["client"].datalake
    lake.upload("rectangles", None, folder, path, "COCO", tags=["rectangles"], nb_jobs=-1, rectangle=True)
    _check(scene, "rectangles", names, annotation_files.coco_objects(outlined=False), bare_last=True)


def uploads_a_folder_with_voc_files(scene: Scene) -> None:
    folder, names = _folder(scene, "voc")
    path = annotation_files.voc(scene, "xml", names)
    scene.seen["client"].datalake.upload("voc", None, folder, path, "PASCAL-VOC", tags=["voc"], nb_jobs=3)
    _check(scene, "voc", names, annotation_files.voc_objects(), bare_last=False)


def uploads_a_folder_with_an_export(scene: Scene) -> None:
    folder, names = _folder(scene, "export")
    path = annotation_files.export(scene, "export.json", names)
    scene.seen["client"].datalake.upload("export", None, folder, path, "PICSELLIA", tags=None, nb_jobs=2)
    _check(scene, "export", names, annotation_files.export_objects(), bare_last=False)


def uploads_again_to_the_same_labels(scene: Scene) -> None:
    """Annotations alone, onto a version that is there: every label is created once more."""
    names = [f"export-{one}" for one in BATCH]
    path = annotation_files.export(scene, "export.json", names)
    scene.seen["client"].datalake.upload("export", "first", None, path, "PICSELLIA")
    twice = [*annotation_files.export_objects(), *annotation_files.export_objects()]
    assert scene.objects(_version(scene, "export")["dataset_id"]) == dict.fromkeys(names, twice)


def uploads_a_folder_without_tags(scene: Scene) -> None:
    """5.0.8 then searches for no tag at all, and makes the dataset of what that finds: the whole lake."""
    folder, names = _folder(scene, "untagged")
    scene.seen["client"].datalake.upload("untagged", imgdir=folder, nb_jobs=2)
    found = scene.names(_version(scene, "untagged")["dataset_id"])
    assert set(names) <= set(found)
    assert found == sorted(scene.lake())
    scene.seen["client"].datalake.dataset.delete("untagged")


def is_refused_uploads(scene: Scene) -> None:
    lake = scene.seen["client"].datalake
    with refused(scene.errors.InvalidQueryError):
        lake.upload("x", ann_path=str(scene.folder / "nothing.json"), ann_format="COCO")
    with refused(scene.errors.ResourceNotFoundError):
        lake.upload("x", imgdir=str(scene.folder / "no folder"))
    with refused(scene.errors.ResourceNotFoundError, "nowhere"):
        lake.upload("nowhere", ann_path=str(scene.folder / "export.json"), ann_format="PICSELLIA")


def drops_a_list_of_paths(scene: Scene) -> None:
    """Known of 5.0.6 to 5.0.16: the whole list goes to `open`; nothing is sent."""
    before = scene.lake()
    path = scene.picture("pictures/listed.jpg")
    with told():
        scene.seen["client"].datalake.picture.upload([path, path])
    Path(path).unlink()
    assert scene.lake() == before


STEPS = (
    *session_steps.STEPS,
    *picture_steps.STEPS,
    picture_steps.tells_of_a_name_that_is_taken,
    drops_a_list_of_paths,
    *dataset_steps.STEPS,
    *annotation_steps.STEPS,
    dataset_steps.deletes_versions,
    uploads_a_folder_with_coco_boxes,
    uploads_a_folder_with_coco_outlines,
    uploads_boxes_where_outlines_are_too,
    uploads_a_folder_with_voc_files,
    uploads_a_folder_with_an_export,
    uploads_again_to_the_same_labels,
    uploads_a_folder_without_tags,
    is_refused_uploads,
    *network_steps.STEPS[:-1],
    network_steps.is_refused_a_deployment,
    network_steps.deletes_a_network,
    picture_steps.deletes_pictures,
)
