"""`client.datalake.picture`: the pictures of the lake, one by one or as the selection fetched last."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from picsellia_apply.client import objects
from picsellia_apply.client.connected import Connected
from picsellia_apply.client.picture_files import read_files
from picsellia_apply.client.progress import Bar
from picsellia_apply.client.selection import SELECTED, Pictures, Selection, texts_given
from picsellia_apply.client.upload import Outcome
from picsellia_apply.errors import TransferError, TyperError
from picsellia_apply.wire import v2

Paths = str | Path | Sequence[str | Path]
# Aliases, as the class has a method `list`.
Fetched = list[objects.Picture]
Outcomes = list[Outcome]


class Picture(Connected):
    """Your assets."""

    @property
    def selection(self) -> Selection:
        """The pictures fetched last."""
        return self.connection.selection

    def upload(self, filepath: Paths | None = None, tags: Sequence[str] = [], source: str = "sdk") -> Outcomes:
        """Upload assets; a picture's name is its file's base name.

        Args:
            filepath: A path, or a list of them.
            tags: Put on every one of them, also on those that are there already with the same bytes.
            source: Kept with the pictures.

        Returns:
            One outcome per path, in order.

        Raises:
            TransferError: Some were not uploaded; the others were.
            TyperError: No path is given.
        """
        if filepath is None:
            raise TyperError("no file is given", "picture.upload(filepath='photo.jpg')")
        paths = [filepath] if isinstance(filepath, str | Path) else list(filepath)
        named = texts_given(tags, "tag")
        found = read_files([Path(path) for path in paths], named)
        with Bar("uploading pictures", len(found.files)) as bar:

            def on_done(some: Sequence[Outcome]) -> None:
                bar.advance(len(some))

            outcomes = self.connection.writer.upload_pictures(found.files, on_done=on_done, source=source)
        found.note_outcomes(outcomes)
        if found.failures:
            raise TransferError(f"{len(found.failures)} of {len(paths)} pictures were not uploaded", found.failures)
        return list(outcomes)

    def list(self) -> dict[str, Fetched]:
        """Return `{"pictures": [...]}` with every picture of the lake, and select them."""
        answer = self._ask("GET", "datalake", self.connection.organization_id)
        self.selection.pictures = objects.Picture.all_of(answer.get("pictures"))
        return {"pictures": self.selection.pictures}

    def fetch(self, quantity: float = 1, tags: Sequence[str] = []) -> Fetched:
        """Return the pictures that carry all of `tags`, and select them.

        Args:
            quantity: Share of the matches in (0, 1]; 1 and more is all.
            tags: At least one.

        Raises:
            TyperError: No tag is given, or the share is not positive.
        """
        named = texts_given(tags, "tag")
        if not named:
            raise TyperError("no tag is given", "picture.fetch(quantity=1, tags=['drone'])")
        if not quantity > 0:
            raise TyperError("`quantity` is a share of the matches: more than 0, at most 1")
        body = v2.SearchRequest(named, float(quantity))
        answer = self._ask("POST", "datalake", "search", self.connection.organization_id, body=body)
        self.selection.pictures = objects.Picture.all_of(answer.get("pictures"))
        return self.selection.pictures

    def status(self) -> None:
        """Print how many pictures are selected."""
        print(f"Number of Assets selected : {len(self.selection.pictures or ())}")  # noqa: T201 - the documented line

    def delete(self, pictures: Pictures | None = None) -> None:
        """Delete pictures from the lake.

        Args:
            pictures: None means those fetched last; an empty list means none.
        """
        ids = self.selection.ids(pictures)
        self.connection.writer.delete_pictures(ids)
        gone = set(ids)
        kept = [one for one in self.selection.pictures or () if one["picture_id"] not in gone]
        self.selection.pictures = None if self.selection.pictures is None else kept

    def add_tags(self, pictures: Pictures | None = SELECTED, tags: Sequence[str] = []) -> None:
        """Add tags to pictures; those that have them keep them.

        Args:
            pictures: Left out means those fetched last; an empty list of your own means none.
            tags: At least one.
        """
        self.connection.writer.tag(_some(tags), self.selection.ids(pictures))

    def remove_tags(self, pictures: Pictures | None = SELECTED, tags: Sequence[str] = []) -> None:
        """Remove tags from pictures; arguments as for `add_tags`."""
        self.connection.writer.untag(_some(tags), self.selection.ids(pictures))

    def _ask(self, method: str, *path: str, body: object = None) -> dict[str, Any]:
        return self.connection.transport.ask(method, *path, answer=dict[str, Any], repeat_safe=True, body=body)


def _some(tags: Sequence[str]) -> Sequence[str]:
    named = texts_given(tags, "tag")
    if not named:
        raise TyperError("no tag is given")
    return named
