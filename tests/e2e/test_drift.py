"""`drift` on the real command line: what people did with the SDK since the apply, and what the next apply does."""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from picsellia_apply.client import Client
from tests.e2e.conftest import Project

MANIFESTS = """apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {name: cells}
spec: {from: ./pictures, tags: [blood]}
---
apiVersion: picsellia-apply/v1
kind: Dataset
metadata: {name: Blood}
spec:
  description: Cells
  labels: [{name: RBC, type: rectangle}]
  versions:
    - name: first
      pictures: {set: cells}
      annotations: [{path: ./coco.json, format: COCO}]
---
apiVersion: picsellia-apply/v1
kind: Network
metadata: {name: yolo}
spec: {type: detection, description: Draft, framework: pytorch}
---
apiVersion: picsellia-apply/v1
kind: Workspace
metadata: {name: lab}
"""
NAMES = ("a.png", "b.png", "c.png", "d.png")
BOX = {"type": "rectangle", "label": "RBC", "rectangle": {"top": 1, "left": 1, "width": 3, "height": 2}}
COCO = {
    "images": [{"id": row, "file_name": name, "width": 16, "height": 12} for row, name in enumerate(NAMES)],
    "categories": [{"id": 0, "name": "RBC"}],
    "annotations": [
        {"id": row, "image_id": row, "category_id": 0, "bbox": [2, 2, 4, 4], "area": 16, "iscrowd": 0}
        for row in range(len(NAMES))
    ],
}


def applied(project: Project) -> Project:
    for row, name in enumerate(NAMES):
        project.picture(f"pictures/{name}", (40 * row, 9, 9))
    project.write("coco.json", json.dumps(COCO))
    project.write("all.yaml", MANIFESTS)
    project.apply()
    return project


@contextlib.contextmanager
def person(project: Project) -> Any:
    """Somebody at the platform, with the SDK."""
    options = project.platform.options
    with contextlib.redirect_stdout(io.StringIO()):
        if project.platform.data is None and options == ("--embedded",):
            (data_dir,) = project.folder.rglob(".picsellia")
            client = Client(host="embedded", data_dir=data_dir, greet=False)
        else:
            client = Client(project.platform.environ["PICSELLIA_TOKEN"], None, options[1], greet=False)
        with client:
            yield client


def picture(client: Client, name: str) -> Any:
    return next(one for one in client.datalake.picture.list()["pictures"] if one["external_url"] == name)


def edit(project: Project) -> None:
    """Do a little of everything."""
    with person(project) as client:
        blood = client.datalake.dataset.fetch("Blood", "first")
        client.datalake.dataset.add_annotation("a.png", blood["dataset_id"], data=[BOX])
        client.datalake.picture.remove_tags([picture(client, "b.png")], ["blood"])
        client.network.get("yolo")
        client.network.update(description="Mine | `x` @octocat\n<b>bold</b>")
        client.datalake.picture.delete([picture(client, "d.png")])


def by_address(report: Any) -> dict[tuple[str, str], Any]:
    return {(one["address"], one["what"]): one for one in report["drift"]}


def test_nothing_was_applied_yet(project: Project) -> None:
    project.picture("pictures/a.png", (1, 2, 3))
    project.write("coco.json", json.dumps({"images": [], "categories": [], "annotations": []}))
    project.write("all.yaml", MANIFESTS)
    ran = project.run("drift")
    assert ran.code == 0
    assert "nothing to compare with" in ran.out
    assert not list(project.folder.rglob("lake.db"))
    assert ran.err.startswith("warning: whether anything drifted is not known: workspace `lab` has no inventory\n")


@pytest.mark.parametrize("form", ["human", "json", "markdown"])
def test_a_report_may_require_that_there_is_something_to_compare_with(project: Project, form: str) -> None:
    applied(project)
    assert project.run("drift", "--require-base", "--format", form).code == 0
    project.write("all.yaml", MANIFESTS.replace("{name: lab}", "{name: typo}"))
    ran = project.run("drift", "--require-base", "--format", form)
    assert ran.code == 4
    assert ran.err.startswith("error: whether anything drifted is not known: workspace `typo` has no inventory\n")
    assert "its inventory was not kept" in ran.err
    assert "nothing_applied" in ran.out or "Nothing was applied yet from workspace typo" in ran.out


def test_on_a_plain_platform_a_lost_inventory_is_not_green(plain_project: Project) -> None:
    applied(plain_project)
    ran = plain_project.run("drift", "--require-base")
    assert (ran.code, ran.err) == (0, "")
    shutil.rmtree(plain_project.folder / ".picsellia/inventory")
    assert "has no inventory" in plain_project.run("drift").err
    assert plain_project.run("drift", "--require-base").code == 4


def test_where_there_is_no_report_its_markdown_says_why(project: Project) -> None:
    project.write("all.yaml", MANIFESTS.replace("tags:", "tag:"))
    ran = project.run("drift", "--format", "markdown", "--max-bytes", "2000")
    assert ran.code == 65
    assert ran.out.startswith(
        "<!-- picsellia-apply drift workspace=lab -->\n\n### No drift report of workspace `lab`\n"
    )
    assert "unknown field `tag`" in ran.out
    assert "error[M009]" in ran.err
    assert project.run("drift").out == ""


def test_right_after_an_apply_there_is_none(any_project: Project) -> None:
    ran = applied(any_project).run("drift")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("No drift. 7 addresses of the manifests are as last applied.\n")


