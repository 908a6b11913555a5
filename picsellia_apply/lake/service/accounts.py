"""Users, their tokens, organizations and who belongs to which. A token is never stored, only its sha256."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import Connection, bindparam, insert, select, update

from picsellia_apply.lake.db import insert_row
from picsellia_apply.lake.names import checked
from picsellia_apply.lake.refusal import Refusal, conflict, forbidden, not_found
from picsellia_apply.lake.schema import memberships, organizations, tokens, users

OWN = frozenset({"none", "null", "None"})
"""What published clients write where they mean the token's own organization."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request."""

    user_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization the caller belongs to: row, public id, name."""

    id: int
    uuid: str
    name: str


@dataclass(frozen=True, slots=True)
class UserInfo:
    """A user as the command line lists it."""

    name: str
    organizations: tuple[str, ...]
    tokens: int
    created: str


_BY_TOKEN = (
    select(users.c.id, users.c.name, tokens.c.sha256)
    .join(tokens, tokens.c.user_id == users.c.id)
    .where(tokens.c.sha256 == bindparam("stated"), tokens.c.revoked.is_(None))
)
_BY_MEMBER = (
    select(organizations.c.id, organizations.c.uuid, organizations.c.name)
    .join(memberships, memberships.c.organization_id == organizations.c.id)
    .where(memberships.c.user_id == bindparam("user_id"))
    .order_by(memberships.c.id)
)


def token_hash(token: str) -> str:
    """Return what is stored of a token: its sha256, 64 hex digits. Tokens are random, so no salt is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def new_token() -> str:
    """Return a fresh token: 40 hex digits, 160 random bits."""
    return secrets.token_hex(20)


def authenticate(conn: Connection, token: str) -> Caller:
    """Return who holds a token.

    Raises:
        Refusal: 401, nobody does (any more).
    """
    stated = token_hash(token)
    row = conn.execute(_BY_TOKEN, {"stated": stated}).one_or_none()
    if row is None or not hmac.compare_digest(row.sha256, stated):
        raise Refusal(401, "the token is not known")
    return Caller(row.id, row.name)


def owner(conn: Connection) -> Caller:
    """Return the first user: who an embedded lake belongs to.

    Raises:
        Refusal: 401, the lake has no user yet.
    """
    row = conn.execute(select(users.c.id, users.c.name).order_by(users.c.id).limit(1)).one_or_none()
    if row is None:
        raise Refusal(401, "the lake has no user yet")
    return Caller(row.id, row.name)


def organizations_of(conn: Connection, caller: Caller) -> list[Organization]:
    """Return the caller's organizations, its own first."""
    return [Organization(*row) for row in conn.execute(_BY_MEMBER, {"user_id": caller.user_id})]


def organization(conn: Connection, caller: Caller, stated: str | None) -> Organization:
    """Return the organization that a request means.

    Args:
        conn: An open transaction.
        caller: Who asks.
        stated: Its id or name; None, `none` or `null` for the caller's own.

    Raises:
        Refusal: 403, the caller is no member of it (any more); 404, there is none.
    """
    mine = organizations_of(conn, caller)
    if stated is None or (stated in OWN and all(one.name != stated for one in mine)):
        if not mine:
            raise forbidden("you belong to no organization")
        return mine[0]
    found = [one for one in mine if one.uuid == stated] or [one for one in mine if one.name == stated]
    if found:
        return found[0]
    exists = select(organizations.c.id).where((organizations.c.uuid == stated) | (organizations.c.name == stated))
    if conn.execute(exists).first() is not None:
        raise forbidden(f"you are no member of the organization `{stated}`")
    raise not_found(f"there is no organization `{stated}`")


def add_organization(conn: Connection, name: str, now: str) -> int:
    """Return the row of an organization, made when there is none of this name."""
    found = conn.execute(select(organizations.c.id).where(organizations.c.name == checked(name))).scalar()
    if found is not None:
        return int(found)
    return insert_row(conn, organizations, {"uuid": str(uuid4()), "name": name, "created": now})


def add_member(conn: Connection, user_id: int, organization_id: int) -> None:
    """Make a user a member; one who is already stays one."""
    pair = {"user_id": user_id, "organization_id": organization_id}
    there = select(memberships.c.id).filter_by(**pair)
    if conn.execute(there).first() is None:
        conn.execute(insert(memberships).values(**pair))


def add_user(conn: Connection, name: str, now: str) -> int:
    """Return the row of a user, made when there is none of this name."""
    found = conn.execute(select(users.c.id).where(users.c.name == checked(name))).scalar()
    if found is not None:
        return int(found)
    return insert_row(conn, users, {"name": name, "created": now})


def add_token(conn: Connection, user_id: int, token: str, now: str) -> None:
    """Let a user in by a token; one that is his already is let be.

    Raises:
        Refusal: 409, the token is another user's, or was revoked.
    """
    hashed = token_hash(token)
    found = conn.execute(select(tokens.c.user_id, tokens.c.revoked).where(tokens.c.sha256 == hashed)).first()
    if found is None:
        conn.execute(insert(tokens).values(user_id=user_id, sha256=hashed, created=now))
    elif found.user_id != user_id:
        raise conflict("the token is another user's")
    elif found.revoked is not None:
        raise conflict("the token was revoked; it never lets anybody in again")


def live_tokens(conn: Connection, user_name: str) -> int:
    """Return how many tokens a user holds."""
    listed = [one for one in list_users(conn) if one.name == user_name]
    return listed[0].tokens if listed else 0


def revoke(conn: Connection, user_name: str, now: str) -> int:
    """Take every token from a user and return how many there were."""
    mine = select(users.c.id).where(users.c.name == user_name).scalar_subquery()
    done = update(tokens).where(tokens.c.user_id == mine, tokens.c.revoked.is_(None)).values(revoked=now)
    return conn.execute(done).rowcount


def list_users(conn: Connection) -> list[UserInfo]:
    """Return every user, oldest first."""
    belongs = conn.execute(
        select(memberships.c.user_id, organizations.c.name)
        .join(organizations, organizations.c.id == memberships.c.organization_id)
        .order_by(memberships.c.id)
    ).all()
    live = conn.execute(select(tokens.c.user_id).where(tokens.c.revoked.is_(None))).scalars().all()
    return [
        UserInfo(row.name, tuple(name for user, name in belongs if user == row.id), live.count(row.id), row.created)
        for row in conn.execute(select(users).order_by(users.c.id))
    ]
