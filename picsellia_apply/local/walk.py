"""Every file below a folder, with its stat: hidden ones aside, through symbolic links, but never in circles."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.local.cache import Stat, stat_of
from picsellia_apply.source import Position, shown_path


@dataclass(slots=True)
class Listing:
    """Files below a folder: path relative to it (POSIX) to stat, what could not be followed, and what is hidden."""

    files: dict[str, Stat]
    diagnostics: list[Diagnostic]
    hidden_files: int = 0
    hidden_folders: int = 0


def list_files(folder: Path) -> Listing:
    """List every file below a folder.

    Args:
        folder: Must be a folder.

    Returns:
        Its files, and an error for each link that leads nowhere or in a circle and for each folder that cannot be read.
    """
    listing = Listing({}, [])
    _walk(str(folder), "", (), listing)
    return listing


def _walk(folder: str, prefix: str, above: tuple[tuple[int, int], ...], listing: Listing) -> None:
    try:
        stat = os.stat(folder)  # noqa: PTH116 - the plain path is at hand
        key = stat.st_dev, stat.st_ino
        if key in above:
            message = "this link leads back to a folder above it"
            listing.diagnostics.append(_error("P010", message, folder, "remove the link, or name the folder it means"))
            return
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        listing.diagnostics.append(_error("P009", f"the folder cannot be read: {error.strerror}", folder))
        return
    for entry in found:
        if entry.name.startswith("."):
            _pass_over(entry, listing)
        else:
            _visit(entry, prefix, (*above, key), listing)


def _pass_over(entry: os.DirEntry[str], listing: Listing) -> None:
    if entry.is_dir(follow_symlinks=False):
        listing.hidden_folders += 1
    else:
        listing.hidden_files += 1


def _visit(entry: os.DirEntry[str], prefix: str, above: tuple[tuple[int, int], ...], listing: Listing) -> None:
    try:
        if entry.is_dir():
            _walk(entry.path, f"{prefix}{entry.name}/", above, listing)
        elif entry.is_file():
            listing.files[prefix + entry.name] = stat_of(entry.stat())
        elif entry.is_symlink():
            listing.diagnostics.append(_error("P010", "this link leads nowhere", entry.path, "remove or mend the link"))
    except OSError as error:
        message = f"this link cannot be followed: {error.strerror}"
        listing.diagnostics.append(_error("P010", message, entry.path, "remove or mend the link"))


def _error(code: str, message: str, path: str, hint: str = "") -> Diagnostic:
    return Diagnostic(code, Severity.error, message, Position(shown_path(path)), hint)
