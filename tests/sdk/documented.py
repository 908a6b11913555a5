"""What the tests of the SDK share: the reference's annotation objects, and looking at signatures and names."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from picsellia_apply.client.reader import Reader

Photo = Callable[..., Path]
BOX = {"type": "rectangle", "label": "car", "rectangle": {"top": 16, "left": 10, "width": 50, "height": 60}}
ROSE = {
    "type": "polygon",
    "label": "rose",
    "polygon": {"geometry": [{"x": 12, "y": 15}, {"x": 178, "y": 151}, {"x": 122, "y": 196}, {"x": 112, "y": 10}]},
}
QUESTIONS = [
    {"type": "text", "question": "What color ?", "answer": "red"},
    {"type": "mc", "question": "What color ?", "answer": ["red"], "choices": ["red", "yellow", "blue"]},
    {"type": "select", "question": "Is it raining ?", "answer": "yes", "choices": ["yes", "no"]},
    {"type": "range", "question": "size ?", "answer": 68, "max": 100, "min": 0},
]


def parameters(method: Any) -> list[tuple[str, Any]]:
    """Return names and defaults of a method's documented parameters."""
    found = inspect.signature(method).parameters.values()
    return [(one.name, one.default) for one in found if one.name != "self" and one.kind != one.KEYWORD_ONLY]


def names(pictures: Any) -> list[str]:
    """Return the names of pictures."""
    return [picture["external_url"] for picture in pictures]


def objects_of(dataset: Any, name: str = "a.png") -> list[Any]:
    """Return the annotation of a picture of the dataset remembered."""
    texts = dataset.connection.reader.annotations(dataset.current.dataset_id, [name])[name]
    return [json.loads(text) for text in texts]


def labels_of(dataset: Any, name: str = "myDataset", version: str = "first") -> set[tuple[str, str]]:
    """Return (name, type) of a version's labels, from the lake itself: SDK v2 cannot show them."""
    connection = dataset.connection
    (info,) = Reader(connection.transport, connection.organization_id).datasets([name])
    return {(label.name, label.type) for one in info.versions if one.name == version for label in one.labels}
