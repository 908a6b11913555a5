"""Many pictures in one request: header, then bytes, into one blob and one transaction.

The names are looked up before the bytes are read, so that what is there already is passed over unwritten, and again in
the transaction, since somebody else may have written meanwhile.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, select

from picsellia_apply.lake.db import Database, insert
from picsellia_apply.lake.names import fault
from picsellia_apply.lake.objects import Incoming, ObjectStore
from picsellia_apply.lake.refusal import bad_request
from picsellia_apply.lake.schema import pictures
from picsellia_apply.lake.service import blobs, selection
from picsellia_apply.lake.service.pictures import link, tag_rows
from picsellia_apply.wire.extension import BatchAnswer, BatchHeader, BatchPicture

LARGEST_SIDE = 2**31 - 1
_CHUNK = 1 << 20
_HEX = frozenset("0123456789abcdef")


def picture_fault(one: BatchPicture) -> str | None:
    """Return what is wrong with a picture's entry, or None."""
    if found := next((found for found in map(fault, [one.name, *one.tags]) if found), None):
        return found
    if len(one.sha256) != 64 or not set(one.sha256) <= _HEX:
        return "the digest is not 64 lower-case hex digits"
    if one.size < 1:
        return "the picture has no bytes"
    sides = (one.width, one.height, one.stored_width, one.stored_height)
    if not all(1 <= side <= LARGEST_SIDE for side in sides):
        return f"a side is not within 1 and {LARGEST_SIDE} px"
    return None


@dataclass(slots=True)
class _Batch:
    """The state of one request: what is decided per picture, by its row in the header."""

    header: BatchHeader
    statuses: list[str | None] = field(default_factory=list)
    errors: list[str | None] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)

    def refuse(self, row: int, reason: str) -> None:
        self.statuses[row], self.errors[row] = "refused", reason


def _judge(batch: _Batch) -> None:
    """Refuse entries that are not acceptable; of one name twice in a batch, the first counts."""
    first: dict[str, BatchPicture] = {}
    for row, one in enumerate(batch.header.pictures):
        batch.statuses.append(None)
        batch.errors.append(None)
        batch.starts.append(-1)
        if found := picture_fault(one):
            batch.refuse(row, found)
        elif (earlier := first.setdefault(one.name, one)) is not one:
            batch.statuses[row] = "same" if earlier.sha256 == one.sha256 else "differs"


def _compare(conn: Connection, organization_id: int, batch: _Batch) -> None:
    """Decide `same` and `differs` for the names that are there."""
    open_rows = [row for row, status in enumerate(batch.statuses) if status is None]
    names = [batch.header.pictures[row].name for row in open_rows]
    there = _known(conn, organization_id, names)
    for row in open_rows:
        one = batch.header.pictures[row]
        if one.name in there:
            batch.statuses[row] = "same" if there[one.name][2] == one.sha256 else "differs"


def _known(conn: Connection, organization_id: int, names: list[str]) -> dict[str, tuple[int, str, str]]:
    """Return row, id and digest of the pictures there are, by name."""
    columns = (pictures.c.name, pictures.c.id, pictures.c.uuid, pictures.c.sha256)
    rows = conn.execute(select(*columns).where(selection.named(organization_id, names)))
    return {name: (row, uuid, sha256) for name, row, uuid, sha256 in rows}


def _receive(batch: _Batch, read: Callable[[int], bytes], blob: Incoming) -> None:
    """Read every picture's bytes, keeping those of pictures that are still undecided and that fit their digest.

    Raises:
        Refusal: 400, the body ends early.
    """
    for row, one in enumerate(batch.header.pictures):
        keeping, start, digest = batch.statuses[row] is None, blob.size, hashlib.sha256()
        left = max(one.size, 0)
        while left:
            chunk = read(min(left, _CHUNK))
            if not chunk:
                raise bad_request(f"the body ends within the picture `{one.name}`")
            left -= len(chunk)
            if keeping:
                digest.update(chunk)
                blob.write(chunk)
        if keeping and digest.hexdigest() != one.sha256:
            blob.cut(start)
            batch.refuse(row, "the bytes do not have the digest stated")
        batch.starts[row] = start


