"""Which picture a PASCAL-VOC file speaks of: `<filename>`, the file's own name, and the pictures beside it."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element

from picsellia_apply.formats import kinds
from picsellia_apply.formats.columns import picture_name
from picsellia_apply.formats.findings import Findings
from picsellia_apply.media import PICTURE_SUFFIXES

_BESIDE = ("", "../JPEGImages", "../images", "../Images", "../imgs", "../img")
"""Where pictures lie, seen from the folder of XML files: the development kit's layout, and what tools make of it."""


class PictureNames:
    """Names of the pictures of one folder of XML files."""

    def __init__(self, folder: Path, findings: Findings) -> None:
        """Look at no disk yet; `folder` holds the XML files."""
        self._folder = folder
        self._findings = findings

    def name_of(self, file: Path, root: Element) -> str:
        """Return the picture that a file speaks of.

        `<filename>` counts where it is there: it is what labelImg, CVAT and the development kit mean, and a file copied
        under another name still speaks of its picture. A name without a picture's extension (old labelImg writes
        none) is completed from the one picture beside the XML file that has this stem.

        Returns:
            The normalised name; without an extension when none could be found.
        """
        written = picture_name((root.findtext("filename") or "").strip())
        name = written or picture_name(file.stem)
        if PurePosixPath(name).suffix.lower() not in PICTURE_SUFFIXES:
            name = self._completed(file, name)
        path, stem = PurePosixPath(name), picture_name(file.stem)
        if written and stem not in (path.stem, path.name):
            self._findings.note(kinds.OTHER_FILENAME, file, "filename", detail=f"`{name}`")
        return name

    def _completed(self, file: Path, name: str) -> str:
        found = self._beside.get(PurePosixPath(name).name)
        if not found:
            return name
        folder = name.rpartition("/")[0]
        full = f"{folder}/{found}" if folder else found
        self._findings.note(kinds.NO_EXTENSION, file, "filename", detail=f"`{full}`")
        return full

    @cached_property
    def _beside(self) -> dict[str, str]:
        """Stem to name, "" where two pictures share a stem."""
        for place in _BESIDE:
            try:
                names = [picture_name(name) for name in os.listdir(self._folder / place)]  # noqa: PTH208 - names only
            except OSError:
                continue
            stems: dict[str, str] = {}
            for name in names:
                path = PurePosixPath(name)
                if path.suffix.lower() in PICTURE_SUFFIXES:
                    stems[path.stem] = "" if path.stem in stems else name
            if stems:
                return stems
        return {}
