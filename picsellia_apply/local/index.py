"""The index of a picture set: names, sizes and digests in a small file kept in git, for machines without the pictures.

One line a picture, sorted, so that a diff shows what changed and two branches that add pictures merge:

    # picsellia-apply/index v1: sha256, bytes, stored px, EXIF orientation, file; `picsellia-apply index` writes it
    5f8f... 42341 640x480 1 BloodImage_00000.jpg
    # end

The last line tells a file that was cut short: a picture that is not listed is one that nobody declares. What is read
was written by others; paths of it are names and are never opened.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.local.cache import Entry
from picsellia_apply.media import PIXEL_LIMIT
from picsellia_apply.model.declaration import LocalPictures
from picsellia_apply.source import Position

VERSION = 1
HEAD = "# picsellia-apply/index v"
"""How every version of the format begins; `index` replaces no file that begins otherwise."""
_HEADER = f"{HEAD}{VERSION}: sha256, bytes, stored px, EXIF orientation, file; `picsellia-apply index` writes it"
_END = "# end"
_SHOWN = 20
"""Most lines of one index that are told."""
_PATH_LENGTH = 4096
_NUMBER = "[1-9][0-9]{0,17}"
_LINE = re.compile(f"^([0-9a-f]{{64}}) ({_NUMBER}) ({_NUMBER})x({_NUMBER}) ([1-8]) (.+)$", re.MULTILINE)
_CONFLICT = ("<<<<<<< ", "=======", ">>>>>>> ", "||||||| ")
_WRITE_ANEW = "`picsellia-apply index` writes it anew, where the pictures are"
_COLUMNS = (
    ("[0-9a-f]{64}", "the digest is not 64 lower-case hex digits"),
    (_NUMBER, "the size in bytes is no whole number above 0"),
    (f"{_NUMBER}x{_NUMBER}", "the size in px is not WIDTHxHEIGHT"),
    ("[1-8]", "the EXIF orientation is not 1 to 8"),
)


@dataclass(frozen=True, slots=True)
class PictureIndex:
    """What an index says.

    Attributes:
        entries: Path relative to the set's folder (NFC, POSIX) to what is known of the file.
        stands_in: It stands in for a folder that is absent or empty, not only for git-lfs pointers.
    """

    entries: Mapping[str, Entry]
    stands_in: bool = True


def index_text(pictures: LocalPictures) -> str:
    """Return the index of pictures: the same pictures, the same text."""
    rows = zip(
        pictures.files,
        pictures.sha256,
        pictures.sizes,
        pictures.widths,
        pictures.heights,
        pictures.orientations,
        strict=True,
    )
    lines = [
        f"{digest} {size} {width}x{height} {turn} {file}" for file, digest, size, width, height, turn in sorted(rows)
    ]
    return "\n".join([_HEADER, *lines, _END, ""])


def path_fault(file: str) -> str:
    """Return why a relative path cannot stand in an index, or an empty text."""
    if not file or len(file) > _PATH_LENGTH:
        return f"the path has {len(file):,} characters; 1 to {_PATH_LENGTH:,} are possible"
    if file.startswith("/") or any(part in ("", ".", "..") for part in file.split("/")):
        return "the path is not one below the set's folder"
    if not file.isprintable() and any(unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") for one in file):
        return "the path holds a control character, or is not UTF-8"
    return "" if file.isascii() or unicodedata.is_normalized("NFC", file) else "the path is not in Unicode's form NFC"


def read_index(data: bytes, file: str) -> tuple[PictureIndex, tuple[Diagnostic, ...]]:
    """Read an index.

    Args:
        data: The file's bytes.
        file: Its name, for diagnostics.

    Returns:
        What it says, and every fault, with positions; with a fault the rest is not to be used.
    """
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return PictureIndex({}), (_fault("P030", "the index is not UTF-8", Position(file, line), _WRITE_ANEW),)
    lines = text.split("\n")
    faults = [*_frame_faults(lines, file)]
    if faults:
        return PictureIndex({}), tuple(faults)
    rows = lines[1:-2]
    entries = {row[5]: Entry(int(row[1]), -1, -1, -1, row[0], int(row[2]), int(row[3]), int(row[4]))
               for row in _LINE.findall("\n".join(rows))}  # fmt: skip
    if len(entries) < len(rows) or any(map(path_fault, entries)) or any(map(_too_large, entries.values())):
        return PictureIndex({}), tuple(_line_faults(rows, file))
    return PictureIndex(entries), ()


def _too_large(entry: Entry) -> bool:
    return entry.width * entry.height > PIXEL_LIMIT


def _frame_faults(lines: list[str], file: str) -> Iterator[Diagnostic]:
    """Yield what is wrong with the file as a whole: no index, of another version, in conflict, cut short."""
    conflict = next((number for number, line in enumerate(lines, 1) if line.startswith(_CONFLICT)), 0)
    if conflict:
        yield _fault("P030", "the index holds marks of a merge conflict", Position(file, conflict, 1, 7), _WRITE_ANEW)
    elif not lines[0].startswith(HEAD):
        yield _fault("P030", "this is no index of a picture set", Position(file, 1), _WRITE_ANEW)
    elif not lines[0].startswith(f"{HEAD}{VERSION}:"):
        version = lines[0].removeprefix(HEAD).partition(":")[0][:20]
        hint = "use the version of picsellia-apply that wrote it, or a later one"
        message = f"the index has format v{version}; this version reads v{VERSION}"
        yield _fault("P030", message, Position(file, 1, len(HEAD)), hint)
    elif lines[-2:] != [_END, ""]:
        message = f"the index is cut short: its last line is not `{_END}`"
        yield _fault("P030", message, Position(file, max(1, len(lines) - 1)), _WRITE_ANEW)


def _line_faults(rows: list[str], file: str) -> Iterator[Diagnostic]:
    faults = list(_every_line_fault(rows, file))
    yield from faults[:_SHOWN]
    if len(faults) > _SHOWN:
        more = len(faults) - _SHOWN
        yield _fault("P031", f"{more:,} more lines are wrong", Position(file), _WRITE_ANEW, more)


def _every_line_fault(rows: list[str], file: str) -> Iterator[Diagnostic]:
    first: dict[str, int] = {}
    doubles = {name for name, count in Counter(row.split(" ", 4)[-1] for row in rows).items() if count > 1}
    for number, row in enumerate(rows, 2):
        wrong, column, length = _line_fault(row)
        name = row.split(" ", 4)[-1]
        if wrong:
            yield _fault("P031", wrong, Position(file, number, column, length), _WRITE_ANEW)
        elif name in doubles and first.setdefault(name, number) != number:
            message, hint = f"`{name}` is listed twice", f"first listed in line {first[name]}; {_WRITE_ANEW}"
            yield _fault("P032", message, Position(file, number, len(row) - len(name) + 1, len(name)), hint)


def _line_fault(row: str) -> tuple[str, int, int]:
    """Return what is wrong with a line, its column and length; an empty text for nothing."""
    columns = row.split(" ", 4)
    if len(columns) < 5:
        return "a line is `sha256 bytes WIDTHxHEIGHT orientation file`", 1, max(1, len(row))
    at = 1
    for text, (pattern, message) in zip(columns, _COLUMNS, strict=False):
        if not re.fullmatch(pattern, text):
            return message, at, max(1, len(text))
        at += len(text) + 1
    width, _, height = columns[2].partition("x")
    if int(width) * int(height) > PIXEL_LIMIT:
        message = f"{width} x {height} px are more than the {PIXEL_LIMIT:,} px that one picture may have"
        return message, 1 + sum(len(one) + 1 for one in columns[:2]), len(columns[2])
    return path_fault(columns[4]), at, len(columns[4])


def _fault(code: str, message: str, position: Position, hint: str, count: int = 1) -> Diagnostic:
    return Diagnostic(code, Severity.error, message, position, hint, count)
