"""`apply --format json` as a program reads it: events at once, a result whatever happens, exit codes in both places."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.e2e.conftest import Platform, Project, Ran

MANIFESTS = """\
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {name: s}
spec: {from: pictures, tags: [t]}
---
apiVersion: picsellia-apply/v1
kind: Network
metadata: {name: n}
spec: {type: detection}
"""
POLICY = "apiVersion: picsellia-apply/v1\nkind: Policy\nmetadata: {name: p}\nspec: {exec: [./wait.sh]}\n"
APPLY = ("apply", "--auto-approve", "--format", "json")
SLOW = Path(__file__).with_name("paused.py")


@pytest.fixture
def filled(project: Project) -> Project:
    project.write("all.yaml", MANIFESTS)
    for number in range(3):
        project.picture(f"pictures/p{number}.png", (number * 20, 100, 200))
    return project


def names(ran: Ran) -> list[str]:
    return [event["event"] for event in ran.events]


def test_every_line_is_an_event_of_the_published_schema(filled: Project) -> None:
    schema = jsonschema.Draft202012Validator(filled.run("schema", "--events").json)
    first = filled.run(*APPLY)
    again = filled.run(*APPLY)
    assert (first.code, again.code) == (0, 0)
    for ran in (first, again):
        for event in ran.events:
            schema.validate(event)
        assert [event["seq"] for event in ran.events] == list(range(1, len(ran.events) + 1))
    assert names(again) == ["plan", "result"]
    started = [event["address"] for event in first.events if event["event"] == "started"]
    assert sorted(started) == sorted(event["address"] for event in first.finished)
    assert sorted(started) == ["network/n", "pictures/s", "pictures/s/t"]
    assert first.events[-1]["exit_code"] == 0
    assert not first.err


def waiting(project: Project) -> subprocess.Popen[str]:
    """Begin an apply that waits inside its first write; returns once it is there."""
    process = project.spawn(*APPLY, command=(sys.executable, str(SLOW)), stdin=subprocess.PIPE)
    assert process.stderr is not None
    while "paused" not in process.stderr.readline():
        assert process.poll() is None
    return process


def test_events_come_while_it_runs(filled: Project) -> None:
    process = waiting(filled)
    assert process.stdout is not None
    plan, started = (json.loads(process.stdout.readline()) for _ in range(2))
    assert process.poll() is None
    assert plan["event"] == "plan"
    assert (started["event"], started["address"], started["members"]) == ("started", "pictures/s", 3)
    rest, err = process.communicate("go\n", timeout=60)
    assert process.returncode == 0, err
    assert json.loads(rest.splitlines()[-1])["event"] == "result"


def test_a_reader_that_goes_away_does_not_stop_the_apply(filled: Project) -> None:
    process = waiting(filled)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.close()
    assert process.stderr is not None
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 0, err
    assert "Traceback" not in err
    assert filled.plan()["operations"] == []


def test_an_interrupt_is_in_the_result(filled: Project) -> None:
    process = waiting(filled)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate("go\n", timeout=60)
    assert process.returncode == 130, err
    result = json.loads(out.splitlines()[-1])
    assert (result["event"], result["exit_code"], result["ended"]) == ("result", 130, "interrupted")
    assert result["operations"]["interrupted"] > 0


def test_stopped_at_once_it_still_ends_with_a_result(filled: Project) -> None:
    """Ctrl-C twice: the second one ends the process inside its first write."""
    schema = jsonschema.Draft202012Validator(filled.run("schema", "--events").json)
    process = waiting(filled)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert process.stdout is not None
    while "in flight" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    events = [json.loads(line) for line in process.stdout]
    process.communicate(timeout=60)
    for event in events:
        schema.validate(event)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert [event["event"] for event in events].count("result") == 1
    result = events[-1]
    assert (result["event"], result["exit_code"], result["ended"]) == ("result", 130, "interrupted")
    assert result["operations"] == {"interrupted": 3}
    assert result["requests"] > 0
    filled.apply()
    assert filled.plan()["operations"] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_plans_is_in_the_result(filled: Project, number: signal.Signals) -> None:
    filled.write("all.yaml", f"{MANIFESTS}---\n{POLICY}")
    filled.write("wait.sh", "#!/bin/sh\necho judging >&2\ntouch begun\nsleep 60\n").chmod(0o755)
    process = filled.spawn(*APPLY)
    while not (filled.folder / "begun").exists():
        with contextlib.suppress(subprocess.TimeoutExpired):
            assert process.wait(0.05) is None
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    (result,) = [json.loads(line) for line in out.splitlines()]
    assert (result["event"], result["exit_code"], result["ended"]) == ("result", 130, "interrupted")


def ended(ran: Ran, code: int, how: str) -> Any:
    """Check that the command ended so, and that its last event says the same; return that event."""
    result = ran.events[-1]
    assert ran.code == result["exit_code"] == code, ran.err
    assert (result["event"], result["ended"]) == ("result", how)
    return result


def test_whatever_ends_it_there_is_a_result(filled: Project) -> None:
    policy = "apiVersion: picsellia-apply/v1\nkind: Policy\nmetadata: {name: p}\nspec: {exec: [no-such]}\n"
    filled.write("more.yaml", policy)
    assert names(filled.run(*APPLY)) == ["plan", "result"]
    ended(filled.run(*APPLY), 4, "refused")
    (filled.folder / "more.yaml").unlink()
    stale = ended(filled.run(*APPLY, "--expect", "sha256:" + "0" * 64), 6, "error")
    assert "expected" in stale["error"]["message"]
    usage = ended(filled.run(*APPLY, "nowhere.yaml"), 64, "error")
    assert "nowhere.yaml" in usage["error"]["message"]
    assert ended(filled.run("apply", "--format", "json"), 64, "error")["error"]["hint"]
    filled.write("all.yaml", MANIFESTS.replace("tags:", "tag:"))
    bad = ended(filled.run(*APPLY), 65, "error")
    assert [(one["code"], one["position"]["file"]) for one in bad["error"]["diagnostics"]] == [("M009", "all.yaml")]


def test_what_fails_is_told_by_member(filled: Project) -> None:
    filled.write("more.yaml", MANIFESTS.partition("---")[0].replace("name: s", "name: z").replace("pictures", "more"))
    filled.picture("more/q1.png", (1, 1, 1))
    filled.picture("more/q2.png", (2, 2, 2))
    process = waiting(filled)
    filled.picture("more/q1.png", (9, 9, 9), size=(20, 20))
    out, err = process.communicate("go\n", timeout=60)
    events = [json.loads(line) for line in out.splitlines()]
    assert process.returncode == events[-1]["exit_code"] == 3, err
    assert events[-1]["ended"] == "partly"
    finished = {event["address"]: event for event in events if event["event"] == "finished"}
    assert finished["pictures/s"]["status"] == "done"
    assert finished["pictures/z"]["status"] == "failed"
    assert set(finished["pictures/z"]["failures"]) == {"q1.png"}
    assert finished["pictures/z/t"]["status"] == "skipped"


def test_an_unreachable_platform_is_in_the_result(filled: Project) -> None:
    with socket.socket() as deaf:  # bound, so that nobody else gets the port; it does not listen
        deaf.bind(("127.0.0.1", 0))
        host = f"http://127.0.0.1:{deaf.getsockname()[1]}/sdk/v2/"
        nobody = Platform(("--host", host), {"PICSELLIA_TOKEN": "t" * 40})
        result = ended(replace(filled, platform=nobody).run(*APPLY), 69, "error")
    assert result["error"]["message"]
