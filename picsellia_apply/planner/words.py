"""Numbers as people read them, for reasons, impacts and messages of a plan: the same in every locale."""

from __future__ import annotations

from collections.abc import Iterable

_UNITS = ("B", "KB", "MB", "GB", "TB")


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return `1 box`, `2,805 boxes`: the plural is given, or the noun with an s."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def agreeing(count: int, singular: str, plural: str) -> str:
    """Return the word that goes with a number: `matches` or `it` with 1, `match` or `them` with any other."""
    return singular if count == 1 else plural


def size_text(size: int) -> str:
    """Return a number of bytes in the largest decimal unit that leaves at least 1: `9.4 MB`, `312 B`."""
    value = float(size)
    for unit in _UNITS[:-1]:
        if value < 999.95:
            return f"{value:.1f} {unit}" if unit != "B" else f"{size} B"
        value /= 1000
    return f"{value:,.1f} {_UNITS[-1]}"


def joined(parts: Iterable[str]) -> str:
    """Return the parts that say something, with commas between."""
    return ", ".join(part for part in parts if part)
