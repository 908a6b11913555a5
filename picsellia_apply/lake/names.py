"""What may be a name in the lake. Names come from outside: they are checked before anything else is done with them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from picsellia_apply.lake.refusal import bad_request
from picsellia_apply.model.names import NAME_LENGTH

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def fault(name: str) -> str | None:
    """Return what is wrong with a name, or None: 1 to 1024 characters, no control character, no lone surrogate."""
    if not name:
        return "a name is empty"
    if len(name) > NAME_LENGTH:
        return f"a name is longer than {NAME_LENGTH} characters"
    if _CONTROL.search(name):
        return "a name holds a control character"
    return None


def checked(name: str) -> str:
    """Return `name` when it is acceptable.

    Raises:
        Refusal: 400, it is not.
    """
    if found := fault(name):
        raise bad_request(found)
    return name


def checked_all(names: Iterable[str]) -> list[str]:
    """Return the distinct names in their order, each checked.

    Raises:
        Refusal: 400, one is not acceptable.
    """
    return [checked(name) for name in dict.fromkeys(names)]


def checked_segment(name: str, what: str) -> str:
    """Return `name` when it can stand in a path as one segment.

    Args:
        name: Of a dataset or a version.
        what: The word for messages.

    Raises:
        Refusal: 400, it is not acceptable or holds a `/`, which no path could address again.
    """
    if "/" in checked(name):
        raise bad_request(f"the name of a {what} may not hold `/`")
    return name


def checked_version(name: str) -> str:
    """Return a version's name; `latest` is kept for the alias.

    Raises:
        Refusal: 400.
    """
    if checked_segment(name, "version") == "latest":
        raise bad_request("`latest` names the newest version; it is no name of its own")
    return name
