"""Intersection over union of two objects, exact for rectangles and for polygons.

The plane is cut into upright slabs at every corner and at every crossing of two edges. Inside a slab no edges cross, so
the covered length is a linear function of x, and width times the length in the middle is the exact area. Polygons
may be concave or cross themselves; a point is inside by the even-odd rule. Above `EDGES` edges the crossings are not
sought and the slabs are equal strips, which is within about one percent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import msgspec

EDGES = 300
"""Edges of both polygons together up to which the area is exact."""

_STRIPS = 512
_Edge = tuple[float, float, float, float]
"""x0, y0, x1, y1 with x0 < x1; upright edges enclose nothing and are left out."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A rectangle or a polygon with its enclosing box; `edges` is () for a rectangle. All in px."""

    left: float
    top: float
    right: float
    bottom: float
    edges: tuple[_Edge, ...] = ()


def overlap(a: str, b: str) -> float:
    """Return the intersection over union of two objects.

    Args:
        a: Canonical text of a rectangle or polygon; labels are not looked at.
        b: Another, of either type.

    Returns:
        0.0 to 1.0; 0.0 when one of them has no geometry (classification, image_qa). Two equal geometries without area
        give 1.0.
    """
    first, second = shape_of(msgspec.json.decode(a)), shape_of(msgspec.json.decode(b))
    return 0.0 if first is None or second is None else iou(first, second)


def shape_of(value: Mapping[str, Any]) -> Shape | None:
    """Return the shape of an object as the wire has it, or None when it has no geometry."""
    match value["type"]:
        case "rectangle":
            box = value["rectangle"]
            return Shape(box["left"], box["top"], box["left"] + box["width"], box["top"] + box["height"])
        case "polygon":
            points = [(point["x"], point["y"]) for point in value["polygon"]["geometry"]]
            return _polygon(points)
        case _:
            return None


def _polygon(points: Sequence[tuple[float, float]]) -> Shape:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Shape(min(xs), min(ys), max(xs), max(ys), _edges(points))


def _edges(points: Sequence[tuple[float, float]]) -> tuple[_Edge, ...]:
    sides = pairwise([*points, points[0]])
    return tuple((*min(p, q), *max(p, q)) for p, q in sides if p[0] != q[0])


def _edges_of(shape: Shape) -> tuple[_Edge, ...]:
    if shape.edges:
        return shape.edges
    corners = [
        (shape.left, shape.top),
        (shape.right, shape.top),
        (shape.right, shape.bottom),
        (shape.left, shape.bottom),
    ]
    return _edges(corners)


def iou(a: Shape, b: Shape) -> float:
    """Return the intersection over union of two shapes, 0.0 to 1.0."""
    if a == b:
        return 1.0
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    if width <= 0 or height <= 0:
        return 0.0
    if not a.edges and not b.edges:
        both = width * height
        union = _box_area(a) + _box_area(b) - both
    else:
        both, union = _polygon_areas(_edges_of(a), _edges_of(b))
    return min(1.0, both / union) if union > 0 else 0.0


def _box_area(shape: Shape) -> float:
    return (shape.right - shape.left) * (shape.bottom - shape.top)


def _polygon_areas(a: tuple[_Edge, ...], b: tuple[_Edge, ...]) -> tuple[float, float]:
    """Return the areas of intersection and union."""
    both = union = 0.0
    for left, right in pairwise(_slabs((*a, *b))):
        middle, width = (left + right) / 2, right - left
        spans_a, spans_b = _spans(a, middle), _spans(b, middle)
        common = _common_length(spans_a, spans_b)
        both += width * common
        union += width * (_length(spans_a) + _length(spans_b) - common)
    return both, union


def _slabs(edges: tuple[_Edge, ...]) -> list[float]:
    xs = {x for edge in edges for x in (edge[0], edge[2])}
    if len(edges) > EDGES:
        left, right = min(xs), max(xs)
        return [left + (right - left) * strip / _STRIPS for strip in range(_STRIPS + 1)]
    xs.update(x for p, q in combinations(edges, 2) if (x := _crossing(p, q)) is not None)
    return sorted(xs)


def _crossing(p: _Edge, q: _Edge) -> float | None:
    """Return the x at which two edges cross, None where they do not."""
    left, right = max(p[0], q[0]), min(p[2], q[2])
    if left >= right or max(p[1], p[3]) < min(q[1], q[3]) or max(q[1], q[3]) < min(p[1], p[3]):
        return None
    before, after = _height(p, left) - _height(q, left), _height(p, right) - _height(q, right)
    if before * after >= 0:
        return None
    return left + (right - left) * before / (before - after)


def _height(edge: _Edge, x: float) -> float:
    x0, y0, x1, y1 = edge
    return y0 + (y1 - y0) * (x - x0) / (x1 - x0)


def _spans(edges: tuple[_Edge, ...], x: float) -> list[tuple[float, float]]:
    """Return the stretches of the upright line at `x` that are inside."""
    heights = sorted(_height(edge, x) for edge in edges if edge[0] <= x < edge[2])
    return list(zip(heights[0::2], heights[1::2], strict=False))


def _length(spans: Sequence[tuple[float, float]]) -> float:
    return sum(high - low for low, high in spans)


def _common_length(a: Sequence[tuple[float, float]], b: Sequence[tuple[float, float]]) -> float:
    total, i, j = 0.0, 0, 0
    while i < len(a) and j < len(b):
        total += max(0.0, min(a[i][1], b[j][1]) - max(a[i][0], b[j][0]))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return total
