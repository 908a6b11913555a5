"""A saved plan is input like any other: whatever stands in it, there is a clear error, and never a traceback."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from picsellia_apply.errors import InvalidInput, StalePlan
from picsellia_apply.model.declaration import Declaration
from picsellia_apply.render.saved import is_saved_plan, members_path, read_plan, write_plan
from tests.worlds import box, dataset, of_set, picture_set, planned, source, version

DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    cars = source({"a.jpg": [box("car")]})
    sets = (picture_set("cells", ["a.jpg", "b.jpg"], ["drone"]),)
    write_plan(
        planned(Declaration("root", picture_sets=sets, datasets=(dataset("d", version("v", of_set("cells"), cars)),))),
        path,
    )
    return path


def with_members(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change the members, and bind them again as a forger would."""
    text = change(gzip.decompress(members_path(path).read_bytes()))
    folded = gzip.compress(text, mtime=0)
    members_path(path).write_bytes(folded)
    document = json.loads(path.read_bytes())
    document["members"] = {"sha256": hashlib.sha256(folded).hexdigest(), "size": len(text)}
    path.write_bytes(json.dumps(document).encode())


def edit(path: Path, change: Callable[[Any], object]) -> None:
    document = json.loads(path.read_bytes())
    change(document)
    path.write_bytes(json.dumps(document).encode())


DOCUMENTS: dict[str, Callable[[Any], object]] = {
    "no address": lambda plan: plan["operations"][0].update(address="../../etc/passwd"),
    "no kind": lambda plan: plan["operations"][0].update(address="shell/rm"),
    "action": lambda plan: plan["operations"][0].update(action="chmod"),
    "count of text": lambda plan: plan["summary"].update(create="many"),
    "negative": lambda plan: plan["summary"].update(unchanged=-1),
    "huge": lambda plan: plan.update(inventory_serial=10**400),
    "takes": lambda plan: plan["operations"][0]["pre"].update(takes=5),
    "takes of three": lambda plan: plan["operations"][0]["pre"].update(takes={"pictures": [1, 2, 3]}),
    "unknown key": lambda plan: plan.update(run="rm -rf /"),
    "negative size": lambda plan: plan["members"].update(size=-5),
    "more than there is": lambda plan: plan["members"].update(size=1 << 62),
    "no members": lambda plan: plan.pop("members"),
    "null": lambda plan: plan.update(operations=None),
    "target of number": lambda plan: plan["target"].update(host=7),
    "policy": lambda plan: plan["policy"].update(prune="yes"),
    "variables": lambda plan: plan.update(variables={"a": {}}),
}


@pytest.mark.parametrize("change", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_that_makes_no_sense(saved: Path, change: Callable[[Any], object]) -> None:
    edit(saved, change)
    with pytest.raises((InvalidInput, StalePlan)) as raised:
        read_plan(saved)
    told = raised.value.diagnostics[0].message if isinstance(raised.value, InvalidInput) else raised.value.message
    assert told


@pytest.mark.parametrize(
    "content",
    [
        DEEP,
        b'{"format_version": 2, "operations": ' + DEEP + b"}",
        b'{"format_version": 1e999}',
        b'{"format_version": "2"}',
        b'{"format_version": 2, "format_version": 3}',
        b'{"a": "\\ud800", "format_version": 2}',
        b"\x00" * 100,
        b"nul",
    ],
)
def test_json_that_is_none_or_a_trap(saved: Path, content: bytes) -> None:
    saved.write_bytes(content)
    assert is_saved_plan(saved) is False
    with pytest.raises(InvalidInput):
        read_plan(saved)


@pytest.mark.parametrize("field", ["diff", "conflicts"])
def test_a_value_that_is_nested_without_end(saved: Path, field: str) -> None:
    text = saved.read_text()
    saved.write_text(text.replace(f'"{field}": []', f'"{field}": [{DEEP.decode()}]', 1))
    with pytest.raises((InvalidInput, StalePlan)):
        read_plan(saved)


def test_of_a_key_that_stands_twice_nothing_is_believed(saved: Path) -> None:
    text = saved.read_text()
    saved.write_text(text.replace('"reason": "', '"reason": "harmless", "reason": "', 1))
    with pytest.raises(StalePlan):
        read_plan(saved)


LINES: dict[str, bytes] = {
    "row out of range": b'["remove", 99, "a.jpg"]\n',
    "row below zero": b'["remove", -1, "a.jpg"]\n',
    "row is a truth": b'["remove", true, "a.jpg"]\n',
    "unknown": b'["exec", 0, "rm"]\n',
    "no list": b'{"a": 1}\n',
    "nested": DEEP + b"\n",
    "member of nobody": b'["member", "pictures/none", "a.jpg", null]\n',
    "no address": b'["record", "../../x", true, {}]\n',
    "member of a map": b'["record", "dataset/z", true, {}]\n["member", "dataset/z", "a", {"b": 1}]\n',
    "bytes too few": b'["add", 0, "z.jpg", ["pictures/cells:../../etc/passwd", "0"]]\n',
    "bytes of others": b'["add", 0, "z.jpg", ["pictures/cells:../../etc/passwd", "0", 1, 1, 1, 1]]\n',
    "not utf-8": b'["remove", 0, "\xff"]\n',
    "cut": b'["remove", 0',
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
@pytest.mark.parametrize("first", [True, False])
def test_a_line_of_members_that_makes_no_sense(saved: Path, line: bytes, first: bool) -> None:
    with_members(saved, lambda text: line + text if first else text + line)
    with pytest.raises((InvalidInput, StalePlan)):
        read_plan(saved)


def test_members_that_unfold_without_end(saved: Path) -> None:
    with_members(saved, lambda _: b"\n" * 50_000_000)
    edit(saved, lambda plan: plan["members"].update(size=1_000))
    with pytest.raises(InvalidInput):
        read_plan(saved)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_value_anywhere(saved: Path, data: st.DataObject) -> None:
    written = saved.read_bytes()
    document = json.loads(written)
    at, key = document, data.draw(st.sampled_from(sorted(document)))
    while isinstance(at[key], (dict, list)) and at[key] and data.draw(st.booleans()):
        at = at[key]
        key = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
    at[key] = data.draw(json_values)
    saved.write_bytes(json.dumps(document).encode())
    try:
        with pytest.raises((InvalidInput, StalePlan)):
            read_plan(saved)
    finally:
        saved.write_bytes(written)
