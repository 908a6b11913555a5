"""Bars on a real terminal: what an apply shows while it runs, and that nothing of it stays."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.test_terminal import SET, Terminal

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

IMPATIENT = (sys.executable, str(Path(__file__).with_name("impatient.py")))
NETWORK = (
    "---\napiVersion: picsellia-apply/v1\nkind: Network\nmetadata: {name: m}\nspec: {type: t, files: {w: w.bin}}\n"
)
SIZE = 12_000_000


@pytest.fixture
def filled(project: Project) -> Project:
    project.write("all.yaml", SET + NETWORK)
    project.write("w.bin", bytes(SIZE))
    for number in range(3):
        project.picture(f"pictures/p{number}.png", (number * 20, 100, 200))
    return project


def shown(project: Project, *arguments: str, **environ: str) -> str:
    for name, value in environ.items():
        project.monkeypatch.setenv(name, value)
    terminal = Terminal(project, *arguments, command=IMPATIENT)
    code, text = terminal.end()
    assert code == 0, text
    return text


def test_an_apply_shows_how_far_it_is_and_takes_it_away(filled: Project) -> None:
    text = shown(filled, "apply", "--auto-approve", TERM="xterm", COLUMNS="160")
    frames = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    assert re.search(r"pictures/s +━+ +3 of 3 ", frames)
    assert re.search(r"file/m/w +[━╸╺]+ +[0-9.]+ MB of 12.0 MB ", frames)
    assert "\x1b[2K" in text  # transient: lines are erased
    assert frames.rstrip().splitlines()[-1].startswith("Applied: ")


def test_the_reading_of_pictures_has_a_bar(filled: Project) -> None:
    text = shown(filled, "plan", TERM="xterm", COLUMNS="160")
    frames = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    assert re.search(r"reading pictures +[━╸╺]+ +[1-3]/3 ", frames)


def test_nothing_is_drawn_where_there_is_no_terminal(filled: Project) -> None:
    process = filled.spawn("apply", "--auto-approve", command=IMPATIENT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "━" not in out + err
    assert "\x1b" not in out + err
    assert "  + done  pictures/s\n" in err
