"""What the published clients do badly, fault by fault of WIRE_V2.md section 8, and what ours does instead.

Fault 21 (`push_dataset` of 4.7, which does nothing) is that of 5, under an older name.
"""

from __future__ import annotations

import io
import json
import multiprocessing.process
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.exceptions import ConnectionError as RequestsConnectionError

from picsellia_apply import errors
from picsellia_apply.client import Client
from picsellia_apply.client.annotation_files import read_annotation_file
from picsellia_apply.client.connection import Connection
from picsellia_apply.client.embedded import embedded_adapter
from picsellia_apply.client.target import EMBEDDED_URL
from picsellia_apply.client.transport import Settings, Transport
from tests.sdk.documented import BOX, ROSE, Photo, labels_of, names, objects_of

embedded = pytest.mark.parametrize("platform", ["embedded"], indirect=True)
over_http = pytest.mark.parametrize("platform", ["http"], indirect=True)


@dataclass
class Line(BaseAdapter):
    """The way to a lake, on which some requests get an answer of our own: a status, or none at all.

    Attributes:
        answers: What to say to a request: a status with a body, an exception, or None to pass it on.
        seen: Method, path and timeout of every request.
    """

    inner: BaseAdapter
    answers: Callable[[PreparedRequest], tuple[int, bytes] | Exception | None] = lambda _: None
    seen: list[tuple[str, str, Any]] = field(default_factory=list)

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        self.seen.append((str(request.method), str(request.path_url), options.get("timeout")))
        said = self.answers(request)
        if said is None:
            return self.inner.send(request, *args, **options)
        if isinstance(said, Exception):
            raise said
        response = Response()
        response.status_code, response.raw = said[0], io.BytesIO(said[1])
        response.request, response.url = request, str(request.url)
        return response

    def close(self) -> None:
        self.inner.close()


@pytest.fixture
def line(tmp_path: Path) -> Iterator[tuple[Client, Line]]:
    way = Line(embedded_adapter(tmp_path / "line", create=True))
    settings = Settings(attempts=3, sleep=lambda _: None)
    with Connection(Transport(EMBEDDED_URL, adapter=lambda: way, settings=settings), None, host="embedded") as opened:
        yield Client(connection=opened), way


def test_01_failures_are_raised_and_name_every_file(client: Client, photo: Photo, tmp_path: Path) -> None:
    (photo("a.png").parent / "cut.png").write_bytes(b"\x89PNG")
    for upload in (
        lambda: client.datalake.picture.upload(tmp_path / "photos" / "cut.png"),
        lambda: client.datalake.upload("d", imgdir=tmp_path / "photos"),
    ):
        with pytest.raises(errors.TransferError) as caught:
            upload()
        assert list(caught.value.failures) == [str(tmp_path / "photos" / "cut.png")]


def test_02_a_list_of_paths_is_a_list_of_paths(client: Client, photo: Photo) -> None:
    outcomes = client.datalake.picture.upload([str(photo("a.png")), photo("b.png", "blue")])
    assert [one.status for one in outcomes] == ["created", "created"]


def test_03_one_bad_file_does_not_drop_the_rest(client: Client, photo: Photo, tmp_path: Path, platform: str) -> None:
    first = photo("a.png")
    client.datalake.picture.upload(first)
    with pytest.raises(errors.TransferError) as caught:
        client.datalake.picture.upload([first, tmp_path / "absent.png", photo("b.png", "blue"), photo("c.png")])
    # SDK v2 shows no digest: there the first is told as well.
    expected = {str(tmp_path / "absent.png"), *([str(first)] if platform == "plain" else [])}
    assert set(caught.value.failures) == expected
    assert names(client.datalake.picture.list()["pictures"]) == ["a.png", "b.png", "c.png"]


def test_04_a_dataset_is_made_of_ids_not_of_tags(client: Client, photo: Photo) -> None:
    client.datalake.picture.upload(photo("older.png"), tags=["drone"])
    client.datalake.upload("d", imgdir=photo("new.png", "blue", "new").parent, tags=["drone"])
    assert names(client.datalake.dataset.list_pictures()) == ["new.png"]


def test_05_pictures_with_annotations_become_a_dataset(client: Client, photo: Photo, tmp_path: Path) -> None:
    entry = {"external_picture_url": "a.png", "annotations": [{"type": "classification", "label": "car"}]}
    file = tmp_path / "picsellia.json"
    file.write_text(json.dumps({"annotations": [entry]}))
    client.datalake.upload("d", imgdir=photo("a.png").parent, ann_path=file, ann_format="PICSELLIA")
    assert objects_of(client.datalake.dataset) == entry["annotations"]


