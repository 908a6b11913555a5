"""Files that manifests name: within reach, there, no folder, no git-lfs pointer, text where text is wanted."""

from __future__ import annotations

import stat
from pathlib import Path

from picsellia_apply.errors import Diagnostic
from picsellia_apply.manifest.faults import fault
from picsellia_apply.manifest.near import near_path_hint
from picsellia_apply.manifest.reach import VARIABLE, Reach, of_kernel
from picsellia_apply.media import LFS_POINTER
from picsellia_apply.source import Place


def existing(
    reach: Reach, written: str, place: Place, diagnostics: list[Diagnostic], *, anywhere: bool = False
) -> Path | None:
    """Return the file that a manifest names, or None after telling what is wrong with it.

    Only what is decoded before anything of it is told may lie `anywhere`: out of the project too.
    """
    if not anywhere and not is_within(reach, written, place, diagnostics):
        return None
    mode = mode_of(reach.folder, written, place, diagnostics)
    if mode is not None and stat.S_ISDIR(mode):
        diagnostics.append(fault("M033", f"`{written}` is a folder; a file is expected here", place))
        return None
    if mode is not None and (not stat.S_ISREG(mode) or of_kernel(reach.folder / written)):
        diagnostics.append(fault("M033", f"`{written}` is no file", place))
        return None
    return reach.folder / written if mode is not None else None


def is_within(reach: Reach, written: str, place: Place, diagnostics: list[Diagnostic]) -> bool:
    """Return whether a path stays in the project, whether or not there is a file; tell where it leads if not."""
    try:
        outside = reach.outside(written)
    except (OSError, ValueError):
        return True  # no path at all: whoever opens it tells why
    if outside is None:
        return True
    hint = f"move it into the project; `{VARIABLE}=FOLDER` in the environment lets manifests name files of FOLDER"
    diagnostics.append(fault("M050", f"`{written}` leads out of the project, to `{outside}`", place, hint))
    return False


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


def is_ordinary(folder: Path, written: str, place: Place, diagnostics: list[Diagnostic]) -> bool:
    """Return whether a path is a file or a folder of a disk, wherever; tell what it is if not."""
    mode = mode_of(folder, written, place, diagnostics)
    if mode is None:
        return False
    if of_kernel(folder / written) or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        diagnostics.append(fault("M033", f"`{written}` is no file", place))
        return False
    return True


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