def test_what_people_did_is_told_and_nothing_is_written(
    any_project: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    edit(applied(any_project))
    before = state_of(any_project)
    ran = any_project.run("drift", "--format", "json")
    assert ran.code == 2
    found = by_address(ran.json)
    assert {key: one["next_apply"] for key, one in found.items()} == {
        ("pictures/cells", "deleted"): "kept",
        ("pictures/cells/blood", "removed"): "reverted",
        ("annotations/Blood@first", "edited"): "kept",
        ("network/yolo", "fields"): "reverted",
    }
    assert found["annotations/Blood@first", "edited"]["labels"] == [
        {"name": "RBC", "type": "rectangle", "added": 1, "changed": 0, "removed": 0}
    ]
    assert found["pictures/cells", "deleted"]["names"] == ["d.png"]
    assert found["network/yolo", "fields"]["changes"][0]["before"] == "Draft"
    assert found["network/yolo", "fields"]["declared"]["line"] == 20
    assert state_of(any_project) == before


def test_the_next_apply_does_as_was_said(project: Project) -> None:
    edit(applied(project))
    project.apply()
    left = by_address(project.run("drift", "--format", "json").json)
    assert set(left) == {("pictures/cells", "deleted"), ("annotations/Blood@first", "edited")}


def test_what_the_manifests_changed_is_no_drift(project: Project) -> None:
    applied(project)
    project.write("all.yaml", MANIFESTS.replace("Cells", "Red cells").replace("tags: [blood]", "tags: [blood, red]"))
    assert project.run("drift").code == 0
    assert project.plan()["outcome"] == "changes"


def test_what_both_sides_changed_stands_apart_with_the_commands_that_settle_it(project: Project) -> None:
    edit(applied(project))
    project.write("all.yaml", MANIFESTS.replace("description: Draft", "description: Final"))
    report = project.run("drift", "--format", "json").json
    (conflict,) = report["conflicts"]
    assert (conflict["address"], conflict["next_apply"]) == ("network/yolo", "decision")
    assert conflict["manifest"] == {"description": "Final"}
    assert ("network/yolo", "fields") not in by_address(report)
    ran = project.run("drift", ".")
    assert "picsellia-apply apply . --embedded --prefer manifest:network/yolo" in ran.out
    for command in conflict["commands"]:
        assert project.run("drift", *command[1:], "--format", "json").json["summary"]["decision"] == 0


def test_the_markdown_is_a_body_that_nothing_breaks_out_of(project: Project) -> None:
    edit(applied(project))
    ran = project.run("drift", "--format", "markdown")
    assert ran.code == 2
    assert ran.out.startswith("# Drift: workspace `lab` on the embedded lake\n\nDrift: 4 changes at 4 of 7 addresses")
    assert "### `network/yolo`" in ran.out
    for line in ran.out.splitlines():
        assert "@octocat" not in line.replace("`", "").partition("<code>")[0]
        assert "<b>" not in line
    assert project.run("drift", "--format", "markdown").out == ran.out


@pytest.mark.parametrize("max_bytes", [1_000, 1_500, 2_000])
def test_the_markdown_keeps_within_a_size_and_keeps_its_summary(project: Project, max_bytes: int) -> None:
    edit(applied(project))
    out = project.run("drift", "--format", "markdown", "--max-bytes", str(max_bytes)).out
    assert len(out.encode()) <= max_bytes
    assert "| What happens | Changes | Addresses |" in out


def test_a_size_goes_with_markdown_only(project: Project) -> None:
    ran = applied(project).run("drift", "--max-bytes", "2000")
    assert (ran.code, ran.out) == (64, "")


def test_a_platform_that_shows_little_tells_what_can_be_seen_and_what_not(plain_project: Project) -> None:
    edit(applied(plain_project))
    ran = plain_project.run("drift", "--format", "json")
    assert ran.code == 2
    assert {key: one["next_apply"] for key, one in by_address(ran.json).items()} == {
        ("pictures/cells", "deleted"): "kept",
        ("pictures/cells/blood", "removed"): "reverted",
        ("annotations/Blood@first", "edited"): "kept",
        ("network/yolo", "fields"): "reverted",
    }
    assert ran.json["unseen"] == [
        "the bytes of 3 pictures: this server tells no digest",
        "1 label: this server does not list labels",
    ]


def test_one_address_alone(project: Project) -> None:
    edit(applied(project))
    report = project.run("drift", "--format", "json", "--target", "network/yolo").json
    assert set(by_address(report)) == {("network/yolo", "fields")}


def test_what_is_said_to_adopt_annotations_adopts_them(any_project: Project) -> None:
    applied(any_project)
    with person(any_project) as client:
        blood = client.datalake.dataset.fetch("Blood", "first")
        client.datalake.dataset.add_annotation("a.png", blood["dataset_id"], data=[BOX])
    rows = any_project.run("drift").out.splitlines()
    row = next(at for at, one in enumerate(rows) if "to adopt it" in one)
    _, command, _ = rows[row].split("`")
    after = "then copy `DIR/datasets/Blood/first.json` beside the manifest, as its `annotations`, `format: PICSELLIA`; "
    assert rows[row + 1].strip().startswith(after)
    program, *words = (word for word in shlex.split(command) if word != "--embedded")
    assert program == "picsellia-apply"
    assert any_project.run(*words).code == 0
    (any_project.folder / "DIR/datasets/Blood/first.json").rename(any_project.folder / "first.json")
    shutil.rmtree(any_project.folder / "DIR")
    exported = "{path: ./first.json, format: PICSELLIA}"
    any_project.write("all.yaml", MANIFESTS.replace("{path: ./coco.json, format: COCO}", exported))
    plan = any_project.plan()
    assert (plan["operations"], plan["conflicts"], plan["blocked"]) == ([], [], [])
    any_project.apply()
    ran = any_project.run("drift")
    assert ran.code == 0, ran.out
