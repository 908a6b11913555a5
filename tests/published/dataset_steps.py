"""Datasets, versions and labels, as the clients 5.0 send and read them."""

from __future__ import annotations

from typing import Any

from tests.published.picture_steps import ODD_NAMES
from tests.published.scene import UUID4, Scene, refused, told

MORE = [f"more{number}.jpg" for number in range(4)]


def _dataset(scene: Scene) -> Any:
    return scene.seen["client"].datalake.dataset


def _fetch(scene: Scene, *tags: str) -> Any:
    return scene.seen["client"].datalake.picture.fetch(tags=list(tags))


def creates_a_dataset(scene: Scene) -> None:
    dataset = _dataset(scene)
    made = dataset.create(name="aerial", description="From above", private=False, pictures=_fetch(scene, "more"))
    assert made in (dataset, dataset.dataset_id)
    assert UUID4.fullmatch(dataset.dataset_id)
    assert scene.names(dataset.dataset_id) == MORE
    shown = scene.ask("GET", "dataset/none/aerial/latest").json()["dataset"]
    assert shown == {
        "dataset_id": dataset.dataset_id,
        "dataset_name": "aerial",
        "version": "first",
        "size": 4,
        "description": "From above",
        "private": False,
    }
    scene.seen["aerial"] = dataset.dataset_id


def creates_a_dataset_from_ids(scene: Scene) -> None:
    ids = [one["picture_id"] for one in _fetch(scene, "odd")]
    _dataset(scene).create(name="odd names", pictures=ids)
    assert scene.names(_dataset(scene).dataset_id) == sorted(ODD_NAMES)


def is_refused_a_dataset_that_is_there(scene: Scene) -> None:
    with refused(scene.errors.InvalidQueryError, "aerial"):
        _dataset(scene).create(name="aerial", pictures=_fetch(scene, "odd"))
    assert scene.names(scene.seen["aerial"]) == MORE


def is_refused_a_name_that_no_path_can_hold(scene: Scene) -> None:
    with refused(scene.errors.InvalidQueryError, "/"):
        _dataset(scene).create(name="a/b", pictures=_fetch(scene, "odd"))


def makes_nothing_without_pictures(scene: Scene) -> None:
    with told() as text:
        assert _dataset(scene).create(name="empty") is None
    assert "specify the assets" in text.getvalue()


def makes_versions(scene: Scene) -> None:
    dataset = _dataset(scene)
    dataset.new_version(name="aerial", version="second", pictures=_fetch(scene, "more")[:2], from_version="first")
    assert len(scene.names(dataset.dataset_id)) == 2
    dataset.new_version(name="aerial", version="third")
    assert scene.names(dataset.dataset_id) == []
    scene.seen["third"] = dataset.dataset_id


def is_refused_versions(scene: Scene) -> None:
    dataset = _dataset(scene)
    with refused(scene.errors.InvalidQueryError, "second"):
        dataset.new_version(name="aerial", version="second")
    with refused(scene.errors.ResourceNotFoundError, "nowhere"):
        dataset.new_version(name="nowhere", version="x")
    with refused(scene.errors.ResourceNotFoundError, "tenth"):
        dataset.new_version(name="aerial", version="x", from_version="tenth")


def fetches_datasets(scene: Scene) -> None:
    dataset = _dataset(scene)
    dataset.fetch("aerial")
    assert (dataset.fetched_dataset["version"], dataset.dataset_id) == ("third", scene.seen["third"])
    dataset.fetch("aerial", "first")
    assert dataset.dataset_id == scene.seen["aerial"]
    dataset.fetch("odd names", "latest")
    assert dataset.fetched_dataset["size"] == len(ODD_NAMES)
    for name, version in (("nowhere", "first"), ("aerial", "tenth")):
        with refused(scene.errors.ResourceNotFoundError):
            dataset.fetch(name, version)


def lists_datasets(scene: Scene) -> None:
    with told() as text:
        _dataset(scene).list()
    assert "Dataset Name: aerial\nDataset Version: second\nNb Assets: 2\n" in text.getvalue()
    listed = scene.ask("GET", "dataset/none").json()["datasets"]
    assert {(one["dataset_name"], one["version"]) for one in listed} >= {
        ("aerial", "first"),
        ("aerial", "second"),
        ("aerial", "third"),
        ("odd names", "first"),
    }


def adds_pictures_by_name(scene: Scene) -> None:
    dataset = _dataset(scene)
    dataset.fetch("odd names")
    dataset.add_data("aerial", "third", _fetch(scene, "number3"))
    dataset.add_data("aerial", pictures=_fetch(scene, "number3"))
    assert scene.names(scene.seen["third"]) == ["more3.jpg"]
    assert scene.names(dataset.dataset_id) == sorted(ODD_NAMES)


def adds_pictures_to_what_is_fetched(scene: Scene) -> None:
    dataset = _dataset(scene)
    dataset.fetch("aerial", "third")
    dataset.add_data(pictures=[one["picture_id"] for one in _fetch(scene, "more")])
    assert scene.names(scene.seen["third"]) == MORE
    with refused(scene.errors.ResourceNotFoundError):
        dataset.add_data("nowhere", "first", _fetch(scene, "more"))


def creates_labels(scene: Scene) -> None:
    dataset = _dataset(scene)
    dataset.fetch("aerial", "first")
    for name, kind in (("car", "rectangle"), ("roof", "polygon"), ("blurred", "classification"), ("a b/c", "polygon")):
        dataset.create_labels(name, kind)
        dataset.create_labels(name, kind)
    with refused(scene.errors.InvalidQueryError):
        dataset.create_labels("car", "sphere")


def downloads_a_version(scene: Scene) -> None:
    dataset = _dataset(scene)
    dataset.download("aerial/first", str(scene.folder / "downloaded"))
    scene.check_download(scene.folder / "downloaded", MORE, scene.folder / "pictures")
    dataset.download("odd names/latest", nb_threads=3)
    scene.check_download(scene.folder / "odd names" / "latest", ODD_NAMES, scene.folder / "pictures")
    with refused(scene.errors.ResourceNotFoundError):
        dataset.download("aerial/tenth", str(scene.folder / "nothing"))


def deletes_versions(scene: Scene) -> None:
    """The next older version becomes the latest, and pictures stay in the lake; runs late."""
    dataset, before = _dataset(scene), scene.lake()
    dataset.delete("aerial")
    dataset.fetch("aerial")
    assert dataset.fetched_dataset["version"] == "second"
    dataset.delete("aerial", "second")
    dataset.delete(name="odd names", version="first")
    with refused(scene.errors.ResourceNotFoundError):
        dataset.delete("odd names")
    listed = scene.ask("GET", "dataset/none").json()["datasets"]
    assert [one["version"] for one in listed if one["dataset_name"] == "aerial"] == ["first"]
    assert scene.lake() == before


STEPS = (
    creates_a_dataset,
    creates_a_dataset_from_ids,
    is_refused_a_dataset_that_is_there,
    is_refused_a_name_that_no_path_can_hold,
    makes_nothing_without_pictures,
    makes_versions,
    is_refused_versions,
    fetches_datasets,
    lists_datasets,
    adds_pictures_by_name,
    adds_pictures_to_what_is_fetched,
    creates_labels,
    downloads_a_version,
)
