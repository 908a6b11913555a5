"""A project folder and the command line, in this process or in another; a served lake where a test asks for one."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image

from picsellia_apply.cli import group
from picsellia_apply.cli.exit import run
from picsellia_apply.client import Client

COMMAND = Path(sys.executable).with_name("picsellia-apply")


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it wrote to stdout, decoded."""
        return json.loads(self.out)

    @property
    def events(self) -> list[Any]:
        """The events of an apply that it wrote to stdout."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def finished(self) -> list[Any]:
        """Those of them that end an operation."""
        return [event for event in self.events if event["event"] == "finished"]


@dataclass(frozen=True)
class Platform:
    """Where a project's lake is: `options` and `environ` of every command.

    `data` is the folder of a lake that speaks SDK v2 only: what it does not tell is read there.
    """

    options: tuple[str, ...] = ("--embedded",)
    environ: Mapping[str, str] = field(default_factory=dict)
    data: Path | None = None


@dataclass(frozen=True)
class Project:
    """A folder with manifests and pictures."""

    folder: Path
    platform: Platform
    monkeypatch: pytest.MonkeyPatch

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def picture(self, name: str, color: tuple[int, int, int], *, size: tuple[int, int] = (16, 12)) -> Path:
        """Write a picture of one color."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, color).save(path)
        return path

    def run(self, *arguments: str) -> Ran:
        """Run the command line in this process, from the project's folder."""
        out, err = io.StringIO(), io.StringIO()
        with self.monkeypatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            for name, value in self.platform.environ.items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            patch.setattr(sys, "argv", ["picsellia-apply", *self._with_platform(arguments)])
            code = run(group)
        return Ran(code, out.getvalue(), err.getvalue())

    def spawn(self, *arguments: str, command: Sequence[str] = (str(COMMAND),), **options: Any) -> subprocess.Popen[str]:
        """Begin the command line in another process."""
        return subprocess.Popen(
            [*command, *self._with_platform(arguments)],
            cwd=self.folder,
            env={**os.environ, **self.platform.environ},
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options},
        )

    def plan(self, *arguments: str) -> Any:
        """Return the plan as its JSON says it."""
        ran = self.run("plan", "--format", "json", *arguments)
        assert ran.code in (0, 2, 4, 7), ran.err
        return ran.json

    def apply(self, *arguments: str) -> Ran:
        """Apply, and expect that all of it is done."""
        ran = self.run("apply", "--auto-approve", *arguments)
        assert ran.code == 0, ran.out + ran.err
        return ran

    def client(self) -> Client:
        """Connect to the project's platform, reading only."""
        if self.platform.data is not None:
            return Client(host="embedded", data_dir=self.platform.data, read_only=True)
        if self.platform.options == ("--embedded",):
            (data_dir,) = self.folder.rglob(".picsellia")
            return Client(host="embedded", data_dir=data_dir, read_only=True)
        return Client(self.platform.environ["PICSELLIA_TOKEN"], None, self.platform.options[1], read_only=True)

    def _with_platform(self, arguments: Sequence[str]) -> list[str]:
        command, *rest = arguments
        return [command, *(self.platform.options if command in ("plan", "apply", "drift", "export") else ()), *rest]


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Leave nothing of the machine's configuration."""
    for name in [*filter(lambda one: one.startswith("PICSELLIA_"), os.environ), "CI", "NO_COLOR"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PICSELLIA_CACHE_DIR", str(tmp_path / "cache"))
    return monkeypatch


@pytest.fixture
def project(tmp_path: Path, clean_environment: pytest.MonkeyPatch) -> Project:
    """An empty project with an embedded lake."""
    return Project(_folder(tmp_path), Platform(), clean_environment)


@pytest.fixture(params=["embedded", "served"])
def any_project(request: pytest.FixtureRequest, tmp_path: Path, clean_environment: pytest.MonkeyPatch) -> Project:
    """An empty project, once with an embedded lake, once with one that another process serves."""
    platform = Platform() if request.param == "embedded" else request.getfixturevalue("served")()
    return Project(_folder(tmp_path), platform, clean_environment)


@pytest.fixture
def plain_project(served: Callable[..., Platform], tmp_path: Path, clean_environment: pytest.MonkeyPatch) -> Project:
    """An empty project with a lake that speaks SDK v2 only."""
    return Project(_folder(tmp_path), served("--plain"), clean_environment)


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def served(tmp_path: Path, clean_environment: pytest.MonkeyPatch) -> Iterator[Callable[..., Platform]]:
    """Serve a lake in another process, with further options; it ends with the test.

    `command` is run instead of the program's own; `instead_of` a platform, whose server ends, at the same address.
    """
    running: dict[str, Server] = {}
    token, lake = "t" * 40, tmp_path / "served/lake"

    def serve(*options: str, command: Sequence[str] = (str(COMMAND),), instead_of: Platform | None = None) -> Platform:
        port = 0
        if instead_of:
            running.pop(instead_of.options[1]).end()
            port = urlsplit(instead_of.options[1]).port or 0
        server = Server(lake, token, tmp_path / "serve.log", *options, command=command, port=port)
        running[server.host] = server
        environ = {"PICSELLIA_TOKEN": token}
        return Platform(("--host", server.host), environ, lake.parent if "--plain" in options else None)

    yield serve
    for server in running.values():
        server.end()


class Server:
    """A lake that another process serves.

    Attributes:
        host: Its URL; the port is any free one unless it is given.
    """

    def __init__(
        self, lake: Path, token: str, log: Path, *options: str, command: Sequence[str] = (str(COMMAND),), port: int = 0
    ) -> None:
        arguments = [*command, "serve", "--data", str(lake), "--bind", "127.0.0.1", "--port", str(port), *options]
        with log.open("wb") as told:
            environ = {**os.environ, "PICSELLIA_TOKEN": token}
            self._process = subprocess.Popen(arguments, env=environ, stdout=told, stderr=told)
        try:
            self.host = self._told(log)
        except BaseException:
            self.end()
            raise

    def _told(self, log: Path) -> str:
        """Return the URL that it tells once it answers."""
        end = time.monotonic() + 120
        while (told := re.search(r"^serving (\S+)$", log.read_text(), re.MULTILINE)) is None:
            assert time.monotonic() < end, "the server does not answer"
            with contextlib.suppress(subprocess.TimeoutExpired):
                assert self._process.wait(timeout=0.05) is None, log.read_text()
        return told.group(1)

    def end(self) -> None:
        """End it in good order."""
        self._process.terminate()
        self._process.wait(timeout=60)


def snapshot(client: Client) -> dict[str, Any]:
    """Return everything the lake holds, without ids and times."""
    reader = client.reader
    pictures = reader.all_pictures()
    tags: dict[str, set[str]] = {name: set() for name in pictures.names}
    for tag, rows in pictures.tags.items():
        for row in rows:
            tags[pictures.names[row]].add(tag)
    with contextlib.redirect_stdout(io.StringIO()):
        names = sorted({one.dataset_name for one in client.datalake.dataset.list()})
    networks = [one.network_name for one in client.network.list()]
    return {
        "pictures": {name: (sha, tags[name]) for name, sha in zip(pictures.names, pictures.sha256, strict=True)},
        "datasets": {info.name: _dataset(client, info) for info in reader.datasets(names)},
        "networks": {
            one.network.network_name: (
                {field: getattr(one.network, field) for field in ("type", "description", "tag", "labels", "framework")},
                {key: file.sha256 for key, file in one.files.items()},
                one.thumbnail.sha256 if one.thumbnail else None,
            )
            for one in reader.networks(networks)
        },
    }


def _dataset(client: Client, info: Any) -> dict[str, Any]:
    reader = client.reader
    versions = {}
    for one in info.versions:
        members = reader.version_members(one.dataset_id)
        labels = sorted((label.name, label.type) for label in one.labels)
        versions[one.name] = (members, labels, reader.annotations(one.dataset_id, members))
    return {"description": info.description, "private": info.private, "versions": versions}


@pytest.fixture
def state_of() -> Callable[[Project], dict[str, Any]]:
    """Return what is on a project's platform."""

    def state(project: Project) -> dict[str, Any]:
        with project.client() as client:
            return snapshot(client)

    return state


@pytest.fixture
def killed() -> Callable[..., Ran]:
    """Run a command in another process that is killed at one request; see `killed.py`."""

    def run_and_kill(project: Project, *arguments: str, when: str) -> Ran:
        command = (sys.executable, str(Path(__file__).with_name("killed.py")), when)
        with project.spawn(*arguments, command=command) as process:
            out, err = process.communicate(timeout=120)
        return Ran(process.returncode, out, err)

    return run_and_kill
