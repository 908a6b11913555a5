"""Network documents with their files hashed and their readme read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from picsellia_apply.errors import Diagnostic
from picsellia_apply.local import StatCache
from picsellia_apply.local.measure import measure_file
from picsellia_apply.manifest.documents import NetworkDocument, NetworkSpec, managed
from picsellia_apply.manifest.faults import did_you_mean, fault
from picsellia_apply.manifest.files import Read
from picsellia_apply.media import LFS_POINTER, NotAPicture, probe
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
        text = _readme(readme.text, readme.file, read.folder, place.at("readme", "file"), diagnostics)
        fields["readme_text"] = text
    files = {}
    for key, written in (managed(spec, "files") or {}).items():
        file = _local_file(read.folder, written, place.at("files", key), cache, diagnostics)
        if file is not None:
            files[key] = file
    thumbnail = None
    if "thumbnail" in spec.model_fields_set:
        thumbnail = _local_file(read.folder, spec.thumbnail, place.at("thumbnail"), cache, diagnostics)
        if thumbnail is not None:
            _check_picture(thumbnail, place.at("thumbnail"), diagnostics)
    return Network(document.metadata.name, read.place, fields, files, thumbnail), diagnostics


def _plain_fields(spec: NetworkSpec) -> Mapping[str, Any]:
    """Return the managed properties that the manifest itself holds, under the wire's names."""
    plain = ("type", "framework", "description", "private", "tags", "labels", "base_parameters")
    return {_WIRE_NAMES.get(name, name): getattr(spec, name) for name in plain if name in spec.model_fields_set}


def _readme(text: str, written: str, folder: Path, place: Place, diagnostics: list[Diagnostic]) -> str:
    if not written:
        return text
    path = existing(folder, written, place, diagnostics)
    if path is None:
        return ""
    return read_text(path, written, place, diagnostics) or ""


def existing(folder: Path, written: str, place: Place, diagnostics: list[Diagnostic]) -> Path | None:
    """Return the file that a manifest names, or None after telling what is wrong with it."""
    path = folder / written
    if path.is_file():
        return path
    if path.is_dir():
        diagnostics.append(fault("M033", f"`{written}` is a folder; a file is expected here", place))
        return None
    diagnostics.append(missing(path, written, place))
    return None


def missing(path: Path, written: str, place: Place) -> Diagnostic:
    """Return the error for a file that is not there, with the nearest one beside it as a hint."""
    try:
        beside = [one.name for one in path.parent.iterdir()]
    except OSError:
        beside = []
    hint = did_you_mean(path.name, beside) or "paths are relative to the manifest"
    return fault("M032", f"there is no file `{written}`", place, hint)


def read_text(path: Path, written: str, place: Place, diagnostics: list[Diagnostic]) -> str | None:
    """Return a file's text, or None after telling what is wrong with it."""
    try:
        data = path.read_bytes()
        if data.startswith(LFS_POINTER):
            diagnostics.append(_pointer(written, place))
            return None
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        diagnostics.append(fault("M031", f"`{written}` is not UTF-8 (line {line})", place, "save the file as UTF-8"))
    except OSError as error:
        diagnostics.append(fault("M031", f"`{written}` cannot be read: {error.strerror}", place))
    return None


def _pointer(written: str, place: Place) -> Diagnostic:
    hint = "run `git lfs pull`; in CI, check out with LFS"
    return fault("M034", f"`{written}` is a git-lfs pointer, not the file itself", place, hint)


def _local_file(
    folder: Path, written: str, place: Place, cache: StatCache, diagnostics: list[Diagnostic]
) -> LocalFile | None:
    path = existing(folder, written, place, diagnostics)
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            if file.read(len(LFS_POINTER)) == LFS_POINTER:
                diagnostics.append(_pointer(written, place))
                return None
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
