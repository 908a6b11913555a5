"""What an annotation may be on the wire, and the row that keeps it: texts as sent, their digest and count.

Objects are stored as they come (numbers, order, extra keys); what is refused says `model.annotation_rules`.
Source: WIRE_V2.md section 4.11.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from picsellia_apply.model.annotation import annotation_digest, texts_of
from picsellia_apply.model.annotation_rules import object_fault, question_fault


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
        if found := object_fault(one) or _questions_fault(one.get("qa") or ()):
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


def _questions_fault(questions: object) -> str | None:
    if not isinstance(questions, list | tuple):
        return "`qa` is not a list"
    for one in questions:
        if found := question_fault(one) if isinstance(one, dict) else "a question is no object":
            return found
    return None
