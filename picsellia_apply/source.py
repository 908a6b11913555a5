"""Where a thing came from: a place in a manifest, a position in a file.

Positions are dear (they need a second, slower reading of the file), places are cheap. So every parsed thing carries
a `Place`, and only what is reported is turned into a `Position` (see `manifest.locate`). This module must not know
any file format.
"""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A stretch of one line of a text file.

    Attributes:
        file: Path as the user would write it, relative to the working folder where that is shorter.
        line: 1-based; 0 means the whole file.
        column: 1-based, in characters; 0 means the whole line.
        length: Characters to underline, at least 1.
    """

    file: str
    line: int = 0
    column: int = 0
    length: int = 1

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A node of one YAML document, by path; `manifest.locate` finds its position when it is needed.

    Attributes:
        file: Path of the manifest.
        document: 0-based index of the document in the file.
        path: Keys and 0-based indexes from the document's root, each as text: `("spec", "tags", "0")`.
    """

    file: str
    document: int = 0
    path: tuple[str, ...] = ()

    def at(self, *steps: str | int) -> Place:
        """Return the place below this one."""
        return Place(self.file, self.document, (*self.path, *map(str, steps)))


def underline(line: str, position: Position) -> str:
    """Return one line of a file with the stretch that `position` names underlined, as diagnostics show it.

    Args:
        line: The line; tabs count as one column, wide characters take two.
        position: Where; column 0 shows the line alone.

    Returns:
        One or two lines without a final newline.
    """
    line = line.replace("\t", " ")
    margin = f"  {position.line} | "
    if not position.column:
        return margin + line
    start = position.column - 1
    room = max(1, len(line) - start)
    before, under = line[:start], line[start : start + min(max(position.length, 1), room)]
    marks = "^" + "~" * (max(_cells(under), 1) - 1)
    return f"{margin}{line}\n{' ' * (len(margin) - 2)}| {' ' * _cells(before)}{marks}"


def _cells(text: str) -> int:
    """Return how many columns of a terminal `text` takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def shown_path(path: str | os.PathLike[str]) -> str:
    """Return a path as the user would write it: relative to the working folder where that is shorter."""
    absolute = os.path.abspath(path)  # noqa: PTH100 - resolve() would follow symbolic links
    relative = os.path.relpath(absolute)
    return relative if len(relative) <= len(absolute) else absolute


def excerpt(text: str, position: Position) -> str:
    """Return the line of `text` that `position` names, underlined, as diagnostics show it.

    Args:
        text: The whole file.
        position: Where; a line outside the text yields an empty excerpt.

    Returns:
        Two lines without a final newline, or an empty text.
    """
    lines = text.splitlines()
    if not 0 < position.line <= len(lines):
        return ""
    return underline(lines[position.line - 1], position)
