"""The path that was probably meant, typed as the user would type it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from picsellia_apply.manifest.faults import nearest

_DEPTH = 3
_FOLDERS = 200
_ENTRIES = 10_000
"""How far is looked for a file of the same name: levels, folders, entries of one folder."""
_LIKENESS = 0.75
"""How like a step must be to an entry: a mistyped letter or two, not `pictures` for `fetch_pictures.py`."""


def near_path(folder: Path, written: str) -> str:
    """Return a path that is there and was probably meant, or an empty text.

    Args:
        folder: What `written` is relative to.
        written: The path that is not there, POSIX separators.
    """
    parts = PurePosixPath(written).parts
    if _exists(folder, parts):
        return ""
    if _exists(Path(), parts):  # typed relative to the working folder, as on the command line
        return _relative(Path(written), folder)
    if _exists(folder, parts[:-1]):
        found = _elsewhere(folder, parts) or _mended(folder, parts)
    else:
        found = _mended(folder, parts) or _elsewhere(folder, parts)
    return f"./{found}" if found and written.startswith("./") and not found.startswith(".") else found


def near_path_hint(folder: Path, written: str) -> str:
    """Return the hint `did you mean ...?`, or an empty text."""
    found = near_path(folder, written)
    return f"did you mean `{found}`?" if found else ""


def _exists(folder: Path, parts: tuple[str, ...]) -> bool:
    try:
        return folder.joinpath(*parts).exists()
    except (OSError, ValueError):
        return False


def _mended(folder: Path, parts: tuple[str, ...]) -> str:
    """Replace each step that is not there by the entry that is most like it."""
    done: tuple[str, ...] = ()
    for part in parts:
        if not _exists(folder, (*done, part)):
            near = nearest(part, _entries(folder.joinpath(*done), hidden=part.startswith(".")), cutoff=_LIKENESS)
            if not near:
                return ""
            done = (*done, near)
        else:
            done = (*done, part)
    return PurePosixPath(*done).as_posix()


def _entries(folder: Path, *, hidden: bool) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in itertools.islice(entries, _ENTRIES)]
    except OSError:
        return []
    return sorted(name for name in names if name.isprintable() and (hidden or not name.startswith(".")))


def _elsewhere(folder: Path, parts: tuple[str, ...]) -> str:
    """Return a file of the same name below the folder that was named, or below the one it is relative to."""
    above = folder.joinpath(*parts[:-1])
    for start in (above, folder) if above.is_dir() else (folder,):
        for below in itertools.islice(_folders(start), _FOLDERS):
            if _exists(below, (parts[-1],)):
                return _relative(below / parts[-1], folder)
    return ""


def _folders(start: Path) -> Iterator[Path]:
    """Yield the folders below one, nearest first."""
    level = [start]
    for _ in range(_DEPTH):
        level = [below for folder in level for below in _subfolders(folder)]
        yield from level


def _subfolders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            found = [Path(entry.path) for entry in itertools.islice(entries, _ENTRIES)
                     if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)]  # fmt: skip
    except OSError:
        return []
    return sorted(found)


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()
