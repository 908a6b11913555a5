"""Annotations by policy, three ways."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from picsellia_apply.model.annotation import object_text
from picsellia_apply.model.declaration import AnnotationPolicy, Declaration
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import ObjectChange, Operation, Plan, Policy
from picsellia_apply.model.state import Resource, State
from picsellia_apply.planner.merge import difference, merge, merge_without_base
from picsellia_apply.quality import match_objects, overlap, present_objects
from tests.worlds import LAX, NOTHING, apply, box, dataset, of_set, picture_set, planned, source, version

CAR, MOVED, VAN, THEIRS = box("car"), box("car", 2), box("van", 50), box("person", 90)
ADDRESS = "annotations/d@v"


def declared(
    objects: dict[str, list[str]], policy: AnnotationPolicy = "merge", *, frozen: bool = False, described: bool = True
) -> Declaration:
    sources = [source(objects, policy)] if described else []
    one = version("v", of_set("s"), *sources, labels=(("car", "rectangle"), ("van", "rectangle")), frozen=frozen)
    return Declaration("root", picture_sets=(picture_set("s", ["a.jpg", "b.jpg"]),), datasets=(dataset("d", one),))


def applied(declaration: Declaration) -> tuple[State, Inventory]:
    return apply(planned(declaration), State(), NOTHING)


def holding(state: State, **objects: list[str] | None) -> State:
    """Return the state after people annotated; None takes the annotation away."""
    members = dict(state.resources[ADDRESS].members)
    for name, texts in objects.items():
        if texts is None:
            del members[f"{name}.jpg"]
        else:
            members[f"{name}.jpg"] = tuple(sorted(texts))
    return replace(state, resources={**state.resources, ADDRESS: Resource(members=members)})


def preferring(*sides: str) -> Policy:
    return replace(LAX, prefer=frozenset(sides))


def only(plan: Plan) -> Operation:
    (operation,) = plan.operations
    return operation


@pytest.mark.parametrize(
    ("file", "there", "base", "expected"),
    [
        ((CAR, VAN), (CAR,), (CAR,), (CAR, VAN)),  # in the file, not in the base: added
        ((CAR,), (CAR, VAN), (CAR, VAN), (CAR,)),  # in the base, gone from the file: removed
        ((CAR, VAN), (CAR,), (CAR, VAN), (CAR,)),  # in both, deleted by a person: stays deleted
        ((CAR,), (CAR, THEIRS), (CAR,), (CAR, THEIRS)),  # made by a person: stays
        ((CAR, VAN), (CAR, VAN), (CAR,), (CAR, VAN)),  # added on both sides: once
        ((CAR, CAR), (CAR,), (CAR,), (CAR, CAR)),  # a second equal object in the file
        ((CAR,), (CAR, CAR), (CAR, CAR), (CAR,)),
        ((CAR,), (CAR,), (CAR, CAR), (CAR,)),  # the person and the file took the same one away
        ((), (), (CAR,), ()),
        ((MOVED,), (CAR, THEIRS), (CAR,), (MOVED, THEIRS)),
    ],
)
def test_merge(file: tuple[str, ...], there: tuple[str, ...], base: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert merge(file, there, base) == tuple(sorted(expected))


def test_without_a_base_nothing_goes_and_nothing_comes_twice() -> None:
    nearly = box("car", 0.3)
    assert overlap(CAR, nearly) > 0.9
    assert merge_without_base((nearly,), (CAR,), present_objects) == (CAR,)
    assert merge_without_base((box("van", 0.3),), (CAR,), present_objects) == tuple(sorted((CAR, box("van", 0.3))))
    assert merge_without_base((box("car", 5),), (CAR, THEIRS), present_objects) == tuple(
        sorted((CAR, THEIRS, box("car", 5)))
    )
    sunny = object_text({"type": "classification", "label": "sunny", "classification": {}})
    question = object_text({"type": "image_qa", "qa": {"question": "?", "answer": "!"}})
    assert merge_without_base((sunny, question), (sunny, question), present_objects) == tuple(sorted((sunny, question)))


def test_a_changed_object_counts_once() -> None:
    one = difference((CAR, VAN), (MOVED, VAN, THEIRS), match_objects)
    assert (one.add, one.remove, one.change) == (1, 0, 1)


def test_one_edited_box_is_one_change() -> None:
    state, inventory = applied(declared({"a.jpg": [CAR, VAN], "b.jpg": [CAR]}))
    operation = only(planned(declared({"a.jpg": [MOVED, VAN], "b.jpg": [CAR]}), state, inventory))
    assert operation.address == ADDRESS
    assert operation.members.counts == {"add": 0, "remove": 0, "change": 1}
    assert operation.members.objects.keys() == {"a.jpg"}
    assert operation.members.objects["a.jpg"].before == tuple(sorted([CAR, VAN]))
    assert operation.impact == "~1 box in 1 picture"


def test_creating_says_boxes_polygons_or_objects() -> None:
    made = planned(declared({"a.jpg": [CAR], "b.jpg": [VAN, CAR]}))
    assert made.operations[-1].impact == "3 boxes in 2 pictures"
    roof = object_text({"type": "polygon", "label": "roof", "polygon": {"coords": []}})
    assert planned(declared({"a.jpg": [roof]})).operations[-1].impact == "1 polygon in 1 picture"
    assert planned(declared({"a.jpg": [roof, CAR]})).operations[-1].impact == "2 objects in 1 picture"


def test_what_people_edited_is_kept_and_told() -> None:
    declaration = declared({"a.jpg": [CAR, VAN]})
    state, inventory = applied(declaration)
    plan = planned(declaration, holding(state, a=[CAR, THEIRS]), inventory)
    assert plan.operations == ()
    assert [(n.kind, n.address, n.names) for n in plan.notices] == [("drift", ADDRESS, ("a.jpg",))]


def test_a_picture_gone_from_the_file_loses_our_objects_only() -> None:
    state, inventory = applied(declared({"a.jpg": [CAR], "b.jpg": [CAR]}))
    operation = only(planned(declared({"a.jpg": [CAR]}), holding(state, b=[CAR, THEIRS]), inventory))
    assert operation.members.objects["b.jpg"].after == (THEIRS,)


def test_a_base_that_is_lost_merges_by_overlap() -> None:
    declaration = declared({"a.jpg": [box("car", 0.3), VAN]})
    state, _ = applied(declared({"a.jpg": [CAR]}))
    plan = planned(declaration, state)
    assert only(plan).members.objects["a.jpg"].after == tuple(sorted((CAR, VAN)))
    state, inventory = apply(plan, state, NOTHING)
    assert planned(declaration, state, inventory).operations == ()


def test_seed_writes_only_where_nothing_is() -> None:
    state, inventory = applied(declared({}, described=False))
    state = replace(state, resources={**state.resources, ADDRESS: Resource(members={"a.jpg": (THEIRS,)})})
    seeding = declared({"a.jpg": [CAR], "b.jpg": [CAR]}, "seed")
    plan = planned(seeding, state, inventory)
    assert only(plan).members.objects.keys() == {"b.jpg"}
    assert plan.records[ADDRESS].members.keys() == {"b.jpg"}
    state, inventory = apply(plan, state, inventory)
    edited = planned(declared({"a.jpg": [CAR], "b.jpg": [MOVED]}, "seed"), holding(state, b=[THEIRS]), inventory)
    assert edited.operations == ()
    assert [n.kind for n in edited.notices] == ["drift", "kept", "kept"]
    assert edited.records[ADDRESS].members == {"b.jpg": (CAR,)}
    gone = planned(seeding, holding(state, b=None), inventory)
    assert gone.operations == ()


def test_mirror_makes_equal_and_is_guarded() -> None:
    declaration = declared({"a.jpg": [CAR], "b.jpg": [CAR]}, "mirror")
    state, inventory = applied(declaration)
    theirs = holding(state, a=[THEIRS, VAN])
    plan = planned(declaration, theirs, inventory)
    assert only(plan).members.objects["a.jpg"].after == (CAR,)
    assert only(plan).members.counts == {"add": 1, "remove": 2, "change": 0}
    strict = planned(declaration, theirs, inventory, replace(LAX, delete_percent=10))
    rules = ("delete_percent", "foreign_content")
    assert [(r.rule, r.address) for r in strict.refusals] == [(rule, ADDRESS) for rule in rules]
    assert strict.refusals[0].flag == f"--allow delete_percent:{ADDRESS}"
    assert "2 objects" in strict.refusals[1].message
    assert only(strict).impact.endswith("; removes 2 objects people made")
    allowed = frozenset(f"{rule}:{ADDRESS}" for rule in rules)
    lifted = replace(LAX, delete_percent=10, allowances=allowed)
    assert planned(declaration, theirs, inventory, lifted).refusals == ()


def test_mirror_also_empties_pictures_that_the_file_shows_empty_or_no_more() -> None:
    declaration = declared({"a.jpg": [CAR], "b.jpg": []}, "mirror")
    state, inventory = applied(declaration)
    assert only(planned(declaration, holding(state, b=[THEIRS]), inventory)).members.objects["b.jpg"].after == ()
    gone = planned(declared({"b.jpg": []}, "mirror"), holding(state, a=[CAR, THEIRS]), inventory)
    assert (only(gone).action, only(gone).members.objects["a.jpg"].after) == ("delete", ())
    assert only(gone).impact == "-2 boxes in 1 picture; removes 1 object people made"
    assert [r.rule for r in gone.refusals] == ["foreign_content"]


def test_mirror_that_undoes_what_a_person_moved_takes_what_is_not_ours() -> None:
    declaration = declared({"a.jpg": [CAR]}, "mirror")
    state, inventory = applied(declaration)
    undone = planned(declaration, holding(state, a=[MOVED]), inventory)
    assert only(undone).members.counts == {"add": 0, "remove": 0, "change": 1}
    assert [r.rule for r in undone.refusals] == ["foreign_content"]


def test_what_a_new_version_takes_over_and_its_file_lacks_is_no_delete() -> None:
    first = version("v", of_set("s"), source({"a.jpg": [CAR]}))
    second = version("w", of_set("s"), source({"a.jpg": []}, "mirror"), origin="v")
    told = Declaration("root", picture_sets=(picture_set("s", ["a.jpg"]),), datasets=(dataset("d", first, second),))
    plan = planned(told, policy=replace(LAX, delete_percent=0))
    assert [(one.address, one.action) for one in plan.operations][-1] == ("annotations/d@w", "update")
    assert plan.refusals == ()


def test_objects_gone_from_the_files_are_deletes_and_come_last() -> None:
    state, inventory = applied(declared({"a.jpg": [CAR, VAN], "b.jpg": [CAR]}))
    plan = planned(declared({"a.jpg": [MOVED, VAN]}), state, inventory, replace(LAX, delete_percent=10))
    assert [(one.address, one.action) for one in plan.operations] == [(ADDRESS, "update"), (ADDRESS, "delete")]
    assert (plan.operations[1].impact, plan.operations[1].reason) == (
        "-1 box in 1 picture",
        "not in the annotation files",
    )
    assert plan.summary["delete"] == 1
    assert [(r.rule, r.address) for r in plan.refusals] == [("delete_percent", ADDRESS)]
    mixed = planned(declared({"a.jpg": [THEIRS], "b.jpg": [CAR]}), state, inventory, replace(LAX, delete_percent=10))
    assert only(mixed).members.counts == {"add": 1, "remove": 2, "change": 0}
    assert [(r.rule, r.address) for r in mixed.refusals] == [("delete_percent", ADDRESS)]


def test_an_object_that_both_sides_moved_is_in_conflict_however_little_they_differ() -> None:
    state, inventory = applied(declared({"a.jpg": [CAR]}))
    theirs, ours = box("car", 2), box("car", 2.2)
    assert overlap(theirs, ours) > 0.9
    plan = planned(declared({"a.jpg": [ours]}), holding(state, a=[theirs]), inventory)
    assert plan.operations == ()
    assert [one.address for one in plan.conflicts] == [ADDRESS]
    assert plan.records[ADDRESS].members["a.jpg"] == (CAR,)
    alike = planned(declared({"a.jpg": [ours]}), holding(state, a=[ours]), inventory)
    assert (alike.operations, alike.conflicts) == ((), ())


def test_an_object_that_the_file_moved_by_a_hair_and_a_person_deleted_is_in_conflict() -> None:
    state, inventory = applied(declared({"a.jpg": [CAR, VAN]}))
    ours = box("car", 0.3)
    assert overlap(CAR, ours) > 0.9
    plan = planned(declared({"a.jpg": [ours, VAN]}), holding(state, a=[VAN]), inventory)
    assert plan.operations == ()
    assert [one.address for one in plan.conflicts] == [ADDRESS]


def test_an_object_that_both_sides_moved_apart_is_a_conflict_until_a_person_decides() -> None:
    state, inventory = applied(declared({"a.jpg": [CAR]}))
    ours = box("car", 5)
    theirs, edited = holding(state, a=[MOVED]), declared({"a.jpg": [ours]})
    plan = planned(edited, theirs, inventory)
    assert plan.operations == ()
    (conflict,) = plan.conflicts
    assert (conflict.address, conflict.field) == (ADDRESS, "a.jpg")
    assert [conflict.base, conflict.desired, conflict.observed] == [*map(json.loads, (CAR, ours, MOVED))]
    after = planned(edited, theirs, replace(inventory, records=plan.records))
    assert after.conflicts == plan.conflicts


@pytest.mark.parametrize("address", [ADDRESS, ADDRESS.replace("annotations/", "version/")])
def test_the_manifest_preferred_its_object_replaces_theirs(address: str) -> None:
    state, inventory = applied(declared({"a.jpg": [CAR]}))
    ours, person = box("car", 5), box("person", 70)
    theirs = holding(state, a=[MOVED, person])
    plan = planned(declared({"a.jpg": [ours]}), theirs, inventory, preferring(f"manifest:{address}"))
    assert only(plan).members.objects["a.jpg"].after == tuple(sorted((ours, person)))
    assert (plan.conflicts, plan.refusals) == ((), ())


def test_the_platform_preferred_their_object_stays_for_good() -> None:
    state, inventory = applied(declared({"a.jpg": [CAR]}))
    edited, theirs = declared({"a.jpg": [box("car", 5)]}), holding(state, a=[MOVED])
    plan = planned(edited, theirs, inventory, preferring(f"remote:{ADDRESS}"))
    assert (plan.operations, plan.conflicts) == ((), ())
    assert "1 object changed on both sides: kept as on the platform (preferred)" in [n.message for n in plan.notices]
    after = planned(edited, theirs, replace(inventory, records=plan.records))
    assert (after.operations, after.conflicts) == ((), ())


def test_an_object_that_a_person_deleted_and_the_file_moved_is_a_conflict() -> None:
    state, inventory = applied(declared({"a.jpg": [CAR]}))
    gone, edited = holding(state, a=[]), declared({"a.jpg": [box("car", 5)]})
    plan = planned(edited, gone, inventory)
    assert [(one.desired is None, one.observed) for one in plan.conflicts] == [(False, None)]
    assert plan.operations == ()
    back = planned(edited, gone, inventory, preferring(f"manifest:{ADDRESS}"))
    assert only(back).members.objects["a.jpg"].after == (box("car", 5),)
    assert planned(edited, gone, inventory, preferring(f"remote:{ADDRESS}")).operations == ()


@pytest.mark.parametrize("policy", ["merge", "seed"])
def test_the_manifest_preferred_drift_is_reverted_and_what_people_added_stays(policy: AnnotationPolicy) -> None:
    person = box("person", 70)
    told = declared({"a.jpg": [CAR], "b.jpg": [CAR]}, policy)
    state, inventory = applied(told)
    theirs = holding(state, a=[MOVED, person], b=[])
    plan = planned(told, theirs, inventory, preferring(f"manifest:{ADDRESS}"))
    changes = only(plan).members.objects
    assert changes["a.jpg"].after == tuple(sorted((CAR, person)))
    assert changes["b.jpg"].after == (CAR,)
    assert planned(told, theirs, inventory).operations == ()


def test_without_a_base_objects_of_another_type_are_other_objects() -> None:
    points = [{"x": x, "y": y} for x, y in ((0, 0), (10, 0), (10, 10), (0, 10))]
    outline = object_text({"type": "polygon", "label": "car", "polygon": {"geometry": points}})
    assert overlap(CAR, outline) == 1
    assert merge_without_base((outline,), (CAR,), present_objects) == tuple(sorted((CAR, outline)))


def test_a_frozen_version_keeps_its_annotations() -> None:
    state, inventory = applied(declared({"a.jpg": [CAR]}, frozen=True))
    plan = planned(declared({"a.jpg": [MOVED]}, frozen=True), state, inventory)
    assert plan.operations == ()
    assert [(n.kind, n.address) for n in plan.notices] == [("drift", ADDRESS)]
    adopted = planned(declared({"a.jpg": [MOVED]}, frozen=True), state)
    assert adopted.operations == ()


def test_an_interrupted_creation_of_a_frozen_version_is_finished() -> None:
    declaration = declared({"a.jpg": [CAR]}, frozen=True)
    state, inventory = applied(declaration)
    half = {address: one for address, one in state.resources.items() if address != ADDRESS}
    records = {address: one for address, one in inventory.records.items() if address != ADDRESS}
    assert (
        only(planned(declaration, replace(state, resources=half), replace(inventory, records=records))).address
        == ADDRESS
    )


POLICIES: tuple[AnnotationPolicy, ...] = ("seed", "merge", "mirror")
every_policy = pytest.mark.parametrize("policy", POLICIES)


@every_policy
def test_a_background_picture_gets_an_annotation_without_objects(policy: AnnotationPolicy) -> None:
    declaration = declared({"a.jpg": [CAR, VAN], "b.jpg": []}, policy)
    plan = planned(declaration)
    operation = plan.operations[-1]
    assert operation.address == ADDRESS
    assert operation.members.objects["b.jpg"] == ObjectChange(None, ())
    assert operation.members.counts == {"add": 2, "remove": 0, "change": 0}
    assert operation.impact == "2 boxes in 1 picture, +1 background picture"
    state, inventory = applied(declaration)
    assert state.resources[ADDRESS].members["b.jpg"] == ()
    again = planned(declaration, state, inventory)
    assert (again.operations, again.notices) == ((), ())


@every_policy
def test_a_background_picture_is_put_again_where_its_annotation_is_gone(policy: AnnotationPolicy) -> None:
    declaration = declared({"a.jpg": [], "b.jpg": []}, policy)
    state, inventory = applied(declaration)
    operation = only(planned(declaration, holding(state, a=None), inventory))
    assert (operation.action, operation.members.objects) == ("update", {"a.jpg": ObjectChange(None, ())})
    assert operation.impact == "+1 background picture"


@every_policy
def test_what_people_say_of_a_background_picture_is_no_reason_to_put_it(policy: AnnotationPolicy) -> None:
    declaration = declared({"a.jpg": []}, policy)
    state, _ = applied(declaration)
    assert planned(declaration, state).operations == ()
    found = planned(declaration, holding(state, a=[THEIRS])).operations
    assert [one.action for one in found] == (["delete"] if policy == "mirror" else [])


@every_policy
def test_a_picture_that_the_files_no_longer_name_is_no_background_picture(policy: AnnotationPolicy) -> None:
    state, inventory = applied(declared({"a.jpg": [], "b.jpg": [CAR]}, policy))
    plan = planned(declared({"a.jpg": []}, policy), holding(state, b=None), inventory)
    assert plan.operations == ()
    emptied = declared({"b.jpg": [CAR]}, policy)
    assert planned(emptied, holding(state, a=None), inventory).operations == ()
    assert planned(emptied, state, inventory).operations == ()


@pytest.mark.parametrize(("policy", "sent"), [("seed", False), ("merge", True), ("mirror", True)])
def test_a_file_that_loses_its_objects_makes_a_background_picture_of_one_that_people_emptied(
    policy: AnnotationPolicy, *, sent: bool
) -> None:
    state, inventory = applied(declared({"a.jpg": [CAR]}, policy))
    plan = planned(declared({"a.jpg": []}, policy), holding(state, a=None), inventory)
    assert [one.members.objects for one in plan.operations] == ([{"a.jpg": ObjectChange(None, ())}] if sent else [])
    unchanged = planned(declared({"a.jpg": [CAR]}, policy), holding(state, a=None), inventory)
    assert [one.address for one in unchanged.operations] == ([ADDRESS] if policy == "mirror" else [])


def test_a_version_takes_over_the_background_pictures_of_its_origin() -> None:
    one = version("v", of_set("s"), source({"a.jpg": [], "b.jpg": []}))
    more = version("w", of_set("s"), source({"a.jpg": [], "b.jpg": []}), origin="v")
    sets = (picture_set("s", ["a.jpg", "b.jpg"]),)
    declaration = Declaration("root", picture_sets=sets, datasets=(dataset("d", one, more),))
    plan = planned(declaration)
    assert [operation.address for operation in plan.operations if "annotations/" in operation.address] == [ADDRESS]
    state, inventory = apply(plan, State(), NOTHING)
    assert planned(declaration, state, inventory).operations == ()


def test_background_pictures_are_told_beside_what_else_changes() -> None:
    state, inventory = applied(declared({"a.jpg": [CAR]}))
    operation = only(planned(declared({"a.jpg": [MOVED], "b.jpg": []}), state, inventory))
    assert operation.impact == "~1 box in 1 picture, +1 background picture"


def test_annotations_no_longer_declared_are_kept_or_ours_taken_away() -> None:
    state, inventory = applied(declared({"a.jpg": [CAR, VAN]}))
    state = holding(state, a=[CAR, THEIRS])
    silent = declared({}, described=False)
    kept = planned(silent, state, inventory)
    assert kept.operations == ()
    assert ADDRESS in kept.records
    pruned = planned(silent, state, inventory, replace(LAX, prune=True))
    assert (only(pruned).action, only(pruned).members.objects["a.jpg"].after) == ("delete", (THEIRS,))
    assert ADDRESS not in pruned.records
