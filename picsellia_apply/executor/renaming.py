"""Networks that an apply renames: until the platform bears the new name, the inventory keeps the old one.

So a kill before the rename leaves a rename to be done, and never a network that seems to be missing under its new name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from picsellia_apply.model.address import parse_address
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.plan import NETWORK_NAME, Operation

_KINDS = ("network", "file", "thumbnail")


def renames(operations: Iterable[Operation]) -> dict[str, tuple[str, str]]:
    """Return the addresses of networks that are renamed, each with the new and the old name."""
    found: dict[str, tuple[str, str]] = {}
    for operation in operations:
        for change in operation.diff:
            if change.field == NETWORK_NAME and operation.action == "update":
                found[operation.address] = parse_address(operation.address).name, change.before
    return found


def under_old_names(records: Mapping[str, Record], pending: Iterable[tuple[str, str]]) -> Mapping[str, Record]:
    """Return the records, those of networks that are not renamed yet under their old names.

    Args:
        records: By address.
        pending: New and old names.
    """
    names = dict(pending)
    if not names:
        return records
    shown: dict[str, Record] = {}
    for text, record in records.items():
        address = parse_address(text)
        old = names.get(address.name) if address.kind in _KINDS else None
        shown[text if old is None else str(replace(address, name=old))] = record
    return shown
