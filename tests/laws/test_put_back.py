"""Killed at any step, and the manifests put back as they were: drift names nobody, and all is as it was before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from picsellia_apply.pipeline import find_drift
from tests.laws.killing import Death, apply_apart
from tests.laws.profiles import PROFILE
from tests.laws.projects import Project, Shape, Source
from tests.laws.test_found import BOTH, CAR, FIRST, MOVED, STEPS, dataset
from tests.laws.test_killed import differing_records, differing_rows
from tests.laws.worlds import World

EVERY = 5 if PROFILE == "ci" else 1


def drawn(objects: dict[str, tuple[Shape, ...]]) -> Project:
    return replace(BOTH, dataset=dataset(first=replace(FIRST, sources=(Source("merge", objects),))))


STEPS_BACK = {
    "an object goes": (drawn({"b.png": (*CAR, *MOVED)}), drawn({"b.png": CAR})),
    "an object comes": (drawn({"b.png": CAR}), drawn({"b.png": (*CAR, *MOVED)})),
    "an object moves": (drawn({"b.png": CAR}), drawn({"b.png": MOVED})),
    "the objects of a picture go": (drawn({"b.png": CAR, "c.png": CAR}), drawn({"b.png": CAR})),
    "a picture goes": STEPS["a picture goes that a version holds with our objects"],
    "a network goes": STEPS["a network with files goes"],
    "a dataset goes": (replace(BOTH, dataset=dataset(first=FIRST)), replace(BOTH, dataset=None)),
}


@pytest.mark.parametrize("plain", [False, True], ids=["extension", "plain"])
@pytest.mark.parametrize("name", STEPS_BACK)
def test_killed_and_put_back(name: str, *, plain: bool) -> None:
    before, after = STEPS_BACK[name]
    assert before is not None
    with World(plain=plain) as start:
        start.declare(before)
        assert start.execute(start.plan()).complete
        rows, records = start.rows(), start.plan().plan.records
        start.declare(after)
        with start.copy() as whole:
            steps = apply_apart(whole).steps
        for step in range(steps, 0, -EVERY):
            with start.copy() as broken:
                apply_apart(broken, death=Death(step, "after"))
                broken.declare(before)
                assert find_drift(broken.plan()).drifts == (), step
                assert not apply_apart(broken).refused
                assert differing_rows(broken.rows(), rows) == [], step
                assert differing_records(broken.plan().plan.records, records) == [], step
