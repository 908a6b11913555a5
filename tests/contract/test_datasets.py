"""Datasets, versions and labels."""

from __future__ import annotations

from typing import Any

import pytest

from picsellia_apply.model.annotation import names_digest
from tests.contract.platforms import Api, box

NOBODY = "6f0c5f3e-6a3b-4b8e-9a36-0d6a7a1f4c11"


def members(api: Api, dataset_id: str) -> list[str]:
    return [one["external_url"] for one in api.ok("GET", f"picture/{dataset_id}")["pictures"]]


def info(api: Api, name: str) -> Any:
    (found,) = api.ext("datasets/lookup", {"names": [name]})["datasets"]
    return found


def test_create_answers_in_both_shapes(api: Api) -> None:
    ids = api.upload(("a", b"a"), ("b", b"b"))
    body = {"dataset_name": "D", "description": "text", "private": False, "pictures": [ids[0], {"picture_id": ids[1]}]}
    reply = api.send("PUT", "dataset/none", body)
    assert reply.status == 201
    made = reply.body["dataset"]
    assert made == {
        "dataset_id": reply.body["pk"],
        "dataset_name": "D",
        "version": "first",
        "size": 2,
        "description": "text",
        "private": False,
    }
    assert api.ok("GET", "dataset/none/D/first") == {"dataset": made}
    assert api.ok("GET", "dataset/none/D/latest") == {"dataset": made}
    assert api.ok("GET", "dataset/none") == {"datasets": [made]}
    assert api.send("PUT", "dataset/none", body).status == 400


@pytest.mark.parametrize("name", ["", "a/b", "/", "a\x7f", "x" * 1025])
def test_names_that_no_path_can_hold_are_refused(api: Api, name: str) -> None:
    assert api.send("PUT", "dataset/none", {"dataset_name": name, "pictures": []}).status == 400
    ext = f"ext/{api.organization_id}/datasets/create"
    assert api.send("POST", ext, {"name": name, "version": "v", "pictures": []}).status == 400
    assert api.send("POST", ext, {"name": "D", "version": name, "pictures": []}).status == 400
    assert api.ok("GET", "dataset/none") == {"datasets": []}


def test_latest_is_an_alias_and_no_name(api: Api) -> None:
    api.version("D", "first")
    second = api.version("D", "second")
    assert api.ok("GET", "dataset/none/D/latest")["dataset"]["dataset_id"] == second
    ext = f"ext/{api.organization_id}/datasets/create"
    assert api.send("POST", ext, {"name": "D", "version": "latest", "pictures": []}).status == 400
    assert api.send("PUT", "dataset/none/new_version", {"name": "D", "version": "latest", "pictures": []}).status == 400
    api.ok("DELETE", "dataset/none/D/latest")
    assert api.ok("GET", "dataset/none/D/latest")["dataset"]["version"] == "first"
    api.ok("DELETE", "dataset/none/D/first")
    assert api.send("GET", "dataset/none/D/latest").status == 404
    assert api.ext("datasets/lookup", {"names": ["D"]}) == {"datasets": []}
    api.version("D", "again")


def test_a_new_version_takes_labels_and_the_annotations_of_its_pictures(api: Api) -> None:
    ids = api.upload(("a", b"a"), ("b", b"b"), ("c", b"c"))
    first = api.version("D", "first", ids[:2])
    api.ok("PUT", f"label/{first}/car/rectangle")
    for name in ("a", "b"):
        api.ok("PUT", f"annotation/new/{first}/{name}", {"data": [box()], "image_qa": []})
    body = {"name": "D", "version": "second", "pictures": ids[1:], "from_version": "first"}
    reply = api.send("PUT", "dataset/none/new_version", body)
    assert reply.status == 201
    assert reply.body["pk"] == reply.body["dataset"]["dataset_id"]
    assert members(api, reply.body["pk"]) == ["b", "c"]
    second = info(api, "D")["versions"][1]
    assert (second["annotated"], second["objects"]) == (1, 1)
    assert second["labels"] == [{"name": "car", "type": "rectangle"}]
    assert api.send("PUT", "dataset/none/new_version", body).status == 400
    api.ok("DELETE", f"annotation/{first}")
    assert info(api, "D")["versions"][1]["annotated"] == 1


def test_a_new_version_of_nothing_is_404(api: Api) -> None:
    api.version("D", "first")
    for name, origin in (("E", "latest"), ("D", "second")):
        body = {"name": name, "version": "v", "pictures": [], "from_version": origin}
        assert api.send("PUT", "dataset/none/new_version", body).status == 404
    assert (
        api.send("PUT", "dataset/none/new_version", {"name": "D", "version": "v", "pictures": [NOBODY]}).status == 404
    )
    assert len(info(api, "D")["versions"]) == 1


def test_a_version_without_an_origin(api: Api) -> None:
    ids = api.upload(("a", b"a"))
    ext = f"ext/{api.organization_id}/datasets/create"
    first = {"name": "D", "version": "gold", "pictures": ids, "description": "one", "private": False}
    assert api.send("POST", ext, first).status == 201
    assert api.send("POST", ext, first).status == 409
    assert api.send("POST", ext, {"name": "D", "version": "silver", "pictures": [], "description": "x"}).status == 201
    found = info(api, "D")
    assert (found["description"], found["private"]) == ("one", False)
    assert [(one["name"], one["size"], one["members_digest"]) for one in found["versions"]] == [
        ("gold", 1, names_digest(["a"])),
        ("silver", 0, names_digest([])),
    ]
    assert api.send("POST", ext, {"name": "E", "version": "v", "pictures": [*ids, NOBODY]}).status == 404
    assert api.ext("datasets/lookup", {"names": ["E"]}) == {"datasets": []}


