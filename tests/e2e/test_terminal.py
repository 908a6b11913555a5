"""Apply at a terminal: the question, bars, Ctrl-C once and twice; and pictures that vanish while somebody thinks."""

from __future__ import annotations

import codecs
import contextlib
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import COMMAND

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

SET = """\
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {name: s}
spec: {from: pictures, tags: [t]}
---
apiVersion: picsellia-apply/v1
kind: Dataset
metadata: {name: D}
spec:
  versions:
    - {name: first, pictures: {set: s}}
---
apiVersion: picsellia-apply/v1
kind: Network
metadata: {name: n}
spec: {type: detection}
"""
SLOW = Path(__file__).with_name("waiting.py")


class Terminal:
    """A command whose stdin, stdout and stderr are a terminal, as far as `options` do not say otherwise."""

    def __init__(
        self, project: Project, *arguments: str, command: Sequence[str] = (str(COMMAND),), **options: Any
    ) -> None:
        self._ours, theirs = pty.openpty()
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), theirs)
        self.process = project.spawn(*arguments, command=command, **{**streams, **options})
        os.close(theirs)
        self.text = ""
        self._decode = codecs.getincrementaldecoder("utf-8")().decode  # what is read may end inside a character

    def read_until(self, text: str) -> str:
        """Read what is shown until `text` is."""
        while text not in self.text:
            try:
                some = os.read(self._ours, 4096)
            except OSError as error:  # the other side closed the terminal
                raise AssertionError(self.text) from error
            self.text += self._decode(some)
        return self.text

    def type(self, text: str) -> None:
        """Type something."""
        os.write(self._ours, text.encode())

    def end(self) -> tuple[int, str]:
        """Return the exit code and all that was shown."""
        with contextlib.suppress(OSError):
            while some := os.read(self._ours, 4096):
                self.text += self._decode(some)
        os.close(self._ours)
        return self.process.wait(timeout=60), self.text


@pytest.fixture
def filled(project: Project) -> Project:
    project.write("all.yaml", SET)
    for number in range(3):
        project.picture(f"pictures/p{number}.png", (number * 20, 100, 200))
    return project


@pytest.mark.parametrize(
    ("answer", "ended", "changed"), [("y\n", 0, True), ("n\n", 130, False), ("\n", 130, False), ("\x04", 130, False)]
)
def test_the_question_decides_and_a_no_is_no_success(filled: Project, answer: str, ended: int, changed: bool) -> None:
    terminal = Terminal(filled, "apply")
    terminal.read_until("Apply these changes? [y/N]")
    terminal.type(answer)
    code, text = terminal.end()
    assert code == ended, text
    assert bool(filled.plan()["operations"]) is not changed
    assert (filled.folder / ".picsellia" / "lake").exists() is changed


def test_nothing_is_forgotten_and_no_lease_broken_after_a_no(filled: Project) -> None:
    filled.apply()
    forgetting = Terminal(filled, "inventory", "forget", "network/n")
    forgetting.read_until("Forget them? [y/N]")
    forgetting.type("n\n")
    assert forgetting.end()[0] == 130
    assert "network/n" in filled.run("inventory", "list").out
    filled.picture("pictures/more.png", (9, 9, 9))
    with waiting(filled, "apply", "--auto-approve") as process:
        breaking = Terminal(filled, "unlock")
        breaking.read_until("Break this lease? [y/N]")
        breaking.type("n\n")
        assert breaking.end()[0] == 130
        assert go_on(process)[0] == 0


def test_the_question_is_seen_where_the_plan_goes_to_a_file(filled: Project) -> None:
    with (filled.folder / "plan.txt").open("w") as told:
        terminal = Terminal(filled, "apply", stdout=told)
    terminal.read_until("Apply these changes? [y/N]")
    terminal.type("n\n")
    assert terminal.end()[0] == 130
    assert "Apply these" not in (filled.folder / "plan.txt").read_text()


def test_a_picture_that_vanishes_while_somebody_thinks(
    filled: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    terminal = Terminal(filled, "apply")
    terminal.read_until("[y/N]")
    content = (filled.folder / "pictures" / "p1.png").read_bytes()
    (filled.folder / "pictures" / "p1.png").unlink()
    terminal.type("y\n")
    code, text = terminal.end()
    assert code == 3, text
    assert "p1.png" in text
    assert "Traceback" not in text
    state = state_of(filled)
    assert set(state["pictures"]) == {"p0.png", "p2.png"}
    assert state["datasets"] == {}
    assert set(state["networks"]) == {"n"}
    filled.write("pictures/p1.png", content)
    filled.apply()
    assert filled.plan()["operations"] == []


def waiting(project: Project, *arguments: str) -> subprocess.Popen[str]:
    """Begin an apply that waits inside its first write until it is told to go on; returns once it is there."""
    process = project.spawn(*arguments, command=(sys.executable, str(SLOW)), stdin=subprocess.PIPE)
    assert process.stderr is not None
    while "waiting" not in process.stderr.readline():
        assert process.poll() is None
    return process


def go_on(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate("go\n", timeout=60)
    return process.returncode, out, err


def test_one_interrupt_finishes_what_is_in_flight_and_no_more(
    filled: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    process = waiting(filled, "apply", "--auto-approve")
    process.send_signal(signal.SIGINT)
    code, out, err = go_on(process)
    assert code == 130, out + err
    assert "in flight" in err
    assert len(state_of(filled)["pictures"]) == 3
    assert state_of(filled)["datasets"] == {}
    filled.apply()
    assert filled.plan()["operations"] == []


def test_two_interrupts_stop_at_once_and_nothing_is_lost(filled: Project) -> None:
    process = waiting(filled, "apply", "--auto-approve")
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while "in flight" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped at once" in err
    filled.apply()
    assert filled.plan()["operations"] == []
