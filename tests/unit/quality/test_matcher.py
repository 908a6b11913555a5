"""Which objects are one object changed; scipy's assignment is the judge."""

from __future__ import annotations

import random

import msgspec
import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from picsellia_apply.model.annotation import image_qa_text, object_text
from picsellia_apply.quality import match_objects, overlap, present_objects
from picsellia_apply.quality.matcher import EXACT


def rectangle(left: float, top: float, width: float, height: float, label: str = "car") -> str:
    box = {"left": left, "top": top, "width": width, "height": height}
    return object_text({"type": "rectangle", "label": label, "rectangle": box})


def triangle(x: float, label: str = "car") -> str:
    geometry = [{"x": x, "y": 0}, {"x": x + 10, "y": 0}, {"x": x, "y": 10}]
    return object_text({"type": "polygon", "label": label, "polygon": {"geometry": geometry}})


def random_boxes(seed: int, count: int, extent: float) -> list[str]:
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    spans = [(rng.uniform(0, extent), rng.uniform(0, extent), rng.uniform(5, 40)) for _ in range(count)]
    return [rectangle(left, top, side, 45 - side) for left, top, side in spans]


def test_one_changed_object_is_one_pair() -> None:
    assert match_objects([rectangle(10, 10, 50, 50)], [rectangle(12, 10, 50, 48)]) == ((0, 0),)
    assert match_objects([triangle(0)], [triangle(2)]) == ((0, 0),)


def test_changed_answers_are_a_change() -> None:
    box = {"left": 1, "top": 1, "width": 5, "height": 5}
    asked = {
        "type": "rectangle",
        "label": "car",
        "rectangle": box,
        "qa": [{"type": "text", "question": "?", "answer": "!"}],
    }
    assert match_objects([rectangle(1, 1, 5, 5)], [object_text(asked)]) == ((0, 0),)


@pytest.mark.parametrize(
    "added",
    [
        rectangle(10, 10, 50, 50, label="bus"),
        rectangle(100, 10, 50, 50),
        triangle(10),
        object_text({"type": "classification", "label": "car"}),
    ],
)
def test_other_label_type_or_place_is_no_change(added: str) -> None:
    assert match_objects([rectangle(10, 10, 50, 50)], [added]) == ()


def test_classifications_and_questions_never_pair() -> None:
    mere_class = object_text({"type": "classification", "label": "car"})
    asked = object_text({"type": "classification", "label": "car", "qa": [{"type": "text"}]})
    assert match_objects([mere_class, image_qa_text({"a": 1})], [asked, image_qa_text({"a": 2})]) == ()


def test_empty_sides() -> None:
    assert match_objects([], []) == match_objects([rectangle(1, 1, 1, 1)], []) == match_objects([], [triangle(1)]) == ()


def test_the_sum_is_largest_not_the_first_pair() -> None:
    """Greedy would take 0-0 (the best single pair) and leave 1 alone."""
    removed = [rectangle(0, 0, 10, 10), rectangle(6, 0, 10, 10)]
    added = [rectangle(2, 0, 10, 10), rectangle(-6, 0, 10, 10)]
    assert overlap(removed[0], added[0]) > overlap(removed[1], added[0]) > 0
    assert match_objects(removed, added) == ((0, 1), (1, 0))


@pytest.mark.parametrize("seed", range(40))
def test_scipy_agrees(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    removed = random_boxes(seed, rng.randrange(1, 25), 80)
    added = random_boxes(seed + 1000, rng.randrange(1, 25), 80)
    scores = np.array([[overlap(a, b) for b in added] for a in removed])
    best = scores[linear_sum_assignment(scores, maximize=True)].sum()
    pairs = match_objects(removed, added)
    assert sum(scores[pair] for pair in pairs) == pytest.approx(best)
    assert all(scores[pair] > 0 for pair in pairs)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)


@pytest.mark.parametrize("seed", range(20))
def test_order_of_the_input_does_not_matter(seed: int) -> None:
    removed, added = random_boxes(seed, 9, 60), random_boxes(seed + 1, 11, 60)
    expected = {(removed[row], added[column]) for row, column in match_objects(removed, added)}
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    rng.shuffle(removed)
    rng.shuffle(added)
    assert {(removed[row], added[column]) for row, column in match_objects(removed, added)} == expected


def test_equal_objects_pair_one_to_one() -> None:
    same = [rectangle(1, 1, 9, 9)] * 3
    assert len(match_objects(same, [rectangle(2, 1, 9, 9)] * 2)) == 2


def test_large_groups_are_paired_greedily() -> None:
    count = EXACT * 10
    removed = [rectangle(30 * index, 0, 20, 20) for index in range(count)]
    added = [rectangle(30 * index + 1, 0, 20, 20) for index in reversed(range(count))]
    assert match_objects(removed, added) == tuple((index, count - 1 - index) for index in range(count))


def test_objects_that_are_there_are_found_as_one_by_one() -> None:
    known = random_boxes(5, 80, 200)
    moved = [rectangle(1 + row, 2, 40, 40) for row in range(20)]
    nearly = [rectangle(1.5 + row, 2, 40, 40) for row in range(20)]
    told, there = [*known[:30], *nearly], [*known[10:], *moved]
    expected = {row for row, one in enumerate(told) if any(overlap(one, other) >= 0.9 for other in there)}
    assert 10 < len(expected) < len(told)
    assert present_objects(told, there, 0.9) == expected


def test_only_objects_of_one_label_and_type_are_the_same() -> None:
    corners = [{"x": x, "y": y} for x, y in ((0, 0), (10, 0), (10, 10), (0, 10))]
    outline = object_text({"type": "polygon", "label": "car", "polygon": {"geometry": corners}})
    question = image_qa_text({"question": "?", "answer": "!"})
    others = [rectangle(0, 0, 10, 10, "van"), outline, question]
    assert present_objects([rectangle(0, 0, 10, 10)], others, 0.9) == frozenset()
    assert present_objects([question, outline], others, 0.9) == {0, 1}


def test_many_objects_are_each_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    decode = msgspec.json.decode

    def counting(text: str) -> object:
        read.append(text)
        return decode(text)

    monkeypatch.setattr(msgspec.json, "decode", counting)
    told, there = random_boxes(1, 300, 4000), random_boxes(2, 300, 4000)
    present_objects(told, there, 0.9)
    assert len(read) == 600
