"""What a plan says of things that an apply of ours left without finishing: they are not called adopted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import replace

from picsellia_apply.executor.added import Added
from picsellia_apply.executor.leftover import Leftover
from picsellia_apply.model.plan import Notice, Plan

_UNFINISHED = "an apply that did not finish"


def resumed(plan: Plan, leftovers: Mapping[str, Leftover]) -> Plan:
    """Return the plan without calling adopted what an unfinished apply of ours made; only notices differ.

    Args:
        plan: Its `adopt` notices tell of all that is there without being in the inventory.
        leftovers: See `Journal.leftovers`; decides as `records.owned` does.
    """
    if not leftovers:
        return plan
    added = Added(plan, leftovers)
    notices: list[Notice] = []
    for one in plan.notices:
        leftover = leftovers.get(one.address)
        if one.kind != "adopt":
            notices.append(one)
        elif one.names:
            notices.extend(_parted(one, added.to(one.address)))
        elif leftover is not None:
            record = plan.records.get(one.address)
            made = record is not None and leftover.has_made(record)
            notices.append(replace(one, kind="resumed", message=f"made by {_UNFINISHED}") if made else one)
        else:
            notices.append(one)
    return replace(plan, notices=tuple(notices))


def _parted(notice: Notice, ours: Set[str]) -> Iterator[Notice]:
    """Yield what an adoption says of members of others, and of ours."""
    others = tuple(name for name in notice.names if name not in ours)
    mine = tuple(name for name in notice.names if name in ours)
    if others:
        message = notice.message.replace(_pictures(notice.names), _pictures(others), 1)
        yield replace(notice, message=message, names=others)
    if mine:
        yield Notice("resumed", notice.address, f"{_pictures(mine)} there already, from {_UNFINISHED}", mine)


def _pictures(names: tuple[str, ...]) -> str:
    return f"{len(names):,} picture{'s' * (len(names) != 1)}"
