"""What versions hold after an apply is what an applier finds there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.declaration import Declaration
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Plan
from picsellia_apply.model.state import State
from picsellia_apply.planner.outcome import Outcome, outcomes
from tests.worlds import LAX, NOTHING, apply, box, dataset, of_set, of_tags, picture_set, planned, source, version

NAMES = tuple(f"{letter}.jpg" for letter in "abcdef")
PRUNE = replace(LAX, prune=True)
BOTH = (("car", "rectangle"), ("bus", "rectangle"))


def declaration(
    *,
    names: tuple[str, ...] = NAMES,
    labels: tuple[tuple[str, str], ...] = BOTH,
    second: bool = True,
    moved: float = 0,
) -> Declaration:
    kinds = [label for label, _ in labels]
    objects = {name: [box(kind, moved + 20 * row) for row, kind in enumerate(kinds)] for name in names[:4]}
    first = version("first", of_set("s"), source(objects), labels=labels)
    later = version("later", of_tags("t"), origin="first", labels=labels)
    versions = (first, later) if second else (first,)
    sets = (picture_set("s", names, ["t"]), picture_set("all", NAMES[:2]))
    return Declaration("root", picture_sets=sets, datasets=(dataset("D", *versions),))


def of_state(state: State) -> dict[tuple[str, str], Outcome]:
    """Return what the versions of a state hold; versions without annotations hold none."""
    found = {}
    for text, resource in state.resources.items():
        address = parse_address(text)
        if address.kind == "version":
            key = (address.name, address.version)
            head = str(Address("label", *key)) + "/"
            labels = frozenset(parse_address(one).rest for one in state.resources if one.startswith(head))
            annotations = state.resources.get(str(Address("annotations", *key)))
            objects = dict(annotations.members) if annotations is not None else {}
            found[key] = Outcome(frozenset(resource.members), labels, objects)
    return found


def predicted(made: Plan, state: State, inventory: Inventory) -> dict[tuple[str, str], Outcome]:
    found = outcomes(made.operations, state, inventory, labels_seen=True)
    return {key: Outcome(frozenset(one.pictures), one.labels, dict(one.objects or {})) for key, one in found.items()}


EDITS: dict[str, Callable[[], Declaration]] = {
    "nothing": declaration,
    "a picture less": lambda: declaration(names=NAMES[:-1]),
    "a picture that stays in the lake": lambda: declaration(names=NAMES[1:]),
    "a version less": lambda: declaration(second=False),
    "boxes moved": lambda: declaration(moved=5),
    "all at once": lambda: declaration(names=(*NAMES[2:], "z.jpg"), moved=3),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("policy", [LAX, PRUNE], ids=["kept", "prune"])
def test_the_prediction_is_what_an_applier_finds(edit: str, policy: object) -> None:
    first = planned(declaration())
    assert predicted(first, State(), NOTHING) == of_state(apply(first, State(), NOTHING)[0])
    state, inventory = apply(first, State(), NOTHING)
    made = planned(EDITS[edit](), state, inventory, PRUNE if policy is PRUNE else LAX)
    after, _ = apply(made, state, inventory)
    assert predicted(made, state, inventory) == of_state(after)


def test_a_label_that_goes_takes_its_objects_along() -> None:
    state, inventory = apply(planned(declaration(second=False)), State(), NOTHING)
    made = planned(declaration(second=False, labels=BOTH[:1]), state, inventory, PRUNE)
    assert "label/D@first/bus/rectangle" in {one.address for one in made.operations if one.action == "delete"}
    after = predicted(made, state, inventory)["D", "first"]
    assert after.labels == {("car", "rectangle")}
    assert after.objects is not None
    assert all("bus" not in text for texts in after.objects.values() for text in texts)
    assert any("car" in text for texts in after.objects.values() for text in texts)


def test_nothing_given_is_changed() -> None:
    state, inventory = apply(planned(declaration()), State(), NOTHING)
    before = of_state(state)
    made = planned(declaration(names=NAMES[1:]), state, inventory, PRUNE)
    predicted(made, state, inventory)
    assert of_state(state) == before
