"""No request with a stranger's token reads, changes or even confirms what another organization has.

Every route of the lake stands in the table below; a new one must be added to pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from picsellia_apply.lake.routes import ROUTES
from tests.contract.platforms import Api, batch, box, form

BOX: Mapping[str, Any] = box()
HOLDER = {"host": "h", "user": "u", "pid": 1, "started": "2026-01-01T00:00:00Z"}

IN_PATH: dict[str, Any] = {
    "GET datalake/{org}": None,
    "POST datalake/search/{org}": {"tags": []},
    "POST datalake/delete/{org}": {"to_delete": ["{picture}"]},
    "POST datalake/tag/{org}": {"tags": ["x"], "to_tag": ["{picture}"]},
    "POST datalake/delete_tag/{org}": {"tags": ["t"], "to_delete_tag": ["{picture}"]},
    "POST datalake/delete_tag/tag/{org}": {"tags": ["t"], "to_delete_tag": ["{picture}"]},
    "PUT picture/upload/{org}": {"internal_key": "{key}", "external_url": "new.jpg", "height": 1, "width": 1},
    "GET dataset/{org}": None,
    "PUT dataset/{org}": {"dataset_name": "new", "pictures": ["{picture}"]},
    "POST dataset/{org}": {"pk": "{dataset}", "pictures": ["{picture}"]},
    "PUT dataset/{org}/new_version": {"name": "D", "version": "new", "pictures": []},
    "GET dataset/{org}/D/first": None,
    "DELETE dataset/{org}/D/first": None,
    "GET dataset/{org}/D/first/download": None,
    "GET network/{org}": None,
    "POST network/{org}": {"name": "new", "type": "t"},
    "GET network/{org}/{network}": None,
    "PATCH network/{org}/{network}": {"description": "x"},
    "PUT network/{org}/{network}": {"description": "x"},
    "DELETE network/{org}/{network}": None,
    "GET network/by_name/{org}/net": None,
    "PUT network/by_name/{org}/net": {"description": "x"},
    "PATCH network/by_name/{org}/net": {"description": "x"},
    "DELETE network/by_name/{org}/net": None,
    "POST ext/{org}/pictures/lookup": {"dataset_id": "{dataset}"},
    "POST ext/{org}/pictures/holders": {"names": ["a.jpg"]},
    "POST ext/{org}/pictures/batch": b"batch",
    "POST ext/{org}/datasets/create": {"name": "new", "version": "v", "pictures": ["{picture}"]},
    "POST ext/{org}/datasets/patch": {"name": "D", "description": "x"},
    "POST ext/{org}/datasets/lookup": {"names": ["D"]},
    "POST ext/{org}/versions/members": {"dataset_id": "{dataset}"},
    "POST ext/{org}/versions/remove": {"dataset_id": "{dataset}", "pictures": ["{picture}"]},
    "POST ext/{org}/labels/remove": {"dataset_id": "{dataset}", "labels": [{"name": "car", "type": "rectangle"}]},
    "POST ext/{org}/annotations/lookup": {"dataset_id": "{dataset}"},
    "POST ext/{org}/annotations/replace": {"dataset_id": "{dataset}", "annotations": [{"name": "a.jpg", "data": []}]},
    "POST ext/{org}/networks/lookup": {"names": ["net"]},
    "GET ext/{org}/workspaces/demo": None,
    "PUT ext/{org}/workspaces/demo": {"serial": 2, "body": "x", "owned": [], "takeovers": {"dataset/D": "demo"}},
    "POST ext/{org}/owners/lookup": {"addresses": ["dataset/D", "network/secret"]},
    "POST ext/{org}/leases/acquire": {
        "workspace": "demo",
        "lease_id": "{upload}{picture}",
        "ttl_s": 30,
        "holder": HOLDER,
    },
    "POST ext/{org}/leases/renew": {"workspace": "demo", "lease_id": "{picture}{upload}"},
    "POST ext/{org}/leases/release": {"workspace": "demo", "lease_id": "{picture}{upload}"},
    "POST ext/{org}/leases/break": {"workspace": "demo", "number": 1},
    "POST ext/{org}/leases/show": {"workspace": "demo"},
    "POST ext/{org}/pictures/holdings": {"names": ["a.jpg"]},
    "POST ext/{org}/pictures/delete": {"pictures": ["{picture}"], "expect": ["x"]},
    "POST ext/{org}/versions/state": {"dataset_id": "{dataset}"},
    "POST ext/{org}/versions/delete": {"dataset_id": "{dataset}", "expect": "x"},
    "POST ext/{org}/networks/state": {"model_id": "{network}"},
    "POST ext/{org}/networks/patch": {"model_id": "{network}", "expect": "x", "fields": {"network_name": "net"}},
    "POST ext/{org}/networks/delete": {"model_id": "{network}", "expect": "x"},
}
"""Requests whose path names an organization."""

BY_ID: dict[str, Any] = {
    "GET picture/{dataset}": None,
    "POST dataset/{dataset}/update_stats": {},
    "PUT label/{dataset}/new/rectangle": None,
    "PUT annotation/new/{dataset}/a.jpg": {"data": []},
    "GET annotation/new/{dataset}/a.jpg": None,
    "PUT annotation/{dataset}/{picture}": {"data": []},
    "DELETE annotation/{dataset}/{picture}": None,
    "DELETE annotation/{dataset}": None,
    "GET annotation/{dataset}": None,
    "POST generate_presigned_url": {"method": "get", "object_name": "{file}", "bucket_model": True},
    "GET generate_presigned_url": {"method": "get", "object_name": "{key}", "bucket_model": False},
    "POST init_multipart_upload": {"object_name": "{file}"},
    "GET init_multipart_upload": {"object_name": "{file}"},
    "POST generate_post_part_url": {"object_name": "{file}", "upload_id": "{upload}", "part_no": 1},
    "GET generate_post_part_url": {"object_name": "{file}", "upload_id": "{upload}", "part_no": 1},
    "POST complete_part_upload": {"object_name": "{file}", "upload_id": "{upload}", "parts": []},
    "GET complete_part_upload": {"object_name": "{file}", "upload_id": "{upload}", "parts": []},
}
"""Requests that name something by its id only."""

SIGNED_OR_OWN = {
    "GET ping",
    "GET openapi.json",
    "POST get_organization",
    "POST storage",
    "GET storage/{organization}/{bucket}/*key",
    "PUT storage/{organization}/{bucket}/*key",
}
"""Tested in test_session, test_openapi and test_storage."""

HARMLESS_AT_HOME = {
    "GET datalake/{org}",
    "POST datalake/search/{org}",
    "POST datalake/delete/{org}",
    "GET dataset/{org}",
    "GET network/{org}",
    "POST network/{org}",
    "POST ext/{org}/pictures/batch",
    "POST ext/{org}/pictures/holders",
    "POST ext/{org}/datasets/lookup",
    "POST ext/{org}/networks/lookup",
    "POST ext/{org}/owners/lookup",
    "POST ext/{org}/leases/acquire",
    "POST ext/{org}/leases/renew",
    "POST ext/{org}/leases/release",
    "POST ext/{org}/leases/break",
    "POST ext/{org}/leases/show",
    "POST ext/{org}/pictures/holdings",
    "POST ext/{org}/pictures/delete",
}
"""Requests that name nothing foreign when sent to the stranger's own organization: they succeed, and show nothing."""


