"""Annotation objects as the reference documents them, checked before they are sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from picsellia_apply.errors import TyperError
from picsellia_apply.model.annotation_rules import object_fault, question_fault

Objects = Sequence[Mapping[str, Any]] | Mapping[str, Any]


def checked_objects(data: Objects) -> list[dict[str, Any]]:
    """Return annotation objects as a list; one alone counts as a list of one, `{}` as none.

    Raises:
        TyperError: An object is not as documented; the message says which.
    """
    given = _listed(data, "data")
    for number, one in enumerate(given):
        if why := object_fault(one):
            raise TyperError(f"`data[{number}]`: {why}")
        checked_questions(one.get("qa") or [], f"data[{number}].qa")
    return given


def checked_questions(questions: Objects, what: str = "image_qa") -> list[dict[str, Any]]:
    """Return questions and answers as a list, checked as `checked_objects` does."""
    given = _listed(questions, what)
    for number, one in enumerate(given):
        if why := question_fault(one):
            raise TyperError(f"`{what}[{number}]`: {why}")
    return given


def _listed(value: Objects, what: str) -> list[dict[str, Any]]:
    given = ([value] if value else []) if isinstance(value, Mapping) else value
    if not isinstance(given, Sequence) or not all(isinstance(one, Mapping) for one in given):
        raise TyperError(f"`{what}` must be a list of objects")
    return [dict(one) for one in given]
