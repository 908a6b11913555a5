"""Networks: SDK v2 and the extension. Source: WIRE_V2.md section 6."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Row
from werkzeug.wrappers import Response

from picsellia_apply.lake.call import Call, Handler, answer
from picsellia_apply.lake.refusal import bad_request
from picsellia_apply.lake.router import Route, route
from picsellia_apply.lake.service import accounts, blobs, networks, pictures
from picsellia_apply.wire import extension, v2


def _row(conn: Connection, call: Call, organization: accounts.Organization) -> Row[Any]:
    """Return the network that the path names, by id or by name."""
    if "model_id" in call.path:
        return networks.by_id(conn, organization.id, call.path["model_id"])
    return networks.by_name(conn, organization.id, call.path["name"])


def list_all(call: Call) -> Response:
    """Return every network; some clients send a form along, which says nothing."""
    with call.db.read() as conn:
        return answer({"networks": networks.every(conn, call.organization(conn))})


def create(call: Call) -> Response:
    """Make a network.

    The same request with an empty body and a network's id deploys it, which this platform does not offer.
    """
    raw = call.raw_body()
    if not raw:
        raise bad_request("a network needs a body with `name` and `type`; deploying one is not offered")
    request = call.decoded(raw, v2.NetworkCreate)
    with call.db.write() as conn:
        made = networks.create(conn, call.organization(conn), call.user.name, request, call.now())
    return answer(made, 201)


def fetch(call: Call) -> Response:
    """Return one network, flat."""
    with call.db.read() as conn:
        organization = call.organization(conn)
        return answer(networks.shown(_row(conn, call, organization), organization))


def change(call: Call) -> Response:
    """Change some properties."""
    stated = call.body(dict[str, Any])
    with call.db.write() as conn:
        organization = call.organization(conn)
        changed = networks.change(conn, organization, _row(conn, call, organization), stated)
    return answer({"network": changed, **msgspec.to_builtins(changed)})


def delete(call: Call) -> Response:
    """Delete a network and its files."""
    with blobs.erasing(call.db, call.platform.objects) as conn:
        row = _row(conn, call, call.organization(conn))
        networks.remove(conn, row)
    return answer({"success": f"network `{row.network_name}` deleted"})


def lookup(call: Call) -> Response:
    """Return networks by name with the digests of their files."""
    names = pictures.checked_names(call.body(extension.NamesLookup).names)
    with call.db.read() as conn:
        return answer(extension.NetworkColumns(networks.lookup(conn, call.organization(conn), names)))


ROUTES: tuple[Route[Handler], ...] = (
    route("GET", "network/by_name/{org}/*name", fetch),
    route("PUT", "network/by_name/{org}/*name", change),
    route("PATCH", "network/by_name/{org}/*name", change),
    route("DELETE", "network/by_name/{org}/*name", delete),
    route("GET", "network/{org}", list_all),
    route("POST", "network/{org}", create),
    route("GET", "network/{org}/{model_id}", fetch),
    route("PATCH", "network/{org}/{model_id}", change),
    route("PUT", "network/{org}/{model_id}", change),
    route("DELETE", "network/{org}/{model_id}", delete),
    route("POST", "ext/{org}/networks/lookup", lookup),
)
