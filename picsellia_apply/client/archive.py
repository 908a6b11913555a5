"""Packing a file or a folder as ZIP: the same content gives the same bytes, so that its digest tells of changes."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_archive(source: Path, target: Path) -> None:
    """Pack `source` (a file, or a folder with all below it) into a new ZIP file.

    Raises:
        FileNotFoundError: There is no such file or folder.
    """
    if not source.exists():
        raise FileNotFoundError(2, "No such file or directory", str(source))
    files = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else [source]
    with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(source.parent).as_posix(), _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with path.open("rb") as stream, archive.open(entry, "w", force_zip64=True) as packed:
                shutil.copyfileobj(stream, packed, 1 << 20)
