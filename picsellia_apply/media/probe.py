"""Size, orientation and format of one picture file.

A file is taken for a picture when Pillow knows its header and the file is not cut short. Sizes are those stored in
the file; EXIF orientation 5 to 8 swaps them when the picture is displayed.
"""

from __future__ import annotations

import io
import os
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from picsellia_apply.media.header import header_size
from picsellia_apply.media.lfs import LFS_POINTER, Pointer, read_pointer

if TYPE_CHECKING:
    from PIL.Image import Image

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp"})
"""Lower-case suffixes of the picture types that we know."""
PIXEL_LIMIT = 178_956_970
"""Most pixels of one picture: twice Pillow's warning level, where Pillow refuses."""
IN_MEMORY = 16 * 1024 * 1024
"""A larger file is not held in memory as a whole: several are looked at at once."""

_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP")  # Pillow finds MPO by way of JPEG
_ORIENTATION = 0x0112
_TIFF_PARTS = ((273, 279), (324, 325))
"""Tags of offsets and byte counts: of strips, of tiles. Source: TIFF 6.0, sections 8 and 15."""
_END = 64 * 1024
_pillow = threading.Lock()  # warnings.catch_warnings is not for two threads at once


class NotAPicture(Exception):  # noqa: N818 - it names what the file is
    """The file is no picture that can be used.

    Attributes:
        reason: Why, in a few words, without the file's name.
        is_pointer: It is a git-lfs pointer, not the picture itself.
        pointer: What the pointer stands for; None for what is none, or a broken one.
    """

    def __init__(self, reason: str, *, is_pointer: bool = False, pointer: Pointer | None = None) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason
        self.is_pointer = is_pointer
        self.pointer = pointer


@dataclass(frozen=True, slots=True)
class Probe:
    """What a picture file says about itself: px as stored, EXIF orientation 1 to 8, Pillow's name of the format."""

    width: int
    height: int
    orientation: int
    format: str


def probe(path: Path) -> Probe:
    """Look at a picture file.

    Args:
        path: The file; a large one is not read as a whole.

    Returns:
        Stored size in px, orientation, format.

    Raises:
        NotAPicture: It is empty, cut short, too large, or no picture.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        return probe_file(file, size) if size > IN_MEMORY else probe_bytes(file.read())


def probe_file(file: BinaryIO, size: int) -> Probe:
    """Look at a large picture without reading all of it; see `probe`.

    Args:
        file: Open for reading, at any place; it is left at any place.
        size: Bytes, more than 0.

    Raises:
        NotAPicture: It is cut short, too large, or no picture.
        OSError: It cannot be read.
    """
    file.seek(0)
    head = file.read(_END)
    file.seek(max(0, size - _END))
    tail = file.read(_END)
    file.seek(0)
    return _probe_pillow(file, _Ends(head, tail, size))


def probe_bytes(data: bytes) -> Probe:
    """Look at a picture's bytes; see `probe`.

    Raises:
        NotAPicture: They are empty, cut short, too large, or no picture.
    """
    if not data:
        raise NotAPicture("the file is empty")
    if data.startswith(LFS_POINTER):
        reason = "it is a git-lfs pointer, not the picture itself"
        raise NotAPicture(reason, is_pointer=True, pointer=read_pointer(data))
    found = header_size(data)
    if found is None:
        return _probe_pillow(io.BytesIO(data), _Ends(data, data, len(data)))
    width, height, name = found
    _limit(width, height)
    return Probe(width, height, 1, name)


def _limit(width: int, height: int) -> None:
    if width * height > PIXEL_LIMIT:
        size = f"{width:,} x {height:,} px"
        raise NotAPicture(f"{size} are more than the {PIXEL_LIMIT:,} px that one picture may have")


class _Ends(NamedTuple):
    """How a file begins and ends, and its bytes."""

    head: bytes
    tail: bytes
    size: int


def _probe_pillow(file: BinaryIO, ends: _Ends) -> Probe:
    from PIL import Image, UnidentifiedImageError

    with _pillow, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # limits are our own, and damaged EXIF is judged below
        try:
            with Image.open(file, formats=_FORMATS) as picture:
                _limit(*picture.size)
                found = Probe(*_stored_size(picture), _orientation(picture), str(picture.format))
                _whole(picture, ends)  # afterwards: loading a TIFF turns it
                return found
        except NotAPicture:
            raise
        except Image.DecompressionBombError:
            raise NotAPicture(f"it has more than the {PIXEL_LIMIT:,} px that one picture may have") from None
        except UnidentifiedImageError:
            raise NotAPicture("its content is of no type we know") from None
        except Exception as error:  # noqa: BLE001 - Pillow's readers raise anything on damaged bytes
            raise NotAPicture(f"it is damaged: {_plain(error)}") from None


def _plain(error: Exception) -> str:
    text = str(error).split("\n")[0].strip() or type(error).__name__
    return "the file is cut short" if "truncated" in text.lower() else text[:120]


def _whole(picture: Image, ends: _Ends) -> None:
    """Decode the picture where its end is not where the format puts it.

    Raises:
        Exception: Whatever Pillow raises on a file that is cut short.
    """
    if not _ends_well(picture, ends):
        picture.load()


def _ends_well(picture: Image, ends: _Ends) -> bool:
    match picture.format:
        case "JPEG" | "MPO":
            return ends.tail.rstrip(b"\0").endswith(b"\xff\xd9")
        case "PNG":
            return ends.tail[-8:-4] == b"IEND"
        case "GIF":
            return ends.tail.rstrip(b"\0").endswith(b";")
        case "WEBP":
            return int.from_bytes(ends.head[4:8], "little") + 8 <= ends.size
        case "TIFF" if ends.size > IN_MEMORY:
            return _holds_strips(picture, ends.size)
        case _:
            return False


def _holds_strips(picture: Image, size: int) -> bool:
    """Return whether every strip or tile of a TIFF lies in the file: decoding a large one takes its pixels' memory."""
    tags: Any = getattr(picture, "tag_v2", {})
    for offsets, counts in _TIFF_PARTS:
        if offsets in tags and counts in tags and len(tags[offsets]) == len(tags[counts]):
            return all(at + count <= size for at, count in zip(tags[offsets], tags[counts], strict=True))
    return False


def _stored_size(picture: Image) -> tuple[int, int]:
    """Return the size as the file has it; Pillow gives a TIFF's as it is displayed."""
    tags = getattr(picture, "tag_v2", None)
    return (int(tags[256]), int(tags[257])) if tags is not None else picture.size


def _orientation(picture: Image) -> int:
    """Return the EXIF orientation; anything but 1 to 8, and EXIF that cannot be read, counts as 1."""
    try:
        value: Any = picture.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - damaged EXIF does not make the pixels worse
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
