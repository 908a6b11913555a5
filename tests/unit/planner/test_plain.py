"""A platform without the extension: what it cannot do is blocked by name, never planned, never forgotten."""

from __future__ import annotations

from dataclasses import replace

from picsellia_apply.model.declaration import Declaration, Selection
from picsellia_apply.model.plan import Plan, Policy
from picsellia_apply.model.state import State
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

PLAIN = Policy(features=frozenset())
PLAIN_PRUNE = replace(LAX, prune=True, features=frozenset())


def declared(*versions: object, pictures: tuple[str, ...] = ("a.jpg", "b.jpg")) -> Declaration:
    sets = (picture_set("s", list(pictures)),)
    return Declaration("root", picture_sets=sets, datasets=(dataset("d", *versions),))  # type: ignore[arg-type]


def planned_plain(declaration: Declaration) -> Plan:
    return planned(declaration, State(), NOTHING, PLAIN)


def blocked(plan: Plan) -> list[str]:
    assert {one.rule for one in plan.blocked} <= {"unsupported by this server"}
    return [one.address for one in plan.blocked]


def addresses(plan: Plan) -> list[str]:
    return sorted(one.address for one in plan.operations if not one.address.startswith(("pictures/", "label/")))


def test_a_first_version_must_be_called_first() -> None:
    plan = planned_plain(declared(version("gold", of_set("s"), labels=(("car", "rectangle"),))))
    assert (blocked(plan), addresses(plan)) == (["version/d@gold"], [])
    assert "dataset/d" not in plan.records
    plan = planned_plain(declared(version("first", of_set("s"))))
    assert (blocked(plan), addresses(plan)) == ([], ["dataset/d", "version/d@first"])


def test_a_first_version_must_hold_a_picture() -> None:
    plan = planned_plain(declared(version("first", of_tags("nothing"))))
    assert (blocked(plan), addresses(plan)) == (["version/d@first"], [])


def test_what_comes_from_a_blocked_version_is_blocked() -> None:
    chain = [version("gold", of_set("s")), version("b", of_set("s"), origin="gold"), version("c", None, origin="b")]
    plan = planned_plain(declared(*chain))
    assert (blocked(plan), addresses(plan)) == (["version/d@b", "version/d@c", "version/d@gold"], [])


def test_a_blocked_version_does_not_hinder_others() -> None:
    chain = [version("first", of_set("s")), version("gold", of_set("s")), version("later", None, origin="first")]
    plan = planned_plain(declared(*chain))
    assert blocked(plan) == ["version/d@gold"]
    assert addresses(plan) == ["dataset/d", "version/d@first", "version/d@later"]


def test_the_last_version_of_a_declared_dataset_is_kept_with_what_belongs_to_it() -> None:
    """SDK v2 deletes a dataset with its last version: the next plan would make it again, without end."""
    objects = source({"a.jpg": [box("car")]})
    first, second = version("first", of_set("s"), objects), version("second", of_set("s"), objects, origin="first")
    third = version("third", of_set("s"), objects, origin="second")
    state, inventory = apply(planned(declared(first, second, third)), State(), NOTHING)
    there = {text: one for text, one in state.resources.items() if "@first" not in text}
    state = replace(state, resources=there, versions={"d": ("third", "second")})  # the newest stays
    plan = planned(declared(first), state, inventory, PLAIN_PRUNE)
    assert blocked(plan) == ["version/d@first", "version/d@second"]
    assert [one.address for one in plan.operations] == ["version/d@third"]
    assert plan.blocked[-1].message == "deleting the last version of a dataset that is declared"
    kept = {"version/d@second", "annotations/d@second", "label/d@second/car/rectangle"}
    assert {text: inventory.records[text] for text in kept}.items() <= plan.records.items()
    assert not [text for text in plan.records if "@third" in text]
    state, inventory = apply(plan, state, inventory)
    again = planned(declared(first), replace(state, versions={"d": ("second",)}), inventory, PLAIN_PRUNE)
    assert (again.operations, blocked(again)) == ((), ["version/d@first", "version/d@second"])


def test_the_version_that_is_kept_holds_no_picture_that_goes() -> None:
    objects = source({"a.jpg": [box("car")], "b.jpg": [box("car")]})
    first, second = version("first", of_set("s"), objects), version("second", of_set("s"), objects, origin="first")
    state, inventory = apply(planned(declared(first, second)), State(), NOTHING)
    state = replace(state, resources={text: one for text, one in state.resources.items() if "@first" not in text})
    state = replace(state, versions={"d": ("second",)})
    plan = planned(declared(first, pictures=("b.jpg",)), state, inventory, PLAIN_PRUNE)
    assert blocked(plan) == ["version/d@first", "version/d@second"]
    assert [one.members.remove for one in plan.operations] == [("a.jpg",)]
    for text in ("version/d@second", "annotations/d@second"):
        assert plan.records[text].members.keys() == {"b.jpg"}


def test_the_last_version_goes_with_its_dataset_or_once_another_is_there() -> None:
    first = version("first", of_set("s"))
    state, inventory = apply(planned(declared(first)), State(), NOTHING)
    whole = planned(replace(declared(first), datasets=()), state, inventory, PLAIN_PRUNE)
    assert [one.address for one in whole.operations] == ["version/d@first", "dataset/d"]
    for features in (PLAIN_PRUNE.features, LAX.features):
        policy = replace(PLAIN_PRUNE, features=features)
        emptied = planned(declared(), state, inventory, policy)
        assert (blocked(emptied), addresses(emptied)) == (["version/d@first"], [])
    replaced = planned(declared(version("other", of_set("s"))), state, inventory, replace(LAX, prune=True))
    assert (blocked(replaced), addresses(replaced)) == ([], ["version/d@first", "version/d@other"])


def test_pictures_are_never_taken_out_of_a_version() -> None:
    def named(*names: str) -> Declaration:
        return declared(version("first", Selection(place(), names=names)))

    state, inventory = apply(planned(named("a.jpg", "b.jpg")), State(), NOTHING)
    kept = planned(named("a.jpg"), state, inventory, PLAIN)
    assert (blocked(kept), addresses(kept)) == ([], [])
    plan = planned(named("a.jpg"), state, inventory, PLAIN_PRUNE)
    assert (blocked(plan), addresses(plan)) == (["version/d@first"], [])
    assert plan.blocked[0].names == ("b.jpg",)
    assert not [one for one in plan.notices if one.kind == "kept"]
    assert set(plan.records["version/d@first"].members) == {"a.jpg", "b.jpg"}


def test_labels_that_are_not_shown_are_remembered_until_they_are_declared_again() -> None:
    def labelled(*names: str) -> Declaration:
        return declared(version("first", of_set("s"), labels=tuple((name, "rectangle") for name in names)))

    state, inventory = apply(planned(labelled("car", "van")), State(), NOTHING)
    unseen = replace(state, resources={a: r for a, r in state.resources.items() if not a.startswith("label/")})
    kept = planned(labelled("car"), unseen, inventory, PLAIN)
    assert [(one.kind, one.address) for one in kept.notices] == [("kept", "label/d@first/van/rectangle")]
    assert "label/d@first/van/rectangle" in kept.records
    plan = planned(labelled("car"), unseen, inventory, PLAIN_PRUNE)
    assert (blocked(plan), addresses(plan)) == (["label/d@first/van/rectangle"], [])
    assert "label/d@first/van/rectangle" in plan.records
    without = replace(unseen, resources={a: r for a, r in unseen.resources.items() if not a.startswith("version/")})
    gone = planned(Declaration("root"), without, inventory, PLAIN_PRUNE)
    assert blocked(gone) == []
