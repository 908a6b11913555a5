"""Annotations by `add_annotation(picture, new_picture, dataset_id)`, as the clients 5.0 to 5.0.13 send them."""

from __future__ import annotations

from typing import Any

from tests.published.scene import Scene, box, outline, refused

QA = [
    {"type": "text", "question": "What?", "answer": "A car"},
    {"type": "mc", "question": "Which?", "answer": ["a", "b"], "choices": ["a", "b", "c"]},
    {"type": "select", "question": "One?", "answer": "a", "choices": ["a", "b"]},
    {"type": "range", "question": "How much?", "answer": 3, "min": 0, "max": 10},
]
CAR = {**box("car"), "qa": QA[:1]}
ROOF = outline("roof", (1, 1), (9.5, 1), (9, 8))
BLURRED = {"type": "classification", "label": "blurred"}


def _dataset(scene: Scene) -> Any:
    return scene.seen["client"].datalake.dataset


def annotates_a_picture_by_name(scene: Scene) -> None:
    dataset = _dataset(scene)
    dataset.fetch("aerial", "first")
    answer = dataset.add_annotation("more0.jpg", True, data=[CAR, ROOF, BLURRED], image_qa=QA)
    assert answer["message"]
    assert scene.objects(scene.seen["aerial"]) == {"more0.jpg": [CAR, ROOF, BLURRED]}


def adds_to_an_annotation(scene: Scene) -> None:
    _dataset(scene).add_annotation("more0.jpg", True, data=[box("car", 3)])
    assert scene.objects(scene.seen["aerial"])["more0.jpg"] == [CAR, ROOF, BLURRED, box("car", 3)]


def annotates_a_picture_by_id(scene: Scene) -> None:
    one = scene.lake()["more1.jpg"]["picture_id"]
    _dataset(scene).add_annotation(one, False, scene.seen["aerial"], data=[ROOF])
    _dataset(scene).add_annotation("more2.jpg", data=[])
    found = scene.objects(scene.seen["aerial"])
    assert (found["more1.jpg"], found["more2.jpg"]) == ([ROOF], [])


def is_refused_annotations(scene: Scene) -> None:
    dataset, before = _dataset(scene), scene.objects(scene.seen["aerial"])
    with refused(scene.errors.ResourceNotFoundError):
        dataset.add_annotation("nowhere.jpg", True, data=[CAR])
    with refused(scene.errors.InvalidQueryError):
        dataset.add_annotation("more0.jpg", True, data=[{"type": "rectangle", "label": "car"}])
    with refused(scene.errors.InvalidQueryError):
        dataset.add_annotation("more0.jpg", True)
    assert scene.objects(scene.seen["aerial"]) == before


def deletes_the_annotation_of_a_picture(scene: Scene) -> None:
    dataset, one = _dataset(scene), scene.lake()["more1.jpg"]["picture_id"]
    assert dataset.delete_annotations(picture_id=one)["deleted"] == 1
    assert sorted(scene.objects(scene.seen["aerial"])) == ["more0.jpg", "more2.jpg"]


def carries_annotations_to_a_new_version(scene: Scene) -> None:
    dataset = _dataset(scene)
    pictures = scene.seen["client"].datalake.picture.fetch(tags=["number0"])
    dataset.new_version("aerial", "annotated", pictures, "first")
    assert scene.objects(dataset.dataset_id)["more0.jpg"][0] == CAR
    dataset.delete("aerial", "annotated")
    dataset.fetch("aerial", "first")


def deletes_every_annotation(scene: Scene) -> None:
    _dataset(scene).fetch("aerial", "first")
    assert _dataset(scene).delete_annotations(all_annotations=True)["deleted"] == 2
    assert scene.objects(scene.seen["aerial"]) == {}


def adds_annotations_of_an_export(scene: Scene) -> None:
    """`add_annotation_legacy`, by which PICSELLIA files are sent."""
    one = {"external_picture_url": "more3.jpg", "nb_labels": 2, "time_spent": 1.5, "annotations": [CAR, BLURRED]}
    _dataset(scene).add_annotation_legacy([one], dataset_id=scene.seen["aerial"])
    assert scene.objects(scene.seen["aerial"]) == {"more3.jpg": [CAR, BLURRED]}


STEPS = (
    annotates_a_picture_by_name,
    adds_to_an_annotation,
    annotates_a_picture_by_id,
    is_refused_annotations,
    deletes_the_annotation_of_a_picture,
    carries_annotations_to_a_new_version,
    deletes_every_annotation,
    adds_annotations_of_an_export,
)
