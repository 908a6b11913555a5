"""Whatever comes in, the answer is a refusal that says why; never a failure of ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from picsellia_apply.lake import Lake
from picsellia_apply.lake.call import Handler
from picsellia_apply.lake.router import Route
from picsellia_apply.lake.routes import ROUTES
from tests.contract.platforms import Api, Reply, box, form, in_process, over_http

GARBAGE = {
    "nothing": b"",
    "text": b"hello",
    "cut": b'{"pictures": [',
    "list": b"[1, 2]",
    "number": b"7",
    "null": b"null",
    "nan": b'{"quantity": NaN, "serial": NaN}',
    "huge": b'{"quantity": 1e999}',
    "deep": b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"data": [' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"]}",
    "not utf-8": b'{"name": "\xff\xfe"}',
    "lone surrogate": b'{"name": "\\ud800", "tags": ["\\udfff"], "names": ["\\ud800"]}',
    "nul": b'{"name": "\\u0000", "tags": ["\\u0000"], "names": ["\\u0000"], "object_name": "\\u0000"}',
    "long number": b'{"serial": ' + b"9" * 5000 + b"}",
    "long name": b'{"name": "' + b"x" * 100_000 + b'", "type": "t"}',
    "wrong types": b'{"tags": 1, "pictures": {"a": 1}, "to_tag": "x", "names": 3, "dataset_id": [], "data": 7}',
    "binary": bytes(range(256)),
}

IN_PROCESS = pytest.mark.parametrize("transport", ["in-process"], indirect=True)

HOSTILE = ("a.jpg\0x", "t' OR 1=1 --", "%", "x" * 2000, "\u202e\U0001f408", "", "latest", "..")
"""Texts that stand where names, tags and ids are expected."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """An organization that has one of everything, and what its paths are filled with."""

    api: Api
    path: Mapping[str, str]

    def look(self) -> Any:
        """Return what no bad request may change."""
        api = self.api
        return [
            api.ok("GET", "datalake/none"),
            api.ext("datasets/lookup", {"names": ["d"]}),
            api.ext("networks/lookup", {"names": ["n"]}),
            api.ok("GET", f"annotation/{self.path['dataset_id']}"),
        ]


@pytest.fixture
def seeded(api: Api) -> Seeded:
    ids = api.upload(("a.jpg", b"aaa"), ("b.jpg", b"bbb"), tags=["t"])
    dataset = api.version("d", "first", ids)
    api.ok("PUT", f"label/{dataset}/car/rectangle")
    api.ok("PUT", f"annotation/new/{dataset}/a.jpg", {"data": [box()]})
    network = api.ok("POST", "network/none", {"name": "n", "type": "t"})["model_id"]
    asked = {"method": "post", "object_name": f"{network}/f", "bucket_model": True}
    url = api.ok("POST", "generate_presigned_url", asked)["url"]
    body, headers = form(url["fields"], b"file")
    assert api.url("POST", url["url"], raw=body, headers=headers).status == 204
    organization = {"org": api.organization_id, "organization": api.organization_id}
    named = {"dataset_id": dataset, "model_id": network, "name": "d", "version": "first", "type": "rectangle"}
    return Seeded(api, {**organization, **named, "picture": "a.jpg", "bucket": "models", "key": f"{network}/f"})


def shaped(text: str, seeded: Seeded) -> Iterator[bytes]:
    """Yield bodies of the right shape for every request, with one hostile text wherever a text belongs."""
    listed = ("to_tag", "to_delete_tag", "to_delete", "pictures")
    plain = ("dataset_name", "name", "version", "from_version", "after", "object_name", "upload_id", "organization")
    claimed = {"external_url": text, "internal_key": text, "width": 1, "height": 1}
    common: dict[str, Any] = {
        **{key: [text] for key in listed},
        **dict.fromkeys(plain, text),
        **claimed,
        "labels": [{"name": text, "type": text}],
        "parts": [{"ETag": text, "PartNumber": 1}],
        "part_no": 1,
        "method": "get",
        "type": text,
        "data": [{"type": "classification", "label": text}],
        "annotations": [{"name": text, "data": []}],
        "serial": 1,
        "body": text,
    }
    for one in ({"names": [text]}, {"tags": [text]}, {"dataset_id": text}, {"dataset_id": seeded.path["dataset_id"]}):
        yield msgspec.json.encode({**common, **one})
    yield msgspec.json.encode({**common, "tags": [text], "names": [text], "dataset_id": seeded.path["dataset_id"]})


def check(reply: Reply, what: object) -> None:
    assert reply.status < 500, (what, reply.raw)
    assert isinstance(reply.body, dict)
    if reply.status >= 400:
        assert reply.body["errors"] == [reply.body["error"]]
        assert "Traceback" not in reply.body["error"]


@pytest.mark.parametrize("route", ROUTES, ids=lambda one: f"{one.method} {'/'.join(one.pattern)}")
def test_garbage_is_refused_or_harmless_everywhere(seeded: Seeded, route: Route[Handler]) -> None:
    api = seeded.api
    path = "/".join(seeded.path[part.strip("{}*")] if part[0] in "{*" else part for part in route.pattern)
    headers = {"Content-Type": "multipart/form-data; boundary=\xe4"}
    pictures = api.ok("GET", "datalake/none")
    for what, raw in GARBAGE.items():
        query = "limit=%00&offset=%FF&expires=x&signature=%C3%A4"
        check(api.send(route.method, f"{path}?{query}", raw=raw, headers=headers), what)
    assert api.ok("GET", "datalake/none") == pictures


@IN_PROCESS
@pytest.mark.parametrize("route", ROUTES, ids=lambda one: f"{one.method} {'/'.join(one.pattern)}")
def test_hostile_texts_name_nothing(seeded: Seeded, route: Route[Handler]) -> None:
    path = "/".join(seeded.path[part.strip("{}*")] if part[0] in "{*" else part for part in route.pattern)
    pictures = seeded.api.ok("GET", "datalake/none")
    for text in HOSTILE:
        for raw in shaped(text, seeded):
            check(seeded.api.send(route.method, path, raw=raw), (text, raw))
    assert seeded.api.ok("GET", "datalake/none") == pictures


@IN_PROCESS
@pytest.mark.parametrize("route", ROUTES, ids=lambda one: f"{one.method} {'/'.join(one.pattern)}")
def test_hostile_paths_name_nothing(seeded: Seeded, route: Route[Handler]) -> None:
    before = seeded.look()
    for text in HOSTILE:
        if not text or text in {"latest", ".."}:
            continue
        values = {name: quote(text, safe="") for name in seeded.path if name != "org"} | {"org": seeded.path["org"]}
        path = "/".join(values[part.strip("{}*")] if part[0] in "{*" else part for part in route.pattern)
        check(seeded.api.send(route.method, path, {"name": "x", "type": "t"}), text)
    assert seeded.look()[2:] == before[2:]
    assert [one["external_url"] for one in seeded.look()[0]["pictures"]] == ["a.jpg", "b.jpg"]


WITH_NUL = {
    "POST datalake/search/none": {"tags": ["t\0x"]},
    "POST datalake/tag/none": {"tags": ["new"], "to_tag": ["{id}\0x"]},
    "POST datalake/delete_tag/none": {"tags": ["t\0x"], "to_delete_tag": ["{id}"]},
    "POST datalake/delete/none": {"to_delete": ["{id}\0x"]},
    "PUT dataset/none": {"dataset_name": "new", "pictures": ["{id}\0x"]},
    "PUT dataset/none/new_version": {"name": "d", "version": "new", "pictures": [{"picture_id": "{id}\0x"}]},
    "POST ext/none/pictures/lookup": {"names": ["a.jpg\0x"]},
    "POST ext/none/datasets/lookup": {"names": ["d\0x"]},
    "POST ext/none/networks/lookup": {"names": ["n\0x"]},
    "POST ext/none/versions/remove": {"dataset_id": "{dataset}", "pictures": ["{id}\0x"]},
    "POST ext/none/annotations/lookup": {"dataset_id": "{dataset}", "names": ["a.jpg\0x"]},
}


@pytest.mark.parametrize("request_line", WITH_NUL)
def test_a_text_with_a_nul_never_means_another(seeded: Seeded, request_line: str) -> None:
    before = seeded.look()
    known = before[0]["pictures"][0]["picture_id"]
    raw = msgspec.json.encode(WITH_NUL[request_line]).replace(b"{id}", known.encode())
    method, path = request_line.split()
    reply = seeded.api.send(method, path, raw=raw.replace(b"{dataset}", seeded.path["dataset_id"].encode()))
    assert (reply.status, "U+0000" in reply.body["error"]) == (400, True)
    assert seeded.look() == before


def test_a_backslash_before_u0000_is_no_nul(api: Api) -> None:
    name = "a\\u0000.jpg"
    api.upload((name, b"a"))
    assert api.ext("pictures/lookup", {"names": [name]})["names"] == [name]


@pytest.mark.parametrize("length", ["-1", "x", "", "99999999999999999999"])
def test_a_false_length_is_refused(lake: Lake, length: str) -> None:
    api = Api(in_process(lake), lake.bootstrap("liar", "lies"), "lies", "")
    assert api.send("POST", "dataset/none/x/update_stats", {}, headers={"Content-Length": length}).status >= 400
    assert api.send("PUT", "dataset/none", {}, headers={"Content-Length": length}).status in {400, 413}


def test_a_body_without_a_length_is_read(lake: Lake, address: tuple[str, int]) -> None:
    api = Api(over_http(address), lake.bootstrap("chunks", "chunks"), "chunks", "")
    raw = b'{"organization": "nobody' + b"'" + b's"}'
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(raw), raw)
    reply = api.send("POST", "get_organization", raw=chunked, headers={"Transfer-Encoding": "chunked"})
    assert reply.status == 404
