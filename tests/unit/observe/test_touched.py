"""Of a saved plan only what it touches is read again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from picsellia_apply.client import Client
from picsellia_apply.model.annotation import object_text
from picsellia_apply.model.declaration import Dataset, Declaration, LocalPictures, Network, PictureSet, Version
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.state import State
from picsellia_apply.model.touched import Touched
from picsellia_apply.observe import observe
from picsellia_apply.wire.extension import AnnotationItem
from tests.unit.observe.test_observe import BOX, OTHER, PLACE, query, upload

ADDRESS = "annotations/D@first"
DECLARED = Declaration(
    ".",
    picture_sets=(PictureSet("s", PLACE, LocalPictures(names=("a.png", "b.png"))),),
    queries=(query("q", "t"),),
    datasets=(Dataset("D", PLACE, (Version("first", PLACE, None), Version("other", PLACE, None, origin="first"))),),
    networks=(Network("n", PLACE, {}),),
)
KNOWN = Inventory(
    "demo",
    records={
        ADDRESS: Record(members={"a.png": (object_text(BOX),), "b.png": (object_text(BOX),)}),
        "version/D@first": Record(members=dict.fromkeys(("a.png", "z.png"))),
    },
)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with Client(host="embedded", data_dir=tmp_path / ".picsellia") as one:
        ids = upload(one, tmp_path, a=("t",), b=("t", "u"), c=("t",))
        first = one.writer.create_version("D", "first", [ids["a.png"], ids["b.png"]])
        one.writer.create_label(first, "cell", "rectangle")
        one.writer.replace_annotations(first, [AnnotationItem("a.png", [BOX]), AnnotationItem("b.png", [OTHER])])
        one.writer.create_network("n", "detection")
        yield one


def read(client: Client, touched: Touched) -> tuple[State, int]:
    before = client.requests
    state = observe(client.reader, DECLARED, KNOWN, touched=touched)
    return state, client.requests - before


def test_a_network_alone_is_one_request(client: Client) -> None:
    state, requests = read(client, Touched({"network/n": frozenset()}))
    assert (set(state.resources), requests) == ({"network/n"}, 1)
    assert state.lake.pictures == {}


def test_nothing_touched_is_nothing_asked(client: Client) -> None:
    assert read(client, Touched())[1] == 0


def test_pictures_are_read_by_name_with_their_tags_and_no_query_is_asked(client: Client) -> None:
    state, requests = read(client, Touched({"pictures/s": frozenset({"b.png"})}))
    assert requests == 1
    assert state.lake.pictures.keys() == {"b.png"}
    assert state.lake.tags == {"t": frozenset({"b.png"}), "u": frozenset({"b.png"})}


def test_annotations_are_read_of_the_pictures_that_count(client: Client) -> None:
    state, _ = read(client, Touched({ADDRESS: frozenset({"b.png"})}))
    assert state.resources[ADDRESS].members == {"b.png": (object_text(OTHER),)}
    assert state.resources["version/D@first"].members.keys() == {"a.png", "z.png"}  # as last applied: not asked for
    assert "version/D@other" not in state.resources


def test_of_an_origin_everything_is_read(client: Client) -> None:
    touched = Touched({"version/D@other": frozenset()}, origins=frozenset({("D", "first")}))
    state, _ = read(client, touched)
    assert state.resources["version/D@first"].members.keys() == {"a.png", "b.png"}
    assert state.resources[ADDRESS].members.keys() == {"a.png", "b.png"}


def test_where_something_is_deleted_every_version_is_read(client: Client) -> None:
    state, _ = read(client, Touched({"pictures/s": frozenset({"b.png"})}, wide=True))
    assert state.resources["version/D@first"].members.keys() == {"a.png", "b.png"}
    assert state.lake.pictures.keys() == {"b.png"}
