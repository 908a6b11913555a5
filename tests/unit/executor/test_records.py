"""What an operation leaves in the inventory, and who made what after a kill."""

from __future__ import annotations

from dataclasses import replace

from picsellia_apply.executor.leftover import Leftover, content_digest
from picsellia_apply.executor.records import _still_there, owned, partial
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.plan import Blocked, Operation, Plan, Target

PLANNED = Record(members={"a": ("1",), "b": ("2",), "c": ("3",)})


def plan(**records: Record) -> Plan:
    return Plan(
        Target("embedded", "acme", "demo"), records={name.replace("_", "/"): one for name, one in records.items()}
    )


def test_a_whole_success_leaves_the_planned_record() -> None:
    assert partial(PLANNED, None, frozenset()) is PLANNED


def test_a_member_that_is_not_as_planned_keeps_its_old_base_or_has_none() -> None:
    before = Record(members={"b": ("old",)})
    left = partial(PLANNED, before, frozenset({"b", "c"}))
    assert left == Record(members={"a": ("1",), "b": ("old",)})


def test_a_delete_that_did_not_finish_keeps_the_record() -> None:
    before = Record(members={"a": None})
    assert partial(None, before, frozenset({"a"})) is before
    assert partial(None, before, frozenset()) is None


def test_of_pictures_that_are_let_go_those_are_kept_that_could_not_be_deleted() -> None:
    before = Record(members={"a": "1", "b": "2", "c": "3"}, fields={"adopted": ["a", "c"]})
    assert partial(None, before, frozenset("bc")) == Record(members={"b": "2", "c": "3"}, fields={"adopted": ["c"]})


def test_an_adopted_thing_is_ours_when_the_journal_says_we_made_it() -> None:
    adopted = Record(created=False, members={"a": None})
    leftovers = {"network/n": Leftover(content=frozenset({content_digest(adopted)}))}
    assert owned(plan(network_n=adopted), leftovers)["network/n"].created
    assert owned(plan(network_n=adopted), {"network/n": Leftover(created=True)})["network/n"].created


def test_an_adopted_thing_of_another_content_stays_adopted() -> None:
    adopted = Record(created=False, members={"a": None})
    leftovers = {"network/n": Leftover(content=frozenset({"0" * 64}))}
    assert not owned(plan(network_n=adopted), leftovers)["network/n"].created
    assert not owned(plan(network_n=adopted), {})["network/n"].created


def test_members_that_a_killed_apply_was_adding_are_not_adopted() -> None:
    there = Record(fields={"adopted": ["a", "b", "c"]}, members=dict.fromkeys("abcd", "0" * 64))
    blocked = (Blocked("pictures/s", "content differs", "1 picture", ("b",)),)
    made = replace(plan(pictures_s=there), blocked=blocked)
    mine = owned(made, {"pictures/s": Leftover(members=frozenset("ab"))})
    assert mine["pictures/s"].fields == {"adopted": ["b", "c"]}
    assert owned(made, {"pictures/s": Leftover(members=frozenset("abc"))})["pictures/s"].fields["adopted"] == ["b"]


def test_what_a_version_was_to_inherit_survives_a_kill() -> None:
    there = Record(created=False, fields={"adopted": ["a", "b"]}, members={"a": None, "b": None})
    leftover = Leftover(
        content=frozenset({content_digest(there)}),
        members=frozenset("ab"),
        fields={"inherited": ["a"], "adopted": ["z"]},
    )
    made = replace(plan(), records={"version/d@v": there})
    assert owned(made, {"version/d@v": leftover})["version/d@v"] == Record(
        fields={"inherited": ["a"]}, members=there.members
    )


def test_an_adopted_member_that_was_not_written_stays_adopted() -> None:
    before = Record(fields={"adopted": ["b"]}, members={"b": ("old",)})
    left = partial(PLANNED, before, frozenset({"b"}))
    assert left is not None
    assert (left.fields, sorted(left.members)) == ({"adopted": ["b"]}, ["a", "b", "c"])
    assert partial(PLANNED, before, frozenset({"c"})) == Record(members={"a": ("1",), "b": ("2",)})


def test_a_version_that_took_over_pictures_is_ours_with_them_although_the_next_plan_does_not_count_them() -> None:
    planned = Record(fields={"inherited": ["a"]}, members={"a": None, "b": None})
    there = Record(created=False, fields={"adopted": ["b"]}, members={"b": None})
    leftover = Leftover(content=frozenset({content_digest(planned)}), members=frozenset("ab"), fields=planned.fields)
    made = replace(plan(), records={"version/d@v": there})
    assert owned(made, {"version/d@v": leftover}) == {"version/d@v": planned}
    theirs = replace(there, members={"b": None, "c": None})
    assert not owned(replace(made, records={"version/d@v": theirs}), {"version/d@v": leftover})["version/d@v"].created


def test_what_was_known_of_a_version_goes_with_the_first_write_when_it_is_made_anew() -> None:
    """Somebody deleted it: what its label's record says must not outlive it, or a killed apply is never finished."""
    addresses = ("version/d@v", "label/d@v/car/rectangle", "annotations/d@v", "version/d@w", "pictures/s", "dataset/d")
    records = dict.fromkeys(addresses, Record())
    made = replace(plan(), operations=(Operation("version/d@v", "create", "drift: deleted on the platform"),))
    assert _still_there(records, made).keys() == {"version/d@w", "pictures/s", "dataset/d"}
    grown = replace(plan(), operations=(Operation("version/d@v", "update", "1 new match"),))
    assert _still_there(records, grown) == records


def test_what_the_inventory_calls_adopted_stays_so_whatever_the_journal_says() -> None:
    adopted = Record(created=False, members={"a": None})
    leftovers = {"network/n": Leftover(created=True, content=frozenset({content_digest(adopted)}))}
    assert not owned(plan(network_n=adopted), leftovers, {"network/n": adopted})["network/n"].created
    texts = Record(created=False, members={"a": ("1",)})
    made = replace(plan(), records={"annotations/d@v": texts})
    version = {"version/d@v": Leftover(created=True, fields={"inherited": ["a"]})}
    assert owned(made, version)["annotations/d@v"].created
    assert not owned(made, version, {"annotations/d@v": texts})["annotations/d@v"].created


def test_an_adopted_thing_that_is_made_anew_is_adopted_no_more() -> None:
    """Somebody deleted it: its record goes with the first write, so that a killed apply is found to have made it."""
    records = {"network/n": Record(created=False), "network/m": Record(), "dataset/d": Record(created=False)}
    made = replace(plan(), operations=(Operation("network/n", "create", "drift"), Operation("network/m", "create", "")))
    assert _still_there(records, made).keys() == {"network/m", "dataset/d"}


def test_a_network_of_ours_that_is_made_anew_stays_ours_without_its_properties() -> None:
    """It is made, then given its properties: killed in between, a person was said to have emptied it."""
    there = Record(fields={"type": "detection", "base_parameters": {"batch": 4}}, protected=True)
    made = replace(plan(), operations=(Operation("network/m", "create", "drift: deleted on the platform"),))
    assert _still_there({"network/m": there}, made) == {"network/m": replace(there, fields={})}
