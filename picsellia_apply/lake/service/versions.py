"""Versions of datasets: finding them, their members, labels and digests."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, Select, delete, func, literal, select, update

from picsellia_apply.lake.db import count, insert, insert_row, one_of
from picsellia_apply.lake.names import checked, checked_version
from picsellia_apply.lake.refusal import bad_request, not_found
from picsellia_apply.lake.schema import annotated, datasets, labels, members, pictures, versions
from picsellia_apply.lake.service import accounts, selection
from picsellia_apply.model.annotation import LABEL_TYPES, names_digest
from picsellia_apply.wire import extension, v2

_OLD_TYPES = {"detection": "rectangle", "segmentation": "polygon"}
"""What published clients before 5.0.6 call the types. Source: WIRE_V2.md 4.9."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version and what it belongs to: rows, public id, names."""

    id: int
    uuid: str
    name: str
    dataset_id: int
    dataset_name: str
    description: str
    private: bool
    organization_id: int


def _found() -> Select[Any]:
    return select(
        versions.c.id,
        versions.c.uuid,
        versions.c.name,
        datasets.c.id,
        datasets.c.name,
        datasets.c.description,
        datasets.c.private,
        datasets.c.organization_id,
    ).join(datasets, datasets.c.id == versions.c.dataset_id)


def by_id(conn: Connection, caller: accounts.Caller, uuid: str, *, organization_id: int | None = None) -> Version:
    """Return a version of any organization the caller belongs to, or of the one given.

    Raises:
        Refusal: 404, there is none of this id that the caller may see.
    """
    mine = [one.id for one in accounts.organizations_of(conn, caller) if organization_id in {None, one.id}]
    row = conn.execute(_found().where(versions.c.uuid == uuid, datasets.c.organization_id.in_(mine))).first()
    if row is None:
        raise not_found(f"there is no dataset of the id `{uuid}`")
    return Version(*row)


def by_name(conn: Connection, organization_id: int, dataset: str, version: str | None) -> Version:
    """Return a version by names; `latest` (or None) is the one created last.

    Raises:
        Refusal: 404, there is none.
    """
    stated = _found().where(datasets.c.organization_id == organization_id, datasets.c.name == dataset)
    if version in {None, "", "latest"}:
        stated = stated.order_by(versions.c.id.desc()).limit(1)
    else:
        stated = stated.where(versions.c.name == version)
    row = conn.execute(stated).first()
    if row is None:
        raise not_found(f"there is no dataset `{dataset}` with a version `{version}`")
    return Version(*row)


def every(conn: Connection, organization_id: int) -> list[Version]:
    """Return all versions of an organization's datasets, oldest first."""
    rows = conn.execute(_found().where(datasets.c.organization_id == organization_id).order_by(versions.c.id))
    return [Version(*row) for row in rows]


def sizes(conn: Connection, ids: Collection[int]) -> dict[int, int]:
    """Return how many pictures versions have; those without any are left out."""
    counted = select(members.c.version_id, func.count()).where(one_of(members.c.version_id, ids))
    return {row[0]: row[1] for row in conn.execute(counted.group_by(members.c.version_id))}


def holders(conn: Connection, organization_id: int, names: Collection[str]) -> extension.HolderColumns:
    """Return the versions that hold any of these pictures, with how many of them and how many objects on them."""
    here = (annotated.c.version_id == members.c.version_id) & (annotated.c.picture_id == members.c.picture_id)
    held = select(
        datasets.c.name, versions.c.name, func.count(), func.coalesce(func.sum(annotated.c.objects), 0)
    ).select_from(
        members.join(versions, versions.c.id == members.c.version_id)
        .join(datasets, datasets.c.id == versions.c.dataset_id)
        .outerjoin(annotated, here)
    )
    chosen = select(pictures.c.id).where(selection.named(organization_id, names))
    grouped = held.where(members.c.picture_id.in_(chosen)).group_by(versions.c.id, datasets.c.name, versions.c.name)
    rows = conn.execute(grouped.order_by(datasets.c.name, versions.c.name)).all()
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    return extension.HolderColumns(*columns)


