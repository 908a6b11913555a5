"""YAML text to values: the core schema of 1.2, the traps of PyYAML, and texts that are meant to hurt."""

from __future__ import annotations

from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st

from picsellia_apply.manifest import yaml
from picsellia_apply.manifest.yaml import parse
from picsellia_apply.source import Position


def value_of(text: str) -> Any:
    parsed = parse(text.encode(), "m.yaml")
    assert parsed.syntax is None
    (document,) = parsed.documents
    assert document.faults == ()
    return document.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("off", "off"), ("NO", "NO"), ("y", "y"),
        ("true", True), ("True", True), ("FALSE", False), ("null", None), ("~", None), ("Null", None),
        ("010", 10), ("0o10", 8), ("0x1F", 31), ("+7", 7), ("-0", 0), ("0b11", "0b11"), ("1_000", "1_000"),
        ("1:20", "1:20"), ("12:30:45", "12:30:45"), ("2001-12-14", "2001-12-14"),
        ("1e3", 1000.0), ("1.", 1.0), (".5", 0.5), ("-1.5E-2", -0.015), (".", "."), ("-", ["x"]),
        ("'010'", "010"), ('"true"', "true"), ("!!str 12", "12"), ("!!int '12'", 12),
        ("=", "="), ("nan", "nan"), ("inf", "inf"), ("~x", "~x"), ("1e", "1e"), ("0o8", "0o8"), ("v1", "v1"),
    ],
)  # fmt: skip
def test_scalars(text: str, value: Any) -> None:
    found = value_of("- x" if text == "-" else text)
    assert found == value
    assert type(found) is type(value)


@given(st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(st.characters(codec="ascii", min_codepoint=32))
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc01 :-#", min_size=1), inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_what_json_writes_is_read_back(value: Any) -> None:
    import json

    assert value_of(json.dumps(value)) == value


def test_keys_are_text() -> None:
    assert value_of("{1: car, true: x, ~: y, 010: z}") == {"1": "car", "true": "x", "~": "y", "010": "z"}


def faults(text: str) -> list[tuple[str, str]]:
    parsed = parse(text.encode(), "m.yaml")
    found = [fault for document in parsed.documents for fault in document.faults]
    return [(one.code, str(one.position)) for one in [*found, *([parsed.syntax] if parsed.syntax else [])]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\na: 4", [("M002", "m.yaml:3:1"), ("M002", "m.yaml:4:1")]),
        ("{1: a, '1': b}", [("M002", "m.yaml:1:8")]),
        ("x: {a: 1, a: 2}", [("M002", "m.yaml:1:11")]),
        ("? [a]\n: b", [("M005", "m.yaml:1:3")]),
        ("a: !!python/object/apply:os.system ['x']", [("M005", "m.yaml:1:4")]),
        ("a: !!binary aGk=", [("M005", "m.yaml:1:4")]),
        ("a: !!set {x}", [("M005", "m.yaml:1:4")]),
        ("a: !!int x", [("M005", "m.yaml:1:4")]),
        ("a: [.inf, -.INF, .NaN, 1e999]", [("M026", f"m.yaml:1:{c}") for c in (5, 11, 18, 24)]),
        ("a: " + "9" * 5000, [("M026", "m.yaml:1:4")]),
        ("a: &x {b: *x}", [("M005", "m.yaml:1:4")]),
        ("a: &x [1]\nb:\n  <<: *x", [("M005", "m.yaml:3:3")]),
        ("é: 'x", [("M001", "m.yaml:1:5")]),
        ("a:\n\tb: 1", [("M001", "m.yaml:2:1")]),
        ("ok: 1\n---\na: b: c", [("M001", "m.yaml:3:5")]),
        ("%YAML 3.0\n---\na", [("M001", "m.yaml:1:1")]),
    ],
)
def test_faults(text: str, expected: list[tuple[str, str]]) -> None:
    assert faults(text) == expected


def test_documents_before_a_fault_are_kept() -> None:
    parsed = parse(b"a: 1\n---\nb: [", "m.yaml")
    assert [document.value for document in parsed.documents] == [{"a": 1}]
    assert parsed.syntax is not None


@pytest.mark.parametrize("data", [b"a: \xff", b"\xff\xfea\0:\0", b"a: \x00", b"a: \x1b[31m", b"\xc3"])
def test_bytes_that_are_no_text(data: bytes) -> None:
    syntax = parse(data, "m.yaml").syntax
    assert syntax is not None
    assert syntax.code == "M003"


def test_byte_order_mark() -> None:
    assert parse(b"\xef\xbb\xbfa: 1", "m.yaml").documents[0].value == {"a": 1}


def laughs(levels: int) -> str:
    names = "abcdefghijklmnop"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"{names[n]}: &{names[n]} [{', '.join([f'*{names[n - 1]}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines)


def test_a_billion_laughs() -> None:
    assert faults(laughs(12)) == [("M004", "m.yaml:4:4")]


def test_honest_aliases_are_fine() -> None:
    assert value_of("a: &a {x: [1]}\nb: *a\nc: [*a, *a]")["c"] == [{"x": [1]}] * 2
    assert len(value_of(laughs(4))["d"]) == 10


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000 + "x", "{a: " * 100_000, "? " * 100_000])
def test_nesting_that_would_overrun_the_stack(text: str) -> None:
    parsed = parse(text.encode(), "m.yaml")
    assert parsed.syntax is not None
    assert parsed.syntax.code in ("M004", "M001")


def test_deep_enough_for_parameters() -> None:
    assert value_of("a: " + "[" * 90 + "]" * 90)


def test_a_position_underlines_the_value() -> None:
    (document,) = parse(b"aa: 1\nlonger: 2\naa: 3\n", "m.yaml").documents
    assert document.faults[0].position == Position("m.yaml", 3, 1, 2)


def test_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """The composer in Python reads the same."""
    text = b"a: &a [1, 010, no, 'x']\nb: *a\n---\nc: {d: 1e3, d: 2}\n"
    fast = parse(text, "m.yaml")
    monkeypatch.setattr(pyyaml, "__with_libyaml__", False)
    monkeypatch.setattr(yaml, "_compose", yaml._composer())
    assert parse(text, "m.yaml") == fast
    assert faults("[" * 5000) == [("M004", "m.yaml:1:100")]
    assert faults("a: [") == [("M001", "m.yaml:1:4")]
    assert parse(b"a: \x01", "m.yaml").syntax is not None
