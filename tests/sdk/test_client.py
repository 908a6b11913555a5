"""`Client` and its parts: rows R01 to R03."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from picsellia_apply import errors
from picsellia_apply.client import Client
from picsellia_apply.lake import open_lake
from tests.contract.platforms import served
from tests.sdk.documented import parameters


def test_r01_client(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert parameters(Client) == [("api_token", None), ("organization", None), ("host", None)]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    with Client(None) as client:
        assert capsys.readouterr().out == f"Hi {client.username}, welcome back.\n"


def test_r01_the_greeting_is_logged_where_nobody_looks(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "picsellia_apply")
    with Client() as client:
        assert f"Hi {client.username}, welcome back." in caplog.messages
    assert capsys.readouterr().out == ""


def test_r01_where_the_token_comes_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with open_lake(tmp_path / "two") as lake, served(lake) as (host, port):
        url = f"http://{host}:{port}/sdk/v2/"
        ada, eve = lake.bootstrap("ada", "one"), lake.bootstrap("eve", "two")
        monkeypatch.setenv("PICSELLIA_TOKEN", ada)
        with Client(host=url) as client:
            assert client.username == "ada"
        with Client(eve, None, url) as client:
            assert (client.username, client.organization) == ("eve", "two")
        with Client(api_token=ada, organization="one", host=url.rstrip("/")) as client:
            assert client.host == url
        with pytest.raises(errors.PicselliaError, match="`two`"):
            Client(ada, "two", url)
        with pytest.raises(errors.UnauthorizedError):
            Client("0" * 40, host=url)
        monkeypatch.delenv("PICSELLIA_TOKEN")
        with pytest.raises(errors.AuthenticationError, match="no token"):
            Client(host=url)


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


def test_r03_minimum_versions() -> None:
    """Whatever satisfies our requirements satisfies the reference's."""
    least = {"numpy": "1.18.5", "Pillow": "7.2.0", "requests": "2.24.0", "scipy": "1.4.1"}
    pyproject = tomllib.loads(Path(__file__).parents[2].joinpath("pyproject.toml").read_text())
    ours = {one.name: one.specifier for one in map(Requirement, pyproject["project"]["dependencies"])}
    for name, version in least.items():
        (bound,) = [one for one in ours[name] if one.operator == ">="]
        assert Version(bound.version) >= Version(version)
        assert Version(metadata.version(name)) in ours[name]
