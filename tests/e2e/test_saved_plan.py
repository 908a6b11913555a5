"""Plans that were saved, reviewed, and applied later; and what may not have moved meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from picsellia_apply.client import Client

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

MANIFESTS = """\
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {name: s}
spec: {from: pictures, tags: [t]}
---
apiVersion: picsellia-apply/v1
kind: Dataset
metadata: {name: D}
spec:
  labels: [{name: car, type: rectangle}]
  versions:
    - name: first
      pictures: {set: s}
      annotations: [{path: boxes.json, format: COCO}]
---
apiVersion: picsellia-apply/v1
kind: Network
metadata: {name: n}
spec: {type: detection, description: Draft, files: {config: pipeline.config}}
"""
COCO = """\
{"images": [{"id": 1, "file_name": "p0.png", "width": 16, "height": 12}],
 "categories": [{"id": 1, "name": "car"}],
 "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0}]}
"""


@pytest.fixture
def planned(project: Project) -> Project:
    """A project whose first plan is saved as `p.json`, its manifests in a folder of their own."""
    project.write("m/all.yaml", MANIFESTS)
    project.write("m/boxes.json", COCO)
    project.write("m/pipeline.config", "x")
    for number in range(3):
        project.picture(f"m/pictures/p{number}.png", (number * 20, 100, 200))
    save(project)
    return project


def save(project: Project) -> None:
    ran = project.run("plan", "m", "--out", "p.json")
    assert ran.code == 0, ran.err


def apply(project: Project) -> Any:
    return project.run("apply", "p.json", "--manifests", "m", "--auto-approve")


def test_it_does_what_was_reviewed(planned: Project, state_of: Callable[[Project], dict[str, Any]]) -> None:
    assert apply(planned).code == 0
    state = state_of(planned)
    assert len(state["pictures"]) == 3
    assert state["networks"]["n"][0]["description"] == "Draft"
    assert planned.plan("m")["operations"] == []


def test_applied_twice_it_finds_everything_done(planned: Project) -> None:
    assert apply(planned).code == 0
    again = apply(planned)
    assert again.code == 0, again.err


def test_elsewhere_it_says_how_to_name_the_manifests(planned: Project) -> None:
    for number in range(5):
        planned.write(f"others/{number}.yaml", "apiVersion: picsellia-aply/v1\nkind: Dataset\n")
    planned.write("others/p.json", (planned.folder / "p.json").read_bytes())
    planned.write("others/p.members.ndjson.gz", (planned.folder / "p.members.ndjson.gz").read_bytes())
    elsewhere = replace(planned, folder=planned.folder / "others")
    ran = elsewhere.run("apply", "p.json", "--auto-approve")
    assert ran.code == 65
    assert ran.err.startswith("error[L012]: the manifests of `p.json` cannot be read from the current folder: ")
    assert "--manifests DIR" in ran.err
    assert "picsellia-aply" not in ran.err
    assert elsewhere.run("apply", "p.json", "--manifests", "../m", "--auto-approve").code == 0


def test_plan_says_the_very_command(planned: Project) -> None:
    ran = planned.run("plan", "m", "--out", "p.json")
    assert "picsellia-apply apply p.json --manifests m" in ran.out


def test_the_plan_holds_no_path_of_this_machine(planned: Project) -> None:
    for path in planned.folder.glob("p*"):
        assert str(planned.folder).encode() not in path.read_bytes()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda one: one.picture("m/pictures/p0.png", (1, 1, 1)), "pictures/s"),
        (lambda one: one.picture("m/pictures/p7.png", (1, 1, 1)), "p7.png"),
        (lambda one: (one.folder / "m/pictures/p1.png").unlink(), "pictures/s"),
        (lambda one: one.write("m/pipeline.config", "y"), "file/n/config"),
        (lambda one: one.write("m/all.yaml", MANIFESTS.replace("Draft", "Else")), "description"),
        (lambda one: one.write("m/boxes.json", COCO.replace("[1, 2", "[2, 2")), "annotations/D@first"),
    ],
)
def test_what_moved_on_this_side_is_refused_before_the_first_write(
    planned: Project, change: Callable[[Project], object], told: str
) -> None:
    change(planned)
    ran = apply(planned)
    assert ran.code == 6, ran.out + ran.err
    assert told in ran.err
    assert not list(planned.folder.rglob(".picsellia"))


def test_what_moved_on_the_platform_is_refused_naming_object_and_field(planned: Project) -> None:
    assert apply(planned).code == 0
    planned.write("m/all.yaml", MANIFESTS.replace("Draft", "Detector"))
    save(planned)
    with Client(host="embedded", data_dir=planned.folder / "m" / ".picsellia") as somebody:
        (network,) = somebody.reader.networks(["n"])
        somebody.writer.update_network(network.network.model_id, {"description": "Theirs"})
    ran = apply(planned)
    assert ran.code == 6
    assert "network/n" in ran.err


def test_another_platform_is_refused(planned: Project, served: Callable[[], Any]) -> None:
    elsewhere = replace(planned, platform=served())
    ran = apply(elsewhere)
    assert ran.code == 6
    assert "embedded" in ran.err


def test_options_of_planning_cannot_be_added_later(planned: Project) -> None:
    ran = planned.run("apply", "p.json", "--manifests", "m", "--auto-approve", "--prune")
    assert ran.code == 64
    assert "plan again" in ran.err


def test_a_plan_that_was_tampered_with_is_refused(planned: Project) -> None:
    path = planned.folder / "p.json"
    path.write_text(path.read_text().replace("Draft", "Craft"))
    ran = apply(planned)
    assert ran.code not in (0, 1), ran.out
    assert not list(planned.folder.rglob(".picsellia"))


def test_saving_overwrites_nothing_but_a_plan(planned: Project) -> None:
    manifest = (planned.folder / "m" / "all.yaml").read_text()
    planned.write("data.json", '{"mine": true}')
    for name in ("m/all.yaml", "plan.txt", "data.json"):
        ran = planned.run("plan", "m", "--out", name)
        assert ran.code == 64, ran.err
        assert name in ran.err
    assert (planned.folder / "m" / "all.yaml").read_text() == manifest
    assert (planned.folder / "data.json").read_text() == '{"mine": true}'
    assert planned.run("plan", "m", "--out", "p.json").code == 0


def test_a_budget_lifted_inside_the_file_lifts_nothing(planned: Project) -> None:
    assert apply(planned).code == 0
    for number in range(2):
        (planned.folder / "m" / "pictures" / f"p{number}.png").unlink()
    refused = planned.run("plan", "m", "--prune", "--out", "p.json")
    assert refused.code == 4, refused.out
    saved = planned.folder / "p.json"
    text = saved.read_text()
    lifted = re.sub(r'"delete_percent":\s*10(\.0)?', '"delete_percent": 100.0', text)
    assert lifted != text
    saved.write_text(lifted)
    ran = apply(planned)
    assert ran.code in (4, 6, 65), ran.out
    with Client(host="embedded", data_dir=planned.folder / "m" / ".picsellia", greet=False) as client:
        assert len(client.reader.all_pictures().names) == 3


def test_an_unknown_rule_is_refused(planned: Project) -> None:
    ran = planned.run("plan", "m", "--allow", "everything:dataset/D")
    assert ran.code == 64
    assert "delete_percent" in ran.err
