"""Events of an apply as NDJSON: every line fits the published schema, none is lost, and they do not flood."""

from __future__ import annotations

import json
import threading
from typing import Any

import jsonschema
import pytest

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.executor import Advanced, Finished, Started
from picsellia_apply.model.plan import Blocked, Bytes, Conflict, Members, Operation, Plan, Refusal, Target
from picsellia_apply.model.result import OperationResult, Result
from picsellia_apply.planner.digest import sealed
from picsellia_apply.render.ndjson import EventStream, events_schema, fault_of
from picsellia_apply.source import Position

PLAN = sealed(
    Plan(
        Target("embedded", "local", "demo"),
        operations=(Operation("pictures/s", "create", "new", members=Members(add={"a.jpg": Bytes("r", "0", 1)})),),
        blocked=(Blocked("pictures/s", "content differs", "one\nof them", ("a\u2028b.jpg",)),),
        conflicts=(Conflict("dataset/D", "description", None, "ours", "theirs"),),
        refusals=(Refusal("policy", "policy/p", "no\nway", ""),),
        limits=("one",),
    )
)


SCHEMA = jsonschema.Draft202012Validator(events_schema())


class Lines:
    """Collects what is written; time stands still until it is moved."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.time = 0.0
        self.stream = EventStream(self.written.append, clock=lambda: self.time, now=lambda: "2026-11-22T15:00:00.000Z")

    def events(self) -> list[Any]:
        assert all(line.count(b"\n") == 1 and line.endswith(b"\n") for line in self.written)
        events = [json.loads(line) for line in self.written]
        for event in events:
            SCHEMA.validate(event)
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        return events


def result(status: Any = "done", **fields: Any) -> OperationResult:
    return OperationResult("pictures/s", "create", status, **fields)


def test_an_apply_from_its_plan_to_its_result() -> None:
    lines = Lines()
    lines.stream.plan(PLAN)
    lines.stream(Started("pictures/s", "create", 3, 300))
    done = result(done=2, bytes_sent=200, error="1 of its members failed", failures={"c.jpg": "gone"})
    lines.stream(Finished(done))
    lines.stream.log("warning", "slow down")
    lines.stream.result(3, "partly", Result((done, result("skipped")), 1.23456, 7))
    plan, started, finished, log, ended = lines.events()
    assert plan["event"] == "plan"
    assert plan["digest"] == PLAN.digest
    assert plan["operations"] == 1
    assert plan["refusals"][0]["address"] == "policy/p"
    assert (started["members"], started["size"]) == (3, 300)
    assert finished["failures"] == {"c.jpg": "gone"}
    assert (log["level"], log["message"]) == ("warning", "slow down")
    assert ended["operations"] == {"done": 1, "skipped": 1}
    assert (ended["exit_code"], ended["ended"], ended["seconds"]) == (3, "partly", 1.235)
    assert {event["format_version"] for event in lines.events()} == {1}


def test_advances_are_summed_and_come_at_most_once_a_second() -> None:
    lines = Lines()
    lines.stream(Started("pictures/s", "create", 100, 1000))
    for step in range(100):
        lines.time = step * 0.05
        lines.stream(Advanced("pictures/s", 1, 10))
    advanced = [event for event in lines.events() if event["event"] == "advanced"]
    assert [event["done"] for event in advanced] == [21, 41, 61, 81]
    assert [event["bytes_sent"] for event in advanced] == [210, 410, 610, 810]
    assert {event["members"] for event in advanced} == {100}


def test_each_operation_has_its_own_pace() -> None:
    lines = Lines()
    for address in ("file/n/a", "file/n/b"):
        lines.stream(Started(address, "create", 1, 10))
    lines.time = 1.0
    for address in ("file/n/a", "file/n/b"):
        lines.stream(Advanced(address, 0, 5))
    assert [event["address"] for event in lines.events()[2:]] == ["file/n/a", "file/n/b"]


def test_threads_do_not_mix_their_lines() -> None:
    lines = Lines()

    def tell() -> None:
        for _ in range(50):
            lines.stream.log("error", "x" * 500)

    threads = [threading.Thread(target=tell) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lines.events()) == 100


@pytest.mark.parametrize("text", ["caf\udce9.jpg", "a\nb", "\x1b[31m", "\u202e", '"'])
def test_any_text_can_be_told(text: str) -> None:
    lines = Lines()
    lines.stream.log("warning", text)
    lines.stream(Finished(result("failed", error=text, failures={text: text})))
    found = (Diagnostic("M031", Severity.error, text, Position(text, 1, 2), text),)
    lines.stream.result(65, "error", Result(), fault_of(text, text, found))
    assert len(lines.events()) == 3


def test_of_diagnostics_only_the_errors_are_a_fault() -> None:
    found = (Diagnostic("M031", Severity.error, "bad"), Diagnostic("Q003", Severity.warning, "odd"))
    assert [one.code for one in fault_of("1 error", "", found).diagnostics] == ["M031"]
