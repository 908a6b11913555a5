"""The main job against a platform that speaks SDK v2 only: its own tests again, and what is missing there.

For each row of the table in DESIGN.md section 4 one test: what v2 can do works, what it cannot is in the plan's
`blocked` list, and the next plan has no operations either way. What v2 does not tell is read from the lake itself.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e import test_bccd as bccd
from tests.e2e import test_killed
from tests.e2e.test_main_job import (
    COCO,
    MANIFESTS,
    fill,
    operations,
    test_a_new_picture_grows_the_versions,
    test_a_target_plans_it_and_what_it_needs,
    test_apply_tells_its_result_as_json,
    test_changed_bytes_are_blocked_by_name_and_the_rest_is_done,
    test_expect_binds_an_apply_to_a_reviewed_digest,
    test_plan_apply_and_an_empty_plan,
    test_plan_creates_nothing,
    test_small_edits_are_small_plans,
)

if TYPE_CHECKING:
    from tests.e2e.conftest import Project, Ran

__all__ = [
    "test_a_new_picture_grows_the_versions",
    "test_a_target_plans_it_and_what_it_needs",
    "test_apply_tells_its_result_as_json",
    "test_changed_bytes_are_blocked_by_name_and_the_rest_is_done",
    "test_expect_binds_an_apply_to_a_reviewed_digest",
    "test_plan_apply_and_an_empty_plan",
    "test_plan_creates_nothing",
    "test_small_edits_are_small_plans",
]

UNSUPPORTED = "unsupported by this server"


@pytest.fixture
def project(plain_project: Project) -> Project:
    """What the tests of the main job run in."""
    return plain_project


@pytest.fixture
def any_project(plain_project: Project) -> Project:
    """Likewise."""
    return plain_project


def blocked(plan: Any) -> dict[str, str]:
    return {one["address"]: one["rule"] for one in plan["blocked"]}


def check_settled(project: Project) -> None:
    """Expect that nothing is left to do: the next plan has no operations, whatever is blocked."""
    assert operations(project.plan()) == {}


# pictures, tags on pictures: managed


def test_pictures_and_tags_go_under_prune(project: Project, state_of: Callable[[Project], dict[str, Any]]) -> None:
    project.write("all.yaml", PICTURES)
    for number in range(3):
        project.picture(f"pictures/p{number}.png", (number * 20, 100, 200))
    project.apply()
    (project.folder / "pictures/p2.png").unlink()
    project.write("all.yaml", PICTURES.replace("drone, old", "drone") + PRUNE)
    assert operations(project.plan()) == {"pictures/flight": "delete", "pictures/flight/old": "delete"}
    project.apply()
    assert {name: tags for name, (_, tags) in state_of(project)["pictures"].items()} == {
        f"p{number}.png": {"drone"} for number in range(2)
    }
    check_settled(project)


PICTURES = """\
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {name: flight}
spec: {from: pictures, tags: [drone, old]}
"""
PRUNE = """\
---
apiVersion: picsellia-apply/v1
kind: Workspace
metadata: {name: default}
spec: {prune: true, guards: {deletePercent: 100, updatePercent: 100}}
"""


# picture bytes: not comparable, but the inventory remembers what we sent


def test_bytes_are_compared_with_what_was_sent(project: Project) -> None:
    fill(project)
    project.apply()
    project.picture("pictures/p0.png", (255, 255, 255))
    assert blocked(project.plan()) == {"pictures/flight": "content differs"}
    shutil.rmtree(project.folder / ".picsellia")
    plan = project.plan()
    assert blocked(plan) == {}
    assert any("not comparable" in limit for limit in plan["limits"])
    project.apply()
    check_settled(project)


# dataset description, private: create-only


def test_a_datasets_fields_cannot_be_changed(project: Project) -> None:
    fill(project)
    project.apply()
    text = MANIFESTS.replace("Aerial scenes", "From above").replace("private: false", "private: true")
    project.write("all.yaml", text.replace("description: Draft", "description: Detector"))
    plan = project.plan()
    assert blocked(plan) == {"dataset/Streets": UNSUPPORTED}
    assert operations(plan) == {"network/detector": "update"}
    assert "description, private" in plan["blocked"][0]["message"]
    applied = project.run("apply", "--auto-approve")
    assert applied.code == 7, applied.err
    again = project.plan()
    assert (operations(again), blocked(again)) == ({}, {"dataset/Streets": UNSUPPORTED})
    assert UNSUPPORTED in project.run("plan").out


# the first version's name must be `first`

DATASET = """\
---
apiVersion: picsellia-apply/v1
kind: Dataset
metadata: {name: Streets}
spec:
  labels: [{name: car, type: rectangle}]
  versions:
