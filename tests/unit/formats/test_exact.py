"""PICSELLIA files that lose nothing: written from canonical texts, read back as those very texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picsellia_apply.errors import Severity
from picsellia_apply.formats import read_annotations
from picsellia_apply.formats.exact import exact_lines
from picsellia_apply.formats.geometry import convert
from picsellia_apply.model.annotation import image_qa_text, object_text, texts_of

numbers = st.one_of(st.integers(-(10**15), 10**15), st.floats(-1e9, 1e9), st.sampled_from([1e-7, 1e22, -0.0, 5e-324]))
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
boxes = st.fixed_dictionaries(dict.fromkeys(("top", "left", "width", "height"), numbers))
points = st.lists(st.fixed_dictionaries({"x": numbers, "y": numbers}), min_size=3, max_size=5)
questions = st.lists(
    st.builds(lambda question, answer: {"type": "text", "question": question, "answer": answer}, words, words),
    max_size=2,
)
extra = st.dictionaries(st.sampled_from(["confidence", "zone", "a", "z"]), st.one_of(numbers, words), max_size=2)
objects = st.one_of(
    st.builds(lambda label, box, qa, more: {**more, "type": "rectangle", "label": label, "rectangle": box, "qa": qa},
              words, boxes, questions, extra),
    st.builds(lambda label, ring, more: {**more, "type": "polygon", "label": label, "polygon": {"geometry": ring}},
              words, points, extra),
    st.builds(lambda label, more: {**more, "type": "classification", "label": label}, words, extra),
)  # fmt: skip
pictures = st.dictionaries(words, st.builds(texts_of, st.lists(objects, max_size=3), questions), max_size=3)
CAR = {"type": "rectangle", "label": "car", "rectangle": {"top": 1, "left": 2, "width": -3, "height": 0}}


def written(path: Path, found: Any, declared: Any = None) -> Path:
    path.write_bytes(b"".join(exact_lines(sorted(found.items()), declared)))
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exact") / "first.json"


@given(pictures)
def test_what_is_written_is_read_back_text_for_text(file: Path, found: dict[str, tuple[str, ...]]) -> None:
    columns, said = read_annotations(written(file, found), "PICSELLIA")
    assert not [one for one in said if one.severity is Severity.error]
    assert convert(columns, None, frozenset()).objects == {name: tuple(sorted(texts)) for name, texts in found.items()}


def test_it_is_a_picsellia_file_with_a_picture_a_line(tmp_path: Path) -> None:
    found = {"b.jpg": (), "a\\c.jpg": texts_of([CAR], [{"type": "text", "question": "?", "answer": "!"}])}
    text = written(tmp_path / "f.json", found, declared=[]).read_text()
    value = json.loads(text)
    assert [one["external_picture_url"] for one in value["annotations"]] == ["a\\c.jpg", "b.jpg"]
    assert value["annotations"][0]["annotations"] == [CAR]
    assert value["annotations"][0]["image_qa"][0]["answer"] == "!"
    assert value["undeclared"] == [{"name": "car", "type": "rectangle"}]
    assert len(text.splitlines()) == 4


def test_names_stay_as_they_are(tmp_path: Path) -> None:
    names = ("a\\b.jpg", "./a.jpg", "cafe\u0301.jpg", " a ")
    columns, _ = read_annotations(written(tmp_path / "f.json", dict.fromkeys(names, ())), "PICSELLIA")
    assert set(columns.pictures) == set(names)


def test_a_label_that_the_platform_does_not_declare_is_carried_and_any_other_is_not(tmp_path: Path) -> None:
    found = {"a.jpg": (object_text(CAR),)}
    columns, _ = read_annotations(written(tmp_path / "f.json", found, declared=[]), "PICSELLIA")
    assert convert(columns, {}, frozenset()).objects == found
    columns, _ = read_annotations(written(tmp_path / "f.json", found, declared=[("car", "rectangle")]), "PICSELLIA")
    assert set(convert(columns, {}, frozenset()).undeclared) == {"car"}


def test_a_label_declared_with_another_type_is_converted_as_of_any_file(tmp_path: Path) -> None:
    ring = [{"x": 0, "y": 0}, {"x": 4, "y": 0}, {"x": 4, "y": 3}]
    roof = {"type": "polygon", "label": "roof", "polygon": {"geometry": ring}}
    found = {"a.jpg": (object_text(roof),)}
    columns, _ = read_annotations(written(tmp_path / "f.json", found, declared=[("roof", "polygon")]), "PICSELLIA")
    box = {"type": "rectangle", "label": "roof", "rectangle": {"top": 0, "left": 0, "width": 4, "height": 3}}
    assert convert(columns, {"roof": frozenset({"rectangle"})}, frozenset()).objects == {"a.jpg": (object_text(box),)}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ('{"exact": 2, "annotations": []}', "A005"),
        ('{"exact": 1}', "A005"),
        ('{"exact": 1, "annotations": [', "A003"),
        ('{"exact": 1, "annotations": [3]}', "A006"),
        ('{"exact": 1, "annotations": [{"external_picture_url": "a", "annotations": [{"type": "star"}]}]}', "A006"),
        ('{"exact": 1, "annotations": [{"external_picture_url": "a", "image_qa": [{"type": "text"}]}]}', "A006"),
        ('{"exact": 1, "annotations": [{"external_picture_url": "a", "annotations": [{"label": 1}]}]}', "A006"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, data: str, code: str) -> None:
    path = tmp_path / "f.json"
    path.write_text(data)
    _, said = read_annotations(path, "PICSELLIA")
    assert [one.code for one in said] == [code]
    assert said[0].severity is Severity.error


@pytest.mark.parametrize(
    "text",
    [
        '{"qa":[],"type":"rectangle","rectangle":{"left":2,"top":1,"width":-3,"height":0},"label":"car"}',
        '{"type":"rectangle","label":"car","rectangle":{"height":0,"left":2,"top":1,"width":-3}}',
        '{"label":"car","rectangle":{"height":0,"left":2.0,"top":1,"width":-3},"type":"rectangle"}',
        '{"label":"car","rectangle":{"height":0.000,"left":2,"top":1,"width":-3},"type":"rectangle"}',
        '{"label":"car","rectangle":{"height":-0,"left":2,"top":1e0,"width":-3},"type":"rectangle"}',
        '{ "label": "car", "rectangle": {"height":0,"left":2,"top":1,"width":-3},"type":"rectangle"}',
        '{"label":"c\\u0061r","rectangle":{"height":0,"left":2,"top":1,"width":-3},"type":"rectangle"}',
    ],
)
def test_what_people_wrote_otherwise_is_the_same_object(tmp_path: Path, text: str) -> None:
    path = tmp_path / "f.json"
    path.write_text(f'{{"exact": 1, "annotations": [{{"external_picture_url": "a", "annotations": [{text}]}}]}}')
    columns, _ = read_annotations(path, "PICSELLIA")
    assert columns.texts == (object_text(CAR),)


def test_questions_about_a_picture_come_back(tmp_path: Path) -> None:
    question = {"type": "mc", "question": "which?", "answer": ["a"], "choices": ["a", "b"]}
    found = {"a.jpg": (image_qa_text(question),)}
    columns, _ = read_annotations(written(tmp_path / "f.json", found), "PICSELLIA")
    assert convert(columns, None, frozenset()).objects == found
