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
    not entered and links to folders are not followed.

    Args:
        folder: Where to begin.

    Returns:
        What was found, sorted by path; what cannot be read is passed over.
    """
    found: list[FoundAnnotations] = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = Path(place)
        names = sorted(name for name in files if not name.startswith("."))
        found += _json_files(here, (name for name in names if name.lower().endswith(".json")))
        if _is_voc(here, [name for name in names if name.lower().endswith(".xml")]):
            found.append(FoundAnnotations(here, "PASCAL-VOC"))
    return tuple(sorted(found))


def _json_files(folder: Path, names: Iterable[str]) -> list[FoundAnnotations]:
    found = []
    for name in names:
        shape = shape_of_json(_head(folder / name, HEAD_BYTES))
        if shape in ("COCO", "PICSELLIA"):
            found.append(FoundAnnotations(folder / name, shape))
    return found


def _is_voc(folder: Path, names: Sequence[str]) -> bool:
    return any(root_of_xml(_head(folder / name, _XML_HEAD)) == "annotation" for name in names[:XML_SAMPLE])


def _head(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError:
        return b""
