"""What this workspace manages: a record of ownership, never a picture of remote truth.

Lose it and nothing can be deleted; nothing else is lost. `members` of a record are the base of the three-way
comparison: what was last applied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FORMAT_VERSION = 1
SETTLED = "settled"
"""Field of a record: fields that a person left as they are on the platform, with the manifest's value at that time."""


@dataclass(frozen=True, slots=True)
class Record:
    """What was last applied to one address.

    Attributes:
        created: True when we created it, False when we adopted what was there.
        fields: The managed fields as last applied.
        members: As in `model.state`: pictures -> sha256, tags and versions -> None, annotations -> object texts.
        protected: Nothing of it is deleted, not even when its document is gone from the manifests.
    """

    created: bool = True
    fields: Mapping[str, Any] = field(default_factory=dict)
    members: Mapping[str, Any] = field(default_factory=dict)
    protected: bool = False


@dataclass(frozen=True, slots=True)
class Inventory:
    """The records of one workspace in one organization.

    Attributes:
        workspace: Its name.
        serial: Raised by every write; 0 for one that was never written.
        records: By address.
        moved: Some records have another address than the stored ones: it is written even if nothing else changes.
        applied: Digest of the plan whose apply wrote it last and did not complete; empty for none. So a saved plan that
            was cut short is known again, from whatever machine.
        former: Records of the labels and annotations that we made in versions which people deleted and which an apply
            that did not complete makes anew, by address. They are no base of anything; their copies in other versions
            are ours.
    """

    workspace: str
    serial: int = 0
    records: Mapping[str, Record] = field(default_factory=dict)
    moved: bool = False
    applied: str = ""
    former: Mapping[str, Record] = field(default_factory=dict)
