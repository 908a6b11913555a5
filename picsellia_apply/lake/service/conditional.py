"""What would go with a picture, a version or a network: as columns to be looked at, and as a digest to be compared.

A digest is made from rows of one transaction, and compared in the one that writes: SQLite has one writer at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, select
from sqlalchemy.sql import ColumnElement

from picsellia_apply.lake.db import one_of
from picsellia_apply.lake.refusal import Refusal, bad_request
from picsellia_apply.lake.schema import annotated, datasets, labels, members, networks, objects, pictures
from picsellia_apply.lake.schema import versions as versions_table
from picsellia_apply.lake.service import pictures as pictures_service
from picsellia_apply.lake.service import selection
from picsellia_apply.lake.service.versions import Version
from picsellia_apply.wire import conditional, extension


class _Picture(NamedTuple):
    id: int
    uuid: str
    name: str
    sha256: str


class _Held(NamedTuple):
    """One picture in one version; digest and objects are None where it is not annotated there."""

    dataset: str
    version: str
    picture: int
    digest: str | None
    objects: int | None
    uuid: str


_HERE = (annotated.c.version_id == members.c.version_id) & (annotated.c.picture_id == members.c.picture_id)


def _etag(rows: Iterable[Sequence[Any]]) -> str:
    """Return the digest of rows in their order."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(msgspec.json.encode(list(row)))
    return digest.hexdigest()


def check(expect: str, there: str) -> None:
    """Pass when a state is the expected one.

    Raises:
        Refusal: 412, it is another.
    """
    if expect != there:
        raise Refusal(412, "it is no longer what was expected: somebody changed it")


def _held(conn: Connection, which: ColumnElement[bool]) -> list[_Held]:
    """Return the memberships of pictures, ordered by dataset and version."""
    columns = (datasets.c.name, versions_table.c.name, members.c.picture_id, annotated.c.digest, annotated.c.objects)
    held = select(*columns, versions_table.c.uuid).select_from(
        members.join(versions_table, versions_table.c.id == members.c.version_id)
        .join(datasets, datasets.c.id == versions_table.c.dataset_id)
        .outerjoin(annotated, _HERE)
    )
    chosen = select(pictures.c.id).where(which)
    ordered = held.where(members.c.picture_id.in_(chosen)).order_by(datasets.c.name, versions_table.c.name)
    return [_Held(*row) for row in conn.execute(ordered)]


def _picture_etags(found: Sequence[_Picture], tags: Mapping[str, list[int]], held: Sequence[_Held]) -> list[str]:
    """Return what stands for each picture, its bytes, its tags, and what is made of it."""
    by_picture: dict[int, list[Sequence[Any]]] = {row.id: [] for row in found}
    for one in held:
        by_picture[one.picture].append((one.uuid, one.digest))
    carried: list[list[str]] = [[] for _ in found]
    for tag, places in tags.items():
        for place in places:
            carried[place].append(tag)
    stated = (
        (row.uuid, row.sha256, tagged, sorted(by_picture[row.id], key=itemgetter(0)))
        for row, tagged in zip(found, carried, strict=True)
    )
    return [hashlib.sha256(msgspec.json.encode(one)).hexdigest() for one in stated]


def _pictures(conn: Connection, which: ColumnElement[bool]) -> list[_Picture]:
    columns = (pictures.c.id, pictures.c.uuid, pictures.c.name, pictures.c.sha256)
    return [_Picture(*row) for row in conn.execute(select(*columns).where(which).order_by(pictures.c.name))]


def _tags(conn: Connection, found: Sequence[_Picture]) -> dict[str, list[int]]:
    """Return the row numbers of the pictures that carry a tag, by tag in order."""
    return pictures_service.tags_of(conn, [row.id for row in found])


