"""Datasets, labels, networks, files; what is gone; targets; order; digests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from picsellia_apply.errors import UsageError
from picsellia_apply.model.declaration import Declaration, LocalFile, Network
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.plan import FieldChange, Plan, Policy, Target
from picsellia_apply.model.state import Lake, Resource, State
from picsellia_apply.planner import plan, plan_digest
from picsellia_apply.planner.scope import covers
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
    sha,
    source,
    version,
)

PRUNE = replace(LAX, prune=True)
LABELS = (("car", "rectangle"), ("roof", "polygon"))


def cells(
    labels: tuple[tuple[str, str], ...] = LABELS, described: str | None = "Cells", private: bool | None = True
) -> Declaration:
    cars = source({"a.jpg": [box("car"), box("car", 40)], "b.jpg": [box("car")]})
    one = version("first", of_set("s"), cars, labels=labels)
    return Declaration(
        "root",
        picture_sets=(picture_set("s", ["a.jpg", "b.jpg"], ["x"]),),
        datasets=(dataset("d", one, description=described, private=private),),
    )


def net(fields: dict[str, Any], **files: str) -> Declaration:
    stored = {key: LocalFile(f"/here/{key}", f"./{key}", sha(text), len(text)) for key, text in files.items()}
    thumbnail = stored.pop("thumbnail", None)
    return Declaration("root", networks=(Network("n", place(), {"type": "detection", **fields}, stored, thumbnail),))


def with_fields(state: State, address: str, **fields: Any) -> State:
    changed = Resource({**state.resources[address].fields, **fields}, state.resources[address].members)
    return replace(state, resources={**state.resources, address: changed})


def prefer(*sides: str) -> Policy:
    return replace(LAX, prefer=frozenset(sides))


def addresses(made: Plan) -> list[tuple[str, str]]:
    return [(operation.address, operation.action) for operation in made.operations]


def test_only_the_manifest_moved() -> None:
    state, inventory = apply(planned(cells()), State(), NOTHING)
    (operation,) = planned(cells(described="Blood"), state, inventory).operations
    assert operation.diff == (FieldChange("description", "Cells", "Blood"),)
    assert operation.reason == "the manifest changed"
    assert operation.pre == {"fields": {"description": "Cells"}, "takes": {"addresses": [1, 0]}}


def test_only_the_platform_moved() -> None:
    state, inventory = apply(planned(cells()), State(), NOTHING)
    (operation,) = planned(cells(), with_fields(state, "dataset/d", private=False), inventory).operations
    assert operation.reason == "drift: private changed on the platform"
    assert operation.diff == (FieldChange("private", False, True),)


def test_both_moved_is_a_conflict_until_a_person_decides() -> None:
    state, inventory = apply(planned(cells()), State(), NOTHING)
    state = with_fields(state, "dataset/d", description="Theirs")
    made = planned(cells(described="Ours"), state, inventory)
    (conflict,) = made.conflicts
    assert (conflict.base, conflict.desired, conflict.observed) == ("Cells", "Ours", "Theirs")
    assert made.operations == ()
    assert made.outcome == "blocked"
    settled = planned(cells(described="Ours"), state, inventory, prefer("manifest:dataset/d"))
    assert settled.conflicts == ()
    assert addresses(settled) == [("dataset/d", "update")]
    agreed = planned(cells(described="Theirs"), state, inventory)
    assert (agreed.operations, agreed.conflicts) == ((), ())


def test_a_conflict_stays_one_until_a_person_decides() -> None:
    """The record keeps the base of what was not applied, even where other fields of the address are."""
    state, inventory = apply(planned(cells()), State(), NOTHING)
    state = with_fields(state, "dataset/d", description="Theirs")
    made = planned(cells(described="Ours", private=False), state, inventory)
    assert addresses(made) == [("dataset/d", "update")]
    assert made.records["dataset/d"].fields == {"description": "Cells", "private": False}
    after = planned(cells(described="Ours", private=False), state, replace(inventory, records=made.records))
    assert len(after.conflicts) == 1
    state, inventory = apply(planned(net({"description": "a"})), State(), NOTHING)
    made = planned(net({"description": "b"}), with_fields(state, "network/n", description="c"), inventory)
    assert made.records["network/n"].fields["description"] == "a"


@pytest.mark.parametrize("key", ["config", "thumbnail"])
def test_a_file_that_both_sides_changed_is_a_conflict(key: str) -> None:
    address = "thumbnail/n" if key == "thumbnail" else f"file/n/{key}"
    state, inventory = apply(planned(net({}, **{key: "one"})), State(), NOTHING)
    theirs = with_fields(state, address, sha256=sha("theirs"), size=6)
    made = planned(net({}, **{key: "two"}), theirs, inventory)
    assert made.operations == ()
    (conflict,) = made.conflicts
    sides = (conflict.address, conflict.base, conflict.desired, conflict.observed)
    assert sides == (address, sha("one"), sha("two"), sha("theirs"))
    assert made.records[address] == inventory.records[address]
    ours = prefer(f"manifest:{address}")
    assert addresses(planned(net({}, **{key: "two"}), theirs, inventory, ours)) == [(address, "update")]
    kept = planned(net({}, **{key: "two"}), theirs, inventory, prefer("remote:network/n"))
    assert (kept.operations, kept.conflicts) == ((), ())
    later = planned(net({}, **{key: "two"}), theirs, replace(inventory, records=kept.records))
    assert (later.operations, later.conflicts) == ((), ())
    assert (
        planned(net({}, **{key: "two"}), theirs).operations[0].reason == "adopt: the file differs from the manifest's"
    )
    back = planned(net({}, **{key: "one"}), theirs, inventory)
    assert back.operations[0].reason == "drift: the file changed on the platform"


def test_a_file_of_a_network_with_a_hostile_name_is_recognised() -> None:
    told = net({}, config="one")
    told = replace(told, networks=(replace(told.networks[0], name="a/b@c"),))
    state, inventory = apply(planned(told), State(), NOTHING)
    gone = {text: one for text, one in state.resources.items() if not text.startswith("file/")}
    (operation,) = planned(told, replace(state, resources=gone), inventory).operations
    assert operation.reason == "drift: deleted on the platform"


def test_unmanaged_fields_are_left_alone_and_emptied_ones_are_not() -> None:
    state, inventory = apply(planned(cells()), State(), NOTHING)
    assert (
        planned(cells(described=None), with_fields(state, "dataset/d", description="Theirs"), inventory).operations
        == ()
    )
    (operation,) = planned(cells(described=""), state, inventory).operations
    assert operation.diff == (FieldChange("description", "Cells", ""),)
    empty = with_fields(state, "dataset/d", description=None)
    assert planned(cells(described=""), empty, inventory).operations == ()


def test_a_platform_that_cannot_patch_datasets_blocks() -> None:
    state, inventory = apply(planned(cells()), State(), NOTHING)
    made = planned(cells(described="Blood"), state, inventory, Policy(features=frozenset({"labels"})))
    assert [(b.address, b.rule) for b in made.blocked] == [("dataset/d", "unsupported by this server")]
    assert made.records["dataset/d"] == inventory.records["dataset/d"]


def test_labels_are_made_and_removed_under_prune_only() -> None:
    state, inventory = apply(planned(cells()), State(), NOTHING)
    fewer = cells(labels=(("roof", "polygon"), ("wheel", "rectangle")))
    kept = planned(fewer, state, inventory)
    assert addresses(kept) == [("label/d@first/wheel/rectangle", "create")]
    assert [(n.kind, n.address) for n in kept.notices] == [("kept", "label/d@first/car/rectangle")]
    pruned = planned(fewer, state, inventory, PRUNE)
    assert addresses(pruned)[-1] == ("label/d@first/car/rectangle", "delete")
    assert pruned.operations[-1].impact == "3 objects keep its name"
    plain = planned(fewer, state, inventory, replace(PRUNE, features=frozenset({"replace"})))
    assert [b.address for b in plain.blocked] == ["label/d@first/car/rectangle"]


def test_labels_that_cannot_be_observed_are_remembered() -> None:
    state, inventory = apply(planned(cells()), State(), NOTHING)
    unseen = {a: r for a, r in state.resources.items() if not a.startswith("label/")}
    plain = Policy(features=frozenset())
    assert planned(cells(), replace(state, resources=unseen), inventory, plain).operations == ()
    assert len(planned(cells(), replace(state, resources=unseen), inventory).operations) == 2


def test_nested_fields_are_explained_by_path() -> None:
    before = {"base_parameters": {"batch": 8, "lr": {"start": 0.1}}, "labels": {"1": "car"}, "tag": ["a", "b"]}
    state, inventory = apply(planned(net(before)), State(), NOTHING)
    assert planned(net({**before, "tag": ["b", "a"]}), state, inventory).operations == ()
    after = {"base_parameters": {"batch": 8.0, "lr": {"start": 0.2}}, "labels": {"1": "car", "2": "van"}, "tag": ["a"]}
    (operation,) = planned(net(after), state, inventory).operations
    assert operation.diff == (
        FieldChange("base_parameters.lr.start", 0.1, 0.2),
        FieldChange("labels.2", None, "van"),
        FieldChange("tag", ["a", "b"], ["a"]),
    )
    assert planned(net(after), state, inventory).records["network/n"].fields["labels"] == {"1": "car", "2": "van"}


def test_files_are_compared_by_digest() -> None:
    declaration = net({}, config="one", thumbnail="face")
    made = planned(declaration)
    assert addresses(made) == [("network/n", "create"), ("file/n/config", "create"), ("thumbnail/n", "create")]
    assert made.operations[1].needs == ("network/n",)
    content = made.operations[1].members.add["config"]
    assert content is not None
    assert (content.ref, content.sha256, content.size) == ("file/n/config", sha("one"), 3)
    state, inventory = apply(made, State(), NOTHING)
    assert planned(declaration, state, inventory).operations == ()
    (operation,) = planned(net({}, config="two", thumbnail="face"), state, inventory).operations
    assert operation.diff == (FieldChange("sha256", sha("one"), sha("two")),)
    drifted = with_fields(state, "file/n/config", sha256=sha("theirs"))
    assert planned(declaration, drifted, inventory).operations[0].reason == "drift: the file changed on the platform"
    unknown = with_fields(state, "file/n/config", sha256=None)
    assert planned(declaration, unknown, inventory).operations == ()
    assert planned(declaration, unknown).limits == ("1 picture or file not comparable: no digest known",)


def test_what_was_created_goes_with_its_parts_under_prune() -> None:
    both = replace(cells(), networks=net({}, config="one").networks)
    state, inventory = apply(planned(both), State(), NOTHING)
    nothing_else = Declaration("root", picture_sets=both.picture_sets)
    kept = planned(nothing_else, state, inventory)
    assert kept.operations == ()
    assert set(kept.records) == set(inventory.records)
    pruned = planned(nothing_else, state, inventory, PRUNE)
    assert addresses(pruned) == [("network/n", "delete"), ("version/d@first", "delete"), ("dataset/d", "delete")]
    assert pruned.operations[1].impact == "also deletes 3 objects; 2 pictures stay in the lake"
    assert set(pruned.records) == {"pictures/s", "pictures/s/x"}


def test_what_was_adopted_is_forgotten_not_deleted() -> None:
    state, _ = apply(planned(net({})), State(), NOTHING)
    _, inventory = apply(planned(net({}), state), state, NOTHING)
    assert inventory.records["network/n"].created is False
    made = planned(cells(), state, inventory, PRUNE)
    assert not [o for o in made.operations if o.address == "network/n"]
    assert "network/n" not in made.records
    assert [n.kind for n in made.notices if n.address == "network/n"] == ["kept"]


def test_a_dataset_with_a_version_that_is_not_ours_stays() -> None:
    state, inventory = apply(planned(cells()), State(), NOTHING)
    state = replace(state, resources={**state.resources, "version/d@theirs": Resource()})
    made = planned(Declaration("root", picture_sets=cells().picture_sets), state, inventory, PRUNE)
    assert addresses(made) == [("version/d@first", "delete")]
    assert "it holds versions that stay" in made.notices[0].message


def test_what_somebody_else_deleted_is_forgotten() -> None:
    _, inventory = apply(planned(net({}, config="one")), State(), NOTHING)
    made = planned(cells(), State(), inventory, PRUNE)
    assert not [address for address in made.records if address.endswith("/n")]


def test_an_empty_declaration_is_refused() -> None:
    state, inventory = apply(planned(cells()), State(), NOTHING)
    made = planned(Declaration("root"), state, inventory)
    (refusal,) = made.refusals
    assert (refusal.rule, refusal.flag) == ("empty", "--allow empty:workspace/demo")
    assert made.outcome == "refused"
    lifted = replace(LAX, allowances=frozenset({"empty:workspace/demo"}))
    assert planned(Declaration("root"), state, inventory, lifted).refusals == ()
    assert planned(Declaration("root")).refusals == ()


def test_the_delete_budget_counts_what_goes_along() -> None:
    many = picture_set("s", [f"{number}.jpg" for number in range(20)])
    state, inventory = apply(planned(Declaration("root", picture_sets=(many,))), State(), NOTHING)
    budget = replace(PRUNE, delete_percent=10)
    two_gone = Declaration("root", picture_sets=(picture_set("s", many.pictures.names[2:]),))
    assert planned(two_gone, state, inventory, budget).refusals == ()
    three_gone = Declaration("root", picture_sets=(picture_set("s", many.pictures.names[3:]),))
    made = planned(three_gone, state, inventory, budget)
    (refusal,) = made.refusals
    assert refusal.flag == "--allow delete_percent:pictures/s"
    assert refusal.message == "deletes 3 pictures; the plan deletes 15.0 % of 20 pictures; the budget is 10 %"
    assert made.outcome == "refused"
    lifted = replace(budget, allowances=frozenset({"delete_percent:pictures/s"}))
    assert planned(three_gone, state, inventory, lifted).refusals == ()
    elsewhere = replace(budget, allowances=frozenset({"delete_percent:pictures/t"}))
    assert planned(three_gone, state, inventory, elsewhere).refusals != ()


def test_the_update_budget_begins_at_ten_things() -> None:
    def declared(count: int, x: float) -> Declaration:
        cars = source({"a.jpg": [box("car", x + 100 * number) for number in range(count)]})
        one = version("first", of_set("s"), cars)
        return Declaration("root", picture_sets=(picture_set("s", ["a.jpg"]),), datasets=(dataset("d", one),))

    budget = replace(LAX, update_percent=50)
    for count, refused in ((9, False), (10, True)):
        state, inventory = apply(planned(declared(count, 0)), State(), NOTHING)
        made = planned(declared(count, 2), state, inventory, budget)
        assert made.operations[0].members.counts["change"] == count
        assert [r.rule for r in made.refusals] == (["update_percent"] if refused else [])


def test_a_delete_that_takes_what_people_made_is_refused() -> None:
    state, inventory = apply(planned(cells()), State(), NOTHING)
    members = {**state.resources["annotations/d@first"].members, "a.jpg": (box("person"),)}
    state = replace(state, resources={**state.resources, "annotations/d@first": Resource(members=members)})
    nothing_else = Declaration("root", picture_sets=cells().picture_sets)
    made = planned(nothing_else, state, inventory, PRUNE)
    assert [(r.rule, r.address) for r in made.refusals] == [("foreign_content", "version/d@first")]
    lifted = replace(PRUNE, allowances=frozenset({"foreign_content:version/d@first"}))
    assert planned(nothing_else, state, inventory, lifted).refusals == ()


@pytest.mark.parametrize(
    ("target", "address", "expected"),
    [
        ("pictures/s", "pictures/s", True),
        ("pictures/s", "pictures/s/x", True),
        ("pictures/s", "pictures/st", False),
        ("query/q", "query/q/x", True),
        ("dataset/d", "version/d@first", True),
        ("dataset/d", "annotations/d@first", True),
        ("dataset/d", "version/de@first", False),
        ("version/d@first", "label/d@first/car/rectangle", True),
        ("version/d@first", "annotations/d@first", True),
        ("version/d@first", "annotations/d@first2", False),
        ("network/n", "file/n/config", True),
        ("network/n", "thumbnail/n", True),
        ("network/n", "file/nn/config", False),
    ],
)
def test_what_belongs_to_a_target(target: str, address: str, expected: bool) -> None:
    assert covers(target, address) is expected


def test_a_target_brings_what_it_depends_on_and_nothing_else() -> None:
    both = replace(cells(), networks=net({}).networks)
    made = planned(both, policy=replace(LAX, targets=("version/d@first",)))
    assert [address for address, _ in addresses(made)] == [
        "pictures/s",
        "dataset/d",
        "version/d@first",
        "label/d@first/car/rectangle",
        "label/d@first/roof/polygon",
        "annotations/d@first",
    ]
    assert "network/n" not in made.records


def test_a_target_deletes_nothing_outside() -> None:
    full = replace(cells(), networks=net({}).networks)
    state, inventory = apply(planned(full), State(), NOTHING)
    fewer = replace(cells(), picture_sets=(picture_set("s", ["a.jpg"]),))
    made = planned(fewer, state, inventory, replace(PRUNE, targets=("dataset/d",)))
    assert not [o for o in made.operations if o.address.startswith(("pictures/", "network/"))]
    assert made.records["pictures/s"].members.keys() == {"a.jpg", "b.jpg"}
    assert made.records["network/n"] == inventory.records["network/n"]


def test_a_target_that_names_nothing_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="names nothing"):
        planned(cells(), policy=replace(LAX, targets=("dataset/other",)))


def test_the_digest_binds_target_serial_allowances_and_operations() -> None:
    desired = resolve(cells(), State())
    made = plan(desired, State(), NOTHING, LAX, TARGET)
    others = [
        plan(desired, State(), NOTHING, LAX, Target("embedded", "other", "demo")),
        plan(desired, State(), Inventory("demo", 7), LAX, TARGET),
        plan(desired, State(), NOTHING, replace(LAX, allowances=frozenset({"empty:workspace/demo"})), TARGET),
        plan(resolve(cells(described="Other"), State()), State(), NOTHING, LAX, TARGET),
        replace(made, digest=plan_digest(replace(made, records={}))),
    ]
    assert len({made.digest, *(other.digest for other in others)}) == 6
    assert made.digest.startswith("sha256:")
    assert len(made.digest) == 71


def test_the_digest_binds_what_is_there() -> None:
    one = planned(cells(described="B"), *apply(planned(cells(described="A")), State(), NOTHING))
    state, inventory = apply(planned(cells(described="C")), State(), NOTHING)
    other = planned(cells(described="B"), state, inventory)
    assert addresses(one) == addresses(other)
    assert one.fingerprints != other.fingerprints


def test_through_fingerprints_the_digest_binds_what_no_operation_tells() -> None:
    """What `apply --expect DIGEST` rests on: somebody put a picture of their own into the version."""
    state, inventory = apply(planned(cells()), State(), NOTHING)
    more = replace(cells(), picture_sets=(picture_set("s", ["a.jpg", "b.jpg", "c.jpg"], ["x"]),))
    (address,) = (text for text in state.resources if text.startswith("version/"))
    there = state.resources[address]
    theirs = replace(there, members={**there.members, "theirs.jpg": None})
    moved = replace(state, resources={**state.resources, address: theirs})
    one, other = planned(more, state, inventory), planned(more, moved, inventory)
    assert [one.operations, one.records] == [other.operations, other.records]
    assert one.digest != other.digest
    assert replace(one, fingerprints={}).operations == other.operations
    assert plan_digest(replace(one, fingerprints={})) == plan_digest(replace(other, fingerprints={}))


def test_unchanged_counts_addresses() -> None:
    state, inventory = apply(planned(cells()), State(), NOTHING)
    made = planned(cells(described="Other"), state, inventory)
    assert made.summary == {"create": 0, "update": 1, "delete": 0, "unchanged": 6, "blocked": 0, "conflict": 0}


def test_records_that_do_not_change_are_the_very_same() -> None:
    state, inventory = apply(planned(cells()), State(), NOTHING)
    again = planned(cells(), state, inventory)
    assert all(again.records[address] is record for address, record in inventory.records.items())


def test_a_record_of_a_kept_tag_stays_until_it_is_pruned() -> None:
    inventory = Inventory("demo", 1, {"query/q/y": Record(members={"a.jpg": None, "gone.jpg": None})})
    state = State(Lake({"a.jpg": None}, {"y": frozenset({"a.jpg"})}))
    made = planned(cells(), state, inventory)
    assert made.records["query/q/y"].members == {"a.jpg": None}
