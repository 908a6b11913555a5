"""What a plan's screen says at its end: one line that lifts all that may be lifted, and what to do next."""

from __future__ import annotations

from dataclasses import replace

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.model.plan import Operation, Plan, Refusal, Target
from picsellia_apply.render.text import Look, plan_rows

CHANGES = Plan(
    Target("embedded", "acme", "demo"),
    operations=(Operation("network/n", "create", "new"),),
    digest="sha256:" + "9f2c41" * 11,
)
DELETE = Refusal("delete_percent", "dataset/A B", "deletes 1 address", "--allow delete_percent:dataset/A B")
OWNED = Refusal("foreign_owner", "network/n", "it belongs to `w`", "--takeover network/n")
POLICY = Refusal("policy", "policy/p", "no", "")
NEXT = "picsellia-apply apply manifests"


def rows(plan: Plan) -> list[str]:
    look = Look(next_command=NEXT, lift_command="picsellia-apply plan manifests")
    return list(plan_rows(plan, heading="h", look=look))


def test_several_refusals_are_lifted_by_one_line() -> None:
    told = rows(replace(CHANGES, refusals=(DELETE, OWNED, OWNED)))
    flags = "--allow 'delete_percent:dataset/A B' --takeover network/n"
    assert told[-1] == f"To allow all 2: picsellia-apply plan manifests {flags}"
    assert "      to allow just this: --allow 'delete_percent:dataset/A B'" in told
    assert "      to allow just this: --takeover network/n" in told


def test_one_refusal_has_its_flag_beside_it() -> None:
    assert rows(replace(CHANGES, refusals=(DELETE,)))[-1].startswith("Plan: ")


def test_no_flag_lifts_a_policy_beside_others() -> None:
    told = rows(replace(CHANGES, refusals=(DELETE, OWNED, POLICY)))
    assert told[-1] == "No flags allow all of this: a policy refuses too, and is changed only where it is declared."
    assert not any(row.startswith("To allow all") for row in told)
    alone = rows(replace(CHANGES, refusals=(POLICY, POLICY)))
    assert "      no flag lifts a policy: it is changed where it is declared" in alone
    assert alone[-1].startswith("Plan: ")


def test_pictures_that_are_not_here_are_what_to_do_next() -> None:
    message = "2 pictures to upload are not on this machine: `a.png`, `b\x1b.png`"
    absent = Diagnostic("P035", Severity.warning, message, None, "apply where the pictures are", 2)
    one = replace(absent, message="1 picture to upload is not on this machine: `c.png`", count=1)
    assert rows(CHANGES)[-1] == f"Next: {NEXT}"
    first, second = rows(replace(CHANGES, findings=(absent, one)))[-2:]
    assert first.startswith("Next: fetch 3 pictures to this machine (`a.png`, `b\\x1b.png`; `c.png`), or apply where")
    assert second == f"      then {NEXT}"
