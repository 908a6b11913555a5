"""The inventory as text: JSON, for a server zlib and base64 around it.

A record's members are written as a list of names where every value is None (tags, versions), else as a map: names
stand once, and what is read back is what was written. Knows no platform and no file.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Any

import msgspec

from picsellia_apply.errors import ProcessingError, UsageError
from picsellia_apply.model.inventory import FORMAT_VERSION, Inventory, Record

LIMIT = 1 << 30
"""Most bytes of JSON that a packed body may unfold to: a server's answer is not trusted with our memory."""

Members = dict[str, str | tuple[str, ...] | None]


class _Version(msgspec.Struct):
    format_version: int


class _Record(msgspec.Struct, omit_defaults=True):
    created: bool = True
    fields: dict[str, Any] = {}
    members: Members | tuple[str, ...] = ()


class _Body(msgspec.Struct):
    format_version: int
    workspace: str
    serial: int
    records: dict[str, _Record]


def _written(record: Record) -> _Record:
    names_only = all(value is None for value in record.members.values())
    members = tuple(sorted(record.members)) if names_only else dict(record.members)
    return _Record(record.created, dict(record.fields), members)


def _read(record: _Record) -> Record:
    members = record.members
    return Record(record.created, record.fields, members if isinstance(members, dict) else dict.fromkeys(members))


def dump_json(inventory: Inventory) -> bytes:
    """Return the inventory as JSON with sorted keys: same inventory, same bytes."""
    records = {address: _written(record) for address, record in inventory.records.items()}
    body = _Body(FORMAT_VERSION, inventory.workspace, inventory.serial, records)
    return msgspec.json.encode(body, order="deterministic")


def load_json(text: bytes, *, workspace: str) -> Inventory:
    """Read what `dump_json` wrote.

    Args:
        text: UTF-8 JSON.
        workspace: Whose inventory it must be.

    Raises:
        UsageError: It was written by a newer version of this program.
        ProcessingError: It is damaged, or another workspace's.
    """
    try:
        version = msgspec.json.decode(text, type=_Version).format_version
        if version > FORMAT_VERSION:
            raise UsageError(
                f"the inventory of workspace `{workspace}` has format {version}; this version knows {FORMAT_VERSION}",
                hint="install the newer picsellia-apply that wrote it",
            )
        body = msgspec.json.decode(text, type=_Body)
    except msgspec.MsgspecError as error:
        raise ProcessingError(f"the inventory of workspace `{workspace}` is damaged: {error}") from None
    if body.workspace != workspace:
        raise ProcessingError(f"the inventory found for workspace `{workspace}` is that of `{body.workspace}`")
    return Inventory(workspace, body.serial, {address: _read(record) for address, record in body.records.items()})


def pack(inventory: Inventory) -> str:
    """Return the inventory as a server keeps it: base64 of zlib of JSON."""
    return base64.b64encode(zlib.compress(dump_json(inventory), 1)).decode()


def unpack(text: str, *, workspace: str) -> Inventory:
    """Read what `pack` made.

    Raises:
        UsageError: It was written by a newer version of this program.
        ProcessingError: It is damaged, unfolds to more than `LIMIT` bytes, or is another workspace's.
    """
    unfold = zlib.decompressobj()
    try:
        plain = unfold.decompress(base64.b64decode(text, validate=True), LIMIT)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise ProcessingError(f"the inventory of workspace `{workspace}` is damaged: {error}") from None
    if not unfold.eof:
        raise ProcessingError(f"the inventory of workspace `{workspace}` is cut short or too large")
    return load_json(plain, workspace=workspace)
