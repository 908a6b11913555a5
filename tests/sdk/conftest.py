"""A platform for each test of the SDK: the embedded lake, a served one, and one that speaks SDK v2 only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from picsellia_apply.client import Client, capabilities
from picsellia_apply.lake import Lake, open_lake
from tests.contract.platforms import served
from tests.sdk.documented import Photo


@pytest.fixture(scope="session")
def served_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lake, str]]:
    with open_lake(tmp_path_factory.mktemp("served")) as lake, served(lake) as (host, port):
        yield lake, f"http://{host}:{port}/sdk/v2/"


@pytest.fixture(autouse=True, params=["embedded", "http", "plain"])
def platform(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give each test a lake of its own in this process, and an organization of its own over HTTP."""
    for name in ("PICSELLIA_TOKEN", "PICSELLIA_HOST"):
        monkeypatch.delenv(name, raising=False)
    kind: str = request.param
    if kind == "plain":
        monkeypatch.setattr(capabilities, "spoken", lambda _: frozenset())
    if kind == "http":
        lake, url = request.getfixturevalue("served_lake")
        monkeypatch.setenv("PICSELLIA_HOST", url)
        monkeypatch.setenv("PICSELLIA_TOKEN", lake.bootstrap(f"user-{tmp_path.name}", f"organization-{tmp_path.name}"))
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return kind


@pytest.fixture
def client() -> Iterator[Client]:
    with Client() as opened:
        yield opened


@pytest.fixture
def photo(tmp_path: Path) -> Photo:
    def make(name: str, colour: str = "red", folder: str = "photos") -> Path:
        path = tmp_path / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
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
