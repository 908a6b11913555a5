"""Rows of blobs, and the list of bytes still to be erased.

A deletion commits together with its entries in `erasures`; the bytes go right afterwards, or at the next open when the
process ended in between. So what was deleted is really gone (it may be a privacy request), and a crash leaks nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from picsellia_apply.lake.db import Database, one_of
from picsellia_apply.lake.objects import ObjectStore
from picsellia_apply.lake.schema import blobs, erasures, objects, pictures, upload_parts

_log = logging.getLogger(__name__)
_NOTED = "erasures noted after"
"""What a connection knows while it is `erasing`: the last entry before its own, once it has any."""
_NEW = insert(blobs)
_USERS = (pictures.c.blob_id, objects.c.blob_id, upload_parts.c.blob_id)


def add(conn: Connection, location: str, size: int) -> int:
    """Return the row of a new blob."""
    key = conn.execute(_NEW, {"location": location, "size": size}).inserted_primary_key
    if key is None:
        raise TypeError("blobs have keys")
    return int(key[0])


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
    if conn.info.get(_NOTED, 0) is None:
        conn.info[_NOTED] = conn.execute(select(func.max(erasures.c.id))).scalar() or 0
    conn.execute(insert(erasures), entries)
    conn.execute(delete(blobs).where(one_of(blobs.c.id, list(whole))))


@contextmanager
def erasing(db: Database, store: ObjectStore) -> Iterator[Connection]:
    """Yield a write; once it is committed, the bytes it noted (see `release`) are erased.

    What was committed stays done when the bytes cannot be erased: that is logged, and the next open does it.
    """
    with db.write() as conn:
        conn.info[_NOTED] = None
        try:
            yield conn
        finally:
            before = conn.info.pop(_NOTED, None)
        noted = [] if before is None else conn.execute(select(erasures).where(erasures.c.id > before)).all()
    _erase_or_log(db, store, noted)


def erase_pending(db: Database, store: ObjectStore) -> int:
    """Erase the bytes that ended processes left noted, and return how many entries there were."""
    with db.read() as conn:
        pending = conn.execute(select(erasures)).all()
    _erase_or_log(db, store, pending)
    return len(pending)


def _erase_or_log(db: Database, store: ObjectStore, entries: Sequence[Row[Any]]) -> None:
    try:
        _erase(db, store, entries)
    except (OSError, SQLAlchemyError):
        _log.exception("deleted bytes could not be erased; the next open of the lake tries again")


def _erase(db: Database, store: ObjectStore, entries: Sequence[Row[Any]]) -> None:
    """Erase bytes, each blob opened and synced once, and strike their entries."""
    if not entries:
        return
    store.delete({entry.location for entry in entries if entry.start is None})
    ranges: dict[str, list[tuple[int, int]]] = {}
    for entry in entries:
        if entry.start is not None:
            ranges.setdefault(entry.location, []).append((entry.start, entry.size))
    for location, of_blob in ranges.items():
        store.erase(location, of_blob)
    done = one_of(erasures.c.id, [entry.id for entry in entries])
    same = one_of(erasures.c.location, {entry.location for entry in entries})
    with db.write() as conn:  # SQLite gives numbers again: another's entry is told by its blob
        conn.execute(delete(erasures).where(done, same))
