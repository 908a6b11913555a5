"""Leases on the server: one holder at a time, by the server's clock, and nothing is written under one that ended."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from picsellia_apply.lake import open_lake
from picsellia_apply.wire.ownership import LEASE_HEADER
from tests.contract.platforms import Api, Clock, in_process

HOLDER = {"host": "ci-7", "user": "ada", "pid": 12, "started": "2026-01-01T00:00:00Z", "machine": "m", "process": "7"}


@pytest.fixture(autouse=True)
def on_time(clock: Clock) -> Iterator[None]:
    yield
    clock.ahead = timedelta()


def new_id() -> str:
    return f"{uuid4()}{uuid4()}"


def acquire(api: Api, lease_id: str, workspace: str = "demo", **changed: object) -> Any:
    asked = {"workspace": workspace, "lease_id": lease_id, "ttl_s": 30, "holder": HOLDER, **changed}
    return api.ext("leases/acquire", asked)


def named(api: Api, verb: str, lease_id: str, workspace: str = "demo") -> Any:
    return api.ext(f"leases/{verb}", {"workspace": workspace, "lease_id": lease_id})


def show(api: Api, workspace: str = "demo") -> Any:
    return api.ext("leases/show", {"workspace": workspace})


def stand(state: Any) -> tuple[bool, bool, int]:
    return state["held"], state["yours"], state["number"]


def test_one_has_it_and_the_others_are_told_who(api: Api) -> None:
    assert show(api) == {
        "held": False, "yours": False, "number": 0, "holder": None, "acquired": "", "left_s": None, "broken_by": None
    }  # fmt: skip
    mine, theirs = new_id(), new_id()
    assert stand(acquire(api, mine)) == (True, True, 1)
    refused = acquire(api, theirs)
    assert stand(refused) == (True, False, 1)
    assert refused["holder"] == HOLDER
    assert 0 < refused["left_s"] <= 30
    assert {**show(api), "left_s": 0} == {**refused, "left_s": 0}
    assert stand(named(api, "release", theirs)) == (True, False, 1)
    assert stand(named(api, "release", mine)) == (False, False, 1)
    assert stand(acquire(api, theirs)) == (True, True, 2)


def test_a_repeat_takes_nothing_twice(api: Api) -> None:
    mine = new_id()
    assert stand(acquire(api, mine)) == stand(acquire(api, mine)) == (True, True, 1)
    assert stand(named(api, "release", mine)) == stand(named(api, "release", mine)) == (False, False, 1)


def test_of_many_that_ask_at_once_one_gets_it(api: Api) -> None:
    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(lambda _: acquire(api, new_id()), range(8)))
    assert sorted(stand(one) for one in states) == [(True, False, 1)] * 7 + [(True, True, 1)]


def test_it_expires_by_the_clock_of_the_server_and_can_be_renewed_until_it_is_taken(api: Api, clock: Clock) -> None:
    mine, theirs = new_id(), new_id()
    acquire(api, mine)
    clock.ahead = timedelta(seconds=20)
    assert named(api, "renew", mine)["left_s"] > 10  # without it, less were left
    clock.ahead = timedelta(seconds=35)  # it would have expired, had it not been renewed
    assert stand(acquire(api, theirs)) == (True, False, 1)
    clock.ahead = timedelta(seconds=60)
    expired = show(api)
    assert (expired["held"], expired["holder"], expired["left_s"] < -9) == (False, HOLDER, True)
    assert stand(named(api, "renew", mine)) == (True, True, 1)
    clock.ahead = timedelta(seconds=91)
    assert stand(acquire(api, theirs)) == (True, True, 2)
    assert stand(named(api, "renew", mine)) == (True, False, 2)
    assert stand(named(api, "release", mine)) == (True, False, 2)


def test_a_clock_that_is_set_back_makes_nobody_wait_for_hours(api: Api, clock: Clock) -> None:
    clock.ahead = timedelta(hours=3)
    acquire(api, new_id())
    clock.ahead = timedelta()
    theirs = new_id()
    first = acquire(api, theirs)
    assert (stand(first), first["left_s"] <= 30) == ((True, False, 1), True)
    clock.ahead = timedelta(seconds=31)
    assert stand(acquire(api, theirs)) == (True, True, 2)


def test_breaking_ends_the_lease_that_was_looked_at_and_no_other(api: Api) -> None:
    mine, theirs = new_id(), new_id()
    acquire(api, mine)
    for _ in range(2):
        ended = api.ext("leases/break", {"workspace": "demo", "number": 1})
        assert (stand(ended), ended["broken_by"], ended["holder"]) == ((False, False, 1), api.username, None)
    lost = named(api, "renew", mine)
    assert (stand(lost), lost["broken_by"]) == ((False, False, 1), api.username)
    acquire(api, theirs)
    reply = api.send("POST", f"ext/{api.organization_id}/leases/break", {"workspace": "demo", "number": 1})
    assert reply.status == 409
    assert stand(show(api)) == (True, False, 2)
    assert api.ext("leases/break", {"workspace": "other", "number": 1})["held"] is False


def test_workspaces_and_organizations_do_not_meet(api: Api, stranger: Api) -> None:
    mine = new_id()
    acquire(api, mine, "a/b")
    assert stand(acquire(api, new_id(), "a")) == (True, True, 1)
    assert stand(acquire(stranger, new_id(), "a/b")) == (True, True, 1)
    taken = {"workspace": "c", "lease_id": mine, "ttl_s": 30, "holder": HOLDER}
    for one in (api, stranger):
        assert one.send("POST", f"ext/{one.organization_id}/leases/acquire", taken).status == 409
    assert stand(named(stranger, "renew", mine, "a/b")) == (True, False, 1)


@pytest.mark.parametrize(
    "changed",
    [
        {"lease_id": "short"},
        {"lease_id": "x" * 129},
        {"lease_id": "é" * 40},
        {"ttl_s": 0},
        {"ttl_s": 3601},
        {"ttl_s": 1.5},
        {"ttl_s": 10**30},
        {"workspace": ""},
        {"workspace": "a\0b"},
        {"workspace": "x" * 1025},
        {"holder": {**HOLDER, "host": "x" * 256}},
        {"holder": {**HOLDER, "user": "a\nb"}},
        {"holder": {**HOLDER, "pid": -1}},
        {"holder": {**HOLDER, "pid": 2**40}},
        {"holder": None},
    ],
    ids=str,
)
def test_what_is_none_is_refused(api: Api, changed: dict[str, Any]) -> None:
    asked = {"workspace": "demo", "lease_id": new_id(), "ttl_s": 30, "holder": HOLDER, **changed}
    reply = api.send("POST", f"ext/{api.organization_id}/leases/acquire", asked)
    assert reply.status == 400, reply.raw
    assert show(api)["number"] == 0


def under(api: Api, lease_id: str) -> int:
    body = {"name": "net", "type": "t"}
    return api.send("POST", "network/none", body, headers={LEASE_HEADER: lease_id}).status


def names(api: Api) -> list[str]:
    return [one["network_name"] for one in api.ok("GET", "network/none")["networks"]]


@pytest.mark.parametrize("how", ["released", "broken", "taken over", "never", "not ascii"])
def test_nothing_is_written_under_a_lease_that_ended(api: Api, clock: Clock, how: str) -> None:
    mine = new_id()
    if how not in {"never", "not ascii"}:
        acquire(api, mine)
    match how:
        case "released":
            named(api, "release", mine)
        case "broken":
            api.ext("leases/break", {"workspace": "demo", "number": 1})
        case "taken over":
            clock.ahead = timedelta(seconds=31)
            acquire(api, new_id())
        case "not ascii":
            mine = "\xe4" * 40
    assert (under(api, mine), names(api)) == (423, [])


def test_what_is_sent_under_a_lease_that_is_held_or_only_expired_is_written(api: Api, clock: Clock) -> None:
    mine = new_id()
    acquire(api, mine)
    clock.ahead = timedelta(seconds=31)
    assert (under(api, mine), names(api)) == (201, ["net"])


def test_ids_are_not_stored(tmp_path: Path, enter: Callable[[str], Api]) -> None:
    mine = new_id()
    with open_lake(tmp_path) as lake:
        token = lake.bootstrap("ada", "cells", "t" * 40)
        api = Api(in_process(lake), token, "cells", "")
        organization = api.ok("POST", "get_organization", {})["organization_id"]
        acquire(Api(api.transport, token, "cells", organization), mine)
    with sqlite3.connect(tmp_path / "lake.db") as conn:
        assert mine not in "\n".join(conn.iterdump())
    conn.close()


def test_a_plain_platform_knows_no_lease(tmp_path: Path) -> None:
    with open_lake(tmp_path, plain=True) as lake:
        token = lake.bootstrap("ada", "cells", "t" * 40)
        assert under(Api(in_process(lake), token, "cells", ""), new_id()) == 201