def _store(conn: Connection, organization_id: int, batch: _Batch, blob: Incoming, now: str) -> None:
    """Write the rows of what is still undecided, which makes it `created`, and unite the tags."""
    received = [row for row, status in enumerate(batch.statuses) if status is None]
    _compare(conn, organization_id, batch)
    new = [row for row, status in enumerate(batch.statuses) if status is None]
    if not new:
        return
    blob_id = blobs.add(conn, blob.location, blob.size)
    conn.execute(insert(conn, pictures), [_row(batch, row, organization_id, blob_id, now) for row in new])
    for row in new:
        batch.statuses[row] = "created"
    overtaken = [row for row in received if batch.statuses[row] != "created"]
    blobs.release(conn, [(blob_id, batch.starts[row], batch.header.pictures[row].size) for row in overtaken])


def _row(batch: _Batch, row: int, organization_id: int, blob_id: int, now: str) -> dict[str, Any]:
    one, uuid = batch.header.pictures[row], str(uuid4())
    return {
        "uuid": uuid,
        "organization_id": organization_id,
        "name": one.name,
        "internal_key": uuid + os.path.splitext(one.name)[1].lower(),  # noqa: PTH122 - a name, not a path
        "sha256": one.sha256,
        "size": one.size,
        "width": one.width,
        "height": one.height,
        "stored_width": one.stored_width,
        "stored_height": one.stored_height,
        "source": batch.header.source,
        "blob_id": blob_id,
        "start": batch.starts[row],
        "created": now,
    }


def _finish(conn: Connection, organization_id: int, batch: _Batch) -> list[str | None]:
    """Put the stated tags on what was created or is the same, and return the id of everything that is there."""
    named = [one.name for one, status in zip(batch.header.pictures, batch.statuses, strict=True) if status != "refused"]
    known = _known(conn, organization_id, named)
    for row, one in enumerate(batch.header.pictures):
        if batch.statuses[row] != "refused" and one.name not in known:
            batch.refuse(row, "the first picture of this name in the batch was refused")
    _unite_tags(conn, organization_id, batch, known)
    return [
        None if status == "refused" else known[one.name][1]
        for one, status in zip(batch.header.pictures, batch.statuses, strict=True)
    ]


def _unite_tags(conn: Connection, organization_id: int, batch: _Batch, known: dict[str, tuple[int, str, str]]) -> None:
    taking = [
        one
        for one, status in zip(batch.header.pictures, batch.statuses, strict=True)
        if status in {"created", "same"} and one.tags
    ]
    rows = tag_rows(conn, organization_id, [tag for one in taking for tag in one.tags])
    link(conn, ((rows[tag], known[one.name][0]) for one in taking for tag in one.tags))


def upload(
    db: Database,
    store: ObjectStore,
    organization_id: int,
    header: BatchHeader,
    read: Callable[[int], bytes],
    *,
    now: str,
) -> BatchAnswer:
    """Store the pictures of one batch; what is `created` is durable on return.

    Args:
        db: The database.
        store: The objects.
        organization_id: Whose they are.
        header: What is sent.
        read: Returns at most so many further bytes of the body, none at its end.
        now: Time of creation.

    Raises:
        Refusal: 400, the body ends early; nothing is stored.
    """
    batch = _Batch(header)
    _judge(batch)
    with db.read() as conn:
        _compare(conn, organization_id, batch)
    with store.incoming() as blob:
        _receive(batch, read, blob)
        if blob.size:
            blob.keep()
        with db.write() as conn:
            _store(conn, organization_id, batch, blob, now)
            ids = _finish(conn, organization_id, batch)
        if blob.size:
            blob.confirm() if "created" in batch.statuses else blob.discard()
    return BatchAnswer([status or "refused" for status in batch.statuses], ids, batch.errors)
