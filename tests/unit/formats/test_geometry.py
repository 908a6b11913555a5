"""Which geometry is sent: every row of the table, and the texts against those of `model.annotation`."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from picsellia_apply.formats.geometry import convert
from picsellia_apply.model.annotation import Box, FileAnnotations, Ring, object_text

BOX: Box = (1.0, 2.0, 3.5, 4.0)
ONE: tuple[Ring, ...] = ((0.0, 0.0, 4.0, 0.0, 4.0, 4.5),)
TWO: tuple[Ring, ...] = (*ONE, (-1.0, 6.0, 9.0, 6.0, 9.0, 8.0))

RECTANGLE = {"type": "rectangle", "label": "car", "rectangle": {"left": 1, "top": 2, "width": 3.5, "height": 4}}
BOUNDS = {"type": "rectangle", "label": "car", "rectangle": {"left": -1, "top": 0, "width": 10, "height": 8}}
OUTLINE = {
    "type": "polygon",
    "label": "car",
    "polygon": {"geometry": [{"x": 0, "y": 0}, {"x": 4, "y": 0}, {"x": 4, "y": 4.5}]},
}
ALONE = {"type": "classification", "label": "car"}


def file_of(box: Box | None, rings: tuple[Ring, ...], qa: tuple[dict[str, Any], ...] = ()) -> FileAnnotations:
    return FileAnnotations(
        ("a.jpg", "empty.jpg"), (None, None), (0,), ("car",), (box,), (rings,), (qa,), ((), ()), ("$.a[0]",)
    )


def sent(box: Box | None, rings: tuple[Ring, ...], types: set[str] | None) -> tuple[Any, list[str]]:
    labels = None if types is None else {"car": frozenset(types)}
    result = convert(file_of(box, rings), labels, frozenset())
    assert result.objects["empty.jpg"] == ()
    texts = result.objects["a.jpg"]
    return (msgspec.json.decode(texts[0]) if texts else None), list(result.left)


@pytest.mark.parametrize(
    ("box", "rings", "types", "expected", "reasons"),
    [
        (BOX, (), {"rectangle"}, RECTANGLE, []),
        (BOX, ONE, {"rectangle"}, RECTANGLE, []),
        (None, TWO, {"rectangle"}, BOUNDS, []),
        (BOX, ONE, {"polygon"}, OUTLINE, []),
        (BOX, (), {"polygon"}, None, ["box"]),
        (BOX, TWO, {"polygon"}, None, ["parts"]),
        (BOX, ONE, {"polygon", "rectangle"}, OUTLINE, []),
        (BOX, (), {"polygon", "rectangle"}, RECTANGLE, []),
        (BOX, TWO, {"polygon", "rectangle"}, RECTANGLE, ["parts as box"]),
        (BOX, (), {"classification"}, ALONE, ["geometry"]),
        (None, (), {"classification"}, ALONE, []),
        (None, (), {"classification", "rectangle"}, ALONE, []),
        (BOX, (), {"classification", "rectangle"}, RECTANGLE, []),
        (BOX, (), {"classification", "polygon"}, None, ["box"]),
        (None, (), {"rectangle"}, None, ["nothing"]),
        (BOX, ONE, None, OUTLINE, []),
        (BOX, (), None, RECTANGLE, []),
        (BOX, TWO, None, RECTANGLE, ["parts as box"]),
        (None, (), None, ALONE, []),
    ],
)
def test_what_is_sent(
    box: Box | None, rings: tuple[Ring, ...], types: set[str] | None, expected: Any, reasons: list[str]
) -> None:
    assert sent(box, rings, types) == (expected, reasons)


@given(st.tuples(*[st.floats(-1e6, 1e6)] * 4), st.lists(st.floats(-1e9, 1e9), min_size=6, max_size=6), st.text())
def test_texts_are_canonical(box: Box, ring: list[float], label: str) -> None:
    """The fast way gives exactly what `object_text` gives."""
    file = FileAnnotations(
        ("a",),
        (None,),
        (0, 0, 0),
        (label,) * 3,
        (box, None, None),
        ((), (tuple(ring),), ()),
        ((),) * 3,
        ((),),
        ("",) * 3,
    )
    texts = convert(file, None, frozenset()).objects["a"]
    assert sorted(object_text(msgspec.json.decode(text)) for text in texts) == list(texts)


def test_questions_are_carried_whole() -> None:
    question = {"type": "range", "question": "how many?", "answer": 2.0, "min": 0, "max": 9}
    file = dataclasses.replace(file_of(BOX, (), (question,)), image_qa=((question,), ()))
    texts = [msgspec.json.decode(text) for text in convert(file, None, frozenset()).objects["a.jpg"]]
    assert {"type": "image_qa", "qa": question} in texts
    assert {**RECTANGLE, "qa": [question]} in texts


def test_labels_nobody_declared_are_counted() -> None:
    result = convert(file_of(BOX, ()), {"bus": frozenset({"rectangle"})}, frozenset())
    assert result.objects["a.jpg"] == ()
    assert (result.undeclared["car"].count, result.undeclared["car"].place) == (1, "$.a[0]")


def test_labels_to_ignore() -> None:
    result = convert(file_of(BOX, ()), {"bus": frozenset({"rectangle"})}, frozenset({"car"}))
    assert (result.objects["a.jpg"], result.undeclared, result.ignored) == ((), {}, {"car"})


def test_a_number_json_cannot_carry() -> None:
    assert sent((1.0, 2.0, 1e300, float("nan")), (), None) == (None, ["number"])
