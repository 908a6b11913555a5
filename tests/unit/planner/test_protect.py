"""`protect: true`: nothing of it is deleted, and the inventory remembers it when the document is gone."""

from __future__ import annotations

from dataclasses import replace

from picsellia_apply.model.declaration import Declaration, Network
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Plan, Policy
from picsellia_apply.model.state import State
from tests.worlds import LAX, NOTHING, apply, box, dataset, of_set, picture_set, place, planned, source, version

PRUNE = replace(LAX, prune=True)


def whole(*, protect: bool | None = True, at: str = "version") -> Declaration:
    """A set, a dataset of one annotated version and a network, one of them protected."""
    labelled = version("first", of_set("s"), source({"a": [box("car")]}))
    protected: dict[str, bool | None] = dict.fromkeys(("set", "dataset", "version", "network"))
    protected[at] = protect
    return Declaration(
        ".",
        picture_sets=(replace(picture_set("s", ["a", "b"], ["t"]), protect=protected["set"]),),
        datasets=(
            replace(dataset("D", replace(labelled, protect=protected["version"])), protect=protected["dataset"]),
        ),
        networks=(Network("n", place(), {"type": "detection"}, protect=protected["network"]),),
    )


def settled(declaration: Declaration) -> tuple[State, Inventory]:
    return apply(planned(declaration), State(), NOTHING)


def pruned(declaration: Declaration, state: State, inventory: Inventory, *allowed: str) -> Plan:
    policy: Policy = replace(PRUNE, allowances=frozenset({"empty:workspace/demo", *allowed}))
    return planned(declaration, state, inventory, policy)


def refusals(plan: Plan) -> dict[str, str]:
    return {one.address: one.message for one in plan.refusals if one.rule == "protected"}


def test_a_protected_version_outlives_its_document() -> None:
    state, inventory = settled(whole())
    assert inventory.records["version/D@first"].protected
    empty = Declaration(".")
    plan = pruned(empty, state, inventory)
    assert refusals(plan) == {
        "version/D@first": "it is protected; the plan deletes it, deletes 2 pictures of it"
    }  # fmt: skip
    assert plan.refusals[0].flag == "--allow protected:version/D@first"
    assert plan.outcome == "refused"
    kept = planned(empty, state, inventory, LAX)
    assert kept.records["version/D@first"].protected
    assert refusals(pruned(empty, state, inventory, "protected:version/D@first")) == {}


def test_an_absent_field_is_remembered_and_an_explicit_false_ends_it() -> None:
    state, inventory = settled(whole())
    same = planned(whole(protect=None), state, inventory)
    assert same.records["version/D@first"].protected
    ended = planned(whole(protect=False), state, inventory)
    assert (ended.operations, ended.records["version/D@first"].protected) == ((), False)
    assert refusals(pruned(Declaration("."), state, replace(inventory, records=ended.records))) == {}


def test_pictures_of_a_protected_version_stay_while_others_go() -> None:
    state, inventory = settled(whole())
    smaller = replace(whole(), picture_sets=(picture_set("s", ["a"], ["t"]),))
    assert refusals(pruned(smaller, state, inventory)) == {
        "version/D@first": "it is protected; the plan deletes 1 picture of it"
    }


def test_taking_pictures_out_of_a_protected_version_is_deleting_of_it() -> None:
    both = whole()
    state, inventory = settled(both)
    other = picture_set("other", ["a", "b"])
    narrower = replace(both, picture_sets=(*both.picture_sets, other, picture_set("one", ["a"])))
    first = replace(both.datasets[0].versions[0], pictures=of_set("one"))
    narrower = replace(narrower, datasets=(replace(both.datasets[0], versions=(first,)),))
    assert refusals(pruned(narrower, state, inventory)) == {
        "version/D@first": "it is protected; the plan takes 1 picture out of it"
    }


def test_changes_and_edits_are_allowed() -> None:
    both = whole()
    state, inventory = settled(both)
    edited = replace(both.datasets[0].versions[0], annotations=(source({"a": []}),))
    changed = replace(both, datasets=(replace(both.datasets[0], versions=(edited,)),))
    plan = pruned(changed, state, inventory)
    assert [(one.address, one.action) for one in plan.operations] == [("annotations/D@first", "delete")]
    assert refusals(plan) == {}


def test_a_whole_protects_its_parts() -> None:
    for at, address, parts in (
        ("dataset", "dataset/D", "deletes it and 1 part of it (version/D@first)"),
        ("set", "pictures/s", "deletes 2 pictures of it"),
        ("network", "network/n", "deletes it"),
    ):
        state, inventory = settled(whole(at=at))
        assert refusals(pruned(Declaration("."), state, inventory)) == {
            address: f"it is protected; the plan {parts}"
        }, at


def test_a_protected_label_needs_its_version_lifted() -> None:
    both = whole()
    state, inventory = settled(both)
    bare = replace(
        both.datasets[0].versions[0],
        labels=(("bus", "rectangle"),),
        annotations=both.datasets[0].versions[0].annotations,
    )
    plan = pruned(replace(both, datasets=(replace(both.datasets[0], versions=(bare,)),)), state, inventory)
    assert list(refusals(plan)) == ["version/D@first"]
    assert "label/D@first/car/rectangle" in refusals(plan)["version/D@first"]
