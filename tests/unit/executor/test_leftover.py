"""What a killed apply left, held against what is there now."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from picsellia_apply.executor.journal import Journal, journal_path
from picsellia_apply.executor.leftover import Leftover, without_others
from picsellia_apply.executor.moving import Moving
from picsellia_apply.executor.removed import without_removed
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.plan import Target
from picsellia_apply.model.state import Lake, Resource, State
from tests.worlds import TARGET, box

SET, OTHER, FIRST, SECOND = "pictures/s", "pictures/o", "version/d@first", "version/d@second"
DRAWN = "annotations/d@first"
CAR, VAN = box("car"), box("van", 2)


def journal(folder: Path, target: Target = TARGET) -> Journal:
    return Journal(journal_path(folder, target.workspace), target)


def test_a_picture_is_ours_only_if_it_is_made_of_an_object_that_we_sent(tmp_path: Path) -> None:
    one = journal(tmp_path)
    one.adding(SET, ["a", "b", "c"], ["1", "2", "3"])
    one.adding(SET, ["c"], ["4"])
    one.adding(OTHER, ["a", "d"], ["5", "6"])
    one.adding("pictures/s/t", ["b"])
    one.close()
    asked: list[Collection[str]] = []

    def stored(names: Collection[str]) -> dict[str, str]:
        asked.append(sorted(names))
        return {"a": "5", "b": "somebody's", "c": "3"}

    found = without_others(one.leftovers(), stored)
    assert asked == [["a", "b", "c", "d"]]
    assert {address: left.members for address, left in found.items()} == {
        SET: {"c"},
        OTHER: {"a", "d"},  # `d` did not arrive: nobody's yet
        "pictures/s/t": {"b"},
    }


def test_without_keys_no_object_is_asked_for() -> None:
    leftovers = {SET: Leftover(members=frozenset("a"))}

    def stored(names: Collection[str]) -> dict[str, str]:
        raise AssertionError(names)

    assert without_others(leftovers, stored) == leftovers


def test_what_was_deleted_as_a_whole_goes_with_its_parts(tmp_path: Path) -> None:
    one = journal(tmp_path)
    for address in (FIRST, "network/n", "version/e@v"):
        one.begin(address, "delete", None)
    one.end("version/e@v", "refused")
    one.close()
    gone = (FIRST, DRAWN, "label/d@first/car/rectangle", "network/n", "file/n/config")
    stays = ("dataset/d", SECOND, "annotations/d@second", "version/e@v")
    inventory = Inventory("demo", records=dict.fromkeys((*gone, *stays), Record()))
    there = State(resources=dict.fromkeys(("dataset/d", SECOND), Resource()))
    copied = (DRAWN, "label/d@first/car/rectangle")  # the other version may hold copies: these tell whose they are
    assert without_removed(inventory, there, one.leftovers()).records.keys() == {*stays, *copied}
    assert without_removed(inventory, State(), one.leftovers()).records.keys() == {"version/e@v"}
    again = State(resources=dict.fromkeys((FIRST, "network/n"), Resource()))
    assert without_removed(inventory, again, one.leftovers()) == inventory, "they are there"


def test_with_a_picture_that_we_deleted_goes_what_versions_held_of_it() -> None:
    held = Record(members={"a": None, "b": None})
    drawn = Record(members={"a": (CAR,), "b": (CAR,)})
    inventory = Inventory("demo", records={FIRST: held, DRAWN: drawn, SECOND: held})
    there = State(Lake({"b": None}), {one: Resource(members={"b": None}) for one in (FIRST, DRAWN)})
    found = without_removed(inventory, there, {SET: Leftover(removing=frozenset("a"))}).records
    assert {address: sorted(one.members) for address, one in found.items()} == {
        FIRST: ["b"],
        DRAWN: ["b"],
        SECOND: ["a", "b"],  # nobody looked
    }


def test_annotations_that_change_stay_known_while_copies_of_them_are_still_to_go() -> None:
    before = {FIRST: Record(), SECOND: Record(), DRAWN: Record(members={"a": (CAR,), "b": (CAR,)})}
    after = {FIRST: Record(), DRAWN: Record(members={"a": (VAN,)})}
    moving = Moving(before, after)
    kept = moving.kept({**before, DRAWN: after[DRAWN]})
    assert kept[DRAWN].members == {"a": tuple(sorted((CAR, VAN))), "b": (CAR,)}
    assert moving.kept(after) == after
