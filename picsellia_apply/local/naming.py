"""What pictures are called in the lake, and which of these names cannot be."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeVar

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.model.names import NAME_LENGTH
from picsellia_apply.source import Position, shown_path

Value = TypeVar("Value")

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


def name_diagnostics(names: Sequence[str], paths: Sequence[str], files: Sequence[str]) -> list[Diagnostic]:
    """Return every fault of the names of one set.

    Args:
        names: In the lake.
        paths: Their files.
        files: The same, relative to the set's folders: what they would be called under `naming: path`.
    """
    found: list[Diagnostic] = []
    for name, file in zip(names, paths, strict=True):
        wrong = name_fault(name)
        if wrong:
            position = Position(shown_path(file).encode(errors="backslashreplace").decode())
            found.append(Diagnostic("P013", Severity.error, f"the picture's name {wrong}", position, "rename the file"))
    if len(set(names)) < len(names):
        found += _collisions(names, paths, files)
    if len({name.casefold() for name in names}) < len(set(names)):
        found += _near_collisions(names)
    return found


def _grouped(keys: Sequence[str], values: Sequence[Value]) -> Mapping[str, list[Value]]:
    groups: dict[str, list[Value]] = defaultdict(list)
    for key, value in zip(keys, values, strict=True):
        groups[key].append(value)
    return {key: group for key, group in groups.items() if len(group) > 1}


def _collisions(names: Sequence[str], paths: Sequence[str], files: Sequence[str]) -> list[Diagnostic]:
    groups = _grouped(names, list(zip(paths, files, strict=True)))
    found = []
    for name, group in sorted(groups.items())[:_SHOWN]:
        listed = " and ".join(f"`{shown_path(path)}`" for path, _ in group[:3]) + (", ..." if len(group) > 3 else "")
        message = f"{len(group)} files would be called `{name}`: {listed}"
        found.append(Diagnostic("P005", Severity.error, message, None, _way_out(group), len(group)))
    return found + _rest("P005", Severity.error, "more names would be given twice", len(groups))


def _way_out(group: Sequence[tuple[str, str]]) -> str:
    """Return what tells files of one name apart, given each one's path, and its path relative to its `from`."""
    if len({picture_name(file, "path") for _, file in group}) == len(group):
        return "rename one of them, or write `naming: path`"
    if len({picture_name(path, "path") for path, _ in group}) == len(group):
        return "rename one of them, or make `from` the folder that holds them all and write `naming: path`"
    return "rename one of them"


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
