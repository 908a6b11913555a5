"""Whatever stands in a manifest, the answer is a Declaration or diagnostics."""

from __future__ import annotations

import copy
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from picsellia_apply.errors import Diagnostic, InvalidInput
from picsellia_apply.local import StatCache
from picsellia_apply.manifest import load
from picsellia_apply.render.diagnostics import render_diagnostics

RIGHT: list[dict[str, Any]] = [
    {
        "kind": "PictureSet",
        "spec": {"from": ["."], "include": ["*"], "exclude": ["x"], "naming": "path", "tags": ["a"], "index": "i"},
    },
    {"kind": "TagQuery", "spec": {"tags": ["a"], "quantity": 0.5, "add": ["b"], "remove": ["c"]}},
    {
        "kind": "Dataset",
        "spec": {
            "description": "x",
            "private": True,
            "labels": [{"name": "car", "type": "polygon"}],
            "versions": [
                {"name": "one", "pictures": {"query": "n"}, "annotations": [{"path": "x", "format": "COCO"}]},
                {"name": "two", "from": "one", "pictures": {"tags": ["a"], "quantity": 1}, "frozen": True},
                {"name": "three", "pictures": {"names": "x"}},
            ],
        },
    },
    {
        "kind": "Network",
        "spec": {
            "type": "t",
            "labels": {"1": "car"},
            "base_parameters": {"a": [1]},
            "readme": {"file": "x"},
            "files": {"m": "x"},
            "thumbnail": "x",
        },
    },
    {"kind": "Workspace", "spec": {"host": "https://x/", "guards": {"deletePercent": 1}, "prune": False}},
    {"kind": "Workspace", "spec": {"prune": "${var.x}", "variables": {"x": 1, "y": None, "z": "a: b"}}},
    {"kind": "TagQuery", "spec": {"tags": ["${var.x}"], "quantity": "${var.y}", "add": ["$${var.x}", "${var.z}"]}},
]

LEAVES = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1e300,
        "",
        "x",
        ".",
        "a/b",
        "latest",
        "x" * 300,
        "x" * 5000,
        "**",
        "[",
        "\x01",
        "\0",
        "${var.x}",
        "${var.y}",
        "a${var.z}",
        "${var",
        "$${var.x}",
        "${var.api_token}",
    ]
)
VALUES = st.recursive(
    LEAVES | st.text(st.characters(exclude_characters="/."), max_size=5),  # not the whole disk
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "x", "type", ""]), inner, max_size=2)
    ),
    max_leaves=4,
)


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for step, item in steps for found in paths_of(item, (*path, step)))][1 if not path else 0 :]


def changed(document: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    result: Any = copy.deepcopy(document)
    holder = result
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return dict(result)


@st.composite
def documents(draw: st.DrawFn) -> list[dict[str, Any]]:
    found = []
    for number, right in enumerate(draw(st.lists(st.sampled_from(RIGHT), min_size=1, max_size=3))):
        whole = {"apiVersion": "picsellia-apply/v1", "metadata": {"name": f"n{number}"}, **copy.deepcopy(right)}
        for _ in range(draw(st.integers(0, 2))):
            whole = changed(whole, draw(st.sampled_from(paths_of(whole))), draw(VALUES))
        found.append(whole)
    return found


@given(documents())
@settings(max_examples=150)
def test_any_value_anywhere(given_documents: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        text = "\n---\n".join(json.dumps(one) for one in given_documents)
        Path(folder, "m.yaml").write_text(text)
        outcome(Path(folder, "m.yaml"))


@given(st.binary(max_size=60), st.integers(0, 400))
@settings(max_examples=100)
def test_any_bytes_anywhere(data: bytes, at: int) -> None:
    text = b"apiVersion: picsellia-apply/v1\nkind: Dataset\nmetadata: {name: d}\nspec:\n  labels: []\n  versions:\n"
    text += b"    - name: one\n      pictures: {tags: [a, b], quantity: 0.5}\n"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "m.yaml").write_bytes(text[:at] + data + text[at + len(data) :])
        outcome(Path(folder))


def outcome(path: Path) -> None:
    diagnostics: tuple[Diagnostic, ...] = ()
    try:
        load([path], cache=StatCache(None))
    except InvalidInput as error:
        diagnostics = error.diagnostics
    assert all(one.code and one.message for one in diagnostics)
    assert bool(render_diagnostics(diagnostics)) == bool(diagnostics)


def test_paths_that_no_disk_holds() -> None:
    long = Path("x" * 300)
    for path in (long, Path("/proc/self/mem/x"), Path(os.devnull, "x")):
        outcome(path)
