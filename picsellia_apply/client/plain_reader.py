"""Bulk reading from a platform that speaks SDK v2 only: its whole listings.

What v2 does not show is None or empty: digests of pictures and files, labels, displayed sizes that differ from stored
ones. `Connection.features` says so to those who must know.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from picsellia_apply.client.reader import Reader
from picsellia_apply.client.transport import Transport
from picsellia_apply.errors import ProcessingError, ResourceNotFoundError
from picsellia_apply.model.annotation import annotation_digest, names_digest, texts_of
from picsellia_apply.model.holdings import Held, Holdings
from picsellia_apply.wire import extension as ext
from picsellia_apply.wire import ownership, v2

ANNOTATIONS_AT_ONCE = 200
"""Annotations on one page, as the published clients ask for them."""


class _Pictures(msgspec.Struct):
    pictures: list[v2.Picture]


class _Datasets(msgspec.Struct):
    datasets: list[v2.Dataset]


class _Annotation(msgspec.Struct):
    external_picture_url: str
    data: list[dict[str, Any]] = []
    image_qa: list[dict[str, Any]] | None = None


class _Annotations(msgspec.Struct):
    annotations: list[_Annotation]
    nb_pages: int | None = None
    has_next: bool | None = None


class PlainReader(Reader):
    """Reads what an organization has, by SDK v2 alone."""

    def __init__(self, transport: Transport, organization_id: str, organization: str) -> None:
        """Keep the way there.

        Args:
            transport: Sends the requests.
            organization_id: Whose data.
            organization: The organization's name: networks are addressed by it.
        """
        super().__init__(transport, organization_id)
        self.organization = organization

    def pictures_named(self, names: Collection[str]) -> ext.PictureColumns:
        """Return the pictures of these names, found in the listing of the whole lake."""
        wanted = set(names)
        return _columns(one for one in self._lake() if one.external_url in wanted) if wanted else _columns(())

    def pictures_tagged(self, tags: Sequence[str]) -> ext.PictureColumns:
        """Return the pictures that carry all of `tags`; what the platform returns beyond them is left out."""
        if not tags:
            raise ValueError("no tag is given")
        body = v2.SearchRequest(list(tags))
        path = ("datalake", "search", self.organization_id)
        found = self.transport.ask("POST", *path, answer=_Pictures, repeat_safe=True, body=body).pictures
        return _columns(one for one in found if set(tags) <= set(one.tag))

    def pictures_of(self, dataset_id: str) -> ext.PictureColumns:
        """Return the pictures of a version."""
        return _columns(self._listed("picture", dataset_id))

    def all_pictures(self) -> ext.PictureColumns:
        """Return every picture of the lake."""
        return _columns(self._lake())

    def datasets(self, names: Iterable[str]) -> tuple[ext.DatasetInfo, ...]:
        """Return the datasets of these names, versions in the platform's order, without labels."""
        wanted = set(names)
        found: dict[str, ext.DatasetInfo] = {}
        for one in self._versions():
            if one.dataset_name in wanted:
                new = ext.DatasetInfo(one.dataset_name, one.description, one.private, [])
                found.setdefault(one.dataset_name, new).versions.append(self._version(one))
        return tuple(found[name] for name in sorted(found))

    def version_members(self, dataset_id: str) -> tuple[str, ...]:
        """Return the picture names of a version, ordered."""
        return tuple(self.pictures_of(dataset_id).names)

    def holders(self, names: Collection[str]) -> dict[tuple[str, str], tuple[int, int]]:
        """Return which versions hold any of these pictures, found in the listings of all versions."""
        found = self._held(frozenset(names))
        return {key: (len(held), sum(one.objects for one in held.values())) for key, held in found.items()}

    def holdings(self, names: Collection[str]) -> Holdings:
        """Return pictures with what would go with them, and the key of each one's object: no digest tells them apart.

        The keys are asked for last: they are then no older than the ids, by which pictures are deleted.
        """
        found = super().holdings(names)
        return replace(found, keys=self.object_keys(found.picture_ids))

    def _held(self, names: frozenset[str]) -> dict[tuple[str, str], dict[str, Held]]:
        """Return the versions that hold any of these pictures, found in the listings of all versions."""
        found: dict[tuple[str, str], dict[str, Held]] = {}
        for one in self._versions() if names else ():
            held = names.intersection(self.pictures_of(one.dataset_id).names)
            if held:
                texts = self._texts(one.dataset_id)
                digests = {name: Held(annotation_digest(texts[name]), len(texts[name])) for name in held & texts.keys()}
                found[one.dataset_name, one.version] = {**dict.fromkeys(held, Held("", 0)), **digests}
        return found

    def annotation_sizes(self, dataset_id: str) -> dict[str, tuple[str, int]]:
        """Return picture name -> digest and number of objects, computed from the annotations themselves."""
        texts_of_all = self._texts(dataset_id)
        return {name: (annotation_digest(texts), len(texts)) for name, texts in texts_of_all.items()}

    def annotations(self, dataset_id: str, names: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Return picture name -> canonical texts."""
        texts = self._texts(dataset_id)
        return {name: texts[name] for name in sorted(set(names)) if name in texts}

    def networks(self, names: Iterable[str]) -> tuple[ext.NetworkInfo, ...]:
        """Return the networks of these names; the digests of their files are not known."""
        found = []
        for name in sorted(set(names)):
            path = ("network", "by_name", self.organization, name)
            try:
                network = self.transport.ask("GET", *path, answer=v2.Network, repeat_safe=True)
            except ResourceNotFoundError:
                continue
            files = {key: ext.FileInfo(value, None, -1) for key, value in network.files.items()}
            thumbnail = ext.FileInfo(network.thumb_object_name, None, -1) if network.thumb_object_name else None
            found.append(ext.NetworkInfo(network, files, thumbnail))
        return tuple(found)

    def workspace(self, name: str) -> ownership.WorkspaceBody | None:  # noqa: ARG002 - nothing is kept there
        """Return None: such a platform keeps no inventory."""
        return None

    def _lake(self) -> list[v2.Picture]:
        return self._listed("datalake", self.organization_id)

    def _listed(self, *path: str) -> list[v2.Picture]:
        return self.transport.ask("GET", *path, answer=_Pictures, repeat_safe=True).pictures

    def _versions(self) -> list[v2.Dataset]:
        path = ("dataset", self.organization_id)
        return self.transport.ask("GET", *path, answer=_Datasets, repeat_safe=True).datasets

    def _version(self, one: v2.Dataset) -> ext.VersionInfo:
        members = self.pictures_of(one.dataset_id).names
        if len(members) != one.size:
            raise ProcessingError(f"`{one.dataset_name}` lists {len(members)} pictures and states {one.size}")
        texts = self._texts(one.dataset_id)
        return ext.VersionInfo(
            dataset_id=one.dataset_id,
            name=one.version,
            size=one.size,
            members_digest=names_digest(members),
            labels=[],
            annotated=len(texts),
            objects=sum(map(len, texts.values())),
            created="",
        )

    def _texts(self, dataset_id: str) -> dict[str, tuple[str, ...]]:
        """Return picture name -> canonical texts of a version, read whole."""
        texts: dict[str, tuple[str, ...]] = {}
        offset = pages = 0
        while True:
            query = {"limit": str(ANNOTATIONS_AT_ONCE), "offset": str(offset)}
            path = ("annotation", dataset_id)
            answer = self.transport.ask("GET", *path, answer=_Annotations, repeat_safe=True, query=query)
            known = len(texts)
            for one in answer.annotations:
                texts[one.external_picture_url] = texts_of(one.data, one.image_qa or ())
            pages += 1
            if not _goes_on(answer, pages, fresh=len(texts) > known):
                return texts
            # Pages are counted in our limit; where none are stated, a platform may send shorter ones.
            offset = offset + len(answer.annotations) if answer.nb_pages is None else pages * ANNOTATIONS_AT_ONCE


def _goes_on(answer: _Annotations, pages: int, *, fresh: bool) -> bool:
    """Return whether there is a page behind this one: each release of a platform says it in its own way, or not at all.

    Args:
        answer: The page.
        pages: How many were read, this one included.
        fresh: It brought pictures that none before it did; a platform that does not page sends the same again.

    Raises:
        ProcessingError: There is said to be more, and nothing new comes.

    Source: WIRE_V2.md 4.11.
    """
    if answer.nb_pages is not None:
        return pages < answer.nb_pages
    if answer.has_next and not fresh:
        raise ProcessingError("annotation: the platform tells of more pages, and sends nothing new")
    if answer.has_next is not None:
        return answer.has_next
    return fresh and len(answer.annotations) >= ANNOTATIONS_AT_ONCE


def _columns(pictures: Iterable[v2.Picture]) -> ext.PictureColumns:
    """Return listed pictures as columns ordered by name; sizes in bytes are not known (-1)."""
    ordered = sorted(pictures, key=lambda one: one.external_url)
    tags: dict[str, list[int]] = {}
    for row, one in enumerate(ordered):
        for tag in one.tag:
            tags.setdefault(tag, []).append(row)
    widths, heights = [one.width for one in ordered], [one.height for one in ordered]
    return ext.PictureColumns(
        names=[one.external_url for one in ordered],
        picture_ids=[one.picture_id for one in ordered],
        sha256=[None] * len(ordered),
        sizes=[-1] * len(ordered),
        widths=widths,
        heights=heights,
        stored_widths=widths,
        stored_heights=heights,
        tags=tags,
        total=len(ordered),
        sources=[one.source or "" for one in ordered],
    )
