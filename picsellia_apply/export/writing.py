"""An export on disk: a folder that is ours. What export did not write, or somebody changed since, is never touched.

A hidden file lists what was written, with digests. Before a file is written or replaced, the digest that it will have
stands there too: so an export that was cut short is taken up again wherever that was, and still tells what somebody
changed since. An export into the same folder removes what is no longer on the platform; so a folder keeps to the
platform that it is of. The list may come from a repository of others, so it is believed only about files that an export
can have written.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from picsellia_apply.errors import UsageError
from picsellia_apply.export.platform import Platform, platform_of
from picsellia_apply.local import hash_file, index_text

if TYPE_CHECKING:
    from picsellia_apply.client.listing import Listing
    from picsellia_apply.export.layout import Export, SetFiles
    from picsellia_apply.model.declaration import LocalPictures

MARKER = ".picsellia-export.json"
FORMAT_VERSION = 3
_STAGE = ".picsellia-export.new"
"""A folder of files that are whole and not in their places yet; what a killed run left there is thrown away."""
_FRESH_MARKER = f"{MARKER}.new"
_FILES = frozenset({"workspace.yaml", "pictures.yaml"})
_FOLDERS = frozenset({"pictures", "index", "datasets", "networks"})
_NEVER = frozenset("\0\\:")
_SHOWN = 3


class _Marker(msgspec.Struct):
    """What export wrote.

    Attributes:
        format_version: Of this file.
        platform: What it is an export of; None where nothing was written yet.
        download: Whether bytes are part of the export.
        files: Path to digest, of what was written.
        begun: The same of what a run that was cut short may have put there; None for bytes that no platform told the
            digest of.
    """

    format_version: int = FORMAT_VERSION
    platform: Platform | None = None
    download: bool = False
    files: dict[str, str] = {}
    begun: dict[str, str | None] = {}

    @property
    def paths(self) -> set[str]:
        """Return every path that may be ours."""
        return {*self.files, *self.begun}

    def knows(self, path: str, digest: str) -> bool:
        """Return whether a file with that digest is ours as we left it."""
        return digest in {self.files.get(path), self.begun.get(path)} or self.begun.get(path, "") is None


@dataclass(slots=True)
class Written:
    """What was done: how many files are there now, and what was left out, in words."""

    files: int = 0
    removed: int = 0
    left_out: list[str] = field(default_factory=list)


def check_folder(out: Path, *, download: bool) -> None:
    """See to it that a folder may be exported to, before anything is read.

    Raises:
        UsageError: It is no folder, holds what export did not write, or was exported with `--download`.
    """
    if (out.exists() or out.is_symlink()) and not out.is_dir():
        raise UsageError(f"--out: `{out}` is no folder")
    marker = _read_marker(out)
    if marker.download and not download:
        hint = "say `--download` again, or give another folder"
        raise UsageError(f"--out: `{out}` was exported with `--download`", hint=hint)


def check_platform(out: Path, platform: Platform) -> None:
    """See to it that a folder is of a platform, or of none yet: of another one everything would be removed.

    Raises:
        UsageError: It is of another one.
    """
    _check_platform(out, _read_marker(out), platform)


def _check_platform(out: Path, marker: _Marker, platform: Platform) -> None:
    if marker.platform is None or marker.platform.is_same(platform):
        return
    message = f"--out: `{out}` holds an export of {marker.platform}, and {platform} is asked for"
    hint = (
        "give another folder: this one would lose what it holds; or name the platform that it is of: `--host` or "
        "PICSELLIA_HOST, `--organization`, or `--embedded` in the project of that lake"
    )
    raise UsageError(message, hint=hint)


def _read_marker(out: Path) -> _Marker:
    """Return what is known of a folder; nothing of one that is empty, or where the first run wrote nothing yet.

    Raises:
        UsageError: It is no folder of ours, or its list is not what an export wrote.
    """
    path = out / MARKER
    if not out.is_dir() or all(one.name == _FRESH_MARKER for one in out.iterdir()):
        return _Marker()
    hint = "give a folder that is empty, or one that `picsellia-apply export` wrote"
    if path.is_symlink():
        raise UsageError(f"--out: `{path}` is a link", hint=hint)
    try:
        marker = msgspec.json.decode(path.read_bytes(), type=_Marker)
    except FileNotFoundError:
        raise UsageError(f"--out: `{out}` holds files that export did not write", hint=hint) from None
    except (OSError, msgspec.DecodeError) as error:
        raise UsageError(f"--out: `{path}` cannot be read: {error}", hint=hint) from None
    if marker.format_version != FORMAT_VERSION:
        anew = "give another folder; what is in this one is not removed, as it does not say which platform it is of"
        raise UsageError(f"--out: `{out}` was written by another version", hint=anew)
    foreign = sorted(one for one in marker.paths if not _can_be_ours(one))
    if foreign:
        raise UsageError(f"--out: `{path}` names {foreign[0]!a}, which no export writes", hint=hint)
    if marker.platform is None:
        raise UsageError(f"--out: `{path}` does not say which platform it is of", hint=hint)
    return marker


def _can_be_ours(path: str) -> bool:
    """Return whether an export can have written a file of that path: below the folder, and never a hidden one."""
    parts = path.split("/")
    within = path in _FILES if len(parts) == 1 else parts[0] in _FOLDERS
    return within and not any(not part or part.startswith(".") or _NEVER & set(part) for part in parts)


def write_export(export: Export, out: Path, listing: Listing, *, download: bool) -> Written:
    """Write an export, its bytes first.

    Args:
        export: What is to be written.
        out: The folder; made where there is none.
        listing: Of the platform; fetches bytes.
        download: Whether bytes are part of it.

    Returns:
        What was done.

    Raises:
        UsageError: The folder is of another platform, or something that is not ours stands in the way; nothing was
            written.
        TransferError: Some bytes could not be fetched; run it again.
    """
    platform, marker = platform_of(listing.client), _read_marker(out)
    _check_platform(out, marker, platform)
    marker = _settled(out, marker, export.paths)
    out.mkdir(parents=True, exist_ok=True)
    begun: dict[str, str | None] = {one.target.as_posix(): one.sha256 for one in export.fetched}
    marker = _Marker(platform=platform, download=download, files=marker.files, begun={**marker.begun, **begun})
    _write_marker(out, marker)
    folders, written = _Folders(out), Written()
    digests = _fetch(export, listing, folders)
    with _Stage(out) as stage:
        for one in export.sets:
            pictures = _pictures(one, out, digests, written) if download else one.known
            if pictures is not None and pictures.names:
                stage.write(one.index, [index_text(pictures).encode()])
            else:
                export.dropped.add(one.index)
        for path, lines in export.texts.items():
            stage.write(path, lines())
        _write_marker(out, msgspec.structs.replace(marker, begun={**marker.begun, **stage.digests}))
        stage.put(folders)
    digests |= stage.digests
    written.removed, kept = _remove_stale(out, marker, digests.keys(), written)
    _write_marker(out, _Marker(platform=platform, download=download, files={**kept, **digests}))
    written.files = len(digests)
    return written


def _settled(out: Path, marker: _Marker, paths: Iterable[str]) -> _Marker:
    """Return what of the files to write is there now, as the only thing that is known of them.

    Raises:
        UsageError: Something there is not as we wrote it.
    """
    found, foreign = dict[str, str](), []
    for path in sorted(paths):
        target = out / path
        if not target.exists() and not target.is_symlink():
            continue
        digest = _digest(target) if target.is_file() and not target.is_symlink() else ""
        if digest and marker.knows(path, digest):
            found[path] = digest
        else:
            foreign.append(path)
    if foreign:
        named = ", ".join(f"`{path}`" for path in foreign[:_SHOWN]) + (", ..." if len(foreign) > _SHOWN else "")
        were = "was" if len(foreign) == 1 else "were"
        message = f"--out: {named} {were} changed since, or {were} not written by export"
        raise UsageError(message, hint="give another folder, compare, and move over what you want")
    stale = marker.paths - set(paths)
    files = {path: digest for path, digest in marker.files.items() if path in stale}
    begun = {path: digest for path, digest in marker.begun.items() if path in stale}
    return _Marker(files={**files, **found}, begun=begun)


class _Folders:
    """Writes files below a folder, whole or not at all, and never through a link that leads out of it."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._root = out.resolve()
        self._made: set[Path] = set()

    def target(self, path: str) -> Path:
        """Return where a file goes, its folder made.

        Raises:
            UsageError: The folder is a link that leads elsewhere.
        """
        target = self._out / path
        if target.parent not in self._made:
            if not target.parent.resolve().is_relative_to(self._root):
                raise UsageError(f"--out: `{target.parent}` leads out of the folder", hint="remove the link")
            target.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(target.parent)
        return target


