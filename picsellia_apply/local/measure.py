"""Digest, size and orientation of many files, read only where the stat cache does not know them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from picsellia_apply.local.cache import Entry, FolderCache, Stat, StatCache, stat_of
from picsellia_apply.local.hashing import hash_file
from picsellia_apply.media import IN_MEMORY, NotAPicture, Probe, probe_bytes, probe_file

_THREADS_FROM = 256 * 1024
"""Mean bytes from which threads pay: hashing lets others run, but handing over costs more than a small file."""

Fault = NotAPicture | OSError
Progress = Callable[[int, int], None]
"""Told how many files are read, of how many; files that the cache knows are no part of it."""


def measure(
    folder: Path,
    files: Mapping[str, Stat],
    wanted: Iterable[str],
    cache: StatCache,
    progress: Progress | None = None,
) -> tuple[dict[str, Entry], dict[str, Fault]]:
    """Learn about pictures.

    Args:
        folder: The folder that the paths are relative to.
        files: Every file there is below it, with its stat; entries of others are dropped from the cache.
        wanted: Which of them to learn about.
        cache: Asked first, told afterwards.
        progress: Called after every file that is read.

    Returns:
        What is known per path, and why not for those that are no picture or cannot be read.
    """
    known = cache.folder(folder)
    entries: dict[str, Entry] = {}
    pending: list[str] = []
    for path in wanted:
        entry = known.entries.get(path)
        if entry is not None and entry[:4] == files[path] and entry.width:
            entries[path] = entry
        else:
            pending.append(path)
    faults = _read_all(folder, files, pending, entries, cache, progress=progress) if pending else {}
    _remember(known, files, entries, faults)
    return entries, faults


def _read_all(
    folder: Path,
    files: Mapping[str, Stat],
    pending: list[str],
    entries: dict[str, Entry],
    cache: StatCache,
    *,
    progress: Progress | None,
) -> dict[str, Fault]:
    """Read files; those that may have changed within the clock's resolution get a stat that never matches."""
    faults: dict[str, Fault] = {}

    def read(path: str) -> Entry | Fault:
        try:
            return _read(folder / path, files[path], cache)
        except (NotAPicture, OSError) as error:
            return error

    large = sum(files[path].size for path in pending) > _THREADS_FROM * len(pending)
    if large and len(pending) > 1:
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            results = _counted(pool.map(read, pending), len(pending), progress)
    else:
        results = _counted(map(read, pending), len(pending), progress)
    for path, result in zip(pending, results, strict=True):
        if isinstance(result, Entry):
            entries[path] = result
        else:
            faults[path] = result
    return faults


def _counted(results: Iterable[Entry | Fault], total: int, progress: Progress | None) -> list[Entry | Fault]:
    if progress is None:
        return list(results)
    counted = []
    for done, result in enumerate(results, 1):
        counted.append(result)
        progress(done, total)
    return counted


def _read(path: Path, stat: Stat, cache: StatCache) -> Entry:
    read_at = cache.now_ns()
    if stat.size > IN_MEMORY:
        digest, size, found = _read_blocks(path)
    else:
        with path.open("rb", buffering=0) as file:
            data = file.readall()
        found = probe_bytes(data)
        digest, size = hashlib.sha256(data).hexdigest(), len(data)
    good = stat if cache.is_settled(stat, read_at) and stat.size == size else Stat(size, -1, -1, -1)
    return Entry(*good, digest, found.width, found.height, found.orientation)


def _read_blocks(path: Path) -> tuple[str, int, Probe]:
    """Read a large file block by block, and leave it to Pillow what of it it needs: eight may be read at once."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
        return digest, size, probe_file(file, size)


def _remember(
    known: FolderCache, files: Mapping[str, Stat], entries: Mapping[str, Entry], faults: Mapping[str, Fault]
) -> None:
    kept = {path: entry for path, entry in known.entries.items() if path in files and path not in faults}
    kept.update((path, entry) for path, entry in entries.items() if entry.mtime_ns >= 0)
    known.replace(kept)


def measure_file(path: Path, cache: StatCache) -> tuple[str, int]:
    """Return the sha256 (hex) and size in bytes of any file, asking the cache first.

    Raises:
        OSError: It cannot be read.
    """
    known = cache.folder(path.parent)
    stat = stat_of(path.stat())
    entry = known.entries.get(path.name)
    if entry is not None and entry[:4] == stat:
        return entry.sha256, entry.size
    read_at = cache.now_ns()
    digest, size = hash_file(path)
    if cache.is_settled(stat, read_at) and size == stat.size:
        known.replace({**known.entries, path.name: Entry(*stat, digest, 0, 0, 1)})
    return digest, size
