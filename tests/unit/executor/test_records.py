"""What an operation leaves in the inventory, and who made what after a kill."""

from __future__ import annotations

from dataclasses import replace

from picsellia_apply.executor.journal import Leftover, content_digest
from picsellia_apply.executor.records import owned, partial
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.plan import Blocked, Conflict, Plan, Target

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
    assert owned(plan(version_d=there), {"version/d": leftover})["version/d"] == Record(
        fields={"inherited": ["a"]}, members=there.members
    )


def test_a_field_in_conflict_was_not_applied_and_keeps_its_base() -> None:
    planned = Record(fields={"description": "ours", "type": "detection"})
    conflict = Conflict("network/n", "description", base="base", desired="ours", observed="theirs")
    made = replace(plan(network_n=planned), conflicts=(conflict,))
    assert owned(made, {})["network/n"].fields == {"description": "base", "type": "detection"}


def test_an_adopted_member_that_was_not_written_stays_adopted() -> None:
    before = Record(fields={"adopted": ["b"]}, members={"b": ("old",)})
    left = partial(PLANNED, before, frozenset({"b"}))
    assert left is not None
    assert (left.fields, sorted(left.members)) == ({"adopted": ["b"]}, ["a", "b", "c"])
    assert partial(PLANNED, before, frozenset({"c"})) == Record(members={"a": ("1",), "b": ("2",)})
