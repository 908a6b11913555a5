"""The main job on real photographs: BCCD, 364 photos of blood cells with 4,888 boxes, put under the program."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

if TYPE_CHECKING:
    from tests.e2e.conftest import Project, Ran

BCCD = Path(__file__).parents[3] / "shared" / "data" / "bccd"
SPLITS = {"train": "first", "val": "val", "test": "test"}
"""Split list to version."""

pytestmark = pytest.mark.skipif(not BCCD.is_dir(), reason=f"the photographs are absent: {BCCD}")

HEAD = "apiVersion: picsellia-apply/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n"
NETWORK = """\
  type: detection
  description: Draft
  framework: pytorch
  labels: {0: WBC, 1: RBC, 2: Platelets}
"""


def picture_set(project: Project, split: str, *, tags: str = "bccd, cells") -> None:
    names = (project.folder / f"{split}.txt").read_text().split()
    include = "".join(f"    - {name}.jpg\n" for name in names)
    spec = f"  from: JPEGImages\n  tags: [{tags}, {split}]\n  include:\n{include}"
    project.write(f"{split}.yaml", HEAD.format(kind="PictureSet", name=split) + spec)


def dataset(project: Project) -> None:
    labels = "".join(f"    - {{name: {name}, type: rectangle}}\n" for name in ("RBC", "WBC", "Platelets"))
    versions = "".join(
        f"    - name: {version}\n      pictures: {{set: {split}}}\n"
        "      annotations: [{path: Annotations, format: PASCAL-VOC}]\n"
        for split, version in SPLITS.items()
    )
    spec = f"  private: true\n  labels:\n{labels}  versions:\n{versions}"
    project.write("dataset.yaml", HEAD.format(kind="Dataset", name="BloodCells") + spec)


def fill(project: Project) -> None:
    for folder in ("JPEGImages", "Annotations"):
        shutil.copytree(BCCD / folder, project.folder / folder, copy_function=shutil.copyfile)
        (project.folder / folder).chmod(0o755)
    for split in SPLITS:
        shutil.copyfile(BCCD / "ImageSets" / "Main" / f"{split}.txt", project.folder / f"{split}.txt")
        picture_set(project, split)
    dataset(project)
    project.write("network.yaml", HEAD.format(kind="Network", name="cells-yolo") + NETWORK)


def edit(project: Project) -> None:
    """One description, one box, one tag on one set, and one new photo with boxes of its own."""
    network = project.folder / "network.yaml"
    network.write_text(network.read_text().replace("Draft", "Cell detector"))
    annotation = project.folder / "Annotations" / "BloodImage_00001.xml"
    text = annotation.read_text()
    with Image.open(project.folder / "JPEGImages" / "BloodImage_00001.jpg") as photo:
        photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(project.folder / "JPEGImages" / "BloodImage_90001.jpg")
    project.write("Annotations/BloodImage_90001.xml", text.replace("BloodImage_00001", "BloodImage_90001"))
    annotation.write_text(text.replace("<xmin>68</xmin>", "<xmin>70</xmin>"))
    with (project.folder / "train.txt").open("a") as names:
        names.write("BloodImage_90001\n")
    picture_set(project, "train")
    picture_set(project, "val", tags="bccd, cells, checked")


def by_address(plan: Any) -> dict[str, Any]:
    return {one["address"]: one for one in plan["operations"]}


def counts(operation: Any) -> tuple[int, int, int]:
    members = operation["members"]
    return members["add"], members["remove"], members["change"]


def total(plan: Any, kind: str) -> int:
    return sum(counts(one)[0] for address, one in by_address(plan).items() if address.startswith(f"{kind}/"))


def test_the_main_job_on_real_photographs(any_project: Project, state_of: Callable[[Project], dict[str, Any]]) -> None:
    fill(any_project)
    plan = any_project.plan()
    sets = {f"pictures/{split}": size for split, size in (("train", 205), ("val", 87), ("test", 72))}
    assert {address: counts(by_address(plan)[address]) for address in sets} == {
        address: (size, 0, 0) for address, size in sets.items()
    }
    assert total(plan, "annotations") == 4888
    assert plan["blocked"] == []
    any_project.apply()
    assert any_project.plan()["operations"] == []
    check_rows(state_of(any_project))

    edit(any_project)
    plan = any_project.plan()
    boxes = (any_project.folder / "Annotations" / "BloodImage_90001.xml").read_text().count("<object>")
    assert {address: counts(one) for address, one in by_address(plan).items()} == {
        "pictures/train": (1, 0, 0),
        "pictures/train/bccd": (1, 0, 0),
        "pictures/train/cells": (1, 0, 0),
        "pictures/train/train": (1, 0, 0),
        "pictures/val/checked": (87, 0, 0),
        "version/BloodCells@first": (1, 0, 0),
        "annotations/BloodCells@first": (boxes, 0, 1),
        "network/cells-yolo": (0, 0, 0),
    }
    (change,) = by_address(plan)["network/cells-yolo"]["diff"]
    assert (change["field"], change["before"], change["after"]) == ("description", "Draft", "Cell detector")
    assert (plan["summary"]["delete"], plan["summary"]["blocked"], plan["summary"]["conflict"]) == (0, 0, 0)
    any_project.apply()
    assert any_project.plan()["operations"] == []


def check_rows(state: dict[str, Any]) -> None:
    """Compare the rows of the store with the files."""
    assert len(state["pictures"]) == 364
    versions = state["datasets"]["BloodCells"]["versions"]
    objects = [text for _, _, annotations in versions.values() for texts in annotations.values() for text in texts]
    assert len(objects) == 4888
    per_label = [sum(f'"label":"{name}"' in text for text in objects) for name in ("RBC", "WBC", "Platelets")]
    assert per_label == [4155, 372, 361]
    for split, version in SPLITS.items():
        names = (BCCD / "ImageSets" / "Main" / f"{split}.txt").read_text().split()
        members, labels, _ = versions[version]
        assert members == tuple(sorted(f"{name}.jpg" for name in names))
        assert labels == [("Platelets", "rectangle"), ("RBC", "rectangle"), ("WBC", "rectangle")]
        assert all(state["pictures"][name][1] == {"bccd", "cells", split} for name in members)


def test_killed_halfway_and_run_again(
    any_project: Project,
    killed: Callable[..., Ran],
    state_of: Callable[[Project], dict[str, Any]],
) -> None:
    fill(any_project)
    ran = killed(any_project, "apply", "--auto-approve", when="after-batch=1")
    assert ran.code == -9, ran.err
    there = len(state_of(any_project)["pictures"])
    assert 0 < there < 364
    again = any_project.apply("--format", "json")
    sent = sum(one["bytes_sent"] for one in again.finished)
    sizes = {path.name: path.stat().st_size for path in (any_project.folder / "JPEGImages").iterdir()}
    assert 0 < sent < sum(sizes.values())
    assert any_project.plan()["operations"] == []
    check_rows(state_of(any_project))
