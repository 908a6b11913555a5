"""Annotations: adding, replacing, digests, listing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from picsellia_apply.model.annotation import annotation_digest, texts_of
from tests.contract.platforms import Api, box

NOBODY = "6f0c5f3e-6a3b-4b8e-9a36-0d6a7a1f4c11"
POLYGON = {
    "type": "polygon",
    "label": "roof",
    "polygon": {"geometry": [{"x": 0, "y": 0}, {"x": 4.5, "y": 0}, {"x": 4, "y": -1}]},
}
CLASSIFIED = {"type": "classification", "label": "night"}
QUESTIONS: list[dict[str, Any]] = [
    {"type": "text", "question": "q", "answer": "a"},
    {"type": "mc", "question": "q", "answer": ["a", "b"], "choices": ["a", "b", "c"]},
    {"type": "select", "question": "q", "answer": "a", "choices": ["a", "b"]},
    {"type": "range", "question": "q", "answer": 0.5, "min": 0, "max": 1},
]


@pytest.fixture
def version(api: Api) -> str:
    return api.version("D", "first", api.upload(("a.jpg", b"a"), ("b.jpg", b"b"), ("c.jpg", b"c")))


def digest(data: list[dict[str, Any]], image_qa: list[dict[str, Any]] | None = None) -> str:
    return annotation_digest(texts_of(data, image_qa or []))


def replace(api: Api, version: str, *items: dict[str, Any]) -> Any:
    return api.ext("annotations/replace", {"dataset_id": version, "annotations": items})


def test_everything_the_reference_shows_is_stored_as_sent(api: Api, version: str) -> None:
    data = [{**box(), "qa": QUESTIONS}, POLYGON, CLASSIFIED, {**box(left=0.1), "qa": []}]
    reply = api.send("PUT", f"annotation/new/{version}/a.jpg", {"data": data, "image_qa": QUESTIONS, "extra": 1})
    assert reply.status == 201
    assert "message" in reply.body
    (one,) = api.ok("GET", f"annotation/{version}")["annotations"]
    assert (one["external_picture_url"], one["data"], one["image_qa"]) == ("a.jpg", data, QUESTIONS)
    found = api.ext("annotations/lookup", {"dataset_id": version})
    assert found["names"] == ["a.jpg"]
    assert (found["digests"], found["counts"], found["total"]) == ([digest(data, QUESTIONS)], [4], 1)


def test_adding_keeps_what_is_there_and_repeats(api: Api, version: str) -> None:
    picture_id = api.ext("pictures/lookup", {"names": ["a.jpg"]})["picture_ids"][0]
    legacy = {"picture_id": "a.jpg", "nb_instances": 1, "duration": 3.5, "data": [box()]}
    for path in (
        f"annotation/new/{version}/a.jpg",
        f"annotation/{version}/{picture_id}",
        f"annotation/{version}/a.jpg",
    ):
        api.ok("PUT", path, legacy)
    (one,) = api.ok("GET", f"annotation/new/{version}/a.jpg")["annotations"]
    assert one["data"] == [box()] * 3
    assert api.ext("annotations/lookup", {"dataset_id": version})["digests"] == [digest([box()] * 3)]


def test_an_annotation_without_objects_is_one(api: Api, version: str) -> None:
    api.ok("PUT", f"annotation/new/{version}/a.jpg", {"data": []})
    found = api.ext("annotations/lookup", {"dataset_id": version})
    assert (found["names"], found["digests"], found["counts"]) == (["a.jpg"], [digest([])], [0])


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"label": "car"},
        {"type": "rectangle", "label": "car"},
        {**box(), "label": ""},
        {**box(), "label": 3},
        {**box(), "type": "circle"},
        {**box(), "type": None},
        {**box(), "rectangle": {"top": 1, "left": 1, "width": 1}},
        {**box(), "rectangle": {"top": 1, "left": 1, "width": "1", "height": 1}},
        {**box(), "rectangle": {"top": True, "left": 1, "width": 1, "height": 1}},
        {**box(), "rectangle": []},
        {**POLYGON, "polygon": {"geometry": [{"x": 0, "y": 0}, {"x": 4, "y": 0}]}},
        {**POLYGON, "polygon": {"geometry": [{"x": 0, "y": 0}, {"x": 4, "y": 0}, {"x": 4}]}},
        {**POLYGON, "polygon": {"geometry": [[0, 0], [1, 1], [2, 2]]}},
        {**POLYGON, "polygon": []},
        {**box(), "qa": "text"},
        {**box(), "qa": [{"type": "text", "question": "q"}]},
        {**box(), "qa": [{"type": "poem", "question": "q", "answer": ""}]},
        {**box(), "note": 1e300},
    ],
)
def test_objects_that_are_none_are_refused(api: Api, version: str, bad: dict[str, Any]) -> None:
    reply = api.send("PUT", f"annotation/new/{version}/a.jpg", {"data": [box(), bad]})
    if bad.get("note"):  # a number without an exact int is fine either way, as long as it is answered
        assert reply.status in {201, 400}
        return
    assert reply.status == 400
    assert "data[1]" in reply.body["error"]
    answer = replace(api, version, {"name": "a.jpg", "data": [bad]}, {"name": "b.jpg", "data": [box()]})
    assert answer["statuses"] == ["refused", "put"]
    assert answer["errors"][0]
    assert api.ok("GET", f"annotation/{version}")["total_assets"] == 1


@pytest.mark.parametrize("raw", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_not_finite_are_refused(api: Api, version: str, raw: str) -> None:
    text = json.dumps({"data": [box(left=12345)]}).replace("12345", raw).encode()
    assert api.send("PUT", f"annotation/new/{version}/a.jpg", raw=text).status == 400


@pytest.mark.parametrize("body", [{}, {"data": {}}, {"data": ["x"]}, {"data": [], "image_qa": [3]}, {"data": None}, []])
def test_bodies_that_are_none_are_refused(api: Api, version: str, body: object) -> None:
    assert api.send("PUT", f"annotation/new/{version}/a.jpg", body).status == 400


def test_unknown_pictures_and_datasets_are_404(api: Api, version: str) -> None:
    api.upload(("elsewhere.jpg", b"x"))
    for path in (
        f"new/{version}/nobody.jpg",
        f"new/{version}/elsewhere.jpg",
        f"{version}/{NOBODY}",
        f"new/{NOBODY}/a.jpg",
    ):
        assert api.send("PUT", f"annotation/{path}", {"data": []}).status == 404
    assert api.send("GET", f"annotation/new/{version}/nobody.jpg").status == 404
    assert api.send("GET", f"annotation/{NOBODY}").status == 404
    assert api.send("DELETE", f"annotation/{version}/nobody.jpg").status == 404


def test_deleting_one_and_all(api: Api, version: str) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        api.ok("PUT", f"annotation/new/{version}/{name}", {"data": [box()]})
    picture_id = api.ext("pictures/lookup", {"names": ["b.jpg"]})["picture_ids"][0]
    for deleted in (1, 0):
        assert api.ok("DELETE", f"annotation/{version}/{picture_id}")["deleted"] == deleted
    assert api.ext("annotations/lookup", {"dataset_id": version})["names"] == ["a.jpg", "c.jpg"]
    assert api.ok("DELETE", f"annotation/{version}")["deleted"] == 2
    assert api.ok("DELETE", f"annotation/{version}")["deleted"] == 0


def test_replacing_is_idempotent_and_guarded_by_expectation(api: Api, version: str) -> None:
    one, two = digest([box()]), digest([box(), CLASSIFIED])
    answer = replace(
        api,
        version,
        {"name": "a.jpg", "data": [box()], "expect": ""},
        {"name": "b.jpg", "data": [box()]},
        {"name": "c.jpg", "data": [box()], "expect": one},
        {"name": "nobody.jpg", "data": []},
    )
    assert answer["statuses"] == ["put", "put", "stale", "missing"]
    assert answer["digests"] == [one, one, None, None]
    assert answer["errors"][:2] == [None, None]
    assert all(answer["errors"][2:])
    again = replace(
        api,
        version,
        {"name": "a.jpg", "data": [box()], "expect": ""},
        {"name": "b.jpg", "data": [box(), CLASSIFIED], "expect": one},
        {"name": "c.jpg", "data": [box()], "expect": None},
    )
    assert again["statuses"] == ["same", "put", "put"]
    assert again["digests"] == [one, two, one]


def test_one_picture_twice_in_a_replacement(api: Api, version: str) -> None:
    answer = replace(
        api,
        version,
        {"name": "a.jpg", "data": [box()]},
        {"name": "a.jpg", "data": [CLASSIFIED], "expect": digest([box()])},
        {"name": "a.jpg", "data": [CLASSIFIED]},
    )
    assert answer["statuses"] == ["put", "put", "same"]
    assert api.ok("GET", f"annotation/new/{version}/a.jpg")["annotations"][0]["data"] == [CLASSIFIED]


def test_whole_annotations_by_name(api: Api, version: str) -> None:
    replace(api, version, {"name": "a.jpg", "data": [box()]}, {"name": "b.jpg", "data": [], "image_qa": QUESTIONS})
    found = api.ext("annotations/lookup", {"dataset_id": version, "names": ["b.jpg", "a.jpg", "c.jpg", "nobody"]})
    assert found["names"] == ["a.jpg", "b.jpg"]
    assert (found["data"], found["image_qa"]) == ([[box()], []], [[], QUESTIONS])
    assert (found["counts"], found["total"]) == ([1, 0], 2)


def test_digests_are_paged(api: Api, version: str) -> None:
    replace(api, version, *({"name": name, "data": []} for name in ("a.jpg", "b.jpg", "c.jpg")))
    first = api.ext("annotations/lookup", {"dataset_id": version, "limit": 2})
    assert (first["names"], first["next"], first["total"]) == (["a.jpg", "b.jpg"], "b.jpg", 3)
    rest = api.ext("annotations/lookup", {"dataset_id": version, "limit": 2, "after": "b.jpg"})
    assert (rest["names"], rest["next"], rest["total"]) == (["c.jpg"], None, 3)


def test_the_list_pages_for_every_published_client(api: Api, version: str) -> None:
    assert api.ok("GET", f"annotation/{version}?limit=200&offset=0")["nb_pages"] == 1
    replace(api, version, *({"name": name, "data": []} for name in ("a.jpg", "b.jpg", "c.jpg")))
    page = api.ok("GET", f"annotation/{version}?limit=2&offset=0&snapshot=False")
    assert ([one["external_picture_url"] for one in page["annotations"]]) == ["a.jpg", "b.jpg"]
    assert (page["has_next"], page["nb_pages"], "url" in page) == (True, 2, False)
    page = api.ok("GET", f"annotation/{version}?limit=2&offset=2")
    assert ([one["external_picture_url"] for one in page["annotations"]], page["has_next"]) == (["c.jpg"], False)
    for query in ("limit=0", "limit=x", "offset=-1", "limit=99999999999", "offset=%C2%B2"):
        assert api.send("GET", f"annotation/{version}?{query}").status == 400


def test_a_snapshot_is_one_object_behind_a_signed_url(api: Api, version: str) -> None:
    replace(api, version, {"name": "a.jpg", "data": [box()]})
    answer = api.ok("GET", f"annotation/{version}?limit=200&offset=0&snapshot=True")
    reply = api.url("GET", answer["url"])
    assert reply.headers["content-length"] == str(len(reply.raw))
    assert reply.body["total_assets"] == 1
    assert reply.body["annotations"][0]["data"] == [box()]
    assert answer["object_name"] in answer["url"]
