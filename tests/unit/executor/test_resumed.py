"""What a killed apply of ours made is not called adopted by the plan after it."""

from __future__ import annotations

import pytest

from picsellia_apply.executor.leftover import Leftover, content_digest
from picsellia_apply.executor.resumed import resumed
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.plan import Blocked, Notice, Plan, Target

NAMES = ("a.jpg", "b.jpg", "c.jpg")
PICTURES = Notice("adopt", "pictures/s", "3 pictures already in the lake", NAMES)
NETWORK = Notice("adopt", "network/n", "the network is already there")
DRIFT = Notice("drift", "pictures/s", "1 picture deleted", ("d.jpg",))
ADOPTED = Record(created=False, fields={"type": "x"})
PLAN = Plan(
    Target("embedded", "acme", "demo"),
    notices=(NETWORK, PICTURES, DRIFT),
    records={"network/n": ADOPTED},
    digest="sha256:1",
)


def test_without_a_journal_nothing_changes() -> None:
    assert resumed(PLAN, {}) is PLAN
    assert resumed(PLAN, {"version/d@v": Leftover(members=frozenset(NAMES))}) == PLAN


def test_pictures_that_an_apply_was_sending_are_ours() -> None:
    plan = resumed(PLAN, {"pictures/s": Leftover(members=frozenset({"a.jpg", "b.jpg", "z.jpg"}))})
    assert plan.notices == (
        NETWORK,
        Notice("adopt", "pictures/s", "1 picture already in the lake", ("c.jpg",)),
        Notice("resumed", "pictures/s", "2 pictures there already, from an apply that did not finish", NAMES[:2]),
        DRIFT,
    )
    assert plan.digest == PLAN.digest
    everything = resumed(PLAN, {"pictures/s": Leftover(members=frozenset(NAMES))})
    assert [one.kind for one in everything.notices] == ["adopt", "resumed", "drift"]


def test_pictures_with_other_bytes_are_not_ours() -> None:
    blocked = (Blocked("pictures/s", "content differs", "1 picture", ("a.jpg",)),)
    plan = Plan(PLAN.target, notices=(PICTURES,), blocked=blocked)
    first, second = resumed(plan, {"pictures/s": Leftover(members=frozenset({"a.jpg", "b.jpg"}))}).notices
    assert (first.kind, first.names) == ("adopt", ("a.jpg", "c.jpg"))
    assert (second.kind, second.names) == ("resumed", ("b.jpg",))


@pytest.mark.parametrize(
    ("leftover", "kind"),
    [
        (Leftover(created=True), "resumed"),
        (Leftover(content=frozenset({content_digest(ADOPTED)})), "resumed"),
        (Leftover(content=frozenset({"0" * 64})), "adopt"),
    ],
)
def test_a_thing_that_an_apply_made_is_ours(leftover: Leftover, kind: str) -> None:
    assert resumed(PLAN, {"network/n": leftover}).notices[0].kind == kind
