"""What a comparison of records with the platform looks at for one address: the values its modules exchange."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from picsellia_apply.model.address import Address
from picsellia_apply.model.drift import Drift, Fate, What
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.plan import Conflict, Operation, Plan
from picsellia_apply.model.state import Resource, State


@dataclass(frozen=True, slots=True)
class Ground:
    """What every comparison rests on.

    Attributes:
        gone: Pictures that the inventory knows and that are no longer in the lake.
        operations: The plan's, by address; an address may have two.
        conflicts: The plan's, by address and field.
        blocked: Address to the rule that blocks it, of the plan.
        sees: Parts of the extension that the platform offers.
        plan: The plan itself.
    """

    desired: State
    observed: State
    records: Mapping[str, Record]
    gone: Set[str]
    operations: Mapping[str, tuple[Operation, ...]]
    conflicts: Mapping[tuple[str, str], Conflict]
    blocked: Mapping[str, str]
    sees: Set[str]
    plan: Plan

    def is_put_back(self, address: str, names: Set[str]) -> bool:
        """Return whether the plan adds these members again."""
        return any(names <= one.members.add.keys() for one in self.operations.get(address, ()))

    def is_made(self, address: str) -> bool:
        """Return whether the plan creates it, or changes it."""
        return any(one.action != "delete" for one in self.operations.get(address, ()))


@dataclass(frozen=True, slots=True)
class Seen:
    """One declared address with its record."""

    address: Address
    text: str
    record: Record
    desired: Resource
    observed: Resource | None


def noun(address: Address) -> str:
    """Return what a thing is called in a sentence."""
    match address.kind:
        case "label":
            return f"label `{address.rest[0]}`"
        case "file":
            return f"file `{address.rest[0]}`"
        case kind:
            return kind


def frozen(seen: Seen) -> str:
    """Return the word for what never changes, or nothing."""
    return "frozen" if seen.desired.options.get("frozen") else ""


def named(  # noqa: PLR0917 - one line of a report
    seen: Seen, what: What, message: str, fate: Fate, reason: str, names: tuple[str, ...], adopt: str
) -> Drift:
    """Return a change of named members."""
    return Drift(seen.text, what, message, fate, reason, names=names, adopt=adopt, place=seen.desired.place)
