"""Which pictures a request means, as a condition that other statements embed; never a list of rows in Python."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, func, select
from sqlalchemy.sql import ColumnElement

from picsellia_apply.lake.db import count, one_of
from picsellia_apply.lake.refusal import not_found
from picsellia_apply.lake.schema import members, picture_tags, pictures, tags


def in_organization(organization_id: int) -> ColumnElement[bool]:
    """Return the condition for all pictures of an organization."""
    return pictures.c.organization_id == organization_id


def named(organization_id: int, names: Collection[str]) -> ColumnElement[bool]:
    """Return the condition for the pictures of these names."""
    return in_organization(organization_id) & one_of(pictures.c.name, names)


def identified(organization_id: int, uuids: Collection[str]) -> ColumnElement[bool]:
    """Return the condition for the pictures of these ids; foreign ones never fit."""
    return in_organization(organization_id) & one_of(pictures.c.uuid, uuids)


def tagged(organization_id: int, names: Collection[str]) -> ColumnElement[bool]:
    """Return the condition for the pictures that carry all of these tags; no tag at all fits every picture."""
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return in_organization(organization_id)
    carrying = (
        select(picture_tags.c.picture_id)
        .join(tags, tags.c.id == picture_tags.c.tag_id)
        .where(tags.c.organization_id == organization_id, one_of(tags.c.name, wanted))
        .group_by(picture_tags.c.picture_id)
        .having(func.count() == len(wanted))
    )
    return in_organization(organization_id) & pictures.c.id.in_(carrying)


def in_version(version_id: int) -> ColumnElement[bool]:
    """Return the condition for the pictures of a version."""
    return pictures.c.id.in_(select(members.c.picture_id).where(members.c.version_id == version_id))


def check_known(conn: Connection, organization_id: int, uuids: Collection[str]) -> None:
    """Pass when every id is a picture of the organization.

    Raises:
        Refusal: 404, some are not; foreign and unknown ones are told alike.
    """
    wanted = set(uuids)
    known = count(conn, pictures, identified(organization_id, wanted))
    if known != len(wanted):
        raise not_found(f"{len(wanted) - known} of {len(wanted)} pictures are not known")
