"""Lines of columns for a terminal: verbs, addresses, details. Texts of others are shown, never obeyed.

A line that has no room for its fields or for the names that it speaks of has them below.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

from picsellia_apply.render.values import cut

COLORS = {
    "create": "green", "update": "yellow", "delete": "red", "drift": "cyan", "adopt": "cyan", "kept": "cyan",
    "resumed": "cyan", "moved": "cyan", "rename": "yellow",
    "blocked": "red", "conflict": "red", "refused": "red", "finding": "yellow", "note": "", "limit": "",
    "done": "green", "already": "green", "failed": "red", "skipped": "yellow", "interrupted": "yellow",
}  # fmt: skip
NAMES_SHOWN = 50
"""Most names that are listed below one line."""
_ADDRESSES = 60
"""Widest that the column of addresses gets."""
_ANY = 1_000_000
_GAP = "   "
_INDENT = "      "


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plan or a result.

    Attributes:
        mark: One character: + ~ - ? ! ...
        kind: Decides the colour: a key of `COLORS`.
        verb: First column.
        address: Second column.
        text: Third column.
        fields: What `text` goes on with where there is room: one a line below otherwise.
        reason: What stands after the text and its fields.
        names: Some of the members that it speaks of, shown as far as there is room.
        total: How many members there are.
        named: Whether names stand below where the line has no room for even one.
        below: Lines that stand under it, indented.
        whole: Still more of them, made only while they are written: every member, however many there are.
        cut: Whether what stands below it is not all there is.
    """

    mark: str
    kind: str
    verb: str
    address: str
    text: str = ""
    fields: tuple[str, ...] = ()
    reason: str = ""
    names: tuple[str, ...] = ()
    total: int = 0
    named: bool = False
    below: tuple[str, ...] = ()
    whole: Iterable[str] = ()
    cut: bool = False


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


def render_lines(lines: Sequence[Line], *, color: bool, width: int = 0) -> list[str]:
    """Return what `line_rows` yields."""
    return list(line_rows(lines, color=color, width=width))


def line_rows(lines: Sequence[Line], *, color: bool, width: int = 0) -> Generator[str, None, bool]:
    """Yield the lines with aligned columns, without trailing spaces.

    Args:
        lines: What to show.
        color: Whether ANSI colours are wanted.
        width: Columns of the terminal: what has no room goes below its line; 0 for any number.

    Returns:
        Whether names were left out anywhere.
    """
    verbs = max((len(line.verb) for line in lines), default=0)
    addresses = min(max((len(plain(line.address)) for line in lines if _says(line)), default=0), _ADDRESSES)
    cut_anywhere = False
    for line in lines:
        head = f"{line.mark} {line.verb:<{verbs}}"
        address = f"{plain(line.address):<{addresses}}" if line.address else ""
        start = f"  {head}  {address}  " if address else f"  {head}  "
        text, below, is_cut = _laid_out(line, (width or _ANY) - len(start), (width or _ANY) - len(_INDENT))
        cut_anywhere |= is_cut
        yield (start + text).replace(head, colored(head, line.kind, color=color), 1).rstrip()
        yield from (f"{_INDENT}{one}" for one in below)
        yield from (f"{_INDENT}{one}" for one in line.whole)
    return cut_anywhere


def _says(line: Line) -> bool:
    return bool(line.text or line.fields or line.reason or line.names) and bool(line.address)


def _laid_out(line: Line, room: int, room_below: int) -> tuple[str, list[str], bool]:
    """Return what stands on a line after its address, what stands below it, and whether that is not all."""
    fields, below = ", ".join(map(plain, line.fields)), []
    if len(_GAP.join(filter(None, (plain(line.text), fields, plain(line.reason))))) > room and line.fields:
        fields, below = "", [cut(plain(field), room_below) for field in line.fields]
        fields = f"{len(below):,} field{'s' * (len(below) != 1)}"
    text = _GAP.join(filter(None, (plain(line.text), fields, plain(line.reason))))
    names = [plain(name) for name in line.names]
    shown, count = _sampled(names, line.total, room - len(text))
    if names and not shown and line.named:
        sample, count = _sampled(names, line.total, room_below)
        below.insert(0, sample.strip() or cut(names[0], room_below))
    is_cut = line.cut or (bool(names) and count < line.total)
    return (text + shown if text else shown.strip()), [*below, *map(plain, line.below)], is_cut


def listed(names: Sequence[str], limit: int = NAMES_SHOWN) -> tuple[str, ...]:
    """Return names one a line, up to a limit, and how many more there are."""
    more = (f"and {len(names) - limit:,} more",) if len(names) > limit else ()
    return (*names[:limit], *more)


def sampled(names: Iterable[str], total: int, room: int) -> str:
    """Return ` (a, b, ...)` with as many names as fit in `room` characters, or nothing."""
    return _sampled(names, total, room)[0]


def _sampled(names: Iterable[str], total: int, room: int) -> tuple[str, int]:
    """Return the same, and how many names it holds."""
    shown = list(names)
    while shown:
        text = f"{_GAP}({', '.join(shown)}{', ...' if total > len(shown) else ''})"
        if len(text) <= room:
            return text, len(shown)
        shown.pop()
    return "", 0
