"""The platform's own description: complete, and true of every answer that schemathesis can provoke."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from picsellia_apply.lake import open_lake
from picsellia_apply.lake.call import Limits
from picsellia_apply.lake.routes import PLAIN_ROUTES, ROUTES
from picsellia_apply.lake.routes.openapi import BATCH, DESCRIBED, UNDESCRIBED, description
from tests.contract.platforms import Api, batch, box, in_process, over_http, served

CASES = 12
"""Requests per described one; the same at every run."""

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
load_all_checks()
schema = schemathesis.openapi.from_dict(description(plain=False))


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, str, dict[str, str]]]:
    """A served lake that holds one of everything; a user, the base URL, and values of path parameters that exist."""
    folder: Path = tmp_path_factory.mktemp("described")
    with open_lake(folder, limits=Limits(json=1_000_000, object=1_000_000)) as lake, served(lake) as address:
        token = lake.bootstrap("ada", "cells")
        first = Api(over_http(address), token, "cells", "")
        api = Api(first.transport, token, "cells", first.ok("POST", "get_organization", {})["organization_id"])
        known = {**_fill(api), "org": api.organization_id}
        yield api, f"http://{address[0]}:{address[1]}/sdk/v2", known


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as one:
        yield one


@schemathesis.serializer(BATCH)
def framed_or_not(_context: Any, value: Any) -> bytes:
    """Return the body of a batch: of one picture for every other value, of anything for the others."""
    made_up = str(value).encode("utf-8", "replace")
    return batch((str(value), made_up)) if zlib.crc32(made_up) % 2 else made_up


def _fill(api: Api) -> dict[str, str]:
    version = api.version("cells", "first", api.upload(("a.jpg", b"a"), ("b.jpg", b"b"), tags=["x"]))
    api.ok("PUT", f"annotation/new/{version}/a.jpg", {"data": [box()]})
    network = api.ok("POST", "network/null", {"name": "cells", "type": "detection"})
    api.ext("workspaces/cells", {"serial": 1, "body": ""}, method="PUT")
    return {
        "dataset_id": version,
        "name": "cells",
        "version": "first",
        "picture": "a.jpg",
        "model_id": network["model_id"],
        "type": "rectangle",
    }


def test_every_request_is_described_or_told_why_not() -> None:
    told = [(one.method, one.pattern) for one in DESCRIBED]
    assert len(set(told)) == len(told)
    assert {(one.method, "/".join(one.pattern)) for one in ROUTES} == {*told, *UNDESCRIBED}


def test_the_description_is_served_to_everybody(platform: tuple[Api, str, dict[str, str]]) -> None:
    api, _, _ = platform
    reply = Api(api.transport, None, "", "").send("GET", "openapi.json")
    assert (reply.status, reply.body) == (200, description(plain=False))
    assert reply.body["openapi"] == "3.1.0"


def test_a_plain_platform_describes_no_extension(tmp_path: Path) -> None:
    with open_lake(tmp_path, plain=True) as lake:
        paths = Api(in_process(lake), None, "", "").ok("GET", "openapi.json")["paths"]
    assert not any(path.startswith("/ext") for path in paths)
    assert sum(map(len, paths.values())) == len(PLAIN_ROUTES) - len(UNDESCRIBED)


@schema.parametrize()
@settings(max_examples=CASES, database=None, suppress_health_check=list(HealthCheck))
def test_no_answer_breaks_the_description(
    case: Any, platform: tuple[Api, str, dict[str, str]], session: requests.Session
) -> None:
    api, base, known = platform
    case.path_parameters = {name: _known(name, value, known) for name, value in case.path_parameters.items()}
    case.headers = {"Authorization": f"Token {api.token}"}  # others that are made up may be no HTTP at all
    response = case.call(base_url=base, session=session, timeout=30)
    case.validate_response(response, checks=CHECKS)


def _known(name: str, value: object, known: dict[str, str]) -> object:
    """Return a value that exists for three in four of those that were made up."""
    return value if name not in known or zlib.crc32(str(value).encode("utf-8", "replace")) % 4 == 0 else known[name]
