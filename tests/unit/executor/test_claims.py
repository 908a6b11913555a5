"""What an apply owns while it runs: claimed before the first write, let go where it was not made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from picsellia_apply.client import Client
from picsellia_apply.errors import RefusedError
from picsellia_apply.executor.records import Keeper
from picsellia_apply.executor.renaming import renames, under_old_names
from picsellia_apply.inventory import foreign_owners, read_inventory, write_inventory
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.plan import NETWORK_NAME, FieldChange, Operation, Plan, Target

MADE = Record(fields={"type": "detection"})


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with Client(host="embedded", data_dir=tmp_path / ".picsellia") as one:
        yield one


def keeper(client: Client, workspace: str, operation: Operation, *, before: Inventory | None = None) -> Keeper:
    """Return the keeper of an apply with one operation."""
    plan = Plan(Target("embedded", "local", workspace), (operation,), records={operation.address: MADE})
    return Keeper(client, before or Inventory(workspace), plan, plan.records, {})


CREATE = Operation("network/n", "create", "new")


def test_of_two_applies_that_are_to_make_one_thing_the_second_writes_nothing(client: Client) -> None:
    first, second = keeper(client, "a", CREATE), keeper(client, "b", CREATE)
    first.claim()
    assert read_inventory(client, "a").records == {}
    with pytest.raises(RefusedError, match="`network/n` belongs to workspace `a`"):
        second.claim()
    second.write(now=True)
    assert read_inventory(client, "b").serial == 0
    first.keep(CREATE)
    first.write(now=True)
    assert read_inventory(client, "a").records == {"network/n": MADE}


def test_what_was_not_made_is_let_go_at_the_end(client: Client) -> None:
    first = keeper(client, "a", CREATE)
    first.claim()
    assert foreign_owners(client, "b", ["network/n"]) == {"network/n": "a"}
    first.write(now=True)
    assert foreign_owners(client, "b", ["network/n"]) == {}
    keeper(client, "b", CREATE).claim()


def test_a_network_is_recorded_under_its_old_name_until_it_is_renamed(client: Client) -> None:
    rename = Operation("network/n2", "update", "renamed", (FieldChange(NETWORK_NAME, "n", "n2"),))
    stored = write_inventory(client, Inventory("a", 0, {"network/n": MADE}))
    moved = replace(stored, records={"network/n2": MADE}, moved=True)
    apply = keeper(client, "a", rename, before=moved)
    apply.claim()
    assert read_inventory(client, "a").records == {"network/n": MADE}
    apply.keep(rename)
    apply.write(now=True)
    assert read_inventory(client, "a").records == {"network/n2": MADE}


def test_only_what_belongs_to_the_network_bears_its_name() -> None:
    rename = Operation("network/n2", "update", "renamed", (FieldChange(NETWORK_NAME, "n", "n2"),))
    texts = ("network/n2", "file/n2/config", "thumbnail/n2", "network/n22", "pictures/n2", "dataset/n2")
    shown = under_old_names(dict.fromkeys(texts, MADE), renames([rename]).values())
    assert list(shown) == ["network/n", "file/n/config", "thumbnail/n", "network/n22", "pictures/n2", "dataset/n2"]
