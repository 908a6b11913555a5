"""The lake's pictures: listing, searching, tagging, deleting, looking up."""

from __future__ import annotations

import msgspec
import pytest

from picsellia_apply.lake.service import selection
from picsellia_apply.wire import extension
from tests.contract.platforms import Api, box, entry

KEYS = {"picture_id", "internal_key", "external_url", "creation_date", "height", "width", "tag"}
NOBODY = "6f0c5f3e-6a3b-4b8e-9a36-0d6a7a1f4c11"


def names_of(body: dict[str, list[dict[str, str]]]) -> list[str]:
    return [one["external_url"] for one in body["pictures"]]


def test_a_listed_picture_has_the_documented_keys(api: Api) -> None:
    (picture_id,) = api.upload(("dir/a.JPG", b"bytes"), tags=["t2", "t1"])
    (one,) = api.ok("GET", "datalake/none")["pictures"]
    assert set(one) == KEYS | {"source"}
    assert one["source"] == "sdk"
    assert one["picture_id"] == picture_id
    assert one["external_url"] == "dir/a.JPG"
    assert one["internal_key"].endswith(".jpg")
    assert (one["width"], one["height"], one["tag"]) == (4, 3, ["t1", "t2"])
    assert len(one["creation_date"]) == 10


def test_search_takes_all_tags_and_a_share(api: Api) -> None:
    api.upload(*((f"{n}.jpg", b"x") for n in range(10)), tags=["x"])
    api.upload(("both.jpg", b"x"), tags=["x", "y"])
    search = f"datalake/search/{api.organization_id}"
    assert names_of(api.ok("POST", search, {"tags": ["y", "x", "x"], "quantity": 1})) == ["both.jpg"]
    assert api.ok("POST", search, {"tags": ["unknown"], "quantity": 1}) == {"pictures": []}
    assert len(api.ok("POST", search, {"tags": [], "quantity": 6})["pictures"]) == 11
    half = names_of(api.ok("POST", search, {"tags": ["x"], "quantity": 0.5}))
    assert len(half) == 6
    assert names_of(api.ok("POST", search, {"tags": ["x"], "quantity": 0.5})) == half
    quarter = names_of(api.ok("POST", search, {"tags": ["x"], "quantity": 0.25}))
    assert set(quarter) < set(half)


@pytest.mark.parametrize("quantity", [0, -1, "1", None])
def test_a_share_that_is_none_is_refused(api: Api, quantity: object) -> None:
    assert api.send("POST", "datalake/search/none", {"tags": [], "quantity": quantity}).status == 400


def test_tagging_is_idempotent_and_takes_ids_or_whole_pictures(api: Api) -> None:
    ids = api.upload(("a.jpg", b"a"), ("b.jpg", b"b"))
    whole = api.ok("GET", "datalake/none")["pictures"]
    for refs in (ids, whole):
        api.ok("POST", "datalake/tag/none", {"tags": ["t", "u"], "to_tag": refs})
    assert [one["tag"] for one in api.ok("GET", "datalake/none")["pictures"]] == [["t", "u"], ["t", "u"]]
    api.ok("POST", "datalake/delete_tag/none", {"tags": ["t", "never"], "to_delete_tag": whole[:1]})
    api.ok("POST", "datalake/delete_tag/tag/none", {"tags": ["t"], "to_delete_tag": ids[:1]})
    assert [one["tag"] for one in api.ok("GET", "datalake/none")["pictures"]] == [["u"], ["t", "u"]]


@pytest.mark.parametrize("tag", ["", "a\nb", "\x00", "x" * 1025])
def test_tags_that_are_no_names_are_refused(api: Api, tag: str) -> None:
    ids = api.upload(("a.jpg", b"a"))
    assert api.send("POST", "datalake/tag/none", {"tags": [tag], "to_tag": ids}).status == 400


def test_one_unknown_picture_refuses_the_whole_tagging(api: Api) -> None:
    ids = api.upload(("a.jpg", b"a"))
    assert api.send("POST", "datalake/tag/none", {"tags": ["t"], "to_tag": [*ids, NOBODY]}).status == 404
    assert api.ok("GET", "datalake/none")["pictures"][0]["tag"] == []


def test_deleting_takes_pictures_out_of_everything(api: Api) -> None:
    ids = api.upload(("a.jpg", b"a"), ("b.jpg", b"b"), tags=["t"])
    version = api.version("D", "first", ids)
    before = api.ext("datasets/lookup", {"names": ["D"]})["datasets"][0]["versions"][0]
    api.ok("POST", "datalake/delete/none", {"to_delete": [{"picture_id": ids[0]}]})
    assert names_of(api.ok("GET", "datalake/none")) == ["b.jpg"]
    assert names_of(api.ok("GET", f"picture/{version}")) == ["b.jpg"]
    after = api.ext("datasets/lookup", {"names": ["D"]})["datasets"][0]["versions"][0]
    assert (before["size"], after["size"]) == (2, 1)
    assert before["members_digest"] != after["members_digest"]
    assert api.ok("POST", "datalake/delete/none", {"to_delete": ids})["deleted"] == 1
    assert api.ok("POST", "datalake/delete/none", {"to_delete": ids})["deleted"] == 0
    assert api.ok("POST", "datalake/delete/none", {"to_delete": []})["deleted"] == 0


@pytest.mark.parametrize("refs", [[{"id": "x"}], [{"picture_id": 3}], [3], [None], "abc", {}])
def test_references_that_are_none_are_refused(api: Api, refs: object) -> None:
    assert api.send("POST", "datalake/delete/none", {"to_delete": refs}).status == 400


