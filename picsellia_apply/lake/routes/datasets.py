"""Datasets, versions and labels: SDK v2 and the extension. Source: WIRE_V2.md section 4."""

from __future__ import annotations

import msgspec
from werkzeug.wrappers import Response

from picsellia_apply.lake.call import Call, Handler, answer
from picsellia_apply.lake.router import Route, route
from picsellia_apply.lake.service import conditional, datasets, pictures, versions
from picsellia_apply.wire import extension, v2
from picsellia_apply.wire.conditional import Deleted


def list_all(call: Call) -> Response:
    """Return one entry per version."""
    with call.db.read() as conn:
        found = versions.every(conn, call.organization(conn).id)
        return answer({"datasets": versions.shown(conn, found)})


def create(call: Call) -> Response:
    """Make a dataset with its version `first`."""
    request = call.body(v2.DatasetCreate)
    ids = pictures.checked_ids(request.pictures)
    with call.db.write() as conn:
        made = datasets.create(conn, call.organization(conn).id, request, ids, call.now())
    return answer({"pk": made.dataset_id, "dataset": made}, 201)


def new_version(call: Call) -> Response:
    """Make a version from another."""
    request = call.body(v2.VersionCreate)
    ids = pictures.checked_ids(request.pictures)
    with call.db.write() as conn:
        made = datasets.create_version(conn, call.organization(conn).id, request, ids, call.now())
    return answer({"pk": made.dataset_id, "dataset": made}, 201)


def add_pictures(call: Call) -> Response:
    """Add pictures to a version."""
    request = call.body(v2.DatasetAdd)
    with call.db.write() as conn:
        organization = call.organization(conn).id
        version = datasets.target(conn, call.user, organization, request)
        added = versions.add_members(conn, organization, version.id, pictures.checked_ids(request.pictures))
        shown = versions.shown(conn, [version])[0]
    return answer({"success": f"{added} pictures added", "added": added, "dataset": shown})


def fetch(call: Call) -> Response:
    """Return one version."""
    with call.db.read() as conn:
        found = versions.by_name(conn, call.organization(conn).id, call.path["name"], call.path["version"])
        return answer({"dataset": versions.shown(conn, [found])[0]})


def delete(call: Call) -> Response:
    """Delete one version."""
    with call.db.write() as conn:
        found = versions.by_name(conn, call.organization(conn).id, call.path["name"], call.path["version"])
        versions.remove(conn, found)
    return answer({"success": f"version `{found.name}` of `{found.dataset_name}` deleted"})


def create_label(call: Call) -> Response:
    """Declare a label."""
    with call.db.write() as conn:
        version = versions.by_id(conn, call.user, call.path["dataset_id"])
        versions.add_label(conn, version.id, call.path["name"], call.path["type"])
    return answer({"success": f"label `{call.path['name']}` is there"}, 201)


class _Stats(msgspec.Struct):
    """What published clients count after an upload; kept as it is."""

    repartition: dict[str, int] = {}
    nb_annotations: int = 0
    nb_objects: int = 0


def update_stats(call: Call) -> Response:
    """Keep a published client's own counts."""
    stats = call.body(_Stats)
    with call.db.write() as conn:
        version = versions.by_id(conn, call.user, call.path["dataset_id"])
        versions.keep_stats(conn, version.id, msgspec.json.encode(stats).decode())
    return answer({"success": "counts kept"})


def create_plain(call: Call) -> Response:
    """Make a version without an origin."""
    request = call.body(extension.DatasetCreate)
    with call.db.write() as conn:
        made = datasets.create_plain_version(conn, call.organization(conn).id, request, call.now())
    return answer({"dataset": made}, 201)


def patch(call: Call) -> Response:
    """Change a dataset's own fields."""
    request = call.body(extension.DatasetPatch)
    with call.db.write() as conn:
        return answer({"updated": datasets.patch(conn, call.organization(conn).id, request)})


def lookup(call: Call) -> Response:
    """Return datasets by name."""
    names = pictures.checked_names(call.body(extension.NamesLookup).names)
    with call.db.read() as conn:
        organization = call.organization(conn).id
        if call.db.read_only or not datasets.lacking_digests(conn, organization, names):
            return answer(extension.DatasetColumns(datasets.lookup(conn, organization, names)))
    with call.db.write() as conn:
        versions.fill_digests(conn, datasets.lacking_digests(conn, organization, names))
        return answer(extension.DatasetColumns(datasets.lookup(conn, organization, names)))


def members(call: Call) -> Response:
    """Return picture names of a version."""
    request = call.body(extension.VersionMembers)
    limit = pictures.checked_limit(request.limit)
    with call.db.read() as conn:
        organization = call.organization(conn).id
        version = versions.by_id(conn, call.user, request.dataset_id, organization_id=organization)
        return answer(versions.member_page(conn, version, request.after, limit))


def remove_pictures(call: Call) -> Response:
    """Take pictures out of a version."""
    request = call.body(extension.VersionRemove)
    with call.db.write() as conn:
        organization = call.organization(conn).id
        version = versions.by_id(conn, call.user, request.dataset_id, organization_id=organization)
        expect = request.expect
        changed = [] if expect is None else conditional.changed_members(conn, version, request.pictures, expect)
        kept = frozenset(changed)
        leaving = [uuid for uuid in request.pictures if uuid not in kept]
        removed = versions.remove_members(conn, organization, version.id, leaving)
    return answer({"removed": removed} if expect is None else Deleted(removed, changed))


def remove_labels(call: Call) -> Response:
    """Remove labels."""
    request = call.body(extension.LabelsRemove)
    with call.db.write() as conn:
        organization = call.organization(conn).id
        version = versions.by_id(conn, call.user, request.dataset_id, organization_id=organization)
        return answer({"removed": versions.remove_labels(conn, version.id, request.labels)})


ROUTES: tuple[Route[Handler], ...] = (
    route("GET", "dataset/{org}", list_all),
    route("PUT", "dataset/{org}", create),
    route("POST", "dataset/{org}", add_pictures),
    route("PUT", "dataset/{org}/new_version", new_version),
    route("POST", "dataset/{dataset_id}/update_stats", update_stats),
    route("GET", "dataset/{org}/{name}/{version}", fetch),
    route("DELETE", "dataset/{org}/{name}/{version}", delete),
    route("PUT", "label/{dataset_id}/*name/{type}", create_label),
    route("POST", "ext/{org}/datasets/create", create_plain),
    route("POST", "ext/{org}/datasets/patch", patch),
    route("POST", "ext/{org}/datasets/lookup", lookup),
    route("POST", "ext/{org}/versions/members", members),
    route("POST", "ext/{org}/versions/remove", remove_pictures),
    route("POST", "ext/{org}/labels/remove", remove_labels),
)
