"""What is sent as bytes: a text that no UTF-8 can carry is the caller's fault and is told as such."""

from __future__ import annotations

import msgspec

from picsellia_apply.errors import TyperError

_AROUND = 20
"""Characters that are shown on either side of the half one."""


def json_of(body: object) -> bytes:
    """Return a body as JSON.

    Raises:
        TyperError: A text holds half a character; nothing was sent.
    """
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError as error:
        raise half_a_character(error) from None


def half_a_character(error: UnicodeEncodeError) -> TyperError:
    """Return the error for a text with a lone surrogate, as broken JSON and names of files that are no UTF-8 hold."""
    shown = ascii(error.object[max(0, error.start - _AROUND) : error.start + _AROUND])[1:-1]
    message = f"`{shown}` holds half a character (a lone surrogate), which nothing can carry that is sent"
    return TyperError(message, "decode the text as what it was written in, or leave that character out")
