"""A thing of others that somebody deleted and that an apply makes anew: from then on it is ours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from picsellia_apply.model.declaration import Declaration, LocalFile, Network
from picsellia_apply.model.state import State
from tests.worlds import NOTHING, apply, dataset, of_set, picture_set, place, planned, sha, version

NET = Network("n", place(), {"type": "detection"}, {"config": LocalFile("/c", "c", sha("c"), 3)})
DECLARED = Declaration(
    "root",
    picture_sets=(picture_set("s", ["a.jpg"]),),
    datasets=(dataset("d", version("v", of_set("s"), labels=(("car", "rectangle"),))),),
    networks=(NET,),
)


@pytest.mark.parametrize("gone", ["label/d@v/car/rectangle", "network/n", "file/n/config", "dataset/d"])
def test_what_is_made_anew_is_ours(gone: str) -> None:
    state, inventory = apply(planned(DECLARED), State(), NOTHING)
    parts = {"dataset/d": ("version/", "label/"), "network/n": ("file/",)}.get(gone, ())
    left = {text: one for text, one in state.resources.items() if text != gone and not text.startswith(parts)}
    adopted = replace(inventory, records={text: replace(one, created=False) for text, one in inventory.records.items()})
    made = planned(DECLARED, replace(state, resources=left), adopted)
    created = {one.address for one in made.operations if one.action == "create"}
    assert gone in created
    assert {text for text, one in made.records.items() if one.created} == created
