"""A plan as a comment: it keeps within its size, loses nothing that matters, and nothing in it breaks out."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.model.address import Address
from picsellia_apply.model.plan import (
    Blocked,
    Bytes,
    Conflict,
    FieldChange,
    Members,
    Notice,
    Operation,
    Plan,
    Refusal,
    Target,
)
from picsellia_apply.planner.digest import sealed
from picsellia_apply.render.pull_request import (
    LEAST_BYTES,
    marker,
    render_failure_markdown,
    render_plan_markdown,
)
from picsellia_apply.render.text import summary_text
from picsellia_apply.source import Position

TARGET = Target("https://platform.example/sdk/v2/", "acme", "demo")


def upload(name: str) -> Operation:
    members = Members(add={f"{name}.jpg": Bytes("r", "0", 10)}, counts={"add": 1, "remove": 0, "change": 0})
    return Operation(str(Address("pictures", name)), "create", "new", members=members, impact="1 picture, 10 B")


def delete(name: str) -> Operation:
    return Operation(str(Address("network", name)), "delete", "no longer declared", impact="the network")


def take_out(version: str) -> Operation:
    members = Members(remove=("x.jpg",), counts={"add": 0, "remove": 1, "change": 0})
    return Operation(str(Address("version", "D", version)), "update", "no longer matches", members=members)


def finding(row: int, severity: Severity = Severity.warning) -> Diagnostic:
    return Diagnostic(f"Q{row:03}", severity, f"finding {row}", Position("a.xml", row, 1), "mend it")


def large(*, deletes: int = 3, others: int = 300, findings: int = 100) -> Plan:
    return sealed(
        Plan(
            TARGET,
            operations=(
                *(upload(f"set-{row}") for row in range(others)),
                take_out("first"),
                *(delete(f"gone-{row}") for row in range(deletes)),
            ),
            notices=tuple(Notice("drift", f"dataset/D{row}", "edited") for row in range(50)),
            blocked=(Blocked("pictures/s", "content differs", "2 pictures", ("a.jpg", "b.jpg"), "a new name"),),
            conflicts=(Conflict("dataset/D", "description", "was", "ours", "theirs"),),
            refusals=(
                Refusal("delete_percent", "network/gone-0", "deletes 1 address", "--allow delete_percent:network/n"),
                Refusal("policy", "policy/p", "`./check.sh` refuses (exit code 1)\ntoo few\nby far", ""),
            ),
            findings=tuple(finding(row) for row in range(1, findings)),
        )
    )


def test_everything_is_there_when_there_is_room() -> None:
    text = render_plan_markdown(large())
    for row in range(300):
        assert f"`pictures/set-{row}`" in text
    for row in range(1, 100):
        assert f"finding {row} " in text
    assert "left out" not in text
    assert "more_" not in text
    assert render_plan_markdown(large(), max_bytes=len(text.encode())) == text


@pytest.mark.parametrize("size", [2_200, 3_000, 4_321, 6_000, 10_000, 60_000])
def test_details_are_cut_and_what_matters_is_not(size: int) -> None:
    text = render_plan_markdown(large(), max_bytes=size)
    assert len(text.encode()) <= size
    assert text.startswith("<!-- picsellia-apply plan workspace=demo -->\n\n### Plan of workspace `demo`: blocked\n")
    assert "300 create, 1 update, 3 delete, 0 unchanged, 1 blocked, 1 conflict, 2 refused" in text
    for kept in ("`network/gone-0`", "`network/gone-1`", "`network/gone-2`", "`version/D@first`", "`pictures/s`"):
        assert kept in text
    for kept in ("**blocked**", "**conflict**", "`policy/p`", "`./check.sh` refuses", "percent]"):
        assert kept in text
    assert text.count("<details>") == text.count("</details>")


def test_more_room_shows_more() -> None:
    shown = [
        render_plan_markdown(large(), max_bytes=size).count("| + pictures |") for size in range(2_200, 40_000, 250)
    ]
    assert shown == sorted(shown)
    assert shown[0] < shown[-1] == 300


def test_how_many_are_left_out_is_said() -> None:
    text = render_plan_markdown(large(), max_bytes=8_000)
    shown = text.count("| + pictures |")
    assert 0 < shown < 300
    assert f"_and {300 - shown:,} more_" in text
    assert "_99 findings: left out for want of room_" in text


def test_the_lines_of_a_refusal_go_before_a_delete_does() -> None:
    plan = large(deletes=40)
    whole = render_plan_markdown(plan, max_bytes=60_000)
    assert "too few<br>by far" in whole
    terse = render_plan_markdown(plan, max_bytes=3_000)
    assert "by far" not in terse
    assert all(f"`network/gone-{row}`" in terse for row in range(40))


def label(name: str) -> Operation:
    return Operation(str(Address("label", "D", "first", (name, "rectangle"))), "delete", "no longer declared")


@pytest.mark.parametrize("size", [LEAST_BYTES, 2_000, 20_000])
def test_what_has_no_room_by_name_is_told_in_numbers(size: int) -> None:
    labels = tuple(label(f"label number {row}") for row in range(10_000))
    blocked = tuple(Blocked(f"version/D@v{row}", "unsupported", "no") for row in range(1_000))
    plan = large()
    plan = sealed(replace(plan, operations=(*labels, *plan.operations), blocked=blocked))
    text = render_plan_markdown(plan, max_bytes=size)
    assert len(text.encode()) <= size
    assert text.startswith(marker("demo"))
    assert plan.digest in text
    assert "**delete** 10,000 labels of `version/D@first`" in text
    assert "**delete** 3 networks" in text
    assert "**takes away from** 1 version of `dataset/D`" in text
    assert "**blocked** 1,000 versions of `dataset/D`" in text
    assert "**conflict** 1 dataset" in text
    assert "**refused** 1 by delete&#95;percent" in text or "**refused** 1 by delete_percent" in text
    assert "`show plan.json` lists everything" in text


def test_numbers_of_many_kinds_are_cut_and_counted() -> None:
    labels = [Operation(f"label/D{row}@v/x/rectangle", "delete", "no longer declared") for row in range(5_000)]
    text = render_plan_markdown(sealed(Plan(TARGET, operations=tuple(labels))), max_bytes=LEAST_BYTES)
    assert len(text.encode()) <= LEAST_BYTES
    shown = text.count("**delete**")
    assert 0 < shown < 5_000
    assert f"and {5_000 - shown:,} kinds more" in text


FRAME = 200
"""More bytes than a section's title, the head of its table and how many are left out take."""


