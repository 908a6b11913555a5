"""`inventory list`, `forget` and `rebuild`: what is managed is shown, let go and found again; nothing is deleted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.documents import DATASET
from tests.e2e.test_ownership import NETWORK, SET, fill, flags_of, notices
from tests.e2e.test_terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Project, Ran


MORE = (
    DATASET
    + """\
    - name: more
      from: first
      pictures: {names: few.txt}
"""
)


@pytest.fixture(params=["embedded", "served", "plain"])
def any_lake(request: pytest.FixtureRequest) -> Project:
    """A project with pictures, a dataset and a network."""
    if request.param == "served":
        project: Project = request.getfixturevalue("project")
        project = type(project)(project.folder, request.getfixturevalue("served")(), project.monkeypatch)
    else:
        project = request.getfixturevalue("plain_project" if request.param == "plain" else "project")
    fill(project)
    return project


def inventory(project: Project, *arguments: str) -> Ran:
    return project.run("inventory", *arguments, *project.platform.options)


def listed(project: Project) -> dict[str, Any]:
    ran = inventory(project, "list", "--format", "json")
    assert ran.code == 0, ran.err
    return {one["address"]: one for one in ran.json["addresses"]}


def stored(project: Project) -> Path:
    """Return the database of the project's lake, or for a plain one the file of its inventory."""
    if project.platform.data is not None:
        (found,) = project.folder.glob(".picsellia/inventory/*-default.json")
        return found
    (found,) = (*project.folder.rglob("lake.db"), *project.folder.parent.glob("served/lake/lake.db"))
    return found


def spoil(project: Project, *, whole: bool) -> None:
    """Damage the inventory, or take it away."""
    path = stored(project)
    if path.suffix == ".json":
        path.unlink() if whole else path.write_bytes(path.read_bytes()[:-20])
        return
    with sqlite3.connect(path) as conn:
        conn.execute("DELETE FROM workspaces" if whole else "UPDATE workspaces SET body = substr(body, 1, 40)")
    conn.close()


def test_everything_managed_is_listed(any_lake: Project) -> None:
    empty = inventory(any_lake, "list")
    assert (empty.code, "nothing is managed" in empty.out) == (0, True)
    any_lake.apply()
    found = listed(any_lake)
    assert (found["pictures/s"]["members"], found["pictures/s"]["origin"]) == (3, "created")
    assert (found["annotations/D@first"]["objects"], found["version/D@first"]["owner"]) == (1, None)
    shown = inventory(any_lake, "list").out
    assert "created  version/D@first" in shown
    assert shown.splitlines()[-1].startswith("Inventory: 9 addresses: 9 created, 0 adopted · last serial ")


