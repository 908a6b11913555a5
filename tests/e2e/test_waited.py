"""An apply that had to wait for another one plans again: what it then does, or why it does not, is shown."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.test_lease import APPLY, applying, ended, fill, unlock
from tests.processes import ended as is_ended
from tests.processes import told_at_the_end, wait_for_file

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

POLICY = "apiVersion: picsellia-apply/v1\nkind: Policy\nmetadata: {{name: p}}\nspec: {}\n"
WHY = "Somebody else applied meanwhile: planned again."


@pytest.fixture
def filled(project: Project) -> Project:
    return fill(project)


@contextlib.contextmanager
def waited(
    project: Project, *arguments: str, meanwhile: Callable[[], object] = lambda: None
) -> Iterator[subprocess.Popen[str]]:
    """Begin an apply that waits for another one, do something meanwhile, and let that one end."""
    with applying(project) as first, project.spawn(*APPLY, "--lock-timeout", "60", *arguments) as second:
        try:
            assert second.stderr is not None
            assert "waiting up to " in second.stderr.readline()
            meanwhile()
            assert ended(first)[0] == 0
            yield second
        finally:
            if second.poll() is None:
                second.kill()


def told(project: Project, *arguments: str, **options: Any) -> tuple[int, str, str]:
    with waited(project, *arguments, **options) as process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_the_plan_that_is_done_is_shown_after_why_there_is_another(filled: Project) -> None:
    code, out, err = told(filled, meanwhile=lambda: filled.picture("pictures/new.png", (9, 9, 9)))
    assert code == 0, err
    first, why, second = out.partition(WHY)
    assert (why, "+4 pictures" in first) == (WHY, True), out
    assert "Plan: " in second
    assert "+1 picture" in second
    assert "new.png" in second


def test_the_same_plan_is_not_shown_twice(filled: Project) -> None:
    fill(filled)
    filled.run("plan", "--embedded", "--out", "p.json")
    with applying(filled, "p.json") as first:
        second = filled.spawn(*APPLY, "--lock-timeout", "60", "p.json")
        assert second.stderr is not None
        assert "waiting up to " in second.stderr.readline()
        assert ended(first)[0] == 0
        out, err = second.communicate(timeout=60)
    assert second.returncode == 0, err
    assert WHY not in out


def test_a_program_that_reads_the_events_gets_the_second_plan(filled: Project) -> None:
    code, out, err = told(filled, "--format", "json", meanwhile=lambda: filled.picture("pictures/new.png", (9, 9, 9)))
    assert code == 0, err
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events[:3]] == ["plan", "log", "plan"]
    first, why, second = events[:3]
    assert why["message"] == WHY.rstrip(".").replace("S", "s", 1)
    assert first["digest"] != second["digest"]
    assert (first["summary"]["create"] > 0, second["summary"]["create"]) == (True, 0)
    done = sum(event["event"] == "finished" for event in events)
    assert done == second["operations"] == events[-1]["operations"]["done"]


@pytest.mark.parametrize("form", ["human", "json"])
def test_which_refusal_holds_up_the_second_plan_is_shown(filled: Project, form: str) -> None:
    policy = POLICY.format("{requiredLabels: [bus]}")
    code, out, err = told(filled, "--format", form, meanwhile=lambda: filled.write("policy.yaml", policy))
    assert code == 4, err
    if form == "human":
        _, _, second = out.partition(WHY)
        assert "has no label `bus`" in second
        assert "Nothing was written" in second
    else:
        first, _, second_plan, result = map(json.loads, out.splitlines())
        assert (first["refusals"], result["ended"]) == ([], "refused")
        assert [one["address"] for one in second_plan["refusals"]] == ["policy/p"]
    assert "no lease is held" in unlock(filled).out


def test_pictures_that_only_the_second_plan_needs_must_be_here(filled: Project) -> None:
    filled.write("all.yaml", (filled.folder / "all.yaml").read_text().replace("tags:", "index: s.index, tags:"))
    assert filled.run("index").code == 0

    def meanwhile() -> None:
        new = filled.picture("pictures/new.png", (9, 9, 9))
        assert filled.run("index").code == 0
        new.unlink()

    code, out, err = told(filled, meanwhile=meanwhile)
    assert code == 65, out + err
    assert "new.png" in err
    assert "no lease is held" in unlock(filled).out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_can_be_interrupted_while_a_program_judges_the_second_plan(filled: Project, number: signal.Signals) -> None:
    def meanwhile() -> None:
        filled.write("policy.yaml", POLICY.format("{exec: [./wait.sh]}"))
        filled.write("wait.sh", "#!/bin/sh\necho $$ > begun.new; mv begun.new begun\nexec sleep 600\n").chmod(0o755)

    filled.monkeypatch.setenv("PYTHONFAULTHANDLER", "1")
    with waited(filled, meanwhile=meanwhile) as process:
        child = int(wait_for_file(filled.folder / "begun", process))
        process.send_signal(number)
        _, err = told_at_the_end(process)
    assert process.returncode == 130, err
    assert is_ended(child)
    assert "no lease is held" in unlock(filled).out
