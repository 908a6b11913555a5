"""Routing on raw paths: WIRE_V2.md sections 1 and 10."""

from __future__ import annotations

import pytest

from tests.contract.platforms import Api, box


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_slash_at_the_end_changes_nothing(api: Api, slash: str) -> None:
    reply = api.send("GET", f"dataset/{api.organization_id}{slash}")
    assert (reply.status, reply.body) == (200, {"datasets": []})


@pytest.mark.parametrize("path", ["/", "/sdk/v2", "/sdk/v2/", "/sdk/v1/ping", "/sdk/v2/nothing", "/sdk/v2//ping"])
def test_unknown_paths_are_404_and_never_a_redirect(api: Api, path: str) -> None:
    assert api.transport("GET", path, {"Authorization": f"Token {api.token}"}, b"").status == 404


def test_a_known_path_with_another_method_is_405(api: Api) -> None:
    reply = api.send("DELETE", "ping")
    assert reply.status == 405
    assert reply.body["error"]


def test_a_path_that_is_not_utf_8_is_400(api: Api) -> None:
    assert api.send("GET", "dataset/%FF").status == 400


@pytest.mark.parametrize(
    "name", ["a b", "ä+&=", "100%", "what?", "no #1", "a%2Fb", ".", "..", "latest", "download", "new"]
)
def test_names_are_decoded_once(api: Api, name: str) -> None:
    quoted = "".join(f"%{byte:02X}" for byte in name.encode())
    api.version(name, "first")
    assert api.ok("GET", f"dataset/none/{quoted}/first")["dataset"]["dataset_name"] == name


def test_label_and_picture_names_with_slashes_as_clients_paste_them(api: Api) -> None:
    ids = api.upload(("new/a b.jpg", b"x"))
    version = api.version("D", "first", ids)
    api.ok("PUT", f"label/{version}/vehicle/big/car/rectangle")
    labels = api.ext("datasets/lookup", {"names": ["D"]})["datasets"][0]["versions"][0]["labels"]
    assert labels == [{"name": "vehicle/big/car", "type": "rectangle"}]
    api.ok("PUT", f"annotation/new/{version}/new/a%20b.jpg", {"data": [box()]})
    assert len(api.ok("GET", f"annotation/new/{version}/new/a%20b.jpg")["annotations"]) == 1
    api.ok("DELETE", f"annotation/{version}/new/a%20b.jpg")
    assert api.ok("GET", f"annotation/{version}")["annotations"] == []
    api.ok("PUT", f"annotation/new/{version}/new%2Fa%20b.jpg/", {"data": [box()]})
    assert api.ok("GET", f"annotation/{version}")["total_assets"] == 1


def test_picture_upload_is_not_a_dataset_and_by_name_is_no_organization(api: Api) -> None:
    assert api.send("PUT", "picture/upload/none", {}).status == 400
    assert api.send("GET", "picture/upload").status == 404
    assert api.send("GET", "network/by_name/none/unknown").status == 404
