"""A JSON annotation file: read as bytes, decoded into types, every fault told, positions found when they are needed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from picsellia_apply.errors import Diagnostic
from picsellia_apply.formats.findings import Findings, Spot, Steps, Unreadable
from picsellia_apply.formats.kinds import EMPTY, MALFORMED, NOT_FINITE, OTHER_SHAPE, UNREADABLE, WRONG_VALUE, Kind
from picsellia_apply.formats.shapes import shape_of_json
from picsellia_apply.source import Position, shown_path

T = TypeVar("T")

_BYTE = re.compile(r"\(byte (\d+)\)")
_WHERE = re.compile(r"^(.*?)(?: - at `\$(.*)`)?$", re.DOTALL)
_BLANK = re.compile(r"[ \t\r\n]*")
_COLON = re.compile(r"[ \t\r\n]*:[ \t\r\n]*")
_COMMA = re.compile(r"[ \t\r\n]*,[ \t\r\n]*")


def _unreadable(kind: Kind, path: Path, detail: str, hint: str = "", at: Position | None = None) -> Unreadable:
    position = at or Position(shown_path(path))
    return Unreadable(Diagnostic(kind.code, kind.severity, f"{kind.one}: {detail}", position, hint or kind.hint))


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        Unreadable: It is not there, is no file, may not be read, or is empty.
    """
    try:
        data = path.read_bytes()
    except IsADirectoryError as error:
        raise _unreadable(UNREADABLE, path, "it is a folder", "name the file inside it") from error
    except OSError as error:
        raise _unreadable(UNREADABLE, path, error.strerror or "the system refuses") from error
    if not data.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise _unreadable(EMPTY, path, f"{len(data)} bytes")
    return data


def read_json_bytes(path: Path) -> bytes:
    """Return a JSON file's bytes as UTF-8 without a byte order mark, whatever the file's encoding.

    Raises:
        Unreadable: It cannot be read, or is not in the encoding that its first bytes announce.
    """
    data = read_bytes(path)
    if data.startswith(b"version https://git-lfs"):
        raise _unreadable(OTHER_SHAPE, path, "a git-lfs pointer", "run `git lfs pull`")
    encoding = json.detect_encoding(data)
    if encoding == "utf-8" and data.isascii():
        return data
    try:
        text = data.decode(encoding)
        return data if encoding == "utf-8" else text.encode()
    except UnicodeError as error:
        if encoding == "utf-8" and isinstance(error, UnicodeDecodeError):
            position = _position_of_byte(data, error.start, path, 1)
            raise _unreadable(MALFORMED, path, "it is not UTF-8", "save it as UTF-8", at=position) from error
        raise _unreadable(MALFORMED, path, f"it is not {encoding}: {error}") from error


def decode(data: bytes, path: Path, decoder: msgspec.json.Decoder[T], expected: str) -> T:
    """Decode a whole file whose outer shape is fixed.

    Args:
        data: UTF-8.
        path: For messages.
        decoder: Its type asks only for the outer shape where rows are to be reported one by one.
        expected: The format's name, for the hint.

    Raises:
        Unreadable: It is no JSON, or JSON of another shape.
        msgspec.ValidationError: Rows inside the outer shape are wrong; the message gives no index.
    """
    try:
        return decoder.decode(data)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError as error:
        raise _syntax_error(data, path, str(error), expected) from error
    except RecursionError as error:
        raise _unreadable(MALFORMED, path, "it is nested too deeply") from error


def wrong_shape(data: bytes, path: Path, reason: str, expected: str) -> Unreadable:
    """Return what to raise when the outer shape is not the format's; the hint names the format it looks like."""
    found = shape_of_json(data)
    hint = f"it looks like {found}" if found and found != expected else ""
    return _unreadable(OTHER_SHAPE, path, f"{reason}, so it is no {expected} file", hint)


def _syntax_error(data: bytes, path: Path, said: str, expected: str) -> Unreadable:
    byte = _BYTE.search(said)
    if byte and (at := int(byte[1])) < len(data):
        at -= data[at - 1 : at] == b"-"
        found = re.match(rb"-?(NaN|Infinity)", data[at : at + 10])
        if found:
            position = _position_of_byte(data, at, path, len(found[0]))
            return _unreadable(NOT_FINITE, path, f"`{found[0].decode()}`", at=position)
        if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
            return _unreadable(OTHER_SHAPE, path, f"XML, so it is no {expected} file", "PASCAL-VOC files are XML")
    try:
        json.loads(data)
    except json.JSONDecodeError as error:
        position = Position(shown_path(path), error.lineno, error.colno)
        return _unreadable(MALFORMED, path, error.msg[:1].lower() + error.msg[1:], at=position)
    except (ValueError, RecursionError) as error:
        return _unreadable(MALFORMED, path, str(error))
    reason = said.removeprefix("JSON is malformed: ").partition(" (byte")[0]
    at_byte = _position_of_byte(data, int(byte[1]), path, 1) if byte else None
    return _unreadable(MALFORMED, path, reason[:1].lower() + reason[1:], at=at_byte)


