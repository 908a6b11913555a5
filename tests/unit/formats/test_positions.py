"""Laws of positions: a path found again in the text is the value that stands there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from picsellia_apply.formats.findings import Spot, Steps
from picsellia_apply.formats.jsonfile import locator
from picsellia_apply.formats.markup import find_elements, parse_xml

FILE = Path("x.json")
texts = st.text(max_size=5)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def nodes(value: Any, path: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from nodes(item, (*path, key))
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from nodes(item, (*path, index))


@given(values, st.sampled_from([None, 1]), st.booleans())
def test_every_json_value_is_found(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = "\n " + json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    data = text.encode("utf-8", "surrogatepass")
    text = data.decode("utf-8", "replace")
    expected = {Spot(FILE, path): item for path, item in nodes(value) if path}
    found = locator(data)(expected)
    assert found.keys() == expected.keys()
    lines = text.split("\n")
    for spot, item in expected.items():
        position = found[spot]
        rest = "\n".join([lines[position.line - 1][position.column - 1 :], *lines[position.line :]])
        assert json.JSONDecoder().raw_decode(rest)[0] == json.loads(json.dumps(item))


def test_what_is_not_there_is_its_parents_place() -> None:
    data = b'{"a": [{"b": 1}]}'
    spots = [Spot(FILE, ("a", 0, "c")), Spot(FILE, ("a", 7)), Spot(FILE, ("z",))]
    assert [position.column for position in locator(data)(spots).values()] == [8, 7, 1]


def test_every_element_is_found() -> None:
    data = "<a>\n\t<b>é</b> <b><c/>\n<c>x</c></b></a>".encode()
    parse_xml(data)
    places = find_elements(data, [("b",), ("b", 1), ("b", 1, "c"), ("b", 1, "c", 1), ("b", 0, "c"), ("z",), ()])
    assert list(places.values()) == [(2, 2, 3), (2, 11, 3), (2, 14, 3), (3, 1, 3), (2, 2, 3), (1, 1, 3), (1, 1, 3)]
