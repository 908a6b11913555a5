"""What a workspace manages, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from picsellia_apply.model.address import parse_address
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.ownership import ADOPTED, DELETED
from picsellia_apply.model.plan import Target
from picsellia_apply.planner.words import counted, joined
from picsellia_apply.render.lines import Line, render_lines

FORMAT_VERSION = 1


def inventory_to_json(inventory: Inventory, target: Target, owners: Mapping[str, str]) -> str:
    """Return the inventory as JSON with sorted keys, ended by a newline: numbers of members, not their names.

    Args:
        inventory: What is managed.
        target: Where.
        owners: Address to the other workspace that owns it by now.
    """
    document = {
        "format_version": FORMAT_VERSION,
        "target": target,
        "serial": inventory.serial,
        "addresses": [_entry(*one, owners) for one in sorted(inventory.records.items())],
    }
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=2).decode() + "\n"


def _entry(address: str, record: Record, owners: Mapping[str, str]) -> dict[str, Any]:
    objects = sum(map(len, record.members.values())) if address.startswith("annotations/") else None
    deleted = len(record.fields.get(DELETED, ()))
    return {
        "address": address,
        "origin": _origin(record),
        "members": len(record.members) - deleted,
        "adopted_members": len(record.fields.get(ADOPTED, ())) - deleted,
        "deleted_members": deleted,
        "objects": objects,
        "protected": record.protected,
        "owner": owners.get(address),
    }


def _origin(record: Record) -> str:
    return "created" if record.created else "adopted"


def render_inventory_text(
    inventory: Inventory, owners: Mapping[str, str], *, heading: str, color: bool, width: int
) -> str:
    """Return the inventory as a person reads it, without a final newline; arguments as for `inventory_to_json`."""
    lines = list(inventory_lines(inventory.records, owners))
    rows = [heading, *render_lines(lines, color=color, width=width)]
    if not lines:
        rows.append("  nothing is managed")
    created = sum(record.created for record in inventory.records.values())
    said = f"{counted(len(lines), 'address', 'addresses')}: {created:,} created, {len(lines) - created:,} adopted"
    return "\n".join([*rows, f"Inventory: {said} · last serial {inventory.serial}"])


def inventory_lines(records: Mapping[str, Record], owners: Mapping[str, str]) -> Iterator[Line]:
    """Yield one line for every address."""
    for address, record in sorted(records.items()):
        owner = owners.get(address)
        whose = f"owned by workspace `{owner}` now" if owner is not None else ""
        guarded = "protected" if record.protected else ""
        text = "   ".join(part for part in (_members(address, record), guarded, whose) if part)
        yield Line("·", "note", _origin(record), address, text)


def _members(text: str, record: Record) -> str:
    deleted = len(record.fields.get(DELETED, ()))
    address, count = parse_address(text), len(record.members) - deleted
    match address.kind:
        case "pictures" | "query" | "version" if record.fields.get("absent"):
            return "kept off"
        case "pictures" | "query" | "version":
            adopted = len(record.fields.get(ADOPTED, ())) - deleted
            strange = f"{'all' if adopted == count else f'{adopted:,}'} there before" if adopted else ""
            gone = f"{counted(deleted, 'picture')} that people deleted" if deleted else ""
            return joined([counted(count, "picture"), strange, gone])
        case "annotations":
            objects = sum(map(len, record.members.values()))
            return joined([counted(count, "picture"), counted(objects, "object")])
        case _:
            return ""


def listed_addresses(addresses: Sequence[str], limit: int = 50) -> list[str]:
    """Return addresses one a line, up to a limit, and how many more there are."""
    shown = [f"  {address}" for address in addresses[:limit]]
    return shown + ([f"  and {len(addresses) - limit:,} more"] if len(addresses) > limit else [])
