"""Deleting and replacing while others read, deleting again, and what a deletion costs and leaves on the disk."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
from sqlalchemy import func, select

from picsellia_apply.lake import Lake, objects, open_lake
from picsellia_apply.lake.objects import ObjectStore
from picsellia_apply.lake.schema import erasures
from tests.contract.platforms import Api, form, in_process, over_http, served


@pytest.fixture
def home(tmp_path: Path) -> Iterator[tuple[Lake, Api]]:
    with open_lake(tmp_path / "lake", embedded=True) as lake:
        yield lake, Api(in_process(lake), None, "local", "none")


@pytest.fixture
def api(home: tuple[Lake, Api]) -> Api:
    return home[1]


def picture_url(api: Api, name: str) -> str:
    (key,) = [one["internal_key"] for one in api.ok("GET", "datalake/none")["pictures"] if one["external_url"] == name]
    return str(api.ok("POST", "generate_presigned_url", {"method": "get", "object_name": key})["url"])


def network_file(api: Api, data: bytes) -> tuple[str, Callable[[bytes], None]]:
    """Store a network's file; returns its URL and what replaces it."""
    name = f"{api.ok('POST', 'network/none', {'name': 'n', 'type': 't'})['model_id']}/f"
    post = {"method": "post", "object_name": name, "bucket_model": True}

    def put(content: bytes) -> None:
        url = api.ok("POST", "generate_presigned_url", post)["url"]
        body, headers = form(url["fields"], content)
        assert api.url("POST", url["url"], raw=body, headers=headers).status == 204

    put(data)
    return str(api.ok("POST", "generate_presigned_url", {**post, "method": "get"})["url"]), put


def on_open(monkeypatch: pytest.MonkeyPatch, before: Callable[[], None], after: Callable[[], None]) -> None:
    """Do something once, right before or right after a blob is opened for reading."""
    original = ObjectStore.open
    open_once = iter((True,))

    def opening(self: ObjectStore, location: str) -> BinaryIO:
        first = next(open_once, False)
        if first:
            before()
        file = original(self, location)
        if first:
            after()
        return file

    monkeypatch.setattr(ObjectStore, "open", opening)


def nothing() -> None:
    return


