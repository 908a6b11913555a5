"""Lists of names in files: as people write them, and exact ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picsellia_apply.errors import Diagnostic
from picsellia_apply.manifest.listed import HEAD, exact_text, is_exact, plain_names, read_exact
from picsellia_apply.source import Place

PLACE = Place("all.yaml", 0, ("spec", "names"))
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(st.lists(st.tuples(texts, texts)))
def test_an_exact_list_comes_back_as_it_is(rows: list[tuple[str, str]]) -> None:
    told: list[Diagnostic] = []
    text = exact_text(rows)
    assert is_exact(text)
    assert read_exact(text, "names", 2, PLACE, told) == tuple(rows)
    assert not told


@pytest.mark.parametrize("line", ["a.jpg", '"a.jpg', '"a" "b"', '"\\ud800"', '""', "3", "[]", '"a"x'])
def test_a_line_that_is_no_exact_name_is_told_with_its_number(line: str) -> None:
    told: list[Diagnostic] = []
    assert read_exact(f'{HEAD}\n"good"\n{line}\n', "names", 1, PLACE, told) == (("good",),)
    assert [(one.code, one.message, one.position) for one in told] == [
        ("M049", "line 3 of `names` is no exact name", PLACE)
    ]


def test_many_wrong_lines_are_counted() -> None:
    told: list[Diagnostic] = []
    read_exact("\n".join([HEAD, *["x"] * 9]), "names", 1, PLACE, told)
    assert told[-1].message == "6 more lines of `names` are none"
    assert len(told) == 4


def test_a_list_without_the_head_is_not_exact() -> None:
    told: list[Diagnostic] = []
    assert not is_exact("a.jpg\n")
    assert read_exact("a.jpg\n", "names", 1, PLACE, told) == ()
    assert told[0].code == "M049"


def test_names_that_people_wrote_are_made_normal() -> None:
    assert plain_names([" a.jpg ", "", "cafe\u0301.jpg", "a.jpg"]) == ("a.jpg", "café.jpg")
