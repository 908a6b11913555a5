"""Replacing an annotation on a plain platform is a deletion and a putting: killed between the two, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from picsellia_apply.client import Client
from picsellia_apply.model.annotation import texts_of
from tests.e2e.documents import DATASET, SET

if TYPE_CHECKING:
    from tests.e2e.conftest import Platform, Project, Ran

MANIFESTS = f"{SET}---\n{DATASET}"
COCO = """\
{"images": [{"id": 1, "file_name": "p0.png", "width": 16, "height": 12},
            {"id": 2, "file_name": "p1.png", "width": 16, "height": 12}],
 "categories": [{"id": 1, "name": "car"}],
 "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0},
                 {"id": 2, "image_id": 2, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0}]}
"""
BY_HAND = {"type": "rectangle", "label": "car", "rectangle": {"left": 9, "top": 9, "width": 2, "height": 2}}
APPLY = ("apply", "--auto-approve", "--parallelism", "1")


@pytest.fixture
def project(project: Project, served: Callable[..., Platform]) -> Project:
    project.write("all.yaml", MANIFESTS)
    project.write("boxes.json", COCO)
    for number in range(2):
        project.picture(f"pictures/p{number}.png", (number * 20, 100, 200))
    return replace(project, platform=served("--plain"))


def annotate(project: Project) -> None:
    """Draw one more box on the first picture, as a person would."""
    token, host = project.platform.environ["PICSELLIA_TOKEN"], project.platform.options[1]
    with Client(token, None, host, greet=False) as client:
        (info,) = client.reader.datasets(["D"])
        assert client.writer.add_objects(info.versions[0].dataset_id, {"p0.png": texts_of([BY_HAND])}) == {}


def widths(state: dict[str, Any]) -> dict[str, list[int]]:
    _, _, texts = state["datasets"]["D"]["versions"]["first"]
    return {name: sorted(int(one.partition('"width":')[2][0]) for one in objects) for name, objects in texts.items()}


def test_killed_between_deletion_and_putting_again_and_again(
    project: Project, killed: Callable[..., Ran], state_of: Callable[[Project], dict[str, Any]]
) -> None:
    project.apply()
    annotate(project)
    project.apply()
    project.write("boxes.json", COCO.replace("[1, 2, 3, 4]", "[1, 2, 5, 4]"))
    left = [{"p1.png": [3]}, {"p0.png": [2, 5]}]
    for expected in left:
        ran = killed(project, *APPLY, when="after-delete=1")
        assert ran.code == -9, ran.err
        assert widths(state_of(project)) == expected
    project.apply()
    assert widths(state_of(project)) == {"p0.png": [2, 5], "p1.png": [5]}
    assert project.plan()["operations"] == []


def test_what_the_manifests_say_meanwhile_is_put_in_the_same_step(
    project: Project, killed: Callable[..., Ran], state_of: Callable[[Project], dict[str, Any]]
) -> None:
    project.apply()
    annotate(project)
    project.apply()
    project.write("boxes.json", COCO.replace("[1, 2, 3, 4]", "[1, 2, 5, 4]"))
    assert killed(project, *APPLY, when="after-delete=1").code == -9
    project.write("boxes.json", COCO.replace("[1, 2, 3, 4]", "[1, 2, 7, 4]"))
    project.apply()
    assert widths(state_of(project)) == {"p0.png": [2, 7], "p1.png": [7]}
    assert project.plan()["operations"] == []