def long_names(count: int) -> Plan:
    """Return a plan of deletes alone, as prune makes them: long names, nothing in the way."""
    operations = tuple(delete(f"a network with quite a long name, number {row:04}") for row in range(count))
    return sealed(Plan(TARGET, operations=operations))


def scattered(count: int) -> Plan:
    """Return one with deletes of many kinds, refused each by itself."""
    labels = tuple(replace(label("x"), address=f"label/D{row}@v/x/rectangle") for row in range(count))
    refused = tuple(Refusal("delete_percent", one.address, "too many", f"--allow x:{one.address}") for one in labels)
    return sealed(Plan(TARGET, operations=labels, refusals=refused))


def rows_of(text: str) -> list[str]:
    """Return the lines of a comment that are an entry each."""
    return [line for line in text.splitlines() if re.match(r"\| [^| ]|- \*\*", line)]


@pytest.mark.parametrize(
    "plan",
    [long_names(12), long_names(150), long_names(1_000), scattered(60), scattered(400), large(), large(deletes=700)],
    ids=["12", "150", "1,000", "60 kinds", "400 kinds", "all sorts", "700 of all sorts"],
)
def test_no_room_is_wasted_while_anything_is_left_out(plan: Plan) -> None:
    whole = render_plan_markdown(plan)
    deletes = [one.address for one in plan.operations if one.action == "delete"]
    longest = max(len(row.encode()) for row in rows_of(whole))
    for limit in range(LEAST_BYTES, len(whole.encode()), max(61, len(whole) // 60)):
        text = render_plan_markdown(plan, max_bytes=limit)
        taken = len(text.encode())
        assert taken <= limit
        assert limit - taken < longest + FRAME, f"{limit - taken:,} of {limit:,} bytes are left"
        assert summary_text(plan) in text
        assert len(deletes) == plan.summary["delete"]
        assert f"{len(deletes):,} delete" in text
        assert text == render_plan_markdown(plan, max_bytes=limit)
    assert render_plan_markdown(plan, max_bytes=len(whole.encode())) == whole


@pytest.mark.parametrize("count", [12, 150, 1_000])
def test_deletes_are_named_as_far_as_there_is_room_and_the_others_counted(count: int) -> None:
    plan = long_names(count)
    names = [f"`{one.address}`" for one in plan.operations]
    whole = render_plan_markdown(plan)
    for limit in range(LEAST_BYTES, len(whole.encode()), max(61, len(whole) // 60)):
        text = render_plan_markdown(plan, max_bytes=limit)
        shown = re.findall(r"`network/[^`]*`", text)
        assert shown == names[: len(shown)]
        assert set(re.findall(r"^\| - delete.*", text, re.MULTILINE)) <= set(whole.splitlines())
        if len(shown) == count:
            continue
        assert shown
        assert limit - len(text.encode()) < len(names[0]) + 4
        assert f"_and {count - len(shown):,} more_" in text
        assert f"**delete** {count:,} networks" in text


def test_where_some_are_told_at_length_the_others_are_named() -> None:
    text = render_plan_markdown(long_names(150), max_bytes=15_000)
    rows = text.count("| - delete | ")
    assert 0 < rows < 150
    assert f"by name: `network/a network with quite a long name, number {rows:04}`, " in text
    assert text.count("`network/") == 150
    assert "more_" not in text


def test_no_changes_are_said_so() -> None:
    text = render_plan_markdown(sealed(Plan(TARGET, unchanged=12)), max_bytes=LEAST_BYTES)
    assert "No changes. The platform matches the manifests." in text
    assert "<details>" not in text


def test_a_marker_is_one_for_each_workspace() -> None:
    names = ["demo", "demo-2", "a--b", "a-->b", "-->", "x" * 255, "y" * 255, "\N{MICROSCOPE}" * 60, ""]
    marks = [marker(name) for name in names]
    assert len(set(marks)) == len(names)
    for mark in marks:
        assert re.fullmatch(r"<!-- picsellia-apply plan workspace=[\w.~%]* -->", mark, re.ASCII)
        assert len(mark) < 200


def test_why_there_is_no_plan() -> None:
    found = [finding(2), Diagnostic("M009", Severity.error, "unknown field `x`", Position("m.yaml", 3, 1), "leave it")]
    text = render_failure_markdown("demo", "1 error in the input", "look", found)
    assert text.startswith(f"{marker('demo')}\n\n### No plan of workspace `demo`\n")
    assert text.index("unknown field `x`") < text.index("finding 2")
    many = [finding(row, Severity.error) for row in range(500)]
    for size in (LEAST_BYTES, 2_000, 9_999):
        short = render_failure_markdown("demo", "500 errors in the input", "", many, max_bytes=size)
        assert len(short.encode()) <= size
        assert "500 errors in the input" in short
    longest = render_failure_markdown("\N{MICROSCOPE}" * 255, "\u202e" * 5_000, "x", many, max_bytes=LEAST_BYTES)
    assert len(longest.encode()) <= LEAST_BYTES


HOSTILE = (
    "`",
    "``` \n```",
    "|a|b|",
    "<script>alert(1)</script>",
    "</details><h1>x",
    "<!-- -->",
    "-->",
    "@maintainer",
    "mail@example.com",
    "[x](https://evil.example)",
    "![x](https://evil.example/i.png)",
    "https://evil.example/x",
    "www.evil.example",
    "line\nbreak\r\n# heading",
    "- [ ] task",
    "&lt;b&gt;",
    "#1 GH-1 acme/app#1",
    "\x1b[31m\u202e\u2028\x00",
    "*bold* _em_ ~~gone~~ $x$ :tada:",
    "\\`\\|",
    "caf\udce9",
)
ALLOWED = {"h3", "p", "strong", "br", "code", "em", "ul", "li", "details", "summary"}
ALLOWED |= {"table", "thead", "tbody", "tr", "th", "td"}


class Page(HTMLParser):
    """What a browser would be given: tags, comments, and the text outside of code."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.comments: list[str] = []
        self.text = ""
        self._code = 0
        self.feed(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not attrs
        self.tags.add(tag)
        self._code += tag == "code"

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag == "code"

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.text += data


def hostile_plan(text: str) -> Plan:
    """Return a plan with one text everywhere where a file or a server may have put it."""
    name = text.replace("\udce9", "?")
    operations = (
        upload(name),
        delete(name),
        Operation("dataset/D", "update", "x", (FieldChange("description", name, {name: [name]}),)),
        replace(take_out("first"), members=Members(remove=(name,), counts={"remove": 1})),
    )
    return Plan(
        Target(f"https://{name}/", name, name),
        operations=operations,
        notices=(Notice("drift", str(Address("dataset", name)), f"{name} edited", (name,)),),
        blocked=(Blocked(str(Address("pictures", name)), "content differs", name, (name,), name),),
        conflicts=(Conflict("dataset/D", name, name, name, {"k": name}),),
        refusals=(Refusal("policy", str(Address("policy", name)), f"`{name}` says\n{name}", ""),),
        findings=(Diagnostic("Q001", Severity.warning, text, Position(text, 1, 1), text),),
        limits=(name,),
        digest="sha256:" + "0" * 64,
    )


def check_harmless(text: str) -> None:
    page = Page(text)
    assert page.tags <= ALLOWED, page.tags - ALLOWED
    assert len(page.comments) == 1
    assert page.comments[0].startswith(" picsellia-apply plan workspace=")
    assert not re.search(r"(?<!\w)@\w|https?://|(?<!\w)www\.|(?<!\w)#\d", page.text), page.text
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_breaks_out(hostile: str) -> None:
    plan = hostile_plan(hostile)
    check_harmless(render_plan_markdown(plan))
    fault = [Diagnostic("M009", Severity.error, hostile, Position(hostile, 1), hostile)]
    check_harmless(render_failure_markdown(hostile.replace("\udce9", "?"), hostile, hostile, fault))


def test_the_check_itself_sees_a_breakout() -> None:
    for bad in ("<b>x</b>", "[x](y)", "a @somebody b", "<!-- two -->", "see https://x.example"):
        with pytest.raises(AssertionError):
            check_harmless(f"{marker('demo')}\n\n{bad}\n")


@settings(max_examples=150)
@given(st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=4).map("".join), st.integers(LEAST_BYTES, 12_000))
def test_cut_at_any_size_it_is_still_harmless_and_utf8(hostile: str, size: int) -> None:
    made: Any = hostile_plan(hostile)
    text = render_plan_markdown(made, max_bytes=size)
    assert len(text.encode()) <= size
    check_harmless(text)
