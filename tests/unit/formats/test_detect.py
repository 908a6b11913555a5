"""Annotation files are found by what is in them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from picsellia_apply.formats import detect_formats
from picsellia_apply.formats.shapes import root_of_xml, shape_of_json

COCO = {"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [], "categories": []}
PICSELLIA = {"annotations": [{"external_picture_url": "a.jpg", "annotations": []}]}


def test_formats_are_told_by_content(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "picsellia.json").write_text(json.dumps(COCO))
    (tmp_path / "deep" / "er" / "coco.JSON").write_bytes(json.dumps(PICSELLIA).encode("utf-16"))
    (tmp_path / "package.json").write_text('{"name": "x", "annotations": {}}')
    (tmp_path / "broken.json").write_text('{"images": [')
    voc = tmp_path / "labels"
    voc.mkdir()
    (voc / "1.xml").write_text('<?xml version="1.0"?>\n<!-- by hand -->\n<annotation verified="no">')
    (tmp_path / "deep" / "cvat.xml").write_text("<annotations/>")
    hidden = tmp_path / ".cache"
    hidden.mkdir()
    (hidden / "c.json").write_text(json.dumps(COCO))
    found = [(one.path.relative_to(tmp_path).as_posix(), one.format) for one in detect_formats(tmp_path)]
    assert found == [("deep/er/coco.JSON", "PICSELLIA"), ("deep/picsellia.json", "COCO"), ("labels", "PASCAL-VOC")]


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "folder"
    elsewhere.mkdir()
    folder.mkdir()
    (elsewhere / "c.json").write_text(json.dumps(COCO))
    (folder / "linked").symlink_to(elsewhere)
    (folder / "circle").symlink_to(folder)
    assert [one.path.relative_to(folder).as_posix() for one in detect_formats(folder)] == ["linked/c.json"]


def test_what_tells_a_format_may_come_late(tmp_path: Path) -> None:
    late = {"info": "x" * 300_000, **COCO}
    (tmp_path / "c.json").write_text(json.dumps(late))
    assert [one.format for one in detect_formats(tmp_path)] == ["COCO"]


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (COCO, "COCO"),
        (PICSELLIA, "PICSELLIA"),
        ({"categories": [], "annotations": [{"bbox": [], "image_id": 1, "category_id": 2}], "images": []}, "COCO"),
        ({"images": [{"external_picture_url": "x"}], "annotations": []}, "PICSELLIA"),
        ([{"image_id": 1, "category_id": 1, "score": 1}], "COCO results (predictions without images)"),
        ({"annotations": [{"image_id": 1, "segments_info": []}]}, "COCO panoptic"),
        ({"version": "5", "shapes": [], "imagePath": "a.jpg"}, "labelme"),
        ({"type": "FeatureCollection", "features": []}, "GeoJSON"),
        ([{"id": 1, "data": {}, "annotations": []}], "Label Studio"),
        ([{"image": "a", "annotations": []}], "CreateML"),
        ({"_via_img_metadata": {}}, "VGG Image Annotator"),
        ({"note": '"images": [{"id": 1, "file_name"'}, None),
        ({"images": 3}, None),
        ([], None),
        ("text", None),
    ],
)
def test_shapes(value: object, shape: str | None) -> None:
    assert shape_of_json(json.dumps(value).encode()) == shape


def test_only_the_beginning_of_a_file_is_needed() -> None:
    many = {"images": [{"id": index, "file_name": f"{index:040}.jpg"} for index in range(40_000)]}
    assert shape_of_json(json.dumps(many).encode()[: 1 << 20]) == "COCO"


@pytest.mark.parametrize(
    ("data", "root"),
    [
        (b"<annotation/>", "annotation"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><!-- <x> --><annotation>", "annotation"),
        ('<?xml version="1.0" encoding="utf-16"?><annotation>'.encode("utf-16"), "annotation"),
        (b"<annotations>", "annotations"),
        (b"no xml", None),
        (b"", None),
    ],
)
def test_root_of_xml(data: bytes, root: str | None) -> None:
    assert root_of_xml(data) == root
