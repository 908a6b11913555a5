"""Network documents with their files hashed and their readme read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from picsellia_apply.errors import Diagnostic
from picsellia_apply.local import StatCache
from picsellia_apply.local.measure import measure_file
from picsellia_apply.manifest.documents import NetworkDocument, NetworkSpec, managed, unmanaged
from picsellia_apply.manifest.faults import fault
from picsellia_apply.manifest.files import Read
from picsellia_apply.manifest.paths import existing, is_pointer, pointer_fault, read_text
from picsellia_apply.manifest.reach import Reach
from picsellia_apply.media import NotAPicture, probe
from picsellia_apply.model.declaration import LocalFile, Network
from picsellia_apply.source import Place

_WIRE_NAMES = {"tags": "tag"}


def read_network(read: Read, document: NetworkDocument, cache: StatCache) -> tuple[Network, list[Diagnostic]]:
    """Read everything that one document names.

    Returns:
        The network, and every fault, with places.
    """
    diagnostics: list[Diagnostic] = []
    spec, place = document.spec, read.place.at("spec")
    fields = dict(_plain_fields(spec))
    readme = managed(spec, "readme")
    if readme is not None:
        text = _readme(readme.text, readme.file, read.reach, place.at("readme", "file"), diagnostics)
        fields["readme_text"] = text
    files = {}
    for key, written in (managed(spec, "files") or {}).items():
        file = _local_file(read.reach, written, place.at("files", key), cache, diagnostics)
        if file is not None:
            files[key] = file
    thumbnail = None
    if "thumbnail" in spec.model_fields_set:
        thumbnail = _local_file(read.reach, spec.thumbnail, place.at("thumbnail"), cache, diagnostics, anywhere=True)
        if thumbnail is not None:
            _check_picture(thumbnail, place.at("thumbnail"), diagnostics)
    absent = unmanaged(spec, "files", "thumbnail")
    protect = managed(spec, "protect")
    return Network(document.metadata.name, read.place, fields, files, thumbnail, absent, protect), diagnostics


def _plain_fields(spec: NetworkSpec) -> Mapping[str, Any]:
    """Return the managed properties that the manifest itself holds, under the wire's names."""
    plain = ("type", "framework", "description", "private", "tags", "labels", "base_parameters")
    return {_WIRE_NAMES.get(name, name): getattr(spec, name) for name in plain if name in spec.model_fields_set}


def _readme(text: str, written: str, reach: Reach, place: Place, diagnostics: list[Diagnostic]) -> str:
    if not written:
        return text
    path = existing(reach, written, place, diagnostics)
    if path is None:
        return ""
    return read_text(path, written, place, diagnostics) or ""


def _local_file(
    reach: Reach,
    written: str,
    place: Place,
    cache: StatCache,
    diagnostics: list[Diagnostic],
    *,
    anywhere: bool = False,
) -> LocalFile | None:
    path = existing(reach, written, place, diagnostics, anywhere=anywhere)
    if path is None:
        return None
    if is_pointer(path):
        diagnostics.append(pointer_fault(written, place))
        return None
    try:
        digest, size = measure_file(path, cache)
    except OSError as error:
        diagnostics.append(fault("M031", f"`{written}` cannot be read: {error.strerror}", place))
        return None
    return LocalFile(os.path.abspath(path), written, digest, size)  # noqa: PTH100 - links stay as they are


def _check_picture(file: LocalFile, place: Place, diagnostics: list[Diagnostic]) -> None:
    try:
        probe(Path(file.path))
    except NotAPicture as error:
        diagnostics.append(fault("P003", f"`{file.written}` is no picture: {error.reason}", place))
    except OSError as error:
        diagnostics.append(fault("M031", f"`{file.written}` cannot be read: {error.strerror}", place))
