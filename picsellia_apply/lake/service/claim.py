"""The last request of a published client's upload: an object becomes a picture. Source: WIRE_V2.md 3.5."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, bindparam, delete, insert, select

from picsellia_apply.lake.db import encoded, one_of_those
from picsellia_apply.lake.names import checked, checked_all
from picsellia_apply.lake.refusal import Refusal, bad_request, not_found
from picsellia_apply.lake.schema import objects, pictures
from picsellia_apply.lake.service import storage
from picsellia_apply.lake.service.batch import LARGEST_SIDE
from picsellia_apply.lake.service.pictures import link, tag_rows
from picsellia_apply.wire import v2

_TAKEN = select(pictures.c.name).where(
    pictures.c.organization_id == bindparam("organization"), one_of_those(pictures.c.name, "names")
)
_UPLOADED = select(objects).where(
    objects.c.bucket == storage.PICTURES,
    objects.c.network_id.is_(None),
    one_of_those(objects.c.organization_id, "organizations"),
    one_of_those(objects.c.name, "keys"),
)
_MADE = select(pictures.c.uuid, pictures.c.id).where(one_of_those(pictures.c.uuid, "uuids"))
_CLAIMED = delete(objects).where(one_of_those(objects.c.id, "ids"))
_NEW = insert(pictures)

Claimed = v2.Picture | Refusal | None
"""The picture; why there is none; or None where one of its name is in the lake already."""


def _fault(request: v2.PictureUpload) -> Refusal | None:
    """Return what is not acceptable of a name, a tag or a size."""
    try:
        checked(request.external_url)
        checked_all(request.tags)
    except Refusal as refusal:
        return refusal
    if not (1 <= request.width <= LARGEST_SIDE and 1 <= request.height <= LARGEST_SIDE):
        return bad_request(f"a side is not within 1 and {LARGEST_SIDE} px")
    return None


def claim_all(
    conn: Connection, mine: Sequence[int], organization_id: int, requests: Sequence[v2.PictureUpload], now: str
) -> list[Claimed]:
    """Make pictures of uploaded objects; their sizes are those that the client states.

    Args:
        conn: An open write.
        mine: The caller's organizations: an object of any of them will do.
        organization_id: Whose the pictures are to be.
        requests: What is asked.
        now: Time of creation.

    Returns:
        For each the picture; or None when one of its name is there or stands before it: then the object, an orphan
        now, is removed; or a refusal: 400, a name or a size is not acceptable, or the object is empty; 404, no such
        object was uploaded (a network's is none).
    """
    faults = [_fault(request) for request in requests]
    good = [request for request, fault in zip(requests, faults, strict=True) if fault is None]
    taken = _taken(conn, organization_id, good)
    uploaded = _uploaded(conn, mine, good)
    claimed: list[Claimed] = []
    rows: list[dict[str, Any]] = []
    used: list[int] = []
    for request, fault in zip(requests, faults, strict=True):
        found = uploaded.get(request.internal_key)
        if fault is not None:
            claimed.append(fault)
        elif request.external_url in taken:
            claimed.append(None)
        elif found is None:
            claimed.append(not_found(f"no object `{request.internal_key}` was uploaded"))
        elif not found.size:
            claimed.append(bad_request(f"the object `{request.internal_key}` has no bytes"))
        else:
            del uploaded[request.internal_key]
            taken.add(request.external_url)
            used.append(found.id)
            rows.append({**_values(request, found, now), "organization_id": organization_id})
            claimed.append(_picture(request, rows[-1]))
    _store(conn, organization_id, rows, used, [one for one in claimed if isinstance(one, v2.Picture)])
    orphans = [request.internal_key for request, one in zip(requests, claimed, strict=True) if one is None]
    if orphans:
        storage.release_unclaimed(conn, mine, orphans)
    return claimed


def _taken(conn: Connection, organization_id: int, requests: Sequence[v2.PictureUpload]) -> set[str]:
    """Return those of the pictures' names that are in the lake."""
    names = encoded([request.external_url for request in requests])
    return set(conn.execute(_TAKEN, {"organization": organization_id, "names": names}).scalars())


def _uploaded(
    conn: Connection, organization_ids: Sequence[int], requests: Sequence[v2.PictureUpload]
) -> dict[str, Row[Any]]:
    """Return the objects that wait to become pictures, by their keys."""
    stated = {"organizations": encoded(organization_ids), "keys": encoded([one.internal_key for one in requests])}
    return {row.name: row for row in conn.execute(_UPLOADED, stated)}


def _store(
    conn: Connection,
    organization_id: int,
    rows: Sequence[dict[str, Any]],
    used: Sequence[int],
    made: Sequence[v2.Picture],
) -> None:
    """Write the pictures' rows and tags, and take the rows of the objects they were."""
    if not rows:
        return
    conn.execute(_NEW, rows)
    conn.execute(_CLAIMED, {"ids": encoded(used)})
    tags = tag_rows(conn, organization_id, [tag for one in made for tag in one.tag])
    if tags:
        found = conn.execute(_MADE, {"uuids": encoded([one.picture_id for one in made])})
        row_of = {row.uuid: row.id for row in found}
        link(conn, [(tags[tag], row_of[one.picture_id]) for one in made for tag in one.tag])


def _picture(request: v2.PictureUpload, row: dict[str, Any]) -> v2.Picture:
    sizes = (request.height, request.width)
    tags = sorted(set(request.tags))
    day = row["created"][:10]
    return v2.Picture(row["uuid"], request.internal_key, request.external_url, day, *sizes, tags, request.source)


def _values(request: v2.PictureUpload, uploaded: Row[Any], now: str) -> dict[str, Any]:
    return {
        "uuid": str(uuid4()),
        "name": request.external_url,
        "internal_key": request.internal_key,
        "sha256": uploaded.sha256,
        "size": uploaded.size,
        "width": request.width,
        "height": request.height,
        "stored_width": request.width,
        "stored_height": request.height,
        "source": request.source,
        "blob_id": uploaded.blob_id,
        "start": uploaded.start,
        "created": now,
    }