def test_what_is_forgotten_is_left_alone_and_adopted_again(
    any_lake: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    any_lake.apply()
    before = state_of(any_lake)
    asked = inventory(any_lake, "forget", "dataset/D")
    assert (asked.code, "no terminal" in asked.err, len(listed(any_lake))) == (64, True, 9)
    ran = inventory(any_lake, "forget", "dataset/D", "query/none", "--auto-approve")
    assert (ran.code, "`query/none` names nothing" in ran.err) == (64, True)
    ran = inventory(any_lake, "forget", "dataset/D", "--auto-approve")
    assert (ran.code, ran.out.splitlines()[-1][:22]) == (0, "4 addresses forgotten;")
    assert listed(any_lake).keys() == {"pictures/s", "pictures/s/t", "pictures/s/extra", "network/n", "file/n/config"}
    assert ("adopt", "version/D@first") in notices(any_lake.plan())
    any_lake.apply()
    assert state_of(any_lake) == before
    (any_lake.folder / "dataset.yaml").unlink()
    assert [one for one in any_lake.plan("--prune")["operations"] if "D" in one["address"]] == []


@pytest.mark.parametrize("whole", [True, False], ids=["lost", "damaged"])
def test_it_is_made_again_and_nothing_of_it_can_be_deleted(
    any_lake: Project, state_of: Callable[[Project], dict[str, Any]], *, whole: bool
) -> None:
    any_lake.apply()
    known = listed(any_lake).keys()
    spoil(any_lake, whole=whole)
    if not whole:
        planned = any_lake.run("plan")
        assert (planned.code, "inventory rebuild" in planned.err) == (69, True)
    before = state_of(any_lake)
    ran = inventory(any_lake, "rebuild")
    assert ran.code == 0, ran.err
    kept = list(any_lake.folder.glob(".picsellia/inventory/*.damaged-*"))
    assert len(kept) == (not whole)
    found = listed(any_lake)
    assert found.keys() == known
    assert {one["origin"] for one in found.values()} == {"adopted"}
    plan = any_lake.plan()
    assert (plan["operations"], plan["blocked"], plan["notices"]) == ([], [], [])
    for name in ("dataset.yaml", "network.yaml"):
        (any_lake.folder / name).unlink()
    any_lake.write("set.yaml", SET.replace("from: pictures, tags: [t, extra]", "from: other, tags: []"))
    any_lake.picture("other/q.png", (1, 2, 3))
    pruned = any_lake.plan("--prune")
    assert [one for one in pruned["operations"] if one["action"] == "delete" or one["members"]["remove"]] == []
    any_lake.apply("--prune", *flags_of(pruned))
    after = state_of(any_lake)
    assert after.pop("pictures").keys() == {*before.pop("pictures"), "q.png"}
    assert after == before


@pytest.mark.parametrize("how", ["forgotten", "lost"])
def test_what_a_version_took_over_is_no_addition_once_it_is_adopted(any_lake: Project, how: str) -> None:
    any_lake.write("few.txt", "p0.png\n")
    any_lake.write("dataset.yaml", MORE)
    any_lake.apply()
    assert notices(any_lake.plan()) == set()
    if how == "forgotten":
        assert inventory(any_lake, "forget", "dataset/D", "--auto-approve").code == 0
        any_lake.apply()
    else:
        spoil(any_lake, whole=True)
        assert inventory(any_lake, "rebuild").code == 0
    plan = any_lake.plan()
    assert (plan["operations"], plan["notices"]) == ([], [])


def test_a_readable_one_is_left_alone(any_lake: Project) -> None:
    any_lake.apply()
    ran = inventory(any_lake, "rebuild")
    assert (ran.code, "is there and can be read: serial" in ran.err) == (64, True)
    assert {one["origin"] for one in listed(any_lake).values()} == {"created"}


def test_what_differs_is_left_to_the_next_plan(project: Project) -> None:
    fill(project)
    project.apply()
    spoil(project, whole=True)
    project.write("network.yaml", NETWORK.replace("description: x", "description: y"))
    project.picture("pictures/p9.png", (9, 9, 9))
    assert inventory(project, "rebuild").code == 0
    plan = {one["address"]: one for one in project.plan()["operations"]}
    assert plan["network/n"]["reason"].startswith("adopt: description")
    assert plan["pictures/s"]["members"]["add"] == 1
    assert listed(project)["pictures/s"]["adopted_members"] == 3


@pytest.mark.parametrize(("answer", "ended", "left"), [("y", 0, 5), ("n", 130, 9)])
def test_a_person_is_asked(project: Project, answer: str, ended: int, left: int) -> None:
    fill(project)
    project.apply()
    terminal = Terminal(project, "inventory", "forget", "dataset/D", "--embedded")
    shown = terminal.read_until("Forget them?")
    assert "annotations/D@first" in shown
    assert len(listed(project)) == 9
    terminal.type(f"{answer}\n")
    code, text = terminal.end()
    assert (code, len(listed(project))) == (ended, left), text


def test_nothing_is_forgotten_while_somebody_applies(project: Project) -> None:
    from picsellia_apply.client import Client
    from picsellia_apply.executor.lease import lease

    fill(project)
    project.apply()
    with (
        Client(host="embedded", data_dir=project.folder / ".picsellia") as client,
        lease(client, "default", root=project.folder),
    ):
        for command in (("forget", "dataset/D", "--auto-approve"), ("rebuild",)):
            ran = inventory(project, *command)
            assert (ran.code, "is being applied by" in ran.err) == (5, True)
    assert len(listed(project)) == 9


@pytest.mark.parametrize("damage", [(b'"dataset/D"', b'"nonsense"'), (b'"description":"x"', b'"description":"\xff"')])
def test_contents_that_nobody_wrote_are_damage_that_is_mended(
    plain_project: Project, damage: tuple[bytes, bytes]
) -> None:
    fill(plain_project)
    plain_project.apply()
    path = stored(plain_project)
    assert damage[0] in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(*damage))
    for ran in (plain_project.run("plan"), inventory(plain_project, "list")):
        assert (ran.code, "inventory rebuild" in ran.err, "Traceback" in ran.err) == (69, True, False)
    assert inventory(plain_project, "rebuild").code == 0
    assert plain_project.run("plan").code == 0