def test_adding_pictures_a_name_decides_over_pk(api: Api) -> None:
    ids = api.upload(("a", b"a"), ("b", b"b"))
    one, two = api.version("A", "first"), api.version("B", "first")
    api.ok("POST", "dataset/none", {"name": "B", "version": "latest", "pictures": ids[:1], "pk": one})
    assert (members(api, one), members(api, two)) == ([], ["a"])
    api.ok("POST", "dataset/none", {"name": "", "version": "latest", "pictures": ids, "pk": one})
    assert api.ok("POST", "dataset/none", {"pictures": ids, "pk": one})["added"] == 0
    assert members(api, one) == ["a", "b"]
    assert api.send("POST", "dataset/none", {"name": "", "version": "latest", "pictures": ids, "pk": ""}).status == 400
    assert api.send("POST", "dataset/none", {"name": "C", "pictures": ids, "pk": one}).status == 404
    assert api.send("POST", "dataset/none", {"pictures": ids, "pk": NOBODY}).status == 404


def test_removing_pictures_takes_their_annotations(api: Api) -> None:
    ids = api.upload(("a", b"a"), ("b", b"b"))
    version = api.version("D", "first", ids)
    api.ok("PUT", f"annotation/new/{version}/a", {"data": [box()]})
    before = info(api, "D")["versions"][0]["members_digest"]
    assert api.ext("versions/remove", {"dataset_id": version, "pictures": [ids[0], NOBODY]}) == {"removed": 1}
    assert api.ext("versions/remove", {"dataset_id": version, "pictures": ids[:1]}) == {"removed": 0}
    after = info(api, "D")["versions"][0]
    assert (before, after["members_digest"]) == (names_digest(["a", "b"]), names_digest(["b"]))
    assert after["annotated"] == 0
    assert len(api.ok("GET", "datalake/none")["pictures"]) == 2
    api.ok("POST", "dataset/none", {"name": "D", "pictures": ids})
    assert info(api, "D")["versions"][0]["annotated"] == 0


def test_members_are_paged(api: Api) -> None:
    ids = api.upload(*((f"{n:02}", b"x") for n in range(7)))
    version = api.version("D", "first", ids)
    seen, after = [], None
    for _ in range(3):
        page = api.ext("versions/members", {"dataset_id": version, "after": after, "limit": 3})
        assert page["total"] == 7
        seen += page["names"]
        after = page["next"]
    assert (seen, after) == ([f"{n:02}" for n in range(7)], None)
    assert (
        api.send("POST", f"ext/{api.organization_id}/versions/members", {"dataset_id": version, "limit": 0}).status
        == 400
    )


def test_patching_a_dataset(api: Api) -> None:
    api.version("D", "first")
    assert api.ext("datasets/patch", {"name": "D", "description": "new", "private": False}) == {"updated": 2}
    assert api.ext("datasets/patch", {"name": "D", "description": ""}) == {"updated": 1}
    assert api.ext("datasets/patch", {"name": "D"}) == {"updated": 0}
    assert (info(api, "D")["description"], info(api, "D")["private"]) == ("", False)
    assert api.send("POST", f"ext/{api.organization_id}/datasets/patch", {"name": "E"}).status == 404


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("rectangle", "rectangle"),
        ("polygon", "polygon"),
        ("classification", "classification"),
        ("detection", "rectangle"),
        ("segmentation", "polygon"),
    ],
)
def test_labels_are_declared_idempotently(api: Api, sent: str, kept: str) -> None:
    version = api.version("D", "first")
    for _ in range(2):
        assert api.send("PUT", f"label/{version}/car/{sent}").status == 201
    assert info(api, "D")["versions"][0]["labels"] == [{"name": "car", "type": kept}]


def test_labels_that_are_none_and_their_removal(api: Api) -> None:
    version = api.version("D", "first")
    assert api.send("PUT", f"label/{version}/car/circle").status == 400
    assert api.send("PUT", f"label/{version}/a%0Ab/polygon").status == 400
    assert api.send("PUT", f"label/{NOBODY}/car/polygon").status == 404
    for kind in ("rectangle", "polygon"):
        api.ok("PUT", f"label/{version}/car/{kind}")
    unwanted = [{"name": "car", "type": "polygon"}, {"name": "bus", "type": "polygon"}]
    assert api.ext("labels/remove", {"dataset_id": version, "labels": unwanted}) == {"removed": 1}
    assert info(api, "D")["versions"][0]["labels"] == [{"name": "car", "type": "rectangle"}]


def test_counts_of_published_clients_are_taken(api: Api) -> None:
    version = api.version("D", "first")
    stats = {"repartition": {"car": 3}, "nb_annotations": 2, "nb_objects": 3}
    assert isinstance(api.ok("POST", f"dataset/{version}/update_stats", stats), dict)
    assert api.send("POST", f"dataset/{NOBODY}/update_stats", stats).status == 404
    assert api.send("POST", f"dataset/{version}/update_stats", {"repartition": []}).status == 400
