"""Budgets: what a TagQuery's `remove` takes off the pictures of others counts, to the picture."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from picsellia_apply.model.address import parse_address
from picsellia_apply.model.declaration import Declaration, TagQuery
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.state import Lake, State
from picsellia_apply.planner.guard import FEWEST_TO_UPDATE
from tests.laws.profiles import bounded
from tests.worlds import LAX, NOTHING, apply, picture_set, place, planned, sha

OURS = tuple(f"our-{row:02}.jpg" for row in range(12))
THEIRS = tuple(f"their-{row:02}.jpg" for row in range(24))
TAGS = ("sky", "night")
REMOVED = ("draft", "todo")

some = st.sampled_from([0.0, 0.2, 0.5, 1.0])


@st.composite
def carried(draw: st.DrawFn, tag: str) -> frozenset[str]:
    """Which pictures of others carry a tag: none, a part of them, or all."""
    share = draw(some, tag)
    return draw(st.frozensets(st.sampled_from(THEIRS), min_size=round(share * len(THEIRS)))) if share else frozenset()


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Declaration, State, Inventory]:
    """A lake of others, a set of ours with its tags that was applied, and queries that take tags off since then."""
    mine = draw(st.lists(st.sampled_from(OURS), unique=True, min_size=1))
    pictures = picture_set("ours", mine, draw(st.sampled_from([None, ("sky",), TAGS])))
    lake = Lake(dict.fromkeys(THEIRS, sha("theirs")), {tag: draw(carried(tag)) for tag in TAGS})
    state, inventory = apply(planned(Declaration("root", picture_sets=(pictures,)), State(lake)), State(lake), NOTHING)
    tagged = {tag: draw(carried(tag)) | draw(st.sampled_from([frozenset(), frozenset(mine)])) for tag in REMOVED}
    state = replace(state, lake=Lake(state.lake.pictures, {**state.lake.tags, **tagged}))
    queries = tuple(
        TagQuery(f"query-{row}", place(), draw(st.sampled_from([TAGS, *((tag,) for tag in TAGS)])), 1.0, (), removed)
        for row in range(draw(st.integers(1, 2)))
        if (removed := draw(st.sampled_from([("draft",), REMOVED])))
    )
    return Declaration("root", picture_sets=(pictures,), queries=queries), state, inventory


@bounded(120)
@given(worlds(), st.floats(0, 100))
def test_what_a_query_takes_off_counts_in_the_update_budget(
    world: tuple[Declaration, State, Inventory], budget: float
) -> None:
    declaration, before, inventory = world
    after, _ = apply(planned(declaration, before, inventory, LAX), before, inventory)
    taken = sum(len(before.lake.tags.get(tag, frozenset()) - after.lake.tags.get(tag, frozenset())) for tag in REMOVED)
    assume(taken)
    managed = sum(len(one.members) for text, one in inventory.records.items() if parse_address(text).rest)
    total = max(managed, taken)
    share = 100 * taken / total
    under = planned(declaration, before, inventory, replace(LAX, update_percent=share))
    assert under.refusals == ()
    made = planned(declaration, before, inventory, replace(LAX, update_percent=budget))
    assert bool(made.refusals) is (budget < share and total >= FEWEST_TO_UPDATE)
    for one in made.refusals:
        (operation,) = (each for each in made.operations if each.address == one.address)
        count = len(operation.members.remove)
        said = f"changes {count} {'tag on a picture' if count == 1 else 'tags on pictures'}"
        assert (one.rule, one.flag) == ("update_percent", f"--allow update_percent:{one.address}")
        whole = f"{share:.1f} % of {total} tags on pictures"
        assert one.message == f"{said}; the plan changes {whole}; the budget is {budget:g} %"
    if made.refusals:
        assert sum(len(one.members.remove) for one in made.operations) == taken
        assert {one.address for one in made.refusals} == {one.address for one in made.operations if one.members.remove}
        allowed = frozenset(f"update_percent:{one.address}" for one in made.refusals)
        lifted = planned(declaration, before, inventory, replace(LAX, update_percent=budget, allowances=allowed))
        assert lifted.refusals == ()
