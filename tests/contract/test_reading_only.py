"""A lake opened for reading only: it answers, and leaves its folder exactly as it is."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import pytest

from picsellia_apply.errors import UsageError
from picsellia_apply.lake import Lake, open_lake
from picsellia_apply.lake.objects import ObjectStore
from tests.contract.platforms import Api, batch, in_process


def embedded(lake: Lake) -> Api:
    return Api(in_process(lake), None, "local", "none")


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake with something to sweep: a session of a process that died, and bytes that could not be erased."""

    def failing(*_: object) -> None:
        raise OSError("no")

    folder = tmp_path / "lake"
    with open_lake(folder, embedded=True) as lake, monkeypatch.context() as patched:
        api = embedded(lake)
        ids = api.upload(("a", b"face"), ("b", b"picture"))
        api.version("cells", "first", ids[1:])
        patched.setattr(ObjectStore, "erase", failing)
        api.ok("POST", "datalake/delete/none", {"to_delete": ids[:1]})
    (folder / "objects" / "tmp" / "dead").mkdir()
    (folder / "objects" / "tmp" / "dead" / "half").write_bytes(b"half")
    return folder


def test_it_answers_and_changes_nothing(folder: Path) -> None:
    before = contents(folder)
    with open_lake(folder, embedded=True, read_only=True) as lake:
        api = embedded(lake)
        (picture,) = api.ok("GET", "datalake/none")["pictures"]
        assert picture["external_url"] == "b"
        asked = {"method": "get", "object_name": picture["internal_key"]}
        assert api.url("GET", api.ok("POST", "generate_presigned_url", asked)["url"]).raw == b"picture"
        read = api.ext("datasets/lookup", {"names": ["cells"]})
    assert contents(folder) == before
    with open_lake(folder, embedded=True) as lake:
        assert embedded(lake).ext("datasets/lookup", {"names": ["cells"]}) == read
    assert contents(folder) != before


def test_writes_are_refused(folder: Path) -> None:
    with open_lake(folder, embedded=True, read_only=True) as lake:
        api = embedded(lake)
        assert api.send("PUT", "dataset/none", {"dataset_name": "d", "pictures": []}).status == 403
        assert api.send("POST", "ext/none/pictures/batch", raw=batch(("x", b"x"))).status == 403
        with pytest.raises(UsageError, match="reading only"):
            lake.bootstrap("eve", "eve")


def test_what_is_not_there_is_empty_and_not_made(tmp_path: Path) -> None:
    with open_lake(tmp_path / "no", embedded=True, read_only=True) as lake:
        assert embedded(lake).ok("GET", "datalake/none") == {"pictures": []}
    (tmp_path / "empty").mkdir()
    open_lake(tmp_path / "empty", embedded=True, read_only=True).close()
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == ["empty"]


def test_a_lake_of_an_unknown_schema_is_left_as_it_is_and_told(folder: Path) -> None:
    with sqlite3.connect(folder / "lake.db") as conn:
        conn.execute("UPDATE alembic_version SET version_num = '0000'")
    conn.close()
    before = contents(folder)
    with pytest.raises(UsageError, match="0000") as raised:
        open_lake(folder, embedded=True, read_only=True)
    assert "a newer picsellia-apply" in str(raised.value.hint)
    assert contents(folder) == before


def test_a_folder_that_nobody_may_write_can_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    before = contents(folder)
    with open_lake(folder, embedded=True, read_only=True) as lake:
        assert len(embedded(lake).ok("GET", "datalake/none")["pictures"]) == 1
    assert contents(folder) == before


def test_what_a_living_writer_has_not_moved_into_the_database_yet_is_read(folder: Path) -> None:
    with open_lake(folder, embedded=True) as writer:
        embedded(writer).upload(("new", b"new"))
        with open_lake(folder, embedded=True, read_only=True) as lake:
            assert len(embedded(lake).ok("GET", "datalake/none")["pictures"]) == 2


def test_an_odd_path(folder: Path, tmp_path: Path) -> None:
    odd = folder.rename(tmp_path / "a?b#c%20 ü")
    with open_lake(odd, embedded=True, read_only=True) as lake:
        assert len(embedded(lake).ok("GET", "datalake/none")["pictures"]) == 1
