"""Workspaces and what they own: parts of the extension."""

from __future__ import annotations

from werkzeug.wrappers import Response

from picsellia_apply.lake.call import Call, Handler, answer
from picsellia_apply.lake.router import Route, route
from picsellia_apply.lake.service import owners, workspaces
from picsellia_apply.wire.ownership import OwnersLookup, WorkspaceWrite


def read(call: Call) -> Response:
    """Return a workspace's inventory."""
    with call.db.read() as conn:
        return answer(workspaces.read(conn, call.organization(conn).id, call.path["name"]))


def write(call: Call) -> Response:
    """Write a workspace's inventory."""
    request = call.body(WorkspaceWrite)
    with call.db.write() as conn:
        workspaces.write(conn, call.organization(conn).id, call.path["name"], request, call.now())
    return answer({"serial": request.serial})


def find_owners(call: Call) -> Response:
    """Return who owns addresses."""
    request = call.body(OwnersLookup)
    with call.db.read() as conn:
        return answer(owners.lookup(conn, call.organization(conn).id, request))


ROUTES: tuple[Route[Handler], ...] = (
    route("GET", "ext/{org}/workspaces/{name}", read),
    route("PUT", "ext/{org}/workspaces/{name}", write),
    route("POST", "ext/{org}/owners/lookup", find_owners),
)