class _Stage:
    """Files that are written whole before the first of them takes its place."""

    def __init__(self, out: Path) -> None:
        self._folder = out / _STAGE
        self.digests: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._clear()
        self._folder.mkdir()
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()

    def _clear(self) -> None:
        if self._folder.is_symlink():
            self._folder.unlink()
        elif self._folder.exists():
            shutil.rmtree(self._folder)

    def write(self, path: str, pieces: Iterable[bytes]) -> None:
        """Write what will be the file of that path."""
        digest = hashlib.sha256()
        with (self._folder / str(len(self.digests))).open("xb") as file:
            for piece in pieces:
                digest.update(piece)
                file.write(piece)
        self.digests[path] = digest.hexdigest()

    def put(self, folders: _Folders) -> None:
        """Put every file where it goes."""
        for number, path in enumerate(self.digests):
            (self._folder / str(number)).replace(folders.target(path))


def _fetch(export: Export, listing: Listing, folders: _Folders) -> dict[str, str]:
    """Fetch every file and return the digests."""
    wanted = [replace(one, target=folders.target(one.target.as_posix())) for one in export.fetched]
    if wanted:
        listing.fetch(wanted)
    return {
        one.target.as_posix(): one.sha256 or _digest(there.target)
        for one, there in zip(export.fetched, wanted, strict=True)
    }


