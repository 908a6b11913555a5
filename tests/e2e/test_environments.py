"""One repository, two environments: two servers with a token each, other hosts, prefixes and shares."""

from __future__ import annotations

import contextlib
import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from picsellia_apply.client import Client
from picsellia_apply.planner.digest import sealed
from picsellia_apply.render.saved import read_plan, write_plan
from tests.e2e.conftest import Platform, Project, Ran, Server

EXAMPLE = Path(__file__).parents[2] / "examples/environments"
MANIFESTS = """
apiVersion: picsellia-apply/v1
kind: Workspace
metadata: {name: staging}
spec:
  host: http://127.0.0.1:${var.port}/sdk/v2/
  prune: ${var.prune}
  variables: {port: null, prefix: stg, share: 0.3, prune: true}
---
apiVersion: picsellia-apply/v1
kind: Workspace
metadata: {name: production}
spec:
  host: http://127.0.0.1:${var.port}/sdk/v2/
  prune: ${var.prune}
  variables: {port: null, prefix: prod, share: 1.0, prune: false}
---
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {name: "${var.prefix}-all"}
spec: {from: pictures, index: all.index, tags: ["${var.prefix}"]}
---
apiVersion: picsellia-apply/v1
kind: Dataset
metadata: {name: "${var.prefix}-cells"}
spec:
  description: Cells of ${var.prefix}
  versions:
    - {name: first, pictures: {tags: ["${var.prefix}"], quantity: "${var.share}"}}
"""


class Environment:
    """One server, and the command line of one environment of a project."""

    def __init__(self, project: Project, name: str, folder: Path) -> None:
        self.name, self.token = name, name[0] * 40
        self._project = project
        folder.mkdir()
        self.server = Server(folder / "lake", self.token, folder / "serve.log")

    def run(self, command: str, *arguments: str) -> Ran:
        environ = {
            "PICSELLIA_TOKEN": self.token,
            "PICSELLIA_WORKSPACE": self.name,
            "PICSELLIA_VAR_port": str(self.port),
        }
        platform = Platform((), environ)
        return Project(self._project.folder, platform, self._project.monkeypatch).run(command, *arguments)

    @property
    def port(self) -> int:
        return urlsplit(self.server.host).port or 0

    def client(self) -> Client:
        return Client(self.token, None, self.server.host, read_only=True)


@pytest.fixture
def environments(project: Project, tmp_path: Path) -> Iterator[tuple[Environment, Environment]]:
    """Two servers, and ten pictures to share between them."""
    for number in range(10):
        project.picture(f"pictures/{number}.png", (number * 20, 90, 10))
    project.write("m.yaml", MANIFESTS)
    with contextlib.ExitStack() as servers:

        def begin(name: str) -> Environment:
            one = Environment(project, name, tmp_path / name)
            servers.callback(one.server.end)
            return one

        yield begin("staging"), begin("production")


def test_the_same_repository_serves_staging_and_production(
    environments: tuple[Environment, Environment], project: Project
) -> None:
    staging, production = environments
    assert staging.run("apply", "--auto-approve").code == 0
    assert staging.run("plan", "--detailed-exitcode").code == 0
    planned = production.run("plan", "--detailed-exitcode", "--format", "json")
    assert planned.code == 2, "production is another server: nothing is there"
    assert planned.json["target"]["workspace"] == "production"
    assert production.run("apply", "--auto-approve").code == 0
    counts = {}
    for one in environments:
        client = one.client()
        (dataset,) = client.datalake.dataset.list()
        counts[dataset.dataset_name] = dataset.size
        prefix = dataset.dataset_name.removesuffix("-cells")
        assert len(client.datalake.picture.fetch(tags=[prefix])) == 10
        assert one.run("plan", "--detailed-exitcode").code == 0
    assert counts == {"stg-cells": 5, "prod-cells": 10}


def test_a_saved_plan_keeps_its_variables(environments: tuple[Environment, Environment], project: Project) -> None:
    staging, production = environments
    ran = staging.run("plan", "--var", "prefix=nightly", "--var", "share=1", "--out", "nightly.json")
    assert ran.code == 0, ran.err
    project.monkeypatch.setenv("PICSELLIA_VAR_prefix", "other")
    assert production.run("apply", "nightly.json", "--auto-approve").code != 0, "it is for another platform"
    applied = staging.run("apply", "nightly.json", "--auto-approve")
    assert applied.code == 0, applied.out + applied.err
    (dataset,) = staging.client().datalake.dataset.list()
    assert (dataset.dataset_name, dataset.size) == ("nightly-cells", 10)


def bare(project: Project) -> Project:
    """Return the project without anything that says which platform is meant."""
    return Project(project.folder, Platform((), {}), project.monkeypatch)


def forged(project: Project, name: str, **changes: Any) -> None:
    """Edit a saved plan and seal it again, as whoever can write the file can."""
    saved = read_plan(project.folder / name)
    write_plan(sealed(replace(saved, **changes)), project.folder / name)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A socket where somebody waits for a token; nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        one.settimeout(0)
        yield one


def unvisited(listener: socket.socket) -> bool:
    """Return whether nobody connected."""
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return True
    return False


