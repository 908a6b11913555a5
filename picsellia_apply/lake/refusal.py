"""How the lake says no: one exception that carries the status and the text. Knows no transport."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault of ours
    """A request that is answered by an error status.

    Attributes:
        status: HTTP status, 4xx or 503.
        message: One sentence without a final period.
    """

    def __init__(self, status: int, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.status = status
        self.message = message


def attempt(do: Callable[[], T]) -> T | Refusal:
    """Return what a step returns, or the refusal that it raises: for steps of several requests at once."""
    try:
        return do()
    except Refusal as refusal:
        return refusal


def bad_request(message: str) -> Refusal:
    """Return the refusal of a request that makes no sense (400)."""
    return Refusal(400, message)


def forbidden(message: str) -> Refusal:
    """Return the refusal of what this token or signature may not do (403)."""
    return Refusal(403, message)


def not_found(message: str) -> Refusal:
    """Return the refusal that tells neither unknown from foreign (404)."""
    return Refusal(404, message)


def conflict(message: str) -> Refusal:
    """Return the refusal of what contradicts the state there is (409)."""
    return Refusal(409, message)


def too_large(message: str) -> Refusal:
    """Return the refusal of a body over its limit (413)."""
    return Refusal(413, message)
