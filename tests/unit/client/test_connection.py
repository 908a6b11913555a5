"""Connecting: who we are, where, with which token, and what is said about it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from picsellia_apply import errors
from picsellia_apply.client import Client
from picsellia_apply.client.capabilities import spoken
from picsellia_apply.client.connection import Connection
from picsellia_apply.wire.extension import PARTS

Script = Callable[..., Any]

PING: Any = (200, {}, b'{"username": "Ada\\u001b[1m", "sdk_version": "5.0.22"}')
OURS: Any = (200, {}, b'{"organization_id": "0b1f", "organization_name": "acme"}')


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PICSELLIA_TOKEN", "PICSELLIA_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_embedded_lake_needs_no_token(tmp_path: Path) -> None:
    with Client(greet=False) as client:
        assert (client.host, client.requests) == ("embedded", 2)
        assert client.features == set(PARTS)
        assert client.username
        assert client.organization
    assert (tmp_path / ".picsellia" / ".gitignore").read_text() == "*\n"
    assert (tmp_path / ".picsellia" / "lake").is_dir()


def test_a_token_without_a_host_is_warned_of(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    with caplog.at_level(logging.WARNING), Client("s3cret", data_dir=tmp_path / "data", greet=False):
        pass
    assert "a token is given" in caplog.text
    assert "s3cret" not in caplog.text


def test_reading_only_makes_nothing(tmp_path: Path) -> None:
    with Client(read_only=True, greet=False) as client:
        assert client.reader.all_pictures().names == []
        with pytest.raises(errors.RefusedError):
            client.writer.create_network("cells", "detection")
    assert list(tmp_path.iterdir()) == []


def test_reading_only_sees_the_lake_that_is_there(tmp_path: Path) -> None:
    with Client(greet=False) as client:
        client.writer.create_network("cells", "detection")
    with Client(read_only=True, greet=False) as client:
        assert len(client.reader.networks(["cells"])) == 1


def test_a_host_without_a_token_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(errors.AuthenticationError) as caught:
        Client(host="http://127.0.0.1:9/sdk/v2/")
    assert "PICSELLIA_TOKEN" in caught.value.hint


def test_the_token_comes_from_the_argument_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    target = "http://lake.example/sdk/v2/"
    seen = []

    def spy(self: Connection, transport: Any, *_: Any, **__: Any) -> None:
        seen.append(transport._token)

    monkeypatch.setattr(Connection, "__init__", spy)
    monkeypatch.setenv("PICSELLIA_TOKEN", "from-environment")
    Connection.open(None, None, target)
    Connection.open("from-argument", None, target)
    assert seen == ["from-environment", "from-argument"]


def test_an_organization_is_asked_for_by_name(scripted: Script) -> None:
    network = scripted(PING, OURS)
    connection = Connection(network.transport(), "acme", host="http://lake.test/sdk/v2/")
    assert network.bodies[1] == b'{"organization":"acme"}'
    assert (connection.organization, connection.organization_id) == ("acme", "0b1f")
    assert network.sent[0].headers["Authorization"] == "Token s3cret"


def test_the_greeting_is_printed_when_somebody_looks(
    scripted: Script, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = Connection(scripted(PING, OURS).transport(), None, host="x")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    connection.greet()
    assert capsys.readouterr().out == "Hi Ada [1m, welcome back.\n"


def test_the_greeting_is_logged_otherwise(
    scripted: Script, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "picsellia_apply"):
        Connection(scripted(PING, OURS).transport(), None, host="x").greet()
    assert capsys.readouterr().out == ""
    assert "welcome back." in caplog.text


@pytest.mark.parametrize(
    ("announced", "used"),
    [
        ({}, set()),
        (dict.fromkeys([*PARTS, "telepathy"], 1), set(PARTS)),
        ({"page": 1, "digest": 2, "workspace": 1, "batch": 1}, {"page", "digest"}),
        ({"page": 1, "digest": 0, "batch": 1, "replace": 1, "labels": "yes"}, set()),
        ({"batch": 1, "replace": 1, "labels": 1, "workspace": 1}, {"batch", "replace", "labels"}),
    ],
)
def test_parts_count_that_both_sides_speak_and_that_work_together(announced: dict[str, Any], used: set[str]) -> None:
    assert spoken(announced) == used


def test_two_clients_share_one_embedded_lake(tmp_path: Path) -> None:
    first = Client(data_dir=tmp_path / "data", greet=False)
    second = Client(data_dir=tmp_path / "data", greet=False)
    first.writer.create_network("cells", "detection")
    first.close()
    first.close()
    assert len(second.reader.networks(["cells"])) == 1
    second.close()


def test_a_failed_start_leaves_nothing_open(tmp_path: Path) -> None:
    with pytest.raises(errors.PicselliaError):
        Client(organization="nobody", data_dir=tmp_path / "data", greet=False)
    assert not [name for name in os.listdir("/proc/self/fd") if _links_into(name, tmp_path)]  # noqa: PTH208


def _links_into(name: str, folder: Path) -> bool:
    try:
        return str(folder) in str(Path("/proc/self/fd", name).readlink())
    except OSError:
        return False


@pytest.mark.parametrize("token", ["a b", "a\nb", "tökén"])
def test_a_token_that_no_header_can_carry_is_refused_unseen(token: str) -> None:
    with pytest.raises(errors.AuthenticationError) as caught:
        Client(token, host="http://127.0.0.1:9/sdk/v2/")
    assert token not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(errors.UsageError, match="cannot hold the embedded lake"):
        Client(data_dir=tmp_path / "file" / "data", greet=False)


def test_what_fails_for_the_host_as_a_whole_names_the_host(scripted: Script) -> None:
    nothing: Any = (404, {}, b'{"error": "nothing is here"}')
    with pytest.raises(errors.ProcessingError, match=r"no platform answers at http://lake\.test") as refused:
        Connection(scripted(nothing).transport(), None, host="http://lake.test/")
    assert "/sdk/v2/" in refused.value.hint
    with pytest.raises(errors.NetworkError, match=r"the platform at http://nowhere\.test does not answer"):
        Connection(scripted(requests.ConnectionError()).transport(attempts=1), None, host="http://nowhere.test")


@pytest.mark.parametrize("status", [403, 404])
def test_an_organization_that_is_not_ours_is_named(scripted: Script, status: int) -> None:
    with pytest.raises(errors.UsageError, match="organization `acme`"):
        Connection(scripted(PING, (status, {}, b"{}")).transport(), "acme", host="http://lake.test/")


def test_the_data_folder_may_be_a_text(tmp_path: Path) -> None:
    with Client(data_dir=str(tmp_path / "data"), greet=False):
        assert (tmp_path / "data" / "lake").is_dir()
