"""Labels of one version, and names of pictures whose file is called otherwise: what exports need to say."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from picsellia_apply.errors import InvalidInput
from picsellia_apply.local import StatCache
from picsellia_apply.manifest import load
from picsellia_apply.manifest.listed import exact_text
from picsellia_apply.model.declaration import Declaration

DATASET = """apiVersion: picsellia-apply/v1
kind: Dataset
metadata: {name: d}
spec:
  labels: [{name: car, type: rectangle}]
  versions:
    - name: first
      pictures: {names: first.txt}
    - name: second
      labels: [{name: van, type: polygon}, {name: van, type: rectangle}]
      pictures: {names: first.txt}
    - name: third
      labels: []
      pictures: {names: first.txt}
"""
SET = """apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {name: s}
spec: {from: pictures, naming: path, names: s.names}
"""


def read(folder: Path, text: str, **files: str) -> Declaration:
    (folder / "all.yaml").write_text(text)
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content)
    return load([folder], cache=StatCache(folder / "cache"))


def test_labels_of_a_version_stand_for_those_of_the_dataset(tmp_path: Path) -> None:
    (one,) = read(tmp_path, DATASET, first_txt="a.jpg\n").datasets
    assert [version.labels for version in one.versions] == [
        (("car", "rectangle"),),
        (("van", "polygon"), ("van", "rectangle")),
        (),
    ]


def test_a_label_that_a_version_declares_twice_is_an_error(tmp_path: Path) -> None:
    twice = DATASET.replace("{name: van, type: polygon}", "{name: van, type: rectangle}")
    with pytest.raises(InvalidInput) as told:
        read(tmp_path, twice, first_txt="a.jpg\n")
    assert [one.code for one in told.value.diagnostics if one.severity.name == "error"] == ["M019"]


def test_exact_names_of_a_version_stay_as_they_are_and_may_be_none(tmp_path: Path) -> None:
    names = (" a ", "cafe\u0301.jpg", '"q"')
    (one,) = read(tmp_path, DATASET, first_txt=exact_text((name,) for name in names)).datasets
    assert one.versions[0].pictures is not None
    assert one.versions[0].pictures.names == names
    (none,) = read(tmp_path, DATASET, first_txt=exact_text([])).datasets
    assert none.versions[0].pictures is not None
    assert none.versions[0].pictures.names == ()


def test_a_picture_is_called_as_its_set_says(tmp_path: Path) -> None:
    (tmp_path / "pictures/deep").mkdir(parents=True)
    for file in ("a.png", "deep/b.png"):
        Image.new("RGB", (4, 4), (len(file), 0, 0)).save(tmp_path / "pictures" / file)
    (one,) = read(tmp_path, SET, s_names=exact_text([("deep/b.png", "../b|.png")])).picture_sets
    assert dict(zip(one.pictures.names, one.pictures.files, strict=True)) == {
        "a.png": "a.png",
        "../b|.png": "deep/b.png",
    }


def test_a_list_of_names_that_is_none_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "pictures/a.png")
    with pytest.raises(InvalidInput) as told:
        read(tmp_path, SET, s_names="a.png b.png\n")
    assert "M049" in [one.code for one in told.value.diagnostics]
    (tmp_path / "s.names").unlink()
    with pytest.raises(InvalidInput) as missing:
        read(tmp_path, SET)
    assert "M032" in [one.code for one in missing.value.diagnostics]
