"""Whoever closes our output has seen enough: the command goes on, and its exit code tells what it did."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import COMMAND
from tests.e2e.test_lease import fill

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

APPLY = ("apply", "--auto-approve")


@pytest.fixture
def filled(project: Project) -> Project:
    return fill(project)


@contextlib.contextmanager
def unread() -> Iterator[int]:
    """Give the writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        yield writing
    finally:
        os.close(writing)


def run(project: Project, *arguments: str) -> tuple[int, str]:
    """Run a command whose stdout nobody reads; return its exit code and stderr."""
    with unread() as nowhere, project.spawn(*arguments, stdout=nowhere) as process:
        _, err = process.communicate(timeout=60)
    return process.returncode, err


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (0, ("plan",)),
        (0, ("plan", "--full")),
        (2, ("plan", "--detailed-exitcode")),
        (0, ("plan", "--format", "json")),
        (2, ("plan", "--format", "markdown", "--detailed-exitcode")),
        (0, ("validate",)),
        (0, ("schema",)),
        (0, ("--help",)),
        (64, ("apply",)),
    ],
)
def test_nobody_reads_what_is_shown(filled: Project, code: int, arguments: tuple[str, ...]) -> None:
    ended, err = run(filled, *arguments)
    assert ended == code, err
    assert "Traceback" not in err
    assert "Exception ignored" not in err
    assert "roken" not in err


@pytest.mark.parametrize("form", ["human", "json"])
def test_all_of_an_apply_is_done_and_its_exit_code_kept(filled: Project, form: str) -> None:
    assert run(filled, *APPLY, "--format", form)[0] == 0
    assert filled.plan()["operations"] == []
    filled.picture("pictures/p0.png", (1, 2, 3))
    filled.picture("pictures/new.png", (4, 5, 6))
    code, err = run(filled, *APPLY, "--format", form)
    assert (code, "Traceback" in err) == (7, False)
    assert len(filled.plan()["blocked"]) == 1
    assert filled.plan()["operations"] == []


def test_a_reader_of_the_first_line_is_enough(filled: Project) -> None:
    with filled.spawn(*APPLY) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
    assert process.returncode == 0, err
    assert filled.plan()["operations"] == []


def code_of(project: Project, *arguments: str, **options: Any) -> int:
    with project.spawn(*arguments, **options) as process:
        return process.wait(60)


def test_nobody_reads_stderr_either(filled: Project) -> None:
    with unread() as nowhere:
        assert code_of(filled, *APPLY, stdout=nowhere, stderr=nowhere) == 0
        assert filled.plan()["operations"] == []
        filled.write("bad.yaml", "apiVersion: picsellia-apply/v1\nkind: Nothing\n")
        assert code_of(filled, "validate", stdout=nowhere, stderr=nowhere) == 65


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")  # noqa: PTH110 - a device
def test_a_log_that_is_full_stops_no_apply(filled: Project) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        assert code_of(filled, *APPLY, stdout=subprocess.DEVNULL, stderr=full) == 0
    assert filled.plan()["operations"] == []


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_from_the_start_lead_nowhere(filled: Project, closed: str) -> None:
    words = f'exec "$0" apply --embedded --auto-approve {closed}'
    with filled.spawn("-c", words, str(COMMAND), command=("sh",)) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert filled.plan()["operations"] == []


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_what_is_read_is_all_there(filled: Project, unbuffered: str) -> None:
    """The streams are ours: nothing is lost or encoded otherwise, and stdout is written before we end."""
    filled.picture("pictures/größe.png", (7, 7, 7))
    environ = {**os.environ, "PYTHONUNBUFFERED": unbuffered, "LC_ALL": "C", "PYTHONIOENCODING": "latin-1"}
    command = [sys.executable, "-m", "picsellia_apply", "plan", "--embedded"]
    done = subprocess.run(command, cwd=filled.folder, env=environ, capture_output=True, check=True)
    assert "größe.png" in done.stdout.decode()
    assert b"\r" not in done.stdout
    assert done.stdout.endswith(b"\n")
