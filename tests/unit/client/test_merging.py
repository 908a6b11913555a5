"""Objects added to annotations: none lost, none twice, whatever gets lost on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picsellia_apply import errors
from picsellia_apply.client import Client, capabilities
from picsellia_apply.client.merging import add_all, merged
from picsellia_apply.model.annotation import image_qa_text, labels_of, object_text

Uploaded = Callable[..., dict[str, str]]
CAR, BUS = (object_text({"type": "classification", "label": name}) for name in ("car", "bus"))
ASKED = image_qa_text({"type": "text", "question": "Where?", "answer": "here"})
texts = st.lists(st.sampled_from("abc")).map(lambda found: tuple(sorted(found)))


@given(texts, texts)
def test_both_are_in_it_and_no_more_than_either_has(there: tuple[str, ...], more: tuple[str, ...]) -> None:
    both = merged(there, more)
    assert Counter(both) == Counter(there) | Counter(more)
    assert merged(both, more) == both
    assert list(both) == sorted(both)


@pytest.fixture(params=["extension", "plain"])
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "plain":
        monkeypatch.setattr(capabilities, "spoken", lambda _: frozenset())
    return str(request.param)


@pytest.fixture
def version(mode: str, client: Client, uploaded: Uploaded) -> tuple[Client, str]:
    ids = uploaded("a.png", "b.png")
    return client, client.writer.create_version("d", "first", list(ids.values()))


def test_what_is_there_stays(version: tuple[Client, str]) -> None:
    client, dataset_id = version
    done: list[int] = []
    add = client.writer.add_objects
    assert add(dataset_id, {"a.png": (CAR,), "b.png": ()}, on_done=done.append) == {}
    assert add(dataset_id, {"a.png": (BUS, CAR, ASKED)}) == {}
    assert client.reader.annotations(dataset_id, ["a.png", "b.png"]) == {
        "a.png": tuple(sorted((BUS, CAR, ASKED))),
        "b.png": (),
    }
    assert sum(done) == 2


def test_a_picture_that_is_not_there_is_named(version: tuple[Client, str]) -> None:
    client, dataset_id = version
    failures = client.writer.add_objects(dataset_id, {"a.png": (CAR,), "nobody.png": (CAR,)})
    assert list(failures) == ["nobody.png"]
    assert failures["nobody.png"]
    assert client.reader.annotations(dataset_id, ["a.png"]) == {"a.png": (CAR,)}


def test_an_answer_that_was_lost_adds_nothing_twice(mode: str, flaky: Any, photos: Any) -> None:
    client, line = flaky
    if mode == "plain":
        connection = client.connection
        connection.reader = capabilities.reader_of(frozenset(), connection.transport, client.organization_id, "local")
        connection.writer = capabilities.writer_of(frozenset(), connection.transport, connection.reader, "local")
    outcomes = client.writer.upload_pictures(photos("a.png"))
    dataset_id = client.writer.create_version("d", "first", [outcomes[0].picture_id])
    path = "/annotation/new/" if mode == "plain" else "/annotations/replace"
    method = "PUT" if mode == "plain" else "POST"
    line.lose.append((method, path, "answer"))
    assert client.writer.add_objects(dataset_id, {"a.png": (CAR,)}) == {}
    line.lose.append((method, path, "answer"))
    assert client.writer.add_objects(dataset_id, {"a.png": (BUS,)}) == {}
    assert not line.lose
    assert client.reader.annotations(dataset_id, ["a.png"]) == {"a.png": (BUS, CAR)}


def test_a_portion_that_fails_does_not_stop_the_others() -> None:
    def add(_: str, objects: Any) -> dict[str, str]:
        if "b" in objects:
            raise errors.InvalidQueryError("no")
        return {}

    assert add_all(add, "d", {"a": (), "b": (), "c": ()}, parallelism=2, at_once=1) == {"b": "no"}


def test_a_refused_token_ends_it() -> None:
    def add(_: str, _objects: Any) -> dict[str, str]:
        raise errors.UnauthorizedError("who?")

    with pytest.raises(errors.UnauthorizedError):
        add_all(add, "d", {"a": ()}, parallelism=2)


def test_plain_platforms_are_told_the_counts(flaky: Any, photos: Any) -> None:
    client, line = flaky
    connection = client.connection
    reader = capabilities.reader_of(frozenset(), connection.transport, client.organization_id, "local")
    writer = capabilities.writer_of(frozenset(), connection.transport, reader, "local")
    ids = [str(one.picture_id) for one in writer.upload_pictures(photos("a.png", "b.png"))]
    dataset_id = writer.create_version("d", "first", ids)
    writer.add_objects(dataset_id, {"a.png": (CAR, CAR, BUS, ASKED), "b.png": ()})
    line.seen.clear()
    writer.write_statistics(dataset_id)
    assert ("POST", f"/sdk/v2/dataset/{dataset_id}/update_stats") in line.seen
    client.writer.write_statistics(dataset_id)
    assert len(line.seen) == len([one for one in line.seen if one[1].count("ext/") == 0])


def test_labels_of_texts() -> None:
    assert labels_of([CAR, ASKED, BUS, CAR]) == [
        ("car", "classification"),
        ("bus", "classification"),
        ("car", "classification"),
    ]
