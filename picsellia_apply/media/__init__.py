"""One picture file: what it is, how large, how it is turned. Knows no manifest and no platform."""

from picsellia_apply.media.lfs import LFS_POINTER, Pointer
from picsellia_apply.media.probe import (
    IN_MEMORY,
    PICTURE_SUFFIXES,
    PIXEL_LIMIT,
    NotAPicture,
    Probe,
    probe,
    probe_bytes,
    probe_file,
)

__all__ = [
    "IN_MEMORY",
    "LFS_POINTER",
    "PICTURE_SUFFIXES",
    "PIXEL_LIMIT",
    "NotAPicture",
    "Pointer",
    "Probe",
    "probe",
    "probe_bytes",
    "probe_file",
]