def holdings(conn: Connection, organization_id: int, names: Collection[str]) -> conditional.HoldingColumns:
    """Return pictures and what would go with them; unknown names are left out."""
    which = selection.named(organization_id, names)
    found, held = _pictures(conn, which), _held(conn, which)
    tags = _tags(conn, found)
    number = {row.id: place for place, row in enumerate(found)}
    columns = conditional.HoldingColumns(
        names=[row.name for row in found],
        picture_ids=[row.uuid for row in found],
        sha256=[row.sha256 for row in found],
        etags=_picture_etags(found, tags, held),
        tags=tags,
        datasets=[],
        versions=[],
        members=[],
        digests=[],
        objects=[],
    )
    for (dataset, version), rows in groupby(held, key=itemgetter(0, 1)):
        ordered = sorted((number[one.picture], one.digest or "", one.objects or 0) for one in rows)
        columns.datasets.append(dataset)
        columns.versions.append(version)
        columns.members.append([one[0] for one in ordered])
        columns.digests.append([one[1] for one in ordered])
        columns.objects.append([one[2] for one in ordered])
    return columns


def delete_pictures(conn: Connection, organization_id: int, request: conditional.PicturesDelete) -> conditional.Deleted:
    """Delete the pictures that are what was expected, everywhere they are.

    Ids that are not known (any more) are passed over, so that a deletion whose answer was lost can be repeated.

    Raises:
        Refusal: 400, the columns are not of one length, or too long.
    """
    if len(request.pictures) != len(request.expect):
        raise bad_request("`pictures` and `expect` are not of one length")
    if len(request.pictures) > extension.PAGE_LIMIT:
        raise bad_request(f"more than {extension.PAGE_LIMIT} pictures at once")
    which = selection.identified(organization_id, request.pictures)
    found = _pictures(conn, which)
    etags = _picture_etags(found, _tags(conn, found), _held(conn, which))
    expected: Mapping[str, str] = dict(zip(request.pictures, request.expect, strict=True))
    changed = [row.uuid for row, etag in zip(found, etags, strict=True) if expected[row.uuid] != etag]
    kept = frozenset(changed)
    gone = [row.uuid for row in found if row.uuid not in kept]
    return conditional.Deleted(pictures_service.remove(conn, organization_id, gone), changed)


def version_etag(conn: Connection, version: Version) -> str:
    """Return what stands for a version with its pictures, labels and annotations, and for its dataset's fields."""
    held = (
        select(pictures.c.uuid, annotated.c.digest)
        .select_from(members.join(pictures, pictures.c.id == members.c.picture_id).outerjoin(annotated, _HERE))
        .where(members.c.version_id == version.id)
        .order_by(members.c.picture_id)
    )
    named = select(labels.c.name, labels.c.type).where(labels.c.version_id == version.id).order_by(labels.c.id)
    own = (version.uuid, version.description, version.private)
    return _etag([own, *conn.execute(named).all(), (), *conn.execute(held).all()])


def network_etag(conn: Connection, network: Row[Any]) -> str:
    """Return what stands for a network and what is stored for it."""
    stored = select(objects.c.bucket, objects.c.name, objects.c.sha256).where(objects.c.network_id == network.id)
    own = [network._mapping[column.name] for column in networks.c]  # noqa: SLF001 - SQLAlchemy's documented mapping
    return _etag([own, *conn.execute(stored.order_by(objects.c.bucket, objects.c.name)).all()])


def changed_members(conn: Connection, version: Version, uuids: Sequence[str], expect: Sequence[str]) -> list[str]:
    """Return the pictures of a version whose annotation there is not the expected one, of those to be taken out.

    Args:
        conn: An open write.
        version: Whose pictures.
        uuids: Ids of the pictures.
        expect: Row by row the digest that the picture's annotation must have, "" for none.

    Raises:
        Refusal: 400, the columns are not of one length.
    """
    if len(uuids) != len(expect):
        raise bad_request("`pictures` and `expect` are not of one length")
    wanted = dict(zip(uuids, expect, strict=True))
    held = (
        select(pictures.c.uuid, annotated.c.digest)
        .select_from(members.join(pictures, pictures.c.id == members.c.picture_id).outerjoin(annotated, _HERE))
        .where(members.c.version_id == version.id, one_of(pictures.c.uuid, list(wanted)))
        .order_by(pictures.c.uuid)
    )
    return [uuid for uuid, digest in conn.execute(held).all() if wanted[uuid] != (digest or "")]
