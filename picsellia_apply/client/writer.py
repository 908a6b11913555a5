"""Bulk writing for the reconciler. Every call says whether it may be repeated; what may not is looked up first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from picsellia_apply.client import merging, network_files
from picsellia_apply.client.conditional import Conditional
from picsellia_apply.client.encoding import json_of
from picsellia_apply.client.reader import Reader
from picsellia_apply.client.repeats import once
from picsellia_apply.client.sending import BatchSender
from picsellia_apply.client.transport import Transport, in_chunks
from picsellia_apply.client.upload import Outcome, PictureFile, announced, upload
from picsellia_apply.errors import (
    ConflictError,
    ProcessingError,
    ResourceNotFoundError,
    TyperError,
)
from picsellia_apply.wire import extension as ext
from picsellia_apply.wire import ownership, v2

IDS_AT_ONCE = 10_000
"""Picture ids in one request: about 400 KB."""
ANNOTATIONS_AT_ONCE = 1_000
ANNOTATION_BYTES_AT_ONCE = 4 * 1024 * 1024
"""One request that replaces annotations ends before it exceeds one of the two; a larger annotation goes alone."""

Accepted = dict[str, Any]
"""Any JSON object: the answer to a request whose answer says nothing more."""
T = TypeVar("T")


class _Created(msgspec.Struct):
    dataset: v2.Dataset | None = None
    pk: str | None = None

    @property
    def id(self) -> str:
        if self.dataset is not None:
            return self.dataset.dataset_id
        if self.pk:
            return self.pk
        raise ProcessingError("the platform made a version and does not say its id")


class Writer:
    """Writes what an organization has, through SDK v2 and the extension of our lake.

    Attributes:
        free_version_names: The first version of a dataset may have any name.
        chooses_keys: A picture is made of an object whose key we choose, see `Reader.object_keys`.
        conditional: Writes that happen only if what they rest on is still so; None where the platform has none.
    """

    free_version_names = True
    chooses_keys = False

    def __init__(
        self, transport: Transport, reader: Reader, organization: str, conditional: Conditional | None = None
    ) -> None:
        """Keep the way there.

        Args:
            transport: Sends the requests.
            reader: Looks up what a lost answer left.
            organization: The organization's name: networks are addressed by it.
            conditional: See the attribute.
        """
        self.conditional = conditional
        self.transport = transport
        self.reader = reader
        self.organization = organization
        self.organization_id = reader.organization_id

    # Pictures

    def upload_pictures(
        self,
        files: Sequence[PictureFile],
        *,
        parallelism: int = 4,
        on_done: Callable[[Sequence[Outcome]], None] | None = None,
        on_send: Callable[[Sequence[str]], None] | None = None,
        source: str = "sdk",
    ) -> tuple[Outcome, ...]:
        """Send picture files and return one outcome per file, in order; see `upload.upload` and `upload.announced`."""
        send = announced(BatchSender(self.transport, self.organization_id, source), on_send)
        return upload(files, send, parallelism=parallelism, on_done=on_done)

    def picture_ids(self, names: Collection[str]) -> dict[str, str]:
        """Return name -> id of the pictures of these names; unknown ones are left out."""
        found = self.reader.pictures_named(names)
        return dict(zip(found.names, found.picture_ids, strict=True))

    def tag(self, tags: Sequence[str], picture_ids: Sequence[str]) -> None:
        """Put every one of `tags` on every picture; those that have it keep it."""

        def send(ids: Sequence[str]) -> None:
            body = v2.TagRequest(list(tags), list(ids))
            self._ask("POST", "datalake", "tag", self.organization_id, body=body)

        in_chunks(picture_ids if tags else (), IDS_AT_ONCE, send)

    def untag(self, tags: Sequence[str], picture_ids: Sequence[str]) -> None:
        """Take every one of `tags` off every picture."""

        def send(ids: Sequence[str]) -> None:
            body = v2.UntagRequest(list(tags), list(ids))
            self._ask("POST", "datalake", "delete_tag", self.organization_id, body=body)

        in_chunks(picture_ids if tags else (), IDS_AT_ONCE, send)

    def delete_pictures(self, picture_ids: Sequence[str]) -> None:
        """Delete pictures from the lake, and so from every version."""

        def send(ids: Sequence[str]) -> None:
            self._ask("POST", "datalake", "delete", self.organization_id, body=v2.DeletePictures(list(ids)))

        in_chunks(picture_ids, IDS_AT_ONCE, send)

    # Datasets

    def create_version(
        self,
        name: str,
        version: str,
        picture_ids: Sequence[str],
        *,
        origin: str | None = None,
        description: str | None = None,
        private: bool | None = None,
    ) -> str:
        """Make a version that holds exactly these pictures and return its id.

        Args:
            name: The dataset; made when there is none of this name and no origin is given.
            version: The version's name, not `latest`.
            picture_ids: May be empty.
            origin: A version of the dataset whose labels, and annotations of these pictures, are carried over.
            description: Of a dataset that is made; of one that is there it stays.
            private: Likewise.

        Raises:
            ConflictError: The version exists, or after a lost answer another one than we asked for is there.
            ResourceNotFoundError: The dataset or the origin does not exist.
        """
        ids: v2.PictureRefs = list(picture_ids)

        def send() -> str:
            if origin is not None:
                return self._new_version(v2.VersionCreate(name, version, ids, origin))
            return self._create(
                ext.DatasetCreate(name, version, list(picture_ids), description or "", private is not False)
            )

        return once(send, lambda: self.find_version(name, version, set(picture_ids)))

    def _create(self, body: ext.DatasetCreate) -> str:
        path = (ext.PREFIX, self.organization_id, "datasets", "create")
        return self.transport.ask("POST", *path, answer=_Created, repeat_safe=False, body=body).id

    def _new_version(self, body: v2.VersionCreate) -> str:
        path = ("dataset", self.organization_id, "new_version")
        return self.transport.ask("PUT", *path, answer=_Created, repeat_safe=False, body=body).id

    def find_version(self, name: str, version: str, ids: set[str]) -> str | None:
        """Return the id of a version that holds exactly these pictures, None when there is none of this name.

        Raises:
            ConflictError: The version holds other pictures.
        """
        versions = [one for dataset in self.reader.datasets([name]) for one in dataset.versions if one.name == version]
        if not versions:
            return None
        if set(self.reader.pictures_of(versions[0].dataset_id).picture_ids) != ids:
            raise ConflictError(f"`{name}` has a version `{version}` with other pictures")
        return versions[0].dataset_id

    def patch_dataset(
        self,
        name: str,
        *,
        description: str | None = None,
        private: bool | None = None,
        expect: ext.DatasetFields | None = None,
    ) -> None:
        """Change a dataset's own fields; None leaves a field.

        Args:
            name: The dataset.
            description: New text.
            private: New setting.
            expect: What the fields must be now; platforms without conditional writes do not look at it.

        Raises:
            ConflictError: The fields are not the expected ones.
        """
        self._extended("POST", "datasets", "patch", ext.DatasetPatch(name, description, private, expect))

    def add_pictures(self, dataset_id: str, picture_ids: Sequence[str]) -> None:
        """Add pictures to a version; those in it stay."""

        def send(ids: Sequence[str]) -> None:
            body = v2.DatasetAdd(list(ids), name="", pk=dataset_id)
            self._ask("POST", "dataset", self.organization_id, body=body)

        in_chunks(picture_ids, IDS_AT_ONCE, send)

    def remove_pictures(self, dataset_id: str, picture_ids: Sequence[str]) -> None:
        """Take pictures out of a version, with their annotations there; they stay in the lake."""

        def send(ids: Sequence[str]) -> None:
            self._extended("POST", "versions", "remove", ext.VersionRemove(dataset_id, list(ids)))

        in_chunks(picture_ids, IDS_AT_ONCE, send)

    def delete_version(self, name: str, version: str) -> None:
        """Delete one version; the pictures stay in the lake.

        Args:
            name: The dataset.
            version: The version's own name: `latest` would mean another one when the request is repeated.

        Raises:
            TyperError: The version is `latest`.
            ResourceNotFoundError: There is no such version.
        """
        if version == "latest":
            raise TyperError("a version is deleted by its own name, not as `latest`")
        path = ("dataset", self.organization_id, name, version)
        self._delete(path, path)

    def create_label(self, dataset_id: str, name: str, type: str) -> None:
        """Declare a label of a version: rectangle, polygon or classification; one that is there stays."""
        self._ask("PUT", "label", dataset_id, name, type)

    def remove_labels(self, dataset_id: str, labels: Sequence[ext.Label]) -> None:
        """Remove labels of a version; annotations keep their objects."""
        if labels:
            self._extended("POST", "labels", "remove", ext.LabelsRemove(dataset_id, list(labels)))

    def replace_annotations(self, dataset_id: str, items: Sequence[ext.AnnotationItem]) -> ext.AnnotationReplaceAnswer:
        """Put whole annotations of pictures, each atomically; returns statuses in the order of `items`."""
        whole = ext.AnnotationReplaceAnswer([], [], [])
        for some in _bounded([msgspec.Raw(json_of(item)) for item in items]):
            body = {"dataset_id": dataset_id, "annotations": some}
            answer = self._extended("POST", "annotations", "replace", body, ext.AnnotationReplaceAnswer)
            if not len(answer.statuses) == len(answer.digests) == len(answer.errors) == len(some):
                raise ProcessingError("annotations/replace: the answer is not about the annotations sent")
            whole.statuses += answer.statuses
            whole.digests += answer.digests
            whole.errors += answer.errors
        return whole

    def add_objects(
        self,
        dataset_id: str,
        objects: Mapping[str, tuple[str, ...]],
        *,
        parallelism: int = 4,
        on_done: Callable[[int], None] | None = None,
    ) -> dict[str, str]:
        """Add objects to the annotations of pictures, none twice; see `merging.add_all`."""
        add = merging.by_replacing(self)
        return merging.add_all(add, dataset_id, objects, parallelism=parallelism, on_done=on_done)

    def write_statistics(self, dataset_id: str) -> None:
        """Tell a platform what a version's annotations hold; one with our extension counts for itself."""

    # Networks

    def create_network(self, name: str, type: str) -> str:
        """Make a network and return its id.

        Raises:
            InvalidQueryError: The name is taken.
            ConflictError: After a lost answer, one of this name and another type is there.
        """
        body = v2.NetworkCreate(name, type)

        def send() -> str:
            path = ("network", self.organization)
            return self.transport.ask("POST", *path, answer=v2.Network, repeat_safe=False, body=body).model_id

        return once(send, lambda: self._find_network(name, type))

    def _find_network(self, name: str, type: str) -> str | None:
        try:
            network = network_files.read_network(self.transport, self.organization, name=name)
        except ResourceNotFoundError:
            return None
        if network.type != type:
            raise ConflictError(f"there is a network `{name}` of type `{network.type}`")
        return network.model_id

    def update_network(self, model_id: str, fields: Mapping[str, Any]) -> None:
        """Set properties of a network under their wire names.

        Raises:
            TyperError: A property is read-only.
        """
        network_files.patch_network(self.transport, self.organization, model_id, fields)

    def delete_network(self, model_id: str) -> None:
        """Delete a network with its files."""
        path = ("network", self.organization, model_id)
        self._delete(path, path)

    def store_file(
        self,
        model_id: str,
        key: str,
        path: Path,
        *,
        on_sent: Callable[[int], None] = lambda _: None,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Send a network's file and put it under `key`; other keys stay.

        Args:
            model_id: The network.
            key: The file's key.
            path: The file.
            on_sent: Told how many bytes more went.
            check: Called right before its bytes replace others, and before it is put there; raises where that must not
                be.
        """
        network_files.store_file(
            self.transport, self.organization, model_id, key, path, on_sent, conditional=self.conditional, check=check
        )

    def store_thumbnail(self, model_id: str, path: Path, *, check: Callable[[], None] = lambda: None) -> None:
        """Send a network's thumbnail, smaller than 5 MiB; `check` as for a file."""
        network_files.store_thumbnail(
            self.transport, self.organization, model_id, path, conditional=self.conditional, check=check
        )

    # Workspaces

    def write_workspace(self, name: str, body: ownership.WorkspaceWrite) -> None:
        """Keep a workspace's inventory on the platform, and what it owns.

        Raises:
            ConflictError: Somebody else wrote it: the stored serial is not the one before ours; or an address belongs
                to another workspace.
        """

        def send() -> bool:
            path = (ext.PREFIX, self.organization_id, "workspaces", name)
            self.transport.ask("PUT", *path, answer=Accepted, repeat_safe=False, body=body)
            return True

        kept = ownership.WorkspaceBody(body.serial, body.body)
        once(send, lambda: True if self.reader.workspace(name) == kept else None)

    def _ask(self, method: str, *segments: str, body: object = None) -> None:
        """Send a request that may be repeated and whose answer says nothing more."""
        self.transport.ask(method, *segments, answer=Accepted, repeat_safe=True, body=body)

    def _extended(self, method: str, family: str, verb: str, body: object, answer: type[T] = Accepted) -> T:  # type: ignore[assignment]
        path = (ext.PREFIX, self.organization_id, family, verb)
        return self.transport.ask(method, *path, answer=answer, repeat_safe=True, body=body)

    def _delete(self, path: Sequence[str], probe: Sequence[str]) -> None:
        """Delete what `path` names; after a lost answer, what is no longer there counts as deleted."""

        def send() -> bool:
            self.transport.ask("DELETE", *path, answer=Accepted, repeat_safe=False)
            return True

        def gone() -> bool | None:
            try:
                self.transport.ask("GET", *probe, answer=Accepted, repeat_safe=True)
            except ResourceNotFoundError:
                return True
            return None

        once(send, gone)


def _bounded(items: Sequence[msgspec.Raw]) -> list[Sequence[msgspec.Raw]]:
    """Return encoded items in pieces within the bounds of count and bytes."""
    pieces = []
    start = size = 0
    for end, item in enumerate(items):
        length = len(bytes(item))
        if end > start and (end - start == ANNOTATIONS_AT_ONCE or size + length > ANNOTATION_BYTES_AT_ONCE):
            pieces.append(items[start:end])
            start, size = end, 0
        size += length
    if start < len(items):
        pieces.append(items[start:])
    return pieces
