"""Listings of a whole organization: complete, or refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from requests import PreparedRequest, Response

from picsellia_apply.client.listing import Listing, Wanted
from picsellia_apply.client.upload import PictureFile
from picsellia_apply.errors import ProcessingError, TransferError
from picsellia_apply.model.annotation import object_text
from picsellia_apply.wire.extension import AnnotationItem
from tests.laws.projects import picture_bytes
from tests.laws.sky import Sky
from tests.laws.worlds import World

CAR = {"type": "rectangle", "label": "car", "rectangle": {"top": 1, "left": 1, "width": 2, "height": 2}}


@pytest.fixture
def world() -> Iterator[World]:
    with World() as one:
        fill(one)
        yield one


def fill(world: World) -> None:
    """Put three pictures, a dataset of two versions and two networks on a lake."""
    files = []
    for name in ("c.png", "a.png", "b.png"):
        data = picture_bytes(name, 0)
        path = world.root / name
        path.write_bytes(data)
        files.append(PictureFile(name, path, hashlib.sha256(data).hexdigest(), len(data), 16, 12))
    with world.client() as client:
        ids = [one.picture_id for one in client.writer.upload_pictures(files) if one.picture_id]
        first = client.writer.create_version("Cars", "first", ids)
        client.writer.create_version("Cars", "second", ids[:1])
        client.writer.replace_annotations(first, [AnnotationItem("b.png", [CAR]), AnnotationItem("a.png", [])])
        for name in ("z", "y"):
            client.writer.create_network(name, "detection")


def altered(path: str, change: Callable[[Any], None]) -> Sky:
    """Return a way to the lake on which the answers of one path are changed."""

    def hook(number: int, request: PreparedRequest, pass_on: Callable[[], Response]) -> Response:
        answer = pass_on()
        if path in (request.url or ""):
            value = json.loads(answer.content)
            change(value)
            answer._content = json.dumps(value).encode()
        return answer

    return Sky(hook)


@pytest.mark.parametrize("plain", [False, True])
def test_everything_is_listed_in_order(world: World, plain: bool) -> None:
    world.close()
    world.plain = plain
    with world.client(read_only=True) as client:
        listing = Listing(client)
        assert listing.pictures().names == ["a.png", "b.png", "c.png"]
        (cars,) = listing.datasets()
        assert [one.name for one in cars.versions] == ["first", "second"]
        assert listing.members(cars.versions[0]) == ("a.png", "b.png", "c.png")
        assert list(listing.annotations(cars.versions[0])) == [("a.png", ()), ("b.png", (object_text(CAR),))]
        assert [one.network.network_name for one in listing.networks()] == ["y", "z"]
        assert listing.datasets(["Vans"]) == ()


@pytest.mark.parametrize(
    ("path", "change", "read"),
    [
        ("datasets/lookup", lambda value: value["datasets"][0]["versions"].pop(), lambda listing: listing.datasets()),
        ("datasets/lookup", lambda value: value["datasets"].clear(), lambda listing: listing.datasets()),
        ("networks/lookup", lambda value: value["networks"].pop(), lambda listing: listing.networks()),
        ("pictures/lookup", lambda value: value.update(names=["a.png"] * 3), lambda listing: listing.pictures()),
    ],
)
def test_what_is_listed_and_not_shown_is_told(
    world: World, path: str, change: Callable[[Any], None], read: Callable[[Listing], object]
) -> None:
    with world.client(read_only=True, sky=altered(path, change)) as client, pytest.raises(ProcessingError) as told:
        read(Listing(client))
    assert told.value.hint == "somebody else may be writing; run it again"


def test_an_annotation_that_vanishes_between_two_requests_is_told(world: World) -> None:
    def drop(value: Any) -> None:
        if value.get("data"):
            for column in ("names", "digests", "counts", "data", "image_qa"):
                value[column].pop()

    with world.client(read_only=True, sky=altered("annotations/lookup", drop)) as client:
        listing = Listing(client)
        (cars,) = listing.datasets()
        with pytest.raises(ProcessingError, match="has 1 annotated pictures and states 2"):
            list(listing.annotations(cars.versions[0]))


@pytest.mark.parametrize("plain", [False, True])
def test_bytes_are_fetched_by_name(world: World, tmp_path: Path, plain: bool) -> None:
    world.close()
    world.plain = plain
    with world.client(read_only=True) as client:
        Listing(client).fetch([Wanted("a.png", tmp_path / "x/a.png"), Wanted("b.png", tmp_path / "b.png")])
    assert (tmp_path / "x/a.png").read_bytes() == picture_bytes("a.png", 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.png", "x"]


def test_bytes_that_are_there_are_not_asked_for_again(world: World, tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    target.write_bytes(picture_bytes("a.png", 0))
    with world.client(read_only=True) as client:
        digest = client.reader.pictures_named(["a.png"]).sha256[0]
        before = client.requests
        Listing(client).fetch([Wanted("a.png", target, digest)])
        assert client.requests == before + 1  # the list of keys


def test_a_picture_that_is_gone_is_told_by_name(world: World, tmp_path: Path) -> None:
    with world.client(read_only=True) as client, pytest.raises(TransferError) as told:
        Listing(client).fetch([Wanted("gone.png", tmp_path / "g"), Wanted("a.png", tmp_path / "a.png")])
    assert list(told.value.failures) == ["gone.png"]
    assert (tmp_path / "a.png").exists()
