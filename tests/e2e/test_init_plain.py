"""What `init` writes applies anywhere as it is: on the embedded lake, and on a platform of SDK v2 alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import Project

VOC = """\
<annotation><filename>{name}.png</filename><object><name>cell</name>
<bndbox><xmin>2</xmin><ymin>2</ymin><xmax>8</xmax><ymax>9</ymax></bndbox></object></annotation>
"""
SPLITS = {"train": ("a", "b", "c"), "val": ("d",), "test": ("e", "f")}


@pytest.fixture(params=["project", "plain_project"])
def anywhere(request: pytest.FixtureRequest) -> Project:
    found: Any = request.getfixturevalue(request.param)
    assert isinstance(found, Project)
    return found


def test_splits_apply_as_they_are(anywhere: Project, state_of: Callable[[Project], dict[str, Any]]) -> None:
    for split, names in SPLITS.items():
        anywhere.write(f"data/ImageSets/Main/{split}.txt", "".join(f"{name}\n" for name in names))
        for name in names:
            anywhere.picture(f"data/JPEGImages/{name}.png", (ord(name), 90, 90))
            anywhere.write(f"data/Annotations/{name}.xml", VOC.format(name=name))
    assert anywhere.run("init", "data").code == 0
    planned = anywhere.plan("manifests")
    assert planned["blocked"] == []
    anywhere.apply("manifests")
    assert anywhere.plan("manifests")["operations"] == []
    datasets = state_of(anywhere)["datasets"]
    held = {name: {one: sorted(found[0]) for one, found in body["versions"].items()} for name, body in datasets.items()}
    assert held == {f"data-{split}": {"first": [f"{name}.png" for name in names]} for split, names in SPLITS.items()}
    assert all(len(body["versions"]["first"][2]) == len(SPLITS[name[5:]]) for name, body in datasets.items())