def test_holders_are_the_versions_that_have_some_of_the_pictures(api: Api) -> None:
    ids = api.upload(("a.jpg", b"a"), ("b.jpg", b"b"), ("c.jpg", b"c"))
    first = api.version("D", "first", ids)
    api.version("D", "second", ids[2:])
    api.version("B", "v", ids[1:2])
    api.ok("PUT", f"label/{first}/car/rectangle")
    api.ok("PUT", f"annotation/new/{first}/a.jpg", {"data": [box(), box(left=2)]})
    api.ok("PUT", f"annotation/new/{first}/c.jpg", {"data": [box()]})
    found = api.ext("pictures/holders", {"names": ["b.jpg", "nobody", "a.jpg", "a.jpg"]})
    assert found == {"datasets": ["B", "D"], "versions": ["v", "first"], "pictures": [1, 2], "objects": [0, 2]}
    nothing: dict[str, list[object]] = {"datasets": [], "versions": [], "pictures": [], "objects": []}
    assert api.ext("pictures/holders", {"names": []}) == nothing
    assert api.send("POST", f"ext/{api.organization_id}/pictures/holders", {"names": ["x"] * 10_001}).status == 400


def test_lookup_by_names_leaves_out_the_unknown(api: Api) -> None:
    ids = api.upload(("b", b"bb"), ("a", b"a"), ("Z", b"z"), tags=["t"])
    found = api.ext("pictures/lookup", {"names": ["b", "nobody", "a", "b"]})
    assert found["names"] == ["a", "b"]
    assert found["picture_ids"] == [ids[1], ids[0]]
    assert found["sha256"] == [entry("a", b"a")["sha256"], entry("b", b"bb")["sha256"]]
    assert found["sizes"] == [1, 2]
    assert (found["widths"], found["heights"]) == ([4, 4], [3, 3])
    assert (found["stored_widths"], found["stored_heights"]) == ([3, 3], [4, 4])
    assert (found["tags"], found["total"], found["next"]) == ({"t": [0, 1]}, 2, None)
    assert api.ext("pictures/lookup", {"names": []})["total"] == 0


@pytest.mark.parametrize("large", [selection.LARGE, 0])
def test_lookup_pages_by_name_in_code_point_order(api: Api, monkeypatch: pytest.MonkeyPatch, large: int) -> None:
    monkeypatch.setattr(selection, "LARGE", large)
    names = ["Z", "a", "b", "é", "猫", "🐈", "\uffee"]
    ids = api.upload(*((name, b"x") for name in reversed(names)), tags=["t"])
    version = api.version("D", "first", ids)
    api.upload(("other", b"x"), tags=["u"])
    api.ok("POST", "datalake/tag/none", {"tags": ["u", "v"], "to_tag": ids})
    for which in ({"tags": ["t"]}, {"tags": ["v", "u"]}, {"tags": ["t", "u", "v"]}, {"dataset_id": version}):
        seen: list[str] = []
        after = None
        while True:
            page = api.ext("pictures/lookup", {**which, "after": after, "limit": 3})
            assert page["total"] == 7
            assert page["tags"] == {tag: list(range(len(page["names"]))) for tag in "tuv"}
            seen += page["names"]
            after = page["next"]
            if after is None:
                break
        assert seen == sorted(names)


@pytest.mark.parametrize(
    "asked",
    [
        {"names": [], "tags": []},
        {"tags": ["t"], "dataset_id": "x"},
        {"limit": 0},
        {"limit": -1},
        {"limit": extension.PAGE_LIMIT + 1},
        {"names": "abc"},
        {"names": [1]},
        {"names": ["x"] * (extension.PAGE_LIMIT + 1)},
        {"after": 3},
        [],
        "text",
    ],
)
def test_lookups_that_make_no_sense_are_400(api: Api, asked: object) -> None:
    assert api.send("POST", f"ext/{api.organization_id}/pictures/lookup", asked).status == 400


def test_lookup_of_an_unknown_dataset_is_404(api: Api) -> None:
    assert api.send("POST", f"ext/{api.organization_id}/pictures/lookup", {"dataset_id": NOBODY}).status == 404


def test_lookup_of_all_pages_too(api: Api) -> None:
    api.upload(*((name, b"x") for name in ("b", "a", "c")))
    first = api.ext("pictures/lookup", {"limit": 2})
    assert (first["names"], first["total"], first["next"]) == (["a", "b"], 3, "b")
    rest = api.ext("pictures/lookup", {"limit": 2, "after": "b"})
    assert (rest["names"], rest["total"], rest["next"]) == (["c"], 3, None)
    assert api.ext("pictures/lookup", {"tags": ["nobody's"]})["total"] == 0
    assert api.ext("pictures/lookup", {"tags": []})["total"] == 3


def test_a_pictures_source_is_told(api: Api) -> None:
    header = msgspec.json.encode({"pictures": [entry("a.jpg", b"a")], "source": "flight 12"})
    raw = len(header).to_bytes(8, "big") + header + b"a"
    assert api.ok("POST", "ext/none/pictures/batch", raw=raw)["statuses"] == ["created"]
    api.upload(("b.jpg", b"b"))
    found = api.ext("pictures/lookup", {})
    listed = api.ok("GET", "datalake/none")["pictures"]
    assert found["sources"] == [one["source"] for one in listed]
    assert found["sources"][0] == "flight 12"
