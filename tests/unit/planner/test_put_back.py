"""A picture that left a version and is put back: its annotation went with it, and is put again.

Of what was annotated before nothing holds any more, unlike for a picture that stayed: there a person took objects away.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from picsellia_apply.model.declaration import AnnotationPolicy, Declaration
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Plan
from picsellia_apply.model.state import Resource, State
from tests.again import again, cut_short
from tests.worlds import NOTHING, apply, box, dataset, of_set, picture_set, planned, source, version

VERSION, ANNOTATIONS = "version/cells@first", "annotations/cells@first"
CAR = (box("car"),)


def without(state: State, text: str, *names: str) -> State:
    """Return the platform after a person took members out of something."""
    there = state.resources[text]
    left = {name: value for name, value in there.members.items() if name not in names}
    return replace(state, resources={**state.resources, text: Resource(there.fields, left)})


def taken_out(policy: AnnotationPolicy) -> tuple[Declaration, State, Inventory, Plan]:
    """A person took a.jpg out of our version, and deleted the annotation of b.jpg, which stayed."""
    first = version("first", of_set("all"), source({"a.jpg": CAR, "b.jpg": CAR}, policy))
    pictures = picture_set("all", ("a.jpg", "b.jpg", "c.jpg"))
    declaration = Declaration("root", picture_sets=(pictures,), datasets=(dataset("cells", first),))
    state, inventory = apply(planned(declaration), State(), NOTHING)
    state = without(without(state, VERSION, "a.jpg"), ANNOTATIONS, "a.jpg", "b.jpg")
    return declaration, state, inventory, planned(declaration, state, inventory)


@pytest.mark.parametrize("policy", ["seed", "merge"])
def test_it_is_annotated_again_and_what_people_deleted_elsewhere_is_not(policy: AnnotationPolicy) -> None:
    _, state, inventory, made = taken_out(policy)
    assert [one.address for one in made.operations] == [VERSION, ANNOTATIONS]
    after, records = apply(made, state, inventory)
    assert after.resources[ANNOTATIONS].members == {"a.jpg": CAR}
    assert records.records[ANNOTATIONS].members == {"a.jpg": CAR, "b.jpg": CAR}


@pytest.mark.parametrize("policy", ["seed", "merge"])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_killed_before_its_annotation_the_next_apply_puts_it(policy: AnnotationPolicy, count: int) -> None:
    declaration, state, inventory, made = taken_out(policy)
    whole, records = apply(made, state, inventory)
    cut, kept, _ = cut_short(made, state, inventory, count)
    following = planned(declaration, cut, kept)
    assert [one.address for one in following.operations] == [VERSION, ANNOTATIONS][count:]
    resumed, resumed_records = apply(following, cut, kept)
    assert resumed == whole
    assert resumed_records.records == records.records
    left, _ = again(made, declaration, cut, kept)
    assert apply(left, cut, kept)[0] == whole
