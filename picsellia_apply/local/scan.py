"""The pictures of one set: files found, chosen, read and named."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.local.cache import Entry, Stat, StatCache, stat_of
from picsellia_apply.local.globs import is_glob, matcher, normal_pattern
from picsellia_apply.local.measure import Fault, measure
from picsellia_apply.local.naming import name_diagnostics, picture_name
from picsellia_apply.local.walk import list_files
from picsellia_apply.media import PICTURE_SUFFIXES, NotAPicture
from picsellia_apply.model.declaration import LocalPictures
from picsellia_apply.source import Place, Position, shown_path

_SUFFIXES = tuple(sorted(PICTURE_SUFFIXES))
_SHOWN = 50
"""Most files that are told one by one for one reason."""


@dataclass(slots=True)
class _Scan:
    """What was found so far: files relative to their source, and everything to say."""

    cache: StatCache
    include: Sequence[str]
    exclude: Sequence[str]
    rows: list[tuple[str, str, Entry]] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    faults: dict[str, Fault] = field(default_factory=dict)
    matched: set[int] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    folders: int = 0


def scan_pictures(
    sources: Sequence[Path], *, include: Sequence[str], exclude: Sequence[str], naming: str, cache: StatCache
) -> tuple[LocalPictures, tuple[Diagnostic, ...]]:
    """Find and read the pictures of one set.

    Args:
        sources: Folders and files. In a folder, pictures are chosen by `include` and `exclude`; hidden files never.
        include: Globs and names relative to a folder; none for every picture of a type we know. A glob chooses among
            those types, a name whatever it names.
        exclude: Globs and names to leave out.
        naming: `basename` or `path`.
        cache: Knows files that did not change.

    Returns:
        The pictures, and every fault. A diagnostic about one file has its position; one about the set as a whole has
        none; one about an entry of `include` or `exclude` has a `Place` without a file, relative to the set's fields.
    """
    scan = _Scan(cache, include, exclude)
    for number, source in enumerate(sources):
        _scan_source(scan, source, number)
    _tell_patterns(scan)
    _tell_faults(scan)
    if not scan.rows and not any(d.severity is Severity.error for d in scan.diagnostics):
        scan.diagnostics.append(
            _error("P002", "no picture is chosen", None, "do `include` and `exclude` fit the files?")
        )
    return _columns(scan, naming), tuple(scan.diagnostics)


def _scan_source(scan: _Scan, source: Path, number: int) -> None:
    place = Place("", 0, ("from", str(number)))
    try:
        stat = source.stat()
    except (OSError, ValueError) as error:
        reason = (
            "does not exist"
            if isinstance(error, FileNotFoundError)
            else f"cannot be read: {getattr(error, 'strerror', error)}"
        )
        hint = "nothing is ever deleted because a folder is missing; mend the path, or remove the document"
        scan.diagnostics.append(_error("P001", f"`{shown_path(source)}` {reason}", place, hint))
        return
    if source.is_dir():
        _scan_folder(scan, source, place)
    elif source.is_file():
        entries, faults = measure_one(source, stat_of(stat), scan.cache)
        _take(scan, source.parent, entries, faults)
    else:
        message = f"`{shown_path(source)}` is neither a file nor a folder"
        scan.diagnostics.append(_error("P009", message, place))


def measure_one(path: Path, stat: Stat, cache: StatCache) -> tuple[dict[str, Entry], dict[str, Fault]]:
    """Learn about one picture without forgetting its neighbours."""
    neighbours = {name: Stat(*entry[:4]) for name, entry in cache.folder(path.parent).entries.items()}
    return measure(path.parent, {**neighbours, path.name: stat}, [path.name], cache)


def _scan_folder(scan: _Scan, folder: Path, place: Place) -> None:
    listing = list_files(folder)
    scan.diagnostics += listing.diagnostics
    scan.folders += 1
    pictures = [file for file in listing.files if file.lower().endswith(_SUFFIXES)]
    if not pictures and not (listing.files and scan.include) and not listing.diagnostics:
        known = ", ".join(sorted(suffix[1:] for suffix in PICTURE_SUFFIXES))
        message = f"the folder `{shown_path(folder)}` holds no picture"
        scan.diagnostics.append(_error("P002", message, place, f"types we know: {known}"))
    chosen = _choose(scan, listing.files, pictures)
    entries, faults = measure(folder, listing.files, chosen, scan.cache)
    _take(scan, folder, entries, faults)


def _choose(scan: _Scan, files: Mapping[str, Stat], pictures: Sequence[str]) -> list[str]:
    chosen: Sequence[str] = pictures
    if scan.include:
        chosen = _included(scan, files, pictures)
    if scan.exclude:
        excluded = matcher(scan.exclude)
        chosen = [file for file in chosen if not excluded(_normal(file))]
    return list(chosen)


def _included(scan: _Scan, files: Mapping[str, Stat], pictures: Sequence[str]) -> list[str]:
    """Choose by `include`, and keep in mind which of its entries chose something."""
    normal = {_normal(file): file for file in files}
    known = {_normal(file) for file in pictures}
    chosen: set[str] = set()
    for number, pattern in enumerate(scan.include):
        name = normal_pattern(pattern)
        if name in normal:
            hits = {name}
        elif is_glob(pattern):
            hits = set(filter(matcher([pattern]), known))
        else:
            hits = set()
        if hits:
            scan.matched.add(number)
            chosen |= hits
    return [normal[name] for name in sorted(chosen)]


def _normal(file: str) -> str:
    return file if file.isascii() else unicodedata.normalize("NFC", file)


def _take(scan: _Scan, folder: Path, entries: Mapping[str, Entry], faults: Mapping[str, Fault]) -> None:
    root = os.path.join(os.path.abspath(folder), "")  # noqa: PTH100, PTH118 - links and all, with a separator behind
    for file, entry in entries.items():
        path = root + file
        if path not in scan.seen:
            scan.seen.add(path)
            scan.rows.append((file, path, entry))
    scan.faults.update((root + file, fault) for file, fault in faults.items())


def _tell_patterns(scan: _Scan) -> None:
    if not scan.folders:
        return
    silent = [number for number in range(len(scan.include)) if number not in scan.matched]
    for number in silent[:_SHOWN]:
        pattern, place = scan.include[number], Place("", 0, ("include", str(number)))
        if is_glob(pattern):
            message = f"`{pattern}` matches no picture"
            scan.diagnostics.append(Diagnostic("P011", Severity.warning, message, place))
        else:
            hint = f"for everything in a folder write `{normal_pattern(pattern)}/**`" if "." not in pattern else ""
            scan.diagnostics.append(_error("P012", f"there is no file `{pattern}`", place, hint))
    if len(silent) > _SHOWN:
        more = len(silent) - _SHOWN
        message = f"{more:,} more entries of `include` match nothing"
        scan.diagnostics.append(Diagnostic("P012", Severity.error, message, Place("", 0, ("include",)), "", more))


def _tell_faults(scan: _Scan) -> None:
    pointers = [path for path, fault in scan.faults.items() if isinstance(fault, NotAPicture) and fault.is_pointer]
    if pointers:
        message = f"{len(pointers):,} of the pictures are git-lfs pointers, not the pictures themselves"
        position = Position(shown_path(pointers[0]))
        hint = "run `git lfs pull`; in CI, check out with LFS"
        scan.diagnostics.append(Diagnostic("P004", Severity.error, message, position, hint, len(pointers)))
    others = [path for path in scan.faults if path not in set(pointers)]
    for path in others[:_SHOWN]:
        scan.diagnostics.append(_file_fault(path, scan.faults[path]))
    if len(others) > _SHOWN:
        more = len(others) - _SHOWN
        scan.diagnostics.append(
            Diagnostic("P003", Severity.error, f"{more:,} more files are no pictures that can be used", None, "", more)
        )


def _file_fault(path: str, fault: Fault) -> Diagnostic:
    position = Position(shown_path(path))
    if isinstance(fault, NotAPicture):
        hint = "mend or remove the file, or name it under `exclude`"
        return Diagnostic("P003", Severity.error, f"no picture: {fault.reason}", position, hint)
    return Diagnostic("P009", Severity.error, f"the file cannot be read: {fault.strerror}", position)


def _columns(scan: _Scan, naming: str) -> LocalPictures:
    names = [picture_name(file, naming) for file, _, _ in scan.rows]
    scan.diagnostics += name_diagnostics(names, [path for _, path, _ in scan.rows], naming)
    if not names:
        return LocalPictures()
    rows = [(name, file, path, *entry) for name, (file, path, entry) in zip(names, scan.rows, strict=True)]
    rows.sort()
    name, files, paths, sizes, _, _, _, digests, widths, heights, turns = zip(*rows, strict=True)
    return LocalPictures(name, files, paths, digests, sizes, widths, heights, turns)


def _error(code: str, message: str, place: Place | None, hint: str = "") -> Diagnostic:
    return Diagnostic(code, Severity.error, message, place, hint)
