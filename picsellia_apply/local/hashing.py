"""Digest of one file."""

from __future__ import annotations

import hashlib
from pathlib import Path


def hash_file(path: Path) -> tuple[str, int]:
    """Return the sha256 (64 hex digits) and the size in bytes of a file.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return digest.hexdigest(), file.tell()
