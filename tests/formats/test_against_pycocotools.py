"""COCO read by us and by pycocotools: the same pictures, objects, boxes; masks decode to the same runs and boxes."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as oracle
from pycocotools.coco import COCO

from picsellia_apply.formats import read_annotations
from picsellia_apply.formats.rle import box_of_runs, decode_runs, encode_runs

Bits = np.ndarray[Any, np.dtype[np.uint8]]


def blobs(seed: int, height: int, width: int) -> Bits:
    """Return a mask with a few ellipses: (height, width) of 0 and 1."""
    rng = np.random.default_rng(seed)
    ys, xs = np.mgrid[:height, :width]
    mask = np.zeros((height, width), dtype=bool)
    for _ in range(rng.integers(0, 4)):
        y, x, a, b = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(1, height), rng.uniform(1, width)
        mask |= ((ys - y) / a) ** 2 + ((xs - x) / b) ** 2 < 0.3
    return mask.astype(np.uint8)


def runs_of(mask: Bits) -> list[int]:
    """Return the runs of a mask, down the columns, zeros first, told independently of the codec under test."""
    runs, current, length = [], 0, 0
    for bit in mask.flatten(order="F").tolist():
        if bit != current:
            runs.append(length)
            current, length = bit, 0
        length += 1
    return [*runs, length]


@pytest.mark.parametrize("seed", range(150))
def test_masks(seed: int) -> None:
    height, width = random.Random(seed).choices(range(1, 120), k=2)  # noqa: S311 - not for secrets
    mask = blobs(seed, height, width)
    theirs = oracle.encode(np.asfortranarray(mask))
    counts = theirs["counts"].decode()
    runs = runs_of(mask)
    assert decode_runs(counts) == runs
    assert encode_runs(runs) == counts
    expected = tuple(map(float, oracle.toBbox(theirs)))
    assert box_of_runs(runs, height, width) == (expected if mask.any() else None)


@given(st.lists(st.integers(0, 1 << 40), max_size=40))
def test_compressed_runs_survive(runs: list[int]) -> None:
    assert decode_runs(encode_runs(runs)) == runs


@given(st.text(st.characters(min_codepoint=40, max_codepoint=120), max_size=20))
def test_any_text_is_runs_or_a_value_error(text: str) -> None:
    try:
        runs = decode_runs(text)
    except ValueError:
        return
    assert all(isinstance(run, int) for run in runs)


def dataset(seed: int) -> dict[str, Any]:
    """Return a COCO file of hard cases: holes in ids, category 0, several parts, masks, no boxes, crowds."""
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    images = [{"id": index * 7, "file_name": f"{index}.jpg", "width": 200, "height": 150} for index in range(12)]
    annotations: list[dict[str, Any]] = []
    for number in range(80):
        row: dict[str, Any] = {"id": number * 3 + 1, "image_id": rng.choice(images)["id"], "category_id": number % 3}
        x, y, w, h = (round(rng.uniform(1, 60), 3) for _ in range(4))
        row["bbox"] = [x, y, w, h]
        row["area"] = w * h
        row["iscrowd"] = 0
        kind = number % 4
        if kind == 1:
            row["segmentation"] = [[x, y, x + w, y, x + w, y + h], [x, y, x, y + h, x + w, y + h]]
        elif kind == 2:
            mask = blobs(number, 150, 200)
            row["iscrowd"] = int(number % 8 == 2)
            row["segmentation"] = {"size": [150, 200], "counts": runs_of(mask)}
        annotations.append(row)
    categories = [{"id": index, "name": f"class {index}"} for index in (0, 1, 2, 90)]
    return {"images": images, "annotations": annotations, "categories": categories}


@pytest.mark.parametrize("seed", range(5))
def test_files(seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "coco.json"
    path.write_text(json.dumps(dataset(seed)))
    theirs = COCO(str(path))
    capsys.readouterr()
    ours, _ = read_annotations(path, "COCO")
    expected = sorted(
        (theirs.loadImgs(row["image_id"])[0]["file_name"], theirs.loadCats(row["category_id"])[0]["name"], *row["bbox"])
        for row in theirs.loadAnns(theirs.getAnnIds(iscrowd=False))
    )
    found = sorted(
        (ours.pictures[owner], label, *(box or ()))
        for owner, label, box in zip(ours.owner, ours.labels, ours.boxes, strict=True)
    )
    assert found == expected
    parts = [row["segmentation"] for row in theirs.anns.values() if isinstance(row.get("segmentation"), list)]
    assert [list(map(list, polygon)) for polygon in ours.polygons if polygon] == parts
    assert [category["name"] for category in theirs.loadCats(theirs.getCatIds())] == list(ours.categories)


@pytest.mark.parametrize("seed", range(20))
def test_box_of_a_polygon_is_that_of_its_corners(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    rings = [[round(rng.uniform(0, 100), 2) for _ in range(2 * rng.randrange(3, 9))] for _ in range(1 + seed % 3)]
    row = {"id": 1, "image_id": 1, "category_id": 1, "segmentation": rings}
    path = tmp_path / "coco.json"
    images, categories = [{"id": 1, "file_name": "a.jpg"}], [{"id": 1, "name": "x"}]
    path.write_text(json.dumps({"images": images, "annotations": [row], "categories": categories}))
    (box,) = read_annotations(path, "COCO")[0].boxes
    xs, ys = [x for ring in rings for x in ring[::2]], [y for ring in rings for y in ring[1::2]]
    assert box == pytest.approx((min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)))
