"""Where the bytes that a plan names are on this disk: plans hold no path of a machine."""

from __future__ import annotations

from collections.abc import Iterator

from picsellia_apply.manifest.pictures import paths_by_ref
from picsellia_apply.model.address import Address
from picsellia_apply.model.declaration import Declaration, LocalFile


def bytes_by_ref(declaration: Declaration) -> dict[str, str]:
    """Return the path to open for everything that has bytes.

    Args:
        declaration: What the manifests say.

    Returns:
        `pictures/SET:relative/name`, `file/NETWORK/KEY`, `thumbnail/NETWORK` (names quoted as in addresses) to paths.
    """
    paths: dict[str, str] = {}
    for one in declaration.picture_sets:
        paths.update(paths_by_ref(one))
    paths.update((ref, file.path) for ref, file in _network_files(declaration))
    return paths


def digests_by_ref(declaration: Declaration) -> dict[str, str | None]:
    """Return the sha256 of everything that has bytes, None where they are not on this machine; keys as above."""
    digests: dict[str, str | None] = {}
    for one in declaration.picture_sets:
        head, pictures = str(Address("pictures", one.name)), one.pictures
        rows = zip(pictures.files, pictures.paths, pictures.sha256, strict=True)
        digests.update({f"{head}:{file}": sha256 if path else None for file, path, sha256 in rows})
    digests.update((ref, file.sha256) for ref, file in _network_files(declaration))
    return digests


def _network_files(declaration: Declaration) -> Iterator[tuple[str, LocalFile]]:
    for network in declaration.networks:
        for key, file in network.files.items():
            yield str(Address("file", network.name, rest=(key,))), file
        if network.thumbnail is not None:
            yield str(Address("thumbnail", network.name)), network.thumbnail
