"""Networks of an organization and what is stored for them. Source: WIRE_V2.md section 6."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import uuid4

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import Connection, Row, delete, insert, select, update

from picsellia_apply.lake.db import one_of
from picsellia_apply.lake.names import checked
from picsellia_apply.lake.refusal import bad_request, not_found
from picsellia_apply.lake.schema import networks, objects
from picsellia_apply.lake.service import accounts, storage
from picsellia_apply.wire import extension, v2

_AS_JSON = frozenset({"tag", "files", "labels", "base_parameters", "origin_checkpoint_objects"})
"""Columns that hold JSON texts."""

_DEFAULTS: dict[str, Any] = {
    "tag": "null",
    "private": True,
    "description": "",
    "model_object_name": "",
    "checkpoint_object_name": "",
    "origin_checkpoint_objects": "{}",
    "files": "{}",
    "thumb_object_name": "",
    "framework": "",
    "labels": "{}",
    "base_parameters": "{}",
    "readme_text": "",
}


class NetworkPatch(msgspec.Struct):
    """The properties that a request may change; one that is left out stays. None empties a text or a map."""

    network_name: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    tag: list[str] | UnsetType | None = UNSET
    private: bool | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    model_object_name: str | UnsetType | None = UNSET
    checkpoint_object_name: str | UnsetType | None = UNSET
    origin_checkpoint_objects: dict[str, Any] | UnsetType | None = UNSET
    files: dict[str, str] | UnsetType | None = UNSET
    thumb_object_name: str | UnsetType | None = UNSET
    framework: str | UnsetType | None = UNSET
    labels: dict[str, Any] | UnsetType | None = UNSET
    base_parameters: dict[str, Any] | UnsetType | None = UNSET
    readme_text: str | UnsetType | None = UNSET


def _find(conn: Connection, organization_id: int, column: str, value: str) -> Row[Any]:
    row = conn.execute(select(networks).filter_by(organization_id=organization_id, **{column: value})).one_or_none()
    if row is None:
        raise not_found(f"there is no network `{value}`")
    return row


def by_id(conn: Connection, organization_id: int, uuid: str) -> Row[Any]:
    """Return a network's row by its id.

    Raises:
        Refusal: 404, the organization has none.
    """
    return _find(conn, organization_id, "uuid", uuid)


def by_name(conn: Connection, organization_id: int, name: str) -> Row[Any]:
    """Return a network's row by its name.

    Raises:
        Refusal: 404, the organization has none.
    """
    return _find(conn, organization_id, "network_name", name)


def shown(row: Row[Any], organization: accounts.Organization) -> v2.Network:
    """Return a network as SDK v2 has it."""
    values = {name: row._mapping[name] for name in _DEFAULTS}  # noqa: SLF001 - SQLAlchemy's documented mapping
    decoded = {name: msgspec.json.decode(values[name]) for name in _AS_JSON}
    return v2.Network(
        organization=v2.Organization(organization.name),
        model_id=row.uuid,
        serving_id=row.serving_uuid,
        network_name=row.network_name,
        type=row.type,
        owner={"username": row.owner},
        **{**values, **decoded},
    )


def every(conn: Connection, organization: accounts.Organization) -> list[v2.Network]:
    """Return all networks of an organization, ordered by name."""
    mine = select(networks).where(networks.c.organization_id == organization.id).order_by(networks.c.network_name)
    return [shown(row, organization) for row in conn.execute(mine).all()]


def _check_free(conn: Connection, organization_id: int, name: str) -> None:
    taken = select(networks.c.id).filter_by(organization_id=organization_id, network_name=checked(name))
    if conn.execute(taken).first() is not None:
        raise bad_request(f"there is a network `{name}` already")


def create(
    conn: Connection, organization: accounts.Organization, owner: str, request: v2.NetworkCreate, now: str
) -> v2.Network:
    """Make a network.

    Raises:
        Refusal: 400, the name is taken or not acceptable, or the type is.
    """
    _check_free(conn, organization.id, request.name)
    values = {
        "uuid": str(uuid4()),
        "serving_uuid": str(uuid4()),
        "organization_id": organization.id,
        "owner": owner,
        "network_name": request.name,
        "type": checked(request.type),
        "created": now,
    }
    conn.execute(insert(networks).values(**_DEFAULTS, **values))
    return shown(by_name(conn, organization.id, request.name), organization)


def has(row: Row[Any], organization: accounts.Organization, stated: dict[str, Any]) -> bool:
    """Return whether a network's properties are these already."""
    there = msgspec.to_builtins(shown(row, organization))
    return all(name in there and there[name] == value for name, value in stated.items())