def test_a_plan_file_does_not_choose_who_gets_the_token(
    environments: tuple[Environment, Environment], project: Project, listener: socket.socket
) -> None:
    staging, _ = environments
    assert staging.run("plan", "--out", "p.json").code == 0
    port = listener.getsockname()[1]
    saved = read_plan(project.folder / "p.json")
    target = replace(saved.target, host=f"http://127.0.0.1:{port}/sdk/v2/")
    forged(project, "p.json", variables={**saved.variables, "port": str(port)}, target=target)
    ran = staging.run("apply", "p.json", "--auto-approve")
    assert (ran.code, unvisited(listener)) == (6, True), ran.out
    assert f"plan  host   when planned: http://127.0.0.1:{port}/sdk/v2/   now: http://127.0.0.1:{staging.port}" in (
        ran.err.replace("plan      plan", "plan").replace('"', "")
    ), ran.err
    project.monkeypatch.setenv("PICSELLIA_TOKEN", staging.token)
    ran = bare(project).run("apply", "p.json", "--auto-approve", "--workspace", "staging")
    assert (ran.code, unvisited(listener)) == (65, True), ran.out
    assert "error[L013]" in ran.err
    for word in ("--host", "PICSELLIA_HOST", "--var", "--var-file", "--workspace"):
        assert word in ran.err


def test_a_plan_file_does_not_choose_the_workspace_whose_host_gets_the_token(
    environments: tuple[Environment, Environment], project: Project
) -> None:
    staging, _ = environments
    assert staging.run("plan", "--out", "p.json").code == 0
    project.monkeypatch.setenv("PICSELLIA_TOKEN", staging.token)
    var = ("--var", f"port={staging.port}")
    assert bare(project).run("apply", "p.json", "--auto-approve", *var).code == 65
    ran = bare(project).run("apply", "p.json", "--auto-approve", *var, "--workspace", "production")
    assert ran.code == 6
    assert 'workspace   when planned: "staging"   now: "production"' in ran.err
    assert bare(project).run("apply", "p.json", "--auto-approve", *var, "--workspace", "staging").code == 0


def test_who_names_the_host_need_not_say_the_variables_again(
    environments: tuple[Environment, Environment], project: Project
) -> None:
    staging, _ = environments
    assert staging.run("plan", "--var", "prefix=nightly", "--out", "p.json").code == 0
    project.monkeypatch.setenv("PICSELLIA_TOKEN", staging.token)
    ran = bare(project).run("apply", "p.json", "--auto-approve", "--var", "prefix=other", "--host", staging.server.host)
    assert ran.code == 6
    assert 'variable prefix   when planned: "nightly"   now: "other"' in ran.err
    ran = bare(project).run("apply", "p.json", "--auto-approve", "--host", staging.server.host)
    assert ran.code == 0, ran.out + ran.err


def test_flags_win_over_files_over_the_environment_over_defaults(project: Project) -> None:
    project.write("m.yaml", MANIFESTS.replace("    host", "    # host").replace("  host: http", "  # host: http"))
    project.picture("pictures/a.png", (1, 1, 1))
    project.write("first.yaml", "prefix: from-first\nshare: 0.9\n")
    project.write("second.json", '{"prefix": "from-second"}')
    assert name_of(project) == "stg"
    project.monkeypatch.setenv("PICSELLIA_VAR_prefix", "from-env")
    steps: list[tuple[tuple[str, ...], str]] = [
        ((), "from-env"),
        (("--var-file", "first.yaml"), "from-first"),
        (("--var-file", "first.yaml", "--var-file", "second.json"), "from-second"),
        (("--var-file", "second.json", "--var-file", "first.yaml"), "from-first"),
        (("--var", "prefix=from-flag", "--var-file", "first.yaml"), "from-flag"),
        (("--var", "prefix=one", "--var", "prefix=two"), "two"),
    ]
    for options, expected in steps:
        assert name_of(project, *options) == expected


def name_of(project: Project, *options: str) -> str:
    """Return what the dataset is called under some options."""
    found = project.plan("--workspace", "staging", *options)
    (name,) = [one["address"] for one in found["operations"] if one["address"].startswith("dataset/")]
    return str(name).removeprefix("dataset/").removesuffix("-cells")


def test_what_is_typed_next_says_the_variables_again(project: Project) -> None:
    project.write("m.yaml", MANIFESTS.replace("  host: http", "  # host: http"))
    project.write("v.yaml", "share: 1\n")
    project.picture("pictures/a.png", (1, 1, 1))
    ran = project.run("plan", "--workspace", "staging", "--var", "prefix=it's", "--var-file", "v.yaml")
    assert ran.code == 0, ran.err
    (line,) = [line for line in ran.out.splitlines() if line.startswith("Next: ")]
    assert "--workspace staging" in line
    assert "--var-file v.yaml" in line
    assert """--var 'prefix=it'"'"'s'""" in line


@pytest.mark.parametrize("workspace", ["staging", "production"])
def test_the_example(project: Project, workspace: str) -> None:
    """It plans with the index alone: a fresh checkout has no photographs."""
    shutil.copytree(EXAMPLE, project.folder / "environments")
    shutil.copytree(EXAMPLE.parent / "manifests", project.folder / "manifests")
    found = project.plan("environments", "--workspace", workspace, "--var-file", "environments/production.json")
    addresses = {one["address"]: one["members"]["add"] for one in found["operations"]}
    assert addresses[f"pictures/{workspace}-scenes"] == 6
    assert addresses[f"version/{workspace}-scenes@first"] == (3 if workspace == "staging" else 6)
    assert [one["code"] for one in found["findings"] if one["severity"] != "note"] == ["P035"]


def test_the_example_is_indexed(project: Project) -> None:
    if not (EXAMPLE.parent / "pictures/chelsea.png").exists():
        pytest.skip("the example's photographs are absent: run `make demo`")
    ran = project.run("index", str(EXAMPLE), "--workspace", "staging", "--check")
    assert ran.code == 0, ran.out + ran.err
