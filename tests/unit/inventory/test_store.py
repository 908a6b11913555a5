"""The inventory where it belongs: beside the data, or in a file of the project; never over somebody else's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest

from picsellia_apply.client import Client
from picsellia_apply.errors import ConflictError, ProcessingError, RefusedError
from picsellia_apply.inventory import foreign_owners, read_inventory, write_inventory
from picsellia_apply.model.inventory import Inventory, Record

RECORDS = {"network/n": Record(fields={"type": "detection"})}


@dataclass(frozen=True)
class PlainPlatform:
    """What the inventory sees of a platform that speaks v2 only."""

    host: str = "https://platform.example/sdk/v2/"
    organization: str = "acme"
    features: frozenset[str] = frozenset()


@pytest.fixture(params=["platform", "file"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    if request.param == "file":
        yield cast(Client, PlainPlatform())
        return
    with Client(host="embedded", data_dir=tmp_path / ".picsellia") as one:
        yield one


def test_it_begins_empty_and_every_write_raises_the_serial(client: Client, tmp_path: Path) -> None:
    first = read_inventory(client, "demo", root=tmp_path)
    assert first == Inventory("demo")
    second = write_inventory(client, replace(first, records=RECORDS), root=tmp_path)
    assert second == Inventory("demo", 1, RECORDS) == read_inventory(client, "demo", root=tmp_path)
    third = write_inventory(client, second, root=tmp_path)
    assert third.serial == 2 == read_inventory(client, "demo", root=tmp_path).serial


def test_what_somebody_else_wrote_meanwhile_is_not_overwritten(client: Client, tmp_path: Path) -> None:
    mine = theirs = read_inventory(client, "demo", root=tmp_path)
    write_inventory(client, replace(theirs, records=RECORDS), root=tmp_path)
    with pytest.raises(ConflictError):
        write_inventory(client, mine, root=tmp_path)
    assert read_inventory(client, "demo", root=tmp_path).records == RECORDS


@pytest.mark.parametrize("name", ["a/b", "..x", "Ä ö", "%2F"])
def test_any_workspace_name_has_its_own_place(client: Client, tmp_path: Path, name: str) -> None:
    write_inventory(client, Inventory(name, 0, RECORDS), root=tmp_path)
    assert read_inventory(client, name, root=tmp_path).records == RECORDS
    assert read_inventory(client, "demo", root=tmp_path) == Inventory("demo")
    assert {path.name for path in tmp_path.iterdir()} == {".picsellia"}


def test_platforms_and_organizations_have_files_of_their_own(tmp_path: Path) -> None:
    one, two = (cast(Client, PlainPlatform(organization=name)) for name in ("acme", "other"))
    write_inventory(one, Inventory("demo", 0, RECORDS), root=tmp_path)
    assert read_inventory(two, "demo", root=tmp_path) == Inventory("demo")


def test_the_folder_keeps_itself_out_of_git(tmp_path: Path) -> None:
    write_inventory(cast(Client, PlainPlatform()), Inventory("demo"), root=tmp_path)
    assert (tmp_path / ".picsellia" / ".gitignore").read_text() == "*\n"


def test_reading_makes_nothing(tmp_path: Path) -> None:
    read_inventory(cast(Client, PlainPlatform()), "demo", root=tmp_path)
    assert not list(tmp_path.iterdir())


def other(client: Client, name: str, tmp_path: Path, **told: object) -> Inventory:
    return write_inventory(client, read_inventory(client, name, root=tmp_path), root=tmp_path, **told)  # type: ignore[arg-type]


def test_what_an_apply_is_going_to_make_is_owned_from_its_claim_on(client: Client, tmp_path: Path) -> None:
    other(client, "a", tmp_path, claims=["dataset/D", "pictures/s"])
    with pytest.raises(RefusedError, match=r"`dataset/D` belongs to workspace `a`"):
        other(client, "b", tmp_path, claims=["dataset/D", "pictures/s"])
    assert read_inventory(client, "b", root=tmp_path).serial == 0
    assert foreign_owners(client, "b", ["dataset/D", "pictures/s", "network/n"], root=tmp_path) == {"dataset/D": "a"}
    assert foreign_owners(client, "a", ["dataset/D"], root=tmp_path) == {}
    other(client, "a", tmp_path)
    other(client, "b", tmp_path, claims=["dataset/D"])


def test_a_takeover_takes_from_the_one_it_names_only(client: Client, tmp_path: Path) -> None:
    other(client, "a", tmp_path, claims=["dataset/D"])
    with pytest.raises(RefusedError):
        other(client, "b", tmp_path, claims=["dataset/D"], takeovers={"dataset/D": "c"})
    other(client, "b", tmp_path, claims=["dataset/D"], takeovers={"dataset/D": "a"})
    assert foreign_owners(client, "a", ["dataset/D"], root=tmp_path) == {"dataset/D": "b"}


def test_owners_without_an_index_are_those_of_the_inventories(tmp_path: Path) -> None:
    plain = cast(Client, PlainPlatform())
    for name in ("a", "b"):
        write_inventory(plain, Inventory(name, 0, RECORDS if name == "a" else {}), root=tmp_path)
    (index,) = (tmp_path / ".picsellia" / "inventory").glob("*.owners.json")
    index.unlink()
    assert foreign_owners(plain, "b", RECORDS, root=tmp_path) == {"network/n": "a"}
    index.write_text("{")
    with pytest.raises(ProcessingError, match="index of owners is damaged"):
        foreign_owners(plain, "b", RECORDS, root=tmp_path)
