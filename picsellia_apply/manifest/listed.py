"""Lists of names in files: one a line as people write them, or exact ones as `export` writes them.

    # picsellia-apply/names v1: one JSON text a line
    " leading and trailing blanks, kept "
    "file.jpg" "what it is called, where its file cannot be called so"

An exact list says so in its first line. Its names are JSON texts and stay as they are; it may hold none.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence

import msgspec

from picsellia_apply.errors import Diagnostic
from picsellia_apply.manifest.faults import fault
from picsellia_apply.source import Place

HEAD = "# picsellia-apply/names v1"
_HEADER = f"{HEAD}: one JSON text a line"
_HINT = 'a line is a text in double quotes, as JSON writes it: "a.jpg"'
_SHOWN = 3
_DECODER = json.JSONDecoder()


def is_exact(text: str) -> bool:
    """Return whether a list of names says that its names are exact."""
    return text.startswith(HEAD)


def exact_text(rows: Iterable[Sequence[str]]) -> str:
    """Return an exact list: one row a line, its texts with blanks between."""
    lines = [" ".join(msgspec.json.encode(text).decode() for text in row) for row in rows]
    return "\n".join([_HEADER, *lines, ""])


def read_exact(
    text: str, written: str, columns: int, place: Place, diagnostics: list[Diagnostic]
) -> tuple[tuple[str, ...], ...]:
    """Return the rows of an exact list.

    Args:
        text: The file's.
        written: Its path, as the manifest writes it.
        columns: How many texts a line has.
        place: Where the manifest names it.
        diagnostics: Where to tell lines that are wrong; what they say is left out.
    """
    if not is_exact(text):
        diagnostics.append(fault("M049", f"`{written}` is no exact list of names", place, f"it begins with `{HEAD}`"))
        return ()
    rows: list[tuple[str, ...]] = []
    wrong: list[int] = []
    for number, line in enumerate(text.split("\n")[1:], 2):
        row = _texts(line.strip())
        if row is None or (row and (len(row) != columns or not all(row))):
            wrong.append(number)
        elif row:
            rows.append(row)
    diagnostics += [
        fault("M049", f"line {number} of `{written}` is no exact name", place, _HINT) for number in wrong[:_SHOWN]
    ]
    if len(wrong) > _SHOWN:
        diagnostics.append(fault("M049", f"{len(wrong) - _SHOWN:,} more lines of `{written}` are none", place, _HINT))
    return tuple(rows)


def _texts(line: str) -> tuple[str, ...] | None:
    """Return the JSON texts of a line, parted by blanks; None where it holds anything else."""
    at, found = 0, []
    while at < len(line):
        try:
            value, end = _DECODER.raw_decode(line, at)
        except ValueError:
            return None
        if not isinstance(value, str) or any("\ud800" <= one <= "\udfff" for one in value):
            return None
        found.append(value)
        at = end + (line[end : end + 1] == " ")
    return tuple(found)


def plain_names(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the picture names of a list that people wrote: one per line, NFC, empty lines aside, each once."""
    stripped = (unicodedata.normalize("NFC", line.strip()) for line in lines)
    return tuple(dict.fromkeys(name for name in stripped if name))
