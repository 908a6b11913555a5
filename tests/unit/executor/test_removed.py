"""Members that a kill left removed and recorded: what the journal says, and that no person is taken for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from picsellia_apply.executor.journal import Journal, journal_path
from picsellia_apply.executor.leftover import Ending, Leftover
from picsellia_apply.executor.removed import without_removed
from picsellia_apply.model.declaration import Declaration
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.ownership import ADOPTED, DELETED
from picsellia_apply.model.plan import Target
from picsellia_apply.model.state import Lake, Resource, State
from tests.worlds import NOTHING, apply, picture_set, planned

TARGET = Target("embedded", "acme", "demo")
SET, OTHER, TAG, VERSION = "pictures/s", "pictures/o", "pictures/s/t", "version/d@v"


def journal(folder: Path) -> Journal:
    return Journal(journal_path(folder, "demo"), TARGET)


def removing(folder: Path, *names: str) -> Journal:
    one = journal(folder)
    one.begin(SET, "delete", None)
    one.removing(SET, names)
    return one


@pytest.mark.parametrize(
    ("ending", "stayed", "gone"),
    [
        (None, (), {"a", "b"}),
        ("done", (), {"a", "b"}),
        ("failed", (), {"a", "b"}),
        ("failed", ("a",), {"b"}),
        ("refused", (), set()),
    ],
)
def test_what_an_operation_removed(
    tmp_path: Path, ending: Ending | None, stayed: tuple[str, ...], gone: set[str]
) -> None:
    one = removing(tmp_path, "a", "b")
    if ending is not None:
        one.end(SET, ending, stayed)
    one.close()
    assert journal(tmp_path).leftovers()[SET].gone == gone


def test_another_operation_of_the_address_changes_nothing_of_it_unless_it_adds_them(tmp_path: Path) -> None:
    one = removing(tmp_path, "a", "b")
    one.begin(SET, "update", None)
    one.adding(SET, ["b"])
    one.end(SET, "refused", ["b"])
    one.close()
    assert one.leftovers()[SET].gone == {"a"}


def test_what_was_removed_is_not_ours_once_somebody_puts_it_back(tmp_path: Path) -> None:
    one = journal(tmp_path)
    one.adding(SET, ["a", "b"])
    one.begin(SET, "delete", None)
    one.removing(SET, ["a"])
    one.end(SET, "done")
    one.close()
    assert one.leftovers()[SET].members == {"b"}


def test_nothing_of_it_stays_once_an_apply_completes(tmp_path: Path) -> None:
    one = removing(tmp_path, "a")
    one.adding(SET, ["b"])
    one.end(SET, "done")
    one.rotate(frozenset())
    assert one.leftovers()[SET] == Leftover(members=frozenset("b"))


def test_records_are_read_without_what_is_gone() -> None:
    record = Record(fields={ADOPTED: ["a", "c"], DELETED: ["a"]}, members={"a": "1", "b": "2", "c": "3"})
    names = Record(members=dict.fromkeys("abc"))
    inventory = Inventory("demo", records={SET: record, OTHER: Record(members={"a": "1"}), TAG: names, VERSION: names})
    leftovers = {
        SET: Leftover(removing=frozenset("ab")),
        TAG: Leftover(removed=frozenset("ac")),
        VERSION: Leftover(removed=frozenset("a"), removing=frozenset("b")),
    }
    there = Resource(members=dict.fromkeys("ac"))
    observed = State(lake=Lake({"b": None, "c": None}, {"t": frozenset("bc")}), resources={VERSION: there})
    found = without_removed(inventory, observed, leftovers).records
    assert found[SET] == Record(fields={ADOPTED: ["c"]}, members={"b": "2", "c": "3"})
    assert found[OTHER] == Record(), "another set had the picture too"
    assert found[TAG].members.keys() == {"b", "c"}
    assert found[VERSION].members.keys() == {"a", "c"}, "somebody put `a` back"


def test_where_nobody_looked_nothing_is_said_to_be_gone() -> None:
    inventory = Inventory("demo", records={TAG: Record(members={"a": None}), VERSION: Record(members={"a": None})})
    leftovers = dict.fromkeys((TAG, VERSION), Leftover(removing=frozenset("a")))
    assert without_removed(inventory, State(), leftovers) == inventory
    assert without_removed(inventory, State(), {TAG: Leftover(members=frozenset("a"))}) is inventory


def test_what_another_set_uploaded_again_and_is_gone_was_deleted_by_a_person() -> None:
    inventory = Inventory("demo", records={OTHER: Record(members={"a": "1"})})
    leftovers = {SET: Leftover(removed=frozenset("a")), OTHER: Leftover(members=frozenset("a"))}
    assert without_removed(inventory, State(), leftovers) == inventory


def test_a_picture_that_we_deleted_is_uploaded_when_it_is_declared_again() -> None:
    declared = Declaration("root", picture_sets=(picture_set("s", ["a.jpg"]),))
    _, inventory = apply(planned(declared), State(), NOTHING)
    assert planned(declared, State(), inventory).operations == (), "a person's deletion stays"
    known = without_removed(inventory, State(), {SET: Leftover(removing=frozenset(["a.jpg"]))})
    (operation,) = planned(declared, State(), known).operations
    assert list(operation.members.add) == ["a.jpg"]
    assert planned(Declaration("root"), State(), known).records == {}, "nor is it remembered"
