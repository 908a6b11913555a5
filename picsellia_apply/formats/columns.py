"""The columns of a `FileAnnotations` while they grow, and what is checked on them whatever the format."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from picsellia_apply.formats.findings import Findings, Spot
from picsellia_apply.formats.kinds import OUTSIDE, REPEATED
from picsellia_apply.model.annotation import Box, FileAnnotations, Ring, canonical_json

OriginT = TypeVar("OriginT")

OVERSHOOT_PX = 1.0
"""How far an object may leave its picture before it is reported; annotation tools overshoot by one."""

EMPTY = FileAnnotations((), (), (), (), (), (), (), (), ())
"""What a file that cannot be read holds."""


def picture_name(written: str) -> str:
    """Return a picture's name as files are compared: NFC, POSIX separators, no leading `./`."""
    name = written if written.isascii() else unicodedata.normalize("NFC", written)
    if "\\" in name:
        name = name.replace("\\", "/")
    while name.startswith("./"):
        name = name[2:].lstrip("/")
    return name


def box_of_rings(rings: tuple[Ring, ...]) -> Box:
    """Return the box that encloses all rings: x, y, w, h in px."""
    left = min(min(ring[0::2]) for ring in rings)
    top = min(min(ring[1::2]) for ring in rings)
    right = max(max(ring[0::2]) for ring in rings)
    bottom = max(max(ring[1::2]) for ring in rings)
    return (left, top, right - left, bottom - top)


def open_ring(ring: Ring) -> Ring:
    """Return a ring without the closing point that repeats its first."""
    return ring[:-2] if len(ring) >= 4 and ring[:2] == ring[-2:] else ring


class Columns(Generic[OriginT]):
    """Columns in the making; `origins` says, per object, where the format finds it again."""

    def __init__(self) -> None:
        """Begin without a picture."""
        self.pictures: list[str] = []
        self.sizes_wh: list[tuple[int, int] | None] = []
        self.image_qa: list[tuple[Mapping[str, Any], ...]] = []
        self.owner: list[int] = []
        self.labels: list[str] = []
        self.boxes: list[Box | None] = []
        self.polygons: list[tuple[Ring, ...]] = []
        self.qa: list[tuple[Mapping[str, Any], ...]] = []
        self.origins: list[OriginT] = []
        self.categories: dict[str, None] = {}

    def add_picture(self, name: str, size_wh: tuple[int, int] | None = None) -> int:
        """Add a picture and return its row."""
        self.pictures.append(name)
        self.sizes_wh.append(size_wh)
        self.image_qa.append(())
        return len(self.pictures) - 1

    def add_object(
        self,
        owner: int,
        label: str,
        box: Box | None,
        polygons: tuple[Ring, ...],
        origin: OriginT,
        *,
        qa: tuple[Mapping[str, Any], ...] = (),
    ) -> None:
        """Add one object of the picture in row `owner`."""
        self.owner.append(owner)
        self.labels.append(label)
        self.boxes.append(box)
        self.polygons.append(polygons)
        self.qa.append(qa)
        self.origins.append(origin)

    def frozen(
        self,
        place: Callable[[OriginT], str],
        *,
        texts: tuple[str, ...] = (),
        undeclared: frozenset[tuple[str, str]] = frozenset(),
    ) -> FileAnnotations:
        """Return the finished columns; `place` writes an origin for messages, the others are those of the columns."""
        return FileAnnotations(
            tuple(self.pictures),
            tuple(self.sizes_wh),
            tuple(self.owner),
            tuple(self.labels),
            tuple(self.boxes),
            tuple(self.polygons),
            tuple(self.qa),
            tuple(self.image_qa),
            tuple(map(place, self.origins)),
            tuple(self.categories),
            texts,
            undeclared,
        )

    def check(self, findings: Findings, spot: Callable[[OriginT], Spot]) -> None:
        """Report objects that are there twice, and objects that leave their picture."""
        seen: set[tuple[Any, ...]] = set()
        for row, key in enumerate(zip(self.owner, self.labels, self.boxes, self.polygons, strict=True)):
            questions = self.qa[row]
            full = (*key, canonical_json(questions)) if questions else key
            if full in seen:
                where = spot(self.origins[row])
                findings.note(REPEATED, where.file, *where.steps, detail=f"`{key[1]}` of {self.pictures[key[0]]}")
            seen.add(full)
            size = self.sizes_wh[key[0]]
            if size and key[2] and _leaves(key[2], size):
                where = spot(self.origins[row])
                findings.note(OUTSIDE, where.file, *where.steps, detail=f"picture is {size[0]} x {size[1]}")


def _leaves(box: Box, size_wh: tuple[int, int]) -> bool:
    x, y, w, h = box
    return (
        x < -OVERSHOOT_PX or y < -OVERSHOOT_PX or x + w > size_wh[0] + OVERSHOOT_PX or y + h > size_wh[1] + OVERSHOOT_PX
    )
