"""Laws of saved plans, on worlds that people also write to: what was reviewed is done, or what is left of it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from picsellia_apply.errors import InvalidInput, StalePlan
from picsellia_apply.model.declaration import Declaration
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Operation, Plan
from picsellia_apply.model.state import State
from tests.again import again, cut_short
from tests.laws.test_planning import BOUNDED, declarations, edited, lax, platforms, try_plan
from tests.worlds import NOTHING, apply


@st.composite
def reviewed(draw: st.DrawFn) -> tuple[Declaration, State, Inventory, Plan]:
    """A plan of a workspace that applied another one before, on a platform where people worked meanwhile."""
    state, inventory = draw(platforms()), NOTHING
    if draw(st.booleans()):
        first = try_plan(draw(declarations()), state, inventory, lax(prune=True))
        state, inventory = apply(first, state, inventory)
        state = draw(edited(state))
    declaration = draw(declarations())
    return declaration, state, inventory, try_plan(declaration, state, inventory, lax(prune=draw(st.booleans())))


@BOUNDED
@given(reviewed())
def test_where_nothing_moved_all_of_it_is_done(made: tuple[Declaration, State, Inventory, Plan]) -> None:
    declaration, state, inventory, saved = made
    left, already = again(saved, declaration, state, inventory)
    assert already == ()
    assert [replace(one, needs=()) for one in left.operations] == [replace(one, needs=()) for one in saved.operations]
    assert left.records == saved.records


@BOUNDED
@given(reviewed())
def test_done_once_nothing_of_it_is_left(made: tuple[Declaration, State, Inventory, Plan]) -> None:
    declaration, state, inventory, saved = made
    state, after = apply(saved, state, inventory)
    left, already = again(saved, declaration, state, replace(after, applied=saved.digest))
    assert left.operations == ()
    assert already == saved.operations


@BOUNDED
@given(st.data(), reviewed())
def test_cut_short_what_is_left_is_done(data: st.DataObject, made: tuple[Declaration, State, Inventory, Plan]) -> None:
    declaration, state, inventory, saved = made
    assume(saved.operations)
    cut, kept, waiting = cut_short(saved, state, inventory, data.draw(st.integers(0, len(saved.operations))))
    left, _ = again(saved, declaration, cut, kept)
    assert {*map(_step, left.operations)} <= {*map(_step, waiting)}
    whole, _ = apply(saved, state, inventory)
    rest, _ = apply(left, cut, kept)
    assert rest == whole


def _step(operation: Operation) -> tuple[str, bool]:
    return operation.address, operation.action == "delete"


@BOUNDED
@given(st.data(), reviewed())
def test_whatever_people_do_nothing_is_done_that_was_not_reviewed(
    data: st.DataObject, made: tuple[Declaration, State, Inventory, Plan]
) -> None:
    declaration, state, inventory, saved = made
    now = data.draw(st.one_of(st.just(declaration), declarations()))
    try:
        left, _ = again(saved, now, data.draw(edited(state)), inventory)
    except (StalePlan, InvalidInput):
        return
    planned = {one.address: one for one in saved.operations if one.action != "delete"}
    deleted = {one.address: one for one in saved.operations if one.action == "delete"}
    for one in left.operations:
        before = (deleted if one.action == "delete" else planned)[one.address]
        assert one.members.add.items() <= before.members.add.items()
        assert set(one.members.remove) <= set(before.members.remove)
        assert one.members.objects.items() <= before.members.objects.items()
        assert {(change.field, str(change.after)) for change in one.diff} <= {
            (change.field, str(change.after)) for change in before.diff
        }
