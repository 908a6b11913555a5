"""Lines of columns for a terminal: verbs, addresses, details. Texts of others are shown, never obeyed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

COLORS = {
    "create": "green", "update": "yellow", "delete": "red", "drift": "cyan", "adopt": "cyan", "kept": "cyan",
    "blocked": "red", "conflict": "red", "refused": "red", "finding": "yellow", "note": "", "limit": "",
    "done": "green", "already": "green", "failed": "red", "skipped": "yellow", "interrupted": "yellow",
}  # fmt: skip
NAMES_SHOWN = 50
"""Most names that are listed below one line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plan or a result.

    Attributes:
        mark: One character: + ~ - ? ! ...
        kind: Decides the colour: a key of `COLORS`.
        verb: First column.
        address: Second column.
        text: Third column.
        below: Lines that stand under it, indented.
    """

    mark: str
    kind: str
    verb: str
    address: str
    text: str = ""
    below: tuple[str, ...] = ()


def plain(text: str) -> str:
    """Return a text with its control and invisible formatting characters spelled out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelled(character) for character in text)


def _spelled(character: str) -> str:
    if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def colored(text: str, kind: str, *, color: bool) -> str:
    """Return a text in the colour of its kind, where colour is wanted and the kind has one."""
    if not color or not COLORS.get(kind):
        return text
    import click

    return click.style(text, fg=COLORS[kind])


def render_lines(lines: Sequence[Line], *, color: bool) -> list[str]:
    """Return the lines with aligned columns, without trailing spaces."""
    verbs = max((len(line.verb) for line in lines), default=0)
    addresses = min(max((len(line.address) for line in lines if line.text), default=0), 60)
    rendered: list[str] = []
    for line in lines:
        head = colored(f"{line.mark} {line.verb:<{verbs}}", line.kind, color=color)
        address, text = plain(line.address), plain(line.text)
        rendered.append(
            f"  {head}  {address:<{addresses}}  {text}".rstrip() if text else f"  {head}  {address}".rstrip()
        )
        rendered.extend(f"      {plain(one)}" for one in line.below)
    return rendered


def listed(names: Sequence[str], limit: int = NAMES_SHOWN) -> tuple[str, ...]:
    """Return names one a line, up to a limit, and how many more there are."""
    more = (f"and {len(names) - limit:,} more",) if len(names) > limit else ()
    return (*names[:limit], *more)


def sampled(names: Iterable[str], total: int, room: int) -> str:
    """Return ` (a, b, ...)` with as many names as fit in `room` characters, or nothing."""
    shown = list(names)
    while shown:
        text = f"   ({', '.join(shown)}{', ...' if total > len(shown) else ''})"
        if len(text) <= room:
            return text
        shown.pop()
    return ""


def value_text(value: object) -> str:
    """Return a value as a short JSON text: `"Draft"`, `8`, `nothing` for what is not there."""
    import msgspec

    if value is None:
        return "nothing"
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else f"{text[:57]}..."
