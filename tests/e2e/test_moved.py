"""A rename in the manifests is no delete and create: records move, and a network is renamed where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.documents import DATASET
from tests.e2e.test_inventory import listed
from tests.e2e.test_ownership import NETWORK, SET, fill, notices, somebody

if TYPE_CHECKING:
    from tests.e2e.conftest import Project, Ran

WORKSPACE = """\
apiVersion: picsellia-apply/v1
kind: Workspace
metadata: {{name: default}}
spec: {{prune: true, moved: [{moved}]}}
"""
QUERY = """\
apiVersion: picsellia-apply/v1
kind: TagQuery
metadata: {name: q}
spec: {tags: [t], add: [seen]}
"""


@pytest.fixture(params=["embedded", "plain"])
def applied(request: pytest.FixtureRequest) -> Project:
    """A project that was applied."""
    project: Project = request.getfixturevalue("plain_project" if request.param == "plain" else "project")
    fill(project)
    project.write("query.yaml", QUERY)
    project.write("workspace.yaml", WORKSPACE.format(moved=""))
    project.apply()
    return project


def halves(address: str) -> list[str]:
    """Return an address as its whole and what follows."""
    kind, name, *rest = address.split("/")
    return [f"{kind}/{name}", *rest]


def rename(project: Project, *, moves: tuple[str, ...] = ("pictures/s", "query/q", "network/n")) -> None:
    """Rename everything that can be, in the manifests."""
    project.write("set.yaml", SET.replace("{name: s}", "{name: s2}"))
    project.write("dataset.yaml", DATASET.replace("{set: s}", "{set: s2}"))
    project.write("query.yaml", QUERY.replace("{name: q}", "{name: q2}"))
    project.write("network.yaml", NETWORK.replace("{name: n}", "{name: n2}"))
    project.write("workspace.yaml", WORKSPACE.format(moved=", ".join(f"{{from: {m}, to: {m}2}}" for m in moves)))


def test_a_rename_deletes_and_makes_nothing(applied: Project, state_of: Callable[[Project], dict[str, Any]]) -> None:
    before, known = state_of(applied), listed(applied)
    rename(applied)
    plan = applied.plan()
    (operation,) = plan["operations"]
    assert (operation["address"], operation["action"], operation["reason"]) == ("network/n2", "update", "renamed")
    moved = {("moved", one) for one in ("pictures/s2", "query/q2", "network/n2")}
    assert notices(plan) == moved
    applied.apply()
    after = state_of(applied)
    assert after["networks"].pop("n2") == before["networks"].pop("n")
    assert after == before
    found = listed(applied)
    new = {"pictures/s": "pictures/s2", "query/q": "query/q2", "network/n": "network/n2", "file/n": "file/n2"}
    assert found.keys() == {"/".join((new.get(head, head), *rest)) for head, *rest in map(halves, known)}
    assert {one["origin"] for one in found.values()} == {"created"}
    again = applied.plan()
    assert (again["operations"], again["notices"]) == ([], [])
    assert {one["code"] for one in again["findings"]} == {"L022"}


def test_a_rename_without_a_word_is_suggested(applied: Project) -> None:
    rename(applied, moves=())
    told = {one["address"]: one["message"] for one in applied.plan("--no-prune")["notices"] if one["kind"] == "rename"}
    assert told.keys() == {"pictures/s2", "query/q2", "network/n2"}
    assert told["pictures/s2"] == (
        "holds what `pictures/s` held; if it was renamed, write "
        "`moved: [{from: pictures/s, to: pictures/s2}]` in the Workspace's spec"
    )


@pytest.mark.parametrize("when", [f"{side}-write={n}" for n in (1, 2, 3, 4, 5, 6) for side in ("before", "after")])
def test_a_killed_rename_goes_on(
    project: Project, state_of: Callable[[Project], dict[str, Any]], killed: Callable[..., Ran], when: str
) -> None:
    fill(project)
    project.write("query.yaml", QUERY)
    project.write("workspace.yaml", WORKSPACE.format(moved=""))
    project.apply()
    rename(project)
    project.write("pipeline.config", "new")
    killed(project, "apply", "--auto-approve", when=when)
    project.apply()
    assert project.plan()["operations"] == []
    assert set(state_of(project)["networks"]) == {"n2"}
    assert {one["origin"] for one in listed(project).values()} == {"created"}
    assert not any("/n" in one and "/n2" not in one for one in listed(project))


def test_a_saved_plan_renames(project: Project, state_of: Callable[[Project], dict[str, Any]]) -> None:
    fill(project)
    project.write("query.yaml", QUERY)
    project.write("workspace.yaml", WORKSPACE.format(moved=""))
    project.apply()
    rename(project)
    assert project.run("plan", "--out", "p.json").code == 0
    project.apply("p.json")
    assert set(state_of(project)["networks"]) == {"n2"}
    assert project.plan()["operations"] == []


def codes(project: Project, moved: str) -> set[str]:
    project.write("workspace.yaml", WORKSPACE.format(moved=moved))
    ran = project.run("validate")
    assert ran.code == 65, ran.out
    assert "workspace.yaml:4:" in ran.out + ran.err
    return {word.strip("[]:") for word in (ran.out + ran.err).replace("[", " [").split() if word.startswith("[M07")}


@pytest.mark.parametrize(
    ("moved", "code"),
    [
        ("{from: pictures/a/t, to: pictures/s}", "M070"),
        ("{from: pictures/a, to: network/n}", "M070"),
        ("{from: nothing, to: network/n}", "M070"),
        ("{from: dataset/X, to: dataset/D}", "M071"),
        ("{from: version/D@x, to: version/D@first}", "M071"),
        ("{from: label/D@first/a/rectangle, to: label/D@first/car/rectangle}", "M071"),
        ("{from: network/a, to: network/n}, {from: network/b, to: network/n}", "M072"),
        ("{from: network/n, to: network/n}", "M073"),
        ("{from: network/a, to: network/b}, {from: network/b, to: network/a}", "M073"),
        ("{from: pictures/s, to: pictures/s9}", "M074"),
        ("{from: network/a, to: network/m}", "M075"),
    ],
)
def test_renames_that_are_none(project: Project, moved: str, code: str) -> None:
    fill(project)
    assert code in codes(project, moved)


def test_a_chain_is_followed(project: Project) -> None:
    fill(project)
    project.write("workspace.yaml", WORKSPACE.format(moved=""))
    project.apply()
    project.write("network.yaml", NETWORK.replace("{name: n}", "{name: n3}"))
    moved = "{from: network/n, to: network/n2}, {from: network/n2, to: network/n3}"
    project.write("workspace.yaml", WORKSPACE.format(moved=moved))
    assert [one["reason"] for one in project.plan()["operations"]] == ["renamed"]
    project.apply()
    assert project.plan()["operations"] == []


def test_what_cannot_be_renamed_here_is_told_and_left(project: Project) -> None:
    fill(project)
    project.write("workspace.yaml", WORKSPACE.format(moved=""))
    project.apply()
    project.write("other.yaml", NETWORK.replace("{name: n}", "{name: n2}"))
    project.write("workspace.yaml", WORKSPACE.format(moved="{from: network/none, to: network/n2}"))
    plan = project.plan()
    assert [one["code"] for one in plan["findings"]] == ["L020"]
    assert plan["findings"][0]["position"]["line"] == 4
    project.apply()
    (project.folder / "network.yaml").unlink()
    project.write("workspace.yaml", WORKSPACE.format(moved="{from: network/n, to: network/n2}"))
    assert [one["code"] for one in project.plan("--no-prune")["findings"]] == ["L021"]
    assert project.plan("--no-prune")["operations"] == []


def test_a_network_that_bears_the_new_name_already_stays_its_owners(
    project: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    """It is a person's: neither is ours renamed, nor is theirs taken for ours and later deleted."""
    fill(project)
    project.write("workspace.yaml", WORKSPACE.format(moved=""))
    project.apply()
    with somebody(project) as person:
        person.writer.create_network("n2", "detection")
    known = listed(project)
    project.write("network.yaml", NETWORK.replace("{name: n}", "{name: n2}"))
    project.write("workspace.yaml", WORKSPACE.format(moved="{from: network/n, to: network/n2}"))
    for command in ("plan", "apply --auto-approve"):
        ran = project.run(*command.split())
        assert (ran.code, "another network is there as `network/n2`" in ran.err + ran.out) == (65, True)
        assert "[L023]" in ran.err + ran.out
    assert listed(project) == known
    (project.folder / "network.yaml").unlink()
    project.write("workspace.yaml", WORKSPACE.format(moved=""))
    flags = [word for one in project.plan()["refusals"] for word in one["flag"].split(" ", 1)]
    project.apply(*flags)
    assert set(state_of(project)["networks"]) == {"n2"}


def test_what_has_the_new_name_while_ours_is_gone_is_adopted(
    project: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    fill(project)
    project.write("workspace.yaml", WORKSPACE.format(moved=""))
    project.apply()
    with somebody(project) as person:
        person.writer.create_network("n2", "detection")
        person.network.delete("n")
    project.write("network.yaml", NETWORK.replace("{name: n}", "{name: n2}"))
    project.write("workspace.yaml", WORKSPACE.format(moved="{from: network/n, to: network/n2}"))
    plan = project.plan()
    assert ("adopt", "network/n2") in notices(plan)
    assert [one["code"] for one in plan["findings"]] == ["L024"]
    project.apply()
    assert listed(project)["network/n2"]["origin"] == "adopted"
    assert not any(one.endswith("/n") for one in listed(project))
    (project.folder / "network.yaml").unlink()
    project.write("workspace.yaml", WORKSPACE.format(moved=""))
    assert not any(one["address"] == "network/n2" for one in project.plan()["operations"])
