"""What this workspace manages: a record of ownership, never a picture of remote truth.

Lose it and nothing can be deleted; nothing else is lost. `members` of a record are the base of the three-way
comparison: what was last applied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Record:
    """What was last applied to one address.

    Attributes:
        created: True when we created it, False when we adopted what was there.
        fields: The managed fields as last applied.
        members: As in `model.state`: pictures -> sha256, tags and versions -> None, annotations -> object texts.
    """

    created: bool = True
    fields: Mapping[str, Any] = field(default_factory=dict)
    members: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inventory:
    """The records of one workspace in one organization.

    Attributes:
        workspace: Its name.
        serial: Raised by every write; 0 for one that was never written.
        records: By address.
    """

    workspace: str
    serial: int = 0
    records: Mapping[str, Record] = field(default_factory=dict)
