"""Killed after a delete that is not in the inventory yet, and run again: as if nothing had happened.

What is gone by then was removed by us, and by no person: it is not remembered as a person's deletion.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pytest

from picsellia_apply.inventory import read_inventory
from picsellia_apply.model.ownership import DELETED as REMEMBERED
from tests.e2e.documents import DATASET, SET

if TYPE_CHECKING:
    from tests.e2e.conftest import Platform, Project, Ran

MANIFESTS = f"""\
{SET}---
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {{name: marked}}
spec: {{from: marked, tags: [t]}}
---
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {{name: bare}}
spec: {{from: bare}}
---
{DATASET}"""
COCO = """\
{"images": [{"id": 1, "file_name": "p0.png", "width": 16, "height": 12},
            {"id": 2, "file_name": "p1.png", "width": 16, "height": 12}],
 "categories": [{"id": 1, "name": "car"}],
 "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0}%s]}
"""
BOX = ', {"id": 2, "image_id": 2, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0}'
DELETED = ("pictures/s", "pictures/marked/t", "version/D@first", "annotations/D@first")
ALLOWED = [word for address in DELETED for word in ("--allow", f"delete_percent:{address}")]
PRUNE = ("--prune", "--parallelism", "1", *ALLOWED)


def fill(project: Project) -> Project:
    project.write("all.yaml", MANIFESTS)
    project.write("boxes.json", COCO % BOX)
    project.picture("bare/b.png", (7, 7, 7))
    for number in range(3):
        project.picture(f"pictures/p{number}.png", (number * 20, 100, 200))
        project.picture(f"marked/m{number}.png", (number * 20, 10, 200))
    return project


def pictures(project: Project) -> None:
    (project.folder / "pictures" / "p1.png").unlink()


def tags(project: Project) -> None:
    (project.folder / "marked" / "m1.png").rename(project.folder / "bare" / "m1.png")


def members(project: Project) -> None:
    project.write("names.txt", "p0.png\np2.png\n")
    project.write("all.yaml", MANIFESTS.replace("{set: s}", "{names: names.txt}"))


def objects(project: Project) -> None:
    project.write("boxes.json", COCO % "")


def records(project: Project) -> dict[str, Any]:
    """Return the inventory's records; that of a plain platform is a file of the project."""
    for file in (project.folder / ".picsellia" / "inventory").glob("*-default.json"):
        kept: dict[str, Any] = json.loads(file.read_bytes())["records"]
        return kept
    with project.client() as client:
        return {address: asdict(one) for address, one in read_inventory(client, "default").records.items()}


def twice(project: Project, served: Callable[..., Platform], kind: str) -> tuple[Project, Project]:
    """Return two filled projects with platforms of their own, both applied."""
    both = []
    for name in ("whole", "broken"):
        folder = project.folder / name
        folder.mkdir()
        one = replace(project, folder=folder)
        if kind == "plain":
            platform = served("--plain", "--data", str(folder / "served/lake"))
            one = replace(one, platform=replace(platform, data=folder / "served"))
        fill(one).apply()
        both.append(one)
    return both[0], both[1]


@pytest.mark.parametrize(
    ("kind", "edit", "when"),
    [
        *(("embedded", edit, write) for edit in (pictures, tags, members, objects) for write in (1, 2)),
        *(("plain", edit, 1) for edit in (pictures, tags, objects)),  # it cannot take pictures out of a version
    ],
)
def test_killed_around_a_delete_and_run_again(  # noqa: PLR0917
    project: Project,
    served: Callable[..., Platform],
    killed: Callable[..., Ran],
    state_of: Callable[[Project], dict[str, Any]],
    kind: str,
    edit: Callable[[Project], None],
    when: int,
) -> None:
    whole, broken = twice(project, served, kind)
    before = state_of(broken)
    for one in (whole, broken):
        edit(one)
    assert killed(broken, "apply", "--auto-approve", *PRUNE, when=f"after-write={when}").code == -9
    deleted = kind == "plain" or when == 2  # the first write of the other one claims what is planned
    assert (state_of(broken) != before) == deleted
    for one in (whole, broken):
        one.apply(*PRUNE)
    assert state_of(broken) == state_of(whole)
    assert records(broken) == records(whole) != {}
    assert not any(REMEMBERED in one.get("fields", {}) for one in records(broken).values())
    assert broken.plan("--prune")["operations"] == []


def test_a_picture_that_is_declared_again_after_its_deletion_was_cut_is_uploaded(
    project: Project, killed: Callable[..., Ran], state_of: Callable[[Project], dict[str, Any]]
) -> None:
    fill(project).apply()
    pictures(project)
    assert killed(project, "apply", "--auto-approve", *PRUNE, when="after-write=2").code == -9
    assert "p1.png" not in state_of(project)["pictures"]
    fill(project).apply()
    assert "p1.png" in state_of(project)["pictures"]
