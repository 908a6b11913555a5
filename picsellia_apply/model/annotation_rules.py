"""What an annotation object must be, to whoever sends it and to whoever keeps it. Source: WIRE_V2.md section 4.11.

Only what could never be used is a fault; numbers, order and extra keys stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from picsellia_apply.model.annotation import LABEL_TYPES

QUESTION_TYPES = ("text", "mc", "select", "range")
"""What a question may be."""

_SIDES = ("top", "left", "width", "height")


def object_fault(one: Mapping[str, Any]) -> str | None:
    """Return what is wrong with an object, its questions aside, or None."""
    if one.get("type") not in LABEL_TYPES:
        return f"`type` must be one of {', '.join(LABEL_TYPES)}"
    if not isinstance(one.get("label"), str) or not one["label"]:
        return "`label` is missing or no text"
    match one["type"]:
        case "rectangle":
            return _box_fault(one.get("rectangle"))
        case "polygon":
            return _polygon_fault(one.get("polygon"))
    return None


def question_fault(one: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a question and its answer, or None."""
    if one.get("type") in QUESTION_TYPES and isinstance(one.get("question"), str) and "answer" in one:
        return None
    return f"a question needs a text `question`, an `answer` and a `type` of {', '.join(QUESTION_TYPES)}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _box_fault(box: object) -> str | None:
    whole = isinstance(box, Mapping) and all(_is_number(box.get(side)) for side in _SIDES)
    return None if whole else f"`rectangle` needs the numbers {', '.join(_SIDES)}"


def _polygon_fault(polygon: object) -> str | None:
    points = polygon.get("geometry") if isinstance(polygon, Mapping) else None
    if not isinstance(points, Sequence) or isinstance(points, str) or len(points) < 3:
        return "`polygon` needs a `geometry` of at least 3 points"
    whole = all(isinstance(p, Mapping) and _is_number(p.get("x")) and _is_number(p.get("y")) for p in points)
    return None if whole else "every point of a polygon needs the numbers x and y"
