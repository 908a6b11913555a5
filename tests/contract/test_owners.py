"""Who owns what: one workspace per address, kept in the very write that claims it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.contract.platforms import Api, Reply


def put(
    api: Api, name: str, serial: int, owned: Sequence[str] | None = None, takeovers: Mapping[str, str] | None = None
) -> Reply:
    body: dict[str, Any] = {"serial": serial, "body": "text"}
    if owned is not None:
        body["owned"] = list(owned)
    if takeovers is not None:
        body["takeovers"] = dict(takeovers)
    return api.send("PUT", f"ext/{api.organization_id}/workspaces/{name}", body)


def rows(api: Api, **body: Any) -> list[tuple[str, str]]:
    answer = api.ext("owners/lookup", body)
    return list(zip(answer["addresses"], answer["workspaces"], strict=True))


def test_an_address_has_one_owner_and_the_refusal_names_it(api: Api) -> None:
    assert put(api, "a", 1, ["dataset/D", "network/n"]).status == 200
    refused = put(api, "b", 1, ["network/other", "dataset/D"])
    assert (refused.status, refused.body["error"]) == (409, "`dataset/D` belongs to workspace `a`")
    assert api.send("GET", f"ext/{api.organization_id}/workspaces/b").status == 404
    assert rows(api, addresses=["dataset/D", "network/n", "network/other"]) == [("dataset/D", "a"), ("network/n", "a")]


def test_what_is_no_longer_owned_is_free_and_none_leaves_it(api: Api) -> None:
    put(api, "a", 1, ["dataset/D", "network/n"])
    assert put(api, "a", 2).status == 200
    assert put(api, "b", 1, ["network/n"]).status == 409
    assert put(api, "a", 3, ["dataset/D"]).status == 200
    assert put(api, "b", 1, ["network/n"]).status == 200


def test_a_takeover_names_address_and_owner_and_the_loser_cannot_claim_again(api: Api) -> None:
    put(api, "a", 1, ["dataset/D", "network/n"])
    assert put(api, "b", 1, ["dataset/D"], {"dataset/D": "somebody"}).status == 409
    assert put(api, "b", 1, ["dataset/D"], {"network/n": "a"}).status == 409
    assert put(api, "b", 1, ["dataset/D"], {"dataset/D": "a"}).status == 200
    assert rows(api, kinds=["dataset", "network"]) == [("dataset/D", "b"), ("network/n", "a")]
    assert put(api, "a", 2, ["dataset/D", "network/n"]).status == 409
    assert put(api, "a", 2, ["network/n"]).status == 200


def test_pictures_and_tags_have_several_owners(api: Api) -> None:
    shared = ["pictures/s", "pictures/s/t", "query/q/t"]
    assert [put(api, name, 1, shared).status for name in ("a", "b")] == [200, 200]
    assert rows(api, kinds=["query"]) == [("query/q/t", "a"), ("query/q/t", "b")]


def test_of_two_first_claims_one_wins(api: Api) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: put(api, f"w{number}", 1, ["dataset/D"]).status, range(8)))
    assert sorted(answers) == [200] + [409] * 7
    assert len(rows(api, addresses=["dataset/D"])) == 1


def test_pages_hold_all_owners_of_an_address_and_add_up(api: Api) -> None:
    for name in ("a", "b", "c"):
        put(api, name, 1, [f"pictures/s{number}" for number in range(4)])
    seen: list[tuple[str, str]] = []
    after, total = None, None
    while True:
        page = api.ext("owners/lookup", {"kinds": ["pictures"], "after": after, "limit": 4})
        seen += zip(page["addresses"], page["workspaces"], strict=True)
        after, total = page["next"], page["total"]
        if after is None:
            break
    assert (len(seen), len(set(seen)), total) == (12, 12, 12)


def test_others_organizations_are_others(api: Api, stranger: Api) -> None:
    put(api, "a", 1, ["dataset/D"])
    assert rows(stranger, addresses=["dataset/D"]) == []
    assert put(stranger, "b", 1, ["dataset/D"]).status == 200
    theirs = f"ext/{api.organization_id}/owners/lookup"
    assert stranger.send("POST", theirs, {"addresses": ["dataset/D"]}).status in {403, 404}


@pytest.mark.parametrize(
    "text",
    ["", "dataset", "nothing/x", "dataset/", "version/D", "dataset/a\nb", "dataset/a%00b", "network/" + "x" * 1025],
)
def test_addresses_that_are_none(api: Api, text: str) -> None:
    assert put(api, "a", 1, [text]).status == 400
    assert api.send("GET", f"ext/{api.organization_id}/workspaces/a").status == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"addresses": [], "kinds": []},
        {"kinds": ["nothing"]},
        {"kinds": ["dataset"], "limit": 0},
        {"addresses": [1]},
    ],
)
def test_lookups_that_are_none(api: Api, body: dict[str, Any]) -> None:
    assert api.send("POST", f"ext/{api.organization_id}/owners/lookup", body).status == 400
