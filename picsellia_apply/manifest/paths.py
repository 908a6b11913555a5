"""Files that manifests name: there, no folder, no git-lfs pointer, text where text is wanted."""

from __future__ import annotations

import stat
from pathlib import Path

from picsellia_apply.errors import Diagnostic
from picsellia_apply.manifest.faults import fault
from picsellia_apply.manifest.near import near_path_hint
from picsellia_apply.media import LFS_POINTER
from picsellia_apply.source import Place


def existing(folder: Path, written: str, place: Place, diagnostics: list[Diagnostic]) -> Path | None:
    """Return the file that a manifest names, or None after telling what is wrong with it."""
    mode = mode_of(folder, written, place, diagnostics)
    if mode is not None and stat.S_ISDIR(mode):
        diagnostics.append(fault("M033", f"`{written}` is a folder; a file is expected here", place))
        return None
    if mode is not None and not stat.S_ISREG(mode):
        diagnostics.append(fault("M033", f"`{written}` is no file", place))
        return None
    return folder / written if mode is not None else None


def mode_of(folder: Path, written: str, place: Place, diagnostics: list[Diagnostic]) -> int | None:
    """Return what a path relative to `folder` is, as `stat` has it, or None after telling why that is not known."""
    try:
        return (folder / written).stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        diagnostics.append(missing(folder, written, place))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no file name"
        diagnostics.append(fault("M031", f"`{written}` cannot be read: {reason}", place))
    return None


def missing(folder: Path, written: str, place: Place) -> Diagnostic:
    """Return the error for a file that is not there, with the path that was probably meant as a hint."""
    hint = near_path_hint(folder, written) or "paths are relative to the manifest"
    return fault("M032", f"there is no file `{written}`", place, hint)


def read_text(path: Path, written: str, place: Place, diagnostics: list[Diagnostic]) -> str | None:
    """Return a file's text, or None after telling what is wrong with it."""
    try:
        data = path.read_bytes()
        if data.startswith(LFS_POINTER):
            diagnostics.append(pointer_fault(written, place))
            return None
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        diagnostics.append(fault("M031", f"`{written}` is not UTF-8 (line {line})", place, "save the file as UTF-8"))
    except OSError as error:
        diagnostics.append(fault("M031", f"`{written}` cannot be read: {error.strerror}", place))
    return None


def is_pointer(path: Path) -> bool:
    """Return whether a file is a git-lfs pointer; a folder, or a file that cannot be read, is none."""
    try:
        with path.open("rb") as file:
            return file.read(len(LFS_POINTER)) == LFS_POINTER
    except OSError:
        return False


def pointer_fault(written: str, place: Place) -> Diagnostic:
    """Return the error for a git-lfs pointer."""
    hint = "run `git lfs pull`; in CI, check out with LFS"
    return fault("M034", f"`{written}` is a git-lfs pointer, not the file itself", place, hint)
