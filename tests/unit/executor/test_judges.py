"""A saved plan is applied with the policies that judged it, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from picsellia_apply.errors import StalePlan
from picsellia_apply.executor.judges import check_policies
from picsellia_apply.model.plan import Plan, Target
from picsellia_apply.model.policy import PolicyChecks, Program, policy_digests
from picsellia_apply.planner.digest import plan_digest
from picsellia_apply.source import Place

ONE = PolicyChecks("gate", Place("/here/pol.yaml", 3), max_delete={"pictures": 3}, program=Program(("./x",), "/here"))
TWO = PolicyChecks("other", Place("/here/pol.yaml", 4), required_labels=("car",))
SAVED = Plan(Target("embedded", "acme", "demo"), policies=policy_digests([ONE, TWO]))


def test_the_same_policies_in_another_folder_are_the_same() -> None:
    elsewhere = replace(ONE, place=Place("/there/p.yaml", 0), program=Program(("./x",), "/there"))
    check_policies(SAVED, [TWO, elsewhere])


def test_one_that_was_added_judges_besides() -> None:
    check_policies(SAVED, [ONE, TWO, replace(TWO, name="new")])


@pytest.mark.parametrize(
    ("declared", "names"),
    [
        ([TWO], ["gate"]),
        ([], ["gate", "other"]),
        ([replace(ONE, max_delete={"pictures": 4}), TWO], ["gate"]),
        ([replace(ONE, program=Program(("./x", "-q"), "/here")), TWO], ["gate"]),
        ([ONE, replace(TWO, ignored_findings=frozenset({"Q001"}))], ["other"]),
    ],
)
def test_one_that_is_missing_or_changed_is_named(declared: list[PolicyChecks], names: list[str]) -> None:
    with pytest.raises(StalePlan, match="judged by other policies") as caught:
        check_policies(SAVED, declared)
    assert [one.address for one in caught.value.reasons] == [f"policy/{name}" for name in names]
    assert all(f"`{name}`" in str(caught.value) for name in names)


def test_the_bytes_of_its_program_count_and_are_named() -> None:
    gate = replace(ONE, program=Program(("./x", "rules"), "/here", files=(("./x", "0" * 64), ("rules", "1" * 64))))
    saved = replace(SAVED, policies=policy_digests([gate]))
    check_policies(saved, [gate])
    other = Program(("./x", "rules"), "/here", files=(("./x", "0" * 64), ("rules", "2" * 64)))
    with pytest.raises(StalePlan, match="policy `gate` changed") as caught:
        check_policies(saved, [replace(gate, program=other), replace(TWO, program=other)])
    assert caught.value.hint.endswith("review that; the bytes of `./x`, `rules` count")


def test_they_stand_under_the_digest_of_the_plan() -> None:
    assert plan_digest(SAVED) != plan_digest(replace(SAVED, policies={}))
