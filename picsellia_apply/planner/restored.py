"""Pictures that somebody deleted and that this plan uploads again: nobody remembers that they are to stay away.

A set that no longer declares a picture remembers its deletion; another set may declare it with `restore: true`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from picsellia_apply.model.ownership import DELETED, without_members
from picsellia_apply.planner.case import Found


def without_restored(found: Mapping[str, Found], declared: Mapping[str, Found]) -> dict[str, Found]:
    """Return what was found, without the memory of deletions that are undone.

    Args:
        found: By address. The record of what is no longer declared goes where it remembered nothing else.
        declared: By address, with every upload of the plan.
    """
    uploaded = frozenset(_uploaded(declared))
    return {text: _without(one, uploaded, declared=text in declared) for text, one in found.items()}


def _uploaded(declared: Mapping[str, Found]) -> Iterator[str]:
    for one in declared.values():
        for operation in one.operations:
            yield from (name for name, content in operation.members.add.items() if content is not None)


def _without(found: Found, uploaded: frozenset[str], *, declared: bool) -> Found:
    if found.record is None or not (names := uploaded.intersection(found.record.fields.get(DELETED, ()))):
        return found
    left = without_members(found.record, names)
    return replace(found, record=left if left.members or declared else None)
