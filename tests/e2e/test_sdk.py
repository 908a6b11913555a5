"""The SDK as the reference documents it, row by row of SEED_ROWS.md, on the real lake.

Rows R04 to R10 (`datalake.upload`) and what needs a second organization belong to later issues.
"""

from __future__ import annotations

import inspect
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from picsellia_apply import errors
from picsellia_apply.client import Client
from picsellia_apply.client.archive import write_archive
from picsellia_apply.lake import Lake, open_lake
from tests.contract.platforms import served

Photo = Callable[..., Path]


@pytest.fixture(scope="module")
def served_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lake, str]]:
    with open_lake(tmp_path_factory.mktemp("served")) as lake, served(lake) as (host, port):
        yield lake, f"http://{host}:{port}/sdk/v2/"


@pytest.fixture(autouse=True, params=["embedded", "http"])
def own_lake(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a lake of its own in this process, and an organization of its own over HTTP."""
    for name in ("PICSELLIA_TOKEN", "PICSELLIA_HOST"):
        monkeypatch.delenv(name, raising=False)
    if request.param == "http":
        lake, url = request.getfixturevalue("served_lake")
        monkeypatch.setenv("PICSELLIA_HOST", url)
        monkeypatch.setenv("PICSELLIA_TOKEN", lake.bootstrap(f"user-{tmp_path.name}", f"organization-{tmp_path.name}"))
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)


@pytest.fixture
def client() -> Iterator[Client]:
    with Client() as opened:
        yield opened


@pytest.fixture
def photo(tmp_path: Path) -> Photo:
    def make(name: str, colour: str = "red", folder: str = "photos") -> Path:
        path = tmp_path / folder / name
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 6), colour).save(path)
        return path

    return make


@pytest.fixture
def lake(client: Client, photo: Photo) -> Client:
    """Return a client whose lake holds three pictures: a and b are drone, c is drone and coco."""
    client.datalake.picture.upload([photo("a.png"), photo("b.png", "green")], tags=["drone"])
    client.datalake.picture.upload(photo("c.png", "blue"), tags=["drone", "coco"])
    return client


@pytest.fixture
def dataset(lake: Client) -> Any:
    """Return `client.datalake.dataset` after `create` of myDataset with all three pictures."""
    lake.datalake.picture.fetch(1, ["drone"])
    lake.datalake.dataset.create("myDataset")
    return lake.datalake.dataset


def parameters(method: Any) -> list[tuple[str, Any]]:
    found = inspect.signature(method).parameters.values()
    return [(one.name, one.default) for one in found if one.name != "self" and one.kind != one.KEYWORD_ONLY]


def names(pictures: Any) -> list[str]:
    return [picture["external_url"] for picture in pictures]


def test_r01_client(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert parameters(Client) == [("api_token", None), ("organization", None), ("host", None)]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    with Client(None) as client:
        assert capsys.readouterr().out == f"Hi {client.username}, welcome back.\n"


def test_r02_parts_alone_and_together(lake: Client) -> None:
    assert lake.datalake.picture.connection is lake.network.connection
    for part in (Client.Datalake, Client.Datalake.Picture, Client.Datalake.Dataset, Client.Network):
        assert parameters(part) == [("api_token", None), ("organization", None), ("host", None)]
    with Client.Datalake.Picture(api_token=None, organization=None) as picture:
        assert len(picture.list()["pictures"]) == 3
    with Client.Datalake() as datalake:
        assert len(datalake.picture.fetch(1, ["drone"])) == 3
        datalake.dataset.create("together")
    with Client.Datalake.Dataset() as alone:
        assert [one.dataset_name for one in alone.list()] == ["together"]
    with Client.Network() as network:
        assert network.list() == []


def test_r11_upload_one(client: Client, photo: Photo) -> None:
    assert parameters(client.datalake.picture.upload) == [("filepath", None), ("tags", []), ("source", "sdk")]
    (outcome,) = client.datalake.picture.upload(str(photo("a.png")), tags="drone")
    assert (outcome.name, outcome.status) == ("a.png", "created")
    assert client.datalake.picture.list()["pictures"][0].tag == ["drone"]
    with pytest.raises(errors.TyperError):
        client.datalake.picture.upload()


def test_r12_upload_many_reports_every_file(client: Client, photo: Photo, tmp_path: Path) -> None:
    text = tmp_path / "photos" / "notes.png"
    good = photo("a.png")
    text.write_text("no picture")
    twin = photo("a.png", "blue", "elsewhere")
    with pytest.raises(errors.TransferError) as caught:
        client.datalake.picture.upload([text, tmp_path / "gone.png", good, twin])
    assert set(caught.value.failures) == {str(text), str(tmp_path / "gone.png"), str(twin)}
    assert names(client.datalake.picture.list()["pictures"]) == ["a.png"]
    with pytest.raises(errors.TransferError, match="other bytes"):
        client.datalake.picture.upload(twin)
    assert [one.status for one in client.datalake.picture.upload([good])] == ["same"]


def test_r14_list(lake: Client) -> None:
    answer = lake.datalake.picture.list()
    assert list(answer) == ["pictures"]
    assert names(answer["pictures"]) == ["a.png", "b.png", "c.png"]
    keys = {"picture_id", "internal_key", "external_url", "creation_date", "height", "width", "tag"}
    assert all(set(picture) >= keys for picture in answer["pictures"])
    assert (answer["pictures"][0].width, answer["pictures"][0]["height"]) == (8, 6)


def test_r15_fetch(lake: Client) -> None:
    picture = lake.datalake.picture
    assert [name for name, _ in parameters(picture.fetch)] == ["quantity", "tags"]
    assert names(picture.fetch(quantity=1, tags=["drone", "coco"])) == ["c.png"]
    assert len(picture.fetch(tags=["drone"])) == 3
    assert len(picture.fetch(6, ["drone"])) == 3
    assert len(picture.fetch(0.5, ["drone"])) < 3
    assert picture.fetch(tags=["nobody"]) == []
    for quantity, tags in ((1, []), (0, ["drone"]), (float("nan"), ["drone"])):
        with pytest.raises(errors.TyperError):
            picture.fetch(quantity, tags)


def test_r16_status(lake: Client, capsys: pytest.CaptureFixture[str]) -> None:
    lake.datalake.picture.fetch(1, ["drone"])
    lake.datalake.picture.status()
    assert capsys.readouterr().out == "Number of Assets selected : 3\n"


def test_r17_delete(lake: Client) -> None:
    picture = lake.datalake.picture
    with Client.Datalake.Picture() as alone, pytest.raises(errors.TyperError):
        alone.delete()
    picture.fetch(1, ["coco"])
    picture.delete([])
    picture.delete()
    assert names(picture.list()["pictures"]) == ["a.png", "b.png"]
    picture.delete(pictures=[picture.list()["pictures"][0]])
    assert names(picture.selection.pictures) == ["b.png"]
    assert names(picture.list()["pictures"]) == ["b.png"]


def test_r18_add_tags(lake: Client) -> None:
    picture = lake.datalake.picture
    picture.fetch(1, ["coco"])
    for _ in range(2):
        picture.add_tags(tags=["new"])
    picture.add_tags(picture.list(), ["all"])
    picture.add_tags(picture.list()["pictures"][0]["picture_id"], "single")
    picture.add_tags(pictures=[], tags=["nobody"])
    assert names(picture.fetch(1, ["new"])) == ["c.png"]
    assert len(picture.fetch(1, ["all"])) == 3
    assert names(picture.fetch(1, ["single"])) == ["a.png"]
    assert picture.fetch(1, ["nobody"]) == []
    with pytest.raises(errors.TyperError):
        picture.add_tags(picture.list())


def test_r19_remove_tags(lake: Client) -> None:
    picture = lake.datalake.picture
    picture.fetch(1, ["coco"])
    for _ in range(2):
        picture.remove_tags(tags=["drone"])
    picture.remove_tags(pictures=[], tags=["drone"])
    assert names(picture.fetch(1, ["drone"])) == ["a.png", "b.png"]


def test_r20_list_datasets(dataset: Any, capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = dataset.list()
    line = "-------------"
    lines = [line, "Dataset Name: myDataset", "Dataset Version: first", "Nb Assets: 3", line]
    assert capsys.readouterr().out.splitlines() == lines
    assert (found.dataset_name, found.size) == ("myDataset", 3)


def test_r21_fetch_dataset(dataset: Any) -> None:
    assert [name for name, _ in parameters(dataset.fetch)] == ["name", "version"]
    found = dataset.fetch(name="myDataset", version="latest")
    keys = ["dataset_id", "dataset_name", "version", "size", "description", "private"]
    assert [key for key in json.loads(str(found)) if key in keys] == keys
    assert (found.version, found.size, found.private) == ("first", 3, True)
    assert dataset.fetch("myDataset", None) == found
    with pytest.raises(errors.ResourceNotFoundError):
        dataset.fetch("nothing/at all?")


def test_r22_create(lake: Client) -> None:
    dataset = lake.datalake.dataset
    assert [name for name, _ in parameters(dataset.create)] == ["name", "description", "private", "pictures"]
    with Client.Datalake.Dataset() as alone, pytest.raises(errors.TyperError, match="no pictures are selected"):
        alone.create("empty")
    chosen = lake.datalake.picture.fetch(1, ["coco"])
    made = dataset.create(name="mine", description="Streets", private=False, pictures=chosen)
    assert made == dataset.fetch("mine").dataset_id
    assert (made.description, made.private, made.size) == ("Streets", False, 1)
    with pytest.raises(errors.TyperError):
        dataset.create("other", pictures=[])
    with pytest.raises(errors.InvalidQueryError):
        dataset.create("mine", pictures=chosen)


def test_r23_new_version(lake: Client, dataset: Any) -> None:
    lake.datalake.picture.fetch(1, ["coco"])
    assert [name for name, _ in parameters(dataset.new_version)] == ["name", "version", "from_version", "pictures"]
    assert dataset.new_version(name="myDataset", version="second").size == 1
    assert dataset.new_version("myDataset", "third", lake.datalake.picture.list(), "first").size == 3
    assert dataset.new_version("myDataset", "fourth", pictures=[]).size == 0
    assert dataset.fetch("myDataset").version == "fourth"
    with pytest.raises(errors.ResourceNotFoundError):
        dataset.new_version("myDataset", "fifth", "absent")
    with pytest.raises(errors.TyperError):
        dataset.new_version("myDataset", "latest")


def test_r24_create_labels(dataset: Any) -> None:
    for kind in ("rectangle", "polygon", "classification", "rectangle"):
        dataset.create_labels(name="car/van", ann_type=kind)
    (info,) = dataset.connection.reader.datasets(["myDataset"])
    assert sorted(label.type for label in info.versions[0].labels) == ["classification", "polygon", "rectangle"]
    for bad in (("car", "circle"), ("", "polygon"), (None, None)):
        with pytest.raises(errors.TyperError):
            dataset.create_labels(*bad)


def test_r25_list_pictures(dataset: Any) -> None:
    assert names(dataset.list_pictures()) == ["a.png", "b.png", "c.png"]
    with Client.Datalake.Dataset() as alone:
        assert names(alone.list_pictures(dataset.current.dataset_id)) == ["a.png", "b.png", "c.png"]
        with pytest.raises(errors.TyperError):
            alone.list_pictures()


def test_r26_add_data(lake: Client, dataset: Any) -> None:
    everything = lake.datalake.picture.list()
    dataset.new_version("myDataset", "second", pictures=[])
    for _ in range(2):
        dataset.add_data(pictures=everything)
    assert dataset.fetch().size == 3
    dataset.new_version("myDataset", "third", pictures=[])
    dataset.add_data(name="myDataset", version="third", pictures=everything["pictures"][:1])
    dataset.add_data("myDataset", pictures=everything["pictures"][1:2])
    assert dataset.fetch("myDataset", "third").size == 2


def test_r26_a_name_that_is_given_counts(lake: Client, dataset: Any) -> None:
    everything = lake.datalake.picture.list()["pictures"]
    dataset.create("other", pictures=everything[:1])
    dataset.fetch("myDataset")
    dataset.add_data("other", pictures=everything)
    assert dataset.fetch("other").size == 3


def test_r27_delete_dataset(lake: Client, dataset: Any) -> None:
    dataset.new_version("myDataset", "second", pictures=[])
    dataset.delete(name="myDataset")
    assert dataset.fetch("myDataset").version == "first"
    dataset.delete("myDataset", "first")
    assert dataset.list() == []
    assert len(lake.datalake.picture.list()["pictures"]) == 3
    with pytest.raises(errors.TyperError):
        dataset.delete()


def test_r28_download(dataset: Any, photo: Photo, tmp_path: Path) -> None:
    dataset.download("myDataset/first")
    folder = Path("myDataset", "first")
    assert sorted(path.name for path in folder.iterdir()) == ["a.png", "b.png", "c.png"]
    assert (folder / "a.png").read_bytes() == photo("a.png").read_bytes()
    (folder / "a.png").write_bytes(b"half")
    (folder / "b.png").unlink()
    before = dataset.connection.transport.requests
    dataset.download("myDataset/first", str(folder))
    assert (folder / "a.png").read_bytes() == photo("a.png").read_bytes()
    assert (folder / "b.png").exists()
    assert (
        dataset.connection.transport.requests - before == 5
    )  # dataset, list, digests, and the two that were not right
    dataset.download(folder_name=tmp_path / "mine")
    assert len(list((tmp_path / "mine").iterdir())) == 3
    with pytest.raises(errors.TyperError):
        dataset.download("myDataset")


BOX = {"type": "rectangle", "label": "car", "rectangle": {"top": 16, "left": 10, "width": 50, "height": 60}}
ROSE = {
    "type": "polygon",
    "label": "rose",
    "polygon": {"geometry": [{"x": 12, "y": 15}, {"x": 178, "y": 151}, {"x": 122, "y": 196}, {"x": 112, "y": 10}]},
}
QUESTIONS = [
    {"type": "text", "question": "What color ?", "answer": "red"},
    {"type": "mc", "question": "What color ?", "answer": ["red"], "choices": ["red", "yellow", "blue"]},
    {"type": "select", "question": "Is it raining ?", "answer": "yes", "choices": ["yes", "no"]},
    {"type": "range", "question": "size ?", "answer": 68, "max": 100, "min": 0},
]


def objects_of(dataset: Any, name: str = "a.png") -> list[Any]:
    texts = dataset.connection.reader.annotations(dataset.current.dataset_id, [name])[name]
    return [json.loads(text) for text in texts]


@pytest.mark.parametrize(
    "data", [[{"type": "classification", "label": "car"}], [BOX], [ROSE]], ids=["r29", "r30", "r31"]
)
def test_r29_r30_r31_objects(dataset: Any, data: list[Any]) -> None:
    found = [name for name, _ in parameters(dataset.add_annotation)]
    assert found == ["picture_external_url", "dataset_id", "data", "image_qa"]
    assert isinstance(dataset.add_annotation("a.png", True, data=data), dict)
    assert objects_of(dataset) == data


def test_r32_questions(dataset: Any) -> None:
    dataset.add_annotation("a.png", True, data=[{**ROSE, "qa": QUESTIONS}], image_qa=QUESTIONS)
    found = objects_of(dataset)
    assert {**ROSE, "qa": QUESTIONS} in found
    asked = [one["qa"] for one in found if one["type"] == "image_qa"]
    assert sorted(one["type"] for one in asked) == ["mc", "range", "select", "text"]
    assert all(one in QUESTIONS for one in asked)


def test_r33_adding_keeps_what_is_there(dataset: Any) -> None:
    dataset.add_annotation("a.png", data=[BOX])
    dataset.add_annotation("a.png", dataset.current.dataset_id, ROSE)
    assert sorted(one["type"] for one in objects_of(dataset)) == ["polygon", "rectangle"]


@pytest.mark.parametrize(
    "data",
    [
        "text",
        [1],
        [{"label": "car"}],
        [{"type": "circle", "label": "car"}],
        [{"type": "classification"}],
        [{"type": "rectangle", "label": "car", "rectangle": {"top": 1, "left": 1, "width": 1}}],
        [{"type": "rectangle", "label": "car", "rectangle": {"top": 1, "left": 1, "width": 1, "height": float("nan")}}],
        [{"type": "polygon", "label": "car", "polygon": {"geometry": [{"x": 1, "y": 1}, {"x": 2, "y": 1}]}}],
        [{"type": "polygon", "label": "car", "polygon": {"geometry": [{"x": 1}, {"x": 2}, {"x": 3}]}}],
        [{**BOX, "qa": [{"type": "essay", "question": "?", "answer": "!"}]}],
    ],
)
def test_data_that_is_not_as_documented_is_not_sent(dataset: Any, data: Any) -> None:
    before = dataset.connection.transport.requests
    with pytest.raises(errors.TyperError):
        dataset.add_annotation("a.png", data=data)
    assert dataset.connection.transport.requests == before


def test_annotations_are_deleted(dataset: Any) -> None:
    for name in ("a.png", "b.png", "c.png"):
        dataset.add_annotation(name, data=[BOX])
    target, reader = dataset.current.dataset_id, dataset.connection.reader
    with pytest.raises(errors.TyperError):
        dataset.delete_annotations()
    dataset.delete_annotations(picture_id=dataset.list_pictures()[0])
    assert sorted(reader.annotation_digests(target)) == ["b.png", "c.png"]
    dataset.create("other", pictures=dataset.list_pictures())
    dataset.delete_annotations(dataset_id=target, all_annotations=True)
    assert reader.annotation_digests(target) == {}


def test_r34_r36_r37_networks(client: Client) -> None:
    network = client.network
    made = network.create(name="vizdrone", type="detection")
    documented = (
        "organization model_id serving_id tag private network_name description model_object_name "
        "checkpoint_object_name origin_checkpoint_objects type files thumb_object_name framework owner labels "
        "base_parameters readme_text"
    )
    assert set(made) >= set(documented.split())
    assert (made.network_name, made["type"], made.organization["name"]) == (
        "vizdrone",
        "detection",
        client.organization,
    )
    other = network.create("other", "segmentation")
    assert network.get("vizdrone") == made
    assert network.get(other.model_id) == other
    assert network.get() == other
    with pytest.raises(errors.ResourceNotFoundError):
        network.get("nobody")
    with pytest.raises(errors.InvalidQueryError):
        network.create("other", "segmentation")
    with pytest.raises(errors.TyperError):
        network.create("empty")


def test_r35_list_networks(client: Client) -> None:
    client.network.create("vizdrone", "detection")
    (found,) = client.network.list()
    assert found.network_name == "vizdrone"
    assert client.network.list(organization=client.organization) == [found]
    with pytest.raises(errors.PicselliaError):
        client.network.list(organization="nobody")


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
