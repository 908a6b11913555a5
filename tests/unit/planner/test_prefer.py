"""`--prefer`: who wins where both sides changed a field, and for how long."""

from __future__ import annotations

from dataclasses import replace

import pytest

from picsellia_apply.errors import UsageError
from picsellia_apply.model.declaration import Declaration
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Plan, Policy
from picsellia_apply.model.state import Resource, State
from picsellia_apply.planner.prefer import preferred
from tests.worlds import LAX, NOTHING, apply, dataset, of_set, picture_set, planned, version


def cells(described: str) -> Declaration:
    one = dataset("d", version("v", of_set("s")), description=described)
    return Declaration("root", picture_sets=(picture_set("s", ["a.jpg"]),), datasets=(one,))


def prefer(*sides: str) -> Policy:
    return replace(LAX, prefer=frozenset(sides))


def described(state: State, text: str) -> State:
    resources = {**state.resources, "dataset/d": Resource({"description": text})}
    return replace(state, resources=resources)


@pytest.fixture
def theirs() -> tuple[State, Inventory]:
    """A platform on which a person changed the description."""
    state, inventory = apply(planned(cells("Cells")), State(), NOTHING)
    return described(state, "Theirs"), inventory


def kept(made: Plan, inventory: Inventory) -> Inventory:
    assert (made.operations, made.conflicts) == ((), ())
    assert [one.message for one in made.notices] == [
        "description differs from the manifest: kept as on the platform (preferred)"
    ]
    return replace(inventory, records=made.records)


def test_what_the_platform_won_stays_without_the_flag(theirs: tuple[State, Inventory]) -> None:
    state, inventory = theirs
    settled = kept(planned(cells("Ours"), state, inventory, prefer("remote:dataset/d")), inventory)
    assert kept(planned(cells("Ours"), state, settled), settled).records == settled.records


def test_what_the_platform_won_is_written_when_the_manifest_moves_again(theirs: tuple[State, Inventory]) -> None:
    state, inventory = theirs
    settled = kept(planned(cells("Ours"), state, inventory, prefer("remote:dataset/d")), inventory)
    (operation,) = planned(cells("Later"), state, settled).operations
    assert [(one.before, one.after) for one in operation.diff] == [("Theirs", "Later")]
    (operation,) = planned(cells("Ours"), state, settled, prefer("manifest:dataset/d")).operations
    assert operation.diff[0].after == "Ours"


def test_where_the_platform_moves_again_a_person_decides_again(theirs: tuple[State, Inventory]) -> None:
    state, inventory = theirs
    settled = kept(planned(cells("Ours"), state, inventory, prefer("remote:dataset/d")), inventory)
    (conflict,) = planned(cells("Ours"), described(state, "Theirs again"), settled).conflicts
    assert (conflict.base, conflict.desired, conflict.observed) == ("Theirs", "Ours", "Theirs again")
    agreed = planned(cells("Theirs"), state, settled)
    assert (agreed.operations, agreed.conflicts, agreed.notices) == ((), (), ())
    assert "settled" not in agreed.records["dataset/d"].fields


def test_drift_that_would_be_reverted_is_kept_too(theirs: tuple[State, Inventory]) -> None:
    state, inventory = theirs
    assert planned(cells("Cells"), state, inventory).operations[0].reason.startswith("drift")
    settled = kept(planned(cells("Cells"), state, inventory, prefer("remote:dataset/d")), inventory)
    kept(planned(cells("Cells"), state, settled), settled)


def test_of_several_flags_the_longest_address_counts() -> None:
    policy = prefer("remote:dataset/d", "manifest:annotations/d@v")
    assert preferred(policy, "annotations/d@v") == "manifest"
    assert preferred(policy, "annotations/d@other") == "remote"
    assert preferred(policy, "network/d") is None


def test_a_preference_about_nothing_is_told() -> None:
    with pytest.raises(UsageError, match="remote:dataset/typo"):
        planned(cells("Cells"), policy=prefer("remote:dataset/typo"))
