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


def test_a_saved_plan_is_told_as_the_two_files_that_it_is(filled: Project) -> None:
    filled.write("a.json", coco(moved=2))
    ran = filled.run("plan", "--out", "plan.json")
    assert ran.out.splitlines()[-2] == "Saved: plan.json and plan.members.ndjson.gz, which belong together"
    (filled.folder / "plan.members.ndjson.gz").unlink()
    for words in (("show",), ("apply", "--auto-approve")):
        ran = filled.run(*words, "plan.json")
        assert ran.code == 65
        assert "plan.members.ndjson.gz: error[L011]: the members of a saved plan cannot be read" in ran.err
        filled.write("other.json", "{}")
        ran = filled.run(*words, "other.json")
        assert ran.code == 65
        assert "other.json: error[L010]: this is no saved plan" in ran.err
        assert "members" not in ran.err


def test_what_is_refused_says_that_nothing_was_written(filled: Project) -> None:
    (filled.folder / "d.yaml").unlink()
    filled.write("set one.yaml", SET.format(name="set one").replace("[t]", "[t, extra]"))
    assert filled.run("plan", "--out", "plan.json").code == 4
    for words in (("apply", "--auto-approve"), ("apply", "plan.json", "--auto-approve")):
        ran = filled.run(*words)
        assert ran.code == 4
        assert last(ran) == "Nothing was written: what is refused holds up the whole plan."
    assert "Nothing was written" not in filled.run("plan").out
    assert json.loads(filled.run("apply", "--auto-approve", "--format", "json").out.splitlines()[-1])


def test_what_an_apply_leaves_is_told_last(filled: Project) -> None:
    filled.write("set one.yaml", SET.format(name="set one").replace("[t]", "[t, extra]"))
    filled.picture("set two/x00.png", (250, 1, 1))
    assert filled.run("plan", "--out", "plan.json").code == 7
    ran = filled.run("apply", "plan.json", "--auto-approve")
    assert ran.code == 7
    assert last(ran).startswith("1 blocked left, all else is done. To see it: picsellia-apply plan")
    again = typed(filled, last(ran).partition(". ")[2])
    assert again.code == 7
    assert "  x blocked " in again.out
    ran = filled.run("apply", "--auto-approve")
    assert last(ran) == "1 blocked left, all else is done. To see it: picsellia-apply plan --embedded"


def test_an_error_stands_last_and_notes_are_only_counted_beside_it(filled: Project) -> None:
    filled.write("set one/.hidden", "")
    filled.write("n.yaml", "apiVersion: picsellia-apply/v1\nkind: Netwrok\nmetadata: {name: n}\nspec: {type: a}\n")
    for command in ("plan", "validate"):
        ran = filled.run(command)
        assert ran.code == 65
        *_, error, summary = (row for row in ran.err.splitlines() if "error" in row)
        assert "Netwrok" in error
        assert "note[" not in ran.err
        assert summary.endswith(" (-v lists it)"), ran.err
        assert "note[P015]" in filled.run(command, "-v").err
