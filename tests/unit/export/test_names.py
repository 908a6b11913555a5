"""Names of a platform as paths: safe, told apart, the same for the same names."""

from __future__ import annotations

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picsellia_apply.export.names import disk_paths

SUFFIXES = (".jpg", ".png")
hostile = st.sampled_from(
    [
        "..",
        ".",
        "/",
        "a",
        "a/b",
        "A",
        "a.jpg",
        "A.JPG",
        "a/b.jpg",
        ".a.jpg",
        "con",
        "é",
        "e\u0301",
        "x" * 300,
        "a~1",
        "-a",
    ]
)
names = st.lists(st.one_of(hostile, st.text(st.characters(exclude_categories=["Cs"]), min_size=1)), unique=True)


@given(names)
def test_every_path_is_safe_and_no_two_are_one_on_any_system(some: list[str]) -> None:
    paths = disk_paths(some, suffixes=SUFFIXES)
    assert set(paths) == set(some)
    keys = [unicodedata.normalize("NFKC", path).casefold() for path in paths.values()]
    assert len(set(keys)) == len(keys)
    folders = {"/".join(key.split("/")[:depth]) for key in keys for depth in range(1, key.count("/") + 1)}
    assert not folders & set(keys)
    for path in paths.values():
        assert path.lower().endswith(SUFFIXES)
        assert len(path.encode()) <= 500
        for part in path.split("/"):
            assert part not in ("", ".", "..")
            assert part[0] not in ".-~"
            assert len(part.encode()) <= 255
            assert not set(part) & set('<>:"|?*\\')
            assert unicodedata.is_normalized("NFC", part)


@given(names, st.randoms(use_true_random=False))
def test_the_order_of_the_names_does_not_matter(some: list[str], order: random.Random) -> None:
    shuffled = list(some)
    order.shuffle(shuffled)
    assert disk_paths(shuffled) == disk_paths(some)


@pytest.mark.parametrize("name", ["a.jpg", "a/b.jpg", "Straße 1 (2).png", "a~b.jpg"])
def test_a_name_that_can_be_a_path_is_one(name: str) -> None:
    assert disk_paths([name], suffixes=SUFFIXES) == {name: name}


def test_names_that_differ_in_case_are_told_apart_by_their_digests() -> None:
    paths = disk_paths(["a.jpg", "A.jpg", "b.jpg"], suffixes=SUFFIXES)
    assert paths == {"a.jpg": "a~509b0d46.jpg", "A.jpg": "A~c88c8fca.jpg", "b.jpg": "b.jpg"}


def test_a_name_that_looks_like_one_that_is_told_apart_is_told_apart_too() -> None:
    told = disk_paths(["a.jpg", "A.jpg"], suffixes=SUFFIXES)["a.jpg"]
    paths = disk_paths(["a.jpg", "A.jpg", told], suffixes=SUFFIXES)
    assert len({path.casefold() for path in paths.values()}) == 3


def test_where_a_name_may_not_be_a_folder_it_is_none() -> None:
    assert all("/" not in path for path in disk_paths(["a/b", "a", "/"], folders=False).values())
