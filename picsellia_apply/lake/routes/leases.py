"""Leases: a part of the extension."""

from __future__ import annotations

from werkzeug.wrappers import Response

from picsellia_apply.lake.call import Call, Handler, answer
from picsellia_apply.lake.router import Route, route
from picsellia_apply.lake.service import leases
from picsellia_apply.wire.ownership import LeaseAcquire, LeaseBreak, LeaseNamed, LeaseShow


def acquire(call: Call) -> Response:
    """Take a workspace's lease where nobody has it."""
    asked = call.body(LeaseAcquire)
    with call.db.write() as conn:
        return answer(leases.acquire(conn, call.organization(conn).id, asked, call.now()))


def renew(call: Call) -> Response:
    """Let a lease last on."""
    asked = call.body(LeaseNamed)
    with call.db.write() as conn:
        return answer(leases.renew(conn, call.organization(conn).id, asked.workspace, asked.lease_id, call.now()))


def release(call: Call) -> Response:
    """Give a lease back."""
    asked = call.body(LeaseNamed)
    with call.db.write() as conn:
        return answer(leases.release(conn, call.organization(conn).id, asked.workspace, asked.lease_id, call.now()))


def break_(call: Call) -> Response:
    """End somebody's lease."""
    asked = call.body(LeaseBreak)
    with call.db.write() as conn:
        organization = call.organization(conn)
        return answer(leases.break_(conn, organization.id, asked, call.now(), user=call.user.name))


def show(call: Call) -> Response:
    """Tell whose lease it is."""
    asked = call.body(LeaseShow)
    with call.db.read() as conn:
        return answer(leases.show(conn, call.organization(conn).id, asked.workspace, call.now()))


ROUTES: tuple[Route[Handler], ...] = (
    route("POST", "ext/{org}/leases/acquire", acquire),
    route("POST", "ext/{org}/leases/renew", renew),
    route("POST", "ext/{org}/leases/release", release),
    route("POST", "ext/{org}/leases/break", break_),
    route("POST", "ext/{org}/leases/show", show),
)
