"""What goes and what stays: frozen versions pin their pictures, deletions are remembered, absent is unmanaged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from picsellia_apply.errors import UsageError
from picsellia_apply.model.declaration import Declaration, PictureSet, TagQuery
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Plan
from picsellia_apply.model.state import Lake, State
from picsellia_apply.planner.scope import covers, scope_of
from tests.again import again, cut_short
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
    source,
    version,
)

PRUNE = replace(LAX, prune=True, allowances=frozenset({"empty:workspace/demo"}))


def frozen_world(pictures: tuple[str, ...] = ("a", "b", "c"), *, frozen: bool = True) -> Declaration:
    """A set that a frozen version was made of, and a version that follows its tag."""
    gold = version("gold", of_set("s"), source({"a": [box("car")], "c": [box("car")]}), frozen=frozen)
    live = version("live", of_tags("t"))
    return Declaration(".", picture_sets=(picture_set("s", pictures, ["t"]),), datasets=(dataset("D", gold, live),))


def settle(declaration: Declaration, state: State, inventory: Inventory) -> tuple[State, Inventory, Plan]:
    """Apply until nothing is left to do; at most twice."""
    plan = planned(declaration, state, inventory, PRUNE)
    state, inventory = apply(plan, state, inventory)
    again = planned(declaration, state, inventory, PRUNE)
    assert again.operations == ()
    return state, inventory, again


def test_a_picture_of_a_frozen_version_is_not_deleted_and_the_version_is_named() -> None:
    state, inventory = apply(planned(frozen_world()), State(), NOTHING)
    plan = planned(frozen_world(("a",)), state, inventory, PRUNE)
    assert [one.address for one in plan.operations if one.address == "pictures/s"] == []
    (blocked,) = plan.blocked
    assert (blocked.address, blocked.rule, blocked.names) == ("pictures/s", "frozen version", ("b", "c"))
    assert blocked.message == "deleting 2 pictures would change `version/D@gold`, which is frozen"
    state, inventory, again = settle(frozen_world(("a",)), state, inventory)
    assert state.lake.pictures.keys() == {"a", "b", "c"}
    assert state.resources["version/D@gold"].members.keys() == {"a", "b", "c"}
    assert len(state.resources["annotations/D@gold"].members) == 2
    assert state.resources["version/D@live"].members.keys() == {"a"}
    assert again.blocked == plan.blocked


def test_once_thawed_the_pictures_go() -> None:
    state, inventory = apply(planned(frozen_world()), State(), NOTHING)
    state, inventory, _ = settle(frozen_world(("a",)), state, inventory)
    state, inventory, again = settle(frozen_world(("a",), frozen=False), state, inventory)
    assert (set(state.lake.pictures), again.blocked) == ({"a"}, ())


def test_a_whole_set_that_is_gone_keeps_what_is_frozen() -> None:
    state, inventory = apply(planned(frozen_world()), State(), NOTHING)
    other = picture_set("other", ["a"])
    gone = replace(frozen_world(), picture_sets=(other,))
    gold = replace(gone.datasets[0].versions[0], pictures=of_set("other"))
    gone = replace(gone, datasets=(dataset("D", gold),))
    plan = planned(gone, state, inventory, PRUNE)
    assert [one.names for one in plan.blocked] == [("b", "c")]
    assert plan.records["pictures/s"].members.keys() == {"b", "c"}
    assert "pictures/s" not in {one.address for one in plan.operations}


def without(state: State, *names: str) -> State:
    """Return the state after a person deleted pictures."""
    lake = state.lake
    pictures = {name: sha for name, sha in lake.pictures.items() if name not in names}
    return replace(state, lake=Lake(pictures, {tag: held - set(names) for tag, held in lake.tags.items()}))


@pytest.mark.parametrize("prune", [True, False])
def test_what_a_person_deleted_stays_deleted_when_its_set_comes_back(*, prune: bool) -> None:
    policy = PRUNE if prune else replace(PRUNE, prune=False)
    there, nothing = Declaration(".", picture_sets=(picture_set("s", ["a", "b"]),)), Declaration(".")
    state, inventory = apply(planned(there), State(), NOTHING)
    state = without(state, "b")
    state, inventory = apply(planned(nothing, state, inventory, policy), state, inventory)
    assert inventory.records["pictures/s"].fields["deleted"] == ["b"]
    strict = planned(nothing, state, inventory, replace(policy, allowances=frozenset()))
    assert [one.rule for one in strict.refusals] == ([] if prune else ["empty"])
    back = planned(there, state, inventory, policy)
    assert [name for one in back.operations for name in one.members.add] == (["a"] if prune else [])
    assert [(one.kind, one.names) for one in back.notices if one.address == "pictures/s"] == [("drift", ("b",))]
    elsewhere = planned(Declaration(".", picture_sets=(picture_set("other", ["b"]),)), state, inventory, policy)
    assert [one for one in elsewhere.operations if one.members.add] == []


def test_a_file_that_is_withdrawn_and_put_back_stays_deleted_and_restore_lifts_it() -> None:
    def declared(*names: str, restore: bool = False) -> Declaration:
        one: PictureSet = picture_set("s", names, restore=restore)
        return Declaration(".", picture_sets=(one,))

    state, inventory = apply(planned(declared("a", "b")), State(), NOTHING)
    state = without(state, "b")
    for _ in range(2):
        state, inventory = apply(planned(declared("a"), state, inventory, PRUNE), state, inventory)
    assert inventory.records["pictures/s"].fields["deleted"] == ["b"]
    assert planned(declared("a", "b"), state, inventory, PRUNE).operations == ()
    state, inventory = apply(planned(declared("a", "b", restore=True), state, inventory, PRUNE), state, inventory)
    assert state.lake.pictures.keys() == {"a", "b"}
    assert "deleted" not in inventory.records["pictures/s"].fields
    assert planned(declared("a"), state, inventory, PRUNE).operations[0].members.remove == ("b",)


def restored_elsewhere(*left: str, noticed: bool) -> tuple[Declaration, State, Inventory, Plan]:
    """A person deleted b, which set s no longer declares, and set t is to restore it."""
    state, inventory = apply(planned(declared_sets(s=("a", "b"))), State(), NOTHING)
    state = without(state, "b")
    if noticed:
        state, inventory = apply(planned(declared_sets(s=left), state, inventory, PRUNE), state, inventory)
    later = declared_sets(s=left, t=("b",))
    return later, state, inventory, planned(later, state, inventory, PRUNE)


def declared_sets(**sets: tuple[str, ...]) -> Declaration:
    made = tuple(picture_set(name, names, restore=True) for name, names in sets.items() if names)
    return Declaration(".", picture_sets=made)


@pytest.mark.parametrize("noticed", [False, True])
@pytest.mark.parametrize("left", [("a",), ()])
def test_what_another_set_restores_is_no_longer_remembered_as_deleted(left: tuple[str, ...], *, noticed: bool) -> None:
    later, state, inventory, made = restored_elsewhere(*left, noticed=noticed)
    after, records = apply(made, state, inventory)
    assert after.lake.pictures.keys() == {*left, "b"}
    assert [text for text, one in records.records.items() if "b" in one.members] == ["pictures/t"]
    assert ("pictures/s" in records.records) is bool(left)
    assert planned(later, after, records, PRUNE).records == records.records
    assert again(made, later, after, replace(records, applied=made.digest))[0].operations == ()


@pytest.mark.parametrize("noticed", [False, True])
@pytest.mark.parametrize("left", [("a",), ()])
def test_it_is_remembered_until_it_is_there(left: tuple[str, ...], *, noticed: bool) -> None:
    """So that who drops `restore: true` after a kill does not upload what a person took away."""
    later, state, inventory, made = restored_elsewhere(*left, noticed=noticed)
    cut, kept, _ = cut_short(made, state, inventory, 0)
    assert kept.records["pictures/s"].members.keys() >= {"b"}
    strict = replace(later, picture_sets=tuple(replace(one, restore=False) for one in later.picture_sets))
    assert [one for one in planned(strict, cut, kept, PRUNE).operations if one.members.add] == []
    whole, records = apply(made, state, inventory)
    resumed, resumed_records = apply(planned(later, cut, kept, PRUNE), cut, kept)
    assert (resumed, resumed_records.records) == (whole, records.records)


@pytest.mark.parametrize("prune", [True, False])
def test_a_saved_plan_about_other_pictures_of_a_set_holds_with_what_is_remembered(*, prune: bool) -> None:
    """What was deleted and is not read again is no more there than what the inventory says of it."""
    state, inventory = apply(planned(declared_sets(s=("a", "b", "c"))), State(), NOTHING)
    state = without(state, "b")
    state, inventory = apply(planned(declared_sets(s=("a", "c")), state, inventory), state, inventory)
    later, policy = declared_sets(t=("d",)), replace(PRUNE, prune=prune)
    made = planned(later, state, inventory, policy)
    after, records = apply(made, state, inventory)
    assert records.records["pictures/s"].fields["deleted"] == ["b"]
    assert again(made, later, state, inventory)[0].records == made.records
    assert again(made, later, after, replace(records, applied=made.digest))[0].operations == ()


def test_what_somebody_else_brought_back_is_not_ours() -> None:
    there, nothing = Declaration(".", picture_sets=(picture_set("s", ["a", "b"]),)), Declaration(".")
    state, inventory = apply(planned(there), State(), NOTHING)
    full = state
    state, inventory = apply(planned(nothing, without(state, "b"), inventory, PRUNE), without(state, "b"), inventory)
    back = replace(full, lake=Lake({"b": full.lake.pictures["b"]}, {}))
    plan = planned(nothing, back, inventory, PRUNE)
    assert (plan.operations, "pictures/s" in plan.records) == ((), False)


def query(**told: object) -> Declaration:
    one = TagQuery("q", place(), ("t",), **told)  # type: ignore[arg-type]
    return Declaration(".", picture_sets=(picture_set("s", ["a"], ["t"]),), queries=(one,))


def test_an_absent_list_of_a_query_lets_its_tags_be_and_an_empty_one_does_not() -> None:
    state, inventory = apply(planned(query(add=("seen",), remove=("raw",))), State(), NOTHING)
    absent = planned(query(unmanaged=frozenset({"add", "remove"})), state, inventory, PRUNE)
    assert absent.operations == ()
    assert absent.records.keys() == {"pictures/s", "pictures/s/t"}
    emptied = planned(query(), state, inventory, PRUNE)
    assert [(one.address, one.action) for one in emptied.operations] == [("query/q/seen", "delete")]


def test_the_line_that_stands_for_labels_alike_is_a_target() -> None:
    recorded = {"label/D@first/car/rectangle", "label/D@first/bus/rectangle", "label/D@firsts/car/rectangle"}
    scope = scope_of(["label/D@first/*"], {}, recorded)
    assert scope.covered == {"label/D@first/car/rectangle", "label/D@first/bus/rectangle"}
    assert not covers("label/D@first/*", "version/D@first")
    assert not covers("pictures/*", "pictures/s")
    assert not covers("label/*", "label/D@first/car/rectangle")
    with pytest.raises(UsageError):
        scope_of(["label/D@second/*"], {}, recorded)


@pytest.mark.parametrize("prune", [True, False])
def test_the_parts_of_a_version_that_is_forgotten_are_forgotten_with_it(*, prune: bool) -> None:
    """An adopted version that is no longer declared: its labels stayed recorded for a plan, without it."""
    policy = replace(LAX, prune=prune)
    first = version("first", of_set("s"), source({"a": [box("car")]}))
    there = Declaration(".", picture_sets=(picture_set("s", ["a"]),), datasets=(dataset("D", first),))
    state, _ = apply(planned(there), State(), NOTHING)
    state, inventory = apply(planned(there, state, NOTHING, policy), state, NOTHING)
    assert "label/D@first/car/rectangle" in inventory.records
    left = replace(there, datasets=(dataset("D"),))
    plan = planned(left, state, inventory, policy)
    assert (plan.operations, [one.address for one in plan.notices]) == ((), ["version/D@first"])
    state, inventory = apply(plan, state, inventory)
    assert [text for text in inventory.records if "D@first" in text] == []
    assert planned(left, state, inventory, policy).notices == ()
