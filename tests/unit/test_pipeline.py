"""The join of the stages: what is checked before the first write, whoever calls it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from picsellia_apply.errors import InvalidInput
from picsellia_apply.model.declaration import Declaration
from picsellia_apply.model.state import State
from picsellia_apply.pipeline import Planned, run_apply
from tests.worlds import NOTHING, picture_set, planned

nobody: Any = None
"""No client: touching it is an error of another kind."""


def test_no_apply_begins_without_the_pictures_that_it_uploads() -> None:
    here = picture_set("cells", ["a.jpg", "b.jpg"])
    absent = replace(here, pictures=replace(here.pictures, paths=("/somewhere/a.jpg", "")))
    plan = planned(Declaration("/somewhere", picture_sets=(here,)))
    assert plan.operations
    made = Planned(plan, Declaration("/somewhere", picture_sets=(absent,)), NOTHING, 0, State(), State())
    with pytest.raises(InvalidInput, match=r"1 picture to upload is not on this machine: `b\.jpg`"):
        run_apply(made, nobody, parallelism=1, on_event=lambda _: None, stopped=lambda: False)
