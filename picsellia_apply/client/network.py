"""`client.network`: trained architectures, their properties and files.

An argument that is given always counts; the network got or made last stands in for one that is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from picsellia_apply.client import network_files, objects
from picsellia_apply.client.archive import write_archive
from picsellia_apply.client.connected import Connected
from picsellia_apply.errors import ResourceNotFoundError, TyperError

if TYPE_CHECKING:
    from picsellia_apply.client.download import Download

# Aliases, as the class has a method `list`.
Networks = list[objects.Network]
Files = list[Path]


class Network(Connected):
    """Your networks."""

    _current: objects.Network | None = None

    @property
    def current(self) -> objects.Network | None:
        """The network got or made last, None when there is none."""
        return self._current

    def list(self, organization: str | None = None) -> Networks:
        """Return the networks of an organization.

        Args:
            organization: One that you belong to; None means the one you are connected to.
        """
        answer = self._ask("GET", "network", organization or self.connection.organization)
        return objects.Network.all_of(answer.get("networks"))

    def get(self, identifier: str | None = None) -> objects.Network:
        """Return a network by its name or id, and remember it.

        Args:
            identifier: None means the network remembered, read again.

        Raises:
            ResourceNotFoundError: There is no such network.
        """
        self._current = self._found(identifier) if identifier else self._found(self._remembered().model_id)
        return self._current

    def create(self, name: str | None = None, type: str | None = None) -> objects.Network:
        """Make a network, and remember it.

        Args:
            name: Of the network.
            type: The task it performs: detection, segmentation, classification, or your own word.

        Raises:
            InvalidQueryError: The name is taken.
        """
        if not name or not type:
            raise TyperError("a network needs a name and a type")
        self._current = self._by_id(self.connection.writer.create_network(name, type))
        return self._current

    def update(self, **kwargs: Any) -> objects.Network:
        """Set properties of the network remembered.

        Args:
            **kwargs: Any property of the Network object but `model_id`, `serving_id`, `organization` and `owner`.

        Raises:
            TyperError: A property is read-only, or no network has it; nothing was sent.
        """
        if not kwargs:
            raise TyperError("no property is given")
        model_id = self._remembered().model_id
        network_files.patch_network(self.connection.transport, self.connection.organization, model_id, kwargs)
        return self.get(model_id)

    def labels(self, labels: Mapping[Any, Any]) -> objects.Network:
        """Set the label map of the network remembered."""
        return self.update(labels={str(key): value for key, value in labels.items()})

    def store(self, name: str, path: str | Path, zip: bool = False) -> objects.Network:
        """Send a file of the network remembered and put it under a name.

        Args:
            name: The file's name, e.g. `config` or `model-latest`.
            path: The file.
            zip: Pack it first; must be so for a folder.
        """
        model_id, source = self._remembered().model_id, Path(path)
        if not zip and not source.is_file():
            raise TyperError(f"`{source}` is not a file", "zip=True packs a folder" if source.is_dir() else "")
        if zip:
            import tempfile

            with tempfile.TemporaryDirectory() as folder:
                packed = Path(folder, f"{source.name}.zip")
                write_archive(source, packed)
                self._store(model_id, name, packed)
        else:
            self._store(model_id, name, source)
        return self.get(model_id)

    def _store(self, model_id: str, name: str, path: Path) -> None:
        """Send a file with a bar on what takes longer than a second."""
        from picsellia_apply.client.progress import Bar

        with Bar(f"storing {path.name}", path.stat().st_size, in_bytes=True) as bar:
            self.connection.writer.store_file(model_id, name, path, on_sent=bar.advance)

    def update_thumb(self, path: str | Path) -> objects.Network:
        """Send the thumbnail of the network remembered; it must be smaller than 5 MiB."""
        model_id = self._remembered().model_id
        self.connection.writer.store_thumbnail(model_id, Path(path))
        return self.get(model_id)

    def delete(self, identifier: str | None = None) -> None:
        """Delete a network.

        Args:
            identifier: Name or id; None means the network remembered.
        """
        target = self._found(identifier) if identifier else self._remembered()
        self.connection.writer.delete_network(target.model_id)
        if self._current is not None and self._current.model_id == target.model_id:
            self._current = None

    def download(self, name: str | None = None, path: str | Path | None = None) -> Files:
        """Download files of the network remembered.

        Args:
            name: The file's name; None means all of them.
            path: Folder to write to; None means the current one.

        Returns:
            The files written.

        Raises:
            ResourceNotFoundError: The network has no such file.
            TransferError: Some were not downloaded; the others were.
        """
        from picsellia_apply.client.download import fetch_all

        network = self.get()
        if name is not None and name not in network.files:
            raise ResourceNotFoundError(f"`{network.network_name}` has no file `{name}`")
        keys = network.files if name is None else [name]
        known = self._digests(network)
        downloads = [self._download(str(network.files[key]), key, Path(path or "."), known.get(key)) for key in keys]
        if len({one.target for one in downloads}) != len(downloads):
            raise TyperError("two files of this network have one name", "download them one by one, into two folders")
        fetch_all(self.connection.transport, downloads)
        return [one.target for one in downloads]

    def _digests(self, network: objects.Network) -> dict[str, str | None]:
        """Return file name -> sha256 of a network's files, where the platform tells them."""
        infos = self.connection.reader.networks([network.network_name])
        return {key: file.sha256 for one in infos for key, file in one.files.items()}

    def _download(self, object_name: str, key: str, folder: Path, sha256: str | None) -> Download:
        from picsellia_apply.client.download import Download, safe_path

        url = network_files.signed_url(self.connection.transport, object_name, model=True)
        return Download(key, url, folder / safe_path(object_name).name, sha256)

    def _ask(self, method: str, *path: str) -> dict[str, Any]:
        return self.connection.transport.ask(method, *path, answer=dict[str, Any], repeat_safe=True)

    def _by_id(self, model_id: str) -> objects.Network:
        return objects.Network.of(self._ask("GET", "network", self.connection.organization, model_id))

    def _found(self, identifier: str) -> objects.Network:
        if _is_id(identifier):
            try:
                return self._by_id(identifier)
            except ResourceNotFoundError:
                pass  # a name may look like an id
        path = ("network", "by_name", self.connection.organization, identifier)
        return objects.Network.of(self._ask("GET", *path))

    def _remembered(self) -> objects.Network:
        if self._current is None:
            raise TyperError("which network?", "get or create one first")
        return self._current


def _is_id(text: str) -> bool:
    import uuid

    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