def _position_of_byte(data: bytes, at: int, path: Path, length: int) -> Position:
    before = data[:at]
    start = before.rfind(b"\n") + 1
    column = len(before[start:].decode("utf-8", "replace")) + 1
    return Position(shown_path(path), before.count(b"\n") + 1, column, length)


def decode_rows(
    rows: Sequence[msgspec.Raw], decoder: msgspec.json.Decoder[T], findings: Findings, path: Path, *above: str | int
) -> list[T | None]:
    """Decode rows one by one, so that each faulty one is reported with its index; it becomes None."""
    decoded: list[T | None] = []
    for index, raw in enumerate(rows):
        try:
            decoded.append(decoder.decode(raw))
        except msgspec.DecodeError as error:  # a wrong value, or half a surrogate pair
            decoded.append(None)
            said, steps = split_error(str(error))
            findings.note(WRONG_VALUE, path, *above, index, *steps, detail=said)
    return decoded


def split_error(said: str) -> tuple[str, Steps]:
    """Return msgspec's message without its path, in our words, and the path as steps."""
    found = _WHERE.match(said)
    reason, where = (found[1], found[2] or "") if found else (said, "")
    steps = tuple(int(index) if index else key for key, index in re.findall(r"\.([^.\[]+)|\[(\d+)\]", where))
    return reason[:1].lower() + reason[1:], steps


def written(spot: Spot) -> str:
    """Return a spot as messages write it: `$.annotations[17].bbox`."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in spot.steps)


def locator(data: bytes) -> Callable[[Iterable[Spot]], Mapping[Spot, Position]]:
    """Return a function that finds spots of this file; the text is scanned once, when it is called with any."""

    def locate(spots: Iterable[Spot]) -> dict[Spot, Position]:
        wanted = [spot for spot in spots if spot.steps]
        if not wanted:
            return {}
        text = data.decode("utf-8-sig", "replace")
        try:
            found = _Scanner(text).find({spot.steps for spot in wanted})
        except (ValueError, IndexError, RecursionError):  # what only msgspec accepts: tell the file without a line
            return {}
        return {spot: _position(text, spot, found[spot.steps]) for spot in wanted if spot.steps in found}

    return locate


def _position(text: str, spot: Spot, span: tuple[int, int]) -> Position:
    start, end = span
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    length = min(end, line_end if line_end >= 0 else len(text)) - start
    return Position(shown_path(spot.file), text.count("\n", 0, start) + 1, start - line_start + 1, max(1, length))


class _Scanner:
    """Finds nodes of a valid JSON text by path; whole values are skipped by the C scanner of the standard library."""

    def __init__(self, text: str) -> None:
        self._text = text
        # numbers need no value here, and int() refuses those of more than 4,300 digits
        self._skip = json.JSONDecoder(parse_int=len, parse_float=len, strict=False).raw_decode
        self._found: dict[Steps, tuple[int, int]] = {}

    def find(self, wanted: set[Steps]) -> dict[Steps, tuple[int, int]]:
        """Return start and end of each wanted node; of a node that is not there, those of its nearest parent."""
        match = _BLANK.match(self._text)
        self._value(match.end() if match else 0, (), wanted)
        return self._found

    def _value(self, start: int, path: Steps, wanted: set[Steps]) -> int:
        below = {steps for steps in wanted if len(steps) > len(path)}
        character = self._text[start]
        if not below or character not in "[{":
            end = self._skip(self._text, start)[1]
            self._found.update(dict.fromkeys(wanted, (start, end)))
            return end
        end = self._inside(start, path, below)
        for steps in wanted:
            self._found.setdefault(steps, (start, end))
        return end

    def _inside(self, start: int, path: Steps, wanted: set[Steps]) -> int:
        """Go through an array or object; return where it ends."""
        depth, index, is_array = len(path), 0, self._text[start] == "["
        by_step: dict[str | int, set[Steps]] = {}
        for steps in wanted:
            by_step.setdefault(steps[depth], set()).add(steps)
        at = self._blank(start + 1)
        while self._text[at] not in "]}":
            step: str | int = index
            if not is_array:
                step, at = self._skip(self._text, at)
                at = self._past(_COLON, at)
            below = by_step.get(step)
            at = self._value(at, (*path, step), below) if below else self._skip(self._text, at)[1]
            index += 1
            at = self._blank(self._past(_COMMA, at))
        return at + 1

    def _blank(self, at: int) -> int:
        return self._past(_BLANK, at)

    def _past(self, pattern: re.Pattern[str], at: int) -> int:
        match = pattern.match(self._text, at)
        return match.end() if match else at


def outer_struct(name: str, fields: Sequence[str]) -> type[Any]:
    """Return a struct with the given optional fields, each left undecoded."""
    return msgspec.defstruct(name, [(field, msgspec.Raw | msgspec.UnsetType, msgspec.UNSET) for field in fields])
