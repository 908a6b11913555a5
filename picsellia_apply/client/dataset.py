"""`client.datalake.dataset`: versions of datasets, their pictures, labels and annotations.

An argument that is given always counts; the dataset fetched or made last stands in for one that is not.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from picsellia_apply.client import objects
from picsellia_apply.client.annotation_checks import checked_objects, checked_questions
from picsellia_apply.client.connected import Connected
from picsellia_apply.client.repeats import once
from picsellia_apply.client.selection import SELECTED, Pictures
from picsellia_apply.errors import ProcessingError, TyperError
from picsellia_apply.model.annotation import LABEL_TYPES
from picsellia_apply.wire import v2

if TYPE_CHECKING:
    from picsellia_apply.client.download import Download

LATEST = "latest"
"""The version of a name that was made last."""
FIRST = "first"
"""The name of a new dataset's version."""
# Aliases, as the class has a method `list`.
Datasets = list[objects.Dataset]
PictureList = list[objects.Picture]


class Dataset(Connected):
    """Your datasets."""

    _current: objects.Dataset | None = None

    @property
    def current(self) -> objects.Dataset | None:
        """The dataset fetched or made last, None when there is none."""
        return self._current

    def list(self) -> Datasets:
        """Print every version of every dataset, and return them."""
        answer = self._ask("GET", "dataset", self.connection.organization_id)
        found = objects.Dataset.all_of(answer.get("datasets"))
        for one in found:
            lines = [f"Dataset Name: {one.dataset_name}", f"Dataset Version: {one.version}", f"Nb Assets: {one.size}"]
            print("\n".join(["-" * 13, *lines, "-" * 13]))  # noqa: T201 - the documented blocks
        return found

    def fetch(self, name: str | None = None, version: str | None = LATEST) -> objects.Dataset:
        """Return a dataset's version, and remember it.

        Args:
            name: None means the dataset remembered.
            version: None means the latest.

        Raises:
            ResourceNotFoundError: There is none of this name and version.
        """
        self._current = self._fetched(name or self._remembered().dataset_name, version)
        return self._current

    def create(
        self, name: str | None = None, description: str = "", private: bool = True, pictures: Pictures | None = SELECTED
    ) -> objects.Dataset:
        """Make a dataset whose version `first` holds these pictures.

        Args:
            name: Of the dataset, without `/`.
            description: Of the dataset.
            private: True keeps it to the organization.
            pictures: Left out, None or empty means those fetched last: no dataset can be made without a picture.

        Returns:
            The dataset; it equals its id.

        Raises:
            InvalidQueryError: The name is taken.
        """
        if not name:
            raise TyperError("a dataset needs a name")
        ids = self.connection.selection.ids(pictures or None)
        if not ids:
            raise TyperError("a dataset needs at least one picture")
        body = v2.DatasetCreate(name, [*ids], description, private)

        def find() -> objects.Dataset | None:
            found = self.connection.writer.find_version(name, FIRST, set(ids))
            return None if found is None else self._fetched(name, FIRST)

        self._current = once(lambda: self._made("PUT", "dataset", self.connection.organization_id, body=body), find)
        return self._current

    def new_version(
        self,
        name: str | None = None,
        version: str | None = None,
        from_version: str | Pictures | None = LATEST,
        pictures: str | Pictures | None = SELECTED,
    ) -> objects.Dataset:
        """Make a version that holds exactly these pictures, with the origin's labels and annotations of them.

        Args:
            name: The dataset; None means the one remembered.
            version: The new version's name.
            from_version: The origin. The published clients have it last: the two are told apart by type.
            pictures: Left out means those fetched last; an empty list of your own makes a version without any.

        Raises:
            InvalidQueryError: The version exists.
            ResourceNotFoundError: The dataset or its origin does not exist.
        """
        if not version or version == LATEST:
            raise TyperError("a new version needs a name of its own")
        if not (isinstance(from_version, str) or from_version is None):
            from_version, pictures = (pictures if isinstance(pictures, str) else LATEST), from_version
        ids = self.connection.selection.ids(None if isinstance(pictures, str) else pictures)
        name = name or self._remembered().dataset_name
        body = v2.VersionCreate(name, version, [*ids], from_version or LATEST)

        def find() -> objects.Dataset | None:
            found = self.connection.writer.find_version(name, version, set(ids))
            return None if found is None else self._fetched(name, version)

        path = ("dataset", self.connection.organization_id, "new_version")
        self._current = once(lambda: self._made("PUT", *path, body=body), find)
        return self._current

    def create_labels(self, name: str | None = None, ann_type: str | None = None) -> None:
        """Declare a label of the dataset remembered; one that is there stays.

        Args:
            name: The label.
            ann_type: rectangle, polygon or classification.
        """
        if not name or ann_type not in LABEL_TYPES:
            raise TyperError(f"a label needs a name and a type: one of {', '.join(LABEL_TYPES)}")
        self.connection.writer.create_label(self._remembered().dataset_id, name, ann_type)

    def list_pictures(self, dataset_id: str | None = None) -> PictureList:
        """Return the pictures of a dataset.

        Args:
            dataset_id: None means the dataset remembered.
        """
        answer = self._ask("GET", "picture", dataset_id or self._remembered().dataset_id)
        return objects.Picture.all_of(answer.get("pictures"))

    def add_data(
        self, name: str | None = None, version: str | None = None, pictures: Pictures | None = SELECTED
    ) -> None:
        """Add pictures to a dataset; those in it stay.

        Args:
            name: None means the dataset remembered.
            version: None means the latest, or without a name the version remembered.
            pictures: Left out means those fetched last.
        """
        target = self._target(name, version)
        self.connection.writer.add_pictures(target.dataset_id, self.connection.selection.ids(pictures))

    def delete(self, name: str | None = None, version: str | None = None) -> None:
        """Delete a version; the pictures stay in the lake.

        Args:
            name: None means the dataset remembered.
            version: None means the latest, or without a name the version remembered.
        """
        target = self._target(name, version)
        if target.version == LATEST:  # a platform that does not tell the real name: `latest` must not be sent twice
            path = ("dataset", self.connection.organization_id, target.dataset_name, LATEST)
            self.connection.transport.ask("DELETE", *path, answer=dict[str, Any], repeat_safe=False)
        else:
            self.connection.writer.delete_version(target.dataset_name, target.version)
        if self._current is not None and self._current.dataset_id == target.dataset_id:
            self._current = None

    def download(self, dataset: str | None = None, folder_name: str | Path | None = None) -> None:
        """Download all pictures of a version; those that are there with the right bytes are left as they are.

        Args:
            dataset: `<name>/<version>`; None means the dataset remembered.
            folder_name: Where to; None means `<name>/<version>`.

        Raises:
            TransferError: Some were not downloaded; the others were.
        """
        from picsellia_apply.client.download import fetch_all, safe_path

        name, version = self._named(dataset)
        target = self._fetched(name, version)
        folder = Path(folder_name) if folder_name is not None else Path(safe_path(name), safe_path(version))
        path = ("dataset", self.connection.organization_id, name, target.version, "download")
        images = self._ask("GET", *path).get("images")
        if not isinstance(images, list) or len(images) != target.size:
            raise ProcessingError(f"`{name}/{version}` states {target.size} pictures and does not list them all")
        known = self.connection.reader.pictures_of(target.dataset_id)
        digests = dict(zip(known.names, known.sha256, strict=True))
        fetch_all(self.connection.transport, _downloads(images, folder, digests))

    def add_annotation(
        self,
        picture_external_url: str | None = None,
        dataset_id: str | bool | None = None,
        data: Sequence[Mapping[str, Any]] | Mapping[str, Any] = {},
        image_qa: Sequence[Mapping[str, Any]] | Mapping[str, Any] = {},
    ) -> dict[str, Any]:
        """Create a picture's annotation, or add objects to it. Sent once: a repeat would add them twice.

        Args:
            picture_external_url: The picture's name.
            dataset_id: None means the dataset remembered. A bool, as in older releases, is passed over.
            data: Objects: classification, rectangle or polygon, each with optional `qa`.
            image_qa: Questions and answers about the whole picture.

        Returns:
            The platform's answer.

        Raises:
            TyperError: The data is not as documented; nothing was sent.
            NetworkError: The answer was lost: look before you add again.
        """
        if not picture_external_url:
            raise TyperError("an annotation needs its picture's name")
        body: dict[str, Any] = {"data": checked_objects(data)}
        questions = checked_questions(image_qa)
        if questions:
            body["image_qa"] = questions
        target = dataset_id if isinstance(dataset_id, str) and dataset_id else self._remembered().dataset_id
        path = ("annotation", "new", target, picture_external_url)
        return self.connection.transport.ask("PUT", *path, answer=dict[str, Any], repeat_safe=False, body=body)

    def delete_annotations(
        self,
        dataset_id: str | None = None,
        picture_id: str | Mapping[str, Any] | None = None,
        all_annotations: bool = False,
    ) -> dict[str, Any]:
        """Delete a picture's annotation, or all of a dataset's.

        Args:
            dataset_id: None means the dataset remembered.
            picture_id: The picture, or its id.
            all_annotations: Must be said when no picture is given.

        Returns:
            The platform's answer.
        """
        target = dataset_id or self._remembered().dataset_id
        if picture_id is None and not all_annotations:
            raise TyperError("which annotations?", "give `picture_id`, or `all_annotations=True`")
        if picture_id is not None and all_annotations:
            raise TyperError("one picture's annotation, or all of them?", "give only one of the two")
        ids = () if picture_id is None else self.connection.selection.ids([picture_id])
        return self._ask("DELETE", "annotation", target, *ids)

    def _ask(self, method: str, *path: str, body: object = None) -> dict[str, Any]:
        return self.connection.transport.ask(method, *path, answer=dict[str, Any], repeat_safe=True, body=body)

    def _made(self, method: str, *path: str, body: object) -> objects.Dataset:
        answer = self.connection.transport.ask(method, *path, answer=dict[str, Any], repeat_safe=False, body=body)
        return objects.Dataset.of(answer.get("dataset"))

    def _fetched(self, name: str, version: str | None) -> objects.Dataset:
        answer = self._ask("GET", "dataset", self.connection.organization_id, name, version or LATEST)
        return objects.Dataset.of(answer.get("dataset"))

    def _remembered(self) -> objects.Dataset:
        if self._current is None:
            raise TyperError("which dataset?", "fetch one first, or name it")
        return self._current

    def _target(self, name: str | None, version: str | None) -> objects.Dataset:
        """Return the version meant; what is given counts before what is remembered."""
        if name is None and version is None:
            return self._remembered()
        return self._fetched(name or self._remembered().dataset_name, version)

    def _named(self, dataset: str | None) -> tuple[str, str]:
        if dataset is None:
            return self._remembered().dataset_name, self._remembered().version
        name, slash, version = dataset.partition("/")
        if not name or not slash or not version or "/" in version:
            raise TyperError("a dataset to download is written `<name>/<version>`")
        return name, version


def _downloads(images: Sequence[Any], folder: Path, digests: Mapping[str, str | None]) -> list[Download]:
    """Return what to fetch where.

    Raises:
        ProcessingError: An entry is not as documented, or two pictures would become one file.
    """
    from picsellia_apply.client.download import Download, safe_path

    downloads: dict[str, Download] = {}
    for image in images:
        try:
            name, url = str(image["external_picture_url"]), str(image["signed_url"])
        except (KeyError, TypeError) as error:
            raise ProcessingError("the platform's list of pictures makes no sense") from error
        target = folder / safe_path(name.rsplit("/", 1)[-1] if "://" in name else name)
        known = downloads.get(os.path.normcase(target))
        if known is not None:
            raise ProcessingError(f"`{name}` and `{known.name}` would become one file")
        downloads[os.path.normcase(target)] = Download(name, url, target, digests.get(name))
    return list(downloads.values())
