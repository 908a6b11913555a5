"""Two applies of one workspace, in real processes: one goes on, and nobody writes what he may not."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Platform, Project

MANIFESTS = """\
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {name: s}
spec: {from: pictures, tags: [t]}
---
apiVersion: picsellia-apply/v1
kind: Dataset
metadata: {name: D}
spec:
  labels: [{name: car, type: rectangle}]
  versions:
    - {name: first, pictures: {set: s}}
"""
TTL = "PICSELLIA_LEASE_TTL"
PAUSED = (sys.executable, str(Path(__file__).with_name("paused.py")))
APPLY = ("apply", "--auto-approve")

Paused = Callable[..., contextlib.AbstractContextManager["subprocess.Popen[str]"]]


@pytest.fixture(params=["embedded", "served", "plain"])
def project(request: pytest.FixtureRequest, project: Project) -> Project:
    if request.param == "embedded":
        return fill(project)
    served: Callable[..., Platform] = request.getfixturevalue("served")
    return fill(replace(project, platform=served(*(["--plain"] if request.param == "plain" else []))))


def fill(project: Project) -> Project:
    project.write("all.yaml", MANIFESTS)
    for number in range(4):
        project.picture(f"pictures/p{number}.png", (number * 20, 100, 200))
    return project


@contextlib.contextmanager
def applying(project: Project, *arguments: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Run an apply that pauses before its first picture; whatever happens, it ends with the block."""
    with project.spawn(*APPLY, *arguments, command=PAUSED, stdin=subprocess.PIPE, **options) as process:
        try:
            assert process.stderr is not None
            said = [""]
            while said[-1] != "paused\n":
                said.append(process.stderr.readline())
                assert said[-1], "".join(said)
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def ended(process: subprocess.Popen[str], said: str = "\n") -> tuple[int, str]:
    """Let a paused apply go on, and return how it ended and what it said on stderr."""
    _, err = process.communicate(said, timeout=60)
    return process.returncode, err


def unlock(project: Project, *arguments: str) -> Any:
    return project.run("unlock", *project.platform.options, *arguments)


def held(project: Project) -> bool:
    out: str = unlock(project).out
    return "no lease is held" not in out


def pictures(project: Project) -> int:
    with project.client() as client:
        return len(client.reader.all_pictures().names)


def settled(project: Project) -> None:
    assert project.plan()["operations"] == []
    assert pictures(project) == 4
    assert not held(project)


def test_of_two_applies_one_goes_on_and_one_is_told_who_and_how_long(project: Project) -> None:
    with applying(project) as first:
        second = project.run(*APPLY)
        assert second.code == 5
        who = rf"by \S+ on .+ \(process {first.pid}\) since 20\d\d-\S+ \S+ UTC"
        assert re.search(f"error: workspace `default` is being applied {who}", second.err)
        assert re.search(r"; it expires in \d+ s unless it is renewed|, until that process ends", second.err)
        assert "`--lock-timeout SECONDS` waits for it" in second.err
        assert "picsellia-apply unlock" in second.err
        assert pictures(project) == 0
        assert project.run("plan").code == 0
        assert ended(first)[0] == 0
    settled(project)


def test_the_second_waits_plans_again_and_finds_everything_done(project: Project) -> None:
    with applying(project) as first, project.spawn(*APPLY, "--lock-timeout", "60") as second:
        assert second.stderr is not None
        assert "waiting up to " in second.stderr.readline()
        assert ended(first)[0] == 0
        _, err = second.communicate(timeout=60)
        assert (second.returncode, "planning again" in err) == (0, True), err
    settled(project)


def test_waiting_can_be_interrupted(project: Project) -> None:
    with applying(project) as first, project.spawn(*APPLY, "--lock-timeout", "60") as second:
        assert second.stderr is not None
        assert "waiting up to " in second.stderr.readline()
        second.send_signal(signal.SIGINT)
        _, err = second.communicate(timeout=60)
        assert (second.returncode, "interrupted" in err) == (130, True), err
        assert ended(first)[0] == 0
    settled(project)


