"""SIGTERM ends a command as Ctrl-C does: with 130, and with all that it started."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

import pytest

from tests.e2e.test_lease import fill
from tests.e2e.test_terminal import Terminal
from tests.processes import ended, told_at_the_end, wait_for_file

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

POLICY = "apiVersion: picsellia-apply/v1\nkind: Policy\nmetadata: {name: p}\nspec: {exec: [./wait.sh], timeout: 600}\n"
WAIT = "#!/bin/sh\nsetsid sleep 600 &\necho $$ $! > begun.new; mv begun.new begun\nexec sleep 600\n"


@pytest.fixture
def filled(project: Project) -> Project:
    return fill(project)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("command", [("plan",), ("plan", "--format", "json"), ("apply", "--auto-approve")])
def test_a_program_of_a_policy_ends_with_us(filled: Project, command: tuple[str, ...], number: signal.Signals) -> None:
    filled.write("policy.yaml", POLICY)
    filled.write("wait.sh", WAIT).chmod(0o755)
    filled.monkeypatch.setenv("PYTHONFAULTHANDLER", "1")
    with filled.spawn(*command) as process:
        children = map(int, wait_for_file(filled.folder / "begun", process).split())
        process.send_signal(number)
        out, err = told_at_the_end(process)
    assert (process.returncode, out) == (130, "")
    assert err.endswith("interrupted\n")
    assert "Traceback" not in err
    assert all(map(ended, children))


def test_an_apply_that_asks_ends_without_writing(filled: Project) -> None:
    terminal = Terminal(filled, "apply")
    terminal.read_until("Apply these changes? [y/N]")
    terminal.process.send_signal(signal.SIGTERM)
    with contextlib.suppress(OSError):  # Python hears a signal that comes just before it waits for a line with the line
        terminal.type("y\n")
    code, text = terminal.end()
    assert (code, "interrupted" in text) == (130, True)
    assert not (filled.folder / ".picsellia" / "lake").exists()
