"""What a platform can do beyond SDK v2. The only module that decides by the parts announced in `ping`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from picsellia_apply.client.conditional import Conditional
from picsellia_apply.client.reader import Reader
from picsellia_apply.client.transport import Transport
from picsellia_apply.client.writer import Writer
from picsellia_apply.wire.extension import PARTS

_READING = frozenset({"page", "digest"})
_WRITING = frozenset({"batch", "replace", "labels"})


def spoken(announced: Mapping[str, Any]) -> frozenset[str]:
    """Return the parts that are used: those that both sides speak, and that come with the others they need.

    Args:
        announced: `extensions` of the answer to `ping`: part to revision. A later revision adds, it never changes.
    """
    parts = {part for part in PARTS if isinstance(announced.get(part), int) and announced[part] >= 1}
    for together in (_READING, _WRITING):
        if not together <= parts:
            parts -= together
    if not parts >= _READING | _WRITING:
        parts -= {"workspace", "owners", "conditional"}
    return frozenset(parts)


def reader_of(features: frozenset[str], transport: Transport, organization_id: str, organization: str) -> Reader:
    """Return the reader for a platform with these parts."""
    if features >= _READING:
        return Reader(transport, organization_id)
    from picsellia_apply.client.plain_reader import PlainReader

    return PlainReader(transport, organization_id, organization)


def writer_of(features: frozenset[str], transport: Transport, reader: Reader, organization: str) -> Writer:
    """Return the writer for a platform with these parts."""
    if features >= _WRITING:
        conditional = Conditional(transport, reader.organization_id) if "conditional" in features else None
        return Writer(transport, reader, organization, conditional)
    from picsellia_apply.client.plain_writer import PlainWriter

    return PlainWriter(transport, reader, organization)