def test_06_an_explicit_dataset_counts(dataset: Any) -> None:
    first = dataset.current
    dataset.add_annotation("a.png", data=[BOX])
    other = dataset.new_version("myDataset", "second", pictures=dataset.list_pictures())
    dataset.fetch("myDataset", "first")
    dataset.delete_annotations(dataset_id=other.dataset_id, all_annotations=True)
    reader = dataset.connection.reader
    assert list(reader.annotation_digests(first.dataset_id)) == ["a.png"]
    assert reader.annotation_digests(other.dataset_id) == {}


def test_07_a_second_get_gets_the_second_and_delete_means_it(client: Client) -> None:
    network = client.network
    first, second = network.create("a", "detection"), network.create("b", "detection")
    for way in ("network_name", "model_id"):
        assert [network.get(one[way]).network_name for one in (first, second)] == ["a", "b"]
    network.delete(first.model_id)
    assert [one.network_name for one in network.list()] == ["b"]


def test_08_a_download_looks_at_the_status_and_leaves_no_part(
    dataset: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    transport = dataset.connection.transport
    opened = transport.object_get
    urls = []

    def altered(url: str) -> Any:
        urls.append(url)
        return opened(f"{url}x" if len(urls) == 2 else url)

    monkeypatch.setattr(transport, "object_get", altered)
    monkeypatch.setattr("picsellia_apply.client.download.PARALLELISM", 1)
    with pytest.raises(errors.TransferError) as caught:
        dataset.download("myDataset/first", tmp_path / "got")
    assert list(caught.value.failures) == ["b.png"]
    assert sorted(path.name for path in (tmp_path / "got").iterdir()) == ["a.png", "c.png"]
    dataset.download("myDataset/first", tmp_path / "got")
    assert sorted(path.name for path in (tmp_path / "got").iterdir()) == ["a.png", "b.png", "c.png"]
    # What was there was not fetched again, where the platform tells that it is right.
    assert len(urls) == (6 if platform == "plain" else 4)


@over_http
def test_09_connections_are_kept(lake: Client) -> None:
    for _ in range(20):
        lake.datalake.picture.fetch(1, ["drone"])
    transport = lake.connection.transport
    assert transport._session is not None
    adapter: Any = transport._session.get_adapter(transport.base_url)
    pools = adapter.poolmanager.pools
    (pool,) = [pools[key] for key in pools.keys()]  # noqa: SIM118 - it does not iterate
    assert pool.num_requests >= 20
    assert pool.num_connections <= 2


@embedded
def test_10_what_may_be_repeated_is_and_a_refusal_is_not(line: tuple[Client, Line]) -> None:
    client, way = line
    failures: list[tuple[int, bytes] | Exception | None] = [RequestsConnectionError("reset"), (503, b"{}"), None]
    way.answers = lambda _: failures.pop(0)
    assert client.network.list() == []
    way.answers, way.seen = lambda _: (401, b'{"error": "no"}'), []
    with pytest.raises(errors.UnauthorizedError, match="no"):
        client.network.list()
    assert len(way.seen) == 1


@embedded
def test_11_there_are_timeouts(line: tuple[Client, Line]) -> None:
    client, way = line
    client.datalake.picture.list()
    assert all(0 < seconds < 600 for _, _, timeout in way.seen for seconds in timeout)


@embedded
def test_11_there_are_checksums(line: tuple[Client, Line], photo: Photo, tmp_path: Path) -> None:
    client, way = line
    client.datalake.upload("d", imgdir=photo("a.png").parent)
    way.answers = lambda request: (200, b"other bytes") if "/storage/" in request.path_url else None
    with pytest.raises(errors.TransferError, match="not those the platform states"):
        client.datalake.dataset.download(folder_name=tmp_path / "got")
    assert list((tmp_path / "got").iterdir()) == []


@embedded
def test_12_a_coco_file_is_read_in_linear_time(tmp_path: Path, platform: str) -> None:
    def lines_run(images: int) -> int:
        """Return how many lines of Python reading a file of this size runs."""
        count = 0

        def tracer(_frame: FrameType, event: str, _argument: Any) -> Any:
            nonlocal count
            count += event == "line"
            return tracer

        path = coco_of(images, tmp_path / f"{images}.json")
        before = sys.gettrace()
        sys.settrace(tracer)
        try:
            read_annotation_file(path, "COCO", rectangle=False)
        finally:
            sys.settrace(before)
        return count

    lines_run(10)
    assert lines_run(800) < 2.5 * lines_run(400)


def coco_of(images: int, path: Path) -> Path:
    file = {
        "images": [{"id": one, "file_name": f"{one}.jpg", "width": 9, "height": 9} for one in range(images)],
        "categories": [{"id": 0, "name": "car"}],
        "annotations": [
            {"id": one, "image_id": one % images, "category_id": 0, "bbox": [one % 5, 1, 2, 2], "segmentation": []}
            for one in range(3 * images)
        ],
    }
    path.write_text(json.dumps(file))
    return path


@embedded
@pytest.mark.parametrize("what", ["init_multipart_upload", "generate_post_part_url", "complete_part_upload", "form"])
def test_13_a_file_that_was_not_stored_is_told(what: str, line: tuple[Client, Line], tmp_path: Path) -> None:
    client, way = line
    client.network.create("n", "detection")
    path = tmp_path / "file.bin"
    path.write_bytes(b"small" if what == "form" else bytes(6 * 1024 * 1024))

    def answers(request: PreparedRequest) -> tuple[int, bytes] | None:
        is_form = request.method == "POST" and "/storage" in request.path_url
        return (400, b'{"error": "full"}') if what in request.path_url or (what == "form" and is_form) else None

    way.answers = answers
    with pytest.raises(errors.InvalidQueryError, match="full"):
        client.network.store("config", path)
    way.answers = lambda _: None
    assert client.network.get().files == {}


def test_14_another_file_under_a_key_takes_its_place(client: Client, tmp_path: Path) -> None:
    network = client.network
    network.create("n", "detection")
    for name in ("old.config", "new.config"):
        (tmp_path / name).write_text(name)
        network.store("config", tmp_path / name)
    assert network.current is not None
    assert network.current.files["config"].endswith("/new.config")
    (got,) = network.download("config", tmp_path / "got")
    assert got.read_text() == "new.config"


def test_15_names_are_quoted(client: Client, photo: Photo) -> None:
    odd = "a #1?x=%41&é.png"
    client.datalake.picture.upload([photo(odd)])
    dataset = client.datalake.dataset
    dataset.create("x#y?z%2F", pictures=client.datalake.picture.list())
    dataset.create_labels("left/right?#%", "rectangle")
    dataset.add_annotation(odd, data=[{**BOX, "label": "left/right?#%"}])
    assert objects_of(dataset, odd)[0]["label"] == "left/right?#%"
    assert labels_of(dataset, "x#y?z%2F") == {("left/right?#%", "rectangle")}
    dataset.download("x#y?z%2F/first")
    (file,) = Path("x#y_z%2F", "first").iterdir()
    assert file.name == "a #1_x=%41&é.png"
    assert client.network.create("n#1?%", "detection") == client.network.get("n#1?%")


def test_16_network_files_are_downloaded_on_any_system(client: Client, tmp_path: Path) -> None:
    client.network.create("n", "detection")
    (tmp_path / "pipe line.config").write_text("x")
    client.network.store("config", tmp_path / "pipe line.config")
    assert client.network.download("config", tmp_path / "got") == [tmp_path / "got" / "pipe line.config"]


def test_17_an_id_is_enough(dataset: Any) -> None:
    with Client.Datalake.Dataset() as alone:
        assert len(alone.list_pictures(dataset_id=dataset.current.dataset_id)) == 3
        alone.add_annotation("a.png", dataset_id=dataset.current.dataset_id, data=[ROSE])
    assert objects_of(dataset) == [ROSE]


def test_18_outlines_are_carried_or_told(client: Client, photo: Photo, tmp_path: Path) -> None:
    points = "<x1>2</x1><y1>2</y1><x2>6</x2><y2>2</y2><x3>6</x3><y3>5</y3>"
    voc = tmp_path / "voc"
    voc.mkdir()
    outline = f"<object><name>roof</name><polygon>{points}</polygon></object>"
    (voc / "a.xml").write_text(f"<annotation><filename>a.png</filename>{outline}</annotation>")
    client.datalake.upload("voc", imgdir=photo("a.png").parent, ann_path=voc, ann_format="PASCAL-VOC")
    corners = [{"x": 1, "y": 1}, {"x": 5, "y": 1}, {"x": 5, "y": 4}]
    assert objects_of(client.datalake.dataset)[0]["polygon"] == {"geometry": corners}
    masks: list[dict[str, Any]] = [
        {"segmentation": [[1, 1, 3, 1, 3, 3], [4, 4, 6, 4, 6, 6]]},
        {"segmentation": {"size": [6, 8], "counts": [7, 2, 39]}, "bbox": [1, 1, 1, 2]},
    ]
    file = {
        "images": [{"id": 1, "file_name": "a.png", "width": 8, "height": 6}],
        "categories": [{"id": 1, "name": "roof"}],
        "annotations": [{"id": n, "image_id": 1, "category_id": 1, **mask} for n, mask in enumerate(masks)],
    }
    coco = tmp_path / "coco.json"
    coco.write_text(json.dumps(file))
    done = client.datalake.upload("coco", "first", tmp_path / "photos", coco, "COCO")
    assert {"A102", "A030"} <= {one.code for one in done.findings}
    boxes = [one["rectangle"] for one in objects_of(client.datalake.dataset)]
    assert {"left": 1, "top": 1, "width": 5, "height": 5} in boxes
    assert {"left": 1, "top": 1, "width": 1, "height": 2} in boxes


def test_19_a_quantity_is_a_share(lake: Client) -> None:
    assert len(lake.datalake.picture.fetch(quantity=0.34, tags=["drone"])) in {1, 2}


@embedded
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (204, errors.ProcessingError),
        (302, errors.ProcessingError),
        (400, errors.InvalidQueryError),
        (401, errors.UnauthorizedError),
        (402, errors.UnsufficientRessourcesError),
        (403, errors.ForbiddenError),
        (404, errors.ResourceNotFoundError),
        (405, errors.ProcessingError),
        (409, errors.ConflictError),
        (413, errors.InvalidQueryError),
        (429, errors.ApiLimitError),
        (500, errors.ProcessingError),
    ],
)
def test_20_what_is_no_success_is_an_error(
    status: int, kind: type[errors.PicselliaError], line: tuple[Client, Line]
) -> None:
    client, way = line
    way.answers = lambda _: (status, b"")
    for call in (client.network.list, client.datalake.picture.list, client.datalake.dataset.list):
        with pytest.raises(kind):
            call()


