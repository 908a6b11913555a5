"""Writes that happen only if what they rest on is still so: the extension's part `conditional`.

Ask for the state first, look at what is there, then write with it: what changed in between makes it another.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from picsellia_apply.client.repeats import once
from picsellia_apply.client.transport import Transport, chunks, in_chunks
from picsellia_apply.errors import ProcessingError, ResourceNotFoundError
from picsellia_apply.model.holdings import Held, Holdings
from picsellia_apply.wire import conditional as wire
from picsellia_apply.wire import extension as ext

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Conditional:
    """Asks a platform that offers the part `conditional`.

    Attributes:
        transport: Sends the requests.
        organization_id: Whose data.
    """

    transport: Transport
    organization_id: str

    def holdings(self, names: Collection[str]) -> Holdings:
        """Return pictures with what would go with them; unknown names are left out.

        Raises:
            ProcessingError: An answer contradicts itself.
        """
        found = Holdings({}, {}, {})
        for some in chunks(sorted(set(names)), ext.PAGE_LIMIT):
            found = _joined(found, self._ask("pictures", "holdings", ext.NamesLookup(list(some)), wire.HoldingColumns))
        return found

    def delete_pictures(self, expect: Mapping[str, str]) -> frozenset[str]:
        """Delete pictures and return the ids of those that stay since their state is another.

        Args:
            expect: Id to the state that the picture must be in.
        """
        changed: set[str] = set()

        def send(some: Sequence[str]) -> None:
            body = wire.PicturesDelete(list(some), [expect[one] for one in some])
            changed.update(self._ask("pictures", "delete", body, wire.Deleted).changed)

        in_chunks(list(expect), ext.PAGE_LIMIT, send)
        return frozenset(changed)

    def version_state(self, dataset_id: str) -> str:
        """Return what stands for a version: its pictures, labels and annotations, its dataset's fields."""
        return self._ask("versions", "state", wire.VersionState(dataset_id), wire.State).etag

    def delete_version(self, dataset_id: str, expect: str) -> None:
        """Delete a version whose state is `expect`.

        Raises:
            ConflictError: It is another.
            ResourceNotFoundError: There is no such version.
        """
        body = wire.VersionDelete(dataset_id, expect)
        self._delete("versions", body, lambda: self.version_state(dataset_id))

    def remove_pictures(self, dataset_id: str, expect: Mapping[str, str]) -> frozenset[str]:
        """Take pictures out of a version and return the ids of those that stay since their annotation is another.

        Args:
            dataset_id: The version.
            expect: Id to the digest that the picture's annotation there must have, "" for none.
        """
        changed: set[str] = set()

        def send(some: Sequence[str]) -> None:
            body = ext.VersionRemove(dataset_id, list(some), [expect[one] for one in some])
            changed.update(self._ask("versions", "remove", body, wire.Deleted).changed)

        in_chunks(list(expect), ext.PAGE_LIMIT, send)
        return frozenset(changed)

    def network_state(self, model_id: str) -> str:
        """Return what stands for a network: its properties, and what is stored for it."""
        return self._ask("networks", "state", wire.NetworkState(model_id), wire.State).etag

    def change_network(self, model_id: str, fields: Mapping[str, Any], expect: str) -> None:
        """Set properties of a network whose state is `expect`.

        Raises:
            ConflictError: It is another.
        """
        self._ask("networks", "patch", wire.NetworkChange(model_id, expect, dict(fields)), dict[str, Any])

    def delete_network(self, model_id: str, expect: str) -> None:
        """Delete a network whose state is `expect`, with its files.

        Raises:
            ConflictError: It is another.
            ResourceNotFoundError: There is no such network.
        """
        self._delete("networks", wire.NetworkDelete(model_id, expect), lambda: self.network_state(model_id))

    def _delete(self, family: str, body: object, probe: Callable[[], str]) -> None:
        """Delete; after a lost answer, what is no longer there counts as deleted."""

        def gone() -> bool | None:
            try:
                probe()
            except ResourceNotFoundError:
                return True
            return None

        once(lambda: bool(self._ask(family, "delete", body, dict[str, Any], repeat_safe=False)), gone)

    def _ask(self, family: str, verb: str, body: object, answer: type[T], *, repeat_safe: bool = True) -> T:
        path = (ext.PREFIX, self.organization_id, family, verb)
        return self.transport.ask("POST", *path, answer=answer, repeat_safe=repeat_safe, body=body)


def _joined(found: Holdings, page: wire.HoldingColumns) -> Holdings:
    """Return what was found with one answer more.

    Raises:
        ProcessingError: The answer contradicts itself.
    """
    try:
        ids = dict(zip(page.names, page.picture_ids, strict=True))
        sha256 = dict(zip(page.names, page.sha256, strict=True))
        etags = dict(zip(page.names, page.etags, strict=True))
        versions = {key: {**found.versions.get(key, {}), **held} for key, held in _versions(page)}
        tags = {tag: _named(page, rows) | found.tags.get(tag, frozenset()) for tag, rows in page.tags.items()}
    except (ValueError, IndexError):
        raise ProcessingError("pictures/holdings: the columns do not fit each other") from None
    return Holdings(
        {**found.picture_ids, **ids},
        {**found.sha256, **sha256},
        {**found.versions, **versions},
        {**found.tags, **tags},
        {**found.etags, **etags},
    )


def _versions(page: wire.HoldingColumns) -> Iterator[tuple[tuple[str, str], dict[str, Held]]]:
    keys = zip(page.datasets, page.versions, strict=True)
    for key, rows, digests, objects in zip(keys, page.members, page.digests, page.objects, strict=True):
        columns = zip(_checked(rows), digests, objects, strict=True)
        yield key, {page.names[row]: Held(digest, count) for row, digest, count in columns}


def _named(page: wire.HoldingColumns, rows: Sequence[int]) -> frozenset[str]:
    return frozenset(page.names[row] for row in _checked(rows))


def _checked(rows: Sequence[int]) -> Sequence[int]:
    """Return row numbers, none of which counts from the end."""
    if min(rows, default=0) < 0:
        raise IndexError(rows)
    return rows
