"""`--prefer SIDE:ADDRESS`: who wins where the manifest and the platform both changed something.

A field that the platform wins is settled: its base is the platform's value from then on, and the record remembers the
manifest's value under which that was decided. As long as neither side moves again nothing is written and nothing asked.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Literal

from picsellia_apply.errors import UsageError
from picsellia_apply.model.plan import Policy
from picsellia_apply.planner.scope import covers

Side = Literal["manifest", "remote"]


def check_preferences(policy: Policy, addresses: Set[str]) -> None:
    """See to it that every preference is about something.

    Args:
        policy: With the preferences.
        addresses: Everything that is declared or recorded.

    Raises:
        UsageError: One names nothing.
    """
    for one in sorted(policy.prefer):
        where = one.partition(":")[2]
        if not any(covers(where, address) for address in addresses):
            hint = "a conflict names the flags that settle it"
            raise UsageError(f"--prefer `{one}` names nothing that is declared or managed", hint=hint)


def preferred(policy: Policy, address: str) -> Side | None:
    """Return who wins at an address; of several flags that cover it the one with the longest address counts."""
    best, side = -1, None
    for one in sorted(policy.prefer):
        who, _, where = one.partition(":")
        if len(where) > best and covers(where, address):
            best, side = len(where), who
    return "manifest" if side == "manifest" else "remote" if side == "remote" else None
