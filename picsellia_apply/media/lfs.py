"""Git-lfs pointers: the small text that stands for a file which git keeps elsewhere.

Source: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md, "The Pointer".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LFS_POINTER = b"version https://git-lfs.github.com/spec/"
"""How a pointer file begins."""
_LONGEST = 1024
"""Bytes; the specification has pointers below it."""
_OID = re.compile(rb"^oid sha256:([0-9a-f]{64})$", re.MULTILINE)
_SIZE = re.compile(rb"^size ([0-9]{1,18})$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a pointer stands for: sha256 (64 hex digits) and size in bytes of the file itself."""

    sha256: str
    size: int


def read_pointer(data: bytes) -> Pointer | None:
    """Return what a pointer stands for, or None when the bytes are no pointer, or a broken one."""
    if not data.startswith(LFS_POINTER) or len(data) >= _LONGEST:
        return None
    oid, size = _OID.search(data), _SIZE.search(data)
    return Pointer(oid[1].decode(), int(size[1])) if oid and size else None
