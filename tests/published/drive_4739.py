"""Drives 4.7.39: `none` and `null` organizations, GET with bodies, `pk`, old label types, PUT of network properties.

It is driven twice: without an organization, and with its id.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.published import push_steps
from tests.published.annotation_steps import BLURRED, CAR, QA, ROOF
from tests.published.network_steps import PROPERTIES, SIZES
from tests.published.picture_steps import ODD_NAMES
from tests.published.scene import UUID4, Scene, Step, box, hash_of, refused, told

NOWHERE = "00000000-0000-4000-8000-000000000000"


def connects(scene: Scene) -> None:
    with told() as text:
        client = scene.module.Client(scene.token, host=scene.host)
    assert "Hi admin, welcome back." in text.getvalue()
    scene.seen |= {"client": client, "to": "null"}
    with refused(KeyError, "username"):  # how 4.7 says that a token is not known: it knows no 401
        scene.module.Client("0" * 40, host=scene.host)


def connects_to_an_organization(scene: Scene) -> None:
    found = scene.ask("POST", "get_organization", data='{"organization": null}').json()
    scene.seen["client"] = scene.module.Client(scene.token, found["organization_id"], scene.host)
    scene.seen["to"] = "default"


def _pictures(scene: Scene) -> Any:
    return scene.seen["client"].datalake.picture


def _dataset(scene: Scene) -> Any:
    return scene.seen["client"].datalake.dataset


def _named(pictures: list[dict[str, Any]]) -> list[str]:
    return sorted(one["external_url"] for one in pictures)


def uploads_pictures(scene: Scene) -> None:
    paths = [scene.picture(f"pictures/{name}") for name in ("l0.jpg", "l1.jpg", *ODD_NAMES)]
    _pictures(scene).upload(scene.picture("pictures/one.jpg", (31, 17)), tags=["drone", "night"])
    _pictures(scene).upload(paths, tags=["listed"], source="camera")
    assert _named(_pictures(scene).list()["pictures"]) == sorted(["one.jpg", "l0.jpg", "l1.jpg", *ODD_NAMES])
    one = scene.lake()["one.jpg"]
    assert (one["width"], one["height"], sorted(one["tag"])) == (31, 17, ["drone", "night"])
    for name, picture in scene.lake().items():
        assert scene.stored(picture["internal_key"], model=False) == (scene.folder / "pictures" / name).read_bytes()


def leaves_a_picture_whose_name_is_taken(scene: Scene) -> None:
    before = scene.lake()
    _pictures(scene).upload(scene.picture("elsewhere/one.jpg", (5, 5)), tags=["again"])
    assert scene.lake() == before


def searches_and_tags(scene: Scene) -> None:
    pictures = _pictures(scene)
    assert _named(pictures.fetch(1, ["drone", "night"])) == ["one.jpg"]
    assert 0 < len(pictures.fetch(0.5, ["listed"])) <= len(ODD_NAMES) + 2
    assert pictures.fetch(tags=["drone", "listed"]) == []
    pictures.fetch(tags=["listed"])
    pictures.add_tags(tags=["reviewed"])
    pictures.add_tags([scene.lake()["one.jpg"]["picture_id"]], ["reviewed"])
    assert len(pictures.fetch(tags=["reviewed"])) == len(ODD_NAMES) + 3
    pictures.remove_tags(tags=["reviewed"])
    assert pictures.fetch(tags=["reviewed"]) == []
    pictures.status()


def makes_datasets(scene: Scene) -> None:
    dataset, found = _dataset(scene), _pictures(scene).fetch(tags=["listed"])
    made = dataset.create("aerial", "From above", False, found)
    assert UUID4.fullmatch(made)
    assert scene.names(made) == _named(found)
    dataset.new_version("aerial", "second", found[:1])
    second = dataset.dataset_id
    dataset.add_data(pictures=found[:3])
    dataset.add_data("aerial", "second", [one["picture_id"] for one in found[:4]])
    assert scene.names(second) == _named(found[:4])
    assert dataset.fetch("aerial")["dataset_id"] == second
    assert dataset.fetch("aerial", "first")["dataset_id"] == made
    with told() as text:
        dataset.list()
    assert "Dataset Name: aerial\nDataset Version: second\nNb Assets: 4\n" in text.getvalue()
    scene.seen["aerial"] = made


def is_refused_datasets(scene: Scene) -> None:
    dataset, found = _dataset(scene), _pictures(scene).fetch(tags=["listed"])
    with refused(scene.errors.InvalidQueryError):
        dataset.create("aerial", pictures=found)
    with refused(scene.errors.InvalidQueryError):
        dataset.new_version("aerial", "second", found)
    with refused(scene.errors.ResourceNotFoundError):
        dataset.new_version("nowhere", "second", found)
    with refused(scene.errors.ResourceNotFoundError):
        dataset.fetch("aerial", "tenth")
    with refused(scene.errors.ResourceNotFoundError):
        dataset.delete("nowhere")


def creates_labels(scene: Scene) -> None:
    dataset = _dataset(scene)
    dataset.fetch("aerial", "first")
    for name, kind in (("car", "rectangle"), ("roof", "polygon"), ("blurred", "classification")):
        assert dataset.create_labels(name=name, ann_type=kind)["success"]
        dataset.create_labels(scene.seen["aerial"], name, kind)
    with refused(scene.errors.ResourceNotFoundError):
        dataset.create_labels(NOWHERE, "car", "rectangle")


def annotates(scene: Scene) -> None:
    dataset, aerial, one = _dataset(scene), scene.seen["aerial"], scene.lake()["l1.jpg"]["picture_id"]
    assert dataset.add_annotation(aerial, "l0.jpg", True, data=[CAR, ROOF, BLURRED], image_qa=QA)["message"]
    dataset.add_annotation(aerial, "l0.jpg", True, data=[box("car", 3)])
    dataset.add_annotation(aerial, one, data=[ROOF])
    assert scene.objects(aerial) == {"l0.jpg": [CAR, ROOF, BLURRED, box("car", 3)], "l1.jpg": [ROOF]}
    with refused(scene.errors.ResourceNotFoundError):
        dataset.add_annotation(aerial, "nowhere.jpg", True, data=[CAR])
    with refused(scene.errors.InvalidQueryError):
        dataset.add_annotation(aerial, "l0.jpg", True, data=[{"type": "sphere", "label": "car"}])
    dataset.fetch("aerial", "first")
    assert dataset.delete_annotations(picture_id=one)["deleted"] == 1
    assert dataset.delete_annotations(aerial, all_annotations=True)["deleted"] == 1
    assert scene.objects(aerial) == {}


def downloads_and_deletes_versions(scene: Scene) -> None:
    dataset, names = _dataset(scene), scene.names(scene.seen["aerial"])
    target = scene.folder / f"downloaded to {scene.seen['to']}"
    dataset.download("aerial/first", str(target))
    scene.check_download(target, names, scene.folder / "pictures")
    dataset.delete("aerial")
    assert dataset.fetch("aerial")["version"] == "first"
    dataset.delete("aerial", "first")
    with refused(scene.errors.ResourceNotFoundError):
        dataset.fetch("aerial")


def keeps_networks(scene: Scene) -> None:
    network, to = scene.seen["client"].network, scene.seen["to"]
    network.create("detector d2", to, "detection")
    made = network.network_id
    with refused(scene.errors.InvalidQueryError):
        scene.module.Client.Network(scene.token, scene.host).create("detector d2", to, "detection")
    assert [one["network_name"] for one in network.list(to)["networks"]] == ["detector d2"]
    for identifier in (made, "detector d2"):
        assert network.get(identifier, to).network_id == made
    network.update(made, to, **PROPERTIES)
    network.update("detector d2", to, description="By name")
    network.labels({"1": "car"})
    shown = scene.ask("GET", f"network/null/{made}").json()
    assert shown.items() >= {**PROPERTIES, "description": "By name", "labels": {"1": "car"}}.items()
    with refused(scene.errors.ResourceNotFoundError):
        network.get("nobody", to)


def stores_network_files(scene: Scene) -> None:
    network = scene.seen["client"].network
    network.store("config", scene.file("files/pipeline.config", b"batch_size: 8\n"))
    network.store("model-latest", scene.file("files/model.h5", b"\0\1\2"))
    expected = {"config": b"batch_size: 8\n", "model-latest": b"\0\1\2"}
    for name, size in SIZES.items():
        expected[name] = bytes([hash_of(name, 1)]) * size
        network.store(name, scene.file(f"files/{name}.bin", expected[name]))
    network.update_thumb(scene.picture("files/thumb.png"))
    shown = scene.ask("GET", f"network/null/{network.network_id}").json()
    assert shown["files"]["model-latest"] == f"{network.network_id}/0/model.h5"
    assert {name: scene.stored(key, model=True) for name, key in shown["files"].items()} == expected
    assert scene.stored(shown["thumb_object_name"], model=False) == (scene.folder / "files/thumb.png").read_bytes()


def deletes_a_network(scene: Scene) -> None:
    network, to = scene.seen["client"].network, scene.seen["to"]
    if to == "null":
        network.delete()
    else:
        scene.module.Client.Network(scene.token, scene.host).delete("detector d2", to)
    assert scene.ask("GET", "network/null").json() == {"networks": []}
    network.network_id = None
    with refused(scene.errors.ResourceNotFoundError):
        network.delete("detector d2", to)


def deletes_pictures(scene: Scene) -> None:
    for listed in scene.ask("GET", "dataset/none").json()["datasets"]:
        _dataset(scene).delete(listed["dataset_name"], listed["version"])
    pictures = _pictures(scene)
    pictures.fetch(tags=["listed"])
    pictures.delete()
    assert set(scene.lake()) <= {"one.jpg", *push_steps.PUSHED}
    pictures.delete(pictures.list()["pictures"])
    assert scene.lake() == {}


def _with_an_organization(step: Callable[[Scene], None]) -> Step:
    def again(scene: Scene) -> None:
        step(scene)

    again.__name__ = f"{step.__name__}_in_an_organization"
    return again


_BOTH: tuple[Step, ...] = (
    uploads_pictures,
    leaves_a_picture_whose_name_is_taken,
    searches_and_tags,
    makes_datasets,
    is_refused_datasets,
    creates_labels,
    annotates,
    downloads_and_deletes_versions,
    keeps_networks,
    stores_network_files,
    deletes_a_network,
)

STEPS: tuple[Step, ...] = (
    connects,
    *_BOTH,
    *push_steps.STEPS,
    deletes_pictures,
    connects_to_an_organization,
    *map(_with_an_organization, (*_BOTH, deletes_pictures)),
)
