"""The inventory made again, and what of it no command may touch: the arrows of `pipeline` without an execution."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from picsellia_apply.model.declaration import Declaration
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Policy
from picsellia_apply.pipeline import make_plan
from picsellia_apply.planner.rebuilt import rebuilt
from picsellia_apply.seen import journal_of

if TYPE_CHECKING:
    from picsellia_apply.client import Client


def rebuild_inventory(declaration: Declaration, client: Client, serial: int) -> tuple[Inventory, dict[str, str]]:
    """Return the inventory made again from what is declared and there, and what of it other workspaces own."""
    empty = Inventory(declaration.workspace.name, serial)
    planned = make_plan(declaration, client, Policy(), inventory=empty)
    records = rebuilt(planned.desired, planned.observed, shows_labels="labels" in client.features)
    return replace(empty, records=records), dict(planned.observed.owners)


def unfinished(declaration: Declaration, client: Client) -> frozenset[str]:
    """Return the addresses of which an apply that was killed left something over."""
    return frozenset(journal_of(declaration, client).leftovers())
