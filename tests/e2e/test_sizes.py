"""Sizes that annotation files state against those of pictures that are in the lake alone: chosen by tag or by query."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from picsellia_apply.planner.digest import sealed
from picsellia_apply.render.saved import read_plan, write_plan

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

PICTURES = """\
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {name: s}
spec: {from: ../pictures, tags: [t]}
"""
DATASET = """\
apiVersion: picsellia-apply/v1
kind: TagQuery
metadata: {{name: q}}
spec: {{tags: [t]}}
---
apiVersion: picsellia-apply/v1
kind: Dataset
metadata: {{name: D}}
spec:
  labels: [{{name: car, type: rectangle}}]
  versions:
    - {{name: first, pictures: {0}, annotations: [{{path: boxes.json, format: COCO}}]}}
    - {{name: second, pictures: {0}, annotations: [{{path: boxes.json, format: COCO}}]}}
"""
TURNED = (
    "`boxes.json` was drawn on the unrotated picture, 1 time: `p2.png` is 12 x 16 px as it is displayed, not 16 x 12"
)
CHOSEN = pytest.mark.parametrize("chosen", ["{tags: [t]}", "{query: q}", "{names: names.txt}"])


def apart(project: Project, chosen: str, *stated: tuple[int, int]) -> Project:
    """Fill the lake from one folder of manifests, and write a dataset of it to another; no set holds its pictures."""
    for number in range(3):
        path = project.picture(f"pictures/p{number}.png", (number * 20, 100, 200))
        if number == 2:  # displayed, it is 12 x 16 px
            image = Image.open(path)
            exif = image.getexif()
            exif[0x0112] = 6
            image.save(path, exif=exif)
    project.write("a/all.yaml", PICTURES)
    project.write("b/all.yaml", DATASET.format(chosen))
    project.write("b/names.txt", "p0.png\np1.png\np2.png\n")
    project.write("b/boxes.json", coco(*stated))
    return project


def coco(*stated: tuple[int, int]) -> str:
    images = [{"id": row, "file_name": f"x/p{row}.png", "width": w, "height": h} for row, (w, h) in enumerate(stated)]
    boxes = [{"id": 1, "image_id": 0, "category_id": 1, "bbox": [1, 2, 3, 4]}]
    return json.dumps({"images": images, "categories": [{"id": 1, "name": "car"}], "annotations": boxes})


def told(plan: Any) -> dict[str, tuple[str, int]]:
    found = [one for one in plan["findings"] if one["code"].startswith("Q")]
    assert all(one["position"]["file"] == "b/all.yaml" for one in found)
    return {one["code"]: (one["message"], one["count"]) for one in found}


@CHOSEN
def test_pictures_of_the_lake_are_compared_too(any_project: Project, chosen: str) -> None:
    project = apart(any_project, chosen, (160, 120), (16, 12), (16, 12))
    (project.folder / ".picsellia").mkdir()
    project.apply("a")
    plan = project.plan("b")
    assert told(plan) == {
        "Q006": (
            "1 picture of the lake has another size than `boxes.json` states: `p0.png` is 16 x 12 px, not 160 x 120", 1
        ),
        "Q007": (TURNED, 1),
    }  # fmt: skip
    project.write("b/boxes.json", coco((16, 12), (16, 12), (12, 16)))
    assert told(project.plan("b")) == {}


def test_on_a_plain_platform_nobody_knows_which_pictures_are_turned(plain_project: Project) -> None:
    project = apart(plain_project, "{tags: [t]}", (160, 120), (12, 16), (16, 12))
    (project.folder / ".picsellia").mkdir()
    project.apply("a")
    assert told(project.plan("b")) == {
        "Q006": (
            "1 picture of the lake has another size than `boxes.json` states: `p0.png` is 16 x 12 px, not 160 x 120", 1
        )
    }  # fmt: skip


def test_what_a_set_of_the_manifests_holds_is_told_once(project: Project) -> None:
    apart(project, "{tags: [t]}", (160, 120), (16, 12), (12, 16))
    (project.folder / ".picsellia").mkdir()
    project.apply("a")
    project.write("b/set.yaml", PICTURES)
    assert told(project.plan("b")) == {
        "Q006": ("1 picture has another size than `boxes.json` states: `p0.png` is 16 x 12 px, not 160 x 120", 1)
    }


def test_a_policy_judges_them_in_a_saved_plan_too(project: Project) -> None:
    apart(project, "{tags: [t]}", (160, 120), (16, 12), (12, 16))
    (project.folder / ".picsellia").mkdir()
    project.apply("a")
    policy = "apiVersion: picsellia-apply/v1\nkind: Policy\nmetadata: {name: p}\nspec: {noFindingAbove: note}\n"
    project.write("b/policy.yaml", policy)
    assert project.run("plan", "b", "--out", "p.json").code == 4
    saved = read_plan(project.folder / "p.json")
    write_plan(sealed(replace(saved, refusals=(), findings=())), project.folder / "p.json")
    ran = project.run("apply", "p.json", "--manifests", "b", "--auto-approve")
    assert ran.code == 4, ran.out + ran.err
    assert "1 Q006" in ran.out
