"""Who am I and where, and what the lake says to whom it does not know."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from picsellia_apply.errors import UsageError
from picsellia_apply.lake import Lake
from picsellia_apply.wire import extension
from tests.contract.platforms import Api, Transport


def test_ping_tells_the_user_and_the_extension(api: Api) -> None:
    body = api.ok("GET", "ping")
    assert body["username"] == api.username
    assert isinstance(body["sdk_version"], str)
    assert body["extensions"] == dict.fromkeys(extension.PARTS, 1)


@pytest.mark.parametrize(
    "stated", ["", "Token", "Token ", "Token unknown", "Bearer {token}", "{token}", "Token {token} {token}"]
)
def test_a_bad_token_is_401(api: Api, stated: str) -> None:
    reply = api.transport("GET", "/sdk/v2/ping", {"Authorization": stated.format(token=api.token)}, b"")
    assert reply.status == 401
    assert reply.headers["www-authenticate"] == "Token"
    assert reply.body["errors"] == [reply.body["error"]]
    assert str(api.token) not in reply.raw.decode()


def test_a_revoked_token_is_401(api: Api, lake: Lake) -> None:
    assert lake.revoke(api.username) == 1
    assert api.send("GET", "ping").status == 401


def test_a_token_is_one_users_and_is_never_taken_up_again(lake: Lake, api: Api) -> None:
    assert lake.bootstrap(api.username, api.organization, api.token) == api.token
    with pytest.raises(UsageError, match="another user's"):
        lake.bootstrap(f"{api.username}-2", api.organization, api.token)
    assert f"{api.username}-2" not in [one.name for one in lake.users()]
    lake.revoke(api.username)
    with pytest.raises(UsageError, match="was revoked"):
        lake.bootstrap(api.username, api.organization, api.token)
    assert api.send("GET", "ping").status == 401


def test_organizations_by_nothing_name_and_id(api: Api) -> None:
    own = {"organization_id": api.organization_id, "organization_name": api.organization}
    for stated in (
        {},
        {"organization": None},
        {"organization": api.organization},
        {"organization": own["organization_id"]},
    ):
        assert api.ok("POST", "get_organization", stated) == own


def test_organizations_of_others_and_of_nobody(api: Api, stranger: Api) -> None:
    assert api.send("POST", "get_organization", {"organization": stranger.organization}).status == 403
    assert api.send("POST", "get_organization", {"organization": stranger.organization_id}).status == 403
    assert api.send("POST", "get_organization", {"organization": "nobody's"}).status == 404
    assert api.send("POST", "get_organization", {"organization": 3}).status == 400


@pytest.mark.parametrize("segment", ["none", "null", "None", "{id}", "{name}"])
def test_every_spelling_of_the_own_organization_in_a_path(api: Api, segment: str) -> None:
    stated = segment.format(id=api.organization_id, name=api.organization)
    assert api.ok("GET", f"datalake/{stated}") == {"pictures": []}
    assert api.ok("GET", f"network/{stated}") == {"networks": []}


def test_a_member_of_two_organizations_sees_both_and_owns_the_first(
    api: Api, lake: Lake, enter: Callable[[str], Api], transport: Transport
) -> None:
    lake.bootstrap(api.username, "second home", api.token)
    found = api.ok("POST", "get_organization", {"organization": "second home"})
    assert api.ok("GET", "dataset/second%20home") == {"datasets": []}
    assert api.ok("POST", "get_organization", {})["organization_name"] == api.organization
    assert found["organization_id"] != api.organization_id


def test_a_network_list_with_the_form_that_old_clients_send(api: Api) -> None:
    reply = api.transport(
        "GET",
        f"/sdk/v2/network/{api.organization_id}",
        {"Authorization": f"Token {api.token}", "Content-Type": "application/x-www-form-urlencoded"},
        b"organization=None",
    )
    assert reply.body == {"networks": []}
