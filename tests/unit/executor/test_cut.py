"""Annotations whose replacement a kill cut in two: what the journal says, and that the plan puts them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from picsellia_apply.executor.cut import with_copies, with_cut
from picsellia_apply.executor.journal import Journal, journal_path
from picsellia_apply.executor.leftover import Leftover
from picsellia_apply.model.annotation import annotation_digest
from picsellia_apply.model.declaration import AnnotationPolicy, Declaration
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.plan import ObjectChange, Target
from picsellia_apply.model.state import Lake, Resource, State
from tests.worlds import NOTHING, apply, box, dataset, of_set, picture_set, planned, source, version

TARGET = Target("embedded", "acme", "demo")
ADDRESS = "annotations/d@v"
CAR, MOVED, THEIRS = box("car"), box("car", 2), box("person", 90)


def begun(folder: Path) -> Journal:
    one = Journal(journal_path(folder, "demo"), TARGET)
    put = {"a.jpg": (MOVED, THEIRS), "b.jpg": (CAR,)}
    one.begin(ADDRESS, "update", None, put, deleted=put)
    return one


@pytest.mark.parametrize(
    ("ending", "unwritten", "left"),
    [
        (None, (), {"a.jpg": (MOVED, THEIRS), "b.jpg": (CAR,)}),
        ("done", (), {}),
        ("refused", (), {}),
        ("failed", (), {"a.jpg": (MOVED, THEIRS), "b.jpg": (CAR,)}),
        ("failed", ("a.jpg",), {"b.jpg": (CAR,)}),
    ],
)
def test_what_is_left_of_a_replacement(
    tmp_path: Path, ending: str | None, unwritten: tuple[str, ...], left: object
) -> None:
    one = begun(tmp_path)
    if ending is not None:
        one.end(ADDRESS, ending, unwritten)  # type: ignore[arg-type]
    one.close()
    assert one.leftovers()[ADDRESS].objects == left


def test_only_what_is_missing_was_cut() -> None:
    state = State(resources={ADDRESS: Resource(members={"b.jpg": (CAR,)}), "annotations/d@w": Resource()})
    leftovers = {
        ADDRESS: Leftover(objects={"a.jpg": (MOVED,), "b.jpg": (CAR,), "c.jpg": ()}),
        "annotations/gone@v": Leftover(objects={"a.jpg": (CAR,)}),
        "annotations/d@w": Leftover(),
    }
    found = with_cut(state, leftovers).resources
    assert found[ADDRESS].options == {"cut": {"a.jpg": (MOVED,), "c.jpg": ()}}
    assert found["annotations/d@w"].options == {}
    assert with_cut(state, {}) == state


def test_a_version_that_an_apply_began_to_create_is_unfinished() -> None:
    state = State(resources={"version/d@v": Resource(members={"a.jpg": None}), "version/d@w": Resource()})
    leftovers = {"version/d@v": Leftover(content=frozenset({"0"})), "version/d@w": Leftover(members=frozenset("a"))}
    found = with_cut(state, leftovers).resources
    assert found["version/d@v"].options == {"unfinished": True}
    assert found["version/d@w"].options == {}


def declared(policy: AnnotationPolicy, *objects: str) -> Declaration:
    one = version("v", of_set("s"), source({"a.jpg": list(objects)}, policy), labels=(("car", "rectangle"),))
    return Declaration("root", picture_sets=(picture_set("s", ["a.jpg"]),), datasets=(dataset("d", one),))


@pytest.mark.parametrize("policy", ["merge", "seed"])
def test_the_plan_puts_what_was_cut_with_what_people_had_made(policy: AnnotationPolicy) -> None:
    state, inventory = apply(planned(declared(policy, CAR)), State(), NOTHING)
    deleted = replace(state, resources={**state.resources, ADDRESS: Resource(members={})})
    assert planned(declared(policy, CAR), deleted, inventory).operations == ()  # a person's deletion stays
    cut = with_cut(deleted, {ADDRESS: Leftover(objects={"a.jpg": tuple(sorted((MOVED, THEIRS)))})})
    file = MOVED if policy == "merge" else CAR
    (operation,) = planned(declared(policy, file), cut, inventory).operations
    assert operation.members.objects == {"a.jpg": ObjectChange(None, tuple(sorted((MOVED, THEIRS))))}


def test_what_is_no_longer_declared_is_put_without_our_objects() -> None:
    state, inventory = apply(planned(declared("merge", CAR)), State(), NOTHING)
    deleted = replace(state, resources={**state.resources, ADDRESS: Resource(members={})})
    cut = with_cut(deleted, {ADDRESS: Leftover(objects={"a.jpg": tuple(sorted((CAR, THEIRS)))})})
    (operation,) = planned(declared("merge"), cut, inventory).operations
    assert operation.members.objects == {"a.jpg": ObjectChange(None, (THEIRS,))}


def test_an_annotation_without_objects_that_was_cut_is_put() -> None:
    state, inventory = apply(planned(declared("merge", CAR)), State(), NOTHING)
    deleted = replace(state, resources={**state.resources, ADDRESS: Resource(members={})})
    cut = with_cut(deleted, {ADDRESS: Leftover(objects={"a.jpg": ()})})
    (operation,) = planned(declared("merge"), cut, inventory).operations
    assert operation.members.objects == {"a.jpg": ObjectChange(None, ())}


def test_what_was_cut_of_a_picture_that_is_no_longer_there_is_not_put() -> None:
    state, inventory = apply(planned(declared("merge", CAR)), State(), NOTHING)
    emptied = {ADDRESS: Resource(members={}), "version/d@v": Resource(members={})}
    deleted = replace(state, lake=Lake(), resources={**state.resources, **emptied})
    cut = with_cut(deleted, {ADDRESS: Leftover(objects={"a.jpg": (CAR,)})})
    for declaration in (declared("merge", CAR), declared("merge")):
        assert planned(declaration, cut, inventory).operations == ()


def test_what_was_put_without_the_inventory_knowing_it_is_what_was_last_applied(tmp_path: Path) -> None:
    one = Journal(journal_path(tmp_path, "demo"), TARGET)
    record = Record(members={"a.jpg": (MOVED,), "b.jpg": (CAR,), "z.jpg": (CAR,)})
    put = {"a.jpg": (MOVED, THEIRS), "b.jpg": (CAR,), "c.jpg": ()}
    one.begin(ADDRESS, "update", record, put, deleted=put)
    one.end(ADDRESS, "done")
    replaced = one.leftovers()[ADDRESS].replaced
    assert replaced == {
        "a.jpg": (annotation_digest((MOVED, THEIRS)), (MOVED,)),
        "b.jpg": (annotation_digest((CAR,)), None),
        "c.jpg": (annotation_digest(()), None),
    }
    there = {"a.jpg": (MOVED, THEIRS), "b.jpg": (CAR, THEIRS)}
    state = State(resources={ADDRESS: Resource(members=there)})
    assert with_cut(state, one.leftovers()).resources[ADDRESS].options == {"bases": {"a.jpg": (MOVED,)}}
    one.begin(ADDRESS, "delete", None)
    assert one.leftovers()[ADDRESS].replaced == {}
    one.close()


def test_annotations_that_came_with_a_version_which_a_killed_apply_made_are_copies_of_ours() -> None:
    origin, copy, whole = "annotations/d@v", "annotations/d@w", "version/d@w"
    written = {"a.jpg": (CAR,), "b.jpg": (CAR,), "c.jpg": (CAR,)}
    inventory = Inventory("demo", records={origin: Record(members=written)})
    there = {"a.jpg": (CAR,), "b.jpg": (CAR, THEIRS), "c.jpg": (CAR,)}
    state = State(resources={whole: Resource(), copy: Resource(members=there)})
    made = Leftover(created=True, fields={"inherited": ["a.jpg", "b.jpg"]})
    found = with_copies(state, inventory, {whole: made})
    assert found.resources[copy].options == {"copies": {"a.jpg": (CAR,)}}
    people = Inventory("demo", records={origin: Record(created=False, members=written)})
    recorded = replace(inventory, records={**inventory.records, copy: Record()})
    for kept, left in ((inventory, replace(made, created=False)), (people, made), (recorded, made)):
        assert with_copies(state, kept, {whole: left}) == state


def test_copies_of_what_the_same_apply_put_are_ours_before_any_inventory_knows_it() -> None:
    origin, copy, whole = "annotations/d@v", "annotations/d@w", "version/d@w"
    there = {"a.jpg": (CAR,), "b.jpg": (CAR, THEIRS)}
    state = State(resources={whole: Resource(), copy: Resource(members=there)})
    made = Leftover(created=True, fields={"inherited": ["a.jpg", "b.jpg"]})
    put = Leftover(replaced=dict.fromkeys(there, (annotation_digest((CAR,)), None)))
    found = with_copies(state, Inventory("demo"), {whole: made, origin: put})
    assert found.resources[copy].options == {"copies": {"a.jpg": (CAR,)}}


@pytest.mark.parametrize(("copies", "refused"), [({"a.jpg": (CAR, MOVED)}, []), ({}, ["foreign_content"])])
def test_only_copies_of_ours_are_nobody_elses(copies: object, refused: list[str]) -> None:
    state, inventory = apply(planned(declared("mirror")), State(), NOTHING)
    there = Resource(members={"a.jpg": (CAR, MOVED)}, options={"copies": copies})
    records = {text: one for text, one in inventory.records.items() if text != ADDRESS}
    seen = replace(state, resources={**state.resources, ADDRESS: there})
    made = planned(declared("mirror", CAR), seen, replace(inventory, records=records))
    assert [one.rule for one in made.refusals] == refused
