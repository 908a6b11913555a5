"""Names of every language on stdout: UTF-8 in files and pipes, whatever the locale of the machine."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import Project

MANIFESTS = """\
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {name: Größe-日本}
spec: {from: pictures, tags: [grün]}
"""


@pytest.fixture
def named(project: Project) -> Project:
    project.write("all.yaml", MANIFESTS)
    project.picture("pictures/ö.png", (1, 2, 3))
    return project


def spawned(project: Project, *arguments: str) -> tuple[int, bytes, bytes]:
    process = project.spawn(*arguments, text=False)
    out, err = process.communicate(timeout=120)
    return process.returncode, bytes(out), bytes(err)  # type: ignore[arg-type]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "ascii:strict"])
def test_what_programs_read_is_utf8(named: Project, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    for form in ("markdown", "json", "human"):
        code, out, err = spawned(named, "plan", "--format", form)
        assert code == 0, err
        assert "Größe-日本" in out.decode() or "Gr%C3%B6%C3%9Fe" in out.decode()
        assert "ö.png" in out.decode() or form == "human"
    code, out, err = spawned(named, "apply", "--auto-approve", "--format", "json")
    assert code == 0, err
    events = [json.loads(line) for line in out.decode().splitlines()]
    assert events[-1]["exit_code"] == 0
    code, out, err = spawned(named, "export")
    assert code == 0, err
    assert "grün" in out.decode()


def test_events_that_cannot_be_written_do_not_stop_an_apply(named: Project) -> None:
    with Path("/dev/full").open("wb") as full:
        process = named.spawn("apply", "--auto-approve", "--format", "json", stdout=full, stderr=subprocess.PIPE)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "no more events can be written: No space left" in err
    assert "Traceback" not in err
    assert named.plan()["operations"] == []
