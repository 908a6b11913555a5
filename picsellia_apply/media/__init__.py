"""One picture file: what it is, how large, how it is turned. Knows no manifest and no platform."""

from picsellia_apply.media.probe import (
    LFS_POINTER,
    PICTURE_SUFFIXES,
    PIXEL_LIMIT,
    NotAPicture,
    Probe,
    probe,
    probe_bytes,
)

__all__ = ["LFS_POINTER", "PICTURE_SUFFIXES", "PIXEL_LIMIT", "NotAPicture", "Probe", "probe", "probe_bytes"]
