"""The pictures of one set: files found, chosen, read and named."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.local.cache import Entry, Stat, StatCache, stat_of
from picsellia_apply.local.counting import AddedUp
from picsellia_apply.local.globs import glob_fault, is_glob, matcher, normal_pattern
from picsellia_apply.local.index import PictureIndex
from picsellia_apply.local.measure import Fault, Progress, measure
from picsellia_apply.local.naming import name_diagnostics, picture_name
from picsellia_apply.local.walk import list_files
from picsellia_apply.media import PICTURE_SUFFIXES, NotAPicture, Pointer
from picsellia_apply.model.declaration import LocalPictures
from picsellia_apply.source import Place, Position, shown_path

_SUFFIXES = tuple(sorted(PICTURE_SUFFIXES))
INDEX_HINT = "run `picsellia-apply index` where the pictures are, and commit the file"
_SHOWN = 50
"""Most files that are told one by one for one reason."""


@dataclass(slots=True)
class _Scan:
    """What was found so far: files relative to their source, and everything to say.

    `absent`: a source, or something that it held, is not on this machine and is looked up in an index.
    """

    cache: StatCache
    include: Sequence[str]
    exclude: Sequence[str]
    progress: AddedUp | None = None
    index: PictureIndex | None = None
    absent: bool = False
    pointers: dict[str, tuple[str, Pointer]] = field(default_factory=dict)
    rows: list[tuple[str, str, Entry]] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    faults: dict[str, Fault] = field(default_factory=dict)
    matched: set[int] = field(default_factory=set)
    excluding: set[int] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    singles: dict[Path, dict[str, Stat]] = field(default_factory=dict)
    folders: int = 0
    hidden_files: int = 0
    hidden_folders: int = 0


def scan_pictures(
    sources: Sequence[Path],
    *,
    include: Sequence[str],
    exclude: Sequence[str],
    naming: str,
    cache: StatCache,
    progress: Progress | None = None,
    index: PictureIndex | None = None,
    called: Mapping[str, str] = MappingProxyType({}),
) -> tuple[LocalPictures, tuple[Diagnostic, ...]]:
    """Find and read the pictures of one set.

    Args:
        sources: Folders and files. In a folder, pictures are chosen by `include` and `exclude`; hidden files never.
        include: Globs and names relative to a folder; none for every picture of a type we know. A glob chooses among
            those types, a name whatever it names.
        exclude: Globs and names to leave out, relative to each folder; of a file, its name.
        naming: `basename` or `path`.
        cache: Knows files that did not change.
        progress: Told how many files are read, of how many found so far.
        index: Knows the pictures that are not on this machine, be it some or all of them, or that git-lfs pointers
            stand for. A picture that is here counts as it is, whatever the index says; one that is not here counts
            as the index has it, so that a machine with a part of the pictures never wants fewer of them.
        called: File (NFC) to the picture's name, where `naming` does not say it.

    Returns:
        The pictures, and every fault. A diagnostic about one file has its position; one about the set as a whole has
        none; one about an entry of `include` or `exclude` has a `Place` without a file, relative to the set's fields.
    """
    scan = _Scan(cache, include, exclude, AddedUp(progress) if progress else None, index)
    for number, source in enumerate(sources):
        _scan_source(scan, source, number)
    for folder, files in scan.singles.items():
        _scan_files(scan, folder, files)
    if index is not None:
        _look_up(scan, index, lambda file: _named(file, naming, called))
    _tell_patterns(scan)
    _tell_exclude(scan)
    _tell_hidden(scan)
    _tell_faults(scan)
    if not scan.rows and not any(d.severity is Severity.error for d in scan.diagnostics):
        scan.diagnostics.append(
            _error("P002", "no picture is chosen", None, "do `include` and `exclude` fit the files?")
        )
    return _columns(scan, naming, called), tuple(scan.diagnostics)


def _scan_source(scan: _Scan, source: Path, number: int) -> None:
    place = Place("", 0, ("from", str(number)))
    try:
        stat = source.stat()
    except (OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError) and scan.index is not None and scan.index.stands_in:
            scan.absent = True
            return
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
        if not _excluded(scan, [source.name]):
            scan.singles.setdefault(source.parent, {})[source.name] = stat_of(stat)
    else:
        message = f"`{shown_path(source)}` is neither a file nor a folder"
        scan.diagnostics.append(_error("P009", message, place))


def _scan_files(scan: _Scan, folder: Path, files: Mapping[str, Stat]) -> None:
    """Learn about the pictures of one folder that are named one by one, without forgetting their neighbours."""
    neighbours = {name: Stat(*entry[:4]) for name, entry in scan.cache.folder(folder).entries.items()}
    progress = scan.progress.part() if scan.progress else None
    entries, faults = measure(folder, {**neighbours, **files}, files, scan.cache, progress)
    _take(scan, folder, entries, faults)


def _scan_folder(scan: _Scan, folder: Path, place: Place) -> None:
    listing = list_files(folder)
    scan.diagnostics += listing.diagnostics
    scan.folders += 1
    scan.hidden_files += listing.hidden_files
    scan.hidden_folders += listing.hidden_folders
    pictures = [file for file in listing.files if file.lower().endswith(_SUFFIXES)]
    if not pictures and scan.index is not None and scan.index.stands_in:
        scan.absent = True
    elif not pictures and not (listing.files and scan.include) and not listing.diagnostics:
        known = ", ".join(sorted(suffix[1:] for suffix in PICTURE_SUFFIXES))
        message = f"the folder `{shown_path(folder)}` holds no picture"
        scan.diagnostics.append(_error("P002", message, place, f"types we know: {known}"))
    chosen = _choose(scan, listing.files, pictures)
    progress = scan.progress.part() if scan.progress else None
    entries, faults = measure(folder, listing.files, chosen, scan.cache, progress)
    _take(scan, folder, entries, faults)


def _choose(scan: _Scan, files: Collection[str], pictures: Sequence[str]) -> list[str]:
    chosen: Sequence[str] = pictures
    if scan.include:
        chosen = _included(scan, files, pictures)
    excluded = _excluded(scan, files)
    return [file for file in chosen if file not in excluded] if excluded else list(chosen)


def _excluded(scan: _Scan, files: Collection[str]) -> set[str]:
    """Return the files that `exclude` leaves out, and keep in mind which of its entries did something."""
    if not scan.exclude:
        return set()
    normal = {_normal(file): file for file in files}
    left: set[str] = set()
    for number, pattern in enumerate(scan.exclude):
        hits = _hits(pattern, normal, normal)
        if hits:
            scan.excluding.add(number)
            left |= hits
    return {file for file in files if _normal(file) in left}


def _hits(pattern: str, names: Collection[str], choice: Collection[str]) -> set[str]:
    """Return the one that a pattern names, else those of `choice` that it matches as a glob."""
    name = normal_pattern(pattern)
    if name in names:
        return {name}
    return set(filter(matcher([pattern]), choice)) if is_glob(pattern) and not glob_fault(pattern) else set()


def _included(scan: _Scan, files: Collection[str], pictures: Sequence[str]) -> list[str]:
    """Choose by `include`, and keep in mind which of its entries chose something."""
    normal = {_normal(file): file for file in files}
    known = {_normal(file) for file in pictures}
    chosen: set[str] = set()
    for number, pattern in enumerate(scan.include):
        hits = _hits(pattern, normal, known)
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
    for file, fault in faults.items():
        if isinstance(fault, NotAPicture) and fault.pointer is not None:
            scan.pointers[root + file] = _normal(file), fault.pointer


def _look_up(scan: _Scan, index: PictureIndex, named: Callable[[str], str]) -> None:
    """Take from the index what is not on this machine."""
    against: dict[str, list[str]] = {"not in the index": [], "of other bytes than the index says": []}
    unknown, stale = against.values()
    for path, (file, pointer) in scan.pointers.items():
        entry = index.entries.get(file)
        if entry is None:
            unknown.append(file)
        elif (entry.sha256, entry.size) != (pointer.sha256, pointer.size):
            stale.append(file)
        else:
            scan.rows.append((file, "", entry))
        del scan.faults[path]
    for reason, files in against.items():
        if files:
            scan.diagnostics.append(_pointers_fault(files, reason))
    if index.stands_in:
        _stand_in(scan, index, {*(_normal(file) for file, _, _ in scan.rows), *stale}, named)


def _stand_in(scan: _Scan, index: PictureIndex, here: Set[str], named: Callable[[str], str]) -> None:
    """Take what is not here from the index; tell of it where the rest is here, as somebody may have deleted it.

    A picture of the same name that is here is the same one, moved to another folder.
    """
    names = {named(file) for file in here}
    left = [file for file in index.entries if file not in here and named(file) not in names]
    chosen = _choose(scan, left, left)
    if chosen and not scan.absent and not scan.faults:
        scan.diagnostics.append(_not_here(chosen))
    scan.rows += [(file, "", index.entries[file]) for file in chosen]
    scan.folders += scan.absent
    scan.absent |= bool(chosen)


def _not_here(files: Sequence[str]) -> Diagnostic:
    listed = ", ".join(f"`{file}`" for file in sorted(files)[:3]) + (", ..." if len(files) > 3 else "")
    one = len(files) == 1
    count = "1 picture of the index is" if one else f"{len(files):,} pictures of the index are"
    message = f"{count} not on this machine and {'counts' if one else 'count'} all the same: {listed}"
    place = Place("", 0, ("index",))
    hint = f"if {'it was' if one else 'they were'} deleted on purpose, {INDEX_HINT}"
    return Diagnostic("P039", Severity.warning, message, place, hint, len(files))


def _pointers_fault(files: Sequence[str], reason: str) -> Diagnostic:
    listed = ", ".join(f"`{file}`" for file in files[:3]) + (", ..." if len(files) > 3 else "")
    count = "1 git-lfs pointer is" if len(files) == 1 else f"{len(files):,} git-lfs pointers are"
    place = Place("", 0, ("index",))
    return Diagnostic("P034", Severity.error, f"{count} {reason}: {listed}", place, INDEX_HINT, len(files))


def _tell_patterns(scan: _Scan) -> None:
    if not scan.folders:
        return
    silent = [number for number in range(len(scan.include)) if number not in scan.matched]
    for number in silent[:_SHOWN]:
        pattern, place = scan.include[number], Place("", 0, ("include", str(number)))
        fault = glob_fault(pattern)
        if fault:
            scan.diagnostics.append(_bad_glob(pattern, fault, place))
        elif is_glob(pattern):
            message = f"`{pattern}` matches no picture"
            scan.diagnostics.append(Diagnostic("P011", Severity.warning, message, place))
        else:
            hint = f"for everything in a folder write `{normal_pattern(pattern)}/**`" if "." not in pattern else ""
            where = ", neither here nor in the index" if scan.absent else ""
            hint = INDEX_HINT if scan.absent else hint
            scan.diagnostics.append(_error("P012", f"there is no file `{pattern}`{where}", place, hint))
    if len(silent) > _SHOWN:
        more = len(silent) - _SHOWN
        message = f"{more:,} more entries of `include` match nothing"
        scan.diagnostics.append(Diagnostic("P012", Severity.error, message, Place("", 0, ("include",)), "", more))


def _tell_exclude(scan: _Scan) -> None:
    if scan.absent:  # the index does not hold what is excluded
        return
    silent = [number for number in range(len(scan.exclude)) if number not in scan.excluding]
    for number in silent[:_SHOWN]:
        pattern, place = scan.exclude[number], Place("", 0, ("exclude", str(number)))
        fault = glob_fault(pattern)
        if fault:
            scan.diagnostics.append(_bad_glob(pattern, fault, place))
            continue
        message = f"`{pattern}` excludes nothing: no file matches it"
        scan.diagnostics.append(Diagnostic("P014", Severity.warning, message, place, _exclude_hint(scan, pattern)))
    if len(silent) > _SHOWN:
        more = len(silent) - _SHOWN
        message = f"{more:,} more entries of `exclude` match nothing"
        scan.diagnostics.append(Diagnostic("P014", Severity.warning, message, Place("", 0, ("exclude",)), "", more))


def _bad_glob(pattern: str, fault: str, place: Place) -> Diagnostic:
    hint = "a range in brackets goes from the lower to the higher character, e.g. `[a-z]`"
    return _error("P017", f"`{pattern}` is no glob: {fault}", place, hint)


def _exclude_hint(scan: _Scan, pattern: str) -> str:
    """Return what would exclude something: most names that do not are relative to another folder."""
    name = normal_pattern(pattern)
    chosen = [] if is_glob(name) else [_normal(file) for file, _, _ in scan.rows]
    tails = [name.split("/", cut)[-1] for cut in range(name.count("/") + 1)]
    for better in (*tails, *(f"{tail}/**" for tail in tails), *(f"**/{tail}" for tail in tails)):
        if _hits(better, chosen, chosen):
            return f"entries are relative to `from`: did you mean `{better}`?"
    return "entries are relative to `from`"


def _tell_hidden(scan: _Scan) -> None:
    counts = ((scan.hidden_files, "hidden file"), (scan.hidden_folders, "hidden folder"))
    told = " and ".join(f"{count:,} {what}{'s' * (count != 1)}" for count, what in counts if count)
    if told:
        total = scan.hidden_files + scan.hidden_folders
        hint = "files and folders whose names begin with `.` are never read"
        scan.diagnostics.append(
            Diagnostic("P015", Severity.info, f"{told} passed over", Place("", 0, ("from",)), hint, total)
        )


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


def _named(file: str, naming: str, called: Mapping[str, str]) -> str:
    return (called.get(_normal(file)) if called else None) or picture_name(file, naming)


def _columns(scan: _Scan, naming: str, called: Mapping[str, str]) -> LocalPictures:
    names = [_named(file, naming, called) for file, _, _ in scan.rows]
    paths = [path or file for file, path, _ in scan.rows]
    scan.diagnostics += name_diagnostics(names, paths, [file for file, _, _ in scan.rows])
    if not names:
        return LocalPictures()
    rows = [(name, _normal(file), path, *entry) for name, (file, path, entry) in zip(names, scan.rows, strict=True)]
    rows.sort()
    name, files, opened, sizes, _, _, _, digests, widths, heights, turns = zip(*rows, strict=True)
    return LocalPictures(name, files, opened, digests, sizes, widths, heights, turns)


def _error(code: str, message: str, place: Place | None, hint: str = "") -> Diagnostic:
    return Diagnostic(code, Severity.error, message, place, hint)
