"""A saved plan made again, and what the checks of staleness look up in it."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from picsellia_apply.executor.leftover import Leftover, content_digest
from picsellia_apply.model.address import parse_address
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Operation, Plan
from picsellia_apply.model.state import Resource, State
from picsellia_apply.model.touched import Touched


@dataclass(frozen=True, slots=True)
class Again:
    """A saved plan made again.

    Attributes:
        saved: The reviewed plan.
        now: The plan made a moment ago in the world of `touched`, under the same policy.
        touched: What counts.
        desired: What the manifests ask for, see `touched.held_to`.
        observed: What is there, see `touched.with_assumed`.
        inventory: As it is now.
        leftovers: What an unfinished apply left.
        files: Reference of the plan's bytes to the sha256 of the file that it names now; None where the file is not on
            this machine. What the manifests do not name is not in it.
    """

    saved: Plan
    now: Plan
    touched: Touched
    desired: State
    observed: State
    inventory: Inventory
    leftovers: Mapping[str, Leftover] = field(default_factory=dict)
    files: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def cut_short(self) -> bool:
        """Return whether an apply of this very plan wrote the inventory last and did not complete."""
        return self.inventory.applied == self.saved.digest

    def begun(self, address: str) -> bool:
        """Return whether an apply that did not finish may have made what is there, or a part of it.

        What the inventory already tells as planned is complete: it is judged as if nothing had been begun.
        """
        leftover = self.leftovers.get(address)
        if leftover is None or not (leftover.created or leftover.content):
            return False
        return not (self.cut_short and self._as_planned(address))

    def _as_planned(self, address: str) -> bool:
        there, planned = self.inventory.records.get(address), self.saved.records.get(address)
        return there is not None and planned is not None and content_digest(there) == content_digest(planned)

    def there(self, address: str) -> Set[str]:
        """Return the members that something has on the platform; pictures of the lake, those of a tag, of a version."""
        parsed = parse_address(address)
        if parsed.kind not in ("pictures", "query"):
            return self.observed.resources.get(address, Resource()).members.keys()
        lake = self.observed.lake
        return lake.tags.get(parsed.rest[0], frozenset()) if parsed.rest else lake.pictures.keys()

    def kept_deleted(self, name: str) -> bool:
        """Return whether a person deleted a declared picture, so that nobody asks for it anywhere."""
        return any(name in one.options.get("kept_deleted", ()) for one in self.desired.resources.values())

    def asked(self, address: str) -> Set[str]:
        """Return the members that the manifests ask for."""
        return self.desired.resources.get(address, Resource()).members.keys()


@dataclass(frozen=True, slots=True)
class Pair:
    """The operations of one address: what is changed, and what is deleted, as reviewed and as they would be now."""

    saved: Operation | None
    now: Operation | None
    saved_delete: Operation | None
    now_delete: Operation | None


def pair_of(again: Again, address: str) -> Pair:
    """Return the operations of an address."""
    return Pair(*(_one(plan, address, deleting=deleting) for deleting in (False, True) for plan in _plans(again)))


def _plans(again: Again) -> tuple[Plan, Plan]:
    return again.saved, again.now


def _one(plan: Plan, address: str, *, deleting: bool) -> Operation | None:
    found = (one for one in plan.operations if one.address == address and (one.action == "delete") is deleting)
    return next(found, None)
