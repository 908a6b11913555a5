"""An inventory made again: the next plan is empty where nothing differs, and nothing in it is ever ours to delete."""

from __future__ import annotations

from dataclasses import replace

import pytest

from picsellia_apply.model.declaration import Declaration, Network, TagQuery
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.state import Lake, Resource, State
from picsellia_apply.planner.rebuilt import rebuilt
from picsellia_apply.resolve import resolve
from tests.worlds import (
    LAX,
    NOTHING,
    apply,
    box,
    dataset,
    names,
    of_set,
    of_tags,
    picture_set,
    place,
    planned,
    source,
    version,
)

PRUNE = replace(LAX, prune=True, allowances=frozenset({"empty:workspace/demo"}))


def world(*, frozen: bool = False) -> Declaration:
    boxes = source({"a": [box("car")], "b": [box("car", 3), box("car", 60)], "c": []})
    first = version("first", of_set("s"), boxes, frozen=frozen)
    second = replace(version("second", of_tags("t"), origin="first"), protect=True)
    return Declaration(
        ".",
        picture_sets=(picture_set("s", ["a", "b", "c"], ["t"]),),
        queries=(TagQuery("q", place(), ("t",), add=("seen",), remove=("raw",)),),
        datasets=(dataset("D", first, second, description="x", private=True),),
        networks=(Network("n", place(), {"type": "detection", "description": "y"}),),
    )


def again(declaration: Declaration, state: State) -> Inventory:
    records = rebuilt(resolve(declaration, state, NOTHING), state, shows_labels=True)
    return Inventory("demo", 0, records)


@pytest.mark.parametrize("frozen", [True, False])
def test_the_next_plan_is_empty_and_a_prune_of_everything_deletes_nothing(*, frozen: bool) -> None:
    state, inventory = apply(planned(world(frozen=frozen)), State(), NOTHING)
    found = again(world(frozen=frozen), state)
    assert found.records.keys() == inventory.records.keys()
    assert not any(record.created for record in found.records.values())
    assert found.records["version/D@second"].protected
    plan = planned(world(frozen=frozen), state, found, PRUNE)
    assert (plan.operations, plan.conflicts, plan.blocked) == ((), (), ())
    everything = planned(Declaration("."), state, found, PRUNE)
    assert everything.operations == ()
    thinner = planned(replace(world(), picture_sets=(picture_set("s", ["a"], []),), queries=()), state, found, PRUNE)
    assert [one for one in thinner.operations if one.action == "delete"] == []


def test_what_is_not_as_declared_is_left_to_the_next_plan() -> None:
    state, _ = apply(planned(world()), State(), NOTHING)
    resources = dict(state.resources)
    resources["network/n"] = Resource({"type": "detection", "description": "theirs"})
    del resources["label/D@first/car/rectangle"]
    held = dict(resources["annotations/D@first"].members)
    resources["annotations/D@first"] = Resource(members={**held, "a": (*held["a"], box("car", 500))})
    lake = Lake({name: sha for name, sha in state.lake.pictures.items() if name != "c"}, state.lake.tags)
    state = replace(state, lake=lake, resources=resources)
    found = again(world(), state)
    assert found.records["network/n"].fields == {"type": "detection"}
    assert "label/D@first/car/rectangle" not in found.records
    assert found.records["annotations/D@first"].members.keys() == {"b", "c"}
    assert found.records["pictures/s"].members.keys() == {"a", "b"}
    plan = {one.address: one for one in planned(world(), state, found, PRUNE).operations}
    assert plan["network/n"].reason == "adopt: description differs from the manifest"
    assert plan["pictures/s"].members.add.keys() == {"c"}
    assert all(one.action != "delete" for one in plan.values())


def test_what_others_own_is_left_out() -> None:
    state, _ = apply(planned(world()), State(), NOTHING)
    found = again(world(), replace(state, owners={"network/n": "theirs"}))
    assert "network/n" not in found.records


def test_what_an_adopted_version_took_over_is_no_addition_and_what_a_person_put_there_is() -> None:
    declared = Declaration(
        ".",
        picture_sets=(picture_set("s", ["a", "b", "c", "d"]),),
        datasets=(dataset("D", version("first", names("a", "b")), version("second", names("a"), origin="first")),),
    )
    state, _ = apply(planned(declared), State(), NOTHING)
    found = again(declared, state)
    assert planned(declared, state, found).notices == ()
    there = state.resources["version/D@second"]
    more = replace(there, members={**there.members, "d": None})
    (told,) = planned(declared, replace(state, resources={**state.resources, "version/D@second": more}), found).notices
    assert (told.address, told.names) == ("version/D@second", ("d",))
