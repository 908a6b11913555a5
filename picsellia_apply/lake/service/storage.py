"""Stored objects under their keys: network files, thumbnails, pictures on their way in, and multipart uploads.

A key is an organization, a bucket and a name. A picture's object belongs to the picture once that is stored: it keeps
its key for reading, but nobody writes it again. Source: WIRE_V2.md section 5.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from sqlalchemy import Connection, Select, bindparam, delete, select
from sqlalchemy import insert as plain_insert

from picsellia_apply.lake.db import encoded, insert, one_of, one_of_those, put_rows
from picsellia_apply.lake.names import checked
from picsellia_apply.lake.objects import Incoming, ObjectStore
from picsellia_apply.lake.refusal import Refusal, bad_request, forbidden, not_found
from picsellia_apply.lake.schema import blobs as blobs_table
from picsellia_apply.lake.schema import networks, objects, organizations, pictures, upload_parts, uploads
from picsellia_apply.lake.service import accounts, blobs
from picsellia_apply.lake.signing import Signer
from picsellia_apply.wire import v2

PICTURES, MODELS, SNAPSHOTS = "pictures", "models", "snapshots"
MOST_PARTS = 10_000
_COPY = 1 << 20
_RANGES = select(objects.c.id, objects.c.blob_id, objects.c.start, objects.c.size)
_ORGANIZATION = select(organizations.c.id).where(organizations.c.uuid == bindparam("stated"))
_CLAIMED = select(pictures.c.internal_key).where(
    pictures.c.organization_id == bindparam("organization"), one_of_those(pictures.c.internal_key, "names")
)
_REPLACED = _RANGES.where(
    objects.c.organization_id == bindparam("organization"),
    objects.c.bucket == bindparam("bucket"),
    one_of_those(objects.c.name, "names"),
)


@dataclass(frozen=True, slots=True)
class Key:
    """Where an object is: the organization's public id, the bucket, the name."""

    organization: str
    bucket: str
    name: str

    def claims(self) -> dict[str, str]:
        """Return what a signature covers."""
        return {"organization": self.organization, "bucket": self.bucket, "key": self.name}