def _check_read_only(row: Row[Any], organization: accounts.Organization, stated: dict[str, Any]) -> None:
    """Refuse a change of what no request changes; saying what is there already is fine."""
    there = msgspec.to_builtins(shown(row, organization))
    for name in sorted(v2.NETWORK_READ_ONLY & stated.keys()):
        if stated[name] != there[name]:
            raise bad_request(f"`{name}` of a network cannot be changed")


def change(conn: Connection, organization: accounts.Organization, row: Row[Any], stated: dict[str, Any]) -> v2.Network:
    """Change the properties that are stated and return the network.

    Raises:
        Refusal: 400, a property is read-only, of a wrong type, or a name that is taken.
    """
    _check_read_only(row, organization, stated)
    try:
        patch = msgspec.convert(stated, NetworkPatch)
    except msgspec.ValidationError as error:
        raise bad_request(f"the body is not acceptable: {error}") from error
    if patch.network_name is not UNSET and patch.network_name != row.network_name:
        _check_free(conn, organization.id, patch.network_name)
    if patch.type is not UNSET:
        checked(patch.type)
    values = {name: value for name in NetworkPatch.__struct_fields__ if (value := getattr(patch, name)) is not UNSET}
    if values:
        new = {name: _kept(name, value) for name, value in values.items()}
        conn.execute(update(networks).where(networks.c.id == row.id).values(**new))
    return shown(by_id(conn, organization.id, row.uuid), organization)


def _kept(name: str, value: Any) -> Any:
    """Return a property as its column holds it."""
    if value is None:
        return _DEFAULTS[name]
    return msgspec.json.encode(value).decode() if name in _AS_JSON else value


def remove(conn: Connection, row: Row[Any]) -> None:
    """Delete a network and everything stored for it."""
    storage.release(conn, row.id)
    conn.execute(delete(networks).where(networks.c.id == row.id))


def lookup(
    conn: Connection, organization: accounts.Organization, names: Collection[str]
) -> list[extension.NetworkInfo]:
    """Return networks with the digests of what is stored for them, ordered by name; unknown names are left out."""
    mine = select(networks).where(networks.c.organization_id == organization.id)
    rows = conn.execute(mine.where(one_of(networks.c.network_name, names)).order_by(networks.c.network_name)).all()
    found = [shown(row, organization) for row in rows]
    wanted = [name for one in found for name in (*one.files.values(), one.thumb_object_name)]
    stored = select(objects).where(objects.c.organization_id == organization.id, one_of(objects.c.name, wanted))
    infos = {
        (row.bucket, row.name): extension.FileInfo(row.name, row.sha256, row.size) for row in conn.execute(stored).all()
    }
    return [_info(one, infos) for one in found]


def _info(network: v2.Network, infos: dict[tuple[str, str], extension.FileInfo]) -> extension.NetworkInfo:
    def info(bucket: str, name: str) -> extension.FileInfo:
        return infos.get((bucket, name)) or extension.FileInfo(name, None, 0)

    files = {key: info(storage.MODELS, name) for key, name in network.files.items()}
    thumbnail = network.thumb_object_name
    return extension.NetworkInfo(network, files, info(storage.PICTURES, thumbnail) if thumbnail else None)
