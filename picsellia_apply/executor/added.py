"""Which members unfinished applies of ours added, by what they were added to.

Several sets may declare one picture, several sets and queries one tag: one of them adds it, and it is ours for all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from picsellia_apply.executor.leftover import Leftover
from picsellia_apply.model.address import parse_address
from picsellia_apply.model.plan import Plan

LAKE = "lake"
"""What PictureSets add pictures to."""


class Added:
    """Looks up the members that are ours although the inventory does not know it yet."""

    def __init__(self, plan: Plan, leftovers: Mapping[str, Leftover]) -> None:
        """Gather what was added.

        Args:
            plan: What it calls blocked is there with other bytes, and so not ours.
            leftovers: See `Journal.leftovers`.
        """
        self._differing = {(one.address, name) for one in plan.blocked for name in one.names}
        self._members: dict[str, frozenset[str]] = {}
        self._keyed: dict[str, frozenset[str]] = {}
        for address, leftover in leftovers.items():
            place = place_of(address)
            self._members[place] = self._members.get(place, frozenset()) | leftover.members
            self._keyed[place] = self._keyed.get(place, frozenset()) | leftover.keys.keys()

    def to(self, address: str) -> frozenset[str]:
        """Return the names that we added to what an address stands for."""
        names = self._members.get(place_of(address), frozenset())
        return frozenset(name for name in names if (address, name) not in self._differing)

    def surely_to(self, address: str) -> frozenset[str]:
        """Return those of them that are ours even if they were not there yet when the plan was read.

        Where the object tells whose a picture is, see `leftover.without_others`, nobody looked at that of one that came
        since then.
        """
        return self.to(address) - self._keyed.get(place_of(address), frozenset())


def without_missing(leftovers: Mapping[str, Leftover], pictures: Collection[str]) -> dict[str, Leftover]:
    """Return what was left, without the pictures that were added and are gone: we added none that may be there later.

    Args:
        leftovers: See `Journal.leftovers`.
        pictures: Those that the plan saw in the lake.
    """
    return {
        text: replace(one, members=one.members.intersection(pictures)) if place_of(text) == LAKE else one
        for text, one in leftovers.items()
    }


def place_of(address: str) -> str:
    """Return what the members of an address are added to, which other addresses may share."""
    part = parse_address(address)
    if part.kind not in ("pictures", "query"):
        return address
    return f"tag {part.rest[0]}" if part.rest else LAKE
