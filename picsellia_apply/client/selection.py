"""The pictures fetched last: what the reference's methods work on when they are given none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from picsellia_apply.client.objects import Picture
from picsellia_apply.errors import TyperError
from picsellia_apply.wire.v2 import picture_ids

Pictures = Sequence[str | Mapping[str, Any]] | Mapping[str, Any]
"""Pictures or their ids, or what `picture.list()` returned."""

SELECTED: list[Any] = []
"""The documented default `pictures=[]`, known by its identity: an empty list of the caller's own means nobody."""

UNTAGGED: list[str] = []
"""The documented default `tags=[]` of an upload, known likewise: it means the day; a list of one's own means itself."""


class Selection:
    """Remembers the pictures fetched last; shared by the parts of one client."""

    def __init__(self) -> None:
        """Nothing was fetched yet."""
        self.pictures: list[Picture] | None = None

    def ids(self, pictures: Pictures | None) -> list[str]:
        """Return the ids of the pictures given, or of those selected.

        Args:
            pictures: None or `SELECTED` means those fetched last.

        Raises:
            TyperError: None are given and none were fetched, or something given is no picture.
        """
        if pictures is None or pictures is SELECTED:
            if self.pictures is None:
                raise TyperError("no pictures are selected", "fetch some first, or give `pictures`")
            pictures = self.pictures
        if isinstance(pictures, str):
            pictures = [pictures]
        if isinstance(pictures, Mapping):
            pictures = pictures.get("pictures", [pictures])
        try:
            return picture_ids([one if isinstance(one, str) else dict(one) for one in pictures])
        except (TypeError, ValueError) as error:
            raise TyperError("a picture is neither an id nor an object with `picture_id`") from error


def texts_given(texts: Sequence[str] | None, what: str) -> list[str]:
    """Return a list of texts; one text alone counts as a list of one, not as its letters.

    Raises:
        TyperError: Something is not a text.
    """
    given = [texts] if isinstance(texts, str) else list(texts or ())
    if not all(isinstance(one, str) and one for one in given):
        raise TyperError(f"every {what} must be a text that is not empty")
    return given
