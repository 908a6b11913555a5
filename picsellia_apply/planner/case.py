"""What the planner looks at for one address, and what it finds: the values that its modules exchange."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.ownership import Ours
from picsellia_apply.model.plan import Blocked, Conflict, Notice, Operation, Policy
from picsellia_apply.model.state import Resource, State

Unit = Literal["addresses", "pictures", "tags", "members", "objects", "fields"]
"""What is counted: managed addresses, pictures, tags on pictures, pictures in versions, annotation objects, fields.

Budgets count no fields: of those it only matters whether people gave them their value.
"""


@dataclass(frozen=True, slots=True)
class Blast:
    """What an operation destroys or changes, for the budgets.

    Attributes:
        address: The operation's.
        kind: delete (gone for good) or update (what was there is changed).
        unit: What is counted.
        count: How many.
        foreign: How many of them are not ours.
    """

    address: str
    kind: Literal["delete", "update"]
    unit: Unit
    count: int
    foreign: int = 0


@dataclass(frozen=True, slots=True)
class World:
    """Everything a decision may rest on.

    Attributes:
        declared_pictures: Names of every declared PictureSet.
        declared_tags: Tag to the names on which anything declared keeps it.
        doomed: Pictures that this plan deletes from the lake; what hangs on them goes with them.
        pinned: Frozen version to the pictures that it holds: deleting one would change it.
        deleted_versions: Those that this plan deletes, once that is decided: sets of pictures are looked at last.
    """

    desired: State
    observed: State
    inventory: Inventory
    policy: Policy
    ours: Ours
    declared_pictures: Set[str]
    declared_tags: Mapping[str, Set[str]]
    doomed: Set[str] = frozenset()
    pinned: Mapping[str, Set[str]] = field(default_factory=dict)
    deleted_versions: Set[str] = frozenset()

    @property
    def may_delete(self) -> bool:
        """Return whether deletes are on and everything that was read was read to its end."""
        return self.policy.prune and self.observed.complete

    def goes(self, address: str) -> bool:
        """Return whether something recorded is no longer declared, and its whole still is or goes too."""
        gone = address in self.inventory.records and address not in self.desired.resources
        return gone and not self.released(parse_address(address))

    def released(self, address: Address) -> bool:
        """Return whether a whole that is still declared no longer manages this part of it: an absent field."""
        match address.kind:
            case "pictures" if address.rest:
                whole, part = Address("pictures", address.name), "tags"
            case "version":
                whole, part = Address("dataset", address.name), "versions"
            case "label" | "annotations" as part:
                whole, part = Address("version", address.name, address.version), part.replace("label", "labels")
            case "file" | "thumbnail" as part:
                whole, part = Address("network", address.name), part.replace("file", "files")
            case "query":
                return str(address) in self.desired.released
            case _:
                return False
        desired = self.desired.resources.get(str(whole))
        here = desired is not None and part in desired.options.get("unmanaged_parts", ())
        return here or (whole.kind == "version" and self.released(whole))

    @property
    def kept_because(self) -> str:
        """Return why something that would be deleted is kept."""
        if not self.policy.prune:
            return "kept (prune is off)"
        return "kept (what was read is not complete)"


@dataclass(frozen=True, slots=True)
class Case:
    """One declared address.

    Attributes:
        address: Taken apart.
        text: As text.
        desired: What should be there.
        observed: What is there, None for nothing.
        record: What was last applied, None for nothing.
    """

    address: Address
    text: str
    desired: Resource
    observed: Resource | None
    record: Record | None


@dataclass(frozen=True, slots=True)
class Found:
    """What was decided for one address.

    Attributes:
        record: The inventory record once everything succeeded, None for none.
        incomparable: How many pictures could not be compared.
        late: Members of the record that another address of this plan makes: they are recorded here once all is done.
    """

    record: Record | None = None
    operations: tuple[Operation, ...] = ()
    notices: tuple[Notice, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    blasts: tuple[Blast, ...] = ()
    incomparable: int = 0
    late: Mapping[str, Any] = field(default_factory=dict)


UNSUPPORTED = "unsupported by this server"
"""Rule of what is blocked since the platform has no request for it."""


def record_of(before: Record | None, fields: Mapping[str, Any], members: Mapping[str, Any], *, created: bool) -> Record:
    """Return the record for an address, the very one of before where nothing in it changes.

    Args:
        before: The record of before, which decides `created`; None for a thing that is made anew: that one is ours.
        fields: As applied.
        members: As applied.
        created: Whether we make the thing; for what has no record yet.
    """
    if before is None:
        return Record(created, fields, members)
    if before.fields == fields and before.members == members:
        return before
    return replace(before, fields=fields, members=members)


@dataclass(frozen=True, slots=True)
class Carried:
    """What a version's annotations are, for the versions that are created from it.

    Attributes:
        objects: Picture name to object texts, once this plan was applied.
        labels: (name, type) pairs that it has then.
    """

    objects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: frozenset[tuple[str, ...]] = frozenset()
