"""The main job through the command line: plan, apply, an empty plan; small edits; what stops it and how it says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

MANIFESTS = """\
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {name: flight}
spec:
  from: pictures
  tags: [drone, flight-12]
---
apiVersion: picsellia-apply/v1
kind: TagQuery
metadata: {name: night-drone}
spec: {tags: [drone, flight-12], add: [reviewed]}
---
apiVersion: picsellia-apply/v1
kind: Dataset
metadata: {name: Streets}
spec:
  description: Aerial scenes
  private: false
  labels:
    - {name: car, type: rectangle}
    - {name: scene, type: classification}
  versions:
    - name: first
      pictures: {query: night-drone}
      annotations:
        - {path: boxes.json, format: COCO}
    - name: second
      from: first
      pictures: {tags: [reviewed], quantity: 1.0}
---
apiVersion: picsellia-apply/v1
kind: Network
metadata: {name: detector}
spec:
  type: detection
  framework: tensorflow2
  description: Draft
  tags: [d2]
  labels: {1: car}
  base_parameters: {batch_size: 8}
  readme: "A detector"
  files: {config: pipeline.config, model-latest: model.bin}
  thumbnail: thumb.png
"""

COCO = """\
{"images": [
  {"id": 1, "file_name": "p0.png", "width": 16, "height": 12},
  {"id": 2, "file_name": "p1.png", "width": 16, "height": 12},
  {"id": 3, "file_name": "elsewhere.png", "width": 16, "height": 12}],
 "categories": [{"id": 1, "name": "car"}],
 "annotations": [
  {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0},
  {"id": 2, "image_id": 1, "category_id": 1, "bbox": [5, 5, 6, 6], "area": 36, "iscrowd": 0},
  {"id": 3, "image_id": 2, "category_id": 1, "bbox": [0, 0, 8.5, 4], "area": 34, "iscrowd": 0}]}
