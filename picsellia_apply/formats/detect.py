"""Finds annotation files below a folder, by what is in them and not by what they are called."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from picsellia_apply.formats.shapes import HEAD_BYTES, root_of_xml, shape_of_json

XML_SAMPLE = 5
"""How many XML files of a folder are looked at."""

_XML_HEAD = 4096
_JSON_HEAD = 1 << 16


@dataclass(frozen=True, slots=True, order=True)
class FoundAnnotations:
    """An annotation file, or a folder of PASCAL-VOC files.

    Attributes:
        path: The file, or the folder for PASCAL-VOC.
        format: One of `formats.FORMATS`.
    """

    path: Path
    format: str


def find_annotations(folder: Path) -> tuple[FoundAnnotations, ...]:
    """Find the COCO and PICSELLIA files and the folders of PASCAL-VOC files at and below a folder.

    Of each JSON file at most one megabyte is read, of each folder the beginning of five XML files. Hidden folders are
    not entered; links to folders are followed, each folder once.

    Args:
        folder: Where to begin.

    Returns:
        What was found, sorted by path; what cannot be read is passed over.
    """
    found: list[FoundAnnotations] = []
    entered = {os.path.realpath(folder)}
    for place, folders, files in os.walk(folder, followlinks=True):
        here = Path(place)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and _is_new(here / name, entered))
        names = sorted(name for name in files if not name.startswith("."))
        found += _json_files(here, (name for name in names if name.lower().endswith(".json")))
        if _is_voc(here, [name for name in names if name.lower().endswith(".xml")]):
            found.append(FoundAnnotations(here, "PASCAL-VOC"))
    return tuple(sorted(found))


def _json_files(folder: Path, names: Iterable[str]) -> list[FoundAnnotations]:
    found = []
    for name in names:
        shape = _shape(folder / name)
        if shape in ("COCO", "PICSELLIA"):
            found.append(FoundAnnotations(folder / name, shape))
    return found


def _shape(path: Path) -> str | None:
    """Look at a little, and at more only when that does not tell: a folder may hold a file for each picture."""
    head = _head(path, _JSON_HEAD)
    shape = shape_of_json(head)
    return shape_of_json(_head(path, HEAD_BYTES)) if shape is None and len(head) == _JSON_HEAD else shape


def _is_new(folder: Path, entered: set[str]) -> bool:
    real = os.path.realpath(folder)
    is_new = real not in entered
    entered.add(real)
    return is_new


def _is_voc(folder: Path, names: Sequence[str]) -> bool:
    return any(root_of_xml(_head(folder / name, _XML_HEAD)) == "annotation" for name in names[:XML_SAMPLE])


def _head(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError:
        return b""
