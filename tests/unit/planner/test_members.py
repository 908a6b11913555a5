"""Pictures, tags and versions: sets against sets, and what is ours."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from picsellia_apply.model.declaration import Declaration, TagQuery
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.plan import Bytes, Plan, Policy
from picsellia_apply.model.state import Lake, Resource, State
from tests.worlds import (
    LAX,
    NOTHING,
    apply,
    box,
    dataset,
    of_set,
    of_tags,
    picture_set,
    place,
    planned,
    sha,
    source,
    version,
)

PRUNE = replace(LAX, prune=True)


def declared(**parts: object) -> Declaration:
    return Declaration("root", **parts)  # type: ignore[arg-type]


def addresses(plan: Plan) -> list[tuple[str, str]]:
    return [(operation.address, operation.action) for operation in plan.operations]


def lake(*names: str, **tags: set[str]) -> State:
    return State(Lake({name: sha(name) for name in names}, {tag: frozenset(found) for tag, found in tags.items()}))


CELLS = declared(picture_sets=(picture_set("cells", ["a.jpg", "b.jpg"], ["drone"]),))


def test_an_upload_says_which_bytes() -> None:
    plan = planned(CELLS, lake("a.jpg"))
    upload = plan.operations[0]
    assert (upload.address, upload.action) == ("pictures/cells", "update")
    assert upload.members.add == {"b.jpg": Bytes("pictures/cells:b.jpg", sha("b.jpg"), 20_000, 4, 3, 1)}
    assert upload.impact == "1 picture, 20.0 KB"
    assert [(n.kind, n.names) for n in plan.notices] == [("adopt", ("a.jpg",))]
    assert plan.records["pictures/cells"].fields == {"adopted": ["a.jpg"]}


def test_other_bytes_under_the_same_name_are_blocked_by_name() -> None:
    state = State(Lake({"a.jpg": sha("other"), "b.jpg": sha("b.jpg")}))
    plan = planned(CELLS, state)
    (blocked,) = plan.blocked
    assert (blocked.rule, blocked.names) == ("content differs", ("a.jpg",))
    assert plan.outcome == "blocked"
    assert plan.records["pictures/cells"].members.keys() == {"b.jpg"}
    assert [one.names for one in plan.notices if one.address == "pictures/cells"] == [("b.jpg",)]


def test_bytes_that_nobody_knows_are_counted_or_remembered() -> None:
    state = State(Lake({"a.jpg": None, "b.jpg": None}))
    plan = planned(CELLS, state)
    assert plan.limits == ("2 pictures and files not comparable: no digest known",)
    sent = Inventory("demo", 1, {"pictures/cells": Record(members={"a.jpg": sha("a.jpg"), "b.jpg": sha("older")})})
    plan = planned(CELLS, state, sent)
    assert plan.limits == ()
    assert plan.blocked[0].names == ("b.jpg",)


def test_what_a_person_deleted_stays_deleted_unless_it_is_restored() -> None:
    state, inventory = apply(planned(CELLS), State(), NOTHING)
    after = State(Lake({"b.jpg": sha("b.jpg")}, {"drone": frozenset({"b.jpg"})}))
    plan = planned(CELLS, after, inventory)
    assert plan.operations == ()
    assert [(n.kind, n.names) for n in plan.notices] == [("drift", ("a.jpg",))]
    assert "a.jpg" in plan.records["pictures/cells"].members
    restoring = declared(picture_sets=(picture_set("cells", ["a.jpg", "b.jpg"], ["drone"], restore=True),))
    plan = planned(restoring, after, inventory)
    assert addresses(plan) == [("pictures/cells", "update"), ("pictures/cells/drone", "update")]
    assert plan.operations[0].reason == "1 picture to restore"
    assert state.lake.pictures.keys() == {"a.jpg", "b.jpg"}


def test_a_picture_of_two_sets_is_uploaded_once_with_both_tags() -> None:
    both = declared(picture_sets=(picture_set("b", ["a.jpg"], ["x"]), picture_set("a", ["a.jpg"], ["x", "y"])))
    plan = planned(both)
    assert addresses(plan) == [("pictures/b", "create"), ("pictures/a/x", "create"), ("pictures/a/y", "create")]
    assert plan.operations[1].needs == ("pictures/b",)
    assert plan.records["pictures/a"] == Record()
    again = planned(both, *apply(plan, State(), NOTHING))
    assert again.operations == ()
    assert again.records["pictures/a"] == Record(members={"a.jpg": sha("a.jpg")})


def test_pictures_that_left_a_set_are_kept_or_pruned() -> None:
    state, inventory = apply(planned(CELLS), State(), NOTHING)
    fewer = declared(picture_sets=(picture_set("cells", ["a.jpg"], ["drone"]),))
    kept = planned(fewer, state, inventory)
    assert kept.operations == ()
    assert {(n.kind, n.address, n.names) for n in kept.notices} == {
        ("kept", "pictures/cells", ("b.jpg",)),
        ("kept", "pictures/cells/drone", ("b.jpg",)),
    }
    assert "b.jpg" in kept.records["pictures/cells"].members
    pruned = planned(fewer, state, inventory, PRUNE)
    assert addresses(pruned) == [("pictures/cells", "delete")]
    assert pruned.operations[0].members.remove == ("b.jpg",)
    assert "b.jpg" not in pruned.records["pictures/cells"].members


def test_adopted_pictures_and_tags_are_never_pruned() -> None:
    state, inventory = apply(planned(CELLS, lake("a.jpg", drone={"a.jpg"})), lake("a.jpg", drone={"a.jpg"}), NOTHING)
    plan = planned(declared(picture_sets=(picture_set("other", ["z.jpg"]),)), state, inventory, PRUNE)
    deletes = {o.address: o.members.remove for o in plan.operations if o.action == "delete"}
    assert deletes == {"pictures/cells": ("b.jpg",)}


def test_nothing_is_deleted_after_an_incomplete_observation() -> None:
    state, inventory = apply(planned(CELLS), State(), NOTHING)
    fewer = declared(picture_sets=(picture_set("cells", ["a.jpg"], ["drone"]),))
    plan = planned(fewer, replace(state, complete=False), inventory, PRUNE)
    assert plan.operations == ()
    assert plan.limits == ("what was read is not complete: nothing is deleted",)


def test_a_tag_that_somebody_took_off_is_put_back_as_drift() -> None:
    state, inventory = apply(planned(CELLS), State(), NOTHING)
    (operation,) = planned(CELLS, replace(state, lake=replace(state.lake, tags={})), inventory).operations
    assert (operation.address, operation.reason) == (
        "pictures/cells/drone",
        "drift: removed from 2 pictures on the platform",
    )


def test_a_dropped_tag_goes_under_prune_unless_another_document_keeps_it() -> None:
    two = declared(picture_sets=(picture_set("a", ["a.jpg"], ["x", "y"]), picture_set("b", ["a.jpg"], ["y"])))
    state, inventory = apply(planned(two), State(), NOTHING)
    fewer = declared(picture_sets=(picture_set("a", ["a.jpg"], []), picture_set("b", ["a.jpg"], ["y"])))
    assert planned(fewer, state, inventory).operations == ()
    plan = planned(fewer, state, inventory, PRUNE)
    assert addresses(plan) == [("pictures/a/x", "delete")]
    assert plan.operations[0].members.remove == ("a.jpg",)


def test_tags_and_labels_that_are_no_longer_mentioned_are_unmanaged() -> None:
    cars = version("first", of_set("cells"), labels=(("car", "rectangle"),))
    state, inventory = apply(planned(replace(CELLS, datasets=(dataset("d", cars),))), State(), NOTHING)
    silent = declared(
        picture_sets=(picture_set("cells", ["a.jpg", "b.jpg"]),),
        datasets=(dataset("d", version("first", of_tags("drone"), labels=None)),),
    )
    plan = planned(silent, state, inventory, PRUNE)
    assert plan.operations == ()
    assert {n.address for n in plan.notices} == {"pictures/cells/drone", "label/d@first/car/rectangle"}
    assert plan.records.keys() == {"pictures/cells", "dataset/d", "version/d@first"}


def test_a_query_takes_tags_off_whoever_put_them_there() -> None:
    query = TagQuery("q", place(), ("ok",), remove=("draft",))
    plan = planned(declared(queries=(query,)), lake("a.jpg", "b.jpg", ok={"a.jpg"}, draft={"a.jpg", "b.jpg"}))
    (operation,) = plan.operations
    assert (operation.address, operation.action, operation.members.remove) == ("query/q/draft", "update", ("a.jpg",))
    assert plan.records["query/q/draft"].members == {}


def versions(*names: str, frozen: bool = False) -> Declaration:
    one = version("first", of_tags("drone"), labels=None, frozen=frozen)
    return declared(picture_sets=(picture_set("cells", names, ["drone"]),), datasets=(dataset("d", one),))


def test_a_version_grows_and_keeps_what_stopped_matching() -> None:
    state, inventory = apply(planned(versions("a.jpg", "b.jpg")), State(), NOTHING)
    grown = planned(versions("a.jpg", "b.jpg", "c.jpg"), state, inventory)
    assert addresses(grown)[-1] == ("version/d@first", "update")
    assert grown.operations[-1].members.add == {"c.jpg": None}
    off = replace(state.lake, tags={"drone": frozenset({"a.jpg"})})
    other = declared(
        picture_sets=(picture_set("cells", ["a.jpg", "b.jpg"], []),),
        datasets=(dataset("d", version("first", of_tags("drone"), labels=None)),),
    )
    kept = planned(other, replace(state, lake=off), inventory)
    assert kept.operations == ()
    notice = next(n for n in kept.notices if n.address == "version/d@first")
    assert (notice.kind, notice.names) == ("kept", ("b.jpg",))
    pruned = planned(other, replace(state, lake=off), inventory, PRUNE)
    assert addresses(pruned) == [("version/d@first", "delete"), ("pictures/cells/drone", "delete")]
    assert pruned.operations[0].members.remove == ("a.jpg", "b.jpg")  # the tag goes too
    assert pruned.operations[0].impact == "takes out 2 pictures"
    assert pruned.summary["delete"] == 2
    plain = planned(other, replace(state, lake=off), inventory, replace(PRUNE, features=frozenset()))
    assert addresses(plain) == [("pictures/cells/drone", "delete")]


def test_a_frozen_version_never_changes() -> None:
    state, inventory = apply(planned(versions("a.jpg", frozen=True)), State(), NOTHING)
    plan = planned(versions("a.jpg", "b.jpg", frozen=True), state, inventory)
    assert "version/d@first" not in dict(addresses(plan))
    notice = next(n for n in plan.notices if n.address == "version/d@first")
    assert (notice.kind, notice.names) == ("drift", ("b.jpg",))


def test_pictures_that_people_put_into_a_version_stay() -> None:
    state, inventory = apply(planned(versions("a.jpg")), State(), NOTHING)
    members = {**state.resources["version/d@first"].members, "theirs.jpg": None}
    state = replace(state, resources={**state.resources, "version/d@first": Resource(members=members)})
    plan = planned(versions("a.jpg"), state, inventory, PRUNE)
    assert plan.operations == ()
    assert [(n.kind, n.names) for n in plan.notices] == [("drift", ("theirs.jpg",))]


def test_a_picture_that_somebody_took_out_of_a_version_comes_back_as_drift() -> None:
    state, inventory = apply(planned(versions("a.jpg", "b.jpg")), State(), NOTHING)
    state = replace(state, resources={**state.resources, "version/d@first": Resource(members={"a.jpg": None})})
    (operation,) = planned(versions("a.jpg", "b.jpg"), state, inventory).operations
    assert operation.reason == "drift: 1 picture removed on the platform"


def test_a_version_that_was_there_is_adopted() -> None:
    state, _ = apply(planned(versions("a.jpg")), State(), NOTHING)
    plan = planned(versions("a.jpg"), state)
    assert plan.operations == ()
    assert {n.address for n in plan.notices if n.kind == "adopt"} == {"dataset/d", "pictures/cells", "version/d@first"}
    record = plan.records["version/d@first"]
    assert (record.created, record.fields) == (False, {"adopted": ["a.jpg"]})


def test_without_the_extension_only_the_first_version_needs_no_origin() -> None:
    plain = Policy()
    one = version("first", of_set("s"), labels=None)
    sets = (picture_set("s", ["a.jpg"]),)
    made = planned(declared(picture_sets=sets, datasets=(dataset("d", one),)), policy=plain)
    assert made.blocked == ()
    other = version("gold", of_set("s"), source({"a.jpg": [box("car")]}))
    blocked = planned(declared(picture_sets=sets, datasets=(dataset("d", other),)), policy=plain)
    assert [(b.address, b.rule) for b in blocked.blocked] == [("version/d@gold", "unsupported by this server")]
    assert not [o for o in blocked.operations if o.address.startswith(("version/", "label/", "annotations/"))]


def test_a_version_from_another_comes_after_its_origin_is_complete() -> None:
    cars = source({"a.jpg": [box("car")]})
    sets = (picture_set("s", ["a.jpg"]), picture_set("t", ["b.jpg"]))
    first, second = version("first", of_set("s"), cars), version("second", of_set("t"), origin="first")
    plan = planned(declared(picture_sets=sets, datasets=(dataset("d", first, second),)))
    assert [address for address, _ in addresses(plan)] == [
        "pictures/s",
        "pictures/t",
        "dataset/d",
        "version/d@first",
        "label/d@first/car/rectangle",
        "annotations/d@first",
        "version/d@second",
    ]
    made = plan.operations[-1]
    assert made.members.add.keys() == {"a.jpg", "b.jpg"}
    assert [(c.field, c.after) for c in made.diff] == [("from", "first")]
    assert {"annotations/d@first", "label/d@first/car/rectangle"} <= set(made.needs)
    assert plan.records["label/d@second/car/rectangle"] == Record()
    state, inventory = apply(plan, State(), NOTHING)
    assert state.resources["annotations/d@second"].members == {"a.jpg": (box("car"),)}
    again = planned(declared(picture_sets=sets, datasets=(dataset("d", first, second),)), state, inventory, PRUNE)
    assert again.operations == ()
    assert again.notices == ()


def test_versions_of_one_dataset_are_created_in_manifest_order() -> None:
    names = ("z", "y", "x", "w")
    origins = {"y": "z"}
    every = [version(name, of_set("s"), origin=origins.get(name), labels=None) for name in names]
    sets = (picture_set("s", ["a.jpg"]),)
    plan = planned(declared(picture_sets=sets, datasets=(dataset("d", *every),)))
    created = [operation for operation in plan.operations if operation.address.startswith("version/")]
    assert [operation.address for operation in created] == [f"version/d@{name}" for name in names]
    for earlier, later in itertools.pairwise(created):
        assert earlier.address in later.needs


@pytest.mark.parametrize("prune", [False, True])
def test_pruned_pictures_take_what_hangs_on_them_along(prune: bool) -> None:
    cars = source({"a.jpg": [box("car")], "b.jpg": [box("car")]})
    full = declared(
        picture_sets=(picture_set("s", ["a.jpg", "b.jpg"], ["x"]),),
        datasets=(dataset("d", version("first", of_tags("x"), cars)),),
    )
    state, inventory = apply(planned(full), State(), NOTHING)
    fewer = replace(full, picture_sets=(picture_set("s", ["a.jpg"], ["x"]),))
    plan = planned(fewer, state, inventory, replace(LAX, prune=prune))
    assert addresses(plan) == ([("pictures/s", "delete")] if prune else [])
    if prune:
        assert plan.operations[0].impact == "1 picture; also takes it out of 1 version and deletes 1 object"


def test_pictures_leave_a_version_only_after_everything_else() -> None:
    state, inventory = apply(planned(versions("a.jpg", "b.jpg")), State(), NOTHING)
    other = planned(versions("b.jpg", "c.jpg"), state, inventory, PRUNE)
    assert [one for one in addresses(other) if one[0].startswith("version/")] == [("version/d@first", "update")]
    apart = declared(
        picture_sets=(picture_set("cells", ["a.jpg", "b.jpg", "c.jpg"], ["drone"]), picture_set("one", ["b.jpg"])),
        datasets=(dataset("d", version("first", of_set("one"), labels=None)),),
    )
    two = planned(apart, *apply(planned(versions("a.jpg")), State(), NOTHING), PRUNE)
    assert addresses(two)[-1] == ("version/d@first", "delete")
    assert ("version/d@first", "update") in addresses(two)
    after, records = apply(two, *apply(planned(versions("a.jpg")), State(), NOTHING))
    assert after.resources["version/d@first"].members.keys() == {"b.jpg"}
    assert planned(apart, after, records, PRUNE).operations == ()


def frozen_with(labels: tuple[tuple[str, str], ...] | None, objects: dict[str, list[str]] | None) -> Declaration:
    sources = [] if objects is None else [source(objects)]
    one = version("first", of_set("cells"), *sources, labels=labels, frozen=True)
    return declared(picture_sets=(picture_set("cells", ["a.jpg"]),), datasets=(dataset("d", one),))


CAR, VAN = ("car", "rectangle"), ("van", "rectangle")


@pytest.mark.parametrize("prune", [False, True])
def test_a_frozen_version_gets_no_part_and_loses_none_after_its_creation(prune: bool) -> None:
    policy = replace(LAX, prune=prune)
    bare, inventory = apply(planned(frozen_with((CAR,), None)), State(), NOTHING)
    later = planned(frozen_with((CAR, VAN), {"a.jpg": [box("car")]}), bare, inventory, policy)
    assert later.operations == ()
    told = [(n.kind, n.address) for n in later.notices]
    assert told == [("drift", "annotations/d@first"), ("drift", "label/d@first/van/rectangle")]
    full, inventory = apply(planned(frozen_with((CAR,), {"a.jpg": [box("car")]})), State(), NOTHING)
    fewer = planned(frozen_with((), None), full, inventory, policy)
    assert fewer.operations == ()
    told = [(n.kind, n.address) for n in fewer.notices]
    assert told == [("drift", "annotations/d@first"), ("drift", "label/d@first/car/rectangle")]
    assert fewer.records == inventory.records


def test_a_frozen_version_of_others_is_left_as_it_is() -> None:
    state, _ = apply(planned(frozen_with((CAR,), None)), State(), NOTHING)
    made = planned(frozen_with((CAR, VAN), {"a.jpg": [box("car")]}), state)
    assert made.operations == ()


def test_a_frozen_version_that_a_killed_apply_left_gets_the_parts_it_was_created_with() -> None:
    told = frozen_with((CAR, VAN), {"a.jpg": [box("car")]})
    state, inventory = apply(planned(told), State(), NOTHING)
    parts = ("label/d@first/van/rectangle", "annotations/d@first")
    half = replace(state, resources={text: one for text, one in state.resources.items() if text not in parts})
    kept = {text: one for text, one in inventory.records.items() if text not in parts}
    missing = [("label/d@first/van/rectangle", "create"), ("annotations/d@first", "create")]
    assert addresses(planned(told, half, replace(inventory, records=kept))) == missing
    unrecorded = {text: one for text, one in kept.items() if text != "version/d@first"}
    version_there = replace(half.resources["version/d@first"], options={"unfinished": True})
    unfinished = replace(half, resources={**half.resources, "version/d@first": version_there})
    assert addresses(planned(told, unfinished, replace(inventory, records=unrecorded))) == missing


def test_half_written_annotations_of_a_frozen_version_are_completed() -> None:
    both = {"a.jpg": [box("car")], "b.jpg": [box("car")]}
    one = version("first", of_set("cells"), source(both), frozen=True)
    told = declared(picture_sets=(picture_set("cells", ["a.jpg", "b.jpg"]),), datasets=(dataset("d", one),))
    state, inventory = apply(planned(told), State(), NOTHING)
    address = "annotations/d@first"
    half = Resource(members={"a.jpg": (box("car"),)})
    record = inventory.records[address]
    records = {**inventory.records, address: replace(record, members={"a.jpg": (box("car"),)})}
    cut = replace(state, resources={**state.resources, address: half})
    (operation,) = planned(told, cut, replace(inventory, records=records)).operations
    assert operation.members.objects.keys() == {"b.jpg"}
    assert planned(told, cut, inventory).operations == ()  # a person took it away


def test_a_target_brings_along_what_its_origin_has() -> None:
    first = version("first", of_set("cells"), source({"a.jpg": [box("car")]}), labels=(CAR,))
    second = version("second", of_set("cells"), origin="first", labels=None)
    told = declared(picture_sets=(picture_set("cells", ["a.jpg"]),), datasets=(dataset("d", first, second),))
    target = replace(LAX, targets=("version/d@second",))
    made = planned(told, policy=target)
    order = ["label/d@first/car/rectangle", "annotations/d@first", "version/d@second"]
    assert [address for address, _ in addresses(made)][-3:] == order
    state, inventory = apply(made, State(), NOTHING)
    assert state.resources["annotations/d@second"].members == {"a.jpg": (box("car"),)}
    assert planned(told, state, inventory).operations == ()


def test_with_a_target_no_delete_is_foretold() -> None:
    names = ["a.jpg", "b.jpg"]
    told = declared(
        picture_sets=(picture_set("cells", names, ["drone"]),),
        datasets=(dataset("d", version("first", of_tags("drone"), labels=None)),),
    )
    state, inventory = apply(planned(told), State(), NOTHING)
    untagged = replace(told, picture_sets=(picture_set("cells", names, []),))
    target = replace(PRUNE, targets=("version/d@first",))
    assert planned(untagged, state, inventory, target).operations == ()


@pytest.mark.parametrize("deleted", [False, True])
def test_a_picture_that_is_put_back_gets_its_boxes_back(deleted: bool) -> None:
    one = version("first", of_set("cells"), source({"a.jpg": [box("car")], "b.jpg": [box("car")]}))
    told = declared(
        picture_sets=(picture_set("cells", ["a.jpg", "b.jpg"], restore=True),), datasets=(dataset("d", one),)
    )
    state, inventory = apply(planned(told), State(), NOTHING)
    left = {
        text: Resource(one.fields, {name: value for name, value in one.members.items() if name != "b.jpg"})
        for text, one in state.resources.items()
    }
    there = {name: digest for name, digest in state.lake.pictures.items() if not (deleted and name == "b.jpg")}
    state = State(Lake(there, state.lake.tags), left)
    made = planned(told, state, inventory)
    after, records = apply(made, state, inventory)
    assert after.resources["annotations/d@first"].members["b.jpg"] == (box("car"),)
    assert planned(told, after, records).operations == ()


def test_a_label_that_a_frozen_origin_does_not_get_is_made_in_the_version_from_it() -> None:
    state, inventory = apply(planned(frozen_with((CAR,), None)), State(), NOTHING)
    told = frozen_with((CAR, VAN), None)
    second = version("second", of_set("cells"), origin="first", labels=(CAR, VAN))
    one = replace(told.datasets[0], versions=(*told.datasets[0].versions, second))
    made = planned(replace(told, datasets=(one,)), state, inventory)
    assert addresses(made) == [("version/d@second", "create"), ("label/d@second/van/rectangle", "create")]
