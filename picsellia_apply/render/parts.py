"""Parts of a comment that are shown as far as there is room, entry by entry, and say how many they leave out.

The first parts get what they need; none is cut inside an entry. Must not know what is shown: every text comes escaped.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from picsellia_apply.render.markdown import details, table


@dataclass(frozen=True, slots=True)
class Part:
    """A part of which more or less may be shown.

    Attributes:
        count: How many steps there are from the least to all of it.
        text: It after so many steps, 0 to `count`, each longer than the one before; empty where nothing is shown.
    """

    count: int
    text: Callable[[int], str]


def joined(blocks: Sequence[str]) -> str:
    """Return blocks as one text, parted by empty lines and ended by a newline; empty ones are left out."""
    return f"{_apart(blocks)}\n"


def _apart(blocks: Sequence[str]) -> str:
    return "\n\n".join(filter(None, blocks))


def size(blocks: Sequence[str]) -> int:
    """Return how many bytes of UTF-8 the blocks take, joined."""
    return len(joined(blocks).encode())


def fitted(parts: Sequence[Part], room: int) -> list[str]:
    """Return as much of the parts as there is room for, what the first ones need first.

    Args:
        parts: In their order.
        room: Bytes that may be used beyond the least of every part; not negative.
    """
    texts = []
    for part in parts:
        text = part.text(_steps(part, room + _taken(part.text(0))))
        room += _taken(part.text(0)) - _taken(text)
        texts.append(text)
    return texts


def _steps(part: Part, room: int) -> int:
    """Return the most steps after which a part takes no more than `room` bytes, at least 0."""
    if _taken(part.text(part.count)) <= room:
        return part.count
    return max(0, bisect_right(range(part.count), room, key=lambda steps: _taken(part.text(steps))) - 1)


def _taken(text: str) -> int:
    """Return how many bytes a block takes, with what parts it from the next one."""
    return len(text.encode()) + 2 if text else 0


def _more(left: int) -> str:
    return f"_and {left:,} more_"


@dataclass(frozen=True, slots=True)
class Listed:
    """What stands open: at length where there is room, else by name, and where even names have none, the first of them.

    Attributes:
        title: Markdown.
        long: Every entry at length: rows of a table, or texts.
        short: The same entries by name.
        head: Names of the table's columns; empty for bullets.
    """

    title: str
    long: tuple[str, ...]
    short: tuple[str, ...]
    head: tuple[str, ...] = ()

    def whole(self) -> str:
        """Return all of it."""
        return self._text(self.long, ())

    def told(self) -> Part:
        """Return the part that names every entry, and tells as many as may be at length."""
        return Part(len(self.long), lambda count: self._text(self.long[:count], self.short[count:]))

    def named(self) -> Part:
        """Return the part that names as many as may be and counts the others."""
        return Part(len(self.short), self._named)

    def _named(self, count: int) -> str:
        left = len(self.short) - count
        return self._text((), (*self.short[:count], *([_more(left)] if left else []))) if count else ""

    def _text(self, long: Sequence[str], short: Sequence[str]) -> str:
        if not self.head:
            return _apart([self.title, "\n".join(f"- {one}" for one in (*long, *short))])
        rows = "\n".join([table(self.head, ()), *long]) if long else ""
        by_name = ("by name: " if long and short else "") + ", ".join(short)
        return _apart([self.title, rows, by_name])


@dataclass(frozen=True, slots=True)
class Section:
    """Something that is folded away, and cut row by row.

    Attributes:
        title: Of ours, without a name of others.
        rows: Of its table.
        head: Names of its columns.
    """

    title: str
    rows: tuple[str, ...]
    head: tuple[str, ...]

    def whole(self) -> str:
        """Return all of it."""
        return self._text(len(self.rows))

    def told(self) -> Part:
        """Return the part that is named at least."""
        return Part(len(self.rows), self._text)

    def spared(self) -> Part:
        """Return the part that may be left out without a word."""
        return Part(len(self.rows) + 1, lambda steps: self._text(steps - 1) if steps else "")

    def _text(self, count: int) -> str:
        if not count:
            return f"_{self.title}: left out for want of room_"
        left = len(self.rows) - count
        body = "\n".join([table(self.head, ()), *self.rows[:count]])
        return details(self.title, f"{body}\n\n{_more(left)}" if left else body)
