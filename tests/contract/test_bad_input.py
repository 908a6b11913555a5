"""Whatever comes in, the answer is a refusal that says why; never a failure of ours."""

from __future__ import annotations

import pytest

from picsellia_apply.lake import Lake
from picsellia_apply.lake.call import Handler
from picsellia_apply.lake.router import Route
from picsellia_apply.lake.routes import ROUTES
from tests.contract.platforms import Api, in_process, over_http

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

FILLED = {
    "org": "none",
    "dataset_id": "6f0c5f3e-6a3b-4b8e-9a36-0d6a7a1f4c11",
    "model_id": "x",
    "name": "%00",
    "version": "%F0%9F%90%88",
    "type": "rectangle",
    "picture": "a%2F..%2Fb",
    "organization": "x",
    "bucket": "y",
    "key": "z",
}


@pytest.mark.parametrize("route", ROUTES, ids=lambda one: f"{one.method} {'/'.join(one.pattern)}")
def test_garbage_is_refused_or_harmless_everywhere(api: Api, route: Route[Handler]) -> None:
    method, pattern = route.method, route.pattern
    path = "/".join(FILLED[part.strip("{}*")] if part[0] in "{*" else part for part in pattern)
    for what, raw in GARBAGE.items():
        headers = {"Content-Type": "multipart/form-data; boundary=\xe4"}
        reply = api.send(method, f"{path}?limit=%00&offset=%FF&expires=x&signature=%C3%A4", raw=raw, headers=headers)
        assert reply.status < 500, (what, reply.raw)
        assert isinstance(reply.body, dict)
        if reply.status >= 400:
            assert reply.body["errors"] == [reply.body["error"]]
            assert "Traceback" not in reply.body["error"]
    assert api.ok("GET", "datalake/none") == {"pictures": []}


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
