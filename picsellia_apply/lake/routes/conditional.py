"""Writes that happen only if what they rest on is still so: a part of the extension."""

from __future__ import annotations

from sqlalchemy import Connection
from werkzeug.wrappers import Response

from picsellia_apply.lake.call import Call, Handler, answer
from picsellia_apply.lake.router import Route, route
from picsellia_apply.lake.service import blobs, conditional, networks, pictures, versions
from picsellia_apply.wire import conditional as wire
from picsellia_apply.wire.extension import NamesLookup


def holdings(call: Call) -> Response:
    """Return pictures with what would go with them."""
    names = pictures.checked_names(call.body(NamesLookup).names)
    with call.db.read() as conn:
        return answer(conditional.holdings(conn, call.organization(conn).id, names))


def delete_pictures(call: Call) -> Response:
    """Delete the pictures that are what was expected."""
    asked = call.body(wire.PicturesDelete)
    with blobs.erasing(call.db, call.platform.objects) as conn:
        deleted = conditional.delete_pictures(conn, call.organization(conn).id, asked)
    return answer(deleted)


def _version(call: Call, conn: Connection, dataset_id: str) -> versions.Version:
    return versions.by_id(conn, call.user, dataset_id, organization_id=call.organization(conn).id)


def version_state(call: Call) -> Response:
    """Return what stands for a version."""
    asked = call.body(wire.VersionState)
    with call.db.read() as conn:
        return answer(wire.State(conditional.version_etag(conn, _version(call, conn, asked.dataset_id))))


def delete_version(call: Call) -> Response:
    """Delete a version that is what was expected."""
    asked = call.body(wire.VersionDelete)
    with call.db.write() as conn:
        version = _version(call, conn, asked.dataset_id)
        conditional.check(asked.expect, conditional.version_etag(conn, version))
        versions.remove(conn, version)
    return answer({"removed": 1})


def network_state(call: Call) -> Response:
    """Return what stands for a network."""
    asked = call.body(wire.NetworkState)
    with call.db.read() as conn:
        row = networks.by_id(conn, call.organization(conn).id, asked.model_id)
        return answer(wire.State(conditional.network_etag(conn, row)))


def change_network(call: Call) -> Response:
    """Set properties of a network that is what was expected."""
    asked = call.body(wire.NetworkChange)
    with call.db.write() as conn:
        organization = call.organization(conn)
        row = networks.by_id(conn, organization.id, asked.model_id)
        if not networks.has(row, organization, asked.fields):  # done already when an answer was lost
            conditional.check(asked.expect, conditional.network_etag(conn, row))
            networks.change(conn, organization, row, asked.fields)
    return answer({"updated": len(asked.fields)})


def delete_network(call: Call) -> Response:
    """Delete a network that is what was expected."""
    asked = call.body(wire.NetworkDelete)
    with blobs.erasing(call.db, call.platform.objects) as conn:
        row = networks.by_id(conn, call.organization(conn).id, asked.model_id)
        conditional.check(asked.expect, conditional.network_etag(conn, row))
        networks.remove(conn, row)
    return answer({"removed": 1})


ROUTES: tuple[Route[Handler], ...] = (
    route("POST", "ext/{org}/pictures/holdings", holdings),
    route("POST", "ext/{org}/pictures/delete", delete_pictures),
    route("POST", "ext/{org}/versions/state", version_state),
    route("POST", "ext/{org}/versions/delete", delete_version),
    route("POST", "ext/{org}/networks/state", network_state),
    route("POST", "ext/{org}/networks/patch", change_network),
    route("POST", "ext/{org}/networks/delete", delete_network),
)
