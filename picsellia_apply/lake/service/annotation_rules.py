"""What an annotation may be on the wire, and the row that keeps it: texts as sent, their digest and count.

Objects are stored as they come (numbers, order, extra keys); only what could never be used is refused.
Source: WIRE_V2.md section 4.11.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from picsellia_apply.model.annotation import annotation_digest, texts_of

_QA_TYPES = frozenset({"text", "mc", "select", "range"})
_SIDES = ("top", "left", "width", "height")


@dataclass(frozen=True, slots=True)
class Prepared:
    """One picture's annotation, ready to be kept.

    Attributes:
        data: JSON text of the objects.
        image_qa: JSON text of the questions about the picture.
        digest: As `model.annotation.annotation_digest` has it.
        objects: How many objects there are.
    """

    data: str
    image_qa: str
    digest: str
    objects: int


def prepare(data: Sequence[Mapping[str, Any]], image_qa: Sequence[Mapping[str, Any]]) -> Prepared:
    """Check an annotation and return what is kept of it.

    Raises:
        ValueError: It is not acceptable; the text says where and why.
    """
    for number, one in enumerate(data):
        if found := _object_fault(one):
            raise ValueError(f"data[{number}]: {found}")
    if found := _questions_fault(image_qa):
        raise ValueError(f"image_qa: {found}")
    try:
        digest = annotation_digest(texts_of(data, image_qa))
    except (ValueError, OverflowError, RecursionError) as error:
        raise ValueError(f"the annotation has no canonical form: {error}") from error
    return Prepared(_text(data), _text(image_qa), digest, len(data))


def _text(values: Iterable[Mapping[str, Any]]) -> str:
    return msgspec.json.encode(values).decode()


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _object_fault(one: Mapping[str, Any]) -> str | None:
    """Return what is wrong with an object, or None."""
    label = one.get("label")
    if not isinstance(label, str) or not label:
        return "`label` is not a text"
    match one.get("type"):
        case "rectangle":
            found = _rectangle_fault(one.get("rectangle"))
        case "polygon":
            found = _polygon_fault(one.get("polygon"))
        case "classification":
            found = None
        case _:
            found = "`type` is none of rectangle, polygon, classification"
    return found or _questions_fault(one.get("qa") or ())


def _rectangle_fault(value: object) -> str | None:
    if not isinstance(value, dict) or not all(_is_number(value.get(side)) for side in _SIDES):
        return "`rectangle` has not the numbers top, left, width, height"
    return None


def _polygon_fault(value: object) -> str | None:
    points = value.get("geometry") if isinstance(value, dict) else None
    if not isinstance(points, list) or len(points) < 3:
        return "`polygon.geometry` is not a list of at least 3 points"
    for point in points:
        if not isinstance(point, dict) or not _is_number(point.get("x")) or not _is_number(point.get("y")):
            return "a point of `polygon.geometry` has not the numbers x, y"
    return None


def _questions_fault(questions: object) -> str | None:
    if not isinstance(questions, (list, tuple)):
        return "`qa` is not a list"
    for one in questions:
        if not isinstance(one, dict) or one.get("type") not in _QA_TYPES or not isinstance(one.get("question"), str):
            return "a question has no text `question` or its `type` is none of text, mc, select, range"
        if "answer" not in one:
            return "a question has no `answer`"
    return None
