"""What each operation takes along, as a precondition: a reviewed plan never destroys more than was reviewed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from picsellia_apply.model.plan import Operation
from picsellia_apply.planner.case import Blast


def with_takes(operations: Iterable[Operation], blasts: Iterable[Blast]) -> list[Operation]:
    """Return the operations with what their address destroys or changes in `pre`.

    Args:
        operations: Of one plan.
        blasts: What they destroy or change.

    Returns:
        Operations whose `pre["takes"]` maps a unit (`pictures`, `tags`, `members`, `objects`, `addresses`) to how many,
        and how many of them are not ours. Operations that only add have none.
    """
    taken: dict[str, dict[str, list[int]]] = {}
    for blast in blasts:
        counts = taken.setdefault(blast.address, {}).setdefault(blast.unit, [0, 0])
        counts[0] += blast.count
        counts[1] += blast.foreign
    return [
        replace(one, pre={**one.pre, "takes": taken[one.address]}) if one.address in taken else one
        for one in operations
    ]
