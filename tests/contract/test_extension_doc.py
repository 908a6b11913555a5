"""`docs/extension.md` against what the platform does: requests, keys, limits, the worked digests."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import msgspec
import pytest

from picsellia_apply.lake.routes import PLAIN_ROUTES, ROUTES
from picsellia_apply.model.annotation import annotation_digest, names_digest, texts_of
from picsellia_apply.wire import conditional, extension

TEXT = (Path(__file__).parents[2] / "docs" / "extension.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL)
STRUCTS = [
    one
    for module in (extension, conditional)
    for _, one in inspect.getmembers(module, inspect.isclass)
    if issubclass(one, msgspec.Struct)
]


def test_the_announcement_is_that_of_the_platform() -> None:
    (announced,) = [block for kind, block in BLOCKS if kind == "json" and "extensions" in block]
    assert msgspec.json.decode(announced)["extensions"] == dict.fromkeys(extension.PARTS, 1)


@pytest.mark.parametrize(
    "request_line",
    [f"{one.method} {'/'.join(one.pattern)}" for one in ROUTES if one not in PLAIN_ROUTES],
)
def test_every_request_is_documented(request_line: str) -> None:
    assert f"**`{request_line}`**" in TEXT


def test_nothing_else_is_documented() -> None:
    beyond = {f"{one.method} {'/'.join(one.pattern)}" for one in ROUTES if one not in PLAIN_ROUTES}
    assert set(re.findall(r"^\*\*`([^`]+)`\*\*", TEXT, re.MULTILINE)) == beyond


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda one: one.__name__)
def test_every_key_is_documented(struct: type[msgspec.Struct]) -> None:
    assert [name for name in struct.__struct_fields__ if f"`{name}`" not in TEXT] == []


def test_the_limits_are_those_of_the_platform() -> None:
    assert f"at most {extension.PAGE_LIMIT:,} rows" in TEXT
    assert f"at most {extension.BATCH_PICTURES:,}, together at most {extension.BATCH_BYTES >> 20} MiB" in TEXT


def test_the_worked_digests_are_right() -> None:
    (written,) = [msgspec.json.decode(block) for kind, block in BLOCKS if kind == "json" and '"data"' in block]
    texts = texts_of(written["data"], written["image_qa"])
    (shown,) = [block for kind, block in BLOCKS if kind == "text"]
    assert shown.splitlines() == list(texts)
    digests = re.findall(r"\| `([0-9a-f]{64})` \|", TEXT)
    assert digests == [annotation_digest(texts), annotation_digest(()), names_digest(["b.jpg", "a.jpg"])]
