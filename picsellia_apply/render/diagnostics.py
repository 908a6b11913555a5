"""Diagnostics for people: where, what, the line itself, and what to do about it; readable without colour.

Messages and lines come from files of others: control characters are shown, never sent to the terminal.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.source import Place, Position, underline

WIDTH = 160
"""Longest part of a line that is shown; a minified file may be one line of megabytes."""

_COLORS = {Severity.error: "31", Severity.warning: "33", Severity.note: "36"}
_VISIBLE = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
_LINE_VISIBLE = dict.fromkeys((*range(9), *range(10, 32), *range(127, 160)), "\N{REPLACEMENT CHARACTER}")


def render_diagnostics(diagnostics: Iterable[Diagnostic], *, color: bool = False, verbose: bool = False) -> str:
    """Return the diagnostics as text, by file, line and column, with a closing line that counts them.

    Errors stand last, next to that line, and notes are only counted beside them: what must be mended is read first.

    Args:
        diagnostics: Places are turned into positions; excerpts are read from the files.
        color: Use ANSI colours.
        verbose: List notes beside errors too.

    Returns:
        Text without a final newline; empty when there is nothing to say.
    """
    placed = _ordered(diagnostics)
    if not placed:
        return ""
    lines = _Lines()
    failed = any(one.severity is Severity.error for one in placed)
    shown = [one for one in placed if verbose or not failed or one.severity is not Severity.note]
    shown.sort(key=lambda one: one.severity is Severity.error)
    uncounted = len(placed) - len(shown)
    listing = f" (-v lists {'it' if uncounted == 1 else 'them'})" if uncounted else ""
    text = "\n\n".join([*(_block(one, lines, color=color) for one in shown), count_line(placed) + listing])
    return text.encode(errors="backslashreplace").decode()  # file names need not be text


def count_line(diagnostics: Sequence[Diagnostic]) -> str:
    """Return how many there are of each severity: `3 errors, 1 warning`."""
    severities = (Severity.error, Severity.warning, Severity.note)
    counts = [(sum(one.severity is severity for one in diagnostics), severity.name) for severity in severities]
    return ", ".join(f"{count:,} {name}{'s' * (count != 1)}" for count, name in counts if count)


def _ordered(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    given = list(diagnostics)
    if any(isinstance(one.position, Place) for one in given):
        from picsellia_apply.manifest import positioned

        given = list(positioned(given))
    return sorted(given, key=_key)


def _key(one: Diagnostic) -> tuple[str, int, int, str, str]:
    position = _position(one) or Position("")
    return position.file, position.line, position.column, one.code, one.message


def _position(one: Diagnostic) -> Position | None:
    return one.position if isinstance(one.position, Position) else None


def _block(one: Diagnostic, lines: _Lines, *, color: bool) -> str:
    position = _position(one)
    head = f"{position}: ".translate(_VISIBLE) if position else ""
    label = f"{one.severity.name}[{one.code}]"
    if color:
        label = f"\x1b[1;{_COLORS[one.severity]}m{label}\x1b[0m"
        head = f"\x1b[1m{head}\x1b[0m" if head else ""
    text = f"{head}{label}: {one.message.translate(_VISIBLE)}"
    shown = lines.excerpt(position) if position else ""
    if shown:
        text += f"\n{shown}"
    if one.hint:
        text += ("\n\n" if shown else "\n") + f"  hint: {one.hint.translate(_VISIBLE)}"
    return text


class _Lines:
    """Lines of files; each file is read once, and a file that cannot be read has none."""

    def __init__(self) -> None:
        self._files: dict[str, list[bytes]] = {}

    def excerpt(self, position: Position) -> str:
        """Return the line at a position, cut to WIDTH around the column, underlined."""
        if not position.line:
            return ""
        if position.file not in self._files:
            self._files[position.file] = _read_lines(position.file)
        lines = self._files[position.file]
        if position.line > len(lines):
            return ""
        line = lines[position.line - 1].decode(errors="replace").rstrip("\r\n")
        if position.line == 1:
            line = line.removeprefix("\ufeff")
        return underline(*_window(line.translate(_LINE_VISIBLE), position))


def _read_lines(file: str) -> list[bytes]:
    try:
        return list(io.BytesIO(Path(file).read_bytes()))
    except (OSError, ValueError):
        return []


def _window(line: str, position: Position) -> tuple[str, Position]:
    """Cut a long line around the column."""
    if len(line) <= WIDTH:
        return line, position
    start = max(0, position.column - 1 - WIDTH // 4)
    part = line[start : start + WIDTH]
    before, after = "..." if start else "", "..." if start + WIDTH < len(line) else ""
    column = position.column - start + len(before) if position.column else 0
    length = min(position.length, WIDTH - WIDTH // 4)
    return before + part + after, dataclasses.replace(position, column=column, length=length)