def test_a_killed_holder_is_taken_over_at_once(project: Project) -> None:
    with applying(project) as first:
        first.kill()
    project.apply()
    settled(project)


def test_an_apply_whose_lease_was_broken_stops_before_its_next_write(project: Project) -> None:
    with applying(project) as first:
        refused = unlock(project)
        assert (refused.code, "there is no terminal" in refused.err) == (64, True)
        broken = unlock(project, "--auto-approve")
        assert (broken.code, f"(process {first.pid})" in broken.out) == (0, True)
        assert "The lease is broken" in broken.out
        code, err = ended(first)
        assert code == 5, err
        assert re.search(r"error: the lease of workspace `default` was broken by \S+; this apply stopped before", err)
        assert "run it again, it is safe" in err
        assert pictures(project) == 0
    project.apply()
    settled(project)


def test_one_that_was_stopped_for_longer_than_its_lease_writes_nothing_more(project: Project) -> None:
    clock = replace(project, platform=replace(project.platform, environ={**project.platform.environ, TTL: "1"}))
    with applying(clock) as first:
        first.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, first.pid, os.WSTOPPED | os.WNOWAIT)
        if project.platform.data is not None:  # the kernel keeps the lock for a process that only sleeps
            assert project.run(*APPLY, "--lock-timeout", "2").code == 5
            assert unlock(project, "--auto-approve").code == 0
        project.apply("--lock-timeout", "60")
        project.write("more.txt", "")
        project.picture("pictures/more.png", (9, 9, 9))
        project.apply()
        first.send_signal(signal.SIGCONT)
        code, err = ended(first)
        assert code == 5, err
        assert "this apply stopped before its next write" in err
    (project.folder / "pictures/more.png").unlink()
    assert project.plan()["operations"] == []
    assert pictures(project) == 5


@pytest.mark.parametrize("times", [1, 2])
def test_an_interrupted_apply_gives_its_lease_back(project: Project, times: int) -> None:
    with applying(project) as first:
        assert first.stderr is not None
        first.send_signal(signal.SIGINT)
        while "finishing what is in flight" not in first.stderr.readline():
            pass
        assert held(project)
        if times == 2:
            first.send_signal(signal.SIGINT)
        code, err = ended(first) if times == 1 else (first.wait(timeout=60), first.stderr.read())
        assert code == 130, err
    assert "no lease is held\n" in unlock(project).out
    project.apply()
    settled(project)


def test_unlock_makes_nothing_and_says_that_no_lease_is_held(project: Project) -> None:
    before = set(project.folder.rglob("*"))
    ran = unlock(project)
    assert (ran.code, ran.out) == (0, "workspace `default`: no lease is held\n")
    assert set(project.folder.rglob("*")) == before


def test_unlock_works_while_a_manifest_is_at_fault(project: Project) -> None:
    workspace = "apiVersion: picsellia-apply/v1\nkind: Workspace\nmetadata: {name: prod}\nspec:"
    project.write("broken.yaml", workspace.replace("Workspace", "Dataset") + " {nope: 1}\n")
    project.write("w.yaml", f"{workspace} {{prune: false}}\n")
    assert unlock(project).out == "workspace `prod`: no lease is held\n"
    assert unlock(project, "--workspace", "nope").code == 65
    project.write("w.yaml", f"{workspace} {{hots: x}}\n")
    ran = unlock(project)
    assert (ran.code, "hots" in ran.err) == (65, True)


@pytest.mark.parametrize("said", ["0", "x", "1.5", "4000", "٣"])
def test_a_time_that_no_lease_can_have_is_refused(project: Project, said: str) -> None:
    project.monkeypatch.setenv(TTL, said)
    ran = project.run(*APPLY)
    assert (ran.code, TTL in ran.err) == (64, True)
    assert pictures(project) == 0