def test_22_library_code_is_silent(dataset: Any, photo: Photo, capsys: pytest.CaptureFixture[str]) -> None:
    with Client() as client:
        client.datalake.upload("quiet", imgdir=photo("d.png", "white", "more").parent)
        client.datalake.dataset.add_annotation("d.png", data=[BOX])
        client.datalake.dataset.download()
        client.network.create("n", "detection")
        client.network.list()
    assert capsys.readouterr() == ("", "")


@embedded
def test_23_nothing_but_what_we_ask_for_is_needed_to_import(platform: str) -> None:
    hidden = "import sys; sys.modules.update(dict.fromkeys(['setuptools', 'pkg_resources', 'beartype'])); "
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", hidden + "from picsellia_apply.client import Client; Client.Network"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_24_uploads_start_no_process(client: Client, photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a process is started")

    monkeypatch.setattr(multiprocessing.process.BaseProcess, "start", refuse)
    assert client.datalake.upload("d", imgdir=photo("a.png").parent, nb_jobs=-1).dataset.size == 1


def test_25_a_name_without_a_dot_is_no_extension(client: Client, photo: Photo) -> None:
    plain = photo("a.png").rename(photo("a.png").with_name("photo of mine"))
    client.datalake.picture.upload(plain)
    (picture,) = client.datalake.picture.list()["pictures"]
    assert picture.external_url == "photo of mine"
    assert "photo" not in picture.internal_key


def test_26_labels_are_those_that_are_used_by_name_and_type(client: Client, photo: Photo, tmp_path: Path) -> None:
    ring = [1, 1, 5, 1, 5, 4]
    file = {
        "images": [{"id": 1, "file_name": "a.png", "width": 8, "height": 6}],
        "categories": [{"id": 1, "name": "car"}, {"id": 2, "name": "nobody's"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 4, 3], "segmentation": [ring]},
            {"id": 2, "image_id": 1, "category_id": 1, "bbox": [1, 1, 2, 2], "segmentation": []},
        ],
    }
    (tmp_path / "coco.json").write_text(json.dumps(file))
    client.datalake.upload("d", None, photo("a.png").parent, tmp_path / "coco.json", "COCO")
    assert labels_of(client.datalake.dataset, "d") == {("car", "polygon"), ("car", "rectangle")}
