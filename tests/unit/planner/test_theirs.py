"""What people made is neither taken for ours nor taken along unseen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from picsellia_apply.model.annotation import annotation_digest
from picsellia_apply.model.declaration import Declaration, LocalFile, Network, TagQuery
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Plan, Policy
from picsellia_apply.model.state import Lake, Resource, State, Unread
from picsellia_apply.planner.pictures import CONTENT_DIFFERS
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
    sha,
    source,
    version,
)

PRUNE = replace(LAX, prune=True)
ANY = {"a.jpg": [box("car")], "b.jpg": [box("car")]}


def world(*versions: object, pictures: tuple[str, ...] = ("a.jpg", "b.jpg"), salt: str = "") -> Declaration:
    datasets = (dataset("d", *versions),) if versions else ()  # type: ignore[arg-type]
    return Declaration("root", picture_sets=(picture_set("s", pictures, ("t",), salt=salt),), datasets=datasets)


def settled(
    declaration: Declaration, state: State, inventory: Inventory, policy: Policy = LAX
) -> tuple[State, Inventory]:
    """Apply, and expect that the next plan does nothing and that a second apply would record nothing else."""
    state, inventory = apply(planned(declaration, state, inventory, policy), state, inventory)
    again = planned(declaration, state, inventory, policy)
    assert again.operations == ()
    assert again.records == inventory.records
    return state, inventory


def without(state: State, *pictures: str) -> State:
    """Return the state after a person deleted pictures."""
    tags = {tag: its - set(pictures) for tag, its in state.lake.tags.items()}
    left = {name: digest for name, digest in state.lake.pictures.items() if name not in pictures}
    resources = {
        text: replace(one, members={name: what for name, what in one.members.items() if name not in pictures})
        for text, one in state.resources.items()
    }
    return replace(state, lake=Lake(left, tags), resources=resources)


def holding(state: State, address: str, **members: object) -> State:
    held = {**state.resources.get(address, Resource()).members, **{f"{stem}.jpg": one for stem, one in members.items()}}
    return replace(state, resources={**state.resources, address: Resource(members=held)})


def deleted(plan: Plan) -> dict[str, tuple[str, ...]]:
    return {one.address: one.members.remove for one in plan.operations if one.action == "delete"}


def foreign(plan: Plan) -> dict[str, str]:
    return {one.address: one.message for one in plan.refusals if one.rule == "foreign_content"}


@pytest.mark.parametrize("ours_first", [True, False])
def test_a_picture_that_a_person_brought_back_is_theirs(ours_first: bool) -> None:
    start = State() if ours_first else State(Lake({"a.jpg": sha("a.jpg")}))
    state, inventory = settled(world(), start, NOTHING)
    state, inventory = settled(world(), without(state, "a.jpg"), inventory)
    state = replace(state, lake=Lake({**state.lake.pictures, "a.jpg": sha("a.jpg")}, state.lake.tags))
    state, inventory = settled(world(), state, inventory)
    assert deleted(planned(world(pictures=("c.jpg",)), state, inventory, PRUNE))["pictures/s"] == ("b.jpg",)


def test_a_picture_that_is_restored_is_ours() -> None:
    there = State(Lake({"a.jpg": sha("a.jpg")}))
    state, inventory = settled(world(), there, NOTHING)
    restoring = Declaration("root", picture_sets=(picture_set("s", ("a.jpg", "b.jpg"), ("t",), restore=True),))
    state, inventory = settled(restoring, without(state, "a.jpg"), inventory)
    assert deleted(planned(world(pictures=("c.jpg",)), state, inventory, PRUNE))["pictures/s"] == ("a.jpg", "b.jpg")


def test_a_picture_whose_bytes_somebody_replaced_is_not_deleted() -> None:
    state, inventory = settled(world(), State(), NOTHING)
    state = replace(state, lake=Lake({**state.lake.pictures, "a.jpg": sha("theirs")}, state.lake.tags))
    assert deleted(planned(world(pictures=("c.jpg",)), state, inventory, PRUNE))["pictures/s"] == ("b.jpg",)


def test_a_picture_that_a_person_put_into_a_version_before_it_matched_is_never_taken_out() -> None:
    pictures = ("a.jpg", "b.jpg", "c.jpg")
    state, inventory = settled(world(version("v", names("a.jpg")), pictures=pictures), State(), NOTHING)
    state = holding(state, "version/d@v", b=None)
    state, inventory = settled(world(version("v", names(*pictures)), pictures=pictures), state, inventory)
    narrowed = planned(world(version("v", names("a.jpg")), pictures=pictures), state, inventory, PRUNE)
    assert deleted(narrowed) == {"version/d@v": ("c.jpg",)}
    gone = planned(world(pictures=pictures), state, inventory, PRUNE)
    told = "it takes along what is not ours: 1 picture in a version\nnamely b.jpg in d@v"
    assert foreign(gone) == {"version/d@v": told}


def test_annotations_that_people_made_before_us_are_never_deleted() -> None:
    bare = world(version("v", of_set("s")))
    state, inventory = settled(replace(bare, datasets=()), State(), NOTHING)
    unmanaged = replace(version("v", of_set("s")), unmanaged=frozenset({"annotations"}))
    state, inventory = settled(world(unmanaged), state, inventory)
    drawn = holding(state, "annotations/d@v", a=(box("car"),))
    told = world(version("v", of_set("s"), source(ANY)))
    state, inventory = settled(told, drawn, inventory)
    plan = planned(bare, state, inventory, PRUNE)
    assert deleted(plan) == {}
    (kept,) = [one for one in plan.notices if one.address == "annotations/d@v"]
    assert (kept.kind, kept.names) == ("kept", ("a.jpg", "b.jpg"))
    assert planned(bare, *settled(bare, state, inventory, PRUNE), PRUNE).notices == ()


def test_annotations_that_people_made_before_the_file_had_them_are_never_deleted() -> None:
    told = world(version("v", of_set("s"), source({"a.jpg": [box("car")]})))
    state, inventory = settled(told, State(), NOTHING)
    drawn = holding(state, "annotations/d@v", b=(box("car"),))
    state, inventory = settled(world(version("v", of_set("s"), source(ANY))), drawn, inventory)
    (operation,) = planned(world(version("v", of_set("s"))), state, inventory, PRUNE).operations
    assert {name: one.after for name, one in operation.members.objects.items()} == {"a.jpg": ()}


@pytest.mark.parametrize("digest", [annotation_digest((box("car"),)), "0" * 64])
def test_annotations_that_nobody_manages_count_in_every_delete(digest: str) -> None:
    many = tuple(f"{number:02}.jpg" for number in range(30))
    unmanaged = replace(version("v", names(*many)), unmanaged=frozenset({"annotations"}))
    state, inventory = settled(world(unmanaged, pictures=many), State(), NOTHING)
    unread = {"annotations/d@v": {name: Unread(digest, 20) for name in many[:3]}}
    state = replace(state, unread=unread)
    named = ", ".join(f"annotation of {name}" for name in many[:3])
    sixty = f"it takes along what is not ours: 60 objects\nnamely {named}"
    narrowed = replace(version("v", names(*many[3:])), unmanaged=frozenset({"annotations"}))
    assert foreign(planned(world(narrowed, pictures=many), state, inventory, PRUNE)) == {"version/d@v": sixty}
    assert foreign(planned(world(pictures=many), state, inventory, PRUNE)) == {"version/d@v": sixty}
    assert foreign(planned(world(unmanaged, pictures=many[3:]), state, inventory, PRUNE)) == {"pictures/s": sixty}


def test_annotations_that_we_wrote_and_did_not_read_again_are_ours() -> None:
    second = replace(version("w", names("a.jpg"), origin="v"), unmanaged=frozenset({"annotations"}))
    both = world(version("v", of_set("s"), source(ANY)), second)
    state, inventory = settled(both, State(), NOTHING)
    carried = {name: Unread(annotation_digest((box("car"),)), 1) for name in ANY}
    resources = {text: one for text, one in state.resources.items() if text != "annotations/d@w"}
    state = replace(state, resources=resources, unread={"annotations/d@w": carried})
    plan = planned(world(version("v", of_set("s"), source(ANY))), state, inventory, PRUNE)
    assert deleted(plan).keys() == {"version/d@w"}
    assert foreign(plan) == {}


def test_a_refusal_names_three_objects_of_people_and_no_line_of_theirs() -> None:
    many = ("a.jpg", "b.jpg", "c.jpg\nto allow", "d.jpg")
    told = replace(version("v", names(*many)), unmanaged=frozenset({"annotations"}))
    state, inventory = settled(world(told, pictures=many), State(), NOTHING)
    resources = {**state.resources, "annotations/d@v": Resource(members={name: (box("car"),) for name in many})}
    plan = planned(world(pictures=many), replace(state, resources=resources), inventory, PRUNE)
    rectangles = (
        "car rectangle in a.jpg, car rectangle in b.jpg, car rectangle in c.jpg\N{REPLACEMENT CHARACTER}to allow"
    )
    said = f"it takes along what is not ours: 4 objects\nnamely {rectangles}, ..."
    assert foreign(plan) == {"version/d@v": said}


def test_a_label_that_goes_changes_the_objects_that_bear_it_and_takes_none() -> None:
    labels = (("car", "rectangle"), ("van", "rectangle"))
    unmanaged = frozenset({"annotations"})
    state, inventory = settled(
        world(replace(version("v", of_set("s"), labels=labels), unmanaged=unmanaged)), State(), NOTHING
    )
    state = holding(state, "annotations/d@v", a=(box("car"), box("van"), box("van", 50)))
    plan = planned(world(replace(version("v", of_set("s")), unmanaged=unmanaged)), state, inventory, PRUNE)
    assert foreign(plan) == {}
    (operation,) = [one for one in plan.operations if one.address == "label/d@v/van/rectangle"]
    assert (operation.action, operation.impact) == ("delete", "2 objects keep its name")
    assert operation.pre["takes"]["objects"] == [2, 0]


def test_versions_of_others_that_hold_a_picture_are_counted_before_it_goes() -> None:
    state, inventory = settled(world(), State(), NOTHING)
    state = replace(state, holders={"pictures/s": {"version/THEIRS@first": (1, 7)}})
    plan = planned(world(pictures=("a.jpg",)), state, inventory, PRUNE)
    what = "1 picture in a version and 7 objects\nnamely what THEIRS@first holds"
    assert foreign(plan) == {"pictures/s": f"it takes along what is not ours: {what}"}
    (operation,) = plan.operations
    assert operation.impact == "1 picture; also takes it out of 1 version and deletes 7 objects"


def test_a_dataset_with_a_version_that_nobody_recorded_stays_and_is_forgotten() -> None:
    there = world(version("v", of_set("s")))
    state, inventory = settled(there, State(), NOTHING)
    state = replace(state, versions={"d": ("v", "theirs/x")})
    plan = planned(world(), state, inventory, PRUNE)
    assert [one.address for one in plan.operations] == ["version/d@v"]
    assert [(one.address, one.message) for one in plan.notices] == [
        ("dataset/d", "no longer declared: kept (it holds versions that stay), and forgotten")
    ]
    state, inventory = apply(plan, state, inventory)
    assert planned(world(), replace(state, versions={"d": ("theirs/x",)}), inventory, PRUNE).operations == ()


def test_another_picture_of_a_declared_name_gets_nothing() -> None:
    there = State(Lake({"a.jpg": sha("theirs")}, {"drone": frozenset({"a.jpg"})}))
    queries = (TagQuery("q", place(), ("drone",), add=("seen",)),)
    told = world(version("v", of_set("s"), source(ANY)), version("w", of_tags("drone")))
    declaration = replace(told, queries=queries)
    plan = planned(declaration, there)
    assert [(one.address, one.rule, one.names) for one in plan.blocked] == [("pictures/s", CONTENT_DIFFERS, ("a.jpg",))]
    touched = {name for one in plan.operations for name in {**one.members.add, **one.members.objects}}
    assert touched == {"b.jpg"}
    assert "a.jpg" not in {name for one in plan.records.values() for name in one.members}
    state, inventory = settled(declaration, there, NOTHING, PRUNE)
    after, _ = settled(declaration, without(state, "a.jpg"), inventory, PRUNE)
    assert after.lake.pictures["a.jpg"] == sha("a.jpg")


def test_a_changed_file_of_ours_loses_nothing_and_gets_nothing_new() -> None:
    first = version("v", of_set("s"), source(ANY))
    state, inventory = settled(world(first), State(), NOTHING)
    changed = Declaration(
        "root",
        picture_sets=(picture_set("s", ("a.jpg", "b.jpg"), ("t", "new"), salt="changed"),),
        datasets=(dataset("d", replace(first, annotations=(source({**ANY, "b.jpg": [box("van")]}),))),),
    )
    plan = planned(changed, state, inventory, PRUNE)
    assert [one.names for one in plan.blocked] == [("a.jpg", "b.jpg")]
    assert plan.operations == ()
    assert {text: one for text, one in plan.records.items() if text != "pictures/s/new"} == inventory.records


def network(**fields: object) -> Declaration:
    one = Network("n", place(), {"type": "detection"}, **fields)  # type: ignore[arg-type]
    return Declaration("root", networks=(one,), picture_sets=(picture_set("s", ("a.jpg",)),))


def test_a_field_that_is_absent_is_unmanaged_and_forgotten() -> None:
    first = version("v", of_set("s"), source(ANY))
    file = LocalFile("/x", "x", sha("x"), 1)
    filled = replace(network(files={"config": file}, thumbnail=file), datasets=(dataset("d", first),))
    state, inventory = settled(filled, State(), NOTHING)
    bare = replace(
        network(unmanaged=frozenset({"files", "thumbnail"})),
        datasets=(dataset("d", replace(first, annotations=(), unmanaged=frozenset({"annotations"}))),),
    )
    plan = planned(bare, state, inventory, PRUNE)
    assert plan.operations == ()
    told = {one.address for one in plan.notices}
    assert told == {"annotations/d@v", "file/n/config", "thumbnail/n"}
    state, inventory = settled(bare, state, inventory, PRUNE)
    assert not told & inventory.records.keys()
    assert planned(bare, state, inventory, PRUNE).notices == ()
    closed = replace(bare, datasets=(replace(dataset("d"), unmanaged=frozenset({"versions"})),))
    plan = planned(closed, state, inventory, PRUNE)
    assert (plan.operations, [one.address for one in plan.notices]) == ((), ["version/d@v"])
    assert not any("@" in text for text in plan.records)


@pytest.mark.parametrize("gone", [network(), Declaration("root", picture_sets=network().picture_sets)])
def test_a_file_that_somebody_stored_over_ours_is_theirs(gone: Declaration) -> None:
    file = LocalFile("/x", "x", sha("x"), 1)
    state, inventory = settled(network(files={"config": file}), State(), NOTHING)
    assert foreign(planned(gone, state, inventory, PRUNE)) == {}
    theirs = Resource({"sha256": sha("theirs"), "size": 6})
    state = replace(state, resources={**state.resources, "file/n/config": theirs})
    refused = foreign(planned(gone, state, inventory, PRUNE))
    told = "it takes along what is not ours: 1 address\nnamely file `config`, which is not the one that we stored"
    assert list(refused.values()) == [told]


def test_a_field_that_is_emptied_is_managed() -> None:
    first = version("v", of_set("s"), source(ANY))
    file = LocalFile("/x", "x", sha("x"), 1)
    filled = replace(network(files={"config": file}), datasets=(dataset("d", first),))
    state, inventory = settled(filled, State(), NOTHING)
    emptied = replace(network(), datasets=(dataset("d", replace(first, annotations=())),))
    assert deleted(planned(emptied, state, inventory, PRUNE)).keys() == {"file/n/config", "annotations/d@v"}
    none = replace(network(), datasets=(dataset("d"),))
    assert [one.address for one in planned(none, state, inventory, PRUNE).blocked] == ["version/d@v"]  # the last one
    (blocked,) = planned(none).blocked
    assert (blocked.address, blocked.message) == ("dataset/d", "creating a dataset without a version")


def test_one_address_is_an_address() -> None:
    state, inventory = settled(Declaration("root", networks=(Network("n", place(), {"type": "x"}),)), State(), NOTHING)
    (refusal,) = planned(Declaration("root"), state, inventory).refusals
    assert refusal.message.endswith("manages 1 address")


def test_a_picture_of_ours_that_people_tagged_is_not_deleted_unasked() -> None:
    state, inventory = settled(world(), State(), NOTHING, PRUNE)
    tags = {**state.lake.tags, "theirs": frozenset({"a.jpg", "b.jpg"})}
    tagged = replace(state, lake=replace(state.lake, tags=tags))
    less = world(pictures=("b.jpg",))
    assert foreign(planned(less, state, inventory, PRUNE)) == {}
    refused = planned(less, tagged, inventory, PRUNE)
    told = "it takes along what is not ours: 1 tag on a picture\nnamely tag `theirs` on a.jpg"
    assert foreign(refused) == {"pictures/s": told}
    lifted = replace(PRUNE, allowances=frozenset({"foreign_content:pictures/s"}))
    assert deleted(planned(less, tagged, inventory, lifted)) == {"pictures/s": ("a.jpg",)}


def test_a_network_of_ours_in_which_people_changed_a_field_is_not_deleted_unasked() -> None:
    declared = Declaration("root", networks=(Network("n", place(), {"type": "detection", "description": "ours"}),))
    state, inventory = settled(declared, State(), NOTHING, PRUNE)
    nothing = Declaration("root", picture_sets=(picture_set("s", ("a.jpg",), None),))
    assert foreign(planned(nothing, state, inventory, PRUNE)) == {}
    for changed, told in (
        ({"description": "theirs"}, "1 field that was changed on the platform\nnamely `description`"),
        (
            {"labels": {"7": "person"}, "description": "theirs"},
            "2 fields that were changed on the platform\nnamely `description`, `labels`",
        ),
    ):
        there = state.resources["network/n"]
        moved = replace(there, fields={**there.fields, **changed})
        refused = foreign(
            planned(nothing, replace(state, resources={**state.resources, "network/n": moved}), inventory, PRUNE)
        )
        assert refused == {"network/n": f"it takes along what is not ours: {told}"}


def test_what_people_put_into_a_network_or_a_version_of_ours_is_named() -> None:
    declared = Declaration(
        "root",
        datasets=(dataset("d", version("v", names("a.jpg"))), dataset("e")),
        networks=(Network("n", place(), {"type": "detection"}),),
    )
    state, inventory = settled(declared, State(), NOTHING, PRUNE)
    there = dict.fromkeys(["file/n/notes", "thumbnail/n"], Resource({"sha256": sha("theirs"), "size": 6}))
    there["label/d@v/dog/rectangle"] = Resource()
    state = replace(state, resources={**state.resources, **there})
    less = replace(declared, datasets=(dataset("e"),), networks=())
    assert foreign(planned(less, state, inventory, PRUNE)) == {
        "network/n": "it takes along what is not ours: 2 addresses\nnamely file `notes`, thumbnail",
        "version/d@v": "it takes along what is not ours: 1 address\nnamely label `dog rectangle`",
    }


@pytest.mark.parametrize("origin", [None, "gold"])
def test_what_a_person_draws_like_ours_elsewhere_is_ours_only_where_it_may_be_a_copy(origin: str | None) -> None:
    """Only what a version took over from its origin may hold objects that we wrote to another version."""
    gold = version("gold", names("a.jpg", "b.jpg"), source(ANY))
    live = version("live", names("a.jpg", "b.jpg"), origin=origin)
    state, inventory = settled(world(gold, live), State(), NOTHING)
    assert origin is None or state.resources["annotations/d@live"].members.keys() == {"a.jpg", "b.jpg"}
    drawn = holding(state, "annotations/d@live", a=(box("car"),))
    assert drawn == state or origin is None
    for left, address in (
        (world(gold), "version/d@live"),
        (world(gold, version("live", names("b.jpg"))), "version/d@live"),
        (world(version("gold", names("b.jpg")), version("live", names("b.jpg")), pictures=("b.jpg",)), "pictures/s"),
    ):
        refused = foreign(planned(left, drawn, inventory, PRUNE))
        assert (address in refused) is (origin is None), (address, refused)


def test_a_version_that_was_there_before_and_is_no_longer_declared_keeps_what_it_holds() -> None:
    """It stays, so that what people put into it counts: it was passed over as one that goes."""
    declared = world(version("live", names("a.jpg", "b.jpg")))
    state, inventory = settled(declared, State(), NOTHING)
    adopted = replace(
        inventory.records["version/d@live"], created=False, fields={"adopted": ["a.jpg", "b.jpg"]}, protected=False
    )
    inventory = replace(inventory, records={**inventory.records, "version/d@live": adopted})
    left = replace(world(pictures=("b.jpg",)), datasets=(dataset("d"),))
    plan = planned(left, state, inventory, PRUNE)
    assert deleted(plan) == {"pictures/s": ("a.jpg",)}
    assert "a.jpg in d@live" in foreign(plan)["pictures/s"]


@pytest.mark.parametrize("targets", [(), ("pictures/s",)])
def test_a_version_that_is_ours_and_is_not_deleted_after_all_keeps_what_people_drew(targets: tuple[str, ...]) -> None:
    """The last version of a dataset is never deleted, and one that is no target is not deleted either."""
    declared = world(version("live", names("a.jpg", "b.jpg")))
    state, inventory = settled(declared, State(), NOTHING)
    state = holding(state, "annotations/d@live", a=(box("car"),))
    left = replace(world(pictures=("b.jpg",)), datasets=(dataset("d"),))
    plan = planned(left, state, inventory, replace(PRUNE, targets=targets))
    assert deleted(plan)["pictures/s"] == ("a.jpg",)
    assert "car rectangle in a.jpg" in foreign(plan)["pictures/s"]


@pytest.mark.parametrize("origin", [None, "gold"])
def test_a_label_like_ours_elsewhere_is_ours_only_where_it_may_be_a_copy(origin: str | None) -> None:
    """The labels of a version that took over nothing are its own."""
    gold = version("gold", names("a.jpg"), labels=[("car", "rectangle")])
    live = version("live", names("a.jpg"), origin=origin, labels=None)
    state, inventory = settled(world(gold, live), State(), NOTHING, PRUNE)
    assert ("label/d@live/car/rectangle" in state.resources) is (origin is not None)
    assert "label/d@live/car/rectangle" not in inventory.records
    there = replace(state, resources={**state.resources, "label/d@live/car/rectangle": Resource()})
    refused = foreign(planned(world(gold), there, inventory, PRUNE))
    told = "it takes along what is not ours: 1 address\nnamely label `car rectangle`"
    assert refused == ({} if origin else {"version/d@live": told})
