"""What a platform that is not ours may hold, and no manifest can write."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from requests import PreparedRequest, Response

from picsellia_apply.client.listing import Listing
from picsellia_apply.export import Wish, laid_out, read_content, write_export
from picsellia_apply.export.content import is_sayable
from picsellia_apply.manifest import load
from tests.laws.sky import Sky
from tests.laws.worlds import World
from tests.unit.client.test_listing import fill


@pytest.mark.parametrize("name", ["a", "..", " ", "\u202e", "é", "x" * 1024, "a/b"])
def test_what_a_manifest_can_write(name: str) -> None:
    assert is_sayable(name)


@pytest.mark.parametrize("name", ["", "a\nb", "a\0", "a\x7f", "x" * 1025, "\x85"])
def test_what_it_cannot(name: str) -> None:
    assert not is_sayable(name)
    assert not is_sayable("a/b", segment=True)


def renamed(number: int, request: PreparedRequest, pass_on: Callable[[], Response]) -> Response:
    """Answer as a platform with other rules for names would."""
    answer = pass_on()
    if "/pictures/lookup" in (request.url or ""):
        return _changed(answer, lambda value: value.update(names=["a\n.png", *value["names"][1:]], tags={"t\t": [1]}))
    if "/datasets/lookup" in (request.url or ""):
        return _changed(answer, lambda value: value["datasets"][0]["versions"][1].update(name="latest"))
    if (request.url or "").rpartition("/")[0].endswith("/dataset"):
        return _changed(answer, _latest)
    return answer


def _latest(value: Any) -> None:
    for one in value["datasets"]:
        one["version"] = "latest" if one["version"] == "second" else one["version"]


def _changed(answer: Response, change: Callable[[Any], None]) -> Response:
    value = json.loads(answer.content)
    change(value)
    answer._content = json.dumps(value).encode()
    return answer


def test_what_no_manifest_can_write_is_left_out_and_told(tmp_path: Path) -> None:
    wish = Wish()
    with World() as world:
        fill(world)
        with world.client(read_only=True, sky=Sky(renamed)) as client:
            export = laid_out(read_content(client, wish, world.folder), client, wish)
            write_export(export, tmp_path / "out", Listing(client), download=False)
    told = [one for one in export.left_out if "no manifest can write" in one]
    assert told == ["what is called as no manifest can write it: 3 names: 'a\\n.png', 'latest', 't\\t'"]
    declaration = load([tmp_path / "out"])
    assert [version.name for one in declaration.datasets for version in one.versions] == ["first"]
    assert declaration.picture_sets[0].pictures.names == ("b.png", "c.png")
