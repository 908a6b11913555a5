"""The last request of a published client's upload: an object becomes a picture. Source: WIRE_V2.md 3.5."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, delete, select

from picsellia_apply.lake.db import insert_row
from picsellia_apply.lake.names import checked, checked_all
from picsellia_apply.lake.refusal import bad_request, not_found
from picsellia_apply.lake.schema import memberships, objects, pictures
from picsellia_apply.lake.service import accounts, storage
from picsellia_apply.lake.service.batch import LARGEST_SIDE
from picsellia_apply.lake.service.pictures import link, tag_rows
from picsellia_apply.wire import v2


def _check(request: v2.PictureUpload) -> None:
    """Refuse a name, a tag or a size that is not acceptable."""
    checked(request.external_url)
    checked_all(request.tags)
    if not (1 <= request.width <= LARGEST_SIDE and 1 <= request.height <= LARGEST_SIDE):
        raise bad_request(f"a side is not within 1 and {LARGEST_SIDE} px")


def claim(
    conn: Connection, caller: accounts.Caller, organization_id: int, request: v2.PictureUpload, now: str
) -> v2.Picture | None:
    """Make a picture of an uploaded object; its sizes are those that the client states.

    Returns:
        The picture, or None when one of this name is there: then the object, an orphan now, is removed.

    Raises:
        Refusal: 400, a name or a size is not acceptable, or the object is empty; 404, no such object was uploaded
            (a network's is none).
    """
    _check(request)
    taken = select(pictures.c.id).filter_by(organization_id=organization_id, name=request.external_url)
    if conn.execute(taken).first() is not None:
        mine = [one.id for one in accounts.organizations_of(conn, caller)]
        storage.release_unclaimed(conn, mine, request.internal_key)
        return None
    uploaded = select(objects).filter_by(bucket=storage.PICTURES, name=request.internal_key, network_id=None)
    member_of = select(memberships.c.organization_id).where(memberships.c.user_id == caller.user_id)
    found = conn.execute(uploaded.where(objects.c.organization_id.in_(member_of))).first()
    if found is None:
        raise not_found(f"no object `{request.internal_key}` was uploaded")
    if not found.size:
        raise bad_request(f"the object `{request.internal_key}` has no bytes")
    values = _values(request, found, now)
    row = insert_row(conn, pictures, {**values, "organization_id": organization_id})
    conn.execute(delete(objects).where(objects.c.id == found.id))
    tags = tag_rows(conn, organization_id, request.tags)
    link(conn, [(tag, row) for tag in tags.values()])
    sizes = (request.height, request.width)
    return v2.Picture(
        values["uuid"], request.internal_key, request.external_url, now[:10], *sizes, sorted(tags), request.source
    )


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
        "start": 0,
        "created": now,
    }
