"""Pictures of an organization: looking them up, tagging, deleting. Every statement works on sets."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, literal, select, update
from sqlalchemy.sql import ColumnElement

from picsellia_apply.lake.db import encoded, insert, one_of, one_of_those
from picsellia_apply.lake.names import checked_all
from picsellia_apply.lake.refusal import bad_request
from picsellia_apply.lake.schema import members, picture_tags, pictures, tags, versions
from picsellia_apply.lake.service import blobs, selection
from picsellia_apply.wire import extension, v2

_COLUMNS = (
    pictures.c.id,
    pictures.c.name,
    pictures.c.uuid,
    pictures.c.sha256,
    pictures.c.size,
    pictures.c.width,
    pictures.c.height,
    pictures.c.stored_width,
    pictures.c.stored_height,
    pictures.c.source,
)


_TAGS = select(tags.c.name, tags.c.id).where(
    tags.c.organization_id == bindparam("organization"), one_of_those(tags.c.name, "names")
)


def checked_limit(limit: int) -> int:
    """Return a page's size.

    Raises:
        Refusal: 400, it is not within 1 and PAGE_LIMIT.
    """
    if not 1 <= limit <= extension.PAGE_LIMIT:
        raise bad_request(f"`limit` is not within 1 and {extension.PAGE_LIMIT}")
    return limit


def checked_names(names: Sequence[str]) -> Sequence[str]:
    """Return the names asked for at once.

    Raises:
        Refusal: 400, more than PAGE_LIMIT.
    """
    if len(names) > extension.PAGE_LIMIT:
        raise bad_request(f"more than {extension.PAGE_LIMIT} names at once")
    return names


def checked_ids(refs: v2.PictureRefs) -> list[str]:
    """Return the ids behind references.

    Raises:
        Refusal: 400, one is neither an id nor a picture.
    """
    try:
        return v2.picture_ids(refs)
    except ValueError as error:
        raise bad_request(str(error)) from error


def lookup(
    conn: Connection, which: selection.Counted, *, after: str | None = None, limit: int | None = None
) -> extension.PictureColumns:
    """Return pictures as columns ordered by name.

    Args:
        conn: An open transaction.
        which: The pictures.
        after: Only names beyond this one; `total` counts all the same.
        limit: Most rows, None for all.
    """
    ordered = select(*_COLUMNS).where(which.where).order_by(pictures.c.name)
    page = ordered if after is None else ordered.where(pictures.c.name > after)
    rows = conn.execute(page if limit is None else page.limit(limit + 1)).all()
    more = limit is not None and len(rows) > limit
    rows = rows[:limit] if more else rows
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in _COLUMNS]
    carried = tags_of(conn, columns[0])
    total = len(rows) if which.total is None else which.total
    following = columns[1][-1] if more else None
    *stated, sources = columns[1:]
    return extension.PictureColumns(*stated, carried, total, following, sources)  # type: ignore[call-arg, arg-type]


def tags_of(conn: Connection, ids: Sequence[int]) -> dict[str, list[int]]:
    """Return which rows of `ids` carry which tag, rows ascending."""
    number = {picture: row for row, picture in enumerate(ids)}
    links = select(tags.c.name, picture_tags.c.picture_id).join(tags, tags.c.id == picture_tags.c.tag_id)
    carried: dict[str, list[int]] = {}
    for tag, picture in conn.execute(links.where(one_of(picture_tags.c.picture_id, ids))).all():
        carried.setdefault(tag, []).append(number[picture])
    return {tag: sorted(carried[tag]) for tag in sorted(carried)}


def listed(conn: Connection, which: ColumnElement[bool]) -> list[v2.Picture]:
    """Return pictures as SDK v2 lists them, ordered by name."""
    shown = (pictures.c.id, pictures.c.uuid, pictures.c.internal_key, pictures.c.name, pictures.c.created)
    more = (pictures.c.height, pictures.c.width, pictures.c.source)
    sized = select(*shown, *more).where(which).order_by(pictures.c.name)
    rows = conn.execute(sized).all()
    carried: list[list[str]] = [[] for _ in rows]
    for tag, numbers in tags_of(conn, [row[0] for row in rows]).items():
        for number in numbers:
            carried[number].append(tag)
    return [
        v2.Picture(uuid, key, name, created[:10], height, width, of_it, source)
        for (_, uuid, key, name, created, height, width, source), of_it in zip(rows, carried, strict=True)
    ]


def search(conn: Connection, organization_id: int, request: v2.SearchRequest) -> list[v2.Picture]:
    """Return a share of the pictures that carry all tags.

    The share is taken in the order of the names' hashes, so that it is spread evenly and the same pictures come again;
    over 1 is all. No tag fits every picture. Source: WIRE_V2.md 3.2.

    Raises:
        Refusal: 400, the quantity is not above 0.
    """
    if not request.quantity > 0:
        raise bad_request("`quantity` is not above 0")
    found = listed(conn, selection.tagged(conn, organization_id, request.tags).where)
    if request.quantity >= 1:
        return found
    hashed = sorted(found, key=lambda one: hashlib.sha256(one.external_url.encode()).digest())
    chosen = {one.picture_id for one in hashed[: math.ceil(len(found) * request.quantity)]}
    return [one for one in found if one.picture_id in chosen]


def tag_rows(conn: Connection, organization_id: int, names: Collection[str]) -> dict[str, int]:
    """Return the row of each tag, made where there is none.

    Raises:
        Refusal: 400, a name is not acceptable.
    """
    wanted = checked_all(names)
    if not wanted:
        return {}
    stated = {"organization": organization_id, "names": encoded(wanted)}
    found = {row.name: row.id for row in conn.execute(_TAGS, stated)}
    rows = [{"organization_id": organization_id, "name": name} for name in wanted if name not in found]
    if rows:
        conn.execute(insert(conn, tags).on_conflict_do_nothing(), rows)
        found = {row.name: row.id for row in conn.execute(_TAGS, stated)}
    return found


def link(conn: Connection, pairs: Iterable[tuple[int, int]]) -> None:
    """Put tags on pictures; those already there stay.

    Args:
        conn: An open write.
        pairs: Rows of a tag and of a picture.
    """
    rows = [{"tag_id": tag, "picture_id": picture} for tag, picture in pairs]
    if rows:
        conn.execute(insert(conn, picture_tags).on_conflict_do_nothing(), rows)


def tag(conn: Connection, organization_id: int, names: Collection[str], uuids: Collection[str]) -> None:
    """Put every tag on every picture; repeating changes nothing.

    Raises:
        Refusal: 400, a tag is not acceptable; 404, a picture is not known.
    """
    selection.check_known(conn, organization_id, uuids)
    for row in tag_rows(conn, organization_id, names).values():
        chosen = select(literal(row), pictures.c.id).where(selection.identified(organization_id, uuids))
        conn.execute(insert(conn, picture_tags).from_select(["tag_id", "picture_id"], chosen).on_conflict_do_nothing())


def untag(conn: Connection, organization_id: int, names: Collection[str], uuids: Collection[str]) -> None:
    """Take every tag from every picture; tags that nothing carries any more are forgotten.

    Raises:
        Refusal: 404, a picture is not known.
    """
    selection.check_known(conn, organization_id, uuids)
    meant = select(tags.c.id).where(tags.c.organization_id == organization_id, one_of(tags.c.name, names))
    chosen = select(pictures.c.id).where(selection.identified(organization_id, uuids))
    conn.execute(delete(picture_tags).where(picture_tags.c.tag_id.in_(meant), picture_tags.c.picture_id.in_(chosen)))
    carried = select(picture_tags.c.tag_id).where(picture_tags.c.tag_id == tags.c.id).exists()
    conn.execute(delete(tags).where(tags.c.id.in_(meant), ~carried))


def remove(conn: Connection, organization_id: int, uuids: Collection[str]) -> int:
    """Delete pictures, everywhere they are, and note their bytes for erasure.

    Ids that are not known (any more) are passed over, all of them too, so that a deletion whose answer was lost can be
    repeated.

    Returns:
        How many were deleted.
    """
    which = selection.identified(organization_id, uuids)
    chosen = select(pictures.c.id).where(which)
    holding = select(members.c.version_id).where(members.c.picture_id.in_(chosen))
    conn.execute(update(versions).where(versions.c.id.in_(holding)).values(members_digest=None))
    freed = conn.execute(select(pictures.c.blob_id, pictures.c.start, pictures.c.size).where(which)).all()
    deleted = conn.execute(delete(pictures).where(which)).rowcount
    blobs.release(conn, [(row.blob_id, row.start, row.size) for row in freed])
    return deleted