def test_a_picture_deleted_while_it_is_read_is_cut_short(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"\x01" * 1_000_000
    ids = api.upload(("a", data), ("b", b"keeps the blob"))
    url = picture_url(api, "a")
    on_open(monkeypatch, nothing, lambda: api.ok("POST", "datalake/delete/none", {"to_delete": ids[:1]}))
    reply = api.url("GET", url)
    assert int(reply.headers["content-length"]) == len(data)
    assert reply.raw == b""
    assert api.url("GET", url).status == 404


def test_over_http_the_connection_is_cut(home: tuple[Lake, Api], monkeypatch: pytest.MonkeyPatch) -> None:
    lake, api = home
    ids = api.upload(("a", b"\x01" * 1_000_000), ("b", b"keeps the blob"))
    with served(lake) as address:
        reader = Api(over_http(address), None, "local", "none")
        url = picture_url(reader, "a")
        on_open(monkeypatch, nothing, lambda: api.ok("POST", "datalake/delete/none", {"to_delete": ids[:1]}))
        with pytest.raises(http.client.IncompleteRead):
            reader.url("GET", url)


def test_a_neighbour_deleted_while_a_picture_is_read_changes_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"\x01" * 1_000_000
    ids = api.upload(("a", data), ("b", b"gone"))
    url = picture_url(api, "a")
    on_open(monkeypatch, nothing, lambda: api.ok("POST", "datalake/delete/none", {"to_delete": ids[1:]}))
    assert api.url("GET", url).raw == data


def test_a_file_replaced_before_it_is_opened_is_the_new_one(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    url, put = network_file(api, b"old")
    on_open(monkeypatch, lambda: put(b"new, and longer"), nothing)
    reply = api.url("GET", url)
    assert (reply.status, reply.raw) == (200, b"new, and longer")


def test_a_file_deleted_before_it_is_opened_is_404(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    url, _ = network_file(api, b"old")
    on_open(monkeypatch, lambda: api.ok("DELETE", "network/by_name/none/n"), nothing)
    assert api.url("GET", url).status == 404


def test_bytes_that_are_lost_are_404_and_logged(
    home: tuple[Lake, Api], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, api = home
    url, _ = network_file(api, b"old")
    (blob,) = list((tmp_path / "lake" / "objects").glob("??/*"))
    blob.unlink()
    assert api.url("GET", url).status == 404
    assert "are missing from the lake's folder" in caplog.text


def _multipart(api: Api, name: str, data: bytes) -> tuple[dict[str, object], Callable[[], None]]:
    """Send the one part of an upload; returns the request that completes it and what sends the part again."""
    upload = api.ok("POST", "init_multipart_upload", {"object_name": name})["upload_id"]
    asked = {"object_name": name, "upload_id": upload, "part_no": 1}
    url = api.ok("POST", "generate_post_part_url", asked)["url"]

    def put() -> None:
        assert api.url("PUT", url, raw=data).status == 200

    tag = api.url("PUT", url, raw=data).headers["etag"]
    return {"object_name": name, "upload_id": upload, "parts": [{"ETag": tag, "PartNumber": 1}]}, put


def test_a_part_sent_again_while_the_parts_are_joined(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{api.ok('POST', 'network/none', {'name': 'n', 'type': 't'})['model_id']}/f"
    completing, put = _multipart(api, name, b"part")
    on_open(monkeypatch, put, nothing)
    assert api.ok("POST", "complete_part_upload", completing)["size"] == 4


def test_an_upload_completed_twice_at_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{api.ok('POST', 'network/none', {'name': 'n', 'type': 't'})['model_id']}/f"
    completing, _ = _multipart(api, name, b"part")
    on_open(monkeypatch, lambda: api.ok("POST", "complete_part_upload", completing), nothing)
    assert api.send("POST", "complete_part_upload", completing).status == 404


def test_a_deletion_can_be_repeated(api: Api) -> None:
    ids = api.upload(("a", b"a"), ("b", b"b"))
    assert [api.ok("POST", "datalake/delete/none", {"to_delete": ids})["deleted"] for _ in range(2)] == [2, 0]
    assert api.ok("POST", "datalake/delete/none", {"to_delete": []})["deleted"] == 0


def test_each_blob_is_opened_once_for_all_that_goes_from_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = api.upload(*((f"a{number}", b"x" * 10) for number in range(5)))
    ids += api.upload(*((f"b{number}", b"x" * 10) for number in range(5)))
    erased: list[list[tuple[int, int]]] = []
    original = ObjectStore.erase

    def counting(self: ObjectStore, location: str, ranges: Iterable[tuple[int, int]]) -> None:
        erased.append(list(ranges))
        original(self, location, erased[-1])

    monkeypatch.setattr(ObjectStore, "erase", counting)
    api.ok("POST", "datalake/delete/none", {"to_delete": ids[:4] + ids[5:7]})
    assert sorted(erased, key=len) == [[(0, 10), (10, 10)], [(0, 10), (10, 10), (20, 10), (30, 10)]]


def test_a_request_erases_only_what_it_deleted(home: tuple[Lake, Api], monkeypatch: pytest.MonkeyPatch) -> None:
    lake, api = home
    ids = api.upload(("a", b"face"), ("b", b"two"), ("c", b"three"))

    def failing(*_: object) -> None:
        raise OSError("no")

    with monkeypatch.context() as patched:
        patched.setattr(ObjectStore, "erase", failing)
        assert api.ok("POST", "datalake/delete/none", {"to_delete": ids[:1]})["deleted"] == 1
    api.ok("POST", "datalake/delete/none", {"to_delete": ids[1:2]})
    with lake._platform.db.read() as conn:
        assert [row.start for row in conn.execute(select(erasures))] == [0]


def test_what_must_survive_a_power_cut_is_synced_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "lake"
    synced: list[tuple[Path, int, int]] = []
    original = objects._sync_folder
    with open_lake(folder, embedded=True) as lake:
        api = Api(in_process(lake), None, "local", "none")

        def watching(path: Path) -> None:
            with lake._platform.db.read() as conn:
                noted = conn.execute(select(func.count()).select_from(erasures)).scalar_one()
            synced.append((path, noted, len(list(path.glob("*.kept")))))
            original(path)

        monkeypatch.setattr(objects, "_sync_folder", watching)
        ids = api.upload(("a", b"a"))
        assert synced[0][0] == folder
        assert [kept for path, _, kept in synced if path.parent == folder / "objects" / "tmp"] == [1]
        synced.clear()
        api.ok("POST", "datalake/delete/none", {"to_delete": ids})
        assert [(path.parent, noted) for path, noted, _ in synced] == [(folder / "objects", 1)]