"""


def test_a_first_version_of_another_name_is_blocked_with_all_that_hangs_on_it(project: Project) -> None:
    versions = (
        "  - {name: gold, pictures: {set: flight}, annotations: [{path: boxes.json, format: COCO}]}\n"
        "  - {name: later, from: gold, pictures: {set: flight}}\n"
    )
    fill(project)
    project.write("all.yaml", PICTURES + DATASET + versions)
    plan = project.plan()
    assert blocked(plan) == {"version/Streets@gold": UNSUPPORTED, "version/Streets@later": UNSUPPORTED}
    assert set(operations(plan)) == {"pictures/flight", "pictures/flight/drone", "pictures/flight/old"}
    assert project.run("apply", "--auto-approve").code == 7
    check_settled(project)
    project.write("all.yaml", PICTURES + DATASET + versions.replace("gold", "first"))
    assert blocked(project.plan()) == {}
    project.apply()
    check_settled(project)


def test_a_second_version_without_an_origin_is_blocked(project: Project) -> None:
    versions = "  - {name: first, pictures: {set: flight}}\n  - {name: gold, pictures: {set: flight}}\n"
    fill(project)
    project.write("all.yaml", PICTURES + DATASET + versions)
    assert blocked(project.plan()) == {"version/Streets@gold": UNSUPPORTED}
    assert project.run("apply", "--auto-approve").code == 7
    again = project.plan()
    assert (operations(again), blocked(again)) == ({}, {"version/Streets@gold": UNSUPPORTED})


def test_a_first_version_without_pictures_is_blocked(project: Project) -> None:
    fill(project)
    versions = (
        "  - {name: first, pictures: {tags: [nothing]}}\n  - {name: later, from: first, pictures: {set: flight}}\n"
    )
    project.write("all.yaml", PICTURES + DATASET + versions)
    assert blocked(project.plan()) == {"version/Streets@first": UNSUPPORTED, "version/Streets@later": UNSUPPORTED}
    assert project.run("apply", "--auto-approve").code == 7
    check_settled(project)


# labels: create-only, not observable, but the inventory remembers


def test_labels_are_added_and_never_taken_away(project: Project, state_of: Callable[[Project], dict[str, Any]]) -> None:
    fill(project)
    project.apply()
    text = MANIFESTS.replace("{name: scene, type: classification}", "{name: roof, type: polygon}")
    project.write("all.yaml", text)
    plan = project.plan()
    added = {f"label/Streets@{version}/roof/polygon": "create" for version in ("first", "second")}
    assert (operations(plan), blocked(plan)) == (added, {})
    project.apply()
    check_settled(project)
    project.write("all.yaml", text + PRUNE)
    plan = project.plan()
    expected = {f"label/Streets@{version}/scene/classification": UNSUPPORTED for version in ("first", "second")}
    assert (operations(plan), blocked(plan)) == ({}, expected)
    assert project.run("apply", "--auto-approve").code == 7
    versions = state_of(project)["datasets"]["Streets"]["versions"]
    assert versions["first"][1] == [("car", "rectangle"), ("roof", "polygon"), ("scene", "classification")]


def test_what_nobody_remembers_is_made_again(project: Project) -> None:
    """Labels and files: putting either twice changes nothing."""
    fill(project)
    project.apply()
    shutil.rmtree(project.folder / ".picsellia")
    assert {address.split("/")[0] for address in operations(project.plan())} == {"label", "file", "thumbnail"}
    project.apply()
    check_settled(project)


# pictures of a version: add only


def test_pictures_are_added_to_a_version_and_never_taken_out(
    project: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    names = "  - {name: first, pictures: {names: members.txt}}\n"
    fill(project)
    project.write("members.txt", "p0.png\np1.png\n")
    project.write("all.yaml", PICTURES + DATASET + names)
    project.apply()
    project.write("members.txt", "p1.png\np2.png\n")
    plan = project.plan()
    assert (operations(plan), blocked(plan)) == ({"version/Streets@first": "update"}, {})
    project.apply()
    check_settled(project)
    project.write("all.yaml", PICTURES + DATASET + names + PRUNE)
    plan = project.plan()
    assert (operations(plan), blocked(plan)) == ({}, {"version/Streets@first": UNSUPPORTED})
    assert plan["blocked"][0]["sample"] == ["p0.png"]
    assert project.run("apply", "--auto-approve").code == 7
    assert state_of(project)["datasets"]["Streets"]["versions"]["first"][0] == ("p0.png", "p1.png", "p2.png")
    check_settled(project)


# annotations: read, added, deleted per picture


def test_annotations_are_replaced_picture_by_picture(
    project: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    fill(project)
    project.apply()
    project.write(
        "boxes.json", COCO.replace("[5, 5, 6, 6]", "[5, 5, 6, 7]").replace("[0, 0, 8.5, 4]", "[1, 0, 8.5, 4]")
    )
    plan = project.plan()
    assert operations(plan) == {"annotations/Streets@first": "update"}
    assert plan["operations"][0]["members"]["change"] == 2
    project.apply()
    check_settled(project)
    _, _, texts = state_of(project)["datasets"]["Streets"]["versions"]["first"]
    assert {name: len(objects) for name, objects in texts.items()} == {"p0.png": 2, "p1.png": 1}
    assert '"height":7' in "".join(texts["p0.png"])


def test_an_annotation_whose_replacement_was_cut_is_put_by_the_next_apply(
    project: Project, killed: Callable[..., Ran], state_of: Callable[[Project], dict[str, Any]]
) -> None:
    """Killed between the two requests of a replacement: nobody deleted the annotation, so it is not kept deleted."""
    fill(project)
    project.apply()
    project.write("boxes.json", COCO.replace("[5, 5, 6, 6]", "[5, 5, 6, 7]"))
    ran = killed(project, "apply", "--auto-approve", when="after-delete=1")
    assert ran.code == -9, ran.err
    assert "p0.png" not in state_of(project)["datasets"]["Streets"]["versions"]["first"][2]
    project.apply()
    _, _, texts = state_of(project)["datasets"]["Streets"]["versions"]["first"]
    assert {name: len(objects) for name, objects in texts.items()} == {"p0.png": 2, "p1.png": 1}
    check_settled(project)


# network properties, files: managed


def test_networks_are_managed(project: Project, state_of: Callable[[Project], dict[str, Any]]) -> None:
    fill(project)
    project.apply()
    text = MANIFESTS.replace("batch_size: 8", "batch_size: 16").replace(", model-latest: model.bin", "")
    project.write("all.yaml", text + PRUNE)
    project.write("pipeline.config", "batch: 16\n")
    project.picture("thumb.png", (9, 9, 9))
    assert operations(project.plan()) == {
        "network/detector": "update",
        "file/detector/config": "update",
        "file/detector/model-latest": "delete",
        "thumbnail/detector": "update",
    }
    project.apply()
    check_settled(project)
    assert set(state_of(project)["networks"]["detector"][1]) == {"config"}


# what was made goes again


def test_everything_that_was_made_is_deleted_under_prune(
    project: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    fill(project)
    project.apply()
    kept = MANIFESTS.split("---\n")[0].replace(", flight-12", "")
    project.write("all.yaml", kept + PRUNE)
    project.apply()
    check_settled(project)
    state = state_of(project)
    assert (state["datasets"], state["networks"]) == ({}, {})
    assert len(state["pictures"]) == 5


def test_the_inventory_is_found_from_every_folder(project: Project, tmp_path: Path) -> None:
    """It is kept beside the manifests, not where the command happens to run."""
    fill(project)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    from_there = type(project)(elsewhere, project.platform, project.monkeypatch)
    from_there.apply(str(project.folder))
    assert not (elsewhere / ".picsellia").exists()
    assert operations(from_there.plan(str(project.folder))) == {}
    check_settled(project)


# the main job on real photographs


@pytest.mark.skipif(not bccd.BCCD.is_dir(), reason=f"the photographs are absent: {bccd.BCCD}")
def test_the_main_job_on_real_photographs(project: Project, state_of: Callable[[Project], dict[str, Any]]) -> None:
    """One dataset per split, since without an origin v2 can only make a first version."""
    bccd.fill(project)
    whole = (project.folder / "dataset.yaml").read_text()
    for split, version in bccd.SPLITS.items():
        head, _, versions = whole.partition("  versions:\n")
        (own,) = [one for one in versions.split("    - name: ") if one.startswith(f"{version}\n")]
        own = own.replace(f"{version}\n", "first\n", 1)
        text = f"{head}  versions:\n    - name: {own}".replace("name: BloodCells", f"name: BloodCells-{split}")
        project.write(f"dataset-{split}.yaml", text)
    (project.folder / "dataset.yaml").unlink()
    plan = project.plan()
    assert (bccd.total(plan, "annotations"), plan["blocked"]) == (4888, [])
    project.apply()
    check_settled(project)
    state = state_of(project)
    sizes = {name: len(one["versions"]["first"][0]) for name, one in state["datasets"].items()}
    assert sizes == {"BloodCells-train": 205, "BloodCells-val": 87, "BloodCells-test": 72}

    bccd.edit(project)
    plan = project.plan()
    boxes = (project.folder / "Annotations" / "BloodImage_90001.xml").read_text().count("<object>")
    assert {address: bccd.counts(one) for address, one in bccd.by_address(plan).items()} == {
        "pictures/train": (1, 0, 0),
        "pictures/train/bccd": (1, 0, 0),
        "pictures/train/cells": (1, 0, 0),
        "pictures/train/train": (1, 0, 0),
        "pictures/val/checked": (87, 0, 0),
        "version/BloodCells-train@first": (1, 0, 0),
        "annotations/BloodCells-train@first": (boxes, 0, 1),
        "network/cells-yolo": (0, 0, 0),
    }
    project.apply()
    check_settled(project)


# killed and run again

WRITES = 25
"""Requests of the apply below that write or sign, counted by `killed.py`."""


@pytest.mark.parametrize("when", [*(f"after-write={number}" for number in range(WRITES, 0, -7)), "before-write=9"])
def test_killed_and_run_again_it_ends_as_with_the_extension(
    project: Project,
    killed: Callable[..., Ran],
    state_of: Callable[[Project], dict[str, Any]],
    tmp_path: Path,
    when: str,
) -> None:
    (tmp_path / "whole").mkdir()
    whole = replace(project, folder=tmp_path / "whole", platform=type(project.platform)())
    test_killed.fill(whole).apply()
    ran = killed(test_killed.fill(project), "apply", "--auto-approve", when=when)
    assert ran.code == -9, ran.err
    project.apply()
    assert state_of(project) == state_of(whole)
    check_settled(project)


def test_the_writes_above_are_all_of_them(project: Project, killed: Callable[..., Ran]) -> None:
    assert killed(test_killed.fill(project), "apply", "--auto-approve", when=f"after-write={WRITES + 1}").code == 0
