"""What pictures are called in the lake, and which of these names cannot be."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.source import Position, shown_path

NAME_LENGTH = 1024
"""Most characters of a picture's name."""
_SHOWN = 20
"""Most faults of one kind that are told one by one."""


def picture_name(file: str, naming: str) -> str:
    """Return a picture's name in the lake.

    Args:
        file: Path relative to the set's folder, POSIX separators.
        naming: `basename` or `path`.

    Returns:
        The name, NFC.
    """
    name = file.rpartition("/")[2] if naming == "basename" else file
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def name_fault(name: str) -> str:
    """Return what is wrong with a picture's name, or an empty text."""
    if len(name) > NAME_LENGTH:
        return f"has {len(name):,} characters; {NAME_LENGTH:,} are the most"
    if name.isprintable():
        return ""
    if any("\ud800" <= c <= "\udfff" for c in name):
        return "is no text (not UTF-8)"
    return "holds a control character" if any(unicodedata.category(c) == "Cc" for c in name) else ""


def name_diagnostics(names: Sequence[str], paths: Sequence[str], naming: str) -> list[Diagnostic]:
    """Return every fault of the names of one set.

    Args:
        names: In the lake.
        paths: Their files.
        naming: `basename` or `path`.
    """
    found: list[Diagnostic] = []
    for name, file in zip(names, paths, strict=True):
        wrong = name_fault(name)
        if wrong:
            position = Position(shown_path(file).encode(errors="backslashreplace").decode())
            found.append(Diagnostic("P013", Severity.error, f"the picture's name {wrong}", position, "rename the file"))
    if len(set(names)) < len(names):
        found += _collisions(names, paths, naming)
    if len({name.casefold() for name in names}) < len(set(names)):
        found += _near_collisions(names)
    return found


def _grouped(keys: Sequence[str], values: Sequence[str]) -> Mapping[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for key, value in zip(keys, values, strict=True):
        groups[key].append(value)
    return {key: group for key, group in groups.items() if len(group) > 1}


def _collisions(names: Sequence[str], paths: Sequence[str], naming: str) -> list[Diagnostic]:
    groups = _grouped(names, paths)
    hint = "rename one of them, or write `naming: path`" if naming == "basename" else "rename one of them"
    found = []
    for name, files in sorted(groups.items())[:_SHOWN]:
        listed = " and ".join(f"`{shown_path(file)}`" for file in files[:3]) + (", ..." if len(files) > 3 else "")
        message = f"{len(files)} files would be called `{name}`: {listed}"
        found.append(Diagnostic("P005", Severity.error, message, None, hint, len(files)))
    return found + _rest("P005", Severity.error, "more names would be given twice", len(groups))


def _near_collisions(names: Sequence[str]) -> list[Diagnostic]:
    distinct = sorted(set(names))
    groups = _grouped([name.casefold() for name in distinct], distinct)
    found = []
    for group in list(groups.values())[:_SHOWN]:
        listed = ", ".join(f"`{name}`" for name in group)
        message = f"these names differ in case only: {listed}"
        hint = "on Windows and macOS one file would replace the other"
        found.append(Diagnostic("P006", Severity.warning, message, None, hint, len(group)))
    return found + _rest("P006", Severity.warning, "more names differ in case only", len(groups))


def _rest(code: str, severity: Severity, message: str, groups: int) -> list[Diagnostic]:
    more = groups - _SHOWN
    return [Diagnostic(code, severity, f"{more:,} {message}", None, "", more)] if more > 0 else []
