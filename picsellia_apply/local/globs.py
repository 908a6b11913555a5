"""Globs over relative paths: `*`, `?`, `[...]` within a folder, `**` for any number of folders."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

_WILD = re.compile(r"[*?\[]")


def is_glob(pattern: str) -> bool:
    """Return whether a pattern holds a wildcard."""
    return bool(_WILD.search(pattern))


def normal_pattern(pattern: str) -> str:
    """Return a pattern as paths are compared: NFC, without `./` in front or `/` behind."""
    return unicodedata.normalize("NFC", pattern).removeprefix("./").rstrip("/")


def glob_fault(pattern: str) -> str:
    """Return why a glob is none, or an empty text."""
    try:
        re.compile(glob_regex(pattern))
    except re.error as error:
        return error.msg.replace("\\", "")
    return ""


def glob_regex(pattern: str) -> str:
    """Return the regular expression of one glob; it must match the whole relative path."""
    parts = normal_pattern(pattern).split("/")
    text = ""
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            text += ".*" if last else "(?:[^/]+/)*"
        else:
            text += _segment(part) + ("" if last else "/")
    return text


def _segment(part: str) -> str:
    """Translate one segment; fnmatch's `*` and `?` would cross folders."""
    pieces = re.split(r"(\*+|\?|\[!?\]?[^\]]*\])", part)
    translated = ""
    for piece in pieces:
        if piece.startswith("*"):
            translated += "[^/]*"
        elif piece == "?":
            translated += "[^/]"
        elif piece.startswith("[") and piece.endswith("]") and piece not in {"[]", "[!]"}:
            translated += _one_of(piece[1:-1])
        else:
            translated += re.escape(piece)
    return translated


def _one_of(members: str) -> str:
    """Translate what stands between brackets; a slash is never among it."""
    negated = members.startswith("!")
    chars = members.removeprefix("!")
    # A hyphen between two others makes a range; every other character that means something to `re` is escaped.
    inner = "".join(c if c == "-" and 0 < at < len(chars) - 1 else re.escape(c) for at, c in enumerate(chars))
    return f"[^/{inner}]" if negated else f"(?!/)[{inner}]"


def matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Return the test whether a relative path (NFC, POSIX) is named by, or matches, any of the patterns."""
    names = frozenset(map(normal_pattern, patterns))
    globs = [pattern for pattern in patterns if is_glob(pattern)]
    if not globs:
        return names.__contains__
    match = re.compile("|".join(f"(?:{glob_regex(glob)})" for glob in globs)).fullmatch
    return lambda path: path in names or match(path) is not None