@dataclass(frozen=True, slots=True)
class World:
    """What the owner has, and how it looked before the stranger came."""

    names: Mapping[str, str]
    before: Any


def look(api: Api, names: Mapping[str, str]) -> Any:
    """Return all that an organization has, as far as requests show it."""
    return [
        api.ok("GET", "datalake/none"),
        api.ext("datasets/lookup", {"names": ["D", "new"]}),
        api.ext("networks/lookup", {"names": ["net", "new"]}),
        api.ok("GET", f"picture/{names['dataset']}"),
        api.ok("GET", f"annotation/{names['dataset']}"),
        api.ok("GET", f"ext/{api.organization_id}/workspaces/demo"),
        api.ext("owners/lookup", {"kinds": ["dataset", "network"]}),
        {**api.ext("leases/show", {"workspace": "demo"}), "left_s": None},
    ]


@pytest.fixture
def world(api: Api) -> World:
    (picture,) = api.upload(("a.jpg", b"secret"), tags=["t"])
    dataset = api.version("D", "first", [picture])
    api.ok("PUT", f"label/{dataset}/car/rectangle")
    api.ok("PUT", f"annotation/new/{dataset}/a.jpg", {"data": [BOX]})
    network = api.ok("POST", "network/none", {"name": "net", "type": "t"})["model_id"]
    file = f"{network}/f"
    asked = {"method": "post", "object_name": file, "bucket_model": True}
    url = api.ok("POST", "generate_presigned_url", asked)["url"]
    body, headers = form(url["fields"], b"secret file")
    assert api.url("POST", url["url"], raw=body, headers=headers).status == 204
    upload = api.ok("GET", "init_multipart_upload", {"object_name": file})["upload_id"]
    api.ok(
        "PUT",
        f"ext/{api.organization_id}/workspaces/demo",
        {"serial": 1, "body": "secret", "owned": ["dataset/D", "network/secret"]},
    )
    holder = {**HOLDER, "user": "secret"}
    asked = {"workspace": "demo", "lease_id": f"{picture}{upload}", "ttl_s": 3600, "holder": holder}
    assert api.ext("leases/acquire", asked)["yours"]
    key = api.ok("GET", "datalake/none")["pictures"][0]["internal_key"]
    names = {"picture": picture, "dataset": dataset, "network": network, "file": file, "upload": upload, "key": key}
    return World(names, look(api, names))


