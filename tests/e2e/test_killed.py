"""Killed at any request and run again: the same final state, owned as if nothing had happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from picsellia_apply.inventory import read_inventory
from picsellia_apply.model.inventory import Record

if TYPE_CHECKING:
    from tests.e2e.conftest import Project, Ran

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
  description: d
  labels: [{name: car, type: rectangle}]
  versions:
    - name: first
      pictures: {set: s}
      annotations: [{path: boxes.json, format: COCO}]
    - {name: second, from: first, pictures: {tags: [t]}}
---
apiVersion: picsellia-apply/v1
kind: Network
metadata: {name: n}
spec:
  type: detection
  description: x
  files: {config: pipeline.config}
  thumbnail: thumb.png
"""
COCO = """\
{"images": [{"id": 1, "file_name": "p0.png", "width": 16, "height": 12}],
 "categories": [{"id": 1, "name": "car"}],
 "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0}]}
"""


def fill(project: Project) -> Project:
    project.write("all.yaml", MANIFESTS)
    project.write("boxes.json", COCO)
    project.write("pipeline.config", "x")
    project.picture("thumb.png", (1, 2, 3))
    for number in range(4):
        project.picture(f"pictures/p{number}.png", (number * 20, 100, 200))
    return project


def records(project: Project) -> Mapping[str, Record]:
    with project.client() as client:
        return read_inventory(client, "default").records


APPLY = ("apply", "--auto-approve")


def _folder(project: Project, name: str) -> Any:
    folder = project.folder / name
    folder.mkdir()
    return folder


@pytest.mark.parametrize("when", [*(f"after-write={number}" for number in range(1, 17)), "before-write=1"])
def test_killed_at_any_request_and_run_again(
    project: Project, killed: Callable[..., Ran], state_of: Callable[[Project], dict[str, Any]], when: str
) -> None:
    whole = fill(replace(project, folder=_folder(project, "whole")))
    whole.apply()
    broken = fill(replace(project, folder=_folder(project, "broken")))
    ran = killed(broken, *APPLY, when=when)
    assert ran.code == -9, ran.err
    broken.apply()
    assert state_of(broken) == state_of(whole)
    assert records(broken) == records(whole)
    assert broken.plan()["operations"] == []
    assert not list((broken.folder / ".picsellia" / "journal").glob("default.ndjson"))


def test_the_requests_above_are_all_of_them(project: Project, killed: Callable[..., Ran]) -> None:
    assert killed(fill(project), *APPLY, when="after-write=17").code == 0


def test_killed_against_a_server_and_run_again(
    project: Project,
    killed: Callable[..., Ran],
    served: Callable[[], Any],
    state_of: Callable[[Project], dict[str, Any]],
) -> None:
    one = fill(replace(project, platform=served()))
    assert killed(one, *APPLY, when="after-write=3").code == -9
    one.apply()
    assert len(state_of(one)["pictures"]) == 4
    assert one.plan()["operations"] == []


def test_nothing_that_arrived_is_sent_again(project: Project, killed: Callable[..., Ran]) -> None:
    fill(project)
    assert killed(project, *APPLY, when="after-batch=1").code == -9
    again = project.apply("--format", "json").json
    assert all(one["bytes_sent"] == 0 for one in again["result"]["operations"] if one["address"] == "pictures/s")


def test_a_saved_plan_that_was_killed_goes_on_where_it_was(project: Project, killed: Callable[..., Ran]) -> None:
    fill(project)
    assert project.run("plan", "--out", "p.json").code == 0
    assert killed(project, *APPLY, "p.json", when="after-write=4").code == -9
    project.apply("p.json")
    assert project.plan()["operations"] == []
