"""Numbers agree with their words, and what a delete takes along is said in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from picsellia_apply.model.declaration import Declaration
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Plan
from picsellia_apply.model.state import State
from picsellia_apply.planner.words import agreeing, counted
from tests.worlds import LAX, NOTHING, apply, box, dataset, of_set, picture_set, planned, source, version

NAMES = ("a.jpg", "b.jpg", "c.jpg")


def world(names: tuple[str, ...] = NAMES, tags: tuple[str, ...] = ("t",)) -> Declaration:
    boxes = {name: [box("car"), box("car", 50)] for name in NAMES}
    first = version("first", of_set("s"), source(boxes), labels=(("car", "rectangle"),))
    return Declaration("root", picture_sets=(picture_set("s", names, tags),), datasets=(dataset("D", first),))


@pytest.fixture
def applied() -> tuple[State, Inventory]:
    return apply(planned(world(), policy=LAX), State(), NOTHING)


def notices(plan: Plan) -> dict[str, str]:
    return {one.address: one.message for one in plan.notices}


@pytest.mark.parametrize(
    ("names", "pictures", "verb"), [(NAMES[:2], "1 picture", "matches"), ((), "3 pictures", "match")]
)
def test_what_is_kept_is_counted_in_its_own_words(
    applied: tuple[State, Inventory], names: tuple[str, ...], pictures: str, verb: str
) -> None:
    told = notices(planned(world(names or ("d.jpg",)), *applied, LAX))
    assert told["pictures/s"] == f"{pictures} no longer declared: kept (prune is off)"
    assert told["pictures/s/t"] == f"the tag on {pictures} no longer declared: kept (prune is off)"
    assert told["version/D@first"] == f"{pictures} no longer {verb}: kept (prune is off)"


def test_a_delete_says_what_goes_with_it(applied: tuple[State, Inventory]) -> None:
    pruning = replace(LAX, prune=True)
    one = planned(world(NAMES[:2]), *applied, pruning)
    assert [(op.address, op.impact) for op in one.operations] == [
        ("pictures/s", "1 picture; also takes it out of 1 version and deletes 2 objects")
    ]
    two = planned(world(NAMES[:1]), *applied, pruning)
    assert two.operations[0].impact == "2 pictures; also takes them out of 1 version and deletes 4 objects"
    untagged = planned(world(tags=()), *applied, pruning)
    assert [(op.action, op.impact) for op in untagged.operations] == [("delete", "taken off 3 pictures")]


def test_numbers_agree() -> None:
    assert [counted(count, "box", "boxes") for count in (0, 1, 2_805)] == ["0 boxes", "1 box", "2,805 boxes"]
    assert [agreeing(count, "it", "them") for count in (0, 1, 2)] == ["them", "it", "them"]
