"""The pre-commit hooks: the file is parsed, and its entries run as pre-commit runs them."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.e2e.conftest import COMMAND

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

ROOT = Path(__file__).parents[2]
HOOKS: Any = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
MANIFEST = """\
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {name: s}
spec: {from: pictures, tags: [t], index: s.index}
"""


def run(hook: str, project: Project, *arguments: str) -> tuple[int, str]:
    """Run a hook's entry at the root of a repository, without file names; return the exit code and all output."""
    spec = HOOKS[hook]
    assert spec["language"] == "python"
    assert spec["pass_filenames"] is False
    done = subprocess.run(
        [*shlex.split(spec["entry"]), *arguments],
        cwd=project.folder,
        env={**os.environ, "PATH": f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def filled(project: Project) -> Project:
    project.write("m/all.yaml", MANIFEST)
    project.picture("m/pictures/p.png", (1, 2, 3))
    assert project.run("index", "m").code == 0
    return project


def test_every_hook_passes_on_good_manifests(filled: Project) -> None:
    for hook in HOOKS:
        code, told = run(hook, filled, "m")
        assert code == 0, told


def test_validate_refuses_a_fault(filled: Project) -> None:
    filled.write("m/all.yaml", MANIFEST.replace("tags", "tag"))
    code, told = run("picsellia-apply-validate", filled, "m")
    assert code == 65
    assert "m/all.yaml:4:24: error[M009]" in told


def test_index_refuses_what_is_out_of_date(filled: Project) -> None:
    filled.picture("m/pictures/new.png", (9, 9, 9))
    code, told = run("picsellia-apply-index", filled, "m")
    assert code == 2, told
    assert filled.run("index", "m").code == 0
    assert run("picsellia-apply-index", filled, "m")[0] == 0


def test_no_hook_writes(filled: Project) -> None:
    def files() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in sorted(filled.folder.rglob("*")) if path.is_file()}

    before = files()
    for hook in HOOKS:
        run(hook, filled, "m")
    assert files() == before


@pytest.mark.parametrize("hook", sorted(HOOKS))
def test_it_runs_at_every_commit(hook: str) -> None:
    """A commit that only deletes a picture, or only touches a network's file, names nothing that a pattern finds."""
    assert HOOKS[hook]["always_run"] is True
    assert not HOOKS[hook].keys() & {"files", "exclude", "types", "types_or", "exclude_types", "stages"}


def test_a_picture_that_only_goes_is_noticed(filled: Project) -> None:
    filled.picture("m/pictures/q.png", (4, 5, 6))
    assert filled.run("index", "m").code == 0
    (filled.folder / "m/pictures/q.png").unlink()
    code, told = run("picsellia-apply-index", filled, "m")
    assert code == 2, told
    assert "1 gone" in told
