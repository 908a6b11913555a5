"""Overlap of two objects: known areas, and a fine grid as the judge of random polygons."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from picsellia_apply.model.annotation import image_qa_text, object_text
from picsellia_apply.quality import overlap
from picsellia_apply.quality.overlap import EDGES

Points = Sequence[tuple[float, float]]


def rectangle(left: float, top: float, width: float, height: float, label: str = "car") -> str:
    box = {"left": left, "top": top, "width": width, "height": height}
    return object_text({"type": "rectangle", "label": label, "rectangle": box})


def polygon(points: Points, label: str = "car") -> str:
    geometry = [{"x": x, "y": y} for x, y in points]
    return object_text({"type": "polygon", "label": label, "polygon": {"geometry": geometry}})


def circle(x: float, y: float, radius: float, corners: int) -> Points:
    angles = [2 * math.pi * index / corners for index in range(corners)]
    return [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles]


SQUARE = [(0, 0), (10, 0), (10, 10), (0, 10)]
ELL = [(0, 0), (10, 0), (10, 5), (5, 5), (5, 10), (0, 10)]
BOW_TIE = [(0, 0), (10, 10), (10, 0), (0, 10)]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (rectangle(0, 0, 10, 10), rectangle(0, 0, 10, 10), 1.0),
        (rectangle(0, 0, 10, 10), rectangle(5, 0, 10, 10), 50 / 150),
        (rectangle(0, 0, 10, 10), rectangle(10, 0, 10, 10), 0.0),
        (rectangle(0, 0, 10, 10), rectangle(2, 2, 2, 2), 4 / 100),
        (rectangle(5, 5, 0, 0), rectangle(5, 5, 0, 0), 1.0),
        (rectangle(5, 5, 0, 0), rectangle(0, 0, 10, 10), 0.0),
        (polygon(SQUARE), rectangle(0, 0, 10, 10), 1.0),
        (polygon(ELL), rectangle(0, 0, 10, 10), 0.75),
        (polygon(ELL), rectangle(5, 5, 5, 5), 0.0),
        (polygon(ELL), polygon(SQUARE[::-1]), 0.75),
        (polygon(ELL), polygon([*ELL[3:], *ELL[:3]]), 1.0),
        (polygon(BOW_TIE), rectangle(0, 0, 10, 10), 0.5),
        (polygon([(0, 0), (10, 0), (0, 10)]), polygon([(10, 10), (10, 0), (0, 10)]), 0.0),
        (polygon([(0, 0), (10, 0), (0, 10)]), polygon([(0, 0), (10, 0), (10, 10)]), 25 / 75),
        (polygon(SQUARE), object_text({"type": "classification", "label": "car"}), 0.0),
        (image_qa_text({"type": "text", "question": "?", "answer": "!"}), rectangle(0, 0, 1, 1), 0.0),
    ],
)
def test_known_overlaps(a: str, b: str, expected: float) -> None:
    assert overlap(a, b) == pytest.approx(expected)
    assert overlap(b, a) == pytest.approx(expected)


def inside(points: Points, xs: np.ndarray[Any, Any], ys: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return which grid points are inside by the even-odd rule."""
    result = np.zeros(xs.shape, dtype=bool)
    for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
        crosses = (y0 > ys) != (y1 > ys)
        with np.errstate(divide="ignore", invalid="ignore"):
            result ^= crosses & (xs < (x1 - x0) * (ys - y0) / (y1 - y0) + x0)
    return result


corner = st.tuples(st.integers(0, 20), st.integers(0, 20))


@settings(max_examples=80)
@given(st.lists(corner, min_size=3, max_size=8), st.lists(corner, min_size=3, max_size=8))
def test_a_fine_grid_agrees(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> None:
    steps = (np.arange(800) + 0.5) / 40
    xs, ys = np.meshgrid(steps, steps)
    in_a, in_b = inside(a, xs, ys), inside(b, xs, ys)
    union = (in_a | in_b).sum() / 1600
    expected = (in_a & in_b).sum() / 1600 / union if union else 0.0
    if union > 5 and sorted(a) != sorted(b):
        assert overlap(polygon(a), polygon(b)) == pytest.approx(expected, abs=0.03)


def test_polygons_of_many_corners_are_within_a_percent() -> None:
    fine, coarse = EDGES, 60
    expected = overlap(polygon(circle(50, 50, 40, coarse)), polygon(circle(70, 50, 40, coarse)))
    found = overlap(polygon(circle(50, 50, 40, fine)), polygon(circle(70, 50, 40, fine)))
    assert found == pytest.approx(expected, abs=0.01)


def test_nothing_heavy_is_imported() -> None:
    code = "import picsellia_apply.quality, sys; print(sorted({'numpy', 'scipy', 'PIL'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"
