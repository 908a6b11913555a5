"""Laws of drift: what nobody touched has not moved, what a manifest changed is not drift, and a plan says no more."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from picsellia_apply.errors import InvalidInput
from picsellia_apply.model.declaration import Declaration
from picsellia_apply.model.drift import DriftReport
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Notice, Operation, Policy
from picsellia_apply.model.state import Resource, State
from picsellia_apply.planner import plan
from picsellia_apply.planner.drift import drift
from picsellia_apply.resolve import resolve
from tests.laws.profiles import bounded
from tests.laws.test_planning import declarations, edited, lax, platforms, try_plan
from tests.worlds import LAX, NOTHING, TARGET, apply, box


def found(declaration: Declaration, state: State, inventory: Inventory, policy: Policy = LAX) -> DriftReport:
    desired = resolve(declaration, state, inventory, prune=policy.sweeps)
    return drift(desired, state, inventory, plan(desired, state, inventory, policy, TARGET))


def without_origins(declaration: Declaration) -> Declaration:
    """Return the manifests with versions that take nothing over: what a version took over has no base of its own."""
    datasets = [
        replace(one, versions=tuple(replace(version, origin=None) for version in one.versions))
        for one in declaration.datasets
    ]
    return replace(declaration, datasets=tuple(datasets))


@bounded(150)
@given(st.data())
def test_right_after_an_apply_there_is_no_drift(data: st.DataObject) -> None:
    declaration, state, policy = data.draw(declarations()), data.draw(platforms()), lax(prune=data.draw(st.booleans()))
    state, inventory = apply(try_plan(declaration, state, NOTHING, policy), state, NOTHING)
    report = found(declaration, state, inventory, policy)
    assert report.drifts == ()
    assert report.applied


@bounded(150)
@given(st.data())
def test_what_only_the_manifests_changed_is_no_drift(data: st.DataObject) -> None:
    state = data.draw(platforms())
    state, inventory = apply(try_plan(data.draw(declarations()), state, NOTHING), state, NOTHING)
    later = data.draw(declarations())
    try:
        assert found(later, state, inventory).drifts == ()
    except InvalidInput:
        assume(False)


def _is_restored(operation: Operation, state: State, inventory: Inventory) -> bool:
    """Return whether all that is put back are pictures that are gone from the lake: that is told once, there."""
    back = operation.members.add.keys() & inventory.records[operation.address].members.keys()
    return bool(back) and back.isdisjoint(state.lake.pictures)


def _is_about_people(notice: Notice, state: State) -> bool:
    """Return whether a notice tells what people did here: no new match of a frozen version, no picture that is gone."""
    if " more match" in notice.message:
        return False
    return notice.address.startswith("pictures/") or not state.lake.pictures.keys().isdisjoint(notice.names)


@bounded(200)
@given(st.data())
def test_whatever_a_plan_calls_drift_is_in_the_report(data: st.DataObject) -> None:
    """Of what this workspace made: about what was there before nobody can tell what people added since."""
    declaration = without_origins(data.draw(declarations(people=data.draw(st.booleans()))))
    state, inventory = apply(try_plan(declaration, State(), NOTHING), State(), NOTHING)
    state = data.draw(edited(state))
    made = try_plan(declaration, state, inventory)
    said = {one.address for one in made.notices if one.kind == "drift" and _is_about_people(one, state)}
    drifted = [one for one in made.operations if "drift:" in one.reason]
    said |= {one.address for one in drifted if not _is_restored(one, state, inventory)}
    assert said <= {one.address for one in found(declaration, state, inventory).drifts}


@bounded(150)
@given(st.data())
def test_what_the_next_apply_sets_back_is_no_drift_after_it(data: st.DataObject) -> None:
    declaration = without_origins(data.draw(declarations(people=True)))
    state, inventory = apply(try_plan(declaration, State(), NOTHING), State(), NOTHING)
    state = data.draw(edited(state))
    before = found(declaration, state, inventory)
    after_state, after = apply(try_plan(declaration, state, inventory), state, inventory)
    left = {(one.address, one.what) for one in found(declaration, after_state, after).drifts}
    set_back = {(one.address, one.what) for one in before.drifts if one.fate == "reverted"}
    others = {(one.address, one.what) for one in before.drifts if one.fate != "reverted"}
    assert not (set_back - others) & left


@bounded(100)
@given(st.data())
def test_every_object_that_people_add_or_remove_is_counted(data: st.DataObject) -> None:
    declaration = without_origins(data.draw(declarations(people=True)))
    state, inventory = apply(try_plan(declaration, State(), NOTHING), State(), NOTHING)
    annotated = {text: one for text, one in state.resources.items() if text.startswith("annotations/") and one.members}
    assume(annotated)
    address = data.draw(st.sampled_from(sorted(annotated)))
    name = data.draw(st.sampled_from(sorted(annotated[address].members)))
    before = annotated[address].members[name]
    gone = data.draw(st.integers(0, len(before)))
    theirs = tuple(box("person", 500 + 50 * row) for row in range(data.draw(st.integers(0, 3))))
    members = {**annotated[address].members, name: tuple(sorted((*before[gone:], *theirs)))}
    state = replace(state, resources={**state.resources, address: Resource(members=members)})
    counts = [one.pictures[name] for one in found(declaration, state, inventory).drifts if name in one.pictures]
    assert sum(one.added for one in counts) == len(theirs)
    assert sum(one.removed for one in counts) == gone
    assert sum(one.changed for one in counts) == 0
