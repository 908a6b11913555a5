"""What the screens of `plan`, `show` and `apply` promise: what they say to type does what they say it does."""

from __future__ import annotations

import json
import shlex

import pytest

from tests.e2e.conftest import Project, Ran

WORKSPACE = "apiVersion: picsellia-apply/v1\nkind: Workspace\nmetadata: {name: w}\nspec: {prune: true}\n"
SET = """\
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {{name: "{name}"}}
spec: {{from: "{name}", tags: [t]}}
"""
DATASET = """\
apiVersion: picsellia-apply/v1
kind: Dataset
metadata: {name: cells}
spec:
  labels: [{name: car, type: rectangle}]
  versions:
    - name: first
      pictures: {set: "set one"}
      annotations: [{path: a.json, format: COCO}]
"""


def coco(moved: int = 0) -> str:
    """Return a COCO file with two boxes on each of twelve pictures, one of them of no width, one moved."""
    images = [{"id": row, "file_name": f"{row:02}.png", "width": 16, "height": 12} for row in range(12)]
    boxes = [[1, 1, 4, 4] if row else [1 + moved, 1, 4, 4] for row in range(12)]
    annotations = [{"id": row, "image_id": row, "category_id": 1, "bbox": box} for row, box in enumerate(boxes)]
    annotations.append({"id": 99, "image_id": 5, "category_id": 1, "bbox": [2, 2, 0, 3]})
    return json.dumps({"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "car"}]})


@pytest.fixture
def filled(project: Project) -> Project:
    project.write("w.yaml", WORKSPACE)
    for name in ("set one", "set two"):
        project.write(f"{name}.yaml", SET.format(name=name))
    for row in range(12):
        project.picture(f"set one/{row:02}.png", (row, 9, 9))
        project.picture(f"set two/x{row:02}.png", (row, 99, 99))
    project.write("d.yaml", DATASET)
    project.write("a.json", coco())
    project.apply()
    return project


def last(ran: Ran) -> str:
    return ran.out.splitlines()[-1]


def typed(project: Project, line: str) -> Ran:
    """Run what a screen says to type."""
    program, *words = shlex.split(line.partition(": ")[2])
    assert program == "picsellia-apply"
    return project.run(*(word for word in words if word != "--embedded"))


def test_one_line_lifts_every_refusal(filled: Project) -> None:
    for name in ("set two.yaml", "d.yaml"):
        (filled.folder / name).unlink()
    refused = filled.run("plan", "--out", "plan.json", "--var", "unused=1")
    assert refused.code == 65, "a variable that nobody declares"
    refused = filled.run("plan", "--out", "plan.json")
    assert refused.code == 4
    assert last(refused).startswith("To allow all ")
    for other in (filled.run("show", "plan.json"), filled.run("apply", "plan.json")):
        assert [row for row in other.out.splitlines() if row.startswith("To allow all ")], other.out
    shown = next(row for row in filled.run("show", "plan.json").out.splitlines() if row.startswith("To allow all "))
    assert typed(filled, last(refused)).code == 0
    assert filled.run("plan", "--out", "plan.json").code == 4
    assert typed(filled, shown).code == 0
    assert filled.run("apply", "plan.json", "--auto-approve").code == 0
    assert filled.plan()["operations"] == []


def test_the_one_changed_box_is_found_without_json(filled: Project) -> None:
    filled.write("a.json", coco(moved=2))
    ran = filled.run("plan", "--out", "plan.json")
    assert "~1 box in 1 picture   (00.png: ~1)" in ran.out
    row = "          ~ car rectangle   left 1 -> 3, top 1, width 4, height 4"
    for full in (filled.run("show", "plan.json", "--full"), filled.run("plan", "--full")):
        rows = full.out.splitlines()
        assert rows[rows.index("      ~ 00.png: ~1") + 1] == row
    for form in ("json", "markdown"):
        assert filled.run("show", "plan.json", "--full", "--format", form).code == 64


def test_findings_about_data_that_stay_as_they_are_are_one_line(filled: Project) -> None:
    finding = "[Q003]"
    quiet = filled.run("plan")
    assert finding not in quiet.out
    assert "1 finding about data that does not change: -v lists it" in quiet.out
    assert finding in filled.run("plan", "-v").out
    assert [one["code"] for one in filled.plan()["findings"]] == ["Q003"]
    assert finding in filled.run("validate").err
    filled.write("a.json", coco(moved=2))
    assert finding in filled.run("plan").out
