"""Names inside URLs: every name is one percent-encoded path segment. Knows nothing of transports."""

from __future__ import annotations

from urllib.parse import quote

from picsellia_apply.client.encoding import half_a_character
from picsellia_apply.errors import TyperError


def path_of(*segments: str) -> str:
    """Return the relative path of `segments`, each fully percent-encoded (also `/`, `?`, `#` and `%`).

    Args:
        segments: Raw names, ids and words, in order.

    Raises:
        TyperError: A segment is empty, `.` or `..`: no URL can carry it, as every HTTP library folds it away; or it
            holds half a character.
    """
    for segment in segments:
        if segment in {"", ".", ".."}:
            raise TyperError(f"`{segment}` cannot stand in a URL", "use another name")
    try:
        return "/".join(quote(segment, safe="") for segment in segments)
    except UnicodeEncodeError as error:
        raise half_a_character(error) from None
