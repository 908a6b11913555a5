"""Published clients are the judge: each step they take against `serve`, in processes and environments of their own.

One run per release; every step is a test. Made once per machine, the environments are kept in the user's cache folder.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.published import drive
from tests.published.releases import RELEASES, Release, python_with

TOKEN = "7" * 40
RUN_LIMIT_S = 900


@dataclass(frozen=True)
class Run:
    """How a release fared: outcome by step, and what the platform and the driver said on stderr."""

    outcomes: dict[str, str | None]
    platform: str
    driver: str


@contextmanager
def _serving(folder: Path, *options: str) -> Iterator[str]:
    """Run `serve` in a process of its own; yields its URL. What it says on stderr goes to `platform.log`."""
    command = [sys.executable, "-m", "picsellia_apply", "serve", "--data", str(folder / "lake"), "--port", "0"]
    with (
        (folder / "platform.log").open("w") as log,
        subprocess.Popen(
            [*command, *options],
            env={**os.environ, "PICSELLIA_TOKEN": TOKEN},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as server,
    ):
        assert server.stdout is not None
        try:
            lines = iter(server.stdout.readline, "")
            yield next(found[1] for line in lines if (found := re.match(r"serving (\S+)", line)))
        finally:
            server.terminate()
    assert server.returncode == 0


def _drive(python: Path, release: Release, host: str, folder: Path) -> Run:
    scene, outcomes = folder / "scene", folder / "outcomes.json"
    scene.mkdir()
    command = [str(python), "-W", "ignore", drive.__file__, release.driver, host, TOKEN, str(scene), str(outcomes)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PICSELLIA_", "PYTHON"))}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=RUN_LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return Run(json.loads(outcomes.read_text()), (folder / "platform.log").read_text(), done.stderr)


@pytest.fixture(scope="session")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> object:
    @cache
    def run(release: Release) -> Run:
        python = python_with(release.version)
        folder = tmp_path_factory.mktemp(f"published-{release}")
        with _serving(folder, *release.options) as host:
            return _drive(python, release, host, folder)

    return run


def _steps(release: Release) -> list[str]:
    return [step.__name__ for step in importlib.import_module(release.driver).STEPS]


EVERY_STEP = [pytest.param(release, step, id=f"{release}-{step}") for release in RELEASES for step in _steps(release)]


@pytest.mark.parametrize(("release", "step"), EVERY_STEP)
def test_step(run_of: object, release: Release, step: str) -> None:
    assert callable(run_of)
    failure = run_of(release).outcomes[step]
    assert failure is None, failure


@pytest.mark.parametrize("release", RELEASES, ids=str)
def test_the_platform_had_nothing_to_report(run_of: object, release: Release) -> None:
    assert callable(run_of)
    assert run_of(release).platform == ""
