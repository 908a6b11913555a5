"""Many pictures in one request."""

from __future__ import annotations

from typing import Any

import pytest

from picsellia_apply.wire import extension
from tests.contract.platforms import Api, batch, entry, framed


def post(api: Api, raw: bytes) -> Any:
    reply = api.send("POST", f"ext/{api.organization_id}/pictures/batch", raw=raw)
    assert reply.status == 200, reply.raw
    return reply.body


def content(api: Api, name: str) -> bytes:
    """Return a picture's bytes as a signed URL gives them."""
    (one,) = [one for one in api.ok("GET", "datalake/none")["pictures"] if one["external_url"] == name]
    asked = {"method": "get", "object_name": one["internal_key"], "bucket_model": False}
    return api.url("GET", api.ok("POST", "generate_presigned_url", asked)["url"]).raw


def test_each_picture_keeps_its_own_bytes_and_tags(api: Api) -> None:
    data = {"a.jpg": b"a" * 100_000, "b.png": b"b", "c": b"\x00" * 70_000}
    entries = [entry(name, one, [name]) for name, one in data.items()]
    answer = post(api, framed(entries, b"".join(data.values())))
    assert answer["statuses"] == ["created"] * 3
    assert answer["errors"] == [None] * 3
    found = api.ext("pictures/lookup", {"names": list(data)})
    assert found["picture_ids"] == answer["picture_ids"]
    assert found["tags"] == {"a.jpg": [0], "b.png": [1], "c": [2]}
    for name, one in data.items():
        assert content(api, name) == one


def test_sent_again_it_is_the_same_and_tags_unite(api: Api) -> None:
    first = post(api, batch(("a", b"1"), tags=["t"]))
    again = post(api, batch(("a", b"1"), ("b", b"2"), tags=["u"]))
    assert again["statuses"] == ["same", "created"]
    assert again["picture_ids"][0] == first["picture_ids"][0]
    assert api.ext("pictures/lookup", {"names": ["a", "b"]})["tags"] == {"t": [0], "u": [0, 1]}


def test_other_bytes_under_a_name_change_nothing(api: Api) -> None:
    first = post(api, batch(("a", b"1"), tags=["t"]))
    other = post(api, batch(("a", b"2"), tags=["u"]))
    assert (other["statuses"], other["picture_ids"]) == (["differs"], first["picture_ids"])
    assert content(api, "a") == b"1"
    assert api.ext("pictures/lookup", {"names": ["a"]})["tags"] == {"t": [0]}


def test_a_name_twice_in_a_batch(api: Api) -> None:
    answer = post(api, batch(("a", b"1"), ("a", b"1"), ("a", b"2")))
    assert answer["statuses"] == ["created", "same", "differs"]
    assert len(set(answer["picture_ids"])) == 1


def test_a_name_twice_of_which_the_first_is_refused(api: Api) -> None:
    answer = post(api, framed([entry("a", b"1", sha256="0" * 64), entry("a", b"2")], b"12"))
    assert answer["statuses"] == ["refused", "refused"]
    assert api.ok("GET", "datalake/none") == {"pictures": []}


@pytest.mark.parametrize(
    "changed",
    [
        {"sha256": "0" * 64},
        {"sha256": "A" * 64},
        {"sha256": "short"},
        {"name": ""},
        {"name": "a\x00"},
        {"name": "a\n"},
        {"name": "x" * 1025},
        {"tags": ["ok", ""]},
        {"width": 0},
        {"stored_height": -1},
        {"height": 2**31},
    ],
)
def test_one_bad_picture_is_refused_and_its_neighbours_stored(api: Api, changed: dict[str, Any]) -> None:
    entries = [entry("1", b"one"), {**entry("2", b"two"), **changed}, entry("3", b"three")]
    answer = post(api, framed(entries, b"onetwothree"))
    assert answer["statuses"] == ["created", "refused", "created"]
    assert answer["picture_ids"][1] is None
    assert answer["errors"][1]
    assert (content(api, "1"), content(api, "3")) == (b"one", b"three")
    assert len(api.ok("GET", "datalake/none")["pictures"]) == 2


def test_a_picture_without_bytes_is_refused(api: Api) -> None:
    assert post(api, framed([entry("1", b"")], b""))["statuses"] == ["refused"]


def test_an_empty_batch_is_fine(api: Api) -> None:
    assert post(api, batch()) == {"statuses": [], "picture_ids": [], "errors": []}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 7,
        b"\x00" * 8,
        (5).to_bytes(8, "big") + b"{}",
        (2).to_bytes(8, "big") + b"[]",
        (2).to_bytes(8, "big") + b"\xff\xff",
        framed([entry("a", b"abc")], b"ab"),
        framed([entry("a", b"abc")], b"abcd"),
        framed([{"name": "a"}], b""),
        framed([entry("a", b"abc", size="3")], b"abc"),
        framed([entry("a", b"abc", size=-3)], b"abc"),
        framed([entry("a", b"abc", size=10**30)], b"abc"),
        framed([{**entry("a", b"abc"), "tags": None}], b"abc"),
    ],
)
def test_broken_batches_are_refused_and_store_nothing(api: Api, raw: bytes) -> None:
    reply = api.send("POST", f"ext/{api.organization_id}/pictures/batch", raw=raw)
    assert reply.status in {400, 413}
    assert api.ok("GET", "datalake/none") == {"pictures": []}


def test_too_large_batches_are_413(api: Api) -> None:
    many = [entry(str(n), b"x") for n in range(extension.BATCH_PICTURES + 1)]
    wide = [entry("a", b"x", size=extension.BATCH_BYTES), entry("b", b"x")]
    huge = [entry("a", b"x", size=10**12)]
    for raw in (framed(many, b"x"), framed(wide, b"x"), framed(huge, b"x"), (1 << 40).to_bytes(8, "big")):
        reply = api.send("POST", f"ext/{api.organization_id}/pictures/batch", raw=raw)
        assert reply.status == 413
        assert reply.body["error"]
