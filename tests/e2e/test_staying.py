"""What stays, from the manifests to the lake: protected things, frozen pictures, deletions, unmanaged tags."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from picsellia_apply.planner.digest import sealed
from picsellia_apply.render.saved import read_plan, write_plan
from tests.e2e.documents import DATASET
from tests.e2e.test_inventory import listed
from tests.e2e.test_ownership import NETWORK, SET, fill, flags_of, somebody

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

WORKSPACE = """\
apiVersion: picsellia-apply/v1
kind: Workspace
metadata: {name: default}
spec: {prune: true, guards: {deletePercent: 100, updatePercent: 100}}
"""
QUERY = """\
apiVersion: picsellia-apply/v1
kind: TagQuery
metadata: {name: q}
spec: {tags: [t], add: [seen]}
"""
State = Callable[["Project"], dict[str, Any]]


def begun(project: Project, **files: str) -> None:
    """Apply the usual project under prune, some of its files changed."""
    fill(project)
    project.write("workspace.yaml", WORKSPACE)
    for name, text in files.items():
        project.write(f"{name}.yaml", text)
    project.apply()


def test_protected_documents_outlive_the_manifests_that_held_them(project: Project, state_of: State) -> None:
    begun(
        project,
        set=SET.replace("from: pictures", "from: pictures, protect: true"),
        dataset=DATASET.replace("    - name: first\n", "    - name: first\n      protect: true\n"),
        network=NETWORK.replace("type: detection", "type: detection, protect: true"),
    )
    before = state_of(project)
    assert [one for one, told in listed(project).items() if told["protected"]] == [
        "network/n", "pictures/s", "version/D@first"
    ]  # fmt: skip
    for name in ("dataset.yaml", "network.yaml"):
        (project.folder / name).unlink()
    project.write("set.yaml", SET.replace("from: pictures", "from: elsewhere"))
    project.picture("elsewhere/q.png", (5, 5, 5))
    plan = project.plan()
    refused = {one["address"]: one["flag"] for one in plan["refusals"] if one["rule"] == "protected"}
    assert refused == {one: f"--allow protected:{one}" for one in ("network/n", "pictures/s", "version/D@first")}
    ran = project.run("apply", "--auto-approve")
    assert (ran.code, "it is protected; the plan deletes it" in ran.out) == (4, True)
    assert state_of(project) == before
    project.write("network.yaml", NETWORK.replace("type: detection", "type: detection, protect: false"))
    assert "network/n" not in {one["address"] for one in project.plan()["refusals"]}
    project.apply(*flags_of(project.plan()))
    assert set(state_of(project)["datasets"]) == set()


def test_a_saved_plan_keeps_protection(project: Project) -> None:
    fill(project)
    project.write("network.yaml", NETWORK.replace("type: detection", "type: detection, protect: true"))
    assert project.run("plan", "--out", "p.json").code == 0
    project.apply("p.json")
    assert listed(project)["network/n"]["protected"]


def test_a_saved_plan_lifts_protection_only_where_that_is_typed_again(project: Project, state_of: State) -> None:
    begun(project, network=NETWORK.replace("type: detection", "type: detection, protect: true"))
    (project.folder / "network.yaml").unlink()
    lifted = ("--allow", "protected:network/n")
    ran = project.run("plan", "--out", "p.json", *lifted)
    assert ran.code == 0, ran.out
    assert f"apply p.json --embedded {' '.join(lifted)}" in ran.out
    ran = project.run("apply", "p.json", "--auto-approve")
    assert (ran.code, "--allow protected:network/n" in ran.err) == (4, True), ran.out + ran.err
    assert set(state_of(project)["networks"]) == {"n"}
    for more in ("protected:dataset/D", "foreign_content:network/n"):
        assert project.run("apply", "p.json", "--auto-approve", "--allow", more).code == 64
    ran = project.apply("p.json", *lifted)
    assert re.search("made with +--allow protected:network/n", ran.out)
    assert set(state_of(project)["networks"]) == set()


def test_what_a_saved_plan_was_made_with_is_shown_before_it_is_applied(project: Project) -> None:
    begun(project)
    project.write("workspace.yaml", WORKSPACE.replace("prune: true", "prune: false"))
    (project.folder / "network.yaml").unlink()
    said = ("--prune", "--allow", "foreign_content:network/n", "--prefer", "manifest:dataset/D")
    assert project.run("plan", "--out", "p.json", *said).code == 0
    ran = project.apply("p.json")
    assert "made with" in ran.out
    for flag in ("--prune", "--allow foreign_content:network/n", "--prefer manifest:dataset/D"):
        assert flag in ran.out


@pytest.mark.parametrize(
    "changed",
    [
        {"allowances": frozenset({"zzz"})},
        {"allowances": frozenset({"protected"})},
        {"prefer": frozenset({"zzz:yy"})},
        {"targets": ("nonsense",)},
        {"takeovers": frozenset({"nonsense"})},
    ],
)
def test_options_that_no_plan_takes_are_refused_in_a_saved_one(project: Project, changed: dict[str, Any]) -> None:
    begun(project)
    project.write("network.yaml", NETWORK.replace("Draft", "Final"))
    assert project.run("plan", "--out", "p.json").code == 0
    saved = read_plan(project.folder / "p.json")
    assert saved.policy is not None
    write_plan(sealed(replace(saved, policy=replace(saved.policy, **changed))), project.folder / "p.json")
    ran = project.run("apply", "p.json", "--auto-approve")
    assert ran.code == 65, ran.out + ran.err
    assert "error[L010]: the options that the plan says it was made with are none" in ran.err


def test_pictures_of_a_frozen_version_are_not_pruned(project: Project, state_of: State) -> None:
    begun(project, dataset=DATASET.replace("    - name: first\n", "    - name: first\n      frozen: true\n"))
    (project.folder / "pictures/p1.png").unlink()
    ran = project.run("apply", "--auto-approve")
    assert ran.code == 7, ran.out + ran.err
    assert "deleting 1 picture would change `version/D@first`, which is frozen" in ran.out
    state = state_of(project)
    assert state["pictures"].keys() == {"p0.png", "p1.png", "p2.png"}
    assert state["datasets"]["D"]["versions"]["first"][0] == ("p0.png", "p1.png", "p2.png")
    assert project.plan()["operations"] == []
    project.write("dataset.yaml", DATASET)
    project.apply(*flags_of(project.plan()))
    assert state_of(project)["pictures"].keys() == {"p0.png", "p2.png"}


def test_what_a_person_deleted_stays_deleted_while_its_set_is_away(project: Project, state_of: State) -> None:
    begun(project, dataset="", network="")
    with somebody(project) as client:
        client.writer.delete_pictures(list(client.writer.picture_ids(["p2.png"]).values()))
    project.write("set.yaml", QUERY)
    project.apply(*flags_of(project.plan()))
    assert (listed(project)["pictures/s"]["members"], listed(project)["pictures/s"]["deleted_members"]) == (0, 1)
    assert project.plan()["operations"] == []
    project.write("set.yaml", SET)
    project.apply()
    assert state_of(project)["pictures"].keys() == {"p0.png", "p1.png"}
    project.write("set.yaml", SET.replace("from: pictures", "from: pictures, restore: true"))
    project.apply()
    assert state_of(project)["pictures"].keys() == {"p0.png", "p1.png", "p2.png"}
    assert project.plan()["operations"] == []


def test_a_query_that_no_longer_speaks_of_a_tag_leaves_it(project: Project, state_of: State) -> None:
    begun(project, query=QUERY)
    project.write("query.yaml", QUERY.replace(", add: [seen]", ""))
    assert project.plan()["operations"] == []
    project.apply()
    assert all("seen" in tags for _, tags in state_of(project)["pictures"].values())
    project.write("query.yaml", QUERY)
    project.apply()
    project.write("query.yaml", QUERY.replace("[seen]", "[]"))
    assert [one["address"] for one in project.plan()["operations"]] == []


def test_a_label_that_goes_leaves_its_objects_as_the_plan_says(project: Project, state_of: State) -> None:
    begun(project)
    bare = DATASET.replace("[{name: car, type: rectangle}]", "[{name: bus, type: rectangle}]")
    project.write("dataset.yaml", bare.replace("      annotations: [{path: boxes.json, format: COCO}]\n", ""))
    before = state_of(project)["datasets"]["D"]["versions"]["first"][2]
    plan = project.plan("--target", "label/D@first/*")
    told = {one["address"]: one["impact"] for one in plan["operations"]}
    assert told == {"label/D@first/bus/rectangle": "", "label/D@first/car/rectangle": "1 object keeps its name"}
    project.apply("--target", "label/D@first/*", *flags_of(plan))
    _, labels, after = state_of(project)["datasets"]["D"]["versions"]["first"]
    assert (labels, after) == ([("bus", "rectangle")], before)
