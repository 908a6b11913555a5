"""A request or its answer gets lost: nothing happens twice, and nothing is taken for done that is not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from picsellia_apply import errors
from picsellia_apply.client import Client
from picsellia_apply.client.upload import PictureFile
from picsellia_apply.wire import extension as ext
from picsellia_apply.wire import ownership

Photos = Callable[..., list[PictureFile]]
Line = tuple[Client, Any]
LOST = pytest.mark.parametrize("what", ["request", "answer"])


@pytest.fixture
def ids(flaky: Line, photos: Photos) -> list[str]:
    return [str(one.picture_id) for one in flaky[0].writer.upload_pictures(photos("a.png", "b.png"))]


@LOST
def test_a_version_is_made_once(flaky: Line, ids: list[str], what: str) -> None:
    client, line = flaky
    line.lose.append(("POST", "/datasets/create", what))
    made = client.writer.create_version("cars", "first", ids)
    (dataset,) = client.reader.datasets(["cars"])
    assert [one.dataset_id for one in dataset.versions] == [made]
    assert client.reader.version_members(made) == ("a.png", "b.png")
    sent = [path for method, path in line.seen if path.endswith("/datasets/create")]
    assert len(sent) == (1 if what == "answer" else 2)


@LOST
def test_a_version_with_an_origin_is_made_once(flaky: Line, ids: list[str], what: str) -> None:
    client, line = flaky
    client.writer.create_version("cars", "first", ids)
    line.lose.append(("PUT", "/new_version", what))
    made = client.writer.create_version("cars", "second", ids[:1], origin="first")
    (dataset,) = client.reader.datasets(["cars"])
    assert [one.name for one in dataset.versions] == ["first", "second"]
    assert client.reader.version_members(made) == ("a.png",)


def test_another_version_of_the_name_is_not_taken_for_ours(flaky: Line, ids: list[str]) -> None:
    client, line = flaky
    client.writer.create_version("cars", "first", ids[:1])
    line.lose.append(("POST", "/datasets/create", "request"))
    with pytest.raises(errors.ConflictError, match="other pictures"):
        client.writer.create_version("cars", "first", ids)


def test_a_platform_that_stays_away_is_told(flaky: Line) -> None:
    client, line = flaky
    line.lose += [("POST", "/datasets/create", "request")] * 3
    with pytest.raises(errors.NetworkError):
        client.writer.create_version("cars", "first", [])


@LOST
def test_a_network_is_made_once(flaky: Line, what: str) -> None:
    client, line = flaky
    line.lose.append(("POST", "/network/", what))
    made = client.writer.create_network("cells", "detection")
    assert [one.network.model_id for one in client.reader.networks(["cells"])] == [made]


def test_a_network_of_another_type_is_not_taken_for_ours(flaky: Line) -> None:
    client, line = flaky
    client.writer.create_network("cells", "segmentation")
    line.lose.append(("POST", "/network/", "request"))
    with pytest.raises(errors.ConflictError, match="segmentation"):
        client.writer.create_network("cells", "detection")


@LOST
def test_what_is_deleted_stays_deleted(flaky: Line, ids: list[str], what: str) -> None:
    client, line = flaky
    client.writer.create_version("cars", "first", ids)
    line.lose.append(("DELETE", "/dataset/", what))
    client.writer.delete_version("cars", "first")
    assert client.reader.datasets(["cars"]) == ()


@LOST
def test_an_inventory_is_written_once(flaky: Line, what: str) -> None:
    client, line = flaky
    line.lose.append(("PUT", "/workspaces/", what))
    client.writer.write_workspace("demo", ownership.WorkspaceWrite(1, "ours"))
    assert client.reader.workspace("demo") == ownership.WorkspaceBody(1, "ours")


@LOST
def test_a_batch_is_sent_again(flaky: Line, photos: Photos, what: str) -> None:
    client, line = flaky
    line.lose.append(("POST", "/pictures/batch", what))
    outcomes = client.writer.upload_pictures(photos("a.png", "b.png"))
    assert [one.status for one in outcomes] == (["same", "same"] if what == "answer" else ["created", "created"])
    assert client.reader.all_pictures().names == ["a.png", "b.png"]


@LOST
def test_annotations_are_put_once(flaky: Line, ids: list[str], what: str) -> None:
    client, line = flaky
    made = client.writer.create_version("cars", "first", ids)
    line.lose.append(("POST", "/annotations/replace", what))
    asked = ext.AnnotationItem("a.png", [{"type": "classification", "label": "car"}], [], "")
    assert client.writer.replace_annotations(made, [asked]).statuses == (["same"] if what == "answer" else ["put"])
    assert len(client.reader.annotations(made, ["a.png"])["a.png"]) == 1


@LOST
def test_the_sdk_makes_datasets_and_versions_once(flaky: Line, ids: list[str], what: str) -> None:
    client, line = flaky
    dataset = client.datalake.dataset
    line.lose += [("PUT", f"/dataset/{client.organization_id}", what), ("PUT", "/new_version", what)]
    made = dataset.create("cars", pictures=ids)
    assert dataset.fetch("cars", "first") == made.dataset_id
    second = dataset.new_version("cars", "second", pictures=ids[:1])
    (info,) = client.reader.datasets(["cars"])
    assert [one.dataset_id for one in info.versions] == [made.dataset_id, second.dataset_id]


def test_an_annotation_whose_answer_is_lost_is_not_added_twice(flaky: Line, ids: list[str]) -> None:
    client, line = flaky
    made = client.datalake.dataset.create("cars", pictures=ids)
    line.lose.append(("PUT", "/annotation/new/", "answer"))
    with pytest.raises(errors.NetworkError):
        client.datalake.dataset.add_annotation("a.png", data=[{"type": "classification", "label": "car"}])
    assert len(client.reader.annotations(made.dataset_id, ["a.png"])["a.png"]) == 1


@pytest.mark.parametrize("step", ["generate_post_part_url", "/complete_part_upload", "init_multipart_upload"])
@LOST
def test_a_large_file_arrives_whole(flaky: Line, tmp_path: Path, what: str, step: str) -> None:
    client, line = flaky
    large = tmp_path / "model.zip"
    large.write_bytes(bytes(range(256)) * 4 * 1024 * 11)
    made = client.writer.create_network("cells", "detection")
    line.lose.append(("GET" if step.startswith("init") else "POST", step, what))
    client.writer.store_file(made, "model", large)
    assert line.lose == []
    (info,) = client.reader.networks(["cells"])
    assert info.files["model"].sha256 == hashlib.sha256(large.read_bytes()).hexdigest()
