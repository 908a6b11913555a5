"""Requests that must not happen twice: after a lost answer, look before sending again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from picsellia_apply.errors import NetworkError, PicselliaError, ProcessingError

ATTEMPTS = 3
T = TypeVar("T")


def lost(error: PicselliaError) -> bool:
    """Tell whether the platform may have acted although `error` came: no answer, or one that makes no sense."""
    return isinstance(error, (NetworkError, ProcessingError))


def once(send: Callable[[], T], find: Callable[[], T | None]) -> T:
    """Do what must not happen twice.

    Args:
        send: Sends the request, without repeats of its own.
        find: Called after a lost answer: returns what `send` would have when the request did arrive, None when it did
            not; raises ConflictError when something else is there. Its own lookups wait for the platform to come back.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return send()
        except PicselliaError as error:
            first = attempt == 1
            if first and not lost(error):
                raise
            error.partly = not first  # what is refused now may be a second one beside that of the lost answer
            found = find()
            if found is not None:
                return found
            if attempt == ATTEMPTS or not lost(error):
                raise
    raise AssertionError
