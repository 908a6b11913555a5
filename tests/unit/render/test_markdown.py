"""Texts of others in Markdown: shown, and unable to do anything else."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picsellia_apply.render.markdown import Block, body, code, command, details, html_code, html_text, prose, table

HOSTILE = (
    "`", "``", "a`b", "|", "a|b", "</details>", "<img src=x onerror=1>", "@octocat", "# title", "a\nb", "\n# x\n",
    "&lt;", "[x](javascript:1)", "![x](y)", "*a*", "_a_", "~~a~~", "$x$", "\\", "\\|", "--- | ---", " a ", "",
    "\u202e", "\u200b", "https://x.example", "www.x.example", "#12", "GH-12", "a" * 5_000,
    "a`|<b>@c", "</summary>", "<!--", "-->",
)  # fmt: skip


def shown(markdown: str) -> str:
    """Return what a reader sees of one piece of code."""
    match = re.fullmatch(r"`([^`]*)`|<code>(.*)</code>", markdown)
    assert match is not None
    return match[1] if match[1] is not None else html.unescape(match[2])


@given(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60)))
def test_a_name_is_code_and_nothing_but_code(name: str) -> None:
    for written in (code(name), html_code(name)):
        assert "\n" not in written
        assert "|" not in written
        inside = re.sub(r"^<code>|</code>$", "", written)
        assert "<" not in inside if written.startswith("<code>") else written.count("`") == 2


@pytest.mark.parametrize("name", ["a.jpg", "a b.jpg", "a@b", "<b>", "a_b*c", "Grün.jpg"])
def test_an_ordinary_name_is_a_code_span(name: str) -> None:
    assert code(name) == f"`{name}`"


@pytest.mark.parametrize("name", ["a`b", "a|b", " a", "a\\b"])
def test_a_name_that_ends_a_span_or_a_cell_is_an_element(name: str) -> None:
    assert shown(code(name)) == name
    assert code(name).startswith("<code>")


def test_control_characters_and_what_cannot_be_seen_are_spelled_out() -> None:
    assert code("a\nb") == "<code>a&#92;x0ab</code>"
    assert "\u202e" not in code("\u202egpj")


@given(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60)))
def test_a_message_holds_no_character_that_means_anything(text: str) -> None:
    for written in (html_text(text), prose(text)):
        assert "\n" not in written
        outside = re.sub(r"`[^`]*`|<code>.*?</code>|&#\d+;", "", written)
        assert not re.search(r"[`*<>\[\]|~$!#@\\{}^]", outside)


@pytest.mark.parametrize(
    ("text", "never"),
    [("@octocat", r"@\w"), ("fix #12", r"#\d"), ("GH-12", r"GH-\d"), ("https://a.b", "://"), ("www.a.b", r"www\.")],
)
def test_nothing_in_a_message_becomes_a_link_or_calls_a_person(text: str, never: str) -> None:
    assert not re.search(never, html.unescape(html_text(text)))


def test_what_a_message_has_in_backticks_is_code() -> None:
    assert prose("the tag `a|b` is `here`") == "the tag <code>a&#124;b</code> is `here`"
    assert "`" not in prose("one ` alone")


def test_a_command_keeps_its_backticks_inside_its_fence() -> None:
    assert command("a 'x```y'") == "````sh\na 'x```y'\n````"
    assert command("a 'x\ny'") == "```text\na 'x\\x0ay'\n```"


def test_a_table_has_as_many_columns_in_every_row() -> None:
    rows = table(("a", "b"), [(code("x|y"), "1")], right=(1,)).splitlines()
    assert rows == ["| a | b |", "| --- | --: |", "| <code>x&#124;y</code> | 1 |"]


def test_details_open_on_demand() -> None:
    assert details("s", "b") == "<details><summary>s</summary>\n\nb\n\n</details>"


BLOCKS = [
    Block("# Title", keep=True),
    Block("a" * 100, short="aa"),
    Block("b" * 100, short="bb"),
    Block("c" * 100),
]


def test_a_body_with_room_is_whole() -> None:
    assert body(BLOCKS) == body(BLOCKS, max_bytes=10_000) == "\n\n".join(one.text for one in BLOCKS) + "\n"


def test_what_does_not_fit_is_short_then_left_out_and_counted() -> None:
    assert body(BLOCKS, max_bytes=170) == "# Title\n\naa\n\nbb\n\n" + "c" * 100 + "\n"
    assert body(BLOCKS, max_bytes=100) == "# Title\n\naa\n\nbb\n\n_1 more are left out_\n"


def test_what_is_to_be_kept_is_kept_whatever_the_room() -> None:
    assert body(BLOCKS, max_bytes=1).startswith("# Title\n\n")


@given(st.integers(150, 700))
def test_a_body_is_never_longer_than_it_may_be(max_bytes: int) -> None:
    assert len(body(BLOCKS, max_bytes=max_bytes).encode()) <= max_bytes
