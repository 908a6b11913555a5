"""What is right of a document that is not: so that its other faults are told in the same run, not in the next one.

What validation refused is cut out, at a whole field of a map so that places keep their indexes, and the rest is
validated again. The result is only ever checked, never planned: the document's errors end the run.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from picsellia_apply.manifest.documents import DatasetDocument, NetworkDocument

_ROUNDS = 4

Salvageable = DatasetDocument | NetworkDocument


def salvage(value: dict[str, Any], model: type[Any], error: ValidationError) -> Salvageable | None:
    """Return the document without what was refused.

    Args:
        value: The document; stays as it is.
        model: Its model; only datasets and networks are salvaged, as the others mean something else when cut.
        error: What validation refused.

    Returns:
        None when too little is left.
    """
    if model not in (DatasetDocument, NetworkDocument):
        return None
    rest = copy.deepcopy(value)
    for _ in range(_ROUNDS):
        if not all(_mend(rest, one) for one in error.errors(include_url=False)):
            return None
        try:
            document: Salvageable = model.model_validate(rest)
            return document
        except ValidationError as again:
            error = again
    return None


def _mend(value: Any, detail: ErrorDetails) -> bool:
    """Put text where it is missing or was not quoted, else cut the field out."""
    if detail["type"] == "missing" and detail["loc"] == ("spec", "type"):
        value["spec"]["type"] = "unknown"
        return True
    if detail["type"] == "string_type" and isinstance(detail["input"], (bool, int, float)):
        holder = _holder(value, detail["loc"])
        if isinstance(holder, (dict, list)):
            holder[detail["loc"][-1]] = str(detail["input"])  # type: ignore[index]  # a list's step is an index
            return True
    return _cut(value, _field(detail["type"], detail["loc"]))


def _holder(value: Any, path: Sequence[int | str]) -> Any:
    """Return the map or list that holds the end of a path, or None."""
    for step in path[:-1]:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):  # cut out before, with what is around it
            return None
    return value


def _field(kind: str, loc: Sequence[int | str]) -> list[int | str]:
    """Return the path of the field to cut: the map around a missing one, the list around an item."""
    path = [step for step in loc if step != "[key]"]
    if kind == "missing":
        path.pop()
    while path and isinstance(path[-1], int):
        path.pop()
    return path


def _cut(value: Any, path: Sequence[int | str]) -> bool:
    """Delete a field; one that is already gone is fine."""
    if len(path) < 2:
        return False
    holder = _holder(value, path)
    if isinstance(holder, dict):
        holder.pop(path[-1], None)
    return True
