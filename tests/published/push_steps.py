"""`datalake.push_dataset`, which 4.7 and 5.0 to 5.0.5 have in place of `datalake.upload`: PICSELLIA exports only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.published import annotation_files
from tests.published.scene import Scene, refused

PUSHED = [f"pushed{number}.jpg" for number in range(3)]


def _signed_urls(scene: Scene, dataset: str) -> dict[str, str]:
    images = scene.ask("GET", f"dataset/none/{dataset}/download").json()["images"]
    return {one["external_picture_url"]: one["signed_url"] for one in images}


def _objects(scene: Scene, dataset: str) -> Any:
    return scene.objects(scene.ask("GET", f"dataset/none/{dataset}/latest").json()["dataset"]["dataset_id"])


def pushes_an_export(scene: Scene) -> None:
    """The pictures of the export are downloaded by their signed URLs and uploaded again."""
    lake = scene.seen["client"].datalake
    for name in PUSHED:
        lake.picture.upload(scene.picture(f"pictures/{name}"), tags=["to push"])
    lake.dataset.create(name="to push", pictures=lake.picture.fetch(tags=["to push"]))
    scene.seen["signed_urls"] = _signed_urls(scene, "to push/first")
    path = annotation_files.export(scene, "pushed.json", PUSHED)
    lake.dataset.delete("to push", "first")
    lake.picture.delete(lake.picture.fetch(tags=["to push"]))
    for name in PUSHED:  # the URLs are dead now: what is pushed is in the folder the client downloads to
        target = scene.folder / "tmp" / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(Path(scene.picture(f"pictures/{name}")).read_bytes())
    lake.push_dataset(name="pushed", annotations_path=path, format="legacy", tags=["pushed"])
    assert _objects(scene, "pushed") == dict.fromkeys(PUSHED, annotation_files.export_objects())
    lake.dataset.download("pushed/first", str(scene.folder / "pushed back"))
    scene.check_download(scene.folder / "pushed back", PUSHED, scene.folder / "pictures")


def pushes_an_export_of_other_pictures(scene: Scene) -> None:
    """The signed URLs work: the client fetches them itself, and the names being taken it uploads nothing."""
    for kept in (scene.folder / "tmp").iterdir():
        kept.unlink()
    scene.seen["signed_urls"] = _signed_urls(scene, "pushed/first")
    path = annotation_files.export(scene, "pushed.json", PUSHED)
    lake = scene.seen["client"].datalake
    before = scene.lake()
    lake.push_dataset(name="pushed twice", annotations_path=path, format="legacy", tags=["pushed"])
    scene.check_download(scene.folder / "tmp", PUSHED, scene.folder / "pictures")
    assert scene.lake() == before
    assert _objects(scene, "pushed twice") == dict.fromkeys(PUSHED, annotation_files.export_objects())


def pushes_annotations_alone(scene: Scene) -> None:
    path = annotation_files.export(scene, "pushed.json", PUSHED)
    lake = scene.seen["client"].datalake
    lake.push_dataset(name="pushed", annotations_path=path, format="legacy", only_annotations=True)
    objects = [*annotation_files.export_objects(), *annotation_files.export_objects()]
    assert _objects(scene, "pushed") == dict.fromkeys(PUSHED, objects)


def is_refused_pushes(scene: Scene) -> None:
    lake = scene.seen["client"].datalake
    with refused(scene.errors.InvalidQueryError):
        lake.push_dataset(name="x")
    path = annotation_files.export(scene, "pushed.json", PUSHED)
    with refused(scene.errors.ResourceNotFoundError):
        lake.push_dataset(name="nowhere", annotations_path=path, format="legacy", only_annotations=True)


STEPS = (pushes_an_export, pushes_an_export_of_other_pictures, pushes_annotations_alone, is_refused_pushes)
