"""Annotations: SDK v2 and the extension. Source: WIRE_V2.md section 4.11."""

from __future__ import annotations

from werkzeug.wrappers import Response

from picsellia_apply.lake.call import Call, Handler, answer
from picsellia_apply.lake.refusal import bad_request
from picsellia_apply.lake.router import Route, route
from picsellia_apply.lake.service import annotation, pictures, storage, versions
from picsellia_apply.wire import extension, v2

_LARGEST = 2**31 - 1


def put(call: Call) -> Response:
    """Add objects to the annotation of a picture, given by name or id."""
    request = call.body(v2.AnnotationPut)
    with call.db.write() as conn:
        version = versions.by_id(conn, call.user, call.path["dataset_id"])
        picture = annotation.member(conn, version.id, call.path["picture"])
        digest = annotation.add(conn, version.id, picture, request, call.now())
    return answer({"message": "annotation stored", **call.beyond_v2(digest=digest)}, 201)


def fetch(call: Call) -> Response:
    """Return the annotation of one picture."""
    with call.db.read() as conn:
        version = versions.by_id(conn, call.user, call.path["dataset_id"])
        picture = annotation.member(conn, version.id, call.path["picture"])
        return answer({"annotations": annotation.entries(conn, version.id, picture_id=picture)})


def delete(call: Call) -> Response:
    """Delete the annotation of one picture."""
    with call.db.write() as conn:
        version = versions.by_id(conn, call.user, call.path["dataset_id"])
        deleted = annotation.remove(conn, version.id, annotation.member(conn, version.id, call.path["picture"]))
    return answer({"success": f"{deleted} annotations deleted", "deleted": deleted})


def delete_all(call: Call) -> Response:
    """Delete every annotation of a version."""
    with call.db.write() as conn:
        version = versions.by_id(conn, call.user, call.path["dataset_id"])
        deleted = annotation.remove(conn, version.id)
    return answer({"success": f"{deleted} annotations deleted", "deleted": deleted})


def _number(call: Call, name: str, default: int, least: int) -> int:
    """Return a number of the query.

    Raises:
        Refusal: 400, it is none or out of range.
    """
    stated = call.request.args.get(name)
    if stated is None:
        return default
    if not (stated.isascii() and stated.isdigit() and len(stated) <= 10 and least <= int(stated) <= _LARGEST):
        raise bad_request(f"`{name}` is not a number from {least} to {_LARGEST}")
    return int(stated)


def list_all(call: Call) -> Response:
    """Return a page of annotations with every key that some published client reads; `snapshot` adds a URL for all."""
    limit, offset = _number(call, "limit", _LARGEST, 1), _number(call, "offset", 0, 0)
    with call.db.read() as conn:
        version = versions.by_id(conn, call.user, call.path["dataset_id"])
        total = annotation.total(conn, version.id)
        body = {
            "annotations": annotation.entries(conn, version.id, limit=limit, offset=offset),
            "has_next": offset + limit < total,
            "nb_pages": max(1, -(-total // limit)),
            "total_assets": total,
        }
        if call.request.args.get("snapshot", "").lower() in {"true", "1"}:
            object_name = f"{version.uuid}.json"
            key = storage.Key(storage.organization_uuid(conn, version.organization_id), storage.SNAPSHOTS, object_name)
            body |= {"url": storage.signed_url(call.platform.signer, call.base_url, key), "object_name": object_name}
    return answer(body)


def lookup(call: Call) -> Response:
    """Return digests of a version's annotations, or whole annotations by name."""
    request = call.body(extension.AnnotationLookup)
    pictures.checked_limit(request.limit)
    pictures.checked_names(request.names or ())
    with call.db.read() as conn:
        organization = call.organization(conn).id
        version = versions.by_id(conn, call.user, request.dataset_id, organization_id=organization)
        return answer(annotation.lookup(conn, version.id, request))


def replace(call: Call) -> Response:
    """Put whole annotations."""
    request = call.body(extension.AnnotationReplace)
    with call.db.read() as conn:  # refused before the work is done
        organization = call.organization(conn).id
        versions.by_id(conn, call.user, request.dataset_id, organization_id=organization)
    prepared = annotation.prepare_all(request.annotations)
    with call.db.write() as conn:
        version = versions.by_id(conn, call.user, request.dataset_id, organization_id=organization)
        return answer(annotation.replace(conn, version.id, request.annotations, prepared, call.now()))


ROUTES: tuple[Route[Handler], ...] = (
    route("PUT", "annotation/new/{dataset_id}/*picture", put),
    route("GET", "annotation/new/{dataset_id}/*picture", fetch),
    route("PUT", "annotation/{dataset_id}/*picture", put),
    route("DELETE", "annotation/{dataset_id}/*picture", delete),
    route("DELETE", "annotation/{dataset_id}", delete_all),
    route("GET", "annotation/{dataset_id}", list_all),
    route("POST", "ext/{org}/annotations/lookup", lookup),
    route("POST", "ext/{org}/annotations/replace", replace),
)
