"""Words of a command line that somebody can type again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def option_words(name: str, values: Iterable[str]) -> list[str]:
    """Return an option as often as it has a value; one that looks like an option is bound to it."""
    return [word for value in values for word in ([f"{name}={value}"] if value.startswith("-") else [name, value])]


def path_word(path: Path) -> str:
    """Return a path that is not taken for an option."""
    return f"./{path}" if str(path).startswith("-") else str(path)
