"""In which steps a plan is executed."""

from __future__ import annotations

import pytest

from picsellia_apply.executor.order import steps
from picsellia_apply.model.plan import Action, Operation, Plan, Target


def op(address: str, *needs: str, action: Action = "create") -> Operation:
    return Operation(address, action, "new", needs=needs)


def plan(*operations: Operation) -> Plan:
    return Plan(Target("embedded", "acme", "demo"), operations)


def addresses(made: Plan) -> list[set[str]]:
    return [{operation.address for operation in level} for level in steps(made).levels]


def test_what_is_needed_comes_first_whatever_the_order_written() -> None:
    made = plan(
        op("label/d@first/car/polygon", "version/d@first"),
        op("version/d@first", "pictures/s", "pictures/s/t"),
        op("pictures/s/t", "pictures/s"),
        op("pictures/s"),
        op("network/n"),
    )
    assert addresses(made) == [
        {"pictures/s", "network/n"},
        {"pictures/s/t"},
        {"version/d@first"},
        {"label/d@first/car/polygon"},
    ]


def test_a_datasets_creation_rides_on_its_first_version() -> None:
    made = plan(
        op("dataset/d", "pictures/q"),
        op("version/d@first", "dataset/d", "pictures/s"),
        op("version/d@second", "dataset/d"),
        op("pictures/s"),
        op("pictures/q"),
    )
    ordered = steps(made)
    assert ordered.riders == {"version/d@first": made.operations[0]}
    assert addresses(made) == [{"pictures/s", "pictures/q"}, {"version/d@first"}, {"version/d@second"}]
    assert ordered.needs["version/d@second"] == {"version/d@first"}


def test_a_dataset_that_is_there_carries_nothing() -> None:
    made = plan(op("dataset/d", action="update"), op("version/d@next", "dataset/d"))
    assert steps(made).riders == {}
    assert addresses(made) == [{"dataset/d"}, {"version/d@next"}]


def test_deletes_come_after_everything_else_in_their_own_order() -> None:
    made = plan(
        op("dataset/old", "version/old@a", action="delete"),
        op("version/old@a", action="delete"),
        op("network/n"),
        op("file/n/k", "network/n"),
    )
    assert addresses(made) == [{"network/n"}, {"file/n/k"}, {"version/old@a"}, {"dataset/old"}]


def test_needs_outside_the_plan_are_met_already() -> None:
    assert addresses(plan(op("version/d@first", "pictures/s"))) == [{"version/d@first"}]


def test_a_circle_is_a_fault_of_the_planner() -> None:
    with pytest.raises(ValueError, match="circle"):
        steps(plan(op("network/a", "network/b"), op("network/b", "network/a")))
