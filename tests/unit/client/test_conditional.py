"""Conditional writes against the real lake: what they tell, what a lost answer leaves, answers that make no sense."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from picsellia_apply import errors
from picsellia_apply.client import Client
from picsellia_apply.client.capabilities import spoken
from picsellia_apply.client.conditional import Conditional
from picsellia_apply.wire import extension as ext

Uploaded = Callable[..., dict[str, str]]
Line = tuple[Client, Any]
BOX = {"type": "rectangle", "label": "car", "rectangle": {"top": 1, "left": 2, "width": 3.5, "height": 4}}
LOST = pytest.mark.parametrize("what", ["request", "answer"])


def conditional(client: Client) -> Conditional:
    found = client.writer.conditional
    assert found is not None
    return found


def version(client: Client, name: str, ids: list[str], *annotated: str) -> str:
    made = client.writer.create_version("cars", name, ids)
    client.writer.replace_annotations(made, [ext.AnnotationItem(one, [BOX]) for one in annotated])
    return made


def test_a_platform_without_the_part_is_told_to_do_without_and_tells_the_same(
    client: Client, uploaded: Uploaded
) -> None:
    ids = uploaded("a.png", "b.png", "c.png")
    version(client, "first", [ids["a.png"], ids["b.png"]], "b.png")
    version(client, "second", [ids["b.png"]])
    client.writer.tag(["seen"], [ids["a.png"], ids["c.png"]])
    asked = ["c.png", "b.png", "a.png", "nobody.png"]
    here, without = conditional(client).holdings(asked), client.reader.holdings(asked)
    assert (here.picture_ids, here.sha256, here.versions) == (without.picture_ids, without.sha256, without.versions)
    assert here.tags == without.tags == {"seen": {"a.png", "c.png"}}
    assert {key: set(held) for key, held in here.versions.items()} == {
        ("cars", "first"): {"a.png", "b.png"},
        ("cars", "second"): {"b.png"},
    }
    assert [here.versions["cars", "first"][name].objects for name in ("a.png", "b.png")] == [0, 1]
    assert (set(here.etags), without.etags) == ({"a.png", "b.png", "c.png"}, {})
    assert conditional(client).holdings([]).picture_ids == client.reader.holdings([]).picture_ids == {}


def test_the_part_is_of_no_use_where_reading_and_writing_are_not_extended() -> None:
    assert spoken({"conditional": 1, "page": 1, "digest": 1}) == {"page", "digest"}
    whole = dict.fromkeys(("page", "digest", "batch", "replace", "labels"), 1)
    assert "conditional" in spoken({**whole, "conditional": 1})


@LOST
def test_deletes_happen_once(flaky: Line, what: str, photos: Callable[..., Any]) -> None:
    client, line = flaky
    ids = [str(one.picture_id) for one in client.writer.upload_pictures(photos("a.png", "b.png"))]
    dataset_id, model_id = version(client, "first", ids), client.writer.create_network("cells", "detection")
    write = conditional(client)
    line.lose += [("POST", path, what) for path in ("/versions/delete", "/networks/delete", "/pictures/delete")]
    write.delete_version(dataset_id, write.version_state(dataset_id))
    write.delete_network(model_id, write.network_state(model_id))
    found = write.holdings(["a.png", "b.png"])
    assert write.delete_pictures({one: found.etags[name] for name, one in found.picture_ids.items()}) == frozenset()
    assert client.reader.datasets(["cars"]) == ()
    assert client.reader.networks(["cells"]) == ()
    assert client.reader.all_pictures().names == []
    with pytest.raises(errors.ResourceNotFoundError):
        write.delete_version(dataset_id, "x")


@LOST
def test_changes_are_done_when_their_answer_is_lost(flaky: Line, what: str) -> None:
    client, line = flaky
    version(client, "first", [])
    model_id, write = client.writer.create_network("cells", "detection"), conditional(client)
    line.lose += [("POST", path, what) for path in ("/networks/patch", "/datasets/patch")]
    write.change_network(model_id, {"description": "ours"}, write.network_state(model_id))
    client.writer.patch_dataset("cars", description="ours", expect=ext.DatasetFields("", private=True))
    assert client.reader.networks(["cells"])[0].network.description == "ours"
    assert client.reader.datasets(["cars"])[0].description == "ours"
    with pytest.raises(errors.ConflictError):
        write.change_network(model_id, {"description": "again"}, "another state")
    with pytest.raises(errors.ConflictError):
        client.writer.patch_dataset("cars", description="again", expect=ext.DatasetFields(""))


WHOLE = {
    "names": ["a.png"], "picture_ids": ["1"], "sha256": ["x"], "etags": ["e"], "datasets": ["D"], "versions": ["v"],
    "members": [[0]], "digests": [[""]], "objects": [[0]], "tags": {"t": [0]},
}  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"picture_ids": []},
        {"sha256": ["x", "y"]},
        {"etags": []},
        {"versions": []},
        {"members": []},
        {"members": [[1]]},
        {"members": [[-1]]},
        {"digests": [[]]},
        {"objects": [[0, 1]]},
        {"tags": {"t": [1]}},
        {"tags": {"t": [-1]}},
    ],
)
def test_columns_that_do_not_fit_are_no_answer(scripted: Callable[..., Any], changed: dict[str, Any]) -> None:
    def asked(answer: dict[str, Any]) -> Any:
        line = scripted((200, {}, msgspec.json.encode(answer)))
        return Conditional(line.transport(), "o").holdings(["a.png"])

    assert asked(WHOLE).etags == {"a.png": "e"}
    assert asked(WHOLE).tags == {"t": {"a.png"}}
    with pytest.raises(errors.ProcessingError, match="do not fit"):
        asked({**WHOLE, **changed})
