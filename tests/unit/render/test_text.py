"""Plans and results as a terminal shows them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.model.plan import Blocked, FieldChange, Members, Notice, Operation, Plan, Refusal, Target
from picsellia_apply.model.result import OperationResult, Result
from picsellia_apply.render.lines import listed, plain, sampled, value_text
from picsellia_apply.render.text import render_plan_text, render_result_text
from picsellia_apply.source import Place, Position

EMPTY = Plan(Target("embedded", "acme", "demo"), digest="sha256:" + "9f2c41" * 11)


def shown(plan: Plan, *, width: int = 120, color: bool = False) -> list[str]:
    return render_plan_text(plan, heading="heading", width=width, color=color).splitlines()


def test_an_empty_plan_says_so() -> None:
    assert shown(EMPTY) == ["heading", "No changes. The platform matches the manifests."]


def test_the_next_command_stands_under_changes_only() -> None:
    def last(plan: Plan) -> str:
        return render_plan_text(plan, heading="h", next_command="picsellia-apply apply p.json").splitlines()[-1]

    assert (
        last(replace(EMPTY, operations=(Operation("dataset/d", "create", "new"),)))
        == "Next: picsellia-apply apply p.json"
    )
    assert last(EMPTY).startswith("No changes")
    assert last(replace(EMPTY, blocked=(Blocked("pictures/s", "content differs", "m"),))).startswith("Plan: ")


def test_columns_are_aligned() -> None:
    operations = (
        Operation("dataset/d", "create", "new", (FieldChange("private", None, True),)),
        Operation("network/a-long-name", "update", "x", (FieldChange("description", "a", "b"),)),
    )
    lines = shown(replace(EMPTY, operations=operations))
    assert lines[1:3] == [
        "  + dataset  dataset/d            private",
        '  ~ update   network/a-long-name  description "a" -> "b"',
    ]
    assert lines[3] == "Plan: 1 create, 1 update, 0 delete, 0 unchanged · digest sha256:9f2c419f2c41..."


def test_colour_changes_nothing_but_colour() -> None:
    plan = replace(
        EMPTY,
        operations=(Operation("dataset/d", "create", "new"), Operation("network/n", "delete", "no longer declared")),
        notices=(Notice("drift", "version/d@v", "one", ("a.jpg",)),),
        refusals=(Refusal("empty", "workspace/demo", "m", "--allow empty:workspace/demo"),),
    )
    colored = "\n".join(shown(plan, color=True))
    assert "\x1b[32m" in colored
    assert "\x1b[31m" in colored
    assert re.sub(r"\x1b\[\d+m", "", colored).splitlines() == shown(plan)
    assert "\x1b" not in "\n".join(shown(plan))


def test_blocked_names_are_listed_up_to_a_limit() -> None:
    names = tuple(f"{number:03}.jpg" for number in range(53))
    lines = shown(
        replace(EMPTY, blocked=(Blocked("pictures/s", "content differs", "53 pictures", names, "a new name"),))
    )
    assert lines[1] == "  x blocked  pictures/s  53 pictures [content differs]"
    assert lines[2] == "      000.jpg"
    assert lines[51:54] == ["      049.jpg", "      and 3 more", "      hint: a new name"]
    assert listed(("a", "b"), 2) == ("a", "b")


def test_labels_of_one_version_are_told_on_one_line() -> None:
    labels = tuple(Operation(f"label/d@v/{name}/rectangle", "create", "new") for name in ("RBC", "WBC"))
    other = Operation("label/d@w/RBC/rectangle", "create", "new")
    lines = shown(replace(EMPTY, operations=(*labels, other)))
    assert lines[1] == "  + labels  label/d@v/*  2 labels   (RBC, WBC)"
    assert lines[2] == "  + label   label/d@w/RBC/rectangle"
    assert lines[3].startswith("Plan: 3 create")


def test_samples_are_cut_to_the_terminal() -> None:
    members = Members(add=dict.fromkeys(["a.jpg", "b.jpg", "c.jpg", "d.jpg"]), counts={"add": 4})
    plan = replace(EMPTY, operations=(Operation("version/d@v", "create", "new", (), members, "4 pictures"),))
    assert shown(plan)[1].endswith("4 pictures   (a.jpg, b.jpg, c.jpg, ...)")
    assert shown(plan, width=95)[1].endswith("4 pictures   (a.jpg, b.jpg, ...)")
    assert shown(plan, width=60)[1].endswith("4 pictures")
    assert sampled(["a"], 1, 100) == "   (a)"


def test_findings_are_gathered_by_code() -> None:
    findings = tuple(Diagnostic("Q003", Severity.warning, "no area", Position("a.xml", row, 5)) for row in range(1, 6))
    other = Diagnostic("L008", Severity.info, "left out", Place("m.yaml"), count=12)
    lines = shown(replace(EMPTY, findings=(*findings, other, Diagnostic("L003", Severity.warning, "empty"))))
    assert lines[1:7] == [
        "  ! finding  empty [L003]",
        "  · note     left out (12 times)   m.yaml [L008]",
        "  ! finding  no area   a.xml:1:5 [Q003]",
        "  ! finding  no area   a.xml:2:5 [Q003]",
        "  ! finding  no area   a.xml:3:5 [Q003]",
        "  ! finding  and 2 more like these [Q003]",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain.jpg", "plain.jpg"),
        ("Zoé 图片.jpg", "Zoé 图片.jpg"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\nb\r", "a\\x0ab\\x0d"),
        ("right\u202eleft", "right\\u202eleft"),
        ("\U000e0041", "\\U000e0041"),
        ("\x9b1m", "\\x9b1m"),
    ],
)
def test_texts_of_others_are_shown_not_obeyed(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_values_are_short_json() -> None:
    assert [value_text(value) for value in (None, "a", 8, {"b": [1]})] == ["nothing", '"a"', "8", '{"b":[1]}']
    assert value_text("x" * 100) == '"' + "x" * 56 + "..."


def test_a_complete_result_counts() -> None:
    operations = (
        OperationResult("pictures/s", "create", "done", done=3, bytes_sent=1_500_000),
        OperationResult("dataset/d", "create", "already"),
    )
    text = render_result_text(Result(operations, 1.25, 4))
    assert text == "Applied: 1 done, 1 already · 1.5 MB sent · 4 requests, 1.2 s"
    assert render_result_text(Result()) == "Applied: nothing to do · 0 requests, 0.0 s"


def test_an_incomplete_result_names_addresses_reasons_and_the_way_on() -> None:
    operations = (
        OperationResult(
            "pictures/s", "create", "failed", "2 of its members failed", {"b.jpg": "gone", "a.jpg": "\x1b"}
        ),
        OperationResult("version/d@v", "create", "skipped", "`pictures/s` was not done"),
        OperationResult("network/n", "create", "interrupted"),
        *(OperationResult(f"dataset/{number}", "update", "done") for number in range(10)),
    )
    assert render_result_text(Result(operations, 0.5, 1)).splitlines() == [
        "  x failed       pictures/s   2 of its members failed",
        "      a.jpg: \\x1b",
        "      b.jpg: gone",
        "  - skipped      version/d@v  `pictures/s` was not done",
        "  - interrupted  network/n    it was stopped",
        "Partly applied: 10 done, 1 failed, 1 skipped, 1 interrupted · 1 request, 0.5 s",
        "Run the same command again to finish the rest; what was done is not done again.",
    ]
