"""Inventories kept on the server: one writer wins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.platforms import Api


def put(api: Api, name: str, serial: object, body: object = "text") -> int:
    return api.send("PUT", f"ext/{api.organization_id}/workspaces/{name}", {"serial": serial, "body": body}).status


def test_a_workspace_is_read_as_written_and_serials_follow(api: Api) -> None:
    path = f"ext/{api.organization_id}/workspaces/demo%2Fone"
    assert api.send("GET", path).status == 404
    assert put(api, "demo%2Fone", 2) == 409
    assert api.ok("PUT", path, {"serial": 1, "body": "a"}) == {"serial": 1}
    assert [put(api, "demo%2Fone", serial) for serial in (1, 0, 3)] == [409] * 3
    assert api.ok("PUT", path, {"serial": 2, "body": "b" * 1_000_000}) == {"serial": 2}
    assert api.ok("GET", path) == {"serial": 2, "body": "b" * 1_000_000}
    assert api.send("GET", f"ext/{api.organization_id}/workspaces/demo").status == 404


@pytest.mark.parametrize(("serial", "body"), [("1", "x"), (1, None), (1.5, "x"), (None, "x"), (10**30, "x"), (-1, "x")])
def test_bodies_that_are_none(api: Api, serial: object, body: object) -> None:
    assert put(api, "demo", serial, body) in {400, 409}


def test_names_that_are_none(api: Api) -> None:
    assert put(api, "a%0Ab", 1) == 400
    assert put(api, "x" * 1025, 1) == 400


def test_of_many_writers_one_wins(api: Api) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: put(api, "demo", 1, str(number)), range(8)))
    assert sorted(answers) == [200] + [409] * 7
