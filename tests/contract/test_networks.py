"""Networks: making, changing by every published way, digests of what is stored for them."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.contract.platforms import Api, form

NOBODY = "6f0c5f3e-6a3b-4b8e-9a36-0d6a7a1f4c11"


def make(api: Api, name: str = "net") -> Any:
    reply = api.send("POST", f"network/{api.organization}", {"name": name, "type": "detection"})
    assert reply.status == 201
    return reply.body


def store(api: Api, object_name: str, data: bytes, *, models: bool = True) -> None:
    asked = {"method": "post", "object_name": object_name, "bucket_model": models}
    url = api.ok("POST", "generate_presigned_url", asked)["url"]
    body, headers = form(url["fields"], data)
    assert api.url("POST", url["url"], raw=body, headers=headers).status == 204


def test_a_new_network_has_every_documented_property(api: Api) -> None:
    made = make(api)
    assert made["organization"] == {"name": api.organization}
    assert (made["network_name"], made["type"], made["private"]) == ("net", "detection", True)
    assert (made["files"], made["labels"], made["base_parameters"], made["tag"]) == ({}, {}, {}, None)
    assert made["owner"] == {"username": api.username}
    assert {
        "serving_id",
        "description",
        "model_object_name",
        "checkpoint_object_name",
        "origin_checkpoint_objects",
    } < set(made)
    assert {"thumb_object_name", "framework", "readme_text"} < set(made)
    assert api.ok("GET", f"network/null/{made['model_id']}") == made
    assert api.ok("GET", f"network/by_name/{api.organization}/net") == made
    assert api.ok("GET", "network/none") == {"networks": [made]}
    assert api.send("POST", "network/none", {"name": "net", "type": "x"}).status == 400


def test_names_that_are_none(api: Api) -> None:
    for body in ({"name": "", "type": "t"}, {"name": "n"}, {"name": "a\n", "type": "t"}, {"name": "n", "type": ""}, {}):
        assert api.send("POST", "network/none", body).status == 400
    made = make(api, "group/net ü")
    assert api.ok("GET", "network/by_name/none/group/net%20%C3%BC") == made


def test_deploying_is_not_offered(api: Api) -> None:
    reply = api.send("POST", f"network/{make(api)['model_id']}")
    assert reply.status == 400
    assert "deploy" in reply.body["error"]


@pytest.mark.parametrize("way", ["PATCH id", "PUT id", "PUT name"])
def test_every_way_of_changing_is_partial(api: Api, way: str) -> None:
    made = make(api)
    method, by = way.split()
    path = f"network/none/{made['model_id']}" if by == "id" else "network/by_name/none/net"
    new = {
        "description": "d",
        "tag": ["a", "b"],
        "private": False,
        "framework": "onnx",
        "labels": {"1": "car"},
        "base_parameters": {"batch": {"size": [1, 2.5, None]}},
        "readme_text": "# Ü",
        "type": "segmentation",
        "files": {"config": f"{made['model_id']}/c"},
        "thumb_object_name": "t",
        "model_object_name": "m",
        "checkpoint_object_name": "c",
        "origin_checkpoint_objects": {"a": 1},
    }
    for name, value in new.items():
        api.ok(method, path, {name: value})
    found = api.ok("GET", path)
    assert found == {**made, **new}
    reply = api.send(method, path, {"model_id": made["model_id"], "framework": None, "files": None, "unknown": 1})
    assert (reply.status, reply.body["network"]["framework"], reply.body["network"]["files"]) == (200, "", {})


def test_what_no_request_changes(api: Api) -> None:
    made = make(api)
    make(api, "other")
    path = f"network/none/{made['model_id']}"
    bad: list[Any] = [
        {"model_id": NOBODY},
        {"serving_id": NOBODY},
        {"organization": {"name": "x"}},
        {"owner": {}},
        {"network_name": "other"},
        {"network_name": ""},
        {"type": ""},
        {"files": {"a": 1}},
        {"files": []},
        {"private": "yes"},
        {"tag": "a"},
        [],
    ]
    for body in bad:
        assert api.send("PATCH", path, body).status == 400
    assert api.ok("GET", path) == made
    api.ok("PATCH", path, {"network_name": "renamed"})
    assert api.ok("GET", "network/by_name/none/renamed")["model_id"] == made["model_id"]


def test_unknown_networks_are_404(api: Api) -> None:
    for method in ("GET", "PATCH", "PUT", "DELETE"):
        assert api.send(method, f"network/none/{NOBODY}", {}).status == 404
        assert api.send(method, "network/by_name/none/nobody", {}).status == 404


def test_lookup_has_the_digests_of_what_is_stored(api: Api) -> None:
    one = make(api, "one")
    make(api, "two")
    files = {"config": f"{one['model_id']}/config", "gone": f"{one['model_id']}/gone"}
    thumbnail = f"{one['model_id']}/effdet.png"
    store(api, files["config"], b"old")
    store(api, files["config"], b"new content")
    store(api, thumbnail, b"thumb", models=False)
    api.ok("PATCH", f"network/none/{one['model_id']}", {"files": files, "thumb_object_name": thumbnail})
    first, second = api.ext("networks/lookup", {"names": ["two", "one", "nobody"]})["networks"]
    assert first["network"]["network_name"] == "one"
    stored = {"object_name": files["config"], "sha256": hashlib.sha256(b"new content").hexdigest(), "size": 11}
    assert first["files"] == {"config": stored, "gone": {"object_name": files["gone"], "sha256": None, "size": 0}}
    assert first["thumbnail"]["sha256"] == hashlib.sha256(b"thumb").hexdigest()
    assert (second["files"], second["thumbnail"]) == ({}, None)


def test_deleting_a_network_deletes_its_files(api: Api) -> None:
    made = make(api)
    name = f"{made['model_id']}/0/model.zip"
    store(api, name, b"x")
    asked = {"method": "get", "object_name": name, "bucket_model": True}
    url = api.ok("POST", "generate_presigned_url", asked)["url"]
    assert api.url("GET", url).raw == b"x"
    assert isinstance(api.ok("DELETE", f"network/none/{made['model_id']}"), dict)
    assert api.url("GET", url).status == 404
    assert api.send("POST", "generate_presigned_url", asked).status == 404
    assert api.send("DELETE", "network/by_name/none/net").status == 404
