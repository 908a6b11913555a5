"""Annotation files: COCO, PASCAL VOC and PICSELLIA into the columns of `model.annotation`; no format knows another."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from picsellia_apply.errors import Diagnostic
    from picsellia_apply.formats.detect import FoundAnnotations
    from picsellia_apply.model.annotation import FileAnnotations

FORMATS = ("COCO", "PASCAL-VOC", "PICSELLIA")
"""The names that a manifest may write as `format`."""

COORDINATES = ("auto", "one-based", "zero-based")
"""How the corners of a PASCAL-VOC box are counted; the other formats leave no choice."""


def read_annotations(
    path: Path,
    format: str,  # noqa: A002 - the manifest's own word
    *,
    coordinates: str = "auto",
) -> tuple[FileAnnotations, tuple[Diagnostic, ...]]:
    """Read one annotation file, or one folder of PASCAL-VOC files.

    Args:
        path: A JSON file for COCO and PICSELLIA; a folder of XML files, or one XML file, for PASCAL-VOC.
        format: One of `FORMATS`.
        coordinates: One of `COORDINATES`; only PASCAL-VOC looks at it.

    Returns:
        The columns, and everything there is to say about the file, positions included. When one of the diagnostics is
        an error, the columns are not to be used.

    Raises:
        ValueError: `format` or `coordinates` is none of the known ones; any fault of the file is a diagnostic.
    """
    if coordinates not in COORDINATES:
        raise ValueError(f"`{coordinates}` is none of {', '.join(COORDINATES)}")
    match format:
        case "COCO":
            from picsellia_apply.formats.coco import read_coco

            return read_coco(path)
        case "PASCAL-VOC":
            from picsellia_apply.formats.voc import read_voc

            return read_voc(path, coordinates=coordinates)
        case "PICSELLIA":
            from picsellia_apply.formats.picsellia import read_picsellia

            return read_picsellia(path)
        case _:
            raise ValueError(f"`{format}` is none of {', '.join(FORMATS)}")


def detect_formats(folder: Path) -> tuple[FoundAnnotations, ...]:
    """Find the annotation files below a folder, by content; see `formats.detect`."""
    from picsellia_apply.formats.detect import find_annotations

    return find_annotations(folder)
