"""Who moved: records against the platform, three ways."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from picsellia_apply.model.declaration import AnnotationPolicy, Declaration, LocalFile, Network, TagQuery
from picsellia_apply.model.drift import Drift, DriftReport, ObjectCounts
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Policy
from picsellia_apply.model.state import Lake, Resource, State
from picsellia_apply.planner import plan
from picsellia_apply.planner.drift import drift
from picsellia_apply.resolve import resolve
from tests.worlds import (
    LAX,
    NOTHING,
    TARGET,
    apply,
    box,
    dataset,
    of_set,
    picture_set,
    place,
    planned,
    sha,
    source,
    version,
)

LABELS = (("car", "rectangle"),)


def world(
    *,
    description: str = "Cells",
    policy: AnnotationPolicy = "merge",
    x: float = 0,
    config: str = "one",
    restore: bool = False,
) -> Declaration:
    told = source({"a.jpg": [box("car", x)], "b.jpg": [box("car")]}, policy)
    return Declaration(
        "root",
        picture_sets=(picture_set("s", ("a.jpg", "b.jpg", "c.jpg"), ("t",), restore=restore),),
        datasets=(dataset("d", version("first", of_set("s"), told, labels=LABELS), description=description),),
        networks=(Network("n", place(), {"type": "x"}, {"config": LocalFile("/c", "c", sha(config), 3)}),),
    )


def applied(declaration: Declaration, there: State | None = None) -> tuple[State, Inventory]:
    start = there or State()
    return apply(planned(declaration, start), start, NOTHING)


def found(declaration: Declaration, state: State, inventory: Inventory, policy: Policy = LAX) -> DriftReport:
    desired = resolve(declaration, state, inventory)
    return drift(desired, state, inventory, plan(desired, state, inventory, policy, TARGET))


def put(state: State, address: str, **changes: Any) -> State:
    return replace(state, resources={**state.resources, address: replace(state.resources[address], **changes)})


def only(report: DriftReport) -> Drift:
    (one,) = report.drifts
    return one


def test_a_field_that_both_sides_changed_to_the_same_is_no_drift() -> None:
    state, inventory = applied(world())
    state = put(state, "dataset/d", fields={"description": "Blood"})
    assert found(world(description="Blood"), state, inventory).drifts == ()


def test_a_field_that_both_sides_changed_apart_is_a_conflict_until_a_flag_settles_it() -> None:
    state, inventory = applied(world())
    state = put(state, "dataset/d", fields={"description": "theirs"})
    one = only(found(world(description="ours"), state, inventory))
    assert (one.both, one.fate, one.desired) == (True, "decision", {"description": "ours"})
    assert one.commands == (("apply", "--prefer", "manifest:dataset/d"), ("apply", "--prefer", "remote:dataset/d"))
    for side, fate in (("manifest", "reverted"), ("remote", "kept")):
        settled = only(
            found(world(description="ours"), state, inventory, replace(LAX, prefer=frozenset({f"{side}:dataset/d"})))
        )
        assert (settled.fate, settled.commands) == (fate, ())


def test_a_file_is_compared_three_ways_too() -> None:
    state, inventory = applied(world())
    state = put(state, "file/n/config", fields={"sha256": sha("theirs"), "size": 6})
    assert only(found(world(), state, inventory)).fate == "reverted"
    assert only(found(world(config="two"), state, inventory)).fate == "decision"
    assert found(world(config="theirs"), state, inventory).drifts == ()


@pytest.mark.parametrize(("policy", "fate"), [("merge", "kept"), ("seed", "kept"), ("mirror", "reverted")])
def test_what_happens_to_edited_objects_is_the_policys_business(policy: AnnotationPolicy, fate: str) -> None:
    state, inventory = applied(world(policy=policy))
    members = {**state.resources["annotations/d@first"].members, "a.jpg": (box("car"), box("car", 90))}
    one = only(found(world(policy=policy), put(state, "annotations/d@first", members=members), inventory))
    assert (one.fate, one.reason) == (fate, f"policy: {policy}")
    assert one.labels == {("car", "rectangle"): ObjectCounts(added=1)}


def test_a_moved_object_is_one_change_and_a_drawn_picture_counts_too() -> None:
    state, inventory = applied(world())
    members = {"a.jpg": (box("car", 2),), "b.jpg": (box("car"),), "c.jpg": (box("car", 5), box("van"))}
    drifts = found(world(), put(state, "annotations/d@first", members=members), inventory).drifts
    assert {one.reason: one.pictures for one in drifts} == {
        "policy: merge": {"a.jpg": ObjectCounts(changed=1)},
        "not in the annotation files": {"c.jpg": ObjectCounts(added=2)},
    }


def test_objects_that_both_sides_changed_to_the_same_are_no_drift() -> None:
    state, inventory = applied(world())
    members = {**state.resources["annotations/d@first"].members, "a.jpg": (box("car", 7),)}
    state = put(state, "annotations/d@first", members=members)
    assert found(world(x=7), state, inventory).drifts == ()
    assert only(found(world(), state, inventory)).pictures == {"a.jpg": ObjectCounts(changed=1)}


def test_an_object_that_both_sides_moved_waits_for_a_person() -> None:
    state, inventory = applied(world())
    members = {**state.resources["annotations/d@first"].members, "a.jpg": (box("car", 0, 4),)}
    one = only(found(world(x=4), put(state, "annotations/d@first", members=members), inventory))
    assert (one.both, one.fate, one.pictures) == (True, "decision", {"a.jpg": ObjectCounts(changed=1)})


def test_what_hangs_on_a_deleted_picture_is_told_once() -> None:
    state, inventory = applied(world())
    resources = {
        text: replace(one, members={name: what for name, what in one.members.items() if name != "b.jpg"})
        for text, one in state.resources.items()
    }
    pictures = {name: digest for name, digest in state.lake.pictures.items() if name != "b.jpg"}
    gone = replace(state, lake=Lake(pictures, {"t": frozenset(pictures)}), resources=resources)
    one = only(found(world(), gone, inventory))
    assert (one.address, one.what, one.names, one.fate) == ("pictures/s", "deleted", ("b.jpg",), "kept")
    assert only(found(world(restore=True), gone, inventory)).fate == "reverted"


def test_the_parts_of_a_dataset_that_is_gone_are_told_with_it() -> None:
    state, inventory = applied(world())
    left = {text: one for text, one in state.resources.items() if "/d" not in text}
    one = only(found(world(), replace(state, resources=left), inventory))
    assert (one.address, one.what, one.fate) == ("dataset/d", "deleted", "reverted")


def test_a_version_that_is_gone_says_what_it_held() -> None:
    state, inventory = applied(world())
    left = {text: one for text, one in state.resources.items() if "d@first" not in text}
    one = only(found(world(), replace(state, resources=left), inventory))
    assert one.message == "version deleted, with 3 pictures, 2 objects"


def test_of_what_was_there_before_us_nothing_is_said_but_that() -> None:
    theirs = State(
        Lake({"x.jpg": sha("x")}),
        {"dataset/d": Resource({"description": "Cells"}), "version/d@first": Resource(members={"x.jpg": None}),
         "label/d@first/van/rectangle": Resource()},
    )  # fmt: skip
    state, inventory = applied(world(), theirs)
    report = found(world(), state, inventory)
    assert report.drifts == ()
    assert report.unseen == (
        "pictures and labels added to 1 version that was there before this workspace: `version/d@first`",
    )


def test_labels_and_files_that_people_added_are_told() -> None:
    state, inventory = applied(world())
    more = {"label/d@first/van/polygon": Resource(), "file/n/notes": Resource({"sha256": sha("n"), "size": 1})}
    drifts = found(world(), replace(state, resources={**state.resources, **more}), inventory).drifts
    assert {one.address: (one.what, one.names, one.fate) for one in drifts} == {
        "network/n": ("added", ("notes",), "kept"),
        "version/d@first": ("added", ("van polygon",), "kept"),
    }


def test_a_target_narrows_the_report() -> None:
    state, inventory = applied(world())
    state = put(state, "dataset/d", fields={"description": "theirs"})
    state = put(state, "network/n", fields={"type": "theirs"})
    report = found(world(), state, inventory, replace(LAX, targets=("network/n",)))
    assert [one.address for one in report.drifts] == ["network/n"]
    assert report.compared == 2


def test_a_plan_that_is_refused_is_told() -> None:
    tagged = replace(world(), picture_sets=(picture_set("s", ("a.jpg", "b.jpg", "c.jpg"), ("t", "u", "v")),))
    state, inventory = applied(tagged)
    state = put(state, "dataset/d", fields={"description": "theirs"})
    assert found(tagged, state, inventory).refused == ()
    report = found(tagged, state, inventory, replace(LAX, update_percent=0))
    assert report.refused == ("update_percent at dataset/d",)


def replaced(state: State, name: str) -> State:
    """Return the lake in which a person deleted a picture and uploaded other bytes under its name."""
    resources = {
        text: replace(one, members={member: what for member, what in one.members.items() if member != name})
        for text, one in state.resources.items()
    }
    return replace(state, lake=Lake({**state.lake.pictures, name: sha("theirs")}, state.lake.tags), resources=resources)


def test_what_an_apply_could_not_set_back_is_told_again_and_again() -> None:
    state, inventory = applied(world())
    state = replaced(state, "a.jpg")
    told = {("pictures/s", "replaced", "blocked"), ("version/d@first", "removed", "blocked")}
    for _ in range(3):
        drifts = found(world(), state, inventory).drifts
        assert {(one.address, one.what, one.fate) for one in drifts} == told
        assert all(one.names == ("a.jpg",) for one in drifts)
        state, inventory = apply(planned(world(), state, inventory), state, inventory)
    assert inventory.records["pictures/s"].members["a.jpg"] == sha("a.jpg")


def test_a_blocked_picture_that_is_no_longer_selected_is_forgotten() -> None:
    state, inventory = applied(world())
    state = replaced(state, "a.jpg")
    less = replace(world(), picture_sets=(picture_set("s", ("b.jpg", "c.jpg"), ("t",)),))
    _, inventory = apply(planned(less, state, inventory), state, inventory)
    assert "a.jpg" not in inventory.records["version/d@first"].members


def test_a_tag_that_a_query_keeps_off_is_named_where_somebody_put_it_on() -> None:
    query = TagQuery("q", place(), ("t",), 1.0, add=(), remove=("draft",))
    kept_off = replace(world(), queries=(query,))
    state, inventory = applied(kept_off)
    assert not any("draft" in one for one in found(kept_off, state, inventory).unseen)
    state = replace(state, lake=Lake(state.lake.pictures, {**state.lake.tags, "draft": frozenset({"a.jpg"})}))
    (told,) = [one for one in found(kept_off, state, inventory).unseen if "draft" in one]
    assert told == "who put the tag `draft` on 1 picture: query `q` keeps it off, the next apply takes it off"


def test_annotations_that_no_manifest_speaks_of_are_named() -> None:
    bare = replace(world(), datasets=(dataset("d", version("first", of_set("s"), labels=LABELS)),))
    state, inventory = applied(bare)
    assert found(bare, state, inventory).unseen == (
        "annotations of 1 version without `annotations` in the manifest: `version/d@first`",
    )
    assert found(world(), *applied(world())).unseen == ()
