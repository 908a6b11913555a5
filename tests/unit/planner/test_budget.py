"""What counts in the update budget of what a TagQuery takes off pictures of others."""

from __future__ import annotations

from dataclasses import replace

from picsellia_apply.model.declaration import Declaration, TagQuery
from picsellia_apply.model.state import Lake, State
from tests.worlds import LAX, NOTHING, picture_set, place, planned, sha


def lake(*names: str, **tags: set[str]) -> State:
    return State(Lake({name: sha(name) for name in names}, {tag: frozenset(found) for tag, found in tags.items()}))


def test_a_removing_query_counts_in_the_update_budget() -> None:
    names = [f"{row:02}.jpg" for row in range(30)]
    query = TagQuery("q", place(), ("drone",), 1.0, (), ("gold",))
    told = Declaration("root", picture_sets=(picture_set("cells", names, ["drone"]),), queries=(query,))
    there = lake(*names, drone=set(names), gold=set(names))
    plan = planned(told, there, NOTHING, replace(LAX, update_percent=50))
    operation = next(one for one in plan.operations if one.address == "query/q/gold")
    assert (operation.action, operation.impact) == ("update", "-30 pictures")
    assert [(one.rule, one.address) for one in plan.refusals] == [("update_percent", "query/q/gold")]
    few = planned(told, lake(*names, drone=set(names), gold=set(names[:9])), NOTHING, replace(LAX, update_percent=50))
    assert few.refusals == ()


def test_what_two_queries_take_off_one_picture_is_taken_and_counted_once() -> None:
    names = [f"{row:02}.jpg" for row in range(12)]
    queries = tuple(TagQuery(name, place(), (name,), 1.0, (), ("gold",)) for name in ("day", "night"))
    there = lake(*names, day=set(names[:8]), night=set(names[4:]), gold=set(names))
    plan = planned(Declaration("root", queries=queries), there, NOTHING, replace(LAX, update_percent=50))
    assert [(one.address, one.members.remove) for one in plan.operations] == [
        ("query/day/gold", tuple(names[:8])),
        ("query/night/gold", tuple(names[8:])),
    ]
    assert plan.refusals[1].message == (
        "changes 4 tags on pictures; the plan changes 100.0 % of 12 tags on pictures; the budget is 50 %"
    )
