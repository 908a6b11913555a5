"""`client.network`: rows R34 to R39."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from picsellia_apply import errors
from picsellia_apply.client import Client
from picsellia_apply.client.archive import write_archive
from picsellia_apply.lake import open_lake
from tests.contract.platforms import served
from tests.sdk.documented import Photo, parameters


def test_r34_the_network_object(client: Client) -> None:
    made = client.network.create(name="vizdrone", type="detection")
    documented = (
        "organization model_id serving_id tag private network_name description model_object_name "
        "checkpoint_object_name origin_checkpoint_objects type files thumb_object_name framework owner labels "
        "base_parameters readme_text"
    )
    assert list(made) == documented.split()  # in the reference's order
    assert all(getattr(made, key) == made[key] == made.get(key) for key in documented.split())
    assert (made.organization["name"], made.private, made.files) == (client.organization, True, {})
    assert made == dict(made) == json.loads(json.dumps(made.to_dict()))
    assert repr(made).startswith(
        f"{{'organization': {{'name': '{client.organization}'}}, 'model_id': '{made.model_id}'"
    )


def test_r35_list_networks(client: Client) -> None:
    assert parameters(client.network.list) == [("organization", None)]
    client.network.create("vizdrone", "detection")
    (found,) = client.network.list()
    assert found.network_name == "vizdrone"
    assert client.network.list(organization=client.organization) == [found]
    with pytest.raises(errors.PicselliaError):
        client.network.list(organization="nobody")


def test_r35_networks_of_another_organization(tmp_path: Path) -> None:
    with open_lake(tmp_path / "two") as lake, served(lake) as (host, port):
        url = f"http://{host}:{port}/sdk/v2/"
        token = lake.bootstrap("ada", "own")
        lake.bootstrap("ada", "friends")
        stranger = lake.bootstrap("eve", "elsewhere")
        with Client(token, "friends", url) as client:
            made = client.network.create("shared", "detection")
        with Client(token, host=url) as client:
            assert client.organization == "own"
            client.network.create("mine", "detection")
            assert [one.network_name for one in client.network.list()] == ["mine"]
            assert client.network.list(organization="friends") == [made]
            assert made.organization == {"name": "friends"}
            with pytest.raises(errors.ForbiddenError):
                client.network.list(organization="elsewhere")
        with Client(stranger, host=url) as client, pytest.raises(errors.ForbiddenError):
            client.network.list("friends")


def test_r36_get_networks(client: Client) -> None:
    network = client.network
    assert parameters(network.get) == [("identifier", None)]
    first, second = network.create("vizdrone", "detection"), network.create("other", "segmentation")
    assert network.get("vizdrone") == first
    assert network.get(second.model_id) == second
    assert network.get() == second
    assert network.get(identifier="vizdrone").network_name == "vizdrone"
    for absent in ("nobody", "6f0c5f3e-6a3b-4b8e-9a36-0d6a7a1f4c11"):
        with pytest.raises(errors.ResourceNotFoundError):
            network.get(absent)


def test_r37_create_networks(client: Client) -> None:
    network = client.network
    assert parameters(network.create) == [("name", None), ("type", None)]
    made = network.create(name="vizdrone", type="my own task")
    assert (made.network_name, made["type"], made.organization["name"]) == (
        "vizdrone",
        "my own task",
        client.organization,
    )
    assert network.current == made
    with pytest.raises(errors.InvalidQueryError):
        network.create("vizdrone", "segmentation")
    for wrong in (("empty",), (None, "detection"), ("", "detection")):
        with pytest.raises(errors.TyperError):
            network.create(*wrong)


def test_r38_update(client: Client) -> None:
    network = client.network
    with pytest.raises(errors.TyperError):
        network.update(description="nobody's")
    network.create("vizdrone", "detection")
    fields = {
        "network_name": "vizdrone-2",
        "description": "Better",
        "type": "segmentation",
        "tag": ["a", "b"],
        "private": False,
        "framework": "pytorch",
        "base_parameters": {"batch_size": 8},
        "readme_text": "# Read me",
    }
    changed = network.update(**fields)
    assert {key: changed[key] for key in fields} == fields
    assert network.labels({1: "car"}).labels == {"1": "car"}
    refused: list[dict[str, Any]] = [{"model_id": "x"}, {"owner": {}}, {"colour": "red"}, {}]
    for bad in refused:
        with pytest.raises(errors.TyperError):
            network.update(**bad)


def test_r39_files(client: Client, photo: Photo, tmp_path: Path) -> None:
    network = client.network
    made = network.create("vizdrone", "detection")
    config = tmp_path / "pipeline.config"
    config.write_bytes(b"small")
    model = tmp_path / "saved_model"
    model.mkdir()
    (model / "weights.bin").write_bytes(bytes(6 * 1024 * 1024))
    large = tmp_path / "ckpt-0.index"
    large.write_bytes(bytes(range(256)) * 4 * 1024 * 10)
    network.store("config", config)
    network.store("checkpoint-index-latest", str(large))
    with pytest.raises(errors.TyperError):
        network.store("model-latest", model)
    stored = network.store("model-latest", model, zip=True)
    assert stored.files == {
        "config": f"{made.model_id}/pipeline.config",
        "checkpoint-index-latest": f"{made.model_id}/ckpt-0.index",
        "model-latest": f"{made.model_id}/0/saved_model.zip",
    }
    written = network.download(path=tmp_path / "got")
    assert sorted(path.name for path in written) == ["ckpt-0.index", "pipeline.config", "saved_model.zip"]
    assert (tmp_path / "got" / "ckpt-0.index").read_bytes() == large.read_bytes()
    with zipfile.ZipFile(tmp_path / "got" / "saved_model.zip") as archive:
        assert archive.namelist() == ["saved_model/weights.bin"]
    config.write_bytes(b"changed")
    network.store("config", config)
    assert network.download("config", tmp_path / "new")[0].read_bytes() == b"changed"
    with pytest.raises(errors.ResourceNotFoundError):
        network.download("absent")
    assert network.update_thumb(photo("effdet.png")).thumb_object_name == f"{made.model_id}/effdet.png"
    with pytest.raises(errors.TyperError, match="5 MiB"):
        network.update_thumb(large)


def test_r39_networks_are_deleted(client: Client) -> None:
    network = client.network
    network.create("a", "detection")
    network.create("b", "detection")
    network.delete("a")
    assert [one.network_name for one in network.list()] == ["b"]
    network.delete()
    assert network.list() == []
    with pytest.raises(errors.TyperError):
        network.delete()


def test_what_was_given_counts_before_what_is_remembered(client: Client) -> None:
    network = client.network
    first = network.create("a", "detection")
    network.create(first.model_id.replace("4", "5", 1), "a name that looks like an id")
    assert network.get(first.model_id).network_name == "a"
    named = network.list()[0] if network.list()[0].network_name != "a" else network.list()[1]
    assert network.get(named.network_name) == named
    network.delete("a")
    assert network.current == named


def test_an_archive_of_the_same_content_is_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "b.bin").write_bytes(b"b")
    (folder / "a.bin").write_bytes(b"a")
    write_archive(folder, tmp_path / "1.zip")
    (folder / "a.bin").touch()
    write_archive(folder, tmp_path / "2.zip")
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
    with pytest.raises(FileNotFoundError):
        write_archive(tmp_path / "absent", tmp_path / "3.zip")
