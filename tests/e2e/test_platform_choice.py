"""Which platform a command talks to, and what it refuses to talk to by mistake."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from picsellia_apply.cli import options
from picsellia_apply.cli.options import Connection, host_of, open_client, token_of
from picsellia_apply.client import transport
from picsellia_apply.errors import NetworkError, UsageError
from picsellia_apply.model.declaration import Declaration, Workspace

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

PLAIN = Declaration(".")
WITH_HOST = Declaration(".", Workspace(host="https://workspace.example/"))
NETWORK = "apiVersion: picsellia-apply/v1\nkind: Network\nmetadata: {name: n}\nspec: {type: detection}\n"


@pytest.mark.parametrize(
    ("connection", "declaration", "environ", "host"),
    [
        (Connection(), PLAIN, {}, "embedded"),
        (Connection(), WITH_HOST, {}, "https://workspace.example/"),
        (Connection(), WITH_HOST, {"PICSELLIA_HOST": "https://env.example/"}, "https://env.example/"),
        (
            Connection(host="https://o.example/"),
            WITH_HOST,
            {"PICSELLIA_HOST": "https://env.example/"},
            "https://o.example/",
        ),
        (Connection(host="https://o.example/", embedded=True), WITH_HOST, {"CI": "true"}, "embedded"),
        (Connection(), WITH_HOST, {"CI": "true"}, "https://workspace.example/"),
    ],
)
def test_the_nearer_word_counts(
    connection: Connection, declaration: Declaration, environ: dict[str, str], host: str
) -> None:
    assert host_of(connection, declaration, environ) == host


@pytest.mark.parametrize("host", ["http://lake.example/sdk/v2/", "HTTP://10.0.0.7/", "http://localhost.example/"])
def test_a_manifest_cannot_have_the_token_sent_in_clear(host: str) -> None:
    declaration = Declaration(".", Workspace(host=host))
    token = {"PICSELLIA_TOKEN": "s3cret"}
    with pytest.raises(UsageError, match="in clear") as caught:
        open_client(Connection(), declaration, token, read_only=True)
    assert "PICSELLIA_HOST" in caught.value.hint
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "connection", "environ"),
    [
        ("http://127.0.0.1:9/", Connection(), {"PICSELLIA_TOKEN": "t"}),
        ("http://[::1]:9/", Connection(), {"PICSELLIA_TOKEN": "t"}),
        ("http://localhost:9/", Connection(), {"PICSELLIA_TOKEN": "t"}),
        ("http://lake.example/", Connection(host="http://127.0.0.1:9/"), {"PICSELLIA_TOKEN": "t"}),
        ("http://lake.example/", Connection(), {"PICSELLIA_TOKEN": "t", "PICSELLIA_HOST": "http://127.0.0.1:9/"}),
    ],
)
def test_a_host_on_this_machine_or_named_by_hand_is_asked(
    host: str, connection: Connection, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody listens on port 9: that the connection fails tells that it was tried."""
    monkeypatch.setattr(transport, "Settings", partial(transport.Settings, attempts=1))
    with pytest.raises(NetworkError):
        open_client(connection, Declaration(".", Workspace(host=host)), environ, read_only=True)


@pytest.mark.parametrize(
    ("connection", "environ", "named_by"),
    [
        (Connection(host="http://127.0.0.1:9/"), {"PICSELLIA_HOST": "http://x.example/"}, "--host names it"),
        (Connection(), {"PICSELLIA_HOST": "http://127.0.0.1:9/"}, "PICSELLIA_HOST names it"),
        (Connection(), {}, "the Workspace's `host` names it"),
    ],
)
def test_a_host_that_does_not_answer_is_told_with_who_named_it_and_how_to_name_another(
    connection: Connection, environ: dict[str, str], named_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "Settings", partial(transport.Settings, attempts=1))
    monkeypatch.setattr(options, "TOLD_AFTER_S", 0.0)
    declaration = Declaration(".", Workspace(host="http://127.0.0.1:9/"))
    with pytest.raises(
        NetworkError, match=r"http://127\.0\.0\.1:9/ does not answer: no connection \(tried again for \d s"
    ) as told:
        open_client(connection, declaration, {"PICSELLIA_TOKEN": "t", **environ}, read_only=True)
    assert named_by in told.value.hint
    assert all(one in told.value.hint for one in ("`--host URL`", "PICSELLIA_HOST", "`--embedded`"))


def test_ci_refuses_the_embedded_lake_that_nobody_asked_for(project: Project) -> None:
    project.write("n.yaml", NETWORK)
    project.monkeypatch.setenv("CI", "true")
    nowhere = replace(project, platform=replace(project.platform, options=()))
    for command in ("plan", "apply"):
        ran = nowhere.run(command)
        assert ran.code == 64
        assert "--embedded" in ran.err
    assert project.run("plan").code == 0


def test_the_nearest_lake_at_or_above_the_manifests_is_used(project: Project) -> None:
    project.write("n.yaml", NETWORK)
    project.apply()
    project.write("deeper/m.yaml", NETWORK.replace("{name: n}", "{name: m}"))
    project.apply("deeper")
    assert not (project.folder / "deeper" / ".picsellia").exists()


def test_a_token_without_a_host_is_warned_about_and_never_shown(project: Project) -> None:
    project.write("n.yaml", NETWORK)
    project.monkeypatch.setenv("PICSELLIA_TOKEN", "s3cr3t-token")
    ran = project.run("plan")
    assert ran.code == 0
    assert "embedded" in ran.err
    assert "s3cr3t" not in ran.err + ran.out


def test_a_token_file_is_read_and_its_faults_are_told(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("abc\n")
    assert token_of(Connection(token_file=path), {"PICSELLIA_TOKEN": "env"}) == "abc"
    assert token_of(Connection(), {"PICSELLIA_TOKEN": "env"}) == "env"
    assert token_of(Connection(), {}) is None
    path.write_text(" \n")
    with pytest.raises(UsageError, match="empty"):
        token_of(Connection(token_file=path), {})
    with pytest.raises(UsageError, match="No such file"):
        token_of(Connection(token_file=tmp_path / "none"), {})


def test_a_wrong_token_and_a_missing_one_are_not_authorised(project: Project, served: object) -> None:
    platform = served()  # type: ignore[operator]  # the fixture is a function
    project.write("n.yaml", NETWORK)
    wrong = replace(project, platform=replace(platform, environ={"PICSELLIA_TOKEN": "wrong"}))
    assert wrong.run("plan").code == 77
    assert replace(project, platform=replace(platform, environ={})).run("plan").code == 77
