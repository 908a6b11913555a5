"""Networks and their files, as the clients 5.0 send and read them."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any

from tests.published.scene import UUID4, Scene, hash_of, refused

MEBIBYTE = 1024 * 1024
SIZES = {"whole": 5 * MEBIBYTE, "two": 10 * MEBIBYTE, "odd": 5 * MEBIBYTE + 1, "below": 5 * MEBIBYTE - 1, "none": 0}
"""Bytes of files; a multiple of 5 MiB ends in an empty part."""

PROPERTIES = {
    "description": "Draft",
    "framework": "tensorflow2",
    "private": False,
    "tag": ["d2", "detector"],
    "base_parameters": {"batch_size": 8, "rate": 0.1},
    "readme_text": "# Read me\n\nnaïve",
    "type": "segmentation",
}


def _network(scene: Scene) -> Any:
    return scene.seen["client"].network


def _shown(scene: Scene) -> dict[str, Any]:
    answer = scene.ask("GET", f"network/none/{scene.seen['network']}")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def creates_a_network(scene: Scene) -> None:
    network = _network(scene)
    with refused(scene.errors.InvalidQueryError, "type"):
        network.create("detector")
    assert network.create("detector d2", "detection") is network
    assert UUID4.fullmatch(network.network_id)
    assert (network.network_name, network.files) == ("detector d2", {})
    scene.seen["network"] = network.network_id


def is_refused_a_network_that_is_there(scene: Scene) -> None:
    with refused(scene.errors.InvalidQueryError, "detector d2"):
        scene.module.Client.Network(scene.token, host=scene.host).create("detector d2", "detection")


def gets_a_network_by_name_and_by_id(scene: Scene) -> None:
    for identifier in ("detector d2", scene.seen["network"]):
        network = scene.module.Client.Network(scene.token, host=scene.host)
        assert network.get(identifier).network_id == scene.seen["network"]
        assert network.organization_name == "default"
    for identifier in ("nobody", "00000000-0000-4000-8000-000000000000"):
        with refused(scene.errors.ResourceNotFoundError):
            scene.module.Client.Network(scene.token, host=scene.host).get(identifier)


def lists_networks(scene: Scene) -> None:
    assert [one["network_name"] for one in _network(scene).list()] == ["detector d2"]


def updates_properties(scene: Scene) -> None:
    _network(scene).update(**PROPERTIES)
    assert _shown(scene).items() >= PROPERTIES.items()
    _network(scene).labels({"1": "car", "2": "roof"})
    assert _shown(scene)["labels"] == {"1": "car", "2": "roof"}
    with refused(scene.errors.InvalidQueryError):
        _network(scene).update(private="no boolean")


def stores_small_files(scene: Scene) -> None:
    network = _network(scene)
    network.store("config", scene.file("files/pipeline.config", b"batch_size: 8\n"))
    network.store("model-latest", scene.file("files/model one.h5", b"\0\1\2"))
    network.store("model-latest")
    files = _shown(scene)["files"]
    assert files == {
        "config": f"{network.network_id}/pipeline.config",
        "model-latest": f"{network.network_id}/0/model one.h5",
    }
    assert scene.stored(files["config"], model=True) == b"batch_size: 8\n"
    assert scene.stored(files["model-latest"], model=True) == b"\0\1\2"
    network.store("config", scene.file("files/pipeline.config", b"batch_size: 16\n"))
    assert scene.stored(files["config"], model=True) == b"batch_size: 16\n"


def stores_files_of_every_size(scene: Scene) -> None:
    for name, size in SIZES.items():
        content = bytes([hash_of(name, 1)]) * (size // 2) + bytes([hash_of(name, 2)]) * (size - size // 2)
        _network(scene).store(name, scene.file(f"files/{name}.bin", content))
        assert scene.stored(_shown(scene)["files"][name], model=True) == content, name


def stores_a_zipped_folder(scene: Scene) -> None:
    scene.file("files/saved_model/graph.pb", b"graph")
    scene.file("files/saved_model/variables/index", b"index")
    _network(scene).store("saved", str(scene.folder / "files/saved_model"), zip=True)
    with zipfile.ZipFile(BytesIO(scene.stored(_shown(scene)["files"]["saved"], model=True))) as archive:
        assert archive.read("graph.pb") == b"graph"
        assert archive.read("variables/index") == b"index"


def replaces_the_thumbnail(scene: Scene) -> None:
    path = scene.picture("files/thumb.png")
    _network(scene).update_thumb(path)
    name = _shown(scene)["thumb_object_name"]
    assert name == f"{scene.seen['network']}/thumb.png"
    assert scene.stored(name, model=False) == (scene.folder / "files/thumb.png").read_bytes()
    with refused(scene.errors.InvalidQueryError, "too large"):
        _network(scene).update_thumb(scene.file("files/large.png", bytes(5 * MEBIBYTE)))


def is_refused_a_deployment(scene: Scene) -> None:
    """From 5.0.6 on; deploying is out of this platform's scope."""
    with refused(scene.errors.InvalidQueryError, "deploying one is not offered"):
        _network(scene).deploy()


def deletes_a_network(scene: Scene) -> None:
    _network(scene).delete()
    assert scene.ask("GET", f"network/none/{scene.seen['network']}").status_code == 404
    assert scene.ask("GET", "network/none").json() == {"networks": []}
    with refused(scene.errors.ResourceNotFoundError):
        scene.module.Client.Network(scene.token, host=scene.host).get("detector d2")


STEPS = (
    creates_a_network,
    is_refused_a_network_that_is_there,
    gets_a_network_by_name_and_by_id,
    lists_networks,
    updates_properties,
    stores_small_files,
    stores_files_of_every_size,
    stores_a_zipped_folder,
    replaces_the_thumbnail,
    deletes_a_network,
)
