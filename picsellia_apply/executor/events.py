"""What an apply tells while it runs: frozen values, given to a callback in whatever thread they happen."""

from __future__ import annotations

from dataclasses import dataclass

from picsellia_apply.model.plan import Action
from picsellia_apply.model.result import OperationResult


@dataclass(frozen=True, slots=True)
class Started:
    """An operation begins.

    Attributes:
        address: The operation's.
        action: The operation's.
        members: How many members (pictures, annotated pictures) it writes; 0 for what has none.
        size: Bytes of content it may send.
    """

    address: str
    action: Action
    members: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Advanced:
    """Some members of an operation were written.

    Attributes:
        address: The operation's.
        members: How many since the event before.
        size: Bytes of content sent since the event before.
    """

    address: str
    members: int
    size: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """An operation ended."""

    result: OperationResult


Event = Started | Advanced | Finished
