"""What an apply records without doing anything on the platform, and how a plan says so."""

from __future__ import annotations

from dataclasses import replace

from picsellia_apply.model.declaration import Declaration
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.state import Resource, State
from picsellia_apply.planner import plan
from picsellia_apply.planner.digest import plan_digest
from picsellia_apply.render.verdict import verdict
from picsellia_apply.resolve import resolve
from tests.worlds import LAX, NOTHING, TARGET, apply, dataset, of_set, picture_set, planned, version


def world(description: str = "Cells", name: str = "d") -> Declaration:
    return Declaration(
        "root",
        picture_sets=(picture_set("s", ("a.jpg", "b.jpg"), ("t",)),),
        datasets=(dataset(name, version("first", of_set("s")), description=description),),
    )


def applied() -> tuple[State, Inventory]:
    return apply(planned(world()), State(), NOTHING)


def edited(state: State, description: str) -> State:
    resources = {**state.resources, "dataset/d": Resource({"description": description})}
    return replace(state, resources=resources)


def test_a_platform_that_matches_records_nothing() -> None:
    made = planned(world(), *applied())
    assert (made.operations, made.recorded, made.outcome) == ((), {}, "no_changes")
    assert verdict(made) == "No changes. The platform matches the manifests."


def test_an_adoption_is_recorded_and_counts_as_a_change() -> None:
    state, _ = applied()
    made = planned(world(), state)
    assert made.operations == ()
    assert made.recorded["dataset/d"] == "adopted"
    assert made.outcome == "changes"
    assert verdict(made) == "Nothing to change on the platform; apply records: 5 addresses adopted."
    _, inventory = apply(made, state, NOTHING)
    assert planned(world(), state, inventory).outcome == "no_changes"


def test_a_takeover_is_recorded_at_every_address() -> None:
    state, _ = applied()
    state = replace(state, owners={"dataset/d": "other", "version/d@first": "other"})
    desired = resolve(world(), state, NOTHING)
    made = plan(desired, state, NOTHING, replace(LAX, takeovers=frozenset({"dataset/d"})), TARGET)
    assert {one for one, why in made.recorded.items() if why == "taken over"} == {"dataset/d", "version/d@first"}
    assert "2 addresses taken over" in verdict(made)


def test_a_preference_for_the_platform_is_recorded_once_and_then_kept() -> None:
    state, inventory = applied()
    state = edited(state, "theirs")
    remote = replace(LAX, prefer=frozenset({"remote:dataset/d"}))
    desired = resolve(world("ours"), state, inventory)
    made = plan(desired, state, inventory, remote, TARGET)
    assert made.recorded == {"dataset/d": "preferred"}
    said = "Nothing to change on the platform; apply records: 1 address left as on the platform."
    assert verdict(made) == said
    _, inventory = apply(made, state, inventory)
    after = planned(world("ours"), state, inventory)
    assert (after.recorded, after.outcome) == ({}, "no_changes")
    assert verdict(after) == "No changes to make; 1 difference is kept."


def test_a_move_is_recorded() -> None:
    state, inventory = applied()
    moved = replace(state, moved={"dataset/d": "dataset/old"})
    made = planned(world(), moved, inventory)
    assert made.recorded == {"dataset/d": "moved"}
    assert verdict(made) == "Nothing to change on the platform; apply records: 1 address moved."


def test_what_is_recorded_is_told_only_where_nothing_is_done_and_is_in_the_digest() -> None:
    assert planned(world()).recorded == {}
    state, _ = applied()
    made = planned(world(), state)
    assert plan_digest(replace(made, recorded={})) != made.digest
