"""Findings about data: in full while the data change, as a number where they are left as they are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.model.plan import Members, ObjectChange, Operation, Plan, Refusal, Target
from picsellia_apply.render.findings import known_findings
from picsellia_apply.render.text import Look, plan_rows
from picsellia_apply.source import Place, Position
from tests.worlds import box

EMPTY = Plan(Target("embedded", "acme", "demo"), digest="sha256:" + "9f2c41" * 11)
TWO = "2 boxes without area: `cell-1.xml object 13`, `cell-2.xml object 4`"
AREA = Diagnostic("Q003", Severity.warning, TWO, Position("Annotations/cell-1.xml", 7, 4), "mend it", 2)
MANY = replace(AREA, message=f"{TWO}, and 1,128 more", count=1_130)
COCO = replace(AREA, message="a box without area", position=Position("coco.json", 1, 90))
TWICE = Diagnostic("P008", Severity.warning, "two names for the same bytes: `cell-1.jpg`, `b.jpg`", Place("m.yaml"))
NOTE = Diagnostic("A040", Severity.info, "corners are read as one-based", Position("Annotations"))
SELECTS = Diagnostic("L003", Severity.warning, "TagQuery `half` selects no picture", Place("m.yaml"))


def annotates(*names: str) -> Operation:
    objects = {name: ObjectChange(None, (box("A"),)) for name in names}
    return Operation("annotations/d@v", "update", "edited", (), Members(objects=objects), "m")


def uploads(*names: str) -> Operation:
    return Operation("pictures/s", "update", "edited", (), Members(add=dict.fromkeys(names)), "m")


TAGS = Operation("pictures/s/tag", "update", "edited", (), Members(add={"cell-1.jpg": None}), "m")


@pytest.mark.parametrize(
    ("operations", "known"),
    [
        ((), (AREA, MANY, COCO, TWICE)),
        ((TAGS, Operation("network/n", "update", "edited")), (AREA, MANY, COCO, TWICE)),  # no data change
        ((annotates("other.jpg"),), (AREA,)),  # of the others it cannot be told which pictures they are about
        ((annotates("cell-2.jpg"),), ()),
        ((uploads("cell-1.jpg"),), ()),
        ((uploads("new.jpg"),), (AREA,)),
    ],
)
def test_what_the_plan_does_not_change_is_known(
    operations: tuple[Operation, ...], known: tuple[Diagnostic, ...]
) -> None:
    plan = replace(EMPTY, operations=operations, findings=(AREA, MANY, COCO, TWICE, NOTE, SELECTS))
    assert known_findings(plan) == known


def test_where_a_policy_refuses_every_finding_may_be_why() -> None:
    refused = replace(EMPTY, findings=(AREA,), refusals=(Refusal("policy", "policy/p", "1 finding above `note`", ""),))
    assert known_findings(refused) == ()
    guarded = replace(refused, refusals=(Refusal("empty", "workspace/w", "m", "--allow empty:workspace/w"),))
    assert known_findings(guarded) == (AREA,)


def rows(plan: Plan, *, notes: bool = False) -> list[str]:
    return list(plan_rows(plan, heading="h", look=Look(notes=notes)))


def test_they_are_one_line_and_listed_when_asked_for() -> None:
    plan = replace(EMPTY, findings=(AREA, COCO, NOTE, SELECTS))
    assert rows(plan) == [
        "h",
        "  ! finding  TagQuery `half` selects no picture   m.yaml [L003]",
        "  · 2 findings about data that does not change, 1 note about the input: -v lists them",
        "No changes. The platform matches the manifests.",
    ]
    assert "  · 1 finding about data that does not change: -v lists it" in rows(replace(EMPTY, findings=(AREA,)))
    assert "  · 1 note about the input: -v lists it" in rows(replace(EMPTY, findings=(NOTE,)))
    told = "\n".join(rows(plan, notes=True))
    assert TWO in told
    assert "-v lists" not in told
    changed = rows(replace(plan, operations=(annotates("cell-1.jpg"),)))
    assert any(TWO in row for row in changed)