@dataclass(frozen=True, slots=True)
class Piece:
    """An object on its way in: its key, and the range of a blob that holds its bytes."""

    key: Key
    start: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes that can be read: a range of a blob. A shared blob is erased in place, another one unlinked as a whole."""

    location: str
    start: int
    size: int
    sha256: str
    shared: bool = False


def checked_key(name: str) -> str:
    """Return an object's name when it can stand in a URL.

    Raises:
        Refusal: 400, it is not acceptable, or a segment is empty, `.` or `..`, which URLs lose.
    """
    if any(segment in {"", ".", ".."} for segment in checked(name).split("/")):
        raise bad_request("an object name has an empty segment, `.` or `..`")
    return name


def organization_uuid(conn: Connection, organization_id: int) -> str:
    """Return the public id of an organization."""
    found = select(organizations.c.uuid).where(organizations.c.id == organization_id)
    return str(conn.execute(found).scalar_one())


def signed_url(signer: Signer, base_url: str, key: Key, method: str = "GET", **claims: str) -> str:
    """Return a URL that stands for a token, for one method on one key."""
    signed = signer.sign(method, {**key.claims(), **claims})
    query = urlencode({name: value for name, value in signed.items() if name not in key.claims()})
    return f"{base_url}/sdk/v2/storage/{key.organization}/{key.bucket}/{quote(key.name)}?{query}"


def _network(conn: Connection, organization_ids: Sequence[int], name: str) -> tuple[int, int] | None:
    """Return row and organization of the network that a key `<model_id>/...` belongs to."""
    prefix, _, rest = name.partition("/")
    if not rest:
        return None
    mine = select(networks.c.id, networks.c.organization_id).where(networks.c.uuid == prefix)
    row = conn.execute(mine.where(networks.c.organization_id.in_(organization_ids))).first()
    return None if row is None else (row.id, row.organization_id)


def key_for_writing(conn: Connection, mine: Sequence[accounts.Organization], bucket: str, name: str) -> Key:
    """Return the key that a caller may write under a name; `mine` are his organizations, his own first.

    Raises:
        Refusal: 400, the name is not acceptable; 403, the caller belongs to no organization; 404, a network's file
            names no network of the caller's.
    """
    checked_key(name)
    if not mine:
        raise forbidden("you belong to no organization")
    found = _network(conn, [one.id for one in mine], name)
    if found is None and bucket == MODELS:
        raise not_found(f"`{name}` does not begin with the id of a network")
    holder = mine[0] if found is None else next(one for one in mine if one.id == found[1])
    return Key(holder.uuid, bucket, name)


def key_for_reading(conn: Connection, mine: Sequence[accounts.Organization], bucket: str, name: str) -> Key:
    """Return the key of an object that a caller may read; `mine` are his organizations.

    Raises:
        Refusal: 404, there is none.
    """
    for one in mine:
        if find(conn, one.id, bucket, name) is not None:
            return Key(one.uuid, bucket, name)
    raise not_found(f"there is no object `{name}`")


def find(conn: Connection, organization_id: int, bucket: str, name: str) -> Stored | None:
    """Return an object, or a picture by its internal key."""
    of_object = (
        select(
            blobs_table.c.location, objects.c.start, objects.c.size, objects.c.sha256, blobs_table.c.size.label("whole")
        )
        .join(objects, objects.c.blob_id == blobs_table.c.id)
        .where(objects.c.organization_id == organization_id, objects.c.bucket == bucket, objects.c.name == name)
    )
    row = conn.execute(of_object).first()
    if row is not None:
        return Stored(row.location, row.start, row.size, row.sha256, shared=row.size != row.whole)
    if bucket != PICTURES:
        return None
    of_picture = (
        select(blobs_table.c.location, pictures.c.start, pictures.c.size, pictures.c.sha256)
        .join(pictures, pictures.c.blob_id == blobs_table.c.id)
        .where(pictures.c.organization_id == organization_id, pictures.c.internal_key == name)
    )
    picture = conn.execute(of_picture).first()
    return None if picture is None else Stored(*picture, shared=True)


def organization_row(conn: Connection, uuid: str) -> int:
    """Return the row of an organization by its public id.

    Raises:
        Refusal: 404, it is gone.
    """
    found = conn.execute(_ORGANIZATION, {"stated": uuid}).scalar()
    if found is None:
        raise not_found("the organization is gone")
    return int(found)


def put(conn: Connection, key: Key, blob: Incoming, sha256: str, now: str) -> None:
    """Store a whole blob under a key, in place of what was there.

    Raises:
        Refusal: 403, the key belongs to a stored picture; 404, the organization is gone.
    """
    (refusal,) = put_all(conn, [Piece(key, 0, blob.size, sha256)], blob, now)
    if refusal is not None:
        raise refusal


def put_all(conn: Connection, pieces: Sequence[Piece], blob: Incoming, now: str) -> list[Refusal | None]:
    """Store the pieces of one blob, each under its key in place of what was there; of one key twice, the last counts.

    Returns:
        For each, why it was not stored: 403, the key belongs to a stored picture; 404, the organization is gone. Its
        bytes are noted for erasure.
    """
    blob_id = blobs.add(conn, blob.location, blob.size)
    refusals: list[Refusal | None] = [None] * len(pieces)
    freed: list[tuple[int, int, int]] = []
    for organization, bucket in {(one.key.organization, one.key.bucket): None for one in pieces}:
        rows = {row: one for row, one in enumerate(pieces) if one.key == Key(organization, bucket, one.key.name)}
        refused = _refused(conn, organization, bucket, rows)
        for row, reason in refused.items():
            refusals[row] = reason
        kept = {one.key.name: one for row, one in rows.items() if row not in refused}
        freed += [(blob_id, one.start, one.size) for one in rows.values() if kept.get(one.key.name) is not one]
        if kept:
            freed += _put_rows(conn, organization_row(conn, organization), list(kept.values()), blob_id, now)
    blobs.release(conn, freed)
    return refusals


def _refused(conn: Connection, organization: str, bucket: str, rows: Mapping[int, Piece]) -> dict[int, Refusal]:
    """Return which pieces for one organization and bucket cannot be stored."""
    try:
        organization_id = organization_row(conn, organization)
    except Refusal as refusal:
        return dict.fromkeys(rows, refusal)
    if bucket != PICTURES:
        return {}
    names = [one.key.name for one in rows.values()]
    taken = set(conn.execute(_CLAIMED, {"organization": organization_id, "names": encoded(names)}).scalars())
    reason = forbidden("the object belongs to a stored picture")
    return {row: reason for row, one in rows.items() if one.key.name in taken}


def _put_rows(
    conn: Connection, organization_id: int, pieces: Sequence[Piece], blob_id: int, now: str
) -> list[tuple[int, int, int]]:
    """Write the rows of objects of one organization and bucket, and return the ranges they replace."""
    bucket, names = pieces[0].key.bucket, [one.key.name for one in pieces]
    stated = {"organization": organization_id, "bucket": bucket, "names": encoded(names)}
    replaced = [(row.blob_id, row.start, row.size) for row in conn.execute(_REPLACED, stated)]
    rows = []
    for one in pieces:
        network = _network(conn, [organization_id], one.key.name)
        own = {"organization_id": organization_id, "bucket": bucket, "name": one.key.name}
        where = {"blob_id": blob_id, "start": one.start, "size": one.size, "sha256": one.sha256}
        rows.append({**own, **where, "network_id": network[0] if network else None, "created": now})
    put_rows(conn, objects, ("organization_id", "bucket", "name"), rows)
    return replaced


def start_upload(conn: Connection, key: Key, now: str) -> str:
    """Return the id of a new multipart upload."""
    uuid = str(uuid4())
    organization_id = organization_row(conn, key.organization)
    conn.execute(
        plain_insert(uploads).values(
            uuid=uuid, organization_id=organization_id, bucket=key.bucket, name=key.name, created=now
        )
    )
    return uuid


def find_upload(conn: Connection, key: Key, upload: str) -> int:
    """Return the row of a multipart upload.

    Raises:
        Refusal: 404, there is none of this id and key.
    """
    organization_id = organization_row(conn, key.organization)
    mine = select(uploads.c.id).filter_by(uuid=upload, organization_id=organization_id, name=key.name)
    found = conn.execute(mine).scalar()
    if found is None:
        raise not_found(f"there is no upload `{upload}` of `{key.name}`")
    return int(found)


def put_part(conn: Connection, upload_id: int, number: int, blob: Incoming, sha256: str) -> None:
    """Keep one part, in place of one of the same number."""
    stated = {"upload_id": upload_id, "number": number}
    old = conn.execute(select(upload_parts.c.blob_id, upload_parts.c.size).filter_by(**stated)).first()
    changed = {"sha256": sha256, "size": blob.size, "blob_id": blobs.add(conn, blob.location, blob.size)}
    row = insert(conn, upload_parts).values(**stated, **changed)
    conn.execute(row.on_conflict_do_update(index_elements=list(stated), set_=changed))
    if old is not None:
        blobs.release(conn, [(old.blob_id, 0, old.size)])


def parts_of(conn: Connection, upload_id: int, stated: Sequence[v2.Part]) -> list[str]:
    """Return the locations of an upload's parts in their order.

    Raises:
        Refusal: 400, a part is missing, named twice or has another tag.
    """
    kept = select(upload_parts.c.number, upload_parts.c.sha256, blobs_table.c.location).join(
        blobs_table, blobs_table.c.id == upload_parts.c.blob_id
    )
    rows = conn.execute(kept.where(upload_parts.c.upload_id == upload_id)).all()
    there = {row.number: row for row in rows}
    ordered = sorted(stated, key=lambda part: part.PartNumber)
    if not ordered or len({part.PartNumber for part in ordered}) != len(ordered):
        raise bad_request("no part, or one part twice")
    for part in ordered:
        if part.PartNumber not in there or there[part.PartNumber].sha256 != part.ETag.strip('"'):
            raise bad_request(f"part {part.PartNumber} was not stored with the tag {part.ETag}")
    return [str(there[part.PartNumber].location) for part in ordered]


def join(store: ObjectStore, locations: Sequence[str], blob: Incoming) -> str:
    """Write several blobs into one, and return the sha256 of the whole."""
    digest = hashlib.sha256()
    for location in locations:
        with store.open(location) as part:
            while chunk := part.read(_COPY):
                digest.update(chunk)
                blob.write(chunk)
    return digest.hexdigest()


def end_upload(conn: Connection, upload_id: int) -> None:
    """Forget a multipart upload and its parts."""
    parts = select(upload_parts.c.blob_id, upload_parts.c.size).where(upload_parts.c.upload_id == upload_id)
    freed = [(row.blob_id, 0, row.size) for row in conn.execute(parts)]
    conn.execute(delete(uploads).where(uploads.c.id == upload_id))
    blobs.release(conn, freed)


def sweep(conn: Connection, before: str, organization_id: int | None = None) -> int:
    """Forget what was abandoned: multipart uploads never completed and pictures' objects never claimed.

    Args:
        conn: An open write; the bytes are noted for erasure.
        before: Only what was begun before this time: the signatures for it have expired.
        organization_id: Whose; None for everybody's.

    Returns:
        How many there were.
    """
    unfinished = select(uploads.c.id).where(uploads.c.created < before)
    unclaimed = _RANGES.where(objects.c.bucket == PICTURES, objects.c.network_id.is_(None), objects.c.created < before)
    if organization_id is not None:
        unfinished = unfinished.where(uploads.c.organization_id == organization_id)
        unclaimed = unclaimed.where(objects.c.organization_id == organization_id)
    abandoned = list(conn.execute(unfinished).scalars())
    for upload_id in abandoned:
        end_upload(conn, upload_id)
    return len(abandoned) + _release(conn, unclaimed)


def _release(conn: Connection, which: Select[Any]) -> int:
    """Delete the objects that a select of id, blob_id, start and size finds, and note their bytes for erasure."""
    rows = conn.execute(which).all()
    if rows:
        conn.execute(delete(objects).where(one_of(objects.c.id, [row.id for row in rows])))
        blobs.release(conn, [(row.blob_id, row.start, row.size) for row in rows])
    return len(rows)


def release(conn: Connection, network_id: int) -> None:
    """Delete a network's objects, their bytes noted for erasure."""
    _release(conn, _RANGES.where(objects.c.network_id == network_id))


def release_unclaimed(conn: Connection, organization_ids: Sequence[int], names: Collection[str]) -> None:
    """Delete uploaded objects that became no pictures, unless they are networks' thumbnails."""
    unclaimed = _RANGES.where(objects.c.bucket == PICTURES, objects.c.network_id.is_(None))
    _release(conn, unclaimed.where(objects.c.organization_id.in_(organization_ids), one_of(objects.c.name, names)))
