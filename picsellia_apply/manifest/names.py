"""Lists of picture names against the declared pictures: what no PictureSet holds is probably a slip of the list.

The lake may hold such a picture all the same, so this is a warning, and only `validate` gives it: a plan asks the lake.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from picsellia_apply.errors import Diagnostic
from picsellia_apply.manifest.faults import finding, nearest
from picsellia_apply.model.declaration import Declaration, Selection

_SHOWN = 3
_COMPARED = 5_000
"""Most names that are compared letter by letter; that takes some 50 us each."""


def unheld_names(declaration: Declaration) -> list[Diagnostic]:
    """Return a warning, with a place, for each list that names pictures of no declared PictureSet.

    Args:
        declaration: One that declares no PictureSet leaves its pictures to the lake: nothing is told.
    """
    if not declaration.picture_sets:
        return []
    held = {name for one in declaration.picture_sets for name in one.pictures.names}
    selections = [version.pictures for dataset in declaration.datasets for version in dataset.versions]
    lists = [(one, unheld) for one in selections if one is not None and (unheld := _unheld(one, held))]
    meant = _Meant(held) if lists else None
    return [_told(selection, unheld, meant) for selection, unheld in lists if meant is not None]


def _unheld(selection: Selection, held: Collection[str]) -> list[str]:
    return [name for name in selection.names or () if name not in held]


def _told(selection: Selection, unheld: Sequence[str], meant: _Meant) -> Diagnostic:
    listed = ", ".join(f"`{name}`" for name in unheld[:_SHOWN])
    more = f" and {len(unheld) - _SHOWN:,} more" if len(unheld) > _SHOWN else ""
    counts = f"{len(unheld):,} of the {len(selection.names or ()):,} names"
    message = f"{counts} stand for no picture of a declared PictureSet: {listed}{more}"
    near = meant.name(unheld[0])
    hint = f"did you mean `{near}`?" if near else "the lake may hold them; else mend the list"
    return finding("M039", message, selection.place.at("names"), hint, count=len(unheld))


class _Meant:
    """Finds the declared picture that a name was probably meant to be."""

    def __init__(self, held: Collection[str]) -> None:
        self._held = sorted(held)
        self._by_part = _by_part(self._held)

    def name(self, word: str) -> str:
        """Return the one picture of the same name but for folder, extension or case; else the one most like it."""
        for part in _parts(word):
            found = self._by_part.get(part, ())
            if len(found) == 1:
                return found[0]
        return nearest(word, self._held, cutoff=0.8) if len(self._held) <= _COMPARED else ""


def _by_part(names: Sequence[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        for part in _parts(name):
            found[part].append(name)
    return found


def _parts(name: str) -> tuple[str, ...]:
    """Return the name, its base name, and both without extension, in lower case, each once, the fullest first."""
    folded = name.casefold()
    base = posixpath.basename(folded)
    return tuple(dict.fromkeys((folded, posixpath.splitext(folded)[0], base, posixpath.splitext(base)[0])))
