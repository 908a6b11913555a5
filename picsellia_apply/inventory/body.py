"""The inventory as text: JSON, for a server zlib and base64 around it.

A record's members are written as a list of names where every value is None (tags, versions), else as a map: names
stand once, and what is read back is what was written. Knows no platform and no file.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from itertools import chain
from typing import Any

import msgspec

from picsellia_apply.errors import ProcessingError, UsageError
from picsellia_apply.model.address import parse_address
from picsellia_apply.model.inventory import FORMAT_VERSION, SETTLED, Inventory, Record
from picsellia_apply.model.ownership import ADOPTED, DELETED, INHERITED, PARTS

LIMIT = 1 << 30
"""Most bytes of JSON that a packed body may unfold to: a server's answer is not trusted with our memory."""

_LISTS = (ADOPTED, DELETED, INHERITED, PARTS)
_MAPS = (SETTLED,)
_TOLD = ("workspace", "policy")
"""Kinds of addresses that only refusals bear."""

Members = dict[str, str | tuple[str, ...] | None]


class DamagedInventory(ProcessingError):  # noqa: N818 - it names what is wrong, not that something is
    """An inventory cannot be read; nothing is planned without it, since nobody would know what is ours."""

    def __init__(self, message: str, hint: str = "") -> None:
        """Keep the message; the hint is the command that mends it: for our own inventory, unless one is given."""
        own = "`picsellia-apply inventory rebuild` makes it again and keeps this one aside"
        super().__init__(message, hint or own)


class _Version(msgspec.Struct):
    format_version: int


class _Record(msgspec.Struct, omit_defaults=True):
    created: bool = True
    fields: dict[str, Any] = {}
    members: Members | tuple[str, ...] = ()
    protected: bool = False


class _Body(msgspec.Struct):
    format_version: int
    workspace: str
    serial: int
    records: dict[str, _Record]
    applied: str = ""
    former: dict[str, _Record] = {}


def _written(record: Record) -> _Record:
    names_only = all(value is None for value in record.members.values())
    members = tuple(sorted(record.members)) if names_only else dict(record.members)
    return _Record(record.created, dict(record.fields), members, record.protected)


def _read(record: _Record) -> Record:
    members = record.members if isinstance(record.members, dict) else dict.fromkeys(record.members)
    return Record(record.created, record.fields, members, record.protected)


def dump_json(inventory: Inventory) -> bytes:
    """Return the inventory as JSON with sorted keys: same inventory, same bytes."""
    records, former = (
        {text: _written(one) for text, one in every.items()} for every in (inventory.records, inventory.former)
    )
    body = _Body(FORMAT_VERSION, inventory.workspace, inventory.serial, records, inventory.applied, former)
    return msgspec.json.encode(body, order="deterministic")


def load_json(text: bytes, *, workspace: str) -> Inventory:
    """Read what `dump_json` wrote.

    Args:
        text: UTF-8 JSON.
        workspace: Whose inventory it must be.

    Raises:
        UsageError: It was written by a newer version of this program.
        DamagedInventory: It is damaged, or another workspace's.
    """
    try:
        version = msgspec.json.decode(text, type=_Version).format_version
        if version > FORMAT_VERSION:
            raise UsageError(
                f"the inventory of workspace `{workspace}` has format {version}; this version knows {FORMAT_VERSION}",
                hint="install the newer picsellia-apply that wrote it",
            )
        body = msgspec.json.decode(text, type=_Body)
        _check(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise DamagedInventory(f"the inventory of workspace `{workspace}` is damaged: {error}") from None
    if body.workspace != workspace:
        raise DamagedInventory(f"the inventory found for workspace `{workspace}` is that of `{body.workspace}`")
    records, former = ({text: _read(one) for text, one in every.items()} for every in (body.records, body.former))
    return Inventory(workspace, body.serial, records, applied=body.applied, former=former)


def _check(body: _Body) -> None:
    """Look at what the types do not say.

    Raises:
        ValueError: A serial, an address or a field in which we keep account cannot be one.
    """
    if body.serial < 0:
        raise ValueError(f"its serial is {body.serial}")
    for text, record in chain(body.records.items(), body.former.items()):
        if parse_address(text).kind in _TOLD:
            raise ValueError(f"`{text}` cannot be managed")
        for name in _LISTS:
            listed = record.fields.get(name, [])
            if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
                raise ValueError(f"`{name}` of `{text}` is no list of names")
        for name in _MAPS:
            if not isinstance(record.fields.get(name, {}), dict):
                raise ValueError(f"`{name}` of `{text}` is no map")  # noqa: TRY004 - content, not an argument


def pack(inventory: Inventory) -> str:
    """Return the inventory as a server keeps it: base64 of zlib of JSON."""
    return base64.b64encode(zlib.compress(dump_json(inventory), 1)).decode()


def unpack(text: str, *, workspace: str) -> Inventory:
    """Read what `pack` made.

    Raises:
        UsageError: It was written by a newer version of this program.
        DamagedInventory: It is damaged, unfolds to more than `LIMIT` bytes, or is another workspace's.
    """
    unfold = zlib.decompressobj()
    try:
        plain = unfold.decompress(base64.b64decode(text, validate=True), LIMIT)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise DamagedInventory(f"the inventory of workspace `{workspace}` is damaged: {error}") from None
    if not unfold.eof:
        raise DamagedInventory(f"the inventory of workspace `{workspace}` is cut short or too large")
    return load_json(plain, workspace=workspace)
