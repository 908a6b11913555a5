"""Two workspaces on one lake: a resource has one owner, pictures and tags have several, a takeover ends in peace."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.documents import COCO, DATASET
from tests.e2e.test_ownership import NETWORK, SET, notices

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

WORKSPACE = """\
apiVersion: picsellia-apply/v1
kind: Workspace
metadata: {{name: {name}}}
spec: {{prune: true, guards: {{deletePercent: 100, updatePercent: 100}}}}
"""


@pytest.fixture(params=["embedded", "served", "plain"])
def unapplied(request: pytest.FixtureRequest) -> Project:
    """A project of two folders, a workspace each, that declare the same."""
    wanted = {"embedded": "project", "served": "any_project", "plain": "plain_project"}[request.param]
    project: Project = request.getfixturevalue(wanted)
    (project.folder / ".picsellia").mkdir()
    for name in ("a", "b"):
        project.write(f"{name}/workspace.yaml", WORKSPACE.format(name=name))
        project.write(f"{name}/set.yaml", SET.replace("from: pictures", "from: ../pictures"))
        project.write(f"{name}/dataset.yaml", DATASET)
        project.write(f"{name}/network.yaml", NETWORK)
        project.write(f"{name}/boxes.json", COCO)
        project.write(f"{name}/pipeline.config", "x")
    for number in range(3):
        project.picture(f"pictures/p{number}.png", (number * 20, 100, 200))
    return project


@pytest.fixture
def both(unapplied: Project) -> Project:
    """The same, with `a` applied."""
    unapplied.apply("a")
    return unapplied


@pytest.fixture
def any_project(request: pytest.FixtureRequest, served: Callable[[], Any], project: Project) -> Project:
    """A project with a served lake."""
    return type(project)(project.folder, served(), project.monkeypatch)


def refused(plan: Any) -> dict[str, tuple[str, str]]:
    assert {one["rule"] for one in plan["refusals"]} <= {"foreign_owner"}
    return {one["address"]: (one["message"], one["flag"]) for one in plan["refusals"]}


def test_what_another_workspace_owns_is_refused_by_name_with_the_flag(both: Project) -> None:
    plan = both.plan("b")
    assert refused(plan) == {
        "dataset/D": ("it belongs to workspace `a`, with 3 addresses below it", "--takeover dataset/D"),
        "network/n": ("it belongs to workspace `a`, with 1 address below it", "--takeover network/n"),
    }
    assert [one for one in plan["operations"] if not one["address"].startswith("pictures/")] == []
    ran = both.run("apply", "b", "--auto-approve")
    assert ran.code == 4, ran.out
    assert "--takeover dataset/D" in ran.out


def test_a_takeover_is_whole_and_the_other_does_not_fight(both: Project) -> None:
    flags = ("--takeover", "dataset/D", "--takeover", "network/n")
    plan = both.plan("b", *flags)
    assert plan["refusals"] == []
    if both.platform.data is None:  # v2 shows neither labels nor digests of files: they are sent again
        assert plan["operations"] == []
    assert {("adopt", "dataset/D"), ("adopt", "network/n")} <= notices(plan)
    both.apply("b", *flags)
    assert both.plan("b")["operations"] == []
    assert both.plan("b")["refusals"] == []
    again = refused(both.plan("a"))
    assert again["dataset/D"] == (
        "workspace `b` took it over, with 3 addresses below it", "--takeover dataset/D"
    )  # fmt: skip
    for name in ("dataset", "network"):
        (both.folder / f"a/{name}.yaml").unlink()
    let_go = both.plan("a")
    assert (let_go["operations"], let_go["refusals"]) == ([], [])
    (told,) = [one["message"] for one in let_go["notices"] if one["address"] == "dataset/D"]
    assert told == "workspace `b` took it over, with 3 addresses below it: left to it, and forgotten here"
    both.apply("a")
    assert both.plan("a")["notices"] == []
    assert both.plan("b")["operations"] == []


def test_a_saved_plan_takes_over_only_where_that_is_typed_again(both: Project) -> None:
    taken = ("--takeover", "dataset/D", "--takeover", "network/n")
    assert both.run("plan", "b", "--out", "p.json", *taken).code == 0
    ran = both.run("apply", "p.json", "--manifests", "b", "--auto-approve", *taken[:2])
    assert (ran.code, "give --takeover network/n" in ran.err) == (4, True), ran.out + ran.err
    assert refused(both.plan("a")) == {}
    both.apply("p.json", "--manifests", "b", *taken)
    assert refused(both.plan("a")).keys() == {"dataset/D", "network/n"}


def test_a_takeover_that_changes_nothing_else_is_a_change_that_is_asked_about(project: Project) -> None:
    (project.folder / ".picsellia").mkdir()
    for name in ("a", "b"):
        project.write(f"{name}/all.yaml", WORKSPACE.format(name=name) + "---\n" + NETWORK.replace("./", "../"))
    project.write("pipeline.config", "x")
    for name in ("a", "b"):
        project.write(f"{name}/pipeline.config", "x")
    project.apply("a")
    flags = ("--takeover", "network/n")
    planned = project.run("plan", "b", *flags, "--detailed-exitcode")
    assert planned.code == 2, planned.out
    assert "No changes" not in planned.out
    assert "Nothing to change on the platform; apply records: 2 addresses taken over" in planned.out
    assert "\nNext: picsellia-apply apply b --embedded --takeover network/n" in planned.out
    nobody = project.run("apply", "b", *flags)
    assert nobody.code == 64
    assert "there is no terminal to ask at" in nobody.err
    assert project.plan("a")["refusals"] == []
    project.apply("b", *flags)
    assert project.run("plan", "b", "--detailed-exitcode").code == 0
    assert project.plan("a")["refusals"] != []


def test_a_takeover_of_nothing_is_a_usage_error(both: Project) -> None:
    ran = both.run("plan", "b", "--takeover", "dataset/Nothing")
    assert (ran.code, "names nothing that is declared" in ran.err) == (64, True)


def test_what_its_owner_lets_go_is_free(both: Project) -> None:
    (both.folder / "a/network.yaml").unlink()
    both.apply("a")
    (both.folder / "b/dataset.yaml").unlink()
    assert refused(both.plan("b")) == {}
    both.apply("b")
    assert json.loads(both.run("plan", "b", "--format", "json").out)["operations"] == []


def test_of_two_first_applies_at_once_one_owns(unapplied: Project) -> None:
    running = [unapplied.spawn("apply", name, "--auto-approve") for name in ("a", "b")]
    ended = []
    for process in running:
        with process:
            out, err = process.communicate(timeout=120)
            ended.append((process.returncode, out + err))
    owners = [name for name in ("a", "b") if unapplied.plan(name)["refusals"] == []]
    assert len(owners) == 1, ended
    assert refused(unapplied.plan("b" if owners == ["a"] else "a")).keys() == {"dataset/D", "network/n"}
    unapplied.apply(owners[0])
    assert unapplied.plan(owners[0])["operations"] == []


def test_a_picture_that_two_manage_is_deleted_by_neither(
    both: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    for name in ("dataset", "network"):
        (both.folder / f"b/{name}.yaml").unlink()
    both.write("b/set.yaml", SET.replace("from: pictures", "from: ../pictures, include: [p1.png, p2.png]"))
    both.apply("b")
    (both.folder / "a/dataset.yaml").unlink()
    both.write("a/set.yaml", SET.replace("from: pictures, tags: [t, extra]", "from: ../pictures, include: [p0.png]"))
    plan = both.plan("a")
    (told,) = [one for one in plan["notices"] if "other workspaces" in one["message"]]
    assert (told["address"], told["message"][:11]) == ("pictures/s", "2 pictures ")
    both.apply("a")
    assert both.plan("a")["operations"] == []
    pictures = state_of(both)["pictures"]
    assert {name: tags for name, (_, tags) in pictures.items() if name != "p0.png"} == {
        "p1.png": {"t", "extra"}, "p2.png": {"t", "extra"}
    }  # fmt: skip
    both.write("b/set.yaml", SET.replace("from: pictures", "from: ../pictures, include: [p1.png]"))
    assert both.plan("b")["operations"] == []
    both.apply("b")
    assert state_of(both)["pictures"].keys() == {"p0.png", "p1.png", "p2.png"}


def test_another_workspaces_damaged_inventory_is_named_with_where_it_is_mended(
    plain_project: Project,
) -> None:
    project = plain_project
    (project.folder / ".picsellia").mkdir()
    for name in ("a", "b"):
        project.write(f"{name}/workspace.yaml", WORKSPACE.format(name=name))
        project.write(f"{name}/network.yaml", NETWORK.replace("{name: n}", f"{{name: n{name}}}"))
        project.write(f"{name}/pipeline.config", "x")
        project.apply(name)
    (theirs,) = project.folder.glob(".picsellia/inventory/*-a.json")
    theirs.write_bytes(theirs.read_bytes()[:-20])
    ran = project.run("plan", "b")
    assert ran.code == 69
    assert "inventory of workspace `a` is damaged" in ran.err
    assert "inventory rebuild --workspace a" in ran.err
    assert project.run("plan", "b", "--no-prune").code == 0
