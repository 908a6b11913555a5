"""Rows of blobs, and the list of bytes still to be erased.

A deletion commits together with its entries in `erasures`; the bytes go right afterwards, or at the next open when the
process ended in between. So what was deleted is really gone (it may be a privacy request), and a crash leaks nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import groupby

from sqlalchemy import Connection, delete, exists, insert, select

from picsellia_apply.lake.db import Database, insert_row, one_of
from picsellia_apply.lake.objects import ObjectStore
from picsellia_apply.lake.schema import blobs, erasures, objects, pictures, upload_parts

_USERS = (pictures.c.blob_id, objects.c.blob_id, upload_parts.c.blob_id)


def add(conn: Connection, location: str, size: int) -> int:
    """Return the row of a new blob."""
    return insert_row(conn, blobs, {"location": location, "size": size})


def named(db: Database, locations: Collection[str]) -> set[str]:
    """Return those of some locations that a row names."""
    with db.read() as conn:
        return set(conn.execute(select(blobs.c.location).where(one_of(blobs.c.location, locations))).scalars())


def release(conn: Connection, ranges: Iterable[tuple[int, int, int]]) -> None:
    """Note bytes for erasure whose rows were just deleted.

    Args:
        conn: The write that deleted them.
        ranges: Row of the blob, first byte, number of bytes.
    """
    freed = sorted(ranges)
    ids = [blob for blob, _ in groupby(freed, key=lambda one: one[0])]
    if not ids:
        return
    used = [exists().where(column == blobs.c.id) for column in _USERS]
    unused = select(blobs.c.id, blobs.c.location).where(one_of(blobs.c.id, ids), ~used[0], ~used[1], ~used[2])
    whole = {row.id: row.location for row in conn.execute(unused)}
    kept = select(blobs.c.id, blobs.c.location).where(one_of(blobs.c.id, ids))
    location = {row.id: row.location for row in conn.execute(kept)}
    entries = [{"location": one, "start": None, "size": None} for one in whole.values()]
    entries += [
        {"location": location[blob], "start": start, "size": size} for blob, start, size in freed if blob not in whole
    ]
    conn.execute(insert(erasures), entries)
    conn.execute(delete(blobs).where(one_of(blobs.c.id, list(whole))))


def erase_pending(db: Database, store: ObjectStore) -> int:
    """Erase the bytes that are noted, and return how many entries there were."""
    with db.read() as conn:
        pending = conn.execute(select(erasures)).all()
    if not pending:
        return 0
    for entry in pending:
        if entry.start is None:
            store.delete(entry.location)
        else:
            store.erase(entry.location, entry.start, entry.size)
    with db.write() as conn:
        conn.execute(delete(erasures).where(one_of(erasures.c.id, [entry.id for entry in pending])))
    return len(pending)
