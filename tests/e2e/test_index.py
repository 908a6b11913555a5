"""A machine without the pictures: the same plan, every apply that uploads nothing, and a clear word about the rest."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.e2e.conftest import COMMAND, Project

MANIFESTS = """
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {name: cells}
spec: {from: ../pictures, tags: [blood], index: cells.index}
---
apiVersion: picsellia-apply/v1
kind: Dataset
metadata: {name: Cells}
spec:
  labels: [{name: cat, type: rectangle}]
  versions:
    - name: first
      pictures: {set: cells}
      annotations: [{path: ../coco.json, format: COCO}]
"""
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"


def coco(project: Project, *boxes: tuple[int, int, int, int]) -> None:
    images = [{"id": n, "file_name": f"{n}.png", "width": 16, "height": 12} for n in range(3)]
    annotations = [{"id": n, "image_id": 0, "category_id": 1, "bbox": box} for n, box in enumerate(boxes)]
    body = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "cat"}]}
    project.write("coco.json", json.dumps(body))


def indexed(project: Project) -> Project:
    project.write("pictures/.DS_Store", "hidden files are a matter of this disk alone")
    for number in range(3):
        project.picture(f"pictures/{number}.png", (number * 40, 90, 10))
    project.write("manifests/m.yaml", MANIFESTS)
    coco(project, (1, 1, 4, 4))
    ran = project.run("index", "manifests")
    assert (ran.code, ran.out) == (0, "+ manifests/cells.index: 3 pictures, written\n"), ran.err
    return project


def without_pictures(project: Project, how: str) -> None:
    """Make the machine one of CI: no folder, or git-lfs pointers that were not pulled."""
    folder = project.folder / "pictures"
    if how == "pointers":
        for path in folder.iterdir():
            data = path.read_bytes()
            path.write_text(POINTER.format(hashlib.sha256(data).hexdigest(), len(data)))
    else:
        shutil.rmtree(folder)


ABSENT = pytest.mark.parametrize("how", ["absent", "pointers"])


@ABSENT
def test_the_same_plan_to_the_byte(any_project: Project, how: str) -> None:
    project = indexed(any_project)
    first = project.run("plan", "manifests", "--format", "json")
    project.apply("manifests")
    coco(project, (1, 1, 4, 5), (6, 6, 2, 2))
    here = project.run("plan", "manifests", "--format", "json", "--detailed-exitcode")
    without_pictures(project, how)
    there = project.run("plan", "manifests", "--format", "json", "--detailed-exitcode")
    assert (here.code, there.code) == (2, 2), there.err
    assert there.out == here.out
    assert first.json["digest"] != here.json["digest"]
    assert [one["address"] for one in here.json["operations"]] == ["annotations/Cells@first"]


@ABSENT
def test_an_apply_that_uploads_nothing(any_project: Project, how: str) -> None:
    project = indexed(any_project)
    project.apply("manifests")
    without_pictures(project, how)
    manifest = project.folder / "manifests/m.yaml"
    manifest.write_text(manifest.read_text().replace("tags: [blood]", "tags: [blood, reviewed]"))
    coco(project, (2, 2, 4, 4))
    project.write(
        "manifests/n.yaml", "apiVersion: picsellia-apply/v1\nkind: Network\nmetadata: {name: n}\nspec: {type: x}\n"
    )
    assert project.run("plan", "manifests", "--out", "plan.json").code == 0
    ran = project.run("apply", "plan.json", "--manifests", "manifests", "--auto-approve")
    assert ran.code == 0, ran.out + ran.err
    assert project.plan("manifests")["operations"] == []
    reviewed = project.client().datalake.picture.fetch(tags=["reviewed"])
    assert sorted(one.external_url for one in reviewed) == ["0.png", "1.png", "2.png"]


@ABSENT
def test_a_picture_to_upload_is_named_and_nothing_is_written(any_project: Project, how: str) -> None:
    project = indexed(any_project)
    here = project.plan("manifests")
    without_pictures(project, how)
    there = project.plan("manifests")
    assert there["digest"] == here["digest"]
    assert there["operations"] == here["operations"]
    (told,) = [one for one in there["findings"] if one not in here["findings"]]
    assert (told["code"], told["severity"], told["count"]) == ("P035", "warning", 3)
    shown = project.run("plan", "manifests").out
    assert "Next: fetch 3 pictures to this machine (`0.png`, `1.png`, `2.png`), or apply where they are" in shown
    assert "Next: picsellia-apply apply" not in shown
    assert project.run("apply", "manifests").code == 65, "nobody is asked to approve what cannot be done"
    ran = project.run("apply", "manifests", "--auto-approve")
    assert ran.code == 65
    assert "error[P035]: 3 pictures to upload are not on this machine: `0.png`, `1.png`, `2.png`" in ran.err
    assert project.plan("manifests") == there, "nothing was written"


def test_other_things_can_be_done_without_the_picture(any_project: Project) -> None:
    project = indexed(any_project)
    project.apply("manifests")
    project.picture("pictures/new.png", (1, 2, 3))
    assert "~ manifests/cells.index: 4 pictures, written (1 new: `new.png`)" in project.run("index", "manifests").out
    without_pictures(project, "absent")
    coco(project, (3, 3, 4, 4))
    network = "apiVersion: picsellia-apply/v1\nkind: Network\nmetadata: {name: n}\nspec: {type: x}\n"
    project.write("manifests/n.yaml", network)
    assert project.run("apply", "manifests", "--auto-approve").code == 65
    project.apply("manifests", "--target", "network/n")
    addresses = [one["address"] for one in project.plan("manifests")["operations"]]
    assert "network/n" not in addresses
    assert "pictures/cells" in addresses


def test_a_plan_made_in_ci_is_applied_where_the_pictures_are(any_project: Project) -> None:
    project = indexed(any_project)
    kept = project.folder / "kept"
    (project.folder / "pictures").rename(kept)
    assert project.run("plan", "manifests", "--out", "plan.json").code == 0
    assert project.run("apply", "plan.json", "--manifests", "manifests", "--auto-approve").code != 0
    kept.rename(project.folder / "pictures")
    ran = project.run("apply", "plan.json", "--manifests", "manifests", "--auto-approve")
    assert ran.code == 0, ran.out + ran.err
    assert "not on this machine" not in ran.out
    assert project.plan("manifests")["operations"] == []


def test_pictures_that_are_here_count_and_the_command_is_named(project: Project) -> None:
    indexed(project)
    project.apply("manifests")
    project.picture("pictures/new.png", (1, 2, 3))
    ran = project.run("plan", "manifests")
    assert "+1 picture" in ran.out
    assert "the index `cells.index` is not what the pictures are: 1 new: `new.png`" in ran.out
    assert "run `picsellia-apply index`" in ran.out


def test_a_machine_with_a_part_of_the_pictures_wants_no_fewer(any_project: Project) -> None:
    project = indexed(any_project)
    project.apply("manifests")
    here = project.plan("manifests", "--prune")
    (project.folder / "pictures/1.png").unlink()
    there = project.plan("manifests", "--prune")
    assert (there["digest"], there["operations"]) == (here["digest"], [])
    (told,) = [one for one in there["findings"] if one not in here["findings"]]
    assert (told["code"], told["severity"], told["count"]) == ("P039", "warning", 1)
    project.apply("manifests", "--prune")
    assert project.plan("manifests", "--prune") == there


def test_a_picture_is_deleted_on_purpose_by_writing_the_index_again(project: Project) -> None:
    indexed(project)
    project.apply("manifests")
    (project.folder / "pictures/1.png").unlink()
    ran = project.run("plan", "manifests", "--prune")
    assert "1 picture of the index is not on this machine and counts all the same: `1.png`" in ran.out
    assert "if it was deleted on purpose, run `picsellia-apply index`" in ran.out
    assert project.run("index", "manifests", "--check").code == 2
    told = "~ manifests/cells.index: 2 pictures, written (1 gone: `1.png`)\n"
    assert project.run("index", "manifests").out == told
    plan = project.plan("manifests", "--prune")
    removed = {one["address"]: one["members"]["remove"] for one in plan["operations"]}
    assert removed["pictures/cells"] == 1
    assert [one for one in plan["findings"] if one["code"] in ("P033", "P039")] == []


def test_an_index_that_would_lose_most_pictures_is_not_written_unasked(project: Project) -> None:
    indexed(project)
    index = project.folder / "manifests/cells.index"
    before = index.read_bytes()
    for name in ("0.png", "1.png"):
        (project.folder / "pictures" / name).unlink()
    ran = project.run("index", "manifests")
    assert (ran.code, ran.out) == (4, ""), ran.err
    assert "most of the pictures are not on this machine, nothing was written" in ran.err
    assert "`manifests/cells.index` would lose 2 of its 3" in ran.err
    assert index.read_bytes() == before
    assert project.run("index", "manifests", "--check").code == 2
    ran = project.run("index", "manifests", "--accept-removals")
    assert (ran.code, ran.out) == (0, "~ manifests/cells.index: 1 picture, written (2 gone: `0.png`, `1.png`)\n")


def test_pictures_that_moved_or_changed_are_not_lost(project: Project) -> None:
    indexed(project)
    folder = project.folder / "pictures"
    for name in ("0.png", "1.png"):
        (folder / name).rename(folder / f"moved-{name}")
    assert project.run("index", "manifests").code == 0
    for name in ("moved-0.png", "moved-1.png", "2.png"):
        project.picture(f"pictures/{name}", (200, 1, len(name)))
    assert project.run("index", "manifests").code == 0


def test_a_part_to_upload_that_is_not_here_is_named(project: Project) -> None:
    indexed(project)
    (project.folder / "pictures/2.png").unlink()
    assert project.plan("manifests")["operations"] != []
    ran = project.run("apply", "manifests", "--auto-approve")
    assert ran.code == 65
    assert "error[P035]: 1 picture to upload is not on this machine: `2.png`" in ran.err


def test_checking(project: Project) -> None:
    project.picture("pictures/0.png", (0, 0, 0))
    project.write("manifests/m.yaml", MANIFESTS)
    ran = project.run("index", "manifests", "--check")
    assert (ran.code, ran.out.splitlines()[0]) == (
        2, "! manifests/cells.index: 1 picture, not what the pictures are (there is none yet)"
    )  # fmt: skip
    assert not (project.folder / "manifests/cells.index").exists()
    assert project.run("index", "manifests").code == 0
    before = (project.folder / "manifests/cells.index").stat()
    assert project.run("index", "manifests", "--check").code == 0
    assert project.run("index", "manifests").code == 0
    after = (project.folder / "manifests/cells.index").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns), "what is right is not written"
    project.picture("pictures/0.png", (9, 9, 9))
    assert project.run("index", "manifests", "--check").code == 2
    without_pictures(project, "pointers")
    ran = project.run("index", "manifests", "--check")
    assert (ran.code, "of other bytes than the index says: `0.png`" in ran.out) == (2, True)
    without_pictures(project, "absent")
    assert project.run("index", "manifests", "--check").code == 65


def test_as_a_process_in_ci(project: Project, tmp_path: Path) -> None:
    """A machine that has the manifests alone: what git checks out, and nothing else."""
    indexed(project)
    project.apply("manifests")
    checkout = tmp_path / "checkout"
    shutil.copytree(project.folder / "manifests", checkout / "manifests")
    shutil.copy(project.folder / "coco.json", checkout)
    environ: Mapping[str, str] = {"PATH": "/usr/bin:/bin", "CI": "true", "PICSELLIA_CACHE_DIR": str(tmp_path / "empty")}
    command = [str(COMMAND), "plan", "manifests", "--embedded", "--detailed-exitcode"]
    done = subprocess.run(command, cwd=checkout, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No changes." in done.stdout
