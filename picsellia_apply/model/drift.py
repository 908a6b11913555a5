"""What people changed on the platform since the last apply, and what the next apply does about it: plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from picsellia_apply.model.plan import FieldChange, Target
from picsellia_apply.source import Place, Position

FORMAT_VERSION = 1

Fate = Literal["reverted", "kept", "blocked", "decision"]
"""What the next apply does: it puts it back; it leaves it; it cannot do what is declared; a person must choose."""

FATES: tuple[Fate, ...] = ("decision", "blocked", "reverted", "kept")
"""Every fate, what needs a person first."""

What = Literal["fields", "added", "removed", "edited", "deleted", "replaced"]
"""Fields; members or things that people added or took away; objects; a whole that is gone; other bytes."""


@dataclass(frozen=True, slots=True)
class ObjectCounts:
    """How many annotation objects people added, changed and removed."""

    added: int = 0
    changed: int = 0
    removed: int = 0

    def __add__(self, other: ObjectCounts) -> ObjectCounts:
        return ObjectCounts(self.added + other.added, self.changed + other.changed, self.removed + other.removed)

    @property
    def total(self) -> int:
        """Return how many there are in all."""
        return self.added + self.changed + self.removed


@dataclass(frozen=True, slots=True)
class Drift:
    """One kind of change at one address.

    Attributes:
        address: Of what.
        what: What kind of change.
        message: It, with numbers, in a few words.
        fate: What the next apply does about it.
        reason: Why, in a few words: a policy, a rule; may be empty.
        both: Whether the manifest changed the same thing since the last apply: a conflict.
        changes: Fields: `before` as last applied, `after` as it is on the platform.
        desired: Field to what the manifest says now, where `both`.
        names: Members concerned, sorted: pictures, labels, files.
        labels: Objects: label and type to counts.
        pictures: Objects: picture to counts.
        adopt: How to make the manifests say what the platform says, in words.
        commands: Arguments of the command line that settle it, each a line to type after `picsellia-apply`.
        place: Where the thing is declared; a position once it is to be shown.
    """

    address: str
    what: What
    message: str
    fate: Fate
    reason: str = ""
    both: bool = False
    changes: tuple[FieldChange, ...] = ()
    desired: Mapping[str, object] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    labels: Mapping[tuple[str, str], ObjectCounts] = field(default_factory=dict)
    pictures: Mapping[str, ObjectCounts] = field(default_factory=dict)
    adopt: str = ""
    commands: tuple[tuple[str, ...], ...] = ()
    place: Place | Position | None = None


@dataclass(frozen=True, slots=True)
class DriftReport:
    """Everything that people changed in the scope of the manifests.

    Attributes:
        target: Of which platform and workspace.
        drifts: Sorted by address; those that the manifests changed too are among them (`both`).
        compared: How many addresses were compared with what was last applied.
        unseen: What cannot be seen or told, in words.
        applied: The inventory's serial: 0 when nothing was ever applied, so that there is nothing to compare with.
        refused: Guards that refuse the next apply as it is: rule and address of each.
    """

    target: Target
    drifts: tuple[Drift, ...] = ()
    compared: int = 0
    unseen: tuple[str, ...] = ()
    applied: int = 0
    refused: tuple[str, ...] = ()

    @property
    def only_remote(self) -> tuple[Drift, ...]:
        """Return what only the platform changed."""
        return tuple(one for one in self.drifts if not one.both)

    @property
    def conflicts(self) -> tuple[Drift, ...]:
        """Return what the manifests changed as well."""
        return tuple(one for one in self.drifts if one.both)

    @property
    def summary(self) -> dict[str, int]:
        """Return how many changes there are, by what the next apply does, and at how many addresses."""
        fates = [one.fate for one in self.drifts]
        return {"addresses": len({one.address for one in self.drifts}), **{fate: fates.count(fate) for fate in FATES}}

    def positioned(self, position: Callable[[Place], Position]) -> DriftReport:
        """Return the report with every place turned into a position, see `manifest.locate`."""
        found = [
            replace(one, place=position(one.place)) if isinstance(one.place, Place) else one for one in self.drifts
        ]
        return replace(self, drifts=tuple(found))
