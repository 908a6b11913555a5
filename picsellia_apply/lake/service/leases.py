"""Who may apply a workspace: one holder at a time, until it is released, broken, or expired and taken over.

Everything is judged by this lake's clock. Should the clock be set back, a lease would seem to last for hours: one that
has more seconds left than it was given is cut to what it was given when somebody else asks for it.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select, update

from picsellia_apply.lake.db import insert
from picsellia_apply.lake.names import checked
from picsellia_apply.lake.refusal import Refusal, bad_request, conflict
from picsellia_apply.lake.schema import leases
from picsellia_apply.wire.ownership import LEASE_TTL_S, LeaseAcquire, LeaseBreak, LeaseHolder, LeaseState

_TEXT_LIMIT = 255
_ID_LENGTH = (32, 128)
_NOBODY: dict[str, Any] = {"sha256": None, "broken_by": None}


def _hash(lease_id: str) -> str:
    """Return what is stored of a lease's id. It is random, so no salt is needed."""
    return hashlib.sha256(lease_id.encode("utf-8", "surrogatepass")).hexdigest()


def _row(conn: Connection, organization_id: int, workspace: str) -> Row[Any] | None:
    stated = select(leases).filter_by(organization_id=organization_id, workspace=checked(workspace))
    return conn.execute(stated).one_or_none()


def _is_holder(row: Row[Any] | None, lease_id: str) -> bool:
    return row is not None and row.sha256 is not None and hmac.compare_digest(row.sha256, _hash(lease_id))


def _left_s(row: Row[Any], now: str) -> float:
    return (datetime.fromisoformat(row.expires) - datetime.fromisoformat(now)).total_seconds()


def _after(now: str, seconds: int) -> str:
    moment = datetime.fromisoformat(now) + timedelta(seconds=seconds)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _put(conn: Connection, row: Row[Any], **values: Any) -> None:
    conn.execute(update(leases).where(leases.c.id == row.id).values(**values))


def show(conn: Connection, organization_id: int, workspace: str, now: str, lease_id: str | None = None) -> LeaseState:
    """Return how a workspace's lease stands.

    Args:
        conn: An open transaction.
        organization_id: Whose workspace.
        workspace: Its name.
        now: The time.
        lease_id: Of who asks, if it has one.

    Raises:
        Refusal: 400, the name is not acceptable.
    """
    row = _row(conn, organization_id, workspace)
    if row is None:
        return LeaseState(held=False, yours=False, number=0)
    if row.sha256 is None:
        return LeaseState(held=False, yours=False, number=row.number, broken_by=row.broken_by)
    left_s, yours = _left_s(row, now), lease_id is not None and _is_holder(row, lease_id)
    holder = msgspec.json.decode(row.holder, type=LeaseHolder)
    return LeaseState(left_s > 0, yours, row.number, holder, row.acquired, left_s)


def acquire(conn: Connection, organization_id: int, asked: LeaseAcquire, now: str) -> LeaseState:
    """Take a workspace's lease where nobody has it.

    Raises:
        Refusal: 400, a text or a number is not acceptable; 409, the id belongs to another workspace's lease.
    """
    _check(asked)
    row = _row(conn, organization_id, asked.workspace)
    if row is not None and row.sha256 is not None and not _is_holder(row, asked.lease_id):
        left_s = _left_s(row, now)
        if left_s > row.ttl_s:
            _put(conn, row, expires=_after(now, row.ttl_s))
        if left_s > 0:
            return show(conn, organization_id, asked.workspace, now, asked.lease_id)
    if not _is_holder(row, asked.lease_id):
        _take(conn, organization_id, asked, row.number + 1 if row is not None else 1, now)
    return renew(conn, organization_id, asked.workspace, asked.lease_id, now)


def _take(conn: Connection, organization_id: int, asked: LeaseAcquire, number: int, now: str) -> None:
    digest = _hash(asked.lease_id)
    if conn.execute(select(leases.c.id).filter_by(sha256=digest)).one_or_none() is not None:
        raise conflict("a lease of this id is held for another workspace")
    values: dict[str, Any] = {
        "number": number,
        "sha256": digest,
        "holder": msgspec.json.encode(asked.holder).decode(),
        "ttl_s": asked.ttl_s,
        "acquired": now,
        "expires": now,
        "broken_by": None,
    }
    put = insert(conn, leases).values(organization_id=organization_id, workspace=asked.workspace, **values)
    conn.execute(put.on_conflict_do_update(index_elements=["organization_id", "workspace"], set_=values))


def renew(conn: Connection, organization_id: int, workspace: str, lease_id: str, now: str) -> LeaseState:
    """Let a lease last on from now; nothing changes where the id no longer has it."""
    row = _row(conn, organization_id, workspace)
    if row is not None and _is_holder(row, lease_id):
        _put(conn, row, expires=_after(now, row.ttl_s))
    return show(conn, organization_id, workspace, now, lease_id)


def release(conn: Connection, organization_id: int, workspace: str, lease_id: str, now: str) -> LeaseState:
    """Give a lease back; nothing changes where the id no longer has it."""
    row = _row(conn, organization_id, workspace)
    if row is not None and _is_holder(row, lease_id):
        _put(conn, row, **_NOBODY)
    return show(conn, organization_id, workspace, now, lease_id)


def break_(conn: Connection, organization_id: int, asked: LeaseBreak, now: str, *, user: str) -> LeaseState:
    """End somebody's lease.

    Raises:
        Refusal: 409, the lease that is held is another one.
    """
    row = _row(conn, organization_id, asked.workspace)
    if row is not None and row.sha256 is not None:
        if row.number != asked.number:
            raise conflict(f"lease {asked.number} of `{asked.workspace}` has ended; lease {row.number} is held")
        _put(conn, row, sha256=None, broken_by=user)
    return show(conn, organization_id, asked.workspace, now)


def check_is_held(conn: Connection, lease_id: str) -> None:
    """Pass when the lease under which a request was sent is still its sender's.

    Raises:
        Refusal: 423, it was broken, released or taken over.
    """
    digest = _hash(lease_id)
    found = conn.execute(select(leases.c.sha256).filter_by(sha256=digest)).scalar()
    if found is None or not hmac.compare_digest(found, digest):
        raise Refusal(423, "the lease under which this request was sent is no longer held; nothing was changed")


def _check(asked: LeaseAcquire) -> None:
    shortest, longest = _ID_LENGTH
    if not shortest <= len(asked.lease_id) <= longest or not asked.lease_id.isascii():
        raise bad_request(f"a lease's id has {shortest} to {longest} ASCII characters")
    least, most = LEASE_TTL_S
    if not least <= asked.ttl_s <= most:
        raise bad_request(f"a lease lasts {least} to {most} seconds")
    holder = asked.holder
    if not 0 <= holder.pid < 2**31:
        raise bad_request("the holder's pid is none")
    for text in (holder.host, holder.user, holder.started, holder.machine, holder.process):
        if len(text) > _TEXT_LIMIT:
            raise bad_request(f"a text of the holder is longer than {_TEXT_LIMIT} characters")
        if text:
            checked(text)
