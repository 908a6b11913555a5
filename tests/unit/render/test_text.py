"""Plans and results as a terminal shows them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.model.plan import Blocked, FieldChange, Members, Notice, Operation, Plan, Refusal, Target
from picsellia_apply.model.result import OperationResult, Result
from picsellia_apply.render.lines import listed, plain, sampled
from picsellia_apply.render.text import Look, render_plan_text, render_result_text
from picsellia_apply.render.values import change_text, cut, value_text
from picsellia_apply.source import Place, Position

EMPTY = Plan(Target("embedded", "acme", "demo"), digest="sha256:" + "9f2c41" * 11)


def shown(plan: Plan, *, width: int = 120, color: bool = False) -> list[str]:
    return render_plan_text(plan, heading="heading", look=Look(width=width, color=color)).splitlines()


def test_an_empty_plan_says_so() -> None:
    assert shown(EMPTY) == ["heading", "No changes. The platform matches the manifests."]


def test_the_next_command_stands_under_changes_only() -> None:
    def last(plan: Plan) -> str:
        return render_plan_text(plan, heading="h", look=Look(next_command="picsellia-apply apply p.json")).splitlines()[
            -1
        ]

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


def test_labels_of_one_name_are_told_apart_by_their_type() -> None:
    keys = ("bus/rectangle", "car/polygon", "car/rectangle")
    labels = tuple(Operation(f"label/d@v/{key}", "create", "new") for key in keys)
    lines = shown(replace(EMPTY, operations=labels))
    assert lines[1] == "  + labels  label/d@v/*  3 labels   (bus, car polygon, car rectangle)"


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
    assert shown(plan, width=60)[1].endswith("4 pictures   (a.jpg, b.jpg, ...)")
    assert shown(plan, width=54)[1].endswith("4 pictures   (a.jpg, ...)")
    assert shown(plan, width=45)[1].endswith("4 pictures")
    assert all(len(shown(plan, width=width)[1]) <= width for width in range(40, 120))
    assert sampled(["a"], 1, 100) == "   (a)"


def test_findings_are_gathered_by_code() -> None:
    findings = tuple(Diagnostic("Q003", Severity.warning, "no area", Position("a.xml", row, 5)) for row in range(1, 6))
    other = Diagnostic("L008", Severity.info, "left out", Place("m.yaml"), count=12)
    empty = Diagnostic("L003", Severity.warning, "empty", hint="mend it")
    plan = replace(EMPTY, findings=(*findings, other, empty))
    lines = render_plan_text(plan, heading="heading", look=Look(notes=True)).splitlines()
    assert lines[1:8] == [
        "  ! finding  empty [L003]",
        "      hint: mend it",
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
    assert value_text("# Title\n\ntext\n") == '"# Title" (+2 lines)'
    assert value_text("one\ntwo", 15) == '"one" (+1 line)'
    assert cut("abcdefgh", 7) == "abcd..."


@pytest.mark.parametrize(
    ("before", "after", "room", "expected"),
    [
        ("Draft", "Cells", 60, '"Draft" -> "Cells"'),
        (None, 8, 60, "nothing -> 8"),
        ("a", "a\n", 60, '"a" -> "a\\n"'),
        ("t\none\nx", "t\ntwo\nx\ny", 60, 'line 2 "one" -> "two" (3 -> 4 lines)'),
        ("t\nx", "t\nx\n\n", 60, 'line 3 nothing -> "" (2 -> 3 lines)'),
        ("t\nx", "t\r\nx\n", 60, "only line ends differ"),
        ("x" * 50 + "a", "x" * 50 + "b", 44, '...xxxxxxxxxxa" -> ...xxxxxxxxxxb"'),
    ],
)
def test_a_change_shows_what_differs(before: object, after: object, room: int, expected: str) -> None:
    assert change_text(before, after, room) == expected


def test_fields_stand_on_the_line_where_there_is_room_else_below() -> None:
    long = "word " * 40
    short = Operation(
        "network/n", "create", "new", (FieldChange("type", None, "t"), FieldChange("private", None, True))
    )
    diff = (FieldChange("readme_text", None, "# Net\na\nb"), FieldChange("description", None, long))
    lines = shown(replace(EMPTY, operations=(short, replace(short, diff=diff))), width=80)
    assert lines[1:3] == ['  + network  network/n  type "t", private', "  + network  network/n  2 fields"]
    assert lines[3] == '      readme_text "# Net" (+2 lines)'
    assert lines[4].startswith('      description "word word')
    assert len(lines[4]) == 80


def test_a_change_that_is_too_long_for_its_line_stands_below() -> None:
    change = FieldChange("description", "a" * 40, "b" * 40)
    lines = shown(replace(EMPTY, operations=(Operation("network/n", "update", "x", (change,)),)), width=90)
    assert lines[1] == "  ~ update  network/n  1 field"
    assert lines[2].startswith('      description "aaaa')
    assert '... -> "bbbb' in lines[2]
    assert len(lines[2]) <= 90


def test_a_hint_that_several_findings_share_is_said_once() -> None:
    hints = ("one", "one", "other")
    findings = tuple(Diagnostic("L005", Severity.warning, "no picture", hint=hint) for hint in hints)
    said = [line.strip() for line in shown(replace(EMPTY, findings=findings))[1:-1]]
    finding = "! finding  no picture [L005]"
    assert said == [finding, finding, "hint: one", finding, "hint: other"]


def test_notes_are_counted_unless_they_are_asked_for() -> None:
    notes = tuple(Diagnostic(f"A00{number}", Severity.info, "said") for number in range(2))
    plan = replace(EMPTY, findings=notes)
    assert shown(plan)[1] == "  · 2 notes about the input: -v lists them"
    assert shown(replace(plan, findings=notes[:1]))[1] == "  · 1 note about the input: -v lists it"
    assert render_plan_text(plan, heading="h", look=Look(notes=True)).count("said") == 2


def test_what_goes_is_always_named() -> None:
    names = tuple(f"{letter * 20}.jpg" for letter in "abcd")
    gone = Operation("pictures/s", "delete", "no longer declared", (), Members(remove=names), "4 pictures; also ...")
    both = Operation("version/d@v", "update", "x", (), Members({"e.jpg": None}, names[:1]), "+1, -1 picture")
    lines = shown(replace(EMPTY, operations=(gone, both)), width=70)
    assert lines[2] == f"      ({names[0]}, {names[1]}, ...)"
    assert lines[3] == "  ~ update  version/d@v  +1, -1 picture   (e.jpg)"
    assert lines[4] == f"      takes out 1 picture   ({names[0]})"


def test_signs_say_what_comes_and_what_goes() -> None:
    comes, goes = Members({"a": None}, counts={"add": 1}), Members(remove=("a",), counts={"remove": 1})
    operations = (
        Operation("annotations/d@v", "update", "x", (), Members(counts={"add": 8}), "8 boxes in 2 pictures"),
        Operation("annotations/d@v", "create", "x", (), Members(counts={"add": 8}), "8 boxes in 2 pictures"),
        Operation("query/q/t", "update", "x", (), goes, "1 picture"),
        Operation("pictures/s", "create", "x", (), comes, "1 picture, 1 B"),
        Operation("file/n/k", "update", "x", (), comes, "1.2 MB"),
    )
    told = [line.split("  ")[-1].split("   ")[0].strip() for line in shown(replace(EMPTY, operations=operations))[1:6]]
    assert [text.partition(" (")[0] for text in told] == [
        "+8 boxes in 2 pictures",
        "8 boxes in 2 pictures",
        "(a)",
        "(a)",
        "1.2 MB",
    ]


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
        "  - interrupted  network/n    not begun",
        "Partly applied: 10 done, 1 failed, 1 skipped, 1 interrupted · 1 request, 0.5 s",
        "Run the same command again to finish the rest; what was done is not done again.",
    ]
