"""Picture files of this disk, measured for an upload as the reconciler measures them; each refusal has its reason."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from picsellia_apply.client.progress import Bar
from picsellia_apply.client.upload import Outcome, PictureFile
from picsellia_apply.errors import TyperError

if TYPE_CHECKING:
    from picsellia_apply.local.cache import Entry, Stat
    from picsellia_apply.local.measure import Fault

_AT_ONCE = 500
"""Files between two steps of the bar."""
TAKEN = "a picture of this name with other bytes is in the lake"
UNKNOWN = "a picture of this name is in the lake, and this platform does not tell whether its bytes are the same"


@dataclass(slots=True)
class PictureFiles:
    """Files that can be sent, and those that cannot.

    Attributes:
        files: In the order given; no name twice.
        failures: Path to reason.
        passed_over: Entries of a folder that are no picture files, by their names.
    """

    files: list[PictureFile] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    passed_over: list[str] = field(default_factory=list)

    def note_outcomes(self, outcomes: Iterable[Outcome]) -> None:
        """Add what was not uploaded to the failures, by its path."""
        paths = {file.name: str(file.path) for file in self.files}
        for one in outcomes:
            if one.status in {"failed", "differs", "there"}:
                self.failures[paths[one.name]] = one.error or (UNKNOWN if one.status == "there" else TAKEN)


def read_folder(folder: Path, tags: Sequence[str]) -> PictureFiles:
    """Measure every picture file of a folder; folders in it, hidden files and other types are passed over.

    Args:
        folder: Where they are.
        tags: To put on each of them.

    Raises:
        TyperError: It is no folder, or cannot be read.
    """
    from picsellia_apply.media import PICTURE_SUFFIXES

    try:
        with os.scandir(folder) as entries:
            found = {entry.name: entry.is_dir() for entry in entries if not entry.name.startswith(".")}
    except OSError as error:
        raise TyperError(f"the folder `{folder}` cannot be read: {error.strerror}") from error
    wanted = [name for name in sorted(found) if not found[name] and name.lower().endswith(tuple(PICTURE_SUFFIXES))]
    result = read_files([folder / name for name in wanted], tags)
    result.passed_over = sorted(found.keys() - set(wanted))
    return result


def read_files(paths: Sequence[Path], tags: Sequence[str]) -> PictureFiles:
    """Measure picture files; the name of each in the lake is its base name.

    Args:
        paths: The files.
        tags: To put on each of them.
    """
    result = PictureFiles()
    entries, faults = _measured(paths)
    taken: set[str] = set()
    for path in paths:
        name, why = _name_of(path, taken)
        why = why or _reason(faults.get(path))
        if why:
            result.failures[str(path)] = why
        else:
            taken.add(name)
            result.files.append(_file(name, path, entries[path], tags))
    return result


def _name_of(path: Path, taken: set[str]) -> tuple[str, str]:
    """Return a file's name in the lake, and what is wrong with it."""
    from picsellia_apply.local.naming import name_fault, picture_name

    name = picture_name(path.name, "basename")
    if name in taken:
        return name, f"another file given is called `{name}` too"
    fault = name_fault(name)
    return name, f"its name {fault}" if fault else ""


def _reason(fault: Fault | None) -> str:
    if fault is None:
        return ""
    return f"cannot be read: {fault.strerror}" if isinstance(fault, OSError) else str(fault)


def _file(name: str, path: Path, entry: Entry, tags: Sequence[str]) -> PictureFile:
    sizes = (entry.size, entry.width, entry.height, entry.orientation)
    return PictureFile(name, path, entry.sha256, *sizes, tuple(tags))


def _measured(paths: Sequence[Path]) -> tuple[Mapping[Path, Entry], Mapping[Path, Fault]]:
    """Return size, digest and orientation of each file, or why there is none."""
    from picsellia_apply.client.transport import chunks
    from picsellia_apply.local import StatCache
    from picsellia_apply.local.measure import measure

    stats, faults = _stats(paths)
    entries: dict[Path, Entry] = {}
    with Bar("reading pictures", len(stats)) as bar:
        for some in chunks(list(stats), _AT_ONCE):
            files = {str(path): stats[path] for path in some}
            # Nothing is remembered: an upload reads each file once more as it sends it.
            good, bad = measure(Path(), files, files, StatCache(None))
            entries.update((Path(path), entry) for path, entry in good.items())
            faults.update((Path(path), fault) for path, fault in bad.items())
            bar.advance(len(some))
    return entries, faults


def _stats(paths: Iterable[Path]) -> tuple[dict[Path, Stat], dict[Path, Fault]]:
    from picsellia_apply.local.cache import stat_of

    stats: dict[Path, Stat] = {}
    faults: dict[Path, Fault] = {}
    for path in paths:
        try:
            stats[path] = stat_of(path.stat())
        except (OSError, ValueError) as error:
            faults[path] = error if isinstance(error, OSError) else OSError(22, "not a path")
    return stats, faults
