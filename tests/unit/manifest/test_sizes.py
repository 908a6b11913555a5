"""Sizes that annotation files state against those of the pictures, EXIF orientation included."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from picsellia_apply.errors import Diagnostic
from picsellia_apply.local import StatCache
from picsellia_apply.manifest import load
from picsellia_apply.source import shown_path
from tests.unit.manifest.test_loading import document, written

VOC = "<annotation><filename>{}</filename><size><width>{}</width><height>{}</height></size>{}</annotation>"
BOX = "<object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>3</xmax><ymax>3</ymax></bndbox></object>"
VERSION = "{{name: {}, pictures: {{set: all}}, annotations: [{{path: {}, format: {}}}]}}"


def picture(folder: Path, name: str, turn: int = 1) -> None:
    """Write a picture of 8 x 6 px as stored."""
    image = Image.new("RGB", (8, 6), "red")
    exif = image.getexif()
    exif[0x0112] = turn
    (folder / "pictures").mkdir(exist_ok=True)
    image.save(folder / "pictures" / name, exif=exif)


def voc(folder: Path, name: str, width: int, height: int) -> None:
    (folder / "xml").mkdir(exist_ok=True)
    (folder / "xml" / f"{Path(name).stem}.xml").write_text(VOC.format(name, width, height, BOX))


def findings(folder: Path, *versions: str) -> list[Diagnostic]:
    spec = f"{{labels: [{{name: cat, type: rectangle}}], versions: [{', '.join(versions)}]}}"
    pictures = document("PictureSet", "all", "{from: pictures}")
    written(folder, pictures, document("Dataset", "d", spec))
    found = load([folder], cache=StatCache(None)).findings
    return [one for one in found if one.code in ("Q006", "Q007")]


def test_sizes_that_fit_are_no_finding(tmp_path: Path) -> None:
    picture(tmp_path, "a.jpg")
    picture(tmp_path, "turned.jpg", 6)
    voc(tmp_path, "a.jpg", 8, 6)
    voc(tmp_path, "turned.jpg", 6, 8)
    assert findings(tmp_path, VERSION.format("v", "xml", "PASCAL-VOC")) == []


@pytest.mark.parametrize("stated", [(0, 0), (8, 0)])
def test_a_size_that_is_none_is_not_compared(tmp_path: Path, stated: tuple[int, int]) -> None:
    picture(tmp_path, "a.jpg")
    voc(tmp_path, "a.jpg", *stated)
    assert findings(tmp_path, VERSION.format("v", "xml", "PASCAL-VOC")) == []


def test_another_size_is_told_once_however_many_versions_there_are(tmp_path: Path) -> None:
    for number, name in enumerate("abcde"):
        picture(tmp_path, f"{name}.jpg")
        voc(tmp_path, f"{name}.jpg", 80 + number, 60)
    versions = (VERSION.format(name, "xml", "PASCAL-VOC") for name in ("v", "w"))
    (one,) = findings(tmp_path, *versions)
    assert (one.code, one.severity.name, one.count) == ("Q006", "warning", 5)
    assert str(one.position) == f"{shown_path(tmp_path / 'm.yaml')}:9:112"
    assert one.message == (
        "5 pictures have another size than `xml` states: `a.jpg` is 8 x 6 px, not 80 x 60, "
        "`b.jpg` is 8 x 6 px, not 81 x 60, `c.jpg` is 8 x 6 px, not 82 x 60, and 2 more"
    )


@pytest.mark.parametrize("turn", [5, 6, 7, 8])
def test_boxes_on_the_unrotated_picture(tmp_path: Path, turn: int) -> None:
    picture(tmp_path, "a.jpg", turn)
    voc(tmp_path, "a.jpg", 8, 6)
    (one,) = findings(tmp_path, VERSION.format("v", "xml", "PASCAL-VOC"))
    assert one.code == "Q007"
    assert one.message == (
        "`xml` was drawn on the unrotated picture, 1 time: `a.jpg` is 6 x 8 px as it is displayed, not 8 x 6"
    )


@pytest.mark.parametrize("turn", [2, 3, 4])
def test_an_upside_down_picture_keeps_its_sizes(tmp_path: Path, turn: int) -> None:
    picture(tmp_path, "a.jpg", turn)
    voc(tmp_path, "a.jpg", 8, 6)
    assert findings(tmp_path, VERSION.format("v", "xml", "PASCAL-VOC")) == []


def test_coco_states_sizes_too_and_names_fit_by_base_name(tmp_path: Path) -> None:
    picture(tmp_path, "a.jpg")
    picture(tmp_path, "b.jpg")
    images = [
        {"id": 1, "file_name": "train/a.jpg", "width": 9, "height": 6},
        {"id": 2, "file_name": "b.jpg", "width": 8, "height": 6},
        {"id": 3, "file_name": "elsewhere.jpg", "width": 1, "height": 1},
    ]
    body = {"images": images, "annotations": [], "categories": [{"id": 1, "name": "cat"}]}
    (tmp_path / "c.json").write_text(json.dumps(body))
    (one,) = findings(tmp_path, VERSION.format("v", "c.json", "COCO"))
    assert one.message == "1 picture has another size than `c.json` states: `a.jpg` is 8 x 6 px, not 9 x 6"