def send(api: Api, request: str, body: Any, organization: str, names: Mapping[str, str]) -> Any:
    """Send one line of a table, its placeholders filled."""
    method, _, path = request.partition(" ")
    if isinstance(body, bytes):
        return api.send(method, path.format(org=organization, **names), raw=batch(("mine.jpg", b"mine")))
    filled = msgspec.json.encode(body).decode()
    for name, value in names.items():
        filled = filled.replace(f"{{{name}}}", value)
    return api.send(method, path.format(org=organization, **names), raw=b"" if body is None else filled.encode())


def test_the_tables_hold_every_route() -> None:
    def shape(request: str) -> str:
        for value in ("D/first", "demo", "net", "new/rectangle", "a.jpg"):
            request = request.replace(f"/{value}", "/*" * (value.count("/") + 1))
        return "/".join("*" if part[0] in "{*" else part for part in request.split("/"))

    listed = {shape(request) for request in (*IN_PATH, *BY_ID, *SIGNED_OR_OWN)}
    offered = {shape(f"{one.method} {'/'.join(one.pattern)}") for one in ROUTES}
    assert offered - listed == set()


def test_a_foreign_organization_is_forbidden(api: Api, stranger: Api, world: World) -> None:
    for request_line, body in IN_PATH.items():
        for stated in (api.organization_id, api.organization):
            reply = send(stranger, request_line, body, stated, world.names)
            assert (reply.status, b"secret" in reply.raw) == (403, False), request_line
        assert look(api, world.names) == world.before, request_line


def test_foreign_things_are_not_found_at_home(api: Api, stranger: Api, world: World) -> None:
    for request_line, body in IN_PATH.items():
        reply = send(stranger, request_line, body, stranger.organization_id, world.names)
        assert b"secret" not in reply.raw, request_line
        if request_line in HARMLESS_AT_HOME:
            assert reply.status in {200, 201}, request_line
        else:
            expected = 409 if request_line.startswith("PUT ext/{org}/workspaces") else 404
            assert reply.status == expected, (request_line, reply.raw)
        assert look(api, world.names) == world.before, request_line


def test_foreign_ids_are_not_found(api: Api, stranger: Api, world: World) -> None:
    for request_line, body in BY_ID.items():
        reply = send(stranger, request_line, body, "", world.names)
        assert (reply.status, b"secret" in reply.raw) == (404, False), request_line
        assert look(api, world.names) == world.before, request_line


def test_every_request_needs_a_token(api: Api, world: World) -> None:
    nobody = Api(api.transport, None, api.organization, api.organization_id)
    for request_line, body in {**IN_PATH, **BY_ID}.items():
        reply = send(nobody, request_line, body, api.organization_id, world.names)
        assert (reply.status, b"secret" in reply.raw) == (401, False), request_line
    assert look(api, world.names) == world.before
