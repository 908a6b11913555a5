"""SQLite runs full in the middle of an apply: said clearly, nothing half written, and finished once there is room."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from picsellia_apply.lake.db import Database
from tests.laws.rows import Rows, check_bytes, read_rows

if TYPE_CHECKING:
    from tests.e2e.conftest import Platform, Project, Ran

COUNT = 40
NAMES = [f"a-rather-long-name-of-a-picture-{number:02}.png" for number in range(COUNT)]
FIRST = "apiVersion: picsellia-apply/v1\nkind: Network\nmetadata: {name: first}\nspec: {type: detection}\n"
MANIFESTS = f"""\
{FIRST}---
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {{name: s}}
spec: {{from: pictures, tags: [t]}}
---
apiVersion: picsellia-apply/v1
kind: Dataset
metadata: {{name: D}}
spec:
  labels: [{{name: car, type: rectangle}}]
  versions:
    - name: first
      pictures: {{set: s}}
      annotations: [{{path: boxes.json, format: COCO}}]
    - {{name: second, from: first, pictures: {{tags: [t]}}}}
---
apiVersion: picsellia-apply/v1
kind: Network
metadata: {{name: n}}
spec: {{type: detection, readme: {{text: "{"x" * 20_000}"}}, files: {{config: pipeline.config}}}}
"""
CRAMPED = (sys.executable, str(Path(__file__).with_name("cramped.py")))
APPLY = ("apply", "--auto-approve")


def coco() -> str:
    """Return a box on every picture."""
    images = [{"id": row, "file_name": name, "width": 16, "height": 12} for row, name in enumerate(NAMES)]
    boxes = [{"id": row, "image_id": row, "category_id": 1, "bbox": [1, 2, 3, 4]} for row in range(COUNT)]
    return json.dumps({"images": images, "categories": [{"id": 1, "name": "car"}], "annotations": boxes})


def fill(project: Project) -> None:
    project.write("all.yaml", MANIFESTS)
    project.write("boxes.json", coco())
    project.write("pipeline.config", "x")
    for number, name in enumerate(NAMES):
        project.picture(f"pictures/{name}", (number, 100, 200))


class Cramped:
    """A project whose lake exists, and where it can be applied to that lake with little room in its database."""

    def __init__(self, project: Project, served: Callable[..., Platform] | None) -> None:
        """Use an embedded lake, or a served one."""
        self.data = project.folder / ".picsellia/lake" if served is None else project.folder.parent / "served/lake"
        self.project = project if served is None else replace(project, platform=served())
        self._served = served
        self.project.write("all.yaml", FIRST)
        self.project.apply()
        fill(self.project)

    def apply(self, room: int) -> Ran:
        """Apply where the lake's database may grow by so many pages."""
        command = (*CRAMPED, str(room))
        if self._served is None:
            with self.project.spawn(*APPLY, command=command) as process:
                out, err = process.communicate(timeout=120)
            return type(self.project.run("schema"))(process.returncode, out, err)
        self._served(command=command, instead_of=self.project.platform)
        ran = self.project.run(*APPLY)
        self._served(instead_of=self.project.platform)
        return ran


@pytest.fixture(params=["embedded", "served"])
def cramped(request: pytest.FixtureRequest, project: Project) -> Cramped:
    return Cramped(project, request.getfixturevalue("served") if request.param == "served" else None)


@pytest.mark.parametrize("room", [0, 3, 5, 8])
def test_a_full_database_is_told_and_finished_later(
    cramped: Cramped, room: int, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    ran = cramped.apply(room)
    told = ran.out + ran.err
    assert ran.code == 3, told
    assert "the lake's disk is full; nothing of this request was stored" in told
    assert "Run the same command again" in told
    assert "Traceback" not in told
    check_whole(read_rows(cramped.data))
    cramped.project.apply()
    check_bytes(cramped.data)
    assert cramped.project.plan()["operations"] == []
    state = state_of(cramped.project)
    assert len(state["pictures"]) == COUNT
    assert all(len(annotations) == COUNT for _, _, annotations in state["datasets"]["D"]["versions"].values())
    assert set(state["networks"]) == {"first", "n"}


def check_whole(rows: Rows) -> None:
    """Assert that each request left all of what it writes, or nothing."""
    versions = {version: sum(one == version for _, one, _ in rows.members) for _, version in rows.versions}
    objects = {version: sum(one == version for _, one, _ in rows.annotations) for _, version in rows.versions}
    assert {len(rows.pictures), len(rows.tags), *versions.values(), *objects.values()} <= {0, COUNT}
    assert versions.get("second") in {None, COUNT}
    assert objects.get("second") in {None, objects.get("first")}


def test_a_lake_that_has_no_room_to_be_made_is_made_later(project: Project) -> None:
    project.write("all.yaml", FIRST)
    lake = project.folder / ".picsellia/lake"
    for room in range(4, 94, 20):
        with project.spawn(*APPLY, command=(*CRAMPED, str(room))) as process:
            out, err = process.communicate(timeout=120)
        if process.returncode == 0:
            break
        assert process.returncode == 64, out + err
        assert "holds no lake that can be read: database or disk is full" in err
        with closing(Database(lake / "lake.db")) as db:
            assert db.revision() is None
    assert room > 30
    assert project.plan()["operations"] == []


@pytest.mark.parametrize("room", [500, 2_000, 6_000])
def test_a_journal_that_cannot_grow_stops_the_apply_which_is_finished_later(
    served: Callable[..., Platform], project: Project, room: int, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    """The limit counts for the files of the apply, the journal's among them, and not for the server's."""
    project = replace(project, platform=served())
    fill(project)
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (room, room))
    with project.spawn(*APPLY, preexec_fn=limit) as process:
        out, err = process.communicate(timeout=120)
    assert process.returncode == 3, out + err
    assert "error: the journal or the inventory cannot be written: File too large" in err
    assert "Run the same command again" in out
    project.apply()
    assert project.plan()["operations"] == []
    state = state_of(project)
    assert len(state["pictures"]) == COUNT
    assert set(state["networks"]) == {"first", "n"}