"""


def fill(project: Project, *, pictures: int = 5) -> None:
    """Write the manifests above and everything they name."""
    project.write("all.yaml", MANIFESTS)
    project.write("boxes.json", COCO)
    project.write("pipeline.config", "batch: 8\n")
    project.write("model.bin", bytes(range(256)) * 40)
    project.picture("thumb.png", (1, 2, 3))
    for number in range(pictures):
        project.picture(f"pictures/p{number}.png", (number * 20, 100, 200))


def operations(plan: Any) -> dict[str, str]:
    return {one["address"]: one["action"] for one in plan["operations"]}


def test_plan_apply_and_an_empty_plan(any_project: Project, state_of: Callable[[Project], dict[str, Any]]) -> None:
    fill(any_project)
    planned = any_project.run("plan", "--format", "json", "--detailed-exitcode")
    assert planned.code == 2, planned.err
    assert set(operations(planned.json)) == {
        "pictures/flight",
        "pictures/flight/drone",
        "pictures/flight/flight-12",
        "query/night-drone/reviewed",
        "dataset/Streets",
        "version/Streets@first",
        "version/Streets@second",
        "label/Streets@first/car/rectangle",
        "label/Streets@first/scene/classification",
        "annotations/Streets@first",
        "network/detector",
        "file/detector/config",
        "file/detector/model-latest",
        "thumbnail/detector",
    }
    any_project.apply()
    state = state_of(any_project)
    assert {name: tags for name, (_, tags) in state["pictures"].items()} == {
        f"p{number}.png": {"drone", "flight-12", "reviewed"} for number in range(5)
    }
    streets = state["datasets"]["Streets"]
    assert (streets["description"], streets["private"]) == ("Aerial scenes", False)
    for members, labels, texts in streets["versions"].values():
        assert members == tuple(f"p{number}.png" for number in range(5))
        assert labels == [("car", "rectangle"), ("scene", "classification")]
        assert {name: len(objects) for name, objects in texts.items()} == {"p0.png": 2, "p1.png": 1}
    (network, files, thumbnail) = state["networks"]["detector"]
    assert (network["description"], network["labels"], network["tag"]) == ("Draft", {"1": "car"}, ["d2"])
    assert set(files) == {"config", "model-latest"}
    assert thumbnail
    again = any_project.run("plan", "--detailed-exitcode")
    assert again.code == 0, again.out
    assert any_project.run("apply").code == 0


def test_plan_creates_nothing(project: Project) -> None:
    fill(project)
    before = sorted(project.folder.rglob("*"))
    assert project.run("plan").code == 0
    assert sorted(project.folder.rglob("*")) == before


def test_small_edits_are_small_plans(project: Project) -> None:
    fill(project)
    project.apply()
    text = MANIFESTS.replace("description: Draft", "description: Detector").replace("flight-12]", "flight-12, new]", 1)
    project.write("all.yaml", text)
    project.write("boxes.json", COCO.replace("[5, 5, 6, 6]", "[5, 5, 6, 7]"))
    project.write("pipeline.config", "batch: 16\n")
    plan = project.plan()
    assert operations(plan) == {
        "pictures/flight/new": "create",
        "annotations/Streets@first": "update",
        "network/detector": "update",
        "file/detector/config": "update",
    }
    by_address = {one["address"]: one for one in plan["operations"]}
    assert by_address["pictures/flight/new"]["members"]["add"] == 5
    annotations = by_address["annotations/Streets@first"]["members"]
    assert (annotations["add"], annotations["remove"], annotations["change"]) == (0, 0, 1)
    assert plan["blocked"] == []
    project.apply()
    assert operations(project.plan()) == {}


def test_a_new_picture_grows_the_versions(project: Project, state_of: Callable[[Project], dict[str, Any]]) -> None:
    fill(project)
    project.apply()
    project.picture("pictures/p9.png", (9, 9, 9))
    planned = project.plan()
    assert all(one["members"]["add"] == 1 for one in planned["operations"])
    project.apply()
    versions = state_of(project)["datasets"]["Streets"]["versions"]
    assert all("p9.png" in members for members, _, _ in versions.values())
    assert operations(project.plan()) == {}


def test_changed_bytes_are_blocked_by_name_and_the_rest_is_done(project: Project) -> None:
    fill(project)
    project.apply()
    project.picture("pictures/p0.png", (255, 255, 255))
    project.write("pipeline.config", "batch: 32\n")
    plan = project.plan()
    assert [one["address"] for one in plan["blocked"]] == ["pictures/flight"]
    assert project.run("plan").code == 7
    applied = project.run("apply", "--auto-approve")
    assert applied.code == 7, applied.err
    assert operations(project.plan()) == {}


def test_without_a_terminal_somebody_must_have_approved(project: Project) -> None:
    fill(project)
    ran = project.run("apply")
    assert ran.code == 64
    assert "--auto-approve" in ran.err
    assert not (project.folder / ".picsellia").exists()


def test_bad_input_is_told_by_place_before_anything_is_asked(project: Project) -> None:
    fill(project)
    project.write("all.yaml", MANIFESTS.replace("tags: [d2]", "tagz: [d2]"))
    for command in ("plan", "apply"):
        ran = project.run(command)
        assert ran.code == 65
        assert "all.yaml:" in ran.err
        assert "tagz" in ran.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("plan", "--target", "nonsense"), "--target"),
        (("plan", "--allow", "everything"), "--allow"),
        (("apply", "--manifests", "."), "--manifests"),
        (("plan", "no-such-folder"), "no-such-folder"),
    ],
)
def test_usage_errors_say_what_is_wrong(project: Project, arguments: tuple[str, ...], told: str) -> None:
    fill(project)
    ran = project.run(*arguments)
    assert ran.code == 64
    assert told in ran.err


def test_a_target_plans_it_and_what_it_needs(project: Project) -> None:
    fill(project)
    plan = project.plan("--target", "network/detector")
    assert set(operations(plan)) <= {
        "network/detector",
        "file/detector/config",
        "file/detector/model-latest",
        "thumbnail/detector",
    }
    assert "network/detector" in operations(plan)
    project.apply("--target", "network/detector")
    assert "pictures/flight" in operations(project.plan())


def test_apply_tells_its_result_as_json(project: Project) -> None:
    fill(project)
    ran = project.apply("--format", "json")
    plan, *_, result = ran.events
    assert {one["status"] for one in ran.finished} == {"done"}
    assert plan["operations"] == len(ran.finished) == result["operations"]["done"]


def test_expect_binds_an_apply_to_a_reviewed_digest(project: Project) -> None:
    fill(project)
    digest = project.plan()["digest"]
    project.write("pipeline.config", "batch: 64\n")
    refused = project.run("apply", "--auto-approve", "--expect", digest)
    assert refused.code == 6
    assert not (project.folder / ".picsellia").exists()
    project.apply("--expect", project.plan()["digest"])
