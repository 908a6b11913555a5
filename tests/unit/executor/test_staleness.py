"""Whether a saved plan still holds: every refusal by name, and what must not refuse it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from picsellia_apply.errors import Moved, StalePlan
from picsellia_apply.executor.staleness import check_target
from picsellia_apply.manifest.bytes import digests_by_ref
from picsellia_apply.model.declaration import Declaration, LocalFile, Network
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Plan, Policy, Target
from picsellia_apply.model.state import Lake, Resource, State
from tests.again import again, cut_short
from tests.worlds import (
    LAX,
    NOTHING,
    TARGET,
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

CAR, VAN, PERSON = box("car"), box("van", 50), box("person", 90)
ADDRESS = "annotations/d@v"
PICTURES = ("a.jpg", "b.jpg", "c.jpg")
BOXES: Mapping[str, list[str]] = {"a.jpg": [CAR], "b.jpg": [CAR]}


def declared(
    names: tuple[str, ...] = PICTURES,
    boxes: Mapping[str, list[str]] = BOXES,
    *,
    described: str = "Cars",
    tags: tuple[str, ...] = ("t",),
    weights: str = "one",
    salt: str = "",
) -> Declaration:
    first = version("v", of_tags("t"), source(boxes), labels=(("car", "rectangle"),))
    file = LocalFile("/here/w", "./w", sha(weights), len(weights))
    return Declaration(
        "root",
        picture_sets=(picture_set("s", names, tags, salt=salt),),
        datasets=(dataset("d", first, description=described),),
        networks=(Network("n", place(), {"description": described}, {"weights": file}),),
    )


def applied(declaration: Declaration | None = None) -> tuple[State, Inventory]:
    return apply(planned(declaration or declared()), State(), NOTHING)


def holding(state: State, address: str, members: Mapping[str, Any] | None = None, **fields: Any) -> State:
    before = state.resources.get(address, Resource())
    there = Resource({**before.fields, **fields}, before.members if members is None else members)
    return replace(state, resources={**state.resources, address: there})


def edited() -> Declaration:
    """One more picture with its box, another description, another file, one box moved."""
    boxes = {**BOXES, "a.jpg": [box("car", 30)], "d.jpg": [VAN]}
    return declared((*PICTURES, "d.jpg"), boxes, described="Vehicles", weights="two")


def reasons_of(saved: Plan, *world: Any, **more: Any) -> dict[tuple[str, str], Moved]:
    with pytest.raises(StalePlan) as raised:
        again(saved, *world, **more)
    assert str(raised.value).endswith("nothing was written")
    return {(one.address, one.field): one for one in raised.value.reasons}


@pytest.fixture
def world() -> tuple[Plan, State, Inventory]:
    """A reviewed plan of the edits, on what was applied before them."""
    state, inventory = applied()
    return planned(edited(), state, inventory), state, inventory


def test_where_nothing_moved_all_of_it_is_left(world: tuple[Plan, State, Inventory]) -> None:
    saved, state, inventory = world
    left, already = again(saved, edited(), state, inventory)
    assert left.operations == saved.operations
    assert (left.digest, already) == (saved.digest, ())


Change = Callable[[State], State]


def _picture(name: str, sha256: str | None) -> Change:
    def change(state: State) -> State:
        pictures = {**state.lake.pictures, name: sha256}
        return replace(state, lake=Lake(pictures, state.lake.tags))

    return change


MOVES: dict[str, tuple[Change, tuple[str, str], Any, Any]] = {
    "field": (
        lambda state: holding(state, "network/n", description="Theirs"),
        ("network/n", "description"),
        "Cars",
        "Theirs",
    ),
    "file": (
        lambda state: holding(state, "file/n/weights", sha256=sha("theirs")),
        ("file/n/weights", "sha256"),
        sha("one"),
        sha("theirs"),
    ),
    "annotation": (
        lambda state: holding(
            state, ADDRESS, {**state.resources[ADDRESS].members, "a.jpg": tuple(sorted((CAR, PERSON)))}
        ),
        (ADDRESS, "a.jpg"),
        "1 object",
        "2 objects (+1)",
    ),
    "other bytes": (
        _picture("d.jpg", sha("other")),
        ("pictures/s", "d.jpg"),
        "not in the lake",
        f"in the lake with other bytes: sha256:{sha('other')}",
    ),
    "gone": (
        lambda state: replace(state, resources={a: r for a, r in state.resources.items() if a != "network/n"}),
        ("network/n", ""),
        "there",
        "not there",
    ),
}


@pytest.mark.parametrize("case", MOVES.values(), ids=MOVES)
def test_what_moved_on_the_platform_is_named(
    world: tuple[Plan, State, Inventory], case: tuple[Change, tuple[str, str], Any, Any]
) -> None:
    saved, state, inventory = world
    change, where, planned_value, now = case
    reason = reasons_of(saved, edited(), change(state), inventory)[where]
    assert (reason.planned, reason.now, reason.where) == (planned_value, now, "platform")


def test_all_of_it_is_named_not_the_first(world: tuple[Plan, State, Inventory]) -> None:
    saved, state, inventory = world
    for change, *_ in (MOVES["field"], MOVES["file"], MOVES["annotation"], MOVES["other bytes"]):
        state = change(state)
    reasons = reasons_of(saved, declared((*PICTURES, "d.jpg"), described="Third"), state, replace(inventory, serial=9))
    assert {
        ("inventory", "serial"),
        ("network/n", "description"),
        ("file/n/weights", "sha256"),
        (ADDRESS, "a.jpg"),
        ("pictures/s", "d.jpg"),
        ("dataset/d", "description"),
    } <= reasons.keys()


def test_a_value_that_the_manifests_changed_is_told_as_theirs(world: tuple[Plan, State, Inventory]) -> None:
    saved, state, inventory = world
    third = replace(edited(), networks=declared(described="Third", weights="two").networks)
    reason = reasons_of(saved, third, state, inventory)["network/n", "description"]
    assert (reason.planned, reason.now, reason.where) == ("Vehicles", "Third", "manifests")


def test_what_moved_elsewhere_neither_makes_it_stale_nor_is_written(world: tuple[Plan, State, Inventory]) -> None:
    _, state, inventory = world
    only_one = replace(declared(), networks=declared(described="Vehicles").networks)
    saved = planned(only_one, state, inventory)
    assert [one.address for one in saved.operations] == ["network/n"]
    state = holding(state, "dataset/d", description="Theirs")
    state = holding(state, ADDRESS, {"a.jpg": (PERSON,)})
    state = replace(state, lake=Lake({"a.jpg": None}, {}))
    manifests = replace(declared((*PICTURES, "z.jpg"), {}, salt="!"), networks=only_one.networks)
    left, _ = again(saved, manifests, state, inventory)
    assert left.operations == saved.operations
    assert {text: one for text, one in left.records.items() if text != "network/n"} == {
        text: one for text, one in inventory.records.items() if text != "network/n"
    }


def test_a_new_match_waits_for_the_next_plan() -> None:
    state, inventory = applied()
    saved = planned(edited(), state, inventory)
    lake = Lake({**state.lake.pictures, "x.jpg": sha("x")}, {"t": state.lake.tags["t"] | {"x.jpg"}})
    state = replace(state, lake=lake)
    assert "x.jpg" in planned(edited(), state, inventory).operations[-1].members.add or any(
        "x.jpg" in one.members.add for one in planned(edited(), state, inventory).operations
    )
    left, _ = again(saved, edited(), state, inventory)
    assert [one.members.add.keys() for one in left.operations] == [one.members.add.keys() for one in saved.operations]
    assert "x.jpg" not in left.records["version/d@v"].members


def test_what_is_there_already_counts_as_done(world: tuple[Plan, State, Inventory]) -> None:
    saved, state, inventory = world
    done = [one for one in saved.operations if one.address.startswith(("pictures/", "network/"))]
    state, _ = apply(replace(saved, operations=tuple(done)), state, inventory)
    left, already = again(saved, edited(), state, inventory)
    assert already == tuple(done)
    rest = [one for one in saved.operations if one not in done]
    assert [replace(one, needs=()) for one in left.operations] == [replace(one, needs=()) for one in rest]


@pytest.mark.parametrize("serial", [0, 7])
def test_an_inventory_that_moved_is_refused(world: tuple[Plan, State, Inventory], serial: int) -> None:
    saved, state, inventory = world
    reason = reasons_of(saved, edited(), state, replace(inventory, serial=serial))["inventory", "serial"]
    assert (reason.planned, reason.now) == (inventory.serial, serial)
    assert again(saved, edited(), state, replace(inventory, serial=serial, applied=saved.digest))


def test_another_target_names_what_differs_and_which_files_changed(world: tuple[Plan, State, Inventory]) -> None:
    saved, _, _ = world
    check_target(saved, TARGET, {})
    with pytest.raises(StalePlan) as raised:
        check_target(saved, Target("https://x", "acme", "prod"), digests_by_ref(edited()) | {"pictures/s:d.jpg": "0"})
    found = {(one.address, one.field): one.now for one in raised.value.reasons}
    assert found == {("plan", "host"): "https://x", ("plan", "workspace"): "prod", ("pictures/s", "d.jpg"): "sha256:0"}


def test_files_that_changed_or_are_missing_are_named(world: tuple[Plan, State, Inventory]) -> None:
    saved, state, inventory = world
    missing = reasons_of(saved, declared(PICTURES, described="Vehicles", weights="two"), state, inventory)
    assert missing["pictures/s", "d.jpg"].where == "files"
    assert "not among the files" in missing["pictures/s", "d.jpg"].now
    salted = declared((*PICTURES, "d.jpg"), described="Vehicles", weights="three", salt="!")
    changed = reasons_of(saved, salted, state, inventory)
    assert changed["pictures/s", "d.jpg"].now == f"sha256:{sha('d.jpg!')}"
    assert changed["file/n/weights", "weights"].now == f"sha256:{sha('three')}"


@pytest.mark.parametrize("ref", ["pictures/s:../../etc/passwd", "pictures/../s:d.jpg", "/etc/passwd", ""])
def test_a_reference_that_the_manifests_do_not_name_is_refused(world: tuple[Plan, State, Inventory], ref: str) -> None:
    saved, state, inventory = world
    upload = saved.operations[0]
    content = replace(upload.members.add["d.jpg"], ref=ref)  # type: ignore[type-var]
    forged = replace(upload, members=replace(upload.members, add={"d.jpg": content}))
    reasons = reasons_of(replace(saved, operations=(forged, *saved.operations[1:])), edited(), state, inventory)
    assert "not among the files" in reasons["pictures/s", "d.jpg"].now


def test_deletes_that_nobody_asks_for_are_refused(world: tuple[Plan, State, Inventory]) -> None:
    """A forged plan: what it deletes is not what the manifests lead to."""
    saved, state, inventory = world
    upload = saved.operations[0]
    forged = replace(upload, action="delete", members=replace(upload.members, add={}, remove=("a.jpg",)))
    reasons = reasons_of(replace(saved, operations=(forged,)), edited(), state, inventory)
    assert reasons["pictures/s", "a.jpg"].now == "asked for again"


def pruned(names: tuple[str, ...]) -> tuple[Declaration, Policy]:
    fewer = {name: boxes for name, boxes in BOXES.items() if name in names}
    policy = replace(LAX, prune=True, allowances=frozenset({"foreign_content:pictures/s"}))
    return declared(names, fewer), policy


def test_more_of_others_than_was_reviewed_is_stale_even_where_a_flag_lifted_it() -> None:
    state, inventory = applied()
    state = holding(state, ADDRESS, {**state.resources[ADDRESS].members, "a.jpg": tuple(sorted((CAR, PERSON)))})
    fewer, policy = pruned(PICTURES[1:])
    saved = planned(fewer, state, inventory, policy)
    assert not saved.refusals
    assert again(saved, fewer, state, inventory)[0].operations == saved.operations
    more = tuple(sorted((CAR, PERSON, VAN)))
    state = holding(state, ADDRESS, {**state.resources[ADDRESS].members, "a.jpg": more})
    reasons = reasons_of(saved, fewer, state, inventory)
    assert [
        (one.planned, one.now)
        for where, one in reasons.items()
        if where == ("pictures/s", "objects of others that it touches")
    ] == [(1, 2)]


def test_guards_are_judged_again_by_the_manifests_budgets() -> None:
    state, inventory = applied()
    fewer, policy = pruned(PICTURES[2:])
    saved = planned(fewer, state, inventory, policy)
    assert saved.refusals == ()
    left, _ = again(saved, fewer, state, inventory, policy=replace(policy, delete_percent=10))
    assert {one.rule for one in left.refusals} == {"delete_percent"}


def test_a_version_that_somebody_made_meanwhile_is_refused_by_what_it_holds() -> None:
    declaration = Declaration(
        "root",
        picture_sets=(picture_set("s", PICTURES),),
        datasets=(dataset("d", version("v", of_set("s"), labels=None)),),
    )
    saved = planned(declaration)
    state = State(Lake({"x.jpg": None}), {"dataset/d": Resource(), "version/d@v": Resource(members={"x.jpg": None})})
    reasons = reasons_of(saved, declaration, state, NOTHING)
    assert reasons["version/d@v", "x.jpg"].now == "in the version"


def test_a_picture_that_a_person_deleted_meanwhile_is_not_given_a_tag(world: tuple[Plan, State, Inventory]) -> None:
    _, state, inventory = world
    tagged = declared(tags=("t", "u"))
    saved = planned(tagged, state, inventory)
    pictures = {name: digest for name, digest in state.lake.pictures.items() if name != "a.jpg"}
    state = replace(state, lake=Lake(pictures, {"t": frozenset(pictures)}))
    reasons = reasons_of(saved, tagged, state, inventory)
    assert reasons["pictures/s/u", "a.jpg"].now == "deleted on the platform"


def test_a_shared_picture_that_another_set_brought_back_before_the_apply_was_cut_short_moved_nothing() -> None:
    """It was adopted by both sets, and a person deleted it: whichever set brings it back, it is ours from then on."""

    def both(*, restore: bool, more: tuple[str, ...] = ()) -> Declaration:
        sets = (picture_set("one", ("a.jpg",)), picture_set("two", ("a.jpg", *more), restore=restore))
        return Declaration("root", picture_sets=sets)

    there = State(Lake({"a.jpg": sha("a.jpg")}))
    state, inventory = apply(planned(both(restore=False), there), there, NOTHING)
    assert all(record.fields == {"adopted": ["a.jpg"]} for record in inventory.records.values())
    wanted, gone = both(restore=True, more=("b.jpg",)), replace(state, lake=Lake())
    saved = planned(wanted, gone, inventory)
    assert [one.address for one in saved.operations] == ["pictures/one", "pictures/two"]
    cut, kept, waiting = cut_short(saved, gone, inventory, 1)
    left, _ = again(saved, wanted, cut, kept)
    assert [one.address for one in left.operations] == [one.address for one in waiting] == ["pictures/two"]
    whole, after = apply(saved, gone, inventory)
    assert apply(left, cut, kept)[0] == whole
    assert left.records == planned(wanted, whole, after).records
