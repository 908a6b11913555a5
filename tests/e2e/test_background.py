"""Background pictures: an annotation file that names a picture without an object says that nothing is on it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from picsellia_apply.client import Client
from tests.e2e.documents import DATASET, SET
from tests.e2e.test_main_job import operations

if TYPE_CHECKING:
    from tests.e2e.conftest import Project, Ran

MANIFESTS = f"{SET}---\n{DATASET}".replace("boxes.json, format: COCO", "PATH, format: FORMAT, policy: POLICY")
ADDRESS = "annotations/D@first"


def _coco() -> Mapping[str, str]:
    images = [{"id": row, "file_name": f"p{row}.png", "width": 16, "height": 12} for row in range(3)]
    box = {"id": 1, "image_id": 0, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0}
    whole = {"images": images, "categories": [{"id": 1, "name": "car"}], "annotations": [box]}
    return {"boxes.json": json.dumps(whole)}


def _voc() -> Mapping[str, str]:
    box = "<object><name>car</name><bndbox><xmin>2</xmin><ymin>3</ymin><xmax>4</xmax><ymax>6</ymax></bndbox></object>"
    size = "<size><width>16</width><height>12</height><depth>3</depth></size>"
    return {
        f"xml/p{row}.xml": f"<annotation><filename>p{row}.png</filename>{size}{box * (row == 0)}</annotation>"
        for row in range(3)
    }


def _picsellia() -> Mapping[str, str]:
    rectangle = {"top": 2, "left": 1, "width": 3, "height": 4}
    objects = [{"type": "rectangle", "label": "car", "rectangle": rectangle}]
    entries = [
        {"external_picture_url": f"p{row}.png", "nb_labels": 0, "time_spent": 0, "annotations": objects * (row == 0)}
        for row in range(3)
    ]
    return {"boxes.json": json.dumps({"annotations": entries})}


FORMATS: Mapping[str, Callable[[], Mapping[str, str]]] = {"COCO": _coco, "PASCAL-VOC": _voc, "PICSELLIA": _picsellia}
POLICIES = ("seed", "merge", "mirror")


def fill(project: Project, form: str = "COCO", policy: str = "merge") -> Project:
    """Four pictures: one with a box, two with nothing on them, one that the file does not name."""
    files = FORMATS[form]()
    path = "xml" if form == "PASCAL-VOC" else next(iter(files))
    text = MANIFESTS.replace("PATH", path).replace("FORMAT", form).replace("POLICY", policy)
    project.write("all.yaml", text)
    for name, content in files.items():
        project.write(name, content)
    for row in range(4):
        project.picture(f"pictures/p{row}.png", (row * 20, 100, 200))
    return project


def check(project: Project, state_of: Callable[[Project], dict[str, Any]]) -> None:
    """See to it that all is there, and that nothing is left to do."""
    texts = state_of(project)["datasets"]["D"]["versions"]["first"][2]
    assert {name: len(one) for name, one in texts.items()} == {"p0.png": 1, "p1.png": 0, "p2.png": 0}
    plan = project.plan()
    assert (plan["operations"], plan["blocked"], plan["outcome"]) == ([], [], "no_changes")


@pytest.fixture(params=["embedded", "plain"])
def platform_project(request: pytest.FixtureRequest) -> Any:
    """A project with a lake of its own, and one with a lake that speaks SDK v2 only."""
    return request.getfixturevalue("project" if request.param == "embedded" else "plain_project")


@pytest.mark.parametrize("form", FORMATS)
def test_background_pictures_are_put_and_seen(
    platform_project: Project, state_of: Callable[[Project], dict[str, Any]], form: str
) -> None:
    project = fill(platform_project, form)
    (operation,) = [one for one in project.plan()["operations"] if one["address"] == ADDRESS]
    assert operation["impact"] == "1 box in 1 picture, +2 background pictures"
    assert "+2 background pictures" in project.apply().out
    check(project, state_of)


@pytest.mark.parametrize("policy", POLICIES)
def test_one_that_lost_its_annotation_gets_it_again(
    project: Project, state_of: Callable[[Project], dict[str, Any]], policy: str
) -> None:
    fill(project, "COCO", policy).apply()
    with Client(host="embedded", data_dir=project.folder / ".picsellia", greet=False) as somebody:
        dataset_id = somebody.datalake.dataset.fetch("D", "first").dataset_id
        somebody.datalake.dataset.delete_annotations(dataset_id, somebody.writer.picture_ids(["p1.png"])["p1.png"])
    assert operations(project.plan()) == {ADDRESS: "update"}
    project.apply()
    check(project, state_of)


@pytest.mark.parametrize("kind", ["before", "after"])
@pytest.mark.parametrize("back", range(3))
def test_killed_while_they_are_put_and_run_again(
    plain_project: Project,
    killed: Callable[..., Ran],
    state_of: Callable[[Project], dict[str, Any]],
    kind: str,
    back: int,
) -> None:
    """On a platform that takes one annotation a request."""
    project = fill(plain_project)
    project.write("all.yaml", (project.folder / "all.yaml").read_text().replace("[{path", "[] #"))
    project.apply()
    fill(project)
    assert killed(project, "apply", "--auto-approve", when=f"{kind}-write={back + 1}").code == -9
    project.apply()
    check(project, state_of)


def test_a_saved_plan_says_so_and_is_stale_once_the_file_names_the_picture_no_more(
    project: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    fill(project)
    assert project.run("plan", "--out", "p.json").code == 0
    shown = project.run("show", "p.json")
    assert (shown.code, "+2 background pictures" in shown.out) == (0, True)
    coco = json.loads((project.folder / "boxes.json").read_text())
    coco["images"].pop()
    project.write("boxes.json", json.dumps(coco))
    assert project.run("apply", "--auto-approve", "p.json").code == 6
    fill(project)
    project.apply("p.json")
    check(project, state_of)
