"""`picsellia-apply show`: a saved plan through the real command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from picsellia_apply.cli import group
from picsellia_apply.cli.exit import Exit, run
from picsellia_apply.model.declaration import Declaration
from picsellia_apply.render.saved import write_plan
from tests.worlds import picture_set, planned


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_plan(planned(Declaration("root", picture_sets=(picture_set("cells", ["a.jpg"]),))), Path("plan.json"))
    return Path("plan.json")


def show(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["picsellia-apply", "show", *arguments])
    return run(group)


def test_it_shows_what_plan_showed(
    saved: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(monkeypatch, str(saved)) == Exit.ok
    first, second, *_, following, where = capsys.readouterr().out.splitlines()
    assert first == "picsellia-apply show    workspace demo · embedded lake · plan.json"
    assert second == "  + pictures  pictures/cells  +1 picture, 20.0 KB   (a.jpg)"
    assert following == "Next: picsellia-apply apply plan.json --embedded"
    assert "--manifests DIR" in where


def test_json_is_the_saved_one(
    saved: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(monkeypatch, str(saved), "--format", "json") == Exit.ok
    printed = json.loads(capsys.readouterr().out)
    written = json.loads(saved.read_bytes())
    del written["members"]
    assert printed == written


def test_a_touched_plan_is_stale(
    saved: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    saved.write_text(saved.read_text().replace('"create": 1', '"create": 9'))
    assert show(monkeypatch, str(saved)) == Exit.stale
    assert "was changed after it was written" in capsys.readouterr().err


def test_what_is_no_plan_is_bad_input(
    saved: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    saved.write_text("{}")
    assert show(monkeypatch, str(saved)) == Exit.bad_input
    assert "error[L010]" in capsys.readouterr().err


def test_a_manifest_is_said_to_be_one(
    saved: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    saved.rename("m.yaml")
    assert show(monkeypatch, "m.yaml") == Exit.usage
    assert "`m.yaml` is a manifest, not a saved plan" in capsys.readouterr().err


def test_a_missing_file_is_a_usage_error(
    saved: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(monkeypatch, "other.json") == Exit.usage
    assert "other.json" in capsys.readouterr().err
