"""Bulk reading for the reconciler: whole listings as columns, proven complete. Never one request per picture."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import msgspec

from picsellia_apply.client.transport import Transport, chunks
from picsellia_apply.errors import ProcessingError, ResourceNotFoundError
from picsellia_apply.model.annotation import annotation_digest, texts_of
from picsellia_apply.model.holdings import Held, Holdings
from picsellia_apply.wire import extension as ext
from picsellia_apply.wire import ownership, v2

ROWS_AT_ONCE = ext.PAGE_LIMIT
"""Rows of one page, and names asked for in one request."""
ANNOTATIONS_AT_ONCE = 1_000
"""Pictures whose objects are asked for in one request."""
NAMES_AT_ONCE = 1_000
"""Datasets or networks that are asked for in one request."""
SOMEBODY = "somebody else may be writing; run it again"

Named = ext.PictureColumns | ext.MemberColumns | ext.AnnotationColumns
Page = TypeVar("Page", ext.PictureColumns, ext.MemberColumns, ext.AnnotationColumns, ownership.OwnerColumns)
T = TypeVar("T")


class _Listed(msgspec.Struct):
    pictures: list[v2.Picture]


class Reader:
    """Reads what an organization has, through the extension of our lake."""

    def __init__(self, transport: Transport, organization_id: str) -> None:
        """Keep the way there.

        Args:
            transport: Sends the requests.
            organization_id: Whose data.
        """
        self.transport = transport
        self.organization_id = organization_id

    def pictures_named(self, names: Collection[str]) -> ext.PictureColumns:
        """Return the pictures of these names, ordered by name; unknown names are left out.

        Raises:
            ProcessingError: The answer contradicts itself, or holds a picture that was not asked for.
        """
        wanted = sorted(set(names))
        pages = []
        for some in chunks(wanted, ROWS_AT_ONCE):
            page = self._lookup(ext.PictureLookup(names=list(some)))
            if len(page.names) != page.total or not set(some).issuperset(page.names):
                raise ProcessingError("pictures/lookup: the answer is not about the names asked for")
            pages.append(page)
        return _joined(pages)

    def pictures_tagged(self, tags: Sequence[str]) -> ext.PictureColumns:
        """Return the pictures that carry all of `tags` (at least one), ordered by name.

        Raises:
            ProcessingError: The pages do not add up to the total they state.
            ValueError: No tag is given.
        """
        if not tags:
            raise ValueError("no tag is given")
        return self._pictures(lambda after: ext.PictureLookup(tags=list(tags), after=after, limit=ROWS_AT_ONCE))

    def pictures_of(self, dataset_id: str) -> ext.PictureColumns:
        """Return the pictures of a version, ordered by name; raises as `pictures_tagged`."""
        return self._pictures(lambda after: ext.PictureLookup(dataset_id=dataset_id, after=after, limit=ROWS_AT_ONCE))

    def all_pictures(self) -> ext.PictureColumns:
        """Return every picture of the lake, ordered by name; raises as `pictures_tagged`."""
        return self._pictures(lambda after: ext.PictureLookup(after=after, limit=ROWS_AT_ONCE))

    def object_keys(self, names: Collection[str]) -> dict[str, str]:
        """Return the key of the object that each of these pictures is made of, found in the listing of the whole lake.

        Who uploads a picture by SDK v2 chooses it, at random. Source: WIRE_V2.md 3.5.
        """
        wanted = frozenset(names)
        path = ("datalake", self.organization_id)
        listed = self.transport.ask("GET", *path, answer=_Listed, repeat_safe=True).pictures if wanted else []
        return {one.external_url: one.internal_key for one in listed if one.external_url in wanted}

    def contents(self, names: Collection[str]) -> dict[str, tuple[str, str]]:
        """Return the object of each of these pictures, its key and the sha256 (hex) of its bytes, which are all read.

        It is the only way to learn the digest of a picture where no listing tells it, and costs a request and a whole
        object per picture, so it is for the few whose deletion depends on it. What is not listed has neither, and an
        object that nobody may read no digest: "".

        Raises:
            PicselliaError: No whole answer came.
        """
        from picsellia_apply.client.download import digests
        from picsellia_apply.client.network_files import signed_url

        keys = self.object_keys(names)
        urls = {name: partial(signed_url, self.transport, key, model=False) for name, key in sorted(keys.items())}
        read = digests(self.transport, urls) if urls else {}
        return {name: (keys.get(name, ""), read.get(name, "")) for name in names}

    def file_digests(self, files: Mapping[str, tuple[str, bool]]) -> dict[str, str]:
        """Return the sha256 (hex) of networks' files, which are read as `contents` reads pictures.

        Args:
            files: By what to call it: its object, and whether that is a file rather than a thumbnail.

        Raises:
            PicselliaError: No whole answer came.
        """
        from picsellia_apply.client.download import digests
        from picsellia_apply.client.network_files import signed_url

        urls = {text: partial(signed_url, self.transport, name, model=model) for text, (name, model) in files.items()}
        return digests(self.transport, urls) if urls else {}

    def datasets(self, names: Iterable[str]) -> tuple[ext.DatasetInfo, ...]:
        """Return the datasets of these names with their versions; unknown names are left out."""
        return tuple(
            one
            for some in chunks(sorted(set(names)), NAMES_AT_ONCE)
            for one in self._ask("datasets", "lookup", ext.NamesLookup(list(some)), ext.DatasetColumns).datasets
        )

    def version_members(self, dataset_id: str) -> tuple[str, ...]:
        """Return the picture names of a version, ordered.

        Raises:
            ProcessingError: The pages do not add up to the total they state.
            ResourceNotFoundError: There is no such version.
        """

        def page(after: str | None) -> ext.MemberColumns:
            body = ext.VersionMembers(dataset_id, after, ROWS_AT_ONCE)
            return self._ask("versions", "members", body, ext.MemberColumns)

        return tuple(name for one in _pages(page, _names_of) for name in one.names)

    def holders(self, names: Collection[str]) -> dict[tuple[str, str], tuple[int, int]]:
        """Return, per dataset and version that holds any of these pictures, how many of them, and objects on them.

        Raises:
            ProcessingError: The answer contradicts itself.
        """
        found: dict[tuple[str, str], tuple[int, int]] = {}
        for some in chunks(sorted(set(names)), ROWS_AT_ONCE):
            answer = self._ask("pictures", "holders", ext.NamesLookup(list(some)), ext.HolderColumns)
            if not len(answer.datasets) == len(answer.versions) == len(answer.pictures) == len(answer.objects):
                raise ProcessingError("pictures/holders: the columns are not of one length")
            keys = zip(answer.datasets, answer.versions, strict=True)
            for key, pictures, objects in zip(keys, answer.pictures, answer.objects, strict=True):
                before = found.get(key, (0, 0))
                found[key] = (before[0] + pictures, before[1] + objects)
        return found

    def holdings(self, names: Collection[str]) -> Holdings:
        """Return pictures with what would go with them if they were deleted; unknown names are left out.

        It takes several requests, so that what is told of different versions is not of one moment.

        Raises:
            ProcessingError: An answer contradicts itself.
        """
        found = self.pictures_named(names)
        return Holdings(
            dict(zip(found.names, found.picture_ids, strict=True)),
            dict(zip(found.names, found.sha256, strict=True)),
            self._held(frozenset(found.names)),
            {tag: frozenset(map(found.names.__getitem__, rows)) for tag, rows in found.tags.items()},
        )

    def _held(self, names: frozenset[str]) -> dict[tuple[str, str], dict[str, Held]]:
        """Return the versions that hold any of these pictures, each with what it makes of them."""
        holders = self.holders(names) if names else {}
        held: dict[tuple[str, str], dict[str, Held]] = {}
        for dataset in self.datasets({name for name, _ in holders}) if holders else ():
            for version in dataset.versions:
                if (dataset.name, version.name) in holders:
                    sizes = self.annotation_sizes(version.dataset_id)
                    here = names.intersection(self.version_members(version.dataset_id))
                    held[dataset.name, version.name] = {name: Held(*sizes.get(name, ("", 0))) for name in here}
        return held

    def annotation_digests(self, dataset_id: str) -> dict[str, str]:
        """Return picture name -> digest of every annotated picture of a version; raises as `version_members`."""
        return {name: digest for name, (digest, _) in self.annotation_sizes(dataset_id).items()}

    def annotation_sizes(self, dataset_id: str) -> dict[str, tuple[str, int]]:
        """Return picture name -> digest and number of objects of every annotated picture of a version.

        Raises:
            ProcessingError: The pages do not add up to the total they state.
            ResourceNotFoundError: There is no such version.
        """

        def page(after: str | None) -> ext.AnnotationColumns:
            return self._annotations(ext.AnnotationLookup(dataset_id, after=after, limit=ROWS_AT_ONCE))

        pages = list(_pages(page, _names_of))
        return {
            name: (digest, count)
            for one in pages
            for name, digest, count in zip(one.names, one.digests, one.counts, strict=True)
        }

    def annotations(self, dataset_id: str, names: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Return picture name -> canonical texts of its annotation; pictures without one are left out.

        Raises:
            ProcessingError: Objects are missing, or are not those of the digest beside them.
        """
        found: dict[str, tuple[str, ...]] = {}
        for some in chunks(sorted(set(names)), ANNOTATIONS_AT_ONCE):
            answer = self._annotations(ext.AnnotationLookup(dataset_id, names=list(some)))
            found.update(_texts(answer))
        return found

    def networks(self, names: Iterable[str]) -> tuple[ext.NetworkInfo, ...]:
        """Return the networks of these names with their files; unknown names are left out."""
        return tuple(
            one
            for some in chunks(sorted(set(names)), NAMES_AT_ONCE)
            for one in self._ask("networks", "lookup", ext.NamesLookup(list(some)), ext.NetworkColumns).networks
        )

    def workspace(self, name: str) -> ownership.WorkspaceBody | None:
        """Return a workspace's inventory as it is kept on the platform, None when none was ever written."""
        path = (ext.PREFIX, self.organization_id, "workspaces", name)
        try:
            return self.transport.ask("GET", *path, answer=ownership.WorkspaceBody, repeat_safe=True)
        except ResourceNotFoundError:
            return None

    def owners(self, addresses: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Return address -> names of the workspaces that own it, ordered; addresses of nobody are left out."""
        found: dict[str, tuple[str, ...]] = {}
        for some in chunks(sorted(set(addresses)), ROWS_AT_ONCE):
            _add_owners(
                found, self._ask("owners", "lookup", ownership.OwnersLookup(list(some)), ownership.OwnerColumns)
            )
        return found

    def owners_of_kinds(self, kinds: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return all addresses of these kinds that anybody owns, each with the names of its workspaces, ordered.

        Raises:
            ProcessingError: The listing does not add up.
        """
        found: dict[str, tuple[str, ...]] = {}

        def page(after: str | None) -> ownership.OwnerColumns:
            body = ownership.OwnersLookup(kinds=list(kinds), after=after)
            return self._ask("owners", "lookup", body, ownership.OwnerColumns)

        for one in _pages(page, lambda columns: columns.addresses):
            _add_owners(found, one)
        return found

    def _ask(self, family: str, verb: str, body: object, answer: type[T]) -> T:
        path = (ext.PREFIX, self.organization_id, family, verb)
        return self.transport.ask("POST", *path, answer=answer, repeat_safe=True, body=body)

    def _lookup(self, body: ext.PictureLookup) -> ext.PictureColumns:
        page = self._ask("pictures", "lookup", body, ext.PictureColumns)
        columns = (page.picture_ids, page.sha256, page.sizes, page.widths, page.heights)
        stored = (page.stored_widths, page.stored_heights)
        rows = len(page.names)
        if any(len(column) != rows for column in (*columns, *stored)):
            raise ProcessingError("pictures/lookup: the columns are not of one length")
        if any(row and not 0 <= min(row) <= max(row) < rows for row in page.tags.values()):
            raise ProcessingError("pictures/lookup: a tag is on a row that is not there")
        return page

    def _pictures(self, lookup: Callable[[str | None], ext.PictureLookup]) -> ext.PictureColumns:
        return _joined(list(_pages(lambda after: self._lookup(lookup(after)), _names_of)))

    def _annotations(self, body: ext.AnnotationLookup) -> ext.AnnotationColumns:
        answer = self._ask("annotations", "lookup", body, ext.AnnotationColumns)
        if not len(answer.names) == len(answer.digests) == len(answer.counts):
            raise ProcessingError("annotations/lookup: the columns are not of one length")
        return answer


def _names_of(page: Named) -> Sequence[str]:
    return page.names


def _pages(page: Callable[[str | None], Page], rows_of: Callable[[Page], Sequence[str]]) -> Iterator[Page]:
    """Yield the pages of a listing, refusing one that does not end, repeats itself or comes up short."""
    after: str | None = None
    rows = 0
    while True:
        one = page(after)
        yield one
        count = len(rows_of(one))
        rows += count
        if one.next is None:
            break
        if not count or (after is not None and one.next <= after):
            raise ProcessingError("a listing of the platform does not move on")
        after = one.next
    if rows != one.total:
        raise ProcessingError(f"a listing of the platform holds {rows} rows and states {one.total}", SOMEBODY)


def _add_owners(found: dict[str, tuple[str, ...]], page: ownership.OwnerColumns) -> None:
    if len(page.addresses) != len(page.workspaces):
        raise ProcessingError("owners/lookup: the columns are not of one length")
    for address, workspace in zip(page.addresses, page.workspaces, strict=True):
        found[address] = (*found.get(address, ()), workspace)


def _joined(pages: Sequence[ext.PictureColumns]) -> ext.PictureColumns:
    """Return pages as one, with the row numbers of tags moved on."""
    if len(pages) == 1:
        return pages[0]
    whole = ext.PictureColumns([], [], [], [], [], [], [], [], {}, total=0)
    for page in pages:
        start = len(whole.names)
        for tag, rows in page.tags.items():
            whole.tags.setdefault(tag, []).extend(start + row for row in rows)
        whole.names += page.names
        whole.picture_ids += page.picture_ids
        whole.sha256 += page.sha256
        whole.sizes += page.sizes
        whole.widths += page.widths
        whole.heights += page.heights
        whole.stored_widths += page.stored_widths
        whole.stored_heights += page.stored_heights
        whole.sources += page.sources
    whole.total = len(whole.names)
    return whole


def _texts(answer: ext.AnnotationColumns) -> dict[str, tuple[str, ...]]:
    data: list[list[dict[str, Any]]] = answer.data or []
    image_qa = answer.image_qa or [[] for _ in answer.names]
    if not len(data) == len(image_qa) == len(answer.names):
        raise ProcessingError("annotations/lookup: objects are missing")
    found = {name: texts_of(*both) for name, *both in zip(answer.names, data, image_qa, strict=True)}
    for name, digest in zip(answer.names, answer.digests, strict=True):
        if annotation_digest(found[name]) != digest:
            raise ProcessingError(f"annotations/lookup: the objects of `{name}` are not those of its digest")
    return found
