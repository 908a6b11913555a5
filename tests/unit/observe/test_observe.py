"""Observation reads what the declaration and the inventory touch, no more, and all of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from picsellia_apply.client import Client
from picsellia_apply.client.upload import PictureFile
from picsellia_apply.model.annotation import annotation_digest, object_text, texts_of
from picsellia_apply.model.declaration import (
    AnnotationSource,
    Dataset,
    Declaration,
    LocalPictures,
    Network,
    PictureSet,
    Selection,
    TagQuery,
    Version,
)
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.state import State, Unread
from picsellia_apply.observe import observe
from picsellia_apply.source import Place
from picsellia_apply.wire.extension import AnnotationItem

PLACE = Place("m.yaml")
BOX = {"type": "rectangle", "label": "cell", "rectangle": {"left": 1, "top": 2, "width": 3, "height": 4}}
OTHER = {"type": "rectangle", "label": "cell", "rectangle": {"left": 5, "top": 2, "width": 3, "height": 4}}
EMPTY = Inventory("demo")


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with Client(host="embedded", data_dir=tmp_path / ".picsellia") as one:
        yield one


def upload(client: Client, folder: Path, **tags: tuple[str, ...]) -> dict[str, str]:
    """Put small pictures into the lake: `a=("t",)` is `a.png` with tag `t`. Returns name -> id."""
    files = []
    for number, (stem, its) in enumerate(tags.items()):
        path = folder / f"{stem}.png"
        Image.new("RGB", (4, 3), (number, 0, 0)).save(path)
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        files.append(PictureFile(path.name, path, digest, len(content), 4, 3, 1, its))
    outcomes = client.writer.upload_pictures(files)
    assert {one.status for one in outcomes} == {"created"}
    return {one.name: str(one.picture_id) for one in outcomes}


def seen(
    client: Client, declaration: Declaration, inventory: Inventory = EMPTY, *, prune: bool = False
) -> tuple[State, int]:
    before = client.requests
    state = observe(client.reader, declaration, inventory, prune=prune)
    return state, client.requests - before


def picture_set(*names: str) -> PictureSet:
    return PictureSet("s", PLACE, LocalPictures(names=names))


def query(name: str, *tags: str, add: tuple[str, ...] = ()) -> TagQuery:
    return TagQuery(name, PLACE, tags, add=add)


def dataset(*versions: Version) -> Declaration:
    return Declaration(".", datasets=(Dataset("D", PLACE, versions),))


def test_nothing_declared_asks_nothing(client: Client) -> None:
    state, requests = seen(client, Declaration("."))
    assert (state, requests) == (State(), 0)


def test_pictures_of_sets_and_records_come_with_all_their_tags(client: Client, tmp_path: Path) -> None:
    upload(client, tmp_path, a=("x", "y"), b=(), c=("x",), d=("x",))
    inventory = Inventory("demo", 1, {"pictures/old": Record(members={"c.png": "0" * 64, "gone.png": "0" * 64})})
    state, requests = seen(
        client, Declaration(".", picture_sets=(picture_set("a.png", "b.png", "new.png"),)), inventory
    )
    assert set(state.lake.pictures) == {"a.png", "b.png", "c.png"}
    assert state.lake.pictures["a.png"] == hashlib.sha256((tmp_path / "a.png").read_bytes()).hexdigest()
    assert state.lake.tags == {"x": {"a.png", "c.png"}, "y": {"a.png"}}
    assert requests == 1


def test_a_query_sees_those_with_all_of_its_tags_and_one_that_is_fed_by_another_sees_its_source(
    client: Client, tmp_path: Path
) -> None:
    upload(client, tmp_path, a=("drone", "night"), b=("drone",), c=("reviewed",), d=("night",))
    feeding = query("q", "drone", "night", add=("reviewed",))
    state, requests = seen(client, Declaration(".", queries=(feeding, query("r", "reviewed"))))
    assert set(state.lake.pictures) == {"a.png", "c.png"}
    assert state.lake.tags["night"] == {"a.png"}
    assert requests == 2


def test_members_are_listed_only_when_their_digest_is_not_the_known_one(client: Client, tmp_path: Path) -> None:
    ids = upload(client, tmp_path, a=(), b=())
    client.writer.create_version("D", "v", list(ids.values()), description="d", private=False)
    wanted = dataset(Version("v", PLACE, Selection(PLACE, tags=("none",))))
    state, listed = seen(client, wanted)
    assert state.resources["dataset/D"].fields == {"description": "d", "private": False}
    assert set(state.resources["version/D@v"].members) == {"a.png", "b.png"}
    known = Inventory("demo", 1, {"version/D@v": Record(members={"b.png": None, "a.png": None})})
    again, unlisted = seen(client, wanted, known)
    assert set(again.resources["version/D@v"].members) == {"a.png", "b.png"}
    assert unlisted == listed - 1
    stale = Inventory("demo", 1, {"version/D@v": Record(members={"b.png": None, "c.png": None})})
    assert set(seen(client, wanted, stale)[0].resources["version/D@v"].members) == {"a.png", "b.png"}


def test_versions_of_others_are_not_read_but_origins_are(client: Client, tmp_path: Path) -> None:
    ids = list(upload(client, tmp_path, a=()).values())
    for version in ("mine", "theirs", "source"):
        client.writer.create_version("D", version, ids)
    state, _ = seen(client, dataset(Version("mine", PLACE, None, origin="source")))
    assert {one for one in state.resources if one.startswith("version/")} == {"version/D@mine", "version/D@source"}


def test_labels_are_resources(client: Client, tmp_path: Path) -> None:
    dataset_id = client.writer.create_version("D", "v", list(upload(client, tmp_path, a=()).values()))
    client.writer.create_label(dataset_id, "a/b", "polygon")
    state, _ = seen(client, dataset(Version("v", PLACE, None, labels=())))
    assert "label/D@v/a%2Fb/polygon" in state.resources


def annotated(client: Client, folder: Path) -> None:
    ids = upload(client, folder, a=(), b=(), c=())
    dataset_id = client.writer.create_version("D", "v", list(ids.values()))
    items = [AnnotationItem("a.png", [BOX], [], ""), AnnotationItem("b.png", [BOX, OTHER], [], "")]
    assert client.writer.replace_annotations(dataset_id, items).statuses == ["put", "put"]


def source(**objects: tuple[str, ...]) -> AnnotationSource:
    return AnnotationSource(PLACE, "c.json", "merge", {f"{stem}.png": texts for stem, texts in objects.items()})


def test_unmanaged_annotations_are_not_asked_for(client: Client, tmp_path: Path) -> None:
    annotated(client, tmp_path)
    state, requests = seen(client, dataset(Version("v", PLACE, None)))
    assert "annotations/D@v" not in state.resources
    assert requests == 2


def test_objects_are_read_only_where_their_digest_stands_for_nothing_known(client: Client, tmp_path: Path) -> None:
    annotated(client, tmp_path)
    one, two = texts_of([BOX]), texts_of([BOX, OTHER])
    expected = {"a.png": one, "b.png": two}
    unknown, all_read = seen(client, dataset(Version("v", PLACE, None, annotations=(source(a=()),))))
    assert unknown.resources["annotations/D@v"].members == expected
    from_file, none_read = seen(client, dataset(Version("v", PLACE, None, annotations=(source(a=one, b=two),))))
    assert from_file.resources["annotations/D@v"].members == expected
    assert none_read == all_read - 1
    record = Record(members={"a.png": one, "b.png": two})
    inventory = Inventory("demo", 1, {"annotations/D@v": record})
    from_base, still_none = seen(client, dataset(Version("v", PLACE, None)), inventory)
    assert from_base.resources["annotations/D@v"].members == expected
    assert still_none == none_read


def test_an_origins_annotations_are_read_for_a_version_whose_annotations_are_managed(
    client: Client, tmp_path: Path
) -> None:
    annotated(client, tmp_path)
    coming = Version("next", PLACE, None, origin="v", annotations=(source(a=(object_text(BOX),)),))
    state, _ = seen(client, dataset(coming))
    assert set(state.resources["annotations/D@v"].members) == {"a.png", "b.png"}


def test_what_an_origin_that_is_yet_to_be_made_will_take_over_is_read(client: Client, tmp_path: Path) -> None:
    annotated(client, tmp_path)
    coming = Version("next", PLACE, None, origin="v")
    last = Version("last", PLACE, None, origin="next", annotations=(source(a=(object_text(BOX),)),))
    state, _ = seen(client, dataset(coming, last))
    assert set(state.resources["annotations/D@v"].members) == {"a.png", "b.png"}


def test_where_deletes_are_on_unmanaged_annotations_are_known_by_digest_and_number(
    client: Client, tmp_path: Path
) -> None:
    annotated(client, tmp_path)
    state, requests = seen(client, dataset(Version("v", PLACE, None)), prune=True)
    assert "annotations/D@v" not in state.resources
    two = annotation_digest(texts_of([BOX, OTHER]))
    assert state.unread == {
        "annotations/D@v": {"a.png": Unread(annotation_digest(texts_of([BOX])), 1), "b.png": Unread(two, 2)}
    }
    assert requests == 3


def test_objects_of_a_label_that_would_go_are_read(client: Client, tmp_path: Path) -> None:
    annotated(client, tmp_path)
    recorded = Inventory("demo", 1, {"label/D@v/cell/rectangle": Record()})
    wanted = dataset(Version("v", PLACE, None, labels=()))
    assert set(seen(client, wanted, recorded, prune=True)[0].resources["annotations/D@v"].members) == {"a.png", "b.png"}
    assert "annotations/D@v" not in seen(client, wanted, recorded)[0].resources


def test_which_other_versions_hold_pictures_that_would_go_is_asked(client: Client, tmp_path: Path) -> None:
    annotated(client, tmp_path)
    digest = hashlib.sha256((tmp_path / "a.png").read_bytes()).hexdigest()
    records = {"pictures/s": Record(members={"a.png": digest, "b.png": "0" * 64, "gone.png": "0" * 64})}
    none, asked = seen(client, Declaration("."), Inventory("demo", 1, records))
    assert none.holders == {}
    state, with_deletes = seen(client, Declaration("."), Inventory("demo", 1, records), prune=True)
    assert state.holders == {"pictures/s": {"version/D@v": (1, 1)}}
    assert with_deletes == asked + 1
    declared = Declaration(".", picture_sets=(picture_set("a.png"),))
    assert seen(client, declared, Inventory("demo", 1, records), prune=True)[0].holders == {}
    records |= {"version/D@v": Record(members={"a.png": None})}
    assert seen(client, Declaration("."), Inventory("demo", 1, records), prune=True)[0].holders == {}


def test_all_versions_of_a_dataset_are_known_by_name(client: Client, tmp_path: Path) -> None:
    ids = list(upload(client, tmp_path, a=()).values())
    for version in ("mine", "theirs"):
        client.writer.create_version("D", version, ids)
    assert seen(client, dataset(Version("mine", PLACE, None)))[0].versions == {"D": ("mine", "theirs")}


def test_networks_with_their_files_in_one_request(client: Client, tmp_path: Path) -> None:
    model_id = client.writer.create_network("n", "detection")
    client.writer.update_network(model_id, {"description": "d", "labels": {"1": "car"}, "tag": ["t"]})
    (tmp_path / "config").write_bytes(b"x")
    client.writer.store_file(model_id, "config", tmp_path / "config")
    wanted = Declaration(".", networks=(Network("n", PLACE, {}), Network("absent", PLACE, {})))
    state, requests = seen(client, wanted)
    network = state.resources["network/n"].fields
    assert (network["type"], network["description"], network["labels"], network["tag"]) == (
        "detection",
        "d",
        {"1": "car"},
        ["t"],
    )
    assert state.resources["file/n/config"].fields == {"sha256": hashlib.sha256(b"x").hexdigest(), "size": 1}
    assert "thumbnail/n" not in state.resources
    assert requests == 1


def test_a_lake_that_is_not_there_is_empty_and_is_not_made(tmp_path: Path) -> None:
    with Client(host="embedded", data_dir=tmp_path / ".picsellia", read_only=True) as client:
        state, _ = seen(client, Declaration(".", picture_sets=(picture_set("a.png"),), queries=(query("q", "t"),)))
    assert state == State()
    assert not list(tmp_path.iterdir())
