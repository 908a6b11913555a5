"""Which removed object and which added one are the same object, changed: plan and diff count it as one change.

Works on canonical texts (`model.annotation`). Pure Python: a picture has few changed objects, and importing numpy costs
more than matching them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from picsellia_apply.quality.overlap import Shape, iou, shape_of

EXACT = 60
"""Up to so many objects on the larger side are assigned exactly; more, greedily by falling overlap."""

_Pair = tuple[int, int]
_Scored = dict[_Pair, float]


def match_objects(removed: Sequence[str], added: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Pair objects of one picture that are the same object changed.

    Only objects of one label and one type that overlap can be the same; classifications and questions about the
    picture never are. The pairs are those with the largest sum of overlaps (intersection over union); which objects are
    paired depends on the objects alone, not on their order.

    Args:
        removed: Canonical texts that are no longer there.
        added: Canonical texts that are there now.

    Returns:
        Pairs of an index into `removed` and one into `added`, each index at most once, sorted.
    """
    old, new = _by_label(removed), _by_label(added)
    pairs: list[_Pair] = []
    for key in old.keys() & new.keys():
        pairs += _match_one_label(old[key], new[key])
    return tuple(sorted(pairs))


def present_objects(objects: Sequence[str], there: Sequence[str], least: float) -> frozenset[int]:
    """Find the objects of one picture that are there already, equal or nearly so.

    Args:
        objects: Canonical texts.
        there: Others; only those of the same label and type are compared.
        least: Intersection over union from which on two are the same, in (0, 1].

    Returns:
        Indexes into `objects`.
    """
    known = frozenset(there)
    found = {index for index, text in enumerate(objects) if text in known}
    some, others = _by_label(objects), _by_label(there)
    for key in some.keys() & others.keys():
        rows = some[key]
        scores = _overlaps([shape for _, _, shape in rows], [shape for _, _, shape in others[key]])
        found.update(rows[row][1] for (row, _), score in scores.items() if score >= least)
    return frozenset(found)


_Placed = list[tuple[str, int, Shape]]
"""Text, index and shape, sorted by text so that the order of the input does not matter."""


def _by_label(texts: Sequence[str]) -> dict[tuple[str, str], _Placed]:
    groups: dict[tuple[str, str], _Placed] = {}
    for index, text in enumerate(texts):
        value: Mapping[str, Any] = msgspec.json.decode(text)
        shape = shape_of(value)
        if shape is not None:
            groups.setdefault((value["label"], value["type"]), []).append((text, index, shape))
    for group in groups.values():
        group.sort(key=lambda item: item[0])
    return groups


def _match_one_label(old: _Placed, new: _Placed) -> list[_Pair]:
    scores = _overlaps([shape for _, _, shape in old], [shape for _, _, shape in new])
    if max(len(old), len(new)) <= EXACT:
        chosen = _assign(scores, len(old), len(new))
    else:
        chosen = _assign_greedily(scores)
    return [(old[row][1], new[column][1]) for row, column in chosen]


def _overlaps(old: Sequence[Shape], new: Sequence[Shape]) -> _Scored:
    """Return the overlaps above zero, sweeping from left to right so that far objects are not compared."""
    starts = sorted(range(len(new)), key=lambda column: new[column].left)
    widest = max((shape.right - shape.left for shape in new), default=0.0)
    lefts = [new[column].left for column in starts]
    scores: _Scored = {}
    for row, shape in enumerate(old):
        first = bisect_left(lefts, shape.left - widest)
        for column in starts[first : bisect_right(lefts, shape.right)]:
            score = iou(shape, new[column])
            if score > 0:
                scores[row, column] = score
    return scores


def _assign_greedily(scores: _Scored) -> list[_Pair]:
    rows: set[int] = set()
    columns: set[int] = set()
    chosen: list[_Pair] = []
    for row, column in sorted(scores, key=lambda pair: (-scores[pair], pair)):
        if row not in rows and column not in columns:
            rows.add(row)
            columns.add(column)
            chosen.append((row, column))
    return chosen


def _assign(scores: _Scored, rows: int, columns: int) -> list[_Pair]:
    """Return the assignment with the largest sum (Kuhn and Munkres, with potentials, O(rows^2 x columns)).

    Source: the shortest augmenting path form, e.g. R. Jonker and A. Volgenant, Computing 38 (1987).
    """
    if rows > columns:
        turned = _assign({(column, row): score for (row, column), score in scores.items()}, columns, rows)
        return [(row, column) for column, row in turned]
    row_of = [-1] * (columns + 1)
    row_potential = [0.0] * rows
    column_potential = [0.0] * (columns + 1)
    for start in range(rows):
        row_of[columns] = start
        free, back = _shortest_path(scores, row_of, row_potential, column_potential)
        while free != columns:
            row_of[free] = row_of[back[free]]
            free = back[free]
    return [(row_of[column], column) for column in range(columns) if (row_of[column], column) in scores]


def _shortest_path(
    scores: _Scored, row_of: list[int], row_potential: list[float], column_potential: list[float]
) -> tuple[int, list[int]]:
    """Find the cheapest way from the row in the last column to a free column; updates the potentials."""
    columns = len(row_of) - 1
    costs = [float("inf")] * columns
    back = [columns] * columns
    done = [False] * (columns + 1)
    at = columns
    while row_of[at] >= 0:
        done[at] = True
        row = row_of[at]
        for column in range(columns):
            if not done[column]:
                cost = -scores.get((row, column), 0.0) - row_potential[row] - column_potential[column]
                if cost < costs[column]:
                    costs[column], back[column] = cost, at
        nearest = min((column for column in range(columns) if not done[column]), key=costs.__getitem__)
        step = costs[nearest]
        for column in range(columns + 1):
            if done[column]:
                row_potential[row_of[column]] += step
                column_potential[column] -= step
            elif column < columns:
                costs[column] -= step
        at = nearest
    return at, back
