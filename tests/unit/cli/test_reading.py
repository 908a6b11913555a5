"""The bar over reading pictures, and what `validate` and `plan` have in common."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from picsellia_apply.cli import group
from picsellia_apply.cli.exit import run
from picsellia_apply.cli.reading import ReadingBar, reading_bar

SET = "apiVersion: picsellia-apply/v1\nkind: PictureSet\nmetadata: {name: p}\nspec: {from: pictures}\n"
LIST = (
    "---\napiVersion: picsellia-apply/v1\nkind: Dataset\nmetadata: {name: d}\n"
    "spec: {versions: [{name: v, pictures: {names: names.txt}}]}\n"
)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _own_log(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep `-v` from leaving a handler behind that writes to the captured stderr of one test."""
    ours = logging.getLogger("picsellia_apply")
    level = ours.level
    monkeypatch.setattr(logging.root, "handlers", [])
    yield
    ours.setLevel(level)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PICSELLIA_CACHE_DIR", str(tmp_path / ".cache"))
    for variable in ("PICSELLIA_HOST", "PICSELLIA_TOKEN", "CI"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (8, 6), "red").save(tmp_path / "pictures/BloodImage_00001.jpg")
    (tmp_path / "m.yaml").write_text(SET + LIST)
    (tmp_path / "names.txt").write_text("BloodImage_00001.jpg\n")
    return tmp_path


def called(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["picsellia-apply", *arguments])
    return run(group)


def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)


def test_quick_reading_shows_nothing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    terminal(monkeypatch)
    with reading_bar(Clock()) as tell:
        assert tell is not None
        for done in range(1, 6):
            tell(done, 5)
    assert capsys.readouterr().err == ""


def test_slow_reading_shows_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    terminal(monkeypatch)
    clock = Clock()
    with reading_bar(clock) as tell:
        assert isinstance(tell, ReadingBar)
        tell(1, 5_000)
        clock.now += 1.5
        tell(2_000, 5_000)
    said = capsys.readouterr()
    assert "reading pictures" in said.err
    assert "2000/5000" in said.err
    assert said.out == ""


def test_there_is_no_bar_without_a_terminal() -> None:
    with reading_bar(Clock()) as tell:
        assert tell is None


@pytest.mark.parametrize("command", ["validate", "plan", "apply"])
def test_a_path_that_is_not_there(
    command: str, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert project.is_dir()
    assert called(monkeypatch, command, "pictues") == 64
    said = capsys.readouterr().err
    assert said == "error: there is no file or folder `pictues`\n  hint: did you mean `pictures`?\n"


@pytest.mark.parametrize("command", ["validate", "plan"])
def test_the_default_workspace_can_be_named(
    command: str, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert project.is_dir()
    assert called(monkeypatch, command, "m.yaml", "--workspace", "default") == 0
    assert called(monkeypatch, command, "m.yaml", "--workspace", "other") == 65
    assert "no Workspace is called `other`" in capsys.readouterr().err


def test_a_name_of_no_set_is_a_warning_of_validate(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "names.txt").write_text("BloodImage_00001\n")
    (project / "pictures/.hidden").touch()
    assert called(monkeypatch, "validate", "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] is True
    assert [(one["code"], one["severity"], one["hint"]) for one in found["findings"]] == [
        ("P015", "note", "files and folders whose names begin with `.` are never read"),
        ("M039", "warning", "did you mean `BloodImage_00001.jpg`?"),
    ]
    assert called(monkeypatch, "validate") == 0
    assert capsys.readouterr().err.endswith("1 warning, 1 note\n")


def test_verbose_names_what_is_passed_over(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "k8s.yaml").write_text("# other\nkind: Service\n")
    assert called(monkeypatch, "validate", "-v") == 0
    assert "k8s.yaml:2:1: passed over, a document of others (Service)\n" in capsys.readouterr().err


def test_a_variable_of_the_environment_in_another_case_is_told() -> None:
    from picsellia_apply.manifest.variables import Declared, Given, Variable, with_given
    from picsellia_apply.source import Place

    declared = Declared("w", {"share": Variable("share", "0.5", "the default", Place("w.yaml", 0))})
    shouted = Given("SHARE", "1", "set by PICSELLIA_VAR_SHARE", optional=True)
    found, told = with_given(declared, [shouted], [])
    assert found.variables["share"].text == "0.5"
    assert [(one.code, one.severity.name) for one in told] == [("M066", "warning")]
    assert told[0].message == "variable `share` is not set by PICSELLIA_VAR_SHARE: case counts"
    exact = Given("share", "2", "set by PICSELLIA_VAR_share", optional=True)
    found, told = with_given(declared, [shouted, exact], [])
    assert (found.variables["share"].text, told) == ("2", [])
