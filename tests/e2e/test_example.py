"""The example in `examples/manifests` through the installed command: what a newcomer sees first."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
COMMAND = Path(sys.executable).with_name("picsellia-apply")


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PICSELLIA_")}
    return subprocess.run(
        [COMMAND, *arguments],
        cwd=project,
        env={**clean, "PICSELLIA_CACHE_DIR": str(project / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    if not (EXAMPLES / "pictures" / "chelsea.png").exists():
        pytest.skip("the example's photographs are absent: run `make demo`")
    ignore = shutil.ignore_patterns(".picsellia")
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=ignore)
    return tmp_path


def test_plan_apply_and_an_empty_plan(project: Path) -> None:
    first = run(project, "plan", "examples/manifests", "--embedded", "--format", "json", "--detailed-exitcode")
    assert first.returncode == 2, first.stderr
    operations = {entry["address"]: entry for entry in json.loads(first.stdout)["operations"]}
    assert operations["pictures/sky"]["members"]["add"] == 2
    assert operations["query/everything/licence-checked"]["members"]["add"] == 6
    assert operations["version/EverydayScenes@first"]["members"]["add"] == 2
    assert operations["version/EverydayScenes@second"]["members"]["add"] == 6
    assert "label/EverydayScenes@first/cup/polygon" in operations
    network = {"network/everyday-detector", "file/everyday-detector/config", "thumbnail/everyday-detector"}
    assert network <= set(operations)
    assert not list(project.rglob(".picsellia")), "plan creates nothing"

    applied = run(project, "apply", "examples/manifests", "--embedded", "--auto-approve")
    assert applied.returncode == 0, applied.stderr
    again = run(project, "plan", "examples/manifests", "--embedded", "--format", "json", "--detailed-exitcode")
    assert again.returncode == 0, again.stdout
    assert json.loads(again.stdout)["operations"] == []


def test_the_schema_lists_every_kind_of_the_example(project: Path) -> None:
    schema = json.loads(run(project, "schema").stdout)
    text = json.dumps(schema)
    assert all(f'"{kind}"' in text for kind in ("PictureSet", "TagQuery", "Dataset", "Network", "Workspace"))


def test_without_its_pictures_the_example_says_what_to_run(project: Path) -> None:
    shutil.rmtree(project / "examples" / "pictures")
    done = run(project, "plan", "examples/manifests", "--embedded")
    assert done.returncode == 65
    assert "make demo" in done.stderr
    assert "Traceback" not in done.stderr
