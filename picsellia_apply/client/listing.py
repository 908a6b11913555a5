"""The whole of an organization: every picture, dataset and network, each listing proven complete, for exports.

Names come from SDK v2's own lists, which every platform has; what is behind them comes as the bulk reader gets it: in
pages of columns where the platform offers them, else by v2 alone. Never a request for each picture, bytes aside.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from picsellia_apply.client.download import Download, fetch_all
from picsellia_apply.client.network_files import signed_url
from picsellia_apply.client.plain_reader import PlainReader
from picsellia_apply.client.reader import ANNOTATIONS_AT_ONCE
from picsellia_apply.client.transport import chunks
from picsellia_apply.errors import ProcessingError

if TYPE_CHECKING:
    from picsellia_apply.client import Client
    from picsellia_apply.client.transport import Transport
    from picsellia_apply.wire.extension import DatasetInfo, NetworkInfo, PictureColumns, VersionInfo

_AGAIN = "somebody else may be writing; run it again"


class _Key(msgspec.Struct):
    external_url: str
    internal_key: str


class _Keys(msgspec.Struct):
    pictures: list[_Key]


class _Named(msgspec.Struct):
    dataset_id: str
    dataset_name: str
    version: str
    size: int


class _Versions(msgspec.Struct):
    datasets: list[_Named]


class _NetworkName(msgspec.Struct):
    network_name: str


class _Networks(msgspec.Struct):
    networks: list[_NetworkName]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file to fetch.

    Attributes:
        name: What to call it in messages.
        target: Where to write it.
        sha256: What its bytes must be, None where the platform tells none.
        object_name: Of a network's file or thumbnail; a picture is found by its name.
        model: Whether that is in the namespace of network files.
    """

    name: str
    target: Path
    sha256: str | None = None
    object_name: str = ""
    model: bool = False


@dataclass(slots=True)
class Listing:
    """Reads everything of an organization."""

    client: Client
    _keys: dict[str, str] | None = field(default=None)

    def pictures(self) -> PictureColumns:
        """Return every picture, ordered by name.

        Raises:
            ProcessingError: The pages do not add up to the total they state, or a name comes twice.
        """
        columns = self.client.reader.all_pictures()
        if len(set(columns.names)) != len(columns.names):
            raise ProcessingError("the platform lists a picture twice", _AGAIN)
        return columns

    def datasets(self, names: Collection[str] = ()) -> tuple[DatasetInfo, ...]:
        """Return datasets with their versions, ordered by name, versions oldest first.

        Args:
            names: Which ones; none for all. Unknown names are left out.

        Raises:
            ProcessingError: What is listed and what is read are not the same versions of the same sizes.
        """
        path = ("dataset", self.client.organization_id)
        listed = self._transport.ask("GET", *path, answer=_Versions, repeat_safe=True).datasets
        listed = [one for one in listed if not names or one.dataset_name in names]
        infos = self.client.reader.datasets({one.dataset_name for one in listed})
        read = sorted((info.name, one.name, one.dataset_id, one.size) for info in infos for one in info.versions)
        if read != sorted((one.dataset_name, one.version, one.dataset_id, one.size) for one in listed):
            raise ProcessingError("the datasets that the platform lists are not those that it shows", _AGAIN)
        return tuple(sorted(infos, key=lambda info: info.name))

    def members(self, version: VersionInfo) -> tuple[str, ...]:
        """Return the pictures of a version, ordered by name.

        Raises:
            ProcessingError: They are not as many as the version states.
        """
        names = tuple(sorted(self.client.reader.version_members(version.dataset_id))) if version.size else ()
        if len(names) != version.size:
            message = f"version `{version.name}` lists {len(names)} pictures and states {version.size}"
            raise ProcessingError(message, _AGAIN)
        return names

    def annotations(self, version: VersionInfo) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield picture name and canonical texts of every annotated picture, ordered by name, a page at a time.

        Raises:
            ProcessingError: They are not as many pictures or objects as the version states.
        """
        if not version.annotated:
            return
        reader = self.client.reader
        names = sorted(reader.annotation_sizes(version.dataset_id))
        at_once = len(names) if isinstance(reader, PlainReader) else ANNOTATIONS_AT_ONCE
        pictures = objects = 0
        for some in chunks(names, max(at_once, 1)):
            found = reader.annotations(version.dataset_id, some)
            for name in some:
                if name in found:
                    pictures, objects = pictures + 1, objects + sum(_is_object(text) for text in found[name])
                    yield name, found[name]
        if pictures != version.annotated or (not isinstance(reader, PlainReader) and objects != version.objects):
            message = f"version `{version.name}` has {pictures} annotated pictures and states {version.annotated}"
            raise ProcessingError(message, _AGAIN)

    def networks(self) -> tuple[NetworkInfo, ...]:
        """Return every network, ordered by name.

        Raises:
            ProcessingError: Some that are listed cannot be read.
        """
        path = ("network", self.client.organization)
        listed = self._transport.ask("GET", *path, answer=_Networks, repeat_safe=True).networks
        names = {one.network_name for one in listed}
        found = self.client.reader.networks(names)
        if {one.network.network_name for one in found} != names or len(found) != len(listed):
            raise ProcessingError("the networks that the platform lists are not those that it shows", _AGAIN)
        return tuple(sorted(found, key=lambda one: one.network.network_name))

    def fetch(self, wanted: Sequence[Wanted]) -> None:
        """Fetch bytes; what is there with the digest that the platform tells is not fetched again.

        Raises:
            TransferError: Some could not be fetched; the others were.
            ProcessingError: A picture is no longer there.
        """
        downloads = [Download(one.name, partial(self._url, one), one.target, one.sha256) for one in wanted]
        if any(not one.object_name for one in wanted):
            self._picture_keys()
        fetch_all(self._transport, downloads)

    def _url(self, wanted: Wanted) -> str:
        name = wanted.object_name or self._picture_keys().get(wanted.name, "")
        if not name:
            raise ProcessingError(f"`{wanted.name}` is no longer there", _AGAIN)
        return signed_url(self._transport, name, model=wanted.model)

    def _picture_keys(self) -> dict[str, str]:
        """Return picture name -> key of its object: in v2's list only."""
        if self._keys is None:
            path = ("datalake", self.client.organization_id)
            found = self._transport.ask("GET", *path, answer=_Keys, repeat_safe=True).pictures
            self._keys = {one.external_url: one.internal_key for one in found}
        return self._keys

    @property
    def _transport(self) -> Transport:
        return self.client.connection.transport


def _is_object(text: str) -> bool:
    return not text.endswith('"type":"image_qa"}')
