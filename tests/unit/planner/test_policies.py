"""Policies: each check passes where it should, and says its numbers where it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.model.annotation import image_qa_text
from picsellia_apply.model.declaration import Declaration
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Plan, Policy
from picsellia_apply.model.policy import PolicyChecks
from picsellia_apply.model.state import Resource, State
from picsellia_apply.planner import plan
from picsellia_apply.resolve import resolve
from tests.worlds import (
    LAX,
    NOTHING,
    TARGET,
    apply,
    box,
    dataset,
    of_set,
    picture_set,
    place,
    planned,
    source,
    version,
)

NAMES = ("a.jpg", "b.jpg", "c.jpg", "d.jpg")
LABELS = (("car", "rectangle"), ("bus", "rectangle"))
PRUNE = replace(LAX, prune=True)


def world(
    objects: Mapping[str, list[str]] | None = None, *, labels: Any = LABELS, names: tuple[str, ...] = NAMES
) -> Declaration:
    """Return one dataset with a version `first` of four pictures: two cars and a bus on one, a car on another."""
    given = {"a.jpg": [box("car"), box("car", 50), box("bus", 90)], "b.jpg": [box("car")], "c.jpg": []}
    annotations = () if objects == {} else (source(given if objects is None else objects),)
    first = version("first", of_set("s"), *annotations, labels=labels)
    return Declaration("root", picture_sets=(picture_set("s", names),), datasets=(dataset("D", first),))


def judged(
    declaration: Declaration,
    *checks: PolicyChecks,
    observed: State | None = None,
    inventory: Inventory = NOTHING,
    policy: Policy = LAX,
) -> Plan:
    there = observed if observed is not None else State()
    desired = resolve(declaration, there, inventory, prune=policy.sweeps)
    return plan(desired, there, inventory, policy, TARGET, policies=checks)


def checks(**fields: Any) -> PolicyChecks:
    return PolicyChecks("strict", place(), **fields)


def messages(*args: Any, **fields: Any) -> list[str]:
    made = judged(*args, **fields)
    assert all((one.rule, one.address, one.flag) == ("policy", "policy/strict", "") for one in made.refusals)
    return [one.message for one in made.refusals]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"min_objects": {"*": 1}}, []),
        ({"min_objects": {"*": 2}}, ["version/D@first: too few objects: 1 of `bus`, 2 wanted"]),
        ({"min_objects": {"car": 3}}, []),
        ({"min_objects": {"car": 4}}, ["version/D@first: too few objects: 3 of `car`, 4 wanted"]),
        ({"min_objects": {"*": 2, "bus": 1}}, []),
        ({"min_objects": {"van": 1}}, ["version/D@first: too few objects: 0 of `van`, 1 wanted"]),
        (
            {"min_objects": {"*": 5}},
            ["version/D@first: too few objects: 1 of `bus`, 5 wanted; 3 of `car`, 5 wanted"],
        ),
        ({"required_labels": ("car", "bus")}, []),
        ({"required_labels": ("van", "car", "truck")}, ["version/D@first: has no labels `van`, `truck`"]),
        ({"max_unannotated_percent": 25.0}, []),
        (
            {"max_unannotated_percent": 24.9},
            ["version/D@first: 1 of 4 pictures (25.0 %) has no annotation, 24.9 % may"],
        ),
        ({"max_imbalance": 3.0}, []),
        (
            {"max_imbalance": 2.5},
            ["version/D@first: 3 of `car` and 1 of `bus`: 3.0 times as many, 2.5 times may be"],
        ),
        ({"versions": ("D@second", "E@*"), "min_objects": {"*": 99}}, []),
        ({"versions": ("D@f*",), "required_labels": ("van",)}, ["version/D@first: has no label `van`"]),
    ],
)
def test_data_as_they_will_be(fields: dict[str, Any], told: list[str]) -> None:
    assert messages(world(), checks(**fields)) == told


def test_it_counts_again_once_all_is_applied() -> None:
    state, inventory = apply(planned(world()), State(), NOTHING)
    strict = checks(min_objects={"*": 2}, max_unannotated_percent=0.0)
    before = messages(world(), strict)
    assert messages(world(), strict, observed=state, inventory=inventory) == before
    assert len(before) == 2


def test_a_label_without_any_object_is_out_of_all_balance() -> None:
    told = messages(world(labels=(*LABELS, ("van", "rectangle"))), checks(max_imbalance=100.0))
    assert told == ["version/D@first: 3 of `car` and 0 of `van`: more than any number of times, 100 times may be"]


def test_one_label_alone_is_in_balance() -> None:
    only = world({"a.jpg": [box("car")]}, labels=(("car", "rectangle"),))
    assert messages(only, checks(max_imbalance=1.0)) == []


def test_answers_about_whole_pictures_are_no_objects() -> None:
    state, inventory = apply(planned(world()), State(), NOTHING)
    texts = dict(state.resources["annotations/D@first"].members)
    texts["d.jpg"] = (image_qa_text({"question": "night?", "answer": "no"}),)
    annotated = Resource(members=texts)
    state = replace(state, resources={**state.resources, "annotations/D@first": annotated})
    strict = checks(min_objects={"bus": 2}, max_unannotated_percent=0.0)
    told = messages(world(), strict, observed=state, inventory=inventory)
    assert told == ["version/D@first: too few objects: 1 of `bus`, 2 wanted"]


def test_what_people_drew_counts() -> None:
    state, inventory = apply(planned(world()), State(), NOTHING)
    texts = {**state.resources["annotations/D@first"].members, "d.jpg": (box("bus", 7), box("bus", 70))}
    state = replace(state, resources={**state.resources, "annotations/D@first": Resource(members=texts)})
    assert messages(world(), checks(min_objects={"bus": 3}), observed=state, inventory=inventory) == []


def test_annotations_that_nobody_read_are_not_taken_for_good() -> None:
    unmanaged = world({})
    state, inventory = apply(planned(unmanaged), State(), NOTHING)
    assert "annotations/D@first" not in state.resources
    told = messages(unmanaged, checks(min_objects={"*": 0}), observed=state, inventory=inventory)
    assert told == ["version/D@first: its annotations were not read, so nobody can count them"]
    assert messages(unmanaged, checks(required_labels=("car",)), observed=state, inventory=inventory) == []


def test_labels_that_a_plain_platform_does_not_tell_are_those_that_were_made() -> None:
    state, inventory = apply(planned(world()), State(), NOTHING)
    unseen = {text: one for text, one in state.resources.items() if not text.startswith("label/")}
    state = replace(state, resources=unseen)
    required = checks(required_labels=("car", "van"))
    told = messages(world(), required, observed=state, inventory=inventory, policy=Policy())
    assert told == ["version/D@first: has no label `van`"]


def test_deletes_are_counted_with_what_goes_along() -> None:
    state, inventory = apply(planned(world()), State(), NOTHING)
    fewer = world(names=NAMES[1:])
    most = {"pictures": 1, "objects": 2, "members": 1}
    told = messages(fewer, checks(max_delete=most), observed=state, inventory=inventory, policy=PRUNE)
    assert told == ["deletes 3 objects, 2 may be"]
    enough = checks(max_delete={**most, "objects": 3})
    assert messages(fewer, enough, observed=state, inventory=inventory, policy=PRUNE) == []
    nothing = checks(max_delete=dict.fromkeys(most, 0))
    assert messages(fewer, nothing, observed=state, inventory=inventory) == []


def test_a_version_is_judged_without_what_is_deleted() -> None:
    state, inventory = apply(planned(world()), State(), NOTHING)
    fewer = world(names=NAMES[1:])
    told = messages(fewer, checks(min_objects={"*": 1}), observed=state, inventory=inventory, policy=PRUNE)
    assert told == ["version/D@first: too few objects: 0 of `bus`, 1 wanted"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"findings_up_to": "warning"}, []),
        ({"findings_up_to": "note"}, ["3 findings above `note`: 1 L003, 2 Q003"]),
        ({"findings_up_to": "none"}, ["4 findings: 1 A040, 1 L003, 2 Q003"]),
        ({"findings_up_to": "note", "ignored_findings": frozenset({"Q003"})}, ["1 finding above `note`: 1 L003"]),
        ({"findings_up_to": "note", "ignored_findings": frozenset({"Q003", "L003"})}, []),
    ],
)
def test_findings(fields: dict[str, Any], told: list[str]) -> None:
    found = (
        Diagnostic("Q003", Severity.warning, "a box without area"),
        Diagnostic("Q003", Severity.warning, "another"),
        Diagnostic("L003", Severity.warning, "selects nothing"),
        Diagnostic("A040", Severity.note, "one-based"),
    )
    assert messages(replace(world(), findings=found), checks(**fields)) == told


def test_a_refusal_changes_the_digest_and_the_outcome() -> None:
    passed, refused = judged(world()), judged(world(), checks(required_labels=("van",)))
    assert (passed.outcome, refused.outcome) == ("changes", "refused")
    assert passed.digest != refused.digest
    assert judged(world(), checks(required_labels=("car",))).digest != passed.digest  # it binds who judged it


def test_a_version_that_will_not_be_there_is_not_judged() -> None:
    other = dataset("E", version("gold", of_set("s"), labels=None))
    both = replace(world(), datasets=(*world().datasets, other))
    targeted = replace(LAX, targets=("dataset/D",))
    told = messages(both, checks(required_labels=("van",)), policy=targeted)
    assert told == ["version/D@first: has no label `van`"]
