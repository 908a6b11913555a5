"""The object store: forms, signed URLs, multipart uploads, and a published client's upload of a picture."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from picsellia_apply.lake import open_lake
from picsellia_apply.lake.signing import LIFETIME_S
from tests.contract.conftest import LIMITS
from tests.contract.platforms import Api, Clock, Reply, entry, form, in_process

KEY = "0f0c5f3e-6a3b-4b8e-9a36-0d6a7a1f4c11.jpg"


def presign(api: Api, method: str, name: str, *, models: bool = False, verb: str = "POST") -> Any:
    return api.ok(verb, "generate_presigned_url", {"method": method, "object_name": name, "bucket_model": models})[
        "url"
    ]


def post_form(api: Api, url: str, fields: Mapping[str, str], data: bytes) -> Reply:
    body, headers = form(fields, data)
    return api.url("POST", url, raw=body, headers=headers)


def store(api: Api, name: str, data: bytes, *, models: bool = False) -> None:
    url = presign(api, "post", name, models=models)
    assert post_form(api, url["url"], url["fields"], data).status == 204


def claim(api: Api, name: str, **changed: object) -> Reply:
    body = {"internal_key": KEY, "external_url": name, "height": 3, "width": 4, "tags": ["t"], "source": "sdk"}
    return api.send("PUT", f"picture/upload/{api.organization_id}", {**body, **changed})


def network(api: Api) -> str:
    return str(api.ok("POST", "network/none", {"name": "net", "type": "t"})["model_id"])


@pytest.mark.parametrize("verb", ["POST", "GET"])
@pytest.mark.parametrize("data", [b"", b"\r\n--xYzZY\r\n", bytes(range(256)) * 4000])
def test_what_a_form_stores_a_signed_url_gives(api: Api, verb: str, data: bytes) -> None:
    url = presign(api, "post", KEY, verb=verb)
    reply = post_form(api, url["url"], url["fields"], data)
    assert (reply.status, reply.raw) == (204, b"")
    reply = api.url("GET", presign(api, "get", KEY, verb=verb))
    assert (reply.status, reply.raw) == (200, data)
    assert reply.headers["content-length"] == str(len(data))
    assert reply.headers["etag"] == f'"{hashlib.sha256(data).hexdigest()}"'


def test_ranges_resume_a_download(api: Api) -> None:
    store(api, KEY, b"0123456789")
    url = presign(api, "get", KEY)
    reply = api.url("GET", url, headers={"Range": "bytes=4-"})
    assert (reply.status, reply.raw, reply.headers["content-range"]) == (206, b"456789", "bytes 4-9/10")
    for nonsense in ("bytes=99-", "bytes=1-2,4-5", "lines=1-2", "bytes=x"):
        assert api.url("GET", url, headers={"Range": nonsense}).raw == b"0123456789"


def test_urls_live_on_the_host_that_was_asked(api: Api) -> None:
    store(api, KEY, b"x")
    asked = {"method": "get", "object_name": KEY, "bucket_model": False}
    reply = api.send("POST", "generate_presigned_url", asked, headers={"Host": "lake.example:1234"})
    assert reply.body["url"].startswith("http://lake.example:1234/sdk/v2/")


def test_the_two_namespaces_are_apart(api: Api) -> None:
    name = f"{network(api)}/f"
    store(api, name, b"model", models=True)
    store(api, name, b"thumb")
    assert api.url("GET", presign(api, "get", name, models=True)).raw == b"model"
    assert api.url("GET", presign(api, "get", name)).raw == b"thumb"


def test_model_files_belong_to_a_network(api: Api) -> None:
    for name in ("loose", f"{KEY}/x", "0f0c5f3e-6a3b-4b8e-9a36-0d6a7a1f4c11/x"):
        asked = {"method": "post", "object_name": name, "bucket_model": True}
        assert api.send("POST", "generate_presigned_url", asked).status == 404


@pytest.mark.parametrize("name", ["", "a//b", "a/", "/a", "a/../b", ".", "a/./b", "a\nb", "x" * 1025])
def test_names_that_no_url_can_hold(api: Api, name: str) -> None:
    for method in ("post", "get"):
        reply = api.send(
            "POST", "generate_presigned_url", {"method": method, "object_name": name, "bucket_model": False}
        )
        assert reply.status in {400, 404}
    assert api.send("GET", "init_multipart_upload", {"object_name": name}).status == 400


def test_odd_names_survive_the_url(api: Api) -> None:
    name = f"{network(api)}/ä b?c#d&e=f%20+.zip"
    store(api, name, b"x", models=True)
    assert api.url("GET", presign(api, "get", name, models=True)).raw == b"x"


def test_presigning_what_makes_no_sense(api: Api) -> None:
    for body in ({"method": "put", "object_name": KEY}, {"method": "get"}, {"method": 1, "object_name": KEY}):
        assert api.send("POST", "generate_presigned_url", body).status == 400
    asked = {"method": "get", "object_name": "unknown.jpg", "bucket_model": False}
    assert api.send("POST", "generate_presigned_url", asked).status == 404


def test_altered_forms_are_refused(api: Api) -> None:
    url = presign(api, "post", KEY)
    fields = url["fields"]
    for name in fields:
        altered = {**fields, name: "f" + fields[name][1:] if fields[name][0] != "f" else "e" + fields[name][1:]}
        assert post_form(api, url["url"], altered, b"x").status == 403
        missing = {other: value for other, value in fields.items() if other != name}
        assert post_form(api, url["url"], missing, b"x").status == 403
    assert post_form(api, url["url"], {**fields, "expires": "9999999999"}, b"x").status == 403
    assert post_form(api, url["url"], {}, b"x").status == 403
    assert api.send("POST", "generate_presigned_url", {"method": "get", "object_name": KEY}).status == 404


def test_altered_urls_are_refused(api: Api) -> None:
    store(api, KEY, b"x")
    other = KEY.replace("0f0c", "1f0c")
    store(api, other, b"y")
    url = presign(api, "get", KEY)
    for altered in (url.replace(KEY, other), url[:-1] + ("0" if url[-1] != "0" else "1"), url.partition("?")[0]):
        assert api.url("GET", altered).status == 403
    assert api.url("GET", url.replace("expires=", "expires=9")).status == 403
    assert api.url("GET", f"{url}&more=1").status == 403
    assert api.url("PUT", url, raw=b"z").status == 403
    assert api.url("GET", url).raw == b"x"


def test_signatures_expire(api: Api, clock: Clock) -> None:
    store(api, KEY, b"x")
    upload, url = presign(api, "post", KEY), presign(api, "get", KEY)
    clock.ahead = timedelta(seconds=LIFETIME_S - 60)
    try:
        assert api.url("GET", url).status == 200
        clock.ahead = timedelta(seconds=LIFETIME_S + 60)
        assert api.url("GET", url).status == 403
        assert post_form(api, upload["url"], upload["fields"], b"x").status == 403
    finally:
        clock.ahead = timedelta()


def test_broken_forms_are_refused(api: Api) -> None:
    url = presign(api, "post", KEY)
    body, headers = form(url["fields"], b"x" * 1000)
    cases: list[tuple[bytes, Mapping[str, str]]] = [
        (b"", headers),
        (body, {}),
        (body, {"Content-Type": "multipart/form-data"}),
        (body, {"Content-Type": "application/json"}),
        (body[:-200], headers),
        (body.replace(b'name="file"', b'name="another"'), headers),
        (body.replace(b'; filename="/home/me/x.jpg"', b""), headers),
        (form({**url["fields"], "file": "x"}, b"x")[0].replace(b'; filename="/home/me/x.jpg"', b""), headers),
        (body.removesuffix(b"--\r\n") + b"\r\n" + body.partition(b"\r\n")[2], headers),
        (form({"a": "x" * 100_000}, b"")[0], headers),
        (form({str(n): "x" for n in range(100)}, b"")[0], headers),
        (b"--xYzZY0123456789\r\n\r\n", headers),
    ]
    for raw, stated in cases:
        assert api.url("POST", url["url"], raw=raw, headers=stated).status in {400, 403, 413}
    assert api.send("POST", "generate_presigned_url", {"method": "get", "object_name": KEY}).status == 404


def test_too_large_bodies_are_413(api: Api) -> None:
    url = presign(api, "post", KEY)
    assert post_form(api, url["url"], url["fields"], b"x" * (LIMITS.object + 1)).status == 413
    assert api.send("POST", "datalake/search/none", raw=b" " * (LIMITS.json + 1)).status == 413
    name = f"{network(api)}/f"
    upload = api.ok("GET", "init_multipart_upload", {"object_name": name})["upload_id"]
    part = api.ok("GET", "generate_post_part_url", {"object_name": name, "upload_id": upload, "part_no": 1})["url"]
    assert api.url("PUT", part, raw=b"x" * (LIMITS.object + 1)).status == 413


def test_a_published_clients_upload(api: Api) -> None:
    store(api, KEY, b"bytes")
    reply = claim(api, "a.jpg")
    assert reply.status == 201
    (listed,) = api.ok("GET", "datalake/none")["pictures"]
    assert reply.body == {"picture": listed}
    assert (listed["internal_key"], listed["external_url"], listed["tag"]) == (KEY, "a.jpg", ["t"])
    found = api.ext("pictures/lookup", {"names": ["a.jpg"]})
    assert (found["sha256"], found["sizes"]) == ([entry("", b"bytes")["sha256"]], [5])
    assert (found["widths"], found["stored_widths"]) == ([4], [4])
    assert api.url("GET", presign(api, "get", KEY)).raw == b"bytes"


def test_a_name_that_is_taken_is_208_and_its_object_goes(api: Api) -> None:
    store(api, KEY, b"1")
    assert claim(api, "a.jpg").status == 201
    other = KEY.replace("0f0c", "1f0c")
    store(api, other, b"2")
    reply = claim(api, "a.jpg", internal_key=other)
    assert reply.status == 208
    assert reply.body["errors"] == [reply.body["error"]]
    asked = {"method": "get", "object_name": other, "bucket_model": False}
    assert api.send("POST", "generate_presigned_url", asked).status == 404
    assert claim(api, "a.jpg").status == 208
    assert api.url("GET", presign(api, "get", KEY)).raw == b"1"


def test_the_object_of_a_picture_is_never_written_again(api: Api) -> None:
    store(api, KEY, b"1")
    again = presign(api, "post", KEY)
    assert claim(api, "a.jpg").status == 201
    assert post_form(api, again["url"], again["fields"], b"2").status == 403
    assert api.url("GET", presign(api, "get", KEY)).raw == b"1"


def test_claims_that_are_refused(api: Api) -> None:
    assert claim(api, "a.jpg").status == 404
    store(api, KEY, b"1")
    bad: list[dict[str, object]] = [
        {"external_url": ""},
        {"external_url": "a\x00"},
        {"height": 0},
        {"width": "4"},
        {"width": 2**40},
        {"tags": ["a", ""]},
        {"tags": "a"},
        {"internal_key": None},
    ]
    for changed in bad:
        assert claim(api, "a.jpg", **changed).status == 400
    assert api.ok("GET", "datalake/none") == {"pictures": []}
    assert claim(api, "a.jpg").status == 201


def test_the_bytes_of_a_version_can_be_downloaded(api: Api) -> None:
    pictures = {"a/1.jpg": b"one", "2 ü.png": b"two"}
    ids = api.upload(*pictures.items())
    api.version("D", "first", ids)
    images = api.ok("GET", "dataset/none/D/latest/download")["images"]
    assert {one["external_picture_url"]: api.url("GET", one["signed_url"]).raw for one in images} == pictures
    assert api.send("GET", "dataset/none/E/latest/download").status == 404


@pytest.mark.parametrize("verb", ["POST", "GET"])
def test_a_multipart_upload_with_an_empty_last_part(api: Api, verb: str) -> None:
    name = f"{network(api)}/0/model.zip"
    store(api, name, b"before", models=True)
    chunks = [b"a" * 1_000_000, b"b" * 1_000_000, b""]
    upload = api.ok("GET", "init_multipart_upload", {"object_name": name})["upload_id"]
    urls = [
        api.ok(verb, "generate_post_part_url", {"object_name": name, "upload_id": upload, "part_no": number + 1})["url"]
        for number in range(3)
    ]
    assert api.url("PUT", urls[1], raw=b"first try").status == 200
    replies = [api.url("PUT", url, raw=chunk) for url, chunk in zip(urls, chunks, strict=True)]
    assert [reply.status for reply in replies] == [200] * 3
    parts = [{"ETag": reply.headers["etag"], "PartNumber": n + 1} for n, reply in enumerate(replies)]
    done = {"object_name": name, "upload_id": upload, "parts": parts[::-1], "network_id": None}
    assert api.url("GET", presign(api, "get", name, models=True)).raw == b"before"
    assert api.send(verb, "complete_part_upload", done).status == 201
    assert api.url("GET", presign(api, "get", name, models=True)).raw == b"".join(chunks)
    assert api.send(verb, "complete_part_upload", done).status == 404
    assert api.url("PUT", urls[0], raw=b"late").status == 404


def test_multipart_uploads_that_are_refused(api: Api) -> None:
    name = f"{network(api)}/f"
    upload = api.ok("GET", "init_multipart_upload", {"object_name": name})["upload_id"]
    part = {"object_name": name, "upload_id": upload, "part_no": 1}
    for changed in ({"part_no": 0}, {"part_no": 10_001}, {"part_no": "1"}, {"part_no": 10**30}):
        assert api.send("POST", "generate_post_part_url", {**part, **changed}).status == 400
    assert api.send("POST", "generate_post_part_url", {**part, "upload_id": "unknown"}).status == 404
    assert api.send("POST", "generate_post_part_url", {**part, "object_name": f"{name}x"}).status == 404
    tag = api.url("PUT", api.ok("POST", "generate_post_part_url", part)["url"], raw=b"x").headers["etag"]
    one = {"ETag": tag, "PartNumber": 1}
    wrong: list[Any] = [[], [one, one], [{**one, "PartNumber": 2}], [{**one, "ETag": '"0"'}], [{}], "x"]
    for parts in wrong:
        done = {"object_name": name, "upload_id": upload, "parts": parts, "network_id": None}
        assert api.send("POST", "complete_part_upload", done).status == 400
    asked = {"method": "get", "object_name": name, "bucket_model": True}
    assert api.send("POST", "generate_presigned_url", asked).status == 404


def test_a_networks_thumbnail_becomes_no_picture(api: Api) -> None:
    name = f"{api.ok('POST', 'network/none', {'name': 'n', 'type': 't'})['model_id']}/thumb.png"
    store(api, name, b"thumbnail")
    assert claim(api, "a.jpg", internal_key=name).status == 404
    assert api.url("GET", presign(api, "get", name)).raw == b"thumbnail"


def test_an_empty_object_becomes_no_picture(api: Api) -> None:
    store(api, KEY, b"")
    assert claim(api, "a.jpg").status == 400
    assert api.ok("GET", "datalake/none") == {"pictures": []}


def _begin(api: Api, name: str) -> tuple[str, str]:
    """Begin an upload of a network's file and send a part; returns the upload and the part's tag."""
    upload = api.ok("POST", "init_multipart_upload", {"object_name": name})["upload_id"]
    asked = {"object_name": name, "upload_id": upload, "part_no": 1}
    sent = api.url("PUT", api.ok("POST", "generate_post_part_url", asked)["url"], raw=b"part")
    return upload, sent.headers["etag"]


@pytest.mark.parametrize(("days", "kept"), [(1.5, True), (2.1, False)])
def test_what_was_abandoned_goes_with_the_next_upload(api: Api, clock: Clock, days: float, *, kept: bool) -> None:
    name = f"{api.ok('POST', 'network/none', {'name': 'n', 'type': 't'})['model_id']}/f"
    upload, _ = _begin(api, name)
    store(api, KEY, b"never claimed")
    store(api, name, b"a file", models=True)
    clock.ahead = timedelta(days=days)
    try:
        assert _begin(api, name)
        asked = {"object_name": name, "upload_id": upload, "part_no": 2}
        assert api.send("POST", "generate_post_part_url", asked).status == (200 if kept else 404)
        assert claim(api, "a.jpg").status == (201 if kept else 404)
        assert api.url("GET", presign(api, "get", name, models=True)).raw == b"a file"
    finally:
        clock.ahead = timedelta()


def test_what_was_abandoned_goes_when_the_lake_is_opened(tmp_path: Path) -> None:
    clock = Clock()
    with open_lake(tmp_path, embedded=True, clock=clock) as lake:
        api = Api(in_process(lake), None, "local", "none")
        name = f"{api.ok('POST', 'network/none', {'name': 'n', 'type': 't'})['model_id']}/f"
        _begin(api, name)
        store(api, KEY, b"never claimed")
    assert len(list((tmp_path / "objects").glob("??/*"))) == 2
    clock.ahead = timedelta(days=2.1)
    open_lake(tmp_path, embedded=True, clock=clock).close()
    assert not list((tmp_path / "objects").glob("??/*"))
