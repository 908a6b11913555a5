"""What an apply did, operation by operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Status = Literal["done", "already", "failed", "skipped", "interrupted"]


@dataclass(frozen=True, slots=True)
class OperationResult:
    """How one operation ended.

    Attributes:
        address: The operation's.
        action: The operation's.
        status: done; already (it was so); failed; skipped (a need of it failed); interrupted.
        error: What went wrong, without a token.
        failures: Member name to reason, for what failed inside an operation.
        done: How many members (pictures, objects) were written.
        bytes_sent: Bytes of content sent.
    """

    address: str
    action: str
    status: Status
    error: str = ""
    failures: Mapping[str, str] = field(default_factory=dict)
    done: int = 0
    bytes_sent: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """How an apply ended.

    Attributes:
        operations: In the plan's order.
        seconds: How long it took.
        requests: How many were sent for it.
        lease_lost: How the lease was lost, which stopped it; empty as long as it was ours.
        unwritable: Why the journal or the inventory could not be written, which stopped it; else empty.
    """

    operations: tuple[OperationResult, ...] = ()
    seconds: float = 0.0
    requests: int = 0
    lease_lost: str = ""
    unwritable: str = ""

    @property
    def complete(self) -> bool:
        """Return whether every operation was done, and is known to be."""
        return not self.unwritable and all(operation.status in ("done", "already") for operation in self.operations)
