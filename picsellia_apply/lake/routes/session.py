"""Who am I, and where: `ping` and `get_organization`. Source: WIRE_V2.md section 2."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from picsellia_apply import __version__
from picsellia_apply.lake.call import Call, Handler, answer
from picsellia_apply.lake.router import Route, route
from picsellia_apply.lake.service import accounts
from picsellia_apply.wire import extension, v2


def ping(call: Call) -> Response:
    """Greet, and announce the extension."""
    greeting: dict[str, Any] = {"username": call.user.name, "sdk_version": __version__}
    if not call.platform.plain:
        greeting["extensions"] = dict.fromkeys(extension.PARTS, 1)
    return answer(greeting)


def get_organization(call: Call) -> Response:
    """Return an organization by name or id, the token's own without either."""
    request = call.body(v2.OrganizationRequest)
    with call.db.read() as conn:
        found = accounts.organization(conn, call.user, request.organization)
    return answer({"organization_id": found.uuid, "organization_name": found.name})


ROUTES: tuple[Route[Handler], ...] = (
    route("GET", "ping", ping),
    route("POST", "get_organization", get_organization),
)
