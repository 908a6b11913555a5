"""Annotation objects as the reference documents them, checked before they are sent."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from picsellia_apply.errors import TyperError
from picsellia_apply.model.annotation import LABEL_TYPES

Objects = Sequence[Mapping[str, Any]] | Mapping[str, Any]
_QUESTION_TYPES = ("text", "mc", "select", "range")


def checked_objects(data: Objects) -> list[dict[str, Any]]:
    """Return annotation objects as a list; one alone counts as a list of one, `{}` as none.

    Raises:
        TyperError: An object is not as documented; the message says which.
    """
    given = _listed(data, "data")
    for number, one in enumerate(given):
        why = _object_fault(one)
        if why:
            raise TyperError(f"`data[{number}]`: {why}")
        checked_questions(one.get("qa") or [], f"data[{number}].qa")
    return given


def checked_questions(questions: Objects, what: str = "image_qa") -> list[dict[str, Any]]:
    """Return questions and answers as a list, checked as `checked_objects` does."""
    given = _listed(questions, what)
    for number, one in enumerate(given):
        if one.get("type") not in _QUESTION_TYPES or "question" not in one or "answer" not in one:
            kinds = ", ".join(_QUESTION_TYPES)
            raise TyperError(f"`{what}[{number}]` needs `question`, `answer` and a `type` of {kinds}")
    return given


def _listed(value: Objects, what: str) -> list[dict[str, Any]]:
    given = ([value] if value else []) if isinstance(value, Mapping) else value
    if not isinstance(given, Sequence) or not all(isinstance(one, Mapping) for one in given):
        raise TyperError(f"`{what}` must be a list of objects")
    return [dict(one) for one in given]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _object_fault(one: Mapping[str, Any]) -> str:
    if one.get("type") not in LABEL_TYPES:
        return f"`type` must be one of {', '.join(LABEL_TYPES)}"
    if not isinstance(one.get("label"), str) or not one["label"]:
        return "`label` is missing"
    match one["type"]:
        case "rectangle":
            return _box_fault(one.get("rectangle"))
        case "polygon":
            return _polygon_fault(one.get("polygon"))
    return ""


def _box_fault(box: object) -> str:
    sides = ("top", "left", "width", "height")
    whole = isinstance(box, Mapping) and all(_is_number(box.get(side)) for side in sides)
    return "" if whole else f"`rectangle` needs the numbers {', '.join(sides)}"


def _polygon_fault(polygon: object) -> str:
    points = polygon.get("geometry") if isinstance(polygon, Mapping) else None
    if not isinstance(points, Sequence) or len(points) < 3:
        return "`polygon` needs a `geometry` of at least 3 points"
    whole = all(isinstance(p, Mapping) and _is_number(p.get("x")) and _is_number(p.get("y")) for p in points)
    return "" if whole else "every point of a polygon needs the numbers x and y"
