"""Whether a saved plan still holds: nothing is done that was not reviewed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from picsellia_apply.errors import StalePlan
from picsellia_apply.executor.staleness import narrowed
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.plan import (
    Blocked,
    Bytes,
    Conflict,
    FieldChange,
    Members,
    ObjectChange,
    Operation,
    Plan,
    Target,
)

UPLOAD = Operation(
    "pictures/s",
    "create",
    "new",
    members=Members(add={"a": Bytes("pictures/s:a", "a" * 64, 1), "b": Bytes("pictures/s:b", "b" * 64, 2)}),
)
NETWORK = Operation("network/n", "update", "manifest changed", diff=(FieldChange("description", "Draft", "Detector"),))
OBJECTS = Operation("annotations/d@v", "update", "x", members=Members(objects={"a": ObjectChange(None, ("1",))}))
SAVED = Plan(Target("embedded", "acme", "demo"), (UPLOAD, NETWORK, OBJECTS))


def test_the_same_plan_holds() -> None:
    assert narrowed(SAVED, SAVED) is SAVED


def test_what_is_there_already_is_not_done_again() -> None:
    rest = replace(UPLOAD, action="update", members=Members(add={"b": UPLOAD.members.add["b"]}))
    now = replace(SAVED, operations=(rest,), inventory_serial=3)
    assert narrowed(SAVED, now) is now


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        (Operation("network/m", "create", "new"), "network/m"),
        (replace(NETWORK, action="delete"), "network/n` would be deleted"),
        (replace(NETWORK, diff=(FieldChange("description", "Other", "Detector"),)), "'Draft' .* 'Other'"),
        (replace(NETWORK, diff=(FieldChange("description", "Draft", "Else"),)), "'Detector' .* 'Else'"),
        (replace(NETWORK, diff=(FieldChange("framework", "a", "b"),)), "framework"),
        (replace(UPLOAD, members=Members(add={"a": Bytes("pictures/s:a", "c" * 64, 1)})), "1 member would be added"),
        (replace(UPLOAD, members=Members(remove=("a",))), "removed"),
        (replace(OBJECTS, members=Members(objects={"a": ObjectChange(("0",), ("1",))})), "annotated"),
    ],
)
def test_whatever_was_not_reviewed_is_refused_by_name(operation: Operation, told: str) -> None:
    with pytest.raises(StalePlan, match=told):
        narrowed(SAVED, replace(SAVED, operations=(operation,)))


def test_a_conflict_or_a_block_that_is_new_is_refused() -> None:
    with pytest.raises(StalePlan, match="in conflict"):
        narrowed(SAVED, replace(SAVED, operations=(), conflicts=(Conflict("network/n", "description", 1, 2, 3),)))
    with pytest.raises(StalePlan, match="blocked"):
        narrowed(SAVED, replace(SAVED, operations=(), blocked=(Blocked("pictures/s", "content differs", "1 picture"),)))


def test_another_target_is_refused() -> None:
    with pytest.raises(StalePlan, match="prod"):
        narrowed(SAVED, replace(SAVED, target=Target("embedded", "acme", "prod")))


def test_what_is_no_longer_declared_is_not_taken_for_done() -> None:
    saved = replace(SAVED, records={"pictures/s": Record(members={"a": "1", "b": "2"})})
    now = replace(saved, operations=(), records={"pictures/s": Record(members={"b": "2"})})
    with pytest.raises(StalePlan, match="pictures/s"):
        narrowed(saved, now)
    adopted = Record(created=False, fields={"adopted": ["a"]}, members={"a": "1", "b": "2"})
    assert narrowed(saved, replace(now, records={"pictures/s": adopted}))
