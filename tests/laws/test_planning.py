"""Laws of the pure part: resolve and plan, on worlds that people also write to."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from hypothesis import assume, given
from hypothesis import strategies as st

from picsellia_apply.errors import InvalidInput, UsageError
from picsellia_apply.model.declaration import AnnotationPolicy, Declaration, Network, Selection, TagQuery
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Plan, Policy
from picsellia_apply.model.state import Lake, Resource, State
from picsellia_apply.planner.merge import merge, merge_without_base
from picsellia_apply.planner.scope import covers
from picsellia_apply.quality import present_objects
from picsellia_apply.resolve import in_share
from tests.again import cut_short
from tests.laws.profiles import bounded
from tests.worlds import (
    FEATURES,
    LAX,
    NOTHING,
    apply,
    box,
    dataset,
    of_set,
    of_tags,
    picture_set,
    place,
    planned,
    sha,
    source,
    version,
)

K = TypeVar("K")
V = TypeVar("V")

BOUNDED = bounded(120)
PICTURES = tuple(f"{letter}.jpg" for letter in "abcdef")
OBJECTS = (box("car"), box("car", 0.2), box("car", 40), box("van"), box("van", 70, 3))
SET_TAGS = ("sky", "night")
QUERY_TAGS = ("seen", "draft")

names = st.lists(st.sampled_from(PICTURES), unique=True, min_size=1)
objects = st.lists(st.sampled_from(OBJECTS), max_size=3).map(sorted).map(tuple)
annotated = st.dictionaries(st.sampled_from(PICTURES), objects, max_size=4)
gentle_policies: st.SearchStrategy[AnnotationPolicy] = st.sampled_from(["seed", "merge"])
policies: st.SearchStrategy[AnnotationPolicy] = st.sampled_from(["seed", "merge", "mirror"])


@st.composite
def versions(draw: st.DrawFn, name: str, origin: str | None, people: bool) -> object:
    kinds = ["sky", "seen", "query", "set-0", "names"]
    kind = "set-0" if people else draw(st.sampled_from(kinds))
    quantity = draw(st.sampled_from([1.0, 0.6]))
    match kind:
        case "query":
            selection = Selection(place(), query="night-sky")
        case "set-0":
            selection = of_set("set-0")
        case "names":
            selection = Selection(place(), names=tuple(draw(names)))
        case tag:
            selection = of_tags(tag, quantity=quantity)
    policy = draw(gentle_policies if people else policies)
    told = draw(annotated)
    if people:
        told = {**dict.fromkeys(PICTURES, (box("car"),)), **told}
    labels = draw(st.sampled_from([None, (("car", "rectangle"),), (("car", "rectangle"), ("van", "rectangle"))]))
    told = {name: tuple(one for one in texts if _may_bear(labels, one)) for name, texts in told.items()}
    sources = [source(told, policy)] if people or draw(st.booleans()) else []
    return version(name, selection, *sources, origin=origin, labels=labels, frozen=draw(st.integers(0, 9)) == 0)


def _may_bear(labels: tuple[tuple[str, str], ...] | None, text: str) -> bool:
    """Return whether a manifest may give this object to a dataset with these labels: else it is an error (M012)."""
    return labels is None or any(f'"label":"{label}"' in text for label, _ in labels)


@st.composite
def declarations(draw: st.DrawFn, people: bool = False) -> Declaration:
    sets = []
    for index in range(draw(st.integers(1, 2))):
        tags = draw(st.sampled_from([None, ("sky",), SET_TAGS]))
        sets.append(picture_set(f"set-{index}", draw(names), tags, restore=draw(st.booleans())))
    add, remove = draw(st.sampled_from([((), ()), (("seen",), ()), (("seen",), ("draft",)), ((), ("draft",))]))
    queries = (TagQuery("night-sky", place(), ("sky", "night"), 1.0, add, remove),)
    datasets = []
    if people or draw(st.booleans()):
        second = (
            [draw(versions("second", draw(st.sampled_from([None, "first"])), people))] if draw(st.booleans()) else []
        )
        one = dataset(
            "cells",
            draw(versions("first", None, people)),  # type: ignore[arg-type]
            *second,  # type: ignore[arg-type]
            description=draw(st.sampled_from([None, "", "Cells"])),
            private=draw(st.sampled_from([None, True])),
        )
        datasets.append(one)
    networks = []
    if draw(st.booleans()):
        fields = {"type": "detection", "base_parameters": {"batch": draw(st.integers(1, 3))}}
        networks.append(Network("net", place(), fields))
    return Declaration(
        "root", picture_sets=tuple(sets), queries=queries, datasets=tuple(datasets), networks=tuple(networks)
    )


@st.composite
def platforms(draw: st.DrawFn) -> State:
    """What other people left on a platform before us."""
    there = {name: draw(st.sampled_from([sha(name), sha(name), sha("other"), None])) for name in draw(names)}
    some = st.frozensets(st.sampled_from(sorted(there)))
    return State(Lake(there, {tag: draw(some) for tag in (*SET_TAGS, *QUERY_TAGS)}))


@st.composite
def edited(draw: st.DrawFn, state: State) -> State:
    """The same platform after people worked on it."""
    gone = draw(st.frozensets(st.sampled_from(PICTURES), max_size=2))
    pictures = {name: digest for name, digest in state.lake.pictures.items() if name not in gone}
    tags = {
        tag: draw(st.sampled_from([carriers, frozenset(pictures)])) - gone for tag, carriers in state.lake.tags.items()
    }
    resources = {}
    for address, resource in state.resources.items():
        members = {name: value for name, value in resource.members.items() if name not in gone}
        if address.startswith("annotations/"):
            members = {name: draw(st.one_of(st.just(texts), objects)) for name, texts in members.items()}
        resources[address] = Resource(resource.fields, members)
    return State(Lake(pictures, tags), resources)


def lax(*, prune: bool) -> Policy:
    return Policy(prune=prune, delete_percent=100, update_percent=100, features=FEATURES)


def try_plan(declaration: Declaration, state: State, inventory: Inventory, policy: Policy = LAX) -> Plan:
    """Plan; worlds whose manifests are at war with themselves, or that a guard refuses, are passed over."""
    try:
        made = planned(declaration, state, inventory, policy)
    except InvalidInput:
        assume(False)
        raise
    assume(not made.refusals)
    return made


@BOUNDED
@given(st.data())
def test_an_apply_makes_the_next_plan_empty(data: st.DataObject) -> None:
    state, inventory = data.draw(platforms()), NOTHING
    for _ in range(2):
        declaration, policy = data.draw(declarations()), lax(prune=data.draw(st.booleans()))
        state = data.draw(edited(state))
        made = try_plan(declaration, state, inventory, policy)
        state, inventory = apply(made, state, inventory)
        again = planned(declaration, state, inventory, policy)
        assert again.operations == ()
        assert again.blocked == made.blocked
        assert not again.refusals
        settled = planned(declaration, state, replace(inventory, records=again.records), policy)
        assert settled.records == again.records
        assert settled.operations == ()


@BOUNDED
@given(st.data())
def test_the_same_plan_twice_is_one_plan_whatever_the_order_of_the_input(data: st.DataObject) -> None:
    declaration, state = data.draw(declarations()), data.draw(platforms())
    made = try_plan(declaration, state, NOTHING)
    shuffled = random.Random(data.draw(st.integers(0, 99)))  # noqa: S311
    mixed = replace(state, lake=Lake(_mixed(state.lake.pictures, shuffled), _mixed(state.lake.tags, shuffled)))
    turned = replace(
        declaration,
        queries=tuple(reversed(declaration.queries)),
        networks=tuple(reversed(declaration.networks)),
        datasets=tuple(reversed(declaration.datasets)),
    )
    again = planned(turned, mixed, NOTHING)
    assert again.digest == made.digest
    assert again.operations == made.operations
    state_after, inventory = apply(made, state, NOTHING)
    records = Inventory("demo", 1, _mixed(inventory.records, shuffled))
    resources = _mixed(state_after.resources, shuffled)
    assert planned(turned, replace(state_after, resources=resources), records).digest == (
        planned(declaration, state_after, inventory).digest
    )


@BOUNDED
@given(st.data())
def test_an_apply_that_was_cut_short_ends_in_the_same_state(data: st.DataObject) -> None:
    """The inventory then holds the records of what was done, as the executor keeps it."""
    state, inventory = data.draw(platforms()), NOTHING
    for _ in range(2):
        declaration, policy = data.draw(declarations()), lax(prune=data.draw(st.booleans()))
        made = try_plan(declaration, state, inventory, policy)
        whole, whole_inventory = apply(made, state, inventory)
        cut, kept, _ = cut_short(made, state, inventory, data.draw(st.integers(0, len(made.operations))))
        following = try_plan(declaration, cut, kept, policy)
        resumed, resumed_inventory = apply(following, cut, kept)
        assert _content(resumed) == _content(whole)
        assert planned(declaration, resumed, resumed_inventory, policy).operations == ()
        state, inventory = whole, whole_inventory


def _content(state: State) -> object:
    """Return what a platform holds; an annotation without an object counts as none."""
    resources = {
        address: (resource.fields, {name: value for name, value in resource.members.items() if value != ()})
        for address, resource in state.resources.items()
    }
    held = {address: one for address, one in resources.items() if not address.startswith("annotations/") or one[1]}
    return state.lake.pictures, {tag: names for tag, names in state.lake.tags.items() if names}, held


def _mixed(mapping: Mapping[K, V], shuffled: random.Random) -> dict[K, V]:
    items = list(mapping.items())
    shuffled.shuffle(items)
    return dict(items)


@BOUNDED
@given(st.data())
def test_nothing_that_is_not_ours_is_deleted(data: st.DataObject) -> None:
    start = data.draw(platforms())
    state, inventory = start, NOTHING
    added_tags = {(tag, name) for tag, carriers in start.lake.tags.items() for name in carriers}
    for _ in range(2):
        made = try_plan(data.draw(declarations()), state, inventory, lax(prune=True))
        state, inventory = apply(made, state, inventory)
        assert state.lake.pictures.keys() >= start.lake.pictures.keys()
        kept = {(tag, name) for tag, carriers in state.lake.tags.items() for name in carriers}
        assert {pair for pair in added_tags - kept if pair[0] != "draft"} == set()


@BOUNDED
@given(st.data())
def test_a_frozen_version_never_changes(data: st.DataObject) -> None:
    """Whatever the manifests say of it later; what a person deletes from the lake, or we prune there, leaves it."""
    first = _frozen(data.draw(declarations(people=True)))
    made = try_plan(first, State(), NOTHING)
    state, inventory = apply(made, State(), NOTHING)
    later = _frozen(data.draw(declarations(people=True)))
    following = try_plan(later, state, inventory, lax(prune=data.draw(st.booleans())))
    after, _ = apply(following, state, inventory)
    frozen = {version.name for version in first.datasets[0].versions}
    frozen &= {version.name for version in later.datasets[0].versions}
    for name in frozen:
        members = after.resources[f"version/cells@{name}"].members.keys()
        assert members == state.resources[f"version/cells@{name}"].members.keys() & after.lake.pictures.keys()
        for text in (*state.resources, *after.resources):
            if text.startswith((f"label/cells@{name}/", f"annotations/cells@{name}")):
                there = state.resources[text].members
                kept = {picture: texts for picture, texts in there.items() if picture in members}
                assert after.resources[text].members == kept


def _frozen(declaration: Declaration) -> Declaration:
    (one,) = declaration.datasets
    versions = tuple(replace(version, frozen=True) for version in one.versions)
    return replace(declaration, datasets=(replace(one, versions=versions),))


@BOUNDED
@given(st.data())
def test_target_after_target_ends_where_one_apply_does(data: st.DataObject) -> None:
    """Targets in any order, then the rest: nothing that a version takes over is lost on the way."""
    declaration, start = data.draw(declarations()), data.draw(platforms())
    whole, _ = apply(try_plan(declaration, start, NOTHING), start, NOTHING)
    state, inventory = start, NOTHING
    targets = data.draw(st.permutations([f"version/cells@{v.name}" for d in declaration.datasets for v in d.versions]))
    for target in targets:
        policy = replace(LAX, targets=(target,))
        state, inventory = apply(try_plan(declaration, state, inventory, policy), state, inventory)
        assert planned(declaration, state, inventory, policy).operations == ()
    state, inventory = apply(try_plan(declaration, state, inventory), state, inventory)
    assert _content(state) == _content(whole)


@BOUNDED
@given(st.data())
def test_a_target_deletes_nothing_outside_it(data: st.DataObject) -> None:
    first, start = data.draw(declarations()), data.draw(platforms())
    state, inventory = apply(try_plan(first, start, NOTHING), start, NOTHING)
    later = data.draw(declarations())
    targets = sorted({text.partition("/")[0] + "/" + text.split("/")[1] for text in inventory.records})
    target = data.draw(st.sampled_from(targets))
    made = try_target(later, state, inventory, replace(lax(prune=True), targets=(target,)))
    for operation in made.operations:
        if operation.action == "delete":
            assert covers(target, operation.address)
    after, records = apply(made, state, inventory)
    if any(covers(target, address) for address in records.records):
        assert not planned(later, after, records, replace(lax(prune=True), targets=(target,))).operations


def try_target(declaration: Declaration, state: State, inventory: Inventory, policy: Policy) -> Plan:
    try:
        return try_plan(declaration, state, inventory, policy)
    except UsageError:
        assume(False)
        raise


@BOUNDED
@given(st.data())
def test_what_a_manifest_does_not_mention_is_left_alone(data: st.DataObject) -> None:
    """Absent labels, annotations, tags, descriptions: what is there stays, even under prune."""
    first = data.draw(declarations(people=True))
    state, inventory = apply(try_plan(first, State(), NOTHING), State(), NOTHING)
    (one,) = first.datasets
    silent = tuple(replace(version, labels=None, annotations=()) for version in one.versions)
    later = replace(
        first,
        picture_sets=tuple(replace(each, tags=None) for each in first.picture_sets),
        queries=(),
        datasets=(replace(one, versions=silent, description=None, private=None),),
    )
    following = try_plan(later, state, inventory, lax(prune=True))
    kept = ("label/", "dataset/", "version/")
    assert not [operation for operation in following.operations if operation.address.startswith(kept)]
    after, _ = apply(following, state, inventory)
    for tag in SET_TAGS:
        assert after.lake.tags.get(tag) == state.lake.tags.get(tag)


@BOUNDED
@given(st.data())
def test_objects_that_people_made_survive(data: st.DataObject) -> None:
    made = try_plan(data.draw(declarations(people=True)), State(), NOTHING)
    state, inventory = apply(made, State(), NOTHING)
    annotations = {a: r for a, r in state.resources.items() if a.startswith("annotations/") and r.members}
    assume(annotations)
    address = sorted(annotations)[0]
    name = data.draw(st.sampled_from(sorted(annotations[address].members)))
    theirs = box("person", 5, 5)
    members = {**annotations[address].members, name: tuple(sorted((*annotations[address].members[name], theirs)))}
    state = replace(state, resources={**state.resources, address: Resource(members=members)})
    following = try_plan(data.draw(declarations(people=True)), state, inventory, lax(prune=True))
    after, _ = apply(following, state, inventory)
    assert after.resources[address].members[name].count(theirs) == 1


@BOUNDED
@given(objects, objects, objects)
def test_merging_never_doubles_and_settles(
    file: tuple[str, ...], there: tuple[str, ...], base: tuple[str, ...]
) -> None:
    after = merge(file, there, base)
    assert merge(file, after, file) == after
    limit = Counter(file) | Counter(there)
    assert not Counter(after) - limit
    lost = merge_without_base(file, there, present_objects)
    assert not Counter(there) - Counter(lost)
    assert merge_without_base(file, lost, present_objects) == lost
    assert not Counter(lost) - limit


@BOUNDED
@given(st.lists(st.text(min_size=1), unique=True, max_size=50), st.floats(0.01, 1), st.floats(0.01, 1))
def test_a_larger_share_holds_the_smaller_one(pictures: list[str], one: float, other: float) -> None:
    small, large = sorted((one, other))
    held = {name for name in pictures if in_share(name, small)}
    assert held <= {name for name in pictures if in_share(name, large)}
    assert all(in_share(name, 1.0) for name in pictures)
