"""What a platform can do beyond SDK v2. The only module that decides by the parts announced in `ping`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from picsellia_apply.client.reader import Reader
from picsellia_apply.client.transport import Transport
from picsellia_apply.client.writer import Writer
from picsellia_apply.wire.extension import PARTS


def spoken(announced: Mapping[str, Any]) -> frozenset[str]:
    """Return the parts that both sides speak.

    Args:
        announced: `extensions` of the answer to `ping`: part to revision. A later revision adds, it never changes.
    """
    return frozenset(part for part in PARTS if isinstance(announced.get(part), int) and announced[part] >= 1)


def reader_of(features: frozenset[str], transport: Transport, organization_id: str) -> Reader:
    """Return the reader for a platform with these parts."""
    if {"page", "digest"} <= features:
        return Reader(transport, organization_id)
    from picsellia_apply.client.plain_reader import PlainReader

    return PlainReader(transport, organization_id)


def writer_of(features: frozenset[str], transport: Transport, reader: Reader, organization: str) -> Writer:
    """Return the writer for a platform with these parts."""
    if {"batch", "replace", "labels"} <= features:
        return Writer(transport, reader, organization)
    from picsellia_apply.client.plain_writer import PlainWriter

    return PlainWriter(transport, reader, organization)
