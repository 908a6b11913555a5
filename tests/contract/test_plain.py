"""A plain lake: SDK v2 and nothing else; the same data, without the extension."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from picsellia_apply.lake import Lake, open_lake
from picsellia_apply.lake.call import Handler
from picsellia_apply.lake.router import Route
from picsellia_apply.lake.routes import PLAIN_ROUTES, ROUTES
from picsellia_apply.wire.extension import PARTS
from tests.contract.platforms import Api, batch, box, form, in_process

BEYOND = [one for one in ROUTES if one not in PLAIN_ROUTES]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with a picture in a version, made with the extension."""
    folder = tmp_path_factory.mktemp("plain-lake")
    with open_lake(folder) as lake:
        api = _enter(lake)
        assert api.ok("GET", "ping")["extensions"] == dict.fromkeys(PARTS, 1)
        api.version("cells", "gold", api.upload(("a.jpg", b"bytes"), tags=["x"]))
    return folder


@pytest.fixture
def plain(folder: Path) -> Iterator[Api]:
    with open_lake(folder, plain=True) as lake:
        yield _enter(lake)


def _enter(lake: Lake) -> Api:
    token = lake.bootstrap("ada", "cells", "t" * 40)
    api = Api(in_process(lake), token, "cells", "")
    return Api(in_process(lake), token, "cells", api.ok("POST", "get_organization", {})["organization_id"])


def test_nothing_is_announced(plain: Api) -> None:
    assert plain.ok("GET", "ping").keys() == {"username", "sdk_version"}


@pytest.mark.parametrize("route", BEYOND, ids=lambda route: f"{route.method}-{'/'.join(route.pattern)}")
def test_every_request_of_the_extension_is_unknown(plain: Api, route: Route[Handler]) -> None:
    path = "/".join(route.pattern).format(org=plain.organization_id, name="demo")
    for body in (b"", b"{}", batch(("a.jpg", b"bytes"))):
        reply = plain.send(route.method, path, raw=body)
        assert (reply.status, reply.body["error"]) == (404, "nothing is here")


def test_the_extension_has_requests() -> None:
    assert len(BEYOND) >= 13


def test_what_was_made_with_the_extension_is_there(plain: Api) -> None:
    assert [one["external_url"] for one in plain.ok("GET", "datalake/none")["pictures"]] == ["a.jpg"]
    assert plain.ok("GET", "dataset/none/cells/gold")["dataset"]["size"] == 1


def test_no_answer_tells_a_digest(plain: Api) -> None:
    version = plain.ok("GET", "dataset/none/cells/gold")["dataset"]["dataset_id"]
    stored = plain.ok("PUT", f"annotation/new/{version}/a.jpg", {"data": [box()]})
    assert stored.keys() == {"message"}
    (image,) = plain.ok("GET", "dataset/none/cells/gold/download")["images"]
    assert image.keys() == {"external_picture_url", "internal_picture_id", "signed_url"}
    assert plain.url("GET", image["signed_url"]).raw == b"bytes"


def test_multipart_uploads_end_without_a_digest(plain: Api) -> None:
    made = plain.ok("POST", "network/null", {"name": "detector", "type": "detection"})
    name = f"{made['model_id']}/model.bin"
    upload = plain.ok("GET", "init_multipart_upload", {"object_name": name})["upload_id"]
    part = {"object_name": name, "upload_id": upload, "part_no": 1}
    put = plain.url("PUT", plain.ok("POST", "generate_post_part_url", part)["url"], raw=b"model")
    parts = [{"ETag": put.headers["etag"], "PartNumber": 1}]
    done = plain.ok("POST", "complete_part_upload", {"object_name": name, "upload_id": upload, "parts": parts})
    assert done == {"success": "upload complete"}
    again = plain.ok("POST", "generate_presigned_url", {"method": "get", "object_name": name, "bucket_model": True})
    assert plain.url("GET", again["url"]).raw == b"model"
    plain.ok("DELETE", f"network/null/{made['model_id']}")


def test_pictures_are_uploaded_by_form(plain: Api) -> None:
    key = "00000000-0000-4000-8000-000000000001.jpg"
    signed = plain.ok("POST", "generate_presigned_url", {"method": "post", "object_name": key})["url"]
    body, headers = form(signed["fields"], b"other")
    assert plain.url("POST", signed["url"], raw=body, headers=headers).status == 204
    picture = {"internal_key": key, "external_url": "b.jpg", "height": 3, "width": 4}
    reply = plain.send("PUT", "picture/upload/none", picture)
    assert reply.status == 201, reply.raw
    assert hashlib.sha256(b"other").hexdigest().encode() not in reply.raw
    plain.ok("POST", "datalake/delete/none", {"to_delete": [reply.body["picture"]]})
