"""Annotations of `client.datalake.dataset`: rows R29 to R33."""

from __future__ import annotations

from typing import Any

import pytest

from picsellia_apply import errors
from tests.sdk.documented import BOX, QUESTIONS, ROSE, objects_of, parameters


def test_r29_classification(dataset: Any) -> None:
    found = [name for name, _ in parameters(dataset.add_annotation)]
    assert found == ["picture_external_url", "dataset_id", "data", "image_qa"]
    data = [{"type": "classification", "label": "car"}]
    assert isinstance(dataset.add_annotation("a.png", True, data=data), dict)
    assert objects_of(dataset) == data
    dataset.add_annotation(picture_external_url="b.png", dataset_id=dataset.current.dataset_id, data=data)
    assert objects_of(dataset, "b.png") == data
    with pytest.raises(errors.TyperError, match="picture"):
        dataset.add_annotation(data=data)
    with pytest.raises(errors.ResourceNotFoundError):
        dataset.add_annotation("nobody.png", data=data)


def test_r30_rectangle(dataset: Any) -> None:
    dataset.add_annotation("a.png", True, data=[BOX])
    assert objects_of(dataset) == [BOX]


def test_r31_polygon(dataset: Any) -> None:
    dataset.add_annotation("a.png", True, data=[ROSE])
    assert objects_of(dataset) == [ROSE]


def test_r32_questions(dataset: Any) -> None:
    dataset.add_annotation("a.png", True, data=[{**ROSE, "qa": QUESTIONS}], image_qa=QUESTIONS)
    found = objects_of(dataset)
    assert {**ROSE, "qa": QUESTIONS} in found
    asked = [one["qa"] for one in found if one["type"] == "image_qa"]
    assert sorted(one["type"] for one in asked) == ["mc", "range", "select", "text"]
    assert all(one in QUESTIONS for one in asked)


def test_r33_adding_keeps_what_is_there(dataset: Any) -> None:
    dataset.add_annotation("a.png", data=[BOX])
    dataset.add_annotation("a.png", dataset.current.dataset_id, ROSE)
    assert sorted(one["type"] for one in objects_of(dataset)) == ["polygon", "rectangle"]


@pytest.mark.parametrize(
    "data",
    [
        "text",
        [1],
        [{"label": "car"}],
        [{"type": "circle", "label": "car"}],
        [{"type": "classification"}],
        [{"type": "rectangle", "label": "car", "rectangle": {"top": 1, "left": 1, "width": 1}}],
        [{"type": "rectangle", "label": "car", "rectangle": {"top": 1, "left": 1, "width": 1, "height": float("nan")}}],
        [{"type": "polygon", "label": "car", "polygon": {"geometry": [{"x": 1, "y": 1}, {"x": 2, "y": 1}]}}],
        [{"type": "polygon", "label": "car", "polygon": {"geometry": [{"x": 1}, {"x": 2}, {"x": 3}]}}],
        [{**BOX, "qa": [{"type": "essay", "question": "?", "answer": "!"}]}],
    ],
)
def test_data_that_is_not_as_documented_is_not_sent(dataset: Any, data: Any) -> None:
    before = dataset.connection.transport.requests
    with pytest.raises(errors.TyperError):
        dataset.add_annotation("a.png", data=data)
    assert dataset.connection.transport.requests == before


def test_annotations_are_deleted(dataset: Any) -> None:
    for name in ("a.png", "b.png", "c.png"):
        dataset.add_annotation(name, data=[BOX])
    target, reader = dataset.current.dataset_id, dataset.connection.reader
    with pytest.raises(errors.TyperError):
        dataset.delete_annotations()
    dataset.delete_annotations(picture_id=dataset.list_pictures()[0])
    assert sorted(reader.annotation_digests(target)) == ["b.png", "c.png"]
    dataset.create("other", pictures=dataset.list_pictures())
    dataset.delete_annotations(dataset_id=target, all_annotations=True)
    assert reader.annotation_digests(target) == {}