def _pictures(one: SetFiles, out: Path, digests: dict[str, str], written: Written) -> LocalPictures:
    """Return the pictures of a set as their files are; what is no picture is taken away again, and told."""
    from picsellia_apply.local import default_cache, scan_pictures

    names = {file: name for name, file in one.files.items()}
    cache = default_cache()
    found, _ = scan_pictures([out / one.folder], include=[], exclude=[], naming="path", cache=cache, called=names)
    cache.save()
    ours = [row for row, file in enumerate(found.files) if file in names]
    no_pictures = sorted(names.keys() - {found.files[row] for row in ours})
    for file in no_pictures:
        (out / one.folder / file).unlink()
        del digests[f"{one.folder}/{file}"]
    if no_pictures:
        named = ", ".join(f"`{names[file]}`" for file in no_pictures[:_SHOWN])
        written.left_out.append(f"{len(no_pictures):,} whose bytes are no picture: {named}")
    return _rows(found, ours)


def _rows(pictures: LocalPictures, rows: list[int]) -> LocalPictures:
    if len(rows) == len(pictures.names):
        return pictures
    columns = {name: tuple(getattr(pictures, name)[row] for row in rows) for name in _columns(pictures)}
    return replace(pictures, **columns)


def _columns(pictures: LocalPictures) -> Iterator[str]:
    yield from pictures.__dataclass_fields__


def _remove_stale(out: Path, marker: _Marker, current: Iterable[str], written: Written) -> tuple[int, dict[str, str]]:
    """Remove what an earlier export wrote, nobody changed, and this one does not write; return what stays."""
    removed, kept, root = 0, dict[str, str](), out.resolve()
    for path in sorted(marker.paths - set(current)):
        target = out / path
        if target.is_symlink() or not target.is_file() or not target.parent.resolve().is_relative_to(root):
            continue
        if marker.knows(path, _digest(target)):
            target.unlink()
            removed += 1
        else:
            kept[path] = marker.files.get(path) or marker.begun.get(path) or ""
            written.left_out.append(f"`{path}` is of an earlier export and was changed since: it is kept as it is")
    return removed, kept


def _digest(path: Path) -> str:
    return hash_file(path)[0]


def _write_marker(out: Path, marker: _Marker) -> None:
    data = msgspec.json.format(msgspec.json.encode(marker, order="sorted"), indent=1)
    fresh = out / _FRESH_MARKER
    fresh.unlink(missing_ok=True)
    with fresh.open("xb") as file:
        file.write(data + b"\n")
    fresh.replace(out / MARKER)
