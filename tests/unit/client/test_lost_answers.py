"""A request or its answer gets lost: nothing happens twice, and nothing is taken for done that is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from picsellia_apply import errors
from picsellia_apply.client import Client
from picsellia_apply.client.upload import PictureFile
from picsellia_apply.wire import extension as ext

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
    client.writer.write_workspace("demo", ext.WorkspaceBody(1, "ours"))
    assert client.reader.workspace("demo") == ext.WorkspaceBody(1, "ours")


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
