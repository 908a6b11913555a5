"""Whose a new name is: what bore it before a rename was never ours, so that nobody took it from us."""

from __future__ import annotations

from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.planner.owners import Owners, foreign_refusals

END = "network/n2"


def test_a_new_name_that_another_workspace_had_was_not_taken_over() -> None:
    owners, inventory = Owners({END: "other"}), Inventory("demo", 3, {END: Record()})
    (renamed,) = foreign_refusals(owners, {END}, inventory, {END: "network/n"})
    assert renamed.message == "it belongs to workspace `other`"
    (lost,) = foreign_refusals(owners, {END}, inventory)
    assert lost.message == "workspace `other` took it over"
