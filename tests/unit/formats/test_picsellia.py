"""PICSELLIA: objects, questions and answers as the wire has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.formats import read_annotations
from picsellia_apply.model.annotation import FileAnnotations

RECTANGLE = {"type": "rectangle", "label": "car", "rectangle": {"top": 2, "left": 1, "width": 30, "height": 40}}
POLYGON = {
    "type": "polygon",
    "label": "roof",
    "polygon": {"geometry": [{"x": 1, "y": 2}, {"x": 5, "y": 2}, {"x": 5, "y": 9.5}]},
}
QUESTIONS = [
    {"type": "text", "question": "plate?", "answer": "AB-1"},
    {"type": "mc", "question": "seen?", "answer": ["a"], "choices": ["a", "b"]},
    {"type": "select", "question": "one?", "answer": "b", "choices": ["a", "b"]},
    {"type": "range", "question": "how far?", "answer": 3.5, "min": 0, "max": 10},
]


def read(tmp_path: Path, *entries: dict[str, Any], **more: Any) -> tuple[FileAnnotations, tuple[Diagnostic, ...]]:
    path = tmp_path / "p.json"
    path.write_text(json.dumps({"annotations": entries, **more}))
    return read_annotations(path, "PICSELLIA")


def entry(*objects: dict[str, Any], name: str = "a.jpg", **more: Any) -> dict[str, Any]:
    return {"external_picture_url": name, "nb_labels": len(objects), "annotations": objects, **more}


def codes(diagnostics: tuple[Diagnostic, ...]) -> list[str]:
    return [diagnostic.code for diagnostic in diagnostics]


def test_the_three_types(tmp_path: Path) -> None:
    file, diagnostics = read(tmp_path, entry(RECTANGLE, POLYGON, {"type": "classification", "label": "day"}))
    assert diagnostics == ()
    assert file.labels == ("car", "roof", "day")
    assert file.boxes == ((1.0, 2.0, 30.0, 40.0), (1.0, 2.0, 4.0, 7.5), None)
    assert file.polygons == ((), ((1.0, 2.0, 5.0, 2.0, 5.0, 9.5),), ())
    assert file.places[1] == "$.annotations[0].annotations[1]"


def test_questions_are_carried_whole(tmp_path: Path) -> None:
    file, diagnostics = read(tmp_path, entry({**RECTANGLE, "qa": QUESTIONS}, image_qa=QUESTIONS))
    assert diagnostics == ()
    assert file.qa == (tuple(QUESTIONS),)
    assert file.image_qa == (tuple(QUESTIONS),)


def test_entry_without_objects_is_a_background_picture_and_one_without_entry_is_unlabelled(tmp_path: Path) -> None:
    images = [{"external_picture_url": name, "signed_url": "https://x"} for name in ("a.jpg", "b.jpg", "c.jpg")]
    file, diagnostics = read(
        tmp_path, entry(RECTANGLE), entry(name="b.jpg"), images=images, categories=[{"name": "unused"}]
    )
    assert file.pictures == ("a.jpg", "b.jpg")
    assert [(one.code, one.count) for one in diagnostics] == [("A035", 1)]
    assert file.categories == ("unused", "car")


def test_data_of_the_platforms_listing_is_read_too(tmp_path: Path) -> None:
    file, _ = read(tmp_path, {"picture_id": "x", "external_picture_url": "a.jpg", "data": [RECTANGLE]})
    assert file.places == ("$.annotations[0].data[0]",)


def test_empty_rectangle_beside_a_polygon_is_tolerated(tmp_path: Path) -> None:
    file, diagnostics = read(tmp_path, entry({**POLYGON, "rectangle": [], "qa": []}))
    assert (len(file.polygons[0]), diagnostics) == (1, ())


def test_two_entries_of_one_picture_are_united(tmp_path: Path) -> None:
    file, diagnostics = read(tmp_path, entry(RECTANGLE), entry(POLYGON))
    assert file.owner == (0, 0)
    assert codes(diagnostics) == ["A043"]


def test_time_spent_is_told(tmp_path: Path) -> None:
    assert codes(read(tmp_path, entry(RECTANGLE, time_spent=12))[1]) == ["A036"]
    assert codes(read(tmp_path, entry(RECTANGLE, time_spent=0))[1]) == []


def test_same_geometry_with_other_answers_is_no_repetition(tmp_path: Path) -> None:
    one, other = {**RECTANGLE, "qa": QUESTIONS[:1]}, {**RECTANGLE, "qa": QUESTIONS[1:]}
    assert codes(read(tmp_path, entry(one, other))[1]) == []
    assert codes(read(tmp_path, entry(one, one))[1]) == ["Q004"]


@pytest.mark.parametrize(
    ("row", "code", "path"),
    [
        ({**RECTANGLE, "type": "circle"}, "A006", "$.annotations[0].annotations[0].type"),
        ({"type": "rectangle", "label": "x"}, "A026", "$.annotations[0].annotations[0]"),
        ({"type": "polygon", "label": "x", "polygon": []}, "A026", "$.annotations[0].annotations[0]"),
        (
            {"type": "polygon", "label": "x", "polygon": {"geometry": [{"x": 1, "y": 1}, {"x": 2, "y": 2}]}},
            "A026",
            "$.annotations[0].annotations[0].polygon",
        ),
        ({**RECTANGLE, "label": " "}, "A017", "$.annotations[0].annotations[0].label"),
        (
            {**RECTANGLE, "rectangle": {"top": 1, "left": 1, "width": 3}},
            "A006",
            "$.annotations[0].annotations[0].rectangle",
        ),
        ({**RECTANGLE, "qa": [{"type": "poll", "question": "?"}]}, "A006", "$.annotations[0].annotations[0].qa[0]"),
        ({**RECTANGLE, "qa": [{"type": "text", "question": "?"}]}, "A006", "$.annotations[0].annotations[0].qa[0]"),
        (
            {**RECTANGLE, "rectangle": {"top": 1, "left": 1, "width": -3, "height": 1}},
            "A021",
            "$.annotations[0].annotations[0].rectangle",
        ),
    ],
)
def test_faults_are_errors_with_a_path(tmp_path: Path, row: dict[str, Any], code: str, path: str) -> None:
    _, diagnostics = read(tmp_path, entry(row))
    assert codes(diagnostics) == [code]
    assert diagnostics[0].severity is Severity.error
    assert f"`{path}`" in diagnostics[0].message


def test_box_without_area_is_told_and_carried(tmp_path: Path) -> None:
    flat = {**RECTANGLE, "rectangle": {"top": 1, "left": 1, "width": 0, "height": 1}}
    file, diagnostics = read(tmp_path, entry(flat))
    assert codes(diagnostics) == ["Q003"]
    assert len(file.boxes) == 1
