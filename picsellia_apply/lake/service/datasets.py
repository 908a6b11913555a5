"""Datasets: what their versions have in common, and creating them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from picsellia_apply.lake.db import insert_row, one_of
from picsellia_apply.lake.names import checked_segment
from picsellia_apply.lake.refusal import Refusal, bad_request, conflict, not_found
from picsellia_apply.lake.schema import datasets
from picsellia_apply.lake.schema import versions as versions_table
from picsellia_apply.lake.service import accounts, versions
from picsellia_apply.wire import extension, v2

FIRST = "first"
"""The name of a new dataset's version in SDK v2."""


def _row(conn: Connection, organization_id: int, name: str) -> int | None:
    mine = select(datasets.c.id).where(datasets.c.organization_id == organization_id, datasets.c.name == name)
    return conn.execute(mine).scalar()


def _add(conn: Connection, organization_id: int, name: str, description: str, *, private: bool, now: str) -> int:
    values = {
        "organization_id": organization_id,
        "name": checked_segment(name, "dataset"),
        "description": description,
        "private": private,
        "created": now,
    }
    return insert_row(conn, datasets, values)


def _has(conn: Connection, dataset_id: int, version: str) -> bool:
    there = select(versions_table.c.id).filter_by(dataset_id=dataset_id, name=version)
    return conn.execute(there).first() is not None


def create(
    conn: Connection, organization_id: int, request: v2.DatasetCreate, pictures: Collection[str], now: str
) -> v2.Dataset:
    """Make a dataset with its first version.

    Raises:
        Refusal: 400, the name is taken or not acceptable; 404, a picture is not known.
    """
    if _row(conn, organization_id, request.dataset_name) is not None:
        raise bad_request(f"there is a dataset `{request.dataset_name}` already")
    dataset = _add(conn, organization_id, request.dataset_name, request.description, private=request.private, now=now)
    version = versions.add(conn, dataset, FIRST, now)
    versions.add_members(conn, organization_id, version, pictures)
    return versions.shown(conn, [versions.by_name(conn, organization_id, request.dataset_name, FIRST)])[0]


def create_version(
    conn: Connection, organization_id: int, request: v2.VersionCreate, pictures: Collection[str], now: str
) -> v2.Dataset:
    """Make a version from another: exactly these pictures, the origin's labels, its annotations of these pictures.

    Raises:
        Refusal: 400, the version exists or its name is not acceptable; 404, the origin or a picture is not known.
    """
    origin = versions.by_name(conn, organization_id, request.name, request.from_version)
    if _has(conn, origin.dataset_id, request.version):
        raise bad_request(f"there is a version `{request.version}` of `{request.name}` already")
    version = versions.add(conn, origin.dataset_id, request.version, now)
    versions.add_members(conn, organization_id, version, pictures)
    versions.carry_over(conn, origin.id, version)
    return versions.shown(conn, [versions.by_name(conn, organization_id, request.name, request.version)])[0]


def create_plain_version(
    conn: Connection, organization_id: int, request: extension.DatasetCreate, now: str
) -> v2.Dataset:
    """Make a version without an origin, and its dataset when there is none of this name.

    Raises:
        Refusal: 400, a name is not acceptable; 404, a picture is not known; 409, the version exists.
    """
    dataset = _row(conn, organization_id, request.name)
    if dataset is None:
        dataset = _add(conn, organization_id, request.name, request.description, private=request.private, now=now)
    elif _has(conn, dataset, request.version):
        raise conflict(f"there is a version `{request.version}` of `{request.name}` already")
    version = versions.add(conn, dataset, request.version, now)
    versions.add_members(conn, organization_id, version, request.pictures)
    return versions.shown(conn, [versions.by_name(conn, organization_id, request.name, request.version)])[0]


def target(conn: Connection, caller: accounts.Caller, organization_id: int, request: v2.DatasetAdd) -> versions.Version:
    """Return the version that pictures are to be added to: a name decides, else `pk`. Source: WIRE_V2.md 4.4.

    Raises:
        Refusal: 400, neither is given; 404, there is none.
    """
    if request.name:
        return versions.by_name(conn, organization_id, request.name, request.version)
    if request.pk:
        return versions.by_id(conn, caller, request.pk, organization_id=organization_id)
    raise bad_request("neither `name` nor `pk` says which dataset")


def patch(conn: Connection, organization_id: int, request: extension.DatasetPatch) -> int:
    """Change a dataset's own fields and return how many were given.

    Raises:
        Refusal: 404, there is no such dataset; 412, its fields are not the expected ones.
    """
    dataset = _row(conn, organization_id, request.name)
    if dataset is None:
        raise not_found(f"there is no dataset `{request.name}`")
    stated = {"description": request.description, "private": request.private}
    values = {name: value for name, value in stated.items() if value is not None}
    if values and not _has_fields(conn, dataset, values):
        _check_fields(conn, dataset, request.expect)
        conn.execute(update(datasets).where(datasets.c.id == dataset).values(**values))
    return len(values)


def _has_fields(conn: Connection, dataset: int, values: Mapping[str, Any]) -> bool:
    """Return whether a dataset's fields are these."""
    there = conn.execute(select(datasets.c.description, datasets.c.private).where(datasets.c.id == dataset)).one()
    return all(getattr(there, name) == value for name, value in values.items())


def _check_fields(conn: Connection, dataset: int, expect: extension.DatasetFields | None) -> None:
    stated = {} if expect is None else {"description": expect.description, "private": expect.private}
    if not _has_fields(conn, dataset, {name: value for name, value in stated.items() if value is not None}):
        raise Refusal(412, "the dataset's fields are no longer what was expected: somebody changed them")


def lookup(conn: Connection, organization_id: int, names: Collection[str]) -> list[extension.DatasetInfo]:
    """Return datasets with their versions, ordered by name; unknown names are left out.

    A digest that is not there is computed, and not kept: see `fill_digests`.
    """
    mine = datasets.c.organization_id == organization_id
    rows = conn.execute(select(datasets).where(mine, one_of(datasets.c.name, names)).order_by(datasets.c.name)).all()
    described = versions.describe(conn, [row.id for row in rows])
    return [extension.DatasetInfo(row.name, row.description, row.private, described.get(row.id, [])) for row in rows]


def lacking_digests(conn: Connection, organization_id: int, names: Collection[str]) -> list[int]:
    """Return the versions of datasets whose members' digest must be computed."""
    lacking = select(versions_table.c.id).join(datasets, datasets.c.id == versions_table.c.dataset_id)
    mine = lacking.where(datasets.c.organization_id == organization_id, one_of(datasets.c.name, names))
    return list(conn.execute(mine.where(versions_table.c.members_digest.is_(None))).scalars())