def shown(conn: Connection, found: Sequence[Version]) -> list[v2.Dataset]:
    """Return versions as SDK v2 has them."""
    size = sizes(conn, [one.id for one in found])
    return [
        v2.Dataset(one.uuid, one.dataset_name, one.name, size.get(one.id, 0), one.description, one.private)
        for one in found
    ]


def add(conn: Connection, dataset_id: int, name: str, now: str) -> int:
    """Return the row of a new version.

    Raises:
        Refusal: 400, its name is not acceptable.
    """
    values = {"uuid": str(uuid4()), "dataset_id": dataset_id, "name": checked_version(name), "created": now}
    return insert_row(conn, versions, values)


def add_members(conn: Connection, organization_id: int, version_id: int, uuids: Collection[str]) -> int:
    """Put pictures into a version; those in it already stay. Return how many were new.

    Raises:
        Refusal: 404, a picture is not known.
    """
    selection.check_known(conn, organization_id, uuids)
    before = count(conn, members, members.c.version_id == version_id)
    chosen = select(literal(version_id), pictures.c.id).where(selection.identified(organization_id, uuids))
    conn.execute(insert(conn, members).from_select(["version_id", "picture_id"], chosen).on_conflict_do_nothing())
    forget_digest(conn, version_id)
    return count(conn, members, members.c.version_id == version_id) - before


def remove_members(conn: Connection, organization_id: int, version_id: int, uuids: Collection[str]) -> int:
    """Take pictures out of a version, their annotations with them; those not in it are passed over."""
    chosen = select(pictures.c.id).where(selection.identified(organization_id, uuids))
    gone = conn.execute(delete(members).where(members.c.version_id == version_id, members.c.picture_id.in_(chosen)))
    forget_digest(conn, version_id)
    return gone.rowcount


def forget_digest(conn: Connection, version_id: int) -> None:
    """Say that a version's members changed."""
    conn.execute(update(versions).where(versions.c.id == version_id).values(members_digest=None))


def keep_stats(conn: Connection, version_id: int, stats: str) -> None:
    """Keep a published client's own counts, a JSON text."""
    conn.execute(update(versions).where(versions.c.id == version_id).values(stats=stats))


def carry_over(conn: Connection, origin_id: int, version_id: int) -> None:
    """Copy the origin's labels, and its annotations of the pictures that the version has."""
    copied = select(literal(version_id), labels.c.name, labels.c.type).where(labels.c.version_id == origin_id)
    conn.execute(insert(conn, labels).from_select(["version_id", "name", "type"], copied.order_by(labels.c.id)))
    rest = [column for column in annotated.c if column.name != "version_id"]
    mine = select(members.c.picture_id).where(members.c.version_id == version_id)
    kept = select(literal(version_id), *rest).where(
        annotated.c.version_id == origin_id, annotated.c.picture_id.in_(mine)
    )
    conn.execute(insert(conn, annotated).from_select(["version_id", *(column.name for column in rest)], kept))


def remove(conn: Connection, version: Version) -> None:
    """Delete a version; with its last version a dataset goes. Pictures stay."""
    conn.execute(delete(versions).where(versions.c.id == version.id))
    if not count(conn, versions, versions.c.dataset_id == version.dataset_id):
        conn.execute(delete(datasets).where(datasets.c.id == version.dataset_id))


def add_label(conn: Connection, version_id: int, name: str, kind: str) -> None:
    """Declare a label; one that is there stays.

    Raises:
        Refusal: 400, its name or type is not acceptable.
    """
    kind = _OLD_TYPES.get(kind, kind)
    if kind not in LABEL_TYPES:
        raise bad_request(f"`{kind}` is no type of label; they are {', '.join(LABEL_TYPES)}")
    row = insert(conn, labels).values(version_id=version_id, name=checked(name), type=kind)
    conn.execute(row.on_conflict_do_nothing())


