"""What a crash leaves, what a deletion leaves, and what opening again does about it."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from picsellia_apply.lake import Lake, open_lake
from picsellia_apply.lake.objects import Incoming, ObjectStore
from tests.contract.platforms import Api, batch, form, in_process

CRASHING = """
import os, sys
from pathlib import Path
from picsellia_apply.lake import objects, open_lake
from tests.contract.platforms import Api, batch, in_process

step = sys.argv[2]
original = getattr(objects.Incoming, step)

def dying(self, *args):
    if step == "confirm":
        os._exit(9)
    original(self, *args)
    os._exit(9)

lake = open_lake(Path(sys.argv[1]), embedded=True)
api = Api(in_process(lake), None, "local", "none")
setattr(objects.Incoming, step, dying)
api.send("POST", "ext/none/pictures/batch", raw=batch(("a", b"aaa"), ("b", b"bbb")))
"""


def embedded(lake: Lake) -> Api:
    return Api(in_process(lake), None, "local", "none")


def blobs(folder: Path) -> list[Path]:
    """Return every file with bytes that the objects folder holds."""
    return [path for path in (folder / "objects").rglob("*") if path.is_file()]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[tuple[Path, Lake, Api]]:
    with open_lake(tmp_path / "lake", embedded=True) as lake:
        yield tmp_path / "lake", lake, embedded(lake)


@pytest.mark.parametrize(("step", "survives"), [("write", False), ("keep", False), ("confirm", True)])
def test_a_process_killed_at_any_step_leaves_all_or_nothing(tmp_path: Path, step: str, *, survives: bool) -> None:
    folder = tmp_path / "lake"
    died = subprocess.run([sys.executable, "-c", CRASHING, folder, step], check=False)
    assert died.returncode == 9
    assert blobs(folder)
    with open_lake(folder, embedded=True) as lake:
        api = embedded(lake)
        listed = [one["external_url"] for one in api.ok("GET", "datalake/none")["pictures"]]
        assert listed == (["a", "b"] if survives else [])
        assert len(blobs(folder)) == (1 if survives else 0)
        assert api.upload(("a", b"aaa"), ("b", b"bbb"))
        assert not survives or len(blobs(folder)) == 1 + len(list((folder / "objects" / "tmp").rglob("lock")))


def test_files_of_a_living_process_are_left_alone(home: tuple[Path, Lake, Api]) -> None:
    folder, _, api = home
    api.upload(("a", b"a"))
    store = ObjectStore(folder / "objects")
    with store.incoming() as blob:
        blob.write(b"on its way")
        with open_lake(folder, embedded=True) as second:
            assert embedded(second).upload(("b", b"b"))
        blob.keep()
        blob.confirm()
        with store.open(blob.location) as kept:
            assert kept.read() == b"on its way"
    store.close()


def test_bytes_left_without_keep_are_gone(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    with store.incoming() as blob:
        blob.write(b"x" * 10)
        blob.cut(4)
        blob.write(b"y")
        assert blob.size == 5
    with pytest.raises(FileNotFoundError):
        store.open(blob.location)
    store.close()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_failed_commit_stores_nothing(home: tuple[Path, Lake, Api]) -> None:
    folder, lake, api = home
    api.upload(("a", b"a"))
    engine = lake._platform.db.engine

    def failing(*_: object) -> None:
        raise OSError("the disk is full")

    event.listen(engine, "commit", failing)
    reply = api.send("POST", "ext/none/pictures/batch", raw=batch(("b", b"secret")))
    event.remove(engine, "commit", failing)
    assert reply.status == 500
    assert [one["external_url"] for one in api.ok("GET", "datalake/none")["pictures"]] == ["a"]
    lake.close()
    with open_lake(folder, embedded=True) as again:
        assert not [path for path in blobs(folder) if path.read_bytes() == b"secret"]
        assert embedded(again).upload(("b", b"secret"))


def test_deleted_bytes_are_erased_and_neighbours_stay(home: tuple[Path, Lake, Api]) -> None:
    folder, _, api = home
    ids = api.upload(("a", b"face of a person"), ("b", b"a landscape"))
    api.ok("POST", "datalake/delete/none", {"to_delete": ids[:1]})
    (blob,) = [path for path in blobs(folder) if path.name != "lock"]
    assert blob.read_bytes() == bytes(16) + b"a landscape"
    asked = {"method": "get", "object_name": api.ok("GET", "datalake/none")["pictures"][0]["internal_key"]}
    assert api.url("GET", api.ok("POST", "generate_presigned_url", asked)["url"]).raw == b"a landscape"
    api.ok("POST", "datalake/delete/none", {"to_delete": ids[1:]})
    assert not blob.exists()


def test_bytes_that_could_not_be_erased_go_at_the_next_open(
    home: tuple[Path, Lake, Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, lake, api = home
    ids = api.upload(("a", b"face"), ("b", b"x"))

    def dying(*_: object) -> None:
        raise OSError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(ObjectStore, "erase", dying)
        assert api.ok("POST", "datalake/delete/none", {"to_delete": ids[:1]})["deleted"] == 1
    assert any(b"face" in path.read_bytes() for path in blobs(folder))
    lake.close()
    with open_lake(folder, embedded=True):
        assert not any(b"face" in path.read_bytes() for path in blobs(folder))


def test_a_refused_object_leaves_nothing(home: tuple[Path, Lake, Api]) -> None:
    folder, _, api = home
    asked = {"method": "post", "object_name": "k.jpg", "bucket_model": False}
    url = api.ok("POST", "generate_presigned_url", asked)["url"]
    body, headers = form(url["fields"], b"first")
    assert api.url("POST", url["url"], raw=body, headers=headers).status == 204
    api.ok("PUT", "picture/upload/none", {"internal_key": "k.jpg", "external_url": "a", "height": 1, "width": 1})
    body, headers = form(url["fields"], b"second")
    assert api.url("POST", url["url"], raw=body, headers=headers).status == 403
    assert [path.read_bytes() for path in blobs(folder) if path.name != "lock"] == [b"first"]


def test_a_full_disk_is_told(home: tuple[Path, Lake, Api], monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, api = home

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Incoming, "write", full)
        reply = api.send("POST", "ext/none/pictures/batch", raw=batch(("a", b"a")))
    assert (reply.status, "full" in reply.body["error"]) == (507, True)
    assert api.upload(("a", b"a"))


def test_a_replaced_object_leaves_nothing(home: tuple[Path, Lake, Api]) -> None:
    folder, _, api = home
    name = f"{api.ok('POST', 'network/none', {'name': 'n', 'type': 't'})['model_id']}/f"
    url = api.ok("POST", "generate_presigned_url", {"method": "post", "object_name": name, "bucket_model": True})["url"]
    for data in (b"one", b"two", b"three"):
        body, headers = form(url["fields"], data)
        assert api.url("POST", url["url"], raw=body, headers=headers).status == 204
    assert [path.read_bytes() for path in blobs(folder) if path.name != "lock"] == [b"three"]


def test_a_marker_is_left_only_while_a_commit_is_open(home: tuple[Path, Lake, Api]) -> None:
    folder, _, api = home
    seen: list[int] = []
    confirm = Incoming.confirm

    def watching(self: Incoming) -> None:
        seen.append(len(list(folder.rglob("*.kept"))))
        confirm(self)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Incoming, "confirm", watching)
        api.upload(("a", b"a"))
    assert seen == [1]
    assert not list(folder.rglob("*.kept"))


def test_a_lake_in_memory_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(tmp_path)
    with open_lake(None, embedded=True) as lake:
        assert embedded(lake).ok("GET", "ping")["username"] == "local"
        assert not list(tmp_path.iterdir())
        embedded(lake).upload(("a", b"a"))
    assert not list(tmp_path.iterdir())
