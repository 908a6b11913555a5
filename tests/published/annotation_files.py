"""Annotation files as people have them, in the three formats that the published parsers read."""

from __future__ import annotations

import json
from typing import Any

from tests.published.scene import Scene, box, outline

SQUARE = [[1, 1, 9, 1, 9, 8.5, 1, 8.5]]
POINTS = ((1, 1), (9, 1), (9, 8.5), (1, 8.5))


def coco(scene: Scene, name: str, pictures: list[str], *, outlined: bool) -> str:
    """Write a COCO file: one object of each of two categories per picture, none on the last; return its path."""
    images = [
        {"id": number, "file_name": one, "width": 16, "height": 12} for number, one in enumerate(pictures, start=1)
    ]
    annotations = [
        {
            "id": len(images) * number + category,
            "image_id": number,
            "category_id": category,
            "bbox": [category, 2.5, 6, 4],
            "segmentation": SQUARE if outlined else [],
        }
        for number in range(1, len(images))
        for category in (1, 2)
    ]
    categories = [{"id": 1, "name": "Red cell"}, {"id": 2, "name": "platelet"}, {"id": 3, "name": "unused"}]
    return scene.file(name, json.dumps({"images": images, "annotations": annotations, "categories": categories}))


def coco_objects(*, outlined: bool) -> list[dict[str, Any]]:
    """Return what the published parser makes of a picture of `coco`."""
    if outlined:
        return [{"qa": [], **outline(label, *POINTS)} for label in ("Red cell", "platelet")]
    return [{"qa": [], **box(label, left, 2.5, 6, 4)} for label, left in (("Red cell", 1), ("platelet", 2))]


_VOC = """<annotation><folder>x</folder><filename>{name}</filename>
<size><width>16</width><height>12</height><depth>3</depth></size>
<object><name> WBC </name><bndbox><xmin>1</xmin><ymin>3</ymin><xmax>7</xmax><ymax>9</ymax></bndbox></object>
<object><name>RBC</name><bndbox><xmin>0</xmin><ymin>2.5</ymin><xmax>4</xmax><ymax>6</ymax></bndbox></object>
</annotation>"""


def voc(scene: Scene, folder: str, pictures: list[str]) -> str:
    """Write a folder of PASCAL-VOC files and return its path."""
    for name in pictures:
        scene.file(f"{folder}/{name}.xml", _VOC.format(name=name))
    return str(scene.folder / folder)


def voc_objects() -> list[dict[str, Any]]:
    """Return what the published parser makes of a picture of `voc`: corners less 1, exclusive sizes."""
    return [{"qa": [], **box("wbc", 0, 2, 6, 6)}, {"qa": [], **box("rbc", -1, 1.5, 4, 3.5)}]


def export(scene: Scene, name: str, pictures: list[str]) -> str:
    """Write a PICSELLIA file, as the platform exports it, with signed URLs; return its path."""
    lake = scene.lake()
    images = [
        {
            "internal_picture_id": lake[one]["picture_id"] if one in lake else one,
            "external_picture_url": one,
            "signed_url": scene.seen.get("signed_urls", {}).get(one, ""),
        }
        for one in pictures
    ]
    annotations = [
        {"external_picture_url": one, "nb_labels": 3, "time_spent": 0.5, "annotations": export_objects()}
        for one in pictures
    ]
    categories = [{"name": "car"}, {"name": "roof"}, {"name": "blurred"}]
    return scene.file(name, json.dumps({"images": images, "annotations": annotations, "categories": categories}))


def export_objects() -> list[dict[str, Any]]:
    """Return the objects of each picture of `export`."""
    return [box("car"), outline("roof", (1, 1), (9, 1), (5, 7)), {"type": "classification", "label": "blurred"}]