def remove_labels(conn: Connection, version_id: int, unwanted: Collection[extension.Label]) -> int:
    """Remove labels and return how many; annotations keep their objects."""
    there = conn.execute(select(labels).where(labels.c.version_id == version_id)).all()
    keys = {(one.name, one.type) for one in unwanted}
    ids = [row.id for row in there if (row.name, row.type) in keys]
    conn.execute(delete(labels).where(one_of(labels.c.id, ids)))
    return len(ids)


def member_names(conn: Connection, version_id: int) -> list[str]:
    """Return all picture names of a version, in no order."""
    names = select(pictures.c.name).join(members, members.c.picture_id == pictures.c.id)
    return list(conn.execute(names.where(members.c.version_id == version_id)).scalars())


def picture_keys(conn: Connection, version: Version) -> list[tuple[str, str, str, str]]:
    """Return name, id, sha256 and internal key of a version's pictures, ordered by name."""
    columns = (pictures.c.name, pictures.c.uuid, pictures.c.sha256, pictures.c.internal_key)
    which = selection.in_version(conn, version.organization_id, version.id)
    chosen = select(*columns).where(which.where).order_by(pictures.c.name)
    return [(row[0], row[1], row[2], row[3]) for row in conn.execute(chosen).all()]


def member_page(conn: Connection, version: Version, after: str | None, limit: int) -> extension.MemberColumns:
    """Return a page of a version's picture names, ordered."""
    which = selection.in_version(conn, version.organization_id, version.id)
    ordered = select(pictures.c.name).where(which.where).order_by(pictures.c.name).limit(limit + 1)
    names = list(conn.execute(ordered if after is None else ordered.where(pictures.c.name > after)).scalars())
    return extension.MemberColumns(names[:limit], which.total or 0, names[limit - 1] if len(names) > limit else None)


def fill_digests(conn: Connection, ids: Collection[int]) -> None:
    """Compute the members' digest of the versions that lack it (they changed since it was asked for last)."""
    lacking = select(versions.c.id).where(one_of(versions.c.id, ids), versions.c.members_digest.is_(None))
    for version_id in conn.execute(lacking).scalars().all():
        digest = names_digest(member_names(conn, version_id))
        conn.execute(update(versions).where(versions.c.id == version_id).values(members_digest=digest))


def describe(conn: Connection, dataset_ids: Collection[int]) -> dict[int, list[extension.VersionInfo]]:
    """Return the versions of datasets with labels, counts and digests, oldest first, by dataset."""
    rows = conn.execute(
        select(versions).where(one_of(versions.c.dataset_id, dataset_ids)).order_by(versions.c.id)
    ).all()
    ids = [row.id for row in rows]
    size = sizes(conn, ids)
    labelled: dict[int, list[extension.Label]] = {}
    for row in conn.execute(select(labels).where(one_of(labels.c.version_id, ids)).order_by(labels.c.id)):
        labelled.setdefault(row.version_id, []).append(extension.Label(row.name, row.type))
    counted = select(annotated.c.version_id, func.count(), func.sum(annotated.c.objects))
    totals = counted.where(one_of(annotated.c.version_id, ids)).group_by(annotated.c.version_id)
    marked = {version: (number, objects) for version, number, objects in conn.execute(totals)}
    described: dict[int, list[extension.VersionInfo]] = {}
    for row in rows:
        digest = row.members_digest or names_digest(member_names(conn, row.id))
        info = _info(row, digest, size.get(row.id, 0), labelled.get(row.id, []), marked.get(row.id, (0, 0)))
        described.setdefault(row.dataset_id, []).append(info)
    return described


def _info(
    row: Row[Any], digest: str, size: int, labelled: list[extension.Label], annotated: tuple[int, int]
) -> extension.VersionInfo:
    return extension.VersionInfo(
        dataset_id=row.uuid,
        name=row.name,
        size=size,
        members_digest=digest,
        labels=labelled,
        annotated=annotated[0],
        objects=annotated[1],
        created=row.created,
    )
