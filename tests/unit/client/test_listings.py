"""A listing that cannot be whole is refused, whatever the platform says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from picsellia_apply.client.reader import Reader
from picsellia_apply.errors import ProcessingError

Script = Callable[..., Any]


def answer(body: Mapping[str, Any]) -> tuple[int, dict[str, str], bytes]:
    return 200, {}, msgspec.json.encode(body)


def pictures(*names: str, total: int | None = None, after: str | None = None, **columns: Any) -> Any:
    rows = len(names)
    numbers = ("sizes", "widths", "heights", "stored_widths", "stored_heights")
    body = {"names": names, "picture_ids": names, "sha256": [None] * rows, **{one: [1] * rows for one in numbers}}
    return answer({**body, "tags": {}, "total": rows if total is None else total, "next": after, **columns})


def test_pages_that_do_not_add_up(scripted: Script) -> None:
    network = scripted(pictures("a", total=3, after="a"), pictures("b", total=3))
    with pytest.raises(ProcessingError, match="holds 2 rows and states 3"):
        Reader(network.transport(), "org").pictures_tagged(["t"])


def test_a_page_that_leads_back(scripted: Script) -> None:
    network = scripted(pictures("b", total=3, after="b"), pictures("a", total=3, after="a"))
    with pytest.raises(ProcessingError, match="does not move on"):
        Reader(network.transport(), "org").all_pictures()


def test_an_empty_page_with_a_next_one(scripted: Script) -> None:
    network = scripted(pictures(total=3, after="a"))
    with pytest.raises(ProcessingError, match="does not move on"):
        Reader(network.transport(), "org").pictures_of("id")


def test_columns_of_different_lengths(scripted: Script) -> None:
    network = scripted(pictures("a", "b", sizes=[1]))
    with pytest.raises(ProcessingError, match="one length"):
        Reader(network.transport(), "org").all_pictures()


def test_a_tag_on_a_row_that_is_not_there(scripted: Script) -> None:
    network = scripted(pictures("a", tags={"drone": [1]}))
    with pytest.raises(ProcessingError, match="not there"):
        Reader(network.transport(), "org").all_pictures()


def test_names_that_were_not_asked_for(scripted: Script) -> None:
    network = scripted(pictures("b"))
    with pytest.raises(ProcessingError, match="asked for"):
        Reader(network.transport(), "org").pictures_named(["a"])


def test_members_that_come_up_short(scripted: Script) -> None:
    network = scripted(answer({"names": ["a"], "total": 2}))
    with pytest.raises(ProcessingError, match="states 2"):
        Reader(network.transport(), "org").version_members("id")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"counts": []}, "one length"),
        ({"data": None}, "missing"),
        ({"data": [[{"type": "classification", "label": "other"}]]}, "digest"),
    ],
)
def test_annotations_that_are_not_those_of_their_digest(scripted: Script, change: dict[str, Any], message: str) -> None:
    body = {"names": ["a"], "digests": ["0" * 64], "counts": [0], "total": 1, "data": [[]], "image_qa": [[]]}
    with pytest.raises(ProcessingError, match=message):
        Reader(scripted(answer({**body, **change})).transport(), "org").annotations("id", ["a"])
