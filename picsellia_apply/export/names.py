"""Names of a platform as paths below a folder: safe on every system, told apart, the same for the same names.

A name that can be a path is one. Any other gets a path that looks like it, with a piece of its digest; which names
those are depends on the names alone, not on their order.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Collection
from pathlib import PurePosixPath

from picsellia_apply.client.download import safe_path
from picsellia_apply.errors import ProcessingError

_LONGEST_PART = 200
"""Most bytes of a file's or folder's name."""
_LONGEST_PATH = 400
"""Most bytes of a path below the folder: what comes before it counts too, on some systems."""
_DEEPEST = 16


def disk_paths(
    names: Collection[str],
    *,
    suffixes: tuple[str, ...] = (),
    folders: bool = True,
    fallback: str = ".jpg",
    beside: str = "",
) -> dict[str, str]:
    """Return a path below a folder for every name: POSIX separators, NFC, none equal to another whatever its case.

    Args:
        names: Distinct.
        suffixes: What a path must end with (lower case), if with anything.
        folders: Whether a `/` in a name may stand for a folder.
        fallback: What is put behind a name that ends with none of the suffixes.
        beside: Ending of a file that lies beside every path, and is no other's path either.
    """
    plain = {name: _plain(name, suffixes, folders=folders, fallback=fallback) for name in sorted(names)}
    length = 8
    paths = plain
    told = {name for name in plain if plain[name] != name}
    while True:
        paths = {name: _told_apart(path, name, length) if name in told else path for name, path in plain.items()}
        clashing = _clashing(paths, beside)
        if clashing <= told:
            if not clashing:
                return paths
            length *= 2  # two names with one piece of a digest, or a name that was made to look like one
        told |= clashing


def _plain(name: str, suffixes: tuple[str, ...], *, folders: bool, fallback: str) -> str:
    """Return the path that a name would like to have."""
    try:
        safe = safe_path(unicodedata.normalize("NFC", name if folders else name.replace("/", "_")))
    except ProcessingError:
        safe = PurePosixPath(name.rpartition("/")[2][:40].encode("ascii", "replace").decode().replace("?", "_") or "_")
        safe = _safe_or_blank(str(safe))
    parts = [_visible(part) for part in safe.parts][-_DEEPEST:]
    path = "/".join(_short(part) for part in parts)
    if len(path.encode()) > _LONGEST_PATH:
        path = _short(parts[-1])
    return path if not suffixes or path.lower().endswith(suffixes) else path + fallback


def _safe_or_blank(text: str) -> PurePosixPath:
    try:
        return safe_path(text)
    except ProcessingError:
        return PurePosixPath("_")


def _visible(part: str) -> str:
    """Return a part that no tool takes for a hidden file, for an option or for the home folder."""
    return f"_{part}" if part[:1] in ".-~" or part != part.strip() else part


def _short(part: str) -> str:
    """Return a part of a path, cut in the middle of its stem where it is too long."""
    if len(part.encode()) <= _LONGEST_PART:
        return part
    stem, dot, ending = part.rpartition(".")
    tail = f"{dot}{ending}" if dot and len(ending.encode()) <= 10 else ""
    head = (stem if tail else part).encode()[: _LONGEST_PART - len(tail.encode())].decode(errors="ignore")
    return head + tail


def _told_apart(path: str, name: str, length: int) -> str:
    """Return the path with a piece of the name's digest before its ending."""
    digest = hashlib.sha256(name.encode()).hexdigest()[:length]
    folder, slash, base = path.rpartition("/")
    stem, dot, ending = base.rpartition(".")
    if not stem:
        stem, dot, ending = base, "", ""
    return f"{folder}{slash}{stem}~{digest}{dot}{ending}"


def _clashing(paths: dict[str, str], beside: str) -> set[str]:
    """Return the names whose path is another's, or a folder of another's, on a system that ignores case."""
    endings = {"", beside}
    keys = {name: {_key(path + ending) for ending in endings} for name, path in paths.items()}
    times = Counter(key for some in keys.values() for key in some)
    folders = {
        "/".join(key.split("/")[:depth])
        for some in keys.values()
        for key in some
        for depth in range(1, key.count("/") + 1)
    }
    return {name for name, some in keys.items() if some & folders or any(times[key] > 1 for key in some)}


def _key(path: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", path).casefold())
