"""Workspaces: a part of the extension."""

from __future__ import annotations

from werkzeug.wrappers import Response

from picsellia_apply.lake.call import Call, Handler, answer
from picsellia_apply.lake.router import Route, route
from picsellia_apply.lake.service import workspaces
from picsellia_apply.wire.extension import WorkspaceBody


def read(call: Call) -> Response:
    """Return a workspace's inventory."""
    with call.db.read() as conn:
        return answer(workspaces.read(conn, call.organization(conn).id, call.path["name"]))


def write(call: Call) -> Response:
    """Write a workspace's inventory."""
    request = call.body(WorkspaceBody)
    with call.db.write() as conn:
        workspaces.write(conn, call.organization(conn).id, call.path["name"], request, call.now())
    return answer({"serial": request.serial})


ROUTES: tuple[Route[Handler], ...] = (
    route("GET", "ext/{org}/workspaces/{name}", read),
    route("PUT", "ext/{org}/workspaces/{name}", write),
)
